//! Azureus messaging, which Vuze and BiglyBT speak with their like: messages have names instead of numbers.
//!
//! ```text
//!  | length | length of the name | name: BT_HAVE, AZ_HANDSHAKE | version | payload |
//!  0        4                    8
//! ```

use std::ops::Range;

use super::message::{Message, body_len, id};

/// A name is no longer; the longest in use has some twenty letters.
const MAX_NAME: usize = 64;

/// The head of a message in this framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Azureus<'b> {
    /// What it is.
    pub name: &'b str,
    /// Where the name stands in the message. The version is the byte behind it, the payload what follows that.
    pub range: Range<usize>,
}

impl<'b> Azureus<'b> {
    /// Reads a message from its length prefix on. The first byte of the length of a name is 0, as the id of a choke is,
    /// but a choke has nothing behind its id: no other message is taken for one of these.
    pub fn read(message: &'b [u8]) -> Option<Azureus<'b>> {
        let (prefix, rest) = message.split_first_chunk()?;
        let (len, rest) = rest.split_first_chunk()?;
        let [size, len] = [prefix, len].map(|word| u32::from_be_bytes(*word) as usize);
        let name = rest
            .get(..len)
            .filter(|name| name.iter().copied().all(is_of_name))?;
        let fits = (1..=MAX_NAME).contains(&len) && size > 4 + len;
        Some(Azureus {
            name: std::str::from_utf8(name).ok().filter(|_| fits)?,
            range: 8..8 + len,
        })
    }
}

/// Bytes before the name: the length of the message and that of the name.
const HEAD: usize = 8;

/// What is known of a message that begins like one in this framing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Begun {
    /// It is none.
    No,
    /// So many bytes are needed to tell more.
    Needs(usize),
    /// It is one, and can be read from so many.
    Keeps(usize),
}

/// Looks at the bytes from a length prefix of `size` on, whose id would be that of a choke. A choke has nothing behind
/// its id, so that nothing is lost by taking what has a name for one of these, whatever the handshakes announced.
pub(super) fn begun(head: &[u8], size: u32) -> Begun {
    let Some(name_len) = head.get(4..HEAD).and_then(<[u8]>::first_chunk) else {
        let is_small = head[4..].iter().take(3).all(|byte| *byte == 0);
        let can_be = is_small && size as usize > HEAD - 4 + 1;
        return if can_be {
            Begun::Needs(HEAD)
        } else {
            Begun::No
        };
    };
    let name_len = u32::from_be_bytes(*name_len) as usize;
    let name = &head[HEAD..head.len().min(HEAD + name_len)];
    let fits = (1..=MAX_NAME).contains(&name_len) && size as usize > HEAD - 4 + name_len;
    if !fits || !name.iter().copied().all(is_of_name) {
        return Begun::No;
    }
    let needed = HEAD + name_len + 1 + kept(name, name_len, size);
    if head.len() < needed {
        Begun::Needs(needed)
    } else {
        Begun::Keeps(needed)
    }
}

/// Bytes behind the version that are worth keeping, once the name is whole.
fn kept(name: &[u8], name_len: usize, size: u32) -> usize {
    let known = number(name).filter(|_| name.len() == name_len);
    known.map_or(0, |id| body_len(id, inner(size, name_len)).unwrap_or(0))
}

/// The length prefix that the same message has with a number in place of its name and version.
fn inner(size: u32, name_len: usize) -> u32 {
    size - (HEAD - 4 + name_len) as u32
}

/// Reads the message from what [`begun`] asked to be kept.
pub(super) fn message(head: &[u8], size: u32) -> Option<Message> {
    let name_len = u32::from_be_bytes(*head.get(4..HEAD)?.first_chunk()?) as usize;
    let name = head.get(HEAD..HEAD + name_len)?;
    let body = head.get(HEAD + name_len + 1..)?;
    if name == b"BT_KEEP_ALIVE" {
        return Some(Message::KeepAlive);
    }
    Some(match number(name) {
        Some(id) => Message::read(id, inner(size, name_len), body),
        None => Message::Azureus(std::str::from_utf8(name).ok()?.into()),
    })
}

/// The number of a message that has one in the ordinary framing.
fn number(name: &[u8]) -> Option<u8> {
    Some(match name {
        b"BT_CHOKE" => id::CHOKE,
        b"BT_UNCHOKE" => id::UNCHOKE,
        b"BT_INTERESTED" => id::INTERESTED,
        b"BT_UNINTERESTED" => id::NOT_INTERESTED,
        b"BT_HAVE" => id::HAVE,
        b"BT_BITFIELD" => id::BITFIELD,
        b"BT_REQUEST" => id::REQUEST,
        b"BT_PIECE" => id::PIECE,
        b"BT_CANCEL" => id::CANCEL,
        b"BT_DHT_PORT" => id::PORT,
        b"BT_SUGGEST_PIECE" => id::SUGGEST,
        b"BT_HAVE_ALL" => id::HAVE_ALL,
        b"BT_HAVE_NONE" => id::HAVE_NONE,
        b"BT_REJECT_REQUEST" => id::REJECT,
        b"BT_ALLOWED_FAST" => id::ALLOWED_FAST,
        _ => return None,
    })
}

/// A message as it is sent; `rest` is its version and its payload.
pub(super) fn encode(name: &str, rest: &[u8]) -> Vec<u8> {
    let name_len = (name.len() as u32).to_be_bytes();
    let body = [&name_len, name.as_bytes(), rest].concat();
    [&(body.len() as u32).to_be_bytes(), &body[..]].concat()
}

fn is_of_name(byte: u8) -> bool {
    byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{FrameRef, SeqNumber};
    use crate::wire::{Block, Decoded, Framer, Handshake, PieceIndex};
    use hex_literal::hex;
    use proptest::prelude::*;

    #[test]
    fn a_message_has_a_name() {
        let have = hex!("00000010 00000007 42545f48415645 01 00000009");
        let read = Azureus::read(&have).unwrap();
        assert_eq!((read.name, read.range), ("BT_HAVE", 8..15));
    }

    #[test]
    fn a_choke_has_none() {
        assert_eq!(Azureus::read(&hex!("00000001 00")), None);
        assert_eq!(Azureus::read(&hex!("00000008 00 00000000000000")), None);
        assert_eq!(Azureus::read(&hex!("00000008 00000003 425420 01")), None);
        assert_eq!(Azureus::read(&hex!("00000007 00000003 425448")), None);
    }

    /// A message: name, payload.
    fn named(name: &str, payload: &[u8]) -> Vec<u8> {
        encode(name, &[&[1], payload].concat())
    }

    /// What a stream says behind its handshake, cut at an offset.
    fn said(bytes: &[u8], cut: usize) -> Vec<Message> {
        let (mut framer, mut said) = (Framer::default(), Vec::new());
        let stream = [&Handshake::default().to_bytes(), bytes].concat();
        for part in [&stream[..68 + cut], &stream[68 + cut..]] {
            framer.data(SeqNumber(0), part, FrameRef::default(), &mut |decoded| {
                if let Decoded::Message(framed) = decoded {
                    said.push(framed.message);
                }
            });
        }
        said.split_off(1)
    }

    #[test]
    fn a_conversation_is_read_as_in_the_ordinary_framing_wherever_it_is_cut() {
        let block = Block {
            index: PieceIndex(9),
            begin: 0,
            length: 20,
        };
        let request = hex!("00000009 00000000 00000014");
        let bytes = [
            named("AZ_HANDSHAKE", b"d8:identity20:abcdefghijklmnopqrste"),
            named("BT_BITFIELD", &[0xff, 0x80]),
            named("BT_UNCHOKE", &[]),
            named("BT_REQUEST", &request),
            named("BT_PIECE", &[&request[..8], &[7; 20]].concat()),
            named("BT_KEEP_ALIVE", &[]),
            named("BT_CHOKE", &[]),
        ]
        .concat();
        let expected = [
            Message::Azureus("AZ_HANDSHAKE".into()),
            Message::Bitfield([0xff, 0x80].into()),
            Message::Unchoke,
            Message::Request(block),
            Message::Piece(block),
            Message::KeepAlive,
            Message::Choke,
        ];
        for cut in 0..=bytes.len() {
            assert_eq!(said(&bytes, cut), expected, "cut at {cut}");
        }
    }

    #[test]
    fn a_choke_that_is_too_long_is_still_malformed() {
        for bytes in [
            &hex!("00000004 00 010203")[..],
            &hex!("00000009 00 0000000000000000"),
            &hex!("00000009 00 000003 42542001 00"),
        ] {
            let said = said(bytes, 6);
            assert!(
                matches!(said[..], [Message::Malformed { id: 0, .. }]),
                "{said:?}"
            );
        }
    }

    proptest! {
        #[test]
        fn a_name_lies_within_its_message(bytes in proptest::collection::vec(any::<u8>(), 0..40), len in 0u8..40) {
            let mut message = bytes;
            if message.len() > 8 {
                message[4..8].copy_from_slice(&[0, 0, 0, len]);
            }
            if let Some(azureus) = Azureus::read(&message) {
                prop_assert_eq!(azureus.name.as_bytes(), &message[azureus.range]);
            }
        }
    }
}
