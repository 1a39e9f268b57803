//! The messages of the peer wire protocol: BEP 3, 5, 6, 10 and 52.

use std::fmt;

use super::Handshake;

/// Number of a piece, from 0.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PieceIndex(pub u32);

impl fmt::Display for PieceIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A range of bytes within a piece (BEP 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Block {
    /// The piece.
    pub index: PieceIndex,
    /// Offset in the piece, in bytes.
    pub begin: u32,
    /// Bytes.
    pub length: u32,
}

/// A range of hashes in the tree of a file (BEP 52).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct HashRange {
    /// Root of the file's tree.
    pub root: [u8; 32],
    /// Layer, 0 is that of the 16 KiB leaves.
    pub base: u32,
    /// First hash in the layer.
    pub index: u32,
    /// How many.
    pub length: u32,
    /// Layers of uncle hashes.
    pub proof: u32,
}

impl HashRange {
    /// Bytes on the wire, behind the id.
    pub const LEN: usize = 48;

    /// Bytes of a hash, which is a SHA-256.
    pub const HASH: usize = 32;

    /// How many hashes follow in a `hashes` message with this length prefix.
    pub fn hashes(size: u32) -> u32 {
        size.saturating_sub(1 + HashRange::LEN as u32) / HashRange::HASH as u32
    }

    /// Reads the first 48 bytes of a body.
    pub fn from_bytes(bytes: &[u8]) -> HashRange {
        let word = |at| word(bytes, at);
        HashRange {
            root: bytes.first_chunk().copied().unwrap_or_default(),
            base: word(32),
            index: word(36),
            length: word(40),
            proof: word(44),
        }
    }

    /// The bytes as they are on the wire.
    pub fn to_bytes(&self) -> [u8; HashRange::LEN] {
        let mut bytes = [0; HashRange::LEN];
        bytes[..32].copy_from_slice(&self.root);
        for (word, value) in
            bytes[32..]
                .chunks_exact_mut(4)
                .zip([self.base, self.index, self.length, self.proof])
        {
            word.copy_from_slice(&value.to_be_bytes());
        }
        bytes
    }
}

/// The big-endian `u32` at an offset; 0 where a body was kept too short, which [`body_len`] rules out.
fn word(bytes: &[u8], at: usize) -> u32 {
    bytes
        .get(at..)
        .and_then(<[u8]>::first_chunk)
        .map_or(0, |word| u32::from_be_bytes(*word))
}

/// Message ids (BEP 3, 5, 6, 10, 52).
#[expect(missing_docs, reason = "the names are those of the BEPs")]
pub mod id {
    pub const CHOKE: u8 = 0;
    pub const UNCHOKE: u8 = 1;
    pub const INTERESTED: u8 = 2;
    pub const NOT_INTERESTED: u8 = 3;
    pub const HAVE: u8 = 4;
    pub const BITFIELD: u8 = 5;
    pub const REQUEST: u8 = 6;
    pub const PIECE: u8 = 7;
    pub const CANCEL: u8 = 8;
    pub const PORT: u8 = 9;
    pub const SUGGEST: u8 = 13;
    pub const HAVE_ALL: u8 = 14;
    pub const HAVE_NONE: u8 = 15;
    pub const REJECT: u8 = 16;
    pub const ALLOWED_FAST: u8 = 17;
    pub const EXTENDED: u8 = 20;
    pub const HASH_REQUEST: u8 = 21;
    pub const HASHES: u8 = 22;
    pub const HASH_REJECT: u8 = 23;
}

/// What a message is, or what stands in its place where there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(missing_docs, reason = "the names are those of the BEPs")]
pub enum Kind {
    Handshake,
    KeepAlive,
    Choke,
    Unchoke,
    Interested,
    NotInterested,
    Have,
    Bitfield,
    Request,
    Piece,
    Cancel,
    Port,
    Suggest,
    HaveAll,
    HaveNone,
    Reject,
    AllowedFast,
    Extended,
    HashRequest,
    Hashes,
    HashReject,
    /// An id that no BEP assigns.
    Unknown,
    /// Bytes that are not in the capture.
    Gap,
    /// Bytes that could not be read as messages.
    Undecoded,
    /// Bytes that were sent once more with another content.
    Conflict,
    /// Bytes that are encrypted.
    Encrypted,
    /// A message of Azureus' own framing that has no number in the ordinary one.
    Azureus,
}

impl Kind {
    /// All of them; the position of each is its number.
    pub const ALL: [Kind; 27] = [
        Kind::Handshake,
        Kind::KeepAlive,
        Kind::Choke,
        Kind::Unchoke,
        Kind::Interested,
        Kind::NotInterested,
        Kind::Have,
        Kind::Bitfield,
        Kind::Request,
        Kind::Piece,
        Kind::Cancel,
        Kind::Port,
        Kind::Suggest,
        Kind::HaveAll,
        Kind::HaveNone,
        Kind::Reject,
        Kind::AllowedFast,
        Kind::Extended,
        Kind::HashRequest,
        Kind::Hashes,
        Kind::HashReject,
        Kind::Unknown,
        Kind::Gap,
        Kind::Undecoded,
        Kind::Conflict,
        Kind::Encrypted,
        Kind::Azureus,
    ];

    /// The kind of the message with this id.
    pub fn of(id: u8) -> Kind {
        match id {
            id::CHOKE => Kind::Choke,
            id::UNCHOKE => Kind::Unchoke,
            id::INTERESTED => Kind::Interested,
            id::NOT_INTERESTED => Kind::NotInterested,
            id::HAVE => Kind::Have,
            id::BITFIELD => Kind::Bitfield,
            id::REQUEST => Kind::Request,
            id::PIECE => Kind::Piece,
            id::CANCEL => Kind::Cancel,
            id::PORT => Kind::Port,
            id::SUGGEST => Kind::Suggest,
            id::HAVE_ALL => Kind::HaveAll,
            id::HAVE_NONE => Kind::HaveNone,
            id::REJECT => Kind::Reject,
            id::ALLOWED_FAST => Kind::AllowedFast,
            id::EXTENDED => Kind::Extended,
            id::HASH_REQUEST => Kind::HashRequest,
            id::HASHES => Kind::Hashes,
            id::HASH_REJECT => Kind::HashReject,
            _ => Kind::Unknown,
        }
    }

    /// The id of its messages; `None` for what has none of its own.
    pub fn id(self) -> Option<u8> {
        (0..=u8::MAX).find(|id| self != Kind::Unknown && Kind::of(*id) == self)
    }

    /// False for stretches that are no message.
    pub fn is_message(self) -> bool {
        !matches!(
            self,
            Kind::Gap | Kind::Undecoded | Kind::Conflict | Kind::Encrypted
        )
    }

    /// The name in `--json`.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Handshake => "handshake",
            Kind::KeepAlive => "keepalive",
            Kind::Choke => "choke",
            Kind::Unchoke => "unchoke",
            Kind::Interested => "interested",
            Kind::NotInterested => "not_interested",
            Kind::Have => "have",
            Kind::Bitfield => "bitfield",
            Kind::Request => "request",
            Kind::Piece => "piece",
            Kind::Cancel => "cancel",
            Kind::Port => "port",
            Kind::Suggest => "suggest",
            Kind::HaveAll => "have_all",
            Kind::HaveNone => "have_none",
            Kind::Reject => "reject",
            Kind::AllowedFast => "allowed_fast",
            Kind::Extended => "extended",
            Kind::HashRequest => "hash_request",
            Kind::Hashes => "hashes",
            Kind::HashReject => "hash_reject",
            Kind::Unknown => "unknown",
            Kind::Gap => "gap",
            Kind::Undecoded => "undecoded",
            Kind::Conflict => "conflict",
            Kind::Encrypted => "encrypted",
            Kind::Azureus => "azureus",
        }
    }
}

/// One message. What it carries in bulk (the data of a piece, hashes) is not kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names are those of the BEPs")]
pub enum Message {
    Handshake(Box<Handshake>),
    KeepAlive,
    Choke,
    Unchoke,
    Interested,
    NotInterested,
    Have(PieceIndex),
    /// Bit 0x80 of byte 0 is piece 0.
    Bitfield(Box<[u8]>),
    Request(Block),
    /// `length` is that of the data.
    Piece(Block),
    Cancel(Block),
    /// UDP port of the sender's DHT node.
    Port(u16),
    Suggest(PieceIndex),
    HaveAll,
    HaveNone,
    Reject(Block),
    AllowedFast(PieceIndex),
    /// `id` is one that the receiver chose in its extended handshake; 0 is that handshake.
    Extended {
        id: u8,
        payload: Box<[u8]>,
    },
    HashRequest(HashRange),
    Hashes(HashRange),
    HashReject(HashRange),
    /// Of Azureus' own framing, by name: one that has no number in the ordinary one.
    Azureus(Box<str>),
    Unknown {
        id: u8,
    },
    /// The id is known, the length is wrong for it.
    Malformed {
        id: u8,
        fault: Malformed,
    },
    /// Its header was captured, what it says was not.
    Unread(Kind),
}

/// Why a message of a known id does not say what its id promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The length prefix is not the one this id has.
    Length {
        /// As BEP 3, 5, 6 or 52 says.
        expected: u32,
    },
    /// The length prefix is below the least for this id.
    Short {
        /// The least.
        expected: u32,
    },
    /// A bitfield for more pieces than any client accepts.
    Long {
        /// The most.
        limit: u32,
    },
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Malformed::Length { expected } => write!(f, "its length should be {expected}"),
            Malformed::Short { expected } => write!(f, "its length should be at least {expected}"),
            Malformed::Long { limit } => write!(f, "its length should be at most {limit}"),
        }
    }
}

/// Bytes of the longest bitfield that is believed: 2 Mi pieces, as many as libtorrent accepts.
pub const MAX_BITFIELD: u32 = 1 << 18;
/// Bytes kept of an extended message; metadata and peer exchange stay far below.
const MAX_EXTENDED: u32 = 1 << 20;

/// Checks the length prefix of a message: how many bytes behind the id are worth keeping.
pub(super) fn body_len(id: u8, len: u32) -> Result<usize, Malformed> {
    let exactly = |expected| {
        if len == expected {
            Ok(expected as usize - 1)
        } else {
            Err(Malformed::Length { expected })
        }
    };
    let at_least = |expected, keep: usize| {
        if len >= expected {
            Ok(keep)
        } else {
            Err(Malformed::Short { expected })
        }
    };
    match Kind::of(id) {
        Kind::Choke
        | Kind::Unchoke
        | Kind::Interested
        | Kind::NotInterested
        | Kind::HaveAll
        | Kind::HaveNone => exactly(1),
        Kind::Have | Kind::Suggest | Kind::AllowedFast => exactly(5),
        Kind::Request | Kind::Cancel | Kind::Reject => exactly(13),
        Kind::Port => exactly(3),
        Kind::Piece => at_least(9, 8),
        Kind::Bitfield if len > MAX_BITFIELD + 1 => Err(Malformed::Long {
            limit: MAX_BITFIELD + 1,
        }),
        Kind::Bitfield => Ok(len as usize - 1),
        Kind::Extended => at_least(2, len.min(MAX_EXTENDED) as usize - 1),
        Kind::HashRequest | Kind::HashReject => exactly(49),
        Kind::Hashes => at_least(49, 48),
        _ => Ok(0),
    }
}

impl Message {
    /// Reads a message from its id, its length prefix and what [`body_len`] asked to be kept of its body.
    pub(super) fn read(id: u8, len: u32, body: &[u8]) -> Message {
        if let Err(fault) = body_len(id, len) {
            return Message::Malformed { id, fault };
        }
        let word = |at| word(body, at);
        let piece = || PieceIndex(word(0));
        let block = |length| Block {
            index: piece(),
            begin: word(4),
            length,
        };
        let hashes = || HashRange::from_bytes(body);
        match Kind::of(id) {
            Kind::Choke => Message::Choke,
            Kind::Unchoke => Message::Unchoke,
            Kind::Interested => Message::Interested,
            Kind::NotInterested => Message::NotInterested,
            Kind::Have => Message::Have(piece()),
            Kind::Bitfield => Message::Bitfield(body.into()),
            Kind::Request => Message::Request(block(word(8))),
            Kind::Piece => Message::Piece(block(len - 9)),
            Kind::Cancel => Message::Cancel(block(word(8))),
            Kind::Port => Message::Port(u16::from_be_bytes([body[0], body[1]])),
            Kind::Suggest => Message::Suggest(piece()),
            Kind::HaveAll => Message::HaveAll,
            Kind::HaveNone => Message::HaveNone,
            Kind::Reject => Message::Reject(block(word(8))),
            Kind::AllowedFast => Message::AllowedFast(piece()),
            Kind::Extended => Message::Extended {
                id: body[0],
                payload: body[1..].into(),
            },
            Kind::HashRequest => Message::HashRequest(hashes()),
            Kind::Hashes => Message::Hashes(hashes()),
            Kind::HashReject => Message::HashReject(hashes()),
            _ => Message::Unknown { id },
        }
    }

    /// What it is. A malformed message is of the kind that its id says.
    pub fn kind(&self) -> Kind {
        match self {
            Message::Handshake(_) => Kind::Handshake,
            Message::KeepAlive => Kind::KeepAlive,
            Message::Choke => Kind::Choke,
            Message::Unchoke => Kind::Unchoke,
            Message::Interested => Kind::Interested,
            Message::NotInterested => Kind::NotInterested,
            Message::Have(_) => Kind::Have,
            Message::Bitfield(_) => Kind::Bitfield,
            Message::Request(_) => Kind::Request,
            Message::Piece(_) => Kind::Piece,
            Message::Cancel(_) => Kind::Cancel,
            Message::Port(_) => Kind::Port,
            Message::Suggest(_) => Kind::Suggest,
            Message::HaveAll => Kind::HaveAll,
            Message::HaveNone => Kind::HaveNone,
            Message::Reject(_) => Kind::Reject,
            Message::AllowedFast(_) => Kind::AllowedFast,
            Message::Extended { .. } => Kind::Extended,
            Message::HashRequest(_) => Kind::HashRequest,
            Message::Hashes(_) => Kind::Hashes,
            Message::HashReject(_) => Kind::HashReject,
            Message::Azureus(_) => Kind::Azureus,
            Message::Unknown { .. } => Kind::Unknown,
            Message::Malformed { id, .. } => Kind::of(*id),
            Message::Unread(kind) => *kind,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn blocks_are_index_begin_length() {
        let block = Block {
            index: PieceIndex(4),
            begin: 0x4000,
            length: 0x4000,
        };
        let body = hex!("00000004 00004000 00004000");
        assert_eq!(
            Message::read(id::REQUEST, 13, &body),
            Message::Request(block)
        );
        assert_eq!(
            Message::read(id::PIECE, 9 + 0x4000, &body[..8]),
            Message::Piece(block)
        );
    }

    #[test]
    fn a_port_is_two_bytes() {
        assert_eq!(
            Message::read(id::PORT, 3, &hex!("1ae1")),
            Message::Port(6881)
        );
    }

    #[test]
    fn a_wrong_length_is_malformed_and_says_the_right_one() {
        let fault = Malformed::Length { expected: 5 };
        assert_eq!(
            Message::read(id::HAVE, 3, &[]),
            Message::Malformed { id: 4, fault }
        );
        let fault = Malformed::Short { expected: 9 };
        assert_eq!(
            Message::read(id::PIECE, 8, &[]),
            Message::Malformed { id: 7, fault }
        );
    }

    #[test]
    fn an_empty_bitfield_is_a_bitfield() {
        assert_eq!(
            Message::read(id::BITFIELD, 1, &[]),
            Message::Bitfield(Box::default())
        );
    }

    #[test]
    fn an_unknown_id_is_kept() {
        assert_eq!(Message::read(250, 9, &[]), Message::Unknown { id: 250 });
    }

    #[test]
    fn the_position_of_a_kind_is_its_number() {
        for (number, kind) in Kind::ALL.into_iter().enumerate() {
            assert_eq!(kind as usize, number);
        }
    }

    #[test]
    fn no_id_and_no_length_makes_reading_panic() {
        for id in 0..=255 {
            for len in [1, 2, 3, 5, 9, 13, 49, 81] {
                let keep = body_len(id, len).unwrap_or_default();
                Message::read(id, len, &vec![0xff; keep]);
            }
        }
    }
}
