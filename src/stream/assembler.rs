//! One direction of a connection: segments in any order -> bytes in order, and gaps.

use std::collections::BTreeMap;

use super::{FrameRef, Missing};

/// Bytes held back behind a hole, per direction. Above it the oldest hole becomes a gap.
pub const MAX_HELD_BYTES: usize = 16 << 20;
/// Segments held back behind a hole, per direction, with the same consequence.
pub const MAX_HELD_SEGMENTS: usize = 16 << 10;

/// What comes out, in stream order and without overlap.
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
}

/// Payload of one segment at its place in the stream. `len` counts what the snap length cut, too.
#[derive(Clone, Copy, Debug)]
pub(super) struct Piece<'a> {
    pub(super) offset: u64,
    pub(super) bytes: &'a [u8],
    pub(super) len: u64,
    pub(super) at: FrameRef,
}

/// Puts one direction in order.
///
/// ```text
///   delivered          hole        held       hole   held
///  ############### . . . . . . . [#######] . . . . [####]
///                 ^ next
/// ```
///
/// Invariant: the held pieces begin behind `next`, are not empty and do not overlap. The first bytes to arrive win.
#[derive(Debug, Default)]
pub(super) struct Assembler {
    next: u64,
    held: BTreeMap<u64, Held>,
    held_bytes: usize,
    acknowledged: u64,
    duplicate: u64,
}

#[derive(Debug)]
struct Held {
    bytes: Box<[u8]>,
    len: u64,
    at: FrameRef,
}

impl Piece<'_> {
    fn end(&self) -> u64 {
        self.offset + self.len
    }

    /// The part from `from` up to `to`.
    fn part(&self, from: u64, to: u64) -> Self {
        let range = (from - self.offset) as usize..(to - self.offset) as usize;
        let captured = self.bytes.len();
        Piece {
            offset: from,
            bytes: &self.bytes[range.start.min(captured)..range.end.min(captured)],
            len: to - from,
            at: self.at,
        }
    }
}

impl Assembler {
    /// Offset of the first byte that was not handed on yet.
    pub(super) fn next(&self) -> u64 {
        self.next
    }

    /// Bytes that arrived more than once.
    pub(super) fn duplicate(&self) -> u64 {
        self.duplicate
    }

    /// Bytes of the stream, captured or cut, that wait behind a hole.
    pub(super) fn held(&self) -> u64 {
        self.held.values().map(|held| held.len).sum()
    }

    /// Takes a piece and hands on all that is now in order.
    pub(super) fn insert(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Chunk<'_>)) {
        if piece.end() <= self.next {
            self.duplicate += piece.len;
            return;
        }
        let start = piece.offset.max(self.next);
        self.duplicate += start - piece.offset;
        let piece = piece.part(start, piece.end());
        let first_held = self.held.first_key_value().map(|(start, _)| *start);
        if piece.offset == self.next && first_held.is_none_or(|held| piece.end() <= held) {
            self.deliver(piece, out);
        } else {
            self.hold(piece);
        }
        self.deliver_held(out);
        while self.held_bytes > MAX_HELD_BYTES || self.held.len() > MAX_HELD_SEGMENTS {
            self.give_up_hole(out);
        }
    }

    /// The receiver has all bytes before `offset`: a hole before it that has bytes behind it was lost by the
    /// capture, not by the network, and nobody will send it again.
    pub(super) fn acknowledge(&mut self, offset: u64, out: &mut impl FnMut(Chunk<'_>)) {
        self.acknowledged = self.acknowledged.max(offset);
        while self
            .held
            .first_key_value()
            .is_some_and(|(start, _)| *start <= self.acknowledged)
        {
            self.give_up_hole(out);
        }
    }

    /// Nothing more will come: what is held is handed on, the holes are gaps. `end` is where the stream ended
    /// by its FIN, if that is known.
    pub(super) fn finish(&mut self, end: Option<u64>, out: &mut impl FnMut(Chunk<'_>)) {
        while !self.held.is_empty() {
            self.give_up_hole(out);
        }
        // A FIN takes one number: without having seen it, one acknowledged byte too many proves nothing.
        let known = end.map_or(self.acknowledged.saturating_sub(1), |end| {
            end.min(self.acknowledged)
        });
        self.skip_to(known, Missing::Lost, out);
    }

    fn deliver(&mut self, piece: Piece<'_>, out: &mut impl FnMut(Chunk<'_>)) {
        if !piece.bytes.is_empty() {
            out(Chunk::Data {
                offset: piece.offset,
                bytes: piece.bytes,
                at: piece.at,
            });
        }
        self.next = piece.offset + piece.bytes.len() as u64;
        self.skip_to(piece.end(), Missing::Snapped, out);
    }

    fn deliver_held(&mut self, out: &mut impl FnMut(Chunk<'_>)) {
        while let Some(first) = self.held.first_entry()
            && *first.key() == self.next
        {
            let (offset, held) = first.remove_entry();
            self.held_bytes -= held.bytes.len();
            self.deliver(
                Piece {
                    offset,
                    bytes: &held.bytes,
                    len: held.len,
                    at: held.at,
                },
                out,
            );
        }
    }

    /// Keeps those parts of a piece that are new.
    fn hold(&mut self, piece: Piece<'_>) {
        let mut from = piece.offset;
        let mut parts = Vec::new();
        for (start, end) in self.held_between(piece.offset, piece.end()) {
            if start > from {
                parts.push(piece.part(from, start));
            }
            self.duplicate += end.min(piece.end()) - start.max(piece.offset);
            from = end;
        }
        if from < piece.end() {
            parts.push(piece.part(from, piece.end()));
        }
        for part in parts {
            self.held_bytes += part.bytes.len();
            self.held.insert(
                part.offset,
                Held {
                    bytes: part.bytes.into(),
                    len: part.len,
                    at: part.at,
                },
            );
        }
    }

    /// The ranges of held pieces that overlap `from..to`, in order.
    fn held_between(&self, from: u64, to: u64) -> Vec<(u64, u64)> {
        let before = self.held.range(..from).next_back();
        let within = self.held.range(from..to);
        let ranges = before
            .into_iter()
            .chain(within)
            .map(|(start, held)| (*start, start + held.len));
        ranges.filter(|(_, end)| *end > from).collect()
    }

    fn give_up_hole(&mut self, out: &mut impl FnMut(Chunk<'_>)) {
        if let Some((start, _)) = self.held.first_key_value() {
            self.skip_to(*start, Missing::Lost, out);
            self.deliver_held(out);
        }
    }

    fn skip_to(&mut self, offset: u64, missing: Missing, out: &mut impl FnMut(Chunk<'_>)) {
        if offset > self.next {
            out(Chunk::Gap {
                offset: self.next,
                len: offset - self.next,
                missing,
            });
            self.next = offset;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What came out, as text: `.` is a missing byte.
    #[derive(Default)]
    struct Scene {
        assembler: Assembler,
        out: String,
    }

    impl Scene {
        fn insert(&mut self, offset: u64, bytes: &str) -> &mut Scene {
            self.insert_cut(offset, bytes, bytes.len() as u64)
        }

        fn insert_cut(&mut self, offset: u64, bytes: &str, len: u64) -> &mut Scene {
            let piece = Piece {
                offset,
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
                .acknowledge(offset, &mut |chunk| picture(&mut self.out, &chunk));
            self
        }

        fn finish(&mut self, end: Option<u64>) -> &mut Scene {
            self.assembler
                .finish(end, &mut |chunk| picture(&mut self.out, &chunk));
            self
        }
    }

    fn picture(out: &mut String, chunk: &Chunk<'_>) {
        match chunk {
            Chunk::Data { offset, bytes, .. } => {
                assert_eq!(
                    *offset,
                    out.len() as u64,
                    "every byte comes at its own offset"
                );
                out.push_str(std::str::from_utf8(bytes).unwrap());
            }
            Chunk::Gap { len, .. } => out.push_str(&".".repeat(*len as usize)),
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
            ("abcdef", 2)
        );
    }

    #[test]
    fn the_first_bytes_win_on_overlap_with_held_ones() {
        let mut scene = Scene::default();
        scene
            .insert(2, "cd")
            .insert(6, "gh")
            .insert(0, "abXXefXXij");
        assert_eq!(
            (scene.out.as_str(), scene.assembler.duplicate()),
            ("abcdefghij", 4)
        );
    }

    #[test]
    fn a_held_piece_is_extended_on_both_ends() {
        let mut scene = Scene::default();
        scene.insert(3, "d").insert(2, "cXe").insert(0, "ab");
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
    }

    #[test]
    fn a_cut_piece_that_was_held_keeps_its_length() {
        let mut scene = Scene::default();
        scene.insert_cut(2, "c", 3).insert(5, "f").insert(0, "ab");
        assert_eq!(scene.out, "abc..f");
    }

    #[test]
    fn at_the_end_holes_are_gaps_up_to_the_fin() {
        let mut scene = Scene::default();
        scene
            .insert(0, "ab")
            .insert(4, "ef")
            .acknowledge(2)
            .finish(None);
        assert_eq!(scene.out, "ab..ef");
        let mut scene = Scene::default();
        scene.insert(0, "ab").acknowledge(6).finish(Some(5));
        assert_eq!(scene.out, "ab...");
        let mut scene = Scene::default();
        scene.insert(0, "ab").acknowledge(3).finish(None);
        assert_eq!(scene.out, "ab", "the byte too many was the FIN");
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
}
