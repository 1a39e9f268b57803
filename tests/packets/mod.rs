//! Builds captures: TCP segments in Ethernet frames in a pcap file.

use std::io::{self, Write};

#[allow(dead_code, reason = "not every test ends its connections")]
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const ACK: u8 = 16;

/// One end of a connection.
#[derive(Clone, Copy, Debug)]
pub(crate) struct End {
    pub(crate) ip: [u8; 4],
    pub(crate) port: u16,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Segment<'a> {
    pub(crate) src: End,
    pub(crate) dst: End,
    pub(crate) seq: u32,
    pub(crate) ack: u32,
    pub(crate) flags: u8,
    pub(crate) payload: &'a [u8],
}

/// A little-endian pcap file of Ethernet frames, one every 20 microseconds.
pub(crate) struct Pcap<W> {
    out: W,
    frames: u32,
}

/// Bytes of the Ethernet, IPv4 and TCP headers.
pub(crate) const HEADERS: usize = 14 + 20 + 20;

impl<W: Write> Pcap<W> {
    pub(crate) fn new(mut out: W) -> io::Result<Pcap<W>> {
        out.write_all(&[0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0])?;
        out.write_all(&[0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4, 0, 1, 0, 0, 0])?;
        Ok(Pcap { out, frames: 0 })
    }

    pub(crate) fn push(&mut self, segment: &Segment<'_>) -> io::Result<()> {
        let len = (HEADERS + segment.payload.len()) as u32;
        let micros = u64::from(self.frames) * 20;
        let (seconds, rest) = ((micros / 1_000_000) as u32, (micros % 1_000_000) as u32);
        self.frames += 1;
        for word in [1_700_000_000 + seconds, rest, len, len] {
            self.out.write_all(&word.to_le_bytes())?;
        }
        self.out.write_all(&headers(segment))?;
        self.out.write_all(segment.payload)
    }

    pub(crate) fn into_inner(self) -> W {
        self.out
    }
}

/// The checksums stay zero, as network cards leave them to be filled in.
fn headers(segment: &Segment<'_>) -> [u8; HEADERS] {
    let (src, dst) = (segment.src, segment.dst);
    let mut bytes = [0; HEADERS];
    let mut put = |at: usize, field: &[u8]| bytes[at..at + field.len()].copy_from_slice(field);
    put(12, &[8, 0]);
    put(14, &[0x45]);
    put(16, &((40 + segment.payload.len()) as u16).to_be_bytes());
    put(22, &[64, 6]);
    put(26, &src.ip);
    put(30, &dst.ip);
    put(34, &src.port.to_be_bytes());
    put(36, &dst.port.to_be_bytes());
    put(38, &segment.seq.to_be_bytes());
    put(42, &segment.ack.to_be_bytes());
    put(46, &[0x50, segment.flags, 0xff, 0xff]);
    bytes
}
