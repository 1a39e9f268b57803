//! Which blocks each peer has received.

use std::collections::{HashMap, HashSet};

use crate::wire::Block;

/// The block that every client asks for, but for the last of a torrent.
const USUAL: u32 = 1 << 14;
/// Groups of 64 usual blocks that are remembered: a terabyte received by one peer, some forty megabytes here.
const MAX_GROUPS: usize = 1 << 20;
/// Blocks of another length or place: the last of a torrent, and whatever else somebody sends.
const MAX_OTHERS: usize = 1 << 18;

/// A bit for each usual block that a peer received, and a record for each other.
#[derive(Clone, Debug, Default)]
pub(super) struct Blocks {
    /// By peer, piece, and which 64 blocks of it.
    groups: HashMap<(u32, u32, u32), u64>,
    others: HashSet<(u32, Block)>,
}

/// How often a peer has received a block so far.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Receipt {
    First,
    Again,
    /// There is no room to remember it.
    Unwatched,
}

impl Blocks {
    /// Takes a block that a peer has received.
    pub(super) fn receive(&mut self, peer: u32, block: Block) -> Receipt {
        if block.length == USUAL && block.begin.is_multiple_of(USUAL) {
            self.receive_usual(peer, block)
        } else {
            self.receive_other(peer, block)
        }
    }

    fn receive_usual(&mut self, peer: u32, block: Block) -> Receipt {
        let number = block.begin / USUAL;
        let key = (peer, block.index.0, number / u64::BITS);
        if self.groups.len() >= MAX_GROUPS && !self.groups.contains_key(&key) {
            return Receipt::Unwatched;
        }
        let (group, bit) = (
            self.groups.entry(key).or_default(),
            1 << (number % u64::BITS),
        );
        let is_first = *group & bit == 0;
        *group |= bit;
        receipt(is_first)
    }

    fn receive_other(&mut self, peer: u32, block: Block) -> Receipt {
        if self.others.len() >= MAX_OTHERS && !self.others.contains(&(peer, block)) {
            return Receipt::Unwatched;
        }
        receipt(self.others.insert((peer, block)))
    }
}

fn receipt(is_first: bool) -> Receipt {
    if is_first {
        Receipt::First
    } else {
        Receipt::Again
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PieceIndex;

    fn block(index: u32, begin: u32, length: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin,
            length,
        }
    }

    #[test]
    fn a_block_is_received_again_by_the_same_peer_only() {
        let mut blocks = Blocks::default();
        for block in [block(7, USUAL * 65, USUAL), block(7, 1, 9)] {
            assert_eq!(blocks.receive(1, block), Receipt::First);
            assert_eq!(blocks.receive(2, block), Receipt::First);
            assert_eq!(blocks.receive(1, block), Receipt::Again);
        }
        assert_eq!(blocks.receive(1, block(7, USUAL, USUAL)), Receipt::First);
    }

    #[test]
    fn beyond_the_bound_what_is_known_stays_known() {
        let mut blocks = Blocks::default();
        for begin in 0..MAX_OTHERS as u32 {
            blocks.receive(0, block(0, begin, 1));
        }
        assert_eq!(blocks.receive(0, block(1, 0, 1)), Receipt::Unwatched);
        assert_eq!(blocks.receive(0, block(0, 0, 1)), Receipt::Again);
        assert_eq!(blocks.receive(0, block(1, 0, USUAL)), Receipt::First);
    }
}
