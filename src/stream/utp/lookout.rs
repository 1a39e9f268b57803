//! Who else may be speaking uTP.
//!
//! One header is not evidence: some hundredth of all foreign datagrams look like one. Two ends that answer each other
//! as uTP does are, and so is one whose numbers and clock go on as they should. What they sent before is uTP then, too.

use std::collections::{HashMap, VecDeque};

use super::{Header, Kind, Packet};
use crate::capture::Timestamp;
use crate::packet::{Datagram, Endpoint};
use crate::stream::{Evidence, FrameRef};

/// Pairs of ends that are remembered.
const MAX_PAIRS: usize = 2048;
/// Connections of one pair that may be about to begin.
const MAX_THREADS: usize = 8;
/// Packets of one of them that are kept until it is certain, and bytes of all of them together.
const MAX_PACKETS: usize = 64;
const MAX_BYTES: usize = 2 << 20;
/// What a kept packet takes beside its bytes.
const WEIGHT: usize = 128;
/// Headers in a row that must fit what the other end said, where no SYN was seen.
const ENOUGH: u32 = 3;
/// Headers in a row that must go on where the one before was, where the other end is not heard.
const ENOUGH_ALONE: u32 = 8;
/// How far an acknowledgement may be behind: no client buffers more packets.
const MAX_BEHIND: u16 = 1024;
/// For so long, in microseconds of the capture: what stands still is no clock, and neither is a counter.
const LONG_ENOUGH: i64 = 1000;
/// How far numbers go on from one packet of a side to its next.
const MAX_STEP: u16 = 64;

/// Packets that wait until it is known whether they are of uTP.
#[derive(Debug, Default)]
pub(in crate::stream) struct Lookout {
    pairs: HashMap<[Endpoint; 2], Vec<Thread>>,
    /// The pairs, in order of their first packet; those that are certain since among them.
    order: VecDeque<[Endpoint; 2]>,
    bytes: usize,
}

/// A connection that has begun, as its packets tell.
#[derive(Debug)]
pub(super) struct Begun {
    /// The initiator first.
    pub(super) ends: [Endpoint; 2],
    /// The connection id of its SYN.
    pub(super) id: u16,
    pub(super) evidence: Evidence,
    /// What its ends sent, as far as it was kept.
    pub(super) kept: Vec<Kept>,
    /// What was not called uTP before.
    pub(super) doubted: Doubted,
}

/// Datagrams and their payload, of which nobody knew that they are of uTP.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Doubted {
    /// How many.
    pub frames: u64,
    /// Their payload on the wire.
    pub bytes: u64,
}

/// A datagram that was kept.
#[derive(Debug)]
pub(super) struct Kept {
    ends: [Endpoint; 2],
    payload: Box<[u8]>,
    len: u32,
    pub(super) at: FrameRef,
}

impl Kept {
    fn of(datagram: &Datagram<'_>, at: FrameRef) -> Kept {
        Kept {
            ends: [datagram.src, datagram.dst],
            payload: datagram.payload.into(),
            len: datagram.len,
            at,
        }
    }

    pub(super) fn datagram(&self) -> Datagram<'_> {
        let [src, dst] = self.ends;
        Datagram {
            src,
            dst,
            payload: &self.payload,
            len: self.len,
        }
    }

    fn weight(&self) -> usize {
        self.payload.len() + WEIGHT
    }
}

/// What two ends sent that may be one connection. The sides are those of the pair, the lower end first.
#[derive(Debug, Default)]
struct Thread {
    /// Who sent a SYN, and with which id.
    syn: Option<(usize, u16)>,
    last: [Option<Seen>; 2],
    in_a_row: u32,
    alone: Run,
    kept: Vec<Kept>,
    doubted: Doubted,
}

/// How often the numbers of one side went on, and by how many microseconds its clock and that of the capture.
#[derive(Clone, Copy, Debug, Default)]
struct Run {
    steps: u32,
    clock: i64,
    elapsed: i64,
}

impl Run {
    fn with(self, (clock, elapsed): (i64, i64)) -> Run {
        Run {
            steps: self.steps + 1,
            clock: self.clock + clock,
            elapsed: self.elapsed + elapsed,
        }
    }

    /// What has gone on for a while, and neither half nor twice as fast.
    fn is_clock(&self) -> bool {
        let is_as_fast = self.clock * 2 > self.elapsed && self.clock < self.elapsed * 2;
        self.steps >= ENOUGH_ALONE && self.elapsed >= LONG_ENOUGH && is_as_fast
    }
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    header: Header,
    time: Timestamp,
}

impl Lookout {
    /// Takes a packet that belongs to no connection that is known; gives the one that it makes certain.
    pub(super) fn take(
        &mut self,
        datagram: &Datagram<'_>,
        packet: &Packet<'_>,
        at: FrameRef,
    ) -> Option<Begun> {
        let side = usize::from(datagram.src > datagram.dst);
        let mut pair = [datagram.src, datagram.dst];
        pair.sort_unstable();
        let threads = self.pairs.entry(pair).or_insert_with(|| {
            self.order.push_back(pair);
            Vec::new()
        });
        let found = threads
            .iter()
            .position(|thread| thread.may_hold(side, &packet.header));
        let index = found.unwrap_or_else(|| {
            if threads.len() == MAX_THREADS {
                self.bytes -= threads.remove(0).weight();
            }
            threads.push(Thread::default());
            threads.len() - 1
        });
        let seen = Seen {
            header: packet.header,
            time: at.time,
        };
        if threads[index].take(side, seen) {
            let thread = threads.remove(index);
            self.bytes -= thread.weight();
            if threads.is_empty() {
                self.pairs.remove(&pair);
            }
            return Some(thread.begun(pair));
        }
        let weight = threads[index].weight();
        threads[index].keep(datagram, at);
        self.bytes = self.bytes + threads[index].weight() - weight;
        self.keep_bounds();
        None
    }

    fn keep_bounds(&mut self) {
        while self.order.len() > MAX_PAIRS || self.bytes > MAX_BYTES {
            let Some(oldest) = self.order.pop_front() else {
                return;
            };
            let threads = self.pairs.remove(&oldest).unwrap_or_default();
            self.bytes -= threads.iter().map(Thread::weight).sum::<usize>();
        }
    }
}

impl Thread {
    /// True when the ids of a header are those of this connection.
    fn may_hold(&self, side: usize, header: &Header) -> bool {
        let id = header.connection;
        if header.kind == Kind::Syn {
            return self.syn == Some((side, id));
        }
        if let Some((by, syn)) = self.syn {
            return id == if side == by { syn.wrapping_add(1) } else { syn };
        }
        let of = |side: usize| self.last[side].map(|seen| seen.header.connection);
        match (of(side), of(1 - side)) {
            (Some(own), _) => own == id,
            (None, Some(other)) => matches!(id.wrapping_sub(other), 1 | u16::MAX),
            (None, None) => true,
        }
    }

    /// Takes the next header; true when it makes this certain.
    fn take(&mut self, side: usize, seen: Seen) -> bool {
        let Seen { header, .. } = seen;
        let (own, other) = (self.last[side].replace(seen), self.last[1 - side]);
        if header.kind == Kind::Syn {
            self.syn = Some((side, header.connection));
        }
        let fits = other.is_some_and(|other| header.fits(&other.header));
        self.in_a_row = if fits { self.in_a_row + 1 } else { 0 };
        let step = own.and_then(|own| seen.goes_on(&own));
        self.alone = step.map_or_else(Run::default, |step| self.alone.with(step));
        let is_answer = other.is_some_and(|other| header.answers(&other.header));
        let is_again = own.is_some_and(|own| header.repeats(&own.header));
        self.in_a_row >= ENOUGH || self.alone.is_clock() || is_answer || is_again
    }

    /// Keeps a packet, and no more than the last ones.
    fn keep(&mut self, datagram: &Datagram<'_>, at: FrameRef) {
        self.doubted.frames += 1;
        self.doubted.bytes += u64::from(datagram.len);
        if self.kept.len() == MAX_PACKETS {
            self.kept.remove(0);
        }
        self.kept.push(Kept::of(datagram, at));
    }

    fn weight(&self) -> usize {
        self.kept.iter().map(Kept::weight).sum()
    }

    fn begun(self, pair: [Endpoint; 2]) -> Begun {
        let (initiator, id, evidence) = self.initiator(pair);
        Begun {
            ends: [pair[initiator], pair[1 - initiator]],
            id,
            evidence,
            kept: self.kept,
            doubted: self.doubted,
        }
    }

    /// Who opened it and with which id: the initiator sends the higher one. Where one side is heard only, its ports
    /// have to tell: who connects seldom chooses its own.
    fn initiator(&self, pair: [Endpoint; 2]) -> (usize, u16, Evidence) {
        if let Some((side, id)) = self.syn {
            return (side, id, Evidence::Syn);
        }
        let ids = self
            .last
            .map(|seen| seen.map(|seen| seen.header.connection));
        let by_port = usize::from(pair[1].port > pair[0].port);
        match ids {
            [Some(one), Some(other)] if one.wrapping_sub(other) == 1 => (0, other, Evidence::Ids),
            [Some(one), Some(_)] => (1, one, Evidence::Ids),
            [Some(id), None] | [None, Some(id)] => {
                let is_initiator = ids[by_port].is_some();
                let id = id.wrapping_sub(u16::from(is_initiator));
                (by_port, id, Evidence::Guess)
            }
            [None, None] => (by_port, 0, Evidence::Guess),
        }
    }
}

impl Seen {
    /// Microseconds of both clocks since a packet of the same side, if this is the next one: its numbers go on a little,
    /// and its clock about as much as that of the capture.
    fn goes_on(&self, before: &Seen) -> Option<(i64, i64)> {
        let (now, then) = (&self.header, &before.header);
        let steps = |now: u16, then: u16| now.wrapping_sub(then) <= MAX_STEP;
        let elapsed = self.time.since(before.time) / 1000;
        let clock = i64::from(now.sent.wrapping_sub(then.sent));
        let goes_on = now.is_between()
            && then.is_between()
            && now.connection == then.connection
            && steps(now.seq, then.seq)
            && steps(now.ack, then.ack)
            && (0..60_000_000).contains(&elapsed)
            && (clock - elapsed).abs() <= 20_000 + elapsed / 50;
        goes_on.then_some((clock, elapsed))
    }
}

impl Header {
    /// A SYN is answered in its own connection id, and acknowledged.
    fn answers(&self, syn: &Header) -> bool {
        let is_answer = matches!(self.kind, Kind::State | Kind::Data);
        let same = (self.connection, self.ack) == (syn.connection, syn.seq);
        syn.kind == Kind::Syn && is_answer && same
    }

    /// Nobody answered; the clock has gone on.
    fn repeats(&self, syn: &Header) -> bool {
        let same = |it: &Header| (it.kind, it.connection, it.seq, it.ack);
        self.kind == Kind::Syn
            && same(self) == same(syn)
            && self.sent.wrapping_sub(syn.sent) < 1 << 28
            && self.sent != syn.sent
    }

    /// The ids of the two directions differ by one, and what was sent is acknowledged before long.
    fn fits(&self, other: &Header) -> bool {
        let apart = self.connection.wrapping_sub(other.connection);
        self.is_between()
            && other.is_between()
            && matches!(apart, 1 | u16::MAX)
            && other.seq.wrapping_sub(self.ack) <= MAX_BEHIND
    }

    /// It neither opens a connection nor aborts one.
    fn is_between(&self) -> bool {
        !matches!(self.kind, Kind::Syn | Kind::Reset)
    }
}
