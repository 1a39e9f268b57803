//! What extended messages say (BEP 10): one file for each extension.
//!
//! ```text
//!  |len |20|id| payload: a dictionary, or a few bytes; behind it perhaps bulk (metadata, a block) ... |
//!  0    4  5  6
//! ```
//!
//! The id means what its receiver has said it means, so a payload is read by the name of its extension. Every value
//! keeps its bytes, what is wrong is a value too, and what nobody can read stays as it is.

mod contact;
mod dict;
mod donthave;
mod fault;
mod field;
mod fixed;
mod flag;
mod handshake;
mod hash_piece;
mod holepunch;
mod metadata;
mod old_metadata;
mod pex;
mod trackers;

pub use contact::{Contact, Contacts, PexFlags};
pub use donthave::DontHave;
pub use fault::{Fault, FaultKind};
pub use field::{At, Field};
pub use flag::Flag;
pub use handshake::ExtendedHandshake;
pub use hash_piece::HashPiece;
pub use holepunch::{HOLEPUNCH_ERRORS, Holepunch};
pub use metadata::{Metadata, MetadataKind};
pub use old_metadata::{OldMetadata, OldMetadataKind};
pub use pex::Pex;
pub use trackers::Trackers;

use dict::Dict;

use super::bencode::Node;

/// What an extended message says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body {
    /// The extended handshake (BEP 10).
    Handshake(Box<ExtendedHandshake>),
    /// `ut_metadata` (BEP 9).
    Metadata(Metadata),
    /// `ut_pex` (BEP 11).
    Pex(Pex),
    /// `upload_only` (BEP 21).
    UploadOnly(Flag),
    /// `share_mode` (libtorrent).
    ShareMode(Flag),
    /// `lt_donthave` (BEP 54).
    DontHave(DontHave),
    /// `ut_holepunch` (BEP 55).
    Holepunch(Holepunch),
    /// `lt_tex` (BEP 28).
    Trackers(Trackers),
    /// `LT_metadata`, as libtorrent had it before BEP 9.
    OldMetadata(OldMetadata),
    /// `Tr_hashpiece` (BEP 30).
    HashPiece(HashPiece),
    /// Of an extension that is not known, or that uses no other form: the dictionary itself.
    Dictionary(Node, Vec<Fault>),
    /// Of an extension that is not known: bytes.
    Raw,
    /// It was too long to be kept. It can be read from the capture.
    NotKept,
}

impl Body {
    /// Reads the payload of a message of the extension `name`, of which `total` bytes were sent and `payload` is there.
    pub fn read(name: Option<&str>, payload: &[u8], total: usize) -> Body {
        if payload.is_empty() && total > 0 {
            return Body::NotKept;
        }
        match name {
            Some("handshake") => Body::Handshake(Box::new(ExtendedHandshake::read(payload))),
            Some("ut_metadata") => Body::Metadata(Metadata::read(payload, total)),
            Some("ut_pex") => Body::Pex(Pex::read(payload)),
            Some("upload_only") => Body::UploadOnly(Flag::read(payload)),
            Some("share_mode") => Body::ShareMode(Flag::read(payload)),
            Some("lt_donthave") => Body::DontHave(DontHave::read(payload)),
            Some("ut_holepunch") => Body::Holepunch(Holepunch::read(payload)),
            Some("lt_tex") => Body::Trackers(Trackers::read(payload)),
            Some("LT_metadata") => Body::OldMetadata(OldMetadata::read(payload, total)),
            Some("Tr_hashpiece") => Body::HashPiece(HashPiece::read(payload, total)),
            _ => Body::unknown(payload),
        }
    }

    /// Many extensions send a dictionary (uTorrent's `ut_comment`, `i2p_pex`); what else begins with `d` is bytes.
    fn unknown(payload: &[u8]) -> Body {
        match Dict::read(payload).into_parts() {
            (Some(root), faults) => Body::Dictionary(root, faults),
            (None, _) => Body::Raw,
        }
    }

    /// What is wrong with it.
    pub fn faults(&self) -> &[Fault] {
        match self {
            Body::Handshake(it) => &it.faults,
            Body::Metadata(it) => &it.faults,
            Body::Pex(it) => &it.faults,
            Body::UploadOnly(it) | Body::ShareMode(it) => &it.faults,
            Body::DontHave(it) => &it.faults,
            Body::Holepunch(it) => &it.faults,
            Body::Trackers(it) => &it.faults,
            Body::OldMetadata(it) => &it.faults,
            Body::HashPiece(it) => &it.faults,
            Body::Dictionary(_, faults) => faults,
            Body::Raw | Body::NotKept => &[],
        }
    }

    /// Its values with their bytes, in the order in which they are best read.
    pub fn fields(&self, payload: &[u8]) -> Vec<Field> {
        match self {
            Body::Handshake(_) => dict::fields(payload, Dict::read(payload).root()),
            Body::Metadata(it) => it.fields(),
            Body::Pex(it) => it.fields(),
            Body::UploadOnly(it) => it.fields("upload_only"),
            Body::ShareMode(it) => it.fields("share_mode"),
            Body::DontHave(it) => it.fields(),
            Body::Holepunch(it) => it.fields(),
            Body::Trackers(it) => it.fields(),
            Body::OldMetadata(it) => it.fields(),
            Body::HashPiece(it) => it.fields(),
            Body::Dictionary(root, _) => dict::fields(payload, Some(root)),
            Body::Raw | Body::NotKept => vec![Field::new(0, "payload", "", 0..payload.len())],
        }
    }

    /// Bytes at the start of a payload that say something: behind them is bulk, which is left in the capture.
    pub fn telling(name: Option<&str>, payload: &[u8]) -> usize {
        let bulk = match Body::read(name, payload, payload.len()) {
            Body::Metadata(it) => it.data.start,
            Body::OldMetadata(it) => it.data.start,
            Body::HashPiece(it) => it.data.start,
            _ => payload.len(),
        };
        bulk.min(payload.len())
    }
}

/// Names of extended messages that clients in use send.
pub const KNOWN: [&str; 11] = [
    "handshake",
    "ut_metadata",
    "ut_pex",
    "upload_only",
    "share_mode",
    "lt_donthave",
    "ut_holepunch",
    "lt_tex",
    "LT_metadata",
    "Tr_hashpiece",
    "i2p_pex",
];

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn what_nobody_can_read_stays_as_it_is() {
        assert_eq!(Body::read(None, b"xyz", 3), Body::Raw);
        assert_eq!(Body::read(Some("ut_comment"), b"d", 1).faults().len(), 1);
        let Body::Dictionary(root, faults) = Body::read(Some("i2p_pex"), b"d5:added0:e", 11) else {
            panic!()
        };
        assert_eq!((root.range, faults), (0..11, vec![]));
    }

    #[test]
    fn a_payload_that_was_not_kept_says_so() {
        assert_eq!(Body::read(Some("ut_pex"), b"", 9000), Body::NotKept);
        assert_eq!(Body::read(None, b"", 0), Body::Raw);
    }

    #[test]
    fn only_what_says_something_is_worth_keeping() {
        let data = b"d8:msg_typei1e5:piecei0e10:total_sizei3eeabc";
        assert_eq!(Body::telling(Some("ut_metadata"), data), data.len() - 3);
        assert_eq!(Body::telling(Some("ut_pex"), data), data.len());
    }

    proptest! {
        #[test]
        fn no_payload_panics_and_every_range_is_inside(
            name in 0..KNOWN.len(),
            payload in prop_oneof![
                proptest::collection::vec(any::<u8>(), 0..64),
                proptest::collection::vec(proptest::sample::select(b"idle0123456789:-addedf.msgtypc".to_vec()), 0..64),
            ],
            more in 0usize..40000,
        ) {
            let total = payload.len() + more;
            let body = Body::read(Some(KNOWN[name]), &payload, total);
            for field in body.fields(&payload) {
                prop_assert!(field.range.start <= field.range.end && field.range.end <= total, "{field:?}");
            }
            prop_assert!(body.faults().iter().all(|fault| fault.at <= total));
            prop_assert!(Body::telling(Some(KNOWN[name]), &payload) <= payload.len());
        }
    }
}
