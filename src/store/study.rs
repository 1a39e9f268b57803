//! What takes a walk over all messages of a conversation, done in slices.

use std::ops::Range;

use super::{Entry, Store, What};
use crate::capture::Timestamp;
use crate::peer::Ledger;
use crate::stream::{ConnectionId, Side};
use crate::wire::{Kind, Message};

/// Entries between two marks. A question looks at so many entries at most, and a mark costs half a byte an entry.
const STRIDE: u32 = 64;

/// The study of one conversation, as far as it got: its requests, the bytes of blocks, and the course of time.
///
/// Times of entries are nearly in order: what was found late, and frames that were captured late, are older than what
/// stands before them. On the course of time an entry stands at the latest time up to it, so that what comes later in the
/// conversation never stands earlier.
///
/// Invariant: `marks[n]` is what holds in front of the entry `n * STRIDE`.
#[derive(Clone, Debug)]
pub struct Study {
    connection: ConnectionId,
    known: u32,
    ledger: Ledger,
    marks: Vec<Mark>,
    now: Mark,
}

/// What holds between two entries.
#[derive(Clone, Copy, Debug, Default)]
struct Mark {
    /// The latest time of an entry before.
    latest: Timestamp,
    /// Bytes of blocks that each side has sent.
    sent: [u64; 2],
    /// Requests of each side that wait.
    waiting: [u32; 2],
}

impl Study {
    /// Of a connection of which nothing is known yet.
    pub fn new(connection: ConnectionId) -> Study {
        Study {
            connection,
            known: 0,
            ledger: Ledger::default(),
            marks: Vec::new(),
            now: Mark::default(),
        }
    }

    /// Whose conversation it is.
    pub fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// So many entries have been walked over.
    pub fn known(&self) -> u32 {
        self.known
    }

    /// Walks over the next `entries`. True when it has caught up with the conversation, which may grow.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        let connection = store.connection(self.connection);
        let left = &connection.entries()[self.known as usize..];
        for id in left.iter().take(entries) {
            self.take(store, store.entry(*id));
        }
        let has_caught_up = left.len() <= entries;
        if has_caught_up && connection.activity.closed.is_some() {
            self.ledger.end();
        }
        has_caught_up
    }

    /// What became of the requests among the entries that are known.
    pub fn ledger(&self) -> &Ledger {
        &self.ledger
    }

    /// Requests of one side that wait behind an entry.
    pub fn in_flight(&self, by: Side, entry: u32) -> u32 {
        let Some(last) = self.known.checked_sub(1) else {
            return 0;
        };
        let at = entry.min(last) / STRIDE;
        let before = self.marks[at as usize].waiting[by.index()];
        self.ledger.waiting_behind(by, (at * STRIDE, before), entry)
    }

    /// Bytes of blocks that each side sent before an entry.
    pub fn blocks_before(&self, store: &Store, entry: u32) -> [u64; 2] {
        let entry = entry.min(self.known);
        let (mark, rest) = self.mark_before(store, entry);
        rest.fold(mark.sent, |mut sent, entry| {
            sent[entry.side().index()] += block_len(store, entry);
            sent
        })
    }

    /// Where an entry stands on the course of time: at the latest time of it and all before it.
    pub fn time(&self, store: &Store, entry: u32) -> Timestamp {
        let (mark, rest) = self.mark_before(store, (entry + 1).min(self.known));
        rest.map(|entry| entry.time)
            .fold(mark.latest, Timestamp::max)
    }

    /// The first entry that stands at `time` or later; [`Study::known`] when none does.
    pub fn first_at(&self, store: &Store, time: Timestamp) -> u32 {
        let marks = self.marks.partition_point(|mark| mark.latest < time) as u32;
        let end = (marks * STRIDE).min(self.known);
        let start = marks.saturating_sub(1) * STRIDE;
        let is_there = |entry: &Entry| entry.time >= time;
        let found = self.entries(store, start..end).position(is_there);
        found.map_or(end, |steps| start + steps as u32)
    }

    /// The latest time of an entry that is known.
    pub fn latest(&self) -> Option<Timestamp> {
        (self.known > 0).then_some(self.now.latest)
    }

    fn take(&mut self, store: &Store, entry: &Entry) {
        if self.known.is_multiple_of(STRIDE) {
            self.now.waiting = Side::BOTH.map(|side| self.ledger.waiting(side));
            self.marks.push(self.now);
        }
        self.now.latest = self.now.latest.max(entry.time);
        self.now.sent[entry.side().index()] += block_len(store, entry);
        // A bitfield is long to unpack, and the ledger does not ask for it.
        if Ledger::takes(entry.kind())
            && let What::Message(message) = store.what(entry)
        {
            self.ledger.apply(entry.side(), &message, self.known);
        }
        self.known += 1;
    }

    /// The last mark in front of an entry, and the entries between them.
    fn mark_before<'a>(
        &self,
        store: &'a Store,
        entry: u32,
    ) -> (Mark, impl Iterator<Item = &'a Entry>) {
        let at = (entry / STRIDE).min((self.marks.len() as u32).saturating_sub(1));
        let mark = self.marks.get(at as usize).copied().unwrap_or_default();
        (mark, self.entries(store, at * STRIDE..entry))
    }

    fn entries<'a>(&self, store: &'a Store, range: Range<u32>) -> impl Iterator<Item = &'a Entry> {
        let all = store.connection(self.connection).entries();
        let ids = &all[range.start as usize..range.end as usize];
        ids.iter().map(|id| store.entry(*id))
    }
}

fn block_len(store: &Store, entry: &Entry) -> u64 {
    if entry.kind() != Kind::Piece {
        return 0;
    }
    match store.what(entry) {
        What::Message(Message::Piece(block)) => u64::from(block.length),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameNumber;
    use crate::packet::Endpoint;
    use crate::peer::Talk;
    use crate::store::{Change, Record};
    use crate::stream::{Activity, Closed, Closing, Evidence, FrameRef, Transport};
    use crate::wire::{Block, Found, PieceIndex, Place};
    use proptest::prelude::*;
    use std::net::{IpAddr, Ipv4Addr};

    const HERE: ConnectionId = ConnectionId(0);

    const END: Endpoint = Endpoint {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port: 6881,
    };

    type Said = (bool, u8, u32, u32);

    fn message(kind: u8, index: u32) -> Message {
        let block = Block {
            index: PieceIndex(index),
            begin: 0,
            length: 1 + index,
        };
        match kind {
            0 | 1 => Message::Piece(block),
            2 => Message::Reject(block),
            3 => Message::Cancel(block),
            4 => Message::Choke,
            5 => Message::Have(block.index),
            _ => Message::Request(block),
        }
    }

    fn said(connection: ConnectionId, (from_b, kind, index, time): Said) -> Change {
        Change::Said(Box::new(Record {
            connection,
            side: if from_b { Side::B } else { Side::A },
            time: Timestamp(u64::from(time)),
            frame: FrameNumber(1),
            place: Place::default(),
            size: 1,
            missing: 0,
            found: Found::InOrder,
            via: None,
            has_heard: false,
            what: What::Message(message(kind, index)),
        }))
    }

    /// A conversation, and another one between its messages.
    fn store(all: &[Said]) -> Store {
        let mut store = Store::default();
        for connection in [HERE, ConnectionId(1)] {
            store.apply(Change::Opened {
                connection,
                transport: Transport::Tcp,
                ends: [END; 2],
                opener: (Side::A, Evidence::Syn),
                first: FrameRef::default(),
            });
        }
        for it in all {
            store.apply(said(HERE, *it));
            store.apply(said(ConnectionId(1), (false, 0, 3, 9)));
        }
        store
    }

    fn studied(store: &Store, slice: usize) -> Study {
        let mut study = Study::new(HERE);
        while !study.step(store, slice) {}
        study
    }

    fn conversation() -> impl Strategy<Value = Vec<Said>> {
        // Times mostly rise: each is a little after, or before, its place in the conversation.
        let said = (any::<bool>(), 0u8..12, 0u32..6, 0u32..30);
        proptest::collection::vec(said, 1..700).prop_map(|all| {
            let late = |(at, (from_b, kind, index, jitter))| (from_b, kind, index, at + jitter);
            (0..).zip(all).map(late).collect()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn at_any_entry_it_says_what_a_slow_replay_says(
            all in conversation(),
            slice in 1usize..300,
            visits in proptest::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 40),
        ) {
            let store = store(&all);
            let study = studied(&store, slice);
            for (visit, other) in visits {
                let (entry, end) = (visit.index(all.len()), other.index(all.len() + 1));
                let mut talk = Talk::default();
                for (from_b, kind, index, _) in &all[..=entry] {
                    talk.apply(if *from_b { Side::B } else { Side::A }, &message(*kind, *index));
                }
                for side in Side::BOTH {
                    let waiting = talk.peer(side).requests.len();
                    prop_assert_eq!(study.in_flight(side, entry as u32) as usize, waiting);
                    let sent = all[..end].iter().filter(|it| it.0 == (side == Side::B) && it.1 < 2);
                    let sent: u64 = sent.map(|it| u64::from(it.2 + 1)).sum();
                    prop_assert_eq!(study.blocks_before(&store, end as u32)[side.index()], sent);
                }
                let time = all[..=entry].iter().map(|it| it.3).max().unwrap();
                prop_assert_eq!(study.time(&store, entry as u32), Timestamp(u64::from(time)));
            }
        }

        #[test]
        fn the_first_entry_at_a_time_is_found(all in conversation(), times in proptest::collection::vec(0u32..800, 40)) {
            let store = store(&all);
            let study = studied(&store, 20_000);
            for time in times {
                let first = all.iter().position(|it| it.3 >= time).unwrap_or(all.len());
                prop_assert_eq!(study.first_at(&store, Timestamp(u64::from(time))) as usize, first);
            }
        }
    }

    #[test]
    fn it_goes_on_when_the_conversation_does() {
        let mut store = store(&[(false, 9, 1, 1)]);
        let mut study = studied(&store, 1);
        assert_eq!((study.known(), study.step(&store, 1)), (1, true));
        (0..3).for_each(|time| store.apply(said(HERE, (true, 5, 0, time))));
        assert_eq!((study.step(&store, 2), study.known()), (false, 3));
        assert_eq!(
            (study.step(&store, 2), study.latest()),
            (true, Some(Timestamp(2)))
        );
    }

    #[test]
    fn what_waits_when_the_connection_is_closed_is_unanswered() {
        let mut store = store(&[(false, 9, 1, 1)]);
        let mut study = studied(&store, 1);
        let fate = |study: &Study| study.ledger().get(0).fate.word();
        assert_eq!(fate(&study), "open");
        let closed = Some(Closed {
            by: Side::A,
            how: Closing::Rst,
            reason: None,
        });
        let mut activity = Activity::default();
        activity.closed = closed;
        store.apply(Change::Activity {
            connection: HERE,
            activity,
        });
        study.step(&store, 1);
        assert_eq!(fate(&study), "unanswered");
    }

    #[test]
    fn of_nothing_there_is_nothing_to_say() {
        let (store, study) = (store(&[]), Study::new(HERE));
        assert_eq!((study.in_flight(Side::A, 7), study.latest()), (0, None));
        assert_eq!(study.first_at(&store, Timestamp(5)), 0);
        assert_eq!(study.blocks_before(&store, 9), [0, 0]);
    }
}
