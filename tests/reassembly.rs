//! Streams that were cut, reordered, repeated with other bytes, and lost, against a model that is slow and obvious.

mod arrived;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;
use std::ops::Range;

use arrived::Arrived;
use peerscope::packet::{Endpoint, Flags, Segment, TcpHeader};
use peerscope::stream::{Direction, Event, FrameRef, SeqNumber, Side, Streams};
use proptest::array::uniform2;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_the_way_the_first_bytes_win_and_all_are_accounted_for(talk in talk(), way in way()) {
        let sent = way.sent(&talk);
        let got = got(&talk, &way, &sent);
        for side in Side::BOTH {
            got[side.index()].assert_first_bytes_win(&Model::of(side, &talk, &sent));
            got[side.index()].assert_it_adds_up(&Model::of(side, &talk, &sent));
        }
    }

    #[test]
    fn forged_segments_make_nothing_panic_and_all_adds_up(talk in talk(), way in way(), forged in forged()) {
        let sent = way.sent(&talk);
        let mut line = Line::new(&talk);
        line.is_forged = true;
        line.shake_hands(way.hears);
        let mut forged = forged.into_iter().cycle();
        for sent in sent.iter().filter(|it| !it.is_lost) {
            line.send(sent.side, Flags::default(), 1 + sent.range.start, &sent.bytes, Some(1));
            let (is_b, flags, at, ack) = forged.next().expect("there is one at least");
            let side = if is_b { Side::B } else { Side::A };
            line.send(side, flags, at as usize, &[], ack.map(|ack| ack as usize));
        }
        line.finish_unchecked();
    }

    #[test]
    fn what_the_network_reorders_and_repeats_is_put_in_order(talk in talk(), way in way()) {
        let way = Way { losses: vec![false], hears: [true; 3], ..way };
        let sent = way.sent(&talk);
        for (side, got) in Side::BOTH.into_iter().zip(got(&talk, &way, &sent)) {
            let model = Model::of(side, &talk, &sent);
            let delivered: Vec<u8> = got.bytes.into_values().collect();
            let first: Vec<u8> = model.first.into_values().collect();
            prop_assert_eq!(delivered, first);
            prop_assert_eq!((got.gaps, got.count.late, got.count.stray), (vec![], 0, 0));
        }
    }
}

/// What both sides say, and their first numbers.
#[derive(Clone, Debug)]
struct Talk {
    said: [Vec<u8>; 2],
    isn: [u32; 2],
}

fn talk() -> impl Strategy<Value = Talk> {
    let isn = prop_oneof![any::<u32>(), u32::MAX - 3000..=u32::MAX];
    let said = vec(any::<u8>(), 1..3000);
    (uniform2(said), uniform2(isn)).prop_map(|(said, isn)| Talk { said, isn })
}

/// What happens to segments on their way.
#[derive(Clone, Debug)]
struct Way {
    cuts: [Vec<Index>; 2],
    /// Whose, from where, how many bytes; true when they come with another content.
    again: Vec<(bool, Index, usize, bool)>,
    /// By how many bytes a segment comes too late, in turn.
    delays: Vec<usize>,
    /// Whether it is in the capture, in turn.
    losses: Vec<bool>,
    /// Which steps of the handshake are in the capture.
    hears: [bool; 3],
    /// Whether both FINs are.
    ends: bool,
}

fn way() -> impl Strategy<Value = Way> {
    let again = (any::<bool>(), any::<Index>(), 1..2000usize, any::<bool>());
    let delays = prop_oneof![Just(vec![0]), vec(0..3000usize, 1..30)];
    let losses = prop_oneof![Just(vec![false]), vec(weighted(0.2), 1..30)];
    let hears = (any::<bool>(), any::<bool>(), any::<bool>());
    let cuts = uniform2(vec(any::<Index>(), 0..30));
    (
        cuts,
        vec(again, 0..10),
        delays,
        losses,
        hears,
        any::<bool>(),
    )
        .prop_map(
            |(cuts, again, delays, losses, (syn, answer, last), ends)| Way {
                cuts,
                again,
                delays,
                losses,
                hears: [syn, answer, last],
                ends,
            },
        )
}

/// Segments of somebody else: whose they seem to be, their flags and numbers.
fn forged() -> impl Strategy<Value = Vec<(bool, Flags, u32, Option<u32>)>> {
    let number = || prop_oneof![0..6000u32, any::<u32>()];
    let flags = (any::<bool>(), any::<bool>()).prop_map(|(fin, rst)| Flags {
        syn: false,
        fin,
        rst,
    });
    let ack = proptest::option::weighted(0.9, number());
    vec((any::<bool>(), flags, number(), ack), 1..20)
}

/// Bytes on their way.
#[derive(Clone, Debug)]
struct Sent {
    side: Side,
    range: Range<usize>,
    bytes: Vec<u8>,
    is_lost: bool,
}

impl Way {
    fn sent(&self, talk: &Talk) -> Vec<Sent> {
        let mut sent = Vec::new();
        for side in Side::BOTH {
            let said = &talk.said[side.index()];
            let mut at: Vec<usize> = self.cuts[side.index()]
                .iter()
                .map(|cut| cut.index(said.len()))
                .collect();
            at.extend([0, said.len()]);
            at.sort_unstable();
            at.dedup();
            let ranges = at.windows(2).map(|ends| ends[0]..ends[1]);
            sent.extend(ranges.map(|range| Sent::new(side, said, range, false)));
        }
        for (is_b, from, len, is_other) in &self.again {
            let side = if *is_b { Side::B } else { Side::A };
            let said = &talk.said[side.index()];
            let from = from.index(said.len());
            let range = from..(from + len).min(said.len());
            sent.push(Sent::new(side, said, range, *is_other));
        }
        let delays = self.delays.iter().cycle();
        let mut late: Vec<_> = sent.into_iter().zip(delays).collect();
        late.sort_by_key(|(sent, delay)| sent.range.start + **delay);
        let losses = self.losses.iter().cycle();
        let way = late.into_iter().zip(losses);
        way.map(|((sent, _), is_lost)| Sent {
            is_lost: *is_lost,
            ..sent
        })
        .collect()
    }
}

impl Sent {
    fn new(side: Side, said: &[u8], range: Range<usize>, is_other: bool) -> Sent {
        let turn = |byte: &u8| if is_other { !byte } else { *byte };
        Sent {
            side,
            bytes: said[range.clone()].iter().map(turn).collect(),
            range,
            is_lost: false,
        }
    }
}

/// A direction, byte by byte: of each that was captured the first copy.
struct Model {
    first: BTreeMap<usize, u8>,
    captured: u64,
    len: usize,
}

impl Model {
    fn of(side: Side, talk: &Talk, sent: &[Sent]) -> Model {
        let mut model = Model {
            first: BTreeMap::new(),
            captured: 0,
            len: talk.said[side.index()].len(),
        };
        for sent in sent.iter().filter(|it| it.side == side && !it.is_lost) {
            model.captured += sent.bytes.len() as u64;
            for (at, byte) in sent.range.clone().zip(&sent.bytes) {
                model.first.entry(at).or_insert(*byte);
            }
        }
        model
    }
}

/// A direction as it came out.
#[derive(Default)]
struct Got {
    bytes: BTreeMap<usize, u8>,
    gaps: Vec<Range<usize>>,
    next: Option<usize>,
    count: Direction,
}

impl Got {
    /// Everything comes in order and once.
    fn step(&mut self, offset: i32, len: usize) -> Range<usize> {
        let offset = usize::try_from(offset).expect("nothing comes from before the stream");
        assert_eq!(*self.next.get_or_insert(offset), offset);
        self.next = Some(offset + len);
        offset..offset + len
    }

    fn assert_first_bytes_win(&self, model: &Model) {
        for (at, byte) in &self.bytes {
            assert_eq!(model.first.get(at), Some(byte), "at {at}");
        }
        assert!(self.next.unwrap_or(0) <= model.len, "nothing is invented");
        let lost = self.gaps.iter().cloned().flatten();
        let came = lost.filter(|at| model.first.contains_key(at)).count() as u64;
        assert!(
            came <= self.count.late,
            "{came} bytes of gaps came too late"
        );
    }

    fn assert_it_adds_up(&self, model: &Model) {
        let Direction {
            payload,
            duplicate,
            late,
            stray,
            held,
            snapped,
        } = self.count;
        assert_eq!((payload, stray, held, snapped), (model.captured, 0, 0, 0));
        assert_eq!(payload, self.bytes.len() as u64 + duplicate + late);
        let unseen = model.first.len() - self.bytes.len();
        assert!(late >= unseen as u64, "no byte is a duplicate of none");
    }
}

fn got(talk: &Talk, way: &Way, sent: &[Sent]) -> [Got; 2] {
    let mut line = Line::new(talk);
    line.shake_hands(way.hears);
    let mut arrived = [Arrived::default(), Arrived::default()];
    for sent in sent {
        arrived[sent.side.index()].take(&sent.range);
        if !sent.is_lost {
            let has = arrived[(!sent.side).index()].upto;
            line.send(
                sent.side,
                Flags::default(),
                1 + sent.range.start,
                &sent.bytes,
                Some(1 + has),
            );
        }
    }
    if way.ends {
        let fin = Flags {
            fin: true,
            ..Flags::default()
        };
        let [a, b] = talk.said.each_ref().map(Vec::len);
        line.send(Side::A, fin, 1 + a, &[], Some(1 + b));
        line.send(Side::B, fin, 1 + b, &[], Some(2 + a));
    }
    line.end()
}

/// A connection that is captured. Numbers count from the SYN.
struct Line {
    streams: Streams,
    isn: [u32; 2],
    /// Which of the talk's sides the first side of the capture is.
    first: Option<Side>,
    got: [Got; 2],
    /// Only counted, where what comes is not to be believed.
    delivered: u64,
    is_forged: bool,
}

impl Line {
    fn new(talk: &Talk) -> Line {
        Line {
            streams: Streams::default(),
            isn: talk.isn,
            first: None,
            got: [Got::default(), Got::default()],
            delivered: 0,
            is_forged: false,
        }
    }

    fn shake_hands(&mut self, [syn, answer, last]: [bool; 3]) {
        let flags = Flags {
            syn: true,
            ..Flags::default()
        };
        if syn {
            self.send(Side::A, flags, 0, &[], None);
        }
        if answer {
            self.send(Side::B, flags, 0, &[], Some(1));
        }
        if last {
            self.send(Side::A, Flags::default(), 1, &[], Some(1));
        }
    }

    fn send(&mut self, side: Side, flags: Flags, from: usize, payload: &[u8], ack: Option<usize>) {
        let number = |side: Side, at: usize| self.isn[side.index()].wrapping_add(at as u32);
        let ends = [50_001, 6881].map(|port| Endpoint {
            ip: Ipv4Addr::LOCALHOST.into(),
            port,
        });
        let segment = Segment {
            src: ends[side.index()],
            dst: ends[(!side).index()],
            seq: number(side, from),
            ack: ack.map(|ack| number(!side, ack)),
            flags,
            header: TcpHeader(&[]),
            payload,
            len: payload.len() as u32,
        };
        let is_answer = flags.syn && ack.is_some();
        let first = *self
            .first
            .get_or_insert(if is_answer { !side } else { side });
        let (isn, got) = (self.isn, &mut self.got);
        let (is_forged, delivered) = (self.is_forged, &mut self.delivered);
        self.streams
            .push(&segment, FrameRef::default(), &mut |id, event| {
                if let (true, Event::Data { bytes, .. }) = (is_forged, &event) {
                    *delivered += bytes.len() as u64;
                }
                if !is_forged {
                    assert_eq!(id.0, 0, "it is one connection");
                    take(got, isn, first, &event);
                }
            });
    }

    /// What forged segments claim may be believed; what they must not do is break the account.
    fn finish_unchecked(mut self) {
        let mut streams = 0;
        let mut told = |event: &Event<'_>| {
            if let Event::Data { bytes, .. } = event {
                streams += bytes.len() as u64;
            }
        };
        self.streams
            .finish(usize::MAX, &mut |_, event| told(&event));
        streams += self.delivered;
        let mut counts = Direction::default();
        self.streams.take_activity(|_, activity| {
            for side in Side::BOTH {
                let direction = activity.direction(side);
                counts.payload += direction.payload;
                counts.duplicate += direction.duplicate + direction.late + direction.stray;
                counts.held += direction.held;
            }
        });
        assert_eq!(
            (counts.payload, counts.held),
            (streams + counts.duplicate, 0)
        );
    }

    fn end(mut self) -> [Got; 2] {
        let (isn, first) = (self.isn, self.first.unwrap_or(Side::A));
        let mut counts = [Direction::default(); 2];
        let got = &mut self.got;
        self.streams
            .finish(1, &mut |_, event| take(got, isn, first, &event));
        self.streams.take_activity(|_, activity| {
            counts = Side::BOTH.map(|side| activity.direction(of(side, first)));
        });
        for (got, count) in self.got.iter_mut().zip(counts) {
            got.count = count;
        }
        self.got
    }
}

/// A side of the talk as a side of the capture, and the other way round.
fn of(side: Side, first: Side) -> Side {
    if first == Side::A { side } else { !side }
}

fn take(got: &mut [Got; 2], isn: [u32; 2], first: Side, event: &Event<'_>) {
    match event {
        Event::Data {
            side, seq, bytes, ..
        } => {
            let side = of(*side, first).index();
            let offset = seq.since(SeqNumber(isn[side]) + 1);
            let range = got[side].step(offset, bytes.len());
            got[side].bytes.extend(range.zip(bytes.iter().copied()));
        }
        Event::Gap { side, seq, len, .. } => {
            let side = of(*side, first).index();
            let offset = seq.since(SeqNumber(isn[side]) + 1);
            let range = got[side].step(offset, *len as usize);
            got[side].gaps.push(range);
        }
        _ => {}
    }
}
