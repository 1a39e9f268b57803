//! How the records of a capture are to be read: byte order, interfaces, resolution.

use std::sync::Arc;

use super::{Comments, FilePosition};

/// A LINKTYPE_ number of the pcap registry: how a frame's bytes begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LinkType(pub u32);

impl LinkType {
    /// BSD loopback: address family in the byte order of the machine that captured.
    pub const NULL: LinkType = LinkType(0);
    /// Ethernet II and 802.3.
    pub const ETHERNET: LinkType = LinkType(1);
    /// PPP, perhaps with the address and control bytes of serial framing.
    pub const PPP: LinkType = LinkType(9);
    /// PPP in serial framing, or Cisco HDLC.
    pub const PPP_HDLC: LinkType = LinkType(50);
    /// PPP over Ethernet, from the PPPoE header on.
    pub const PPP_ETHER: LinkType = LinkType(51);
    /// IPv4 or IPv6 without a link header.
    pub const RAW: LinkType = LinkType(101);
    /// Cisco HDLC.
    pub const C_HDLC: LinkType = LinkType(104);
    /// OpenBSD loopback: address family, big-endian.
    pub const LOOP: LinkType = LinkType(108);
    /// Linux cooked capture, version 1 (`tcpdump -i any`).
    pub const LINUX_SLL: LinkType = LinkType(113);
    /// IPv4 without a link header.
    pub const IPV4: LinkType = LinkType(228);
    /// IPv6 without a link header.
    pub const IPV6: LinkType = LinkType(229);
    /// Linux cooked capture, version 2.
    pub const LINUX_SLL2: LinkType = LinkType(276);

    /// Those that are understood here.
    pub(super) const KNOWN: [LinkType; 8] = [
        LinkType::ETHERNET,
        LinkType::NULL,
        LinkType::RAW,
        LinkType::LOOP,
        LinkType::LINUX_SLL,
        LinkType::IPV4,
        LinkType::IPV6,
        LinkType::LINUX_SLL2,
    ];
}

impl std::fmt::Display for LinkType {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match *self {
            LinkType::NULL => f.write_str("NULL"),
            LinkType::ETHERNET => f.write_str("Ethernet"),
            LinkType::PPP | LinkType::PPP_HDLC => f.write_str("PPP"),
            LinkType::PPP_ETHER => f.write_str("PPPoE"),
            // By the numbers of two systems.
            LinkType::RAW | LinkType(12 | 14) => f.write_str("raw IP"),
            LinkType::C_HDLC => f.write_str("Cisco HDLC"),
            LinkType::LOOP => f.write_str("LOOP"),
            LinkType::LINUX_SLL => f.write_str("Linux cooked v1"),
            LinkType::IPV4 => f.write_str("raw IPv4"),
            LinkType::IPV6 => f.write_str("raw IPv6"),
            LinkType::LINUX_SLL2 => f.write_str("Linux cooked v2"),
            LinkType(number) => write!(f, "link type {number}"),
        }
    }
}

/// What a pcapng interface block, or the header of a pcap file, says of its frames.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interface {
    /// The block that describes it, or the header of the file.
    pub described_at: FilePosition,
    /// What the capturing machine called it: not safe to print.
    pub name: Option<Arc<str>>,
    /// What it counted, by the last statistics block.
    pub counts: Counted,
    /// How its frames begin.
    pub link: LinkType,
    /// Units of its time stamps in a second.
    pub ticks_per_second: u64,
    /// Seconds to add to its time stamps.
    pub offset_seconds: i64,
    /// Longest capture of a frame; 0 is no limit.
    pub snap_len: u32,
}

/// Frames that an interface counted while it was captured, as far as the capture says.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counted {
    /// Received from the network.
    pub received: Option<u64>,
    /// Dropped by the interface.
    pub dropped_by_interface: Option<u64>,
    /// Dropped by the kernel, because the capturing program was too slow.
    pub dropped_by_kernel: Option<u64>,
    /// Let pass by the capture filter.
    pub accepted: Option<u64>,
    /// Given to the capturing program.
    pub delivered: Option<u64>,
}

impl Counted {
    /// Frames that are known to be lost.
    pub fn dropped(&self) -> u64 {
        let of = |count: Option<u64>| count.unwrap_or(0);
        of(self.dropped_by_interface).saturating_add(of(self.dropped_by_kernel))
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The `u32` at `offset`, or `None` past the end.
    pub(super) fn u32(self, bytes: &[u8], offset: usize) -> Option<u32> {
        let bytes = bytes.get(offset..)?.first_chunk()?;
        Some(match self {
            ByteOrder::Little => u32::from_le_bytes(*bytes),
            ByteOrder::Big => u32::from_be_bytes(*bytes),
        })
    }
}

impl ByteOrder {
    /// The `u16` at `offset`, or `None` past the end.
    pub(super) fn u16(self, bytes: &[u8], offset: usize) -> Option<u16> {
        let bytes = bytes.get(offset..)?.first_chunk()?;
        Some(match self {
            ByteOrder::Little => u16::from_le_bytes(*bytes),
            ByteOrder::Big => u16::from_be_bytes(*bytes),
        })
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    /// Records with headers of so many bytes.
    Pcap {
        record_header: usize,
    },
    Pcapng,
}

/// A stretch of a file with one format, one byte order and one list of interfaces. A pcap file is one section.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Section {
    pub(super) start: u64,
    pub(super) format: Format,
    pub(super) order: ByteOrder,
    pub(super) interfaces: Vec<Interface>,
}

/// The sections met so far. With it a frame can be read again from its position alone.
///
/// Invariant: there is a list of sections for each file, and none is empty.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layout {
    pub(super) files: Vec<Vec<Section>>,
    /// What was written beside the frames.
    pub(super) comments: Comments,
    /// Which frames pass, in the words of pcap-filter.
    pub(super) filter: Option<Arc<str>>,
}

impl Layout {
    /// The first section of each file.
    pub(super) fn new(first: Vec<Section>) -> Layout {
        Layout {
            files: first.into_iter().map(|section| vec![section]).collect(),
            comments: Comments::default(),
            filter: None,
        }
    }

    /// The section that a file is in.
    pub(super) fn section(&self, file: usize) -> &Section {
        self.files[file]
            .last()
            .expect("a layout is made with its first sections")
    }

    pub(super) fn section_mut(&mut self, file: usize) -> &mut Section {
        self.files[file]
            .last_mut()
            .expect("a layout is made with its first sections")
    }

    /// What was known of it before its first record: with this its files are read anew.
    pub(super) fn afresh(&self) -> Layout {
        let first = |sections: &Vec<Section>| match sections[0].format {
            Format::Pcap { .. } => sections[0].clone(),
            Format::Pcapng => Section {
                interfaces: Vec::new(),
                ..sections[0].clone()
            },
        };
        Layout {
            filter: self.filter.clone(),
            ..Layout::new(self.files.iter().map(first).collect())
        }
    }

    /// The section of a file that holds this position.
    pub(super) fn section_at(&self, file: usize, position: FilePosition) -> Option<&Section> {
        let sections = self.files.get(file)?;
        let next = sections.partition_point(|section| section.start <= position.0);
        sections.get(next.checked_sub(1)?)
    }

    /// The part of the layout that holds where each file is at its position: what follows is forgotten.
    ///
    /// Interfaces that a section names only later stay; no frame before their block refers to them.
    pub(super) fn before(&self, positions: &[FilePosition]) -> Layout {
        let until = |(sections, position): (&Vec<Section>, &FilePosition)| {
            let len = sections.partition_point(|section| section.start <= position.0);
            sections[..len.max(1)].to_vec()
        };
        Layout {
            files: self.files.iter().zip(positions).map(until).collect(),
            comments: Comments::default(),
            filter: self.filter.clone(),
        }
    }

    /// Every interface of the capture, in file order.
    pub fn interfaces(&self) -> impl Iterator<Item = &Interface> {
        self.files
            .iter()
            .flatten()
            .flat_map(|section| &section.interfaces)
    }

    /// What was written beside the frames.
    pub fn comments(&self) -> &Comments {
        &self.comments
    }
}
