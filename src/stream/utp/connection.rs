//! What a packet of uTP does to its connection.

use super::{Kind, Packet};
use crate::stream::activity::{Closing, Mark};
use crate::stream::connection::{Connection, Opening};
use crate::stream::half::Half;
use crate::stream::{Event, FrameRef, SeqNumber, Side};

impl Connection {
    /// True when a packet cannot belong to the connection: its ids are used again.
    pub(in crate::stream) fn is_reused_by_packet(&self, side: Side, packet: &Packet<'_>) -> bool {
        let seq = packet.header.seq;
        match packet.header.kind {
            Kind::Reset => false,
            Kind::Syn => {
                let is_used = self.closed.is_some()
                    || self.opening == Opening::Established
                    || self.halves().any(Half::has_data);
                let is_other = self.may_begin_at(side, first(seq)) != Some(true);
                // The text of BEP 29 has every SYN numbered 1.
                is_used && (is_other || self.is_over())
            }
            Kind::Data | Kind::State | Kind::Fin => {
                let is_far = || self.is_near(side, self.near(side, seq)) == Some(false);
                packet.len > 0 && self.is_over() && is_far()
            }
        }
    }

    /// Takes a packet that `side` sent.
    pub(in crate::stream) fn take(
        &mut self,
        side: Side,
        packet: &Packet<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        self.count(at);
        match packet.header.kind {
            Kind::Reset => self.close(Closing::Rst, side, packet.close_reason, out),
            Kind::Syn => self.open(first(packet.header.seq), out),
            Kind::Data | Kind::State | Kind::Fin => {
                // What is acknowledged was said before.
                self.hear(side, packet, at, out);
                self.measure(side, packet, at);
                self.carry(side, packet, at, out);
            }
        }
        self.expire(at.time, out);
    }

    /// Takes a SYN. Where it has another number than one before, the answer to that says nothing.
    fn open(&mut self, start: SeqNumber, out: &mut impl FnMut(Event<'_>)) {
        let is_other = self.may_begin_at(Side::A, start) == Some(false);
        if is_other && self.opening == Opening::Answered && self.halves.is_none() {
            self.opening = Opening::Syn;
            self.starts.set(Side::B, None);
        }
        self.synchronise(Side::A, start, None, out);
    }

    /// What a packet says of what the other side has sent.
    fn hear(
        &mut self,
        side: Side,
        packet: &Packet<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let ack = self.near(!side, packet.header.ack) + 1;
        match side {
            Side::A => self.settle(packet.header.ack, out),
            Side::B => self.answer(ack, packet, out),
        }
        self.acknowledge(!side, ack, at, out);
        if let (Some(_), Some(halves)) = (packet.selective, &mut self.halves) {
            halves[(!side).index()].select(packet.selected(), at.time, out);
        }
    }

    /// What a packet says of the way of those that its sender has received: how long they stood in queues. Where a clock is
    /// set, one difference falls by as much as the other rises.
    fn measure(&mut self, side: Side, packet: &Packet<'_>, at: FrameRef) {
        let Some(halves) = &mut self.halves else {
            return;
        };
        let window = u16::try_from(packet.header.window).unwrap_or(u16::MAX);
        halves[side.index()].offer(Some(window), &at);
        let Some(difference) = packet.header.delay() else {
            return;
        };
        let has_fallen = halves[(!side).index()].queue(difference, at.into());
        if has_fallen {
            halves[side.index()].forget_queue();
        }
    }

    /// What a packet brings.
    fn carry(
        &mut self,
        side: Side,
        packet: &Packet<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let seq = self.near(side, packet.header.seq);
        if packet.len > 0 {
            self.half(side)
                .insert(seq, (packet.payload, packet.len), at, out);
        } else if let (Kind::State, Some(halves)) = (packet.header.kind, &mut self.halves) {
            halves[side.index()].hear(seq);
        }
        if packet.header.kind == Kind::Fin {
            // A FIN has a number of its own, which its payload, if any, has as well.
            let end = seq + u32::from(packet.len > 0);
            self.end(side, end, packet.close_reason, out);
        }
    }

    /// The first packet that acknowledges the SYN. It has the number that its sender uses next: where its sender
    /// counts it, as the text of BEP 29 does, the first data have the number behind that.
    fn answer(&mut self, ack: SeqNumber, packet: &Packet<'_>, out: &mut impl FnMut(Event<'_>)) {
        let is_open = matches!(self.opening, Opening::Syn | Opening::Several);
        if is_open && self.starts.get(Side::A) == Some(ack) {
            out(Event::Marked(Mark::SynAck));
            let seq = self.near(Side::B, packet.header.seq);
            self.opening = Opening::Answered;
            self.starts.set(Side::B, Some(seq));
            if let Some(halves) = &mut self.halves {
                halves[Side::B.index()].hear(seq);
            }
        }
    }

    /// Who sent the SYN tells by its first acknowledgement whether the answer had a number of its own.
    fn settle(&mut self, ack: u16, out: &mut impl FnMut(Event<'_>)) {
        let was = match self.opening {
            Opening::Unseen => return,
            was => was,
        };
        let ack = self.near(Side::B, ack);
        let heard = match &self.halves {
            Some(halves) => halves[Side::B.index()].heard(),
            None => self
                .starts
                .get(Side::B)
                .filter(|_| was == Opening::Answered),
        };
        let has_data = self.halves().nth(1).is_some_and(Half::has_data);
        self.opening = Opening::Established;
        match heard {
            Some(heard) if ack + 1 == heard => self.begin(Side::B, heard, out),
            Some(heard) if ack == heard && !has_data => self.begin(Side::B, heard + 1, out),
            _ => {}
        }
    }

    /// The number next to what is expected of a side that ends like this.
    fn near(&self, side: Side, number: u16) -> SeqNumber {
        match &self.halves {
            Some(halves) => halves[side.index()].near(number),
            None => self.fresh(side).near(number),
        }
    }

    /// True when a packet is what a side would send about now; `None` when nothing is known of it.
    pub(super) fn expects(&self, side: Side, packet: &Packet<'_>) -> Option<bool> {
        self.is_near(side, self.near(side, packet.header.seq))
    }
}

/// A SYN takes one number.
fn first(syn: u16) -> SeqNumber {
    SeqNumber(u32::from(syn)) + 1
}
