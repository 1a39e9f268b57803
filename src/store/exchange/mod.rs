//! Who of a torrent gave what to whom, and how much of it was in vain.

mod asking;
mod blocks;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Entry, EntryId, Roster, Store, What};
use crate::stream::{ConnectionId, Side};
use crate::wire::{Block, InfoHash, Kind, Message, Reserved};
use asking::{Asking, Cause};
use blocks::{Blocks, Receipt};

/// The blocks that the peers of a torrent sent each other, up to a moment: a walk over all entries, in steps.
///
/// What is remembered is a bit for each block that a peer received, at most a million groups of 64 of them, and 4096
/// requests for each direction of a connection. Blocks beyond that are summed up, and not looked for a second time.
#[derive(Clone, Debug)]
pub struct Exchange {
    roster: Arc<Roster>,
    has_roster: bool,
    extent: Extent,
    next: u32,
    talks: HashMap<ConnectionId, Talk>,
    blocks: Blocks,
    gifts: BTreeMap<(u32, u32), Gift>,
}

/// How far it goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Extent {
    /// Up to this entry, and with it.
    Until(EntryId),
    /// To the end of what was read.
    Whole,
}

/// What one peer sent another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gift {
    /// All blocks.
    pub all: Share,
    /// Those that the receiver had received before, from anyone.
    pub again: Share,
    /// Those that nobody had asked for.
    pub unasked: Share,
    /// Those that had been asked for and taken back, by a cancel or by a choke.
    pub taken_back: Share,
    /// Those of which it is unknown whether they were asked for: words are missing.
    pub unsure: Share,
    /// Those that could not be looked for a second time.
    pub unwatched: Share,
}

/// Blocks, and their bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Share {
    /// How many.
    pub blocks: u64,
    /// Of so many bytes together.
    pub bytes: u64,
}

/// What a connection owes.
#[derive(Clone, Debug, Default)]
struct Talk {
    reserved: [Option<Reserved>; 2],
    asking: [Asking; 2],
}

impl Share {
    fn add(&mut self, block: Block) {
        *self += Share {
            blocks: 1,
            bytes: u64::from(block.length),
        };
    }
}

impl std::ops::AddAssign for Share {
    fn add_assign(&mut self, other: Share) {
        self.blocks += other.blocks;
        self.bytes += other.bytes;
    }
}

impl std::ops::AddAssign for Gift {
    fn add_assign(&mut self, other: Gift) {
        self.all += other.all;
        self.again += other.again;
        self.unasked += other.unasked;
        self.taken_back += other.taken_back;
        self.unsure += other.unsure;
        self.unwatched += other.unwatched;
    }
}

impl Exchange {
    /// Of the torrent that goes by a hash; [`Exchange::step`] counts it.
    pub fn new(info_hash: InfoHash, extent: Extent) -> Exchange {
        Exchange::among(Arc::new(Roster::new(info_hash)), false, extent)
    }

    fn among(roster: Arc<Roster>, has_roster: bool, extent: Extent) -> Exchange {
        Exchange {
            roster,
            has_roster,
            extent,
            next: 0,
            talks: HashMap::new(),
            blocks: Blocks::default(),
            gifts: BTreeMap::new(),
        }
    }

    /// Looks at so many entries more; true when that were all.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        if !self.has_roster {
            let connections = entries.div_ceil(16);
            self.has_roster = Arc::make_mut(&mut self.roster).step(store, connections);
            return false;
        }
        let end = self.end(store);
        let to = self.next.saturating_add(entries as u32).min(end);
        let few = to.saturating_sub(self.next) as usize;
        for (_, entry) in store.entries(EntryId(self.next)).take(few) {
            self.take(store, entry);
        }
        self.next = self.next.max(to);
        self.next >= end
    }

    fn end(&self, store: &Store) -> u32 {
        let len = store.len() as u32;
        match self.extent {
            Extent::Until(last) => len.min(last.0.saturating_add(1)),
            Extent::Whole => len,
        }
    }

    /// Goes to another moment: forward from where it is, or else from the beginning.
    pub fn go_to(&mut self, store: &Store, extent: Extent) {
        self.extent = extent;
        let is_current = !self.has_roster || self.roster.is_current(store);
        if !is_current {
            *self = Exchange::new(self.roster.info_hash(), extent);
        } else if self.next > self.end(store) {
            *self = Exchange::among(Arc::clone(&self.roster), self.has_roster, extent);
        }
    }

    fn take(&mut self, store: &Store, entry: &Entry) {
        let Some(peers) = self.roster.peers_of(entry.connection) else {
            return;
        };
        if !matters(entry.kind()) {
            return;
        }
        let talk = self.talks.entry(entry.connection).or_default();
        match store.what(entry) {
            What::Message(Message::Piece(block)) => {
                let cause = talk.asking[(!entry.side()).index()].answer(block);
                self.give(peers, entry.side(), block, cause);
            }
            What::Message(message) => talk.apply(entry.side(), &message),
            _ => talk.asking[entry.side().index()].is_known = false,
        }
    }

    fn give(&mut self, peers: [u32; 2], sender: Side, block: Block, cause: Cause) {
        let (from, to) = (peers[sender.index()], peers[(!sender).index()]);
        let receipt = self.blocks.receive(to, block);
        let gift = self.gifts.entry((from, to)).or_default();
        gift.all.add(block);
        match receipt {
            Receipt::First => {}
            Receipt::Again => gift.again.add(block),
            Receipt::Unwatched => gift.unwatched.add(block),
        }
        match cause {
            Cause::Asked => {}
            Cause::TakenBack => gift.taken_back.add(block),
            Cause::Unasked => gift.unasked.add(block),
            Cause::Unknown => gift.unsure.add(block),
        }
    }

    /// How far it is, in thousandths.
    pub fn progress(&self, store: &Store) -> u32 {
        let end = u64::from(self.end(store).max(1));
        (u64::from(self.next) * 1000 / end) as u32
    }

    /// How far it goes.
    pub fn extent(&self) -> Extent {
        self.extent
    }

    /// The peers.
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// Who gave, to whom, and what.
    pub fn gifts(&self) -> &BTreeMap<(u32, u32), Gift> {
        &self.gifts
    }

    /// All of it together.
    pub fn total(&self) -> Gift {
        let mut total = Gift::default();
        self.gifts.values().for_each(|gift| total += *gift);
        total
    }
}

/// Kinds that ask, answer, or hide what was asked.
fn matters(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Handshake
            | Kind::Request
            | Kind::Piece
            | Kind::Cancel
            | Kind::Reject
            | Kind::Choke
            | Kind::Gap
            | Kind::Undecoded
            | Kind::Conflict
    )
}

impl Talk {
    fn apply(&mut self, sender: Side, message: &Message) {
        let has_fast = self.has_fast();
        let [own, others] = [sender, !sender].map(Side::index);
        match message {
            Message::Handshake(handshake) => {
                self.reserved[own] = Some(handshake.reserved);
                self.asking[own].is_known = true;
            }
            Message::Request(block) => self.asking[own].ask(*block),
            Message::Cancel(block) => self.asking[own].cancel(*block),
            Message::Reject(block) => self.asking[others].refuse(*block),
            // With the fast extension each request is still answered (BEP 6).
            Message::Choke if !has_fast => self.asking[others].drop_all(),
            Message::Malformed { .. } | Message::Unread(_) => self.asking[own].is_known = false,
            _ => {}
        }
    }

    fn has_fast(&self) -> bool {
        let has = |reserved: &Option<Reserved>| reserved.is_some_and(Reserved::has_fast);
        self.reserved.iter().all(has)
    }
}
