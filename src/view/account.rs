//! The account: where every frame and every byte went, as the text of `summary` has it.

use unicode_width::UnicodeWidthStr;

use super::canvas::Canvas;
use super::look::{Glyphs, cut};
use super::{Scene, Tone};
use crate::export::{self, Part, Role, Row, beside, nothing_to_show, parts};

/// From so many columns on, frames stand beside bytes and messages.
const TWO_COLUMNS: u16 = 110;
/// Cells of a bar.
const BAR: u64 = 10;

/// Lines from the top.
struct Column {
    x: u16,
    lines: Vec<Line>,
}

#[derive(Clone)]
struct Line {
    text: String,
    tone: Tone,
}

impl Line {
    fn new(text: impl Into<String>, tone: Tone) -> Line {
        let text = text.into();
        Line { text, tone }
    }
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let columns = columns(scene, canvas.width());
    let (len, height) = (len(&columns), usize::from(canvas.height()));
    let shown = visible(len, height);
    let first = scene.account.min(len - shown);
    for Column { x, lines } in &columns {
        for (row, line) in (0..).zip(lines.iter().skip(first).take(shown)) {
            canvas.text(*x, row, &line.text, line.tone);
        }
    }
    if len > shown {
        canvas.scrollbar(first, len);
        let below = match len - shown - first {
            0 => "that was all: g ".to_owned(),
            more => format!("{more} more: j "),
        };
        canvas
            .without_right(1)
            .right(height as u16 - 1, &below, Tone::Strong);
    }
}

/// Where the first line may be on a pane of this size: no more than needed is empty.
pub(super) fn last_first_line(scene: &Scene<'_>, width: u16, height: u16) -> usize {
    let len = len(&columns(scene, width));
    len - visible(len, usize::from(height))
}

fn len(columns: &[Column]) -> usize {
    let lens = columns.iter().map(|column| column.lines.len());
    lens.max().unwrap_or(0)
}

/// Lines that are in sight: where not all are, the last row says how many wait.
fn visible(len: usize, height: usize) -> usize {
    if len > height {
        height.saturating_sub(1)
    } else {
        len
    }
}

fn columns(scene: &Scene<'_>, width: u16) -> Vec<Column> {
    let column = |x, lines| Column { x, lines };
    if width < TWO_COLUMNS {
        let room = usize::from(width).saturating_sub(3);
        let [frames, bytes] = [frames(scene, room), bytes(scene, room)];
        let blocks = [frames, bytes, vec![capture(scene, room)]].concat();
        return vec![column(1, joined(blocks))];
    }
    let x = width * 2 / 5;
    let (left, right) = (usize::from(x) - 3, usize::from(width - x) - 2);
    let blocks = [frames(scene, left), vec![capture(scene, left)]].concat();
    vec![
        column(1, joined(blocks)),
        column(x, joined(bytes(scene, right))),
    ]
}

fn frames(scene: &Scene<'_>, width: usize) -> Vec<Vec<Line>> {
    let [frames, ..] = parts(scene.store);
    vec![notes(scene, width), sums(&frames, width, None)]
}

fn bytes(scene: &Scene<'_>, width: usize) -> Vec<Vec<Line>> {
    let [_, streams, payload, messages] = parts(scene.store);
    vec![
        sums(&streams, width, Some(scene.look.glyphs)),
        sums(&payload, width, None),
        sums(&messages, width, None),
    ]
}

/// One below the other, with an empty line between them.
fn joined(blocks: Vec<Vec<Line>>) -> Vec<Line> {
    let mut lines = Vec::new();
    for block in blocks.into_iter().filter(|block| !block.is_empty()) {
        if !lines.is_empty() {
            lines.push(Line::new("", Tone::Plain));
        }
        lines.extend(block);
    }
    lines
}

/// What makes the account less than it could be.
fn notes(scene: &Scene<'_>, width: usize) -> Vec<Line> {
    let progress = scene.progress;
    let note = progress.note.as_ref().map(ToString::to_string);
    let nothing = progress.is_done.then(|| nothing_to_show(scene.store));
    let fault = scene.live.and_then(|live| live.control.fault());
    let others = scene.live.is_none().then(|| export::notes(scene.store));
    let notes = [note, fault, nothing.flatten()].into_iter().flatten();
    let wrapped = notes
        .chain(others.into_iter().flatten())
        .flat_map(|note| hung("! ", &note, width));
    wrapped.map(|text| Line::new(text, Tone::Warn)).collect()
}

/// What the capture says beside its frames, and what the one that is being made has lost.
fn capture(scene: &Scene<'_>, width: usize) -> Vec<Line> {
    let mut says = beside(scene.store);
    says.extend(scene.live.map(|live| {
        let (kernel, interface) = live.control.dropped();
        let captured = live.control.captured();
        format!("captured {captured}, dropped {kernel} by kernel, {interface} by interface")
    }));
    if says.is_empty() {
        return Vec::new();
    }
    let mut lines = vec![Line::new("Capture", Tone::Strong)];
    let wrapped = says.iter().flat_map(|text| hung("  ", text, width));
    lines.extend(wrapped.map(|text| Line::new(text, Tone::Plain)));
    lines
}

/// A part of the account; with `bars`, what share of its sum each addend is.
fn sums(part: &Part, width: usize, bars: Option<&Glyphs>) -> Vec<Line> {
    let digits = |row: &Row| row.count.to_string().len();
    let widest = |of: fn(&Row) -> usize| part.rows.iter().map(of).max().unwrap_or(0);
    let (name_width, count_width) = (widest(|row| row.name.len()), widest(digits));
    let sum = part.rows.iter().find(|row| row.role == Role::Sum);
    let mut lines = vec![Line::new(part.title, Tone::Strong)];
    for row in &part.rows {
        let (sign, name, count) = (row.role.sign(), row.name, row.count);
        let mut start = format!("{sign} {name:<name_width$}  {count:>count_width$}  ");
        if let (Some(glyphs), Some(sum)) = (bars, sum) {
            start.push_str(&bar(row, sum.count, glyphs));
        }
        let tone = match row.role {
            Role::Sum => Tone::Strong,
            _ => Tone::Plain,
        };
        let rows = hung(&start, &row.about, width);
        lines.extend(rows.into_iter().map(|text| Line::new(text, tone)));
    }
    lines
}

/// `████      `: of nothing and of all, and of nothing else, it is empty and full.
fn bar(row: &Row, of: u64, glyphs: &Glyphs) -> String {
    let share = u128::from(row.count) * u128::from(BAR) / u128::from(of.max(1));
    let cells = match (row.role, row.count) {
        (Role::Sum | Role::Beside, _) | (_, 0) => 0,
        (_, count) if count == of => BAR as usize,
        _ => (share as usize).clamp(1, BAR as usize - 1),
    };
    let empty = BAR as usize - cells;
    glyphs.thumb.repeat(cells) + &" ".repeat(empty + 2)
}

/// A text of several lines behind `start`, broken between words.
pub(super) fn hung(start: &str, text: &str, width: usize) -> Vec<String> {
    let indent = start.width();
    let room = width.saturating_sub(indent).max(8);
    let mut lines = vec![start.to_owned()];
    let mut used = 0;
    for word in text.split_whitespace() {
        let word = cut(word, room, Glyphs::UNICODE);
        if used > 0 && used + 1 + word.width() > room {
            lines.push(" ".repeat(indent));
            used = 0;
        }
        let Some(line) = lines.last_mut() else { break };
        if used > 0 {
            line.push(' ');
        }
        line.push_str(&word);
        used += usize::from(used > 0) + word.width();
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(count: u64) -> Row {
        Row {
            role: Role::Plus,
            name: "gap",
            count,
            about: "not in the capture".to_owned(),
        }
    }

    #[test]
    fn a_bar_is_empty_for_none_and_full_for_all() {
        let cells = |count| bar(&row(count), 1000, Glyphs::ASCII).trim().len();
        assert_eq!([0, 1, 500, 999, 1000].map(cells), [0, 1, 5, 9, 10]);
        assert_eq!(bar(&row(0), 0, Glyphs::ASCII).trim(), "");
        assert_eq!(
            bar(&row(u64::MAX), u64::MAX, Glyphs::ASCII).trim().len(),
            10
        );
    }

    #[test]
    fn a_long_text_hangs_below_its_first_line() {
        assert_eq!(
            hung("  ARP  ", "cut before the end", 18),
            ["  ARP  cut before", "       the end"]
        );
        assert_eq!(hung("! ", "", 18), ["! "]);
        assert_eq!(hung("! ", "abcdefghijkl", 10), ["! abcdefg…"]);
    }
}
