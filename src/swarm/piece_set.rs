//! A set of a torrent's pieces that is counted fast.

use std::ops::Range;

use crate::peer::{Announced, Pieces};
use crate::wire::PieceIndex;

/// Pieces in a word.
pub(super) const WORD: u32 = u64::BITS;
/// Words between two sums: a range is counted by two of them and a few words at its ends.
const STRIDE: usize = 8;

/// Pieces of a torrent of a known number of them. A set of none and a set of all hold no words: of a thousand seeds
/// each costs nothing.
///
/// Invariant: a set that is neither has `of` bits in `words`, none behind the last piece, and in `sums` how many are
/// set before each stride.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PieceSet {
    of: u32,
    len: u32,
    words: Vec<u64>,
    sums: Vec<u32>,
}

impl PieceSet {
    /// None of so many pieces.
    pub fn none(of: u32) -> PieceSet {
        PieceSet {
            of,
            ..PieceSet::default()
        }
    }

    /// How many there are.
    pub fn len(&self) -> u32 {
        self.len
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// True when there is every piece.
    pub fn is_complete(&self) -> bool {
        self.len == self.of && self.of > 0
    }

    /// Adds what a peer says it has. Indices behind the last piece are nobody's.
    pub fn add(&mut self, pieces: &Pieces) {
        match pieces.announced() {
            _ if self.is_complete() => {}
            Announced::All => self.fill(),
            _ => {
                self.unpack();
                for (number, word) in pieces.words() {
                    if let Some(mine) = self.words.get_mut(number as usize) {
                        *mine |= word;
                    }
                }
                self.pack();
            }
        }
    }

    /// Adds a piece; true if it was not there.
    pub fn insert(&mut self, piece: PieceIndex) -> bool {
        if piece.0 >= self.of || self.contains(piece) {
            return false;
        }
        self.unpack();
        let at = (piece.0 / WORD) as usize;
        self.words[at] |= 1 << (piece.0 % WORD);
        let later = self.sums.iter_mut().skip(at / STRIDE + 1);
        later.for_each(|sum| *sum += 1);
        self.len += 1;
        if self.is_complete() {
            self.fill();
        }
        true
    }

    /// True if the piece is there.
    pub fn contains(&self, piece: PieceIndex) -> bool {
        self.count(piece.0..piece.0.saturating_add(1)) > 0
    }

    /// Pieces of `range` that are there.
    pub fn count(&self, range: Range<u32>) -> u32 {
        let (from, to) = (range.start.min(self.of), range.end.min(self.of));
        self.before(to.max(from)) - self.before(from)
    }

    /// The words that hold any; nothing for a set of all.
    pub fn words(&self) -> &[u64] {
        &self.words
    }

    /// Bytes that it takes, nearly.
    pub fn weight(&self) -> usize {
        self.words.len() * size_of::<u64>() + self.sums.len() * size_of::<u32>()
    }

    /// How many of those before `piece` are there.
    fn before(&self, piece: u32) -> u32 {
        if self.words.is_empty() {
            return if self.len > 0 { piece } else { 0 };
        }
        let at = (piece / WORD) as usize;
        let stride = (at / STRIDE).min(self.sums.len() - 1);
        let whole = self.words[stride * STRIDE..at].iter();
        let ones: u32 = whole.map(|word| word.count_ones()).sum();
        let rest = self
            .words
            .get(at)
            .map_or(0, |word| word & low(piece % WORD));
        self.sums[stride] + ones + rest.count_ones()
    }

    fn fill(&mut self) {
        *self = PieceSet {
            len: self.of,
            ..PieceSet::none(self.of)
        };
    }

    /// Makes room for single pieces in a set that is not complete.
    fn unpack(&mut self) {
        if self.words.is_empty() {
            self.words = vec![0; self.of.div_ceil(WORD) as usize];
            self.sums = vec![0; self.words.len().div_ceil(STRIDE)];
        }
    }

    fn pack(&mut self) {
        if let Some(last) = self
            .words
            .last_mut()
            .filter(|_| !self.of.is_multiple_of(WORD))
        {
            *last &= low(self.of % WORD);
        }
        self.len = 0;
        for (sum, words) in self.sums.iter_mut().zip(self.words.chunks(STRIDE)) {
            *sum = self.len;
            self.len += words.iter().map(|word| word.count_ones()).sum::<u32>();
        }
        match self.len {
            0 => *self = PieceSet::none(self.of),
            len if len == self.of => self.fill(),
            _ => {}
        }
    }
}

/// The lowest so many bits, of fewer than 64.
pub(super) fn low(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn said(indices: &BTreeSet<u32>) -> Pieces {
        let mut pieces = Pieces::default();
        indices.iter().for_each(|it| pieces.insert(PieceIndex(*it)));
        pieces
    }

    #[test]
    fn a_set_of_all_holds_no_words() {
        let mut set = PieceSet::none(100);
        set.add(&said(&(0..99).collect()));
        assert!(set.weight() > 0 && !set.is_complete());
        assert!(set.insert(PieceIndex(99)) && !set.insert(PieceIndex(99)));
        assert_eq!((set.is_complete(), set.weight()), (true, 0));
        assert_eq!((set.len(), set.count(90..200)), (100, 10));
    }

    #[test]
    fn pieces_behind_the_last_are_not_counted() {
        let mut set = PieceSet::none(9);
        set.add(&said(&[8, 9, 70].into()));
        assert_eq!((set.len(), set.insert(PieceIndex(9))), (1, false));
    }

    proptest! {
        #[test]
        fn counts_equal_those_of_a_plain_set(
            of in 1u32..3000, first in proptest::collection::btree_set(0u32..3000, 0..300),
            then in proptest::collection::vec(0u32..3000, 0..20), from in 0u32..3000, len in 0u32..3000
        ) {
            let mut set = PieceSet::none(of);
            set.add(&said(&first));
            let mut plain: BTreeSet<u32> = first.into_iter().filter(|it| *it < of).collect();
            for piece in then {
                prop_assert_eq!(set.insert(PieceIndex(piece)), piece < of && plain.insert(piece));
            }
            prop_assert_eq!(set.count(from..from + len), plain.range(from..from + len).count() as u32);
            prop_assert_eq!(set.len(), plain.len() as u32);
        }
    }
}
