//! How many peers have each piece, as rtorrent shows its chunks: a hexadecimal digit a piece, ten a group.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Scene, Tone};
use super::peers::{digit, rarest};
use super::{Section, State, row};
use crate::store::Census;
use crate::wire::PieceIndex;

/// Columns of the index of a row's first piece.
const LABEL: u16 = 10;
/// Pieces of a group; it takes a column more.
const GROUP: u32 = 10;

/// Pieces of a row.
fn per_row(width: u16) -> u32 {
    let groups = u32::from(width.saturating_sub(LABEL + 2)) / (GROUP + 1);
    groups.max(1) * GROUP
}

/// Rows of all pieces.
pub(super) fn rows(state: &State, width: u16) -> usize {
    let census = state.census.as_ref();
    let of = census.and_then(Census::piece_count).unwrap_or(0);
    of.div_ceil(per_row(width)) as usize
}

pub(super) fn draw(scene: &Scene<'_>, census: &Census, canvas: &mut Canvas<'_>) {
    let Some(of) = census.piece_count() else {
        canvas.text(1, 0, "nobody has said how many pieces there are", Tone::Dim);
        return;
    };
    let words = cut(
        &rarest(census),
        usize::from(canvas.width()) - 2,
        scene.look.glyphs,
    );
    canvas.text(1, 0, &words, Tone::Plain);
    let (width, mut canvas) = (canvas.width(), canvas.below(1));
    let (height, len) = (
        usize::from(canvas.height()),
        rows(&scene.views.torrent, width),
    );
    let mut cursor = scene.views.torrent.chunks;
    cursor.show(height, len);
    for (at, number) in (0..).zip(cursor.window(height, len)) {
        let text = digits(census, number as u32 * per_row(width), per_row(width), of);
        let at = (at, number == cursor.selected);
        row(scene, Section::Pieces, at, &text, Tone::Plain, &mut canvas);
    }
    canvas.scrollbar(cursor.offset, len);
}

/// `       100 2222222222 2222122222`
fn digits(census: &Census, first: u32, count: u32, of: u32) -> String {
    let mut text = format!("{first:>9}");
    for piece in first..(first + count).min(of) {
        if (piece - first).is_multiple_of(GROUP) {
            text.push(' ');
        }
        text.push(digit(census.availability().peers(PieceIndex(piece))));
    }
    text
}
