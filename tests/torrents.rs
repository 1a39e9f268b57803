//! Torrents: what captures and `.torrent` files tell of them, and under which names they go.

#[expect(dead_code, reason = "no connection is closed here")]
mod packets;

use std::fs;
use std::process::{Command, Output};

use packets::{ACK, End, Pcap, SYN, Segment};
use peerscope::swarm::Metainfo;
use serde_json::{Value, json};

const SEED: End = End {
    ip: [10, 0, 0, 1],
    port: 6881,
};

#[test]
fn the_torrents_of_the_captures_have_their_real_counts() {
    let known = [
        ("dance", 28, 16_384, 458_752, 1),
        ("hybrid", 24, 32_768, 717_798, 3),
        ("links", 13, 16_384, 196_613, 1),
        ("loopback", 17, 16_384, 262_147, 1),
        ("lossy", 40, 16_384, 655_360, 1),
        ("v2only", 19, 16_384, 307_200, 1),
    ];
    for (name, pieces, piece_length, length, files) in known {
        let torrent = torrent(name);
        assert_eq!(
            (torrent.name.as_str(), torrent.pieces),
            (name, Some(pieces))
        );
        assert_eq!(torrent.piece_length, Some(piece_length));
        assert_eq!((torrent.files.length, torrent.files.count), (length, files));
        assert_eq!(torrent.flaws.len(), 0, "{name}");
    }
}

#[test]
fn a_hybrid_and_a_v2_torrent_tell_of_themselves_in_the_capture() {
    let rows = rows(&["torrents", "--json", &capture("v2_hybrid.pcap")]);
    assert_eq!(column(&rows, "name"), ["hybrid", "v2only"]);
    assert_eq!(column(&rows, "pieces"), [24, 19]);
    assert_eq!(
        column(&rows, "source"),
        ["capture metadata", "capture metadata"]
    );
    let v2 = "7b21a6fd2899fc903101b56ad383ab8af9427a9012bfade5f68e467e8ff413b0";
    assert_eq!(
        rows[0]["info_hash"],
        "148d953901cc5217a22b8f69b616b8b7538ebf07"
    );
    assert_eq!(
        (&rows[0]["info_hash_v2"], &rows[0]["connections"]),
        (&json!(v2), &json!(1))
    );
}

#[test]
fn a_torrent_file_makes_a_count_exact() {
    let file = capture("loopback.pcap");
    let inferred = &rows(&["torrents", "--json", &file])[0];
    assert_eq!(
        (&inferred["source"], &inferred["name"]),
        (&json!("inferred"), &Value::Null)
    );
    assert_eq!(inferred["pieces_exact"], false);
    let named = &rows(&[
        "torrents",
        "--json",
        "--torrent",
        &capture("loopback.torrent"),
        &file,
    ])[0];
    assert_eq!(
        (&named["source"], &named["name"]),
        (&json!("torrent file"), &json!("loopback"))
    );
    assert_eq!(
        (&named["pieces"], &named["pieces_exact"]),
        (&json!(17), &json!(true))
    );
    assert_eq!(
        (&named["odd_bitfields"], &named["peers"]),
        (&json!(0), &json!(2))
    );
}

#[test]
fn connections_have_the_name_of_their_torrent() {
    let folder = capture("");
    let rows = rows(&[
        "connections",
        "--json",
        "--torrent",
        &folder,
        &capture("choke_dance.pcap"),
    ]);
    assert!(rows.iter().all(|row| row["name"] == "dance"));
    let text = run(&[
        "connections",
        "--torrent",
        &folder,
        &capture("choke_dance.pcap"),
    ]);
    assert!(String::from_utf8_lossy(&text.stdout).contains("     torrent dance\n"));
}

#[test]
fn a_torrent_that_nobody_spoke_of_is_listed_as_such() {
    let torrent = capture("dance.torrent");
    let out = run(&["torrents", "--torrent", &torrent, &capture("loopback.pcap")]);
    let text = String::from_utf8(out.stdout).unwrap();
    assert!(text.contains(" dance\n    nobody spoke of it\n"), "{text}");
}

#[test]
fn what_is_no_torrent_is_said_in_one_line() {
    let fails = |path: &str, why: &str| {
        let out = run(&["torrents", "--torrent", path, &capture("loopback.pcap")]);
        let error = String::from_utf8(out.stderr).unwrap();
        assert_eq!(
            (out.status.code(), error.lines().count()),
            (Some(3), 1),
            "{error}"
        );
        assert!(error.contains(path) && error.contains(why), "{error}");
    };
    fails(
        &capture("README.md"),
        "not a torrent: no value begins with this byte",
    );
    fails("/nowhere/x.torrent", "cannot read");
}

#[test]
fn an_info_dictionary_is_put_together_behind_a_liar() {
    let torrent = torrent("dance");
    let mut lie = torrent.info().to_vec();
    lie[20] ^= 1;
    let file = tempfile::NamedTempFile::new().unwrap();
    let mut pcap = Pcap::new(fs::File::create(file.path()).unwrap()).unwrap();
    for (host, info) in [(2, &lie[..]), (3, torrent.info())] {
        exchange(&mut pcap, host, &torrent, info);
    }
    let rows = rows(&["torrents", "--json", &file.path().display().to_string()]);
    assert_eq!(column(&rows, "name"), ["dance"]);
    assert_eq!(column(&rows, "source"), ["capture metadata"]);
    assert_eq!(column(&rows, "peers"), [3]);
}

/// A peer asks the seed for the dictionary and is given `info`.
fn exchange(pcap: &mut Pcap<fs::File>, host: u8, torrent: &Metainfo, info: &[u8]) {
    let peer = End {
        ip: [10, 0, 0, host],
        port: 50_000,
    };
    let hash = torrent.version.hashes().next().unwrap().0;
    let head = format!("d8:msg_typei1e5:piecei0e10:total_sizei{}ee", info.len());
    let hello = b"d1:md11:ut_metadatai3eee";
    let asks = [handshake(hash), extended(0, hello)].concat();
    let answers = [
        handshake(hash),
        extended(0, hello),
        extended(3, &[head.as_bytes(), info].concat()),
    ]
    .concat();
    let mut push = |src, dst, seq, flags, payload: &[u8]| {
        let segment = Segment {
            src,
            dst,
            seq,
            ack: 1,
            flags,
            payload,
        };
        pcap.push(&segment).unwrap();
    };
    push(peer, SEED, 0, SYN, b"");
    push(SEED, peer, 0, SYN | ACK, b"");
    push(peer, SEED, 1, ACK, &asks);
    push(SEED, peer, 1, ACK, &answers);
}

fn handshake(hash: [u8; 20]) -> Vec<u8> {
    let reserved = [0, 0, 0, 0, 0, 0x10, 0, 5];
    [
        &b"\x13BitTorrent protocol"[..],
        &reserved,
        &hash,
        &[b'x'; 20],
    ]
    .concat()
}

fn extended(id: u8, payload: &[u8]) -> Vec<u8> {
    let len = (payload.len() as u32 + 2).to_be_bytes();
    [&len[..], &[20, id], payload].concat()
}

fn torrent(name: &str) -> Metainfo {
    let file = fs::read(capture(&format!("{name}.torrent"))).unwrap();
    Metainfo::of_file(&file).unwrap()
}

fn column(rows: &[Value], key: &str) -> Vec<Value> {
    rows.iter().map(|row| row[key].clone()).collect()
}

fn rows(arguments: &[&str]) -> Vec<Value> {
    let out = run(arguments).stdout;
    let lines = out
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty());
    lines
        .map(|line| serde_json::from_slice(line).unwrap())
        .collect()
}

fn run(arguments: &[&str]) -> Output {
    let mut program = Command::new(env!("CARGO_BIN_EXE_peerscope"));
    program.args(arguments).output().unwrap()
}

fn capture(name: &str) -> String {
    format!("{}/captures/{name}", env!("CARGO_MANIFEST_DIR"))
}
