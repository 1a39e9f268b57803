//! Rows that grow and shrink over time: requests in flight, bytes of blocks in a second.

use super::parts::{Graph, Of, What};
use super::{Column, LABEL, Picture, widths};
use crate::capture::Timestamp;
use crate::export::bytes;
use crate::view::canvas::Canvas;
use crate::view::look::cut;
use crate::view::{Glyphs, Tone};

const SECOND: u64 = 1_000_000_000;
/// Steps of a row.
const LEVELS: u64 = 8;

/// What stands in a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::view) enum Bar {
    /// Nobody knows.
    Unknown,
    /// There was nothing to measure.
    Nothing,
    Of(u64),
}

pub(super) fn draw(picture: &Picture<'_>, graph: Graph, height: u16, canvas: &mut Canvas<'_>) {
    let values = picture.columns.iter();
    let values = values.map(|column| value(picture, graph, column));
    let bars: Vec<Bar> = values.map(|it| it.map_or(Bar::Unknown, Bar::Of)).collect();
    let most = most(&bars);
    let label = label(graph, canvas.look.glyphs);
    canvas.text(0, height - 1, &label, Tone::Dim);
    let tone = |cell, _| {
        if picture.axis.is_ahead(cell) {
            Tone::Dim
        } else {
            tone(graph)
        }
    };
    draw_bars(&bars, most, height, tone, canvas);
    let (cells, right) = widths(canvas.width());
    let words = cut(
        &words(picture, graph, most),
        usize::from(right) - 1,
        canvas.look.glyphs,
    );
    canvas.text(LABEL + cells + 1, height - 1, &words, Tone::Dim);
}

/// The highest of them.
pub(in crate::view) fn most(bars: &[Bar]) -> u64 {
    let value = |bar: &Bar| match bar {
        Bar::Of(value) => *value,
        Bar::Unknown | Bar::Nothing => 0,
    };
    bars.iter().map(value).max().unwrap_or(0)
}

/// Draws each in its cell; `most` fills it.
pub(in crate::view) fn draw_bars(
    bars: &[Bar],
    most: u64,
    height: u16,
    tone: impl Fn(u16, u64) -> Tone,
    canvas: &mut Canvas<'_>,
) {
    for (cell, bar) in (0..).zip(bars) {
        let (level, tone) = match *bar {
            Bar::Unknown => (None, Tone::Dim),
            Bar::Nothing => continue,
            Bar::Of(value) => (Some(level(value, most, height)), tone(cell, value)),
        };
        for row in 0..height {
            let glyph = glyph(canvas, level, height - 1 - row);
            canvas.text(LABEL + cell, row, glyph, tone);
        }
    }
}

/// How much of it is in a column; `None` where nothing is known.
fn value(picture: &Picture<'_>, graph: Graph, column: &Column) -> Option<u64> {
    let in_flight = column.in_flight?;
    let sides = picture.scene.sides();
    let of = |direction: usize| match graph.what {
        What::InFlight => u64::from(in_flight[sides[direction].index()]),
        What::Rate => column.sent[(!sides[direction]).index()],
    };
    let sum = match graph.of {
        Of::One(direction) => of(direction),
        Of::Both => of(0) + of(1),
    };
    Some(match graph.what {
        What::InFlight => sum,
        What::Rate => per_second(sum, picture),
    })
}

fn per_second(sent: u64, picture: &Picture<'_>) -> u64 {
    let in_all = u128::from(sent) * u128::from(SECOND) * u128::from(picture.axis.cells);
    (in_all / u128::from(picture.axis.window.span())) as u64
}

/// Nothing is 0; the least is seen, and only the most is full.
fn level(value: u64, most: u64, height: u16) -> u64 {
    let steps = LEVELS * u64::from(height) - 1;
    match value {
        0 => 0,
        value => 1 + (u128::from(value) * u128::from(steps - 1) / u128::from(most.max(1))) as u64,
    }
}

/// What stands in a row, counted from below.
fn glyph(canvas: &Canvas<'_>, level: Option<u64>, row: u16) -> &'static str {
    let glyphs = canvas.look.glyphs;
    let below = LEVELS * u64::from(row);
    match level {
        None if row == 0 => glyphs.unknown,
        None => " ",
        Some(level) if row == 0 => glyphs.levels[level.min(LEVELS - 1) as usize],
        Some(level) if level < below => " ",
        Some(level) => glyphs.levels[(level - below).min(LEVELS - 1) as usize],
    }
}

fn label(graph: Graph, glyphs: &Glyphs) -> String {
    match (graph.what, graph.of) {
        (What::InFlight, _) => "req".to_owned(),
        (What::Rate, Of::One(direction)) => format!("{}{}", glyphs.to, ["A", "B"][direction]),
        (What::Rate, Of::Both) => "B/s".to_owned(),
    }
}

fn tone(graph: Graph) -> Tone {
    match graph.of {
        Of::One(0) => Tone::A,
        Of::One(_) => Tone::B,
        Of::Both => Tone::Plain,
    }
}

/// `12 now, most 240`, `1.4 MiB/s, most 3 MiB/s`
fn words(picture: &Picture<'_>, graph: Graph, most: u64) -> String {
    match graph.what {
        What::InFlight => match waiting(picture, graph.of) {
            Some(now) => format!("{now} in flight, most {most}"),
            None => format!("most {most}"),
        },
        What::Rate => match last_second(picture, graph.of) {
            Some(now) => format!("{}/s, most {}", bytes(now), bytes(most)),
            None => format!("most {}/s", bytes(most)),
        },
    }
}

fn waiting(picture: &Picture<'_>, of: Of) -> Option<usize> {
    let (talk, sides) = (picture.scene.talk?, picture.scene.sides());
    let of_side = |direction: usize| talk.peer(sides[direction]).requests.len();
    Some(match of {
        Of::One(direction) => of_side(direction),
        Of::Both => of_side(0) + of_side(1),
    })
}

/// Bytes of blocks in the second before the selected message, and with it.
fn last_second(picture: &Picture<'_>, of: Of) -> Option<u64> {
    let scene = picture.scene;
    let (study, entry) = (scene.study?, scene.ordinal()? as u32);
    if entry >= study.known() {
        return None;
    }
    let second_ago = Timestamp(picture.axis.now.0.saturating_sub(SECOND) + 1);
    let from = study.blocks_before(scene.store, study.first_at(scene.store, second_ago));
    let to = study.blocks_before(scene.store, entry + 1);
    let sent_to = |direction: usize| {
        let sender = (!scene.sides()[direction]).index();
        to[sender].saturating_sub(from[sender])
    };
    Some(match of {
        Of::One(direction) => sent_to(direction),
        Of::Both => sent_to(0) + sent_to(1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_empty_and_only_the_most_is_full() {
        let levels = |height| [0, 1, 50, 99, 100].map(|value| level(value, 100, height));
        assert_eq!(levels(1), [0, 1, 4, 6, 7]);
        assert_eq!(levels(2), [0, 1, 8, 14, 15]);
        assert_eq!(level(u64::MAX, u64::MAX, 6), 47);
    }
}
