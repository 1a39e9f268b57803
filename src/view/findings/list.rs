//! The rules and their findings, one row each.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Pane, Scene, Tone, ladder};
use super::groups::{Group, Row};
use super::{State, letter, tone};
use crate::findings::Finding;
use crate::stream::Side;

/// Columns of a rule's name.
const NAME: usize = 28;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let state = &scene.views.findings;
    if state.is_empty() {
        canvas.text(1, 1, nothing(scene), Tone::Dim);
        return;
    }
    let columns = format!(
        "{:4}{:<NAME$} {:>7} {:>5}  when",
        "", "rule", "times", "conns"
    );
    canvas.text(1, 0, &columns, Tone::Dim);
    let mut rows = canvas.below(1);
    let len = state.len();
    let window = state.cursor.window(usize::from(rows.height()), len);
    for (row, at) in (0..).zip(window) {
        draw_row(scene, state, at, row, &mut rows);
    }
    rows.scrollbar(state.cursor.offset, len);
}

/// Why there is no row, where there are findings.
fn nothing(scene: &Scene<'_>) -> &'static str {
    match scene.findings.counts().all() {
        0 => "",
        _ => "none of them is shown: x and a choose which are",
    }
}

fn draw_row(scene: &Scene<'_>, state: &State, at: usize, row: u16, rows: &mut Canvas<'_>) {
    let Some(found) = state.groups.row(at, &state.unfolded) else {
        return;
    };
    let (text, tone) = match found {
        Row::Rule(group) => (rule(scene, state, group), tone(group.severity)),
        Row::Finding(at) => finding(scene, &scene.findings.all()[at as usize]),
        Row::More(count) => (
            format!("     and {count} more, which were counted and not kept"),
            Tone::Dim,
        ),
    };
    let is_selected = at == state.cursor.selected;
    let style = if is_selected {
        rows.look.cursor(scene.focus() == Pane::Findings)
    } else {
        rows.look.style(tone)
    };
    if is_selected {
        rows.text(0, row, scene.look.glyphs.marker, Tone::Plain);
    }
    let width = usize::from(rows.width()).saturating_sub(2);
    let text = cut(&text, width, rows.look.glyphs);
    rows.styled(1, row, &format!("{text:<width$}"), style);
}

/// `▸ E request-while-choked   12   3  A block was asked for while choked, and ...`
fn rule(scene: &Scene<'_>, state: &State, group: &Group) -> String {
    let is_open = state.unfolded.contains(&group.code);
    let glyphs = scene.look.glyphs;
    let fold = if is_open { " " } else { glyphs.folded };
    let connections = match group.connections {
        0 => "-".to_owned(),
        connections => connections.to_string(),
    };
    let name = cut(group.code.name(), NAME, glyphs);
    format!(
        "{fold} {} {name:<NAME$} {:>7} {connections:>5}  {}",
        letter(group.severity),
        group.times,
        group.code.rule().trigger,
    )
}

/// `   9.954120    1045 #3   B>A  piece 4 was asked for while choked`
fn finding(scene: &Scene<'_>, finding: &Finding) -> (String, Tone) {
    let Some(connection) = finding.connection else {
        return (format!("     {}", finding.message), Tone::Plain);
    };
    let a = scene.sides_of(scene.store.connection(connection))[0];
    let (who, tone) = who(finding.side, a);
    let time = ladder::time_at(scene, finding.spot.time);
    let text = format!(
        "   {} {time:>10} {:>7} {:<5} {who}  {}",
        letter(finding.severity),
        finding.spot.frame,
        format!("#{connection}"),
        finding.message,
    );
    (text, tone)
}

fn who(side: Option<Side>, a: Side) -> (&'static str, Tone) {
    match side {
        None => ("   ", Tone::Plain),
        Some(side) if side == a => ("A>B", Tone::A),
        Some(_) => ("B>A", Tone::B),
    }
}
