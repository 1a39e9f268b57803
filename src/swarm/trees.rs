//! What the pieces of a v2 torrent hash to: a tree of SHA-256 over each file (BEP 52).

use std::collections::HashMap;
use std::ops::Range;

use sha2::{Digest, Sha256};

/// A SHA-256.
pub(super) type Hash = [u8; 32];

/// BEP 52: leaves hash blocks of so many bytes.
pub(super) const LEAF: u64 = 16 * 1024;
/// Leaves that are missing behind the end of a file have this for a hash.
const NO_LEAF: Hash = [0; 32];

/// The trees of all files, in the order of their pieces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Trees {
    piece_length: u64,
    trees: Vec<Tree>,
}

/// One file's.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Tree {
    first_piece: u64,
    length: u64,
    root: Option<Hash>,
    /// The hash of each piece, where they came along and lead to the root.
    layer: Vec<Hash>,
}

/// The root that the leaves of a piece lead to, so many levels above them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Root {
    pub(super) hash: Hash,
    pub(super) height: u32,
}

impl Trees {
    /// Of files whose roots stand in `text`. Where pieces are no multiple of leaves there is nothing to go by.
    pub(super) fn of(
        text: &[u8],
        roots: &[(Option<Range<usize>>, u64)],
        piece_length: u64,
    ) -> Trees {
        if !piece_length.is_power_of_two() || piece_length < LEAF {
            return Trees::default();
        }
        let mut first_piece = 0;
        let trees = roots.iter().map(|(root, length)| {
            let tree = Tree {
                first_piece,
                length: *length,
                root: root.clone().and_then(|root| text[root].try_into().ok()),
                layer: Vec::new(),
            };
            first_piece += length.div_ceil(piece_length);
            tree
        });
        Trees {
            trees: trees.collect(),
            piece_length,
        }
    }

    /// Takes `piece layers`: of each root, the hashes of its pieces end to end. False if some lead elsewhere.
    pub(super) fn tell<'t>(&mut self, layers: impl Iterator<Item = (&'t [u8], &'t [u8])>) -> bool {
        let layers: HashMap<&[u8], &[u8]> = layers.collect();
        let height = self.height();
        let mut is_right = true;
        for tree in &mut self.trees {
            let Some(root) = tree.root else { continue };
            if let Some(layer) = layers.get(root.as_slice()) {
                let layer: Vec<Hash> = layer.as_chunks().0.to_vec();
                let is_whole = layer.len() as u64 == tree.length.div_ceil(self.piece_length);
                if is_whole && lead(layer.clone(), height, None) == Some(root) {
                    tree.layer = layer;
                } else {
                    is_right = false;
                }
            }
        }
        is_right
    }

    /// Levels between leaves and pieces.
    fn height(&self) -> u32 {
        (self.piece_length / LEAF).max(1).ilog2()
    }

    fn tree(&self, piece: u32) -> Option<(&Tree, u64)> {
        let piece = u64::from(piece);
        let behind = self.trees.partition_point(|tree| tree.first_piece <= piece);
        let tree = self.trees.get(behind.checked_sub(1)?)?;
        Some((tree, piece - tree.first_piece))
    }

    /// Bytes of a piece: the last one of each file may be shorter.
    pub(super) fn length(&self, piece: u32) -> Option<u64> {
        let (tree, at) = self.tree(piece)?;
        let left = tree.length.checked_sub(at * self.piece_length)?;
        Some(left.min(self.piece_length)).filter(|length| *length > 0)
    }

    /// What a piece hashes to, if that is known. A file of one piece is hashed by its root alone.
    pub(super) fn root(&self, piece: u32) -> Option<Root> {
        let (tree, at) = self.tree(piece)?;
        if tree.length <= self.piece_length {
            let leaves = tree.length.div_ceil(LEAF).next_power_of_two();
            let hash = tree.root.filter(|_| at == 0)?;
            return Some(Root {
                hash,
                height: leaves.ilog2(),
            });
        }
        let hash = *tree.layer.get(at as usize)?;
        Some(Root {
            hash,
            height: self.height(),
        })
    }
}

/// Where hashes at `level` above the leaves lead: to the one at `top`, or to the first that is alone.
pub(super) fn lead(mut hashes: Vec<Hash>, level: u32, top: Option<u32>) -> Option<Hash> {
    let mut absent = (0..level).fold(NO_LEAF, |absent, _| parent(&absent, &absent));
    let mut at = level;
    while top.map_or(hashes.len() > 1, |top| at < top) {
        let pairs = hashes.chunks(2);
        hashes = pairs
            .map(|pair| parent(&pair[0], pair.get(1).unwrap_or(&absent)))
            .collect();
        absent = parent(&absent, &absent);
        at += 1;
    }
    hashes.first().copied().filter(|_| hashes.len() == 1)
}

fn parent(left: &Hash, right: &Hash) -> Hash {
    Sha256::new()
        .chain_update(left)
        .chain_update(right)
        .finalize()
        .into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const H: Hash = [7; 32];

    #[test]
    fn an_odd_hash_is_paired_with_nothing() {
        let expected = parent(&parent(&H, &H), &parent(&H, &NO_LEAF));
        assert_eq!(lead(vec![H; 3], 0, None), Some(expected));
    }

    #[test]
    fn a_piece_cut_short_is_led_as_high_as_the_others() {
        let nothing = parent(&NO_LEAF, &NO_LEAF);
        let expected = parent(&parent(&H, &NO_LEAF), &nothing);
        assert_eq!(lead(vec![H], 0, Some(2)), Some(expected));
        assert_eq!(lead(vec![H], 0, None), Some(H));
        assert_eq!(lead(vec![], 0, None), None);
    }

    #[test]
    fn a_layer_that_leads_elsewhere_is_not_believed() {
        let [one, two] = [[1; 32], [2; 32]];
        let root = parent(&one, &two);
        let mut trees = Trees::of(&root, &[(Some(0..32), 20_000)], LEAF);
        assert!(!trees.tell([(root.as_slice(), [two, one].concat().as_slice())].into_iter()));
        assert_eq!(trees.root(0), None);
        assert!(trees.tell([(root.as_slice(), [one, two].concat().as_slice())].into_iter()));
        let known = [0, 1, 2].map(|piece| trees.root(piece).map(|root| root.hash));
        assert_eq!(known, [Some(one), Some(two), None]);
        assert_eq!(
            [0, 1, 2].map(|piece| trees.length(piece)),
            [Some(16384), Some(3616), None]
        );
    }
}
