//! What one side has and the other lacks: that is what makes it interesting.

use std::ops::Range;

use ratatui::style::Style;

use super::super::{Glyphs, Look, Scene, Tone};
use super::cell::{Has, Map, level};
use crate::peer::Interest;

/// Pieces of a stretch by who has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// A alone, and B alone.
    pub(super) only: [u32; 2],
    pub(super) both: u32,
    pub(super) neither: u32,
}

impl Difference {
    pub(super) fn of([a, b]: &[Map<'_>; 2], range: Range<u32>) -> Difference {
        let both = a.pieces.count_common(b.pieces, range.clone());
        let only = [a, b].map(|map| map.pieces.count(range.clone()) - both);
        Difference {
            only,
            both,
            neither: range.len() as u32 - both - only[0] - only[1],
        }
    }

    /// `A` and `B` where all pieces of the cell are theirs alone, `a` and `b` where some are, `x` where each has some
    /// that the other lacks; else how many both have.
    pub(super) fn cell(self, look: Look) -> (&'static str, Style) {
        let tone = match self.only.map(|count| count > 0) {
            [true, true] => Tone::Strong,
            [true, false] => Tone::A,
            [false, true] => Tone::B,
            [false, false] if self.both == 0 => Tone::Dim,
            [false, false] => Tone::Plain,
        };
        (self.glyph(look.glyphs), look.style(tone))
    }

    fn glyph(self, glyphs: &'static Glyphs) -> &'static str {
        let shared = self.both + self.neither;
        match (self.only.map(|count| count > 0), shared) {
            ([true, true], _) => "x",
            ([true, false], 0) => "A",
            ([false, true], 0) => "B",
            ([true, false], _) => "a",
            ([false, true], _) => "b",
            ([false, false], _) if self.both == 0 => Has::Nothing.glyph(glyphs),
            ([false, false], _) => glyphs.levels[level(self.both, shared)],
        }
    }
}

/// `B has 3 pieces that A lacks: A is interested.` For each side a sentence, and whether what it says is wrong.
pub(super) fn sentences(scene: &Scene<'_>, maps: &[Map<'_>; 2], of: u32) -> [(String, Tone); 2] {
    let difference = Difference::of(maps, 0..of);
    [0, 1].map(|wants| {
        let names = [["A", "B"], ["B", "A"]][wants];
        if maps.iter().any(Map::is_unknown) {
            let quiet = if maps[wants].is_unknown() {
                names[0]
            } else {
                names[1]
            };
            let text = format!(
                "What {} wants is unknown: {quiet} has not said what it has.",
                names[0]
            );
            return (text, Tone::Dim);
        }
        let lacks = difference.only[1 - wants];
        let interest = scene
            .talk
            .map(|talk| talk.peer(scene.sides()[wants]).interest);
        let (says, tone) = match (lacks, interest.unwrap_or_default()) {
            (_, Interest::Unknown) => ("what it says is unknown", Tone::Dim),
            (0, Interest::NotInterested) => ("is not interested", Tone::Plain),
            (_, Interest::Interested) if lacks > 0 => ("is interested", Tone::Plain),
            (0, Interest::Interested) => ("says interested all the same", Tone::Warn),
            (_, _) => ("says not interested all the same", Tone::Warn),
        };
        let pieces = if lacks == 1 { "piece" } else { "pieces" };
        let text = format!(
            "{} has {lacks} {pieces} that {} lacks: {} {says}.",
            names[1], names[0], names[0]
        );
        (text, tone)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_way_to_differ_has_its_letter() {
        let glyph = |a, b, both, neither| {
            let only = [a, b];
            Difference {
                only,
                both,
                neither,
            }
            .glyph(Glyphs::ASCII)
        };
        assert_eq!(
            [glyph(2, 0, 0, 0), glyph(0, 2, 0, 0), glyph(1, 0, 1, 0)],
            ["A", "B", "a"]
        );
        assert_eq!(
            [glyph(0, 1, 0, 1), glyph(1, 1, 5, 5), glyph(0, 0, 0, 4)],
            ["b", "x", "."]
        );
        assert_eq!([glyph(0, 0, 4, 0), glyph(0, 0, 1, 9)], ["#", "."]);
    }
}
