//! Bytes that were sent twice with two contents, from the file to what is printed.

mod decoding;
mod packets;

use std::io::Write;
use std::sync::Arc;

use decoding::decoded;
use packets::{ACK, End, FIN, Pcap, SYN, Segment};
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::store::{self, EntryId, Store};
use peerscope::stream::MAX_HELD_SEGMENTS;
use peerscope::wire::Kind;
use serde_json::Value;

#[test]
fn a_retransmission_with_other_bytes_is_a_row_and_the_first_bytes_are_decoded() {
    let mut scene = Scene::begun();
    let have = b"\0\0\0\x05\x04\0\0\0\x07";
    scene.send(168, have).send(168, b"\0\0\0\x05\x04\0\0\0\x09");
    let (store, source) = scene.end();
    assert_eq!(kinds(&store), ["handshake", "have", "conflict"]);
    let rows = rows(&store);
    assert_eq!(
        (rows[1]["index"].as_u64(), rows[2]["bytes"].as_u64()),
        (Some(7), Some(1))
    );
    assert_eq!(
        (rows[2]["frame"].as_u64(), rows[2].get("size")),
        (Some(5), None)
    );
    let raw = store::read_raw(&store, &source, EntryId(2)).unwrap();
    assert_eq!(raw.bytes, [9], "the byte that was not decoded");
    assert_eq!(account(&store)["conflict"], 1);
    assert_eq!(account(&store)["duplicate"], 9);
}

#[test]
fn a_conflict_and_late_bytes_are_counted_for_their_direction() {
    let mut scene = Scene::begun();
    scene.send(168, &[0; 4]).send(168, &[1; 4]);
    // So many wait that the first hole is given up: what comes too late for it is in no stream.
    (0..=MAX_HELD_SEGMENTS as u32).for_each(|at| _ = scene.send(175 + 2 * at, &[0]));
    scene.send(172, &[0; 3]);
    let store = scene.end().0;
    let mut out = Vec::new();
    export::connections(&store, Format::Json, &mut out).unwrap();
    let row: Value = serde_json::from_slice(&out).unwrap();
    let counts = |side: &str| ["late", "conflict"].map(|key| row[side][key].as_u64().unwrap());
    assert_eq!([counts("src_side"), counts("dst_side")], [[3, 4], [0, 0]]);
    let mut text = Vec::new();
    export::connections(&store, Format::Text, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    assert!(text.contains(", 3 B late, 4 B in conflict\n"), "{text}");
}

#[test]
fn the_same_bytes_again_are_nothing() {
    let mut scene = Scene::begun();
    let have = b"\0\0\0\x05\x04\0\0\0\x07";
    scene
        .send(168, have)
        .send(168, have)
        .send(100, &handshake());
    assert_eq!(kinds(&scene.end().0), ["handshake", "have"]);
}

#[test]
fn a_conflict_in_bytes_that_came_out_of_order_is_found() {
    let mut scene = Scene::begun();
    scene.send(173, b"\0\0\0\x07").send(168, b"\0\0\0\x05\x04");
    scene.send(170, b"\0\x05\x04\0\0\0\x08");
    assert_eq!(kinds(&scene.end().0), ["handshake", "have", "conflict"]);
}

#[test]
fn a_conflict_inside_of_larger_segments_is_found() {
    let mut scene = Scene::begun();
    let mut other = handshake();
    (other[30], other[50]) = (b'!', b'!');
    scene
        .send(168, &[0; 4])
        .send(120, &[&other[20..], &[0; 4]].concat());
    let store = scene.end().0;
    assert_eq!(kinds(&store), ["handshake", "keepalive", "conflict"]);
    assert_eq!(rows(&store)[2]["bytes"], 2);
}

#[test]
fn probes_with_any_byte_are_no_conflict() {
    let mut scene = Scene::begun();
    scene
        .send(99, b"?")
        .send(167, b"?")
        .send(168, &[0; 4])
        .send(171, b"?");
    assert_eq!(kinds(&scene.end().0), ["handshake", "keepalive"]);
}

#[test]
fn a_second_handshake_squeezed_in_behind_the_first_changes_nothing() {
    let mut scene = Scene::begun();
    let mut evil = handshake();
    evil[48..].copy_from_slice(b"-XX0000-evil evil!!!");
    scene.send(100, &evil).send(168, &[0; 4]);
    let store = scene.end().0;
    assert_eq!(kinds(&store), ["handshake", "conflict", "keepalive"]);
    let first = export::hex(&handshake()[48..]);
    assert_eq!(rows(&store)[0]["peer_id"], first);
}

#[test]
fn a_flood_of_conflicts_is_told_so_often_and_no_more() {
    let mut scene = Scene::begun();
    for number in 0..1000u32 {
        scene.send(100, &number.to_be_bytes());
    }
    let store = scene.end().0;
    let is_conflict = |kind: &&String| *kind == "conflict";
    assert_eq!(kinds(&store).iter().filter(is_conflict).count(), 64);
    assert_eq!(account(&store)["duplicate"], 4000);
}

#[test]
fn the_screen_and_the_text_have_words_for_it() {
    let mut scene = Scene::begun();
    scene.send(168, &[0; 4]).send(168, &[1; 4]);
    let store = scene.end().0;
    let entry = store.entry(EntryId(2));
    assert_eq!((entry.kind(), entry.is_faulty()), (Kind::Conflict, true));
    let words = export::describe(&store, entry);
    assert_eq!(words, "conflict: 4 B sent again with other content");
}

/// One direction of a connection, captured behind a handshake. Its first byte is number 100.
struct Scene(Pcap<Vec<u8>>);

impl Scene {
    fn begun() -> Scene {
        let mut scene = Scene(Pcap::new(Vec::new()).unwrap());
        scene.push(SYN, 99, &[]);
        scene.push(ACK, 100, &[]);
        scene.send(100, &handshake());
        scene
    }

    fn send(&mut self, seq: u32, payload: &[u8]) -> &mut Scene {
        self.push(ACK, seq, payload);
        self
    }

    fn push(&mut self, flags: u8, seq: u32, payload: &[u8]) {
        let [src, dst] = [(1, 50_001), (2, 6881)].map(|(host, port)| End {
            ip: [10, 0, 0, host],
            port,
        });
        let segment = Segment {
            src,
            dst,
            seq,
            ack: 1,
            flags,
            payload,
        };
        self.0.push(&segment).unwrap();
    }

    fn end(mut self) -> (Store, Source) {
        self.push(FIN | ACK, 9999, &[]);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&self.0.into_inner()).unwrap();
        let source = Source::File(Arc::new(file));
        (
            decoded(Reader::new(source.clone(), "test").unwrap()),
            source,
        )
    }
}

fn handshake() -> Vec<u8> {
    [
        b"\x13BitTorrent protocol".as_slice(),
        &[7; 28],
        b"-qB4630-good good!!!",
    ]
    .concat()
}

fn kinds(store: &Store) -> Vec<String> {
    let rows = rows(store).into_iter();
    rows.map(|row| row["type"].as_str().unwrap().to_owned())
        .collect()
}

fn rows(store: &Store) -> Vec<Value> {
    let mut out = Vec::new();
    export::messages(store, EntryId(0), Format::Json, &mut out).unwrap();
    let rows = serde_json::Deserializer::from_slice(&out).into_iter();
    rows.collect::<Result<_, _>>().unwrap()
}

fn account(store: &Store) -> Value {
    let mut out = Vec::new();
    export::summary(store, "test", &[], Format::Json, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}
