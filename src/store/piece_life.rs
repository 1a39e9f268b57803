//! The life of one piece among all peers of its torrent: announced, asked for, received.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use super::{Entry, EntryId, Store, Subject, Walk, What};
use crate::capture::Timestamp;
use crate::packet::Endpoint;
use crate::wire::{Block, Kind, Message, PieceIndex};

/// Messages about one piece that are kept: a piece of 16 MiB that thirty peers ask for has so many. Beyond them,
/// messages are counted.
const MAX_EVENTS: usize = 1 << 16;

/// What a message does about the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    /// The sender has it, by its bitfield.
    Bitfield,
    /// The sender has it, as it has all.
    HaveAll,
    /// The sender has it now.
    Have,
    /// The sender asks for a block.
    Request(Block),
    /// The sender gives a block.
    Piece(Block),
    /// The sender takes a request back.
    Cancel(Block),
    /// The sender refuses a request.
    Reject(Block),
    /// The sender would like to give it.
    Suggest,
    /// The sender gives it also while it chokes.
    AllowedFast,
}

/// One message about the piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// The message.
    pub id: EntryId,
    /// When it was complete.
    pub time: Timestamp,
    /// Who sent it.
    pub from: Endpoint,
    /// To whom.
    pub to: Endpoint,
    /// What it does.
    pub deed: Deed,
}

/// All messages about a piece, as far as a walk has come.
#[derive(Clone, Debug)]
pub struct PieceLife {
    piece: PieceIndex,
    walk: Walk,
    events: Vec<Event>,
    beyond: u64,
}

impl PieceLife {
    /// Of a piece of the torrent that is meant.
    pub fn new(subject: Subject, piece: PieceIndex) -> PieceLife {
        PieceLife {
            piece,
            walk: Walk::new(subject),
            events: Vec::new(),
            beyond: 0,
        }
    }

    /// Which piece.
    pub fn piece(&self) -> PieceIndex {
        self.piece
    }

    /// The walk that gathers it.
    pub fn walk(&self) -> &Walk {
        &self.walk
    }

    /// Messages that were too many to be kept.
    pub fn beyond(&self) -> u64 {
        self.beyond
    }

    /// The messages, in order.
    pub fn events(&self) -> &[Event] {
        &self.events
    }

    /// Looks at so many entries more. True when there are no more.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        let (piece, events, beyond) = (self.piece, &mut self.events, &mut self.beyond);
        let before = events.len();
        let is_done = self.walk.step(store, entries, |id, entry| {
            let Some(deed) = deed(store, entry, piece) else {
                return;
            };
            if events.len() == MAX_EVENTS {
                *beyond += 1;
                return;
            }
            let connection = store.connection(entry.connection);
            events.push(Event {
                id,
                time: entry.time,
                from: connection.host(entry.side()),
                to: connection.host(!entry.side()),
                deed,
            });
        });
        if events.len() > before {
            events.sort_by_key(|event| event.id);
        }
        is_done
    }

    /// What it comes to behind the entry `now`; of what comes later nothing counts.
    pub fn at(&self, now: EntryId) -> PieceDeeds {
        let mut life = PieceDeeds::default();
        let until = self.events.partition_point(|event| event.id <= now);
        self.events[..until]
            .iter()
            .for_each(|event| life.take(event));
        life
    }
}

/// What an entry does about a piece, if it does anything.
fn deed(store: &Store, entry: &Entry, piece: PieceIndex) -> Option<Deed> {
    let is_about_pieces = matches!(
        entry.kind(),
        Kind::Have
            | Kind::Bitfield
            | Kind::HaveAll
            | Kind::Request
            | Kind::Piece
            | Kind::Cancel
            | Kind::Reject
            | Kind::Suggest
            | Kind::AllowedFast
    );
    let What::Message(message) = is_about_pieces.then(|| store.what(entry))? else {
        return None;
    };
    let of = |block: Block, deed: fn(Block) -> Deed| (block.index == piece).then(|| deed(block));
    match message {
        Message::Have(index) => (index == piece).then_some(Deed::Have),
        Message::Suggest(index) => (index == piece).then_some(Deed::Suggest),
        Message::AllowedFast(index) => (index == piece).then_some(Deed::AllowedFast),
        Message::HaveAll => Some(Deed::HaveAll),
        Message::Bitfield(bytes) => is_set(&bytes, piece).then_some(Deed::Bitfield),
        Message::Request(block) => of(block, Deed::Request),
        Message::Piece(block) => of(block, Deed::Piece),
        Message::Cancel(block) => of(block, Deed::Cancel),
        Message::Reject(block) => of(block, Deed::Reject),
        _ => None,
    }
}

fn is_set(bits: &[u8], piece: PieceIndex) -> bool {
    let byte = bits.get((piece.0 / 8) as usize).copied().unwrap_or(0);
    byte << (piece.0 % 8) & 0x80 != 0
}

/// What became of a piece up to one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PieceDeeds {
    /// Who said that it has it, when and how it said so first, in that order.
    pub holders: Vec<Event>,
    /// Who asked for it or got some of it.
    pub receivers: BTreeMap<Endpoint, Receiver>,
    said: HashSet<Endpoint>,
}

/// One who wants the piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Receiver {
    /// Requests, by whom they were sent to.
    pub asked: BTreeMap<Endpoint, u32>,
    /// Blocks that came, duplicates included, by who sent them.
    pub got: BTreeMap<Endpoint, u32>,
    /// Different blocks that it asked for, and that came.
    pub wanted: BTreeSet<(u32, u32)>,
    /// See [`Receiver::wanted`].
    pub blocks: BTreeSet<(u32, u32)>,
    /// Blocks that came again.
    pub duplicates: u32,
    /// Requests that it took back.
    pub cancelled: u32,
    /// Requests that were refused.
    pub rejected: u32,
    /// When it first asked.
    pub first_asked: Option<Timestamp>,
    /// When a block last came that it had not.
    pub last_block: Option<Timestamp>,
}

impl Receiver {
    /// Nanoseconds from the first request to the last block that was new.
    pub fn took(&self) -> Option<i64> {
        Some(self.last_block?.since(self.first_asked?))
    }

    /// Bytes of the different blocks that came.
    pub fn bytes(&self) -> u64 {
        self.blocks
            .iter()
            .map(|(_, length)| u64::from(*length))
            .sum()
    }
}

impl PieceDeeds {
    fn take(&mut self, event: &Event) {
        match event.deed {
            Deed::Bitfield | Deed::HaveAll | Deed::Have => {
                if self.said.insert(event.from) {
                    self.holders.push(*event);
                }
            }
            Deed::Request(block) => {
                let receiver = self.receivers.entry(event.from).or_default();
                *receiver.asked.entry(event.to).or_default() += 1;
                receiver.wanted.insert((block.begin, block.length));
                receiver.first_asked.get_or_insert(event.time);
            }
            Deed::Piece(block) => {
                let receiver = self.receivers.entry(event.to).or_default();
                *receiver.got.entry(event.from).or_default() += 1;
                if receiver.blocks.insert((block.begin, block.length)) {
                    receiver.last_block = Some(event.time);
                } else {
                    receiver.duplicates += 1;
                }
            }
            Deed::Cancel(_) => self.receivers.entry(event.from).or_default().cancelled += 1,
            Deed::Reject(_) => self.receivers.entry(event.to).or_default().rejected += 1,
            Deed::Suggest | Deed::AllowedFast => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::{IpAddr, Ipv4Addr};

    fn host(last: u8) -> Endpoint {
        Endpoint {
            ip: IpAddr::V4(Ipv4Addr::new(10, 0, 0, last)),
            port: 0,
        }
    }

    fn life(told: &[(u8, u8, Deed)]) -> PieceLife {
        let mut life = PieceLife::new(
            Subject::Connection(crate::stream::ConnectionId(0)),
            PieceIndex(0),
        );
        life.events = (0..)
            .zip(told)
            .map(|(id, (from, to, deed))| Event {
                id: EntryId(id),
                time: Timestamp(u64::from(id) * 1000),
                from: host(*from),
                to: host(*to),
                deed: *deed,
            })
            .collect();
        life
    }

    const FIRST: Block = Block {
        index: PieceIndex(0),
        begin: 0,
        length: 10,
    };
    const SECOND: Block = Block { begin: 10, ..FIRST };

    #[test]
    fn a_piece_is_asked_for_and_comes() {
        let told = [
            (2, 1, Deed::HaveAll),
            (1, 2, Deed::Request(FIRST)),
            (1, 3, Deed::Request(SECOND)),
            (2, 1, Deed::Piece(FIRST)),
            (3, 1, Deed::Reject(SECOND)),
            (2, 1, Deed::Piece(FIRST)),
            (2, 1, Deed::Piece(SECOND)),
            (1, 3, Deed::Have),
        ];
        let life = life(&told).at(EntryId(9));
        let receiver = &life.receivers[&host(1)];
        assert_eq!(
            (
                receiver.blocks.len(),
                receiver.wanted.len(),
                receiver.bytes()
            ),
            (2, 2, 20)
        );
        assert_eq!(
            (receiver.duplicates, receiver.rejected, receiver.cancelled),
            (1, 1, 0)
        );
        assert_eq!((receiver.took(), receiver.got[&host(2)]), (Some(5000), 3));
        let holders: Vec<Endpoint> = life.holders.iter().map(|event| event.from).collect();
        assert_eq!(holders, [host(2), host(1)]);
    }

    #[test]
    fn what_comes_later_does_not_count() {
        let told = [
            (1, 2, Deed::Request(FIRST)),
            (2, 1, Deed::Piece(FIRST)),
            (1, 2, Deed::Have),
        ];
        let life = life(&told).at(EntryId(0));
        assert_eq!(
            (life.holders.len(), life.receivers[&host(1)].blocks.len()),
            (0, 0)
        );
    }

    #[test]
    fn bit_0x80_of_byte_0_is_piece_0() {
        let set = (0..24).filter(|piece| is_set(&[0x81, 0x40], PieceIndex(*piece)));
        assert_eq!(set.collect::<Vec<_>>(), [0, 7, 9]);
    }
}
