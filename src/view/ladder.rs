//! The messages of one connection, one row each: an arrow from its sender with the label inside.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use unicode_width::UnicodeWidthStr;

use super::look::{cut, put};
use super::{Pane, Scene, Tone};
use crate::export::{describe, nothing_to_show, side_words};
use crate::store::{Connection, Entry, EntryId};
use crate::wire::Kind;

/// Columns of marker and time, up to the line of side A.
const TIME: u16 = 13;

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(connection) = scene.connection() else {
        return waiting(scene, area, buf);
    };
    title(scene, connection, area, buf);
    let rows = Rect {
        y: area.y + 1,
        height: area.height - 1,
        ..area
    };
    let entries = connection.entries();
    let window = scene.ladder.window(usize::from(rows.height), entries.len());
    for (row, ordinal) in window.enumerate() {
        let is_selected = ordinal == scene.ladder.selected;
        draw_row(scene, rows, row as u16, entries[ordinal], is_selected, buf);
    }
    if entries.is_empty() {
        put(
            scene,
            rows,
            TIME,
            0,
            "no payload was captured on this connection",
            scene.look.style(Tone::Dim),
            buf,
        );
    }
    scrollbar(scene, rows, entries.len(), buf);
}

fn waiting(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let text = match nothing_to_show(scene.store) {
        Some(reason) if scene.progress.is_done => reason,
        _ => "reading the capture".to_owned(),
    };
    let text = cut(&text, usize::from(area.width) - 2, &scene.look.glyphs);
    put(scene, area, 1, 1, &text, scene.look.style(Tone::Dim), buf);
}

/// Who A and B are.
fn title(scene: &Scene<'_>, connection: &Connection, area: Rect, buf: &mut Buffer) {
    let number = format!("#{}  ", connection.id);
    let mut x = put(scene, area, 0, 0, &number, scene.look.style(Tone::Dim), buf);
    let room = area.width.saturating_sub(x + 1) / 2;
    let names = scene
        .sides()
        .into_iter()
        .zip([("A", Tone::A), ("B", Tone::B)]);
    for (side, (name, tone)) in names {
        let client = connection.client(side);
        let words = format!(
            "{name} {}",
            side_words(connection.end(side), client.as_deref())
        );
        let words = cut(&words, usize::from(room) - 1, &scene.look.glyphs);
        put(scene, area, x, 0, &words, scene.look.style(tone), buf);
        x += room;
    }
}

fn draw_row(
    scene: &Scene<'_>,
    area: Rect,
    row: u16,
    id: EntryId,
    is_selected: bool,
    buf: &mut Buffer,
) {
    let entry = scene.store.entry(id);
    let plain = scene.look.style(Tone::Plain);
    let [a, _] = scene.sides();
    let is_fault = scene.store.missing(id) > 0
        || matches!(entry.kind(), Kind::Gap | Kind::Undecoded | Kind::Unknown);
    let arrow = arrow(
        scene,
        id,
        entry,
        usize::from(area.width - TIME - 3),
        entry.side() == a,
    );
    let (tone, glyphs) = (
        if entry.side() == a { Tone::A } else { Tone::B },
        &scene.look.glyphs,
    );
    let arrow_style = match (is_selected, is_fault) {
        (true, _) => scene.look.cursor(scene.focus == Pane::Ladder),
        (false, true) => scene.look.style(Tone::Warn),
        (false, false) => scene.look.style(tone),
    };
    let mark = if is_selected {
        glyphs.marker
    } else if is_fault {
        "!"
    } else {
        " "
    };
    put(scene, area, 0, row, mark, plain, buf);
    put(
        scene,
        area,
        1,
        row,
        &format!("{:>10}", time(scene, entry)),
        plain,
        buf,
    );
    let x = put(
        scene,
        area,
        TIME - 1,
        row,
        glyphs.vertical,
        scene.look.style(Tone::Dim),
        buf,
    );
    let x = put(scene, area, x, row, &arrow, arrow_style, buf);
    put(
        scene,
        area,
        x,
        row,
        glyphs.vertical,
        scene.look.style(Tone::Dim),
        buf,
    );
}

/// Seconds since the first frame, in ten columns.
pub(super) fn time(scene: &Scene<'_>, entry: &Entry) -> String {
    let nanos = entry
        .time
        .since(scene.store.tally().start.unwrap_or(entry.time));
    let seconds = nanos as f64 / 1e9;
    let decimals = match nanos.unsigned_abs() / 1_000_000_000 {
        ..100 => 6,
        100..1000 => 5,
        1000..10_000 => 4,
        10_000..100_000 => 3,
        _ => 1,
    };
    format!("{seconds:.decimals$}")
}

/// `─ label ─────▶` from A, `◀───── label ─` from B; what is no message has a dotted line.
fn arrow(scene: &Scene<'_>, id: EntryId, entry: &Entry, width: usize, from_a: bool) -> String {
    let glyphs = scene.look.glyphs;
    let mut label = describe(scene.store, entry);
    if scene.store.missing(id) > 0 {
        label = format!("{label}, {} bytes not captured", scene.store.missing(id));
    }
    let label = cut(&glyphs.text(&label), width.saturating_sub(5), &glyphs);
    let stroke = if matches!(entry.kind(), Kind::Gap | Kind::Undecoded) {
        glyphs.dotted
    } else {
        glyphs.horizontal
    };
    let line = stroke.repeat(width.saturating_sub(label.width() + 4));
    if from_a {
        format!("{stroke} {label} {line}{}", glyphs.right)
    } else {
        format!("{}{line} {label} {stroke}", glyphs.left)
    }
}

fn scrollbar(scene: &Scene<'_>, area: Rect, len: usize, buf: &mut Buffer) {
    let height = usize::from(area.height);
    if len <= height {
        return;
    }
    let thumb = (height * height / len).max(1);
    let first = scene.ladder.offset * (height - thumb) / (len - height);
    for row in first..(first + thumb).min(height) {
        put(
            scene,
            area,
            area.width - 1,
            row as u16,
            scene.look.glyphs.thumb,
            scene.look.style(Tone::Dim),
            buf,
        );
    }
}
