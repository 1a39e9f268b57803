//! One TCP connection: its two directions and how it ended.

use super::assembler::{Assembler, Chunk, Piece};
use super::{Event, FrameRef, SeqNumber, Side};
use crate::packet::Segment;

/// No TCP window is larger (RFC 7323 section 2.3): a segment further ahead belongs to something else.
const MAX_AHEAD: i64 = 1 << 30;

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// A FIN: the sender had no more to say.
    Fin,
    /// A RST: aborted.
    Rst,
}

/// The first segment that ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// With what.
    pub how: Closing,
    /// By whom.
    pub by: Side,
}

/// Byte counts of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Direction {
    /// Payload bytes of its segments, repeated ones and those cut by the snap length included.
    pub payload: u64,
    /// Of these, bytes that had been sent before.
    pub duplicate: u64,
    /// Of these, bytes so far from the stream that they cannot belong to it.
    pub stray: u64,
    /// Of these, bytes held back behind a hole that may still be filled.
    pub held: u64,
}

/// What can be said of a connection without looking into its streams.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Its latest frame.
    pub last: FrameRef,
    /// Segments of both sides.
    pub segments: u64,
    /// What ended it.
    pub closed: Option<Closed>,
    /// Byte counts, by side.
    pub directions: [Direction; 2],
}

/// The state of a connection between two segments.
#[derive(Debug, Default)]
pub(super) struct Connection {
    halves: [Half; 2],
    pub(super) activity: Activity,
}

/// One direction. The assembler is made with the first byte: a port scan costs next to nothing.
#[derive(Debug, Default)]
struct Half {
    /// Sequence number of stream offset 0, once known.
    base: Option<SeqNumber>,
    assembler: Option<Box<Assembler>>,
    /// Stream offset of the FIN.
    end: Option<u64>,
}

impl Half {
    fn next(&self) -> u64 {
        self.assembler
            .as_ref()
            .map_or(0, |assembler| assembler.next())
    }

    /// The stream offset of `seq`, which must be near the bytes expected next. Negative: before the stream.
    fn offset(&self, seq: SeqNumber) -> Option<i64> {
        let next = self.next();
        let expected = self.base? + next as u32;
        Some(next as i64 + i64::from(seq.since(expected)))
    }
}

impl Connection {
    /// True when this SYN cannot belong to the connection: the four-tuple is used again.
    pub(super) fn is_reused_by(&self, side: Side, segment: &Segment<'_>) -> bool {
        let used = self.activity.closed.is_some()
            || self.halves.iter().any(|half| half.assembler.is_some());
        let base = SeqNumber(segment.seq) + 1;
        segment.flags.syn
            && used
            && self.halves[side.index()]
                .base
                .is_some_and(|known| known != base)
    }

    /// Takes a segment that `side` sent.
    pub(super) fn push(
        &mut self,
        side: Side,
        segment: &Segment<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        self.activity.last = at;
        self.activity.segments += 1;
        let mut seq = SeqNumber(segment.seq);
        if segment.flags.syn {
            seq = seq + 1;
            self.synchronise(side, seq, segment.ack);
        }
        if segment.len > 0 {
            self.insert(side, seq, segment, at, out);
        }
        if segment.flags.fin || segment.flags.rst {
            self.close(side, seq + segment.len, segment.flags.fin);
        }
        if let (Some(ack), false) = (segment.ack, segment.flags.rst) {
            self.acknowledge(!side, SeqNumber(ack), out);
        }
    }

    fn synchronise(&mut self, side: Side, base: SeqNumber, ack: Option<u32>) {
        if self.halves[side.index()].assembler.is_none() {
            self.halves[side.index()].base = Some(base);
        }
        // The acknowledgement in a SYN-ACK is the other side's first number, should its SYN be missing.
        let other = &mut self.halves[(!side).index()];
        other.base = other.base.or(ack.map(SeqNumber));
    }

    fn insert(
        &mut self,
        side: Side,
        seq: SeqNumber,
        segment: &Segment<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let half = &mut self.halves[side.index()];
        let direction = &mut self.activity.directions[side.index()];
        let base = *half.base.get_or_insert(seq);
        let offset = half.offset(seq).unwrap_or_default();
        let assembler = half.assembler.get_or_insert_default();
        direction.payload += u64::from(segment.len);
        if offset - assembler.next() as i64 > MAX_AHEAD {
            direction.stray += u64::from(segment.len);
            return;
        }
        let before = (-offset).clamp(0, i64::from(segment.len));
        direction.duplicate += before as u64;
        let piece = Piece {
            offset: offset.max(0) as u64,
            bytes: segment.payload.get(before as usize..).unwrap_or_default(),
            len: (i64::from(segment.len) - before) as u64,
            at,
        };
        assembler.insert(piece, &mut |chunk| out(event(side, base, chunk)));
    }

    fn acknowledge(&mut self, side: Side, ack: SeqNumber, out: &mut impl FnMut(Event<'_>)) {
        let half = &mut self.halves[side.index()];
        let (Some(offset), Some(base)) = (half.offset(ack), half.base) else {
            return;
        };
        let (Some(assembler), 0..) = (&mut half.assembler, offset) else {
            return;
        };
        assembler.acknowledge(offset as u64, &mut |chunk| out(event(side, base, chunk)));
    }

    fn close(&mut self, side: Side, seq: SeqNumber, fin: bool) {
        let half = &mut self.halves[side.index()];
        if fin {
            half.end = half.end.or(half
                .offset(seq)
                .and_then(|offset| u64::try_from(offset).ok()));
        }
        let how = if fin { Closing::Fin } else { Closing::Rst };
        self.activity.closed.get_or_insert(Closed { how, by: side });
    }

    /// Nothing more will come of it. Gives its memory back; a second call does nothing.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Event<'_>)) {
        self.activity = self.activity();
        let halves = std::mem::take(&mut self.halves);
        let has_data = halves.iter().any(|half| half.assembler.is_some());
        for (side, half) in Side::BOTH.into_iter().zip(halves) {
            self.activity.directions[side.index()].held = 0;
            if let (Some(mut assembler), Some(base)) = (half.assembler, half.base) {
                assembler.finish(half.end, &mut |chunk| out(event(side, base, chunk)));
            }
        }
        if has_data {
            out(Event::Ended);
        }
    }

    /// The counts of this moment.
    pub(super) fn activity(&self) -> Activity {
        let mut activity = self.activity;
        for side in Side::BOTH {
            if let Some(assembler) = &self.halves[side.index()].assembler {
                let direction = &mut activity.directions[side.index()];
                direction.duplicate += assembler.duplicate();
                direction.held = assembler.held();
            }
        }
        activity
    }
}

fn event(side: Side, base: SeqNumber, chunk: Chunk<'_>) -> Event<'_> {
    match chunk {
        Chunk::Data { offset, bytes, at } => Event::Data {
            side,
            seq: base + offset as u32,
            bytes,
            at,
        },
        Chunk::Gap {
            offset,
            len,
            missing,
        } => Event::Gap {
            side,
            seq: base + offset as u32,
            len,
            missing,
        },
    }
}
