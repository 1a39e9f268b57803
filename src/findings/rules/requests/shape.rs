//! The numbers of a request: can there be such a block, and is it one that others would ask for?

use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::peer::Announced;
use crate::swarm::{Certainty, MAX_PIECES};
use crate::wire::{Block, PieceIndex};

/// The block of all clients.
pub(super) const BLOCK: u32 = 16 * 1024;
/// More than this no client gives (BEP 3 speaks of old ones that gave as much).
const MAX_BLOCK: u32 = 128 * 1024;
/// Requests for pieces behind the last, as far as that is a guess, that are looked into.
const MAX_GUESSES: u8 = 64;

/// What is remembered to judge the next one.
#[derive(Debug, Default)]
pub(super) struct Shapes {
    /// Bytes of the piece that was last asked for.
    last: Option<(PieceIndex, Option<u64>)>,
    oddities: Oddities,
    /// How often a guess was looked into: the pieces of a peer may be a million.
    guesses: u8,
}

/// What a side always does is said once.
#[derive(Debug, Default)]
struct Oddities {
    large: u32,
    unaligned: u32,
}

impl Shapes {
    /// What is wrong with the numbers of a request, if anything is: it is said.
    pub(super) fn judge(
        &mut self,
        scene: &Scene<'_>,
        block: Block,
        out: &mut Raise<'_>,
    ) -> Option<Code> {
        self.index(scene, block.index, out)
            .or_else(|| self.length(scene, block, out))
            .or_else(|| self.range(scene, block, out))
            .or_else(|| self.grid(scene, block, out))
    }

    fn index(&mut self, scene: &Scene<'_>, index: PieceIndex, out: &mut Raise<'_>) -> Option<Code> {
        let code = Code::RequestOutOfRange;
        let (count, certainty) = scene
            .ground
            .pieces
            .unwrap_or((MAX_PIECES, Certainty::Inferred));
        if index.0 < count {
            return None;
        }
        if certainty == Certainty::Exact {
            out.say(
                code,
                scene.by,
                scene.spot(),
                format_args!("piece {index} was asked for, and the torrent has {count} pieces"),
            );
            return Some(code);
        }
        self.guesses = self.guesses.saturating_add(1);
        if self.guesses > MAX_GUESSES {
            return None;
        }
        let limit = beyond_doubt(scene, index, count)?;
        out.suspect(
            code,
            scene.by,
            scene.spot(),
            format_args!("piece {index} was asked for, and the torrent seems to have {limit}"),
        );
        Some(code)
    }

    fn length(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) -> Option<Code> {
        let Block { index, length, .. } = block;
        let code = match length {
            0 => Code::RequestZeroLength,
            1..=BLOCK => return None,
            _ => Code::RequestOversized,
        };
        let words = format_args!("{length} bytes of piece {index} were asked for at once");
        match length {
            1..=MAX_BLOCK if self.oddities.large > 0 => {}
            1..=MAX_BLOCK => {
                self.oddities.large += 1;
                out.suspect(code, scene.by, scene.spot(), words);
            }
            _ => out.say(code, scene.by, scene.spot(), words),
        }
        // The rest of it may be wrong too.
        (length == 0 || length > MAX_BLOCK).then_some(code)
    }

    fn range(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) -> Option<Code> {
        let (code, end) = (
            Code::RequestOutOfRange,
            u64::from(block.begin) + u64::from(block.length),
        );
        let index = block.index;
        let whole = self.piece_len(scene, index);
        if end <= whole.unwrap_or(u64::from(u32::MAX)) {
            return None;
        }
        match whole {
            Some(whole) => out.say(
                code,
                scene.by,
                scene.spot(),
                format_args!("bytes up to {end} of piece {index} were asked for, which has {whole}"),
            ),
            None => out.say(
                code,
                scene.by,
                scene.spot(),
                format_args!(
                    "bytes up to {end} of piece {index} were asked for, which is more than 32 bits can count"
                ),
            ),
        }
        Some(code)
    }

    /// Blocks begin where those of others begin, and end there or with the piece.
    fn grid(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) -> Option<Code> {
        let Block {
            index,
            begin,
            length,
        } = block;
        let is_end_off = || {
            !length.is_multiple_of(BLOCK)
                && Self::is_inside(scene, index, u64::from(begin) + u64::from(length))
        };
        if begin.is_multiple_of(BLOCK) && !is_end_off() {
            return None;
        }
        let code = Code::RequestUnaligned;
        self.oddities.unaligned += 1;
        if self.oddities.unaligned == 1 {
            out.say(
                code,
                scene.by,
                scene.spot(),
                format_args!("{length} bytes of piece {index} at {begin} are not on the grid of {BLOCK} bytes"),
            );
        }
        Some(code)
    }

    /// Is it known that a block that ends there is not the last of its piece, or of a file that padding follows?
    fn is_inside(scene: &Scene<'_>, index: PieceIndex, end: u64) -> bool {
        let metainfo = scene.ground.metainfo.as_ref();
        let Some(extent) = metainfo.and_then(|metainfo| metainfo.extent(index)) else {
            return false;
        };
        extent.pads.is_empty() && end < extent.length
    }

    fn piece_len(&mut self, scene: &Scene<'_>, index: PieceIndex) -> Option<u64> {
        match self.last {
            Some((last, length)) if last == index => length,
            _ => {
                let length = scene.ground.piece_len(index);
                self.last = Some((index, length));
                length
            }
        }
    }
}

/// Where the number of pieces is a guess: the most that there can be, if the piece lies behind that. It is by the one
/// that is asked, if that has all of the others and a bitfield of their number, or by what no client accepts.
fn beyond_doubt(scene: &Scene<'_>, index: PieceIndex, count: u32) -> Option<u32> {
    if index.0 >= MAX_PIECES {
        return Some(count);
    }
    let giver = &scene.talk.peer(!scene.by).pieces;
    let is_seed = giver.announced() == Announced::Bitfield(count.div_ceil(8))
        && giver.count(0..count) == count;
    (is_seed && !giver.contains(index)).then_some(count)
}
