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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Reader, Source};
    use crate::peer::Fate;
    use crate::pipeline::Pipeline;
    use crate::store::What;
    use crate::wire::Message;

    fn dance() -> Store {
        let bytes = include_bytes!("../../captures/choke_dance.pcap");
        let reader = Reader::new(Source::Memory(bytes), "choke_dance.pcap");
        let (mut pipeline, mut changes) = (Pipeline::new(reader.unwrap()), Vec::new());
        while !pipeline.step(&mut changes).is_done {}
        let mut store = Store::default();
        changes.into_iter().for_each(|change| store.apply(change));
        store
    }

    /// By looking behind each request for what ends it: both sides have the fast extension, so no choke does.
    fn by_hand(store: &Store) -> i64 {
        let mut slowest = 0;
        for connection in store.connections() {
            let said = connection.entries().iter().map(|id| store.entry(*id));
            let said: Vec<_> = said.map(|entry| (entry, store.what(entry))).collect();
            for (at, (entry, what)) in said.iter().enumerate() {
                let What::Message(Message::Request(block)) = what else {
                    continue;
                };
                let ends = |what: &What| match what {
                    What::Message(
                        Message::Piece(it) | Message::Reject(it) | Message::Cancel(it),
                    ) => it == block,
                    _ => false,
                };
                let end = said[at..].iter().find(|(_, what)| ends(what));
                let end = end.map_or(connection.activity.last.time, |(end, _)| end.time);
                slowest = slowest.max(end.since(entry.time));
            }
        }
        slowest
    }

    #[test]
    fn the_slowest_request_is_that_of_a_plain_search_however_it_is_cut() {
        let store = dance();
        for entries in [1, 7, 100_000] {
            let mut slowest = Slowest::default();
            while !slowest.step(&store, entries) {}
            let (_, slow) = slowest.found().unwrap();
            assert_eq!(slow.nanos, by_hand(&store), "{entries} at a time");
            assert_ne!(slow.asked.fate, Fate::Open);
        }
    }
}
