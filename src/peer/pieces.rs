//! Which pieces a peer says it has.

use std::collections::BTreeMap;
use std::ops::Range;

use crate::wire::PieceIndex;

/// Pieces in one word of the map and in one chunk of it.
const WORD: u32 = u64::BITS;
const CHUNK: u32 = 4096;

type Chunk = [u64; (CHUNK / WORD) as usize];

/// How a peer has spoken of its pieces so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Announced {
    /// Not at all: by BEP 3 it may have nothing, or its bitfield is still to come.
    #[default]
    Nothing,
    /// With a bitfield of so many bytes.
    Bitfield(u32),
    /// `have_all` (BEP 6).
    All,
    /// `have_none` (BEP 6).
    None,
    /// With `have` alone.
    Have,
}

/// A set of piece indices. Indices come from strangers, so the map is sparse: one absurd index costs one chunk,
/// not a gigabyte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    announced: Announced,
    chunks: BTreeMap<u32, Box<Chunk>>,
}

impl Pieces {
    /// How the peer announced them.
    pub fn announced(&self) -> Announced {
        self.announced
    }

    /// A bitfield replaces what was said before.
    pub fn set_bitfield(&mut self, bytes: &[u8]) {
        self.chunks.clear();
        self.announced = Announced::Bitfield(bytes.len() as u32);
        for (number, bytes) in bytes.chunks(CHUNK as usize / 8).enumerate() {
            let mut chunk = Box::new([0; (CHUNK / WORD) as usize]);
            for (word, bytes) in chunk.iter_mut().zip(bytes.chunks(8)) {
                *word = bytes.iter().enumerate().fold(0, |word, (at, byte)| {
                    word | u64::from(byte.reverse_bits()) << (8 * at)
                });
            }
            if chunk.iter().any(|word| *word != 0) {
                self.chunks.insert(number as u32, chunk);
            }
        }
    }

    /// `have_all`
    pub fn set_all(&mut self) {
        *self = Pieces {
            announced: Announced::All,
            chunks: BTreeMap::new(),
        };
    }

    /// `have_none`
    pub fn set_none(&mut self) {
        *self = Pieces {
            announced: Announced::None,
            chunks: BTreeMap::new(),
        };
    }

    /// `have`
    pub fn insert(&mut self, piece: PieceIndex) {
        if self.announced == Announced::Nothing {
            self.announced = Announced::Have;
        }
        let chunk = self
            .chunks
            .entry(piece.0 / CHUNK)
            .or_insert_with(|| Box::new([0; (CHUNK / WORD) as usize]));
        chunk[(piece.0 % CHUNK / WORD) as usize] |= 1 << (piece.0 % WORD);
    }

    /// True if the peer said that it has the piece.
    pub fn contains(&self, piece: PieceIndex) -> bool {
        self.announced == Announced::All || self.count(piece.0..piece.0.saturating_add(1)) > 0
    }

    /// Pieces of `range` that the peer has.
    pub fn count(&self, range: Range<u32>) -> u32 {
        if self.announced == Announced::All {
            return range.len() as u32;
        }
        let chunks = self.chunks.range(range.start / CHUNK..=range.end / CHUNK);
        chunks
            .map(|(number, chunk)| count_in(chunk, number * CHUNK, &range))
            .sum()
    }

    /// The highest piece that was named, if any.
    pub fn last(&self) -> Option<PieceIndex> {
        let (number, chunk) = self.chunks.last_key_value()?;
        let (at, word) = chunk.iter().enumerate().rfind(|(_, word)| **word != 0)?;
        Some(PieceIndex(number * CHUNK + at as u32 * WORD + word.ilog2()))
    }

    /// Bytes that a copy takes, nearly.
    pub(super) fn weight(&self) -> usize {
        self.chunks.len() * (size_of::<Chunk>() + 32)
    }
}

fn count_in(chunk: &Chunk, first: u32, range: &Range<u32>) -> u32 {
    let from = range.start.saturating_sub(first);
    let to = (range.end - first.min(range.end)).min(CHUNK);
    let mut count = 0;
    let mut at = from;
    while at < to {
        let (word, low) = (chunk[(at / WORD) as usize], at % WORD);
        let high = (to - at + low).min(WORD);
        let mask = (u64::MAX << low) & (u64::MAX >> (WORD - high));
        count += (word & mask).count_ones();
        at += high - low;
    }
    count
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    #[test]
    fn bit_0x80_of_byte_0_is_piece_0() {
        let mut pieces = Pieces::default();
        pieces.set_bitfield(&[0b1000_0001, 0b0100_0000]);
        let set: Vec<u32> = (0..16)
            .filter(|index| pieces.contains(PieceIndex(*index)))
            .collect();
        assert_eq!(set, [0, 7, 9]);
        assert_eq!(pieces.last(), Some(PieceIndex(9)));
    }

    #[test]
    fn a_later_bitfield_replaces_the_earlier() {
        let mut pieces = Pieces::default();
        pieces.insert(PieceIndex(3));
        pieces.set_bitfield(&[0x80]);
        assert_eq!(
            (pieces.count(0..8), pieces.announced()),
            (1, Announced::Bitfield(1))
        );
    }

    #[test]
    fn all_of_any_number_are_there() {
        let mut pieces = Pieces::default();
        pieces.set_all();
        assert_eq!(
            (pieces.count(5..1000), pieces.contains(PieceIndex(u32::MAX))),
            (995, true)
        );
    }

    #[test]
    fn an_absurd_index_costs_one_chunk() {
        let mut pieces = Pieces::default();
        pieces.insert(PieceIndex(u32::MAX));
        assert!(pieces.contains(PieceIndex(u32::MAX)) || pieces.count(0..u32::MAX) == 0);
        assert_eq!(pieces.chunks.len(), 1);
    }

    proptest! {
        #[test]
        fn counts_equal_those_of_a_plain_set(
            indices in proptest::collection::btree_set(0u32..20_000, 0..200), from in 0u32..20_000, len in 0u32..20_000
        ) {
            let mut pieces = Pieces::default();
            indices.iter().for_each(|index| pieces.insert(PieceIndex(*index)));
            let expected = BTreeSet::range(&indices, from..from + len).count();
            prop_assert_eq!(pieces.count(from..from + len), expected as u32);
            prop_assert_eq!(pieces.last().map(|piece| piece.0), indices.last().copied());
        }

        #[test]
        fn a_bitfield_is_the_haves_of_its_bits(bytes in proptest::collection::vec(any::<u8>(), 0..1200)) {
            let mut pieces = Pieces::default();
            pieces.set_bitfield(&bytes);
            let ones: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
            prop_assert_eq!(pieces.count(0..bytes.len() as u32 * 8), ones);
            for (index, byte) in bytes.iter().enumerate() {
                prop_assert_eq!(pieces.contains(PieceIndex(index as u32 * 8)), byte & 0x80 != 0);
            }
        }
    }
}
