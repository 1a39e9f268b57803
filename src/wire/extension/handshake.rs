//! The extended handshake (BEP 10): names for message ids, and what a client says of itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::dict::Dict;
use super::{Fault, FaultKind};
use crate::wire::bencode::Value;
use crate::wire::plain;

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
    /// `yourip`: the receiver's address as the sender sees it.
    pub yourip: Option<IpAddr>,
    /// `ipv4`: an address of the sender.
    pub ipv4: Option<Ipv4Addr>,
    /// `ipv6`: an address of the sender.
    pub ipv6: Option<Ipv6Addr>,
    /// `complete_ago`: seconds since it last was complete, -1 where it does not know (libtorrent).
    pub complete_ago: Option<i64>,
    /// `share_mode` (libtorrent).
    pub share_mode: Option<i64>,
    /// `e`: it prefers encryption.
    pub encryption: Option<i64>,
    /// `yp`: the receiver's port as the sender sees it (uTorrent).
    pub your_port: Option<i64>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl ExtendedHandshake {
    /// Reads the payload of an extended message with id 0.
    pub fn read(payload: &[u8]) -> ExtendedHandshake {
        let mut dict = Dict::read(payload);
        let mut int = |key| dict.int(key).map(|it| it.value);
        let read = ExtendedHandshake {
            metadata_size: int("metadata_size"),
            reqq: int("reqq"),
            port: int("p"),
            upload_only: int("upload_only"),
            complete_ago: int("complete_ago"),
            share_mode: int("share_mode"),
            encryption: int("e"),
            your_port: int("yp"),
            ..ExtendedHandshake::default()
        };
        ExtendedHandshake {
            ids: ids(&mut dict, payload),
            client: dict.bytes("v").map(|it| plain(it.value)),
            yourip: dict.bytes("yourip").and_then(|it| ip(it.value)),
            ipv4: bytes(&mut dict, "ipv4").map(Ipv4Addr::from),
            ipv6: bytes(&mut dict, "ipv6").map(Ipv6Addr::from),
            faults: dict.faults,
            ..read
        }
    }
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    let v4 = <[u8; 4]>::try_from(bytes).map(IpAddr::from);
    v4.or(<[u8; 16]>::try_from(bytes).map(IpAddr::from)).ok()
}

/// A string of so many bytes. Clients that write an address as text are not believed.
fn bytes<const N: usize>(dict: &mut Dict<'_>, key: &'static str) -> Option<[u8; N]> {
    dict.bytes(key)?.value.try_into().ok()
}

/// Ids are bytes; what cannot be one is left out, and noted.
fn ids(dict: &mut Dict<'_>, payload: &[u8]) -> Vec<(String, u8)> {
    let (mut named, mut wrong) = (Vec::new(), Vec::new());
    match dict.node("m").map(|m| (&m.value, m.range.start)) {
        Some((Value::Dict(entries), _)) => {
            for (key, node) in entries.iter().take(MAX_NAMES) {
                match node.int().and_then(|id| u8::try_from(id).ok()) {
                    Some(id) => named.push((plain(&payload[key.clone()]), id)),
                    None => wrong.push((node.range.start, FaultKind::NotAnId)),
                }
            }
        }
        Some((_, at)) => wrong.push((at, FaultKind::Type("m"))),
        None => {}
    }
    wrong.into_iter().for_each(|(at, kind)| dict.note(at, kind));
    named
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
        let wrong: Vec<String> = handshake
            .faults
            .iter()
            .map(|it| it.kind.to_string())
            .collect();
        assert!(
            wrong.contains(&"an extension id that is no byte".to_owned()),
            "{wrong:?}"
        );
    }

    #[test]
    fn every_key_is_read_and_a_number_may_be_a_string() {
        let payload = b"d12:complete_agoi-1e1:ei1e4:ipv44:\x01\x02\x03\x0411:upload_only1:06:yourip4:\x0a\x4d\x00\x022:ypi7ee";
        let handshake = ExtendedHandshake::read(payload);
        assert_eq!(handshake.yourip.unwrap().to_string(), "10.77.0.2");
        assert_eq!(handshake.ipv4.unwrap().to_string(), "1.2.3.4");
        assert_eq!(
            (
                handshake.complete_ago,
                handshake.encryption,
                handshake.your_port
            ),
            (Some(-1), Some(1), Some(7))
        );
        assert_eq!(handshake.upload_only, Some(0));
        assert_eq!(handshake.faults[0].kind, FaultKind::Type("upload_only"));
    }

    #[test]
    fn a_payload_that_is_no_dictionary_says_nothing() {
        let handshake = ExtendedHandshake::read(b"le");
        assert_eq!(handshake.faults[0].kind, FaultKind::NotADictionary);
        assert_eq!(handshake.ids, []);
    }
}
