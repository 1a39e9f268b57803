//! Classic pcap: one header, then records.

use super::FilePosition;
use super::layout::{ByteOrder, Counted, Format, Interface, LinkType, Section};
use super::reader::{Parsed, Record, Step};
use super::time::Timestamp;

/// Length of the file header in bytes.
pub(super) const HEADER_LEN: usize = 24;

/// What the magic number of a file says: byte order, length of a record's header, units of time in a second.
type Kind = (ByteOrder, usize, u64);

/// The magic numbers as they lie in the file: micro- and nanoseconds and the records of Alexey Kuznetzov's
/// libpcap, which have eight bytes more, in both byte orders.
fn kind(bytes: &[u8]) -> Option<Kind> {
    Some(match bytes.first_chunk()? {
        [0xd4, 0xc3, 0xb2, 0xa1] => (ByteOrder::Little, 16, 1_000_000),
        [0xa1, 0xb2, 0xc3, 0xd4] => (ByteOrder::Big, 16, 1_000_000),
        [0x4d, 0x3c, 0xb2, 0xa1] => (ByteOrder::Little, 16, 1_000_000_000),
        [0xa1, 0xb2, 0x3c, 0x4d] => (ByteOrder::Big, 16, 1_000_000_000),
        [0x34, 0xcd, 0xb2, 0xa1] => (ByteOrder::Little, 24, 1_000_000),
        [0xa1, 0xb2, 0xcd, 0x34] => (ByteOrder::Big, 24, 1_000_000),
        _ => return None,
    })
}

pub(super) fn is_pcap(bytes: &[u8]) -> bool {
    kind(bytes).is_some()
}

/// Reads the file header; `None` when there is less than all of it.
pub(super) fn section(bytes: &[u8], start: u64) -> Option<Section> {
    let (order, record_header, ticks_per_second) = kind(bytes)?;
    let interface = Interface {
        described_at: FilePosition(start),
        name: None,
        counts: Counted::default(),
        // The upper bits hold the length of a frame check sequence.
        link: LinkType(order.u32(bytes, 20)? & 0x03ff_ffff),
        ticks_per_second,
        offset_seconds: 0,
        snap_len: order.u32(bytes, 16)?,
    };
    Some(Section {
        start,
        format: Format::Pcap { record_header },
        order,
        interfaces: vec![interface],
    })
}

/// A record whose bytes are all there: [`Record`] without what only pcapng has.
#[derive(Clone, Copy, Debug)]
pub(super) struct Whole {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) original_len: u32,
    /// Bytes of its header, and with it of all.
    pub(super) header: usize,
    pub(super) len: usize,
}

/// Reads one record from the start of `bytes`; its header is `header` bytes. Else gives how many are needed.
#[inline]
pub(super) fn record(section: &Section, bytes: &[u8], header: usize) -> Result<Whole, usize> {
    let head = bytes.first_chunk::<16>().ok_or(header)?;
    let word = |at: usize| {
        let word = [head[at], head[at + 1], head[at + 2], head[at + 3]];
        match section.order {
            ByteOrder::Little => u32::from_le_bytes(word),
            ByteOrder::Big => u32::from_be_bytes(word),
        }
    };
    let (seconds, fraction, captured, original_len) = (word(0), word(4), word(8), word(12));
    let len = header + captured as usize;
    if bytes.len() < len {
        return Err(len);
    }
    let interface = &section.interfaces[0];
    let nanos = u64::from(fraction) * (1_000_000_000 / interface.ticks_per_second);
    Ok(Whole {
        time: Timestamp::from_parts(u64::from(seconds), nanos),
        link: interface.link,
        original_len,
        header,
        len,
    })
}

/// The same as any format gives it.
pub(super) fn step(section: &Section, bytes: &[u8], header: usize) -> Parsed<Step> {
    match record(section, bytes, header) {
        Err(needed) => Parsed::NeedsMore(needed),
        Ok(whole) => Parsed::Step {
            step: Step::Frame(Record {
                time: whole.time,
                link: whole.link,
                original_len: whole.original_len,
                bytes: whole.header..whole.len,
                comments: Vec::new(),
            }),
            len: whole.len as u64,
        },
    }
}
