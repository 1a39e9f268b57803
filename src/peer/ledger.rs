//! What became of each request of a conversation.

use super::waiting::Waiting;
use crate::capture::Timestamp;
use crate::stream::Side;
use crate::wire::{Block, Kind, Message, Reserved};

/// How a request ended, and the message that ended it: its number in the conversation, from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    /// It waits.
    Open,
    /// The block came.
    Served(u32),
    /// It was refused (BEP 6).
    Rejected(u32),
    /// Who asked took it back. With the fast extension a piece or a reject is still owed (BEP 6); it counts as
    /// unrequested, should it come.
    Cancelled(u32),
    /// A choke dropped it, silently, as it does without the fast extension (BEP 3).
    Dropped(u32),
    /// The conversation ended before.
    Unanswered,
}

impl Fate {
    /// The message that ended it.
    pub fn entry(self) -> Option<u32> {
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
    /// Its number in the conversation, from 0. What it asked for is there.
    pub entry: u32,
    /// How it ended.
    pub fate: Fate,
}

impl Asked {
    /// Nanoseconds from the request to what ended it, where `time` tells when an entry was complete.
    pub fn latency(&self, time: impl Fn(u32) -> Timestamp) -> Option<i64> {
        Some(time(self.fate.entry()?).since(time(self.entry)))
    }

    /// What was known of it behind an entry that is not before it.
    #[must_use]
    pub fn as_of(self, entry: u32) -> Asked {
        let is_ahead = self.fate.entry().is_none_or(|end| end > entry);
        let fate = if is_ahead { Fate::Open } else { self.fate };
        Asked { fate, ..self }
    }
}

/// All requests of a conversation, in their order: 16 bytes each. It is the whole counterpart of [`super::Requests`].
///
/// Invariant: `rows` are in the order of their entries, `ended` in the order of what ended them. A row without an end
/// was dropped by the first choke behind it, if there is one.
#[derive(Clone, Debug, Default)]
pub struct Ledger {
    rows: Vec<Row>,
    ended: Vec<u32>,
    drops: [Vec<Dropped>; 2],
    waiting: [Waiting; 2],
    /// Of each side, the row that waits longest, if one does.
    oldest: [u32; 2],
    reserved: [Option<Reserved>; 2],
    unasked: Vec<u32>,
    is_over: bool,
}

#[derive(Clone, Copy, Debug)]
struct Row {
    entry: u32,
    end: u32,
    by: Side,
    how: How,
}

const _: () = assert!(size_of::<Row>() == 12);

/// How a row ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum How {
    NotYet,
    Served,
    Rejected,
    Cancelled,
}

/// A choke that dropped requests.
#[derive(Clone, Copy, Debug)]
struct Dropped {
    entry: u32,
    /// The row that had waited longest.
    oldest: u32,
}

impl Ledger {
    /// Takes the next message: that of number `entry`.
    pub fn apply(&mut self, sender: Side, message: &Message, entry: u32) {
        self.is_over = false;
        match message {
            Message::Handshake(handshake) => {
                self.reserved[sender.index()] = Some(handshake.reserved);
            }
            Message::Request(block) => self.ask(sender, *block, entry),
            Message::Piece(block) => self.serve(sender, *block, entry),
            Message::Reject(block) => self.withdraw(!sender, *block, How::Rejected, entry),
            Message::Cancel(block) => self.withdraw(sender, *block, How::Cancelled, entry),
            Message::Choke if !self.has_fast() => self.drop_all(!sender, entry),
            _ => {}
        }
    }

    /// Messages of other kinds change nothing here.
    pub fn takes(kind: Kind) -> bool {
        use Kind::{Cancel, Choke, Handshake, Piece, Reject, Request};
        matches!(kind, Handshake | Request | Piece | Reject | Cancel | Choke)
    }

    /// The conversation has ended: what waits now waited in vain, unless something comes after all.
    pub fn end(&mut self) {
        self.is_over = true;
    }

    /// Number of requests.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// True when nobody asked for anything.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// One of them, by its number among the requests.
    pub fn get(&self, number: usize) -> Asked {
        let row = self.rows[number];
        Asked {
            by: row.by,
            entry: row.entry,
            fate: self.fate(row),
        }
    }

    /// All, in their order.
    pub fn asked(&self) -> impl DoubleEndedIterator<Item = Asked> + ExactSizeIterator + Clone {
        (0..self.len()).map(|number| self.get(number))
    }

    /// How many requests lie before an entry.
    pub fn before(&self, entry: u32) -> usize {
        self.rows.partition_point(|row| row.entry < entry)
    }

    /// Numbers of the requests that were answered or taken back, in the order of their ends.
    pub fn ended(&self) -> &[u32] {
        &self.ended
    }

    /// Of the chokes that dropped requests of `by`, the one of this number: its entry, and the number of the request
    /// that had waited longest.
    pub fn dropping(&self, by: Side, number: usize) -> Option<(u32, u32)> {
        let drop = self.drops[by.index()].get(number)?;
        Some((drop.entry, drop.oldest))
    }

    /// Pieces that came without being asked for, in their order.
    pub fn unasked(&self) -> &[u32] {
        &self.unasked
    }

    /// How many wait.
    pub fn waiting(&self, by: Side) -> u32 {
        self.waiting[by.index()].count()
    }

    /// The other end of a request: what ended it, or the request that a message ended. Of those that a choke
    /// dropped it is the one that had waited longest.
    pub fn partner(&self, entry: u32) -> Option<u32> {
        if let Some(row) = self
            .rows
            .get(self.before(entry))
            .filter(|it| it.entry == entry)
        {
            return self.fate(*row).entry();
        }
        let row = |number: u32| &self.rows[number as usize];
        let at = self
            .ended
            .partition_point(|number| row(*number).end < entry);
        let ended = self.ended.get(at).filter(|it| row(**it).end == entry);
        let dropped = || Side::BOTH.iter().find_map(|by| self.dropped_at(*by, entry));
        Some(row(ended.copied().or_else(dropped)?).entry)
    }

    /// How many requests of `by` wait behind an entry, when `before` waited in front of the entry `from`. It looks at
    /// no request outside of these entries.
    pub fn waiting_behind(&self, by: Side, (from, before): (u32, u32), entry: u32) -> u32 {
        let drops = &self.drops[by.index()];
        let behind = drops.partition_point(|drop| drop.entry <= entry);
        let choke = drops[..behind].last().filter(|drop| drop.entry >= from);
        let (from, before) = choke.map_or((from, before), |drop| (drop.entry, 0));
        let asked = self.rows[self.before(from)..].iter();
        let asked = asked
            .take_while(|row| row.entry <= entry)
            .filter(|row| row.by == by);
        let row = |number: &u32| self.rows[*number as usize];
        let first = self.ended.partition_point(|number| row(number).end < from);
        let ended = self.ended[first..].iter().map(row);
        let ended = ended
            .take_while(|row| row.end <= entry)
            .filter(|row| row.by == by);
        before + asked.count() as u32 - ended.count() as u32
    }

    fn fate(&self, row: Row) -> Fate {
        match row.how {
            How::Served => Fate::Served(row.end),
            How::Rejected => Fate::Rejected(row.end),
            How::Cancelled => Fate::Cancelled(row.end),
            How::NotYet => match self.dropped_behind(row) {
                Some(choke) => Fate::Dropped(choke),
                None if self.is_over => Fate::Unanswered,
                None => Fate::Open,
            },
        }
    }

    fn dropped_behind(&self, row: Row) -> Option<u32> {
        let drops = &self.drops[row.by.index()];
        let choke = drops.partition_point(|drop| drop.entry < row.entry);
        drops.get(choke).map(|drop| drop.entry)
    }

    fn dropped_at(&self, by: Side, entry: u32) -> Option<u32> {
        let drops = &self.drops[by.index()];
        let at = drops.binary_search_by_key(&entry, |drop| drop.entry);
        at.ok().map(|at| drops[at].oldest)
    }

    fn has_fast(&self) -> bool {
        self.reserved
            .iter()
            .all(|reserved| reserved.is_some_and(Reserved::has_fast))
    }

    fn ask(&mut self, by: Side, block: Block, entry: u32) {
        let number = self.rows.len() as u32;
        if self.waiting(by) == 0 {
            self.oldest[by.index()] = number;
        }
        self.waiting[by.index()].push(number, block);
        self.rows.push(Row {
            entry,
            end: 0,
            by,
            how: How::NotYet,
        });
    }

    fn serve(&mut self, sender: Side, block: Block, entry: u32) {
        match self.waiting[(!sender).index()].answer(block) {
            Some(number) => self.close(number, How::Served, entry),
            None => self.unasked.push(entry),
        }
    }

    fn withdraw(&mut self, by: Side, block: Block, how: How, entry: u32) {
        if let Some(number) = self.waiting[by.index()].withdraw(block) {
            self.close(number, how, entry);
        }
    }

    fn close(&mut self, number: u32, how: How, entry: u32) {
        let row = &mut self.rows[number as usize];
        (row.how, row.end) = (how, entry);
        let by = row.by;
        self.ended.push(number);
        if self.oldest[by.index()] == number && self.waiting(by) > 0 {
            // What waits was asked for behind this one: between them all have ended.
            let later = self.rows[number as usize..].iter();
            let waits = |row: &Row| row.by == by && row.how == How::NotYet;
            let steps = later.take_while(|row| !waits(row)).count();
            self.oldest[by.index()] = number + steps as u32;
        }
    }

    /// It costs no walk over what is dropped: a row knows that it was by its place before the choke.
    fn drop_all(&mut self, by: Side, entry: u32) {
        if self.waiting(by) > 0 {
            let oldest = self.oldest[by.index()];
            self.drops[by.index()].push(Dropped { entry, oldest });
            self.waiting[by.index()] = Waiting::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Talk;
    use crate::wire::{Handshake, PieceIndex};
    use proptest::prelude::*;

    fn block(index: u32, length: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin: 0,
            length,
        }
    }

    fn told(said: &[(Side, Message)]) -> Ledger {
        let mut ledger = Ledger::default();
        for (entry, (side, message)) in (0..).zip(said) {
            ledger.apply(*side, message, entry);
        }
        ledger
    }

    /// Messages come a second apart.
    fn second(entry: u32) -> Timestamp {
        Timestamp::from_parts(u64::from(entry), 0)
    }

    fn fates(said: &[(Side, Message)]) -> Vec<Fate> {
        told(said).asked().map(|asked| asked.fate).collect()
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
            Fate::Served(4),
            Fate::Rejected(5),
            Fate::Cancelled(6),
            Fate::Open,
        ];
        assert_eq!(fates(&said), ends);
        let ledger = told(&said);
        let as_of_5 = ledger.asked().map(|asked| asked.as_of(5).fate);
        assert_eq!(as_of_5.collect::<Vec<_>>()[1..3], [ends[1], Fate::Open]);
    }

    #[test]
    fn a_choke_drops_what_waits_only_without_the_fast_extension() {
        let asked = (A, Message::Request(block(1, 9)));
        let choked = (B, Message::Choke);
        assert_eq!(fates(&[asked.clone(), choked.clone()]), [Fate::Dropped(1)]);
        let fast = [(A, hello(true)), (B, hello(true)), asked, choked];
        assert_eq!(fates(&fast), [Fate::Open]);
    }

    #[test]
    fn a_block_that_nobody_asked_for_is_kept() {
        let ledger = told(&[(B, Message::Piece(block(1, 9)))]);
        assert_eq!(ledger.unasked(), [0]);
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
        assert_eq!(ledger.get(0).latency(second), Some(2_000_000_000));
    }

    #[test]
    fn the_partner_of_a_choke_is_the_request_that_had_waited_longest() {
        let ledger = told(&[
            (A, Message::Request(block(1, 9))),
            (A, Message::Request(block(2, 9))),
            (A, Message::Request(block(3, 9))),
            (B, Message::Piece(block(1, 9))),
            (B, Message::Choke),
            (B, Message::Choke),
        ]);
        assert_eq!(
            [4, 5, 2].map(|entry| ledger.partner(entry)),
            [Some(1), None, Some(4)]
        );
    }

    #[test]
    fn what_waits_at_the_end_is_unanswered_unless_an_answer_comes_late() {
        let mut ledger = told(&[(A, Message::Request(block(1, 9)))]);
        assert_eq!(ledger.waiting(A), 1);
        ledger.end();
        assert_eq!(ledger.get(0).fate, Fate::Unanswered);
        ledger.apply(B, &Message::Piece(block(1, 9)), 1);
        assert_eq!(ledger.get(0).fate, Fate::Served(1));
    }

    type Said = (bool, u8, u32, u32);

    fn message((from_b, kind, index, length): Said) -> (Side, Message) {
        let block = block(index, length);
        let message = match kind {
            0 | 1 => Message::Piece(block),
            2 => Message::Reject(block),
            3 => Message::Cancel(block),
            4 => Message::Choke,
            5 => hello(index > 0),
            _ => Message::Request(block),
        };
        (if from_b { B } else { A }, message)
    }

    fn talks() -> impl Strategy<Value = Vec<(Side, Message)>> {
        let said = (any::<bool>(), 0u8..11, 0u32..4, 1u32..3).prop_map(message);
        proptest::collection::vec(said, 0..120)
    }

    /// As the ledger, with what it asked for: every message walks over all that came before.
    #[derive(Default)]
    struct Slow {
        asked: Vec<(Asked, Block)>,
        unasked: Vec<u32>,
        reserved: [Option<Reserved>; 2],
    }

    impl Slow {
        fn apply(&mut self, sender: Side, message: &Message, entry: u32) {
            let is_fast = self
                .reserved
                .iter()
                .all(|it| it.is_some_and(Reserved::has_fast));
            let waits = |asked: &Asked, by| asked.by == by && asked.fate == Fate::Open;
            let mut rows = self.asked.iter_mut();
            match message {
                Message::Handshake(hello) => self.reserved[sender.index()] = Some(hello.reserved),
                Message::Request(block) => {
                    let (by, fate) = (sender, Fate::Open);
                    self.asked.push((Asked { by, entry, fate }, *block));
                }
                Message::Piece(block) => {
                    let place = |it: &Block| (it.index, it.begin) == (block.index, block.begin);
                    match rows.find(|(asked, it)| waits(asked, !sender) && place(it)) {
                        Some((asked, _)) => asked.fate = Fate::Served(entry),
                        None => self.unasked.push(entry),
                    }
                }
                Message::Reject(block) => {
                    let row = rows.find(|(asked, it)| waits(asked, !sender) && it == block);
                    row.into_iter()
                        .for_each(|(asked, _)| asked.fate = Fate::Rejected(entry));
                }
                Message::Cancel(block) => {
                    let row = rows.find(|(asked, it)| waits(asked, sender) && it == block);
                    row.into_iter()
                        .for_each(|(asked, _)| asked.fate = Fate::Cancelled(entry));
                }
                Message::Choke if !is_fast => rows
                    .filter(|(asked, _)| waits(asked, !sender))
                    .for_each(|(asked, _)| asked.fate = Fate::Dropped(entry)),
                _ => {}
            }
        }

        fn partner(&self, entry: u32) -> Option<u32> {
            let mut asked = self.asked.iter().map(|(asked, _)| asked);
            let own = asked.clone().find(|asked| asked.entry == entry);
            let mut of_end = || asked.find(|asked| asked.fate.entry() == Some(entry));
            own.map_or_else(|| of_end().map(|asked| asked.entry), |own| own.fate.entry())
        }
    }

    proptest! {
        #[test]
        fn what_waits_is_what_the_state_says(said in talks()) {
            let (mut ledger, mut talk) = (Ledger::default(), Talk::default());
            for (entry, (side, message)) in (0..).zip(said) {
                ledger.apply(side, &message, entry);
                talk.apply(side, &message);
                for side in Side::BOTH {
                    prop_assert_eq!(ledger.waiting(side) as usize, talk.peer(side).requests.len());
                    let waiting = ledger.asked().filter(|asked| asked.by == side && asked.fate == Fate::Open);
                    prop_assert_eq!(waiting.count(), talk.peer(side).requests.len());
                }
            }
        }

        #[test]
        fn fates_and_partners_are_what_a_slow_replay_gives(said in talks()) {
            let (ledger, mut slow) = (told(&said), Slow::default());
            for (entry, (side, message)) in (0..).zip(&said) {
                slow.apply(*side, message, entry);
            }
            let asked: Vec<Asked> = slow.asked.iter().map(|(asked, _)| *asked).collect();
            prop_assert_eq!(ledger.asked().collect::<Vec<_>>(), asked);
            prop_assert_eq!(ledger.unasked(), &slow.unasked);
            for entry in 0..said.len() as u32 {
                prop_assert_eq!(ledger.partner(entry), slow.partner(entry), "{}", entry);
            }
        }

        #[test]
        fn what_waited_behind_an_entry_is_counted_from_any_before_it(
            said in talks(),
            visits in proptest::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 20),
        ) {
            let (ledger, mut talk) = (told(&said), Talk::default());
            let mut counts = vec![[0; 2]];
            for (side, message) in &said {
                talk.apply(*side, message);
                counts.push(Side::BOTH.map(|side| talk.peer(side).requests.len() as u32));
            }
            for (from, to) in visits.iter().filter(|_| !said.is_empty()) {
                let (from, to) = (from.index(said.len()), to.index(said.len()));
                let (from, to) = (from.min(to), from.max(to));
                for side in Side::BOTH {
                    let before = (from as u32, counts[from][side.index()]);
                    let behind = ledger.waiting_behind(side, before, to as u32);
                    prop_assert_eq!(behind, counts[to + 1][side.index()]);
                }
            }
        }
    }
}
