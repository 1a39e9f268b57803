//! The map of pieces: rows of cells with the number of their first piece, ten cells in a group.

use std::ops::Range;

use ratatui::style::Style;

use super::super::canvas::Canvas;
use super::super::{Look, Tone};
use super::cell::{Map, share};

/// Cells between two spaces.
const GROUP: u32 = 10;
/// Columns of such a group.
const GROUP_WIDTH: u32 = GROUP + 1;
/// Pieces of a cell, from near to far.
const STEPS: [u32; 20] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000, 100_000, 200_000,
    500_000, 1_000_000, 2_000_000,
];

/// How far one has gone away from the pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Distance {
    /// As near as lets all be in sight.
    #[default]
    Fit,
    /// At so many pieces a cell: a place in the table of steps.
    Step(usize),
}

/// Which pieces are where.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Geometry {
    /// Pieces.
    pub(super) of: u32,
    /// Pieces of a cell.
    pub(super) step: u32,
    /// Cells of a row.
    pub(super) cells: u32,
    /// Columns in front of them.
    pub(super) label: u16,
    /// Rows in sight.
    pub(super) height: u32,
    /// The first of them.
    pub(super) first: u32,
}

impl Geometry {
    /// Of a map in so many columns and rows, with the row of the piece under the cursor in sight.
    pub(super) fn of(
        of: u32,
        width: u16,
        height: u16,
        distance: Distance,
        cursor: u32,
    ) -> Geometry {
        let label = (of.saturating_sub(1).to_string().len().max(3) + 1) as u16;
        let groups = (u32::from(width.saturating_sub(label)) + 1) / GROUP_WIDTH;
        let (cells, height) = (groups.max(1) * GROUP, u32::from(height.max(1)));
        let room = cells.saturating_mul(height);
        let fits = |step: &&u32| of.div_ceil(**step) <= room;
        let step = match distance {
            Distance::Step(at) => STEPS[at.min(STEPS.len() - 1)],
            Distance::Fit => *STEPS.iter().find(fits).unwrap_or(&STEPS[STEPS.len() - 1]),
        };
        let geometry = Geometry {
            of,
            step,
            cells,
            label,
            height,
            first: 0,
        };
        let row = geometry.row_of(cursor);
        let last = geometry.rows().saturating_sub(height);
        Geometry {
            first: row.saturating_sub(height / 2).min(last),
            ..geometry
        }
    }

    /// One step nearer or farther.
    pub(super) fn zoomed(self, nearer: bool) -> Distance {
        let at = STEPS
            .iter()
            .position(|step| *step == self.step)
            .unwrap_or(0);
        let farthest = STEPS
            .iter()
            .position(|step| *step >= self.of)
            .unwrap_or(STEPS.len() - 1);
        Distance::Step(if nearer {
            at.saturating_sub(1)
        } else {
            (at + 1).min(farthest.max(at))
        })
    }

    /// Rows of all pieces.
    pub(super) fn rows(self) -> u32 {
        self.of.div_ceil(self.step).div_ceil(self.cells)
    }

    pub(super) fn row_of(self, piece: u32) -> u32 {
        piece / self.step / self.cells
    }

    /// The pieces of a cell; none behind the last.
    pub(super) fn pieces(self, row: u32, cell: u32) -> Option<Range<u32>> {
        let at = row.checked_mul(self.cells)?.checked_add(cell)?;
        let from = at.checked_mul(self.step).filter(|from| *from < self.of)?;
        Some(from..from.saturating_add(self.step).min(self.of))
    }

    /// The column of a cell.
    pub(super) fn column(self, cell: u32) -> u16 {
        self.label + (cell + cell / GROUP) as u16
    }

    /// The pieces at a column and a row of the map.
    pub(super) fn at(self, column: u16, row: u16) -> Option<Range<u32>> {
        let behind = u32::from(column.checked_sub(self.label)?);
        let cell = behind / GROUP_WIDTH * GROUP + behind % GROUP_WIDTH;
        let is_cell =
            behind % GROUP_WIDTH < GROUP && cell < self.cells && u32::from(row) < self.height;
        is_cell.then(|| self.pieces(self.first + u32::from(row), cell))?
    }

    /// The piece that is so many cells further, at the edge if there are not so many.
    pub(super) fn moved(self, piece: u32, cells: i64) -> u32 {
        let at = i64::from(piece / self.step).saturating_add(cells);
        let last = i64::from((self.of.saturating_sub(1)) / self.step);
        at.clamp(0, last) as u32 * self.step
    }
}

/// Draws the cells in sight, each by what `cell` says of its pieces.
pub(super) fn draw(
    canvas: &mut Canvas<'_>,
    geometry: Geometry,
    cursor: (u32, Style),
    cell: impl Fn(Range<u32>) -> (&'static str, Style),
) {
    for row in 0..geometry.height.min(u32::from(canvas.height())) {
        let Some(first) = geometry.pieces(geometry.first + row, 0) else {
            break;
        };
        let label = first.start.to_string();
        let x = geometry.label.saturating_sub(label.len() as u16 + 1);
        canvas.text(x, row as u16, &label, Tone::Dim);
        for at in 0..geometry.cells {
            let Some(pieces) = geometry.pieces(geometry.first + row, at) else {
                break;
            };
            let is_chosen = pieces.contains(&cursor.0);
            let (glyph, style) = cell(pieces);
            let style = if is_chosen {
                style.patch(cursor.1)
            } else {
                style
            };
            canvas.styled(geometry.column(at), row as u16, glyph, style);
        }
    }
}

/// A map without numbers, as big as the canvas: one piece a cell where there is room, two where that makes room, and
/// else shares.
pub(super) fn draw_small(canvas: &mut Canvas<'_>, map: &Map<'_>, of: u32) {
    let (width, height) = (u32::from(canvas.width()), u32::from(canvas.height()));
    let (look, room) = (canvas.look, width * height);
    for at in 0..room {
        let (row, column) = (at / width, at % width);
        let drawn = if of <= room {
            (at < of).then(|| map.cell(at..at + 1, look))
        } else if of <= 2 * room {
            halves(map, row * 2 * width + column, width, of, look)
        } else {
            Some(map.bar_cell(share(at, room, of), look))
        };
        if let Some((glyph, style)) = drawn {
            canvas.styled(column as u16, row as u16, glyph, style);
        }
    }
}

/// Two pieces, one above the other.
fn halves(
    map: &Map<'_>,
    upper: u32,
    width: u32,
    of: u32,
    look: Look,
) -> Option<(&'static str, Style)> {
    let tally = |piece: u32| (piece < of).then(|| map.tally(piece..piece + 1));
    let (above, below) = (tally(upper)?, tally(upper + width).unwrap_or_default());
    if map.is_unknown() && above.whole + below.whole == 0 {
        return Some(map.bar_cell(upper..upper + 1, look));
    }
    let is_there = |tally: super::cell::Tally| usize::from(tally.announced + tally.whole > 0);
    let glyph = look.glyphs.halves[is_there(above) + 2 * is_there(below)];
    let both = super::cell::Tally {
        later: above.later + below.later,
        whole: above.whole + below.whole,
        failed: above.failed + below.failed,
        verified: above.verified.min(below.verified),
        ..above
    };
    Some((glyph, map.style(both, upper..upper + 1, look)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn one_piece_is_one_cell() {
        let geometry = Geometry::of(1, 80, 4, Distance::Fit, 0);
        assert_eq!((geometry.step, geometry.rows()), (1, 1));
        assert_eq!(
            (geometry.pieces(0, 0), geometry.pieces(0, 1)),
            (Some(0..1), None)
        );
    }

    #[test]
    fn a_million_pieces_fit_and_can_be_gone_near() {
        let mut geometry = Geometry::of(1_000_000, 80, 4, Distance::Fit, 0);
        assert!(geometry.rows() <= 4);
        for _ in 0..STEPS.len() {
            geometry = Geometry::of(1_000_000, 80, 4, geometry.zoomed(true), 999_999);
        }
        assert_eq!((geometry.step, geometry.first + 4), (1, geometry.rows()));
    }

    proptest! {
        #[test]
        fn the_cursor_is_always_in_sight_and_no_piece_is_lost(
            of in 1u32..2_100_000, width in 1u16..200, height in 1u16..40, step in 0usize..25, cursor in 0u32..2_100_000,
            cells in -1000i64..1000
        ) {
            let cursor = cursor.min(of - 1);
            for distance in [Distance::Fit, Distance::Step(step)] {
                let geometry = Geometry::of(of, width, height, distance, cursor);
                let row = geometry.row_of(cursor);
                prop_assert!((geometry.first..geometry.first + geometry.height).contains(&row));
                let cell = cursor / geometry.step % geometry.cells;
                prop_assert!(geometry.pieces(row, cell).is_some_and(|it| it.contains(&cursor)));
                let found = geometry.at(geometry.column(cell), (row - geometry.first) as u16);
                prop_assert_eq!(found, geometry.pieces(row, cell));
                prop_assert!(geometry.moved(cursor, cells) < of);
                let (last, behind) = (geometry.rows() - 1, geometry.rows());
                let ends = (0..geometry.cells).filter_map(|cell| geometry.pieces(last, cell)).next_back();
                prop_assert_eq!(ends.map(|it| it.end), Some(of));
                prop_assert_eq!(geometry.pieces(behind, 0), None);
            }
        }
    }
}
