//! What extended messages say, on captures of real clients and of one that lies.

mod captured;
mod decoding;

use captured::path;
use decoding::decoded;
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::store::{EntryId, Store, read_raw};
use peerscope::view::nodes;
use peerscope::wire::Kind;
use peerscope::wire::bencode::{self, Value};
use serde_json::Value as Json;

const CAPTURES: [&str; 5] = [
    "choke_dance.pcap",
    "v2_hybrid.pcap",
    "tcp_lossy.pcap",
    "ipv6_vlan.pcapng",
    "misbehaving.pcap",
];

fn source(name: &str) -> Source {
    Source::open(&path(name)).unwrap()
}

fn store(name: &str) -> Store {
    decoded(Reader::open(&path(name)).unwrap())
}

/// The lines of `messages --json` that are extended messages.
fn extended(name: &str) -> Vec<Json> {
    let mut out = Vec::new();
    export::messages(&store(name), EntryId(0), Format::Json, &mut out).unwrap();
    let lines = String::from_utf8(out).unwrap();
    let rows = lines
        .lines()
        .map(|line| serde_json::from_str(line).unwrap());
    rows.filter(|row: &Json| row["type"] == "extended")
        .collect()
}

#[test]
fn every_extended_message_has_a_body() {
    for name in CAPTURES {
        for row in extended(name) {
            let body = row["body"].as_object();
            let is_read =
                body.is_some_and(|body| !body.is_empty() && !body.contains_key("not_kept"));
            assert!(is_read || row["malformed"].is_string(), "{name}: {row}");
        }
    }
}

#[test]
fn clients_that_keep_to_the_beps_make_no_fault() {
    for name in &CAPTURES[..4] {
        for row in extended(name) {
            assert!(row["body"]["faults"].is_null(), "{name}: {row}");
            assert!(row["ext_name"].is_string(), "{name}: {row}");
        }
    }
}

#[test]
fn an_extended_handshake_has_the_numbers_of_its_dictionary() {
    for name in &CAPTURES[..4] {
        let wire = path(name).with_extension("wire.jsonl");
        let wire = std::fs::read_to_string(wire).unwrap();
        let theirs = wire
            .lines()
            .map(|line| serde_json::from_str::<Json>(line).unwrap());
        let mut theirs: Vec<Json> = theirs.filter(|row| row["dict"].is_string()).collect();
        let mut ours = extended(name);
        ours.retain(|row| row["ext_name"] == "handshake");
        let place = |row: &Json| (row["frame"].as_u64(), row["src"].to_string());
        theirs.sort_by_key(place);
        ours.sort_by_key(place);
        assert_eq!(ours.len(), theirs.len(), "{name}");
        for (ours, theirs) in ours.iter().zip(&theirs) {
            assert_eq!(place(ours), place(theirs));
            agree(&ours["body"], theirs["dict"].as_str().unwrap());
        }
    }
}

/// Each number of a dictionary stands in a body, and each key has a value there.
fn agree(body: &Json, dict: &str) {
    // The reference decoder writes a byte as a character.
    let text: Vec<u8> = dict.chars().map(|char| char as u8).collect();
    let Value::Dict(entries) = bencode::parse(&text).root.unwrap().value else {
        panic!("{dict}")
    };
    for (key, node) in entries {
        let value = &body[std::str::from_utf8(&text[key]).unwrap()];
        assert!(!value.is_null(), "{body} lacks a key of {dict}");
        assert!(
            node.int().is_none_or(|number| *value == number),
            "{body}, {dict}"
        );
    }
}

#[test]
fn every_field_lies_within_its_message() {
    for name in CAPTURES {
        let (store, source) = (store(name), source(name));
        for (id, entry) in store.entries(EntryId(0)).filter(|(id, _)| id.0 < 400) {
            let raw = read_raw(&store, &source, id).unwrap();
            let nodes = nodes(&store, id, &raw);
            let ranges = nodes.iter().filter_map(|node| node.range.clone());
            for range in ranges {
                let is_inside = range.start <= range.end && range.end <= raw.bytes.len();
                assert!(is_inside, "{name} {id:?}: {nodes:?}");
            }
            let is_told = entry.kind() != Kind::Extended || entry.is_faulty() || nodes.len() > 8;
            assert!(is_told, "{name} {id:?}: {nodes:?}");
        }
    }
}

#[test]
fn hashes_are_counted_and_listed() {
    let store = store("v2_hybrid.pcap");
    let mut entries = store.entries(EntryId(0));
    let (id, _) = entries
        .find(|(_, entry)| entry.kind() == Kind::Hashes)
        .unwrap();
    let raw = read_raw(&store, &source("v2_hybrid.pcap"), id).unwrap();
    let nodes = nodes(&store, id, &raw);
    let hashes = nodes.iter().filter(|node| {
        let range = node.range.clone().unwrap_or_default();
        node.depth == 2 && range.len() == 32
    });
    let mut out = Vec::new();
    export::messages(&store, id, Format::Json, &mut out).unwrap();
    let row: Json = serde_json::Deserializer::from_slice(&out)
        .into_iter()
        .next()
        .unwrap()
        .unwrap();
    assert_eq!(row["hashes"], hashes.count());
    assert!(row["hashes"].as_u64() > Some(1), "{row}");
}
