//! One connection: its two directions and how it ended. What a segment does to it is told in `tcp`, what a packet does
//! in `utp`.

use super::activity::{Activity, Closed, Closing, Mark, Moment};
use super::half::Half;
use super::numbering::Numbering;
use super::utp::CloseReason;
use super::{Event, FrameRef, SeqNumber, Side, Transport};
use crate::capture::{FrameNumber, Timestamp};
use crate::packet::Endpoint;

/// The state of a connection between two segments. One that is a SYN only is no more than this: a port scan of a
/// network costs next to nothing.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) transport: Transport,
    /// `A` first.
    ends: [Endpoint; 2],
    last_number: FrameNumber,
    last_time: Timestamp,
    segments: u32,
    pub(super) closed: Option<Closed>,
    pub(super) opening: Opening,
    /// Each side's first number, by its SYN or the other's acknowledgement of it.
    pub(super) starts: Starts,
    pub(super) halves: Option<Box<[Half; 2]>>,
    /// In the list of those that take memory beside their own.
    pub(super) is_awake: bool,
    /// In the list of those that had segments lately.
    pub(super) is_touched: bool,
}

/// The first number of each side, as far as it is known. In a port scan each byte of it counts.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Starts {
    numbers: [SeqNumber; 2],
    is_known: [bool; 2],
}

impl Starts {
    pub(super) fn get(&self, side: Side) -> Option<SeqNumber> {
        self.is_known[side.index()].then_some(self.numbers[side.index()])
    }

    pub(super) fn set(&mut self, side: Side, start: Option<SeqNumber>) {
        self.is_known[side.index()] = start.is_some();
        self.numbers[side.index()] = start.unwrap_or_default();
    }
}

/// How far the handshake of TCP was seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Opening {
    /// No SYN yet.
    Unseen,
    /// A SYN, and perhaps its answer.
    Syn,
    /// In uTP: `starts` has of the acceptor what its answer says that it sends next. That may be the number of the
    /// answer itself.
    Answered,
    /// SYNs of one side with several numbers: the other side's choice among them counts.
    Several,
    /// Numbers that were answered: they stand.
    Established,
}

impl Connection {
    pub(super) fn new(transport: Transport, ends: [Endpoint; 2], opening: Opening) -> Connection {
        Connection {
            transport,
            ends,
            last_number: FrameNumber::default(),
            last_time: Timestamp::default(),
            segments: 0,
            closed: None,
            opening,
            starts: Starts::default(),
            halves: None,
            is_awake: false,
            is_touched: false,
        }
    }

    pub(super) fn ends(&self) -> &[Endpoint; 2] {
        &self.ends
    }

    /// Its latest frame.
    pub(super) fn last(&self) -> Moment {
        Moment {
            number: self.last_number,
            time: self.last_time,
        }
    }

    /// Which side one of its ends is.
    pub(super) fn side(&self, src: Endpoint) -> Side {
        if self.ends[0] == src {
            Side::A
        } else {
            Side::B
        }
    }

    pub(super) fn halves(&self) -> impl Iterator<Item = &Half> {
        self.halves.iter().flat_map(|halves| halves.iter())
    }

    /// Nobody has anything left to say.
    pub(super) fn is_over(&self) -> bool {
        let is_reset = self.closed.is_some_and(|closed| closed.how == Closing::Rst);
        is_reset || self.halves.is_some() && self.halves().all(Half::has_ended)
    }

    /// `None` when nothing is known of the side's numbers.
    pub(super) fn is_near(&self, side: Side, seq: SeqNumber) -> Option<bool> {
        match &self.halves {
            Some(halves) => halves[side.index()].is_near(seq),
            None => self.fresh(side).is_near(seq),
        }
    }

    pub(super) fn may_begin_at(&self, side: Side, start: SeqNumber) -> Option<bool> {
        match &self.halves {
            Some(halves) => halves[side.index()].may_begin_at(start),
            None => self.starts.get(side).map(|known| known == start),
        }
    }

    /// Another segment, or packet.
    pub(super) fn count(&mut self, at: FrameRef) {
        (self.last_number, self.last_time) = (at.number, at.time);
        self.segments = self.segments.saturating_add(1);
    }

    /// One direction; both are made with the first thing that has to be remembered of them.
    pub(super) fn half(&mut self, side: Side) -> &mut Half {
        let halves = match self.halves.take() {
            Some(halves) => halves,
            None => Box::new(Side::BOTH.map(|side| self.fresh(side))),
        };
        &mut self.halves.insert(halves)[side.index()]
    }

    /// A direction of which nothing was sent.
    pub(super) fn fresh(&self, side: Side) -> Half {
        let numbering = match self.transport {
            Transport::Tcp => Numbering::Bytes,
            Transport::Utp { .. } => Numbering::Packets(Box::default()),
        };
        let start = self.starts.get(side);
        match (self.opening, side, start) {
            (Opening::Answered, Side::B, Some(heard)) => {
                let mut half = Half::new(side, None, numbering);
                half.hear(heard);
                half
            }
            _ => Half::new(side, start, numbering),
        }
    }

    /// Takes the first number of `side`, and that of the other side where the SYN is an answer.
    pub(super) fn synchronise(
        &mut self,
        side: Side,
        start: SeqNumber,
        answered: Option<SeqNumber>,
        out: &mut impl FnMut(Event<'_>),
    ) {
        if self.opening == Opening::Unseen {
            self.opening = Opening::Syn;
            let side = if answered.is_some() { !side } else { side };
            out(Event::OpenedBy(side));
        }
        let is_other = self.may_begin_at(side, start) == Some(false);
        if is_other && self.opening == Opening::Syn {
            self.opening = Opening::Several;
        }
        if !is_other || self.opening != Opening::Established {
            self.begin(side, start, out);
        }
        // Who answers chooses among several SYNs, and has no say otherwise.
        if let Some(start) = answered
            && (self.opening == Opening::Several || self.may_begin_at(!side, start) != Some(false))
        {
            self.begin(!side, start, out);
        }
    }

    /// Numbers that were not answered yet may be told anew: of several SYNs the last one counts.
    pub(super) fn begin(&mut self, side: Side, start: SeqNumber, out: &mut impl FnMut(Event<'_>)) {
        self.starts.set(side, Some(start));
        if let Some(halves) = &mut self.halves {
            halves[side.index()].synchronise(start, out);
        }
    }

    /// The other side has all bytes of `side` before `ack`.
    pub(super) fn acknowledge(
        &mut self,
        side: Side,
        ack: SeqNumber,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let start = self.starts.get(side);
        if self.halves.is_none() {
            match start {
                Some(start) if start == ack => return,
                // Of several answers to its SYN a side takes one, and acknowledges that.
                Some(_)
                    if self.opening == Opening::Several
                        && self.is_near(side, ack) == Some(false) =>
                {
                    self.starts.set(side, Some(ack));
                    return;
                }
                _ => {}
            }
        }
        self.half(side).acknowledge(ack, at.time, out);
    }

    pub(super) fn end(
        &mut self,
        side: Side,
        seq: SeqNumber,
        reason: Option<CloseReason>,
        out: &mut impl FnMut(Event<'_>),
    ) {
        if self.is_near(side, seq) == Some(false) {
            return;
        }
        if self.halves.is_some() || self.starts.get(side) != Some(seq) {
            self.half(side).end(seq);
        }
        self.close(Closing::Fin, side, reason, out);
    }

    pub(super) fn close(
        &mut self,
        how: Closing,
        by: Side,
        reason: Option<CloseReason>,
        out: &mut impl FnMut(Event<'_>),
    ) {
        if let Some(closed) = self.closed.as_mut().filter(|closed| closed.by == by) {
            closed.reason = closed.reason.or(reason);
        }
        if self.closed.is_none() {
            self.closed = Some(Closed { how, by, reason });
            out(Event::Marked(Mark::Close));
        }
    }

    /// Gives up holes that are too old.
    pub(super) fn expire(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        for half in self.halves.iter_mut().flat_map(|halves| halves.iter_mut()) {
            half.expire(now, out);
        }
    }

    /// Gives up all holes: there is no room for what waits behind them.
    pub(super) fn give_up(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        for half in self.halves.iter_mut().flat_map(|halves| halves.iter_mut()) {
            half.give_up(now, out);
        }
    }

    /// Gives back what it takes beside its own memory. A later segment goes on where the streams are.
    pub(super) fn rest(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        self.is_awake = false;
        for half in self.halves.iter_mut().flat_map(|halves| halves.iter_mut()) {
            half.rest(now, out);
        }
    }

    /// Memory of bytes that wait, about.
    pub(super) fn weight(&self) -> usize {
        self.halves().map(Half::weight).sum()
    }

    /// True when there is something to give back.
    pub(super) fn has_to_rest(&self) -> bool {
        self.halves().any(Half::is_awake)
    }

    /// Nothing more will come of it. Gives its memory back and the last counts; `None` where it had no streams.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Event<'_>)) -> Option<Activity> {
        self.is_awake = false;
        for half in self.halves.as_mut()?.iter_mut() {
            half.finish(out);
        }
        out(Event::Ended);
        let activity = self.activity();
        self.halves = None;
        Some(activity)
    }

    /// The counts of this moment.
    pub(super) fn activity(&self) -> Activity {
        let has_payload = self.halves().any(Half::has_payload);
        Activity {
            last: self.last(),
            segments: self.segments,
            closed: self.closed,
            ways: has_payload.then(|| {
                let halves = self.halves.as_deref();
                Box::new(
                    halves.map_or_else(Default::default, |both| both.each_ref().map(Half::way)),
                )
            }),
        }
    }
}
