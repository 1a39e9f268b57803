//! How many peers have each piece.

use std::collections::BinaryHeap;
use std::ops::Range;

use super::PieceSet;
use super::piece_set::{WORD, low};
use crate::wire::PieceIndex;

/// Stretches of rare pieces that are remembered.
const MAX_RARE: usize = 64;

/// Counts of peers for each of a torrent's pieces, 64 pieces at a time: the counts stand upright, a plane of words for
/// each binary digit, so that a peer of a million pieces is added in some 16,000 steps.
#[derive(Clone, Debug, Default)]
pub struct Availability {
    of: u32,
    /// Peers that have all.
    complete: u32,
    planes: Vec<Vec<u64>>,
}

/// Pieces side by side that equally many peers have.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rare {
    /// So many.
    pub peers: u32,
    /// The first of them.
    pub first: u32,
    /// The last of them.
    pub last: u32,
}

/// What a walk over all pieces finds.
#[derive(Clone, Debug, Default)]
pub struct Survey {
    /// The next piece to look at.
    next: u32,
    /// Pieces by the number of peers that have them.
    histogram: Vec<u32>,
    rare: BinaryHeap<Rare>,
    run: Option<Rare>,
}

impl Availability {
    /// Nobody has any of so many pieces.
    pub fn of(of: u32) -> Availability {
        Availability {
            of,
            ..Availability::default()
        }
    }

    /// Another peer.
    pub fn add(&mut self, set: &PieceSet) {
        if set.is_complete() {
            self.complete += 1;
        }
        for (at, word) in set.words().iter().enumerate() {
            self.carry(at, *word);
        }
    }

    /// A peer that is counted has got another piece.
    pub fn add_piece(&mut self, piece: PieceIndex) {
        if piece.0 < self.of {
            self.carry((piece.0 / WORD) as usize, 1 << (piece.0 % WORD));
        }
    }

    fn carry(&mut self, at: usize, mut word: u64) {
        for digit in 0.. {
            if word == 0 {
                return;
            }
            if digit == self.planes.len() {
                self.planes.push(vec![0; self.of.div_ceil(WORD) as usize]);
            }
            let plane = &mut self.planes[digit][at];
            (*plane, word) = (*plane ^ word, *plane & word);
        }
    }

    /// Peers that have the piece.
    pub fn peers(&self, piece: PieceIndex) -> u32 {
        self.sum(piece.0..piece.0.saturating_add(1)) as u32
    }

    /// Copies of all pieces of `range` together.
    pub fn sum(&self, range: Range<u32>) -> u64 {
        let range = range.start.min(self.of)..range.end.min(self.of);
        let digits = (0..).zip(&self.planes);
        let partial: u64 = digits
            .map(|(digit, plane)| {
                let ones =
                    masks(&range).map(|(at, mask)| u64::from((plane[at] & mask).count_ones()));
                ones.sum::<u64>() << digit
            })
            .sum();
        partial + u64::from(self.complete) * range.len() as u64
    }

    /// The fewest peers that any piece of `range` has.
    pub fn least(&self, range: Range<u32>) -> u32 {
        let range = range.start.min(self.of)..range.end.min(self.of);
        let least = masks(&range).map(|(at, mask)| self.least_of_word(at, mask));
        least.min().unwrap_or(0) + self.complete
    }

    fn least_of_word(&self, at: usize, mut mask: u64) -> u32 {
        let mut least = 0;
        for (digit, plane) in self.planes.iter().enumerate().rev() {
            match mask & !plane[at] {
                0 => least |= 1 << digit,
                without => mask = without,
            }
        }
        least
    }

    /// Looks at so many pieces more; true when that were the last.
    pub fn survey(&self, survey: &mut Survey, pieces: u32) -> bool {
        let end = survey.next.saturating_add(pieces).min(self.of);
        for piece in survey.next..end {
            survey.take(piece, self.complete + self.digits(piece));
        }
        survey.next = end;
        if end == self.of {
            survey.end_run();
        }
        end == self.of
    }

    fn digits(&self, piece: u32) -> u32 {
        let (at, bit) = ((piece / WORD) as usize, piece % WORD);
        let digits = (0..).zip(&self.planes);
        digits.fold(0, |sum, (digit, plane)| {
            sum | ((plane[at] >> bit & 1) as u32) << digit
        })
    }
}

impl Survey {
    fn take(&mut self, piece: u32, peers: u32) {
        let at = peers as usize;
        if self.histogram.len() <= at {
            self.histogram.resize(at + 1, 0);
        }
        self.histogram[at] += 1;
        match &mut self.run {
            Some(run) if run.peers == peers => run.last = piece,
            _ => {
                self.end_run();
                let (first, last) = (piece, piece);
                self.run = Some(Rare { peers, first, last });
            }
        }
    }

    fn end_run(&mut self) {
        self.rare.extend(self.run.take());
        if self.rare.len() > MAX_RARE {
            self.rare.pop();
        }
    }

    /// Pieces by the number of peers that have them.
    pub fn histogram(&self) -> &[u32] {
        &self.histogram
    }

    /// The rarest pieces, those that fewest peers have first; a bounded number of stretches.
    pub fn rarest(&self) -> Vec<Rare> {
        self.rare.clone().into_sorted_vec()
    }

    /// Distributed copies in thousandths, as clients count them: what every piece has, and the share of pieces that
    /// have more.
    pub fn copies(&self) -> Option<u64> {
        let least = self.histogram.iter().position(|pieces| *pieces > 0)?;
        let all: u64 = self.histogram.iter().map(|it| u64::from(*it)).sum();
        let more = all - u64::from(self.histogram[least]);
        Some(least as u64 * 1000 + more * 1000 / all)
    }
}

/// The words that hold a range, each with the bits that belong to it.
fn masks(range: &Range<u32>) -> impl Iterator<Item = (usize, u64)> + use<> {
    let (start, end) = (range.start, range.end.max(range.start));
    (start / WORD..end.div_ceil(WORD)).map(move |at| {
        let from = start.saturating_sub(at * WORD);
        let behind = match end - at * WORD {
            WORD.. => u64::MAX,
            bits => low(bits),
        };
        (at as usize, behind & !low(from))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::Pieces;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn set(of: u32, indices: &BTreeSet<u32>) -> PieceSet {
        let mut pieces = Pieces::default();
        indices.iter().for_each(|it| pieces.insert(PieceIndex(*it)));
        let mut set = PieceSet::none(of);
        set.add(&pieces);
        set
    }

    fn surveyed(availability: &Availability) -> Survey {
        let mut survey = Survey::default();
        while !availability.survey(&mut survey, 7) {}
        survey
    }

    #[test]
    fn copies_are_counted_as_clients_do() {
        let mut availability = Availability::of(4);
        availability.add(&set(4, &(0..4).collect()));
        availability.add(&set(4, &[0, 1, 2].into()));
        availability.add(&set(4, &[0].into()));
        let survey = surveyed(&availability);
        assert_eq!(survey.copies(), Some(1750));
        assert_eq!(survey.histogram(), [0, 1, 2, 1]);
        let rare = |peers, first, last| Rare { peers, first, last };
        assert_eq!(
            survey.rarest(),
            [rare(1, 3, 3), rare(2, 1, 2), rare(3, 0, 0)]
        );
    }

    #[test]
    fn without_pieces_nothing_is_rare() {
        let survey = surveyed(&Availability::of(0));
        assert_eq!((survey.copies(), survey.rarest().len()), (None, 0));
    }

    #[test]
    fn rare_stretches_are_bounded() {
        let mut availability = Availability::of(1000);
        availability.add(&set(1000, &(0..500).map(|it| it * 2).collect()));
        let rarest = surveyed(&availability).rarest();
        assert_eq!((rarest.len(), rarest[63].first), (MAX_RARE, 127));
    }

    proptest! {
        #[test]
        fn counts_equal_those_of_plain_sets(
            of in 1u32..400, peers in proptest::collection::vec(proptest::collection::btree_set(0u32..400, 0..400), 0..20),
            later in proptest::collection::vec(0u32..400, 0..9), from in 0u32..400, len in 0u32..400,
        ) {
            let mut availability = Availability::of(of);
            peers.iter().for_each(|peer| availability.add(&set(of, peer)));
            later.iter().for_each(|piece| availability.add_piece(PieceIndex(*piece)));
            let plain = |piece: u32| {
                let have = peers.iter().filter(|peer| peer.contains(&piece)).count();
                have + later.iter().filter(|it| **it == piece).count()
            };
            let range = from.min(of)..(from + len).min(of);
            let counts: Vec<usize> = range.clone().map(plain).collect();
            prop_assert_eq!(availability.sum(from..from + len), counts.iter().sum::<usize>() as u64);
            if let Some(least) = counts.iter().min() {
                prop_assert_eq!(availability.least(range) as usize, *least);
            }
            let survey = surveyed(&availability);
            for (peers, pieces) in survey.histogram().iter().enumerate() {
                prop_assert_eq!((0..of).filter(|piece| plain(*piece) == peers).count(), *pieces as usize);
            }
            for rare in survey.rarest() {
                prop_assert!((rare.first..=rare.last).all(|piece| plain(piece) == rare.peers as usize));
            }
        }
    }
}
