//! Both directions of a connection: what one side says helps to understand the other.

use super::evidence::{Known, Spoken};
use super::framing::{Decoded, Framer};
use super::handshake::PROTOCOL;
use super::mse::{Opening, Veil, Verdict};
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
    /// the frame that completed it.
    pub fn data(
        &mut self,
        side: Side,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        if self.holds(side, seq, bytes, at, out) {
            return;
        }
        self.read(side, seq, bytes, at, out);
    }

    /// The next bytes of one side, from the sequence number on and as many, are not in the capture, as the frame `at`
    /// tells.
    pub fn gap(
        &mut self,
        side: Side,
        gap: (SeqNumber, u64, Missing),
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded, FrameRef),
    ) {
        self.settle(true, out);
        let (framer, own, other, stage) = self.of(side);
        let known = Known::of(own, other, at);
        let mut said = |decoded| out(side, decoded, at);
        let mut unveiled = unveiling(stage, at, &mut said);
        framer.gap_of(known, gap, at, &mut learning(own, &mut unveiled));
    }

    /// Both streams have ended, as the frame `at` tells.
    pub fn finish(&mut self, at: FrameRef, out: &mut impl FnMut(Side, Decoded, FrameRef)) {
        self.settle(true, out);
        // What is found on the second side may decide about the first.
        for side in [Side::A, Side::B, Side::A] {
            let (framer, own, other, stage) = self.of(side);
            let known = Known::of(own, other, at);
            let mut said = |decoded| out(side, decoded, at);
            let mut unveiled = unveiling(stage, at, &mut said);
            framer.end(known, &mut learning(own, &mut unveiled));
        }
        for side in Side::BOTH {
            let (framer, _, _, stage) = self.of(side);
            let mut said = |decoded| out(side, decoded, at);
            framer.leave(&mut unveiling(stage, at, &mut said));
        }
    }

    /// True while the first bytes of the connection are held, these among them.
    fn holds(
        &mut self,
        side: Side,
        seq: SeqNumber,
        bytes: &[u8],
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
        self.settle(!is_held, out);
        is_held
    }

    /// Decides what the connection begins with, if that is known or has to be, and reads what was held.
    fn settle(&mut self, is_last: bool, out: &mut impl FnMut(Side, Decoded, FrameRef)) {
        let Stage::Opening(opening) = &self.stage else {
            return;
        };
        let stage = match opening.verdict(is_last) {
            Verdict::Unclear => return,
            Verdict::Other => Stage::Open,
            Verdict::Possible(encryption) => {
                self.framers = [Framer::veiled(), Framer::veiled()];
                Stage::Veiled(Box::new(Veil::new(*encryption)))
            }
        };
        let Stage::Opening(opening) = std::mem::replace(&mut self.stage, stage) else {
            return;
        };
        if let Stage::Veiled(veil) = &self.stage {
            let at = opening.last();
            out(veil.initiator(), veil.told(), at);
        }
        for (side, seq, bytes, at) in opening.segments() {
            self.read(side, seq, bytes, at, out);
        }
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
        let mut unveiled = unveiling(stage, now, &mut said);
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
    now: FrameRef,
    out: &'a mut impl FnMut(Decoded),
) -> impl FnMut(Decoded) + 'a {
    move |decoded| match stage {
        Stage::Veiled(veil) => veil.pass(decoded, now, out),
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
