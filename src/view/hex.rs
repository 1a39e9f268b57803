//! The bytes of the selected message; those of the selected field stand out.

use std::ops::Range;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::look::{put, put_right};
use super::{Pane, Scene, Tone, tree};
use crate::store::Raw;

/// Bytes in a row, by the columns there are.
pub(super) fn bytes_per_row(width: u16) -> usize {
    if width >= 77 { 16 } else { 8 }
}

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let title = if scene.focus == Pane::Hex {
        "[Bytes]"
    } else {
        " Bytes"
    };
    put(scene, area, 0, 0, title, scene.look.style(Tone::Dim), buf);
    let Some(raw) = scene.raw else { return };
    let per_row = bytes_per_row(area.width);
    let selected = tree::selected_range(scene);
    if let Some(range) = &selected {
        put_right(
            scene,
            area,
            0,
            &format!("bytes {}..{} ", range.start, range.end.saturating_sub(1)),
            scene.look.style(Tone::Dim),
            buf,
        );
    }
    for row in 0..usize::from(area.height - 1) {
        let first = (scene.hex + row) * per_row;
        if first < raw.bytes.len() {
            draw_row(
                scene,
                area,
                row as u16 + 1,
                raw,
                first..(first + per_row).min(raw.bytes.len()),
                selected.as_ref(),
                buf,
            );
        }
    }
}

fn draw_row(
    scene: &Scene<'_>,
    area: Rect,
    row: u16,
    raw: &Raw,
    range: Range<usize>,
    selected: Option<&Range<usize>>,
    buf: &mut Buffer,
) {
    let per_row = bytes_per_row(area.width);
    let mut x = put(
        scene,
        area,
        1,
        row,
        &format!("{:04x}  ", range.start),
        scene.look.style(Tone::Dim),
        buf,
    );
    let text_at = x + per_row as u16 * 3 + 1;
    for (column, at) in range.enumerate() {
        let style = style(scene, raw, at, selected);
        let (hex, char) = match raw.get(at) {
            Some(byte) => (
                format!("{byte:02x}"),
                if byte.is_ascii_graphic() {
                    char::from(byte)
                } else {
                    '.'
                },
            ),
            None => ("--".to_owned(), '-'),
        };
        put(scene, area, x, row, &hex, style, buf);
        put(
            scene,
            area,
            text_at + column as u16,
            row,
            char.encode_utf8(&mut [0; 4]),
            style,
            buf,
        );
        x += 3;
    }
}

fn style(scene: &Scene<'_>, raw: &Raw, at: usize, selected: Option<&Range<usize>>) -> Style {
    let tone = match (
        selected.is_some_and(|range| range.contains(&at)),
        raw.get(at),
    ) {
        (true, _) => Tone::Selected,
        (false, None) => Tone::Warn,
        (false, Some(0)) => Tone::Dim,
        (false, Some(_)) => Tone::Plain,
    };
    scene.look.style(tone)
}
