//! How many pieces a torrent has, when nobody has said so.

use std::collections::BTreeMap;

use crate::wire::PieceIndex;

/// More pieces than this no client accepts (libtorrent: 0x200000). Indices above it are somebody's error.
pub const MAX_PIECES: u32 = 1 << 21;
/// Different lengths of bitfields that are remembered: honest peers all send the same.
const MAX_LENGTHS: usize = 16;
/// Claims of one number that are taken over from another name of the torrent.
const MAX_ABSORBED: u32 = 1024;

/// How a number of pieces is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Certainty {
    /// The info dictionary says so.
    Exact,
    /// Peers' messages let guess it.
    Inferred,
}

/// Evidence for the number of pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PieceCount {
    /// One more than the highest piece known to exist, by evidence other than bitfields' lengths.
    at_least: u32,
    /// Bytes of the bitfields seen, and how often each.
    lengths: BTreeMap<u32, u32>,
    /// Numbers of pieces of which a bitfield had exactly the last, and how often each: those of seeds look so.
    seeds: BTreeMap<u32, u32>,
    /// The highest numbers that were claimed, and how often each.
    claims: BTreeMap<u32, u32>,
}

impl PieceCount {
    pub(super) fn exists(&mut self, index: PieceIndex) {
        if index.0 < MAX_PIECES {
            self.claim(index.0 + 1);
        }
    }

    pub(super) fn bitfield(&mut self, bytes: &[u8]) {
        let len = bytes.len() as u32;
        if len == 0 || len > MAX_PIECES / 8 {
            return;
        }
        if self.lengths.len() < MAX_LENGTHS || self.lengths.contains_key(&len) {
            *self.lengths.entry(len).or_default() += 1;
        }
        if let Some(at) = bytes.iter().rposition(|byte| *byte != 0) {
            self.exists(PieceIndex(at as u32 * 8 + 7 - bytes[at].trailing_zeros()));
        }
        if let Some(count) = pieces_of_seed(bytes)
            && (self.seeds.len() < MAX_LENGTHS || self.seeds.contains_key(&count))
        {
            *self.seeds.entry(count).or_default() += 1;
        }
    }

    fn claim(&mut self, count: u32) {
        // Of what is far from the end there is nothing to learn: most messages end here.
        let least = self.claims.first_key_value().map_or(0, |(count, _)| *count);
        if count < least && self.claims.len() == MAX_LENGTHS {
            return;
        }
        self.at_least = self.at_least.max(count);
        *self.claims.entry(count).or_default() += 1;
        if self.claims.len() > MAX_LENGTHS {
            self.claims.pop_first();
        }
    }

    /// The number of pieces of those that look like seeds, if more of them agree than others claim more.
    fn seeded(&self) -> Option<u32> {
        let (count, seeds) = self
            .seeds
            .iter()
            .max_by_key(|(count, times)| (**times, **count))?;
        let more = self.claims.range(count + 1..).map(|(_, times)| times);
        (*seeds > 1 && *seeds > more.sum()).then_some(*count)
    }

    /// What was said of the same torrent under another hash.
    pub(super) fn absorb(&mut self, other: PieceCount) {
        for (claimed, times) in other.claims {
            (0..times.min(MAX_ABSORBED)).for_each(|_| self.claim(claimed));
        }
        for (count, times) in other.seeds {
            if self.seeds.len() < MAX_LENGTHS || self.seeds.contains_key(&count) {
                *self.seeds.entry(count).or_default() += times;
            }
        }
        for (len, times) in other.lengths {
            if self.lengths.len() < MAX_LENGTHS || self.lengths.contains_key(&len) {
                *self.lengths.entry(len).or_default() += times;
            }
        }
    }

    /// Bitfields that are not as long as those of a torrent of `count` pieces (BEP 3).
    pub fn misfits(&self, count: u32) -> u32 {
        let others = self
            .lengths
            .iter()
            .filter(|(len, _)| **len != count.div_ceil(8));
        others.map(|(_, times)| times).sum()
    }

    /// Pieces behind the last of `count` that somebody claimed to have: by a HAVE, or by a spare bit of a bitfield.
    pub fn beyond(&self, count: u32) -> bool {
        self.at_least > count
    }

    /// The best guess, always inferred: no bitfield of another length than most peers send is believed, and no
    /// index that lies behind that.
    pub fn estimate(&self) -> Option<u32> {
        let usual = self
            .lengths
            .iter()
            .max_by_key(|(len, times)| (**times, **len))
            .map(|(len, _)| *len);
        match usual {
            Some(bytes) => {
                let least = self.seeded().unwrap_or(self.at_least);
                Some(least.clamp(8 * (bytes - 1) + 1, 8 * bytes))
            }
            None => Some(self.at_least).filter(|count| *count > 0),
        }
    }
}

/// How many pieces there are if a bitfield is that of a seed: all bits up to one in its last byte, and none behind.
fn pieces_of_seed(bytes: &[u8]) -> Option<u32> {
    let (last, others) = bytes.split_last()?;
    let is_seed = *last != 0
        && last.leading_ones() == last.count_ones()
        && others.iter().all(|byte| *byte == 0xff);
    is_seed.then(|| others.len() as u32 * 8 + last.count_ones())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_said_is_nothing_known() {
        assert_eq!(PieceCount::default().estimate(), None);
    }

    #[test]
    fn the_last_bit_of_a_seed_gives_the_number() {
        let mut count = PieceCount::default();
        count.bitfield(&[0xff, 0xe0]);
        assert_eq!(count.estimate(), Some(11));
    }

    #[test]
    fn a_bitfield_bounds_absurd_indices() {
        let mut count = PieceCount::default();
        count.bitfield(&[0xf0, 0]);
        count.exists(PieceIndex(1_000_000));
        assert_eq!(count.estimate(), Some(16));
    }

    #[test]
    fn the_length_that_most_peers_send_counts() {
        let mut count = PieceCount::default();
        [&[0u8, 0][..], &[0, 0], &[0, 0, 0]]
            .into_iter()
            .for_each(|bytes| count.bitfield(bytes));
        assert_eq!(count.estimate(), Some(9));
    }

    #[test]
    fn haves_give_a_lower_bound() {
        let mut count = PieceCount::default();
        count.exists(PieceIndex(u32::MAX));
        count.exists(PieceIndex(41));
        assert_eq!(count.estimate(), Some(42));
    }

    #[test]
    fn several_seeds_are_believed_before_one_that_claims_more() {
        let mut count = PieceCount::default();
        count.bitfield(&[0xff, 0xff]);
        count.exists(PieceIndex(11));
        assert_eq!(count.estimate(), Some(16));
        (0..3).for_each(|_| count.bitfield(&[0xff, 0xe0]));
        assert_eq!(count.estimate(), Some(11));
        count.exists(PieceIndex(12));
        assert_eq!(count.estimate(), Some(16));
    }

    #[test]
    fn a_bitfield_with_holes_is_not_that_of_a_seed() {
        assert_eq!(pieces_of_seed(&[0xff, 0xa0]), None);
        assert_eq!(pieces_of_seed(&[0xfe, 0xc0]), None);
        assert_eq!(pieces_of_seed(&[0xff, 0]), None);
        assert_eq!(pieces_of_seed(&[0xff, 0xc0]), Some(10));
    }
}
