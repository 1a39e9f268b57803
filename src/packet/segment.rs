//! A TCP segment, its length as the network knew it.

use super::layer::Carrier;
use super::part::Part;
use super::{Checksums, Endpoint, Skip, TcpHeader, checksum};

/// The control bits of a segment that say something about the stream (RFC 9293 section 3.1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// `seq` is the initial sequence number and counts one.
    pub syn: bool,
    /// The stream ends behind the payload.
    pub fin: bool,
    /// The connection is aborted.
    pub rst: bool,
}

/// One TCP segment. `payload` may be shorter than `len`: the snap length cut it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Segment<'a> {
    /// Sender.
    pub src: Endpoint,
    /// Receiver.
    pub dst: Endpoint,
    /// Sequence number of the first payload byte, or of the SYN.
    pub seq: u32,
    /// Acknowledgement number, when the ACK bit is set.
    pub ack: Option<u32>,
    /// SYN, FIN, RST.
    pub flags: Flags,
    /// The header with its options, as much of it as was captured.
    pub header: TcpHeader<'a>,
    /// What was captured of the payload, without Ethernet padding.
    pub payload: &'a [u8],
    /// Bytes of payload on the wire.
    pub len: u32,
}

/// Bytes of the header up to its flags. The window and the options that follow say nothing about the stream, and a
/// segment of which the snap length cut them is as good as any.
const NEEDED: usize = 14;

const FIN: u8 = 0x01;
const SYN: u8 = 0x02;
const RST: u8 = 0x04;
const ACK: u8 = 0x10;

/// Reads a TCP header (RFC 9293 section 3.1).
#[inline]
pub(super) fn tcp<'a>(
    carrier: Carrier<'_>,
    part: Part<'a>,
    checksums: Checksums,
) -> Result<Segment<'a>, Skip> {
    let header: &[u8; NEEDED] = part.bytes.first_chunk().ok_or_else(|| part.too_short())?;
    let short = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
    let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
    let header_len = usize::from(header[12] >> 4) * 4;
    if header_len < 20 || header_len > part.len() {
        return Err(Skip::Malformed);
    }
    checksum::tcp(carrier, part, checksums)?;
    let [src, dst] = carrier.ends.addresses();
    let has = |flag: u8| header[13] & flag != 0;
    Ok(Segment {
        src: Endpoint {
            ip: src,
            port: short(0),
        },
        dst: Endpoint {
            ip: dst,
            port: short(2),
        },
        seq: long(4),
        ack: has(ACK).then(|| long(8)),
        flags: Flags {
            syn: has(SYN),
            fin: has(FIN),
            rst: has(RST),
        },
        header: TcpHeader(part.bytes.get(..header_len).unwrap_or(part.bytes)),
        payload: part.bytes.get(header_len..).unwrap_or_default(),
        len: (part.len() - header_len) as u32,
    })
}
