//! What is noted of the requests of one side.

use super::Walk;
use crate::peer::{Asked, Fate};
use crate::store::latencies::Latencies;
use crate::stream::Side;

/// Requests of which it is known together whether one of them waits.
pub(super) const BLOCK: usize = 256;
/// Entries of which the greatest depth is kept.
pub(super) const DEPTH: usize = 16;

#[derive(Clone, Debug, Default)]
pub(super) struct OfSide {
    pub(super) depth: u32,
    /// Of the chokes that dropped requests: the entry, and how many were dropped with it and before.
    pub(super) drops: Vec<(u32, u32)>,
    /// Entries of the blocks that came without being asked for.
    pub(super) unasked: Vec<u32>,
    pub(super) served: Latencies,
    /// Each is longer than all before it: entry of the end, nanoseconds, request.
    pub(super) longest: Vec<(u32, i64, u32)>,
    /// Each is deeper than all before it: entry, and how many waited behind it.
    pub(super) deepest: Vec<(u32, u32)>,
    pub(super) blocks: Vec<Block>,
    /// No request of a block before this one waits.
    pub(super) first_open: usize,
    /// The most that waited behind an entry, of every so many entries.
    pub(super) depths: Vec<u32>,
}

/// Requests of one side among some in a row.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Block {
    /// How many there are.
    pub(super) asked: u32,
    /// How many of them wait.
    pub(super) open: u32,
    /// The last entry with which one of them ended.
    pub(super) end: u32,
}

impl OfSide {
    pub(super) fn ask(&mut self, number: usize, entry: u32) {
        if self.blocks.len() <= number / BLOCK {
            self.blocks.resize(number / BLOCK + 1, Block::default());
        }
        let block = &mut self.blocks[number / BLOCK];
        (block.asked, block.open) = (block.asked + 1, block.open + 1);
        self.depth += 1;
        if self
            .deepest
            .last()
            .is_none_or(|(_, most)| self.depth > *most)
        {
            self.deepest.push((entry, self.depth));
        }
        self.deepen(entry);
    }

    fn deepen(&mut self, entry: u32) {
        let block = entry as usize / DEPTH;
        if self.depths.len() <= block {
            self.depths.resize(block + 1, self.depth);
        }
        self.depths[block] = self.depths[block].max(self.depth);
    }

    pub(super) fn end(&mut self, walk: Walk<'_>, (number, asked): (usize, Asked), entry: u32) {
        let block = &mut self.blocks[number / BLOCK];
        (block.open, block.end) = (block.open.saturating_sub(1), entry);
        self.depth = self.depth.saturating_sub(1);
        let nanos = walk.time(entry).since(walk.time(asked.entry));
        if let Fate::Served(_) = asked.fate {
            self.served.push(entry, nanos);
        }
        self.wait(number, entry, nanos);
    }

    pub(super) fn drop_all(&mut self, walk: Walk<'_>, oldest: usize, entry: u32) {
        let before = self.drops.last().map_or(0, |(_, count)| *count);
        self.drops.push((entry, before + self.depth));
        let since = walk.time(walk.ledger.get(oldest).entry);
        self.wait(oldest, entry, walk.time(entry).since(since));
        for block in self.blocks[self.first_open..]
            .iter_mut()
            .filter(|it| it.open > 0)
        {
            (block.open, block.end) = (0, entry);
        }
        self.first_open = self.blocks.len().saturating_sub(1);
        self.depth = 0;
    }

    fn wait(&mut self, number: usize, entry: u32, nanos: i64) {
        if self.longest.last().is_none_or(|(_, most, _)| nanos > *most) {
            self.longest.push((entry, nanos, number as u32));
        }
    }

    /// The first request that waits behind an entry. Blocks in which all have ended by then are passed as a whole, and
    /// one that is not is soon found to hold it, or to lie behind.
    pub(super) fn oldest(&self, walk: Walk<'_>, by: Side, entry: u32) -> Option<usize> {
        let may_wait = |block: &Block| block.open > 0 || block.end > entry;
        let blocks = self.blocks.iter().enumerate();
        let blocks = blocks.filter(|(_, block)| may_wait(block));
        let numbers = blocks.flat_map(|(at, _)| at * BLOCK..(at + 1) * BLOCK);
        let numbers = numbers.take_while(|number| *number < walk.ledger.len());
        let asked = numbers.map(|number| (number, walk.ledger.get(number)));
        let mut asked = asked.take_while(|(_, asked)| asked.entry <= entry);
        let waits = |asked: &Asked| asked.by == by && asked.as_of(entry).fate == Fate::Open;
        asked
            .find(|(_, asked)| waits(asked))
            .map(|(number, _)| number)
    }
}
