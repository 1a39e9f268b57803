//! The messages of one connection, one row each: an arrow from its sender with the label inside.

use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::look::cut;
use super::{Pane, Scene, Tone};
use crate::export::{describe, nothing_to_show, side_words};
use crate::store::{Connection, Entry, EntryId};
use crate::wire::Kind;

/// Columns of marker and time, up to the line of side A.
const TIME: u16 = 12;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(connection) = scene.connection() else {
        return waiting(scene, canvas);
    };
    title(scene, connection, canvas);
    let mut rows = canvas.below(1);
    let entries = connection.entries();
    if entries.is_empty() {
        rows.text(
            TIME + 1,
            0,
            "no payload was captured on this connection",
            Tone::Dim,
        );
    }
    let window = scene
        .ladder
        .window(usize::from(rows.height()), entries.len());
    for (row, ordinal) in (0..).zip(window) {
        draw_row(
            scene,
            &mut rows,
            row,
            entries[ordinal],
            ordinal == scene.ladder.selected,
        );
    }
    rows.scrollbar(scene.ladder.offset, entries.len());
}

/// In place of connections and messages, where there are none.
pub(super) fn waiting(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let (text, tone) = match nothing_to_show(scene.store) {
        Some(reason) if scene.progress.is_done => (reason, Tone::Warn),
        _ if scene.live.is_some() => (format!("waiting for packets on {}", scene.name), Tone::Dim),
        _ => ("reading the capture".to_owned(), Tone::Dim),
    };
    let text = cut(&text, usize::from(canvas.width()) - 2, scene.look.glyphs);
    canvas.text(1, 0, &text, tone);
}

/// Who A and B are.
fn title(scene: &Scene<'_>, connection: &Connection, canvas: &mut Canvas<'_>) {
    let mut x = canvas.text(0, 0, &format!("#{}  ", connection.id), Tone::Dim);
    let room = canvas.width().saturating_sub(x + 1) / 2;
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
        canvas.text(
            x,
            0,
            &cut(&words, usize::from(room) - 1, scene.look.glyphs),
            tone,
        );
        x += room;
    }
}

fn draw_row(scene: &Scene<'_>, rows: &mut Canvas<'_>, row: u16, id: EntryId, is_selected: bool) {
    let entry = scene.store.entry(id);
    let from_a = entry.side() == scene.sides()[0];
    let is_fault = entry.is_faulty() || scene.store.missing(id) > 0;
    let style = match (is_selected, is_fault) {
        (true, _) => scene.look.cursor(scene.focus == Pane::Ladder),
        (false, true) => scene.look.style(Tone::Warn),
        (false, false) => scene.look.style(if from_a { Tone::A } else { Tone::B }),
    };
    let mark = match (is_selected, is_fault) {
        (true, _) => scene.look.glyphs.marker,
        (false, true) => "!",
        (false, false) => " ",
    };
    let arrow = arrow(
        scene,
        id,
        entry,
        usize::from(rows.width() - TIME - 4),
        from_a,
    );
    rows.text(0, row, mark, Tone::Plain);
    rows.text(1, row, &format!("{:>10}", time(scene, entry)), Tone::Plain);
    let x = rows.text(TIME, row, scene.look.glyphs.vertical, Tone::Dim);
    let x = rows.styled(x, row, &arrow, style);
    rows.text(x, row, scene.look.glyphs.vertical, Tone::Dim);
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
    if entry.is_resynchronised() {
        label.push_str(" (resynchronised)");
    }
    let label = cut(&glyphs.text(&label), width.saturating_sub(5), glyphs);
    let stroke = if matches!(
        entry.kind(),
        Kind::Gap | Kind::Undecoded | Kind::Conflict | Kind::Encrypted
    ) {
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
