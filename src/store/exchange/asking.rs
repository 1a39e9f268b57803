//! What one side of a connection has asked for.

use std::collections::{HashMap, HashSet, VecDeque};

use crate::wire::{Block, PieceIndex};

/// Requests of a side that are remembered; clients accept 250 to 2000. Beyond it a block counts as asked for.
const MAX_OPEN: usize = 4096;

/// A place in a torrent.
type Place = (PieceIndex, u32);

/// The requests of one side that wait, and those that were taken back.
#[derive(Clone, Debug, Default)]
pub(super) struct Asking {
    /// Is every word of it known, from its handshake on?
    pub(super) is_known: bool,
    open: HashMap<Place, VecDeque<u32>>,
    len: usize,
    beyond: usize,
    withdrawn: HashSet<Place>,
}

/// Why a block came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cause {
    Asked,
    /// It had been asked for and was taken back: by a cancel that it passed on the way, or by a choke.
    TakenBack,
    Unasked,
    /// Words of who would have asked are missing.
    Unknown,
}

impl Asking {
    pub(super) fn ask(&mut self, block: Block) {
        if self.len == MAX_OPEN {
            self.beyond += 1;
            return;
        }
        let waiting = self.open.entry(place(block)).or_default();
        waiting.push_back(block.length);
        self.len += 1;
    }

    /// A piece answers the oldest request of its index and begin; its length may differ.
    pub(super) fn answer(&mut self, block: Block) -> Cause {
        let place = place(block);
        if self.take(place, |_| true) {
            return Cause::Asked;
        }
        if self.withdrawn.remove(&place) {
            return Cause::TakenBack;
        }
        match (self.beyond, self.is_known) {
            (1.., _) => {
                self.beyond -= 1;
                Cause::Asked
            }
            (0, true) => Cause::Unasked,
            (0, false) => Cause::Unknown,
        }
    }

    /// The other side refuses: it owes nothing any more.
    pub(super) fn refuse(&mut self, block: Block) {
        self.take(place(block), |length| length == block.length);
    }

    pub(super) fn cancel(&mut self, block: Block) {
        if self.take(place(block), |length| length == block.length) {
            self.withdraw(place(block));
        }
    }

    /// A choke drops what waits.
    pub(super) fn drop_all(&mut self) {
        let open = std::mem::take(&mut self.open);
        (self.len, self.beyond) = (0, 0);
        open.into_keys().for_each(|place| self.withdraw(place));
    }

    /// A bounded number of places: where one is forgotten, nobody is accused of what came there.
    fn withdraw(&mut self, place: Place) {
        if self.withdrawn.len() == MAX_OPEN {
            self.withdrawn.clear();
            self.is_known = false;
        }
        self.withdrawn.insert(place);
    }

    fn take(&mut self, place: Place, is_it: impl Fn(u32) -> bool) -> bool {
        let Some(waiting) = self.open.get_mut(&place) else {
            return false;
        };
        let found = waiting.iter().position(|length| is_it(*length));
        let is_there = found.and_then(|at| waiting.remove(at)).is_some();
        if waiting.is_empty() {
            self.open.remove(&place);
        }
        self.len -= usize::from(is_there);
        is_there
    }
}

fn place(block: Block) -> Place {
    (block.index, block.begin)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(index: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin: 0,
            length: 9,
        }
    }

    fn known() -> Asking {
        Asking {
            is_known: true,
            ..Asking::default()
        }
    }

    #[test]
    fn a_request_is_answered_once() {
        let mut asking = known();
        asking.ask(block(1));
        assert_eq!(asking.answer(block(1)), Cause::Asked);
        assert_eq!(asking.answer(block(1)), Cause::Unasked);
    }

    #[test]
    fn a_block_that_passed_its_cancel_was_taken_back() {
        let mut asking = known();
        asking.ask(block(1));
        asking.cancel(block(1));
        asking.ask(block(2));
        asking.drop_all();
        assert_eq!(asking.answer(block(1)), Cause::TakenBack);
        assert_eq!(asking.answer(block(2)), Cause::TakenBack);
        assert_eq!(asking.answer(block(2)), Cause::Unasked);
    }

    #[test]
    fn a_block_after_its_reject_is_unasked() {
        let mut asking = known();
        asking.ask(block(1));
        asking.refuse(block(1));
        assert_eq!(asking.answer(block(1)), Cause::Unasked);
    }

    #[test]
    fn where_words_are_missing_nobody_is_accused() {
        assert_eq!(Asking::default().answer(block(1)), Cause::Unknown);
        let mut flooded = known();
        (0..=MAX_OPEN as u32).for_each(|index| flooded.ask(block(index)));
        assert_eq!(flooded.answer(block(99_999)), Cause::Asked);
        assert_eq!(flooded.answer(block(99_999)), Cause::Unasked);
    }
}
