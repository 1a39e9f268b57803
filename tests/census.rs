//! Who of a torrent has what, and who gave what to whom, against slow and obvious counts.

mod bundled;
mod captured;
mod decoding;

use std::collections::{BTreeMap, BTreeSet};

use bundled::CAPTURES;
use captured::path;
use decoding::decoded;
use peerscope::capture::Reader;
use peerscope::peer::Ledger;
use peerscope::store::{Census, EntryId, Exchange, Extent, Gift, Holding, Store, What};
use peerscope::stream::Side;
use peerscope::wire::{InfoHash, Message, PieceIndex};
use proptest::prelude::*;

fn read(name: &str) -> Store {
    decoded(Reader::open(&path(name)).unwrap())
}

fn torrents(store: &Store) -> Vec<InfoHash> {
    store
        .swarms()
        .map(peerscope::swarm::Swarm::info_hash)
        .collect()
}

fn counted(store: &Store, torrent: InfoHash, moment: u32, slice: usize) -> Census {
    let mut census = Census::new(torrent, EntryId(moment));
    while !census.step(store, slice) {}
    census
}

/// What every peer has said to have, by message and by message; `None` for who has not said a word of it.
fn told(store: &Store, census: &Census, moment: u32) -> BTreeMap<u32, Option<BTreeSet<u32>>> {
    let of = census.piece_count().unwrap_or(0);
    let mut by_end: BTreeMap<(u32, usize), Option<BTreeSet<u32>>> = BTreeMap::new();
    let mut begun = BTreeSet::new();
    for (_, entry) in store.entries(EntryId(0)).take(moment as usize + 1) {
        begun.insert(entry.connection.0);
        let told = by_end
            .entry((entry.connection.0, entry.side().index()))
            .or_default();
        match store.what(entry) {
            What::Message(Message::Have(piece)) => {
                told.get_or_insert_default().extend([piece.0]);
            }
            What::Message(Message::HaveAll) => *told = Some((0..of).collect()),
            What::Message(Message::HaveNone) => *told = Some(BTreeSet::new()),
            What::Message(Message::Bitfield(bytes)) => {
                let has = |piece: &u32| bytes[*piece as usize / 8] >> (7 - piece % 8) & 1 == 1;
                *told = Some((0..bytes.len() as u32 * 8).filter(has).collect());
            }
            _ => {}
        }
    }
    let mut peers: BTreeMap<u32, Option<BTreeSet<u32>>> = BTreeMap::new();
    for connection in store
        .connections()
        .iter()
        .filter(|it| begun.contains(&it.id.0))
    {
        let of_sides = census.roster().peers_of(connection.id);
        for (side, peer) in of_sides.into_iter().flatten().enumerate() {
            let all = peers.entry(peer).or_default();
            if let Some(Some(told)) = by_end.remove(&(connection.id.0, side)) {
                all.get_or_insert_default()
                    .extend(told.into_iter().filter(|piece| *piece < of));
            }
        }
    }
    peers
}

fn assert_is_what_was_told(
    store: &Store,
    census: &Census,
    moment: u32,
) -> Result<(), TestCaseError> {
    let told = told(store, census, moment);
    let of = census.piece_count().unwrap_or(0);
    for peer in 0..census.roster().peers().len() as u32 {
        match (census.holding(peer), told.get(&peer)) {
            (Holding::Absent, None) | (Holding::Untold, Some(None)) => {}
            (Holding::Pieces(set), Some(Some(told))) => {
                let has: BTreeSet<u32> =
                    (0..of).filter(|it| set.contains(PieceIndex(*it))).collect();
                prop_assert_eq!(&has, told);
            }
            other => prop_assert!(false, "peer {}: {:?}", peer, other),
        }
    }
    let has = |piece: u32| {
        told.values()
            .flatten()
            .filter(move |told| told.contains(&piece))
            .count()
    };
    let mut histogram = vec![0; census.survey().histogram().len()];
    for piece in 0..of {
        prop_assert_eq!(
            census.availability().peers(PieceIndex(piece)) as usize,
            has(piece)
        );
        prop_assert_eq!(census.holders(PieceIndex(piece)).count(), has(piece));
        histogram[has(piece)] += 1;
    }
    prop_assert_eq!(census.survey().histogram(), histogram);
    let counts = census.counts();
    let complete = told
        .values()
        .flatten()
        .filter(|it| of > 0 && it.len() == of as usize);
    prop_assert_eq!(
        (counts.peers, counts.complete),
        (told.len(), complete.count())
    );
    Ok(())
}

#[test]
fn at_any_moment_it_is_what_peers_have_said_so_far() {
    for name in CAPTURES {
        let store = read(name);
        let moments = any::<prop::sample::Index>();
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(16));
        for torrent in torrents(&store) {
            let all = (proptest::collection::vec(moments.clone(), 3), 1..9usize);
            let holds = runner.run(&all, |(moments, slice)| {
                let moments = moments.iter().map(|it| it.index(store.len()) as u32);
                let moments: Vec<u32> = moments.collect();
                let mut census = counted(&store, torrent, moments[0], slice);
                for moment in moments {
                    // As a view does: it names the moment before each step.
                    census.go_to(&store, EntryId(moment));
                    while !census.step(&store, slice) {
                        census.go_to(&store, EntryId(moment));
                    }
                    assert_is_what_was_told(&store, &census, moment)?;
                }
                Ok(())
            });
            assert!(holds.is_ok(), "{name}: {holds:?}");
        }
    }
}

#[test]
fn walking_from_message_to_message_comes_to_the_same() {
    for name in ["choke_dance.pcap", "loopback.pcap", "v2_hybrid.pcap"] {
        let store = read(name);
        for torrent in torrents(&store) {
            let mut census = counted(&store, torrent, 0, 1);
            for moment in 0..store.len() as u32 {
                census.go_to(&store, EntryId(moment));
                while !census.step(&store, 100) {}
                assert_is_what_was_told(&store, &census, moment).unwrap();
            }
        }
    }
}

#[test]
fn a_host_is_one_peer_and_one_that_speaks_to_itself_is_two() {
    let peers = |name: &str| {
        let store = read(name);
        let end = store.len() as u32 - 1;
        let count = |torrent| counted(&store, torrent, end, 4).counts().peers;
        torrents(&store).into_iter().map(count).collect::<Vec<_>>()
    };
    assert_eq!(peers("loopback.pcap"), [2]);
    assert_eq!(peers("choke_dance.pcap"), [5]);
}

fn exchanged(store: &Store, torrent: InfoHash, moment: u32, slice: usize) -> Exchange {
    let mut exchange = Exchange::new(torrent, Extent::Until(EntryId(moment)));
    while !exchange.step(store, slice) {}
    exchange
}

/// What the messages up to a moment give, one by one: of each pair of peers all blocks and those received again, and
/// of all the number of those that came without a request.
fn sums(
    store: &Store,
    exchange: &Exchange,
    moment: u32,
) -> (BTreeMap<(u32, u32), [u64; 4]>, usize) {
    let mut sums: BTreeMap<(u32, u32), [u64; 4]> = BTreeMap::new();
    let mut received = BTreeSet::new();
    let mut ledgers: BTreeMap<u32, Ledger> = BTreeMap::new();
    for (id, entry) in store.entries(EntryId(0)).take(moment as usize + 1) {
        let Some(peers) = exchange.roster().peers_of(entry.connection) else {
            continue;
        };
        let What::Message(message) = store.what(entry) else {
            continue;
        };
        ledgers
            .entry(entry.connection.0)
            .or_default()
            .apply(entry.side(), &message, id.0);
        let Message::Piece(block) = message else {
            continue;
        };
        let (from, to) = (peers[entry.side().index()], peers[(!entry.side()).index()]);
        let is_new = received.insert((to, block.index.0, block.begin, block.length));
        let [blocks, bytes, again, again_bytes] = sums.entry((from, to)).or_default();
        (*blocks, *bytes) = (*blocks + 1, *bytes + u64::from(block.length));
        if !is_new {
            (*again, *again_bytes) = (*again + 1, *again_bytes + u64::from(block.length));
        }
    }
    (
        sums,
        ledgers.values().map(|ledger| ledger.unasked().len()).sum(),
    )
}

fn figures(gift: &Gift) -> [u64; 4] {
    [
        gift.all.blocks,
        gift.all.bytes,
        gift.again.blocks,
        gift.again.bytes,
    ]
}

#[test]
fn the_exchange_is_the_sum_of_its_blocks() {
    for name in CAPTURES {
        let store = read(name);
        let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig::with_cases(8));
        for torrent in torrents(&store) {
            let moments = proptest::collection::vec(any::<prop::sample::Index>(), 3);
            let holds = runner.run(&(moments, 1..999usize), |(moments, slice)| {
                let mut exchange = exchanged(&store, torrent, 0, slice);
                for moment in moments {
                    let moment = moment.index(store.len()) as u32;
                    exchange.go_to(&store, Extent::Until(EntryId(moment)));
                    while !exchange.step(&store, slice) {}
                    let (expected, unasked) = sums(&store, &exchange, moment);
                    let gifts = exchange.gifts().iter();
                    let gifts: BTreeMap<_, _> =
                        gifts.map(|(pair, it)| (*pair, figures(it))).collect();
                    prop_assert_eq!(&gifts, &expected);
                    let total = exchange.total();
                    let known =
                        total.unasked.blocks + total.taken_back.blocks + total.unsure.blocks;
                    prop_assert_eq!(known as usize, unasked);
                }
                Ok(())
            });
            assert!(holds.is_ok(), "{name}: {holds:?}");
        }
    }
}

#[test]
fn the_whole_exchange_is_what_the_connections_count() {
    for name in CAPTURES {
        let store = read(name);
        for torrent in torrents(&store) {
            let mut exchange = Exchange::new(torrent, Extent::Whole);
            while !exchange.step(&store, 100) {}
            let its = store.connections().iter();
            let its = its.filter(|it| exchange.roster().peers_of(it.id).is_some());
            let sides = its.flat_map(|it| {
                Side::BOTH.map(|side| it.facts(side).map_or(0, |facts| facts.payload_bytes))
            });
            assert_eq!(exchange.total().all.bytes, sides.sum::<u64>(), "{name}");
        }
    }
}
