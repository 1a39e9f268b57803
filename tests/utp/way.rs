//! What a network does to the packets of a conversation.

use std::collections::BTreeSet;
use std::ops::Range;

use peerscope::stream::Side;
use proptest::array::uniform2;
use proptest::bool::weighted;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::datagrams::Capture;
use crate::line::Line;
use crate::packet::Kind;
use crate::talk::Talk;

/// How packets are numbered, cut, and what happens to them.
#[derive(Clone, Debug)]
pub(crate) struct Way {
    /// The connection id of the SYN.
    id: u16,
    /// The numbers of the SYN and of its answer.
    first: [u16; 2],
    /// The answer uses its number up.
    is_consuming: bool,
    /// Where, and whether a message begins there.
    cuts: [Vec<(Index, bool)>; 2],
    /// The last payload is that of the FIN.
    is_fin_loaded: [bool; 2],
    /// By how many packets each comes too late, in turn.
    delays: Vec<usize>,
    /// Packets that come once more, and how much later.
    again: Vec<(bool, Index, usize)>,
    /// Whether each is missing in the capture, in turn.
    losses: Vec<bool>,
    /// Whether a STATE follows, in turn, and bytes of its selective acknowledgement.
    states: Vec<(bool, usize)>,
}

/// Nothing is lost.
pub(crate) fn rough_way() -> impl Strategy<Value = Way> {
    let again = vec((any::<bool>(), any::<Index>(), 0..40usize), 0..12);
    let delays = vec(0..30usize, 1..40);
    (way(0..40), again, delays).prop_map(|(way, again, delays)| Way {
        delays,
        again,
        ..way
    })
}

/// Some are not captured, all arrive.
pub(crate) fn lossy_way() -> impl Strategy<Value = Way> {
    let losses = vec(weighted(0.1), 1..40);
    let delays = prop_oneof![Just(vec![0]), vec(0..6usize, 1..40)];
    (way(0..60), losses, delays).prop_map(|(way, losses, delays)| Way {
        delays,
        losses,
        ..way
    })
}

/// Numbers and ids, many of which wrap soon.
fn way(cuts: Range<usize>) -> impl Strategy<Value = Way> {
    let soon = || prop_oneof![any::<u16>(), u16::MAX - 30..=u16::MAX];
    let id = prop_oneof![3 => any::<u16>(), 1 => u16::MAX - 1..=u16::MAX, 1 => Just(0)];
    let cuts = uniform2(vec((any::<Index>(), weighted(0.6)), cuts));
    let states = vec((any::<bool>(), 1..9usize), 1..20);
    let numbers = (id, uniform2(soon()), any::<bool>());
    (numbers, cuts, uniform2(any::<bool>()), states).prop_map(
        |((id, first, is_consuming), cuts, is_fin_loaded, states)| Way {
            id,
            first,
            is_consuming,
            cuts,
            is_fin_loaded,
            delays: vec![0],
            again: Vec::new(),
            losses: vec![false],
            states,
        },
    )
}

/// A packet on its way, by its place among those of its side.
#[derive(Clone, Copy, Debug)]
struct Step {
    side: Side,
    place: usize,
    is_lost: bool,
}

/// The packets of each side: what each carries. The last one is the FIN.
struct Packets([Vec<Range<usize>>; 2]);

impl Way {
    fn packets(&self, talk: &Talk) -> Packets {
        let ends = talk.streams().map(|stream| stream.len());
        Packets(Side::BOTH.map(|side| {
            let end = ends[side.index()];
            let mut ranges = talk.cut(side, &self.cuts[side.index()]);
            if !self.is_fin_loaded[side.index()] {
                ranges.push(end..end);
            }
            ranges
        }))
    }

    fn steps(&self, packets: &Packets) -> Vec<Step> {
        let mut steps = Vec::new();
        let (mut delays, mut losses) = (self.delays.iter().cycle(), self.losses.iter().cycle());
        for side in Side::BOTH {
            for place in 0..packets.0[side.index()].len() {
                let (delay, is_lost) = (delays.next().unwrap(), *losses.next().unwrap());
                steps.push((
                    place + delay,
                    Step {
                        side,
                        place,
                        is_lost,
                    },
                ));
            }
        }
        for (is_b, which, later) in &self.again {
            let side = if *is_b { Side::B } else { Side::A };
            let place = which.index(packets.0[side.index()].len());
            let is_lost = false;
            steps.push((
                place + later,
                Step {
                    side,
                    place,
                    is_lost,
                },
            ));
        }
        steps.sort_by_key(|(turn, _)| *turn);
        steps.into_iter().map(|(_, step)| step).collect()
    }

    /// What of the streams is missing in the capture: packets that are lost and do not come again.
    pub(crate) fn lost(&self, talk: &Talk) -> [Vec<Range<usize>>; 2] {
        let packets = self.packets(talk);
        let steps = self.steps(&packets);
        Side::BOTH.map(|side| {
            let of_side = |step: &&Step| step.side == side;
            let came = steps.iter().filter(of_side).filter(|step| !step.is_lost);
            let came: BTreeSet<usize> = came.map(|step| step.place).collect();
            let ranges = packets.0[side.index()].iter().enumerate();
            let lost = ranges.filter(|(place, _)| !came.contains(place));
            lost.map(|(_, range)| range.clone()).collect()
        })
    }

    /// Bytes that the capture has of each side, repeated ones included.
    pub(crate) fn carried(&self, talk: &Talk) -> [u64; 2] {
        let packets = self.packets(talk);
        let steps = self.steps(&packets);
        Side::BOTH.map(|side| {
            let came = steps.iter().filter(|it| it.side == side && !it.is_lost);
            came.map(|step| packets.0[side.index()][step.place].len() as u64)
                .sum()
        })
    }

    /// From the SYN to the last acknowledgement. Nobody acknowledges what was not sent before.
    pub(crate) fn capture(&self, talk: &Talk) -> Capture {
        let packets = self.packets(talk);
        let mut journey = Journey::new(self);
        let mut states = self.states.iter().cycle();
        for step in self.steps(&packets) {
            journey.arrive(step);
            if !step.is_lost {
                journey.send(step, &packets, &talk.streams());
            }
            if let Some((true, len)) = states.next() {
                journey.acknowledge(step.side, *len);
            }
        }
        for side in Side::BOTH {
            journey.acknowledge(side, 1);
        }
        journey.capture
    }
}

/// A conversation while it is captured.
struct Journey {
    capture: Capture,
    line: Line,
    /// The number of each side's first DATA.
    base: [u16; 2],
    /// Places of the packets of each side that the other has.
    arrived: [BTreeSet<usize>; 2],
}

impl Journey {
    fn new(way: &Way) -> Journey {
        let mut line = Line::new([crate::A, crate::B], way.id, way.first);
        let mut capture = Capture::new();
        capture.send(&line.syn());
        if way.is_consuming {
            capture.send(&line.consuming_answer());
            // Who goes that way acknowledges the answer before all else.
            capture.send(&line.state(Side::A));
        } else {
            capture.send(&line.answer());
        }
        Journey {
            capture,
            base: line.next,
            line,
            arrived: [BTreeSet::new(), BTreeSet::new()],
        }
    }

    fn seq(&self, side: Side, place: usize) -> u16 {
        self.base[side.index()].wrapping_add(place as u16)
    }

    fn arrive(&mut self, step: Step) {
        self.arrived[step.side.index()].insert(step.place);
        let got = self.seq(step.side, self.upto(step.side)).wrapping_sub(1);
        self.line.got[step.side.index()] = got;
    }

    /// How many packets of a side have arrived without a hole.
    fn upto(&self, side: Side) -> usize {
        let arrived = &self.arrived[side.index()];
        let mut places = 0..=arrived.len();
        places.find(|place| !arrived.contains(place)).unwrap_or(0)
    }

    fn send(&mut self, step: Step, packets: &Packets, streams: &[Vec<u8>; 2]) {
        let ranges = &packets.0[step.side.index()];
        let is_last = step.place + 1 == ranges.len();
        let kind = if is_last { Kind::Fin } else { Kind::Data };
        let payload = &streams[step.side.index()][ranges[step.place].clone()];
        let seq = self.seq(step.side, step.place);
        let sent = self.line.packet(step.side, kind, seq, payload);
        self.capture.send(&sent);
    }

    /// A STATE of the other side, which says in so many bytes what it has of `side` behind a hole.
    fn acknowledge(&mut self, side: Side, len: usize) {
        let upto = self.upto(side);
        let behind = self.arrived[side.index()].range(upto..upto + 1 + len * 8);
        let behind: Vec<u16> = behind.map(|place| self.seq(side, *place)).collect();
        let next = self.arrived[(!side).index()].last();
        let seq = self.seq(!side, next.map_or(0, |place| place + 1));
        let state = self.line.packet(!side, Kind::State, seq, &[]);
        let state = state.with(|packet| {
            if behind.is_empty() {
                packet
            } else {
                packet.selecting(behind, len)
            }
        });
        self.capture.send(&state);
    }
}
