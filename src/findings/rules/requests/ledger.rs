//! The requests of one side: those that wait, and those that came to an end not long ago.

use std::collections::VecDeque;

use crate::capture::Timestamp;
use crate::findings::scene::SECOND;
use crate::findings::{Code, Spot};
use crate::peer::MAX_OUTSTANDING;
use crate::wire::{Block, PieceIndex};

/// Requests taken back that are remembered: a cancel or a choke takes as many as a queue holds.
const MAX_WITHDRAWN: usize = 1024;
/// Answered requests that are remembered, for cancels that cross their pieces.
const MAX_ANSWERED: usize = 256;
/// Behind this a request that nobody remembers is not answered any more. Late answers come after a minute.
pub(super) const OBLIVION: i64 = 300 * SECOND;
/// Places of the filter: few of a usual queue share one.
const PLACES: usize = 2048;

/// A request that waits.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    pub block: Block,
    pub spot: Spot,
    pub leave: Leave,
}

/// By what right a block was asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// The other side served, or nobody knows.
    Unchoked,
    /// The piece may be asked for in spite of a choke (BEP 6).
    Granted,
    /// None: its sender knew of the choke.
    None,
}

/// How a request ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum How {
    Cancelled,
    Dropped,
    Rejected,
    Served,
}

/// A request that came to an end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    pub block: Block,
    pub how: How,
    pub spot: Spot,
}

/// All of one side.
#[derive(Debug, Default)]
pub(super) struct Ledger {
    open: VecDeque<Open>,
    /// Taken back and not answered.
    withdrawn: VecDeque<Past>,
    answered: VecDeque<Past>,
    filter: Filter,
    /// When a request was last forgotten, or may have been.
    forgot: Option<Timestamp>,
    /// When the last of the answered ones was.
    forgot_answered: Option<Timestamp>,
    /// Since when the oldest is the oldest.
    first_since: Timestamp,
    /// What was said of it.
    told: Option<Code>,
}

impl Ledger {
    pub(super) fn open(&self) -> usize {
        self.open.len()
    }

    /// The one that waits longest, and since when it is the next in turn.
    pub(super) fn first(&self) -> Option<(&Open, Timestamp)> {
        Some((self.open.front()?, self.first_since))
    }

    /// The one that was taken back longest ago and is not answered.
    pub(super) fn first_withdrawn(&self) -> Option<&Past> {
        self.withdrawn.front()
    }

    /// Nothing was forgotten that could still be answered.
    pub(super) fn is_whole(&self, now: Timestamp) -> bool {
        self.forgot.is_none_or(|then| now.since(then) > OBLIVION)
    }

    /// Nothing that was answered was forgotten of late.
    pub(super) fn remembers_answers(&self, now: Timestamp) -> bool {
        self.is_whole(now)
            && self
                .forgot_answered
                .is_none_or(|then| now.since(then) > OBLIVION)
    }

    /// Words are missing: what waits may have been answered, and what is answered may have been asked for unheard.
    pub(super) fn forget(&mut self, now: Timestamp) {
        *self = Ledger {
            forgot: Some(now),
            ..Ledger::default()
        };
    }

    /// The others wait their turn anew: the other side serves again, or no longer.
    pub(super) fn restart(&mut self, now: Timestamp) {
        self.first_since = now;
        self.told = None;
    }

    /// True when it is the first time that this is said of the oldest.
    pub(super) fn tell_first(&mut self, code: Code) -> bool {
        self.told.replace(code) != Some(code)
    }

    /// Takes a request, and gives the one that asked for the same and still waits.
    pub(super) fn ask(&mut self, request: Open) -> Option<Open> {
        if self.open.len() == MAX_OUTSTANDING {
            self.forgot = Some(request.spot.time);
            return None;
        }
        let twin = self.find(request.block).map(|at| self.open[at]);
        if self.open.is_empty() {
            self.restart(request.spot.time);
        }
        self.filter.add(request.block);
        self.open.push_back(request);
        twin
    }

    /// The request that a piece answers: of those of its place the one of its length, or else the oldest.
    pub(super) fn serve(&mut self, block: Block, spot: Spot) -> Option<Open> {
        let is_there = |open: &Open| is_same_place(open.block, block);
        let first = self.open.iter().position(is_there)?;
        let exact = if self.open[first].block.length == block.length {
            Some(first)
        } else {
            self.open.iter().position(|open| open.block == block)
        };
        let open = self.close(exact.unwrap_or(first), spot.time)?;
        self.answer(open.block, How::Served, spot);
        Some(open)
    }

    /// The request that a reject refuses.
    pub(super) fn reject(&mut self, block: Block, spot: Spot) -> Option<Open> {
        let open = self.close(self.find(block)?, spot.time)?;
        self.answer(block, How::Rejected, spot);
        Some(open)
    }

    /// The request that a cancel takes back.
    pub(super) fn cancel(&mut self, block: Block, spot: Spot) -> Option<Open> {
        let open = self.close(self.find(block)?, spot.time)?;
        self.withdraw(block, How::Cancelled, spot);
        Some(open)
    }

    /// A choke drops all (BEP 3).
    pub(super) fn drop_all(&mut self, spot: Spot) {
        while let Some(open) = self.open.pop_front() {
            self.withdraw(open.block, How::Dropped, spot);
        }
        self.filter = Filter::default();
    }

    /// Takes a request out of those that were taken back: now it is answered.
    pub(super) fn was_withdrawn(
        &mut self,
        is_it: impl Fn(Block) -> bool,
        (how, spot): (How, Spot),
    ) -> Option<Past> {
        let at = self.withdrawn.iter().position(|past| is_it(past.block))?;
        let past = self.withdrawn.remove(at)?;
        self.answer(past.block, how, spot);
        Some(past)
    }

    pub(super) fn is_withdrawn(&self, block: Block) -> bool {
        self.withdrawn.iter().any(|past| past.block == block)
    }

    /// The last answer to a request.
    pub(super) fn was_answered(&self, is_it: impl Fn(Block) -> bool) -> Option<&Past> {
        self.answered.iter().rev().find(|past| is_it(past.block))
    }

    /// An answer whose request stands behind it in the capture.
    pub(super) fn answer(&mut self, block: Block, how: How, spot: Spot) {
        let past = Past { block, how, spot };
        if let Some(forgotten) = push(&mut self.answered, MAX_ANSWERED, past) {
            self.forgot_answered = Some(forgotten.spot.time);
        }
    }

    fn withdraw(&mut self, block: Block, how: How, spot: Spot) {
        let past = Past { block, how, spot };
        if push(&mut self.withdrawn, MAX_WITHDRAWN, past).is_some() {
            self.forgot = Some(spot.time);
        }
    }

    fn find(&self, block: Block) -> Option<usize> {
        if !self.filter.may_have(block) {
            return None;
        }
        self.open.iter().position(|open| open.block == block)
    }

    fn close(&mut self, at: usize, now: Timestamp) -> Option<Open> {
        let open = self.open.remove(at)?;
        self.filter.remove(open.block);
        if at == 0 {
            self.restart(now);
        }
        Some(open)
    }
}

/// Adds one to so many, and gives the oldest where there is no room.
fn push(pasts: &mut VecDeque<Past>, most: usize, past: Past) -> Option<Past> {
    let oldest = (pasts.len() == most).then(|| pasts.pop_front()).flatten();
    pasts.push_back(past);
    oldest
}

pub(super) fn is_same_place(one: Block, other: Block) -> bool {
    (one.index, one.begin) == (other.index, other.begin)
}

/// Most requests ask for what does not wait yet. This knows it without looking through a queue of hundreds: how many of
/// them fall on each place. A place that was once full stays so.
#[derive(Debug, Default)]
struct Filter(Option<Box<[u8; PLACES]>>);

impl Filter {
    fn add(&mut self, block: Block) {
        let counts = self.0.get_or_insert_with(|| Box::new([0; PLACES]));
        let count = &mut counts[place(block)];
        *count = count.saturating_add(1);
    }

    fn remove(&mut self, block: Block) {
        if let Some(counts) = &mut self.0 {
            let count = &mut counts[place(block)];
            *count -= u8::from((1..u8::MAX).contains(count));
        }
    }

    fn may_have(&self, block: Block) -> bool {
        self.0
            .as_ref()
            .is_some_and(|counts| counts[place(block)] > 0)
    }
}

/// Blocks of one piece, and pieces in a row, fall on different places.
fn place(block: Block) -> usize {
    let PieceIndex(index) = block.index;
    let number = index.wrapping_mul(0x9e37).wrapping_add(block.begin >> 14);
    number as usize % PLACES
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(index: u32) -> Open {
        Open {
            block: Block {
                index: PieceIndex(index),
                begin: 0,
                length: 16384,
            },
            spot: Spot::default(),
            leave: Leave::Unchoked,
        }
    }

    #[test]
    fn only_what_waits_has_a_twin() {
        let mut ledger = Ledger::default();
        (0..2000).for_each(|index| assert!(ledger.ask(request(index)).is_none(), "{index}"));
        assert!(ledger.ask(request(1999)).is_some());
        assert!(ledger.serve(request(7).block, Spot::default()).is_some());
        assert!(ledger.ask(request(7)).is_none());
    }

    #[test]
    fn of_a_flood_it_keeps_the_first_and_says_so() {
        let mut ledger = Ledger::default();
        (0..10_000).for_each(|index| _ = ledger.ask(request(index)));
        let now = Timestamp::default();
        assert_eq!(
            (ledger.open(), ledger.is_whole(now)),
            (MAX_OUTSTANDING, false)
        );
    }

    #[test]
    fn a_flood_of_cancels_is_forgotten_and_it_says_so() {
        let mut ledger = Ledger::default();
        for index in 0..=MAX_WITHDRAWN as u32 {
            assert!(ledger.is_whole(Timestamp::default()), "{index}");
            ledger.ask(request(index));
            ledger.cancel(request(index).block, Spot::default());
        }
        assert_eq!(ledger.withdrawn.len(), MAX_WITHDRAWN);
        assert!(!ledger.is_whole(Timestamp::default()));
    }
}
