//! What became of each request of a conversation.

use std::collections::{HashMap, VecDeque};

use crate::capture::Timestamp;
use crate::stream::Side;
use crate::wire::{Block, Message, PieceIndex, Reserved};

/// A message of the conversation: its number there, from 0, and its time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Number in the conversation, from 0.
    pub entry: u32,
    /// When it was complete.
    pub time: Timestamp,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits.
    Open,
    /// The block came.
    Served(Moment),
    /// It was refused (BEP 6).
    Rejected(Moment),
    /// Who asked took it back. With the fast extension a piece or a reject is still owed (BEP 6); it counts as
    /// unrequested, should it come.
    Cancelled(Moment),
    /// A choke dropped it, silently, as it does without the fast extension (BEP 3).
    Dropped(Moment),
    /// The conversation ended before.
    Unanswered,
}

impl Fate {
    /// The message that ended it.
    pub fn moment(self) -> Option<Moment> {
        match self {
            Fate::Served(at) | Fate::Rejected(at) | Fate::Cancelled(at) | Fate::Dropped(at) => {
                Some(at)
            }
            Fate::Open | Fate::Unanswered => None,
        }
    }

    /// For the user.
    pub fn word(self) -> &'static str {
        match self {
            Fate::Open => "open",
            Fate::Served(_) => "piece",
            Fate::Rejected(_) => "reject",
            Fate::Cancelled(_) => "cancel",
            Fate::Dropped(_) => "dropped by choke",
            Fate::Unanswered => "unanswered",
        }
    }
}

/// A request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who asked.
    pub by: Side,
    /// For what.
    pub block: Block,
    /// When.
    pub at: Moment,
    /// How it ended.
    pub fate: Fate,
}

impl Asked {
    /// Nanoseconds from the request to what ended it.
    pub fn latency(&self) -> Option<i64> {
        Some(self.fate.moment()?.time.since(self.at.time))
    }
}

/// All requests of a conversation, in their order. It is the slow and whole counterpart of [`super::Requests`].
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    asked: Vec<Asked>,
    /// Those that wait, oldest first, by who asked for which place.
    open: HashMap<(Side, PieceIndex, u32), VecDeque<usize>>,
    reserved: [Option<Reserved>; 2],
    unasked: Vec<(Side, Block, Moment)>,
}

impl Ledger {
    /// Takes the next message.
    pub fn apply(&mut self, sender: Side, message: &Message, at: Moment) {
        match message {
            Message::Handshake(handshake) => {
                self.reserved[sender.index()] = Some(handshake.reserved);
            }
            Message::Request(block) => self.ask(sender, *block, at),
            Message::Piece(block) => self.serve(sender, *block, at),
            Message::Reject(block) => self.withdraw(!sender, *block, Fate::Rejected(at)),
            Message::Cancel(block) => self.withdraw(sender, *block, Fate::Cancelled(at)),
            Message::Choke if !self.has_fast() => self.drop_all(!sender, at),
            _ => {}
        }
    }

    /// The conversation has ended: what waits now waited in vain.
    pub fn end(&mut self) {
        for request in self.open.drain().flat_map(|(_, waiting)| waiting) {
            self.asked[request].fate = Fate::Unanswered;
        }
    }

    /// All requests, in their order.
    pub fn asked(&self) -> &[Asked] {
        &self.asked
    }

    /// Blocks that came without being asked for: who sent them, and when.
    pub fn unasked(&self) -> &[(Side, Block, Moment)] {
        &self.unasked
    }

    /// The request that waits longest.
    pub fn oldest_open(&self, by: Side) -> Option<&Asked> {
        let waits = |asked: &&Asked| asked.by == by && asked.fate == Fate::Open;
        self.asked.iter().find(waits)
    }

    /// Latencies of the requests of one side that were served, in nanoseconds, shortest first.
    pub fn latencies(&self, by: Side) -> Vec<i64> {
        let served = self
            .asked
            .iter()
            .filter(|asked| asked.by == by && matches!(asked.fate, Fate::Served(_)));
        let mut latencies: Vec<i64> = served.filter_map(Asked::latency).collect();
        latencies.sort_unstable();
        latencies
    }

    /// The other end of a request: what ended it, or the request that a message ended.
    pub fn partner(&self, entry: u32) -> Option<u32> {
        let at = self
            .asked
            .binary_search_by_key(&entry, |asked| asked.at.entry);
        if let Ok(at) = at {
            return Some(self.asked[at].fate.moment()?.entry);
        }
        let ended = self
            .asked
            .iter()
            .find(|asked| asked.fate.moment().is_some_and(|end| end.entry == entry));
        ended.map(|asked| asked.at.entry)
    }

    fn has_fast(&self) -> bool {
        self.reserved
            .iter()
            .all(|reserved| reserved.is_some_and(Reserved::has_fast))
    }

    fn ask(&mut self, by: Side, block: Block, at: Moment) {
        let place = (by, block.index, block.begin);
        self.open
            .entry(place)
            .or_default()
            .push_back(self.asked.len());
        self.asked.push(Asked {
            by,
            block,
            at,
            fate: Fate::Open,
        });
    }

    /// A piece answers the oldest request of its index and begin; its length may differ.
    fn serve(&mut self, sender: Side, block: Block, at: Moment) {
        let place = (!sender, block.index, block.begin);
        match self.open.get_mut(&place).and_then(VecDeque::pop_front) {
            Some(request) => self.asked[request].fate = Fate::Served(at),
            None => self.unasked.push((sender, block, at)),
        }
        self.forget_if_empty(place);
    }

    /// A reject and a cancel name the request exactly.
    fn withdraw(&mut self, by: Side, block: Block, fate: Fate) {
        let place = (by, block.index, block.begin);
        let Some(waiting) = self.open.get_mut(&place) else {
            return;
        };
        let same = waiting
            .iter()
            .position(|request| self.asked[*request].block == block);
        if let Some(request) = same.and_then(|at| waiting.remove(at)) {
            self.asked[request].fate = fate;
        }
        self.forget_if_empty(place);
    }

    fn drop_all(&mut self, by: Side, at: Moment) {
        let dropped = self.open.extract_if(|(side, ..), _| *side == by);
        for request in dropped.flat_map(|(_, waiting)| waiting) {
            self.asked[request].fate = Fate::Dropped(at);
        }
    }

    fn forget_if_empty(&mut self, place: (Side, PieceIndex, u32)) {
        if self.open.get(&place).is_some_and(VecDeque::is_empty) {
            self.open.remove(&place);
        }
    }
}

/// Of sorted values, the one below which so many in a hundred lie.
pub fn percentile(sorted: &[i64], percent: usize) -> Option<i64> {
    let last = sorted.len().checked_sub(1)?;
    Some(sorted[(last * percent + 50) / 100])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Talk;
    use crate::wire::Handshake;
    use proptest::prelude::*;

    fn block(index: u32, length: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin: 0,
            length,
        }
    }

    /// What both sides say, a second apart.
    fn told(said: &[(Side, Message)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (entry, (side, message)) in (0..).zip(said) {
            ledger.apply(*side, message, moment(entry));
        }
        ledger
    }

    fn moment(entry: u32) -> Moment {
        Moment {
            entry,
            time: Timestamp::from_parts(u64::from(entry), 0),
        }
    }

    fn fates(said: &[(Side, Message)]) -> Vec<Fate> {
        told(said).asked().iter().map(|asked| asked.fate).collect()
    }

    fn hello(fast: bool) -> Message {
        let reserved = Reserved([0, 0, 0, 0, 0, 0, 0, if fast { 4 } else { 0 }]);
        Message::Handshake(Box::new(Handshake {
            reserved,
            ..Handshake::default()
        }))
    }

    use Side::{A, B};

    #[test]
    fn each_request_has_its_fate() {
        let said = [
            (A, Message::Request(block(1, 9))),
            (A, Message::Request(block(2, 9))),
            (A, Message::Request(block(3, 9))),
            (A, Message::Request(block(4, 9))),
            (B, Message::Piece(block(1, 7))),
            (B, Message::Reject(block(2, 9))),
            (A, Message::Cancel(block(3, 9))),
        ];
        let ends = [
            Fate::Served(moment(4)),
            Fate::Rejected(moment(5)),
            Fate::Cancelled(moment(6)),
            Fate::Open,
        ];
        assert_eq!(fates(&said), ends);
    }

    #[test]
    fn a_choke_drops_what_waits_only_without_the_fast_extension() {
        let asked = (A, Message::Request(block(1, 9)));
        let choked = (B, Message::Choke);
        assert_eq!(
            fates(&[asked.clone(), choked.clone()]),
            [Fate::Dropped(moment(1))]
        );
        let fast = [(A, hello(true)), (B, hello(true)), asked, choked];
        assert_eq!(fates(&fast), [Fate::Open]);
    }

    #[test]
    fn a_block_that_nobody_asked_for_is_kept() {
        let ledger = told(&[(B, Message::Piece(block(1, 9)))]);
        assert_eq!(ledger.unasked(), [(B, block(1, 9), moment(0))]);
    }

    #[test]
    fn partners_find_each_other() {
        let ledger = told(&[
            (A, Message::Request(block(1, 9))),
            (A, Message::Choke),
            (B, Message::Piece(block(1, 9))),
        ]);
        assert_eq!(
            (ledger.partner(0), ledger.partner(2), ledger.partner(1)),
            (Some(2), Some(0), None)
        );
        assert_eq!(ledger.latencies(A), [2_000_000_000]);
    }

    #[test]
    fn what_waits_at_the_end_is_unanswered() {
        let mut ledger = told(&[(A, Message::Request(block(1, 9)))]);
        assert!(ledger.oldest_open(A).is_some());
        ledger.end();
        assert_eq!(ledger.asked()[0].fate, Fate::Unanswered);
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let values = [1, 2, 3, 4, 100];
        assert_eq!(
            [0, 50, 100].map(|percent| percentile(&values, percent)),
            [Some(1), Some(3), Some(100)]
        );
        assert_eq!(percentile(&[], 50), None);
    }

    proptest! {
        #[test]
        fn what_waits_is_what_the_state_says(said in proptest::collection::vec((any::<bool>(), 0u8..6, 0u32..4, 1u32..3), 0..60)) {
            let (mut ledger, mut talk) = (Ledger::default(), Talk::default());
            for (entry, (from_b, kind, index, length)) in (0..).zip(said) {
                let (side, block) = (if from_b { B } else { A }, block(index, length));
                let message = match kind {
                    0 => Message::Piece(block),
                    1 => Message::Reject(block),
                    2 => Message::Cancel(block),
                    3 => Message::Choke,
                    _ => Message::Request(block),
                };
                ledger.apply(side, &message, moment(entry));
                talk.apply(side, &message);
                for side in Side::BOTH {
                    let waiting = ledger.asked().iter().filter(|asked| asked.by == side && asked.fate == Fate::Open);
                    prop_assert_eq!(waiting.count(), talk.peer(side).requests.len());
                }
            }
        }
    }
}
