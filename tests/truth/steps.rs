//! Two hand-written peers that break the rules one by one.

use std::fs;

use peerscope::store::{Connection, Entry, Store};
use peerscope::stream::Side;
use serde_json::Value;

use super::{captures, store};

/// The steps of a connection, in the order in which they were sent.
fn steps(connection: &Value) -> &[Value] {
    connection["steps"].as_array().unwrap()
}

#[test]
fn every_step_is_shown() {
    let (store, expected) = (store("misbehaving"), expected());
    for (shown, connection) in store.connections().iter().zip(&expected) {
        for step in steps(connection) {
            assert!(
                entries(&store, shown).any(|entry| is_of(shown, entry, step)),
                "{step}"
            );
        }
    }
}

#[test]
fn every_byte_of_every_step_is_in_the_record() {
    let (store, expected) = (store("misbehaving"), expected());
    for (shown, connection) in store.connections().iter().zip(&expected) {
        for side in Side::BOTH {
            let end = shown.end(side).to_string();
            let sent = steps(connection)
                .iter()
                .filter(|step| step["src"] == end.as_str());
            let sent: u64 = sent.map(|step| step["bytes"].as_u64().unwrap()).sum();
            let told = entries(&store, shown).filter(|entry| entry.side() == side);
            assert_eq!(told.map(Entry::wire_len).sum::<u64>(), sent, "{end}");
        }
    }
}

fn expected() -> Vec<Value> {
    let file = fs::read(captures().join("misbehaving.expected.json")).unwrap();
    let mut expected: Value = serde_json::from_slice(&file).unwrap();
    serde_json::from_value(expected["connections"].take()).unwrap()
}

fn entries<'a>(store: &'a Store, connection: &'a Connection) -> impl Iterator<Item = &'a Entry> {
    connection.entries().iter().map(|id| store.entry(*id))
}

/// Did the frame of the step bring any of the entry, and did the same peer send it?
fn is_of(connection: &Connection, entry: &Entry, step: &Value) -> bool {
    let frames = u64::from(entry.first_frame.0)..=u64::from(entry.frame.0);
    let src = connection.end(entry.side()).to_string();
    frames.contains(&step["frame"].as_u64().unwrap()) && step["src"] == src.as_str()
}
