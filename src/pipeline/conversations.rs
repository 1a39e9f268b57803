//! What is said on each connection, and what encrypted conversations are read with.

use super::causality::{Causality, Reach};
use crate::capture::GrowingText;
use crate::store::Change;
use crate::stream::{ConnectionId, Event, FrameRef};
use crate::wire::companion::{Beginning, Heard};
use crate::wire::{Conversation, Decoded, InfoHash, Keys, Message};

/// The conversations of all connections.
#[derive(Debug, Default)]
pub(super) struct Conversations {
    /// By number of the connection; made with its first bytes.
    spoken: Vec<Option<Box<Spoken>>>,
    secrets: Secrets,
}

/// What is said on a connection, and what it begins with.
#[derive(Debug, Default)]
struct Spoken {
    conversation: Conversation,
    beginning: Beginning,
    causality: Causality,
}

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
        let Secrets { keys, logs, .. } = self;
        logs.retain_mut(|log| log.more(|lines| keys.read(lines)).is_ok());
    }

    /// Takes what the logs end with, be it a whole line or not: nobody will write more of it in time.
    fn look_at_ends(&mut self) {
        let Secrets { keys, logs, .. } = self;
        logs.iter_mut()
            .filter_map(|log| log.end().ok())
            .for_each(|line| keys.read(&line));
    }

    /// What a handshake named may be what the next one hides.
    fn learn(&mut self) {
        self.named
            .drain(..)
            .for_each(|torrent| self.keys.know(torrent));
    }
}

impl Conversations {
    /// Keys will come from these logs, in which more may be written at any time.
    pub(super) fn expect_keys(&mut self, logs: Vec<GrowingText>) {
        if !logs.is_empty() {
            self.secrets.keys = Keys::expecting();
        }
        self.secrets.logs = logs;
    }

    /// Torrents that encrypted conversations may be about.
    pub(super) fn know(&mut self, torrents: impl IntoIterator<Item = InfoHash>) {
        let keys = &mut self.secrets.keys;
        torrents.into_iter().for_each(|torrent| keys.know(torrent));
    }

    /// Looks for keys that came since.
    pub(super) fn look(&mut self) {
        self.secrets.look();
    }

    /// Nothing more will be captured: what the logs end with counts, too.
    pub(super) fn look_at_ends(&mut self) {
        self.secrets.look_at_ends();
    }

    /// What the frame `now` did to a stream -> what the store is told.
    pub(super) fn take(
        &mut self,
        id: ConnectionId,
        event: Event<'_>,
        (now, reach): (FrameRef, Reach),
        changes: &mut Vec<Change>,
    ) {
        if let Event::Opened {
            transport,
            ends,
            opener,
        } = event
        {
            self.spoken.push(None);
            changes.push(Change::Opened {
                connection: id,
                transport,
                ends,
                opener,
                first: now,
            });
            return;
        }
        let first = changes.len();
        let spoken = &mut self.spoken[id.0 as usize];
        let told = |heard: Heard| Change::Heard {
            connection: id,
            heard: Box::new(heard),
        };
        let Secrets { keys, named, .. } = &mut self.secrets;
        let mut out = |side, decoded, at| {
            named.extend(torrent(&decoded));
            changes.push(Change::of(id, side, decoded, at));
        };
        match event {
            Event::Opened { .. } | Event::Again { .. } => {}
            Event::Landmark { side, landmark } => changes.push(Change::Landmark {
                connection: id,
                side,
                landmark,
            }),
            Event::OpenedBy(side) => changes.push(Change::OpenedBy {
                connection: id,
                side,
                at: now.into(),
            }),
            Event::Marked(mark) => changes.push(Change::Marked {
                connection: id,
                mark,
                at: now.into(),
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
                let spoken = spoken.get_or_insert_default();
                spoken
                    .conversation
                    .data(keys, side, (seq, bytes), at, &mut out);
                spoken.causality.tell(&mut changes[first..], (now, reach));
                changes.extend(spoken.beginning.data(side, bytes).map(told));
            }
            Event::Gap {
                side,
                seq,
                len,
                missing,
            } => {
                let spoken = spoken.get_or_insert_default();
                spoken.beginning.gap(side);
                let gap = (seq, len, missing);
                spoken.conversation.gap(keys, side, gap, now, &mut out);
            }
            Event::Ended => {
                if let Some(mut spoken) = spoken.take() {
                    spoken.conversation.finish(keys, now, &mut out);
                    changes.extend(spoken.beginning.end().map(told));
                }
            }
        }
        self.secrets.learn();
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
