//! The bytes of the selected message; those of the selected field stand out.

use std::ops::Range;

use ratatui::style::Style;

use super::canvas::Canvas;
use super::{Pane, Scene, Tone, tree};
use crate::store::Raw;

/// Where one is in the bytes of a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct State {
    /// The byte under the cursor.
    pub byte: usize,
    /// The first row shown.
    pub first_row: usize,
}

/// Bytes in a row, by the columns there are.
pub fn bytes_per_row(width: u16) -> usize {
    if width >= 77 { 16 } else { 8 }
}

/// Columns before the first byte of a row, with the offset in them.
fn margin(len: usize) -> u16 {
    3 + digits(len) as u16
}

fn digits(len: usize) -> usize {
    if len > 0x1_0000 { 5 } else { 4 }
}

/// The byte that is drawn at a column of a row, in hex or as text; rows count from the first of the message.
pub fn byte_at(row: usize, column: u16, width: u16, len: usize) -> Option<usize> {
    let per_row = bytes_per_row(width);
    let column = usize::from(column.checked_sub(margin(len))?);
    let at = match column.checked_sub(per_row * 3 + 1) {
        Some(at) => at,
        None => column / 3,
    };
    let byte = row * per_row + at;
    (at < per_row && byte < len).then_some(byte)
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let title = if scene.focus() == Pane::Hex {
        "[Bytes]"
    } else {
        " Bytes"
    };
    canvas.text(0, 0, title, Tone::Dim);
    let Some(raw) = scene.raw else { return };
    let selected = tree::selected_range(scene);
    canvas.right(0, &place(scene, selected.as_ref()), Tone::Dim);
    let cursor = Some(scene.hex.byte).filter(|_| scene.focus() == Pane::Hex);
    let per_row = bytes_per_row(canvas.width());
    let mut rows = canvas.below(1);
    for row in 0..rows.height() {
        let first = (scene.hex.first_row + usize::from(row)) * per_row;
        let range = first..(first + per_row).min(raw.bytes.len());
        if !range.is_empty() {
            draw_row(&mut rows, row, raw, range, (selected.as_ref(), cursor));
        }
    }
}

/// `byte 4  bytes 4-8 `
fn place(scene: &Scene<'_>, selected: Option<&Range<usize>>) -> String {
    let field = selected.map_or_else(String::new, |range| {
        format!("bytes {}-{} ", range.start, range.end.saturating_sub(1))
    });
    match scene.focus() {
        Pane::Hex => format!("byte {}  of {field}", scene.hex.byte),
        _ => field,
    }
}

/// `0010  1a 00 00 00 00 00 00 40  .......@`
fn draw_row(
    rows: &mut Canvas<'_>,
    row: u16,
    raw: &Raw,
    range: Range<usize>,
    marked: (Option<&Range<usize>>, Option<usize>),
) {
    let digits = digits(raw.bytes.len());
    let mut x = rows.text(1, row, &format!("{:0digits$x}  ", range.start), Tone::Dim);
    let text_at = x + bytes_per_row(rows.width()) as u16 * 3 + 1;
    for (column, at) in (0..).zip(range) {
        let style = style(rows, raw, at, marked);
        let (hex, char) = match raw.get(at) {
            Some(byte) if byte.is_ascii_graphic() => (format!("{byte:02x}"), char::from(byte)),
            Some(byte) => (format!("{byte:02x}"), '.'),
            None => ("--".to_owned(), '-'),
        };
        rows.styled(x, row, &hex, style);
        rows.styled(text_at + column, row, char.encode_utf8(&mut [0; 4]), style);
        x += 3;
    }
}

/// The selected field stands out; while keys go to the bytes, the one under the cursor does, and its field is marked.
fn style(
    rows: &Canvas<'_>,
    raw: &Raw,
    at: usize,
    (field, cursor): (Option<&Range<usize>>, Option<usize>),
) -> Style {
    let is_of_field = field.is_some_and(|range| range.contains(&at));
    let tone = match (cursor, raw.get(at)) {
        (Some(cursor), _) if cursor == at => Tone::Selected,
        (Some(_), _) if is_of_field => Tone::Marked,
        (None, _) if is_of_field => Tone::Selected,
        (_, None) => Tone::Warn,
        (_, Some(0)) => Tone::Dim,
        (_, Some(_)) => Tone::Plain,
    };
    rows.look.style(tone)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_byte_is_where_its_digits_and_its_letter_are() {
        let at = |column| byte_at(2, column, 42, 100);
        assert_eq!(
            [at(7), at(8), at(10), at(28)],
            [Some(16), Some(16), Some(17), Some(23)]
        );
        assert_eq!([at(32), at(39)], [Some(16), Some(23)]);
        assert_eq!([at(6), at(31), at(40)], [None; 3], "beside the bytes");
        assert_eq!(byte_at(13, 7, 42, 100), None, "behind the end");
    }
}
