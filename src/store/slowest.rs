//! The request that waited longest, over the whole capture.

use std::ops::Range;

use super::{Store, Study};
use crate::peer::Asked;
use crate::stream::ConnectionId;

/// Requests looked at in the time of an entry.
const REQUESTS: usize = 4;

/// A request, and how long it waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slow {
    /// The request, and how it ended.
    pub asked: Asked,
    /// Nanoseconds until then, or until the last frame of its connection.
    pub nanos: i64,
}

/// The slowest request of all conversations, as far as that was found out. It is looked for once the capture is read.
#[derive(Clone, Debug, Default)]
pub struct Slowest {
    next: u32,
    now: Option<(Study, usize)>,
    found: Option<(ConnectionId, Slow)>,
}

impl Slowest {
    /// Looks at so many entries more. True when all conversations were looked at.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        let mut left = entries as isize;
        while left > 0 && (self.next as usize) < store.connections().len() {
            let id = ConnectionId(self.next);
            let (mut study, seen) = self.now.take().unwrap_or_else(|| (Study::new(id), 0));
            let known = study.known();
            let has_all = study.step(store, left as usize);
            left -= (study.known() - known + 1) as isize;
            let len = study.ledger().len();
            let until = (seen + entries * REQUESTS).min(len);
            if has_all {
                self.look_at(store, &study, seen..until);
            }
            if has_all && until == len {
                self.next += 1;
            } else {
                self.now = Some((study, if has_all { until } else { 0 }));
            }
        }
        self.next as usize == store.connections().len()
    }

    /// The request, and on which connection; `None` while nobody was found to have asked.
    pub fn found(&self) -> Option<(ConnectionId, Slow)> {
        self.found
    }

    fn look_at(&mut self, store: &Store, study: &Study, requests: Range<usize>) {
        for number in requests {
            let slow = slow(store, study, number);
            if self.found.is_none_or(|(_, most)| most.nanos < slow.nanos) {
                self.found = Some((study.connection(), slow));
            }
        }
    }
}

fn slow(store: &Store, study: &Study, number: usize) -> Slow {
    let connection = store.connection(study.connection());
    let time = |entry: u32| store.entry(connection.entries()[entry as usize]).time;
    let asked = study.ledger().get(number);
    let end = asked
        .fate
        .entry()
        .map_or(connection.activity.last.time, time);
    Slow {
        asked,
        nanos: end.since(time(asked.entry)),
    }
}
