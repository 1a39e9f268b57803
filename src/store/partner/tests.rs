//! Which messages belong together.

use super::*;
use crate::store::told::{any_message, block, hello, here, studied, told};
use Side::{A, B};
use proptest::prelude::*;

/// The partners of all entries; `.` is none.
fn partners(said: &[(Side, Message)]) -> String {
    let store = told(said.iter().cloned());
    let study = studied(&store);
    let all = (0..said.len() as u32).map(|at| partner(&store, &study, here(&store), at));
    let words = all.map(|it| it.map_or_else(|| ".".to_owned(), |it| it.to_string()));
    words.collect::<Vec<_>>().join(" ")
}

/// Behind both handshakes, which are the entries 0 and 1.
fn behind_hellos(said: &[(Side, Message)]) -> String {
    let hellos = [(A, hello(true)), (B, hello(true))];
    partners(&[&hellos, said].concat())
}

#[test]
fn handshakes_belong_together() {
    assert_eq!(behind_hellos(&[]), "1 0");
    assert_eq!(
        partners(&[(A, hello(true)), (A, Message::Interested)]),
        ". ."
    );
}

#[test]
fn a_request_belongs_to_what_ended_it() {
    let said = [
        (A, Message::Request(block(1))),
        (A, Message::Request(block(2))),
        (B, Message::Reject(block(2))),
        (B, Message::Piece(block(1))),
    ];
    assert_eq!(partners(&said), "3 2 1 0");
}

#[test]
fn an_unchoke_belongs_to_the_interest_that_it_grants() {
    let said = [
        (A, Message::Interested),
        (B, Message::Have(block(1).index)),
        (B, Message::Unchoke),
    ];
    assert_eq!(behind_hellos(&said), "1 0 4 . 2");
}

#[test]
fn interest_that_nobody_granted_belongs_to_its_end() {
    let said = [
        (A, Message::Interested),
        (A, Message::NotInterested),
        (B, Message::Unchoke),
    ];
    assert_eq!(behind_hellos(&said), "1 0 3 2 .");
}

#[test]
fn a_choke_belongs_to_the_unchoke_behind_it_or_else_before_it() {
    let said = [
        (A, Message::Interested),
        (B, Message::Unchoke),
        (B, Message::Choke),
        (B, Message::Unchoke),
        (B, Message::Choke),
    ];
    assert_eq!(behind_hellos(&said), "1 0 3 2 5 4 5");
}

#[test]
fn of_the_other_direction_nothing_is_taken() {
    let said = [
        (A, Message::Interested),
        (B, Message::Interested),
        (A, Message::Unchoke),
        (B, Message::Unchoke),
    ];
    assert_eq!(behind_hellos(&said), "1 0 5 4 3 2");
}

#[test]
fn in_the_middle_of_a_conversation_chokes_are_paired_by_their_order() {
    let said = [
        (B, Message::Choke),
        (A, Message::KeepAlive),
        (B, Message::Unchoke),
        (B, Message::Choke),
    ];
    assert_eq!(partners(&said), "2 . 0 2");
}

#[test]
fn hashes_belong_to_the_request_of_the_same_range() {
    let range = |index| HashRange {
        root: [7; 32],
        base: 0,
        index,
        length: 2,
        proof: 3,
    };
    let said = [
        (A, Message::HashRequest(range(0))),
        (A, Message::HashRequest(range(2))),
        (B, Message::HashReject(range(2))),
        (B, Message::Hashes(range(0))),
        (B, Message::Hashes(range(0))),
    ];
    assert_eq!(partners(&said), "3 2 1 0 .");
}

#[test]
fn metadata_belongs_to_the_request_of_the_same_block() {
    let named = |id: u8| Message::Extended {
        id: 0,
        payload: format!("d1:md11:ut_metadatai{id}eee").into_bytes().into(),
    };
    let said = |id, msg_type: u8, piece: u8| Message::Extended {
        id,
        payload: format!("d8:msg_typei{msg_type}e5:piecei{piece}e10:total_sizei9ee")
            .into_bytes()
            .into(),
    };
    let said = [
        (A, named(3)),
        (B, named(5)),
        (A, said(5, 0, 0)),
        (A, said(5, 0, 1)),
        (B, said(3, 1, 0)),
        (B, said(3, 2, 1)),
    ];
    assert_eq!(partners(&said), "1 0 4 5 2 3");
}

#[test]
fn the_delay_is_told_of_the_later_of_the_two() {
    let store = told([
        (A, Message::Request(block(1))),
        (A, Message::KeepAlive),
        (B, Message::Piece(block(1))),
    ]);
    let study = studied(&store);
    let delta = |at| delta_to_partner(&store, &study, here(&store), at);
    assert_eq!([0, 1, 2].map(delta), [None, None, Some(2_000_000_000)]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn who_is_a_partner_has_this_partner_or_one_of_its_own_kind(
        said in proptest::collection::vec((any::<bool>(), 0u8..20, 0u32..4), 1..200),
    ) {
        let store = told(said.into_iter().map(|(from_b, kind, index)| {
            (if from_b { B } else { A }, any_message(kind, index))
        }));
        let study = studied(&store);
        let kind = |at: u32| store.entry(here(&store).entries()[at as usize]).kind();
        for at in 0..store.len() as u32 {
            let Some(other) = partner(&store, &study, here(&store), at) else { continue };
            let back = partner(&store, &study, here(&store), other);
            let is_pair = back == Some(at);
            // Several requests can be dropped by one choke; a choke and a lost interest lead on to what was granted.
            let may_lead_on = matches!(kind(at), Kind::Choke | Kind::NotInterested | Kind::Interested | Kind::Unchoke | Kind::Handshake)
                || kind(other) == Kind::Choke;
            prop_assert!(is_pair || may_lead_on, "{at} {:?} -> {other} {:?} -> {back:?}", kind(at), kind(other));
        }
    }

    #[test]
    fn interest_and_the_unchoke_that_grants_it_find_each_other(
        said in proptest::collection::vec((any::<bool>(), 0u8..4), 1..200),
    ) {
        let hellos = [(A, hello(true)), (B, hello(true))].into_iter();
        let store = told(hellos.chain(said.into_iter().map(|(from_b, kind)| {
            (if from_b { B } else { A }, any_message(kind, 0))
        })));
        let study = studied(&store);
        let entry = |at: u32| store.entry(here(&store).entries()[at as usize]);
        let mut wanted: [Option<u32>; 2] = [None; 2];
        let mut serves = [false; 2];
        for at in 2..store.len() as u32 {
            let (side, kind) = (entry(at).side(), entry(at).kind());
            let (own, other) = (side.index(), (!side).index());
            match kind {
                Kind::Interested if wanted[own].is_none() => wanted[own] = Some(at),
                Kind::NotInterested => wanted[own] = None,
                Kind::Choke => serves[own] = false,
                Kind::Unchoke => {
                    // The first that grants it, unless it was granted before and taken back.
                    let asked = wanted[other].filter(|_| !serves[own]);
                    let chokes = (asked.unwrap_or(at)..at).any(|it| (entry(it).side(), entry(it).kind()) == (side, Kind::Choke));
                    let served = asked.is_some_and(|it| partner(&store, &study, here(&store), it).is_some_and(|granted| granted < at));
                    if let Some(asked) = asked.filter(|_| !chokes && !served) {
                        prop_assert_eq!(partner(&store, &study, here(&store), at), Some(asked));
                        prop_assert_eq!(partner(&store, &study, here(&store), asked), Some(at));
                    }
                    serves[own] = true;
                }
                _ => {}
            }
        }
    }
}
