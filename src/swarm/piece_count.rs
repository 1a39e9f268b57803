//! How many pieces a torrent has, when nobody has said so.

use std::collections::BTreeMap;

use crate::wire::PieceIndex;

/// More pieces than this no client accepts (libtorrent: 0x200000). Indices above it are somebody's error.
pub const MAX_PIECES: u32 = 1 << 21;
/// Different lengths of bitfields that are remembered: honest peers all send the same.
const MAX_LENGTHS: usize = 16;

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
}

impl PieceCount {
    pub(super) fn exists(&mut self, index: PieceIndex) {
        if index.0 < MAX_PIECES {
            self.at_least = self.at_least.max(index.0 + 1);
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
    }

    /// What was said of the same torrent under another hash.
    pub(super) fn absorb(&mut self, other: PieceCount) {
        self.at_least = self.at_least.max(other.at_least);
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
            Some(bytes) => Some(self.at_least.clamp(8 * (bytes - 1) + 1, 8 * bytes)),
            None => Some(self.at_least).filter(|count| *count > 0),
        }
    }
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
}
