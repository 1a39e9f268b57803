//! Frames for tests, and what they give in a few words.

use etherparse::PacketBuilder;
use hex_literal::hex;

use super::{Found, Packets, Skip};
use crate::capture::{FilePosition, Frame, FrameNumber, LinkType, Timestamp, Verdict};

/// What the segment says.
pub(super) const TEN: &[u8] = b"0123456789";

/// Frame `number` of a capture, a second after the one before it.
pub(super) fn frame(number: u32, link: LinkType, bytes: &[u8]) -> Frame<'_> {
    Frame {
        number: FrameNumber(number),
        position: FilePosition(u64::from(number) * 100),
        time: Timestamp(u64::from(number) * 1_000_000_000),
        link,
        original_len: bytes.len() as u32,
        verdict: Verdict::Pass,
        bytes,
    }
}

/// A segment in a few words: `10.0.0.1:6881>10.0.0.2:51413 1000 0123456789`.
pub(super) fn words(found: Result<Found<'_>, Skip>) -> Result<String, Skip> {
    let segment = found?.segment;
    let payload = String::from_utf8_lossy(segment.payload);
    let missing = segment.len as usize - segment.payload.len();
    let cut = ".".repeat(missing);
    let (src, dst) = (segment.src, segment.dst);
    Ok(format!("{src}>{dst} {} {payload}{cut}", segment.seq))
}

/// What one frame gives.
pub(super) fn read(link: LinkType, bytes: &[u8]) -> Result<String, Skip> {
    words(Packets::default().segment(&frame(1, link, bytes)))
}

pub(super) const SAID4: &str = "10.0.0.1:6881>10.0.0.2:51413 1000 0123456789";
pub(super) const SAID6: &str = "[fd77::1]:6881>[fd77::2]:51413 1000 0123456789";

/// IPv4, TCP, the ten bytes.
pub(super) fn ip4(payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64);
    written(builder.tcp(6881, 51413, 1000, 500).ack(77), payload)
}

/// The same in IPv6.
pub(super) fn ip6(payload: &[u8]) -> Vec<u8> {
    let builder = PacketBuilder::ipv6(
        hex!("fd770000000000000000000000000001"),
        hex!("fd770000000000000000000000000002"),
        64,
    );
    written(builder.tcp(6881, 51413, 1000, 500).ack(77), payload)
}

fn written(
    builder: etherparse::PacketBuilderStep<etherparse::TcpHeader>,
    payload: &[u8],
) -> Vec<u8> {
    let mut bytes = Vec::new();
    builder.write(&mut bytes, payload).unwrap();
    bytes
}

/// IPv4 from 1.1.1.1 to 2.2.2.2 that carries something.
pub(super) fn outer4(protocol: u8, payload: &[u8]) -> Vec<u8> {
    let mut header = hex!("45000000 00070000 40000000 01010101 02020202");
    header[2..4].copy_from_slice(&(20 + payload.len() as u16).to_be_bytes());
    header[9] = protocol;
    let sum = etherparse::checksum::Sum16BitWords::new().add_slice(&header);
    header[10..12].copy_from_slice(&sum.ones_complement().to_ne_bytes());
    [&header, payload].concat()
}

/// IPv6 from 1::1 to 2::2 that carries something.
pub(super) fn outer6(next: u8, payload: &[u8]) -> Vec<u8> {
    let mut header =
        hex!("60000000 00000040 00010000000000000000000000000001 00020000000000000000000000000002");
    header[4..6].copy_from_slice(&(payload.len() as u16).to_be_bytes());
    header[6] = next;
    [&header, payload].concat()
}

/// A UDP datagram from port 50000.
pub(super) fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = 8 + payload.len() as u16;
    [
        &hex!("c350")[..],
        &port.to_be_bytes(),
        &len.to_be_bytes(),
        &[0, 0],
        payload,
    ]
    .concat()
}

/// An Ethernet frame; `tagged` begins with its ether type.
pub(super) fn ethernet(tagged: &[u8], payload: &[u8]) -> Vec<u8> {
    [&hex!("020202020202 040404040404")[..], tagged, payload].concat()
}
