//! The order of the steps: frames -> segments and datagrams -> streams -> messages -> changes for the store. What is
//! beside the streams is only recognised.

mod causality;
mod conversations;

use std::sync::Arc;

use crate::capture::{GrowingText, Layout, Note, Reader, Source};
use crate::packet::{Carried, Checksums, Datagram, Packets, Transport};
use crate::store::{Change, Privacy, Tally, put_in_order};
use crate::stream::utp::{Doubted, Packet};
use crate::stream::{ConnectionId, Event, FrameRef, Repeat, Repeats, Reread, Streams};
use crate::swarm::Metainfo;
use crate::wire::InfoHash;
use crate::wire::companion::{Datagrams, Recognised};
use causality::Reach;
use conversations::Conversations;

/// Frames decoded between two looks at the outside: some ten milliseconds.
const BATCH: usize = 8192;

/// How far the reading is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Progress {
    /// Bytes of the capture that were read; of an archive, those of the archive.
    pub read: u64,
    /// Bytes of the capture; none while nobody knows, because it comes through a pipe.
    pub total: u64,
    /// True while nobody knows how much will come.
    pub is_open_ended: bool,
    /// Frames that were read.
    pub frames: u64,
    /// True behind the last batch.
    pub is_done: bool,
    /// True when all that is there was read and more may come.
    pub is_waiting: bool,
    /// Why the end came before the end of the file.
    pub note: Option<Note>,
}

/// What the user says about a capture.
#[derive(Debug, Default)]
pub struct Told {
    /// What becomes of segments whose checksum is wrong.
    pub checksums: Checksums,
    /// Logs of the keys of encrypted connections.
    pub keys: Vec<GrowingText>,
    /// Torrents that it may be about.
    pub torrents: Vec<Arc<Metainfo>>,
    /// Who may see who it is.
    pub privacy: Privacy,
}

/// Decodes a capture. It knows no clock and prints nothing; the same capture gives the same changes.
#[derive(Debug)]
pub struct Pipeline {
    reader: Reader,
    packets: Packets,
    streams: Streams,
    conversations: Conversations,
    datagrams: Datagrams,
    repeats: Repeats,
    tally: Tally,
    last: FrameRef,
    known: Option<Arc<Layout>>,
    torrents: Vec<Arc<Metainfo>>,
    privacy: Privacy,
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
            packets: Packets::default(),
            streams: Streams::default(),
            conversations: Conversations::default(),
            datagrams: Datagrams::default(),
            repeats: Repeats::default(),
            tally: Tally::default(),
            last: FrameRef::default(),
            known: None,
            torrents: Vec::new(),
            privacy: Privacy::Open,
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

    /// The same, of a user who said this.
    #[must_use]
    pub fn told(self, told: Told) -> Pipeline {
        let Told {
            checksums,
            keys,
            torrents,
            privacy,
        } = told;
        let told = Pipeline { privacy, ..self };
        told.with(checksums).with_keys(keys).knowing(torrents)
    }

    /// The same, with another opinion of checksums.
    #[must_use]
    pub fn with(mut self, checksums: Checksums) -> Pipeline {
        self.packets = Packets::new(checksums);
        self.tally.checksums = checksums;
        self
    }

    /// The same, of a user who knows these torrents.
    #[must_use]
    pub fn knowing(mut self, torrents: Vec<Arc<Metainfo>>) -> Pipeline {
        let hashes = torrents
            .iter()
            .flat_map(|metainfo| metainfo.version.hashes());
        self.know_torrents(hashes);
        self.torrents = torrents;
        self
    }

    /// The same, with logs of keys, in which more may be written at any time.
    #[must_use]
    pub fn with_keys(mut self, logs: Vec<GrowingText>) -> Pipeline {
        self.conversations.expect_keys(logs);
        self
    }

    /// Torrents that encrypted conversations may be about.
    pub fn know_torrents(&mut self, torrents: impl IntoIterator<Item = InfoHash>) {
        self.conversations.know(torrents);
    }

    /// Where the capture is read from.
    pub fn source(&self) -> &Source {
        self.reader.source()
    }

    /// The capture grows no more: its end will be the end.
    pub fn let_end(&mut self) {
        self.end = End::OfFile;
        self.reader.let_end();
    }

    /// Decodes the next frames and appends what they change.
    pub fn step(&mut self, changes: &mut Vec<Change>) -> Progress {
        if self.privacy == Privacy::Masked {
            changes.push(Change::Privacy(std::mem::take(&mut self.privacy)));
        }
        if !self.torrents.is_empty() {
            changes.push(Change::Torrents(std::mem::take(&mut self.torrents)));
        }
        let first = changes.len();
        self.conversations.look();
        if self.end == End::OfFile {
            self.conversations.look_at_ends();
        }
        let is_at_end = !(0..BATCH).all(|_| self.frame(changes));
        let is_ending = is_at_end && self.end == End::OfFile;
        let is_done = is_ending && self.finish(changes);
        put_in_order(changes, first);
        self.report(changes);
        let (read, total) = self.reader.progress();
        let note = self.note().cloned();
        Progress {
            read,
            total: total.unwrap_or(0),
            is_open_ended: total.is_none(),
            frames: self.tally.frames,
            is_done,
            is_waiting: is_at_end && !is_ending,
            note,
        }
    }

    /// Why the end came before the end of the file. What is cut while it is being written is only not whole yet.
    fn note(&self) -> Option<&Note> {
        let is_told = |note: &&Note| self.end == End::OfFile || !matches!(note, Note::Cut { .. });
        self.reader.note().filter(is_told)
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
        let carried = self.packets.carried(&frame);
        let reach = carried.as_ref().map_or(Reach::Unknown, Reach::of);
        let mut said = said(&mut self.conversations, &mut self.repeats, reach, changes);
        let mut lessons = Vec::new();
        match carried {
            Err(skip) => self.tally.skip(skip),
            Ok(Carried {
                transport,
                first: position,
                ..
            }) => {
                let at = FrameRef { position, ..at };
                match transport {
                    Transport::Tcp(segment) => {
                        self.tally.segments += 1;
                        self.streams
                            .push(&segment, at, &mut |id, event| said(id, at, event));
                    }
                    Transport::Udp(datagram) => {
                        let (streams, others) = (&mut self.streams, &mut self.datagrams);
                        let recognised = recognise(&datagram, at, streams, others, &mut said);
                        self.tally.datagram(&datagram, &recognised);
                        lessons = recognised.lessons;
                    }
                }
            }
        }
        drop(said);
        let lessons = lessons.into_iter();
        changes.extend(lessons.map(|lesson| Change::Learned(Box::new(lesson))));
        let capture = Reread {
            source: self.reader.source(),
            layout: self.reader.layout(),
            checksums: self.tally.checksums,
        };
        let (streams, read) = (&self.streams, self.tally.bytes);
        self.repeats
            .compare(capture, streams, read, |repeat, seq, bytes| {
                let (id, side, at) = (repeat.connection, repeat.side, repeat.at);
                changes.push(Change::conflict(id, side, seq, bytes, at));
            });
        true
    }

    /// The capture has ended: what waited behind holes and what was cut short comes out, of some connections at a
    /// time. True when that was all.
    fn finish(&mut self, changes: &mut Vec<Change>) -> bool {
        self.packets.finish();
        let (conversations, last) = (&mut self.conversations, self.last);
        let has_more = self.streams.finish(BATCH, &mut |id, event| {
            conversations.take(id, event, (last, Reach::Unknown), changes);
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
        self.tally.settle(self.packets.take_settled());
        self.tally.damaged_blocks = self.reader.damaged_blocks();
        let is_stopped = |note: &Note| matches!(note, Note::Stopped { .. });
        self.tally.is_broken_off = self.note().is_some_and(|note| !is_stopped(note));
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

/// Takes what a segment or packet did to its stream.
fn said<'a>(
    conversations: &'a mut Conversations,
    repeats: &'a mut Repeats,
    reach: Reach,
    changes: &'a mut Vec<Change>,
) -> impl FnMut(ConnectionId, FrameRef, Event<'_>) {
    move |id, at, event| match event {
        Event::Again {
            side,
            seq,
            bytes,
            since,
        } => repeats.push(Repeat {
            connection: id,
            side,
            seq,
            bytes: bytes.to_vec(),
            since,
            at,
        }),
        event => conversations.take(id, event, (at, reach), changes),
    }
}

/// What a datagram is, and what it teaches. Several protocols may share a port: each datagram is told apart by its own
/// bytes, and by what was said before it.
pub(crate) fn recognise(
    datagram: &Datagram<'_>,
    at: FrameRef,
    streams: &mut Streams,
    datagrams: &mut Datagrams,
    said: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
) -> Recognised {
    let packet = Packet::read(datagram);
    if streams.push_datagram(datagram, packet.as_ref(), at, said) {
        return Recognised::utp(Doubted::default());
    }
    let recognised = datagrams.recognise(datagram);
    if recognised.companion.is_some() {
        return recognised;
    }
    let begun = packet.and_then(|packet| streams.look_out(datagram, &packet, at, said));
    begun.map_or(recognised, Recognised::utp)
}
