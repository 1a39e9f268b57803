//! The order of the steps: frames -> segments -> streams -> messages -> changes for the store.

use std::sync::Arc;

use crate::capture::{GrowingText, Layout, Note, Reader, Source};
use crate::packet::{Checksums, Packets};
use crate::store::{Change, Tally, put_in_order};
use crate::stream::{ConnectionId, Event, FrameRef, Repeat, Repeats, Reread, Streams};
use crate::wire::{Conversation, Decoded, InfoHash, Keys, Message};

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

/// Of each connection, made with its first bytes.
type Conversations = Vec<Option<Box<Conversation>>>;

/// What encrypted conversations are read with, and where it comes from.
#[derive(Debug, Default)]
struct Secrets {
    keys: Keys,
    logs: Vec<GrowingText>,
    /// Torrents that handshakes named, and that the keys do not know yet.
    named: Vec<InfoHash>,
}

impl Secrets {
    /// Takes what was written down since. A log that cannot be read any more has said what it had to say.
    fn look(&mut self) {
        let Secrets { keys, logs, named } = self;
        logs.retain_mut(|log| log.more(|lines| keys.read(lines)).is_ok());
        named.drain(..).for_each(|torrent| keys.know(torrent));
    }
}

/// Decodes a capture. It knows no clock and prints nothing; the same capture gives the same changes.
#[derive(Debug)]
pub struct Pipeline {
    reader: Reader,
    packets: Packets,
    streams: Streams,
    conversations: Conversations,
    secrets: Secrets,
    repeats: Repeats,
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
            packets: Packets::default(),
            streams: Streams::default(),
            conversations: Vec::new(),
            secrets: Secrets::default(),
            repeats: Repeats::default(),
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

    /// The same, with another opinion of checksums.
    #[must_use]
    pub fn with(mut self, checksums: Checksums) -> Pipeline {
        self.packets = Packets::new(checksums);
        self.tally.checksums = checksums;
        self
    }

    /// The same, with logs of keys, in which more may be written at any time.
    #[must_use]
    pub fn with_keys(mut self, logs: Vec<GrowingText>) -> Pipeline {
        if !logs.is_empty() {
            self.secrets.keys = Keys::expecting();
        }
        self.secrets.logs = logs;
        self
    }

    /// Torrents that encrypted conversations may be about.
    pub fn know_torrents(&mut self, torrents: impl IntoIterator<Item = InfoHash>) {
        let keys = &mut self.secrets.keys;
        torrents.into_iter().for_each(|torrent| keys.know(torrent));
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
        let first = changes.len();
        self.secrets.look();
        let is_at_end = !(0..BATCH).all(|_| self.frame(changes));
        let is_ending = is_at_end && self.end == End::OfFile;
        let is_done = is_ending && self.finish(changes);
        put_in_order(changes, first);
        self.report(changes);
        let (read, total) = self.reader.progress();
        // What is cut while it is being written is only not whole yet.
        let is_told = |note: &&Note| self.end == End::OfFile || !matches!(note, Note::Cut { .. });
        let note = self.reader.note().filter(is_told).cloned();
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
        match self.packets.segment(&frame) {
            Err(skip) => self.tally.skip(skip),
            Ok(found) => {
                let at = FrameRef {
                    position: found.first,
                    ..at
                };
                self.tally.segments += 1;
                let (conversations, repeats) = (&mut self.conversations, &mut self.repeats);
                let secrets = &mut self.secrets;
                let segment = &found.segment;
                let ends = [segment.src, segment.dst];
                self.streams
                    .push(segment, at, &mut |id, event| match event {
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
                        event => decode(conversations, secrets, id, event, at, changes),
                    });
            }
        }
        let capture = Reread {
            source: self.reader.source(),
            layout: self.reader.layout(),
            checksums: self.tally.checksums,
        };
        self.repeats
            .compare(capture, self.tally.bytes, |repeat, seq, bytes| {
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
        let secrets = &mut self.secrets;
        let has_more = self.streams.finish(BATCH, &mut |id, event| {
            decode(conversations, secrets, id, event, last, changes);
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
    conversations: &mut Conversations,
    secrets: &mut Secrets,
    id: ConnectionId,
    event: Event<'_>,
    now: FrameRef,
    changes: &mut Vec<Change>,
) {
    if let Event::Opened { ends, opener } = event {
        conversations.push(None);
        changes.push(Change::Opened {
            connection: id,
            ends,
            opener,
            first: now,
        });
        return;
    }
    let conversation = &mut conversations[id.0 as usize];
    let Secrets { keys, named, .. } = secrets;
    let mut out = |side, decoded, at| {
        named.extend(torrent(&decoded));
        changes.push(Change::of(id, side, decoded, at));
    };
    match event {
        Event::Opened { .. } | Event::Again { .. } => {}
        Event::OpenedBy(side) => changes.push(Change::OpenedBy {
            connection: id,
            side,
        }),
        Event::Conflict { side, seq, bytes } => {
            changes.push(Change::conflict(id, side, seq, bytes, now));
        }
        Event::Data {
            side,
            seq,
            bytes,
            at,
        } => {
            let conversation = conversation.get_or_insert_default();
            conversation.data(keys, side, (seq, bytes), at, &mut out);
        }
        Event::Gap {
            side,
            seq,
            len,
            missing,
        } => {
            let conversation = conversation.get_or_insert_default();
            conversation.gap(keys, side, (seq, len, missing), now, &mut out);
        }
        Event::Ended => {
            if let Some(mut conversation) = conversation.take() {
                conversation.finish(keys, now, &mut out);
            }
        }
    }
}

/// The torrent that a handshake names.
fn torrent(decoded: &Decoded) -> Option<InfoHash> {
    match decoded {
        Decoded::Message(framed) => match &framed.message {
            Message::Handshake(handshake) => Some(handshake.info_hash),
            _ => None,
        },
        _ => None,
    }
}
