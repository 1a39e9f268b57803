//! Where one message ends and the next begins.

use super::handshake::{self, Handshake, PROTOCOL};
use super::message::{self, Kind, Message};
use crate::capture::{FilePosition, FrameNumber};
use crate::stream::{FrameRef, Missing, SeqNumber};

/// A longer message than this cannot be meant: whoever sends such a length prefix has lost its place, or we have.
const MAX_LEN: u32 = 16 << 20;

/// A message and where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    /// What it says.
    pub message: Message,
    /// Its length prefix; 68 for a handshake, which has none.
    pub size: u32,
    /// Its place.
    pub place: Place,
    /// Bytes of it that are not in the capture.
    pub missing: u64,
}

/// Where a message, or a stretch that is none, lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Sequence number of its first byte.
    pub seq: SeqNumber,
    /// The frame that byte was in.
    pub first_frame: FrameNumber,
    /// The first frame in file order that holds any of it: from there it can be read again.
    pub position: FilePosition,
}

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecoded {
    /// Why.
    pub reason: Reason,
    /// How many are in the capture.
    pub bytes: u64,
    /// How many between them are not.
    pub missing: u64,
    /// Where they begin.
    pub place: Place,
    /// The last frame that brought any of them.
    pub last: FrameRef,
}

/// Why bytes could not be read as messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The stream does not begin with a handshake: another protocol, encryption, or a capture that began later.
    NotBitTorrent,
    /// The stream ended inside a message of this kind.
    CutShort(Kind),
    /// A length prefix of more than 16 MiB.
    ImpossibleLength,
    /// Bytes are missing where a message would begin.
    GapOverHeader,
}

/// What comes out of framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A whole message.
    Message(Framed),
    /// Bytes outside of any known message that are not in the capture.
    Gap {
        /// How many.
        bytes: u64,
        /// Why.
        missing: Missing,
        /// Where they would be.
        place: Place,
    },
    /// From here on no message boundary is known. The stretch comes when it has ended.
    Lost,
    /// A stretch without a message.
    Undecoded(Undecoded),
}

/// Cuts the bytes of one direction into messages, however they are split.
///
/// ```text
///      head: kept to be read         skip: only counted
///  |len |id|index|begin| data data data data data data ...|
///  0    4  5                                               total
/// ```
///
/// Invariant: while a message is `open`, `head` is empty.
#[derive(Debug, Default)]
pub struct Framer {
    phase: Phase,
    head: Vec<u8>,
    place: Place,
    open: Option<Open>,
    last: FrameRef,
}

#[derive(Debug, Default)]
enum Phase {
    #[default]
    Handshake,
    Messages,
    Lost {
        reason: Reason,
        bytes: u64,
        missing: u64,
    },
}

/// A message that was read and whose last bytes are still to come.
#[derive(Debug)]
struct Open {
    message: Message,
    size: u32,
    total: u64,
    left: u64,
    missing: u64,
}

/// What a head says of its message.
enum Head {
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

impl Framer {
    /// Takes the next bytes of the stream.
    pub fn data(
        &mut self,
        mut seq: SeqNumber,
        mut bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        self.last = at;
        while !bytes.is_empty() {
            let used = if self.open.is_some() {
                self.step_over(bytes.len() as u64, at, out) as usize
            } else {
                self.begin(seq, bytes, at, out)
            };
            seq = seq + used as u32;
            bytes = &bytes[used..];
        }
    }

    /// The next `len` bytes of the stream are not in the capture.
    pub fn gap(
        &mut self,
        seq: SeqNumber,
        len: u64,
        missing: Missing,
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        if let Phase::Lost { missing, .. } = &mut self.phase {
            *missing += len;
            return;
        }
        if self.open.is_none() {
            self.open_unread();
        }
        let Some(open) = &mut self.open else {
            let place = Place {
                seq,
                first_frame: at.number,
                position: at.position,
            };
            out(Decoded::Gap {
                bytes: len,
                missing,
                place,
            });
            return self.lose(Reason::GapOverHeader, 0, out);
        };
        let within = len.min(open.left);
        open.missing += within;
        open.left -= within;
        self.close_if_whole(out);
        if len > within {
            self.gap(seq + within as u32, len - within, missing, at, out);
        }
    }

    /// The stream has ended.
    pub fn finish(&mut self, out: &mut impl FnMut(Decoded)) {
        let head = self.head.len() as u64;
        let (reason, bytes, missing) = match (std::mem::take(&mut self.phase), self.open.take()) {
            (
                Phase::Lost {
                    reason,
                    bytes,
                    missing,
                },
                _,
            ) => (reason, bytes, missing),
            (_, Some(open)) => (
                Reason::CutShort(open.message.kind()),
                open.total - open.left - open.missing,
                open.missing,
            ),
            (Phase::Handshake, None) => (Reason::CutShort(Kind::Handshake), head, 0),
            (Phase::Messages, None) => (
                Reason::CutShort(self.head.get(4).map_or(Kind::Unknown, |id| Kind::of(*id))),
                head,
                0,
            ),
        };
        self.head = Vec::new();
        if bytes + missing > 0 {
            out(Decoded::Undecoded(Undecoded {
                reason,
                bytes,
                missing,
                place: self.place,
                last: self.last,
            }));
        }
    }

    /// At the first byte of a message, or with its head begun. Gives how many bytes were used.
    fn begin(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) -> usize {
        if let Phase::Lost { bytes: lost, .. } = &mut self.phase {
            if *lost == 0 {
                self.place = Place {
                    seq,
                    first_frame: at.number,
                    position: at.position,
                };
            }
            *lost += bytes.len() as u64;
            return bytes.len();
        }
        if self.head.is_empty() {
            self.place = Place {
                seq,
                first_frame: at.number,
                position: at.position,
            };
            return self.begin_in_place(bytes, out);
        }
        self.reach(at);
        let Head::Needs(needed) = self.examine(&self.head) else {
            unreachable!("a head is kept only while it needs more")
        };
        let used = (needed - self.head.len()).min(bytes.len());
        self.head.extend_from_slice(&bytes[..used]);
        let head = std::mem::take(&mut self.head);
        let read = self.read(&head, out);
        if read == 0 {
            self.head = head;
        }
        used
    }

    /// The common case: the head lies in `bytes` as a whole, nothing is copied.
    fn begin_in_place(&mut self, bytes: &[u8], out: &mut impl FnMut(Decoded)) -> usize {
        let read = self.read(bytes, out);
        if read == 0 {
            self.head.extend_from_slice(bytes);
            return bytes.len();
        }
        read
    }

    /// Reads a message from its head and gives how many bytes of `head` belong to it; 0 when it needs more.
    fn read(&mut self, head: &[u8], out: &mut impl FnMut(Decoded)) -> usize {
        let (size, keep, total) = match self.examine(head) {
            Head::Needs(_) => return 0,
            Head::Is { size, keep, total } => (size, keep, total),
            Head::Impossible(reason) => {
                self.lose(reason, head.len() as u64, out);
                return head.len();
            }
        };
        let message = match (&self.phase, head.first_chunk()) {
            (Phase::Handshake, Some(bytes)) => Message::Handshake(Box::new(Handshake::read(bytes))),
            _ if size == 0 => Message::KeepAlive,
            _ => Message::read(head[4], size, &head[5..keep]),
        };
        self.phase = Phase::Messages;
        let used = total.min(head.len() as u64);
        self.open = Some(Open {
            message,
            size,
            total,
            left: total - used,
            missing: 0,
        });
        self.close_if_whole(out);
        used as usize
    }

    fn examine(&self, head: &[u8]) -> Head {
        match self.phase {
            Phase::Handshake => examine_handshake(head),
            _ => examine_message(head),
        }
    }

    fn step_over(&mut self, len: u64, at: FrameRef, out: &mut impl FnMut(Decoded)) -> u64 {
        self.reach(at);
        let Some(open) = &mut self.open else { return 0 };
        let used = len.min(open.left);
        open.left -= used;
        self.close_if_whole(out);
        used
    }

    fn close_if_whole(&mut self, out: &mut impl FnMut(Decoded)) {
        if let Some(open) = self.open.take_if(|open| open.left == 0) {
            let Open {
                message,
                size,
                missing,
                ..
            } = open;
            out(Decoded::Message(Framed {
                message,
                size,
                place: self.place,
                missing,
            }));
        }
    }

    /// A frame that brings bytes of the message may lie before the one that brought its first: they were reordered.
    fn reach(&mut self, at: FrameRef) {
        self.place.position = self.place.position.min(at.position);
    }

    /// A gap begins in the head: if the length is known, so is the place of the next message.
    fn open_unread(&mut self) {
        let have = self.head.len() as u64;
        let (kind, size, total) = match (&self.phase, self.head.first_chunk()) {
            (Phase::Handshake, _) if have >= PROTOCOL.len() as u64 => (
                Kind::Handshake,
                handshake::LEN as u32,
                handshake::LEN as u64,
            ),
            (Phase::Messages, Some(prefix)) => {
                let size = u32::from_be_bytes(*prefix);
                (
                    self.head.get(4).map_or(Kind::Unknown, |id| Kind::of(*id)),
                    size,
                    4 + u64::from(size),
                )
            }
            _ => return,
        };
        self.head.clear();
        self.phase = Phase::Messages;
        self.open = Some(Open {
            message: Message::Unread(kind),
            size,
            total,
            left: total - have,
            missing: 0,
        });
    }

    /// `bytes` of the stretch are there already, beside the head.
    fn lose(&mut self, reason: Reason, bytes: u64, out: &mut impl FnMut(Decoded)) {
        let bytes = bytes + self.head.len() as u64;
        self.head = Vec::new();
        self.phase = Phase::Lost {
            reason,
            bytes,
            missing: 0,
        };
        out(Decoded::Lost);
    }
}

fn examine_handshake(head: &[u8]) -> Head {
    let known = head.len().min(PROTOCOL.len());
    if head[..known] != PROTOCOL[..known] {
        return Head::Impossible(Reason::NotBitTorrent);
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

fn examine_message(head: &[u8]) -> Head {
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
    let keep = 5 + message::body_len(*id, size).unwrap_or(0);
    if head.len() < keep {
        return Head::Needs(keep);
    }
    Head::Is { size, keep, total }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Block, Malformed, PieceIndex, id};
    use hex_literal::hex;

    const HANDSHAKE: [u8; 68] = hex!(
        "13 426974546f7272656e742070726f746f636f6c 0000000000100005"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 2d4c54323131302d6162636465666768696a6b6c"
    );

    /// Two frames of a stream: what is fed, and where.
    fn feed(framer: &mut Framer, bytes: &[u8]) -> Vec<Decoded> {
        let mut out = Vec::new();
        framer.data(SeqNumber(0), bytes, FrameRef::default(), &mut |decoded| {
            out.push(decoded);
        });
        out
    }

    fn gap(framer: &mut Framer, len: u64) -> Vec<Decoded> {
        let mut out = Vec::new();
        framer.gap(
            SeqNumber(0),
            len,
            Missing::Lost,
            FrameRef::default(),
            &mut |decoded| out.push(decoded),
        );
        out
    }

    fn finish(framer: &mut Framer) -> Vec<Decoded> {
        let mut out = Vec::new();
        framer.finish(&mut |decoded| out.push(decoded));
        out
    }

    fn messages(decoded: &[Decoded]) -> Vec<&Message> {
        let framed = decoded.iter().filter_map(|decoded| match decoded {
            Decoded::Message(framed) => Some(&framed.message),
            _ => None,
        });
        framed.collect()
    }

    /// A framer that has its handshake behind it.
    fn talking() -> Framer {
        let mut framer = Framer::default();
        assert_eq!(feed(&mut framer, &HANDSHAKE).len(), 1);
        framer
    }

    fn piece(index: u32, begin: u32, length: u32) -> Message {
        Message::Piece(Block {
            index: PieceIndex(index),
            begin,
            length,
        })
    }

    /// Handshake, keep-alive, unchoke, bitfield, request, piece of 6 bytes, an unknown id, a bad have, extended, have.
    fn every_shape() -> Vec<u8> {
        let mut bytes = HANDSHAKE.to_vec();
        bytes.extend(hex!("00000000" "00000001 01" "00000003 05 ff80" "0000000d 06 00000001 00000000 00004000"));
        bytes.extend(hex!("0000000f 07 00000001 00004000 010203040506" "00000003 fb 0102" "00000003 04 0000"));
        bytes.extend(hex!("00000004 14 00 6465" "00000005 04 00000009"));
        bytes
    }

    #[test]
    fn a_stream_is_decoded_alike_at_every_split_point() {
        let bytes = every_shape();
        let whole = feed(&mut Framer::default(), &bytes);
        assert_eq!(messages(&whole).len(), 10);
        for at in 0..=bytes.len() {
            let mut framer = Framer::default();
            let mut parts = feed(&mut framer, &bytes[..at]);
            parts.extend(feed(&mut framer, &bytes[at..]));
            assert_eq!(messages(&parts), messages(&whole), "split at {at}");
        }
    }

    #[test]
    fn a_stream_is_decoded_alike_byte_by_byte() {
        let bytes = every_shape();
        let whole = feed(&mut Framer::default(), &bytes);
        let mut framer = Framer::default();
        let parts: Vec<Decoded> = bytes
            .iter()
            .flat_map(|byte| feed(&mut framer, &[*byte]))
            .collect();
        assert_eq!(messages(&parts), messages(&whole));
    }

    #[test]
    fn a_message_knows_its_place() {
        let mut framer = talking();
        let mut out = Vec::new();
        let frame = |number, position| FrameRef {
            number: FrameNumber(number),
            position: FilePosition(position),
            ..FrameRef::default()
        };
        let mut take = |decoded| out.push(decoded);
        framer.data(
            SeqNumber(100),
            &hex!("00000001 01 0000000c 07"),
            frame(7, 700),
            &mut take,
        );
        framer.data(
            SeqNumber(110),
            &hex!("00000001 00000000 aabbcc"),
            frame(6, 600),
            &mut take,
        );
        let [Decoded::Message(unchoke), Decoded::Message(piece)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!(
            unchoke.place,
            Place {
                seq: SeqNumber(100),
                first_frame: FrameNumber(7),
                position: FilePosition(700)
            }
        );
        assert_eq!(
            piece.place,
            Place {
                seq: SeqNumber(105),
                first_frame: FrameNumber(7),
                position: FilePosition(600)
            }
        );
    }

    #[test]
    fn keep_alives_in_piece_data_are_data() {
        let bytes =
            hex!("00000019 07 00000000 00000000 00000000000000000000000000000000 00000001 00");
        assert_eq!(
            messages(&feed(&mut talking(), &bytes)),
            [&piece(0, 0, 16), &Message::Choke]
        );
    }

    #[test]
    fn a_gap_in_a_block_keeps_sync() {
        let mut framer = talking();
        assert_eq!(
            feed(&mut framer, &hex!("00000019 07 00000002 00000000 0011")),
            []
        );
        let out = gap(&mut framer, 14);
        let [Decoded::Message(whole)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!((&whole.message, whole.missing), (&piece(2, 0, 16), 14));
        assert_eq!(
            messages(&feed(&mut framer, &hex!("00000001 01"))),
            [&Message::Unchoke]
        );
    }

    #[test]
    fn a_gap_behind_the_length_prefix_keeps_sync() {
        let mut framer = talking();
        assert_eq!(feed(&mut framer, &hex!("0000000d 06 0000")), []);
        assert_eq!(
            messages(&gap(&mut framer, 10)),
            [&Message::Unread(Kind::Request)]
        );
        assert_eq!(
            messages(&feed(&mut framer, &hex!("00000001 01"))),
            [&Message::Unchoke]
        );
    }

    #[test]
    fn a_gap_over_a_header_loses_sync_and_says_how_much() {
        let mut framer = talking();
        let lost = gap(&mut framer, 5);
        assert!(
            matches!(lost[..], [Decoded::Gap { bytes: 5, .. }, Decoded::Lost]),
            "{lost:?}"
        );
        assert_eq!(feed(&mut framer, &hex!("00000001 01")), []);
        let out = finish(&mut framer);
        let [Decoded::Undecoded(undecoded)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::GapOverHeader, 5)
        );
    }

    #[test]
    fn a_gap_that_begins_in_a_block_and_ends_in_a_header_loses_sync() {
        let mut framer = talking();
        feed(&mut framer, &hex!("0000000b 07 00000002 00000000 00"));
        let out = gap(&mut framer, 3);
        assert_eq!(messages(&out), [&piece(2, 0, 2)]);
        feed(&mut framer, b"rest");
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::GapOverHeader, 4)
        );
    }

    #[test]
    fn another_protocol_is_told_from_the_first_wrong_byte() {
        let mut framer = Framer::default();
        assert_eq!(feed(&mut framer, b"GET /announce"), [Decoded::Lost]);
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::NotBitTorrent, 13)
        );
    }

    #[test]
    fn a_handshake_without_peer_id_is_a_cut_handshake() {
        let mut framer = Framer::default();
        feed(&mut framer, &HANDSHAKE[..48]);
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::CutShort(Kind::Handshake), 48)
        );
    }

    #[test]
    fn a_message_cut_by_the_end_is_none() {
        let mut framer = talking();
        feed(&mut framer, &hex!("00000019 07 00000002 00000000 0011"));
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::CutShort(Kind::Piece), 15)
        );
    }

    #[test]
    fn an_impossible_length_gives_the_direction_up() {
        let mut framer = talking();
        assert_eq!(
            feed(&mut framer, &hex!("ffffffff 07 00000001 01")),
            [Decoded::Lost]
        );
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::ImpossibleLength, 10)
        );
    }

    #[test]
    fn a_wrong_length_is_stepped_over() {
        let out = feed(&mut talking(), &hex!("00000003 04 0000 00000001 01"));
        let bad = Message::Malformed {
            id: id::HAVE,
            fault: Malformed::Length { expected: 5 },
        };
        assert_eq!(messages(&out), [&bad, &Message::Unchoke]);
    }
}
