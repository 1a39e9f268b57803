//! Two peers that break rules on purpose: at each step what a reader should say, and nothing where nothing is wrong.

use std::fs;
use std::ops::Range;

use peerscope::capture::Reader;
use peerscope::findings::{Finding, Findings, Severity};
use peerscope::store::{Connection, Store};
use serde_json::Value;

use crate::captured::path;
use crate::decoding::decoded;

/// The kinds of the list, and our rules: any of them will do.
const RULES: [(&str, &[&str]); 38] = [
    ("bitfield_not_first", &["bitfield-late"]),
    ("bitfield_repeated", &["bitfield-repeated"]),
    ("bitfield_spare_bits", &["bitfield-spare-bits"]),
    (
        "bitfield_wrong_length",
        &["bitfield-short", "bitfield-long"],
    ),
    ("cancel_unrequested", &["cancel-unknown"]),
    ("connection_reset", &["connection-reset"]),
    ("donthave_out_of_range", &["donthave-out-of-range"]),
    (
        "extended_bencode_malformed",
        &["extended-handshake-bad", "bencode-noncanonical"],
    ),
    (
        "extended_bencode_malformed_or_too_deep",
        &["extended-handshake-bad"],
    ),
    ("extended_bencode_not_canonical", &["bencode-noncanonical"]),
    ("extended_trailing_bytes", &["extended-handshake-bad"]),
    ("extended_unexpected_type", &["type-surprise"]),
    (
        "extended_unexpected_value",
        &["extended-id-invalid", "type-surprise"],
    ),
    ("extended_unknown_id", &["extended-id-unknown"]),
    ("handshake_incomplete", &["handshake-partial"]),
    ("handshake_infohash_mismatch", &["info-hash-mismatch"]),
    ("handshake_wrong_pstr", &["bad-protocol-string"]),
    ("have_all_not_first", &["bitfield-late"]),
    ("have_out_of_range", &["have-out-of-range"]),
    ("have_repeated", &["have-redundant"]),
    ("message_incomplete", &["message-incomplete"]),
    ("message_length_absurd", &["framing-lost"]),
    (
        "message_length_absurd_or_incomplete",
        &["framing-lost", "message-incomplete"],
    ),
    ("message_too_short", &["message-length-wrong"]),
    ("metadata_unrequested", &["metadata-unrequested"]),
    ("not_bittorrent", &["not-bittorrent"]),
    ("pex_bad_length", &["pex-uneven"]),
    ("piece_length_differs", &["piece-short"]),
    ("piece_unrequested", &["piece-unrequested"]),
    ("request_empty", &["request-zero-length"]),
    ("request_index_out_of_range", &["request-out-of-range"]),
    // Nobody says how long a piece is.
    (
        "request_past_end_of_piece",
        &["request-out-of-range", "request-unaligned"],
    ),
    ("request_too_large", &["request-oversized"]),
    ("request_while_choked", &["request-while-choked"]),
    ("stream_lost", &["framing-lost"]),
    (
        "text_must_be_escaped",
        &["name-control-chars", "name-too-long"],
    ),
    ("unknown_message_id", &["unknown-message-id"]),
    ("wrong_message_length", &["message-length-wrong"]),
];

#[test]
fn each_step_is_told_as_it_should_be() {
    let missed: Vec<String> = steps().iter().flat_map(Step::missed).collect();
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn where_nothing_is_wrong_no_error_is_told() {
    for step in steps().iter().filter(|step| step.expected.is_empty()) {
        let errors = step
            .found
            .iter()
            .filter(|it| it.severity == Severity::Error);
        let errors: Vec<&Finding> = errors.collect();
        assert!(errors.is_empty(), "{}: {errors:#?}", step.note);
    }
}

/// A step and what is told of it.
struct Step {
    note: String,
    expected: Vec<String>,
    found: Vec<Finding>,
}

impl Step {
    /// What should have been told, and was not.
    fn missed(&self) -> impl Iterator<Item = String> {
        let missed = self.expected.iter().filter(|kind| !self.is_told(kind));
        missed.map(|kind| {
            let found: Vec<&str> = self.found.iter().map(|it| it.code.name()).collect();
            format!("{}: {kind} is not among {found:?}", self.note)
        })
    }

    fn is_told(&self, kind: &str) -> bool {
        let rules = RULES.iter().find(|(known, _)| *known == kind);
        let (_, rules) = rules.unwrap_or_else(|| panic!("{kind} has no rule"));
        let mut found = self.found.iter();
        found.any(|it| rules.contains(&it.code.name()))
    }
}

fn steps() -> Vec<Step> {
    let store = decoded(Reader::open(&path("misbehaving.pcap")).unwrap());
    let findings = Findings::of(&store);
    let expected = expected();
    let connections = store.connections().iter().zip(&expected);
    connections
        .flat_map(|(connection, expected)| of_connection(&store, &findings, connection, expected))
        .collect()
}

fn of_connection(
    store: &Store,
    findings: &Findings,
    connection: &Connection,
    expected: &Value,
) -> Vec<Step> {
    let steps = expected["steps"].as_array().unwrap();
    let frame = |step: &Value| step["frame"].as_u64().unwrap() as u32;
    let behind = steps.iter().skip(1).map(frame).chain([u32::MAX]);
    let steps = steps.iter().zip(behind).map(|(step, next)| {
        let frames = frame(step)..next;
        let of = findings.all().iter().filter(|finding| {
            let src = finding.side.map(|side| connection.end(side).to_string());
            finding.connection == Some(connection.id)
                && src.is_none_or(|src| step["src"] == src.as_str())
                && is_in(store, finding, &frames)
        });
        Step {
            note: format!("#{} {} {}", connection.id, step["n"], step["note"]),
            expected: serde_json::from_value(step["expect"].clone()).unwrap(),
            found: of.cloned().collect(),
        }
    });
    steps.collect()
}

/// Does it stand at a message that begins in these frames? Where it stands at none, its own frame counts.
fn is_in(store: &Store, finding: &Finding, frames: &Range<u32>) -> bool {
    let spot = finding.spot;
    let first = spot.entry.map(|id| store.entry(id).first_frame);
    frames.contains(&first.unwrap_or(spot.frame).0)
}

fn expected() -> Vec<Value> {
    let file = fs::read(path("misbehaving.expected.json")).unwrap();
    let mut expected: Value = serde_json::from_slice(&file).unwrap();
    serde_json::from_value(expected["connections"].take()).unwrap()
}
