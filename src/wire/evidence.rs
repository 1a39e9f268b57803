//! How much a message says for the boundary before it.

use std::collections::VecDeque;

use super::framing::Found;
use super::handshake::PROTOCOL;
use super::message::{Block, Kind, Message, PieceIndex};
use crate::stream::FrameRef;

/// Requests remembered: more than any client has open at a time.
const MAX_ASKED: usize = 512;
/// No torrent in use has more pieces.
const MAX_PIECES: u32 = 1 << 24;
/// No client answers a request for more.
const MAX_BLOCK: u32 = 128 << 10;
/// What clients ask for.
const BLOCK: u32 = 16 << 10;

/// Bits of evidence: minus the binary logarithm of the chance that other bytes read like this. A byte that has to
/// have one value is worth 8, but a zero only 4: in programs and tables zeros are everywhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits(pub(super) u32);

/// What one side of a connection has said that helps to judge what either says next.
#[derive(Debug, Default)]
pub(super) struct Spoken {
    /// A message of it was decoded.
    is_heard: bool,
    /// Pieces that its bitfield has room for; 0 when there was none.
    room: u32,
    /// Blocks it asked for lately.
    asked: VecDeque<Block>,
}

impl Spoken {
    /// Takes a message that is certain. A bitfield that was found by resynchronising bounds nothing.
    pub(super) fn learn(&mut self, message: &Message, found: Found) {
        self.is_heard = true;
        match message {
            Message::Bitfield(bits) if !matches!(found, Found::Resynchronised(_)) => {
                self.room = (bits.len() as u32).saturating_mul(8);
            }
            Message::Request(block) => {
                if self.asked.len() == MAX_ASKED {
                    self.asked.pop_front();
                }
                self.asked.push_back(*block);
            }
            _ => {}
        }
    }
}

/// What is known while the messages of one side are looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Known<'a> {
    /// True when either side has said something that is certain.
    pub(super) is_bittorrent: bool,
    /// Pieces that the bitfields have room for; 0 when there was none.
    room: u32,
    /// What the other side asked for.
    asked: &'a VecDeque<Block>,
    /// The frame that put the bytes in order.
    pub(super) now: FrameRef,
}

impl<'a> Known<'a> {
    /// For the messages of `own` at the frame `now`.
    pub(super) fn of(own: &Spoken, other: &'a Spoken, now: FrameRef) -> Known<'a> {
        Known {
            now,
            is_bittorrent: own.is_heard || other.is_heard,
            room: own.room.max(other.room),
            asked: &other.asked,
        }
    }

    /// True for a block that the other side has asked for.
    pub(super) fn is_answer(&self, message: &Message) -> bool {
        matches!(message, Message::Piece(block) if self.asked.contains(block))
    }

    /// The evidence in one message; `None` when no client would send it here. Other protocols have a length and a type
    /// before each message, too: only numbers that make sense tell ours from them, until it is known to be spoken.
    pub(super) fn evidence(&self, message: &Message, size: u32) -> Option<Bits> {
        let bits = self.likeness(message, size)?;
        Some(if self.is_bittorrent || has_numbers(message) {
            bits
        } else {
            Bits(0)
        })
    }

    fn likeness(&self, message: &Message, size: u32) -> Option<Bits> {
        let bits = match message {
            Message::Handshake(_) => PROTOCOL.len() as u32 * 8,
            // A run of zeros is nothing.
            Message::KeepAlive => 0,
            // 00 00 00 01, and one of six ids.
            Message::Choke
            | Message::Unchoke
            | Message::Interested
            | Message::NotInterested
            | Message::HaveAll
            | Message::HaveNone => 25,
            Message::Have(index) | Message::Suggest(index) | Message::AllowedFast(index) => {
                26 + self.index(*index)?
            }
            // The length prefix of a piece depends on its block, those of the others are fixed.
            Message::Request(block) | Message::Cancel(block) | Message::Reject(block) => {
                26 + self.block(block)? + length(block.length)
            }
            Message::Piece(block) => 8 + self.block(block)? + length(block.length),
            Message::Port(1..) | Message::HashRequest(_) | Message::HashReject(_) => 26,
            Message::Hashes(range) if !range.length.is_power_of_two() || range.proof > 32 => {
                return None;
            }
            Message::Bitfield(_) | Message::Hashes(_) => 12,
            Message::Extended { id, payload } => extended(*id, payload)?,
            Message::Unread(kind) => unread(*kind, size)?,
            Message::Port(0)
            | Message::Azureus(_)
            | Message::Unknown { .. }
            | Message::Malformed { .. } => return None,
        };
        Some(Bits(bits))
    }

    fn index(&self, index: PieceIndex) -> Option<u32> {
        let room = match self.room {
            0 => MAX_PIECES,
            room => room,
        };
        (index.0 < room).then(|| (index.0.leading_zeros().min(16)).max(room.leading_zeros()) / 2)
    }

    fn block(&self, block: &Block) -> Option<u32> {
        let is_sound = (1..=MAX_BLOCK).contains(&block.length) && block.begin < MAX_BLOCK << 10;
        let aligned = if block.begin.is_multiple_of(BLOCK) {
            14
        } else {
            0
        };
        is_sound.then_some(5 + aligned + self.index(block.index)?)
    }
}

/// Does it say a number that only a torrent has?
fn has_numbers(message: &Message) -> bool {
    match message {
        Message::Have(_)
        | Message::Suggest(_)
        | Message::AllowedFast(_)
        | Message::Request(_)
        | Message::Cancel(_)
        | Message::Reject(_)
        | Message::Handshake(_) => true,
        Message::Piece(block) => block.begin.is_multiple_of(BLOCK),
        Message::Extended { payload, .. } => payload.first() == Some(&b'd'),
        _ => false,
    }
}

fn length(length: u32) -> u32 {
    if length == BLOCK { 20 } else { 6 }
}

/// The id of an extension is small and its payload a dictionary, or a few bytes.
fn extended(id: u8, payload: &[u8]) -> Option<u32> {
    match (id, payload) {
        (0..=31, [b'd', ..]) => Some(27),
        (0..=31, short) if short.len() <= 24 => Some(14),
        _ => None,
    }
}

/// A header without its body.
fn unread(kind: Kind, size: u32) -> Option<u32> {
    match kind {
        Kind::Handshake | Kind::Unknown | Kind::Gap | Kind::Undecoded | Kind::Encrypted => None,
        Kind::Bitfield | Kind::Hashes | Kind::Extended => Some(12),
        Kind::Piece => Some(8 + length(size.saturating_sub(9))),
        _ => Some(26),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(index: u32, begin: u32, length: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin,
            length,
        }
    }

    fn evidence(own: &Spoken, message: &Message) -> Option<u32> {
        let other = Spoken::default();
        let known = Known::of(own, &other, FrameRef::default());
        known.evidence(message, 0).map(|bits| bits.0)
    }

    #[test]
    fn zeros_are_no_evidence_and_unlikely_numbers_are_none_either() {
        let nothing = Spoken::default();
        let evidence = |message| evidence(&nothing, &message);
        assert_eq!(evidence(Message::KeepAlive), Some(0));
        assert_eq!(evidence(Message::Have(PieceIndex(1 << 24))), None);
        assert_eq!(evidence(Message::Request(block(0, 0, 0))), None);
        assert_eq!(evidence(Message::Piece(block(0, 0, 1 << 18))), None);
        assert_eq!(evidence(Message::Unknown { id: 99 }), None);
        assert!(evidence(Message::Request(block(3, 16384, 16384))) > Some(60));
    }

    #[test]
    fn a_bitfield_bounds_the_indexes_that_are_believed() {
        let mut own = Spoken::default();
        own.learn(&Message::Bitfield([0; 2].into()), Found::InOrder);
        assert!(evidence(&own, &Message::Have(PieceIndex(15))).is_some());
        assert_eq!(evidence(&own, &Message::Have(PieceIndex(16))), None);
    }

    #[test]
    fn a_block_that_was_asked_for_is_an_answer() {
        let (own, mut other) = (Spoken::default(), Spoken::default());
        other.learn(&Message::Request(block(1, 0, 16384)), Found::InOrder);
        let known = Known::of(&own, &other, FrameRef::default());
        assert!(known.is_bittorrent && known.is_answer(&Message::Piece(block(1, 0, 16384))));
        assert!(!known.is_answer(&Message::Piece(block(1, 16384, 16384))));
    }
}
