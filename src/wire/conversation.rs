//! Both directions of a connection: what one side says helps to understand the other.

use super::evidence::{Known, Spoken};
use super::framing::{Decoded, Framer};
use super::handshake::PROTOCOL;
use super::mse::{Exchange, Keys, Opening, Veil, Verdict};
use crate::stream::{FrameRef, Missing, SeqNumber, Side};

/// The messages of both sides of a connection.
#[derive(Debug, Default)]
pub struct Conversation {
    framers: [Framer; 2],
    spoken: [Spoken; 2],
    /// Of each side, the last frame in file order that brought anything so far: with it, all before it is there.
    latest: [FrameRef; 2],
    stage: Stage,
}

/// What is known of the beginning of a connection.
#[derive(Debug, Default)]
enum Stage {
    /// Nothing was sent.
    #[default]
    New,
    /// What was sent may be a key exchange, and is held.
    Opening(Box<Opening>),
    /// It is none.
    Open,
    /// It is likely to be one.
    Veiled(Box<Veil>),
}

impl Conversation {
    /// Takes the next bytes of one side: those of one segment, that was in the frame `at`. What comes out is said with
    /// the frame that completed it. What is encrypted is read with the `keys`.
    pub fn data(
        &mut self,
        keys: &Keys,
        side: Side,
        (seq, bytes): (SeqNumber, &[u8]),
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        if !self.holds(keys, side, (seq, bytes), at, out) {
            self.retry(keys, at, out);
            self.read(side, seq, bytes, at, out);
        }
    }

    /// The next bytes of one side, from the sequence number on and as many, are not in the capture, as the frame `at`
    /// tells.
    pub fn gap(
        &mut self,
        keys: &Keys,
        side: Side,
        gap: (SeqNumber, u64, Missing),
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        self.settle(keys, true, out);
        let (framer, own, other, stage) = self.of(side);
        if let Stage::Veiled(veil) = stage {
            veil.gap(side, gap);
        }
        let known = Known::of(own, other, at);
        let mut said = |decoded| out(side, decoded, at);
        let mut unveiled = unveiling(stage, side, at, &mut said);
        framer.gap_of(known, gap, at, &mut learning(own, &mut unveiled));
    }

    /// Both streams have ended, as the frame `at` tells.
    pub fn finish(
        &mut self,
        keys: &Keys,
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        self.settle(keys, true, out);
        // What is found on the second side may decide about the first.
        for side in [Side::A, Side::B, Side::A] {
            let (framer, own, other, stage) = self.of(side);
            let known = Known::of(own, other, at);
            let mut said = |decoded| out(side, decoded, at);
            let mut unveiled = unveiling(stage, side, at, &mut said);
            framer.end(known, &mut learning(own, &mut unveiled));
        }
        Side::BOTH
            .iter()
            .for_each(|side| self.leave(*side, at, out));
    }

    /// What is left over of a side.
    fn leave(&mut self, side: Side, at: FrameRef, out: &mut impl FnMut(Side, Decoded, FrameRef)) {
        let (framer, _, _, stage) = self.of(side);
        let mut said = |decoded| out(side, decoded, at);
        framer.leave(&mut unveiling(stage, side, at, &mut said));
    }

    /// True while the first bytes of the connection are held, these among them.
    fn holds(
        &mut self,
        keys: &Keys,
        side: Side,
        (seq, bytes): (SeqNumber, &[u8]),
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) -> bool {
        match &mut self.stage {
            Stage::Open | Stage::Veiled(_) => return false,
            Stage::New if bytes.starts_with(PROTOCOL) => {
                self.stage = Stage::Open;
                return false;
            }
            Stage::New => self.stage = Stage::Opening(Box::default()),
            Stage::Opening(_) => {}
        }
        let Stage::Opening(opening) = &mut self.stage else {
            return false;
        };
        let is_held = opening.hold(side, seq, bytes, at);
        self.settle(keys, !is_held, out);
        is_held
    }

    /// Decides what the connection begins with, if that is known or has to be, and reads what was held.
    fn settle(
        &mut self,
        keys: &Keys,
        is_last: bool,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        let Stage::Opening(opening) = &self.stage else {
            return;
        };
        let verdict = opening.verdict(keys, is_last);
        if matches!(verdict, Verdict::Unclear) {
            return;
        }
        let Stage::Opening(opening) = std::mem::replace(&mut self.stage, Stage::Open) else {
            return;
        };
        if let Some(mut veil) = self.veil(verdict) {
            out(veil.initiator(), veil.told(), opening.last());
            veil.is_late = true;
            self.stage = Stage::Veiled(veil);
        }
        for (side, seq, bytes, at) in opening.segments() {
            self.read(side, seq, bytes, at, out);
        }
        if let Stage::Veiled(veil) = &mut self.stage {
            veil.is_late = false;
            if !keys.is_hopeless() {
                veil.keep(opening.into_heads(), keys);
            }
        }
    }

    /// Who reads a key exchange, and what is behind it.
    fn veil(&mut self, verdict: Verdict) -> Option<Box<Veil>> {
        let (exchange, encryption) = match verdict {
            Verdict::Unclear | Verdict::Other => return None,
            Verdict::Possible(encryption) => (None, encryption),
            Verdict::Known(exchange, encryption) => (Some(exchange), encryption),
        };
        let mut veil = Box::new(Veil::new(*encryption));
        exchange.iter().for_each(|exchange| veil.open(exchange));
        for side in Side::BOTH {
            self.framers[side.index()] = match veil.payload(side) {
                Some(payload) => Framer::behind(payload),
                None if veil.can_read(side) => Framer::unveiled(),
                None => Framer::veiled(),
            };
        }
        Some(veil)
    }

    /// Looks for the secret of a connection again, should more be known now.
    fn retry(&mut self, keys: &Keys, at: FrameRef, out: &mut impl FnMut(Side, Decoded, FrameRef)) {
        let Stage::Veiled(veil) = &mut self.stage else {
            return;
        };
        if let Some(exchange) = veil.retry(keys) {
            self.open(&exchange, at, out);
        }
    }

    /// The secret became known in the middle of the stream: from here on it is read, from the next boundary that is
    /// found.
    fn open(
        &mut self,
        exchange: &Exchange,
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        Side::BOTH
            .iter()
            .for_each(|side| self.leave(*side, at, out));
        let Stage::Veiled(veil) = &mut self.stage else {
            return;
        };
        veil.open(exchange);
        out(veil.initiator(), veil.told(), at);
        self.framers = [Framer::unveiled(), Framer::unveiled()];
    }

    fn read(
        &mut self,
        side: Side,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        let now = self.latest[side.index()].later(at);
        self.latest[side.index()] = now;
        let (framer, own, other, stage) = self.of(side);
        let known = Known::of(own, other, now);
        let mut said = |decoded| out(side, decoded, now);
        let clear = match stage {
            Stage::Veiled(veil) => veil.data(side, seq, bytes, at, &mut said),
            _ => None,
        };
        let bytes = clear.as_deref().unwrap_or(bytes);
        let mut unveiled = unveiling(stage, side, now, &mut said);
        framer.data_of(known, seq, bytes, at, &mut learning(own, &mut unveiled));
    }

    fn of(&mut self, side: Side) -> (&mut Framer, &mut Spoken, &Spoken, &mut Stage) {
        let [a, b] = &mut self.spoken;
        let (own, other) = if side == Side::A { (a, b) } else { (b, a) };
        (&mut self.framers[side.index()], own, other, &mut self.stage)
    }
}

/// Hands on what comes out, as it is behind a key exchange.
fn unveiling<'a>(
    stage: &'a mut Stage,
    side: Side,
    now: FrameRef,
    out: &'a mut impl FnMut(Decoded),
) -> impl FnMut(Decoded) + 'a {
    move |decoded| match stage {
        Stage::Veiled(veil) => veil.pass(side, decoded, now, out),
        _ => out(decoded),
    }
}

/// Hands on what comes out, and remembers what is said.
fn learning<'a>(
    spoken: &'a mut Spoken,
    out: &'a mut impl FnMut(Decoded),
) -> impl FnMut(Decoded) + 'a {
    move |decoded| {
        if let Decoded::Message(framed) = &decoded {
            spoken.learn(&framed.message, framed.found);
        }
        out(decoded);
    }
}
