//! What is wrong, in words: the rules of the protocol and of good manners, judged on the record.
//!
//! A rule is a value of the [`catalogue`]; who judges it stands in `rules`, one file for each family. A rule knows what it
//! does not know: where words are missing from the capture it stays silent.

mod bytes;
pub mod catalogue;
mod finding;
mod ground;
mod headlines;
mod judge;
mod kept;
mod rules;
mod scene;

pub use catalogue::{Code, Group, Rule, Severity};
pub use finding::{Finding, Spot};
pub use headlines::Headline;
pub use kept::Counts;

use std::collections::HashMap;

use crate::store::{EntryId, Store, What};
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
    is_concluded: bool,
}

impl Findings {
    /// Judges some more entries. True when it has caught up with the record. What is learned of a torrent makes it
    /// begin anew: what was judged before was judged without.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        let has_grown = (self.next.0 as usize) < store.len();
        if self.lessons != store.lessons() || self.is_concluded && has_grown {
            *self = Findings {
                lessons: store.lessons(),
                ..Findings::default()
            };
        }
        for (id, _) in store.entries(self.next).take(entries) {
            self.judge(store, id);
            self.next = EntryId(id.0 + 1);
        }
        self.next.0 as usize == store.len()
    }

    /// Nothing more will be captured: what was waited for did not come. Call it when [`Findings::step`] has caught up.
    pub fn conclude(&mut self, store: &Store) {
        if std::mem::replace(&mut self.is_concluded, true) {
            return;
        }
        for connection in store.connections() {
            let judge = self.judges.entry(connection.id);
            let judge = judge.or_insert_with(|| Box::new(Judge::new(store, connection)));
            judge.end(
                store,
                connection,
                &mut Raise::new(&mut self.kept, connection.id),
            );
        }
        self.swarms
            .end(store, &mut Raise::of_capture(&mut self.kept));
        OfCapture::judge(store, &mut Raise::of_capture(&mut self.kept));
        self.kept.sort();
    }

    /// Everything of a record, at once.
    pub fn of(store: &Store) -> Findings {
        let mut findings = Findings::default();
        while !findings.step(store, usize::MAX) {}
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

    /// How often a rule was broken.
    pub fn times(&self, code: Code) -> u64 {
        self.kept.times(code)
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
    }
}
