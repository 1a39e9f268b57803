//! The messages of one connection, one row each: an arrow from its sender with the label inside.

use ratatui::style::Modifier;
use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::connections::heading;
use super::look::cut;
use super::{Pane, Scene, TimeColumn, Tone, findings};
use crate::capture::Timestamp;
use crate::export::{describe, duration, nothing_to_show, run_words, side_words};
use crate::store::{Connection, Entry, EntryId, Line, Run, Scope, delta_to_partner};
use crate::stream::Side;
use crate::wire::Kind;

/// Columns of the time, and of the marker before it.
const TIME: u16 = 12;
/// The same for the time of day.
const TIME_OF_DAY: u16 = 17;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(connection) = scene.connection() else {
        return waiting(scene, canvas);
    };
    title(scene, connection, canvas);
    let mut rows = canvas.below(1);
    if scene.rows.is_empty() {
        rows.text(TIME + 1, 0, &nothing_shown(scene), Tone::Dim);
    }
    let window = scene
        .ladder
        .window(usize::from(rows.height()), scene.rows.len());
    let signs = findings::signs(scene);
    for (row, at) in (0..).zip(window) {
        draw_row(scene, &mut rows, row, at);
        if let Some(severity) = signs.get(&at) {
            let (letter, tone) = (findings::letter(*severity), findings::tone(*severity));
            rows.text(time_width(scene) - 1, row, letter, tone);
        }
    }
    rows.scrollbar(scene.ladder.offset, scene.rows.len());
    findings::ticks(scene, &signs, &mut rows);
    ticks(scene, &mut rows);
}

/// Why there is no row.
fn nothing_shown(scene: &Scene<'_>) -> String {
    match scene.rows.hidden() {
        0 => "no payload was captured on this connection".to_owned(),
        hidden => format!("all {hidden} messages are hidden: f changes the filter, c the kinds"),
    }
}

/// Marks, beside the rows that they are on.
fn ticks(scene: &Scene<'_>, rows: &mut Canvas<'_>) {
    let (height, len) = (usize::from(rows.height()), scene.rows.len());
    let column = rows.width().saturating_sub(1);
    for (name, id) in scene.marks.iter().filter(|(_, id)| scene.rows.shows(**id)) {
        if let Some(at) = scene.rows.row_of(scene.store, *id) {
            let row = if len > height {
                at * height / len
            } else {
                at.saturating_sub(scene.ladder.offset)
            };
            rows.text(column, row as u16, &name.to_string(), Tone::Strong);
        }
    }
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

/// Who A and B are, or which conversations are merged.
fn title(scene: &Scene<'_>, connection: &Connection, canvas: &mut Canvas<'_>) {
    let mut x = canvas.text(0, 0, &format!("{}  ", heading(connection)), Tone::Dim);
    if let Scope::Merged(ids) = &scene.rows.choice().scope {
        let others = format!("of {} merged  ", ids.len());
        x = canvas.text(x, 0, &others, Tone::Strong);
    }
    let state = state(scene);
    let room = canvas.width().saturating_sub(x + 1 + state.width() as u16) / 2;
    let names = scene
        .sides()
        .into_iter()
        .zip([("A", Tone::A), ("B", Tone::B)]);
    for (side, (name, tone)) in names {
        let client = connection.client(side);
        let words = format!("{name} {}", side_words(connection.end(side), client));
        let words = cut(
            &words,
            usize::from(room).saturating_sub(1),
            scene.look.glyphs,
        );
        canvas.text(x, 0, &words, tone);
        x += room;
    }
    canvas.right(0, &state, Tone::Dim);
}

/// How far the rows are made, and how many messages are hidden.
fn state(scene: &Scene<'_>) -> String {
    let (done, total) = (scene.rows.looked_at(), scene.rows.total(scene.store));
    let hidden = match scene.rows.hidden() {
        0 => String::new(),
        hidden => format!(" {hidden} hidden "),
    };
    if done < total {
        format!("{hidden} {}% ", done as u64 * 100 / total as u64)
    } else {
        hidden
    }
}

fn draw_row(scene: &Scene<'_>, rows: &mut Canvas<'_>, row: u16, at: usize) {
    let is_selected = at == scene.ladder.selected;
    match scene.rows.line(at) {
        Some(Line::Entry(id)) => draw_message(scene, rows, row, id, None, is_selected),
        Some(Line::Run(run, id, _)) => {
            draw_message(scene, rows, row, id, Some(&run), is_selected);
        }
        Some(Line::Silence(nanos)) => draw_silence(scene, rows, row, nanos),
        None => {}
    }
}

/// `┊┄┄┄┄┄ 9.87 s silent ┄┄┄┄┄┊`
fn draw_silence(scene: &Scene<'_>, rows: &mut Canvas<'_>, row: u16, nanos: i64) {
    let glyphs = scene.look.glyphs;
    let start = time_width(scene);
    let width = usize::from(rows.width().saturating_sub(start + 2));
    let words = format!(" {} silent ", duration(nanos));
    let dots = width.saturating_sub(words.width());
    let (left, right) = (dots / 2, dots - dots / 2);
    let line = format!(
        "{}{words}{}",
        glyphs.dotted.repeat(left),
        glyphs.dotted.repeat(right)
    );
    rows.without_right(1).text(start + 1, row, &line, Tone::Dim);
}

fn draw_message(
    scene: &Scene<'_>,
    rows: &mut Canvas<'_>,
    row: u16,
    id: EntryId,
    run: Option<&Run>,
    is_selected: bool,
) {
    let entry = scene.store.entry(id);
    let from_a = entry.side() == side_a(scene, entry);
    let is_fault = entry.is_faulty() || scene.store.missing(id) > 0;
    let is_sought = scene.sought.is_some_and(|it| it.matches(scene.store, id));
    let mut style = match (is_selected, is_fault) {
        (true, _) => scene.look.cursor(scene.focus() == Pane::Ladder),
        (false, true) => scene.look.style(Tone::Warn),
        (false, false) => scene.look.style(if from_a { Tone::A } else { Tone::B }),
    };
    if is_sought {
        style = style.add_modifier(Modifier::BOLD);
    }
    let mark = match (is_selected, is_fault, is_sought) {
        (true, ..) => scene.look.glyphs.marker,
        (false, true, _) => "!",
        (false, false, true) => "·",
        (false, false, false) => " ",
    };
    let start = time_width(scene);
    let time = format!(
        "{:>width$}",
        time_of(scene, id),
        width = usize::from(start) - 2
    );
    let room = usize::from(rows.width().saturating_sub(start + 3));
    let label = match run {
        Some(run) => run_label(run),
        None => label(scene, id, entry),
    };
    let arrow = arrow(scene, entry, &tagged(scene, entry, label), room, from_a);
    rows.text(0, row, mark, Tone::Plain);
    rows.text(1, row, &time, Tone::Plain);
    let x = rows.text(start, row, scene.look.glyphs.vertical, Tone::Dim);
    let x = rows.styled(x, row, &arrow, style);
    rows.text(x, row, scene.look.glyphs.vertical, Tone::Dim);
}

fn side_a(scene: &Scene<'_>, entry: &Entry) -> Side {
    scene.sides_of(scene.store.connection(entry.connection))[0]
}

fn time_width(scene: &Scene<'_>) -> u16 {
    match scene.time_column {
        TimeColumn::Absolute => TIME_OF_DAY,
        _ => TIME,
    }
}

fn time_of(scene: &Scene<'_>, id: EntryId) -> String {
    let entry = scene.store.entry(id);
    match scene.time_column {
        TimeColumn::SinceStart => time(scene, entry),
        TimeColumn::Absolute => {
            let utc = super::status::utc(entry.time).unwrap_or_default();
            utc.get(11..26).unwrap_or_default().to_owned()
        }
        TimeColumn::SincePrevious => since_previous(scene, id).unwrap_or_default(),
        TimeColumn::SincePartner => since_partner(scene, id).unwrap_or_default(),
    }
}

/// Since the message that is shown before it.
fn since_previous(scene: &Scene<'_>, id: EntryId) -> Option<String> {
    let shown = scene.rows.shown();
    let before = shown[shown.binary_search(&id).ok()?.checked_sub(1)?];
    let nanos = scene
        .store
        .entry(id)
        .time
        .since(scene.store.entry(before).time);
    Some(format!("+{}", seconds(nanos)))
}

/// Since the message that it answers; only of the selected conversation is that known.
fn since_partner(scene: &Scene<'_>, id: EntryId) -> Option<String> {
    let study = scene.study?;
    let connection = scene.store.connection(study.connection());
    let ordinal = connection.ordinal_of(id)?;
    let nanos = delta_to_partner(scene.store, study, connection, ordinal as u32)?;
    Some(format!("+{}", seconds(nanos)))
}

/// Seconds since the first frame, in ten columns.
pub(super) fn time(scene: &Scene<'_>, entry: &Entry) -> String {
    time_at(scene, entry.time)
}

/// The same of any moment.
pub(super) fn time_at(scene: &Scene<'_>, time: Timestamp) -> String {
    seconds(time.since(scene.store.tally().start.unwrap_or(time)))
}

fn seconds(nanos: i64) -> String {
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

/// Of several conversations each says which it is.
fn tagged(scene: &Scene<'_>, entry: &Entry, label: String) -> String {
    match scene.rows.choice().scope {
        Scope::One(_) => label,
        Scope::Merged(_) => format!("#{} {label}", entry.connection),
    }
}

fn label(scene: &Scene<'_>, id: EntryId, entry: &Entry) -> String {
    let mut label = describe(scene.store, entry);
    if scene.store.missing(id) > 0 {
        label = format!("{label}, {} bytes not captured", scene.store.missing(id));
    }
    if entry.is_resynchronised() {
        label.push_str(" (resynchronised)");
    }
    label
}

/// `request ×240  p18..32  3.8 MiB [+]`
pub(super) fn run_label(run: &Run) -> String {
    run_words(run) + " [+]"
}

/// `─ label ─────▶` from A, `◀───── label ─` from B; what is no message has a dotted line.
fn arrow(scene: &Scene<'_>, entry: &Entry, label: &str, width: usize, from_a: bool) -> String {
    let glyphs = scene.look.glyphs;
    let label = cut(&glyphs.text(label), width.saturating_sub(5), glyphs);
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
