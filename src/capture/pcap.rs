//! Classic pcap: one header, then records.

use pcap_parser::{PcapError, nom};

use super::layout::{ByteOrder, Format, Interface, Layout, LinkType, Section};
use super::reader::{Parsed, Record, Step};
use super::time::Timestamp;

/// Length of the file header in bytes.
pub(super) const HEADER_LEN: usize = 24;

/// The four magic numbers as they lie in the file: micro- and nanoseconds, both byte orders.
pub(super) fn is_pcap(bytes: &[u8]) -> bool {
    matches!(
        bytes.first_chunk(),
        Some(
            [0xd4, 0xc3, 0xb2, 0xa1]
                | [0x4d, 0x3c, 0xb2, 0xa1]
                | [0xa1, 0xb2, 0xc3, 0xd4]
                | [0xa1, 0xb2, 0x3c, 0x4d]
        )
    )
}

/// Reads the file header; `None` when it contradicts itself.
pub(super) fn layout(bytes: &[u8]) -> Option<Layout> {
    let (_, header) = pcap_parser::parse_pcap_header(bytes).ok()?;
    let interface = Interface {
        // The upper bits hold the length of a frame check sequence.
        link: LinkType(header.network.0 as u32 & 0x03ff_ffff),
        ticks_per_second: if header.is_nanosecond_precision() {
            1_000_000_000
        } else {
            1_000_000
        },
        offset_seconds: 0,
        snap_len: header.snaplen,
    };
    let order = if header.is_bigendian() {
        ByteOrder::Big
    } else {
        ByteOrder::Little
    };
    let section = Section {
        start: 0,
        order,
        interfaces: vec![interface],
    };
    Some(Layout {
        format: Format::Pcap,
        sections: vec![section],
    })
}

/// Reads one record from the start of `bytes`.
pub(super) fn step(layout: &Layout, bytes: &[u8]) -> Parsed<Step> {
    let section = layout.section();
    let parsed = match section.order {
        ByteOrder::Little => pcap_parser::parse_pcap_frame(bytes),
        ByteOrder::Big => pcap_parser::parse_pcap_frame_be(bytes),
    };
    let (_, record) = match parsed {
        Ok(parsed) => parsed,
        Err(nom::Err::Incomplete(needed)) => return Parsed::incomplete(bytes, needed),
        Err(nom::Err::Error(error) | nom::Err::Failure(error)) => return damaged(&error),
    };
    let interface = &section.interfaces[0];
    let fraction = u64::from(record.ts_usec) * (1_000_000_000 / interface.ticks_per_second);
    let len = 16 + record.caplen as usize;
    Parsed::Step {
        step: Step::Frame(Record {
            time: Timestamp::from_parts(u64::from(record.ts_sec), fraction),
            link: interface.link,
            original_len: record.origlen,
            bytes: 16..len,
        }),
        len: len as u64,
    }
}

fn damaged(_: &PcapError<&[u8]>) -> Parsed<Step> {
    Parsed::Damaged
}
