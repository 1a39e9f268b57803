//! Pieces: who received which blocks when, and whether they were the right ones.

mod captured;
#[expect(dead_code, reason = "the pipeline knows the torrents")]
mod decoding;
mod line;
mod packets;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use captured::path;
use decoding::decoded_by;
use line::Line;
use packets::{End, Pcap};
use peerscope::capture::{Reader, Source};
use peerscope::packet::Endpoint;
use peerscope::pipeline::Pipeline;
use peerscope::store::{
    Blocks, EntryId, Outcome, PieceLife, Stage, Store, Subject, Verdict, Verification, What,
    read_raw,
};
use peerscope::swarm::Metainfo;
use peerscope::wire::{Kind, Message, PieceIndex};
use proptest::prelude::*;
use proptest::sample::Index;
use sha1::{Digest, Sha1};

/// A capture, and the files of the torrents it speaks of.
struct Opened {
    store: Store,
    source: Source,
}

fn bytes(name: &str) -> &'static [u8] {
    std::fs::read(path(name)).unwrap().leak()
}

fn opened(capture: &'static [u8], torrents: &[Vec<u8>]) -> Opened {
    let source = Source::Memory(capture);
    let reader = Reader::new(source.clone(), "capture").unwrap();
    let torrents = torrents
        .iter()
        .map(|file| Arc::new(Metainfo::of_file(file).unwrap()));
    let store = decoded_by(Pipeline::new(reader).knowing(torrents.collect()));
    Opened { store, source }
}

fn with_torrents(name: &str, torrents: &[&str]) -> Opened {
    let torrents: Vec<Vec<u8>> = torrents.iter().map(|name| bytes(name).to_vec()).collect();
    opened(bytes(name), &torrents)
}

fn subjects(store: &Store) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for connection in store
        .connections()
        .iter()
        .filter(|it| !it.entries().is_empty())
    {
        let subject = Subject::of(store, connection);
        if !subjects.contains(&subject) {
            subjects.push(subject);
        }
    }
    subjects
}

fn blocks(store: &Store, subject: Subject) -> Blocks {
    let mut blocks = Blocks::new(subject);
    while !blocks.step(store, 100) {}
    blocks
}

fn verified(opened: &Opened, subject: Subject) -> Verification {
    let blocks = blocks(&opened.store, subject);
    let mut verification = Verification::default();
    verification.ask(&blocks);
    while !verification.step(&opened.store, &opened.source, &blocks, 7) {}
    verification
}

fn outcomes(opened: &Opened) -> BTreeMap<&'static str, usize> {
    let mut outcomes = BTreeMap::new();
    for subject in subjects(&opened.store) {
        for (_, _, verdict) in verified(opened, subject).verdicts() {
            *outcomes.entry(verdict.last().words()).or_default() += 1;
        }
    }
    outcomes
}

const BUNDLED: [(&str, &[&str]); 10] = [
    ("choke_dance.pcap", &["dance.torrent"]),
    ("tcp_lossy.pcap", &["lossy.torrent"]),
    ("misbehaving.pcap", &[]),
    ("ipv6_vlan.pcapng", &["links.torrent"]),
    ("be_sections.pcapng", &["links.torrent"]),
    ("v2_hybrid.pcap", &["hybrid.torrent", "v2only.torrent"]),
    ("midstream.pcap", &[]),
    ("truncated_snaplen.pcap", &[]),
    ("mse.pcap", &["mse.torrent"]),
    ("loopback.pcap", &["loopback.torrent"]),
];

/// What is found in the bundled captures, by the piece and by who received it.
#[test]
fn the_pieces_of_the_captures_are_those_of_their_torrents() {
    let found = BUNDLED.map(|(name, torrents)| (name, outcomes(&with_torrents(name, torrents))));
    let expected = [
        ("choke_dance.pcap", ("verified", 112)),
        ("tcp_lossy.pcap", ("verified", 80)),
        ("misbehaving.pcap", ("no hash known", 4)),
        ("ipv6_vlan.pcapng", ("verified", 26)),
        ("be_sections.pcapng", ("verified", 26)),
        ("v2_hybrid.pcap", ("verified", 43)),
        ("midstream.pcap", ("no hash known", 18)),
        ("truncated_snaplen.pcap", ("no hash known", 26)),
        ("mse.pcap", ("verified", 4)),
        ("loopback.pcap", ("verified", 17)),
    ];
    assert_eq!(
        found,
        expected.map(|(name, outcome)| (name, BTreeMap::from([outcome])))
    );
}

/// The first message that brought a whole block, and where its data is in the file.
fn block_in(opened: &Opened, file: &[u8]) -> (EntryId, usize) {
    let pieces = opened
        .store
        .entries(EntryId(0))
        .filter(|(_, entry)| entry.kind() == Kind::Piece);
    let places = pieces.filter_map(|(id, _)| {
        let raw = read_raw(&opened.store, &opened.source, id)?;
        let sample = &raw.bytes[100..164];
        Some((id, file.windows(64).position(|window| window == sample)?))
    });
    places.take(1).next().unwrap()
}

#[test]
fn a_damaged_block_fails_its_piece_and_no_other() {
    let torrents = [bytes("dance.torrent").to_vec()];
    let (id, at) = block_in(
        &with_torrents("choke_dance.pcap", &["dance.torrent"]),
        bytes("choke_dance.pcap"),
    );
    let mut file = bytes("choke_dance.pcap").to_vec();
    // The sum of a segment's words does not change: its checksum stays right.
    let other = (at + 2..at + 60)
        .step_by(2)
        .find(|other| file[*other] != file[at])
        .unwrap();
    file.swap(at, other);
    let opened = opened(file.leak(), &torrents);
    let entry = opened.store.entry(id);
    let What::Message(Message::Piece(block)) = opened.store.what(entry) else {
        panic!("a piece was damaged");
    };
    let verification = verified(&opened, subjects(&opened.store)[0]);
    let wrong = verification
        .verdicts()
        .filter(|(.., verdict)| verdict.last() == Outcome::Failed);
    let wrong: Vec<_> = wrong
        .map(|(host, piece, verdict)| (host, piece, verdict.first))
        .collect();
    let receiver = opened
        .store
        .connection(entry.connection)
        .host(!entry.side());
    assert_eq!(wrong, [(receiver, block.index, (Outcome::Failed, id))]);
    assert_eq!(verification.verdicts().count(), 112);
}

const fn peer(host: u8) -> End {
    End {
        ip: [10, 0, 0, host],
        port: 6000,
    }
}

const PEERS: [End; 3] = [peer(1), peer(2), peer(3)];
const BLOCK: usize = 16384;

/// A torrent of one piece of two blocks, and its data.
fn small_torrent() -> (Vec<u8>, Vec<u8>) {
    let data: Vec<u8> = (0..2 * BLOCK as u32).map(|at| (at * 7 / 5) as u8).collect();
    let hash: [u8; 20] = Sha1::digest(&data).into();
    let mut file = b"d4:infod6:lengthi32768e4:name1:s12:piece lengthi32768e6:pieces20:".to_vec();
    file.extend(hash);
    file.extend(b"ee");
    (file, data)
}

fn handshake(torrent: &[u8]) -> Vec<u8> {
    let hash = Metainfo::of_file(torrent)
        .unwrap()
        .version
        .hashes()
        .next()
        .unwrap()
        .0;
    [
        b"\x13BitTorrent protocol\0\0\0\0\0\0\0\0".as_slice(),
        &hash,
        b"-LT2110-abcdefghijkl",
    ]
    .concat()
}

fn piece(begin: usize, data: &[u8]) -> Vec<u8> {
    let header = [(data.len() + 9) as u32, 0, begin as u32].map(u32::to_be_bytes);
    [&header[0][..], &[7], &header[1], &header[2], data].concat()
}

/// The first peer connects to another one, which says this behind its handshake.
fn given(pcap: &mut Pcap<Vec<u8>>, torrent: &[u8], by: usize, messages: &[Vec<u8>]) {
    let mut line = Line::open(pcap, [PEERS[0], PEERS[by]]);
    line.say(0, &handshake(torrent));
    line.say(1, &handshake(torrent));
    messages.iter().for_each(|message| line.say(1, message));
    line.close(1);
    line.close(0);
}

fn verdict(captured: &[(usize, Vec<Vec<u8>>)]) -> (Opened, Verdict) {
    let (torrent, _) = small_torrent();
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    captured
        .iter()
        .for_each(|(by, messages)| given(&mut pcap, &torrent, *by, messages));
    let opened = opened(pcap.into_inner().leak(), &[torrent]);
    let verification = verified(&opened, subjects(&opened.store)[0]);
    let verdicts: Vec<Verdict> = verification
        .verdicts()
        .map(|(.., verdict)| verdict.clone())
        .collect();
    assert_eq!(verdicts.len(), 1);
    (opened, verdicts.into_iter().next().unwrap())
}

#[test]
fn who_sent_the_wrong_block_is_known_once_a_right_one_came() {
    let (_, data) = small_torrent();
    let mut lie = data[BLOCK..].to_vec();
    lie[5] ^= 1;
    let right = vec![piece(0, &data[..BLOCK]), piece(BLOCK, &data[BLOCK..])];
    let wrong = vec![piece(0, &data[..BLOCK]), piece(BLOCK, &lie)];
    let (opened, verdict) = verdict(&[(1, wrong), (2, right)]);
    let sent_by = |id: EntryId| {
        let entry = opened.store.entry(id);
        opened
            .store
            .connection(entry.connection)
            .host(entry.side())
            .ip
            .to_string()
    };
    assert_eq!(
        verdict
            .wrong
            .iter()
            .map(|id| sent_by(*id))
            .collect::<Vec<_>>(),
        ["10.0.0.2"]
    );
    let (failed, again) = (verdict.first, verdict.again.unwrap());
    assert_eq!((failed.0, again.0), (Outcome::Failed, Outcome::Verified));
    let at = |id: u32| verdict.at(EntryId(id));
    assert_eq!(
        [at(failed.1.0 - 1), at(failed.1.0), at(again.1.0 - 1)],
        [None, Some(failed.0), Some(failed.0)]
    );
    assert_eq!(at(again.1.0), Some(Outcome::Verified));
}

#[test]
fn a_piece_may_fail_again_or_not_be_there() {
    let (_, data) = small_torrent();
    let lie = vec![piece(0, &data[1..=BLOCK]), piece(BLOCK, &data[BLOCK..])];
    assert_eq!(verdict(&[(1, lie.clone())]).1.last(), Outcome::Failed);
    let twice = verdict(&[(1, lie.clone()), (2, lie)]).1;
    assert_eq!((twice.last(), twice.wrong.len()), (Outcome::Failed, 0));
    let half = vec![piece(BLOCK, &data[BLOCK..])];
    assert_eq!(verdict(&[(1, half)]).1.first.0, Outcome::Missing);
}

#[test]
fn blocks_of_two_peers_make_a_piece() {
    let (_, data) = small_torrent();
    let [first, second] = [piece(0, &data[..BLOCK]), piece(BLOCK, &data[BLOCK..])];
    let (opened, verdict) = verdict(&[(1, vec![second]), (2, vec![first])]);
    assert_eq!(verdict.last(), Outcome::Verified);
    let last = opened.store.entry(verdict.first.1);
    assert_eq!(
        opened
            .store
            .connection(last.connection)
            .host(last.side())
            .ip
            .to_string(),
        "10.0.0.3"
    );
}

/// What a slow replay of all messages up to `now` knows.
#[derive(Default)]
struct Replay {
    /// Of each piece of each peer, which bytes came.
    came: BTreeMap<(Endpoint, u32), Vec<bool>>,
    /// Of each side of the connection, what it named at first and later.
    named: [[BTreeSet<u32>; 2]; 2],
    /// Of the piece that is looked at: who has it, and which blocks each received.
    holders: BTreeSet<Endpoint>,
    received: BTreeMap<Endpoint, BTreeSet<(u32, u32)>>,
}

fn replay(store: &Store, blocks: &Blocks, now: EntryId, looked_at: PieceIndex) -> Replay {
    let mut replay = Replay::default();
    let here = store.entry(now).connection;
    let subject = Subject::of(store, store.connection(here));
    for (_, entry) in store.entries(EntryId(0)).take(now.0 as usize + 1) {
        let connection = store.connection(entry.connection);
        let What::Message(message) = store.what(entry) else {
            continue;
        };
        if !subject.holds(store, connection) {
            continue;
        }
        let (from, to) = (
            connection.host(entry.side()),
            connection.host(!entry.side()),
        );
        let mut ignored = Default::default();
        let named = if connection.id == here {
            &mut replay.named[entry.side().index()]
        } else {
            &mut ignored
        };
        match message {
            Message::Have(piece) => {
                // Behind the end of every map.
                if piece.0 < 10_000 && !named[0].contains(&piece.0) {
                    named[1].insert(piece.0);
                }
                replay.holders.extend((piece == looked_at).then_some(from));
            }
            Message::HaveAll => {
                *named = [(0..10_000).collect(), BTreeSet::new()];
                replay.holders.insert(from);
            }
            Message::HaveNone => *named = Default::default(),
            Message::Bitfield(bytes) => {
                let bits = (0..bytes.len() as u32 * 8)
                    .filter(|bit| bytes[*bit as usize / 8] << (bit % 8) & 0x80 != 0);
                *named = [bits.collect(), BTreeSet::new()];
                let bit = bytes
                    .get(looked_at.0 as usize / 8)
                    .map_or(0, |byte| byte << (looked_at.0 % 8) & 0x80);
                replay.holders.extend((bit != 0).then_some(from));
            }
            Message::Piece(block) => {
                let extent = blocks.extent(block.index).unwrap_or_default();
                let came = replay.came.entry((to, block.index.0)).or_insert_with(|| {
                    let pads = |at| extent.pads.iter().any(|pad| pad.contains(&at));
                    (0..extent.length).map(pads).collect()
                });
                let all = came.len();
                let range = (block.begin as usize).min(all)
                    ..((block.begin + block.length) as usize).min(all);
                came[range].fill(true);
                if block.index == looked_at {
                    replay
                        .received
                        .entry(to)
                        .or_default()
                        .insert((block.begin, block.length));
                }
            }
            _ => {}
        }
    }
    replay
}

fn known() -> &'static [(Opened, Vec<Blocks>)] {
    static KNOWN: std::sync::OnceLock<Vec<(Opened, Vec<Blocks>)>> = std::sync::OnceLock::new();
    KNOWN.get_or_init(|| {
        let opened = BUNDLED.map(|(name, torrents)| with_torrents(name, torrents));
        let all = opened.into_iter().map(|opened| {
            let subjects = subjects(&opened.store);
            let blocks = subjects
                .into_iter()
                .map(|subject| blocks(&opened.store, subject))
                .collect();
            (opened, blocks)
        });
        all.collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_maps_at_any_message_are_those_of_a_slow_replay(
        capture in 0..BUNDLED.len(), at in any::<Index>(), piece in 0u32..48
    ) {
        let (Opened { store, .. }, all) = &known()[capture];
        let now = EntryId(at.index(store.len()) as u32);
        let entry = store.entry(now);
        let connection = store.connection(entry.connection);
        let subject = Subject::of(store, connection);
        let blocks = all.iter().find(|blocks| blocks.walk().subject() == subject).unwrap();
        let slow = replay(store, blocks, now, PieceIndex(piece));

        let ordinal = connection.ordinal_of(now).unwrap();
        let talk = store.talk_at(connection.id, ordinal);
        for side in peerscope::stream::Side::BOTH {
            let [first, later] = &slow.named[side.index()];
            let pieces = &talk.peer(side).pieces;
            let has = first.contains(&piece) || later.contains(&piece);
            prop_assert_eq!(pieces.contains(PieceIndex(piece)), has);
            prop_assert_eq!(pieces.count_later(0..10_000) as usize, later.len());
            prop_assert_eq!(pieces.count(0..10_000) as usize, first.len() + later.len());
        }

        for host in blocks.hosts() {
            let moments = blocks.of(host).unwrap().moments();
            let mut counts = [0; 2];
            for index in 0..200 {
                let expected = match slow.came.get(&(host, index)) {
                    None => Stage::Before,
                    Some(came) if !came.is_empty() && came.iter().all(|came| *came) => Stage::Ended,
                    Some(_) => Stage::Begun,
                };
                prop_assert_eq!(moments.stage(index, now), expected, "{:?} {}", host, index);
                counts[0] += u32::from(expected == Stage::Begun);
                counts[1] += u32::from(expected == Stage::Ended);
            }
            prop_assert_eq!(moments.count(0..200, now), counts);
        }

        let mut life = PieceLife::new(subject, PieceIndex(piece));
        while !life.step(store, 1000) {}
        let life = life.at(now);
        let received = life.receivers.iter().filter(|(_, it)| !it.blocks.is_empty());
        let received: BTreeMap<Endpoint, BTreeSet<(u32, u32)>> =
            received.map(|(host, it)| (*host, it.blocks.clone())).collect();
        prop_assert_eq!(received, slow.received);
        prop_assert_eq!(life.holders.iter().map(|it| it.from).collect::<BTreeSet<_>>(), slow.holders);
    }
}
