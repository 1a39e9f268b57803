//! One conversation before its judge: the state at each entry, how well its sides are heard, and all families of rules.

use super::Spot;
use super::ground::Ground;
use super::rules::{OfConnection, Swarms};
use super::scene::{Ending, Hearing, Raise, Scene};
use crate::peer::Talk;
use crate::store::{Connection, Entry, EntryId, Store, What};
use crate::wire::{Kind, Message};

/// Entries after which the guesses about a torrent are looked at again, while a capture grows.
const FRESH: u32 = 1024;

#[derive(Debug)]
pub(super) struct Judge {
    talk: Talk,
    ground: Ground,
    hearing: [Hearing; 2],
    entries: u32,
    last: Spot,
    rules: OfConnection,
}

impl Judge {
    pub(super) fn new(store: &Store, connection: &Connection) -> Judge {
        Judge {
            talk: Talk::default(),
            ground: Ground::of(store, connection),
            hearing: [Hearing::Nothing; 2],
            entries: 0,
            last: connection.first.into(),
            rules: OfConnection::default(),
        }
    }

    /// The families, and what they see.
    fn parts<'a>(
        &'a mut self,
        (store, connection): (&'a Store, &'a Connection),
        id: EntryId,
        entry: &'a Entry,
    ) -> (&'a mut OfConnection, Scene<'a>) {
        let scene = Scene {
            store,
            connection,
            ground: &self.ground,
            talk: &self.talk,
            id,
            entry,
            by: entry.side(),
            hearing: &self.hearing,
        };
        (&mut self.rules, scene)
    }

    /// A message: judged by the state before it.
    pub(super) fn said(
        &mut self,
        (store, connection): (&Store, &Connection),
        (id, entry): (EntryId, &Entry),
        message: &Message,
        swarms: &mut Swarms,
        out: &mut Raise<'_>,
    ) {
        let side = entry.side();
        let hearing = &mut self.hearing[side.index()];
        if *hearing == Hearing::Nothing {
            *hearing = match entry.kind() {
                Kind::Handshake => Hearing::Whole,
                _ => Hearing::Since(entry.time),
            };
        }
        // What was found by a chain stands behind a stretch that was not understood.
        if entry.is_resynchronised() {
            *hearing = Hearing::Since(entry.time);
        }
        // What it says may be anything of its kind, or of any kind where not even that was captured.
        if is_unread(message) {
            *hearing = Hearing::Since(entry.time);
        }
        if self.entries.is_multiple_of(FRESH) || self.ground.torrent.is_none() {
            self.ground = Ground::of(store, connection);
        }
        let (rules, scene) = self.parts((store, connection), id, entry);
        swarms.said(&scene, message, out);
        rules.said(&scene, message, out);
        self.talk.apply(side, message);
        if *message == Message::Unread(Kind::Unknown) {
            self.talk.lose(side);
        }
        self.pass(id, entry);
    }

    /// A stretch that is no message.
    pub(super) fn missed(
        &mut self,
        (store, connection): (&Store, &Connection),
        (id, entry): (EntryId, &Entry),
        what: &What,
        out: &mut Raise<'_>,
    ) {
        let side = entry.side();
        let is_hole = !matches!(what, What::Conflict { .. });
        let hearing = &mut self.hearing[side.index()];
        // What stands before the handshake is a key exchange, or a proxy's greeting.
        if is_hole && *hearing != Hearing::Nothing {
            *hearing = Hearing::Since(entry.time);
            self.talk.lose(side);
        }
        let (rules, scene) = self.parts((store, connection), id, entry);
        rules.missed(&scene, what, out);
        self.pass(id, entry);
    }

    pub(super) fn end(&mut self, store: &Store, connection: &Connection, out: &mut Raise<'_>) {
        let ending = Ending {
            store,
            connection,
            ground: &self.ground,
            talk: &self.talk,
            hearing: &self.hearing,
            last: self.last,
            entries: self.entries,
        };
        self.rules.ended(&ending, out);
    }

    fn pass(&mut self, id: EntryId, entry: &Entry) {
        self.entries += 1;
        self.last = Spot::at(id, entry);
    }
}

/// True for a message of which only the head was captured. A piece says what it is by its head.
fn is_unread(message: &Message) -> bool {
    matches!(message, Message::Unread(kind) if *kind != Kind::Piece)
}
