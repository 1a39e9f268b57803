//! One direction of a connection: segments in any order -> bytes in order, and gaps.

use std::collections::BTreeMap;
use std::ops::Range;

use super::passed::{Delivered, Lost};
use super::{FrameRef, Missing};
use crate::capture::{FilePosition, Timestamp};

/// Segments held back behind a hole, per direction. Above it the oldest hole becomes a gap.
pub const MAX_HELD_SEGMENTS: usize = 16 << 10;
/// What a held segment takes beside its bytes.
const HELD_WEIGHT: usize = 128;
/// Repeated segments that are compared with what came first, per direction: each costs a look into the file.
const MAX_COMPARED: u8 = 64;

/// What comes out: data and gaps in stream order and without overlap, and what was said of bytes that had passed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Chunk<'a> {
    Data {
        offset: u64,
        bytes: &'a [u8],
        at: FrameRef,
    },
    Gap {
        offset: u64,
        len: u64,
        missing: Missing,
    },
    /// Bytes that were delivered before, and where reading for those has to begin.
    Again {
        offset: u64,
        bytes: &'a [u8],
        since: FilePosition,
    },
    /// Behind `within` bytes from `offset` on, `bytes` bytes came once more with another content.
    Conflict {
        offset: u64,
        within: u32,
        bytes: u64,
    },
}

/// Payload at its place in the stream. `len` counts what the snap length cut, too.
///
/// Offsets count bytes in TCP, where a piece takes as many as it has and may be divided. In uTP they count packets: a
/// piece is one, takes one, and stays whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) offset: u64,
    pub(super) takes: u64,
    pub(super) bytes: &'a [u8],
    pub(super) len: u64,
    pub(super) at: FrameRef,
}

/// Puts one direction in order.
///
/// ```text
///   delivered          hole        held       hole   held
///  ############### . . . . . . . [#######] . . . . [####]
///  ^ beginning     ^ next
/// ```
///
/// Invariant: the held pieces begin behind `next`, are not empty and do not overlap. The first bytes to arrive win.
/// Before the beginning is known, everything is held.
#[derive(Debug)]
pub(super) struct Assembler {
    beginning: Option<u64>,
    next: u64,
    held: BTreeMap<u64, Held>,
    held_bytes: u64,
    weight: usize,
    /// Since when bytes are held and `next` has not moved.
    stalled: Timestamp,
    /// No frame that brought a held piece lies before this.
    held_since: FilePosition,
    acknowledged: u64,
    delivered: Delivered,
    lost: Lost,
    duplicate: u64,
    late: u64,
    snapped: u64,
    may_compare: u8,
    /// Nanoseconds that bytes have waited behind the hole that was filled last.
    waited: i64,
}

#[derive(Debug)]
struct Held {
    bytes: Box<[u8]>,
    takes: u64,
    len: u64,
    at: FrameRef,
}

impl Default for Assembler {
    fn default() -> Assembler {
        Assembler {
            beginning: None,
            next: 0,
            held: BTreeMap::new(),
            held_bytes: 0,
            weight: 0,
            stalled: Timestamp::default(),
            held_since: FilePosition(0),
            acknowledged: 0,
            delivered: Delivered::default(),
            lost: Lost::default(),
            duplicate: 0,
            late: 0,
            snapped: 0,
            may_compare: MAX_COMPARED,
            waited: 0,
        }
    }
}

impl<'a> Piece<'a> {
    fn end(&self) -> u64 {
        self.offset + self.takes
    }

    /// Bytes of so many of the offsets that it takes: all of a packet or nothing.
    pub(super) fn share(&self, offsets: u64) -> u64 {
        if self.takes == self.len {
            offsets
        } else {
            offsets.min(1) * self.len
        }
    }

    /// The part from `from` up to `to`.
    pub(super) fn part(&self, from: u64, to: u64) -> Piece<'a> {
        if (from, to) == (self.offset, self.end()) {
            return *self;
        }
        let range = (from - self.offset) as usize..(to - self.offset) as usize;
        let captured = self.bytes.len();
        Piece {
            offset: from,
            takes: to - from,
            bytes: &self.bytes[range.start.min(captured)..range.end.min(captured)],
            len: to - from,
            at: self.at,
        }
    }
}

impl Held {
    fn of(piece: Piece<'_>) -> Held {
        Held {
            bytes: piece.bytes.into(),
            takes: piece.takes,
            len: piece.len,
            at: piece.at,
        }
    }

    /// The first bytes win. Behind bytes that the snap length cut there is no place for others.
    fn lengthen(&mut self, piece: Piece<'_>) {
        let known = self.bytes.len();
        if known as u64 == self.len {
            let new = piece.bytes.get(known..).unwrap_or_default();
            self.bytes = [&self.bytes, new].concat().into();
        }
        self.len = piece.len;
    }

    fn piece(&self, offset: u64) -> Piece<'_> {
        Piece {
            offset,
            takes: self.takes,
            bytes: &self.bytes,
            len: self.len,
            at: self.at,
        }
    }

    fn weight(&self) -> usize {
        self.bytes.len() + HELD_WEIGHT
    }
}

/// The first byte that is not the same in both, and how many are not.
pub(super) fn difference(first: &[u8], again: &[u8]) -> Option<(usize, u64)> {
    let len = first.len().min(again.len());
    if first[..len] == again[..len] {
        return None;
    }
    let pairs = first.iter().zip(again).enumerate();
    let mut other = pairs.filter(|(_, (first, again))| first != again);
    let (at, _) = other.next()?;
    Some((at, 1 + other.count() as u64))
}

impl Assembler {
    /// One whose offsets count packets.
    pub(super) fn of_packets() -> Assembler {
        Assembler {
            delivered: Delivered::of_packets(),
            ..Assembler::default()
        }
    }

    /// Offset of the first byte that was not handed on yet; before the beginning is known, that of the lowest held.
    pub(super) fn next(&self) -> Option<u64> {
        let lowest = || self.held.first_key_value().map(|(start, _)| *start);
        self.beginning.map(|_| self.next).or_else(lowest)
    }

    /// Where the stream begins, once known.
    pub(super) fn beginning(&self) -> Option<u64> {
        self.beginning
    }

    /// Offset behind the last byte that was seen.
    pub(super) fn highest(&self) -> Option<u64> {
        let last = self.held.last_key_value();
        last.map(|(start, held)| start + held.takes)
            .or(self.beginning.map(|_| self.next))
    }

    /// Bytes that arrived more than once.
    pub(super) fn duplicate(&self) -> u64 {
        self.duplicate
    }

    /// Bytes that came when their place had been passed: a hole given up, or the time before the beginning.
    pub(super) fn late(&self) -> u64 {
        self.late
    }

    /// Bytes that were handed on as gaps because the snap length cut them.
    pub(super) fn snapped(&self) -> u64 {
        self.snapped
    }

    /// Bytes of the stream, captured or cut, that wait behind a hole.
    pub(super) fn held(&self) -> u64 {
        self.held_bytes
    }

    /// What is missing before the first piece that is held.
    pub(super) fn hole(&self) -> Option<Range<u64>> {
        let (first, _) = self.held.first_key_value()?;
        self.beginning.map(|_| self.next..*first)
    }

    /// Segments that wait.
    pub(super) fn held_segments(&self) -> usize {
        self.held.len()
    }

    /// Memory that waiting bytes take, about.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// Nanoseconds that held bytes have been waiting for the next one.
    pub(super) fn stalled_for(&self, now: Timestamp) -> i64 {
        if self.held.is_empty() {
            return 0;
        }
        now.since(self.stalled)
    }

    /// Nanoseconds that bytes have waited behind the hole that was filled last; 0 until one was.
    #[inline]
    pub(super) fn waited(&self) -> i64 {
        self.waited
    }

    /// Settles where the stream begins. Only the first call counts.
    pub(super) fn begin(&mut self, at: u64, out: &mut impl FnMut(Chunk<'_>)) {
        if self.beginning.is_some() {
            return;
        }
        self.beginning = Some(at);
        self.next = at;
        (self.held_bytes, self.weight) = (0, 0);
        for (offset, held) in std::mem::take(&mut self.held) {
            self.insert(held.piece(offset), out);
        }
    }

    /// Takes a piece and hands on all that is now in order.
    pub(super) fn insert(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Chunk<'_>)) {
        let Some(beginning) = self.beginning else {
            return self.hold(piece, out);
        };
        let mut piece = piece;
        if piece.offset < self.next {
            let passed = piece.end().min(self.next);
            self.take_again(piece.part(piece.offset, passed), beginning, out);
            if piece.end() <= self.next {
                return;
            }
            piece = piece.part(self.next, piece.end());
        }
        let first_held = self.held.first_key_value().map(|(start, _)| *start);
        if piece.offset == self.next && first_held.is_none_or(|held| piece.end() <= held) {
            self.deliver(piece, out);
        } else {
            self.hold(piece, out);
        }
        if let Some((first, _)) = self.held.first_key_value() {
            if *first == self.next {
                self.waited = piece.at.time.since(self.stalled);
            }
            self.deliver_held(piece.at.time, out);
            while self.held.len() > MAX_HELD_SEGMENTS {
                self.give_up_hole(piece.at.time, out);
            }
        }
    }

    /// The receiver has all bytes before `offset`: a hole before it that has bytes behind it was lost by the
    /// capture, not by the network, and nobody will send it again.
    pub(super) fn acknowledge(
        &mut self,
        offset: u64,
        now: Timestamp,
        out: &mut impl FnMut(Chunk<'_>),
    ) {
        self.acknowledged = self.acknowledged.max(offset);
        while self
            .held
            .first_key_value()
            .is_some_and(|(start, _)| *start <= self.acknowledged)
        {
            self.give_up_hole(now, out);
        }
    }

    /// Nobody waits for holes any longer: they are gaps, and what is held is handed on.
    pub(super) fn give_up(&mut self, now: Timestamp, out: &mut impl FnMut(Chunk<'_>)) {
        while !self.held.is_empty() {
            self.give_up_hole(now, out);
        }
    }

    /// The stream goes on to `end` at least, and no more of it will come.
    pub(super) fn finish(&mut self, end: u64, out: &mut impl FnMut(Chunk<'_>)) {
        self.give_up(self.stalled, out);
        if self.beginning.is_some() {
            self.skip_to(end, out);
        }
    }

    /// Gives back what was remembered of bytes that have passed.
    pub(super) fn forget(&mut self) {
        self.delivered.clear();
        self.lost = Lost::default();
        self.held = BTreeMap::new();
    }

    /// Where reading again has to begin to find all that is held, if anything is.
    pub(super) fn held_since(&self) -> Option<FilePosition> {
        (!self.held.is_empty()).then_some(self.held_since)
    }

    /// The packet that is held at an offset came again, with more bytes behind those that it has.
    pub(super) fn lengthen(&mut self, piece: Piece<'_>) {
        let Some(held) = self.held.get_mut(&piece.offset) else {
            return;
        };
        self.weight -= held.weight();
        self.held_bytes += piece.len - held.len;
        held.lengthen(piece);
        self.weight += held.weight();
    }

    /// True when it takes more memory than its own.
    pub(super) fn is_awake(&self) -> bool {
        !self.held.is_empty() || !self.delivered.is_empty()
    }

    /// True when something may be compared with what came first; so often and no more.
    fn may_compare(&mut self) -> bool {
        let may = self.may_compare > 0;
        self.may_compare = self.may_compare.saturating_sub(1);
        may
    }

    fn deliver(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Chunk<'_>)) {
        let captured = piece.bytes.len() as u64;
        let (offset, cut) = (piece.offset, piece.len - captured);
        if captured > 0 {
            let end = piece.end() - if piece.takes == piece.len { cut } else { 0 };
            self.delivered.push(offset..end, piece.at.position);
            out(Chunk::Data {
                offset,
                bytes: piece.bytes,
                at: piece.at,
            });
        }
        if cut > 0 {
            self.snapped += cut;
            out(Chunk::Gap {
                offset: offset + captured,
                len: cut,
                missing: Missing::Snapped,
            });
        }
        self.next = piece.end();
    }

    fn deliver_held(&mut self, now: Timestamp, out: &mut impl FnMut(Chunk<'_>)) {
        while let Some(first) = self.held.first_entry()
            && *first.key() == self.next
        {
            let (offset, held) = first.remove_entry();
            self.held_bytes -= held.len;
            self.weight -= held.weight();
            self.stalled = now;
            self.deliver(held.piece(offset), out);
        }
    }

    /// Counts bytes whose place has been passed.
    fn take_again(&mut self, passed: Piece<'_>, beginning: u64, out: &mut impl FnMut(Chunk<'_>)) {
        let range = passed.offset..passed.end();
        let early = beginning.saturating_sub(range.start).min(passed.takes);
        let late = passed.share(early + self.lost.find(&range));
        self.late += late;
        self.duplicate += passed.len - late;
        // A probe brings one byte of any value from before what is expected (RFC 9293 section 3.8.4).
        let is_probe = passed.len == 1 && range.end == self.next;
        if !is_probe
            && !passed.bytes.is_empty()
            && let Some(since) = self.delivered.since(&range)
            && self.may_compare()
        {
            out(Chunk::Again {
                offset: passed.offset,
                bytes: passed.bytes,
                since,
            });
        }
    }

    /// Keeps those parts of a piece that are new.
    fn hold(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Chunk<'_>)) {
        if self.held.is_empty() {
            self.stalled = piece.at.time;
            self.held_since = piece.at.position;
        }
        self.held_since = self.held_since.min(piece.at.position);
        let mut from = piece.offset;
        let mut parts = Vec::new();
        for Range { start, end } in self.held_between(piece.offset, piece.end()) {
            if start > from {
                parts.push(piece.part(from, start));
            }
            self.hold_again(
                piece.part(start.max(piece.offset), end.min(piece.end())),
                out,
            );
            from = end;
        }
        if from < piece.end() {
            parts.push(piece.part(from, piece.end()));
        }
        for part in parts {
            let held = Held::of(part);
            self.held_bytes += held.len;
            self.weight += held.weight();
            self.held.insert(part.offset, held);
        }
    }

    /// A part of a piece lies within one that is held: is it the same?
    fn hold_again(&mut self, part: Piece<'_>, out: &mut impl FnMut(Chunk<'_>)) {
        self.duplicate += part.len;
        let Some((start, held)) = self.held.range(..=part.offset).next_back() else {
            return;
        };
        let first = held.piece(*start).part(part.offset, part.end());
        if let Some((at, bytes)) = difference(first.bytes, part.bytes)
            && self.may_compare()
        {
            out(Chunk::Conflict {
                offset: part.offset,
                within: at as u32,
                bytes,
            });
        }
    }

    /// The ranges of held pieces that overlap `from..to`, in order.
    fn held_between(&self, from: u64, to: u64) -> Vec<Range<u64>> {
        let before = self.held.range(..from).next_back();
        let within = self.held.range(from..to);
        let ranges = before
            .into_iter()
            .chain(within)
            .map(|(start, held)| *start..start + held.takes);
        ranges.filter(|range| range.end > from).collect()
    }

    fn give_up_hole(&mut self, now: Timestamp, out: &mut impl FnMut(Chunk<'_>)) {
        if let Some((start, _)) = self.held.first_key_value() {
            let start = *start;
            if self.beginning.is_none() {
                return self.begin(start, out);
            }
            self.skip_to(start, out);
            self.deliver_held(now, out);
        }
    }

    fn skip_to(&mut self, offset: u64, out: &mut impl FnMut(Chunk<'_>)) {
        if offset > self.next {
            self.lost.push(self.next..offset);
            out(Chunk::Gap {
                offset: self.next,
                len: offset - self.next,
                missing: Missing::Lost,
            });
            self.next = offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came out, as text: `.` is a missing byte.
    struct Scene {
        assembler: Assembler,
        out: String,
    }

    impl Default for Scene {
        fn default() -> Scene {
            let mut scene = Scene::waiting();
            scene.begin(0);
            scene
        }
    }

    impl Scene {
        /// A stream of which nobody knows where it begins.
        fn waiting() -> Scene {
            Scene {
                assembler: Assembler::default(),
                out: String::new(),
            }
        }

        fn begin(&mut self, offset: u64) -> &mut Scene {
            self.assembler
                .begin(offset, &mut |chunk| picture(&mut self.out, &chunk));
            self
        }

        fn insert(&mut self, offset: u64, bytes: &str) -> &mut Scene {
            self.insert_cut(offset, bytes, bytes.len() as u64)
        }

        fn insert_cut(&mut self, offset: u64, bytes: &str, len: u64) -> &mut Scene {
            let piece = Piece {
                offset,
                takes: len,
                bytes: bytes.as_bytes(),
                len,
                at: FrameRef::default(),
            };
            self.assembler
                .insert(piece, &mut |chunk| picture(&mut self.out, &chunk));
            self
        }

        fn acknowledge(&mut self, offset: u64) -> &mut Scene {
            self.assembler
                .acknowledge(offset, NOW, &mut |chunk| picture(&mut self.out, &chunk));
            self
        }

        fn finish(&mut self, end: u64) -> &mut Scene {
            self.assembler
                .finish(end, &mut |chunk| picture(&mut self.out, &chunk));
            self
        }
    }

    const NOW: Timestamp = Timestamp(0);

    /// Repeated bytes are in brackets, conflicts `!` at their offset; neither moves the stream.
    fn picture(out: &mut String, chunk: &Chunk<'_>) {
        match chunk {
            Chunk::Data { bytes, .. } => {
                out.push_str(std::str::from_utf8(bytes).unwrap());
            }
            Chunk::Gap { len, .. } => out.push_str(&".".repeat(*len as usize)),
            Chunk::Again { bytes, .. } => {
                out.push_str(&format!("[{}]", std::str::from_utf8(bytes).unwrap()));
            }
            Chunk::Conflict {
                offset,
                within,
                bytes,
            } => out.push_str(&format!("!{}+{bytes} ", offset + u64::from(*within))),
        }
    }

    #[test]
    fn in_order_bytes_pass_through() {
        let mut scene = Scene::default();
        scene.insert(0, "abc").insert(3, "def");
        assert_eq!(scene.out, "abcdef");
    }

    #[test]
    fn a_late_piece_releases_those_behind_it() {
        let mut scene = Scene::default();
        scene.insert(3, "def").insert(6, "ghi");
        assert_eq!(scene.out, "");
        scene.insert(0, "abc");
        assert_eq!(scene.out, "abcdefghi");
    }

    #[test]
    fn the_first_bytes_win_on_overlap_with_delivered_ones() {
        let mut scene = Scene::default();
        scene.insert(0, "abcd").insert(2, "XXef");
        assert_eq!(
            (scene.out.as_str(), scene.assembler.duplicate()),
            ("abcd[XX]ef", 2)
        );
    }

    #[test]
    fn the_first_bytes_win_on_overlap_with_held_ones() {
        let mut scene = Scene::default();
        scene
            .insert(2, "cd")
            .insert(6, "gh")
            .insert(0, "abcdefXXij");
        assert_eq!(
            (scene.out.as_str(), scene.assembler.duplicate()),
            ("!6+2 abcdefghij", 4)
        );
    }

    #[test]
    fn a_held_piece_is_extended_on_both_ends() {
        let mut scene = Scene::default();
        scene.insert(3, "d").insert(2, "cde").insert(0, "ab");
        assert_eq!(scene.out, "abcde");
    }

    #[test]
    fn a_keep_alive_probe_is_a_duplicate() {
        let mut scene = Scene::default();
        scene.insert(0, "abc").insert(2, "\0");
        assert_eq!(
            (scene.out.as_str(), scene.assembler.duplicate()),
            ("abc", 1)
        );
    }

    #[test]
    fn a_hole_that_the_receiver_acknowledged_is_a_gap() {
        let mut scene = Scene::default();
        scene.insert(0, "ab").insert(4, "ef").acknowledge(6);
        assert_eq!(scene.out, "ab..ef");
    }

    #[test]
    fn a_hole_not_acknowledged_may_still_be_filled() {
        let mut scene = Scene::default();
        scene
            .insert(0, "ab")
            .insert(4, "ef")
            .acknowledge(2)
            .insert(2, "cd");
        assert_eq!(scene.out, "abcdef");
    }

    #[test]
    fn an_acknowledgement_seen_before_its_bytes_makes_no_gap() {
        let mut scene = Scene::default();
        scene.insert(0, "ab").acknowledge(4).insert(2, "cd");
        assert_eq!(scene.out, "abcd");
    }

    #[test]
    fn an_acknowledgement_inside_a_hole_leaves_it_open() {
        let mut scene = Scene::default();
        scene.insert(4, "ef").acknowledge(2).insert(0, "abcd");
        assert_eq!(scene.out, "abcdef");
    }

    #[test]
    fn what_the_snap_length_cut_is_a_gap_at_once() {
        let mut scene = Scene::default();
        scene
            .insert_cut(0, "ab", 4)
            .insert_cut(4, "", 2)
            .insert(6, "gh");
        assert_eq!(scene.out, "ab....gh");
        assert_eq!(scene.assembler.snapped(), 4);
    }

    #[test]
    fn a_cut_piece_that_was_held_keeps_its_length() {
        let mut scene = Scene::default();
        scene.insert_cut(2, "c", 3).insert(5, "f").insert(0, "ab");
        assert_eq!(
            (scene.out.as_str(), scene.assembler.snapped()),
            ("abc..f", 2)
        );
    }

    #[test]
    fn at_the_end_holes_are_gaps_up_to_the_end() {
        let mut scene = Scene::default();
        scene.insert(0, "ab").insert(4, "ef").finish(7);
        assert_eq!(scene.out, "ab..ef.");
    }

    #[test]
    fn above_the_bound_the_oldest_hole_becomes_a_gap() {
        let mut scene = Scene::default();
        for index in (1..=MAX_HELD_SEGMENTS as u64 + 1).rev() {
            scene.insert(index * 2, "x");
        }
        assert_eq!(scene.out, "..x");
        assert_eq!(scene.assembler.held.len(), MAX_HELD_SEGMENTS);
    }

    #[test]
    fn one_byte_segments_in_reverse_are_put_in_order_as_far_as_there_is_room() {
        let mut scene = Scene::default();
        (0..283).rev().for_each(|at| _ = scene.insert(at, "x"));
        assert_eq!(scene.out, "x".repeat(283));
    }

    #[test]
    fn a_stream_without_a_beginning_holds_what_comes() {
        let mut scene = Scene::waiting();
        scene.insert(7, "cd").insert(5, "ab");
        assert_eq!(
            (scene.out.as_str(), scene.assembler.next()),
            ("", Some(5)),
            "it may begin earlier still"
        );
        scene.begin(5).insert(9, "e");
        assert_eq!(scene.out, "abcde");
    }

    #[test]
    fn bytes_from_before_the_beginning_are_late_and_no_duplicates() {
        let mut scene = Scene::waiting();
        scene.insert(7, "cd").begin(7).insert(4, "xabc");
        let counts = (scene.assembler.late(), scene.assembler.duplicate());
        assert_eq!((scene.out.as_str(), counts), ("cd[xabc]", (3, 1)));
    }

    #[test]
    fn bytes_that_fill_a_hole_given_up_are_late_once() {
        let mut scene = Scene::default();
        scene.insert(0, "ab").insert(4, "ef").acknowledge(6);
        scene.insert(2, "cd").insert(2, "cd");
        let counts = (scene.assembler.late(), scene.assembler.duplicate());
        assert_eq!((scene.out.as_str(), counts), ("ab..ef", (2, 2)));
    }

    #[test]
    fn held_bytes_with_another_content_are_a_conflict() {
        let mut scene = Scene::default();
        scene.insert(4, "efgh").insert(3, "dEfG").insert(0, "abc");
        assert_eq!(scene.out, "!4+2 abcdefgh");
    }

    #[test]
    fn a_bounded_number_of_repeated_segments_is_compared() {
        let mut scene = Scene::default();
        scene.insert(0, "abcd");
        (0..1000).for_each(|_| _ = scene.insert(0, "ab"));
        assert_eq!(scene.out.matches("[ab]").count(), usize::from(MAX_COMPARED));
    }

    #[test]
    fn the_first_difference_and_the_number_of_all() {
        assert_eq!(difference(b"abcd", b"abcdef"), None);
        assert_eq!(difference(b"abcd", b"aXcY"), Some((1, 2)));
        assert_eq!(difference(b"", b"x"), None);
    }
}
