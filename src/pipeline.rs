//! The order of the steps: frames -> segments -> streams -> messages -> changes for the store.

use std::sync::Arc;

use crate::capture::{Layout, Note, Reader};
use crate::packet;
use crate::store::{Change, Record, Tally, What};
use crate::stream::{ConnectionId, Event, FrameRef, Repeat, SeqNumber, Side, Streams};
use crate::wire::{Decoded, Framed, Framer, Place, Undecoded};

/// Frames decoded between two looks at the outside: some ten milliseconds.
const BATCH: usize = 8192;

/// Repeated segments that are compared with what came first in any capture, and one more for each of so many bytes:
/// each is a look into another part of the file, and looking costs less than a quarter of reading.
const COMPARED: u64 = 256;
const COMPARED_EVERY: u64 = 1 << 20;

/// How far the reading is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the capture that were read.
    pub read: u64,
    /// Bytes of the capture.
    pub total: u64,
    /// True behind the last batch.
    pub is_done: bool,
    /// True when all that is there was read and more may come.
    pub is_waiting: bool,
    /// Why the end came before the end of the file.
    pub note: Option<Note>,
}

/// The two directions of each connection, made with its first bytes.
type Framers = Vec<Option<Box<[Framer; 2]>>>;

/// Decodes a capture. It knows no clock and prints nothing; the same capture gives the same changes.
#[derive(Debug)]
pub struct Pipeline {
    reader: Reader,
    streams: Streams,
    framers: Framers,
    repeats: Vec<Repeat>,
    compared: u64,
    tally: Tally,
    last: FrameRef,
    known: Option<Arc<Layout>>,
    end: End,
}

/// What it means that there is no further frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    OfFile,
    MayGrow,
}

impl Pipeline {
    /// A pipeline fed by `reader`.
    pub fn new(reader: Reader) -> Pipeline {
        Pipeline {
            reader,
            streams: Streams::default(),
            framers: Vec::new(),
            repeats: Vec::new(),
            compared: 0,
            tally: Tally::default(),
            last: FrameRef::default(),
            known: None,
            end: End::OfFile,
        }
    }

    /// A pipeline that goes on when the capture grows, until [`Pipeline::let_end`].
    pub fn following(reader: Reader) -> Pipeline {
        Pipeline {
            end: End::MayGrow,
            ..Pipeline::new(reader)
        }
    }

    /// The capture grows no more: its end will be the end.
    pub fn let_end(&mut self) {
        self.end = End::OfFile;
    }

    /// Decodes the next frames and appends what they change.
    pub fn step(&mut self, changes: &mut Vec<Change>) -> Progress {
        let is_at_end = !(0..BATCH).all(|_| self.frame(changes));
        let is_ending = is_at_end && self.end == End::OfFile;
        let is_done = is_ending && self.finish(changes);
        self.report(changes);
        let (read, total) = self.reader.progress();
        // What is cut while it is being written is only not whole yet.
        let is_told = |note: &&Note| self.end == End::OfFile || !matches!(note, Note::Cut { .. });
        let note = self.reader.note().filter(is_told).cloned();
        Progress {
            read,
            total,
            is_done,
            is_waiting: is_at_end && !is_ending,
            note,
        }
    }

    /// Decodes one frame; false when there is none.
    fn frame(&mut self, changes: &mut Vec<Change>) -> bool {
        let Some(frame) = self.reader.next_frame() else {
            return false;
        };
        let at = FrameRef {
            number: frame.number,
            position: frame.position,
            time: frame.time,
        };
        self.last = at;
        self.tally.frame(&frame);
        match packet::parse(&frame) {
            Err(skip) => self.tally.skip(skip),
            Ok(segment) => {
                self.tally.segments += 1;
                let (framers, repeats) = (&mut self.framers, &mut self.repeats);
                let ends = [segment.src, segment.dst];
                self.streams
                    .push(&segment, at, &mut |id, event| match event {
                        Event::Again {
                            side,
                            seq,
                            bytes,
                            since,
                        } => repeats.push(Repeat {
                            connection: id,
                            side,
                            ends,
                            seq,
                            bytes: bytes.to_vec(),
                            since,
                            at,
                        }),
                        event => decode(framers, id, event, at, changes),
                    });
            }
        }
        self.compare(changes);
        true
    }

    /// Bytes that came again are held against those that came first.
    fn compare(&mut self, changes: &mut Vec<Change>) {
        for repeat in self.repeats.drain(..) {
            if self.compared >= COMPARED + self.tally.bytes / COMPARED_EVERY {
                continue;
            }
            self.compared += 1;
            let (source, layout) = (self.reader.source(), self.reader.layout());
            if let Some((seq, bytes)) = repeat.difference(source, layout) {
                let (id, side, now) = (repeat.connection, repeat.side, repeat.at);
                changes.push(conflict(id, side, seq, bytes, now));
            }
        }
    }

    /// The capture has ended: what waited behind holes and what was cut short comes out, of some connections at a
    /// time. True when that was all.
    fn finish(&mut self, changes: &mut Vec<Change>) -> bool {
        let (framers, last) = (&mut self.framers, self.last);
        let has_more = self.streams.finish(BATCH, &mut |id, event| {
            decode(framers, id, event, last, changes);
        });
        !has_more
    }

    /// Counts, and how the file is laid out where that is new.
    fn report(&mut self, changes: &mut Vec<Change>) {
        self.streams.take_activity(|connection, activity| {
            changes.push(Change::Activity {
                connection,
                activity,
            });
        });
        self.tally.damaged_blocks = self.reader.damaged_blocks();
        changes.push(Change::Tally(Box::new(self.tally.clone())));
        let layout = self.reader.layout();
        if self
            .known
            .as_ref()
            .is_none_or(|known| !Arc::ptr_eq(known, layout))
        {
            changes.push(Change::Layout(layout.clone()));
            self.known = Some(layout.clone());
        }
    }
}

/// What the frame `now` did to a stream -> what the store is told.
fn decode(
    framers: &mut Framers,
    id: ConnectionId,
    event: Event<'_>,
    now: FrameRef,
    changes: &mut Vec<Change>,
) {
    if let Event::Opened { ends, opener } = event {
        framers.push(None);
        changes.push(Change::Opened {
            connection: id,
            ends,
            opener,
            first: now,
        });
        return;
    }
    let framers = &mut framers[id.0 as usize];
    let mut out = |side, decoded| changes.push(change(id, side, decoded, now));
    match event {
        Event::Opened { .. } | Event::Again { .. } => {}
        Event::OpenedBy(side) => changes.push(Change::OpenedBy {
            connection: id,
            side,
        }),
        Event::Conflict { side, seq, bytes } => {
            changes.push(conflict(id, side, seq, bytes, now));
        }
        Event::Data {
            side,
            seq,
            bytes,
            at,
        } => framers.get_or_insert_default()[side.index()]
            .data(seq, bytes, at, &mut |decoded| out(side, decoded)),
        Event::Gap {
            side,
            seq,
            len,
            missing,
        } => {
            framers.get_or_insert_default()[side.index()].gap(
                seq,
                len,
                missing,
                now,
                &mut |decoded| out(side, decoded),
            );
        }
        Event::Ended => {
            if let Some(mut framers) = framers.take() {
                for side in Side::BOTH {
                    framers[side.index()].finish(&mut |decoded| out(side, decoded));
                }
            }
        }
    }
}

/// The first bytes are those that were decoded; the place is that of the others, to be looked at.
fn conflict(
    connection: ConnectionId,
    side: Side,
    seq: SeqNumber,
    bytes: u64,
    now: FrameRef,
) -> Change {
    let place = Place {
        seq,
        first_frame: now.number,
        position: now.position,
    };
    Change::Said(Box::new(Record {
        connection,
        side,
        time: now.time,
        frame: now.number,
        place,
        size: 0,
        missing: 0,
        what: What::Conflict { bytes },
    }))
}

fn change(connection: ConnectionId, side: Side, decoded: Decoded, now: FrameRef) -> Change {
    let whole = |place, what| Record {
        connection,
        side,
        time: now.time,
        frame: now.number,
        place,
        size: 0,
        missing: 0,
        what,
    };
    let record = match decoded {
        Decoded::Lost => return Change::Lost { connection, side },
        Decoded::Message(Framed {
            message,
            size,
            place,
            missing,
        }) => Record {
            size,
            missing,
            ..whole(place, What::Message(message))
        },
        Decoded::Gap {
            bytes,
            missing,
            place,
        } => whole(place, What::Gap { bytes, missing }),
        Decoded::Undecoded(Undecoded {
            reason,
            bytes,
            missing,
            place,
            last,
        }) => {
            let what = What::Undecoded { bytes, reason };
            Record {
                missing,
                time: last.time,
                frame: last.number,
                ..whole(place, what)
            }
        }
    };
    Change::Said(Box::new(record))
}
