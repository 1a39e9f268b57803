//! The info dictionary as peers send it to each other (BEP 9), put together until its hash is right.
//!
//! Anybody may send anything: pieces that disagree are kept side by side, and the hash decides.

use std::collections::BTreeMap;

use super::Metainfo;
use crate::stream::{ConnectionId, Side};
use crate::wire::InfoHash;
use crate::wire::bencode::{self, Node};

/// Bytes of every piece but the last (BEP 9).
const PIECE: usize = 16 * 1024;
/// More than any client takes (libtorrent: 30 MiB).
const MAX_SIZE: usize = 32 << 20;
/// Sizes that peers claim and that are followed; honest peers all claim the same.
const MAX_SIZES: usize = 4;
/// Different contents of one piece that are kept.
const MAX_VARIANTS: usize = 4;
/// Senders that are remembered of one content.
const MAX_SENDERS: usize = 16;
/// Ways to put pieces together that are tried each time something new came.
const MAX_TRIES: usize = 16;
/// Bytes that are hashed for one torrent, so that liars cannot make us hash for ever.
const MAX_HASHED: usize = 256 << 20;

/// Who sent it.
pub type Sender = (ConnectionId, Side);

/// What was seen of an info dictionary.
#[derive(Clone, Debug, Default)]
pub struct Metadata {
    offers: BTreeMap<usize, Offer>,
    hashed: usize,
}

/// Pieces of a dictionary of one size.
#[derive(Clone, Debug, Default)]
struct Offer {
    pieces: BTreeMap<usize, Vec<Variant>>,
}

#[derive(Clone, Debug)]
struct Variant {
    bytes: Box<[u8]>,
    senders: Vec<Sender>,
}

/// A data message.
struct Data<'p> {
    piece: usize,
    size: usize,
    bytes: &'p [u8],
}

impl<'p> Data<'p> {
    /// The payload of a `ut_metadata` message, if it is data and of the length that its place has.
    fn read(payload: &'p [u8]) -> Option<Data<'p>> {
        let root = bencode::parse(payload).root?;
        let int = |key: &[u8]| root.get(payload, key).and_then(Node::int);
        if int(b"msg_type") != Some(1) {
            return None;
        }
        let size = usize::try_from(int(b"total_size")?).ok()?;
        let piece = usize::try_from(int(b"piece")?).ok()?;
        let bytes = payload.get(root.range.end..)?;
        let is_possible = (1..=MAX_SIZE).contains(&size) && piece < size.div_ceil(PIECE);
        let data = Data { piece, size, bytes };
        (is_possible && bytes.len() == PIECE.min(size - piece * PIECE)).then_some(data)
    }
}

impl Metadata {
    /// Takes the payload of a `ut_metadata` message about the torrent that is named by one of `hashes`.
    pub fn take(
        &mut self,
        sender: Sender,
        payload: &[u8],
        hashes: &[InfoHash],
    ) -> Option<Metainfo> {
        let data = Data::read(payload)?;
        let has_room = self.offers.len() < MAX_SIZES || self.offers.contains_key(&data.size);
        if !has_room {
            self.forget_the_least();
        }
        let offer = self.offers.entry(data.size).or_default();
        if !offer.keep(sender, &data) || offer.pieces.len() < data.size.div_ceil(PIECE) {
            return None;
        }
        // What cannot be hashed any more is not put together, either.
        let ways = (MAX_HASHED - self.hashed) / data.size;
        let done = &mut self.hashed;
        let found = offer.ways(sender).take(ways).find_map(|info| {
            *done += info.len();
            Metainfo::of_hash(&info, hashes)
        });
        if found.is_some() {
            self.offers.clear();
        }
        found
    }

    /// Of the claimed sizes, the one with the fewest pieces goes.
    fn forget_the_least(&mut self) {
        let least = self.offers.iter().min_by_key(|(_, it)| it.pieces.len());
        if let Some(size) = least.map(|(size, _)| *size) {
            self.offers.remove(&size);
        }
    }
}

impl Offer {
    /// True when that was something new.
    fn keep(&mut self, sender: Sender, data: &Data<'_>) -> bool {
        let variants = self.pieces.entry(data.piece).or_default();
        let known = variants.iter_mut().find(|it| *it.bytes == *data.bytes);
        if let Some(variant) = known {
            let is_new = !variant.senders.contains(&sender) && variant.senders.len() < MAX_SENDERS;
            variant.senders.extend(is_new.then_some(sender));
            return is_new;
        }
        let is_kept = variants.len() < MAX_VARIANTS;
        if is_kept {
            variants.push(Variant {
                bytes: data.bytes.into(),
                senders: vec![sender],
            });
        }
        is_kept
    }

    /// The dictionary in the ways that it can be put together: first as `sender` has it, and where that did not say,
    /// as most do.
    fn ways(&self, sender: Sender) -> impl Iterator<Item = Vec<u8>> {
        let order = |variants: &'_ Vec<Variant>| {
            let mut order: Vec<usize> = (0..variants.len()).collect();
            order.sort_by_key(|at| {
                let senders = &variants[*at].senders;
                std::cmp::Reverse((senders.contains(&sender), senders.len()))
            });
            order
        };
        let orders: Vec<(&Vec<Variant>, Vec<usize>)> =
            self.pieces.values().map(|it| (it, order(it))).collect();
        let ways = orders
            .iter()
            .fold(1_usize, |ways, (_, order)| ways.saturating_mul(order.len()));
        (0..ways.min(MAX_TRIES)).map(move |mut way| {
            let mut info = Vec::with_capacity(orders.len() * PIECE);
            for (variants, order) in &orders {
                info.extend_from_slice(&variants[order[way % order.len()]].bytes);
                way /= order.len();
            }
            info
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha1::{Digest, Sha1};

    fn info(files: usize) -> Vec<u8> {
        let list = "d6:lengthi1e4:pathl4:nameee".repeat(files);
        format!("d5:filesl{list}e4:name1:x12:piece lengthi1048576e6:pieces20:01234567890123456789e")
            .into_bytes()
    }

    fn message(info: &[u8], piece: usize) -> Vec<u8> {
        let total = info.len();
        let head = format!("d8:msg_typei1e5:piecei{piece}e10:total_sizei{total}ee");
        let end = total.min((piece + 1) * PIECE);
        [head.as_bytes(), &info[piece * PIECE..end]].concat()
    }

    fn sender(number: u32) -> Sender {
        (ConnectionId(number), Side::B)
    }

    fn hash(info: &[u8]) -> [InfoHash; 1] {
        [InfoHash(Sha1::digest(info).into())]
    }

    #[test]
    fn pieces_of_two_connections_make_one_dictionary() {
        let (info, mut metadata) = (info(1500), Metadata::default());
        let hash = hash(&info);
        let mut take = |from, piece| metadata.take(sender(from), &message(&info, piece), &hash);
        assert_eq!((take(0, 2), take(1, 0)), (None, None));
        assert_eq!(take(0, 1).map(|it| it.files.count), Some(1500));
    }

    #[test]
    fn a_liar_spoils_nothing() {
        let (info, mut metadata) = (info(1500), Metadata::default());
        let mut lie = info.clone();
        lie.iter_mut().step_by(PIECE).for_each(|byte| *byte ^= 1);
        let hash = hash(&info);
        for (from, said) in [(0, &lie), (1, &lie)] {
            for piece in 0..3 {
                assert_eq!(
                    metadata.take(sender(from), &message(said, piece), &hash),
                    None
                );
            }
        }
        let found = (0..3).find_map(|piece| {
            metadata.take(sender(2 + piece as u32), &message(&info, piece), &hash)
        });
        assert!(found.is_some());
    }

    #[test]
    fn what_cannot_be_hashed_any_more_is_not_put_together() {
        let (info, mut metadata) = (info(1500), Metadata::default());
        metadata.hashed = MAX_HASHED - info.len() + 1;
        let found =
            (0..3).find_map(|piece| metadata.take(sender(0), &message(&info, piece), &hash(&info)));
        assert_eq!(
            (found, metadata.hashed),
            (None, MAX_HASHED - info.len() + 1)
        );
    }

    #[test]
    fn false_sizes_are_forgotten() {
        let (info, mut metadata) = (info(1500), Metadata::default());
        let hash = hash(&info);
        let mut found = None;
        for piece in 0..3 {
            for size in 1..20 {
                metadata.take(sender(9), &message(&vec![b'd'; size], 0), &hash);
            }
            found = found.or(metadata.take(sender(0), &message(&info, piece), &hash));
        }
        assert!(found.is_some() && metadata.offers.is_empty());
    }

    #[test]
    fn a_claim_of_gigabytes_and_a_piece_of_a_wrong_length_are_nothing() {
        let mut metadata = Metadata::default();
        let head = |piece: i64, size: i64| {
            format!("d8:msg_typei1e5:piecei{piece}e10:total_sizei{size}eex").into_bytes()
        };
        for (piece, size) in [
            (0, i64::MAX),
            (i64::MAX, 1),
            (1, 1),
            (0, 2),
            (-1, 1),
            (0, 0),
        ] {
            assert_eq!(metadata.take(sender(0), &head(piece, size), &[]), None);
        }
        assert!(metadata.offers.is_empty());
    }
}
