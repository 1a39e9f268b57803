//! What a receiver has of a stream, for tests that acknowledge like one.

use std::ops::Range;

/// How far a receiver has the stream without a hole.
#[derive(Default)]
pub(crate) struct Arrived {
    pub(crate) upto: usize,
    ranges: Vec<Range<usize>>,
}

impl Arrived {
    pub(crate) fn take(&mut self, range: &Range<usize>) {
        self.ranges.push(range.clone());
        while let Some(next) = self.ranges.iter().find(|it| it.contains(&self.upto)) {
            self.upto = next.end;
        }
    }
}
