//! Connections over uTP in what programs read, in filters, and in what is copied.

mod decoding;
mod over_utp;

use std::collections::BTreeSet;

use decoding::decoded;
use over_utp::{attempts, store};
use peerscope::capture::{Reader, Source};
use peerscope::export::save::{Saving, Step, Wanted};
use peerscope::export::{self, Copied, Field, Format, copied};
use peerscope::store::filter::{Filter, complete};
use peerscope::store::{EntryId, Raw, Store};
use peerscope::stream::ConnectionId;
use peerscope::view::nodes;
use peerscope::wire::Kind;
use serde_json::{Value, json};

/// Connections with a message that a filter lets pass.
fn matching(store: &Store, filter: &str) -> Vec<u32> {
    let filter: Filter = filter.parse().unwrap();
    let ids = store.entries(EntryId(0));
    let found = ids.filter(|(id, _)| filter.matches(store, *id));
    let mut numbers: Vec<u32> = found.map(|(_, entry)| entry.connection.0).collect();
    numbers.sort_unstable();
    numbers.dedup();
    numbers
}

fn rows(store: &Store) -> Vec<Value> {
    let mut out = Vec::new();
    export::connections(store, Format::Json, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines = text.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// These keys of a connection; null for those that it does not have.
fn keys(row: &Value, keys: &[&str]) -> Value {
    keys.iter().map(|key| row[*key].clone()).collect()
}

#[test]
fn a_transport_is_a_field_and_a_word_alone() {
    let store = store();
    assert_eq!(matching(&store, "transport == utp"), [0, 4, 5, 6]);
    assert_eq!(matching(&store, "transport == tcp"), [1, 3]);
    for filter in ["utp", "udp", "bt-utp", "not tcp", "transport != tcp"] {
        assert_eq!(matching(&store, filter), [0, 4, 5, 6], "{filter}");
    }
}

#[test]
fn a_message_has_no_port_of_the_other_transport() {
    let store = store();
    assert_eq!(matching(&store, "tcp.port == 6881"), [1, 3]);
    assert_eq!(matching(&store, "udp.port == 6881"), [0, 4, 5, 6]);
    assert_eq!(matching(&store, "udp.srcport == 40002"), [5]);
    assert_eq!(matching(&store, "udp.dstport == 40002"), [5]);
    for filter in [
        "tcp.srcport != 1 and utp",
        "tcp.stream and utp",
        "udp.dstport and tcp",
        "bt-utp.connection_id and tcp",
    ] {
        assert_eq!(matching(&store, filter), [0; 0], "{filter}");
    }
}

#[test]
fn an_id_is_that_of_the_senders_packets() {
    let store = store();
    let interested = "bt-utp.connection_id == 47509 and interested";
    assert_eq!(matching(&store, interested), [0]);
    assert_eq!(matching(&store, "bt-utp.connection_id == 47508"), [0]);
    assert!(matching(&store, "bt-utp.connection_id == 47508 and interested").is_empty());
}

#[test]
fn streams_of_tcp_have_the_numbers_that_wireshark_gives_them() {
    let store = store();
    assert_eq!(matching(&store, "tcp.stream == 0"), [1]);
    assert_eq!(matching(&store, "tcp.stream == 1"), [3]);
    assert_eq!(matching(&store, "connection == 4"), [4]);
}

#[test]
fn names_of_utp_are_offered_as_they_are_typed() {
    let offered = |text| complete(text).into_iter().map(|it| it.word);
    assert_eq!(
        offered("bt").collect::<Vec<_>>(),
        ["bt-utp", "bt-utp.connection_id"]
    );
    assert_eq!(offered("transport == ").collect::<Vec<_>>(), ["tcp", "utp"]);
}

#[test]
fn a_connection_says_what_carries_it_and_why_it_ended() {
    let rows = rows(&store());
    let wanted = ["transport", "utp_id", "close_reason", "close_reason_name"];
    assert_eq!(
        keys(&rows[0], &wanted),
        json!(["utp", 47508, 6, "upload to upload"])
    );
    assert_eq!(keys(&rows[1], &wanted), json!(["tcp", null, null, null]));
    assert!(rows[1].get("utp_id").is_none());
    assert_eq!(rows[0]["dst_side"]["gap_packets"], 3);
    assert!(rows[0]["src_side"].get("gap_packets").is_none());
}

#[test]
fn connections_that_stand_for_each_other_name_each_other() {
    let rows = rows(&store());
    assert_eq!(keys(&rows[2], &["then_tcp", "after_utp"]), json!([3, null]));
    assert_eq!(keys(&rows[3], &["then_tcp", "after_utp"]), json!([null, 2]));
    assert_eq!(
        keys(&rows[4], &["goes_on_as", "continues"]),
        json!([5, null])
    );
    assert_eq!(
        keys(&rows[5], &["goes_on_as", "continues"]),
        json!([null, 4])
    );
    let others = [0, 1, 6, 7].iter();
    let has_any = |at: &usize| {
        let row = rows[*at].as_object().unwrap();
        ["then_tcp", "after_utp", "goes_on_as", "continues"]
            .iter()
            .any(|key| row.contains_key(*key))
    };
    assert!(!others.clone().any(has_any));
}

#[test]
fn the_text_says_it_in_words() {
    let store = store();
    let mut out = Vec::new();
    export::connections(&store, Format::Text, &mut out).unwrap();
    insta::assert_snapshot!(String::from_utf8(out).unwrap());
}

#[test]
fn messages_say_what_carries_them() {
    let store = store();
    let mut out = Vec::new();
    export::messages(&store, EntryId(0), Format::Json, &mut out).unwrap();
    let text = String::from_utf8(out).unwrap();
    let lines: Vec<Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let is_utp = |line: &Value| [0, 4, 5, 6].contains(&line["connection"].as_u64().unwrap());
    assert!(
        lines
            .iter()
            .all(|it| it["transport"] == if is_utp(it) { "utp" } else { "tcp" })
    );
}

#[test]
fn a_message_over_utp_is_copied_as_a_filter_of_its_datagrams() {
    let store = store();
    let of = |connection: u32| {
        let mut entries = store.connection(ConnectionId(connection)).entries().iter();
        let is_request = |id: &&EntryId| store.entry(**id).kind() == Kind::Request;
        *entries.find(is_request).unwrap()
    };
    let direction =
        "ip.src == 10.0.0.1 && udp.srcport == 6881 && ip.dst == 10.0.0.2 && udp.dstport == 6881";
    let frame = store.entry(of(0)).frame;
    assert_eq!(
        copied(&store, of(0), None, None, Copied::Filter).unwrap(),
        format!("frame.number == {frame} && {direction}")
    );
    let mut raw = Raw::default();
    raw.bytes = vec![0, 0, 0, 13, 6];
    let field = Field {
        name: "id",
        value: "6",
        range: Some(4..5),
    };
    assert_eq!(
        copied(&store, of(0), Some(&raw), Some(&field), Copied::Filter).unwrap(),
        format!("{direction} && bt-utp.connection_id == 47509 && bittorrent.msg.type == 6")
    );
    let tcp = copied(&store, of(1), None, None, Copied::Filter).unwrap();
    assert!(
        tcp.contains("tcp.srcport == 40001") && !tcp.contains("utp"),
        "{tcp}"
    );
}

#[test]
fn a_diagram_names_the_transport() {
    let store = store();
    let sides = |id| {
        let connection = store.connection(ConnectionId(id));
        export::sides(connection, peerscope::stream::Side::BOTH)
    };
    assert_eq!(sides(0)[0], "A 10.0.0.1:6881 qBittorrent 5.0.4, uTP");
    assert_eq!(sides(1)[0], "A 10.0.0.1:40001 qBittorrent 5.0.4");
}

#[test]
fn the_fields_of_a_message_say_on_what_it_came() {
    let store = store();
    let of = |connection| {
        let id = store.connection(ConnectionId(connection)).entries()[0];
        let nodes = nodes(&store, id, &Raw::default()).into_iter();
        let mut nodes = nodes.filter(|node| {
            ["uTP      ", "TCP      "]
                .iter()
                .any(|it| node.text.starts_with(it))
        });
        nodes.next().map(|node| (node.text, node.filter.unwrap()))
    };
    let (text, filter) = of(0).unwrap();
    assert_eq!(text, "uTP      10.0.0.1:6881 to 10.0.0.2:6881, id 47509");
    assert_eq!(matching(&store, &filter), [0]);
    assert_eq!(
        of(1).unwrap().0,
        "TCP      10.0.0.1:40001 to 10.0.0.2:6881, seq 0"
    );
}

/// The capture in which two peers are tried over uTP first.
fn tried() -> (Store, Source) {
    let source = Source::Memory(attempts::capture().leak());
    let reader = Reader::new(source.clone(), "tried.pcap").unwrap();
    (decoded(reader), source)
}

#[test]
fn who_tries_utp_and_then_tcp_is_followed_from_one_to_the_other() {
    let rows = rows(&tried().0);
    let wanted = ["transport", "closed_by", "then_tcp", "after_utp"];
    let told: Vec<Value> = rows.iter().map(|row| keys(row, &wanted)).collect();
    assert_eq!(
        told,
        [
            json!(["utp", "none", 2, null]),
            json!(["utp", "rst", 3, null]),
            json!(["tcp", "none", null, 0]),
            json!(["tcp", "none", null, 1]),
        ]
    );
}

#[test]
fn a_connection_over_utp_is_saved_without_its_neighbours() {
    let (store, source) = tried();
    for (connection, frames) in [(0, 2), (1, 3), (2, 4)] {
        let wanted = Wanted {
            connections: Some(BTreeSet::from([ConnectionId(connection)])),
            ..Wanted::default()
        };
        let mut saving = Saving::new(&store, &source, wanted, Vec::new()).unwrap();
        while saving.step(&store, 5).unwrap() != Step::Done {}
        let (file, saved) = saving.finish().unwrap();
        assert_eq!(saved.frames, frames, "#{connection}");
        let again = decoded(Reader::new(Source::Memory(file.leak()), "saved").unwrap());
        let of = |store: &Store, at: usize| {
            let connection = &store.connections()[at];
            (connection.transport, connection.activity.clone().closed)
        };
        assert_eq!(again.connections().len(), 1);
        assert_eq!(of(&again, 0), of(&store, connection as usize));
    }
}
