//! What is found does not depend on how the record came.

use peerscope::capture::Reader;
use peerscope::findings::{Finding, Findings};
use peerscope::pipeline::Pipeline;
use peerscope::store::Store;

use crate::captured::path;
use crate::decoding::decoded;

const CAPTURES: [&str; 4] = [
    "choke_dance.pcap",
    "misbehaving.pcap",
    "utp_only.pcap",
    "v2_hybrid.pcap",
];

fn at_once(name: &str) -> Vec<Finding> {
    let store = decoded(Reader::open(&path(name)).unwrap());
    Findings::of(&store).all().to_vec()
}

#[test]
fn judged_in_slices_it_is_the_same() {
    for name in CAPTURES {
        let store = decoded(Reader::open(&path(name)).unwrap());
        for slice in [1, 7, 1000] {
            let mut findings = Findings::default();
            while !findings.step(&store, slice) {}
            while !findings.conclude_some(&store, slice) {}
            assert_eq!(findings.all(), at_once(name), "{name} by {slice}");
        }
    }
}

#[test]
fn judged_while_it_grows_and_once_more_when_it_grew_behind_its_end_it_is_the_same() {
    for name in CAPTURES {
        let mut pipeline = Pipeline::new(Reader::open(&path(name)).unwrap());
        let (mut store, mut changes) = (Store::default(), Vec::new());
        let mut findings = Findings::default();
        while !pipeline.step(&mut changes).is_done {}
        for (at, change) in changes.drain(..).enumerate() {
            store.apply(change);
            findings.step(&store, 3);
            if at == 400 {
                findings.conclude(&store);
            }
        }
        while !findings.step(&store, 100) {}
        findings.conclude(&store);
        assert_eq!(findings.all(), at_once(name), "{name}");
    }
}

#[test]
fn a_second_conclusion_finds_nothing_more() {
    let store = decoded(Reader::open(&path("misbehaving.pcap")).unwrap());
    let mut findings = Findings::of(&store);
    let before = findings.counts();
    findings.conclude(&store);
    assert_eq!(findings.counts(), before);
}
