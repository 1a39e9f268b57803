//! `LT_metadata`: how libtorrent sent metadata before BEP 9.

use std::ops::Range;

use super::fixed::Fixed;
use super::{At, Fault, FaultKind, Field, field};

/// What its first byte says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum OldMetadataKind {
    /// A part of the metadata is wanted, in 256ths of it.
    Request {
        /// The first.
        start: Option<At<u8>>,
        /// How many, less one.
        size: Option<At<u8>>,
    },
    /// A part of the metadata.
    Data {
        /// Bytes of the whole.
        total_size: Option<At<u32>>,
        /// Where the part begins.
        offset: Option<At<u32>>,
    },
    /// The sender has none.
    DontHave,
    /// Another number.
    Unknown,
}

/// A request, a part, or a refusal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OldMetadata {
    /// 0 request, 1 data, 2 don't have.
    pub msg_type: Option<At<u8>>,
    /// The same, with what follows.
    pub kind: OldMetadataKind,
    /// Where the data stands in the payload.
    pub data: Range<usize>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl OldMetadata {
    /// Reads a payload of `total` bytes, of which the numbers at least are there.
    pub fn read(payload: &[u8], total: usize) -> OldMetadata {
        let mut fixed = Fixed::read(payload);
        let msg_type = fixed.u8();
        let kind = match msg_type.as_ref().map(|it| it.value) {
            Some(0) => OldMetadataKind::Request {
                start: fixed.u8(),
                size: fixed.u8(),
            },
            Some(1) => OldMetadataKind::Data {
                total_size: fixed.u32(),
                offset: fixed.u32(),
            },
            Some(2) => OldMetadataKind::DontHave,
            _ => OldMetadataKind::Unknown,
        };
        let start = fixed.at();
        let is_data = matches!(kind, OldMetadataKind::Data { .. });
        if kind == OldMetadataKind::Unknown && msg_type.is_some() {
            fixed.note(0, FaultKind::Unassigned("msg_type"));
        }
        OldMetadata {
            msg_type,
            kind,
            data: start..total.max(start),
            faults: if is_data { fixed.faults } else { fixed.end() },
        }
    }

    /// In words.
    pub fn name(&self) -> &'static str {
        match self.kind {
            OldMetadataKind::Request { .. } => "request",
            OldMetadataKind::Data { .. } => "data",
            OldMetadataKind::DontHave => "don't have",
            OldMetadataKind::Unknown => "unknown",
        }
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let msg_type = self.msg_type.as_ref().map(|it| {
            let words = format!("{} ({})", it.value, self.name());
            Field::new(0, "msg_type", words, it.range.clone())
        });
        let field = |at: &Option<At<u8>>, name| at.as_ref().map(|it| it.field(name));
        let long = |at: &Option<At<u32>>, name| at.as_ref().map(|it| it.field(name));
        let [first, second] = match &self.kind {
            OldMetadataKind::Request { start, size } => {
                [field(start, "start"), field(size, "size")]
            }
            OldMetadataKind::Data { total_size, offset } => {
                [long(total_size, "total_size"), long(offset, "offset")]
            }
            _ => [None, None],
        };
        field::present([msg_type, first, second, field::bulk("data", &self.data)])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn a_request_is_in_256ths_and_data_has_an_offset() {
        let request = OldMetadata::read(&hex!("00 10 0f"), 3);
        assert_eq!((request.name(), request.faults.len()), ("request", 0));
        let data = OldMetadata::read(&hex!("01 00000300 00000100 aabb"), 11);
        let OldMetadataKind::Data { offset, .. } = &data.kind else {
            panic!()
        };
        assert_eq!((offset.as_ref().unwrap().value, data.data), (256, 9..11));
    }

    #[test]
    fn an_unknown_number_is_noted() {
        let unknown = OldMetadata::read(&hex!("07"), 1);
        assert_eq!(unknown.faults[0].kind, FaultKind::Unassigned("msg_type"));
        assert_eq!(OldMetadata::read(&[], 0).faults[0].kind, FaultKind::Short);
    }
}
