//! What peers say.

use std::fmt;
use std::io::Write;
use std::ops::Range;

use peerscope::stream::Side;
use peerscope::wire::{Block, Handshake, InfoHash, Message, PeerId, PieceIndex, Reserved};
use proptest::array::uniform2;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use crate::datagrams::Capture;
use crate::line::Line;

/// What both sides say, message by message; the handshake comes first.
#[derive(Clone)]
pub(crate) struct Talk {
    pub(crate) said: [Vec<Vec<u8>>; 2],
}

/// How long each message is, and its id.
impl fmt::Debug for Talk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let brief = |message: &Vec<u8>| (message.len(), message.get(4).copied());
        let brief = |said: &Vec<Vec<u8>>| said.iter().map(brief).collect::<Vec<_>>();
        write!(f, "{:?}", self.said.each_ref().map(brief))
    }
}

impl Talk {
    pub(crate) fn streams(&self) -> [Vec<u8>; 2] {
        self.said.each_ref().map(|messages| messages.concat())
    }
}

/// Each side says so many messages behind its handshake, of any sort.
pub(crate) fn wild_talk(len: Range<usize>) -> impl Strategy<Value = Talk> {
    let wild = || {
        prop_oneof![
            8 => message(),
            1 => vec(any::<u8>(), 1..200).prop_map(|bits| Message::Bitfield(bits.into()).encode(&[])),
            1 => extended(4..300),
            1 => (any::<u8>(), vec(any::<u8>(), 0..60)).prop_map(|(id, bulk)| {
                Message::Unknown { id }.encode(&bulk)
            }),
        ]
    };
    let said = uniform2((peer_id(), vec(wild(), len)));
    said.prop_map(|said| Talk {
        said: said.map(|(peer_id, messages)| [vec![handshake_of(peer_id)], messages].concat()),
    })
}

/// The same of clients as they are: a bitfield comes first or nowhere.
pub(crate) fn sane_talk(len: Range<usize>) -> impl Strategy<Value = Talk> {
    let said = uniform2((peer_id(), vec(message(), len)));
    said.prop_map(|said| Talk {
        said: said.map(|(peer_id, messages)| {
            let all = Message::Bitfield([0xff; 250].into()).encode(&[]);
            [vec![handshake_of(peer_id), all], messages].concat()
        }),
    })
}

fn peer_id() -> impl Strategy<Value = PeerId> {
    any::<[u8; 20]>().prop_map(PeerId)
}

/// A message that a client may send at any time, as it is sent.
fn message() -> impl Strategy<Value = Vec<u8>> {
    let index = || (0..2000u32).prop_map(PieceIndex);
    let block = |length: Range<u32>| {
        (index(), 0..16u32, length).prop_map(|(index, at, length)| Block {
            index,
            begin: at << 14,
            length,
        })
    };
    let bare = |message: Message| message.encode(&[]);
    let nothing = [
        Message::KeepAlive,
        Message::Choke,
        Message::Unchoke,
        Message::Interested,
        Message::NotInterested,
    ];
    prop_oneof![
        3 => select(nothing.to_vec()).prop_map(bare),
        4 => index().prop_map(Message::Have).prop_map(bare),
        4 => block(16384..16385).prop_map(Message::Request).prop_map(bare),
        1 => block(16384..16385).prop_map(Message::Cancel).prop_map(bare),
        4 => (block(1..3000), any::<u8>()).prop_map(|(block, seed)| piece(block, seed)),
        1 => extended(0..20),
        1 => (1..u16::MAX).prop_map(Message::Port).prop_map(bare),
    ]
}

fn extended(len: Range<usize>) -> impl Strategy<Value = Vec<u8>> {
    (1..4u8, vec(any::<u8>(), len)).prop_map(|(id, payload)| {
        let payload = payload.into();
        Message::Extended { id, payload }.encode(&[])
    })
}

/// A piece whose data is noise.
pub(crate) fn piece(block: Block, seed: u8) -> Vec<u8> {
    let mut state = u32::from(seed).wrapping_mul(0x9e37_79b9) ^ block.begin ^ block.index.0 | 1;
    let noise = std::iter::repeat_with(|| {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as u8
    });
    let data: Vec<u8> = noise.take(block.length as usize).collect();
    Message::Piece(block).encode(&data)
}

/// A block of 16 KiB.
pub(crate) fn block(index: u32) -> Vec<u8> {
    let block = Block {
        index: PieceIndex(index),
        begin: 0,
        length: 16 << 10,
    };
    piece(block, index as u8)
}

pub(crate) fn have(index: u32) -> Vec<u8> {
    Message::Have(PieceIndex(index)).encode(&[])
}

/// As many `have`, one of each piece.
pub(crate) fn haves(pieces: Range<u32>) -> Vec<u8> {
    pieces.flat_map(have).collect()
}

pub(crate) fn handshake() -> Vec<u8> {
    handshake_of(PeerId(*b"-LT2110-abcdefghijkl"))
}

fn handshake_of(peer_id: PeerId) -> Vec<u8> {
    let handshake = Handshake {
        reserved: Reserved([0, 0, 0, 0, 0, 0x10, 0, 5]),
        info_hash: InfoHash([7; 20]),
        peer_id,
    };
    Message::Handshake(Box::new(handshake)).encode(&[])
}

impl<W: Write> Capture<W> {
    /// The SYN, its answer, and both handshakes.
    pub(crate) fn greet(&mut self, line: &mut Line) {
        self.open(line);
        for side in Side::BOTH {
            self.say(line, side, &handshake(), 1400);
        }
    }
}

impl Talk {
    /// Cuts of a stream anywhere, or before the message that lies there; in order, `0..5`, `5..9`.
    pub(crate) fn cut(&self, side: Side, cuts: &[(Index, bool)]) -> Vec<Range<usize>> {
        let lengths = self.said[side.index()].iter().map(Vec::len);
        let starts = lengths.scan(0, |at, len| Some(std::mem::replace(at, *at + len)));
        let starts: Vec<usize> = starts.collect();
        let end = self.streams()[side.index()].len();
        let place = |(cut, is_aligned): &(Index, bool)| {
            let at = cut.index(end);
            let start = starts.iter().rev().find(|start| **start <= at);
            if *is_aligned { *start.unwrap() } else { at }
        };
        let mut at: Vec<usize> = cuts.iter().map(place).chain([0, end]).collect();
        at.sort_unstable();
        at.dedup();
        at.windows(2).map(|ends| ends[0]..ends[1]).collect()
    }
}
