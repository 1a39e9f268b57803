//! Work that takes longer than a key may, in slices. The loop asks for the next slice while no key waits.

use super::App;

/// Entries of a slice: some two milliseconds.
const SLICE: usize = 20_000;

/// Is there more to do?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Ask again.
    More,
    /// Not before the capture grows or a key is pressed.
    Done,
}

impl App {
    /// Does one slice.
    pub fn work(&mut self) -> Work {
        if self.rows.step(&self.store, SLICE) {
            Work::Done
        } else {
            Work::More
        }
    }

    /// Does all that there is to do.
    pub fn settle(&mut self) {
        while self.work() == Work::More {}
    }
}
