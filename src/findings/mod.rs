//! What is wrong, in words: the rules of the protocol and of good manners, judged on the record.
//!
//! A rule is a value of the [`catalogue`]; who judges it stands in `rules`, one file for each family. A rule knows what it
//! does not know: where words are missing from the capture it stays silent.

mod bytes;
pub mod catalogue;
mod finding;
mod ground;
mod headlines;
pub mod index;
mod judge;
mod kept;
mod rules;
mod scene;
mod why;

pub use catalogue::{Code, Group, Rule, Severity};
pub use finding::{Finding, Spot};
pub use headlines::Headline;
pub use index::Index;
pub use kept::Counts;
pub use why::{Interested, Unchoked, Why, WhyNot, why, why_of};

use std::collections::HashMap;

use crate::store::{Connection, EntryId, Store, What};
use crate::stream::ConnectionId;
use judge::Judge;
use kept::Kept;
use rules::{OfCapture, Swarms};
use scene::Raise;

/// All that was found in a record, as far as the walk over it went. It goes on where the record does.
#[derive(Debug, Default)]
pub struct Findings {
    next: EntryId,
    judges: HashMap<ConnectionId, Box<Judge>>,
    swarms: Swarms,
    kept: Kept,
    /// What the store knew of torrents when the walk began.
    lessons: u32,
    /// Connections whose end was judged.
    ended: usize,
    record: Growth,
    /// Had it caught up with the record?
    is_up: bool,
    is_concluded: bool,
    edition: u32,
}

/// Will the record grow?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Growth {
    #[default]
    Possible,
    /// It has, since the walk had caught up with it.
    Seen,
    /// No: a conversation is over with its last entry, and its judge can go.
    Over,
}

impl Findings {
    /// Judges some more entries. True when it has caught up with the record. What is learned of a torrent makes it
    /// begin anew: what was judged before was judged without.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        let has_grown = (self.next.0 as usize) < store.len();
        if has_grown && (self.is_concluded || self.ended > 0) {
            self.begin_anew(store, Growth::Possible);
        } else if self.lessons != store.lessons() {
            self.begin_anew(store, self.record);
        } else if has_grown && self.is_up && self.record == Growth::Possible {
            self.record = Growth::Seen;
        }
        for (id, _) in store.entries(self.next).take(entries) {
            self.judge(store, id);
            self.next = EntryId(id.0 + 1);
        }
        self.is_up = self.next.0 as usize == store.len();
        self.is_up
    }

    fn begin_anew(&mut self, store: &Store, record: Growth) {
        *self = Findings {
            lessons: store.lessons(),
            edition: self.edition + 1,
            record,
            ..Findings::default()
        };
    }

    /// The record grows no more: a judge can go with the last entry of its conversation.
    pub fn settle(&mut self) {
        if self.record == Growth::Possible {
            self.record = Growth::Over;
        }
    }

    /// Nothing more will be captured: what was waited for did not come.
    pub fn conclude(&mut self, store: &Store) {
        while !self.step(store, usize::MAX) || !self.conclude_some(store, usize::MAX) {}
    }

    /// The same for some connections more, where [`Findings::step`] has caught up. True when all is concluded. What was
    /// judged while the record grew was judged with less knowledge: then all begins anew.
    pub fn conclude_some(&mut self, store: &Store, connections: usize) -> bool {
        if self.is_concluded || !self.is_up {
            return self.is_concluded;
        }
        if self.record == Growth::Seen {
            self.begin_anew(store, Growth::Over);
            return false;
        }
        let all = store.connections();
        for connection in all.iter().skip(self.ended).take(connections) {
            self.end(store, connection);
            self.ended += 1;
        }
        if self.ended < all.len() {
            return false;
        }
        self.swarms
            .end(store, &mut Raise::of_capture(&mut self.kept));
        OfCapture::judge(store, &mut Raise::of_capture(&mut self.kept));
        self.kept.sort();
        self.edition += 1;
        self.is_concluded = true;
        true
    }

    /// A connection is over. One whose judge has gone was over before; of one without any entry a judge comes and goes.
    fn end(&mut self, store: &Store, connection: &Connection) {
        let judge = self.judges.remove(&connection.id);
        let is_silent = connection.entries().is_empty();
        let judge = judge.or_else(|| is_silent.then(|| Box::new(Judge::new(store, connection))));
        if let Some(mut judge) = judge {
            let out = &mut Raise::new(&mut self.kept, connection.id);
            judge.end(store, connection, out);
        }
    }

    /// Everything of a record that grows no more, at once.
    pub fn of(store: &Store) -> Findings {
        let mut findings = Findings {
            record: Growth::Over,
            ..Findings::default()
        };
        findings.conclude(store);
        findings
    }

    /// Was everything judged, the end of the capture too?
    pub fn is_concluded(&self) -> bool {
        self.is_concluded
    }

    /// Entries that were judged.
    pub fn judged(&self) -> usize {
        self.next.0 as usize
    }

    /// What was found, in the order of the entries once it is concluded. Of one rule on one connection no more than
    /// [`kept::MAX_ALIKE`] are here; the counts know all.
    pub fn all(&self) -> &[Finding] {
        self.kept.all()
    }

    /// Another number says that [`Findings::all`] is no longer what it was, but for what was added at its end.
    pub fn edition(&self) -> u32 {
        self.edition
    }

    /// How often a rule was broken.
    pub fn times(&self, code: Code) -> u64 {
        self.kept.times(code).all()
    }

    /// The same, by how bad that was.
    pub fn counts_of(&self, code: Code) -> Counts {
        self.kept.times(code)
    }

    /// How often a rule was broken on a connection.
    pub fn times_on(&self, connection: ConnectionId, code: Code) -> u32 {
        self.kept.alike(connection, code)
    }

    /// How much was found on a connection.
    pub fn of_connection(&self, connection: ConnectionId) -> Counts {
        self.kept.of_connection(connection)
    }

    /// How much was found.
    pub fn counts(&self) -> Counts {
        self.kept.counts()
    }

    fn judge(&mut self, store: &Store, id: EntryId) {
        let entry = store.entry(id);
        let connection = store.connection(entry.connection);
        let judge = self.judges.entry(connection.id);
        let judge = judge.or_insert_with(|| Box::new(Judge::new(store, connection)));
        let what = store.real_what(entry);
        let mut raise = Raise::new(&mut self.kept, connection.id);
        let whose = (store, connection);
        match &what {
            What::Message(message) => {
                judge.said(whose, (id, entry), message, &mut self.swarms, &mut raise);
            }
            what => judge.missed(whose, (id, entry), what, &mut raise),
        }
        if self.record == Growth::Over && connection.entries().last() == Some(&id) {
            self.end(store, connection);
        }
    }
}
