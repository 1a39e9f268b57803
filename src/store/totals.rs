//! Sums over all connections, kept as the record grows: a screen that shows them is drawn many times a second, and
//! there are captures of a million connections and of ten million messages.

use std::collections::BTreeMap;

use super::{Connection, Protocol, StreamTally};
use crate::stream::{Activity, Direction, Side};
use crate::wire::Kind;
use crate::wire::companion::Companion;

/// What all connections add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Where the bytes of all streams went.
    pub stream: StreamTally,
    /// Of `stream.undecoded`, the bytes of connections without any message that are of no known protocol.
    pub other_protocol: u64,
    /// The same of those that are.
    pub companions: BTreeMap<Companion, u64>,
    /// Connections with a message.
    pub bittorrent: usize,
    /// What all segments carried.
    pub direction: Direction,
    /// By [`Kind`].
    entries: [u64; Kind::ALL.len()],
}

impl Totals {
    /// The kinds of entries that there are, and how many of each.
    pub fn kinds(&self) -> impl Iterator<Item = (Kind, u64)> {
        let counted = Kind::ALL.into_iter().zip(self.entries);
        counted.filter(|(_, count)| *count > 0)
    }

    /// How many entries are messages.
    pub fn messages(&self) -> u64 {
        let messages = self.kinds().filter(|(kind, _)| kind.is_message());
        messages.map(|(_, count)| count).sum()
    }

    /// A connection had the counts `before` and has those of `now`.
    pub(super) fn segments(&mut self, before: &Activity, now: &Activity) {
        for side in Side::BOTH {
            self.direction += now.direction(side);
            self.direction -= before.direction(side);
        }
    }

    /// An entry was added to `connection`, which was of the protocol `before`.
    pub(super) fn entry(
        &mut self,
        kind: Kind,
        added: StreamTally,
        before: Protocol,
        connection: &Connection,
    ) {
        self.entries[kind as usize] += 1;
        self.stream += added;
        if let Some(undecoded) = self.undecoded_of(before) {
            *undecoded += added.undecoded;
        }
        self.renamed(before, connection);
    }

    /// A connection was of the protocol `before`, and now of another, perhaps.
    pub(super) fn renamed(&mut self, before: Protocol, connection: &Connection) {
        let now = connection.protocol();
        if now == before {
            return;
        }
        let undecoded = connection.stream().undecoded;
        self.bittorrent += usize::from(now == Protocol::PeerWire);
        if let Some(sum) = self.undecoded_of(before) {
            *sum -= undecoded;
        }
        if let Some(sum) = self.undecoded_of(now) {
            *sum += undecoded;
        }
    }

    /// Where the undecoded bytes of connections of a protocol are summed up; those among messages stay what they are.
    fn undecoded_of(&mut self, protocol: Protocol) -> Option<&mut u64> {
        match protocol {
            Protocol::PeerWire => None,
            Protocol::Companion(companion) => Some(self.companions.entry(companion).or_default()),
            Protocol::Other => Some(&mut self.other_protocol),
        }
    }
}
