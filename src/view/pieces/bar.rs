//! Which pieces both sides have at the selected message, as a bar each.

use ratatui::style::Style;

use super::super::canvas::Canvas;
use super::super::{Scene, Tone};
use super::cell::{Map, share};
use super::maps;
use crate::peer::{Announced, Peer};

/// Columns of `A has `.
const LABEL: u16 = 6;

pub(in crate::view) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let counts = [0, 1].map(|at| words(scene, at));
    // The bar keeps its width while one walks: there is room for the longest count.
    let mark = scene.count_mark();
    let longest = scene
        .piece_count()
        .map_or(0, |of| format!("{of}/{mark}{of} 100.0% ").len());
    let widest = counts.iter().map(String::len).fold(longest, usize::max) as u16;
    let width = canvas.width().saturating_sub(LABEL + widest + 1);
    for (at, name) in ["A has", "B has"].into_iter().enumerate() {
        let Some(map) = maps(scene, at) else { return };
        let row = at as u16;
        canvas.text(0, row, name, map.tone);
        for column in 0..width {
            let (glyph, style) = cell(scene, &map, column, width);
            canvas.styled(LABEL + column, row, glyph, style);
        }
        canvas.right(row, &counts[at], Tone::Plain);
    }
}

/// `12/28  42.8% `: how many pieces a side says it has.
pub(super) fn words(scene: &Scene<'_>, at: usize) -> String {
    let peer = scene.talk.map(|talk| talk.peer(scene.sides()[at]));
    peer.map_or_else(String::new, |peer| count(scene, peer))
}

fn cell(scene: &Scene<'_>, map: &Map<'_>, column: u16, width: u16) -> (&'static str, Style) {
    let (look, glyphs) = (scene.look, scene.look.glyphs);
    let filled = |glyph| (glyph, look.style(map.tone));
    match (scene.piece_count(), map.pieces.announced()) {
        (Some(of), _) => map.bar_cell(share(column.into(), width.into(), of), look),
        (None, Announced::Nothing) => filled(glyphs.unknown),
        (None, Announced::All) => filled(glyphs.levels[7]),
        (None, _) => filled(glyphs.levels[0]),
    }
}

fn count(scene: &Scene<'_>, peer: &Peer) -> String {
    let pieces = &peer.pieces;
    match (pieces.announced(), scene.piece_count()) {
        (Announced::Nothing, _) if peer.reserved.is_none() => "unknown ".to_owned(),
        (Announced::Nothing, _) => "nothing said ".to_owned(),
        (Announced::All, None) => "all ".to_owned(),
        (Announced::None, None) => "none ".to_owned(),
        (_, None) => format!("{} ", pieces.count(0..u32::MAX)),
        // Without the torrent's own word the number of pieces is inferred: `~`.
        (_, Some(of)) => {
            let have = pieces.count(0..of);
            // Rounded down: all but one of a million is not all.
            let permille = u64::from(have) * 1000 / u64::from(of);
            let (mark, whole, tenths) = (scene.count_mark(), permille / 10, permille % 10);
            format!("{have}/{mark}{of} {whole:>3}.{tenths}% ")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::cell::level;
    use super::*;
    use crate::peer::Pieces;
    use crate::wire::PieceIndex;

    fn levels(have: &[u32], cells: u32, of: u32) -> Vec<usize> {
        let mut pieces = Pieces::default();
        have.iter()
            .for_each(|index| pieces.insert(PieceIndex(*index)));
        let ranges = (0..cells).map(|cell| share(cell, cells, of));
        ranges
            .map(|range| level(pieces.count(range.clone()), range.len() as u32))
            .collect()
    }

    #[test]
    fn a_piece_wider_than_a_cell_fills_its_cells() {
        assert_eq!(levels(&[1], 6, 2), [0, 0, 0, 7, 7, 7]);
        assert_eq!(levels(&[0], 4, 1), [7, 7, 7, 7]);
    }

    #[test]
    fn one_missing_piece_among_a_thousand_is_seen() {
        let all_but_one: Vec<u32> = (1..1000).collect();
        assert_eq!(levels(&all_but_one, 2, 1000), [6, 7]);
        assert_eq!(levels(&[999], 2, 1000), [0, 1]);
    }
}
