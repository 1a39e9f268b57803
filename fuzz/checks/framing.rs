//! Bytes of a stream, cut anywhere: the same messages, and every byte accounted for.

use std::ops::Range;

use peerscope::capture::{FilePosition, FrameNumber, Timestamp};
use peerscope::packet::Endpoint;
use peerscope::store::{Change, Store};
use peerscope::stream::{ConnectionId, Evidence, FrameRef, Missing, SeqNumber, Side, Transport};
use peerscope::wire::bencode::{self, Node, Value};
use peerscope::wire::{
    Decoded, ExtendedHandshake, Framed, Framer, Kind, PeerId, Place, client, plain,
};

use super::print::{assert_plain, assert_prints};

/// The first byte is the number of cuts, each of which takes two more: the upper two bits say what happens to the
/// next bytes, as many as the other fourteen say. What is left behind the cuts is the stream; what no cut takes
/// arrives in one piece.
///
/// ```text
///  00 01   arrive
///  10      are not in the capture
///  11      are not in the capture, and not in the input either
/// ```
pub(crate) fn check(input: &[u8]) {
    let (cuts, stream) = read(input);
    let pieces = pieces(&cuts, stream);
    let told = told(&pieces);
    assert_accounts(&pieces, &told);
    assert_places(&pieces, &told);
    let until_lost = until_lost(&told);
    assert_eq!(until_lost, self::until_lost(&self::told(&joined(&pieces))));
    assert_eq!(until_lost, self::until_lost(&self::told(&crumbs(&pieces))));
    assert_lengths(&pieces, &until_lost);
    assert_prints(&store(told));
    assert_texts(stream);
}

/// The sequence number of the stream's first byte: it soon wraps.
const START: SeqNumber = SeqNumber(u32::MAX - 100);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Data(Vec<u8>),
    Gap(u64),
}

impl Piece {
    fn len(&self) -> u64 {
        match self {
            Piece::Data(bytes) => bytes.len() as u64,
            Piece::Gap(len) => *len,
        }
    }
}

fn read(input: &[u8]) -> (Vec<u16>, &[u8]) {
    let Some((count, rest)) = input.split_first() else {
        return (Vec::new(), input);
    };
    let (cuts, stream) = rest.split_at((usize::from(*count) * 2).min(rest.len() / 2 * 2));
    let cuts = cuts
        .chunks_exact(2)
        .map(|cut| u16::from_be_bytes([cut[0], cut[1]]));
    (cuts.collect(), stream)
}

fn pieces(cuts: &[u16], mut stream: &[u8]) -> Vec<Piece> {
    let mut pieces = Vec::new();
    for cut in cuts {
        let len = usize::from(cut & 0x3fff);
        if cut >> 14 == 3 {
            pieces.push(Piece::Gap(len as u64));
            continue;
        }
        let (taken, rest) = stream.split_at(len.min(stream.len()));
        stream = rest;
        pieces.push(match cut >> 14 {
            2 => Piece::Gap(taken.len() as u64),
            _ => Piece::Data(taken.to_vec()),
        });
    }
    pieces.push(Piece::Data(stream.to_vec()));
    pieces.retain(|piece| piece.len() > 0);
    pieces
}

/// The same with each stretch of bytes in one piece. Gaps stay what they are: each is told.
fn joined(pieces: &[Piece]) -> Vec<Piece> {
    let mut joined: Vec<Piece> = Vec::new();
    for piece in pieces {
        match (joined.last_mut(), piece) {
            (Some(Piece::Data(before)), Piece::Data(bytes)) => before.extend(bytes),
            _ => joined.push(piece.clone()),
        }
    }
    joined
}

/// The same byte by byte.
fn crumbs(pieces: &[Piece]) -> Vec<Piece> {
    let crumbs = joined(pieces).into_iter().flat_map(|piece| match piece {
        Piece::Data(bytes) => bytes
            .into_iter()
            .map(|byte| Piece::Data(vec![byte]))
            .collect(),
        gap @ Piece::Gap(_) => vec![gap],
    });
    crumbs.collect()
}

/// What a framer says of these pieces, each in a frame of its own, and that it ends.
fn told(pieces: &[Piece]) -> Vec<Decoded> {
    let (mut framer, mut told, mut seq) = (Framer::default(), Vec::new(), START);
    let mut out = |decoded| told.push(decoded);
    for (piece, number) in pieces.iter().zip(1..) {
        let at = frame(number);
        match piece {
            Piece::Data(bytes) => framer.data(seq, bytes, at, &mut out),
            Piece::Gap(len) => framer.gap(seq, *len, Missing::Lost, at, &mut out),
        }
        seq = seq + piece.len() as u32;
    }
    framer.finish(&mut out);
    told
}

fn frame(number: u32) -> FrameRef {
    FrameRef {
        number: FrameNumber(number),
        position: FilePosition(u64::from(number) * 100),
        time: Timestamp(u64::from(number)),
    }
}

/// Bytes on the wire, prefix included.
fn wire_len(framed: &Framed) -> u64 {
    let prefix = if framed.message.kind() == Kind::Handshake {
        0
    } else {
        4
    };
    u64::from(framed.size) + prefix
}

/// What is captured of the stream is in messages or undecoded, and what is not is a gap in or between them.
fn assert_accounts(pieces: &[Piece], told: &[Decoded]) {
    let (mut captured, mut gap) = (0, 0);
    for decoded in told {
        match decoded {
            Decoded::Message(framed) => {
                captured += wire_len(framed) - framed.missing;
                gap += framed.missing;
            }
            Decoded::Gap { bytes, .. } => gap += bytes,
            Decoded::Undecoded(undecoded) => {
                captured += undecoded.bytes;
                gap += undecoded.missing;
            }
            Decoded::Lost | Decoded::Encryption(_) | Decoded::Key(_) => {}
        }
    }
    let fed = pieces
        .iter()
        .fold((0, 0), |(captured, gap), piece| match piece {
            Piece::Data(bytes) => (captured + bytes.len() as u64, gap),
            Piece::Gap(len) => (captured, gap + len),
        });
    assert_eq!((captured, gap), fed, "{told:?}");
}

/// A message begins in the frame that it says, which is where it can be read again.
fn assert_places(pieces: &[Piece], told: &[Decoded]) {
    let ends = pieces.iter().scan(0, |end, piece| {
        *end += piece.len();
        Some(*end)
    });
    let ends: Vec<u64> = ends.collect();
    for decoded in told {
        if let Decoded::Message(Framed { place, .. }) = decoded {
            let offset = u64::from(place.seq.0.wrapping_sub(START.0));
            let number = 1 + ends.partition_point(|end| *end <= offset) as u32;
            let FrameRef {
                number, position, ..
            } = frame(number);
            assert_eq!((place.first_frame, place.position), (number, position));
        }
    }
}

/// Whether, and as what, a stretch was understood may hang on where segments begin, once the place is lost. Until
/// then the frames that brought the bytes make no difference.
fn until_lost(told: &[Decoded]) -> Vec<Decoded> {
    let before = told.iter().take_while(|decoded| **decoded != Decoded::Lost);
    let mut before: Vec<Decoded> = before.cloned().collect();
    for decoded in &mut before {
        let place = match decoded {
            Decoded::Message(framed) => &mut framed.place,
            Decoded::Gap { place, last, .. } => {
                *last = FrameRef::default();
                place
            }
            Decoded::Undecoded(undecoded) => {
                undecoded.last = FrameRef::default();
                &mut undecoded.place
            }
            Decoded::Lost | Decoded::Encryption(_) | Decoded::Key(_) => continue,
        };
        *place = Place {
            seq: place.seq,
            ..Place::default()
        };
    }
    before
}

/// Where nothing is missing, messages lie end to end, each as long as its first four bytes say.
fn assert_lengths(pieces: &[Piece], told: &[Decoded]) {
    let [Piece::Data(stream)] = &joined(pieces)[..] else {
        return;
    };
    let mut at = 0;
    for decoded in told {
        let Decoded::Message(framed) = decoded else {
            continue;
        };
        assert_eq!(framed.place.seq, START + at as u32);
        assert_eq!(framed.missing, 0);
        if at == 0 {
            assert_eq!((framed.message.kind(), framed.size), (Kind::Handshake, 68));
        } else {
            let prefix = stream[at..].first_chunk().expect("it was read");
            assert_eq!(framed.size, u32::from_be_bytes(*prefix));
        }
        at += wire_len(framed) as usize;
    }
}

/// What was said as a connection of its own.
fn store(told: Vec<Decoded>) -> Store {
    let mut store = Store::default();
    let end = |port| Endpoint {
        ip: std::net::Ipv4Addr::LOCALHOST.into(),
        port,
    };
    store.apply(Change::Opened {
        connection: ConnectionId(0),
        transport: Transport::Tcp,
        ends: [end(50000), end(6881)],
        opener: (Side::A, Evidence::Guess),
        first: frame(1),
    });
    told.into_iter()
        .map(|decoded| Change::of(ConnectionId(0), Side::A, decoded, frame(1)))
        .for_each(|change| store.apply(change));
    store
}

/// What strangers write is bounded and plain when it is shown.
fn assert_texts(text: &[u8]) {
    let parsed = bencode::parse(text);
    assert!(parsed.faults.len() < 128);
    if let Some(root) = &parsed.root {
        assert_inside(root, &(0..text.len()), 0);
    }
    let handshake = ExtendedHandshake::read(text);
    let names = handshake.ids.iter().map(|(name, _)| name);
    let shown: Vec<&String> = names.chain(&handshake.client).collect();
    assert!(shown.len() <= 65);
    shown.into_iter().for_each(|text| assert_short(text));
    assert_short(&plain(text));
    if let Some(id) = text.first_chunk() {
        assert_short(&client(&PeerId(*id)).unwrap_or_default());
    }
}

fn assert_short(text: &str) {
    assert_plain(text);
    assert!(text.chars().count() <= 129, "{text}");
}

/// Values lie one behind the other within the one that holds them, and not too deep.
fn assert_inside(node: &Node, outer: &Range<usize>, depth: usize) {
    assert!(depth <= 32);
    let Range { start, end } = node.range;
    assert!(outer.start <= start && start <= end && end <= outer.end);
    let mut rest = node.range.clone();
    let mut take = |range: &Range<usize>| {
        assert!(rest.start <= range.start && range.start <= range.end && range.end <= rest.end);
        rest.start = range.end;
    };
    match &node.value {
        Value::Int(_) => {}
        Value::Bytes(range) => take(range),
        Value::List(items) => {
            for item in items {
                take(&item.range);
                assert_inside(item, &node.range, depth + 1);
            }
        }
        Value::Dict(entries) => {
            for (key, item) in entries {
                take(key);
                take(&item.range);
                assert_inside(item, &node.range, depth + 1);
            }
        }
    }
}
