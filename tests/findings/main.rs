//! Each rule of the catalogue: a conversation that breaks it, one that just does not, and one that would if words were not
//! missing in the wrong place.

mod bytes;
#[path = "../captured/mod.rs"]
mod captured;
mod choking;
mod data;
#[path = "../decoding/mod.rs"]
mod decoding;
mod doubts;
mod exchange;
mod extensions;
mod growing;
mod healthy;
#[path = "../line/mod.rs"]
mod line;
mod metadata;
mod misbehaving;
mod opening;
mod pace;
#[path = "../packets/mod.rs"]
mod packets;
mod possession;
mod requests;
mod scene;
mod secrecy;
mod silence;
mod swarm;
mod transport;

mod capture;

use std::collections::BTreeSet;

use peerscope::findings::catalogue::RULES;

/// What is found: names of rules, each once.
type Found = BTreeSet<&'static str>;

/// A rule, thrice.
struct Case {
    /// Its name.
    rule: &'static str,
    /// It is broken here,
    breaks: fn() -> Found,
    /// and just not here,
    keeps: fn() -> Found,
    /// and here nobody can tell, because words are missing. Of a rule that tells of just that, what else is not it.
    doubts: fn() -> Found,
}

/// All families, in the order of the catalogue.
fn cases() -> impl Iterator<Item = &'static Case> {
    [
        opening::CASES,
        possession::CASES,
        requests::CASES,
        data::CASES,
        extensions::CASES,
        metadata::CASES,
        exchange::CASES,
        choking::CASES,
        silence::CASES,
        pace::CASES,
        swarm::CASES,
        transport::CASES,
        secrecy::CASES,
        bytes::CASES,
        capture::CASES,
    ]
    .into_iter()
    .flatten()
}

#[test]
fn each_rule_has_its_case() {
    let tested: BTreeSet<&str> = cases().map(|case| case.rule).collect();
    let known: BTreeSet<&str> = RULES.iter().map(|rule| rule.name).collect();
    assert_eq!(tested, known);
}

#[test]
fn a_broken_rule_is_found() {
    for case in cases() {
        let found = (case.breaks)();
        assert!(found.contains(case.rule), "{}: only {found:?}", case.rule);
    }
}

#[test]
fn a_rule_that_is_just_kept_is_not_found() {
    for case in cases() {
        let found = (case.keeps)();
        assert!(!found.contains(case.rule), "{}: {found:?}", case.rule);
    }
}

#[test]
fn where_words_are_missing_nobody_is_blamed() {
    for case in cases() {
        let found = (case.doubts)();
        assert!(!found.contains(case.rule), "{}: {found:?}", case.rule);
    }
}
