//! Azureus messaging, which Vuze and BiglyBT speak with their like: messages have names instead of numbers.
//!
//! ```text
//!  | length | length of the name | name: BT_HAVE, AZ_HANDSHAKE | version | payload |
//!  0        4                    8
//! ```

use std::ops::Range;

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
        let is_name =
            |byte: &u8| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b'_';
        let name = rest.get(..len).filter(|name| name.iter().all(is_name))?;
        let fits = (1..=MAX_NAME).contains(&len) && size > 4 + len;
        Some(Azureus {
            name: std::str::from_utf8(name).ok().filter(|_| fits)?,
            range: 8..8 + len,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
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
