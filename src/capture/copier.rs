//! Frames of a capture that is read, written as another one: as they were, in one section of pcapng.
//!
//! What pcapng says beside the bytes of a frame is taken from its block once more: the units of its time, its
//! interface, its comments and other options. Byte order is the one thing that changes.

use std::collections::HashMap;
use std::io::{self, Write};
use std::sync::Arc;

use super::blocks::{self, Blocks};
use super::layout::{ByteOrder, Format, Interface, Layout, Section};
use super::source::Window;
use super::{About, FilePosition, Frame, Source, Timestamp};

/// Bytes that wait to be written together.
const BATCH: usize = 64 << 10;

/// Writes frames of a capture that was read before.
#[derive(Debug)]
pub struct Copier<W> {
    layout: Arc<Layout>,
    source: Source,
    /// One for each file: frames of several come in turn.
    windows: Vec<Window>,
    /// The interfaces that were described, in the order of their numbers here.
    described: Vec<Described>,
    numbers: HashMap<Origin, u32>,
    blocks: Blocks,
    out: W,
    frames: u64,
}

/// Where an interface is described: file, start of the section, number in it.
type Origin = (usize, u64, u32);

#[derive(Debug)]
struct Described {
    interface: Interface,
    /// The time of its last frame, in its units.
    last: u64,
}

/// What a record says of its frame.
struct Head<'a> {
    interface: u32,
    /// In the units of the interface; none where the block has no time.
    ticks: Option<u64>,
    options: &'a [u8],
}

impl<W: Write> Copier<W> {
    /// Begins a capture with frames of `source`, which is laid out like this, and what was said of it as a whole.
    pub fn new(source: &Source, layout: Arc<Layout>, out: W) -> Copier<W> {
        let mut blocks = Blocks::default();
        let of_capture = layout.comments().kept().iter();
        let of_capture = of_capture.filter(|comment| comment.about == About::Capture);
        blocks.section(of_capture.map(|comment| &*comment.text));
        let window = |_| Window::new(source.clone());
        Copier {
            source: source.clone(),
            windows: (0..layout.files.len()).map(window).collect(),
            layout,
            described: Vec::new(),
            numbers: HashMap::new(),
            blocks,
            out,
            frames: 0,
        }
    }

    /// Frames that were taken.
    pub fn frames(&self) -> u64 {
        self.frames
    }

    /// Takes the next frame. It fails when it cannot be read again, or not be written.
    pub fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        let layout = self.layout.clone();
        let file = self.source.file_at(frame.position);
        let section = layout
            .section_at(file, frame.position)
            .ok_or_else(changed)?;
        let record = match section.format {
            Format::Pcap { .. } => Vec::new(),
            Format::Pcapng => block_at(&mut self.windows[file], section.order, frame.position)?,
        };
        let head = head(section, &record).ok_or_else(changed)?;
        let known = section.interfaces.get(head.interface as usize);
        let origin = (file, section.start, head.interface);
        let number = self.number(origin, known.ok_or_else(changed)?, section)?;
        let described = &mut self.described[number as usize];
        let ticks = head.ticks;
        described.last = ticks.unwrap_or_else(|| ticks_of(frame.time, &described.interface));
        let ticks = described.last;
        self.blocks.block(blocks::ENHANCED_PACKET, |block| {
            block.words(&[number, (ticks >> 32) as u32, ticks as u32]);
            block.words(&[frame.bytes.len() as u32, frame.original_len]);
            block.padded(frame.bytes);
            options(block, section.order, head.options, width_beside_packet);
        });
        self.frames += 1;
        self.write(BATCH)
    }

    /// The number of an interface here; it is described before its first frame.
    fn number(&mut self, origin: Origin, interface: &Interface, of: &Section) -> io::Result<u32> {
        if let Some(number) = self.numbers.get(&origin) {
            return Ok(*number);
        }
        let number = self.described.len() as u32;
        self.numbers.insert(origin, number);
        self.described.push(Described {
            interface: interface.clone(),
            last: 0,
        });
        let told = match of.format {
            Format::Pcap { .. } => None,
            Format::Pcapng => {
                let window = &mut self.windows[origin.0];
                Some(block_at(window, of.order, interface.described_at)?)
            }
        };
        self.blocks.block(blocks::INTERFACE_DESCRIPTION, |block| {
            block.words(&[interface.link.0 & 0xffff, interface.snap_len]);
            match told
                .as_deref()
                .and_then(|told| told.get(16..told.len() - 4))
            {
                Some(told) => options(block, of.order, told, width_beside_interface),
                None => units(block, interface),
            }
        });
        Ok(number)
    }

    /// What the interfaces counted, and the end. Gives back what was written into.
    pub fn finish(mut self) -> io::Result<W> {
        for (number, Described { interface, last }) in (0..).zip(&self.described) {
            statistics(&mut self.blocks, number, interface, *last);
        }
        self.write(0)?;
        self.out.flush()?;
        Ok(self.out)
    }

    fn write(&mut self, room: usize) -> io::Result<()> {
        if self.blocks.bytes().len() > room {
            self.out.write_all(self.blocks.bytes())?;
            self.blocks.clear();
        }
        Ok(())
    }
}

fn changed() -> io::Error {
    io::Error::other("the capture is not what it was when it was read")
}

/// The whole block at a position.
fn block_at(window: &mut Window, order: ByteOrder, at: FilePosition) -> io::Result<Vec<u8>> {
    let head = window.at(at.0, 8)?;
    let len = order.u32(head, 4).ok_or_else(changed)? as usize;
    // The first reading has bounded what a block can be.
    let block = window.at(at.0, len.min(super::strand::MAX_BLOCK))?;
    let block = block.get(..len).filter(|block| block.len() >= 12);
    Ok(block.ok_or_else(changed)?.to_vec())
}

/// What the record of a frame says beside its bytes; a record of pcap, of which nothing is given, says nothing.
fn head<'a>(section: &Section, record: &'a [u8]) -> Option<Head<'a>> {
    let alone = Head {
        interface: 0,
        ticks: None,
        options: &[],
    };
    if section.format != Format::Pcapng {
        return Some(alone);
    }
    let order = section.order;
    let word = |at: usize| order.u32(record, 4 * at);
    let interface = match word(0)? {
        blocks::ENHANCED_PACKET => word(2)?,
        blocks::PACKET => u32::from(order.u16(record, 8)?),
        _ => return Some(alone),
    };
    let ticks = u64::from(word(3)?) << 32 | u64::from(word(4)?);
    let behind = 28 + (word(5)? as usize).next_multiple_of(4);
    Some(Head {
        interface,
        ticks: Some(ticks),
        options: record.get(behind..record.len() - 4).unwrap_or_default(),
    })
}

/// A time in the units of an interface.
fn ticks_of(time: Timestamp, interface: &Interface) -> u64 {
    let nanos = i128::from(time.0) - i128::from(interface.offset_seconds) * 1_000_000_000;
    let ticks = nanos.max(0) * i128::from(interface.ticks_per_second) / 1_000_000_000;
    u64::try_from(ticks).unwrap_or(u64::MAX)
}

/// The options of an interface of which nothing but this is known.
fn units(block: &mut Blocks, interface: &Interface) {
    let resolution = interface.ticks_per_second.ilog10() as u8;
    block.option(blocks::IF_TSRESOL, &[resolution]);
    block.option(blocks::END_OF_OPTIONS, &[]);
}

/// Bytes at the start of an option's value that are a number, and so in the byte order of the section.
type Width = fn(u16) -> usize;

/// Flags, queue; frames dropped, packet id.
fn width_beside_packet(code: u16) -> usize {
    match code {
        2 | 6 => 4,
        4 | 5 => 8,
        _ => 0,
    }
}

/// Time zone; speeds, offset of the times.
fn width_beside_interface(code: u16) -> usize {
    match code {
        10 => 4,
        8 | 14 | 16 | 17 => 8,
        _ => 0,
    }
}

/// Custom options begin with the number of who made them up.
const CUSTOM: [u16; 4] = [2988, 2989, 19372, 19373];

/// Writes the options that a block of another byte order had.
fn options(block: &mut Blocks, order: ByteOrder, mut told: &[u8], width: Width) {
    let mut is_first = true;
    while let (Some(code), Some(len)) = (order.u16(told, 0), order.u16(told, 2)) {
        let len = usize::from(len);
        let Some(value) = told
            .get(4..4 + len)
            .filter(|_| code != blocks::END_OF_OPTIONS)
        else {
            break;
        };
        let mut value = value.to_vec();
        let width = if CUSTOM.contains(&code) {
            4
        } else {
            width(code)
        };
        if let (ByteOrder::Big, Some(number)) = (order, value.get_mut(..width)) {
            number.reverse();
        }
        block.option(code, &value);
        is_first = false;
        told = told.get(4 + len.next_multiple_of(4)..).unwrap_or_default();
    }
    if !is_first {
        block.option(blocks::END_OF_OPTIONS, &[]);
    }
}

/// What the interface counted in all: how much is missing of the part that is here is not known.
fn statistics(written: &mut Blocks, number: u32, interface: &Interface, last: u64) {
    let counts = interface.counts;
    let counts = [
        (blocks::ISB_IFRECV, counts.received),
        (blocks::ISB_IFDROP, counts.dropped_by_interface),
        (blocks::ISB_FILTERACCEPT, counts.accepted),
        (blocks::ISB_OSDROP, counts.dropped_by_kernel),
        (blocks::ISB_USRDELIV, counts.delivered),
    ];
    if counts.iter().all(|(_, count)| count.is_none()) {
        return;
    }
    written.block(blocks::INTERFACE_STATISTICS, |block| {
        block.words(&[number, (last >> 32) as u32, last as u32]);
        for (code, count) in counts {
            if let Some(count) = count {
                block.option(code, &count.to_le_bytes());
            }
        }
        block.option(blocks::END_OF_OPTIONS, &[]);
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{LinkType, Reader};
    use hex_literal::hex;

    /// Everything that a reader tells of the frames.
    fn told(reader: &mut Reader) -> Vec<(Timestamp, LinkType, u32, Vec<u8>)> {
        let mut told = Vec::new();
        while let Some(frame) = reader.next_frame() {
            let bytes = frame.bytes.to_vec();
            told.push((frame.time, frame.link, frame.original_len, bytes));
        }
        told
    }

    /// Those of the capture come first in a copy.
    fn comments(reader: &Reader) -> Vec<String> {
        let kept = reader.layout().comments().kept().iter();
        let mut told: Vec<String> = kept.map(|comment| format!("{comment:?}")).collect();
        told.sort();
        told
    }

    /// Copies all frames; gives the copy, and checks that it says what the capture says.
    fn copied(capture: &'static [u8]) -> &'static [u8] {
        let source = Source::Memory(capture);
        let mut first = Reader::new(source.clone(), "test").unwrap();
        let all = told(&mut first);
        assert!(!all.is_empty());
        let mut copier = Copier::new(&source, first.layout().clone(), Vec::new());
        let mut again = Reader::again(source, first.layout());
        while let Some(frame) = again.next_frame() {
            copier.frame(&frame).unwrap();
        }
        assert_eq!(copier.frames(), all.len() as u64);
        let copy: &'static [u8] = copier.finish().unwrap().leak();
        let mut reader = Reader::new(Source::Memory(copy), "copy").unwrap();
        assert_eq!(told(&mut reader), all);
        assert_eq!((reader.note(), reader.damaged_blocks()), (None, 0));
        assert_eq!(comments(&reader), comments(&first));
        copy
    }

    #[test]
    fn frames_of_a_pcap_keep_their_times_and_lengths() {
        copied(&hex!(
            "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000"
            "01000000 02000000 02000000 02000000 aabb"
            "01000000 03000000 02000000 3c000000 ccdd"
        ));
    }

    /// Nanoseconds, big-endian.
    #[test]
    fn nanoseconds_stay_nanoseconds() {
        copied(&hex!(
            "a1b23c4d 0002 0004 00000000 00000000 00040000 00000065"
            "00000001 00000007 00000001 00000009 45"
        ));
    }

    /// A comment on the section; an interface of 2^-20 s, an hour late, with a name; a frame with a comment and flags;
    /// a simple one.
    const BIG_ENDIAN: &[u8] = &hex!(
        "0a0d0d0a 00000028 1a2b3c4d 0001 0000 ffffffffffffffff 0001 0003 61626300 0000 0000 00000028"
        "00000001 00000034 0065 0000 00000000 0002 0004 65746830 0009 0001 94000000"
        "000e 0008 0000000000000e10 0000 0000 00000034"
        "00000006 00000038 00000000 00000000 00180000 00000001 00000001 45000000"
        "0001 0002 68690000 0002 0004 00000001 0000 0000 00000038"
        "00000003 00000014 00000002 46470000 00000014"
    );

    #[test]
    fn what_pcapng_says_beside_the_bytes_is_kept() {
        let copy = copied(BIG_ENDIAN);
        let has = |bytes: &[u8]| copy.windows(bytes.len()).any(|window| window == bytes);
        assert!(has(&hex!(
            "0200 0400 65746830 0900 0100 94000000 0e00 0800 100e000000000000"
        )));
        assert!(has(&hex!(
            "0100 0200 68690000 0200 0400 01000000 0000 0000"
        )));
    }

    #[test]
    fn the_interfaces_of_several_sections_are_several() {
        let section = BIG_ENDIAN;
        let twice: &'static [u8] = [section, section].concat().leak();
        copied(twice);
    }
}
