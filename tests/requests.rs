//! What became of requests, and which messages belong together: at any entry of any capture, in any order of visits,
//! what a plain replay from the first message gives.

mod bundled;
mod captured;
mod decoding;

use bundled::CAPTURES;
use captured::path;
use decoding::decoded;
use peerscope::capture::{Reader, Timestamp};
use peerscope::peer::Flow;
use peerscope::store::{Connection, Figures, Life, Store, Study, Waits, What, partner};
use peerscope::stream::Side;
use peerscope::wire::{Block, Kind, Message};

/// Visits to each conversation.
const VISITS: usize = 40;

#[test]
fn the_figures_of_any_entry_are_those_of_a_plain_replay() {
    every_conversation(|name, store, connection| {
        let (study, waits) = studied(store, connection);
        for entry in visits(connection) {
            let now = time(store, connection, entry);
            for by in Side::BOTH {
                let moment = (entry, now);
                let found = waits.figures(store, connection, study.ledger(), by, moment);
                let plain = Plain::replay(store, connection, entry);
                let plain = plain.figures(store, connection, by, moment);
                assert_eq!(found, plain, "{name} #{} {entry}", connection.id);
                assert_eq!(found.open(), study.in_flight(by, entry), "{name}");
            }
        }
    });
}

#[test]
fn requests_and_what_ended_them_find_each_other() {
    let mut pairs = 0;
    every_conversation(|name, store, connection| {
        let (study, _) = studied(store, connection);
        let last = connection.entries().len() as u32 - 1;
        let partner = |at| partner(store, &study, connection, at);
        for asked in Plain::replay(store, connection, last).asked {
            let end = asked.end.map(|(end, _)| end);
            assert_eq!(
                partner(asked.at),
                end,
                "{name} #{} {}",
                connection.id,
                asked.at
            );
            if let Some((end, kind)) = asked.end.filter(|(_, kind)| *kind != Kind::Choke) {
                assert_eq!(partner(end), Some(asked.at), "{name} {kind:?}");
                pairs += 1;
            }
        }
    });
    assert!(pairs > 400, "{pairs} pairs in all captures");
}

#[test]
fn partners_are_of_kinds_that_belong_together() {
    let mut interests = 0;
    every_conversation(|name, store, connection| {
        let (study, _) = studied(store, connection);
        let entry = |at: u32| store.entry(connection.entries()[at as usize]);
        for at in 0..connection.entries().len() as u32 {
            let Some(other) = partner(store, &study, connection, at) else {
                continue;
            };
            let (kind, found) = (entry(at).kind(), entry(other).kind());
            let is_across = entry(at).side() != entry(other).side();
            let fits = match kind {
                Kind::Handshake | Kind::Extended => is_across && found == kind,
                Kind::Interested if found == Kind::Unchoke => is_across,
                Kind::Interested => !is_across && found == Kind::NotInterested,
                Kind::NotInterested => !is_across && found == Kind::Interested,
                Kind::Unchoke if found == Kind::Interested => is_across,
                Kind::Unchoke => !is_across && found == Kind::Choke,
                Kind::Choke => !is_across && found == Kind::Unchoke,
                Kind::Piece | Kind::Reject => is_across && found == Kind::Request,
                Kind::Cancel => !is_across && found == Kind::Request,
                Kind::HashRequest => is_across && matches!(found, Kind::Hashes | Kind::HashReject),
                Kind::Hashes | Kind::HashReject => is_across && found == Kind::HashRequest,
                _ => kind == Kind::Request,
            };
            assert!(
                fits,
                "{name} #{} {at} {kind:?} -> {other} {found:?}",
                connection.id
            );
            interests += u32::from((kind, found) == (Kind::Interested, Kind::Unchoke));
        }
    });
    assert!(
        interests > 3,
        "{interests} interests were granted in all captures"
    );
}

#[test]
fn who_was_choked_while_interested_is_what_a_plain_replay_says() {
    let mut stretches = 0;
    every_conversation(|name, store, connection| {
        let mut life = Life::default();
        while life.step(store, connection) {}
        for entry in visits(connection).into_iter().take(8) {
            for side in Side::BOTH {
                let found = life.choked(store, connection, side, entry as usize);
                let found = found.map(|it| (it.total, it.longest));
                let plain = choked(store, connection, side, entry);
                assert_eq!(found, plain, "{name} #{} {entry}", connection.id);
                stretches += u32::from(plain.is_some());
            }
        }
    });
    assert!(stretches > 20, "{stretches} of all visits found one");
}

/// By the state behind each entry: nanoseconds of all stretches and of the longest.
fn choked(store: &Store, connection: &Connection, side: Side, entry: u32) -> Option<(i64, i64)> {
    let mut stretches: Vec<i64> = Vec::new();
    let mut since: Option<Timestamp> = None;
    for at in 0..=entry {
        let talk = store.talk_at(connection.id, at as usize);
        let (now, is_wanted) = (
            time(store, connection, at),
            talk.flow_to(side) == Flow::Wanted,
        );
        match since {
            None if is_wanted => since = Some(now),
            Some(begun) if !is_wanted => {
                stretches.push(now.since(begun).max(0));
                since = None;
            }
            _ => {}
        }
    }
    stretches.extend(since.map(|begun| time(store, connection, entry).since(begun).max(0)));
    let longest = stretches.iter().copied().max()?;
    Some((stretches.iter().sum(), longest))
}

/// All requests, each with what ended it, found by looking at all that wait.
#[derive(Default)]
struct Plain {
    asked: Vec<Asked>,
    /// Of each side, blocks that it got and that nobody asked for.
    unasked: [u32; 2],
    most: [Option<(u32, u32)>; 2],
}

struct Asked {
    by: Side,
    block: Block,
    at: u32,
    end: Option<(u32, Kind)>,
}

impl Plain {
    fn replay(store: &Store, connection: &Connection, last: u32) -> Plain {
        let mut plain = Plain::default();
        let mut fast = [false; 2];
        for (at, id) in (0..=last).zip(connection.entries()) {
            let entry = store.entry(*id);
            let (side, kind) = (entry.side(), entry.kind());
            match store.what(entry) {
                What::Message(Message::Handshake(it)) => {
                    fast[side.index()] = it.reserved.has_fast();
                }
                What::Message(Message::Request(block)) => plain.asked.push(Asked {
                    by: side,
                    block,
                    at,
                    end: None,
                }),
                What::Message(Message::Piece(block)) => {
                    let place = |it: Block| (it.index, it.begin);
                    let is_it = |it: &Asked| it.by != side && place(it.block) == place(block);
                    let was_asked = plain.end(at, kind, 1, is_it);
                    plain.unasked[(!side).index()] += u32::from(!was_asked);
                }
                What::Message(Message::Reject(block)) => {
                    plain.end(at, kind, 1, |it| it.by != side && it.block == block);
                }
                What::Message(Message::Cancel(block)) => {
                    plain.end(at, kind, 1, |it| it.by == side && it.block == block);
                }
                What::Message(Message::Choke) if fast != [true; 2] => {
                    plain.end(at, kind, usize::MAX, |it| it.by != side);
                }
                _ => {}
            }
            plain.count(at);
        }
        plain
    }

    fn end(&mut self, at: u32, kind: Kind, most: usize, is_it: impl Fn(&Asked) -> bool) -> bool {
        let waiting = self
            .asked
            .iter_mut()
            .filter(|it| it.end.is_none() && is_it(it));
        let ended = waiting.take(most).map(|it| it.end = Some((at, kind)));
        ended.count() > 0
    }

    fn count(&mut self, at: u32) {
        for side in Side::BOTH {
            let waits = |it: &&Asked| it.by == side && it.end.is_none();
            let depth = self.asked.iter().filter(waits).count() as u32;
            let most = &mut self.most[side.index()];
            if depth > most.map_or(0, |(most, _)| most) {
                *most = Some((depth, at));
            }
        }
    }

    fn figures(
        &self,
        store: &Store,
        connection: &Connection,
        by: Side,
        (entry, now): (u32, Timestamp),
    ) -> Figures {
        let at = |entry| time(store, connection, entry);
        let own = || self.asked.iter().enumerate().filter(|(_, it)| it.by == by);
        let count = |kind| {
            own()
                .filter(|(_, it)| it.end.is_some_and(|end| end.1 == kind))
                .count() as u32
        };
        let waited = |it: &Asked| it.end.map_or(now, |(end, _)| at(end)).since(at(it.at));
        let mut served: Vec<i64> = own()
            .filter(|(_, it)| it.end.is_some_and(|end| end.1 == Kind::Piece))
            .map(|(_, it)| waited(it))
            .collect();
        served.sort_unstable();
        let percent = |percent: usize| served[((served.len() - 1) * percent + 50) / 100];
        let oldest = own().find(|(_, it)| it.end.is_none());
        let oldest = oldest.map(|(number, it)| (number, waited(it).max(0)));
        // Of those that waited alike it is the one that ended first.
        let order =
            |it: &(usize, &Asked)| (-waited(it.1), it.1.end.map_or(u32::MAX, |end| end.0), it.0);
        let longest = own().min_by_key(order);
        assert!(entry as usize <= connection.entries().len());
        Figures {
            asked: own().count() as u32,
            served: count(Kind::Piece),
            rejected: count(Kind::Reject),
            cancelled: count(Kind::Cancel),
            dropped: count(Kind::Choke),
            unasked: self.unasked[by.index()],
            latency: (!served.is_empty()).then(|| [0, 50, 90, 99, 100].map(percent)),
            most: self.most[by.index()],
            oldest,
            longest: longest.map(|(number, it)| (number, waited(it))),
        }
    }
}

fn time(store: &Store, connection: &Connection, entry: u32) -> Timestamp {
    store.entry(connection.entries()[entry as usize]).time
}

fn studied(store: &Store, connection: &Connection) -> (Study, Waits) {
    let (mut study, mut waits) = (Study::new(connection.id), Waits::default());
    while !study.step(store, 100) {
        waits.step(store, connection, study.ledger(), study.known());
    }
    while waits.step(store, connection, study.ledger(), study.known()) {}
    (study, waits)
}

/// Some entries, to and fro; the first and the last are among them.
fn visits(connection: &Connection) -> Vec<u32> {
    let len = connection.entries().len();
    let stride = len * 5 / 8 + 1;
    let mut visits: Vec<u32> = (0..VISITS.min(len))
        .map(|it| (it * stride % len) as u32)
        .collect();
    visits.push(len as u32 - 1);
    visits
}

/// Looks at each conversation of all captures that come with the program.
fn every_conversation(mut look: impl FnMut(&str, &Store, &Connection)) {
    let mut count = 0;
    for name in CAPTURES {
        let store = decoded(Reader::open(&path(name)).unwrap());
        for connection in store
            .connections()
            .iter()
            .filter(|it| !it.entries().is_empty())
        {
            look(name, &store, connection);
            count += 1;
        }
    }
    assert!(count > 30, "{count} conversations");
}
