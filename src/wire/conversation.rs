//! Both directions of a connection: what one side says helps to understand the other.

use super::evidence::{Known, Spoken};
use super::framing::{Decoded, Framer};
use crate::stream::{FrameRef, Missing, SeqNumber, Side};

/// The messages of both sides of a connection.
#[derive(Debug, Default)]
pub struct Conversation {
    framers: [Framer; 2],
    spoken: [Spoken; 2],
}

impl Conversation {
    /// Takes the next bytes of one side: those of one segment, that was in the frame `at` and that the frame `now` put
    /// in order.
    pub fn data(
        &mut self,
        side: Side,
        seq: SeqNumber,
        bytes: &[u8],
        (at, now): (FrameRef, FrameRef),
        out: &mut impl FnMut(Side, Decoded),
    ) {
        let (framer, own, other) = self.of(side);
        let known = Known::of(own, other, now);
        framer.data_of(known, seq, bytes, at, &mut learning(own, side, out));
    }

    /// The next bytes of one side, from the sequence number on and as many, are not in the capture.
    pub fn gap(
        &mut self,
        side: Side,
        gap: (SeqNumber, u64, Missing),
        at: FrameRef,
        out: &mut impl FnMut(Side, Decoded),
    ) {
        let (framer, own, other) = self.of(side);
        let known = Known::of(own, other, at);
        framer.gap_of(known, gap, at, &mut learning(own, side, out));
    }

    /// Both streams have ended.
    pub fn finish(&mut self, out: &mut impl FnMut(Side, Decoded)) {
        // What is found on the second side may decide about the first.
        for side in [Side::A, Side::B, Side::A] {
            let (framer, own, other) = self.of(side);
            let known = Known::of(own, other, FrameRef::default());
            framer.end(known, &mut learning(own, side, out));
        }
        for side in Side::BOTH {
            self.framers[side.index()].finish(&mut |decoded| out(side, decoded));
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
    side: Side,
    out: &'a mut impl FnMut(Side, Decoded),
) -> impl FnMut(Decoded) + 'a {
    move |decoded| {
        if let Decoded::Message(framed) = &decoded {
            spoken.learn(&framed.message);
        }
        out(side, decoded);
    }
}
