//! Torrents within TLS: a client asks for the server by the hash of the torrent, in plain text.

use super::from_hex;
use crate::wire::InfoHash;

/// How a handshake record begins: its type, and the first digit of its version (RFC 8446 section 5.1).
pub(super) const HANDSHAKE: &[u8] = &[22, 3];
const CLIENT_HELLO: u8 = 1;
const SERVER_NAME: u16 = 0;
const HOST_NAME: u8 = 0;

/// Bytes of the record that begins here, its header included.
pub(super) fn record_len(bytes: &[u8]) -> Option<usize> {
    let len = bytes.get(3..)?.first_chunk()?;
    Some(5 + usize::from(u16::from_be_bytes(*len)))
}

/// The torrent that a ClientHello asks for (RFC 8446 section 4.1.2, RFC 6066 section 3).
pub(super) fn torrent(record: &[u8]) -> Option<InfoHash> {
    let mut hello = Fields(record.strip_prefix(HANDSHAKE)?.get(3..)?);
    let [kind, ..] = *hello.take(4)? else {
        return None;
    };
    if kind != CLIENT_HELLO {
        return None;
    }
    // Version and random; session, ciphers and compressions have lengths.
    hello.take(2 + 32)?;
    hello.short_list()?;
    hello.list()?;
    hello.short_list()?;
    let mut extensions = Fields(hello.some_list()?);
    while let Some(id) = extensions.u16() {
        let extension = extensions.list()?;
        if id == SERVER_NAME {
            return host(Fields(extension)).and_then(from_hex);
        }
    }
    None
}

fn host(mut names: Fields<'_>) -> Option<&[u8]> {
    let mut names = Fields(names.list()?);
    let kind = names.take(1)?;
    names.list().filter(|_| kind == [HOST_NAME])
}

/// What is left to be read.
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn take(&mut self, len: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        Some(taken)
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?.first_chunk()?;
        Some(u16::from_be_bytes(*bytes))
    }

    /// Behind a length of two bytes.
    fn list(&mut self) -> Option<&'a [u8]> {
        let len = self.u16()?;
        self.take(usize::from(len))
    }

    /// The same, as far as it is there.
    fn some_list(&mut self) -> Option<&'a [u8]> {
        let len = usize::from(self.u16()?);
        self.take(len.min(self.0.len()))
    }

    /// Behind a length of one byte.
    fn short_list(&mut self) -> Option<&'a [u8]> {
        let [len] = *self.take(1)? else { return None };
        self.take(usize::from(len))
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use hex_literal::hex;

    /// A ClientHello for a server of this name.
    pub(in super::super) fn hello(name: &[u8]) -> Vec<u8> {
        let long = |len: usize| (len as u16).to_be_bytes();
        let behind = |bytes: &[u8]| [&long(bytes.len())[..], bytes].concat();
        let names = behind(&[&[HOST_NAME][..], &behind(name)].concat());
        let server_name = [&hex!("0000")[..], &behind(&names)].concat();
        let extensions = behind(&[&hex!("ff01 0001 00")[..], &server_name].concat());
        let body = [
            &hex!("0303")[..],
            &[7; 32],
            &hex!("02 aaaa 0004 1301 1302 01 00"),
            &extensions,
        ]
        .concat();
        let message = [&[CLIENT_HELLO, 0][..], &behind(&body)].concat();
        [&hex!("160301")[..], &behind(&message)].concat()
    }

    #[test]
    fn a_server_name_of_forty_digits_is_a_torrent() {
        let name = b"24c0d07c775bbb77af645f6a4a70a710ab245b99";
        let hello = hello(name);
        assert_eq!(record_len(&hello), Some(hello.len()));
        assert_eq!(torrent(&hello).unwrap().to_string().as_bytes(), name);
    }

    #[test]
    fn any_other_name_is_none() {
        assert_eq!(torrent(&hello(b"tracker.example.org")), None);
        assert_eq!(torrent(&hello(&[b'g'; 40])), None);
        assert_eq!(torrent(&hello(b"")), None);
    }

    #[test]
    fn no_cut_and_no_damage_panics() {
        let hello = hello(&[b'a'; 64]);
        assert!(torrent(&hello).is_some());
        for at in 0..hello.len() {
            assert_eq!(torrent(&hello[..at]), None);
            let mut damaged = hello.clone();
            damaged[at] ^= 0xff;
            let _ = (torrent(&damaged), record_len(&damaged));
        }
    }
}
