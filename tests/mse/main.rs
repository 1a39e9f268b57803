//! Encrypted conversations, made by an implementation of their own, are read with their keys, and nothing else is
//! taken for one.

#[path = "../decoding/mod.rs"]
mod decoding;
#[path = "../packets/mod.rs"]
mod packets;
mod peers;

use std::fmt::Write as _;
use std::io::Write as _;
use std::process::Command;

use decoding::{decoded, decoded_by};
use packets::{ACK, End, Pcap, SYN, Segment};
use peers::{Ia, Manner, Random, TORRENT, Talk};
use peerscope::capture::{GrowingText, Reader, Source};
use peerscope::pipeline::Pipeline;
use peerscope::store::{Connection, Entry, EntryId, Store, read_raw};
use peerscope::stream::{FrameRef, SeqNumber, Side};
use peerscope::wire::{Conversation, Decoded, InfoHash, Keys, Method, Via};
use tempfile::NamedTempFile;

const ENDS: [End; 2] = [
    End {
        ip: [10, 0, 0, 1],
        port: 50_000,
    },
    End {
        ip: [10, 0, 0, 2],
        port: 6881,
    },
];
/// First sequence numbers: one soon wraps.
const STARTS: [u32; 2] = [u32::MAX - 3000, 7];

/// A capture of flights that are cut into segments of `cut` bytes, but for those that `is_lost`.
fn capture(
    flights: &[(bool, Vec<u8>)],
    mut cut: impl FnMut() -> usize,
    mut is_lost: impl FnMut() -> bool,
) -> Vec<u8> {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let mut next = STARTS;
    let mut push = |side: usize, seq: u32, ack: u32, flags: u8, payload: &[u8]| {
        let (src, dst) = (ENDS[side], ENDS[1 - side]);
        let segment = Segment {
            src,
            dst,
            seq,
            ack,
            flags,
            payload,
        };
        pcap.push(&segment).unwrap();
    };
    push(0, STARTS[0].wrapping_sub(1), 0, SYN, &[]);
    push(1, STARTS[1].wrapping_sub(1), STARTS[0], SYN | ACK, &[]);
    for (is_initiator, bytes) in flights {
        let side = usize::from(!is_initiator);
        let mut rest = &bytes[..];
        while !rest.is_empty() {
            let (segment, behind) = rest.split_at(cut().clamp(1, rest.len()));
            if !is_lost() {
                push(side, next[side], next[1 - side], ACK, segment);
            }
            next[side] = next[side].wrapping_add(segment.len() as u32);
            rest = behind;
        }
        push(1 - side, next[1 - side], next[side], ACK, &[]);
    }
    pcap.into_inner()
}

fn source(capture: &[u8]) -> Source {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(capture).unwrap();
    Source::open(file.path()).unwrap()
}

fn read(source: &Source, log: &str) -> Store {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(log.as_bytes()).unwrap();
    let keys = vec![GrowingText::open(file.path()).unwrap()];
    let reader = Reader::new(source.clone(), "a capture").unwrap();
    decoded_by(Pipeline::new(reader).with_keys(keys))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut hex, byte| {
        write!(hex, "{byte:02x}").unwrap();
        hex
    })
}

fn secret(talk: &Talk) -> String {
    let (y, s) = (hex(&talk.public[0]), hex(&talk.secret));
    format!(
        "# BitTorrent MSE key log\nMSE_SECRET {y} {s} {}\n",
        hex(&TORRENT)
    )
}

fn messages(store: &Store, side: Side) -> Vec<(EntryId, &Entry)> {
    let entries = store.entries(EntryId(0));
    entries
        .filter(|(_, entry)| entry.side() == side && entry.kind().is_message())
        .collect()
}

fn connection(store: &Store) -> &Connection {
    assert_eq!(store.connections().len(), 1);
    &store.connections()[0]
}

fn method(store: &Store) -> Option<Method> {
    connection(store).encryption().map(|known| known.method)
}

/// Every message, with its bytes, in order, and nothing else but what the key exchange is.
fn assert_all(talk: &Talk, manner: Manner, source: &Source, store: &Store) {
    for side in Side::BOTH {
        let (said, read) = (&talk.said[side.index()], messages(store, side));
        assert_eq!(said.len(), read.len(), "{manner:?} {side:?}");
        for (at, ((offset, bytes), (id, entry))) in said.iter().zip(read).enumerate() {
            let seq = STARTS[side.index()].wrapping_add(*offset as u32);
            assert_eq!(entry.seq.0, seq, "{manner:?} {side:?} {at}");
            assert!(!entry.is_resynchronised());
            assert_eq!(
                entry.via(),
                Some(via(manner, side, at)),
                "{manner:?} {side:?} {at}"
            );
            let raw = read_raw(store, source, id).unwrap();
            assert!(raw.bytes == *bytes, "{manner:?} {side:?} {at}");
        }
        let stream = connection(store).facts(side).unwrap().stream;
        assert_eq!(stream.encrypted, talk.hidden[side.index()] as u64);
        assert_eq!((stream.undecoded, stream.gap), (0, 0));
    }
}

/// IA is encrypted, whatever was selected.
fn via(manner: Manner, side: Side, at: usize) -> Via {
    let is_ia = side == Side::A && at == 0 && manner.ia != Ia::None;
    if manner.is_plaintext && !is_ia {
        Via::MsePlaintext
    } else {
        Via::MseRc4
    }
}

fn manners() -> Vec<Manner> {
    let mut random = Random(11);
    let mut manners = Vec::new();
    let any = [(); 4].map(|()| random.below(513));
    for pads in [
        [0; 4],
        [1; 4],
        [511; 4],
        [512; 4],
        any,
        [0, 512, 0, 512],
        [512, 0, 512, 0],
    ] {
        for ia in [Ia::None, Ia::Before, Ia::After] {
            let manner = |is_plaintext| Manner {
                pads,
                ia,
                is_plaintext,
            };
            manners.extend([true, false].map(manner));
        }
    }
    manners
}

fn rc4() -> Manner {
    Manner {
        pads: [100, 200, 30, 40],
        ia: Ia::After,
        is_plaintext: false,
    }
}

#[test]
fn every_message_is_read_with_the_secret() {
    let mut random = Random(1);
    for manner in manners() {
        let talk = Talk::new(manner, &mut random);
        let source = source(&capture(&talk.flights, || 1400, || false));
        let store = read(&source, &secret(&talk));
        assert_all(&talk, manner, &source, &store);
        let method_is = if manner.is_plaintext {
            Method::MsePlaintext
        } else {
            Method::MseRc4
        };
        assert_eq!(method(&store), Some(method_is));
    }
}

#[test]
fn segments_may_be_cut_anywhere() {
    let mut random = Random(2);
    for manner in manners() {
        let talk = Talk::new(manner, &mut random);
        let mut cuts = Random(5);
        let source = source(&capture(&talk.flights, || 1 + cuts.below(700), || false));
        assert_all(&talk, manner, &source, &read(&source, &secret(&talk)));
    }
}

#[test]
fn plaintext_behind_the_exchange_needs_no_key() {
    let mut random = Random(3);
    for manner in manners().into_iter().filter(|manner| manner.is_plaintext) {
        let talk = Talk::new(manner, &mut random);
        let source = source(&capture(&talk.flights, || 1400, || false));
        let store = read(&source, "");
        let hidden = usize::from(manner.ia != Ia::None);
        for side in Side::BOTH {
            let (said, read) = (&talk.said[side.index()], messages(&store, side));
            let first = if side == Side::A { hidden } else { 0 };
            let offsets = said[first..].iter().map(|(offset, _)| *offset as u32);
            let start = STARTS[side.index()];
            let begun = read
                .iter()
                .map(|(_, entry)| entry.seq.0.wrapping_sub(start));
            let (offsets, begun): (Vec<u32>, Vec<u32>) = (offsets.collect(), begun.collect());
            assert_eq!(offsets, begun, "{manner:?} {side:?}");
            let is_sure = |entry: &Entry| {
                !entry.is_resynchronised() && entry.via() == Some(Via::MsePlaintext)
            };
            assert!(read.iter().all(|(_, entry)| is_sure(entry)), "{manner:?}");
        }
        assert_eq!(method(&store), Some(Method::MsePlaintext));
    }
}

/// The first connection of this recording hides everything; the second, to the same port, goes on in plaintext.
#[test]
fn a_peer_that_is_known_makes_a_possible_exchange_certain() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/captures/mse.pcap");
    let store = decoded(Reader::open(file.as_ref()).unwrap());
    let hidden = &store.connections()[0];
    assert_eq!(hidden.encryption().unwrap().method, Method::Possible);
    assert_eq!(store.method(hidden), Some(Method::Mse));
}

#[test]
fn without_its_key_rc4_is_possible_mse_and_no_message_is_invented() {
    let mut random = Random(4);
    for manner in manners().into_iter().filter(|manner| !manner.is_plaintext) {
        let talk = Talk::new(manner, &mut random);
        let source = source(&capture(&talk.flights, || 1400, || false));
        let other = Talk::new(manner, &mut random);
        let wrong = secret(&talk).replace(&hex(&TORRENT), &hex(&[1; 20]));
        let proven = read(&source, &wrong);
        assert_eq!(method(&proven), Some(Method::Mse));
        let unproven = read(&source, &secret(&other));
        assert_eq!(method(&unproven), Some(Method::Possible));
        for store in [proven, unproven] {
            assert_eq!(store.messages(), 0);
            let stream = connection(&store).stream();
            assert_eq!(stream.encrypted, stream.total());
        }
    }
}

#[test]
fn a_private_key_or_the_log_of_libtorrent_will_do() {
    let mut random = Random(5);
    let talk = Talk::new(rc4(), &mut random);
    let source = source(&capture(&talk.flights, || 1400, || false));
    let (torrent, s) = (hex(&TORRENT), hex(&talk.secret));
    let [xa, xb] = [0, 1].map(|side| hex(&talk.private[side]));
    let logs = [
        format!("MSE_PRIVATE {} {xa} {torrent}\n", hex(&talk.public[0])),
        format!("MSE_PRIVATE - {xb} {torrent}\n"),
        format!("MSE_SECRET - {s} {torrent}\n"),
        format!("looking for synchash {torrent} secret: {s}\nMSE_SECRET - {s} {torrent}\n"),
    ];
    for log in logs {
        assert_all(&talk, rc4(), &source, &read(&source, &log));
    }
}

#[test]
fn what_is_lost_behind_the_exchange_costs_no_more_than_itself() {
    let mut random = Random(6);
    for round in 0..10 {
        let manner = Manner {
            is_plaintext: round % 2 == 0,
            ..rc4()
        };
        let talk = Talk::new(manner, &mut random);
        let (mut sent, mut losses) = (0, Random(100 + round));
        let is_lost = || {
            sent += 1;
            sent > 8 && losses.below(10) == 0
        };
        let source = source(&capture(&talk.flights, || 1400, is_lost));
        let store = read(&source, &secret(&talk));
        let mut count = 0;
        for side in Side::BOTH {
            let start = STARTS[side.index()];
            for (_, entry) in messages(&store, side) {
                let offset = entry.seq.0.wrapping_sub(start) as usize;
                let said = talk.said[side.index()].iter().find(|(at, _)| *at == offset);
                assert!(
                    said.is_some(),
                    "{:?} at {offset} was never said",
                    entry.kind()
                );
                count += 1;
            }
        }
        let all = talk.said.iter().map(Vec::len).sum::<usize>();
        assert!(count * 10 >= all * 8, "{count} of {all}");
    }
}

#[test]
fn a_stream_of_another_kind_is_not_called_mse() {
    let mut random = Random(7);
    let mut possible = 0;
    for round in 0..200 {
        let mut flight = |len: usize| {
            let mut bytes = random.bytes(len);
            match round % 4 {
                // Random bytes of any length.
                0 => {}
                // A record of TLS.
                1 => bytes[..3].copy_from_slice(&[0x16, 3, 1]),
                // The packets of SSH behind its banner, a length in front.
                2 => bytes[..4].copy_from_slice(&(len as u32 - 4).to_be_bytes()),
                _ => bytes.iter_mut().for_each(|byte| *byte = b' ' + *byte % 90),
            }
            bytes
        };
        let mut lens = Random(1 + round);
        let flights = (0..6).map(|at| (at % 2 == 0, flight(60 + lens.below(600))));
        let flights: Vec<_> = flights.collect();
        let store = read(&source(&capture(&flights, || 1400, || false)), "");
        assert_eq!(store.messages(), 0);
        match method(&store) {
            None => {}
            Some(Method::Possible) => possible += 1,
            Some(proven) => panic!("{proven:?}"),
        }
        assert!(round % 4 == 0 || method(&store).is_none());
    }
    // Of the 50 that are random: they have the shape of a key exchange where the lengths of their flights do.
    assert_eq!(possible, 41);
}

/// Offsets of the messages of each side, where the log is written when `flight` has passed.
fn read_when_known_at(flight: usize, talk: &Talk) -> [Vec<usize>; 2] {
    let mut keys = Keys::expecting();
    let (mut conversation, mut read) = (Conversation::default(), [Vec::new(), Vec::new()]);
    let mut next = STARTS.map(SeqNumber);
    for (at, (is_initiator, bytes)) in talk.flights.iter().enumerate() {
        if at == flight {
            keys.read(&secret(talk));
        }
        let side = if *is_initiator { Side::A } else { Side::B };
        for segment in bytes.chunks(1400) {
            let data = (next[side.index()], segment);
            conversation.data(
                &keys,
                side,
                data,
                FrameRef::default(),
                &mut |side, decoded, _| {
                    if let Decoded::Message(framed) = decoded {
                        assert_eq!(framed.via, Some(Via::MseRc4));
                        let start = STARTS[side.index()];
                        read[side.index()].push(framed.place.seq.0.wrapping_sub(start) as usize);
                    }
                },
            );
            next[side.index()] = data.0 + segment.len() as u32;
        }
    }
    read
}

fn offsets(talk: &Talk) -> [Vec<usize>; 2] {
    [0, 1].map(|side| talk.said[side].iter().map(|(offset, _)| *offset).collect())
}

#[test]
fn a_key_that_comes_late_opens_the_rest() {
    let talk = Talk::new(rc4(), &mut Random(8));
    let read = read_when_known_at(12, &talk);
    for (read, said) in read.iter().zip(offsets(&talk)) {
        assert!(
            said.ends_with(read) && read.len() >= 5,
            "{read:?} of {said:?}"
        );
    }
}

/// Clients write it down when the exchange is done, and its packets may have been read by then.
#[test]
fn a_key_that_comes_soon_opens_all() {
    let talk = Talk::new(rc4(), &mut Random(8));
    assert_eq!(read_when_known_at(6, &talk), offsets(&talk));
}

/// A handshake in plaintext tells the torrent of a connection whose secret alone was written down.
#[test]
fn torrents_of_other_connections_are_tried() {
    let mut random = Random(9);
    let talk = Talk::new(rc4(), &mut random);
    let source = source(&capture(&talk.flights, || 1400, || false));
    let log = format!("MSE_SECRET - {}\n", hex(&talk.secret));
    assert_eq!(read(&source, &log).messages(), 0);
    let mut keys = Keys::default();
    keys.read(&log);
    keys.know(InfoHash(TORRENT));
    let mut conversation = Conversation::default();
    let (mut count, mut next) = (0, STARTS.map(SeqNumber));
    for (is_initiator, bytes) in &talk.flights {
        let side = if *is_initiator { Side::A } else { Side::B };
        let data = (next[side.index()], &bytes[..]);
        conversation.data(
            &keys,
            side,
            data,
            FrameRef::default(),
            &mut |_, decoded, _| {
                count += usize::from(matches!(decoded, Decoded::Message(_)));
            },
        );
        next[side.index()] = data.0 + bytes.len() as u32;
    }
    assert_eq!(count, talk.said.iter().map(Vec::len).sum::<usize>());
}

/// Whatever is damaged or missing, also of the exchange itself: every byte is accounted for.
#[test]
fn a_damaged_exchange_does_no_harm() {
    let mut random = Random(10);
    for round in 0..300 {
        let manner = manners()[random.below(42)];
        let mut talk = Talk::new(manner, &mut random);
        let log = secret(&talk);
        for _ in 0..random.below(4) {
            let flight = random.below(6);
            let bytes = &mut talk.flights[flight].1;
            let at = random.below(bytes.len().min(1200));
            bytes[at] ^= 1 << random.below(8);
        }
        let (mut cuts, mut losses) = (Random(1 + round), Random(2 + round));
        let loss = losses.below(30);
        let cut = || 1 + cuts.below(900);
        let store = read(
            &source(&capture(&talk.flights, cut, || losses.below(100) < loss)),
            &log,
        );
        for side in Side::BOTH {
            let Some(facts) = connection(&store).facts(side) else {
                continue;
            };
            let direction = connection(&store).activity.direction(side);
            let captured = facts.stream.total() - facts.stream.gap;
            assert_eq!(captured, direction.payload, "{manner:?} in round {round}");
        }
    }
}

#[test]
fn the_command_takes_several_logs() {
    let mut random = Random(12);
    let talk = Talk::new(rc4(), &mut random);
    let (mut file, mut log) = (NamedTempFile::new().unwrap(), NamedTempFile::new().unwrap());
    let other = NamedTempFile::new().unwrap();
    file.write_all(&capture(&talk.flights, || 1400, || false))
        .unwrap();
    log.write_all(secret(&talk).as_bytes()).unwrap();
    let run = |command: &str| {
        let mut run = Command::new(env!("CARGO_BIN_EXE_peerscope"));
        run.args([command, "--json"]).arg(file.path());
        run.arg("--mse-keys")
            .arg(other.path())
            .arg("--mse-keys")
            .arg(log.path());
        String::from_utf8(run.output().unwrap().stdout).unwrap()
    };
    let messages = run("messages");
    let said = talk.said.iter().map(Vec::len).sum::<usize>();
    assert_eq!(messages.matches(r#""via":"mse-rc4""#).count(), said);
    assert!(run("connections").contains(
        r#""encryption":{"method":"mse-rc4","initiator":"10.0.0.1:50000","ya":{"frame":3,"#
    ));
    assert!(run("summary").contains(&format!(
        r#""encrypted":{}"#,
        talk.hidden[0] + talk.hidden[1]
    )));
}
