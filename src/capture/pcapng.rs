//! pcapng: sections of typed blocks. Of the many types, six carry what is needed here.

use std::sync::Arc;

use pcap_parser::PcapError;
use pcap_parser::nom::IResult;
use pcap_parser::pcapng::{
    PcapNGOption, parse_enhancedpacketblock_be, parse_enhancedpacketblock_le,
    parse_interfacedescriptionblock_be, parse_interfacedescriptionblock_le,
    parse_interfacestatisticsblock_be, parse_interfacestatisticsblock_le,
    parse_sectionheaderblock_be, parse_sectionheaderblock_le, parse_simplepacketblock_be,
    parse_simplepacketblock_le,
};
use pcap_parser::traits::PcapNGPacketBlock as _;

use super::FilePosition;
use super::blocks::{
    COMMENT, ENHANCED_PACKET, IF_NAME, INTERFACE_DESCRIPTION, INTERFACE_STATISTICS,
    ISB_FILTERACCEPT, ISB_IFDROP, ISB_IFRECV, ISB_OSDROP, ISB_USRDELIV, PACKET, SECTION_HEADER,
    SIMPLE_PACKET,
};
use super::layout::{ByteOrder, Counted, Format, Interface, LinkType, Section};
use super::reader::{Parsed, Record, Step};
use super::time::Timestamp;

/// Bytes kept of an interface's name.
const MAX_NAME: usize = 256;

/// The shortest section header: type, length, byte-order magic, version, section length, length.
pub(super) const HEADER_LEN: usize = 28;

/// The block type of a section header reads the same in both byte orders.
pub(super) fn is_pcapng(bytes: &[u8]) -> bool {
    bytes.starts_with(&SECTION_HEADER.to_be_bytes())
}

/// The section that begins here; `None` when it is damaged.
pub(super) fn section(bytes: &[u8], start: u64) -> Option<Section> {
    Some(begun(start, byte_order(bytes)?))
}

/// A section of which nothing is known but its byte order.
pub(super) fn begun(start: u64, order: ByteOrder) -> Section {
    Section {
        start,
        format: Format::Pcapng,
        order,
        interfaces: Vec::new(),
    }
}

fn byte_order(section_header: &[u8]) -> Option<ByteOrder> {
    match section_header.get(8..12)? {
        [0x4d, 0x3c, 0x2b, 0x1a] => Some(ByteOrder::Little),
        [0x1a, 0x2b, 0x3c, 0x4d] => Some(ByteOrder::Big),
        _ => None,
    }
}

/// Reads one block from the start of `bytes`. `time` is that of the frame before, for blocks without one.
pub(super) fn step(section: &Section, bytes: &[u8], time: Timestamp) -> Parsed<Step> {
    let Some(kind) = section.order.u32(bytes, 0) else {
        return Parsed::NeedsMore(8);
    };
    // The byte order of a section stands inside its header, so it decides how that header's own length reads.
    let order = match kind {
        SECTION_HEADER if bytes.len() < 12 => return Parsed::NeedsMore(12),
        SECTION_HEADER => match byte_order(bytes) {
            Some(order) => order,
            None => return Parsed::Damaged,
        },
        _ => section.order,
    };
    let Some(len) = order.u32(bytes, 4) else {
        return Parsed::NeedsMore(8);
    };
    if len < 12 || !len.is_multiple_of(4) {
        return Parsed::Damaged;
    }
    let wanted = matches!(
        kind,
        SECTION_HEADER
            | INTERFACE_DESCRIPTION
            | PACKET
            | SIMPLE_PACKET
            | INTERFACE_STATISTICS
            | ENHANCED_PACKET
    );
    if wanted && bytes.len() < len as usize {
        return Parsed::NeedsMore(len as usize);
    }
    let step = match kind {
        SECTION_HEADER => Step::Section(order, section_comments(order, bytes)),
        INTERFACE_DESCRIPTION => interface(order, bytes).unwrap_or(Step::Damaged),
        PACKET => packet(section, bytes).unwrap_or(Step::Damaged),
        SIMPLE_PACKET => simple_packet(section, bytes, time),
        INTERFACE_STATISTICS => statistics(order, bytes).unwrap_or(Step::Damaged),
        ENHANCED_PACKET => enhanced_packet(section, bytes),
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

fn comments(options: &[PcapNGOption<'_>]) -> Vec<Box<[u8]>> {
    let comments = options.iter().filter(|option| option.code.0 == COMMENT);
    comments.map(|option| value(option).into()).collect()
}

/// The bytes of an option, without the padding that pcap-parser leaves on.
fn value<'a>(option: &'a PcapNGOption<'_>) -> &'a [u8] {
    &option.value[..option.value.len().min(usize::from(option.len))]
}

fn section_comments(order: ByteOrder, bytes: &[u8]) -> Vec<Box<[u8]>> {
    let parsed = block(
        order,
        bytes,
        parse_sectionheaderblock_le,
        parse_sectionheaderblock_be,
    );
    parsed.map_or_else(Vec::new, |block| comments(&block.options))
}

fn statistics(order: ByteOrder, bytes: &[u8]) -> Option<Step> {
    let block = block(
        order,
        bytes,
        parse_interfacestatisticsblock_le,
        parse_interfacestatisticsblock_be,
    )?;
    let count = |code: u16| {
        let option = block.options.iter().find(|option| option.code.0 == code)?;
        let bytes = value(option).first_chunk()?;
        Some(match order {
            ByteOrder::Little => u64::from_le_bytes(*bytes),
            ByteOrder::Big => u64::from_be_bytes(*bytes),
        })
    };
    let counted = Counted {
        received: count(ISB_IFRECV),
        dropped_by_interface: count(ISB_IFDROP),
        dropped_by_kernel: count(ISB_OSDROP),
        accepted: count(ISB_FILTERACCEPT),
        delivered: count(ISB_USRDELIV),
    };
    Some(Step::Counted(
        block.if_id,
        counted,
        comments(&block.options),
    ))
}

/// The name that libpcap or Wireshark knew the interface by.
fn name(options: &[PcapNGOption<'_>]) -> Option<Arc<str>> {
    let option = options.iter().find(|option| option.code.0 == IF_NAME)?;
    let bytes = value(option);
    let text = String::from_utf8_lossy(&bytes[..bytes.len().min(MAX_NAME)]);
    Some(text.trim_end_matches('\0').into())
}

fn interface(order: ByteOrder, bytes: &[u8]) -> Option<Step> {
    let block = block(
        order,
        bytes,
        parse_interfacedescriptionblock_le,
        parse_interfacedescriptionblock_be,
    )?;
    let comments = comments(&block.options);
    let interface = Interface {
        described_at: FilePosition(0),
        name: name(&block.options),
        counts: Counted::default(),
        link: LinkType(block.linktype.0 as u32 & 0xffff),
        ticks_per_second: ticks_per_second(block.if_tsresol),
        // pcap-parser 0.17 reads this option as little-endian in every section.
        offset_seconds: match order {
            ByteOrder::Little => block.if_tsoffset,
            ByteOrder::Big => block.if_tsoffset.swap_bytes(),
        },
        snap_len: block.snaplen,
    };
    Some(Step::Interface(interface, comments))
}

/// `if_tsresol`: a power of ten, or of two when the top bit is set. pcap-parser 0.17 knows no powers of two.
/// What does not fit cannot be meant: the default of the format, microseconds.
fn ticks_per_second(resolution: u8) -> u64 {
    let exponent = u32::from(resolution & 0x7f);
    let base: u64 = if resolution & 0x80 == 0 { 10 } else { 2 };
    base.checked_pow(exponent).unwrap_or(1_000_000)
}

/// The head of the obsolete block: interface (16 bits), frames dropped since the one before (16), time, lengths.
fn packet(section: &Section, bytes: &[u8]) -> Option<Step> {
    let word = |at: usize| section.order.u32(bytes, 4 * at);
    let interface = usize::from(section.order.u16(bytes, 8)?);
    let interface = section.interfaces.get(interface)?;
    let ticks = u64::from(word(3)?) << 32 | u64::from(word(4)?);
    let range = 28..28 + word(5)? as usize;
    // Behind the bytes of the frame stands the length of the block.
    if range.end + 4 > word(1)? as usize {
        return None;
    }
    Some(Step::Frame(Record {
        time: Timestamp::from_ticks(ticks, interface.ticks_per_second, interface.offset_seconds),
        link: interface.link,
        original_len: word(6)?,
        bytes: range,
        comments: Vec::new(),
    }))
}

fn enhanced_packet(section: &Section, bytes: &[u8]) -> Step {
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
        comments: comments(&block.options),
    })
}

fn simple_packet(section: &Section, bytes: &[u8], time: Timestamp) -> Step {
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
        comments: Vec::new(),
    })
}
