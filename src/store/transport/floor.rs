//! The least of the last differences of two clocks: what is above it is time spent in queues (BEP 29).

use std::collections::VecDeque;

use crate::capture::Timestamp;

/// Nanoseconds for which a value counts: the two minutes of BEP 29.
const MEMORY: i64 = 120_000_000_000;
/// Values of so many nanoseconds are remembered by their least.
const SPAN: i64 = 10_000_000_000;
/// Spans that are remembered, whatever the clock of the capture does.
const MAX_SPANS: usize = 13;

/// The least difference of the last two minutes. How far apart the clocks are is in each of them, and in none of the
/// distances between them.
#[derive(Clone, Debug, Default)]
pub(super) struct Floor {
    /// When a span began, and the least in it.
    spans: VecDeque<(Timestamp, u32)>,
}

impl Floor {
    /// How far a difference lies above the least one, which it may be itself. They wrap.
    pub(super) fn above(&mut self, now: Timestamp, value: u32) -> u32 {
        while let Some((began, _)) = self.spans.front()
            && (now.since(*began) > MEMORY || self.spans.len() > MAX_SPANS)
        {
            self.spans.pop_front();
        }
        match self.spans.back_mut() {
            Some((began, least)) if now.since(*began) < SPAN => {
                if is_less(value, *least) {
                    *least = value;
                }
            }
            _ => self.spans.push_back((now, value)),
        }
        let leasts = self.spans.iter().map(|(_, least)| *least);
        let floor = leasts.fold(value, |a, b| if is_less(b, a) { b } else { a });
        value.wrapping_sub(floor)
    }
}

fn is_less(value: u32, other: u32) -> bool {
    (value.wrapping_sub(other) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn above(values: &[(u64, u32)]) -> Vec<u32> {
        let mut floor = Floor::default();
        let at = |seconds: u64| Timestamp::from_parts(seconds, 0);
        let each = values.iter();
        each.map(|(seconds, value)| floor.above(at(*seconds), *value))
            .collect()
    }

    #[test]
    fn a_delay_is_what_lies_above_the_least() {
        assert_eq!(
            above(&[(0, 500), (1, 700), (2, 400), (3, 450)]),
            [0, 200, 0, 50]
        );
    }

    #[test]
    fn differences_wrap() {
        assert_eq!(above(&[(0, u32::MAX - 9), (1, 40)]), [0, 50]);
    }

    #[test]
    fn the_least_is_forgotten_after_two_minutes() {
        assert_eq!(
            above(&[(0, 100), (60, 300), (120, 300), (131, 300)]),
            [0, 200, 200, 0]
        );
    }

    #[test]
    fn a_clock_that_goes_back_costs_no_memory() {
        let mut floor = Floor::default();
        for seconds in (0..10_000).rev() {
            floor.above(Timestamp::from_parts(seconds * 20, 0), 5);
        }
        assert!(floor.spans.len() <= MAX_SPANS + 1);
    }
}
