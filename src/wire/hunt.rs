//! Finding the next message where no boundary is known: behind a lost header, or in a capture that began later.
//!
//! Every offset at which a message could begin starts a [`Candidate`]. It lives as long as the messages that follow
//! each other from there are such as clients send, and is believed when they are evidence enough. The data of a
//! block may be anything, even a recorded conversation of peers, so the likeness of a few messages is not enough: a
//! chain has to outlast the longest block, or keep to the segments as only the sender can, or answer requests.

use std::collections::HashSet;

use memchr::memchr;

use super::candidate::{Candidate, Decision};
use super::cutter::Cutter;
use super::evidence::Known;
use super::framing::{Decoded, Found, Framed, Place, Reason, Undecoded};
use super::handshake::PROTOCOL;
use super::head::{Expected, Head, examine};
use super::mse::{CLEAR_UPTO, is_plaintext};
use crate::stream::{FrameRef, Missing, SeqNumber};

/// Candidates of a direction at a time.
const MAX_CANDIDATES: usize = 48;
/// Bytes looked through one by one. Behind them a message has to begin with its segment: what has none in a
/// mebibyte is another protocol, or encrypted, and not worth the time.
const MAX_SEARCHED: u64 = 1 << 20;

/// Candidates that begin in a segment may together read so many times its length: more is made to hurt.
const MAX_WORK: usize = 8;

/// A stretch of a stream without a known boundary, looked through so far.
#[derive(Debug)]
pub(super) struct Hunt {
    reason: Reason,
    bytes: u64,
    missing: u64,
    /// Why the last bytes that are missing are.
    why: Missing,
    place: Place,
    last: FrameRef,
    /// In order of their offset.
    candidates: Vec<Candidate>,
    veil: Veil,
}

/// What may lie before the boundary that is looked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Veil {
    /// Anything.
    None,
    /// A key exchange, from the first byte of the stream on.
    Exchange,
    /// The same, and it was told that no boundary is known.
    Lost,
}

/// What was found.
#[derive(Debug)]
pub(super) struct Catch {
    /// What lies before it.
    pub(super) before: Option<Decoded>,
    /// The messages that were the evidence.
    pub(super) messages: Vec<Framed>,
    /// Goes on behind them.
    pub(super) cutter: Cutter,
    /// They are the first behind a key exchange.
    pub(super) is_settled: bool,
}

/// Where the bytes that are given begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Start {
    /// With their segment.
    Segment,
    /// Somewhere in it.
    Inside,
}

impl Hunt {
    /// From here on no boundary is known. The first `bytes` of the stretch were given elsewhere, up to the frame `last`.
    pub(super) fn behind(reason: Reason, bytes: u64, place: Place, last: FrameRef) -> Hunt {
        Hunt {
            reason,
            bytes,
            missing: 0,
            why: Missing::Lost,
            place,
            last,
            candidates: Vec::new(),
            veil: Veil::None,
        }
    }

    /// At the first byte of a stream that begins with a key exchange.
    pub(super) fn veiled() -> Hunt {
        Hunt {
            veil: Veil::Exchange,
            ..Hunt::behind(Reason::Encrypted, 0, Place::default(), FrameRef::default())
        }
    }

    /// In the middle of a stream that has become readable.
    pub(super) fn unveiled() -> Hunt {
        Hunt::behind(Reason::Encrypted, 0, Place::default(), FrameRef::default())
    }

    /// Why there is a stretch without messages.
    pub(super) fn reason(&self) -> Reason {
        self.reason
    }

    /// True once, where it has to be told that no boundary is known: behind a key exchange one is expected for a while.
    pub(super) fn owes_loss(&mut self, is_resynchronised: bool) -> bool {
        let is_over = is_resynchronised || self.bytes + self.missing > CLEAR_UPTO;
        let owes = self.veil == Veil::Exchange && is_over && self.bytes + self.missing > 0;
        if owes {
            self.veil = Veil::Lost;
        }
        owes
    }

    /// Looks through the next bytes, of one segment.
    pub(super) fn data(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        start: Start,
        known: Known<'_>,
    ) -> Option<Catch> {
        self.begin(seq, at);
        self.place.position = self.place.position.min(at.position);
        if start == Start::Segment {
            self.candidates.iter_mut().for_each(Candidate::align);
        }
        self.candidates
            .retain_mut(|candidate| candidate.data(seq, bytes, at, known));
        self.search(seq, bytes, at, start, known);
        self.merge();
        self.bytes += bytes.len() as u64;
        self.last = self.last.later(at);
        self.decide(known, Decision::Read)
    }

    /// The next bytes are not in the capture. A candidate whose next header is among them is believed now or never:
    /// then the gap is still to be taken, by what was caught.
    pub(super) fn gap(
        &mut self,
        (seq, len, why): (SeqNumber, u64, Missing),
        at: FrameRef,
        known: Known<'_>,
    ) -> Option<Catch> {
        let caught = self.decide(known, Decision::CannotGoOn { gap: len });
        if caught.is_none() {
            self.begin(seq, at);
            if self.bytes == 0 {
                self.last = at;
            }
            self.why = why;
            self.candidates
                .retain_mut(|candidate| candidate.gap(len, known));
            self.missing += len;
        }
        caught
    }

    /// The stream has ended, and with it the last chance.
    pub(super) fn end(&mut self, known: Known<'_>) -> Option<Catch> {
        self.decide(known, Decision::Ended)
    }

    /// All of it, when nothing was found.
    pub(super) fn give_up(&mut self) -> Option<Decoded> {
        let (bytes, missing, last) = (self.bytes, self.missing, self.last);
        (self.bytes, self.missing) = (0, 0);
        self.candidates.clear();
        self.stretch(bytes, missing, last)
    }

    /// The stretch begins with its first byte, be it there or not.
    fn begin(&mut self, seq: SeqNumber, at: FrameRef) {
        if self.bytes + self.missing == 0 {
            self.place = Place::of(seq, at);
        }
    }

    /// So many bytes without a message. Where none is in the capture, it is a gap.
    fn stretch(&self, bytes: u64, missing: u64, last: FrameRef) -> Option<Decoded> {
        let place = self.place;
        match (bytes, missing) {
            (0, 0) => None,
            (0, missing) => Some(Decoded::Gap {
                bytes: missing,
                missing: self.why,
                place,
                last,
            }),
            (bytes, missing) => Some(Decoded::Undecoded(Undecoded {
                reason: self.reason,
                bytes,
                missing,
                place,
                last,
            })),
        }
    }

    /// Candidates that have run into each other will read the same: the first stays.
    fn merge(&mut self) {
        let mut read_on = Vec::with_capacity(self.candidates.len());
        self.candidates.retain(|candidate| {
            let next = candidate.next();
            let is_new = !read_on.contains(&next);
            read_on.push(next);
            is_new
        });
    }

    /// The first candidate that is certain and not perhaps data of a message that an earlier one has begun.
    fn decide(&mut self, known: Known<'_>, decision: Decision) -> Option<Catch> {
        if let Some(first) = self.settled(known) {
            return Some(self.catch(first, true));
        }
        let is_certain = |candidate: &Candidate| candidate.is_certain(known, decision);
        let mut candidates = self.candidates.iter();
        let first = candidates
            .position(|candidate| is_certain(candidate) || candidate.is_likely(decision))?;
        let later = |candidate: &Candidate| candidate.is_beyond_doubt() && is_certain(candidate);
        let first = if is_certain(&self.candidates[first]) {
            first
        } else {
            first + 1 + candidates.position(later)?
        };
        Some(self.catch(first, false))
    }

    /// The first candidate that begins where the plaintext behind a key exchange may, and like it.
    fn settled(&self, known: Known<'_>) -> Option<usize> {
        if self.veil == Veil::None {
            return None;
        }
        let candidates = self.candidates.iter().enumerate();
        let settled = candidates.filter(|(_, candidate)| candidate.is_settled(known));
        let first = settled.min_by_key(|(_, candidate)| candidate.before);
        first.map(|(at, _)| at)
    }

    /// Believes a candidate.
    fn catch(&mut self, first: usize, is_settled: bool) -> Catch {
        let found = self.candidates.swap_remove(first);
        if matches!(self.reason, Reason::NotBitTorrent | Reason::Encrypted) && !is_settled {
            self.reason = Reason::BeforeMessages;
        }
        let before = self.stretch(found.before, found.missing, found.last);
        let (mut messages, cutter) = found.into_messages();
        if is_settled {
            messages.iter_mut().for_each(settle);
        }
        Catch {
            before,
            messages,
            cutter,
            is_settled,
        }
    }

    /// Starts a candidate at every offset at which a message could begin, but for those where one of another begins.
    fn search(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        start: Start,
        known: Known<'_>,
    ) {
        let is_tired = self.bytes + self.missing > MAX_SEARCHED;
        let mut met = Met::of(&self.candidates, seq);
        let mut budget = MAX_WORK * bytes.len();
        let is_veiled = self.veil != Veil::None && self.bytes + self.missing <= CLEAR_UPTO;
        let handshakes = Handshakes { bytes, from: 1 }.filter(|_| is_veiled);
        for offset in handshakes.chain(Openings { bytes, from: 0 }) {
            let starts_segment = offset == 0 && start == Start::Segment;
            // Who greets through a proxy begins a segment with its handshake.
            let is_late_handshake = bytes[offset] != 0 && !starts_segment && !is_veiled;
            if is_tired && offset > 0 || budget < bytes.len() - offset {
                return;
            }
            if is_late_handshake || met.holds(offset) || !self.has_room(starts_segment) {
                continue;
            }
            budget -= bytes.len() - offset;
            let last = if offset == 0 {
                self.last
            } else {
                self.last.later(at)
            };
            let before = self.bytes + offset as u64;
            let expected = opening(bytes[offset]);
            let mut candidate = Candidate::new(expected, before, self.missing, last);
            if starts_segment {
                candidate.align();
            }
            let lives = candidate.data(seq + offset as u32, &bytes[offset..], at, known);
            met.add(&candidate);
            if lives {
                self.candidates.push(candidate);
            }
        }
    }

    /// What begins with its segment takes the place of the least likely; all else has to wait for one.
    fn has_room(&mut self, starts_segment: bool) -> bool {
        if self.candidates.len() < MAX_CANDIDATES {
            return true;
        }
        let worth = |at: &usize| self.candidates[*at].worth();
        match (0..self.candidates.len()).min_by_key(worth) {
            Some(least) if starts_segment => {
                self.candidates.remove(least);
                true
            }
            _ => false,
        }
    }
}

/// The boundary before it is certain.
fn settle(framed: &mut Framed) {
    if let Found::Resynchronised(at) = framed.found {
        framed.found = Found::Settled(at);
    }
}

/// Offsets at which a handshake begins, or the part of one that is there.
struct Handshakes<'a> {
    bytes: &'a [u8],
    from: usize,
}

impl Iterator for Handshakes<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        loop {
            let rest = self.bytes.get(self.from..)?;
            let at = self.from + memchr(PROTOCOL[0], rest)?;
            self.from = at + 1;
            if is_plaintext(&self.bytes[at..]) {
                return Some(at);
            }
        }
    }
}

/// Offsets in a segment at which a message of some candidate begins: what begins there is known, and lives or dies with it.
struct Met {
    seq: SeqNumber,
    offsets: HashSet<usize>,
}

impl Met {
    fn of(candidates: &[Candidate], seq: SeqNumber) -> Met {
        let offsets = HashSet::new();
        let mut met = Met { seq, offsets };
        candidates.iter().for_each(|candidate| met.add(candidate));
        met
    }

    fn add(&mut self, candidate: &Candidate) {
        self.offsets.extend(candidate.boundaries(self.seq));
    }

    fn holds(&self, offset: usize) -> bool {
        self.offsets.contains(&offset)
    }
}

/// What begins with this byte, if it is the first of a message.
fn opening(first: u8) -> Expected {
    if first == PROTOCOL[0] {
        Expected::DoubtfulHandshake
    } else {
        Expected::Doubtful
    }
}

/// Offsets at which a handshake or the head of a message could begin. A keep-alive is none: zeros are everywhere.
struct Openings<'a> {
    bytes: &'a [u8],
    from: usize,
}

impl Openings<'_> {
    /// The next offset from `from` on whose byte begins something.
    fn first_byte(&self) -> Option<usize> {
        if self.from == 0 && self.bytes.first() == Some(&PROTOCOL[0]) {
            return Some(0);
        }
        let rest = self.bytes.get(self.from..)?;
        Some(self.from + memchr(0, rest)?)
    }
}

impl Iterator for Openings<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        while let Some(at) = self.first_byte() {
            let rest = &self.bytes[at..];
            let zeros = rest.iter().take_while(|byte| **byte == 0).count();
            if zeros > 3 {
                // The length prefix of a message that is one ends behind the zeros.
                self.from = at + zeros - 3;
                continue;
            }
            self.from = at + 1;
            if !matches!(examine(opening(rest[0]), rest), Head::Impossible(_)) {
                return Some(at);
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    fn openings(bytes: &[u8]) -> Vec<usize> {
        Openings { bytes, from: 0 }.collect()
    }

    #[test]
    fn a_message_could_begin_at_its_length_prefix_only() {
        // A have, an unchoke, and the start of another.
        assert_eq!(
            openings(&hex!("ff 00000005 04 00000009 00000001 01 0000")),
            [1, 10, 15, 16]
        );
    }

    #[test]
    fn a_run_of_zeros_opens_nothing_but_its_end() {
        assert_eq!(openings(&[0; 1000]), [997, 998, 999]);
        let mut bytes = vec![0; 1000];
        bytes.extend(hex!("05 04 00000001"));
        assert_eq!(openings(&bytes), [997, 1002, 1003, 1004]);
    }

    #[test]
    fn a_handshake_opens_a_segment() {
        assert_eq!(openings(b"\x13BitTorrent"), [0]);
        assert!(openings(b"x\x13BitTorrent").is_empty());
    }
}
