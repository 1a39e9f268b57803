//! Frame after frame out of a source.

use std::ops::Range;
use std::path::Path;
use std::sync::Arc;

use super::comments::About;
use super::filter::Filter;
use super::layout::{ByteOrder, Counted, Format, Interface, Layout, LinkType, Section};
use super::source::Window;
use super::strand::Strand;
use super::{
    FilePosition, Frame, FrameNumber, Note, OpenError, Source, Timestamp, Verdict, pcap, pcapng,
};

/// A frame as the parsers of the formats see it: `bytes` is a range within its record.
#[derive(Debug)]
pub(super) struct Record {
    pub(super) time: Timestamp,
    pub(super) link: LinkType,
    pub(super) original_len: u32,
    pub(super) bytes: Range<usize>,
    pub(super) comments: Texts,
}

/// Comments, as they were written.
pub(super) type Texts = Vec<Box<[u8]>>;

/// What one record or block was.
pub(super) enum Step {
    Frame(Record),
    Interface(Interface, Texts),
    Section(ByteOrder, Texts),
    /// What the interface of this number in the section has counted.
    Counted(u32, Counted, Texts),
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

/// Reads the frames of a capture in file order, those of several captures in the order of their times.
#[derive(Debug)]
pub struct Reader {
    source: Source,
    strands: Vec<Strand>,
    layout: Arc<Layout>,
    names: Vec<String>,
    filter: Option<Filter>,
    number: FrameNumber,
    role: Role,
    growth: Growth,
    note: Option<Note>,
}

/// What a capture that may grow means, where no frame is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Growth {
    /// There may be one in a moment.
    Awaited,
    /// Nobody waits for it any more.
    Over,
}

/// Why a reader reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    /// To know the capture: it leaves marks for those that come after it.
    First,
    /// To see some frames again.
    Again,
}

impl Reader {
    /// Opens the capture file at `path`.
    pub fn open(path: &Path) -> Result<Reader, OpenError> {
        Reader::new(Source::open(path)?, &path.display().to_string())
    }

    /// Reads the header of `source`; `name` is for messages to the user.
    pub fn new(source: Source, name: &str) -> Result<Reader, OpenError> {
        let begun = Begun::read(&source, 0, name)?;
        Ok(Reader::begin(source, vec![begun], vec![name.to_owned()]))
    }

    /// Reads captures whose headers were read.
    pub(super) fn begin(source: Source, all: Vec<Begun>, names: Vec<String>) -> Reader {
        let (mut strands, mut sections) = (Vec::new(), Vec::new());
        for (file, Begun { window, section }) in all.into_iter().enumerate() {
            let start = FilePosition(first_record(&section));
            strands.push(Strand::new(file, window, start, Timestamp(0)));
            sections.push(section);
        }
        let layout = Arc::new(Layout::new(sections));
        let reader = Reader::of(source, strands, layout, Role::First);
        Reader { names, ..reader }
    }

    fn of(source: Source, strands: Vec<Strand>, layout: Arc<Layout>, role: Role) -> Reader {
        Reader {
            source,
            strands,
            filter: layout.filter.clone().map(Filter::new),
            layout,
            names: Vec::new(),
            number: FrameNumber(0),
            role,
            growth: Growth::Awaited,
            note: None,
        }
    }

    /// What is there now is all that will be.
    pub fn let_end(&mut self) {
        self.growth = Growth::Over;
    }

    /// Only frames that this filter lets pass are to be followed.
    pub(super) fn filtered(mut self, text: &str) -> Reader {
        Arc::make_mut(&mut self.layout).filter = Some(text.into());
        self.filter = self.layout.filter.clone().map(Filter::new);
        self
    }

    /// Another reader of a capture that was read before, from its start: frames have their numbers.
    pub fn again(source: Source, layout: &Layout) -> Reader {
        let layout = layout.afresh();
        let strand = |(file, sections): (usize, &Vec<Section>)| {
            let start = FilePosition(first_record(&sections[0]));
            Strand::new(file, Window::new(source.clone()), start, Timestamp(0))
        };
        let strands = layout.files.iter().enumerate().map(strand).collect();
        let mut reader = Reader::of(source, strands, Arc::new(layout), Role::Again);
        reader.let_end();
        reader
    }

    /// Another reader of `source` that starts at a frame whose position is known. It numbers frames from 1.
    pub fn resume(source: Source, layout: &Layout, position: FilePosition) -> Reader {
        let mark = match &source {
            Source::Several(several) => several.before(position),
            _ => None,
        };
        let starts = mark.unwrap_or_else(|| vec![(position, Timestamp(0))]);
        let positions: Vec<FilePosition> = starts.iter().map(|(position, _)| *position).collect();
        let layout = Arc::new(layout.before(&positions));
        let strands = starts.iter().enumerate();
        let strands = strands.map(|(file, (position, time))| {
            Strand::new(file, Window::new(source.clone()), *position, *time)
        });
        let strands = strands.collect();
        let mut reader = Reader::of(source, strands, layout, Role::Again);
        reader.skip_to(position);
        reader
    }

    /// From a mark to the frame itself.
    fn skip_to(&mut self, position: FilePosition) {
        let Source::Several(several) = self.source.clone() else {
            return;
        };
        for _ in 0..=several.stride() {
            match self.next_strand() {
                Some(at) if self.strands[at].head() != Some(position) => {
                    self.strands[at].drop_head();
                }
                _ => return,
            }
        }
    }

    /// The next frame. `None` is the end, or for now the end, of what can be read: see [`Reader::note`].
    pub fn next_frame(&mut self) -> Option<Frame<'_>> {
        if let [alone] = &mut self.strands[..]
            && self.filter.is_none()
            && let Some((position, whole)) = alone.whole(&self.layout)
        {
            self.number.0 += 1;
            let bytes = self.strands[0].held(position, whole.header..whole.len)?;
            return Some(Frame {
                number: self.number,
                position,
                time: whole.time,
                link: whole.link,
                original_len: whole.original_len.max(bytes.len() as u32),
                bytes,
                verdict: Verdict::Pass,
            });
        }
        self.found_frame()
    }

    /// The same, on the way that any format and any number of captures takes.
    fn found_frame(&mut self) -> Option<Frame<'_>> {
        let Some(at) = self.next_strand() else {
            self.note = self.notes();
            return None;
        };
        self.leave_mark();
        self.note = None;
        self.number.0 += 1;
        let (position, record) = self.strands[at].take()?;
        if !record.comments.is_empty() {
            let comments = &mut Arc::make_mut(&mut self.layout).comments;
            let about = About::Frame(self.number);
            let texts = record.comments.iter();
            texts.for_each(|text| comments.push(about, text));
        }
        let mut frame = Frame {
            number: self.number,
            position,
            time: record.time,
            link: record.link,
            original_len: record.original_len.max(record.bytes.len() as u32),
            bytes: self.strands[at].held(position, record.bytes)?,
            verdict: Verdict::Pass,
        };
        if let Some(filter) = &mut self.filter {
            frame.verdict = filter.judge(&frame);
        }
        Some(frame)
    }

    /// Whose frame is the earliest: of equal times, that of the capture named first. `None` too while there is no
    /// knowing, because a capture that grows has none at the moment.
    fn next_strand(&mut self) -> Option<usize> {
        if let [alone] = &mut self.strands[..] {
            return alone.look(&mut self.layout).then_some(0);
        }
        let members = self.source.members();
        for (strand, member) in self.strands.iter_mut().zip(members) {
            // Asked before looking, so that what comes last is not missed.
            let may_grow = self.growth == Growth::Awaited && member.may_grow();
            match strand.look(&mut self.layout) {
                true => {}
                false if may_grow => return None,
                false => strand.end(),
            }
        }
        let times = self.strands.iter().enumerate();
        let times = times.filter_map(|(at, strand)| Some((strand.time_of_head()?, at)));
        times.min().map(|(_, at)| at)
    }

    fn leave_mark(&self) {
        let Source::Several(several) = &self.source else {
            return;
        };
        let stride = several.stride();
        if self.role == Role::First && self.number.0.is_multiple_of(stride) {
            let mark = || self.strands.iter().map(Strand::place).collect();
            several.mark(self.number.0 / stride, mark);
        }
    }

    /// Why each capture ended before its end.
    fn notes(&self) -> Option<Note> {
        let members = self.source.members();
        let note = |(strand, member): (&Strand, &Source)| match member.fault() {
            Some(fault) if strand.head().is_none() => Some(Note::Broken { fault }),
            // What is cut while more comes is only not whole yet.
            _ if self.growth == Growth::Awaited && member.may_grow() => None,
            _ => strand.note().cloned(),
        };
        let mut notes = self.strands.iter().zip(members).map(note);
        if members.len() == 1 {
            return notes.next()?;
        }
        let named = self.names.iter().zip(notes);
        let named = named.filter_map(|(name, note)| Some((name.clone(), note?)));
        let named: Vec<_> = named.collect();
        (!named.is_empty()).then_some(Note::Files(named))
    }

    /// Why the last [`Reader::next_frame`] gave none, when that was not the end of the file.
    pub fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    /// Blocks whose inside did not parse and that were stepped over.
    pub fn damaged_blocks(&self) -> u64 {
        self.strands.iter().map(Strand::damaged_blocks).sum()
    }

    /// How the file is laid out, as far as it was read.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// The link types of what is there already, without waiting.
    pub(super) fn links(&mut self) -> Vec<LinkType> {
        self.next_strand();
        let links = self.layout.interfaces().map(|interface| interface.link);
        links.collect()
    }

    /// Where the frames come from.
    pub fn source(&self) -> &Source {
        &self.source
    }

    /// Bytes of the file that were read and its length, as far as that is known: the progress. Of an archive they
    /// are those of the archive.
    pub fn progress(&self) -> (u64, Option<u64>) {
        let all = self.strands.iter().zip(self.source.members());
        let each = all.map(|(strand, member)| member.progress(strand.local_position()));
        each.fold((0, Some(0)), |(read, total), (more, of)| {
            (read + more, total.zip(of).map(|(total, of)| total + of))
        })
    }
}

/// Where the first record begins. The header of a pcapng section is itself a block: reading starts with it.
fn first_record(section: &Section) -> u64 {
    match section.format {
        Format::Pcap { .. } => section.start + pcap::HEADER_LEN as u64,
        Format::Pcapng => section.start,
    }
}

/// A capture of which the header was read: the window holds it, and what came behind it.
#[derive(Debug)]
pub(super) struct Begun {
    window: Window,
    section: Section,
}

impl Begun {
    /// Reads the header of a capture that begins at the position `start` of `source`.
    pub(super) fn read(source: &Source, start: u64, name: &str) -> Result<Begun, OpenError> {
        let mut window = Window::new(source.clone());
        let name = || name.to_owned();
        let head = window
            .at(start, pcapng::HEADER_LEN)
            .map_err(|error| OpenError::Read {
                name: name(),
                error,
            })?;
        let (section, header_len) = match head {
            [] => return Err(OpenError::Empty { name: name() }),
            _ if pcap::is_pcap(head) => (pcap::section(head, start), pcap::HEADER_LEN),
            _ if pcapng::is_pcapng(head) => (pcapng::section(head, start), pcapng::HEADER_LEN),
            _ => return Err(not_a_capture(name(), head)),
        };
        if head.len() < header_len {
            return Err(OpenError::CutHeader {
                name: name(),
                len: head.len() as u64,
            });
        }
        let section = section.ok_or_else(|| OpenError::DamagedHeader { name: name() })?;
        Ok(Begun { window, section })
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
        // One packing is unpacked on the way; this is the second.
        [0x1f, 0x8b, ..] => "it is gzip: unpack it on the way, `gunzip -c FILE | peerscope -`",
        [0x28, 0xb5, 0x2f, 0xfd, ..] => {
            "it is zstd: unpack it on the way, `zstd -dc FILE | peerscope -`"
        }
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            "it is xz: unpack it on the way, `xz -dc FILE | peerscope -`"
        }
        [b'B', b'Z', b'h', ..] => {
            "it is bzip2: unpack it on the way, `bzip2 -dc FILE | peerscope -`"
        }
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
    fn records_of_kuznetzovs_libpcap_have_longer_headers() {
        // As the first two frames of `TWO_FRAMES`; index of the interface, protocol, type of packet.
        let (frames, note) = frames(&hex!(
            "34cdb2a1 0200 0400 00000000 00000000 00000400 01000000"
            "01000000 02000000 02000000 02000000 03000000 0008 00 00 aabb"
            "01000000 03000000 02000000 3c000000 03000000 0008 04 00 ccdd"
        ));
        let expected = [
            (1_000_002_000, vec![0xaa, 0xbb]),
            (1_000_003_000, vec![0xcc, 0xdd]),
        ];
        assert_eq!((frames, note), (expected.to_vec(), None));
    }

    #[test]
    fn an_obsolete_packet_block_is_a_frame_where_its_length_fits() {
        // A section, an Ethernet interface, the block: its 2 bytes of frame, or 200 that are not in it.
        let block = |len: u8| {
            let mut bytes = hex!(
                "0a0d0d0a 1c000000 4d3c2b1a 0100 0000 ffffffffffffffff 1c000000"
                "01000000 14000000 0100 0000 00000000 14000000"
                "02000000 24000000 0000 0100 00000000 40420f00 02000000 3c000000 aabb0000 24000000"
            );
            bytes[68] = len;
            reader(bytes.to_vec().leak())
        };
        let mut whole = block(2);
        let frame = whole.next_frame().unwrap();
        assert_eq!(
            (frame.bytes, frame.original_len, frame.time),
            (&[0xaa, 0xbb][..], 60, Timestamp(1_000_000_000))
        );
        let mut lies = block(200);
        assert!(lies.next_frame().is_none());
        assert_eq!(lies.damaged_blocks(), 1);
    }

    #[test]
    #[cfg(feature = "live")]
    fn a_frame_that_is_read_again_is_judged_again() {
        let mut first = reader(TWO_FRAMES).filtered("ether[0] = 0xaa");
        assert_eq!(first.next_frame().unwrap().verdict, Verdict::Pass);
        assert_eq!(first.next_frame().unwrap().verdict, Verdict::FilteredOut);
        let at = FilePosition(42);
        let mut again = Reader::resume(first.source().clone(), first.layout(), at);
        assert_eq!(again.next_frame().unwrap().verdict, Verdict::FilteredOut);
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
