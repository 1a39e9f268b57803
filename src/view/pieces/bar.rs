//! Which pieces both sides have at the selected message, as a bar each.

use super::super::canvas::Canvas;
use super::super::{Scene, Tone};
use crate::peer::{Announced, Peer, Pieces};

/// Columns of `A has `.
const LABEL: u16 = 6;

pub(in crate::view) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(talk) = scene.talk else { return };
    let peers = scene.sides().map(|side| talk.peer(side));
    let counts = peers.map(|peer| count(scene, peer));
    // The bar keeps its width while one walks: there is room for the longest count.
    let mark = scene.count_mark();
    let longest = scene
        .piece_count()
        .map_or(0, |of| format!("{of}/{mark}{of} 100.0% ").len());
    let widest = counts.iter().map(String::len).fold(longest, usize::max) as u16;
    let width = canvas.width().saturating_sub(LABEL + widest + 1);
    let before = scene.talk_before;
    for (row, (name, tone)) in [("A has", Tone::A), ("B has", Tone::B)]
        .into_iter()
        .enumerate()
    {
        canvas.text(0, row as u16, name, tone);
        let cells = bar(scene, peers[row], width);
        canvas.text(LABEL, row as u16, &cells.concat(), tone);
        if let Some(before) = &before {
            let old = bar(scene, before.peer(scene.sides()[row]), width);
            flash(canvas, row as u16, &old, &cells);
        }
        canvas.right(row as u16, &counts[row], Tone::Plain);
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

/// Cells that are not what they were stand out for a second.
fn flash(canvas: &mut Canvas<'_>, row: u16, old: &[&str], new: &[&str]) {
    for (column, (_, cell)) in (0..)
        .zip(old.iter().zip(new))
        .filter(|(_, (old, new))| old != new)
    {
        canvas.text(LABEL + column, row, cell, Tone::Warn);
    }
}

fn bar(scene: &Scene<'_>, peer: &Peer, width: u16) -> Vec<&'static str> {
    let glyphs = scene.look.glyphs;
    let filled = |glyph| vec![glyph; usize::from(width)];
    match (scene.piece_count(), peer.pieces.announced()) {
        (_, Announced::Nothing) => filled(glyphs.unknown),
        (None, Announced::All) => filled(glyphs.levels[7]),
        (None, _) => filled(glyphs.levels[0]),
        (Some(of), _) => {
            let cells = 0..u32::from(width);
            cells
                .map(|cell| glyphs.levels[level(&peer.pieces, cell, u32::from(width), of)])
                .collect()
        }
    }
}

/// How full a cell is, 0 to 7: none of its pieces is 0, all of them is 7, and nothing else is either.
fn level(pieces: &Pieces, cell: u32, cells: u32, of: u32) -> usize {
    let edge = |cell: u32| (u64::from(cell) * u64::from(of) / u64::from(cells)) as u32;
    let from = edge(cell);
    let to = edge(cell + 1).max(from + 1);
    let have = pieces.count(from..to);
    match have {
        0 => 0,
        have if have == to - from => 7,
        have => 1 + (u64::from(have) * 6 / u64::from(to - from)).min(5) as usize,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PieceIndex;

    fn levels(have: &[u32], cells: u32, of: u32) -> Vec<usize> {
        let mut pieces = Pieces::default();
        have.iter()
            .for_each(|index| pieces.insert(PieceIndex(*index)));
        (0..cells)
            .map(|cell| level(&pieces, cell, cells, of))
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
