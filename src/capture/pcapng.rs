//! pcapng: sections of typed blocks. Of the many types, four carry what is needed here.

use pcap_parser::PcapError;
use pcap_parser::nom::IResult;
use pcap_parser::pcapng::{
    parse_enhancedpacketblock_be, parse_enhancedpacketblock_le, parse_interfacedescriptionblock_be,
    parse_interfacedescriptionblock_le, parse_simplepacketblock_be, parse_simplepacketblock_le,
};
use pcap_parser::traits::PcapNGPacketBlock as _;

use super::layout::{ByteOrder, Format, Interface, Layout, LinkType, Section};
use super::reader::{Parsed, Record, Step};
use super::time::Timestamp;

const SECTION_HEADER: u32 = 0x0a0d_0d0a;
const INTERFACE_DESCRIPTION: u32 = 1;
const SIMPLE_PACKET: u32 = 3;
const ENHANCED_PACKET: u32 = 6;

/// The shortest section header: type, length, byte-order magic, version, section length, length.
pub(super) const HEADER_LEN: usize = 28;

/// The block type of a section header reads the same in both byte orders.
pub(super) fn is_pcapng(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION_HEADER.to_be_bytes())
}

/// A layout with the section that begins at the start of the file; `None` when it is damaged.
pub(super) fn layout(bytes: &[u8]) -> Option<Layout> {
    let section = Section {
        start: 0,
        order: byte_order(bytes)?,
        interfaces: Vec::new(),
    };
    Some(Layout {
        format: Format::Pcapng,
        sections: vec![section],
    })
}

fn byte_order(section_header: &[u8]) -> Option<ByteOrder> {
    match section_header.get(8..12)? {
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
        _ => None,
    }
}

/// Reads one block from the start of `bytes`. `time` is that of the frame before, for blocks without one.
pub(super) fn step(layout: &Layout, bytes: &[u8], time: Timestamp) -> Parsed<Step> {
    let Some(kind) = layout.section().order.u32(bytes, 0) else {
        return Parsed::NeedsMore(8);
    };
    // The byte order of a section stands inside its header, so it decides how that header's own length reads.
    let order = match kind {
        SECTION_HEADER if bytes.len() < 12 => return Parsed::NeedsMore(12),
        SECTION_HEADER => match byte_order(bytes) {
            Some(order) => order,
            None => return Parsed::Damaged,
        },
        _ => layout.section().order,
    };
    let Some(len) = order.u32(bytes, 4) else {
        return Parsed::NeedsMore(8);
    };
    if len < 12 || !len.is_multiple_of(4) {
        return Parsed::Damaged;
    }
    let wanted = matches!(
        kind,
        INTERFACE_DESCRIPTION | SIMPLE_PACKET | ENHANCED_PACKET
    );
    if wanted && bytes.len() < len as usize {
        return Parsed::NeedsMore(len as usize);
    }
    let step = match kind {
        SECTION_HEADER => Step::Section(order),
        INTERFACE_DESCRIPTION => interface(order, bytes).map_or(Step::Damaged, Step::Interface),
        SIMPLE_PACKET => simple_packet(layout, bytes, time),
        ENHANCED_PACKET => enhanced_packet(layout, bytes),
        _ => Step::Other,
    };
    Parsed::Step {
        step,
        len: u64::from(len),
    }
}

type Block<'a, T> = IResult<&'a [u8], T, PcapError<&'a [u8]>>;

/// A block whose frame holds but whose inside does not parse is stepped over.
fn block<'a, T>(
    order: ByteOrder,
    bytes: &'a [u8],
    little: fn(&'a [u8]) -> Block<'a, T>,
    big: fn(&'a [u8]) -> Block<'a, T>,
) -> Option<T> {
    let parse = match order {
        ByteOrder::Little => little,
        ByteOrder::Big => big,
    };
    parse(bytes).ok().map(|(_, block)| block)
}

fn interface(order: ByteOrder, bytes: &[u8]) -> Option<Interface> {
    let block = block(
        order,
        bytes,
        parse_interfacedescriptionblock_le,
        parse_interfacedescriptionblock_be,
    )?;
    Some(Interface {
        link: LinkType(block.linktype.0 as u32 & 0xffff),
        ticks_per_second: ticks_per_second(block.if_tsresol),
        // pcap-parser 0.17 reads this option as little-endian in every section.
        offset_seconds: match order {
            ByteOrder::Little => block.if_tsoffset,
            ByteOrder::Big => block.if_tsoffset.swap_bytes(),
        },
        snap_len: block.snaplen,
    })
}

/// `if_tsresol`: a power of ten, or of two when the top bit is set. pcap-parser 0.17 knows no powers of two.
/// What does not fit cannot be meant: the default of the format, microseconds.
fn ticks_per_second(resolution: u8) -> u64 {
    let exponent = u32::from(resolution & 0x7f);
    let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(exponent).unwrap_or(1_000_000)
}

fn enhanced_packet(layout: &Layout, bytes: &[u8]) -> Step {
    let section = layout.section();
    let parsed = block(
        section.order,
        bytes,
        parse_enhancedpacketblock_le,
        parse_enhancedpacketblock_be,
    );
    let Some(block) = parsed else {
        return Step::Damaged;
    };
    let Some(interface) = section.interfaces.get(block.if_id as usize) else {
        return Step::Damaged;
    };
    let ticks = u64::from(block.ts_high) << 32 | u64::from(block.ts_low);
    Step::Frame(Record {
        time: Timestamp::from_ticks(ticks, interface.ticks_per_second, interface.offset_seconds),
        link: interface.link,
        original_len: block.origlen,
        bytes: 28..28 + block.packet_data().len(),
    })
}

fn simple_packet(layout: &Layout, bytes: &[u8], time: Timestamp) -> Step {
    let section = layout.section();
    let parsed = block(
        section.order,
        bytes,
        parse_simplepacketblock_le,
        parse_simplepacketblock_be,
    );
    let (Some(block), Some(interface)) = (parsed, section.interfaces.first()) else {
        return Step::Damaged;
    };
    // The block has no captured length of its own: it is the snap length's minimum with the original.
    let snap_len = if interface.snap_len == 0 {
        u32::MAX
    } else {
        interface.snap_len
    };
    let len = block.data.len().min(block.origlen.min(snap_len) as usize);
    Step::Frame(Record {
        time,
        link: interface.link,
        original_len: block.origlen,
        bytes: 12..12 + len,
    })
}
