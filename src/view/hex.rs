//! The bytes of the selected message; those of the selected field stand out.

use std::ops::Range;

use ratatui::style::Style;

use super::canvas::Canvas;
use super::{Pane, Scene, Tone, tree};
use crate::store::Raw;

/// Bytes in a row, by the columns there are.
pub(super) fn bytes_per_row(width: u16) -> usize {
    if width >= 77 { 16 } else { 8 }
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
    if let Some(range) = &selected {
        canvas.right(
            0,
            &format!("bytes {}-{} ", range.start, range.end.saturating_sub(1)),
            Tone::Dim,
        );
    }
    let per_row = bytes_per_row(canvas.width());
    let mut rows = canvas.below(1);
    for row in 0..rows.height() {
        let first = (scene.hex + usize::from(row)) * per_row;
        let range = first..(first + per_row).min(raw.bytes.len());
        if !range.is_empty() {
            draw_row(&mut rows, row, raw, range, selected.as_ref());
        }
    }
}

/// `0010  1a 00 00 00 00 00 00 40  .......@`
fn draw_row(
    rows: &mut Canvas<'_>,
    row: u16,
    raw: &Raw,
    range: Range<usize>,
    selected: Option<&Range<usize>>,
) {
    let digits = if raw.bytes.len() > 0x1_0000 { 5 } else { 4 };
    let mut x = rows.text(1, row, &format!("{:0digits$x}  ", range.start), Tone::Dim);
    let text_at = x + bytes_per_row(rows.width()) as u16 * 3 + 1;
    for (column, at) in (0..).zip(range) {
        let style = style(rows, raw, at, selected);
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

fn style(rows: &Canvas<'_>, raw: &Raw, at: usize, selected: Option<&Range<usize>>) -> Style {
    let tone = match (
        selected.is_some_and(|range| range.contains(&at)),
        raw.get(at),
    ) {
        (true, _) => Tone::Selected,
        (false, None) => Tone::Warn,
        (false, Some(0)) => Tone::Dim,
        (false, Some(_)) => Tone::Plain,
    };
    rows.look.style(tone)
}
