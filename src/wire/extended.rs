//! The extended handshake (BEP 10): names for message ids, and what a client says of itself.

use super::bencode::{self, Fault, Value};
use super::plain;

/// Names in `m` that are kept; real clients send about ten.
const MAX_NAMES: usize = 64;

/// What an extended handshake says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExtendedHandshake {
    /// Name and id of each extension, as in `m`. The peer uses the id to send to the sender of this; 0 switches off.
    pub ids: Vec<(String, u8)>,
    /// `v`: client and version, made safe to print.
    pub client: Option<String>,
    /// `metadata_size`: bytes of the info dictionary (BEP 9).
    pub metadata_size: Option<i64>,
    /// `reqq`: requests the sender is willing to queue.
    pub reqq: Option<i64>,
    /// `p`: the sender's listening port.
    pub port: Option<i64>,
    /// `upload_only` (BEP 21).
    pub upload_only: Option<i64>,
    /// What is wrong with the dictionary.
    pub faults: Vec<Fault>,
}

impl ExtendedHandshake {
    /// Reads the payload of an extended message with id 0.
    pub fn read(payload: &[u8]) -> ExtendedHandshake {
        let parsed = bencode::parse(payload);
        let root = parsed.root.as_ref();
        let int = |key: &[u8]| {
            root.and_then(|root| root.get(payload, key))
                .and_then(bencode::Node::int)
        };
        let client = root
            .and_then(|root| root.get(payload, b"v"))
            .and_then(|node| node.bytes(payload));
        let m = root.and_then(|root| root.get(payload, b"m"));
        ExtendedHandshake {
            ids: m.map(|m| ids(payload, &m.value)).unwrap_or_default(),
            client: client.map(plain),
            metadata_size: int(b"metadata_size"),
            reqq: int(b"reqq"),
            port: int(b"p"),
            upload_only: int(b"upload_only"),
            faults: parsed.faults,
        }
    }
}

fn ids(payload: &[u8], m: &Value) -> Vec<(String, u8)> {
    let Value::Dict(entries) = m else {
        return Vec::new();
    };
    let named = entries.iter().filter_map(|(key, node)| {
        let id = u8::try_from(node.int()?).ok()?;
        Some((plain(&payload[key.clone()]), id))
    });
    named.take(MAX_NAMES).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_ids_and_client_are_read() {
        let payload = b"d1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei726e1:pi6881e4:reqqi2000e1:v18:libtorrent/2.1.1.0e";
        let handshake = ExtendedHandshake::read(payload);
        assert_eq!(
            handshake.ids,
            [("ut_metadata".to_owned(), 2), ("ut_pex".to_owned(), 1)]
        );
        assert_eq!(handshake.client.as_deref(), Some("libtorrent/2.1.1.0"));
        assert_eq!(
            (handshake.metadata_size, handshake.reqq, handshake.port),
            (Some(726), Some(2000), Some(6881))
        );
        assert_eq!(handshake.faults, []);
    }

    #[test]
    fn surprising_types_are_left_out_and_the_rest_read() {
        let handshake = ExtendedHandshake::read(b"d1:md1:ai300e1:bi3e1:cl1:xee4:reqq3:abc1:vi1ee");
        assert_eq!(handshake.ids, [("b".to_owned(), 3)]);
        assert_eq!((handshake.reqq, handshake.client), (None, None));
    }

    #[test]
    fn a_payload_that_is_no_dictionary_says_nothing() {
        assert_eq!(ExtendedHandshake::read(b"le"), ExtendedHandshake::default());
    }
}
