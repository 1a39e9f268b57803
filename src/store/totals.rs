//! Sums over all connections, kept as the record grows: a screen that shows them is drawn many times a second, and
//! there are captures of a million connections and of ten million messages.

use super::{Connection, StreamTally};
use crate::stream::{Activity, Direction, Side};
use crate::wire::Kind;

/// What all connections add up to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    /// Where the bytes of all streams went.
    pub stream: StreamTally,
    /// Of `stream.undecoded`, the bytes of connections without any message.
    pub other_protocol: u64,
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

    /// An entry was added to `connection`, which spoke BitTorrent before, or did not.
    pub(super) fn entry(
        &mut self,
        kind: Kind,
        added: StreamTally,
        was_bittorrent: bool,
        connection: &Connection,
    ) {
        self.entries[kind as usize] += 1;
        self.stream += added;
        if was_bittorrent {
            return;
        }
        self.other_protocol += added.undecoded;
        if connection.is_bittorrent() {
            self.bittorrent += 1;
            self.other_protocol -= connection.stream().undecoded;
        }
    }
}
