//! Since when pieces are something, and since when they are more: two moments a piece.

use std::collections::BTreeMap;
use std::ops::Range;

use super::EntryId;

/// Pieces in one chunk.
const CHUNK: u32 = 256;
/// It never came.
const NEVER: u32 = u32::MAX;

/// Two moments of each of some pieces, by the piece, and the same moments in order: of a whole chunk they are counted
/// by a search.
///
/// Invariant: nothing ends before it has begun.
#[derive(Clone, Debug)]
struct Chunk {
    begun: Column,
    ended: Column,
}

#[derive(Clone, Debug)]
struct Column {
    by_piece: [u32; CHUNK as usize],
    in_order: Vec<u32>,
}

impl Column {
    const EMPTY: Column = Column {
        by_piece: [NEVER; CHUNK as usize],
        in_order: Vec::new(),
    };

    fn set(&mut self, at: usize, moment: u32) {
        let before = std::mem::replace(&mut self.by_piece[at], moment);
        if before == moment {
            return;
        }
        if before != NEVER {
            let place = self.in_order.partition_point(|it| *it < before);
            self.in_order.remove(place);
        }
        if moment != NEVER {
            let place = self.in_order.partition_point(|it| *it < moment);
            self.in_order.insert(place, moment);
        }
    }

    /// Those in a part of the chunk that have come with `now`.
    fn count(&self, from: usize, to: usize, now: EntryId) -> u32 {
        let first = self.in_order.first().copied().unwrap_or(NEVER);
        if !has_come(first, now) {
            return 0;
        }
        if to - from == CHUNK as usize {
            return self.in_order.partition_point(|it| *it <= now.0) as u32;
        }
        let part = &self.by_piece[from..to];
        part.iter().map(|it| u32::from(has_come(*it, now))).sum()
    }
}

/// How far a piece has come.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Stage {
    /// Not begun.
    #[default]
    Before,
    /// Begun and not ended.
    Begun,
    /// Ended.
    Ended,
}

/// Two moments of each piece: when it began and when it ended. Sparse, as indices come from strangers.
#[derive(Clone, Debug, Default)]
pub struct Moments {
    chunks: BTreeMap<u32, Box<Chunk>>,
}

impl Moments {
    pub(super) fn set(&mut self, piece: u32, begun: Option<EntryId>, ended: Option<EntryId>) {
        let chunk = self.chunks.entry(piece / CHUNK).or_insert_with(|| {
            Box::new(Chunk {
                begun: Column::EMPTY,
                ended: Column::EMPTY,
            })
        });
        let at = (piece % CHUNK) as usize;
        let ended = ended.map_or(NEVER, |id| id.0);
        let begun = begun.map_or(ended, |id| id.0.min(ended));
        chunk.begun.set(at, begun);
        chunk.ended.set(at, ended);
    }

    /// The first piece from `piece` on that ever begins.
    pub(super) fn next(&self, piece: u32) -> Option<u32> {
        let chunks = self.chunks.range(piece / CHUNK..);
        let mut pieces = chunks.flat_map(|(number, chunk)| {
            let first = number * CHUNK;
            (first..).zip(chunk.begun.by_piece)
        });
        let found = pieces.find(|(index, begun)| *index >= piece && *begun != NEVER);
        found.map(|(index, _)| index)
    }

    /// How far a piece is behind the entry `now`.
    pub fn stage(&self, piece: u32, now: EntryId) -> Stage {
        let Some(chunk) = self.chunks.get(&(piece / CHUNK)) else {
            return Stage::Before;
        };
        let at = (piece % CHUNK) as usize;
        let moments = [&chunk.begun, &chunk.ended].map(|it| it.by_piece[at]);
        match (has_come(moments[0], now), has_come(moments[1], now)) {
            (_, true) => Stage::Ended,
            (true, false) => Stage::Begun,
            (false, false) => Stage::Before,
        }
    }

    /// Pieces of `range` that have begun and not ended, and that have ended, behind the entry `now`.
    pub fn count(&self, range: Range<u32>, now: EntryId) -> [u32; 2] {
        let mut counts = [0; 2];
        for (number, chunk) in self.chunks.range(range.start / CHUNK..=range.end / CHUNK) {
            let first = number * CHUNK;
            let from = range.start.saturating_sub(first).min(CHUNK) as usize;
            let to = range.end.saturating_sub(first).min(CHUNK) as usize;
            let ended = chunk.ended.count(from, to, now);
            counts[0] += chunk.begun.count(from, to, now) - ended;
            counts[1] += ended;
        }
        counts
    }
}

fn has_come(moment: u32, now: EntryId) -> bool {
    moment <= now.0 && moment != NEVER
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn counts_are_those_of_the_stages(
            told in proptest::collection::vec((0u32..1500, 0u32..50, 0u32..50), 0..60),
            from in 0u32..1500, len in 0u32..1500, now in 0u32..60
        ) {
            let mut moments = Moments::default();
            for (piece, begun, ended) in told {
                moments.set(piece, Some(EntryId(begun)), (ended > 10).then_some(EntryId(ended)));
            }
            let stages: Vec<Stage> = (from..from + len).map(|piece| moments.stage(piece, EntryId(now))).collect();
            let count = |stage| stages.iter().filter(|it| **it == stage).count() as u32;
            prop_assert_eq!(moments.count(from..from + len, EntryId(now)), [count(Stage::Begun), count(Stage::Ended)]);
        }
    }
}
