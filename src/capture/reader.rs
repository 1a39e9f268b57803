//! Frame after frame out of a source.

use std::fmt;
use std::io::ErrorKind;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use pcap_parser::nom::Needed;

use super::layout::{ByteOrder, Format, Interface, Layout, LinkType, Section};
use super::source::Window;
use super::{FilePosition, Frame, FrameNumber, OpenError, Source, Timestamp, pcap, pcapng};

/// No frame and no block of interest is longer; a length above it is damage, not data.
const MAX_BLOCK: usize = 16 * 1024 * 1024;

/// Why the reading ended before the end of the file. What was read until there stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Note {
    /// The file ends inside a record: its writer was killed, or is still writing.
    Cut {
        /// Where the incomplete record starts.
        position: FilePosition,
        /// Bytes of it that are there.
        bytes: u64,
    },
    /// A record whose length cannot be.
    Damaged {
        /// Where it starts.
        position: FilePosition,
    },
    /// The reading was stopped here.
    Stopped {
        /// Where.
        position: FilePosition,
    },
    /// The system failed to read.
    Io {
        /// Where.
        position: FilePosition,
        /// What the system said.
        error: String,
    },
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::Cut { position, bytes } => {
                write!(
                    f,
                    "the capture ends inside a record: {bytes} bytes at offset {} were left unread",
                    position.0
                )
            }
            Note::Damaged { position } => {
                write!(
                    f,
                    "the capture is damaged at offset {}: the rest was left unread",
                    position.0
                )
            }
            Note::Stopped { position } => {
                write!(
                    f,
                    "reading was stopped at offset {}: the rest was left unread",
                    position.0
                )
            }
            Note::Io { position, error } => {
                write!(
                    f,
                    "reading failed at offset {}: {error}; the rest was left unread",
                    position.0
                )
            }
        }
    }
}

/// A frame as the parsers of the formats see it: `bytes` is a range within its record.
pub(super) struct Record {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) original_len: u32,
    pub(super) bytes: Range<usize>,
}

/// What one record or block was.
pub(super) enum Step {
    Frame(Record),
    Interface(Interface),
    Section(ByteOrder),
    /// A block of another kind.
    Other,
    /// A block with a sound length and an unsound inside.
    Damaged,
}

/// What the start of a buffer held: not yet, never, or here it is.
pub(super) enum Parsed<T> {
    /// At least so many bytes are needed.
    NeedsMore(usize),
    Damaged,
    Step {
        step: T,
        /// Bytes from this record to the next.
        len: u64,
    },
}

impl<T> Parsed<T> {
    pub(super) fn incomplete(bytes: &[u8], needed: Needed) -> Parsed<T> {
        let more = match needed {
            Needed::Size(more) => more,
            Needed::Unknown => NonZeroUsize::MIN,
        };
        Parsed::NeedsMore(bytes.len().saturating_add(more.get()))
    }
}

/// Reads the frames of a capture in file order.
#[derive(Debug)]
pub struct Reader {
    window: Window,
    layout: Arc<Layout>,
    position: u64,
    number: FrameNumber,
    time: Timestamp,
    note: Option<Note>,
    damaged_blocks: u64,
}

impl Reader {
    /// Opens the capture file at `path`.
    pub fn open(path: &Path) -> Result<Reader, OpenError> {
        Reader::new(Source::open(path)?, &path.display().to_string())
    }

    /// Reads the header of `source`; `name` is for messages to the user.
    pub fn new(source: Source, name: &str) -> Result<Reader, OpenError> {
        let mut window = Window::new(source);
        let name = || name.to_owned();
        let head = window
            .at(0, pcapng::HEADER_LEN)
            .map_err(|error| OpenError::Read {
                name: name(),
                error,
            })?;
        let (layout, header_len, start) = match head {
            [] => return Err(OpenError::Empty { name: name() }),
            _ if pcap::is_pcap(head) => (pcap::layout(head), pcap::HEADER_LEN, pcap::HEADER_LEN),
            // The section header is itself a block: reading starts with it.
            _ if pcapng::is_pcapng(head) => (pcapng::layout(head), pcapng::HEADER_LEN, 0),
            _ => return Err(not_a_capture(name(), head)),
        };
        if head.len() < header_len {
            return Err(OpenError::CutHeader {
                name: name(),
                len: head.len() as u64,
            });
        }
        let layout = layout.ok_or_else(|| OpenError::DamagedHeader { name: name() })?;
        Ok(Reader::at(window, Arc::new(layout), start as u64))
    }

    fn at(window: Window, layout: Arc<Layout>, position: u64) -> Reader {
        Reader {
            window,
            layout,
            position,
            number: FrameNumber(0),
            time: Timestamp(0),
            note: None,
            damaged_blocks: 0,
        }
    }

    /// Another reader of `source` that starts at a frame whose position is known. It numbers frames from 1.
    pub fn resume(source: Source, layout: &Layout, position: FilePosition) -> Reader {
        Reader::at(
            Window::new(source),
            Arc::new(layout.before(position)),
            position.0,
        )
    }

    /// The next frame. `None` is the end, or for now the end, of what can be read: see [`Reader::note`].
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        let (record, position) = loop {
            let position = self.position;
            match self.step()? {
                Step::Frame(record) => break (record, position),
                Step::Interface(interface) => Arc::make_mut(&mut self.layout)
                    .section_mut()
                    .interfaces
                    .push(interface),
                Step::Section(order) => self.begin_section(position, order),
                Step::Other => {}
                Step::Damaged => self.damaged_blocks += 1,
            }
        };
        self.number.0 += 1;
        self.time = record.time;
        let bytes = self.window.at(position, record.bytes.end).ok()?;
        Some(Frame {
            number: self.number,
            position: FilePosition(position),
            time: record.time,
            link: record.link,
            original_len: record.original_len.max(record.bytes.len() as u32),
            bytes: bytes.get(record.bytes)?,
        })
    }

    /// Parses the record at `position` and steps over it.
    fn step(&mut self) -> Option<Step> {
        let mut want = 64;
        loop {
            // A ring of files that went on without us: the next file that is kept begins a section.
            if let Err(error) = self.window.at(self.position, want)
                && error.kind() == ErrorKind::NotFound
                && let Some(kept) = self.window.source().kept_behind(self.position)
            {
                (self.position, want) = (kept, 64);
                continue;
            }
            let bytes = match self.window.at(self.position, want) {
                Ok(bytes) => bytes,
                Err(error) => {
                    return self.stop(|position| Note::Io {
                        position,
                        error: error.to_string(),
                    });
                }
            };
            let parsed = match self.layout.format {
                Format::Pcap => pcap::step(&self.layout, bytes),
                Format::Pcapng => pcapng::step(&self.layout, bytes, self.time),
            };
            let (have, at_end) = (bytes.len() as u64, bytes.len() < want);
            match parsed {
                Parsed::Step { step, len } => {
                    self.note = None;
                    self.position += len;
                    return Some(step);
                }
                Parsed::NeedsMore(more) if more > MAX_BLOCK => {
                    return self.stop(|position| Note::Damaged { position });
                }
                Parsed::NeedsMore(_) if have == 0 => {
                    self.note = None;
                    return None;
                }
                Parsed::NeedsMore(_) if at_end => {
                    return self.stop(|position| Note::Cut {
                        position,
                        bytes: have,
                    });
                }
                Parsed::NeedsMore(more) => want = more,
                Parsed::Damaged => return self.stop(|position| Note::Damaged { position }),
            }
        }
    }

    fn stop(&mut self, note: impl FnOnce(FilePosition) -> Note) -> Option<Step> {
        self.note = Some(note(FilePosition(self.position)));
        None
    }

    fn begin_section(&mut self, start: u64, order: ByteOrder) {
        let layout = Arc::make_mut(&mut self.layout);
        if layout.sections.len() == 1 && start == 0 {
            return; // the one that the layout was made with
        }
        layout.sections.push(Section {
            start,
            order,
            interfaces: Vec::new(),
        });
    }

    /// Why the last [`Reader::next_frame`] gave none, when that was not the end of the file.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// Blocks whose inside did not parse and that were stepped over.
    pub fn damaged_blocks(&self) -> u64 {
        self.damaged_blocks
    }

    /// How the file is laid out, as far as it was read.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Where the frames come from.
    pub fn source(&self) -> &Source {
        self.window.source()
    }

    /// Bytes of the file that were read and its length: the progress.
    pub fn progress(&self) -> (u64, u64) {
        let len = self.source().size().unwrap_or(self.position);
        (self.position.min(len), len)
    }
}

fn not_a_capture(name: String, head: &[u8]) -> OpenError {
    let found = head
        .iter()
        .take(4)
        .map(|byte| format!("{byte:02x}"))
        .collect::<Vec<_>>()
        .join(" ");
    let advice = match head {
        [0x1f, 0x8b, ..] => "it is gzip: unpack it first with `gunzip -k`",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => "it is zstd: unpack it first with `zstd -d`",
        [b'd', b'0'..=b'9', ..] => "it looks like a .torrent file, name the capture instead",
        _ => "record one with `tcpdump -w FILE`",
    };
    OpenError::NotACapture {
        name,
        found,
        advice,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    /// Header of a little-endian microsecond capture of Ethernet, then two frames of two bytes.
    const TWO_FRAMES: &[u8] = &hex!(
        "d4c3b2a1 0200 0400 00000000 00000000 00000400 01000000"
        "01000000 02000000 02000000 02000000 aabb"
        "01000000 03000000 02000000 3c000000 ccdd"
    );

    /// Big-endian section, one raw IP interface in units of 2^-20 s, a block of a custom type, one packet.
    const BIG_ENDIAN_NG: &[u8] = &hex!(
        "0a0d0d0a 0000001c 1a2b3c4d 0001 0000 ffffffffffffffff 0000001c"
        "00000001 00000020 0065 0000 00000000 0009 0001 94000000 0000 0000 00000020"
        "00000bad 00000010 deadbeef 00000010"
        "00000006 00000024 00000000 00000000 00180000 00000001 00000001 45000000 00000024"
    );

    fn reader(bytes: &'static [u8]) -> Reader {
        Reader::new(Source::Memory(bytes), "test.pcap").unwrap()
    }

    fn frames(bytes: &'static [u8]) -> (Vec<(u64, Vec<u8>)>, Option<Note>) {
        let mut reader = reader(bytes);
        let mut frames = Vec::new();
        while let Some(frame) = reader.next_frame() {
            frames.push((frame.time.0, frame.bytes.to_vec()));
        }
        (frames, reader.note().cloned())
    }

    #[test]
    fn two_frames_of_a_pcap_come_in_order_with_their_place() {
        let mut reader = reader(TWO_FRAMES);
        let frame = reader.next_frame().unwrap();
        assert_eq!(
            (frame.number.0, frame.position.0, frame.bytes),
            (1, 24, &[0xaa, 0xbb][..])
        );
        let frame = reader.next_frame().unwrap();
        assert_eq!(
            (frame.number.0, frame.position.0, frame.original_len),
            (2, 42, 60)
        );
        assert!(reader.next_frame().is_none() && reader.note().is_none());
    }

    #[test]
    fn a_big_endian_pcapng_keeps_link_and_resolution_of_its_interface() {
        let mut reader = reader(BIG_ENDIAN_NG);
        let frame = reader.next_frame().unwrap();
        assert_eq!((frame.link, frame.bytes), (LinkType::RAW, &[0x45][..]));
        assert_eq!(frame.time, Timestamp(1_500_000_000));
        assert!(reader.next_frame().is_none() && reader.note().is_none());
    }

    #[test]
    fn a_capture_cut_at_any_byte_gives_what_is_whole_and_says_so() {
        for whole in [TWO_FRAMES, BIG_ENDIAN_NG] {
            for len in 0..whole.len() {
                let Ok(mut reader) = Reader::new(Source::Memory(&whole[..len]), "cut.pcap") else {
                    continue;
                };
                while reader.next_frame().is_some() {}
                // Where one record ends and the next has not begun; a block of no interest may be cut anywhere.
                let whole_records = match whole.len() {
                    60 => matches!(len, 24 | 42),
                    _ => matches!(len, 28 | 60) || (68..=76).contains(&len),
                };
                assert_eq!(
                    reader.note().is_none(),
                    whole_records,
                    "cut at {len}: {:?}",
                    reader.note()
                );
            }
        }
    }

    #[test]
    fn a_length_that_cannot_be_ends_the_reading_with_a_note() {
        let mut bytes = TWO_FRAMES.to_vec();
        bytes[42 + 8..42 + 12].copy_from_slice(&[0xff; 4]);
        let (frames, note) = frames(bytes.leak());
        assert_eq!(frames.len(), 1);
        assert_eq!(
            note,
            Some(Note::Damaged {
                position: FilePosition(42)
            })
        );
    }

    #[test]
    fn a_packet_of_an_unknown_interface_is_stepped_over_and_counted() {
        let mut bytes = BIG_ENDIAN_NG.to_vec();
        bytes[76 + 11] = 7;
        let mut reader = reader(bytes.leak());
        assert!(reader.next_frame().is_none());
        assert_eq!((reader.damaged_blocks(), reader.note()), (1, None));
    }

    #[test]
    fn a_frame_is_read_again_from_its_position() {
        for (whole, position) in [(TWO_FRAMES, 42), (BIG_ENDIAN_NG, 76)] {
            let mut first = reader(whole);
            while first.next_frame().is_some() {}
            let mut again = Reader::resume(
                first.source().clone(),
                first.layout(),
                FilePosition(position),
            );
            assert_eq!(again.next_frame().unwrap().position, FilePosition(position));
        }
    }

    #[test]
    fn a_simple_packet_has_the_time_of_the_frame_before_and_no_more_than_the_snap_length() {
        // An Ethernet interface with a snap length of 3, an enhanced and a simple packet of 5 bytes.
        let mut reader = reader(&hex!(
            "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000"
            "01000000 14000000 0100 0000 03000000 14000000"
            "06000000 24000000 00000000 00000000 40420f00 01000000 05000000 aa000000 24000000"
            "03000000 14000000 05000000 aabbcc00 14000000"
        ));
        reader.next_frame().unwrap();
        let simple = reader.next_frame().unwrap();
        assert_eq!(
            (simple.bytes, simple.original_len),
            (&[0xaa, 0xbb, 0xcc][..], 5)
        );
        assert_eq!(
            (simple.time, simple.link),
            (Timestamp(1_000_000_000), LinkType::ETHERNET)
        );
    }

    #[test]
    fn what_is_no_capture_is_said_in_one_line() {
        let open = |bytes| {
            Reader::new(Source::Memory(bytes), "x")
                .unwrap_err()
                .to_string()
        };
        assert!(open(b"").starts_with("x is empty"));
        assert!(
            open(b"d8:announce").contains("starts with 64 38 3a 61; it looks like a .torrent file")
        );
        assert!(open(&[0x1f, 0x8b, 8, 0]).contains("gunzip"));
        assert!(open(&TWO_FRAMES[..9]).contains("ends inside its header (9 bytes)"));
        assert!(open(&BIG_ENDIAN_NG[..20]).contains("ends inside its header (20 bytes)"));
    }
}
