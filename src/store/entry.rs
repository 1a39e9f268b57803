//! An entry: a message in 48 bytes. Everything of bulk stays in the capture file.

use super::arena::Arena;
use super::{Record, What};
use crate::capture::{FilePosition, FrameNumber, Timestamp};
use crate::stream::{ConnectionId, Missing, SeqNumber, Side};
use crate::wire::{
    Block, Found, Handshake, HashRange, Kind, MAX_BITFIELD, Malformed, Message, PieceIndex, Reason,
    Via,
};

/// The number of an entry, from 0 in capture order over all connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId(pub u32);

/// One message of the record, packed. [`Entry::what`] unpacks it.
#[derive(Clone, Copy, Debug)]
pub struct Entry {
    /// When it was complete.
    pub time: Timestamp,
    /// File position in the upper 48 bits, then kind, then behind what, how it was found, form and side.
    place: u64,
    /// Whose conversation it belongs to.
    pub connection: ConnectionId,
    /// The frame that completed it.
    pub frame: FrameNumber,
    /// The frame of its first byte.
    pub first_frame: FrameNumber,
    /// Sequence number of its first byte.
    pub seq: SeqNumber,
    /// Its length prefix; 68 for a handshake.
    pub size: u32,
    args: [u32; 3],
}

const _: () = assert!(size_of::<Entry>() == 48);

/// How the arguments are to be taken.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Form {
    /// They are what the message says.
    Whole,
    /// Its length is wrong: they are the fault and the id.
    Malformed,
    /// What it says is not in the capture.
    Unread,
}

/// Behind the two other reasons, the number of lost packets.
fn missing_code(missing: Missing) -> u32 {
    match missing {
        Missing::Lost => 0,
        Missing::Snapped => 1,
        Missing::Packets(count) => count.saturating_add(1).max(2),
    }
}

fn missing_of(code: u32) -> Missing {
    match code {
        0 => Missing::Lost,
        1 => Missing::Snapped,
        code => Missing::Packets(code - 1),
    }
}

const SIDE_B: u64 = 1;
const MALFORMED: u64 = 2;
const UNREAD: u64 = 4;
const RESYNCHRONISED: u64 = 8;
const VIA_PLAINTEXT: u64 = 16;
const VIA_RC4: u64 = 32;
const HEARD: u64 = 64;

impl Entry {
    /// Packs a record. `extension` names the id of an extended message.
    pub(super) fn new(record: &Record, extension: Option<&str>, arena: &mut Arena) -> Entry {
        let (kind, form, args) = match &record.what {
            What::Message(message) => pack(message, extension, arena),
            What::Gap { bytes, missing } => (
                Kind::Gap,
                Form::Whole,
                [high(*bytes), *bytes as u32, missing_code(*missing)],
            ),
            What::Conflict { bytes } => (
                Kind::Conflict,
                Form::Whole,
                [high(*bytes), *bytes as u32, 0],
            ),
            What::Encrypted { bytes } => (
                Kind::Encrypted,
                Form::Whole,
                [high(*bytes), *bytes as u32, 0],
            ),
            What::Undecoded { bytes, reason } => (
                Kind::Undecoded,
                Form::Whole,
                [high(*bytes), *bytes as u32, reason_code(*reason)],
            ),
        };
        let form = match form {
            Form::Whole => 0,
            Form::Malformed => MALFORMED,
            Form::Unread => UNREAD,
        };
        let side = if record.side == Side::B { SIDE_B } else { 0 };
        let found = match record.found {
            Found::InOrder | Found::Settled(_) => 0,
            Found::Resynchronised(_) => RESYNCHRONISED,
        };
        let via = match record.via {
            None => 0,
            Some(Via::MsePlaintext) => VIA_PLAINTEXT,
            Some(Via::MseRc4) => VIA_RC4,
        };
        let heard = if record.has_heard { HEARD } else { 0 };
        let flags = heard | via | found | form | side;
        Entry {
            time: record.time,
            place: record.place.position.0 << 16 | (kind as u64) << 8 | flags,
            connection: record.connection,
            frame: record.frame,
            first_frame: record.place.first_frame,
            seq: record.place.seq,
            size: record.size,
            args,
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        Kind::ALL[(self.place >> 8) as usize & 0xff]
    }

    /// Who sent it.
    pub fn side(&self) -> Side {
        if self.place & SIDE_B == 0 {
            Side::A
        } else {
            Side::B
        }
    }

    /// The first frame in file order that holds any of it.
    pub fn position(&self) -> FilePosition {
        FilePosition(self.place >> 16)
    }

    /// Bytes on the wire: of the message with its length prefix, or of the stretch that is none.
    pub fn wire_len(&self) -> u64 {
        match self.kind() {
            Kind::Handshake => u64::from(self.size),
            Kind::Gap | Kind::Undecoded | Kind::Conflict | Kind::Encrypted => self.bytes(),
            _ => u64::from(self.size) + 4,
        }
    }

    /// Of a message about a piece: its index, and the length of the block or 0.
    pub fn block(&self) -> Option<(u32, u32)> {
        if self.form() != Form::Whole {
            return None;
        }
        match self.kind() {
            Kind::Request | Kind::Piece | Kind::Cancel | Kind::Reject => {
                Some((self.args[0], self.args[2]))
            }
            Kind::Have | Kind::AllowedFast | Kind::Suggest => Some((self.args[0], 0)),
            _ => None,
        }
    }

    /// Bytes of an extended message behind the id of its extension.
    pub fn body_len(&self) -> usize {
        self.size.saturating_sub(2) as usize
    }

    /// True when something is wrong with it: bytes that are no message, an id or a length that no BEP knows.
    pub fn is_faulty(&self) -> bool {
        let is_fault = matches!(
            self.kind(),
            Kind::Gap | Kind::Undecoded | Kind::Conflict | Kind::Unknown
        );
        is_fault || self.form() != Form::Whole
    }

    /// True when no boundary was known before it: it is one of a chain of messages that was found.
    pub fn is_resynchronised(&self) -> bool {
        self.place & RESYNCHRONISED != 0
    }

    /// Behind what it was read; nothing where the stream is plaintext from its first byte.
    pub fn via(&self) -> Option<Via> {
        match self.place & (VIA_PLAINTEXT | VIA_RC4) {
            VIA_PLAINTEXT => Some(Via::MsePlaintext),
            VIA_RC4 => Some(Via::MseRc4),
            _ => None,
        }
    }

    /// True when its sender had acknowledged the last word of the other side that takes something back: of a request the
    /// last choke, of a piece or a reject the last cancel. False also where that is not known.
    pub fn has_heard(&self) -> bool {
        self.place & HEARD != 0
    }

    fn form(&self) -> Form {
        match self.place & (MALFORMED | UNREAD) {
            0 => Form::Whole,
            MALFORMED => Form::Malformed,
            _ => Form::Unread,
        }
    }

    fn bytes(&self) -> u64 {
        u64::from(self.args[0]) << 32 | u64::from(self.args[1])
    }

    /// What it says. Of an extended message the payload is there up to its bulk (metadata, a block), or not at all if it
    /// was too long to be kept; see [`super::read_raw`].
    pub(super) fn what(&self, arena: &Arena) -> What {
        match self.kind() {
            Kind::Gap => {
                let missing = missing_of(self.args[2]);
                What::Gap {
                    bytes: self.bytes(),
                    missing,
                }
            }
            Kind::Conflict => What::Conflict {
                bytes: self.bytes(),
            },
            Kind::Encrypted => What::Encrypted {
                bytes: self.bytes(),
            },
            Kind::Undecoded => What::Undecoded {
                bytes: self.bytes(),
                reason: reason(self.args[2]),
            },
            kind => What::Message(self.message(kind, arena)),
        }
    }

    /// The name of an extended message, if its id was negotiated.
    pub(super) fn extension<'a>(&self, arena: &'a Arena) -> Option<&'a str> {
        if self.kind() != Kind::Extended || self.form() != Form::Whole {
            return None;
        }
        arena.named((self.args[0] >> 8) as u16)
    }

    fn message(&self, kind: Kind, arena: &Arena) -> Message {
        let [first, second, third] = self.args;
        match self.form() {
            Form::Whole => {}
            Form::Malformed => {
                return Message::Malformed {
                    id: first as u8,
                    fault: fault(second, third),
                };
            }
            Form::Unread => return Message::Unread(kind),
        }
        let block = || Block {
            index: PieceIndex(first),
            begin: second,
            length: third,
        };
        match kind {
            Kind::Handshake => {
                Message::Handshake(Box::new(Handshake::from_bytes(arena.bytes(first, second))))
            }
            Kind::KeepAlive => Message::KeepAlive,
            Kind::Choke => Message::Choke,
            Kind::Unchoke => Message::Unchoke,
            Kind::Interested => Message::Interested,
            Kind::NotInterested => Message::NotInterested,
            Kind::Have => Message::Have(PieceIndex(first)),
            Kind::Bitfield => Message::Bitfield(arena.bytes(first, second).into()),
            Kind::Request => Message::Request(block()),
            Kind::Piece => Message::Piece(block()),
            Kind::Cancel => Message::Cancel(block()),
            Kind::Port => Message::Port(first as u16),
            Kind::Suggest => Message::Suggest(PieceIndex(first)),
            Kind::HaveAll => Message::HaveAll,
            Kind::HaveNone => Message::HaveNone,
            Kind::Reject => Message::Reject(block()),
            Kind::AllowedFast => Message::AllowedFast(PieceIndex(first)),
            Kind::Extended => Message::Extended {
                id: first as u8,
                payload: arena.body(second, third).into(),
            },
            Kind::HashRequest => {
                Message::HashRequest(HashRange::from_bytes(arena.bytes(first, second)))
            }
            Kind::Hashes => Message::Hashes(HashRange::from_bytes(arena.bytes(first, second))),
            Kind::HashReject => {
                Message::HashReject(HashRange::from_bytes(arena.bytes(first, second)))
            }
            Kind::Azureus => Message::Azureus(arena.named(first as u16).unwrap_or_default().into()),
            Kind::Unknown | Kind::Gap | Kind::Undecoded | Kind::Conflict | Kind::Encrypted => {
                Message::Unknown { id: first as u8 }
            }
        }
    }
}

fn high(bytes: u64) -> u32 {
    (bytes >> 32) as u32
}

fn pack(message: &Message, extension: Option<&str>, arena: &mut Arena) -> (Kind, Form, [u32; 3]) {
    let kind = message.kind();
    let whole = |args| (kind, Form::Whole, args);
    let block = |block: &Block| {
        (
            kind,
            Form::Whole,
            [block.index.0, block.begin, block.length],
        )
    };
    match message {
        Message::Handshake(handshake) => kept(kind, arena, &handshake.to_bytes()),
        Message::Bitfield(bytes) => kept(kind, arena, bytes),
        Message::HashRequest(range) | Message::Hashes(range) | Message::HashReject(range) => {
            kept(kind, arena, &range.to_bytes())
        }
        Message::Have(index) | Message::Suggest(index) | Message::AllowedFast(index) => {
            whole([index.0, 0, 0])
        }
        Message::Request(it) | Message::Piece(it) | Message::Cancel(it) | Message::Reject(it) => {
            block(it)
        }
        Message::Port(port) => whole([u32::from(*port), 0, 0]),
        Message::Extended { id, payload } => {
            let is_hello = *id == 0 && payload.len() <= MAX_BITFIELD as usize;
            // The state of a conversation is computed from the handshakes again.
            let hello = if is_hello { arena.keep(payload) } else { None };
            let (offset, len) = match hello {
                Some(offset) => (offset, payload.len() as u32),
                None => arena.keep_body(extension, payload),
            };
            let name = u32::from(arena.name(extension)) << 8;
            whole([name | u32::from(*id), offset, len])
        }
        Message::Unknown { id } => whole([u32::from(*id), 0, 0]),
        Message::Azureus(name) => whole([u32::from(arena.name(Some(name))), 0, 0]),
        Message::Malformed { id, fault } => {
            let (code, len) = fault_code(*fault);
            (kind, Form::Malformed, [u32::from(*id), code, len])
        }
        Message::Unread(_) => (kind, Form::Unread, [0; 3]),
        _ => whole([0; 3]),
    }
}

fn kept(kind: Kind, arena: &mut Arena, bytes: &[u8]) -> (Kind, Form, [u32; 3]) {
    match arena.keep(bytes) {
        Some(offset) => (kind, Form::Whole, [offset, bytes.len() as u32, 0]),
        None => (kind, Form::Unread, [0; 3]),
    }
}

fn fault_code(fault: Malformed) -> (u32, u32) {
    match fault {
        Malformed::Length { expected } => (0, expected),
        Malformed::Short { expected } => (1, expected),
        Malformed::Long { limit } => (2, limit),
    }
}

fn fault(code: u32, len: u32) -> Malformed {
    match code {
        0 => Malformed::Length { expected: len },
        1 => Malformed::Short { expected: len },
        _ => Malformed::Long { limit: len },
    }
}

fn reason_code(reason: Reason) -> u32 {
    match reason {
        Reason::NotBitTorrent => 0,
        Reason::ImpossibleLength => 1,
        Reason::GapOverHeader => 2,
        Reason::BeforeMessages => 3,
        Reason::Encrypted => 4,
        Reason::WrongName => CUT_SHORT - 1,
        Reason::CutShort(kind) => CUT_SHORT + kind as u32,
    }
}

fn reason(code: u32) -> Reason {
    match code {
        0 => Reason::NotBitTorrent,
        1 => Reason::ImpossibleLength,
        2 => Reason::GapOverHeader,
        3 => Reason::BeforeMessages,
        4 => Reason::Encrypted,
        5 => Reason::WrongName,
        kind => Reason::CutShort(Kind::ALL[(kind - CUT_SHORT) as usize]),
    }
}

/// From here on, the code of a reason is a kind.
const CUT_SHORT: u32 = 6;

/// Entries in blocks that never move: growing does not copy, and memory grows with the entries alone.
#[derive(Debug, Default)]
pub(super) struct Entries {
    blocks: Vec<Vec<Entry>>,
}

const BLOCK: usize = 1 << 14;

impl Entries {
    pub(super) fn push(&mut self, entry: Entry) {
        if self.blocks.last().is_none_or(|block| block.len() == BLOCK) {
            self.blocks
                .push(Vec::with_capacity(if self.blocks.is_empty() {
                    64
                } else {
                    BLOCK
                }));
        }
        self.blocks.last_mut().expect("pushed above").push(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.blocks
            .last()
            .map_or(0, |last| (self.blocks.len() - 1) * BLOCK + last.len())
    }

    pub(super) fn next_id(&self) -> EntryId {
        EntryId(self.len() as u32)
    }

    pub(super) fn get(&self, id: EntryId) -> &Entry {
        &self.blocks[id.0 as usize / BLOCK][id.0 as usize % BLOCK]
    }

    pub(super) fn from(&self, first: EntryId) -> impl Iterator<Item = (EntryId, &Entry)> {
        (first.0..self.len() as u32).map(|id| (EntryId(id), self.get(EntryId(id))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Place, id};

    fn record(what: What) -> Record {
        let place = Place {
            seq: SeqNumber(9),
            first_frame: FrameNumber(3),
            position: FilePosition(0x1234_5678_9abc),
        };
        Record {
            connection: ConnectionId(2),
            side: Side::B,
            time: Timestamp(5),
            frame: FrameNumber(4),
            place,
            size: 13,
            missing: 0,
            found: Found::InOrder,
            via: None,
            has_heard: false,
            what,
        }
    }

    #[test]
    fn every_message_is_unpacked_as_it_was_packed() {
        let block = Block {
            index: PieceIndex(1),
            begin: 2,
            length: 3,
        };
        let range = HashRange {
            root: [7; 32],
            base: 1,
            index: 2,
            length: 3,
            proof: 4,
        };
        let messages = [
            Message::Handshake(Box::new(Handshake {
                info_hash: crate::wire::InfoHash([5; 20]),
                ..Handshake::default()
            })),
            Message::KeepAlive,
            Message::Choke,
            Message::Unchoke,
            Message::Interested,
            Message::NotInterested,
            Message::Have(PieceIndex(u32::MAX)),
            Message::Bitfield([1, 2, 3].into()),
            Message::Request(block),
            Message::Piece(block),
            Message::Cancel(block),
            Message::Port(6881),
            Message::Suggest(PieceIndex(4)),
            Message::HaveAll,
            Message::HaveNone,
            Message::Reject(block),
            Message::AllowedFast(PieceIndex(4)),
            Message::Extended {
                id: 0,
                payload: (*b"de").into(),
            },
            Message::HashRequest(range),
            Message::Hashes(range),
            Message::HashReject(range),
            Message::Unknown { id: 99 },
            Message::Azureus("AZ_HANDSHAKE".into()),
            Message::Malformed {
                id: id::HAVE,
                fault: Malformed::Length { expected: 5 },
            },
            Message::Malformed {
                id: id::PIECE,
                fault: Malformed::Short { expected: 9 },
            },
            Message::Malformed {
                id: id::BITFIELD,
                fault: Malformed::Long { limit: 7 },
            },
            Message::Unread(Kind::Piece),
        ];
        let mut arena = Arena::default();
        for message in messages {
            let entry = Entry::new(&record(What::Message(message.clone())), None, &mut arena);
            assert_eq!((entry.kind(), entry.side()), (message.kind(), Side::B));
            assert_eq!(entry.position(), FilePosition(0x1234_5678_9abc));
            assert_eq!(entry.what(&arena), What::Message(message));
        }
    }

    #[test]
    fn what_is_no_message_is_unpacked_as_it_was_packed() {
        let mut arena = Arena::default();
        for reason in [
            Reason::NotBitTorrent,
            Reason::WrongName,
            Reason::BeforeMessages,
            Reason::CutShort(Kind::Piece),
            Reason::ImpossibleLength,
            Reason::GapOverHeader,
        ] {
            let what = What::Undecoded {
                bytes: 5_000_000_000,
                reason,
            };
            assert_eq!(
                Entry::new(&record(what.clone()), None, &mut arena).what(&arena),
                what
            );
        }
        let gap = |missing| What::Gap { bytes: 1, missing };
        let encrypted = What::Encrypted { bytes: 1 << 34 };
        let packets = What::Gap {
            bytes: 0,
            missing: Missing::Packets(1),
        };
        let conflict = What::Conflict { bytes: 1 << 33 };
        for what in [
            gap(Missing::Lost),
            gap(Missing::Snapped),
            packets,
            conflict,
            encrypted,
        ] {
            let entry = Entry::new(&record(what.clone()), None, &mut arena);
            assert_eq!(entry.what(&arena), what);
        }
    }

    #[test]
    fn an_entry_knows_behind_what_it_was_read() {
        for via in [None, Some(Via::MsePlaintext), Some(Via::MseRc4)] {
            let record = Record {
                found: Found::Resynchronised(crate::stream::FrameRef::default()),
                via,
                ..record(What::Message(Message::Choke))
            };
            let entry = Entry::new(&record, None, &mut Arena::default());
            assert_eq!((entry.via(), entry.is_resynchronised()), (via, true));
        }
    }

    #[test]
    fn an_extended_message_keeps_its_name_and_what_it_says() {
        let mut arena = Arena::default();
        let dictionary = b"d8:msg_typei1e5:piecei0e10:total_sizei16384ee";
        let mut payload = dictionary.to_vec();
        payload.resize(payload.len() + 16384, 0xaa);
        let message = Message::Extended {
            id: 3,
            payload: payload.into(),
        };
        let entry = Entry::new(
            &record(What::Message(message)),
            Some("ut_metadata"),
            &mut arena,
        );
        assert_eq!(entry.extension(&arena), Some("ut_metadata"));
        assert_eq!(
            entry.what(&arena),
            What::Message(Message::Extended {
                id: 3,
                payload: (*dictionary).into()
            })
        );
    }
}
