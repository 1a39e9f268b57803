//! The times below the strip, and the caret.

use super::{LABEL, TimeWindow};
use crate::capture::Timestamp;
use crate::export::duration;
use crate::view::Tone;
use crate::view::canvas::Canvas;

const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60 * SECOND;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// Spans between two ticks that are longer than five seconds.
const LONG: [u64; 17] = [
    10 * SECOND,
    20 * SECOND,
    30 * SECOND,
    MINUTE,
    2 * MINUTE,
    5 * MINUTE,
    10 * MINUTE,
    20 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
    DAY,
    10 * DAY,
    100 * DAY,
    1000 * DAY,
];

/// Cells over a stretch of time, and the moment of the selected message among them.
#[derive(Clone, Copy)]
pub(in crate::view) struct Axis {
    /// What is shown.
    pub(in crate::view) window: TimeWindow,
    /// What there is to show.
    pub(in crate::view) whole: TimeWindow,
    pub(in crate::view) now: Timestamp,
    pub(in crate::view) cells: u16,
}

impl Axis {
    /// The first moment of a cell.
    pub(in crate::view) fn edge(&self, cell: u16) -> Timestamp {
        self.window.edge(cell, self.cells)
    }

    /// The cell of the selected message.
    pub(in crate::view) fn caret(&self) -> Option<u16> {
        self.window.cell(self.now, self.cells)
    }

    /// Does a cell begin behind the selected message?
    pub(in crate::view) fn is_ahead(&self, cell: u16) -> bool {
        self.edge(cell) > self.now
    }
}

/// `│0 s      │5 s  ▲   │10 s`, in seconds since the first frame, as in the ladder.
pub(in crate::view) fn draw(axis: &Axis, start: Option<Timestamp>, canvas: &mut Canvas<'_>) {
    let (window, cells) = (axis.window, axis.cells);
    let origin = start.unwrap_or(window.start());
    let from = window.start().since(origin).max(0) as u64;
    if let Some(step) = step(from, window.span(), cells) {
        let mut at = from.div_ceil(step) * step;
        while let Some(cell) = window.cell(Timestamp(origin.0 + at), cells) {
            canvas.text(LABEL + cell, 0, canvas.look.glyphs.vertical, Tone::Dim);
            let end = cell + width(at, step) as u16;
            let is_free = !axis.caret().is_some_and(|it| (cell..end).contains(&it));
            if is_free && end <= cells {
                canvas.text(LABEL + cell + 1, 0, &label(at, step), Tone::Dim);
            }
            at += step;
        }
    }
    if let Some(caret) = axis.caret() {
        canvas.text(LABEL + caret, 0, canvas.look.glyphs.caret, Tone::Strong);
    }
    let span = |span: u64| duration(span as i64);
    let shown = if window == axis.whole {
        format!("all {}", span(window.span()))
    } else {
        format!("{} of {}", span(window.span()), span(axis.whole.span()))
    };
    canvas.text(LABEL + cells + 1, 0, &shown, Tone::Dim);
}

/// The shortest span between ticks whose labels do not touch; it may be longer than what is shown.
fn step(from: u64, span: u64, cells: u16) -> Option<u64> {
    let short = (0..10).flat_map(|power| [1, 2, 5].map(|digit| digit * 10u64.pow(power)));
    let all = short.filter(|step| *step < LONG[0]).chain(LONG);
    let columns = |step: u64| (u128::from(step) * u128::from(cells) / u128::from(span)) as usize;
    let last = from.saturating_add(span);
    all.into_iter()
        .find(|step| columns(*step) > width(last, *step))
        .filter(|_| cells > 0)
}

/// Columns of a tick with its label.
fn width(at: u64, step: u64) -> usize {
    label(at, step).len() + 2
}

/// As many decimals as it takes to tell two ticks apart.
fn label(at: u64, step: u64) -> String {
    if step >= HOUR {
        return format!("{} h", at / HOUR);
    }
    if step >= MINUTE {
        return format!("{} min", at / MINUTE);
    }
    let decimals = (0..9).find(|power| step.is_multiple_of(SECOND / 10u64.pow(*power)));
    let decimals = decimals.unwrap_or(9) as usize;
    let (whole, nanos) = (at / SECOND, format!("{:09}", at % SECOND));
    match decimals {
        0 => format!("{whole} s"),
        decimals => format!("{whole}.{} s", &nanos[..decimals]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn labels_have_the_decimals_that_tell_them_apart() {
        assert_eq!(label(12_500_000_000, SECOND / 2), "12.5 s");
        assert_eq!(label(12_000_000_000, SECOND), "12 s");
        assert_eq!(label(9_954_120_000, 20_000), "9.95412 s");
        assert_eq!(label(80 * MINUTE, 20 * MINUTE), "80 min");
        assert_eq!(label(7 * HOUR, HOUR), "7 h");
    }

    #[test]
    fn a_minute_has_a_tick_every_ten_seconds() {
        assert_eq!(step(0, 60 * SECOND, 48), Some(10 * SECOND));
        assert_eq!(step(0, 60 * SECOND, 150), Some(5 * SECOND));
        assert_eq!(step(0, 1000, 3), Some(5000));
    }

    proptest! {
        #[test]
        fn labels_do_not_touch(from in 0u64..1 << 55, span in 1000u64..1 << 55, cells in 1u16..300) {
            if let Some(step) = step(from, span, cells) {
                let ticks = span / step;
                prop_assert!(ticks <= u64::from(cells), "{} ticks", ticks);
                let columns = u128::from(step) * u128::from(cells) / u128::from(span);
                prop_assert!(columns as usize > label(from + span, step).len());
            }
        }
    }
}
