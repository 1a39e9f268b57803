//! How many requests waited at once, over time.

use super::super::canvas::Canvas;
use super::super::{Scene, Tone};
use super::{State, View};
use crate::capture::Timestamp;
use crate::export::duration;
use crate::stream::Side;

/// Columns of `A waiting`, and of the scale behind the line.
const NAME: u16 = 10;
const SCALE: u16 = 11;
/// Of so few entries each is asked; of more it is known together.
const FEW: u32 = 16;

/// Rows of one line.
pub(super) fn height(height: u16) -> u16 {
    match height {
        ..17 => 0,
        17..30 => 1,
        30..45 => 3,
        _ => 5,
    }
}

/// Draws a line of some rows for each side that asked, and the axis. Gives the rows it took.
pub(super) fn draw(
    view: &View<'_>,
    state: &State,
    sides: &[Side],
    height: u16,
    canvas: &mut Canvas<'_>,
) -> u16 {
    let Some(axis) = Axis::of(view, canvas.width()) else {
        return 0;
    };
    let mut row = 0;
    for side in sides {
        let depths = axis.depths(view, state, *side);
        draw_line(view, *side, &axis, &depths, &mut canvas.below(row), height);
        row += height;
    }
    axis.draw(view, &mut canvas.below(row));
    row + 1
}

/// The rest of the conversation, behind the moment, is dim.
fn draw_line(
    view: &View<'_>,
    side: Side,
    axis: &Axis,
    depths: &[u32],
    canvas: &mut Canvas<'_>,
    height: u16,
) {
    let (name, tone) = view.name(side);
    canvas.text(1, 0, &format!("{name} waiting"), tone);
    let most = depths.iter().copied().max().unwrap_or(0);
    canvas.text(
        NAME + 1 + axis.columns,
        0,
        &format!(" {most} most"),
        Tone::Dim,
    );
    let now = if view.is_whole {
        axis.columns
    } else {
        axis.column(view.now)
    };
    for (column, depth) in (0..).zip(depths) {
        let steps = u64::from(height) * 8;
        let filled = (u64::from(*depth) * steps).div_ceil(u64::from(most.max(1)));
        let tone = if column > now { Tone::Dim } else { tone };
        for row in 0..height {
            let below = u64::from(height - 1 - row) * 8;
            let level = filled.saturating_sub(below).min(8) as usize;
            if let Some(level) = level.checked_sub(1) {
                let glyph = canvas.look.glyphs.levels[level];
                canvas.text(NAME + 1 + column, row, glyph, tone);
            }
        }
    }
}

/// Time across the pane.
struct Axis {
    start: Timestamp,
    nanos: u64,
    columns: u16,
}

impl Axis {
    fn of(view: &View<'_>, width: u16) -> Option<Axis> {
        let start = view.study.time(view.scene.store, 0);
        let columns = width.saturating_sub(NAME + 1 + SCALE);
        let nanos = view.study.latest()?.since(start).max(0) as u64;
        (columns > 0).then_some(Axis {
            start,
            nanos,
            columns,
        })
    }

    /// When a column begins.
    fn at(&self, column: u16) -> Timestamp {
        let nanos = u128::from(self.nanos + 1) * u128::from(column) / u128::from(self.columns);
        Timestamp(self.start.0.saturating_add(nanos as u64))
    }

    /// Where a moment stands.
    fn column(&self, time: Timestamp) -> u16 {
        let nanos = time.since(self.start).max(0) as u64;
        let column = u128::from(nanos) * u128::from(self.columns) / u128::from(self.nanos + 1);
        (column as u16).min(self.columns - 1)
    }

    /// The most requests that waited at once, by columns.
    fn depths(&self, view: &View<'_>, state: &State, side: Side) -> Vec<u32> {
        let first = |column| view.study.first_at(view.scene.store, self.at(column));
        let firsts: Vec<u32> = (0..=self.columns).map(first).collect();
        let columns = firsts.windows(2).map(|pair| pair[0]..pair[1]);
        let depth = |entries: std::ops::Range<u32>| match entries.len() as u32 {
            // Nothing was said: what waited before still waits.
            0 => entries
                .start
                .checked_sub(1)
                .map_or(0, |it| view.study.in_flight(side, it)),
            1..=FEW => {
                let depths = entries.map(|it| view.study.in_flight(side, it));
                depths.max().unwrap_or(0)
            }
            _ => state.waits.depth(side, entries),
        };
        columns.map(depth).collect()
    }

    /// The course of time from the first message to the last, and where the moment is.
    fn draw(&self, view: &View<'_>, canvas: &mut Canvas<'_>) {
        let seconds = |time| since_start(view.scene, time);
        let end = Timestamp(self.start.0.saturating_add(self.nanos));
        let start = format!(
            "{:>width$}",
            seconds(self.start),
            width = usize::from(NAME) - 1
        );
        canvas.text(1, 0, &start, Tone::Dim);
        canvas.text(NAME + 2 + self.columns, 0, &seconds(end), Tone::Dim);
        if let Some(now) = view.scene.now() {
            canvas.text(NAME + 1 + self.column(now), 0, "^", Tone::Strong);
        }
    }
}

fn since_start(scene: &Scene<'_>, time: Timestamp) -> String {
    duration(time.since(scene.store.tally().start.unwrap_or(time)))
}
