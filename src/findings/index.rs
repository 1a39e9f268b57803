//! Which findings stand at which message, and which break which rule.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Finding, Findings};
use crate::store::{EntryId, Store};
use crate::stream::ConnectionId;

/// The findings by place and by rule, as far as they were looked at.
#[derive(Clone, Debug, Default)]
pub struct Index {
    edition: u32,
    len: usize,
    places: BTreeSet<(ConnectionId, EntryId, u32)>,
    of_rule: BTreeMap<Code, Vec<u32>>,
}

impl Index {
    /// Takes some findings more. True when it has all of them; those of another edition take the place of the known.
    pub fn step(&mut self, findings: &Findings, store: &Store, most: usize) -> bool {
        if self.edition != findings.edition() {
            *self = Index {
                edition: findings.edition(),
                ..Index::default()
            };
        }
        let all = findings.all();
        for (at, finding) in all.iter().enumerate().skip(self.len).take(most) {
            self.take(store, at as u32, finding);
        }
        self.len == all.len()
    }

    fn take(&mut self, store: &Store, at: u32, finding: &Finding) {
        self.len += 1;
        self.of_rule.entry(finding.code).or_default().push(at);
        if let Some((connection, entry)) = finding.connection.zip(place(store, finding)) {
            self.places.insert((connection, entry, at));
        }
    }

    /// Which findings these are, and how many of them: what was made of others is old.
    pub fn state(&self) -> (u32, usize) {
        (self.edition, self.len)
    }

    /// The broken rules, each with its findings, by their places in [`Findings::all`].
    pub fn rules(&self) -> impl Iterator<Item = (Code, &[u32])> {
        self.of_rule.iter().map(|(code, all)| (*code, &all[..]))
    }

    /// The messages of a connection that have findings, in order; one comes as often as it has some.
    pub fn places(
        &self,
        connection: ConnectionId,
    ) -> impl DoubleEndedIterator<Item = (EntryId, u32)> {
        let range = (connection, EntryId(0), 0)..=(connection, EntryId(u32::MAX), u32::MAX);
        self.places.range(range).map(|(_, entry, at)| (*entry, *at))
    }

    /// The findings at a message.
    pub fn at(&self, connection: ConnectionId, entry: EntryId) -> impl Iterator<Item = u32> {
        let range = (connection, entry, 0)..=(connection, entry, u32::MAX);
        self.places.range(range).map(|(_, _, at)| *at)
    }
}

/// The message of a finding: where it stands between two, the one before it; before the first, that.
pub fn place(store: &Store, finding: &Finding) -> Option<EntryId> {
    if finding.spot.entry.is_some() {
        return finding.spot.entry;
    }
    let entries = store.connection(finding.connection?).entries();
    let behind = entries.partition_point(|id| store.entry(*id).frame <= finding.spot.frame);
    entries.get(behind.max(1) - 1).copied()
}
