//! Builds captures: datagrams, and segments beside them, as bare IP packets in a pcap file.

use std::io::Write;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

const TCP: u8 = 6;
const UDP: u8 = 17;
/// The bit of IPv4 beside the offset, which counts eights (RFC 791 section 3.1).
const MORE_FRAGMENTS: u16 = 0x2000;
/// Between two frames.
const STEP: Duration = Duration::from_micros(20);

/// A little-endian pcap file of IP packets without links.
pub(crate) struct Capture<W = Vec<u8>> {
    out: W,
    snap_len: usize,
    /// Since the first frame.
    pub(crate) time: Duration,
    /// Frames so far.
    pub(crate) frames: u32,
}

impl Capture {
    pub(crate) fn new() -> Capture {
        Capture::into(Vec::new())
    }

    /// Of each packet so many bytes are kept, IP header and all.
    pub(crate) fn snapped(snap_len: usize) -> Capture {
        Capture {
            snap_len,
            ..Capture::new()
        }
    }
}

impl<W: Write> Capture<W> {
    pub(crate) fn into(mut out: W) -> Capture<W> {
        let words: [u32; 6] = [0xa1b2_c3d4, 0x0004_0002, 0, 0, 0x0004_0000, 101];
        words.iter().for_each(|word| put(&mut out, *word));
        Capture {
            out,
            snap_len: usize::MAX,
            time: Duration::ZERO,
            frames: 0,
        }
    }

    pub(crate) fn wait(&mut self, time: Duration) {
        self.time += time;
    }

    pub(crate) fn datagram(&mut self, src: SocketAddr, dst: SocketAddr, payload: &[u8]) {
        let udp = udp(src, dst, payload);
        self.frame(&ip(src, dst, UDP, &udp));
    }

    /// The same in two fragments of IPv4, of which the first has so many eights of bytes.
    pub(crate) fn fragments(
        &mut self,
        [src, dst]: [SocketAddr; 2],
        payload: &[u8],
        eights: u16,
        id: u16,
    ) {
        let udp = udp(src, dst, payload);
        let (first, second) = udp.split_at(usize::from(eights) * 8);
        for (word, part) in [(MORE_FRAGMENTS, first), (eights, second)] {
            let mut ip = ip(src, dst, UDP, part);
            ip[4..6].copy_from_slice(&id.to_be_bytes());
            ip[6..8].copy_from_slice(&word.to_be_bytes());
            self.frame(&ip);
        }
    }

    /// A segment of TCP. Flags: 1 FIN, 2 SYN, 16 ACK.
    pub(crate) fn segment(
        &mut self,
        [src, dst]: [SocketAddr; 2],
        [seq, ack]: [u32; 2],
        flags: u8,
        payload: &[u8],
    ) {
        let mut tcp = Vec::new();
        for port in [src.port(), dst.port()] {
            tcp.extend(port.to_be_bytes());
        }
        for number in [seq, ack] {
            tcp.extend(number.to_be_bytes());
        }
        tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(payload);
        self.frame(&ip(src, dst, TCP, &tcp));
    }

    fn frame(&mut self, bytes: &[u8]) {
        let kept = &bytes[..bytes.len().min(self.snap_len)];
        let second = 1_700_000_000 + self.time.as_secs() as u32;
        let lengths = [kept.len() as u32, bytes.len() as u32];
        for word in [second, self.time.subsec_micros(), lengths[0], lengths[1]] {
            put(&mut self.out, word);
        }
        self.out.write_all(kept).expect("there is room");
        self.time += STEP;
        self.frames += 1;
    }

    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}

fn put(out: &mut impl Write, word: u32) {
    out.write_all(&word.to_le_bytes()).expect("there is room");
}

/// The checksum stays zero: there is none (RFC 768).
fn udp(src: SocketAddr, dst: SocketAddr, payload: &[u8]) -> Vec<u8> {
    let len = (8 + payload.len()) as u16;
    let header = [src.port(), dst.port(), len, 0].map(u16::to_be_bytes);
    [header.as_flattened(), payload].concat()
}

fn ip(src: SocketAddr, dst: SocketAddr, protocol: u8, payload: &[u8]) -> Vec<u8> {
    match (src.ip(), dst.ip()) {
        (IpAddr::V4(src), IpAddr::V4(dst)) => {
            let len = (20 + payload.len()) as u16;
            let [high, low] = len.to_be_bytes();
            let header = [0x45, 0, high, low, 0, 0, 0, 0, 64, protocol, 0, 0];
            [&header, &src.octets()[..], &dst.octets(), payload].concat()
        }
        (IpAddr::V6(src), IpAddr::V6(dst)) => {
            let [high, low] = (payload.len() as u16).to_be_bytes();
            let header = [0x60, 0, 0, 0, high, low, protocol, 64];
            [&header, &src.octets()[..], &dst.octets(), payload].concat()
        }
        _ => panic!("both ends speak the same IP"),
    }
}
