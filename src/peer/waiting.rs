//! The requests of one side that wait, found again by what they asked for.

use std::collections::{HashMap, VecDeque};

use crate::wire::{Block, PieceIndex};

/// Requests of one place that are looked through for the one of a length. Clients ask twice in the endgame; a flood
/// of one place must not make each message a walk through it.
const MAX_ALIKE: usize = 256;

/// So many newer requests make one be forgotten: its fate stays open. Clients accept 250 to 2000 at a time, and where
/// one direction was not captured nothing is ever answered.
const MAX_NEWER: u32 = 1 << 16;

/// The requests of one side that wait: the newer ones, and those before them.
#[derive(Clone, Debug, Default)]
pub(super) struct Waiting {
    old: Places,
    young: Places,
    count: u32,
}

/// Requests by their place, of each place the oldest first.
#[derive(Clone, Debug, Default)]
struct Places {
    oldest: HashMap<Place, Request>,
    /// Those of a place that is asked for already: few are.
    others: HashMap<Place, VecDeque<Request>>,
    len: u32,
}

type Place = (PieceIndex, u32);

#[derive(Clone, Copy, Debug)]
struct Request {
    row: u32,
    length: u32,
}

impl Waiting {
    /// How many wait.
    pub(super) fn count(&self) -> u32 {
        self.count
    }

    pub(super) fn push(&mut self, row: u32, block: Block) {
        if self.young.len == MAX_NEWER {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.push(row, block);
        self.count += 1;
    }

    /// A piece answers the oldest request of its index and begin; its length may differ.
    pub(super) fn answer(&mut self, block: Block) -> Option<u32> {
        let found = self.old.answer(block).or_else(|| self.young.answer(block));
        self.count -= u32::from(found.is_some());
        found
    }

    /// A reject and a cancel name the request exactly.
    pub(super) fn withdraw(&mut self, block: Block) -> Option<u32> {
        let found = self.old.withdraw(block);
        let found = found.or_else(|| self.young.withdraw(block));
        self.count -= u32::from(found.is_some());
        found
    }
}

impl Places {
    fn push(&mut self, row: u32, block: Block) {
        let (place, request) = ((block.index, block.begin), Request::new(row, block));
        self.len += 1;
        if let Some(older) = self.oldest.insert(place, request) {
            self.oldest.insert(place, older);
            self.others.entry(place).or_default().push_back(request);
        }
    }

    fn answer(&mut self, block: Block) -> Option<u32> {
        if self.len == 0 {
            return None;
        }
        let place = (block.index, block.begin);
        let answered = self.oldest.remove(&place)?;
        self.len -= 1;
        if let Some(next) = self.other(place, |_| true) {
            self.oldest.insert(place, next);
        }
        Some(answered.row)
    }

    fn withdraw(&mut self, block: Block) -> Option<u32> {
        let place = (block.index, block.begin);
        if self.oldest.get(&place)?.length == block.length {
            return self.answer(block);
        }
        let found = self.other(place, |request| request.length == block.length)?;
        self.len -= 1;
        Some(found.row)
    }

    fn other(&mut self, place: Place, is_it: impl Fn(&Request) -> bool) -> Option<Request> {
        if self.others.is_empty() {
            return None;
        }
        let others = self.others.get_mut(&place)?;
        let at = others.iter().take(MAX_ALIKE).position(is_it)?;
        let found = others.remove(at);
        if others.is_empty() {
            self.others.remove(&place);
        }
        found
    }
}

impl Request {
    fn new(row: u32, block: Block) -> Request {
        Request {
            row,
            length: block.length,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(length: u32) -> Block {
        Block {
            index: PieceIndex(1),
            begin: 0,
            length,
        }
    }

    /// Requests of one place and of these lengths.
    fn waiting(lengths: &[u32]) -> Waiting {
        let mut waiting = Waiting::default();
        for (row, length) in (0..).zip(lengths) {
            waiting.push(row, block(*length));
        }
        waiting
    }

    #[test]
    fn of_one_place_the_oldest_is_answered_first() {
        let mut waiting = waiting(&[3, 4, 5]);
        assert_eq!(
            [0; 4].map(|_| waiting.answer(block(9))),
            [Some(0), Some(1), Some(2), None]
        );
        assert_eq!((waiting.count(), waiting.young.others.len()), (0, 0));
    }

    #[test]
    fn what_is_withdrawn_is_the_one_of_its_length() {
        let mut waiting = waiting(&[3, 4, 5]);
        assert_eq!(
            [4, 4, 3, 5].map(|length| waiting.withdraw(block(length))),
            [Some(1), None, Some(0), Some(2)]
        );
    }

    #[test]
    fn a_flood_of_one_place_is_not_walked_through() {
        let lengths: Vec<u32> = (0..10_000).collect();
        let mut waiting = waiting(&lengths);
        assert_eq!(waiting.withdraw(block(9_999)), None);
        assert_eq!(
            (waiting.answer(block(0)), waiting.count()),
            (Some(0), 9_999)
        );
    }

    #[test]
    fn of_requests_that_nobody_answers_the_newest_are_remembered() {
        let mut waiting = Waiting::default();
        let at = |index| Block {
            index: PieceIndex(index),
            ..block(1)
        };
        (0..3 * MAX_NEWER).for_each(|row| waiting.push(row, at(row)));
        assert_eq!(
            (waiting.count(), waiting.old.len),
            (3 * MAX_NEWER, MAX_NEWER)
        );
        let found = [0, MAX_NEWER, 3 * MAX_NEWER - 1].map(|row| waiting.answer(at(row)));
        assert_eq!(found, [None, Some(MAX_NEWER), Some(3 * MAX_NEWER - 1)]);
    }
}
