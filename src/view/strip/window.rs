//! The stretch of time that the strip shows, and how it moves.

use crate::capture::Timestamp;
use crate::store::{Store, Study};

/// Nanoseconds in a window at least: no capture tells times apart more finely than by some of them.
pub const MIN_SPAN: u64 = 1000;

/// A stretch of time: from its start, to before its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeWindow {
    start: Timestamp,
    span: u64,
}

impl TimeWindow {
    /// From `start` on, so many nanoseconds or [`MIN_SPAN`].
    pub fn new(start: Timestamp, span: u64) -> TimeWindow {
        TimeWindow {
            start,
            span: span.max(MIN_SPAN),
        }
    }

    /// All of a conversation, as long as is known. `None` before its first entry.
    pub fn whole(store: &Store, study: &Study) -> Option<TimeWindow> {
        let entries = store.connection(study.connection()).entries();
        let time = |id| store.entry(id).time;
        let (first, last) = (time(*entries.first()?), time(*entries.last()?));
        // Until the study has caught up, the last entry says how long it will be: the picture does not shrink.
        let end = study.latest().unwrap_or(last).max(last);
        let span = end.since(first).max(0) as u64;
        Some(TimeWindow::new(first, span.saturating_add(1)))
    }

    /// Its first moment.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// Its length in nanoseconds.
    pub fn span(&self) -> u64 {
        self.span
    }

    /// Is a moment in it?
    pub fn contains(&self, time: Timestamp) -> bool {
        time >= self.start && time.0 - self.start.0 < self.span
    }

    /// Of `width` cells, the one that holds a moment of the window.
    pub fn cell(&self, time: Timestamp, width: u16) -> Option<u16> {
        if !self.contains(time) {
            return None;
        }
        let since = u128::from(time.0 - self.start.0);
        Some((since * u128::from(width) / u128::from(self.span)) as u16)
    }

    /// The first moment of a cell. That behind the last begins where the window ends.
    pub fn edge(&self, cell: u16, width: u16) -> Timestamp {
        let cells = u128::from(self.span) * u128::from(cell);
        let since = cells.div_ceil(u128::from(width.max(1))) as u64;
        Timestamp(self.start.0.saturating_add(since))
    }

    /// A window of another length, as near to this one as it lies within `whole`.
    fn within(self, whole: TimeWindow) -> TimeWindow {
        let span = self.span.min(whole.span);
        let last = whole.start.0.saturating_add(whole.span - span);
        let start = Timestamp(self.start.0.clamp(whole.start.0, last));
        TimeWindow { start, span }
    }

    /// A window of `span` around a moment.
    fn around(time: Timestamp, span: u64) -> TimeWindow {
        TimeWindow::new(Timestamp(time.0.saturating_sub(span / 2)), span)
    }
}

/// Which part of the conversation the strip shows.
#[derive(Clone, Copy, Debug, Default)]
pub struct State {
    /// `None` is all of it.
    chosen: Option<Chosen>,
}

#[derive(Clone, Copy, Debug)]
struct Chosen {
    window: TimeWindow,
    /// Where the cursor stood then: as long as it stands there, the window may lie elsewhere.
    now: Timestamp,
}

/// How the window is to move.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Motion {
    /// Half of it, in the same width.
    ZoomIn,
    /// Twice of it.
    ZoomOut,
    /// Half a window earlier.
    Earlier,
    /// Half a window later.
    Later,
    /// All of it.
    Whole,
}

impl State {
    /// The window on a conversation of which `now` is the selected moment. It goes with the cursor when that leaves it.
    pub fn window(&self, whole: TimeWindow, now: Timestamp) -> TimeWindow {
        let Some(chosen) = self.chosen else {
            return whole;
        };
        let window = chosen.window.within(whole);
        if chosen.now == now || window.contains(now) {
            return window;
        }
        TimeWindow::around(now, window.span).within(whole)
    }

    /// Moves the window. What is zoomed stays under the cursor, or where that is elsewhere, in the middle.
    pub fn press(&mut self, motion: Motion, whole: TimeWindow, now: Timestamp) {
        let window = self.window(whole, now);
        let half = window.span / 2;
        let start = window.start.0;
        let window = match motion {
            Motion::ZoomIn => zoomed(window, half.max(MIN_SPAN), now),
            Motion::ZoomOut => zoomed(window, window.span.saturating_mul(2), now),
            Motion::Earlier => TimeWindow::new(Timestamp(start.saturating_sub(half)), window.span),
            Motion::Later => TimeWindow::new(Timestamp(start.saturating_add(half)), window.span),
            Motion::Whole => whole,
        };
        let window = window.within(whole);
        self.chosen = (window != whole).then_some(Chosen { window, now });
    }

    /// Remembers where the window went with the cursor, so that it goes on from there.
    pub fn settle(&mut self, whole: TimeWindow, now: Timestamp) {
        let window = self.window(whole, now);
        if let Some(chosen) = self.chosen.as_mut().filter(|chosen| chosen.now != now) {
            *chosen = Chosen { window, now };
        }
    }
}

fn zoomed(window: TimeWindow, span: u64, now: Timestamp) -> TimeWindow {
    let middle = Timestamp(window.start.0.saturating_add(window.span / 2));
    let anchor = if window.contains(now) { now } else { middle };
    let since = u128::from(anchor.0 - window.start.0) * u128::from(span) / u128::from(window.span);
    TimeWindow::new(Timestamp(anchor.0.saturating_sub(since as u64)), span)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const WHOLE: TimeWindow = TimeWindow {
        start: Timestamp(1_000_000),
        span: 64_000,
    };

    fn after(motions: &[Motion], now: u64) -> (u64, u64) {
        let mut state = State::default();
        for motion in motions {
            state.press(*motion, WHOLE, Timestamp(now));
        }
        let window = state.window(WHOLE, Timestamp(now));
        (window.start.0 - WHOLE.start.0, window.span)
    }

    use Motion::{Earlier, Later, Whole, ZoomIn, ZoomOut};

    #[test]
    fn a_zoom_leaves_the_cursor_where_it_is() {
        let now = 1_016_000;
        assert_eq!(after(&[ZoomIn], now), (8_000, 32_000));
        assert_eq!(after(&[ZoomIn, ZoomIn], now), (12_000, 16_000));
        assert_eq!(after(&[ZoomIn, ZoomIn, ZoomOut], now), (8_000, 32_000));
        assert_eq!(after(&[ZoomIn, ZoomOut, ZoomOut], now), (0, 64_000));
    }

    #[test]
    fn the_window_ends_with_the_conversation() {
        assert_eq!(after(&[ZoomIn, Earlier, Earlier], 1_000_000), (0, 32_000));
        assert_eq!(
            after(&[ZoomIn, Later, Later, Later], 1_000_000),
            (32_000, 32_000)
        );
        assert_eq!(after(&[ZoomIn, Later, Whole], 1_000_000), (0, 64_000));
    }

    #[test]
    fn there_is_no_window_of_nothing() {
        assert_eq!(after(&[ZoomIn; 80], 1_063_999).1, MIN_SPAN);
    }

    #[test]
    fn it_lies_elsewhere_until_the_cursor_moves() {
        let mut state = State::default();
        let now = Timestamp(1_001_000);
        state.press(ZoomIn, WHOLE, now);
        state.press(ZoomIn, WHOLE, now);
        state.press(Later, WHOLE, now);
        state.press(Later, WHOLE, now);
        assert!(!state.window(WHOLE, now).contains(now));
        assert!(
            state
                .window(WHOLE, Timestamp(1_002_000))
                .contains(Timestamp(1_002_000))
        );
    }

    #[test]
    fn it_goes_with_the_cursor_and_on_from_there() {
        let mut state = State::default();
        state.press(ZoomIn, WHOLE, Timestamp(1_000_000));
        state.settle(WHOLE, Timestamp(1_040_000));
        let went = state.window(WHOLE, Timestamp(1_040_000));
        assert_eq!(went, TimeWindow::new(Timestamp(1_024_000), 32_000));
        state.settle(WHOLE, Timestamp(1_030_000));
        assert_eq!(state.window(WHOLE, Timestamp(1_030_000)), went);
    }

    proptest! {
        #[test]
        fn a_moment_is_in_the_cell_between_its_edges(start in any::<u64>(), span in any::<u64>(), at in any::<u64>(), width in 1u16..300) {
            let window = TimeWindow::new(Timestamp(start >> 1), span >> 1);
            let time = Timestamp(window.start.0 + at % window.span);
            let cell = window.cell(time, width).unwrap();
            prop_assert!(cell < width);
            prop_assert!(window.edge(cell, width) <= time && time < window.edge(cell + 1, width));
            prop_assert_eq!(window.edge(width, width).0, window.start.0 + window.span);
        }

        #[test]
        fn no_keys_lead_out_of_the_conversation(
            pressed in proptest::collection::vec((prop::sample::select(vec![ZoomIn, ZoomOut, Earlier, Later, Whole]), 0u64..64_000), 0..60)
        ) {
            let mut state = State::default();
            for (motion, now) in pressed {
                let now = Timestamp(WHOLE.start.0 + now);
                let before = state.window(WHOLE, now);
                prop_assert!(before.contains(now) || state.chosen.is_some_and(|it| it.now == now));
                state.press(motion, WHOLE, now);
                let window = state.window(WHOLE, now);
                prop_assert_eq!(window.within(WHOLE), window);
            }
        }
    }
}
