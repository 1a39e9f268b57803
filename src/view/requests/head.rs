//! What became of the requests of both sides, in figures.

use super::super::canvas::Canvas;
use super::super::connections::heading;
use super::super::look::cut;
use super::super::{Tone, ladder};
use super::{Span, State, View, depth};
use crate::export::{closing, describe, duration};
use crate::store::Figures;
use crate::stream::Side;

/// Columns of `A asks B`, and of a count.
const NAME: u16 = 10;
const COUNT: usize = 8;
/// Columns of a duration.
const TIME: usize = 11;

/// What became of the requests of a side.
type Told = (Side, Figures);

/// Of both sides, A first.
fn told(view: &View<'_>, state: &State) -> [Told; 2] {
    let sides = view.scene.sides();
    sides.map(|side| (side, view.figures(state, side)))
}

/// The sides that asked for something.
fn asking(told: &[Told; 2]) -> impl Iterator<Item = &Told> {
    told.iter().filter(|(_, figures)| figures.asked > 0)
}

/// Rows of the head on a pane of this height.
pub(super) fn height(view: &View<'_>, state: &State, height: u16) -> usize {
    let told = told(view, state);
    let details: usize = asking(&told).map(|(_, it)| details(it)).sum();
    let lines = usize::from(depth::height(height)) * asking(&told).count();
    8 + details + lines + usize::from(lines > 0)
}

/// Its longest wait, and the oldest that still waits where that is another one.
fn details(figures: &Figures) -> usize {
    usize::from(figures.longest.is_some()) + usize::from(has_oldest(figures))
}

fn has_oldest(figures: &Figures) -> bool {
    figures.oldest.is_some() && figures.oldest != figures.longest
}

/// Draws it, and says how many rows it took.
pub(super) fn draw(view: &View<'_>, state: &State, canvas: &mut Canvas<'_>) -> u16 {
    let told = told(view, state);
    title(view, state, canvas);
    counts(view, &told, canvas);
    latencies(view, &told, canvas);
    let mut row = 7;
    for (side, figures) in asking(&told) {
        row = waits(view, (*side, figures), canvas, row);
    }
    canvas.text(1, row, &slowest(view, state), Tone::Strong);
    row += 1;
    let sides: Vec<Side> = asking(&told).map(|(side, _)| *side).collect();
    let height = depth::height(canvas.height());
    if height > 0 && !sides.is_empty() {
        row += depth::draw(view, state, &sides, height, &mut canvas.below(row));
    }
    row
}

fn title(view: &View<'_>, state: &State, canvas: &mut Canvas<'_>) {
    let x = canvas.text(
        1,
        0,
        &format!("{} requests  ", heading(view.connection)),
        Tone::Dim,
    );
    let x = canvas.text(x, 0, &moment(view, state), Tone::Strong);
    let known = view.study.known() as usize;
    let all = view.connection.entries().len();
    let is_known = known >= all && state.waits.known() >= view.study.known();
    let hint = match is_known {
        true if view.is_whole => " a: up to the cursor ".to_owned(),
        true => " a: whole conversation ".to_owned(),
        false => format!(" looked at {}% ", known * 100 / all.max(1)),
    };
    if x + (hint.len() as u16) < canvas.width() {
        canvas.right(0, &hint, Tone::Dim);
    }
}

/// As of when, and why the rest will not be answered.
fn moment(view: &View<'_>, state: &State) -> String {
    let [a, _] = view.scene.sides();
    if !view.is_whole {
        let time = ladder::time_at(view.scene, view.now);
        return format!("up to message {}, t={time}", view.entry + 1);
    }
    let end = match closing(view.connection) {
        Some((how, by)) => format!("{how} by {}", if by == a { "A" } else { "B" }),
        None if view.scene.progress.is_done => "the capture's end".to_owned(),
        None => "now".to_owned(),
    };
    match state.span {
        Span::AsItComes => format!("none up to the cursor; all up to {end}"),
        _ => format!("all up to {end}"),
    }
}

/// `A asks B     1383    1380       0       1       2       0`
fn counts(view: &View<'_>, told: &[Told; 2], canvas: &mut Canvas<'_>) {
    let open = if view.has_ended() { "unansw." } else { "open" };
    let names = [
        "asked", "piece", "reject", "cancel", "dropped", open, "unasked",
    ];
    let head: String = names.map(|name| format!("{name:>COUNT$}")).concat();
    canvas.text(NAME + 1, 1, &head, Tone::Dim);
    for (row, (side, it)) in (2..).zip(told) {
        asks(view, *side, canvas, row);
        let open = it.open();
        let counts = [
            it.asked,
            it.served,
            it.rejected,
            it.cancelled,
            it.dropped,
            open,
            it.unasked,
        ];
        let text: String = counts.map(|count| format!("{count:>COUNT$}")).concat();
        canvas.text(NAME + 1, row, &text, Tone::Plain);
    }
}

fn asks(view: &View<'_>, side: Side, canvas: &mut Canvas<'_>, row: u16) {
    let ((one, tone), (other, _)) = (view.name(side), view.name(!side));
    canvas.text(1, row, &format!("{one} asks {other}"), tone);
}

/// `A asks B     1 ms    12 ms    40 ms    81 ms    120 ms     64`
fn latencies(view: &View<'_>, told: &[Told; 2], canvas: &mut Canvas<'_>) {
    let names = ["fastest", "median", "90%", "99%", "slowest"];
    let head: String = names.map(|name| format!("{name:>TIME$}")).concat();
    canvas.text(1, 4, "piece in", Tone::Dim);
    canvas.text(
        NAME + 1,
        4,
        &format!("{head}{:>10}", "most open"),
        Tone::Dim,
    );
    for (row, (side, it)) in (5..).zip(told) {
        asks(view, *side, canvas, row);
        let most = it.most.map_or(0, |(most, _)| most);
        let times = match it.latency {
            Some(latency) => latency
                .map(|nanos| format!("{:>TIME$}", duration(nanos)))
                .concat(),
            None => " ".repeat(TIME * names.len()),
        };
        canvas.text(NAME + 1, row, &format!("{times}{most:>10}"), Tone::Plain);
    }
}

/// `slowest in this capture: #3 A p12 +0 16 KiB at 4.497873 waited 6.50 s: piece, msg 63`
fn slowest(view: &View<'_>, state: &State) -> String {
    let Some((id, slow)) = state.slowest.found() else {
        return String::new();
    };
    let scene = view.scene;
    let connection = scene.store.connection(id);
    let entry = scene
        .store
        .entry(connection.entries()[slow.asked.entry as usize]);
    let by = if slow.asked.by == scene.sides_of(connection)[0] {
        "A"
    } else {
        "B"
    };
    let what = describe(scene.store, entry);
    let what = what.trim_start_matches("request ");
    let (at, waited) = (ladder::time(scene, entry), duration(slow.nanos));
    let fate = slow.asked.fate.word();
    format!("slowest in this capture: #{id} {by} {what} at {at} waited {waited}: {fate}")
}

/// The longest wait of a side, and the oldest request that waits. Gives the row behind them.
fn waits(
    view: &View<'_>,
    (side, figures): (Side, &Figures),
    canvas: &mut Canvas<'_>,
    row: u16,
) -> u16 {
    let mut lines = Vec::new();
    lines.extend(figures.longest.map(|it| ("longest", it)));
    if has_oldest(figures) {
        lines.extend(figures.oldest.map(|it| ("oldest", it)));
    }
    let rows = row..row + lines.len() as u16;
    for (row, (word, (number, nanos))) in rows.clone().zip(lines) {
        let (name, tone) = view.name(side);
        let x = canvas.text(1, row, &format!("{name} {word}"), tone);
        let text = wait(view, number, nanos);
        let room = usize::from(canvas.width()).saturating_sub(usize::from(NAME) + 2);
        canvas.text(
            x.max(NAME) + 1,
            row,
            &cut(&text, room, canvas.look.glyphs),
            Tone::Plain,
        );
    }
    rows.end
}

/// `p17 +16384 16 KiB at 9.954871 waited 8.87 s: reject, msg 63`
fn wait(view: &View<'_>, number: usize, nanos: i64) -> String {
    let asked = view.asked(number);
    let store = view.scene.store;
    let id = view.connection.entries()[asked.entry as usize];
    let entry = store.entry(id);
    let since = ladder::time(view.scene, entry);
    let what = describe(store, entry);
    let what = what.trim_start_matches("request ");
    let waited = duration(nanos);
    let fate = view.fate(asked.fate);
    match asked.fate.entry() {
        Some(end) => format!("{what} at {since} waited {waited}: {fate}, msg {}", end + 1),
        None if view.has_ended() => format!("{what} at {since} waited {waited}: {fate}"),
        None => format!("{what} at {since} has waited {waited}"),
    }
}
