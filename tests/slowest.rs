//! The slowest request of a capture against a plain search.

mod captured;
mod decoding;

use captured::path;
use decoding::decoded;
use peerscope::capture::Reader;
use peerscope::peer::Fate;
use peerscope::store::{Slowest, Store, What};
use peerscope::wire::Message;

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
                What::Message(Message::Piece(it) | Message::Reject(it) | Message::Cancel(it)) => {
                    it == block
                }
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
    let store = decoded(Reader::open(&path("choke_dance.pcap")).unwrap());
    for entries in [1, 7, 100_000] {
        let mut slowest = Slowest::default();
        while !slowest.step(&store, entries) {}
        let (_, slow) = slowest.found().unwrap();
        assert_eq!(slow.nanos, by_hand(&store), "{entries} at a time");
        assert_ne!(slow.asked.fate, Fate::Open);
    }
}
