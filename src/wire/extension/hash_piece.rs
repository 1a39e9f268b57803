//! `Tr_hashpiece` (BEP 30): a block with the hashes that prove it.

use std::ops::Range;

use super::fixed::Fixed;
use super::{At, Fault, FaultKind, Field, field};
use crate::wire::bencode::{self, Value};

/// A block of a Merkle torrent.
///
/// ```text
///  | index | begin | length of the list | list of [node, hash] | data |
///  0       4       8                    12
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HashPiece {
    /// The piece.
    pub index: Option<At<u32>>,
    /// Offset in the piece.
    pub begin: Option<At<u32>>,
    /// Hashes in the list; they come with the first block of a piece.
    pub hashes: Option<At<usize>>,
    /// Where the data stands in the payload.
    pub data: Range<usize>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl HashPiece {
    /// Reads a payload of `total` bytes, of which all before the data is there.
    pub fn read(payload: &[u8], total: usize) -> HashPiece {
        let mut fixed = Fixed::read(payload);
        let (index, begin) = (fixed.u32(), fixed.u32());
        let len = fixed.u32().map_or(0, |it| it.value as usize);
        let start = fixed.at();
        let mut faults = fixed.faults;
        let end = start.saturating_add(len);
        let hashes = match payload.get(start..end) {
            Some(list) if len > 0 => Some(hashes(list, start, &mut faults)),
            Some(_) => None,
            None => {
                faults.push(Fault {
                    at: payload.len(),
                    kind: FaultKind::Short,
                });
                None
            }
        };
        let data = end.min(payload.len());
        HashPiece {
            index,
            begin,
            hashes,
            data: data..total.max(data),
            faults,
        }
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        field::present([
            self.index.as_ref().map(|it| it.field("piece index")),
            self.begin.as_ref().map(|it| it.field("begin")),
            self.hashes.as_ref().map(|it| it.field("hashes")),
            field::bulk("data", &self.data),
        ])
    }
}

fn hashes(list: &[u8], start: usize, faults: &mut Vec<Fault>) -> At<usize> {
    let parsed = bencode::parse(list);
    let fault = |fault: bencode::Fault| Fault {
        at: start + fault.at,
        kind: FaultKind::Bencode(fault.kind),
    };
    faults.extend(parsed.faults.into_iter().map(fault));
    let value = match parsed.root.map(|root| root.value) {
        Some(Value::List(items)) => items.len(),
        _ => 0,
    };
    At {
        value,
        range: start..start + list.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn hashes_stand_between_the_numbers_and_the_data() {
        let mut payload = hex!("00000003 00004000 0000000a").to_vec();
        payload.extend(b"lli1e2:xyee\xaa\xbb");
        payload[11] = 11;
        let piece = HashPiece::read(&payload, payload.len());
        assert_eq!(
            (piece.index.unwrap().value, piece.begin.unwrap().value),
            (3, 0x4000)
        );
        assert_eq!(
            piece.hashes.unwrap(),
            At {
                value: 1,
                range: 12..23
            }
        );
        assert_eq!((piece.data, piece.faults), (23..25, vec![]));
    }

    #[test]
    fn a_list_longer_than_the_message_is_noted() {
        let payload = hex!("00000003 00004000 ffffffff aa");
        let piece = HashPiece::read(&payload, payload.len());
        assert_eq!(piece.faults[0].kind, FaultKind::Short);
    }
}
