//! All that is said of one torrent, in slices.

use std::collections::HashMap;

use super::{Connection, Entry, EntryId, Store};
use crate::stream::ConnectionId;
use crate::wire::InfoHash;

/// Which connections belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// Those that speak of one torrent.
    Torrent(InfoHash),
    /// One whose torrent is not known.
    Connection(ConnectionId),
}

impl Subject {
    /// A connection and those that go with it. It changes when the torrent becomes known, or known better.
    pub fn of(store: &Store, connection: &Connection) -> Subject {
        let swarm = store.swarm_of(connection);
        swarm.map_or(Subject::Connection(connection.id), |it| {
            Subject::Torrent(it.real_hashes().0)
        })
    }

    /// True for a connection that belongs to it.
    pub fn holds(self, store: &Store, connection: &Connection) -> bool {
        match self {
            Subject::Torrent(hash) => store
                .swarm_of(connection)
                .is_some_and(|it| it.real_hashes().0 == hash),
            Subject::Connection(id) => connection.id == id,
        }
    }
}

/// A way through the entries of these connections, one connection after the other. It takes each entry once, also
/// those that are read while it goes.
#[derive(Clone, Debug)]
pub struct Walk {
    subject: Subject,
    /// The connection that it is at, and entries of those before it.
    at: usize,
    passed: usize,
    /// Entries taken of each.
    taken: HashMap<ConnectionId, usize>,
    /// Entries that were read when this round began, and of the last whole round.
    round: usize,
    whole: Option<usize>,
}

impl Walk {
    /// At the beginning.
    pub fn new(subject: Subject) -> Walk {
        Walk {
            subject,
            at: 0,
            passed: 0,
            taken: HashMap::new(),
            round: 0,
            whole: None,
        }
    }

    /// Which connections it goes through.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// True when it has been everywhere.
    pub fn is_done(&self, store: &Store) -> bool {
        self.whole == Some(store.len())
    }

    /// Percent of the way.
    pub fn percent(&self, store: &Store) -> u32 {
        if self.is_done(store) {
            return 100;
        }
        (self.passed as u64 * 100 / (store.len() as u64).max(1)).min(99) as u32
    }

    /// Goes on by so many entries. True when it has been everywhere.
    pub fn step(
        &mut self,
        store: &Store,
        entries: usize,
        mut take: impl FnMut(EntryId, &Entry),
    ) -> bool {
        let mut left = entries;
        while left > 0 && !self.is_done(store) {
            if self.at == 0 {
                self.round = store.len();
            }
            match store.connections().get(self.at) {
                Some(connection) => left = self.within(store, connection, left - 1, &mut take),
                None => self.come_round(),
            }
        }
        self.is_done(store)
    }

    fn come_round(&mut self) {
        self.whole = Some(self.round);
        (self.at, self.passed) = (0, 0);
    }

    /// Takes entries of one connection; gives how many more may be taken.
    fn within(
        &mut self,
        store: &Store,
        connection: &Connection,
        left: usize,
        take: &mut impl FnMut(EntryId, &Entry),
    ) -> usize {
        let entries = connection.entries();
        let taken = self.taken.get(&connection.id).copied().unwrap_or(0);
        let is_new = taken < entries.len() && self.subject.holds(store, connection);
        let count = if is_new {
            left.min(entries.len() - taken)
        } else {
            0
        };
        for id in &entries[taken..taken + count] {
            take(*id, store.entry(*id));
        }
        if is_new {
            self.taken.insert(connection.id, taken + count);
        }
        if !is_new || taken + count == entries.len() {
            self.at += 1;
            self.passed += entries.len();
        }
        left - count
    }
}
