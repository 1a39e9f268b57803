//! Conversations that went through a network which cuts, reorders, repeats and loses.

mod arrived;
mod decoding;
mod packets;

use std::fs;
use std::io::{self, Write};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrived::Arrived;
use decoding::decoded;
use packets::{ACK, End, FIN, Pcap, SYN, Segment};
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::store::{self, EntryId, SideFacts, Store, What};
use peerscope::stream::{ConnectionId, Direction, SeqNumber, Side};
use peerscope::wire::{Kind, Message};
use proptest::array::uniform2;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_rough_way_changes_no_message(talk in talk(), isn in isn(), way in rough_way()) {
        let clean = Capture::of(&talk, isn, &way.clean(&talk));
        let rough = Capture::of(&talk, isn, &way.rough(&talk));
        for (side, messages) in Side::BOTH.into_iter().zip(&talk.said) {
            let told = rough.told(side);
            prop_assert_eq!(told.len(), messages.len());
            prop_assert_eq!(told, clean.told(side));
        }
        rough.assert_it_can_be_read_again(&talk);
        rough.assert_it_adds_up(&talk, &way.rough(&talk));
    }

    #[test]
    fn a_loss_costs_no_more_than_it_must(talk in talk(), isn in isn(), way in lossy_way()) {
        let (clean, sent) = (Capture::of(&talk, isn, &way.clean(&talk)), way.lossy(&talk));
        let lossy = Capture::of(&talk, isn, &sent);
        for side in Side::BOTH {
            let (missing, in_sync) = spared(&talk.said[side.index()], &lost(&sent, side));
            let (told, clean) = (lossy.told(side), clean.told(side));
            prop_assert!(told.len() >= in_sync);
            let mut from = 0;
            for (number, told) in told.iter().enumerate() {
                let at = clean[from..].iter().position(|clean| clean.offset == told.offset);
                let at = from + at.expect("nothing is invented");
                prop_assert!(number >= in_sync || at == number, "{number} is in sync");
                prop_assert!(told.is(&clean[at], missing[at]), "{:?} is not {:?} less {}", told, clean[at], missing[at]);
                from = at + 1;
            }
        }
        lossy.assert_it_adds_up(&talk, &sent);
    }

    #[test]
    fn damage_makes_nothing_panic(
        file in select(&["misbehaving.pcap", "be_sections.pcapng", "loopback.pcap", "utp_only.pcap"][..]),
        hits in vec((any::<Index>(), 0..120usize, any::<u8>()), 1..60),
    ) {
        let mut bytes = fs::read(captures().join(file)).unwrap();
        let frames = positions(&bytes);
        for (frame, offset, value) in hits {
            if let Some(byte) = bytes.get_mut(frame.get(&frames) + offset) {
                *byte = value;
            }
        }
        let source = source(&bytes);
        if let Ok(reader) = Reader::new(source.clone(), file) {
            look_at_everything(&decoded(reader), &source);
        }
    }
}

/// One byte of any value from before what is expected (RFC 9293 section 3.8.4).
#[test]
fn a_keep_alive_of_tcp_is_no_byte_of_the_stream() {
    let handshake = [b"\x13BitTorrent protocol".as_slice(), &[7; 48]].concat();
    let isn = [u32::MAX, 9];
    let mut line = Line::new(isn);
    line.send(Side::A, ACK, 0, b"?", 1);
    line.send(Side::A, ACK, 1, &handshake[..40], 1);
    line.send(Side::A, ACK, 40, b"?", 1);
    line.send(Side::A, ACK, 41, &handshake[40..], 1);
    let capture = Capture::read(isn, &line.pcap.into_inner());
    let talk = Talk {
        said: [vec![handshake], vec![]],
    };
    assert_eq!(capture.told(Side::A).len(), 1);
    capture.assert_it_can_be_read_again(&talk);
}

/// The second segment of a message carries all of the first again, as a retransmission of both does.
#[test]
fn frames_that_repeat_the_start_of_a_message_keep_their_numbers() {
    let handshake = [b"\x13BitTorrent protocol".as_slice(), &[7; 48]].concat();
    let isn = [u32::MAX, 9];
    let mut line = Line::new(isn);
    line.send(Side::A, ACK, 1, &handshake, 1);
    line.send(Side::A, ACK, 69, b"\0\0\0", 1);
    line.send(Side::A, ACK, 69, b"\0\0\0\x01\x02", 1);
    let capture = Capture::read(isn, &line.pcap.into_inner());
    let raw = store::read_raw(&capture.store, &capture.source, EntryId(1)).unwrap();
    let numbers: Vec<u32> = raw.frames.iter().map(|frame| frame.number.0).collect();
    assert_eq!(numbers, [4, 5], "behind two SYNs and the handshake");
}

/// What both sides say, message by message; the handshake comes first.
#[derive(Clone, Debug)]
struct Talk {
    said: [Vec<Vec<u8>>; 2],
}

fn talk() -> impl Strategy<Value = Talk> {
    uniform2(side()).prop_map(|said| Talk { said })
}

fn side() -> impl Strategy<Value = Vec<Vec<u8>>> {
    (vec(any::<u8>(), 48), vec(message(), 0..16)).prop_map(|(rest, messages)| {
        let handshake = [b"\x13BitTorrent protocol".as_slice(), &rest].concat();
        [vec![handshake], messages].concat()
    })
}

fn message() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        1 => Just(vec![0; 4]), // a keep-alive has no id
        3 => shaped(&[0, 1, 2, 3, 14, 15], 0..1),
        3 => shaped(&[4, 13, 17], 4..5),
        3 => shaped(&[6, 8, 16], 12..13),
        4 => shaped(&[7], 8..3008),
        1 => shaped(&[5], 0..200),
        2 => shaped(&[20], 1..3000),
        1 => shaped(&[9], 2..3),
        1 => shaped(&[21, 22, 23], 48..49),
        1 => shaped(&[22], 48..500),
        1 => shaped(&[10, 11, 12, 24, 99, 255], 0..100),
        1 => shaped(&[0, 4, 6, 7, 9, 20, 21], 0..20), // most of these are malformed
    ]
}

/// Messages of one of these ids with a body of random bytes.
fn shaped(ids: &'static [u8], len: Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    (select(ids), vec(any::<u8>(), len)).prop_map(|(id, body)| {
        let prefix = (body.len() as u32 + 1).to_be_bytes();
        [&prefix, &[id][..], &body].concat()
    })
}

/// Initial sequence numbers, many of which wrap soon.
fn isn() -> impl Strategy<Value = [u32; 2]> {
    uniform2(prop_oneof![any::<u32>(), u32::MAX - 5000..=u32::MAX])
}

impl Talk {
    fn streams(&self) -> [Vec<u8>; 2] {
        self.said.each_ref().map(|messages| messages.concat())
    }
}

/// A part of a stream on its way.
#[derive(Clone, Debug)]
struct Sent {
    side: Side,
    range: Range<usize>,
    is_lost: bool,
}

/// What happens to segments.
#[derive(Clone, Debug, Default)]
struct Way {
    cuts: [Vec<Index>; 2],
    /// Ranges that are sent once more, across whatever cuts.
    again: Vec<(bool, Index, usize)>,
    /// By how many bytes a segment comes too late, in turn.
    delays: Vec<usize>,
    /// Whether it comes at all, in turn.
    losses: Vec<bool>,
}

fn rough_way() -> impl Strategy<Value = Way> {
    let again = vec((any::<bool>(), any::<Index>(), 1..3000usize), 0..12);
    let delays = vec(0..6000usize, 1..40);
    (uniform2(cuts()), again, delays).prop_map(|(cuts, again, delays)| Way {
        cuts,
        again,
        delays,
        losses: vec![false],
    })
}

fn lossy_way() -> impl Strategy<Value = Way> {
    let losses = vec(weighted(0.1), 1..40);
    (uniform2(cuts()), losses).prop_map(|(cuts, losses)| Way {
        cuts,
        delays: vec![0],
        losses,
        ..Way::default()
    })
}

fn cuts() -> impl Strategy<Value = Vec<Index>> {
    vec(any::<Index>(), 0..40)
}

impl Way {
    /// In order, whole.
    fn clean(&self, talk: &Talk) -> Vec<Sent> {
        let mut sent = self.pieces(talk);
        sent.sort_by_key(|sent| sent.range.start);
        sent
    }

    /// Late and repeatedly.
    fn rough(&self, talk: &Talk) -> Vec<Sent> {
        let mut sent = self.pieces(talk);
        let streams = talk.streams();
        for (is_b, from, len) in &self.again {
            let side = if *is_b { Side::B } else { Side::A };
            let end = streams[side.index()].len();
            let from = from.index(end);
            let range = from..(from + len).min(end);
            sent.push(Sent::new(side, range));
        }
        let delays = self.delays.iter().cycle();
        let mut late: Vec<_> = sent.into_iter().zip(delays).collect();
        late.sort_by_key(|(sent, delay)| sent.range.start + **delay);
        late.into_iter().map(|(sent, _)| sent).collect()
    }

    /// In order, with losses.
    fn lossy(&self, talk: &Talk) -> Vec<Sent> {
        let mut sent = self.clean(talk);
        for (sent, is_lost) in sent.iter_mut().zip(self.losses.iter().cycle()) {
            sent.is_lost = *is_lost;
        }
        sent
    }

    fn pieces(&self, talk: &Talk) -> Vec<Sent> {
        let pieces = Side::BOTH.into_iter().zip(talk.streams()).zip(&self.cuts);
        let pieces = pieces.flat_map(|((side, stream), cuts)| {
            let ranges = cut(stream.len(), cuts);
            ranges.into_iter().map(move |range| Sent::new(side, range))
        });
        pieces.collect()
    }
}

impl Sent {
    fn new(side: Side, range: Range<usize>) -> Sent {
        Sent {
            side,
            range,
            is_lost: false,
        }
    }
}

fn cut(len: usize, cuts: &[Index]) -> Vec<Range<usize>> {
    let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(len)).collect();
    at.extend([0, len]);
    at.sort_unstable();
    at.dedup();
    at.windows(2).map(|ends| ends[0]..ends[1]).collect()
}

/// A capture of a conversation, decoded.
struct Capture {
    source: Source,
    store: Store,
    isn: [u32; 2],
}

impl Capture {
    fn of(talk: &Talk, isn: [u32; 2], sent: &[Sent]) -> Capture {
        Capture::read(isn, &pcap(&talk.streams(), isn, sent))
    }

    fn read(isn: [u32; 2], bytes: &[u8]) -> Capture {
        let source = source(bytes);
        let store = decoded(Reader::new(source.clone(), "test").unwrap());
        Capture { source, store, isn }
    }

    /// The messages of one side, and anything that is none.
    fn told(&self, side: Side) -> Vec<Told> {
        let entries = self.store.entries(EntryId(0));
        let messages = entries.filter(|(_, entry)| entry.side() == side);
        let told = messages.map(|(id, entry)| Told {
            offset: entry.seq.since(SeqNumber(self.isn[side.index()]) + 1),
            size: entry.size,
            what: self.store.what(entry),
            missing: self.store.missing(id),
        });
        told.filter(|told| matches!(told.what, What::Message(_)))
            .collect()
    }

    fn assert_it_can_be_read_again(&self, talk: &Talk) {
        let mut said = talk.said.each_ref().map(|messages| messages.iter());
        for (id, entry) in self.store.entries(EntryId(0)) {
            let message = said[entry.side().index()].next().unwrap();
            let raw = store::read_raw(&self.store, &self.source, id).unwrap();
            let bytes: Vec<_> = (0..raw.bytes.len()).map_while(|at| raw.get(at)).collect();
            assert_eq!(&bytes, message);
        }
    }

    fn assert_it_adds_up(&self, talk: &Talk, sent: &[Sent]) {
        let connection = self.store.connection(ConnectionId(0));
        for side in Side::BOTH {
            let facts = connection.facts(side).cloned().unwrap_or_default();
            let direction = connection.activity.direction(side);
            let ranges = sent.iter().filter(|it| it.side == side && !it.is_lost);
            let captured: usize = ranges.map(|it| it.range.len()).sum();
            let len = talk.streams()[side.index()].len();
            let lost: usize = lost(sent, side).iter().map(Range::len).sum();
            assert_adds_up(&facts, direction, captured as u64, len as u64, lost as u64);
        }
    }
}

fn assert_adds_up(facts: &SideFacts, direction: Direction, captured: u64, len: u64, lost: u64) {
    let stream = facts.stream;
    assert_eq!(direction.payload, captured);
    assert_eq!(direction.duplicate, captured + lost - len);
    assert_eq!((direction.late, direction.stray, direction.held), (0, 0, 0));
    assert_eq!(stream.total(), len);
    assert_eq!(stream.decoded + stream.undecoded, len - lost);
}

/// What came of a message.
#[derive(Debug, PartialEq, Eq)]
struct Told {
    offset: i32,
    size: u32,
    what: What,
    missing: u64,
}

impl Told {
    /// True if this is the message `clean`, as far as that can be known when so many of its bytes are missing.
    fn is(&self, clean: &Told, missing: u64) -> bool {
        let what = match (&self.what, &clean.what) {
            (What::Message(Message::Unread(kind)), What::Message(clean)) => {
                missing > 0 && [clean.kind(), Kind::Unknown].contains(kind)
            }
            (what, clean) => what == clean,
        };
        what && (self.offset, self.size, self.missing) == (clean.offset, clean.size, missing)
    }
}

/// Bytes that each message lacks, and how many messages come before the first whose head lacks any: with it the place of
/// the next is lost, and has to be found again.
fn spared(messages: &[Vec<u8>], lost: &[Range<usize>]) -> (Vec<u64>, usize) {
    let missing = |from, to| {
        (from..to)
            .filter(|at| lost.iter().any(|lost| lost.contains(at)))
            .count()
    };
    let (mut lacks, mut in_sync, mut at) = (Vec::new(), messages.len(), 0);
    let mut head = "\x13BitTorrent protocol".len();
    for (number, message) in messages.iter().enumerate() {
        if missing(at, at + head) > 0 {
            in_sync = in_sync.min(number);
        }
        lacks.push(missing(at, at + message.len()) as u64);
        (at, head) = (at + message.len(), size_of::<u32>());
    }
    (lacks, in_sync)
}

fn lost(sent: &[Sent], side: Side) -> Vec<Range<usize>> {
    let lost = sent.iter().filter(|it| it.side == side && it.is_lost);
    lost.map(|it| it.range.clone()).collect()
}

/// A connection from its SYN to its second FIN. Nobody acknowledges what was not sent before.
fn pcap(streams: &[Vec<u8>; 2], isn: [u32; 2], sent: &[Sent]) -> Vec<u8> {
    let mut line = Line::new(isn);
    let mut arrived = [Arrived::default(), Arrived::default()];
    for sent in sent {
        arrived[sent.side.index()].take(&sent.range);
        if !sent.is_lost {
            let payload = &streams[sent.side.index()][sent.range.clone()];
            let acknowledged = 1 + arrived[(!sent.side).index()].upto;
            line.send(sent.side, ACK, 1 + sent.range.start, payload, acknowledged);
        }
    }
    let [a, b] = streams.each_ref().map(Vec::len);
    line.send(Side::A, FIN | ACK, 1 + a, &[], 1 + b);
    line.send(Side::B, FIN | ACK, 1 + b, &[], 2 + a);
    line.pcap.into_inner()
}

/// A connection that is captured. Numbers count from the SYN.
struct Line {
    pcap: Pcap<Vec<u8>>,
    isn: [u32; 2],
}

impl Line {
    fn new(isn: [u32; 2]) -> Line {
        let pcap = Pcap::new(Vec::new()).unwrap();
        let mut line = Line { pcap, isn };
        line.send(Side::A, SYN, 0, &[], 0);
        line.send(Side::B, SYN | ACK, 0, &[], 1);
        line
    }

    fn send(&mut self, src: Side, flags: u8, from: usize, payload: &[u8], acknowledged: usize) {
        let number = |side: Side, at| self.isn[side.index()].wrapping_add(at as u32);
        let segment = Segment {
            src: ENDS[src.index()],
            dst: ENDS[(!src).index()],
            seq: number(src, from),
            ack: number(!src, acknowledged),
            flags,
            payload,
        };
        self.pcap.push(&segment).unwrap();
    }
}

const ENDS: [End; 2] = [
    End {
        ip: [10, 0, 0, 1],
        port: 50001,
    },
    End {
        ip: [10, 0, 0, 2],
        port: 6881,
    },
];

/// Everything that can be asked of a store.
fn look_at_everything(store: &Store, source: &Source) {
    for format in [Format::Text, Format::Json] {
        export::messages(store, EntryId(0), format, &mut io::sink()).unwrap();
        export::connections(store, format, &mut io::sink()).unwrap();
        export::summary(store, "damaged", &[], format, &mut io::sink()).unwrap();
    }
    for (id, _) in store.entries(EntryId(0)).step_by(7) {
        store::read_raw(store, source, id);
    }
    for connection in store.connections() {
        store.talk_at(connection.id, connection.entries().len() / 2);
    }
}

/// Where the file header and each frame lie.
fn positions(capture: &[u8]) -> Vec<usize> {
    let mut reader = Reader::new(source(capture), "whole").unwrap();
    let mut positions = vec![0];
    while let Some(frame) = reader.next_frame() {
        positions.push(frame.position.0 as usize);
    }
    positions
}

fn source(capture: &[u8]) -> Source {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(capture).unwrap();
    Source::File(Arc::new(file))
}

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}
