//! One direction of a connection: its numbers -> stream offsets, and what is believed of bytes that were not seen.

use super::assembler::{Assembler, Chunk, Piece};
use super::numbering::{Again, Limits, Numbering, Passed};
use super::strain::{Gauge, Strain};
use super::utp::Queued;
use super::{Direction, Event, FrameRef, Landmark, Missing, Moment, SeqNumber, Side};
use crate::capture::{FilePosition, Timestamp};

/// The offset from which those of a direction are counted: what comes before it has an offset, too.
const ORIGIN: u64 = 1 << 32;
/// Segments, and bytes, after which a stream without a known beginning begins with the lowest of them.
const FIRST_SEGMENTS: usize = 4;
const FIRST_BYTES: u64 = 64 << 10;
/// The same where an answer to a SYN may have used up the number of the first packet, or may not: who is late by fewer
/// packets than this is no reason to think so.
const FIRST_PACKETS: usize = 32;
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
    numbering: Numbering,
    assembler: Assembler,
    /// Offset of the FIN.
    end: Option<u64>,
    /// The next offset, as a segment without payload has it.
    sent: Option<u64>,
    claims: Claims,
    payload: u64,
    stray: u64,
    pub(super) gauge: Gauge,
}

/// What acknowledgements say of bytes that nobody saw. Anybody can send one: a claim is believed once a later one
/// that goes as far bears it out.
#[derive(Debug, Default)]
struct Claims {
    believed: u64,
    latest: u64,
}

impl Claims {
    fn claim(&mut self, offset: u64, known: u64, most: u64) {
        if self.latest > known && (self.latest..self.latest + most).contains(&offset) {
            self.believed = self.latest;
        }
        self.latest = offset;
    }

    /// How far the stream went at least, when no more will come.
    fn settled(&self, known: u64, most: u64) -> u64 {
        if self.latest.saturating_sub(known) <= most {
            known.max(self.latest)
        } else {
            known
        }
    }
}

impl Half {
    /// A direction whose first number may be known from its SYN.
    pub(super) fn new(side: Side, start: Option<SeqNumber>, numbering: Numbering) -> Half {
        let mut half = Half {
            side,
            origin: None,
            synchronised: None,
            assembler: numbering.assembler(),
            numbering,
            end: None,
            sent: None,
            claims: Claims::default(),
            payload: 0,
            stray: 0,
            gauge: Gauge::default(),
        };
        if let Some(start) = start {
            half.synchronise(start, &mut |_| {});
        }
        half
    }

    /// A direction of uTP from a landmark on.
    pub(super) fn resumed(landmark: Landmark) -> Half {
        let passed = Passed::resumed(landmark.seq);
        let start = SeqNumber(u32::from(landmark.packet));
        Half::new(Side::A, Some(start), Numbering::Packets(Box::new(passed)))
    }

    /// Sequence number of an offset.
    fn number(&self, offset: u64) -> SeqNumber {
        self.origin.unwrap_or_default() + offset as u32
    }

    /// Offset behind the last byte that was seen, or that is known to have been sent.
    fn known(&self) -> u64 {
        self.highest().max(self.claims.believed)
    }

    /// How far the stream went at least, when no more will come.
    fn settled(&self) -> u64 {
        self.claims.settled(self.known(), self.limits().claim)
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
        let is_near =
            |offset| seq.since(self.number(offset)).unsigned_abs() <= self.limits().plausible;
        Some(is_near(next) || is_near(self.known()))
    }

    /// True when a SYN can be that of this stream, which may have overtaken it.
    pub(super) fn may_begin_at(&self, start: SeqNumber) -> Option<bool> {
        self.origin?;
        if self.synchronised.is_some() {
            return Some(self.synchronised == Some(start));
        }
        let before = self.first().checked_sub(self.offset(start));
        Some(before.is_some_and(|before| before <= self.limits().before_syn))
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

    /// Takes the payload of a segment or packet, which had `len` bytes on the wire.
    pub(super) fn insert(
        &mut self,
        seq: SeqNumber,
        (bytes, len): (&[u8], u32),
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let len = u64::from(len);
        if self.synchronised.is_none() && !self.has_data() {
            self.settle_origin(seq);
        }
        self.payload += len;
        let offset = self.offset(seq);
        let Some((offset, is_leap)) = self.reach(offset) else {
            self.stray += len;
            return;
        };
        if is_leap {
            self.give_up(at.time, out);
        }
        let piece = Piece {
            offset,
            takes: self.numbering.takes(len),
            bytes,
            len,
            at,
        };
        let before = (self.assembler.duplicate(), self.assembler.waited());
        self.compare(piece, out);
        self.place(piece, out);
        self.measure(piece, before);
        if is_leap {
            self.give_up(at.time, out);
        }
    }

    /// What came of a piece, before which so many bytes had come twice, and had waited so long.
    #[inline]
    fn measure(&mut self, piece: Piece<'_>, before: (u64, i64)) {
        let at = piece.at;
        let again = self.assembler.duplicate() - before.0;
        self.gauge
            .carry(piece.len as u32, piece.offset, again, at.time);
        let waited = self.assembler.waited();
        if waited != before.1 {
            self.gauge.fill(waited, at.into());
        }
    }

    /// A segment has room for so many bytes of the other side, if its window was captured. None behind a FIN: who closed
    /// reads no more.
    #[inline]
    pub(super) fn offer(&mut self, window: Option<u16>, at: &FrameRef) {
        self.gauge.strain.segments = self.gauge.strain.segments.wrapping_add(1);
        if window == Some(0) {
            self.close(at);
        } else if self.gauge.is_closed() {
            self.gauge.open(at.time);
        }
    }

    #[cold]
    fn close(&mut self, at: &FrameRef) {
        if self.end.is_none() {
            self.gauge.close((*at).into());
        } else {
            self.gauge.open(at.time);
        }
    }

    /// The other side of uTP measures how long what comes from here was on its way. True when a clock was set, perhaps.
    pub(super) fn queue(&mut self, difference: u32, at: Moment) -> bool {
        let Numbering::Packets(passed) = &mut self.numbering else {
            return false;
        };
        let queued = passed.queue.measure(difference, at);
        if let Queued::Long(stretch, queued) = queued {
            self.gauge.stood(stretch, queued);
        }
        queued == Queued::Fell
    }

    /// Nothing that was measured of the queue holds.
    pub(super) fn forget_queue(&mut self) {
        if let Numbering::Packets(passed) = &mut self.numbering {
            passed.queue.forget();
        }
    }

    /// Where what comes at an offset is to be put, and whether nothing before it will come any more; `None` where it
    /// belongs to something else.
    fn reach(&mut self, offset: u64) -> Option<(u64, bool)> {
        let known = self.known();
        let next = self.assembler.beginning().and(self.assembler.next());
        if let (Numbering::Packets(passed), Some(next)) = (&mut self.numbering, next) {
            return passed.reach(offset, next, known);
        }
        (offset <= known + self.limits().ahead).then_some((offset, false))
    }

    /// Puts a piece at its place, but for what lies before the stream.
    fn place(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Event<'_>)) {
        let (offset, end) = (piece.offset, piece.offset + piece.takes);
        let start = match self.assembler.beginning() {
            Some(beginning) if self.synchronised.is_some() => offset.max(beginning).min(end),
            _ => offset,
        };
        self.stray += piece.share(start - offset);
        if start < end {
            let piece = piece.part(start, end);
            let (assembler, mut teller) = self.parts();
            assembler.insert(piece, &mut |chunk| teller.tell(chunk, out));
            if self.assembler.beginning().is_none() {
                self.begin(offset, out);
            }
        }
    }

    /// A packet of uTP that comes again may bring more than before.
    fn compare(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Event<'_>)) {
        let Numbering::Packets(passed) = &mut self.numbering else {
            return;
        };
        if self
            .assembler
            .beginning()
            .is_some_and(|beginning| piece.offset < beginning)
        {
            return;
        }
        let Again::Longer(more) = passed.compare(piece.offset, piece.len) else {
            return;
        };
        passed.lengthened += more;
        let has_passed = self.assembler.beginning().is_some()
            && self.assembler.next() == Some(piece.offset + piece.takes);
        if has_passed {
            let known = (piece.len - more).min(piece.bytes.len() as u64);
            let new = &piece.bytes[known as usize..];
            let cut = more - new.len() as u64;
            passed.data(self.side, new, piece.at, out);
            if cut > 0 {
                passed.snapped += cut;
                passed.gap(self.side, cut, Missing::Snapped, out);
            }
        } else {
            self.assembler.lengthen(piece);
        }
    }

    /// Payload that no stream can be made of.
    pub(super) fn stray(&mut self, len: u32) {
        self.payload += u64::from(len);
        self.stray += u64::from(len);
    }

    /// What was heard before the first data is no hint when the data lies elsewhere.
    fn settle_origin(&mut self, seq: SeqNumber) {
        let is_far = self.origin.is_some()
            && self.offset(seq).abs_diff(self.known()) > self.limits().ahead / 16;
        if self.origin.is_none() || is_far {
            self.restart(seq);
        }
    }

    /// Nothing that was believed of its numbers holds; what was counted does.
    fn restart(&mut self, origin: SeqNumber) {
        let numbering = std::mem::replace(&mut self.numbering, Numbering::Bytes);
        *self = Half {
            origin: Some(origin),
            stray: self.stray,
            payload: self.payload,
            gauge: std::mem::take(&mut self.gauge),
            ..Half::new(self.side, None, numbering)
        };
    }

    /// Settles the beginning of a stream without a SYN, once there is reason to think that nothing comes before it.
    fn begin(&mut self, offset: u64, out: &mut impl FnMut(Event<'_>)) {
        let is_next = self.claims.latest == offset;
        let is_packets = matches!(self.numbering, Numbering::Packets(_));
        let beginning = match self.sent {
            // The answer to a SYN takes a number or none: what the other side acknowledges will tell.
            Some(sent) if is_packets && self.first() > sent => {
                if self.assembler.held_segments() < FIRST_PACKETS {
                    return;
                }
                self.first().min(sent + 1)
            }
            // A keep-alive has the number before the next one.
            Some(sent) if offset > sent + 1 => sent,
            Some(sent) if offset >= sent => offset,
            _ if is_next => offset,
            _ if self.has_waited() => self.first(),
            _ => return,
        };
        self.begin_at(beginning, out);
    }

    /// There was time enough for what comes before to arrive.
    fn has_waited(&self) -> bool {
        self.assembler.held_segments() >= FIRST_SEGMENTS || self.assembler.held() >= FIRST_BYTES
    }

    /// What the answer to a SYN has said of its number, while nothing has begun with it.
    pub(super) fn heard(&self) -> Option<SeqNumber> {
        let sent = self.sent.filter(|_| self.assembler.beginning().is_none())?;
        Some(self.number(sent))
    }

    /// The number next to what is expected that a number of uTP is the end of.
    pub(super) fn near(&self, number: u16) -> SeqNumber {
        let expected = self.number(self.known());
        let distance = number.wrapping_sub(expected.0 as u16) as i16;
        SeqNumber(expected.0.wrapping_add_signed(i32::from(distance)))
    }

    fn begin_at(&mut self, offset: u64, out: &mut impl FnMut(Event<'_>)) {
        let (assembler, mut teller) = self.parts();
        assembler.begin(offset, &mut |chunk| teller.tell(chunk, out));
    }

    /// What puts pieces in order, and what says what comes of them.
    fn parts(&mut self) -> (&mut Assembler, Teller<'_>) {
        let teller = Teller {
            side: self.side,
            origin: self.origin.unwrap_or_default(),
            numbering: &mut self.numbering,
            floor: self.assembler.held_since().unwrap_or(NOWHERE),
        };
        (&mut self.assembler, teller)
    }

    fn limits(&self) -> &'static Limits {
        self.numbering.limits()
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
            if offset.saturating_sub(self.known()) <= self.limits().ahead {
                let most = self.limits().claim;
                self.claims.claim(offset, self.known(), most);
            }
            return;
        }
        if self.assembler.beginning().is_none() {
            self.claims.latest = offset;
            if self.assembler.next().is_some_and(|lowest| lowest <= offset) {
                self.begin_at(self.first(), out);
            }
        }
        let (assembler, mut teller) = self.parts();
        assembler.acknowledge(offset, now, &mut |chunk| teller.tell(chunk, out));
    }

    /// The other side has these packets, too: a hole that they fill was lost by the capture.
    pub(super) fn select(
        &mut self,
        selected: impl Iterator<Item = u16>,
        now: Timestamp,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let Some(hole) = self.assembler.hole() else {
            return;
        };
        let offsets = selected.map(|number| self.offset(self.near(number)));
        let filled = offsets.filter(|offset| hole.contains(offset)).count();
        if filled as u64 == hole.end - hole.start {
            let (assembler, mut teller) = self.parts();
            assembler.acknowledge(hole.end, now, &mut |chunk| teller.tell(chunk, out));
        }
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
        let (assembler, mut teller) = self.parts();
        assembler.give_up(now, &mut |chunk| teller.tell(chunk, out));
    }

    /// Gives back all memory but its own. The stream can go on.
    pub(super) fn rest(&mut self, now: Timestamp, out: &mut impl FnMut(Event<'_>)) {
        self.give_up(now, out);
        self.assembler.forget();
    }

    /// Nothing more will come: the holes are gaps, and so is an end that was acknowledged and not captured. Of a
    /// stream of which nothing was captured that is all of it.
    pub(super) fn finish(&mut self, out: &mut impl FnMut(Event<'_>)) {
        let (highest, claimed) = (self.highest(), self.settled());
        // A FIN takes one number: without having seen it, one acknowledged byte too many proves nothing.
        let end = match self.end {
            Some(end) => end.min(claimed),
            None => (claimed - 1).max(highest),
        };
        if !self.has_data() && end > highest {
            self.begin_at(highest, out);
        }
        let (assembler, mut teller) = self.parts();
        assembler.finish(end, &mut |chunk| teller.tell(chunk, out));
    }

    /// All that is counted of it.
    pub(super) fn way(&self) -> (Direction, Strain) {
        (self.direction(), self.gauge.strain.clone())
    }

    /// The counts of this moment.
    pub(super) fn direction(&self) -> Direction {
        let mut counts = Direction {
            payload: self.payload,
            duplicate: self.assembler.duplicate(),
            late: self.assembler.late(),
            stray: self.stray,
            held: self.assembler.held(),
            snapped: self.assembler.snapped(),
        };
        if let Numbering::Packets(passed) = &self.numbering {
            counts.snapped += passed.snapped;
            counts.duplicate =
                (counts.duplicate + passed.overlapping).saturating_sub(passed.lengthened);
        }
        counts
    }
}

/// Behind all frames.
const NOWHERE: FilePosition = FilePosition(u64::MAX);

/// Says what becomes of the pieces of a direction.
struct Teller<'a> {
    side: Side,
    origin: SeqNumber,
    numbering: &'a mut Numbering,
    /// Where reading again has to begin to find all that was held.
    floor: FilePosition,
}

impl Teller<'_> {
    #[inline]
    fn tell(&mut self, chunk: Chunk<'_>, out: &mut impl FnMut(Event<'_>)) {
        let place = (self.side, self.origin);
        match self.numbering {
            Numbering::Bytes => out(in_bytes(place, chunk)),
            Numbering::Packets(passed) => passed.tell(place, chunk, self.floor, out),
        }
    }
}

/// What a chunk is where numbers count bytes.
#[inline]
fn in_bytes((side, origin): (Side, SeqNumber), chunk: Chunk<'_>) -> Event<'_> {
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
        Chunk::Conflict {
            offset,
            within,
            bytes,
        } => Event::Conflict {
            side,
            seq: seq(offset) + within,
            bytes,
        },
    }
}
