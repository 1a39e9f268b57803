//! What the first bytes of a message tell of the rest.

use super::azureus::{self, Begun};
use super::framing::Reason;
use super::handshake::{self, PROTOCOL};
use super::message::{self, Kind, Malformed, id};

/// A longer message than this cannot be meant: whoever sends such a length prefix has lost its place, or we have.
const MAX_LEN: u32 = 16 << 20;
/// The same, where the boundary itself is doubted: no client in use sends more.
const MAX_DOUBTED_LEN: u32 = (128 << 10) + 9;
/// Messages that would have to be kept as a whole to be judged.
const MAX_DOUBTED_KEPT: usize = 32 << 10;

/// Bytes of the protocol's name and its length, 20 in all, that nobody gets right by chance.
const NEARLY: usize = 12;

/// What the next bytes of a stream are expected to be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Expected {
    /// The first bytes of a direction.
    #[default]
    Handshake,
    /// A message, at a boundary that is known.
    Message,
    /// A message, if this is a boundary at all: then only what real clients send is believed.
    Doubtful,
    /// A handshake behind something else, as a proxy's greeting, and then the same.
    DoubtfulHandshake,
}

impl Expected {
    /// What follows the message that was expected.
    pub(super) fn next(self) -> Expected {
        match self {
            Expected::Handshake | Expected::Message => Expected::Message,
            Expected::DoubtfulHandshake | Expected::Doubtful => Expected::Doubtful,
        }
    }
}

/// What a head says of its message.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// Too short to say: so many bytes are needed.
    Needs(usize),
    /// The message is `total` bytes long and can be read from its first `keep`.
    Is {
        size: u32,
        keep: usize,
        total: u64,
    },
    Impossible(Reason),
}

pub(super) fn examine(expected: Expected, head: &[u8]) -> Head {
    match expected {
        Expected::Handshake | Expected::DoubtfulHandshake => handshake(head),
        Expected::Message => message(head),
        Expected::Doubtful => doubtful(head),
    }
}

fn handshake(head: &[u8]) -> Head {
    let known = head.len().min(PROTOCOL.len());
    if head[..known] != PROTOCOL[..known] {
        return Head::Impossible(otherwise(head));
    }
    if head.len() < handshake::LEN {
        return Head::Needs(handshake::LEN);
    }
    Head::Is {
        size: handshake::LEN as u32,
        keep: handshake::LEN,
        total: handshake::LEN as u64,
    }
}

/// What a stream is that does not begin with the name of the protocol.
fn otherwise(head: &[u8]) -> Reason {
    let alike = head
        .iter()
        .zip(PROTOCOL)
        .filter(|(is, should)| is == should);
    if alike.count() >= NEARLY {
        Reason::WrongName
    } else {
        Reason::NotBitTorrent
    }
}

fn message(head: &[u8]) -> Head {
    let Some(prefix) = head.first_chunk() else {
        return Head::Needs(4);
    };
    let size = u32::from_be_bytes(*prefix);
    let total = 4 + u64::from(size);
    if size == 0 {
        return Head::Is {
            size,
            keep: 4,
            total,
        };
    }
    if size > MAX_LEN {
        return Head::Impossible(Reason::ImpossibleLength);
    }
    let Some(id) = head.get(4) else {
        return Head::Needs(5);
    };
    let named = if *id == id::CHOKE {
        azureus::begun(head, size)
    } else {
        Begun::No
    };
    let keep = match named {
        Begun::Needs(needed) => return Head::Needs(needed),
        Begun::Keeps(keep) => keep,
        Begun::No => 5 + message::body_len(*id, size).unwrap_or(0),
    };
    if head.len() < keep {
        return Head::Needs(keep);
    }
    Head::Is { size, keep, total }
}

fn doubtful(head: &[u8]) -> Head {
    // Also the part of a length prefix can be too much: the top byte comes first.
    let most = MAX_DOUBTED_LEN.to_be_bytes();
    let known = head.len().min(most.len());
    if head[..known] > most[..known] {
        return Head::Impossible(Reason::ImpossibleLength);
    }
    if let Some((prefix, [id, ..])) = head.split_first_chunk() {
        let size = u32::from_be_bytes(*prefix);
        if size > 0 && kept(*id, size).is_none_or(|len| len > MAX_DOUBTED_KEPT) {
            return Head::Impossible(Reason::ImpossibleLength);
        }
    }
    message(head)
}

/// Bytes to keep of a message that a client may really send.
fn kept(id: u8, size: u32) -> Option<usize> {
    let len: Result<usize, Malformed> = message::body_len(id, size);
    len.ok().filter(|_| Kind::of(id) != Kind::Unknown)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn a_doubted_boundary_needs_a_message_that_clients_send() {
        let impossible = |head: &[u8]| {
            assert_eq!(
                examine(Expected::Doubtful, head),
                Head::Impossible(Reason::ImpossibleLength),
                "{head:02x?}"
            );
        };
        impossible(&hex!("01"));
        impossible(&hex!("0003"));
        impossible(&hex!("00000002 00")); // a choke of two bytes
        impossible(&hex!("00000005 fb")); // an unknown id
        impossible(&hex!("0001ffff 05")); // a bitfield of a million pieces
        assert_eq!(examine(Expected::Doubtful, &hex!("0000")), Head::Needs(4));
        let piece = Head::Is {
            size: 16393,
            keep: 13,
            total: 16397,
        };
        assert_eq!(
            examine(Expected::Doubtful, &hex!("00004009 07 00000001 00000000")),
            piece
        );
    }

    #[test]
    fn a_wrong_name_is_told_from_another_protocol() {
        let reason = |head: &[u8]| examine(Expected::Handshake, head);
        for misnamed in [b"\x13BitTorrent protocoX", b"\xffBitTorrent protocol"] {
            assert_eq!(reason(misnamed), Head::Impossible(Reason::WrongName));
        }
        for other in [&b"SSH-2.0-OpenSSH_9.2\r\n"[..], b"GET / HTTP/1.1\r\n\r\n"] {
            assert_eq!(reason(other), Head::Impossible(Reason::NotBitTorrent));
        }
    }

    #[test]
    fn a_known_boundary_believes_what_it_reads() {
        let Head::Is { total: 9, .. } = examine(Expected::Message, &hex!("00000005 fb 00000000"))
        else {
            panic!()
        };
    }
}
