//! What one side has sent, from the first number that is not acknowledged on.
//!
//! TCP numbers bytes, uTP packets: here a number is either, on a line that does not wrap.

use std::collections::VecDeque;
use std::ops::Range;

use crate::capture::Timestamp;

/// Pieces that are remembered: the window of a long fat path has as many packets. Of more the oldest count as arrived.
const MAX_PIECES: usize = 8192;

/// What a sequence number counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// Bytes, as TCP does.
    Bytes,
    /// Packets, as uTP does: how many bytes were in one that was not captured nobody knows.
    Packets,
}

impl Counted {
    /// Bits of a number on the wire.
    fn bits(self) -> u32 {
        match self {
            Counted::Bytes => 32,
            Counted::Packets => 16,
        }
    }

    /// What is farther from the last number is no part of the stream.
    fn reach(self) -> i64 {
        1 << (self.bits() - 2)
    }
}

/// What was sent and is not acknowledged.
///
/// Invariant: `pieces` lie side by side, from `acked` to `next`; `bytes` are those of the pieces that have not arrived.
#[derive(Clone, Debug)]
pub(super) struct Flight {
    counted: Counted,
    pieces: VecDeque<Piece>,
    /// Up to here all has arrived, as the other side says; `None` before it said so.
    acked: Option<i64>,
    /// Behind the highest number that was sent or acknowledged.
    next: Option<i64>,
    bytes: u64,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Piece {
    start: i64,
    end: i64,
    bytes: u32,
    state: State,
}

/// How often a piece was sent, and whether it is known to have arrived.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// What follows was sent, so this was: it was not captured, or comes late.
    Unseen,
    Once(Timestamp),
    /// An acknowledgement does not say of which copy it is (Karn's rule).
    Again,
    /// By a selective acknowledgement.
    Arrived,
}

/// What of a packet had been sent before, or should have been.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Repeated {
    /// Numbers that came once more.
    pub(super) numbers: u64,
    /// Numbers that had already been acknowledged.
    pub(super) needless: u64,
    /// Bytes that came once more.
    pub(super) bytes: u32,
    /// Numbers that were passed over before, and came now for the first time.
    pub(super) late: u64,
}

/// What an acknowledgement told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// When the latest of what it acknowledges was sent.
    latest: Option<Timestamp>,
    /// Was some of it sent more than once?
    has_copies: bool,
    /// Bytes that were acknowledged selectively, and not before.
    pub(super) selected: u32,
}

impl Told {
    fn take(&mut self, state: State) {
        match state {
            State::Once(sent) => self.latest = self.latest.max(Some(sent)),
            State::Again => self.has_copies = true,
            State::Unseen | State::Arrived => {}
        }
    }

    /// Nanoseconds from the latest that was sent to now; none by what was sent more than once.
    pub(super) fn round_trip(&self, now: Timestamp) -> Option<u64> {
        let sent = self.latest.filter(|_| !self.has_copies)?;
        u64::try_from(now.since(sent)).ok()
    }
}

impl Flight {
    pub(super) fn new(counted: Counted) -> Flight {
        Flight {
            counted,
            pieces: VecDeque::new(),
            acked: None,
            next: None,
            bytes: 0,
        }
    }

    /// Where a number of the wire stands on the line: near the highest one so far.
    pub(super) fn place(&self, number: u32) -> i64 {
        let Some(near) = self.next else {
            return i64::from(number);
        };
        let unused = 64 - self.counted.bits();
        let distance = i64::from(number).wrapping_sub(near) << unused >> unused;
        near + distance
    }

    /// Behind the highest number so far.
    pub(super) fn next(&self) -> Option<i64> {
        self.next
    }

    /// Is nothing on its way?
    pub(super) fn has_landed(&self) -> bool {
        self.acked.is_some() && self.acked == self.next
    }

    /// Bytes on their way; unknown before the other side acknowledged anything.
    pub(super) fn bytes(&self) -> Option<u64> {
        self.acked.map(|_| self.bytes)
    }

    /// Takes numbers that are sent, with `bytes` of payload in all of them.
    pub(super) fn send(&mut self, numbers: Range<i64>, bytes: u32, now: Timestamp) -> Repeated {
        let next = *self.next.get_or_insert(numbers.start);
        if numbers.is_empty() || (numbers.start - next).abs() > self.counted.reach() {
            return Repeated::default();
        }
        if numbers.start > next {
            self.push(next..numbers.start, None, State::Unseen);
        }
        let mut repeated = Repeated::default();
        if numbers.start < next {
            repeated = self.repeat(numbers.start..numbers.end.min(next), bytes, now);
        }
        let fresh = numbers.start.max(next)..numbers.end;
        if !fresh.is_empty() {
            self.push(fresh, Some(bytes), State::Once(now));
        }
        self.bound();
        repeated
    }

    /// Adds a piece behind all others. Its bytes are those of its numbers, or `bytes` where numbers are packets.
    fn push(&mut self, numbers: Range<i64>, bytes: Option<u32>, state: State) {
        let len = (numbers.end - numbers.start) as u32;
        let bytes = match (self.counted, bytes) {
            // SYN and FIN have a number and no byte.
            (Counted::Bytes, Some(bytes)) => len.min(bytes),
            (Counted::Bytes, None) => len,
            (Counted::Packets, bytes) => bytes.unwrap_or(0),
        };
        self.next = Some(numbers.end);
        self.bytes += u64::from(bytes);
        self.pieces.push_back(Piece {
            start: numbers.start,
            end: numbers.end,
            bytes,
            state,
        });
    }

    /// Numbers that lie before `next`.
    fn repeat(&mut self, numbers: Range<i64>, bytes: u32, now: Timestamp) -> Repeated {
        let mut repeated = Repeated::default();
        if let Some(acked) = self.acked.filter(|acked| *acked > numbers.start) {
            let len = (numbers.end.min(acked) - numbers.start) as u64;
            repeated.numbers = len;
            repeated.needless = len;
            repeated.bytes = (len as u32).min(bytes);
        }
        for at in self.cut(numbers) {
            let piece = &mut self.pieces[at];
            if self.counted == Counted::Packets && piece.state != State::Arrived {
                self.bytes = self.bytes - u64::from(piece.bytes) + u64::from(bytes);
                piece.bytes = bytes;
            }
            let len = (piece.end - piece.start) as u64;
            match piece.state {
                State::Unseen => {
                    piece.state = State::Once(now);
                    repeated.late += len;
                    continue;
                }
                State::Once(_) | State::Again => piece.state = State::Again,
                State::Arrived => repeated.needless += len,
            }
            repeated.numbers += len;
            repeated.bytes += piece.bytes;
        }
        if self.counted == Counted::Packets && repeated.numbers > 0 {
            repeated.bytes = bytes;
        }
        repeated
    }

    /// All before `upto` has arrived.
    pub(super) fn acknowledge(&mut self, upto: i64, told: &mut Told) {
        let next = *self.next.get_or_insert(upto);
        if (upto - next).abs() > self.counted.reach() {
            return;
        }
        if self.acked.is_none() {
            self.begin(upto);
        }
        self.cut(upto..upto);
        while let Some(piece) = self.pieces.front().filter(|piece| piece.end <= upto) {
            told.take(piece.state);
            self.drop_front();
        }
        self.acked = self.acked.max(Some(upto));
        self.next = self.next.max(Some(upto));
    }

    /// The first acknowledgement: what lies between it and the first number that was seen was sent before the capture
    /// began.
    fn begin(&mut self, upto: i64) {
        let first = self.pieces.front().map_or(upto, |piece| piece.start);
        self.acked = Some(first.min(upto));
        if upto < first {
            let bytes = match self.counted {
                Counted::Bytes => (first - upto) as u32,
                Counted::Packets => 0,
            };
            self.bytes += u64::from(bytes);
            self.pieces.push_front(Piece {
                start: upto,
                end: first,
                bytes,
                state: State::Unseen,
            });
        }
    }

    /// These numbers have arrived, behind others that have not.
    pub(super) fn select(&mut self, numbers: Range<i64>, told: &mut Told) {
        for at in self.cut(numbers) {
            let piece = &mut self.pieces[at];
            if piece.state != State::Arrived {
                told.take(piece.state);
                told.selected += piece.bytes;
                self.bytes -= u64::from(piece.bytes);
                piece.state = State::Arrived;
            }
        }
    }

    /// Cuts pieces at both ends of a range; gives those within it.
    fn cut(&mut self, numbers: Range<i64>) -> Range<usize> {
        let from = self.cut_at(numbers.start);
        let to = self.cut_at(numbers.end);
        from..to.max(from)
    }

    /// The piece that begins at a number, which it does from now on, or the first behind it.
    fn cut_at(&mut self, at: i64) -> usize {
        let index = self.pieces.partition_point(|piece| piece.end <= at);
        let Some(piece) = self.pieces.get_mut(index).filter(|piece| piece.start < at) else {
            return index;
        };
        let before = piece.bytes.min((at - piece.start) as u32);
        let behind = Piece {
            start: at,
            bytes: piece.bytes - before,
            ..*piece
        };
        (piece.end, piece.bytes) = (at, before);
        self.pieces.insert(index + 1, behind);
        index + 1
    }

    fn drop_front(&mut self) {
        if let Some(piece) = self.pieces.pop_front()
            && piece.state != State::Arrived
        {
            self.bytes -= u64::from(piece.bytes);
        }
    }

    fn bound(&mut self) {
        while self.pieces.len() > MAX_PIECES {
            self.drop_front();
            let first = self.pieces.front().map(|piece| piece.start);
            self.acked = self.acked.and(first);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn bytes_from(start: u32) -> Flight {
        let mut flight = Flight::new(Counted::Bytes);
        flight.acknowledge(i64::from(start), &mut Told::default());
        flight
    }

    #[test]
    fn numbers_go_on_behind_the_wrap() {
        let mut flight = bytes_from(u32::MAX - 3);
        let at = flight.place(u32::MAX - 3);
        flight.send(at..at + 8, 8, Timestamp(1));
        assert_eq!(flight.place(4), at + 8);
        flight.acknowledge(flight.place(2), &mut Told::default());
        assert_eq!(flight.bytes(), Some(2));
    }

    #[test]
    fn nothing_is_known_before_the_first_acknowledgement() {
        let mut flight = Flight::new(Counted::Bytes);
        flight.send(100..200, 100, Timestamp(1));
        assert_eq!(flight.bytes(), None);
        flight.acknowledge(50, &mut Told::default());
        assert_eq!(flight.bytes(), Some(150), "50 were sent before the capture");
    }

    #[test]
    fn what_has_arrived_behind_a_hole_is_not_in_flight() {
        let mut flight = bytes_from(0);
        let mut told = Told::default();
        flight.send(0..300, 300, Timestamp(1));
        flight.select(100..200, &mut told);
        assert_eq!((flight.bytes(), told.selected), (Some(200), 100));
        flight.acknowledge(200, &mut Told::default());
        assert_eq!(flight.bytes(), Some(100));
    }

    #[test]
    fn an_answer_to_two_copies_measures_nothing() {
        let mut flight = bytes_from(0);
        flight.send(0..10, 10, Timestamp(1));
        assert_eq!(flight.send(0..10, 10, Timestamp(5)).bytes, 10);
        let mut told = Told::default();
        flight.acknowledge(10, &mut told);
        assert_eq!(told.round_trip(Timestamp(9)), None);
    }

    #[test]
    fn the_latest_of_what_is_acknowledged_measures() {
        let mut flight = bytes_from(0);
        flight.send(10..20, 10, Timestamp(1));
        flight.send(0..10, 10, Timestamp(5));
        let mut told = Told::default();
        flight.acknowledge(20, &mut told);
        assert_eq!(told.round_trip(Timestamp(9)), Some(4));
    }

    #[test]
    fn a_copy_of_what_has_arrived_was_needless() {
        let mut flight = bytes_from(0);
        flight.send(0..20, 20, Timestamp(1));
        flight.acknowledge(10, &mut Told::default());
        let repeated = flight.send(0..20, 20, Timestamp(2));
        assert_eq!((repeated.bytes, repeated.needless), (20, 10));
    }

    #[test]
    fn a_packet_has_the_size_of_its_latest_copy() {
        let mut flight = Flight::new(Counted::Packets);
        flight.acknowledge(5, &mut Told::default());
        flight.send(5..6, 1400, Timestamp(1));
        assert_eq!(flight.send(5..6, 500, Timestamp(2)).bytes, 500);
        assert_eq!(flight.bytes(), Some(500));
    }

    #[test]
    fn of_too_many_pieces_the_oldest_count_as_arrived() {
        let mut flight = Flight::new(Counted::Packets);
        flight.acknowledge(0, &mut Told::default());
        for number in 0..2 * MAX_PIECES as i64 {
            flight.send(number..number + 1, 1, Timestamp(1));
        }
        assert_eq!(flight.bytes(), Some(MAX_PIECES as u64));
    }

    /// The slow and obvious one: what became of each number.
    #[derive(Default)]
    struct Model {
        /// How often each was sent, and the bytes of the last copy.
        sent: BTreeMap<i64, u32>,
        arrived: BTreeSet<i64>,
        acked: i64,
        next: i64,
    }

    impl Model {
        /// Bytes that came once more.
        fn send(&mut self, numbers: Range<i64>, bytes_of_each: u32) -> u32 {
            let is_known = |at: &i64| {
                *at < self.acked || self.sent.contains_key(at) || self.arrived.contains(at)
            };
            let again = numbers.clone().filter(is_known).count() as u32;
            for at in numbers.clone() {
                self.sent.insert(at, bytes_of_each);
            }
            self.next = self.next.max(numbers.end);
            again * bytes_of_each
        }

        fn in_flight(&self, of_unseen: u32) -> u64 {
            let waiting = (self.acked..self.next).filter(|at| !self.arrived.contains(at));
            let bytes = |at| u64::from(*self.sent.get(&at).unwrap_or(&of_unseen));
            waiting.map(bytes).sum()
        }
    }

    /// What is done, where from the highest number, how many numbers, and the size of a packet.
    type Deed = (u8, i64, i64, u32);

    fn deeds() -> impl Strategy<Value = Vec<Deed>> {
        proptest::collection::vec((0u8..5, -40i64..12, 1i64..20, 1u32..2000), 1..120)
    }

    fn follows_the_model(counted: Counted, first: u32, deeds: Vec<Deed>) {
        let (mut flight, mut model) = (Flight::new(counted), Model::default());
        flight.acknowledge(i64::from(first), &mut Told::default());
        // Numbers on the wire are those of the model behind the first, wrapped.
        let wire =
            |at: i64| (i64::from(first) + at) as u32 & (u64::MAX >> (64 - counted.bits())) as u32;
        for (kind, from, len, size) in deeds {
            let (len, each) = match counted {
                Counted::Bytes => (len, 1),
                Counted::Packets => (1, size),
            };
            let start = (model.next + from).max(0);
            let at = flight.place(wire(start));
            match kind {
                0..3 => {
                    let sent = flight.send(at..at + len, each * len as u32, Timestamp(1));
                    assert_eq!(sent.bytes, model.send(start..start + len, each));
                }
                3 => {
                    flight.acknowledge(at, &mut Told::default());
                    model.acked = model.acked.max(start);
                    model.next = model.next.max(start);
                }
                _ => {
                    flight.select(at..at + len, &mut Told::default());
                    let known = start.max(model.acked)..(start + len).min(model.next);
                    model.arrived.extend(known);
                }
            }
            let of_unseen = u32::from(counted == Counted::Bytes);
            assert_eq!(flight.bytes(), Some(model.in_flight(of_unseen)));
        }
    }

    proptest! {
        #[test]
        fn bytes_in_flight_are_those_of_a_slow_model(deeds in deeds(), before in 0u32..300) {
            follows_the_model(Counted::Bytes, u32::MAX - before, deeds);
        }

        #[test]
        fn packets_in_flight_are_those_of_a_slow_model(deeds in deeds(), before in 0u32..60) {
            follows_the_model(Counted::Packets, 65535 - before, deeds);
        }
    }
}
