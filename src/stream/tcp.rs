//! TCP (RFC 9293): what a segment does to its connection.

use super::activity::{Closing, Mark};
use super::connection::{Connection, Opening};
use super::half::Half;
use super::{Event, FrameRef, SeqNumber, Side};
use crate::packet::Segment;

impl Connection {
    /// True when a segment cannot belong to the connection: its four-tuple is used again.
    pub(super) fn is_reused_by(&self, side: Side, segment: &Segment<'_>) -> bool {
        if segment.flags.rst {
            return false;
        }
        let seq = SeqNumber(segment.seq);
        if !segment.flags.syn {
            return segment.len > 0 && self.is_over() && self.is_near(side, seq) == Some(false);
        }
        let has_data = |half: &Half| half.has_data();
        let is_used = self.closed.is_some()
            || self.opening == Opening::Established
            || self.halves().any(has_data);
        // A SYN-ACK that answers the SYN of this connection is part of it, whatever else it says.
        let answers = segment
            .ack
            .and_then(|ack| self.may_begin_at(!side, SeqNumber(ack)));
        let fits = self.may_begin_at(side, seq + 1);
        is_used && answers != Some(true) && !fits.unwrap_or(self.closed.is_none())
    }

    /// Takes a segment that `side` sent.
    pub(super) fn push(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        self.count(at);
        if segment.flags.rst {
            return self.reset(side, segment, out);
        }
        let mut seq = SeqNumber(segment.seq);
        if segment.flags.syn {
            seq = seq + 1;
            if segment.ack.is_some() {
                out(Event::Marked(Mark::SynAck));
            }
            self.synchronise(side, seq, segment.ack.map(SeqNumber), out);
        }
        // What is acknowledged was said before.
        if let Some(ack) = segment.ack {
            self.acknowledge(!side, SeqNumber(ack), at, out);
            if self.opening != Opening::Unseen && !segment.flags.syn {
                self.opening = Opening::Established;
            }
        }
        self.offer(side, segment, &at);
        if segment.len > 0 {
            let payload = (segment.payload, segment.len);
            self.half(side).insert(seq, payload, at, out);
        } else if let (Some(halves), false) = (&mut self.halves, segment.flags.syn) {
            halves[side.index()].hear(seq);
        }
        // A SYN that is a FIN as well is somebody's probe: it ends nothing.
        if segment.flags.fin && !segment.flags.syn {
            self.end(side, seq + segment.len, None, out);
        }
        self.expire(at.time, out);
    }

    /// What a segment says of the room of its sender, and shows of what it was told itself: who sends more than the byte
    /// of a probe was told that there is room.
    #[inline]
    fn offer(&mut self, side: Side, segment: &Segment<'_>, at: &FrameRef) {
        let Some(halves) = &mut self.halves else {
            return;
        };
        if segment.len > 1 && halves[(!side).index()].gauge.is_closed() {
            halves[(!side).index()].gauge.forget_closed();
        }
        halves[side.index()].offer(segment.header.window(), at);
    }

    /// A RST is forged more easily than any other segment: one whose number cannot be right ends nothing. Its
    /// payload, if any, says why, and is no part of the stream.
    fn reset(&mut self, side: Side, segment: &Segment<'_>, out: &mut impl FnMut(Event<'_>)) {
        if segment.len > 0 {
            self.half(side).stray(segment.len);
        }
        let is_near = self.is_near(side, SeqNumber(segment.seq));
        // Who refuses a SYN has no number of its own yet.
        let answers = segment
            .ack
            .and_then(|ack| self.is_near(!side, SeqNumber(ack)));
        let is_refusal = self.opening != Opening::Established && segment.seq == 0;
        let is_plausible = match (is_near, answers) {
            (Some(is_near), answers) => is_near || is_refusal && answers == Some(true),
            (None, answers) => answers.unwrap_or(true),
        };
        if is_plausible {
            self.close(Closing::Rst, side, None, out);
        }
    }
}
