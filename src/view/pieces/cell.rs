//! What a side has in a stretch of pieces, and how a cell shows it.

use std::ops::Range;

use ratatui::style::{Modifier, Style};

use super::super::{Glyphs, Look, Tone};
use crate::peer::{Announced, Pieces};
use crate::store::{EntryId, Moments, Stage};
use crate::wire::PieceIndex;

/// What a side has of one piece. The later hides the earlier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Has {
    /// It has not said what it has.
    Unknown,
    Nothing,
    /// Blocks of it came.
    Some,
    /// It says so with the bitfield.
    Bitfield,
    /// It says so with a have.
    Have,
    /// All its blocks came.
    Whole,
    /// They came, and hash to what the torrent says.
    Verified,
    /// They do not.
    Failed,
}

impl Has {
    /// With its word, for the legend.
    pub(super) const ALL: [(Has, &'static str); 8] = [
        (Has::Nothing, "none"),
        (Has::Some, "begun"),
        (Has::Bitfield, "bitfield"),
        (Has::Have, "have"),
        (Has::Whole, "whole"),
        (Has::Verified, "verified"),
        (Has::Failed, "failed"),
        (Has::Unknown, "unknown"),
    ];

    pub(super) fn glyph(self, glyphs: &'static Glyphs) -> &'static str {
        match self {
            Has::Unknown => glyphs.unknown,
            Has::Nothing => glyphs.pieces[0],
            Has::Some => glyphs.pieces[1],
            Has::Bitfield => glyphs.pieces[2],
            Has::Have => glyphs.pieces[3],
            Has::Whole => glyphs.pieces[4],
            Has::Verified => glyphs.pieces[5],
            Has::Failed => glyphs.pieces[6],
        }
    }

    /// In a sentence.
    pub(super) fn words(self) -> &'static str {
        match self {
            Has::Unknown => "has not said what it has",
            Has::Nothing => "lacks it",
            Has::Some => "got some blocks of it",
            Has::Bitfield => "has it from the start",
            Has::Have => "has it by a have",
            Has::Whole => "got all its blocks",
            Has::Verified => "has it, and it is right",
            Has::Failed => "got it, and it is wrong",
        }
    }
}

/// How many pieces of a stretch are what.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Tally {
    pub(super) pieces: u32,
    /// It says that it has them, and of them those it named with a have.
    pub(super) announced: u32,
    pub(super) later: u32,
    /// Some blocks came, or all.
    pub(super) some: u32,
    pub(super) whole: u32,
    pub(super) failed: u32,
    pub(super) verified: u32,
}

/// What one side has at one moment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Map<'a> {
    pub(super) pieces: &'a Pieces,
    /// A second before, while a capture is being made.
    pub(super) before: Option<&'a Pieces>,
    /// When its blocks came.
    pub(super) came: Option<&'a Moments>,
    /// When its pieces were found wrong, and right.
    pub(super) checked: Option<&'a Moments>,
    pub(super) now: EntryId,
    pub(super) tone: Tone,
}

impl Map<'_> {
    pub(super) fn is_unknown(&self) -> bool {
        self.pieces.announced() == Announced::Nothing
    }

    pub(super) fn has(&self, piece: u32) -> Has {
        let stage = |moments: Option<&Moments>| {
            moments.map_or(Stage::Before, |it| it.stage(piece, self.now))
        };
        match (stage(self.checked), stage(self.came)) {
            (Stage::Begun, _) => Has::Failed,
            (Stage::Ended, _) => Has::Verified,
            (_, Stage::Ended) => Has::Whole,
            _ if self.pieces.count_later(piece..piece + 1) > 0 => Has::Have,
            _ if self.pieces.contains(PieceIndex(piece)) => Has::Bitfield,
            (_, Stage::Begun) => Has::Some,
            _ if self.is_unknown() => Has::Unknown,
            _ => Has::Nothing,
        }
    }

    pub(super) fn tally(&self, range: Range<u32>) -> Tally {
        let count = |moments: Option<&Moments>| {
            moments.map_or([0; 2], |it| it.count(range.clone(), self.now))
        };
        let ([some, whole], [failed, verified]) = (count(self.came), count(self.checked));
        Tally {
            pieces: range.len() as u32,
            announced: self.pieces.count(range.clone()),
            later: self.pieces.count_later(range),
            some,
            whole,
            failed,
            verified,
        }
    }

    /// True for a second after something in the stretch was announced, or taken back.
    pub(super) fn has_changed(&self, range: Range<u32>) -> bool {
        self.before.is_some_and(|before| {
            let is_other = before.announced() != self.pieces.announced();
            is_other || before.count(range.clone()) != self.pieces.count(range)
        })
    }

    /// How a cell with these pieces is drawn: one piece by what it is, several by how many of them there are.
    pub(super) fn cell(&self, range: Range<u32>, look: Look) -> (&'static str, Style) {
        let tally = self.tally(range.clone());
        let glyph = match range.len() {
            1 => self.has(range.start).glyph(look.glyphs),
            _ => self.level(tally, look.glyphs),
        };
        (glyph, self.style(tally, range, look))
    }

    /// As [`Map::cell`], where also single pieces are shown by a level.
    pub(super) fn bar_cell(&self, range: Range<u32>, look: Look) -> (&'static str, Style) {
        let tally = self.tally(range.clone());
        (
            self.level(tally, look.glyphs),
            self.style(tally, range, look),
        )
    }

    fn level(&self, tally: Tally, glyphs: &'static Glyphs) -> &'static str {
        if tally.failed > 0 {
            return Has::Failed.glyph(glyphs);
        }
        let there = tally.announced.max(tally.whole);
        if there == 0 && self.is_unknown() {
            return glyphs.unknown;
        }
        glyphs.levels[level(there, tally.pieces)]
    }

    pub(super) fn style(&self, tally: Tally, range: Range<u32>, look: Look) -> Style {
        if tally.failed > 0 || self.has_changed(range) {
            return look.style(Tone::Warn);
        }
        let style = look.style(self.tone);
        match tally {
            Tally { verified: 1.., .. } => {
                style.add_modifier(Modifier::BOLD | Modifier::UNDERLINED)
            }
            Tally { whole: 1.., .. } | Tally { later: 1.., .. } => {
                style.add_modifier(Modifier::BOLD)
            }
            _ => style,
        }
    }
}

/// How full a cell is, 0 to 7: none of its pieces is 0, all of them is 7, and nothing else is either.
pub(super) fn level(there: u32, of: u32) -> usize {
    match there {
        0 => 0,
        there if there >= of => 7,
        there => 1 + (u64::from(there) * 6 / u64::from(of)).min(5) as usize,
    }
}

/// The pieces of a cell, of `cells` that share `of` pieces evenly. Each piece is in one cell at least; where there
/// are more cells than pieces, a piece is in several.
pub(super) fn share(cell: u32, cells: u32, of: u32) -> Range<u32> {
    let edge = |cell: u32| (u64::from(cell) * u64::from(of) / u64::from(cells.max(1))) as u32;
    let from = edge(cell);
    from..edge(cell + 1).max(from + 1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn map<'a>(pieces: &'a Pieces, came: &'a Moments, checked: &'a Moments) -> Map<'a> {
        Map {
            pieces,
            before: None,
            came: Some(came),
            checked: Some(checked),
            now: EntryId(10),
            tone: Tone::A,
        }
    }

    #[test]
    fn what_is_known_better_hides_what_was_said() {
        let mut pieces = Pieces::default();
        pieces.set_bitfield(&[0b1000_0000]);
        pieces.insert(PieceIndex(1));
        let (nothing, none) = (Moments::default(), Moments::default());
        let has: Vec<Has> = (0..3)
            .map(|piece| map(&pieces, &nothing, &none).has(piece))
            .collect();
        assert_eq!(has, [Has::Bitfield, Has::Have, Has::Nothing]);
        let quiet = Pieces::default();
        assert_eq!(map(&quiet, &nothing, &none).has(0), Has::Unknown);
    }

    proptest! {
        #[test]
        fn no_piece_is_lost_at_the_edge_of_a_cell(cells in 1u32..400, of in 1u32..2_000_000) {
            let mut behind = 0;
            for cell in 0..cells {
                let range = share(cell, cells, of);
                prop_assert!(range.start <= behind && range.end <= of && !range.is_empty());
                prop_assert!(cells > of || range.start == behind);
                behind = range.end;
            }
            prop_assert_eq!(behind, of);
        }

        #[test]
        fn a_level_is_empty_for_none_and_full_for_all(of in 1u32..2_000_000, share in 0u32..1000) {
            let there = (u64::from(of) * u64::from(share) / 1000) as u32;
            let level = level(there, of);
            prop_assert_eq!(level == 0, there == 0);
            prop_assert_eq!(level == 7, there == of);
        }
    }
}
