//! Which blocks a peer asked for and got.

use std::collections::HashMap;

use crate::wire::Block;

/// The block of all clients. What has another length is not looked at.
const BLOCK: u32 = 16 * 1024;
/// Blocks of a part: the bits of a word.
const PART: u32 = u64::BITS;

/// What is new about a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum News {
    /// It is not looked at.
    Unknown,
    /// It is the first time.
    Fresh,
    /// It was there.
    Known,
    /// It is the first time, and the first of its part from a third peer.
    Third,
}

/// All of them, by the MiB of a piece.
#[derive(Debug, Default)]
pub(super) struct Blocks(HashMap<u64, Part>);

/// A MiB of a piece.
#[derive(Clone, Copy, Debug, Default)]
struct Part {
    asked: u64,
    got: u64,
    givers: Givers,
}

/// Who gave of it.
#[derive(Clone, Copy, Debug, Default)]
enum Givers {
    #[default]
    Nobody,
    One(u32),
    Two(u32, u32),
    More,
}

impl Givers {
    /// True when the third comes.
    fn add(&mut self, giver: u32) -> bool {
        *self = match *self {
            Givers::Nobody => Givers::One(giver),
            Givers::One(one) if one != giver => Givers::Two(one, giver),
            Givers::Two(one, two) if one != giver && two != giver => {
                *self = Givers::More;
                return true;
            }
            same => same,
        };
        false
    }
}

impl Blocks {
    pub(super) fn parts(&self) -> usize {
        self.0.len()
    }

    /// A block is asked for.
    pub(super) fn ask(&mut self, block: Block, has_room: bool) -> News {
        let Some((part, bit)) = self.part(block, has_room) else {
            return News::Unknown;
        };
        let is_known = (part.asked | part.got) & bit != 0;
        part.asked |= bit;
        if is_known { News::Known } else { News::Fresh }
    }

    /// A block comes.
    pub(super) fn get(&mut self, block: Block, giver: Option<u32>, has_room: bool) -> News {
        let Some((part, bit)) = self.part(block, has_room) else {
            return News::Unknown;
        };
        let is_known = part.got & bit != 0;
        part.got |= bit;
        let is_third = giver.is_some_and(|giver| part.givers.add(giver));
        match (is_known, is_third) {
            (true, _) => News::Known,
            (false, true) => News::Third,
            (false, false) => News::Fresh,
        }
    }

    fn part(&mut self, block: Block, has_room: bool) -> Option<(&mut Part, u64)> {
        if block.length != BLOCK || !block.begin.is_multiple_of(BLOCK) {
            return None;
        }
        let number = block.begin / BLOCK;
        let key = u64::from(block.index.0) << 32 | u64::from(number / PART);
        let part = if has_room {
            self.0.entry(key).or_default()
        } else {
            self.0.get_mut(&key)?
        };
        Some((part, 1 << (number % PART)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PieceIndex;

    fn block(number: u32) -> Block {
        Block {
            index: PieceIndex(1),
            begin: number * BLOCK,
            length: BLOCK,
        }
    }

    #[test]
    fn a_block_is_new_once() {
        let mut blocks = Blocks::default();
        assert_eq!(blocks.ask(block(64), true), News::Fresh);
        assert_eq!(blocks.ask(block(64), true), News::Known);
        assert_eq!(blocks.get(block(64), None, true), News::Fresh);
        assert_eq!(blocks.get(block(64), None, true), News::Known);
        assert_eq!(blocks.get(block(0), None, true), News::Fresh);
        assert_eq!(blocks.parts(), 2);
    }

    #[test]
    fn the_third_giver_is_told_of_once() {
        let mut blocks = Blocks::default();
        let news: Vec<News> = [1, 2, 1, 3, 4]
            .into_iter()
            .zip(0..)
            .map(|(giver, number)| blocks.get(block(number), Some(giver), true))
            .collect();
        let fresh = News::Fresh;
        assert_eq!(news, [fresh, fresh, fresh, News::Third, fresh]);
    }

    #[test]
    fn without_room_only_what_is_known_is_looked_at() {
        let mut blocks = Blocks::default();
        blocks.get(block(0), None, true);
        assert_eq!(blocks.get(block(0), None, false), News::Known);
        assert_eq!(blocks.get(block(64), None, false), News::Unknown);
    }
}
