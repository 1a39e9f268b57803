//! Both directions of a connection: what one side says helps to understand the other.

use super::evidence::{Known, Spoken};
use super::framing::{Decoded, Framer};
use crate::stream::{FrameRef, Missing, SeqNumber, Side};

/// The messages of both sides of a connection.
#[derive(Debug, Default)]
pub struct Conversation {
    framers: [Framer; 2],
    spoken: [Spoken; 2],
    /// Of each side, the last frame in file order that brought anything so far: with it, all before it is there.
    latest: [FrameRef; 2],
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
        let now = self.latest[side.index()].later(at);
        self.latest[side.index()] = now;
        let (framer, own, other) = self.of(side);
        let known = Known::of(own, other, now);
        let mut said = |decoded| out(side, decoded, now);
        framer.data_of(known, seq, bytes, at, &mut learning(own, &mut said));
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
        let (framer, own, other) = self.of(side);
        let known = Known::of(own, other, at);
        let mut said = |decoded| out(side, decoded, at);
        framer.gap_of(known, gap, at, &mut learning(own, &mut said));
    }

    /// Both streams have ended, as the frame `at` tells.
    pub fn finish(&mut self, at: FrameRef, out: &mut impl FnMut(Side, Decoded, FrameRef)) {
        // What is found on the second side may decide about the first.
        for side in [Side::A, Side::B, Side::A] {
            let (framer, own, other) = self.of(side);
            let known = Known::of(own, other, at);
            let mut said = |decoded| out(side, decoded, at);
            framer.end(known, &mut learning(own, &mut said));
        }
        for side in Side::BOTH {
            self.framers[side.index()].leave(&mut |decoded| out(side, decoded, at));
        }
    }

    fn of(&mut self, side: Side) -> (&mut Framer, &mut Spoken, &Spoken) {
        let [a, b] = &mut self.spoken;
        let (own, other) = if side == Side::A { (a, b) } else { (b, a) };
        (&mut self.framers[side.index()], own, other)
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
