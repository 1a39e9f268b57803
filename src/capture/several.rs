//! Several captures that are read as one, in the order of their times.

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{FilePosition, Source, Timestamp};

/// Bits of a position that are a place in one capture; those above them say in which.
const PLACE: u32 = 40;

/// Each capture has its own range of positions, so that a position alone finds a frame again.
#[derive(Debug)]
pub struct Several {
    all: Vec<Source>,
    marks: Mutex<Vec<Mark>>,
}

/// Where the reading of each capture was at one moment of the merge: from here it can be gone through again.
pub(super) type Mark = Vec<(FilePosition, Timestamp)>;

impl Several {
    /// Positions have 48 bits.
    pub const MOST: usize = 255;

    pub(super) fn new(all: Vec<Source>) -> Several {
        Several {
            all,
            marks: Mutex::default(),
        }
    }

    pub(super) fn all(&self) -> &[Source] {
        &self.all
    }

    /// Frames between two marks: the more captures, the bigger is a mark.
    pub(super) fn stride(&self) -> u32 {
        1024.max(64 * self.all.len() as u32)
    }

    /// Keeps the mark before the frame `number * stride`, if it is new.
    pub(super) fn mark(&self, number: u32, mark: impl FnOnce() -> Mark) {
        let mut marks = self.marks();
        if marks.len() == number as usize {
            marks.push(mark());
        }
    }

    /// The last mark before the frame at `position`.
    pub(super) fn before(&self, position: FilePosition) -> Option<Mark> {
        let file = file_at(position);
        let marks = self.marks();
        let is_before = |mark: &Mark| mark.get(file).is_some_and(|(at, _)| *at <= position);
        let next = marks.partition_point(is_before);
        marks.get(next.checked_sub(1)?).cloned()
    }

    fn marks(&self) -> MutexGuard<'_, Vec<Mark>> {
        self.marks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let Some(source) = self.all.get(file_at(FilePosition(offset))) else {
            return Ok(0);
        };
        source.read_at(into, offset & ((1 << PLACE) - 1))
    }
}

/// Where the positions of a capture begin.
pub(super) fn start_of(file: usize) -> u64 {
    (file as u64) << PLACE
}

pub(super) fn file_at(position: FilePosition) -> usize {
    (position.0 >> PLACE) as usize
}
