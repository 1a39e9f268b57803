//! The requests that one peer has sent and the other has not answered.

use std::collections::VecDeque;

use crate::wire::Block;

/// Requests remembered per direction. Clients accept 250 to 2000; beyond this only the number is kept.
pub const MAX_OUTSTANDING: usize = 4096;

/// Requests in flight, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    open: VecDeque<Block>,
    beyond: u32,
}

impl Requests {
    /// How many are unanswered.
    pub fn len(&self) -> usize {
        self.open.len() + self.beyond as usize
    }

    /// True when none is.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Those that are remembered, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Block> {
        self.open.iter()
    }

    pub(super) fn push(&mut self, block: Block) {
        if self.open.len() < MAX_OUTSTANDING {
            self.open.push_back(block);
        } else {
            self.beyond += 1;
        }
    }

    /// A piece answers the oldest request of its index and begin; its length may differ.
    pub(super) fn answer(&mut self, block: Block) {
        self.remove(|open| (open.index, open.begin) == (block.index, block.begin));
    }

    /// A reject and a cancel name the request exactly.
    pub(super) fn withdraw(&mut self, block: Block) {
        self.remove(|open| *open == block);
    }

    fn remove(&mut self, is_it: impl Fn(&Block) -> bool) {
        match self.open.iter().position(is_it) {
            Some(at) => _ = self.open.remove(at),
            None => self.beyond = self.beyond.saturating_sub(1),
        }
    }

    pub(super) fn clear(&mut self) {
        *self = Requests::default();
    }

    pub(super) fn weight(&self) -> usize {
        self.open.len() * size_of::<Block>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PieceIndex;

    fn block(index: u32, length: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin: 0,
            length,
        }
    }

    #[test]
    fn a_piece_of_another_length_answers_its_request() {
        let mut requests = Requests::default();
        requests.push(block(1, 16384));
        requests.answer(block(1, 1000));
        assert!(requests.is_empty());
    }

    #[test]
    fn a_piece_answers_no_request_of_another_begin() {
        let mut requests = Requests::default();
        requests.push(Block {
            begin: 16384,
            ..block(1, 16384)
        });
        requests.answer(block(1, 16384));
        assert_eq!(requests.len(), 1);
    }

    #[test]
    fn a_cancel_of_something_else_withdraws_nothing() {
        let mut requests = Requests::default();
        requests.push(block(1, 16384));
        requests.withdraw(block(1, 1000));
        assert_eq!(requests.len(), 1);
    }

    #[test]
    fn a_flood_of_requests_is_counted_and_not_kept() {
        let mut requests = Requests::default();
        (0..10_000).for_each(|index| requests.push(block(index, 1)));
        assert_eq!(
            (requests.len(), requests.iter().count()),
            (10_000, MAX_OUTSTANDING)
        );
    }
}
