//! Aliases in the bytes of a message: each as long as what it hides, so that every other byte stays where it was.

use std::net::IpAddr;

use super::Mask;
use crate::store::What;
use crate::wire::bencode::{self, Node, Value};
use crate::wire::{HashRange, Message};

/// Stands for a byte that is not to be seen.
const HIDDEN: u8 = b'*';
/// Length prefix and id.
const HEAD: usize = 5;
/// Where the payload of an extended message begins: behind the id of the extension, too.
const PAYLOAD: usize = HEAD + 1;
/// Where the block of a piece message begins: behind index and offset.
const BLOCK: usize = HEAD + 8;
/// Index, offset and length of the list before the hashes of BEP 30.
const HASH_PIECE: usize = 12;

fn hide(bytes: &mut [u8], from: usize) {
    bytes.iter_mut().skip(from).for_each(|byte| *byte = HIDDEN);
}

/// Puts an alias in the place of `N` bytes, or hides what there is of them.
fn replace<const N: usize>(bytes: &mut [u8], at: usize, alias: impl FnOnce([u8; N]) -> [u8; N]) {
    match bytes.get_mut(at..).and_then(<[u8]>::first_chunk_mut) {
        Some(chunk) => *chunk = alias(*chunk),
        None => hide(bytes, at),
    }
}

impl Mask {
    /// Hides what the bytes of an entry tell.
    pub(super) fn raw(&self, what: &What, extension: Option<&str>, bytes: &mut [u8]) {
        let What::Message(message) = what else {
            return hide(bytes, 0);
        };
        match message {
            Message::Handshake(handshake) => {
                let alias = self.handshake(*(*handshake)).to_bytes();
                replace(bytes, 28, |_: [u8; 20]| {
                    alias[28..48].try_into().unwrap_or([HIDDEN; 20])
                });
                replace(bytes, 48, |_: [u8; 20]| {
                    alias[48..].try_into().unwrap_or([HIDDEN; 20])
                });
            }
            Message::Extended { .. } => {
                let payload = bytes.get_mut(PAYLOAD..).unwrap_or_default();
                self.extended(extension, payload);
            }
            Message::HashRequest(_) | Message::Hashes(_) | Message::HashReject(_) => {
                replace(bytes, HEAD, |root| self.root(root));
                hide(bytes, HEAD + HashRange::LEN);
            }
            Message::Piece(_) => hide(bytes, BLOCK),
            Message::Azureus(_)
            | Message::Unknown { .. }
            | Message::Malformed { .. }
            | Message::Unread(_) => {
                hide(bytes, HEAD);
            }
            _ => {}
        }
    }

    /// Hides what the payload of an extended message tells.
    pub(super) fn extended(&self, extension: Option<&str>, payload: &mut [u8]) {
        match extension {
            Some("upload_only" | "share_mode" | "lt_donthave") => hide(payload, 8),
            Some("ut_holepunch") => self.holepunch(payload),
            Some("LT_metadata") => hide(payload, 9),
            Some("Tr_hashpiece") => {
                let rest = payload.get_mut(HASH_PIECE..).unwrap_or_default();
                self.dictionary(None, rest);
            }
            Some(name @ ("handshake" | "ut_pex" | "ut_metadata" | "lt_tex")) => {
                self.dictionary(Some(name), payload);
            }
            _ => hide(payload, 0),
        }
    }

    /// BEP 55: type, family, address, port, error.
    fn holepunch(&self, payload: &mut [u8]) {
        match payload.get(1) {
            Some(0) => replace(payload, 2, |ip: [u8; 4]| self.v4(ip)),
            Some(1) => replace(payload, 2, |ip: [u8; 16]| self.v6(ip)),
            _ => hide(payload, 2),
        }
    }

    /// What is no string is shown, and so are keys. What follows the value is data.
    fn dictionary(&self, extension: Option<&str>, payload: &mut [u8]) {
        let was = payload.to_vec();
        hide(payload, 0);
        if let Some(root) = bencode::parse(&was).root {
            payload[root.range.clone()].copy_from_slice(&was[root.range.clone()]);
            self.value(extension, b"", &was, &root, payload);
        }
    }

    fn value(
        &self,
        extension: Option<&str>,
        key: &[u8],
        was: &[u8],
        node: &Node,
        payload: &mut [u8],
    ) {
        match &node.value {
            Value::Int(_) => {}
            Value::Bytes(range) => self.string(extension, key, &mut payload[range.clone()]),
            Value::List(items) => {
                items
                    .iter()
                    .for_each(|item| self.value(extension, b"", was, item, payload));
            }
            Value::Dict(entries) => {
                for (key, node) in entries {
                    self.value(extension, &was[key.clone()], was, node, payload);
                }
            }
        }
    }

    fn string(&self, extension: Option<&str>, key: &[u8], bytes: &mut [u8]) {
        match (extension, key, bytes.len()) {
            (Some("handshake"), b"v", _) | (Some("ut_pex"), b"added.f" | b"added6.f", _) => {}
            (Some("handshake"), b"yourip" | b"ipv4" | b"ipv6", 4 | 16) => self.address_bytes(bytes),
            (Some("ut_pex"), b"added" | b"dropped", _) => self.contacts::<6>(bytes),
            (Some("ut_pex"), b"added6" | b"dropped6", _) => self.contacts::<18>(bytes),
            _ => hide(bytes, 0),
        }
    }

    /// Addresses, each with two bytes of port.
    fn contacts<const N: usize>(&self, bytes: &mut [u8]) {
        let mut contacts = bytes.chunks_exact_mut(N);
        contacts
            .by_ref()
            .for_each(|contact| self.address_bytes(&mut contact[..N - 2]));
        hide(contacts.into_remainder(), 0);
    }

    fn address_bytes(&self, bytes: &mut [u8]) {
        match bytes.len() {
            4 => replace(bytes, 0, |ip| self.v4(ip)),
            _ => replace(bytes, 0, |ip| self.v6(ip)),
        }
    }

    fn v4(&self, ip: [u8; 4]) -> [u8; 4] {
        match self.address(ip.into()) {
            IpAddr::V4(alias) => alias.octets(),
            IpAddr::V6(_) => [0; 4],
        }
    }

    fn v6(&self, ip: [u8; 16]) -> [u8; 16] {
        match self.address(ip.into()) {
            IpAddr::V6(alias) => alias.octets(),
            IpAddr::V4(_) => [0; 16],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use proptest::prelude::*;

    fn masked(extension: &str, payload: &[u8]) -> Vec<u8> {
        let mut payload = payload.to_vec();
        Mask::default().extended(Some(extension), &mut payload);
        payload
    }

    #[test]
    fn peers_are_renamed_and_their_ports_and_flags_stay() {
        let said = b"d5:added6:\x0a\x00\x00\x01\x1a\xe17:added.f1:\x107:dropped6:\x0a\x00\x00\x01\x1a\xe2e";
        let shown = b"d5:added6:\xc0\x00\x02\x01\x1a\xe17:added.f1:\x107:dropped6:\xc0\x00\x02\x01\x1a\xe2e";
        assert_eq!(masked("ut_pex", said), shown);
    }

    #[test]
    fn a_handshake_keeps_its_client_and_its_numbers() {
        let said = b"d1:md6:ut_pexi1ee4:nick3:bob1:v6:rain 16:yourip4:\x0a\x00\x00\x01e";
        let shown = b"d1:md6:ut_pexi1ee4:nick3:***1:v6:rain 16:yourip4:\xc0\x00\x02\x01e";
        assert_eq!(masked("handshake", said), shown);
    }

    #[test]
    fn metadata_is_hidden_behind_its_dictionary() {
        let said = b"d8:msg_typei1e5:piecei0e10:total_sizei9eed4:name";
        let shown = b"d8:msg_typei1e5:piecei0e10:total_sizei9ee*******";
        assert_eq!(masked("ut_metadata", said), shown);
    }

    #[test]
    fn whom_to_meet_is_renamed() {
        let said = hex!("01 00 0a000001 1ae1");
        assert_eq!(masked("ut_holepunch", &said), hex!("01 00 c0000201 1ae1"));
        assert_eq!(masked("ut_holepunch", &said[..4]), b"\x01\x00**");
    }

    #[test]
    fn what_nobody_can_read_is_hidden() {
        assert_eq!(masked("i2p_pex", b"d4:name3:bobe"), b"*************");
    }

    proptest! {
        #[test]
        fn no_address_of_a_list_is_left(ips in proptest::collection::vec(1u32..0xc000_0000, 1..40)) {
            let contacts: Vec<u8> = ips.iter().flat_map(|ip| [&ip.to_be_bytes()[..], &[0, 7]].concat()).collect();
            let said = [format!("d5:added{}:", contacts.len()).as_bytes(), &contacts, b"e"].concat();
            let shown = masked("ut_pex", &said);
            prop_assert_eq!(shown.len(), said.len());
            for (was, is) in contacts.chunks(6).zip(shown[said.len() - 1 - contacts.len()..].chunks(6)) {
                prop_assert_ne!(&was[..4], &is[..4]);
                prop_assert_eq!(&was[4..], &is[4..6]);
            }
        }

        #[test]
        fn no_bytes_are_too_odd(name in "(handshake|ut_pex|ut_metadata|lt_tex|ut_holepunch|Tr_hashpiece|x)", bytes: Vec<u8>) {
            prop_assert_eq!(masked(&name, &bytes).len(), bytes.len());
        }
    }
}
