//! One direction of a connection: its numbers -> stream offsets, and what is believed of bytes that were not seen.

use super::assembler::{Assembler, Chunk, Piece};
use super::{Direction, Event, FrameRef, SeqNumber, Side};
use crate::capture::Timestamp;
use crate::packet::Segment;

/// The offset from which those of a direction are counted: what comes before it has an offset, too.
const ORIGIN: u64 = 1 << 32;
/// No TCP window is larger (RFC 7323 section 2.3): a segment further ahead belongs to something else.
const MAX_AHEAD: u64 = 1 << 30;
/// A FIN or RST further from what is expected is not believed.
const PLAUSIBLE: i32 = 1 << 20;
/// Bytes that one acknowledgement alone can prove to have been sent, where none of them was captured.
const MAX_CLAIM: u64 = 1 << 20;
/// Data that overtakes its own SYN is at most a first flight (RFC 6928: 10 segments, offloaded or not).
const MAX_BEFORE_SYN: u64 = 64 << 10;
/// Segments, and bytes, after which a stream without a known beginning begins with the lowest of them.
const FIRST_SEGMENTS: usize = 4;
const FIRST_BYTES: u64 = 64 << 10;
/// Nanoseconds of capture time after which nobody waits for a hole any longer: no sender tries so long.
const MAX_WAIT: i64 = 120_000_000_000;

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Half {
    /// Who sends it.
    side: Side,
    /// The number at [`ORIGIN`], once any is known.
    origin: Option<SeqNumber>,
    /// The first number, once a SYN has told it.
    synchronised: Option<SeqNumber>,
    assembler: Assembler,
    /// Offset of the FIN.
    end: Option<u64>,
    /// The next offset, as a segment without payload has it.
    sent: Option<u64>,
    claims: Claims,
    payload: u64,
    stray: u64,
}

/// What acknowledgements say of bytes that nobody saw. Anybody can send one: a claim is believed once a later one
/// that goes as far bears it out.
#[derive(Debug, Default)]
struct Claims {
    believed: u64,
    latest: u64,
}

impl Claims {
    fn claim(&mut self, offset: u64, known: u64) {
        if self.latest > known && (self.latest..self.latest + MAX_CLAIM).contains(&offset) {
            self.believed = self.latest;
        }
        self.latest = offset;
    }

    /// How far the stream went at least, when no more will come.
    fn settled(&self, known: u64) -> u64 {
        if self.latest.saturating_sub(known) <= MAX_CLAIM {
            known.max(self.latest)
        } else {
            known
        }
    }
}

impl Half {
    /// A direction whose first number may be known from its SYN.
    pub(super) fn new(side: Side, start: Option<SeqNumber>) -> Half {
        let mut half = Half {
            side,
            origin: None,
            synchronised: None,
            assembler: Assembler::default(),
            end: None,
            sent: None,
            claims: Claims::default(),
            payload: 0,
            stray: 0,
        };
        if let Some(start) = start {
            half.synchronise(start, &mut |_| {});
        }
        half
    }

    /// Sequence number of an offset.
    fn number(&self, offset: u64) -> SeqNumber {
        self.origin.unwrap_or_default() + offset as u32
    }

    /// Offset behind the last byte that was seen, or that is known to have been sent.
    fn known(&self) -> u64 {
        self.highest().max(self.claims.believed)
    }

    fn highest(&self) -> u64 {
        self.assembler.highest().unwrap_or(ORIGIN)
    }

    /// The offset of a number, which is taken for one near the bytes expected next.
    fn offset(&self, seq: SeqNumber) -> u64 {
        let known = self.known();
        let distance = seq.since(self.number(known));
        known.saturating_add_signed(i64::from(distance))
    }

    /// Where the stream begins, as far as is known.
    fn first(&self) -> u64 {
        let begun = self.assembler.beginning().or(self.assembler.next());
        begun.or(self.sent).unwrap_or(ORIGIN)
    }

    /// True once any byte of it was seen.
    pub(super) fn has_data(&self) -> bool {
        self.payload > self.stray
    }

    /// True once there is something to count.
    pub(super) fn has_payload(&self) -> bool {
        self.payload > 0
    }

    pub(super) fn has_ended(&self) -> bool {
        self.end.is_some()
    }

    pub(super) fn weight(&self) -> usize {
        self.assembler.weight()
    }

    pub(super) fn is_awake(&self) -> bool {
        self.assembler.is_awake()
    }

    /// True when a segment that ends something can be meant for this stream; `None` when nothing is known of it.
    pub(super) fn is_near(&self, seq: SeqNumber) -> Option<bool> {
        self.origin?;
        let next = self.assembler.next().unwrap_or(ORIGIN);
        let is_near = |offset| seq.since(self.number(offset)).unsigned_abs() <= PLAUSIBLE as u32;
        Some(is_near(next) || is_near(self.known()))
    }

    /// True when a SYN can be that of this stream, which may have overtaken it.
    pub(super) fn may_begin_at(&self, start: SeqNumber) -> Option<bool> {
        self.origin?;
        if self.synchronised.is_some() {
            return Some(self.synchronised == Some(start));
        }
        let before = self.first().checked_sub(self.offset(start));
        Some(before.is_some_and(|before| before <= MAX_BEFORE_SYN))
    }

    /// Takes the number of the first byte from a SYN, or from the acknowledgement of one.
    pub(super) fn synchronise(&mut self, start: SeqNumber, out: &mut impl FnMut(Event<'_>)) {
        if self.origin.is_none() || self.synchronised.is_some() {
            if self.has_data() {
                return;
            }
            // Of several SYNs without data the last one counts.
            self.restart(start);
        }
        self.synchronised = Some(start);
        let at = self.offset(start);
        self.begin_at(at, out);
    }

    /// A segment without payload tells what its sender sends next: the beginning, where no SYN was captured.
    pub(super) fn hear(&mut self, seq: SeqNumber) {
        if self.synchronised.is_none() && !self.has_data() {
            self.origin.get_or_insert(seq);
            self.sent = self.sent.max(Some(self.offset(seq)));
        }
    }

    /// Takes the payload of a segment.
    pub(super) fn insert(
        &mut self,
        seq: SeqNumber,
        segment: &Segment<'_>,
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let len = u64::from(segment.len);
        if self.synchronised.is_none() && !self.has_data() {
            self.settle_origin(seq);
        }
        self.payload += len;
        let offset = self.offset(seq);
        let piece = Piece {
            offset,
            bytes: segment.payload,
            len,
            at,
        };
        if offset > self.known() + MAX_AHEAD {
            self.stray += len;
            return;
        }
        let start = match self.assembler.beginning() {
            Some(beginning) if self.synchronised.is_some() => {
                offset.max(beginning).min(offset + len)
            }
            _ => offset,
        };
        self.stray += start - offset;
        if start < offset + len {
            let (side, origin) = self.place();
            let piece = piece.part(start, offset + len);
            self.assembler
                .insert(piece, &mut |chunk| out(event(side, origin, chunk)));
            if self.assembler.beginning().is_none() {
                self.begin(offset, out);
            }
        }
    }

    /// Payload that no stream can be made of.
    pub(super) fn stray(&mut self, len: u32) {
        self.payload += u64::from(len);
        self.stray += u64::from(len);
    }

    /// What was heard before the first data is no hint when the data lies elsewhere.
    fn settle_origin(&mut self, seq: SeqNumber) {
        let is_far =
            self.origin.is_some() && self.offset(seq).abs_diff(self.known()) > MAX_AHEAD / 16;
        if self.origin.is_none() || is_far {
            self.restart(seq);
        }
    }

    /// Nothing that was believed of its numbers holds; what was counted does.
    fn restart(&mut self, origin: SeqNumber) {
        *self = Half {
            origin: Some(origin),
            stray: self.stray,
            payload: self.payload,
            ..Half::new(self.side, None)
        };
    }

    /// Settles the beginning of a stream without a SYN, once there is reason to think that nothing comes before it.
    fn begin(&mut self, offset: u64, out: &mut impl FnMut(Event<'_>)) {
        let is_next = self.claims.latest == offset;
        let beginning = match self.sent {
            // A keep-alive has the number before the next one.
            Some(sent) if offset > sent + 1 => sent,
            Some(sent) if offset >= sent => offset,
            _ if is_next => offset,
            _ if self.assembler.held_segments() >= FIRST_SEGMENTS
                || self.assembler.held() >= FIRST_BYTES =>
            {
                self.first()
            }
            _ => return,
        };
        self.begin_at(beginning, out);
    }

    fn begin_at(&mut self, offset: u64, out: &mut impl FnMut(Event<'_>)) {
        let (side, origin) = self.place();
        self.assembler
            .begin(offset, &mut |chunk| out(event(side, origin, chunk)));
    }

    /// What turns an offset into a place in the capture.
    fn place(&self) -> (Side, SeqNumber) {
        (self.side, self.origin.unwrap_or_default())
    }

    /// The other side says that it has everything before `ack`.
    pub(super) fn acknowledge(
        &mut self,
        ack: SeqNumber,
        now: Timestamp,
        out: &mut impl FnMut(Event<'_>),
    ) {
        if self.origin.is_none() {
            self.origin = Some(ack);
            self.claims.latest = ORIGIN;
            return;
        }
        let (offset, highest) = (self.offset(ack), self.highest());
        if offset > highest {
            if offset.saturating_sub(self.known()) <= MAX_AHEAD {
                self.claims.claim(offset, self.known());
            }
            return;
        }
        if self.assembler.beginning().is_none() {
            self.claims.latest = offset;
            if self.assembler.next().is_some_and(|lowest| lowest <= offset) {
                self.begin_at(self.first(), out);
            }
        }
        let (side, origin) = self.place();
        self.assembler
            .acknowledge(offset, now, &mut |chunk| out(event(side, origin, chunk)));
    }

    /// The sender has no more to say behind `seq`.
    pub(super) fn end(&mut self, seq: SeqNumber) {
        if self.origin.is_some() {
            let end = self.offset(seq);
            self.end.get_or_insert(end);
        }
    }

    /// Gives up a hole that nobody can be waiting for any longer.
    pub(super) fn expire(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        if self.assembler.stalled_for(now) > MAX_WAIT {
            self.give_up(now, out);
        }
    }

    /// Gives up all holes, and with them the memory of what waits behind them.
    pub(super) fn give_up(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        let (side, origin) = self.place();
        self.assembler
            .give_up(now, &mut |chunk| out(event(side, origin, chunk)));
    }

    /// Gives back all memory but its own. The stream can go on.
    pub(super) fn rest(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        self.give_up(now, out);
        self.assembler.forget();
    }

    /// Nothing more will come: the holes are gaps, and so is an end that was acknowledged and not captured. Of a
    /// stream of which nothing was captured that is all of it.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Event<'_>)) {
        let (highest, claimed) = (self.highest(), self.claims.settled(self.known()));
        // A FIN takes one number: without having seen it, one acknowledged byte too many proves nothing.
        let end = match self.end {
            Some(end) => end.min(claimed),
            None => (claimed - 1).max(highest),
        };
        if !self.has_data() && end > highest {
            self.begin_at(highest, out);
        }
        let (side, origin) = self.place();
        self.assembler
            .finish(end, &mut |chunk| out(event(side, origin, chunk)));
    }

    /// The counts of this moment.
    pub(super) fn direction(&self) -> Direction {
        Direction {
            payload: self.payload,
            duplicate: self.assembler.duplicate(),
            late: self.assembler.late(),
            stray: self.stray,
            held: self.assembler.held(),
            snapped: self.assembler.snapped(),
        }
    }
}

fn event(side: Side, origin: SeqNumber, chunk: Chunk<'_>) -> Event<'_> {
    let seq = |offset: u64| origin + offset as u32;
    match chunk {
        Chunk::Data { offset, bytes, at } => Event::Data {
            side,
            seq: seq(offset),
            bytes,
            at,
        },
        Chunk::Gap {
            offset,
            len,
            missing,
        } => Event::Gap {
            side,
            seq: seq(offset),
            len,
            missing,
        },
        Chunk::Again {
            offset,
            bytes,
            since,
        } => Event::Again {
            side,
            seq: seq(offset),
            bytes,
            since,
        },
        Chunk::Conflict { offset, bytes } => Event::Conflict {
            side,
            seq: seq(offset),
            bytes,
        },
    }
}
