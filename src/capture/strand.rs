//! The records of one capture, one after the other.

use std::io::ErrorKind;
use std::ops::Range;
use std::sync::Arc;

use super::comments::About;
use super::layout::{Format, Interface, Layout};
use super::reader::{Parsed, Record, Step, Texts};
use super::several::start_of;
use super::source::Window;
use super::{FilePosition, Note, Timestamp, pcap, pcapng};

/// No frame and no block of interest is longer; a length above it is damage, not data.
pub(super) const MAX_BLOCK: usize = 16 * 1024 * 1024;

/// Reads one capture of those that the source holds.
#[derive(Debug)]
pub(super) struct Strand {
    file: usize,
    window: Window,
    position: u64,
    /// Of the frame that was found last.
    time: Timestamp,
    /// The next frame: found, and not taken yet.
    head: Option<Head>,
    /// Behind the last frame of all there is nothing to look for, among several captures.
    is_over: bool,
    note: Option<Note>,
    damaged_blocks: u64,
}

#[derive(Debug)]
struct Head {
    position: FilePosition,
    record: Record,
}

impl Strand {
    /// Begins at a record of the capture number `file`; `time` is that of the frame before it.
    pub(super) fn new(
        file: usize,
        window: Window,
        position: FilePosition,
        time: Timestamp,
    ) -> Strand {
        Strand {
            file,
            window,
            position: position.0,
            time,
            head: None,
            is_over: false,
            note: None,
            damaged_blocks: 0,
        }
    }

    /// Finds the next frame; false when there is none, or not yet.
    pub(super) fn look(&mut self, layout: &mut Arc<Layout>) -> bool {
        while self.head.is_none() && !self.is_over {
            let position = self.position;
            let Some(step) = self.step(layout) else {
                return false;
            };
            if let Step::Frame(record) = step {
                self.time = record.time;
                let position = FilePosition(position);
                self.head = Some(Head { position, record });
                return true;
            }
            self.learn(step, position, layout);
        }
        self.head.is_some()
    }

    /// The next frame at once, where it is a record of pcap that lies in the window: that is the way of nearly all.
    #[inline]
    pub(super) fn whole(&mut self, layout: &Layout) -> Option<(FilePosition, pcap::Whole)> {
        let section = layout.section(self.file);
        let Format::Pcap { record_header } = section.format else {
            return None;
        };
        if self.head.is_some() {
            return None;
        }
        let position = self.position;
        let whole = pcap::record(section, self.window.held(position), record_header).ok()?;
        self.position += whole.len as u64;
        self.time = whole.time;
        Some((FilePosition(position), whole))
    }

    /// Bytes of a frame that was just taken: they are in the window, since its record was read there.
    #[inline]
    pub(super) fn held(&self, position: FilePosition, range: Range<usize>) -> Option<&[u8]> {
        self.window.held(position.0).get(range)
    }

    /// Nothing more will come: from now on a look costs nothing.
    pub(super) fn end(&mut self) {
        self.is_over = true;
    }

    fn learn(&mut self, step: Step, position: u64, layout: &mut Arc<Layout>) {
        match step {
            // Frames are taken by the look itself, for they are many.
            Step::Frame(_) | Step::Other => {}
            Step::Damaged => self.damaged_blocks += 1,
            Step::Interface(interface, texts) => {
                let layout = Arc::make_mut(layout);
                let interfaces = &mut layout.section_mut(self.file).interfaces;
                interfaces.push(Interface {
                    described_at: FilePosition(position),
                    ..interface
                });
                let about = About::Interface(interfaces.len() as u32 - 1);
                comment(layout, about, &texts);
            }
            Step::Section(order, texts) => {
                let layout = Arc::make_mut(layout);
                // The first one is that which the layout was made with.
                if layout.section(self.file).start != position {
                    layout.files[self.file].push(pcapng::begun(position, order));
                }
                comment(layout, About::Capture, &texts);
            }
            Step::Counted(interface, counted, texts) => {
                let layout = Arc::make_mut(layout);
                let interfaces = &mut layout.section_mut(self.file).interfaces;
                match interfaces.get_mut(interface as usize) {
                    Some(known) => known.counts = counted,
                    None => self.damaged_blocks += 1,
                }
                comment(layout, About::Interface(interface), &texts);
            }
        }
    }

    /// Parses the record at the position and steps over it.
    #[inline]
    fn step(&mut self, layout: &Layout) -> Option<Step> {
        let section = layout.section(self.file);
        let mut want = 64;
        loop {
            if let Err(error) = self.window.hold(self.position, want) {
                // A ring of files that went on without us: the next file that is kept begins a section.
                if error.kind() == ErrorKind::NotFound
                    && let Some(kept) = self.window.source().kept_behind(self.position)
                {
                    (self.position, want) = (kept, 64);
                    continue;
                }
                let error = error.to_string();
                return self.stop(|position| Note::Io { position, error });
            }
            let bytes = self.window.held(self.position);
            let parsed = match section.format {
                Format::Pcap { record_header } => pcap::step(section, bytes, record_header),
                Format::Pcapng => pcapng::step(section, bytes, self.time),
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
        self.note = Some(note(FilePosition(self.local_position())));
        None
    }

    /// Takes the frame that was found.
    #[inline]
    pub(super) fn take(&mut self) -> Option<(FilePosition, Record)> {
        self.head.take().map(|head| (head.position, head.record))
    }

    /// Leaves it out.
    pub(super) fn drop_head(&mut self) {
        self.head = None;
    }

    /// Where the frame that was found begins.
    pub(super) fn head(&self) -> Option<FilePosition> {
        self.head.as_ref().map(|head| head.position)
    }

    pub(super) fn time_of_head(&self) -> Option<Timestamp> {
        self.head.as_ref().map(|head| head.record.time)
    }

    /// Where to begin, so that the frame that was found is the first.
    pub(super) fn place(&self) -> (FilePosition, Timestamp) {
        let position = FilePosition(self.position);
        (self.head().unwrap_or(position), self.time)
    }

    /// Bytes of this capture that were stepped over.
    pub(super) fn local_position(&self) -> u64 {
        self.position - start_of(self.file)
    }

    /// Why the last look found nothing, when that was not the end of the capture.
    pub(super) fn note(&self) -> Option<&Note> {
        self.note.as_ref()
    }

    pub(super) fn damaged_blocks(&self) -> u64 {
        self.damaged_blocks
    }
}

fn comment(layout: &mut Layout, about: About, texts: &Texts) {
    texts
        .iter()
        .for_each(|text| layout.comments.push(about, text));
}
