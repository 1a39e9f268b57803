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

/// The pieces of one peer, by how it spoke of them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pieces {
    announced: Announced,
    /// All that it named.
    named: Set,
    /// Those of them that a `have` was the first to name.
    later: Set,
}

impl Pieces {
    /// How the peer announced them.
    pub fn announced(&self) -> Announced {
        self.announced
    }

    /// A bitfield replaces what was said before.
    pub fn set_bitfield(&mut self, bytes: &[u8]) {
        *self = Pieces {
            announced: Announced::Bitfield(bytes.len() as u32),
            named: Set::of_bits(bytes),
            later: Set::default(),
        };
    }

    /// `have_all`
    pub fn set_all(&mut self) {
        *self = Pieces {
            announced: Announced::All,
            ..Pieces::default()
        };
    }

    /// `have_none`
    pub fn set_none(&mut self) {
        *self = Pieces {
            announced: Announced::None,
            ..Pieces::default()
        };
    }

    /// `have`
    pub fn insert(&mut self, piece: PieceIndex) {
        if self.announced == Announced::Nothing {
            self.announced = Announced::Have;
        }
        if self.announced != Announced::All && self.named.insert(piece.0) {
            self.later.insert(piece.0);
        }
    }

    /// True if the peer said that it has the piece.
    pub fn contains(&self, piece: PieceIndex) -> bool {
        self.announced == Announced::All || self.named.contains(piece.0)
    }

    /// Pieces of `range` that the peer has.
    pub fn count(&self, range: Range<u32>) -> u32 {
        if self.announced == Announced::All {
            return range.len() as u32;
        }
        self.named.count(range)
    }

    /// Those of them that it named first with a `have`.
    pub fn count_later(&self, range: Range<u32>) -> u32 {
        self.later.count(range)
    }

    /// Pieces of `range` that both have.
    pub fn count_common(&self, other: &Pieces, range: Range<u32>) -> u32 {
        match (self.announced, other.announced) {
            (Announced::All, _) => other.count(range),
            (_, Announced::All) => self.count(range),
            _ => self.named.count_common(&other.named, range),
        }
    }

    /// The highest piece that was named, if any.
    pub fn last(&self) -> Option<PieceIndex> {
        self.named.last().map(PieceIndex)
    }

    /// Its pieces in words of 64, the lowest bit the first, by the word's number. Of a peer that said `have_all` there
    /// are none: it has as many as there are.
    pub fn words(&self) -> impl Iterator<Item = (u32, u64)> {
        self.named.chunks.iter().flat_map(|(number, chunk)| {
            let first = number * (CHUNK / WORD);
            (first..).zip(**chunk).filter(|(_, word)| *word != 0)
        })
    }

    /// Bytes that a copy takes, nearly.
    pub(super) fn weight(&self) -> usize {
        self.named.weight() + self.later.weight()
    }
}

/// A set of piece indices. Indices come from strangers, so the map is sparse: one absurd index costs one chunk,
/// not a gigabyte.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Set {
    chunks: BTreeMap<u32, Box<Chunk>>,
}

impl Set {
    fn of_bits(bytes: &[u8]) -> Set {
        let mut set = Set::default();
        for (number, bytes) in bytes.chunks(CHUNK as usize / 8).enumerate() {
            let mut chunk = Box::new([0; (CHUNK / WORD) as usize]);
            for (word, bytes) in chunk.iter_mut().zip(bytes.chunks(8)) {
                *word = bytes.iter().enumerate().fold(0, |word, (at, byte)| {
                    word | u64::from(byte.reverse_bits()) << (8 * at)
                });
            }
            if chunk.iter().any(|word| *word != 0) {
                set.chunks.insert(number as u32, chunk);
            }
        }
        set
    }

    /// False if it was there.
    fn insert(&mut self, index: u32) -> bool {
        let chunk = self
            .chunks
            .entry(index / CHUNK)
            .or_insert_with(|| Box::new([0; (CHUNK / WORD) as usize]));
        let word = &mut chunk[(index % CHUNK / WORD) as usize];
        let bit = 1 << (index % WORD);
        let is_new = *word & bit == 0;
        *word |= bit;
        is_new
    }

    fn contains(&self, index: u32) -> bool {
        let chunk = self.chunks.get(&(index / CHUNK));
        chunk.is_some_and(|chunk| chunk[(index % CHUNK / WORD) as usize] >> (index % WORD) & 1 == 1)
    }

    fn count(&self, range: Range<u32>) -> u32 {
        let chunks = self.chunks.range(range.start / CHUNK..=range.end / CHUNK);
        chunks
            .map(|(number, chunk)| count_in(number * CHUNK, &range, |at| chunk[at]))
            .sum()
    }

    fn count_common(&self, other: &Set, range: Range<u32>) -> u32 {
        let chunks = self.chunks.range(range.start / CHUNK..=range.end / CHUNK);
        let shared =
            chunks.filter_map(|(number, chunk)| Some((number, chunk, other.chunks.get(number)?)));
        shared
            .map(|(number, one, two)| count_in(number * CHUNK, &range, |at| one[at] & two[at]))
            .sum()
    }

    fn last(&self) -> Option<u32> {
        let (number, chunk) = self.chunks.last_key_value()?;
        let (at, word) = chunk.iter().enumerate().rfind(|(_, word)| **word != 0)?;
        Some(number * CHUNK + at as u32 * WORD + word.ilog2())
    }

    fn weight(&self) -> usize {
        self.chunks.len() * (size_of::<Chunk>() + 32)
    }
}

fn count_in(first: u32, range: &Range<u32>, word: impl Fn(usize) -> u64) -> u32 {
    let from = range.start.saturating_sub(first);
    let to = (range.end - first.min(range.end)).min(CHUNK);
    let mut count = 0;
    let mut at = from;
    while at < to {
        let (word, low) = (word((at / WORD) as usize), at % WORD);
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
        assert_eq!(
            (pieces.named.chunks.len(), pieces.later.chunks.len()),
            (1, 1)
        );
    }

    #[test]
    fn a_have_of_what_the_bitfield_named_is_no_news() {
        let mut pieces = Pieces::default();
        pieces.set_bitfield(&[0x80]);
        (0..3).for_each(|index| pieces.insert(PieceIndex(index)));
        assert_eq!((pieces.count(0..8), pieces.count_later(0..8)), (3, 2));
        pieces.set_all();
        assert_eq!((pieces.count(0..8), pieces.count_later(0..8)), (8, 0));
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
            let ones = pieces.words().flat_map(|(number, word)| {
                (0..WORD).filter(move |bit| word >> bit & 1 == 1).map(move |bit| number * WORD + bit)
            });
            prop_assert_eq!(ones.collect::<BTreeSet<u32>>(), indices);
        }

        #[test]
        fn what_two_have_is_what_each_has(
            indices in proptest::collection::btree_set(0u32..10_000, 0..100),
            others in proptest::collection::btree_set(0u32..10_000, 0..100), from in 0u32..10_000, len in 0u32..10_000
        ) {
            let [mut one, mut two, mut all] = [Pieces::default(), Pieces::default(), Pieces::default()];
            indices.iter().for_each(|index| one.insert(PieceIndex(*index)));
            others.iter().for_each(|index| two.insert(PieceIndex(*index)));
            all.set_all();
            let range = from..from + len;
            let both = indices.intersection(&others).filter(|index| range.contains(index));
            prop_assert_eq!(one.count_common(&two, range.clone()), both.count() as u32);
            prop_assert_eq!(one.count_common(&all, range.clone()), one.count(range.clone()));
            prop_assert_eq!(all.count_common(&one, range.clone()), one.count(range));
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
