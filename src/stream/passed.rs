//! What is remembered of the bytes that were handed on: where to read them again, and which never came.

use std::collections::VecDeque;
use std::ops::Range;

use crate::capture::FilePosition;

/// Runs of delivered bytes that are remembered, per direction. With [`RUN`] that is at least the last mebibyte.
const MAX_RUNS: usize = 64;
/// Bytes of a run before the next one begins.
const RUN: u64 = 16 << 10;
/// The same in packets of uTP.
const RUN_OF_PACKETS: u64 = 16;
/// Lost ranges that are remembered, per direction.
const MAX_LOST: usize = 64;

/// The latest delivered bytes and the frames that brought them: no payload is kept, only where it lies.
#[derive(Debug)]
pub(super) struct Delivered {
    runs: VecDeque<Run>,
    /// Offsets of a run before the next one begins.
    len: u64,
}

impl Default for Delivered {
    fn default() -> Delivered {
        Delivered {
            runs: VecDeque::new(),
            len: RUN,
        }
    }
}

/// Bytes without a hole between them. All frames that brought them lie at or behind `since`.
#[derive(Debug)]
struct Run {
    range: Range<u64>,
    since: FilePosition,
}

impl Delivered {
    /// Whose offsets count packets.
    pub(super) fn of_packets() -> Delivered {
        Delivered {
            len: RUN_OF_PACKETS,
            ..Delivered::default()
        }
    }

    /// Nothing is remembered any more.
    pub(super) fn clear(&mut self) {
        self.runs = VecDeque::new();
    }

    pub(super) fn push(&mut self, range: Range<u64>, at: FilePosition) {
        if let Some(last) = self.runs.back_mut()
            && last.range.end == range.start
            && last.range.end - last.range.start < self.len
        {
            last.range.end = range.end;
            last.since = last.since.min(at);
            return;
        }
        if self.runs.len() == MAX_RUNS {
            self.runs.pop_front();
        }
        self.runs.push_back(Run { range, since: at });
    }

    /// From where on the file holds bytes of `range`, as far as they are remembered.
    pub(super) fn since(&self, range: &Range<u64>) -> Option<FilePosition> {
        let newest_first = self.runs.iter().rev();
        let near = newest_first.take_while(|run| run.range.end > range.start);
        near.filter(|run| run.range.start < range.end)
            .map(|run| run.since)
            .min()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty()
    }
}

/// Ranges of the stream that were given up as gaps, in order. The oldest are forgotten.
#[derive(Debug, Default)]
pub(super) struct Lost {
    ranges: VecDeque<Range<u64>>,
}

impl Lost {
    /// `range` lies behind all before it.
    pub(super) fn push(&mut self, range: Range<u64>) {
        if self.ranges.len() == MAX_LOST {
            self.ranges.pop_front();
        }
        self.ranges.push_back(range);
    }

    /// How many bytes of `range` were lost; they are no longer.
    pub(super) fn find(&mut self, range: &Range<u64>) -> u64 {
        let mut found = 0;
        let mut at = 0;
        while let Some(lost) = self.ranges.get(at).cloned() {
            let both = lost.start.max(range.start)..lost.end.min(range.end);
            if both.is_empty() {
                at += 1;
                continue;
            }
            found += both.end - both.start;
            let rest = [lost.start..both.start, both.end..lost.end];
            self.ranges.remove(at);
            for rest in rest.into_iter().filter(|rest| !rest.is_empty()) {
                self.ranges.insert(at, rest);
                at += 1;
            }
        }
        while self.ranges.len() > MAX_LOST {
            self.ranges.pop_front();
        }
        found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_place_of_the_latest_bytes_is_known_to_a_run() {
        let mut delivered = Delivered::default();
        for segment in 0..4000 {
            delivered.push(segment * 1000..(segment + 1) * 1000, FilePosition(segment));
        }
        assert_eq!(delivered.runs.len(), MAX_RUNS);
        let found = delivered.since(&(3_999_000..4_000_000)).unwrap();
        assert!((3983..=3999).contains(&found.0), "{found:?}");
        assert_eq!(delivered.since(&(0..1000)), None, "long ago");
    }

    #[test]
    fn a_run_begins_with_the_earliest_of_its_frames() {
        let mut delivered = Delivered::default();
        delivered.push(0..10, FilePosition(5));
        delivered.push(10..20, FilePosition(3));
        assert_eq!(delivered.since(&(0..1)), Some(FilePosition(3)));
    }

    #[test]
    fn what_was_lost_is_found_once() {
        let mut lost = Lost::default();
        lost.push(10..20);
        lost.push(30..40);
        assert_eq!(lost.find(&(12..14)), 2);
        assert_eq!(lost.find(&(0..35)), 8 + 5);
        assert_eq!(lost.find(&(0..35)), 0);
        assert_eq!(lost.find(&(30..100)), 5);
    }

    #[test]
    fn lost_ranges_are_bounded_and_the_oldest_forgotten() {
        let mut lost = Lost::default();
        (0..1000).for_each(|at| lost.push(at * 10..at * 10 + 5));
        assert_eq!((lost.ranges.len(), lost.find(&(0..5))), (MAX_LOST, 0));
        for lost_range in 940..1000 {
            lost.find(&(lost_range * 10 + 2..lost_range * 10 + 3));
        }
        assert_eq!(lost.ranges.len(), MAX_LOST);
    }
}
