//! The captures of this repository, against what an independent decoder and the peers themselves say of them.

mod cut;
#[path = "../decoding/mod.rs"]
mod decoding;
mod figures;
mod steps;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use decoding::decoded;
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::peer::{Announced, Choke, Interest, Talk};
use peerscope::store::{Connection, EntryId, Store, What};
use peerscope::stream::{Missing, Side};
use peerscope::wire::PieceIndex;
use serde_json::Value;

/// A test for each capture that is named; `NAMES` are those.
macro_rules! on_each_capture {
    ($check:ident: $($name:ident)*) => {
        mod $check {
            pub(super) const NAMES: &[&str] = &[$(stringify!($name)),*];
            $(
                #[test]
                fn $name() {
                    super::$check(stringify!($name));
                }
            )*
        }
    };
}

on_each_capture! {
    says_what_the_reference_decoder_says:
    be_sections choke_dance ipv6_vlan loopback misbehaving mse tcp_lossy utp_only v2_hybrid
}

on_each_capture! {
    holds_all_that_the_peers_logged:
    ipv6_vlan loopback tcp_lossy utp_only v2_hybrid
}

on_each_capture! {
    accounts_for_every_frame_and_byte:
    be_sections choke_dance ipv6_vlan loopback midstream misbehaving mse tcp_lossy truncated_snaplen utp_only v2_hybrid
}

on_each_capture! {
    shows_at_each_message_what_a_replay_gives:
    be_sections choke_dance ipv6_vlan loopback mse tcp_lossy utp_only v2_hybrid
}

#[test]
fn no_capture_and_no_truth_is_left_out() {
    let wire = names_of(&[".wire.jsonl"]);
    assert_eq!(wire, says_what_the_reference_decoder_says::NAMES);
    let mut logged = names_of(&[".truth.jsonl"]);
    logged.retain(|name| !["midstream", "truncated_snaplen"].contains(&name.as_str()));
    assert_eq!(logged, holds_all_that_the_peers_logged::NAMES);
    let mut captures = names_of(&[".pcap", ".pcapng"]);
    assert_eq!(captures, accounts_for_every_frame_and_byte::NAMES);
    assert_eq!(captures, figures::names());
    captures.retain(|name| wire.contains(name) && name != "misbehaving");
    assert_eq!(captures, shows_at_each_message_what_a_replay_gives::NAMES);
}

/// None missing, none invented, none elsewhere.
fn says_what_the_reference_decoder_says(name: &str) {
    let truth = reference(name);
    let store = store(name);
    let mut ours = messages(&store);
    // Behind a length prefix that cannot be, the reference decoder gives a direction up.
    ours.retain(|row| row.get("resync").is_none());
    let (truth, ours) = (
        by_direction(&truth, reference_says),
        by_direction(&ours, we_say),
    );
    let directions: BTreeSet<_> = truth.keys().chain(ours.keys()).collect();
    for direction in directions {
        let said = |by: &BTreeMap<_, Vec<_>>| by.get(direction).cloned().unwrap_or_default();
        assert_same(direction, &said(&ours), &said(&truth));
    }
}

/// What one row says, in words, and when it was said.
type Said = (String, f64);

fn by_direction(rows: &[Value], say: fn(&Value) -> Said) -> BTreeMap<String, Vec<Said>> {
    let mut directions: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for row in rows {
        let direction = format!("{} > {}", text(&row["src"]), text(&row["dst"]));
        directions.entry(direction).or_default().push(say(row));
    }
    directions
}

fn assert_same(direction: &str, ours: &[Said], truth: &[Said]) {
    for (number, ((ours, at), (truth, t))) in ours.iter().zip(truth).enumerate() {
        assert_eq!(ours, truth, "message {number} of {direction}");
        assert!((at - t).abs() < 1e-6, "{direction} {ours}: {at} is not {t}");
    }
    let rest = |said: &[Said], other: &[Said]| said.get(other.len()).cloned();
    assert_eq!(rest(ours, truth), None, "{direction} goes on too long");
    assert_eq!(rest(truth, ours), None, "{direction} ends too early");
}

/// What a message says beside its type, under the names that both have in common.
const FIELDS: [&str; 14] = [
    "index",
    "begin",
    "length",
    "info_hash",
    "reserved",
    "peer_id",
    "bitfield",
    "port",
    "ext_id",
    "root",
    "base",
    "proof",
    "size",
    "via",
];

fn reference_says(row: &Value) -> Said {
    let mut row = row.clone();
    row["conn"] = (number(&row["conn"]) - 1).into();
    if let Some(size) = row.get("size").map(number) {
        row["size"] = (size + 1).into(); // the prefix counts the id, too
    }
    let words = words(&row, ["frame0", "frame", "conn"], &text(&row["type"]));
    (words, row["t"].as_f64().unwrap())
}

fn we_say(row: &Value) -> Said {
    let mut row = row.clone();
    let kind = kind(&row);
    if kind != "extended" {
        row.as_object_mut().unwrap().remove("size");
    }
    let words = words(&row, ["first_frame", "frame", "connection"], &kind);
    (words, row["time"].as_f64().unwrap())
}

fn words(row: &Value, [first, last, connection]: [&str; 3], kind: &str) -> String {
    let [first, last, connection] = [first, last, connection].map(|key| &row[key]);
    let place = format!("frames {first} to {last} of #{connection}: {kind}");
    // Of a malformed one only the type is known. The reference decoder lets a choke with a body pass.
    if row.get("malformed").is_some() {
        return place;
    }
    let fields = FIELDS.iter().filter_map(|key| Some((key, row.get(key)?)));
    fields.fold(place, |words, (key, value)| {
        format!("{words} {key}={value}")
    })
}

/// The reference decoder calls the unknown message 11 `id11`.
fn kind(row: &Value) -> String {
    match row["type"].as_str() {
        Some("unknown") => format!("id{}", row["id"]),
        _ => text(&row["type"]),
    }
}

/// Logs have no frames and may lack what came too late for them, but nothing that they have may lack here.
fn holds_all_that_the_peers_logged(name: &str) {
    let mut ours = BTreeMap::<String, usize>::new();
    for row in messages(&store(name)) {
        *ours.entry(logged(&row, &row["ext_name"])).or_default() += 1;
    }
    for row in rows(&read(&format!("{name}.truth.jsonl"))) {
        let extension = match row["ext"].as_str() {
            Some("extended_handshake") => "handshake".into(),
            _ => row["ext"].clone(),
        };
        let message = logged(&row, &extension);
        let left = ours.get_mut(&message).filter(|left| **left > 0);
        *left.unwrap_or_else(|| panic!("{message} is missing")) -= 1;
    }
}

fn logged(row: &Value, extension: &Value) -> String {
    let [src, dst, kind] = ["src", "dst", "type"].map(|key| text(&row[key]));
    let fields = match kind.as_str() {
        "hash_request" | "hashes" => [&Value::Null; 3],
        _ => ["index", "begin", "length"].map(|key| &row[key]),
    };
    format!("{src} > {dst} {kind} {extension} {fields:?}")
}

/// Frames are counted by [`records`], bytes by the sums that the summary promises.
fn accounts_for_every_frame_and_byte(name: &str) {
    let store = store(name);
    figures::totals_are_those_of_all_connections(&store);
    let account = account(&store);
    let skipped = account["skipped"].as_object().unwrap();
    let skipped: u64 = skipped.values().map(number).sum();
    let sum = |keys: &[&str]| sum(&account, keys);
    assert_eq!(sum(&["frames"]), records(&read(&file_of(name))));
    let udp = account["udp"].as_object().unwrap().values();
    let udp: u64 = udp.map(|it| number(&it["frames"])).sum();
    assert_eq!(sum(&["frames"]), sum(&["tcp"]) + udp + skipped);
    assert_eq!(sum(&["stream"]), sum(&CAPTURED) + sum(&["gap"]));
    let carried = sum(&CAPTURED) + sum(&["snapped"]);
    assert_eq!(sum(&["payload"]), carried + sum(&NO_STREAM));
    assert_eq!(sum(&["held"]), 0);
}

/// Where the captured bytes of the streams went.
const CAPTURED: [&str; 6] = [
    "decoded",
    "undecoded",
    "http_tracker",
    "ssl_torrent",
    "other_protocol",
    "encrypted",
];
/// Payload that no stream is made of.
const NO_STREAM: [&str; 4] = ["duplicate", "late", "stray", "held"];

#[test]
fn what_the_snap_length_cut_is_payload_and_a_gap() {
    let whole = read("choke_dance.pcap");
    let store = store_of(snapped(&whole, 100));
    assert_ne!(gaps(&store).count(), 0);
    assert!(gaps(&store).all(|missing| missing == Missing::Snapped));
    let cut = account(&store);
    let sum = |keys: &[&str]| sum(&cut, keys);
    assert!(sum(&["gap"]) > sum(&["decoded"]));
    assert_eq!(sum(&["snapped"]), sum(&["gap"]), "nothing was lost");
    assert_eq!(sum(&["payload"]), sum(&["stream"]) + sum(&NO_STREAM));
    let whole = account(&store_of(whole));
    for key in ["frames", "tcp", "payload", "duplicate", "stream"] {
        assert_eq!(cut[key], whole[key], "{key}");
    }
}

/// Why stretches between messages are not there.
fn gaps(store: &Store) -> impl Iterator<Item = Missing> {
    let entries = store.entries(EntryId(0));
    entries.filter_map(|(_, entry)| match store.what(entry) {
        What::Gap { missing, .. } => Some(missing),
        _ => None,
    })
}

/// The records of a little-endian pcap file, cut to `snap_len` bytes each.
fn snapped(pcap: &[u8], snap_len: usize) -> Vec<u8> {
    let (header, mut rest) = pcap.split_at(24);
    let mut cut = header.to_vec();
    while !rest.is_empty() {
        let len = u32_le(rest, 8) as usize;
        let kept = len.min(snap_len);
        cut.extend_from_slice(&rest[..8]);
        cut.extend((kept as u32).to_le_bytes());
        cut.extend_from_slice(&rest[12..16 + kept]);
        rest = &rest[16 + len..];
    }
    cut
}

/// The number of packets in a capture file.
fn records(bytes: &[u8]) -> u64 {
    match bytes[..4] {
        [0xd4 | 0x4d, ..] => pcap_records(&bytes[24..]),
        _ => pcapng_packets(bytes),
    }
}

fn pcap_records(mut bytes: &[u8]) -> u64 {
    let mut count = 0;
    while !bytes.is_empty() {
        bytes = &bytes[16 + u32_le(bytes, 8) as usize..];
        count += 1;
    }
    count
}

fn pcapng_packets(mut bytes: &[u8]) -> u64 {
    let (mut count, mut word): (_, fn(&[u8], usize) -> u32) = (0, u32_le);
    while !bytes.is_empty() {
        if bytes[..4] == [0x0a, 0x0d, 0x0d, 0x0a] {
            let is_big = bytes[8..12] == [0x1a, 0x2b, 0x3c, 0x4d];
            word = if is_big { u32_be } else { u32_le };
        }
        // Simple and enhanced packet blocks.
        count += u64::from(matches!(word(bytes, 0), 3 | 6));
        bytes = &bytes[word(bytes, 4) as usize..];
    }
    count
}

fn u32_le(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(*bytes[at..].first_chunk().unwrap())
}

fn u32_be(bytes: &[u8], at: usize) -> u32 {
    u32_le(bytes, at).swap_bytes()
}

/// Places that are looked at in each connection.
const VISITS: usize = 40;
/// No torrent in the captures has more pieces.
const PIECES: u32 = 64;

fn shows_at_each_message_what_a_replay_gives(name: &str) {
    let (store, truth) = (store(name), reference(name));
    for connection in store.connections() {
        let is_of = |row: &&Value| number(&row["conn"]) == u64::from(connection.id.0) + 1;
        let rows: Vec<&Value> = truth.iter().filter(is_of).collect();
        let ordinals = ordinals(&store, connection);
        assert_eq!(rows.len(), ordinals.len());
        for number in visits(rows.len()) {
            let talk = store.talk_at(connection.id, ordinals[number]);
            let shown = Side::BOTH.map(|side| shown(&talk, side));
            let replayed = replayed(&rows[..=number], connection);
            assert_eq!(shown, replayed, "#{} at {number}", connection.id);
        }
    }
}

/// Places of the messages among the entries of a connection.
fn ordinals(store: &Store, connection: &Connection) -> Vec<usize> {
    let entries = connection.entries().iter().enumerate();
    let is_message = |id| matches!(store.what(store.entry(id)), What::Message(_));
    let messages = entries.filter(|(_, id)| is_message(**id));
    messages.map(|(ordinal, _)| ordinal).collect()
}

/// The first, the last, and some between them in no order.
fn visits(len: usize) -> Vec<usize> {
    let next = |seed: &u64| Some(seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    let seeds = std::iter::successors(Some(len as u64), next).skip(1);
    let random = seeds.map(|seed| (seed >> 33) as usize % len.max(1));
    let ends = [0, len.saturating_sub(1)].into_iter();
    let visits = ends.chain(random.take(VISITS)).filter(|_| len > 0);
    visits.collect()
}

/// One side of a conversation, the slow and obvious way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Replayed {
    is_choking: Option<bool>,
    is_interested: Option<bool>,
    /// None before it has spoken of its pieces.
    has: Option<BTreeSet<u32>>,
    asked: Vec<[u64; 3]>,
}

fn replayed(rows: &[&Value], connection: &Connection) -> [Replayed; 2] {
    let mut sides = [Replayed::default(), Replayed::default()];
    for row in rows {
        let is_a = text(&row["src"]) == connection.end(Side::A).to_string();
        let [a, b] = &mut sides;
        let (sender, other) = if is_a { (a, b) } else { (b, a) };
        replay(row, sender, other);
    }
    sides
}

/// Both sides speak the fast extension: a choke drops no request.
fn replay(row: &Value, sender: &mut Replayed, other: &mut Replayed) {
    let block = ["index", "begin", "length"].map(|key| row[key].as_u64().unwrap_or_default());
    match row["type"].as_str().unwrap() {
        "handshake" => (sender.is_choking, sender.is_interested) = (Some(true), Some(false)),
        "choke" => sender.is_choking = Some(true),
        "unchoke" => sender.is_choking = Some(false),
        "interested" => sender.is_interested = Some(true),
        "not_interested" => sender.is_interested = Some(false),
        "have" => sender.has.get_or_insert_default().extend([block[0] as u32]),
        "have_all" => sender.has = Some((0..PIECES).collect()),
        "have_none" => sender.has = Some(BTreeSet::new()),
        "request" => sender.asked.push(block),
        "cancel" => answer(&mut sender.asked, |asked| *asked == block),
        "reject" => answer(&mut other.asked, |asked| *asked == block),
        "piece" => answer(&mut other.asked, |asked| asked[..2] == block[..2]),
        "extended" | "allowed_fast" | "hash_request" | "hashes" => {}
        unexpected => panic!("{unexpected} is not replayed"),
    }
}

fn answer(asked: &mut Vec<[u64; 3]>, is_it: impl FnMut(&[u64; 3]) -> bool) {
    if let Some(at) = asked.iter().position(is_it) {
        asked.remove(at);
    }
}

fn shown(talk: &Talk, side: Side) -> Replayed {
    let peer = talk.peer(side);
    let has = (0..PIECES).filter(|index| peer.pieces.contains(PieceIndex(*index)));
    let asked = peer.requests.iter();
    Replayed {
        is_choking: (peer.choke != Choke::Unknown).then_some(peer.choke == Choke::Choking),
        is_interested: (peer.interest != Interest::Unknown)
            .then_some(peer.interest == Interest::Interested),
        has: (peer.pieces.announced() != Announced::Nothing).then(|| has.collect()),
        asked: asked
            .map(|block| [block.index.0, block.begin, block.length].map(u64::from))
            .collect(),
    }
}

fn store(name: &str) -> Store {
    decoded(Reader::open(&captures().join(file_of(name))).unwrap())
}

fn store_of(capture: Vec<u8>) -> Store {
    decoded(Reader::new(Source::Memory(capture.leak()), "memory").unwrap())
}

/// What `messages --json` prints, without the rows that are no messages.
fn messages(store: &Store) -> Vec<Value> {
    let mut out = Vec::new();
    export::messages(store, EntryId(0), Format::Json, &mut out).unwrap();
    let mut rows = rows(&out);
    rows.retain(|row| !["gap", "undecoded", "encrypted"].contains(&row["type"].as_str().unwrap()));
    rows
}

/// What `summary --json` prints.
fn account(store: &Store) -> Value {
    let mut out = Vec::new();
    export::summary(store, "a capture", &[], Format::Json, &mut out).unwrap();
    rows(&out).remove(0)
}

fn sum(account: &Value, keys: &[&str]) -> u64 {
    keys.iter().map(|key| number(&account[key])).sum()
}

/// What the reference decoder found.
fn reference(name: &str) -> Vec<Value> {
    let mut rows = rows(&read(&format!("{name}.wire.jsonl")));
    number_connections(&mut rows);
    rows
}

/// The reference decoder numbers the directions of uTP, each on its own. Between two peers of a bundled capture there is
/// one connection, and they are in order of their SYNs.
fn number_connections(rows: &mut [Value]) {
    let mut pairs: Vec<BTreeSet<String>> = Vec::new();
    for row in rows.iter_mut().filter(|row| row["proto"] == "utp") {
        let pair = BTreeSet::from(["src", "dst"].map(|key| text(&row[key])));
        let known = pairs.iter().position(|it| *it == pair);
        let place = known.unwrap_or(pairs.len());
        if known.is_none() {
            pairs.push(pair);
        }
        row["conn"] = (place + 1).into();
    }
}

fn rows(lines: &[u8]) -> Vec<Value> {
    let rows = serde_json::Deserializer::from_slice(lines).into_iter();
    rows.collect::<Result<_, _>>().unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

fn read(file: &str) -> Vec<u8> {
    fs::read(captures().join(file)).unwrap()
}

fn file_of(name: &str) -> String {
    let files = [format!("{name}.pcap"), format!("{name}.pcapng")];
    files
        .into_iter()
        .find(|file| captures().join(file).exists())
        .unwrap()
}

/// Names of the files with one of these endings, in order.
fn names_of(endings: &[&str]) -> Vec<String> {
    let files = fs::read_dir(captures()).unwrap();
    let name = |file: fs::DirEntry| {
        let file = file.file_name().into_string().unwrap();
        let name = endings
            .iter()
            .find_map(|ending| file.strip_suffix(ending))?;
        Some(name.to_owned())
    };
    let names: BTreeSet<String> = files.filter_map(|file| name(file.unwrap())).collect();
    names.into_iter().collect()
}

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}
