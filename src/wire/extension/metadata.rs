//! `ut_metadata` (BEP 9): the info dictionary in blocks of 16 KiB.

use std::ops::Range;

use super::dict::Dict;
use super::{At, Fault, FaultKind, Field, field};

/// Bytes of every block but the last.
const BLOCK: u64 = 16 << 10;

/// A dictionary, and behind it perhaps data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metadata {
    /// `msg_type`; see [`Metadata::kind`].
    pub msg_type: Option<At<i64>>,
    /// `piece`: which block.
    pub piece: Option<At<i64>>,
    /// `total_size`: bytes of the info dictionary. Only data needs it; libtorrent says it always.
    pub total_size: Option<At<i64>>,
    /// Where the data stands in the payload.
    pub data: Range<usize>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// What `msg_type` means; others are to be ignored (BEP 9).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the BEP")]
pub enum MetadataKind {
    Request,
    Data,
    Reject,
}

impl MetadataKind {
    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            MetadataKind::Request => "request",
            MetadataKind::Data => "data",
            MetadataKind::Reject => "reject",
        }
    }
}

impl Metadata {
    /// Reads a payload of `total` bytes, of which the dictionary at least is there.
    pub fn read(payload: &[u8], total: usize) -> Metadata {
        let mut dict = Dict::read(payload);
        let msg_type = dict.needed_int("msg_type");
        let is_data = msg_type.as_ref().is_some_and(|it| it.value == 1);
        let end = if is_data {
            dict.allow_data()
        } else {
            dict.end()
        };
        let mut metadata = Metadata {
            msg_type,
            piece: dict.needed_int("piece"),
            total_size: if is_data {
                dict.needed_int("total_size")
            } else {
                dict.int("total_size")
            },
            data: end..total.max(end),
            faults: dict.faults,
        };
        metadata.faults.extend(metadata.wrong_length());
        metadata
    }

    /// Request, data or reject.
    pub fn kind(&self) -> Option<MetadataKind> {
        match self.msg_type.as_ref()?.value {
            0 => Some(MetadataKind::Request),
            1 => Some(MetadataKind::Data),
            2 => Some(MetadataKind::Reject),
            _ => None,
        }
    }

    /// Blocks of the whole, as `total_size` has it.
    pub fn pieces(&self) -> Option<u64> {
        let size = self.total_size.as_ref()?.value;
        Some(u64::try_from(size).ok()?.div_ceil(BLOCK))
    }

    /// Every block has 16 KiB but the last (BEP 9).
    fn wrong_length(&self) -> Option<Fault> {
        if self.kind()? != MetadataKind::Data {
            return None;
        }
        let piece = u64::try_from(self.piece.as_ref()?.value).ok()?;
        let size = u64::try_from(self.total_size.as_ref()?.value).ok()?;
        let expected = size.saturating_sub(piece.saturating_mul(BLOCK)).min(BLOCK);
        (self.data.len() as u64 != expected).then_some(Fault {
            at: self.data.start,
            kind: FaultKind::DataLength { expected },
        })
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let msg_type = self.msg_type.as_ref().map(|it| {
            let name = self.kind().map_or("unknown", MetadataKind::name);
            Field::new(
                0,
                "msg_type",
                format!("{} ({name})", it.value),
                it.range.clone(),
            )
        });
        field::present([
            msg_type,
            self.piece.as_ref().map(|it| it.field("piece")),
            self.total_size.as_ref().map(|it| it.field("total_size")),
            field::bulk("data", &self.data),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bencode;

    fn read(payload: &[u8]) -> Metadata {
        Metadata::read(payload, payload.len())
    }

    #[test]
    fn data_stands_behind_the_dictionary_whatever_it_holds() {
        let payload = b"d8:msg_typei1e5:piecei2e10:total_sizei32773eeeedee";
        let data = read(payload);
        assert_eq!(data.kind(), Some(MetadataKind::Data));
        assert_eq!(
            (data.piece.as_ref().unwrap().value, data.pieces()),
            (2, Some(3))
        );
        assert_eq!(&payload[data.data.clone()], b"eedee");
        assert_eq!(data.faults, []);
        let cut = Metadata::read(&payload[..data.data.start], payload.len());
        assert_eq!(cut, data);
    }

    #[test]
    fn a_block_of_another_length_is_noted() {
        let data = read(b"d8:msg_typei1e5:piecei0e10:total_sizei20000eeabc");
        assert_eq!(
            data.faults[0].kind,
            FaultKind::DataLength { expected: 16384 }
        );
    }

    #[test]
    fn requests_and_rejects_carry_no_data() {
        let request = read(b"d8:msg_typei0e5:piecei4ee");
        assert_eq!(
            (request.kind(), request.faults.as_slice()),
            (Some(MetadataKind::Request), &[][..])
        );
        let reject = read(b"d8:msg_typei2e5:piecei4eexx");
        let trailing = FaultKind::Bencode(bencode::FaultKind::TrailingBytes);
        assert_eq!((reject.data.len(), reject.faults[0].kind), (2, trailing));
    }

    #[test]
    fn an_unknown_type_is_kept_and_a_missing_one_noted() {
        let unknown = read(b"d8:msg_typei9e5:piecei0ee");
        assert_eq!((unknown.kind(), unknown.faults.len()), (None, 0));
        assert_eq!(unknown.msg_type.unwrap().value, 9);
        assert_eq!(
            read(b"d5:piece1:3e")
                .faults
                .iter()
                .map(|it| it.kind)
                .collect::<Vec<_>>(),
            [FaultKind::Missing("msg_type"), FaultKind::Type("piece")]
        );
        assert_eq!(read(b"xx").faults[0].kind, FaultKind::NotADictionary);
    }
}
