//! The filter language over a recorded conversation, against the same question asked of its JSON.

mod captured;
mod decoding;

use captured::path;
use decoding::decoded;
use peerscope::capture::Reader;
use peerscope::export::{self, Format};
use peerscope::store::filter::Filter;
use peerscope::store::{EntryId, Store};
use serde_json::Value;

/// What is typed, and the same asked of a line of `messages --json`.
type Question = (&'static str, fn(&Value) -> bool);

const QUESTIONS: [Question; 25] = [
    ("type == request", |row| row["type"] == "request"),
    ("bittorrent.msg.type == 6", |row| row["type"] == "request"),
    ("choke or unchoke", |row| {
        row["type"] == "choke" || row["type"] == "unchoke"
    }),
    ("type == \"Not Interested\"", |row| {
        row["type"] == "not_interested"
    }),
    ("type in {have, have_all have_none}", |row| {
        row["type"].as_str().unwrap().starts_with("have")
    }),
    ("type matches \"^have\"", |row| {
        row["type"].as_str().unwrap().starts_with("have")
    }),
    ("type == piece and index in {3, 17..32}", |row| {
        row["type"] == "piece" && matches!(row["index"].as_u64(), Some(3 | 17..=32))
    }),
    ("index", |row| row.get("index").is_some()),
    ("not index", |row| row.get("index").is_none()),
    ("index != 3", |row| {
        row.get("index").is_some_and(|index| *index != 3)
    }),
    ("!(index == 3)", |row| row["index"] != 3),
    ("begin >= 0x4000 && length == 16384", |row| {
        row["begin"].as_u64() >= Some(0x4000) && row["length"] == 16384
    }),
    ("bittorrent.msg.length < 5", |row| {
        row["size"].as_u64().is_some_and(|size| size < 5)
    }),
    ("src == 10.77.0.1", |row| {
        row["src"].as_str().unwrap().starts_with("10.77.0.1:")
    }),
    ("ip.dst == 10.77.0.1", |row| {
        row["dst"].as_str().unwrap().starts_with("10.77.0.1:")
    }),
    ("addr == 10.77.0.2", |row| {
        ["src", "dst"]
            .iter()
            .any(|key| row[*key].as_str().unwrap().starts_with("10.77.0.2:"))
    }),
    ("src == 10.77.0.1:6881 or dst == 10.77.0.0/30", |row| {
        let dst = row["dst"].as_str().unwrap();
        row["src"] == "10.77.0.1:6881"
            || ["1:", "2:", "3:"]
                .iter()
                .any(|end| dst.starts_with(&format!("10.77.0.{end}")))
    }),
    ("ipv6.addr", |_| false),
    ("tcp.port == 6881", |row| {
        ["src", "dst"]
            .iter()
            .any(|key| row[*key].as_str().unwrap().ends_with(":6881"))
    }),
    ("tcp.stream == 2 and frame.number > 100", |row| {
        row["connection"] == 2 && row["frame"].as_u64() > Some(100)
    }),
    ("ext_name contains \"UT_\"", |row| {
        row["ext_name"]
            .as_str()
            .is_some_and(|name| name.contains("ut_"))
    }),
    ("ext_id == 0", |row| row["ext_id"] == 0),
    ("bittorrent.info_hash", |row| row["type"] == "handshake"),
    ("client matches \"libtorrent [0-9]\"", |_| true),
    ("faulty or resync", |row| row.get("bytes").is_some()),
];

fn store() -> Store {
    decoded(Reader::open(&path("choke_dance.pcap")).unwrap())
}

fn rows(store: &Store) -> Vec<Value> {
    let mut out = Vec::new();
    export::messages(store, EntryId(0), Format::Json, &mut out).unwrap();
    let lines = out
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

#[test]
fn each_question_is_answered_as_its_json_answers_it() {
    let store = store();
    let rows = rows(&store);
    for (text, is_so) in QUESTIONS {
        let filter: Filter = text.parse().unwrap();
        for (id, row) in (0..).map(EntryId).zip(&rows) {
            assert_eq!(filter.matches(&store, id), is_so(row), "{text}: {row}");
        }
    }
}

#[test]
fn a_value_in_the_place_of_a_field_is_refused() {
    assert!("\"not interested\" == type".parse::<Filter>().is_err());
}

#[test]
fn seconds_count_from_the_first_frame() {
    let store = store();
    let filter: Filter = "time >= 3.5 and time < 4".parse().unwrap();
    let start = store.tally().start.unwrap();
    for (id, entry) in store.entries(EntryId(0)) {
        let since = entry.time.since(start);
        let is_within = (3_500_000_000..4_000_000_000).contains(&since);
        assert_eq!(filter.matches(&store, id), is_within);
    }
}
