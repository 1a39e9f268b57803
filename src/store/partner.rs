//! The other end of a message: what it answers, or what answers it.

#[cfg(test)]
mod tests;

use super::{Connection, Entry, EntryId, Store, Study, What};
use crate::peer::Flow;
use crate::stream::Side;
use crate::wire::extension::{Body, MetadataKind};
use crate::wire::{HashRange, Kind, Message};

/// Changes of choke and interest that are looked through: no reader sees two messages as a pair that are further
/// apart, and each row of a screen may ask.
const MAX_TURNS: usize = 4096;

/// Entries that are looked through where nothing leads to the other end: answers of these kinds come soon.
const MAX_NEAR: usize = 4096;

/// The entry of the conversation, from 0, that belongs to the entry `ordinal`:
///
/// - a request and the piece, reject, cancel or choke that ended it,
/// - `interested` and the `unchoke` that granted it, else the `not_interested` that took it back,
/// - `choke` and the `unchoke` behind it, else the one before it; from an `unchoke` back to what it ended, which is
///   an `interested` or a `choke`,
/// - the handshakes of both sides, of BEP 3 and of BEP 10,
/// - a request of metadata (BEP 9) or of hashes (BEP 52) and its answer.
///
/// It looks at a bounded number of entries, whatever the length of the conversation. Of requests it knows as much as
/// `study` does.
pub fn partner(store: &Store, study: &Study, connection: &Connection, ordinal: u32) -> Option<u32> {
    let around = Around {
        store,
        connection,
        ordinal,
    };
    match around.entry(ordinal)?.kind() {
        Kind::Request | Kind::Piece | Kind::Reject | Kind::Cancel => {
            study.ledger().partner(ordinal)
        }
        Kind::Choke => around.of_choke(),
        Kind::Unchoke => around.of_unchoke(),
        Kind::Interested => around.of_interested(),
        Kind::NotInterested => around.of_not_interested(),
        Kind::Handshake => around.greeting(|entry| entry.kind() == Kind::Handshake),
        Kind::Extended => around.of_extended(),
        Kind::HashRequest | Kind::Hashes | Kind::HashReject => around.answered(hash_turn),
        _ => None,
    }
}

/// Nanoseconds from the partner of an entry to the entry: of a piece since its request, of an `unchoke` since the
/// other side was interested. `None` where the partner comes later, or there is none.
pub fn delta_to_partner(
    store: &Store,
    study: &Study,
    connection: &Connection,
    ordinal: u32,
) -> Option<i64> {
    let before = partner(store, study, connection, ordinal).filter(|it| *it < ordinal)?;
    let time = |ordinal: u32| {
        let id = connection.entries().get(ordinal as usize)?;
        Some(store.entry(*id).time)
    };
    Some(time(ordinal)?.since(time(before)?))
}

/// A question, or its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Asks,
    Answers,
}

/// A conversation as seen from one of its entries.
#[derive(Clone, Copy)]
struct Around<'a> {
    store: &'a Store,
    connection: &'a Connection,
    ordinal: u32,
}

impl<'a> Around<'a> {
    fn entry(self, ordinal: u32) -> Option<&'a Entry> {
        let id: &EntryId = self.connection.entries().get(ordinal as usize)?;
        Some(self.store.entry(*id))
    }

    fn sender(self) -> Side {
        self.entry(self.ordinal).map_or(Side::A, Entry::side)
    }

    fn is(self, ordinal: u32, side: Side, kind: Kind) -> bool {
        self.entry(ordinal)
            .is_some_and(|entry| (entry.side(), entry.kind()) == (side, kind))
    }

    /// Turns that hold in front of the entry, or behind it.
    fn turns(self, is_behind: bool) -> usize {
        let entries = self.ordinal + u32::from(is_behind);
        self.connection
            .turns()
            .partition_point(|turn| turn.entries <= entries)
    }

    /// What holds after so many turns, towards `receiver`.
    fn flow(self, turns: usize, receiver: Side) -> Flow {
        let last = turns
            .checked_sub(1)
            .map(|last| self.connection.turns()[last]);
        last.map_or(Flow::Unknown, |turn| turn.flow[receiver.index()])
    }

    /// The entry with which that ends what holds from this entry on.
    fn until(self, receiver: Side, holds: &[Flow]) -> Option<u32> {
        let from = self.turns(true);
        if !holds.contains(&self.flow(from, receiver)) {
            return None;
        }
        let turns = self.connection.turns()[from..].iter();
        let ends = |turn: &&super::Turn| !holds.contains(&turn.flow[receiver.index()]);
        turns
            .take(MAX_TURNS)
            .find(ends)
            .map(|turn| turn.entries.saturating_sub(1))
    }

    /// The entry with which that began what holds up to this entry.
    fn since(self, receiver: Side, holds: &[Flow]) -> Option<u32> {
        let upto = self.turns(false);
        let held = |turns: &usize| holds.contains(&self.flow(*turns, receiver));
        let first = (0..=upto).rev().take(MAX_TURNS).take_while(held).last()?;
        let turn = self.connection.turns().get(first.checked_sub(1)?)?;
        Some(turn.entries.saturating_sub(1))
    }

    fn of_interested(self) -> Option<u32> {
        let side = self.sender();
        let is_granted = |at: &u32| self.is(*at, !side, Kind::Unchoke);
        let granted = self.until(side, &[Flow::Wanted]).filter(is_granted);
        let is_unknown = self.flow(self.turns(true), side) == Flow::Unknown;
        granted.or_else(|| {
            let end = self.until(side, &[Flow::Wanted, Flow::Open]);
            let end = end.filter(|at| self.is(*at, side, Kind::NotInterested));
            end.or_else(|| self.switch(is_unknown, Kind::NotInterested, Way::Forth))
        })
    }

    fn of_not_interested(self) -> Option<u32> {
        let side = self.sender();
        let is_unknown = self.flow(self.turns(false), side) == Flow::Unknown;
        let begun = self.since(side, &[Flow::Wanted, Flow::Open]);
        begun
            .filter(|at| self.is(*at, side, Kind::Interested))
            .or_else(|| self.switch(is_unknown, Kind::Interested, Way::Back))
    }

    fn of_choke(self) -> Option<u32> {
        let (side, receiver) = (self.sender(), !self.sender());
        let is_unchoke = |at: &u32| self.is(*at, side, Kind::Unchoke);
        let is_unknown = self.flow(self.turns(true), receiver) == Flow::Unknown;
        let later = self.until(receiver, &[Flow::Wanted, Flow::Idle]);
        let later = later
            .filter(is_unchoke)
            .or_else(|| self.switch(is_unknown, Kind::Unchoke, Way::Forth));
        later.or_else(|| {
            let earlier = self.since(receiver, &[Flow::Open, Flow::Allowed]);
            earlier
                .filter(is_unchoke)
                .or_else(|| self.switch(is_unknown, Kind::Unchoke, Way::Back))
        })
    }

    fn of_unchoke(self) -> Option<u32> {
        let (side, receiver) = (self.sender(), !self.sender());
        match self.flow(self.turns(false), receiver) {
            Flow::Wanted => self.since(receiver, &[Flow::Wanted]).filter(|at| {
                self.is(*at, receiver, Kind::Interested) || self.is(*at, side, Kind::Choke)
            }),
            Flow::Idle => self
                .since(receiver, &[Flow::Idle, Flow::Wanted])
                .filter(|at| self.is(*at, side, Kind::Choke)),
            Flow::Unknown => self.switch(true, Kind::Choke, Way::Back),
            Flow::Open | Flow::Allowed => None,
        }
    }

    /// Where what holds is unknown, as in a capture that was begun in the middle: the nearest message of this kind by
    /// the same side, with none of this entry's own kind between them.
    fn switch(self, is_unknown: bool, kind: Kind, way: Way) -> Option<u32> {
        let own = self.entry(self.ordinal).filter(|_| is_unknown)?;
        let (side, own) = (own.side(), own.kind());
        let (at, found) = self.nearest(way, |entry| {
            (entry.side() == side && [kind, own].contains(&entry.kind())).then_some(entry.kind())
        })?;
        (found == kind).then_some(at)
    }

    /// The nearest entry of which `of` says something.
    fn nearest<T>(self, way: Way, of: impl Fn(&Entry) -> Option<T>) -> Option<(u32, T)> {
        let look = |at: u32| Some((at, of(self.entry(at)?)?));
        let len = self.connection.entries().len() as u32;
        match way {
            Way::Forth => (self.ordinal + 1..len).take(MAX_NEAR).find_map(look),
            Way::Back => (0..self.ordinal).rev().take(MAX_NEAR).find_map(look),
        }
    }

    /// The greeting of the other side: both say theirs once, near each other.
    fn greeting(self, is_one: impl Fn(&Entry) -> bool) -> Option<u32> {
        let side = !self.sender();
        let of = |entry: &Entry| (entry.side() == side && is_one(entry)).then_some(());
        let earlier = self.nearest(Way::Back, of);
        let found = earlier.or_else(|| self.nearest(Way::Forth, of));
        found.map(|(at, ())| at)
    }

    fn of_extended(self) -> Option<u32> {
        let name = |entry: &Entry| self.store.extension(entry).map(str::to_owned);
        match name(self.entry(self.ordinal)?)?.as_str() {
            "handshake" => self.greeting(|entry| self.store.extension(entry) == Some("handshake")),
            "ut_metadata" => self.answered(metadata_turn),
            _ => None,
        }
    }

    /// A question and its answer stand next to each other among the messages of both sides about the same thing. That
    /// is how it is found, forth and back.
    fn answered<T: PartialEq>(
        self,
        turn: impl Fn(&Store, &Entry) -> Option<(Step, T)>,
    ) -> Option<u32> {
        let own = self.entry(self.ordinal)?;
        let (step, about) = turn(self.store, own)?;
        let way = match step {
            Step::Asks => Way::Forth,
            Step::Answers => Way::Back,
        };
        let asker = |entry: &Entry, step| match step {
            Step::Asks => entry.side(),
            Step::Answers => !entry.side(),
        };
        let (at, found) = self.nearest(way, |entry| {
            let (found, it) = turn(self.store, entry)?;
            (it == about && asker(entry, found) == asker(own, step)).then_some(found)
        })?;
        (found != step).then_some(at)
    }
}

/// Where to look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Back,
    Forth,
}

fn hash_turn(store: &Store, entry: &Entry) -> Option<(Step, HashRange)> {
    let step = match entry.kind() {
        Kind::HashRequest => Step::Asks,
        Kind::Hashes | Kind::HashReject => Step::Answers,
        _ => return None,
    };
    match store.what(entry) {
        What::Message(
            Message::HashRequest(range) | Message::Hashes(range) | Message::HashReject(range),
        ) => Some((step, range)),
        _ => None,
    }
}

/// Of which block of the info dictionary.
fn metadata_turn(store: &Store, entry: &Entry) -> Option<(Step, i64)> {
    if store.extension(entry) != Some("ut_metadata") {
        return None;
    }
    let What::Message(Message::Extended { payload, .. }) = store.what(entry) else {
        return None;
    };
    let Body::Metadata(said) = Body::read(Some("ut_metadata"), &payload, entry.body_len()) else {
        return None;
    };
    let step = match said.kind()? {
        MetadataKind::Request => Step::Asks,
        MetadataKind::Data | MetadataKind::Reject => Step::Answers,
    };
    Some((step, said.piece?.value))
}
