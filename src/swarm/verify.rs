//! Are the bytes of a piece those that the torrent means?

use std::ops::Range;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::Metainfo;
use super::trees::{Hash, LEAF, lead};
use crate::wire::PieceIndex;

/// What a piece hashes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PieceHash {
    /// SHA-1 of its bytes, which may be those of several files (BEP 3).
    Sha1([u8; 20]),
    /// The root of SHA-256 over its leaves, so many levels below it (BEP 52).
    Tree {
        /// The root.
        root: [u8; 32],
        /// Levels between it and the leaves.
        height: u32,
    },
}

/// The bytes of a piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Extent {
    /// How many.
    pub length: u64,
    /// Zeros that nobody sends (BEP 47).
    pub pads: Vec<Range<u64>>,
}

impl Metainfo {
    /// The bytes of a piece; `None` where the torrent does not say.
    pub fn extent(&self, piece: PieceIndex) -> Option<Extent> {
        self.pieces.filter(|count| piece.0 < *count)?;
        if self.piece_hashes().is_empty() {
            let length = self.trees.length(piece.0)?;
            return Some(Extent {
                length,
                pads: Vec::new(),
            });
        }
        let whole = self.piece_length?;
        let start = u64::from(piece.0).checked_mul(whole)?;
        let end = self.files.padded.min(start.checked_add(whole)?);
        let pads = &self.files.pads[self.files.pads.partition_point(|pad| pad.end <= start)..];
        let pads = pads.iter().take_while(|pad| pad.start < end);
        Some(Extent {
            length: end.checked_sub(start)?,
            pads: pads
                .map(|pad| pad.start.max(start) - start..pad.end.min(end) - start)
                .collect(),
        })
    }

    /// What a piece hashes to; `None` where the torrent does not say. Of a hybrid it is the hash of v1, which is there
    /// also where the info dictionary is all that is known.
    pub fn piece_hash(&self, piece: PieceIndex) -> Option<PieceHash> {
        self.pieces.filter(|count| piece.0 < *count)?;
        let hashes = self.piece_hashes().as_chunks().0;
        if !hashes.is_empty() {
            return hashes.get(piece.0 as usize).copied().map(PieceHash::Sha1);
        }
        let root = self.trees.root(piece.0)?;
        Some(PieceHash::Tree {
            root: root.hash,
            height: root.height,
        })
    }
}

/// A piece that is being hashed: it takes the bytes in their order and keeps none.
#[derive(Clone, Debug)]
pub struct Check(Hashing);

#[derive(Clone, Debug)]
enum Hashing {
    Sha1 {
        wanted: [u8; 20],
        hash: Sha1,
    },
    Tree {
        wanted: Hash,
        height: u32,
        leaves: Vec<Hash>,
        leaf: Sha256,
        taken: u64,
    },
}

impl Check {
    /// Of a piece that hashes to this, if it is right.
    pub fn new(wanted: PieceHash) -> Check {
        Check(match wanted {
            PieceHash::Sha1(wanted) => Hashing::Sha1 {
                wanted,
                hash: Sha1::new(),
            },
            PieceHash::Tree { root, height } => Hashing::Tree {
                wanted: root,
                height,
                leaves: Vec::new(),
                leaf: Sha256::new(),
                taken: 0,
            },
        })
    }

    /// Takes the next bytes.
    pub fn take(&mut self, bytes: &[u8]) {
        match &mut self.0 {
            Hashing::Sha1 { hash, .. } => hash.update(bytes),
            Hashing::Tree {
                leaves,
                leaf,
                taken,
                ..
            } => {
                let mut rest = bytes;
                while !rest.is_empty() {
                    let room = (LEAF - *taken).min(rest.len() as u64);
                    let (now, later) = rest.split_at(room as usize);
                    leaf.update(now);
                    *taken += room;
                    if *taken == LEAF {
                        leaves.push(leaf.finalize_reset().into());
                        *taken = 0;
                    }
                    rest = later;
                }
            }
        }
    }

    /// True if these were the bytes that the torrent means.
    pub fn is_right(self) -> bool {
        match self.0 {
            Hashing::Sha1 { wanted, hash } => wanted == <[u8; 20]>::from(hash.finalize()),
            Hashing::Tree {
                wanted,
                height,
                mut leaves,
                leaf,
                taken,
            } => {
                if taken > 0 {
                    leaves.push(leaf.finalize().into());
                }
                lead(leaves, 0, Some(height)) == Some(wanted)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn checks(wanted: PieceHash, parts: &[&[u8]]) -> bool {
        let mut check = Check::new(wanted);
        parts.iter().for_each(|part| check.take(part));
        check.is_right()
    }

    fn torrent(name: &str) -> Metainfo {
        let path = format!("{}/captures/{name}.torrent", env!("CARGO_MANIFEST_DIR"));
        Metainfo::of_file(&std::fs::read(path).unwrap()).unwrap()
    }

    #[test]
    fn bytes_may_come_in_any_parts() {
        let wanted = PieceHash::Sha1(Sha1::digest(b"abcdef").into());
        assert!(checks(wanted, &[b"abcdef"]) && checks(wanted, &[b"a", b"", b"bcdef"]));
        assert!(!checks(wanted, &[b"abcdeF"]) && !checks(wanted, &[]));
    }

    #[test]
    fn the_last_leaf_is_short_and_none_is_nothing() {
        let leaf = |bytes: &[u8]| Sha256::digest(bytes).to_vec();
        let pair = |left: Vec<u8>, right: Vec<u8>| leaf(&[left, right].concat());
        let bytes = vec![3; LEAF as usize + 5];
        let first = pair(leaf(&bytes[..LEAF as usize]), leaf(&bytes[LEAF as usize..]));
        let root = pair(first, pair(vec![0; 32], vec![0; 32]));
        let wanted = PieceHash::Tree {
            root: root.try_into().unwrap(),
            height: 2,
        };
        assert!(checks(wanted, &[&bytes[..7], &bytes[7..]]));
        assert!(!checks(wanted, &[&bytes[1..]]));
    }

    #[test]
    fn the_last_piece_is_shorter() {
        let links = torrent("links");
        let lengths = [0, 12, 13].map(|piece| links.extent(PieceIndex(piece)).map(|it| it.length));
        assert_eq!(lengths, [Some(16384), Some(5), None]);
    }

    #[test]
    fn every_piece_of_the_torrents_has_a_hash() {
        for name in [
            "dance", "hybrid", "links", "loopback", "lossy", "mse", "v2only",
        ] {
            let torrent = torrent(name);
            let count = torrent.pieces.unwrap();
            let all = (0..count).all(|piece| torrent.piece_hash(PieceIndex(piece)).is_some());
            assert!(all, "{name}");
            let bytes = (0..count).filter_map(|piece| torrent.extent(PieceIndex(piece)));
            let content = bytes
                .map(|it| it.length - it.pads.iter().map(|pad| pad.end - pad.start).sum::<u64>());
            assert_eq!(content.sum::<u64>(), torrent.files.length, "{name}");
            assert_eq!(torrent.piece_hash(PieceIndex(count)), None);
        }
    }

    proptest! {
        #[test]
        fn pads_lie_in_their_pieces(
            lengths in proptest::collection::vec((0u64..40_000, any::<bool>()), 1..12)
        ) {
            let file = |(length, is_pad): &(u64, bool)| {
                let attr = if *is_pad { "4:attr1:p" } else { "" };
                format!("d{attr}6:lengthi{length}e4:pathl1:aee")
            };
            let files: String = lengths.iter().map(file).collect();
            let count = lengths.iter().map(|it| it.0).sum::<u64>().div_ceil(16384) as usize;
            let hashes = format!("{}:{}", count * 20, "x".repeat(count * 20));
            let info = format!("d5:filesl{files}e4:name1:a12:piece lengthi16384e6:pieces{hashes}e");
            let torrent = Metainfo::of_info(info.as_bytes()).unwrap();
            let extents = (0..count as u32).filter_map(|piece| torrent.extent(PieceIndex(piece)));
            let extents: Vec<Extent> = extents.collect();
            prop_assert_eq!(extents.iter().map(|it| it.length).sum::<u64>(), torrent.files.padded);
            let pads: u64 = extents.iter().flat_map(|it| &it.pads).map(|pad| pad.end - pad.start).sum();
            prop_assert_eq!(pads, torrent.files.padded - torrent.files.length);
            prop_assert!(extents.iter().all(|it| it.pads.iter().all(|pad| pad.end <= it.length)));
        }
    }
}
