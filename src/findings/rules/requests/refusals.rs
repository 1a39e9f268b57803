//! What a side refuses though it serves.

use crate::capture::Timestamp;
use crate::findings::Spot;
use crate::findings::scene::SECOND;
use crate::wire::PieceIndex;

/// More rejects than this in [`STORM`] are a storm.
pub(super) const MAX_REJECTS: u32 = 20;
pub(super) const STORM: i64 = 10 * SECOND;
/// Times that an announced piece may be refused.
pub(super) const MAX_REFUSALS: u32 = 3;
/// Refused pieces that are remembered.
const MAX_REFUSED: usize = 64;

/// What a side refuses though it serves: a choke refuses everything, and tells nothing of these.
#[derive(Debug, Default)]
pub(super) struct Refusals {
    /// Announced pieces of which no block came, when each was last refused, and how often it was.
    pieces: Vec<(PieceIndex, Timestamp, u32)>,
    /// Rejects since the first of them.
    first: Option<Spot>,
    rejects: u32,
}

impl Refusals {
    pub(super) fn clear(&mut self) {
        self.pieces.clear();
        (self.first, self.rejects) = (None, 0);
    }

    /// Another round of asking and refusing. A piece of many blocks is refused with as many rejects.
    pub(super) fn refuse(&mut self, piece: PieceIndex, asked: Timestamp, now: Timestamp) -> u32 {
        match self.pieces.iter().position(|(it, ..)| *it == piece) {
            Some(at) => {
                let (_, last, times) = &mut self.pieces[at];
                let is_another = asked > *last;
                *last = now;
                *times += u32::from(is_another);
                if is_another { *times } else { 0 }
            }
            None if self.pieces.len() < MAX_REFUSED => {
                self.pieces.push((piece, now, 1));
                1
            }
            None => 0,
        }
    }

    pub(super) fn serve(&mut self, piece: PieceIndex) {
        if !self.pieces.is_empty() {
            self.pieces.retain(|(refused, ..)| *refused != piece);
        }
    }

    pub(super) fn count(&mut self, spot: Spot) {
        let begin = self.first.get_or_insert(spot);
        if spot.time.since(begin.time) > STORM {
            (self.first, self.rejects) = (Some(spot), 0);
        }
        self.rejects += 1;
    }

    /// Were there enough of them for a storm?
    pub(super) fn is_stormy(&self) -> bool {
        self.rejects > MAX_REJECTS
    }

    /// A storm that no choke has ended at once, and where it began.
    pub(super) fn storm(&mut self) -> Option<(Spot, u32)> {
        let storm = (self.first?, self.rejects);
        self.is_stormy().then(|| {
            (self.first, self.rejects) = (None, 0);
            storm
        })
    }
}
