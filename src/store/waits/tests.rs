//! Figures against a slow replay.

use super::*;
use crate::store::told::{any_message, block, here, studied, time, told};
use crate::wire::Message;
use proptest::prelude::*;

use Side::{A, B};

/// As far as the ledger goes.
fn waits(store: &Store, ledger: &Ledger, known: u32) -> Waits {
    let mut waits = Waits::default();
    while waits.step(store, here(store), ledger, known) {}
    waits
}

fn figures(said: &[(Side, Message)], by: Side, entry: u32) -> Figures {
    let store = told(said.iter().cloned());
    let study = studied(&store);
    let waits = waits(&store, study.ledger(), study.known());
    let now = time(&store, entry);
    waits.figures(&store, here(&store), study.ledger(), by, (entry, now))
}

const SECOND: i64 = 1_000_000_000;

#[test]
fn what_waits_is_told_with_how_long() {
    let said = [
        (A, Message::Request(block(1))),
        (A, Message::Request(block(2))),
        (B, Message::Piece(block(2))),
    ];
    let figures = figures(&said, A, 2);
    assert_eq!((figures.open(), figures.most), (1, Some((2, 1))));
    assert_eq!(figures.oldest, Some((0, 2 * SECOND)));
    assert_eq!(figures.longest, figures.oldest);
}

#[test]
fn an_end_that_comes_later_is_not_known_before() {
    let said = [
        (A, Message::Request(block(1))),
        (A, Message::Request(block(2))),
        (B, Message::Piece(block(1))),
    ];
    assert_eq!(figures(&said, A, 1).open(), 2);
    assert_eq!(figures(&said, A, 2).served, 1);
    assert_eq!(figures(&said, B, 2), Figures::default());
}

#[test]
fn what_a_choke_dropped_had_waited_longest() {
    let said = [
        (A, Message::Request(block(1))),
        (A, Message::Request(block(2))),
        (B, Message::Choke),
        (A, Message::Request(block(3))),
        (B, Message::Piece(block(3))),
    ];
    let figures = figures(&said, A, 4);
    assert_eq!((figures.dropped, figures.served), (2, 1));
    assert_eq!(figures.longest, Some((0, 2 * SECOND)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn at_any_entry_the_figures_are_those_of_a_slow_replay(
        said in proptest::collection::vec((any::<bool>(), 0u8..20, 0u32..9), 1..1500),
        visits in proptest::collection::vec(any::<prop::sample::Index>(), 12),
    ) {
        let said: Vec<(Side, Message)> = said
            .into_iter()
            .map(|(from_b, kind, index)| (if from_b { B } else { A }, any_message(kind, index)))
            .collect();
        let store = told(said.iter().cloned());
        let study = studied(&store);
        let waits = waits(&store, study.ledger(), study.known());
        for visit in visits {
            let entry = visit.index(said.len()) as u32;
            for by in Side::BOTH {
                let now = time(&store, entry);
                let found = waits.figures(&store, here(&store), study.ledger(), by, (entry, now));
                prop_assert_eq!(found, slow(&said, by, entry));
                prop_assert_eq!(found.open(), study.in_flight(by, entry));
            }
        }
    }
}

/// The ledger of the messages up to an entry, which knows nothing of the later ones.
fn slow(said: &[(Side, Message)], by: Side, entry: u32) -> Figures {
    let (mut ledger, mut most) = (Ledger::default(), None);
    for (at, (side, message)) in (0..=entry).zip(said) {
        ledger.apply(*side, message, at);
        let open = ledger.waiting(by);
        if most.is_none_or(|(most, _)| open > most) && open > 0 {
            most = Some((open, at));
        }
    }
    let at = |entry: u32| Timestamp::from_parts(u64::from(entry), 0);
    let unasked = ledger.unasked().iter();
    let unasked = unasked.filter(|it| said[**it as usize].0 != by).count() as u32;
    let mut figures = Figures {
        unasked,
        most,
        ..Figures::default()
    };
    for (number, asked) in ledger.asked().enumerate().filter(|(_, it)| it.by == by) {
        figures.asked += 1;
        match asked.fate {
            Fate::Served(_) => figures.served += 1,
            Fate::Rejected(_) => figures.rejected += 1,
            Fate::Cancelled(_) => figures.cancelled += 1,
            Fate::Dropped(_) => figures.dropped += 1,
            Fate::Open | Fate::Unanswered => {}
        }
        let waited = asked
            .latency(at)
            .unwrap_or_else(|| at(entry).since(at(asked.entry)));
        if asked.fate == Fate::Open && figures.oldest.is_none() {
            figures.oldest = Some((number, waited));
        }
        // Of those that waited alike it is the one that ended first.
        let end = |it: usize| ledger.get(it).fate.entry().unwrap_or(u32::MAX);
        if figures
            .longest
            .is_none_or(|(other, most)| (waited, end(other)) > (most, end(number)))
        {
            figures.longest = Some((number, waited));
        }
    }
    let served = ledger
        .asked()
        .filter(|it| it.by == by && matches!(it.fate, Fate::Served(_)));
    let mut latencies: Vec<i64> = served.filter_map(|it| it.latency(at)).collect();
    latencies.sort_unstable();
    let percentile = |percent| latencies[((latencies.len() - 1) * percent + 50) / 100];
    figures.latency = (!latencies.is_empty()).then(|| [0, 50, 90, 99, 100].map(percentile));
    figures
}

#[test]
fn the_depth_of_some_entries_is_the_greatest_among_them() {
    let mut said: Vec<(Side, Message)> =
        (0..40).map(|it| (A, Message::Request(block(it)))).collect();
    said.extend((0..40).map(|it| (B, Message::Piece(block(it)))));
    let store = told(said);
    let study = studied(&store);
    let waits = waits(&store, study.ledger(), study.known());
    assert_eq!(
        [0..16, 0..80, 64..80].map(|it| waits.depth(A, it)),
        [16, 40, 15]
    );
    assert_eq!(waits.depth(B, 0..80), 0);
}
