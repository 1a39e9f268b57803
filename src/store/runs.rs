//! The rows of a folded conversation: messages that repeat each other are one row, and so is a silence.

use crate::capture::Timestamp;
use crate::stream::Side;
use crate::wire::Kind;

/// Nanoseconds without a word that are worth a row.
const SILENCE: i64 = 5_000_000_000;

/// Rows of the other side that a run may lie beside: the row of an entry is found among so many.
const MAX_BESIDE: usize = 256;

/// A row of the folded conversation. Entries are counted from the first of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// Entries of one side and one kind.
    Run(Run),
    /// Nobody said anything.
    Silence {
        /// The entry it ends with.
        before: u32,
        /// How long, in nanoseconds.
        nanos: i64,
    },
}

/// Entries of one side and one kind, with nothing else from that side between them. What the other side said meanwhile
/// may be: a request and its piece overlap all the time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Whose.
    pub side: Side,
    /// Of what kind.
    pub kind: Kind,
    /// Its first entry.
    pub first: u32,
    /// Its last.
    pub last: u32,
    /// How many there are.
    pub count: u32,
}

/// The rows of a conversation, as it grows.
#[derive(Clone, Debug, Default)]
pub struct Runs {
    rows: Vec<Row>,
    /// Of each side, the row that its next entry may join.
    open: [Option<usize>; 2],
    entries: u32,
    before: Option<Timestamp>,
}

impl Runs {
    /// All rows, in the order of their first entries.
    pub fn rows(&self) -> &[Row] {
        &self.rows
    }

    /// Takes the next entry.
    pub fn push(&mut self, side: Side, kind: Kind, time: Timestamp) {
        let entry = self.entries;
        self.silence(entry, time);
        if !repeats(kind) {
            // It changes what the others mean: a request before a choke is not one behind it.
            self.open = [None; 2];
        }
        match self.joined(side, kind) {
            Some(run) => (run.last, run.count) = (entry, run.count + 1),
            None => self.begin(side, kind, entry),
        }
        self.entries += 1;
    }

    /// The row that holds an entry.
    pub fn row_of(&self, entry: u32, side: Side) -> Option<usize> {
        let behind = self.rows.partition_point(|row| row.first() <= entry);
        let holds = |row: &Row| match row {
            Row::Run(run) => run.side == side && run.first <= entry && entry <= run.last,
            Row::Silence { .. } => false,
        };
        let nearest = behind.saturating_sub(MAX_BESIDE + 1);
        let found = self.rows[nearest..behind].iter().rposition(holds)?;
        Some(nearest + found)
    }

    fn silence(&mut self, entry: u32, time: Timestamp) {
        let nanos = self.before.map_or(0, |before| time.since(before));
        self.before = Some(time);
        if nanos >= SILENCE {
            self.open = [None; 2];
            self.rows.push(Row::Silence {
                before: entry,
                nanos,
            });
        }
    }

    fn joined(&mut self, side: Side, kind: Kind) -> Option<&mut Run> {
        let at = self.open[side.index()]?;
        let is_near = self.rows.len() - at <= MAX_BESIDE;
        match &mut self.rows[at] {
            Row::Run(run) if run.kind == kind && is_near => Some(run),
            _ => None,
        }
    }

    fn begin(&mut self, side: Side, kind: Kind, entry: u32) {
        self.open[side.index()] = repeats(kind).then_some(self.rows.len());
        self.rows.push(Row::Run(Run {
            side,
            kind,
            first: entry,
            last: entry,
            count: 1,
        }));
    }
}

impl Row {
    /// The entry at which it stands.
    pub fn first(&self) -> u32 {
        match self {
            Row::Run(run) => run.first,
            Row::Silence { before, .. } => *before,
        }
    }
}

/// Kinds that come in hundreds and change nothing but counts.
fn repeats(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Request
            | Kind::Piece
            | Kind::Have
            | Kind::Cancel
            | Kind::Reject
            | Kind::AllowedFast
            | Kind::Suggest
            | Kind::KeepAlive
            | Kind::HashRequest
            | Kind::Hashes
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use Side::{A, B};
    use proptest::prelude::*;

    /// `A2request B1piece`: who, how many, what; `…` is a silence.
    fn picture(said: &[(Side, Kind, u64)]) -> String {
        let words = folded(said).rows.into_iter().map(|row| match row {
            Row::Run(run) => format!("{:?}{}{}", run.side, run.count, run.kind.name()),
            Row::Silence { .. } => "…".to_owned(),
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn folded(said: &[(Side, Kind, u64)]) -> Runs {
        let mut runs = Runs::default();
        for (side, kind, seconds) in said {
            runs.push(*side, *kind, Timestamp::from_parts(*seconds, 0));
        }
        runs
    }

    #[test]
    fn requests_and_the_pieces_between_them_are_two_rows() {
        let said = [
            (A, Kind::Request, 0),
            (A, Kind::Request, 0),
            (B, Kind::Piece, 1),
            (A, Kind::Request, 1),
            (B, Kind::Piece, 2),
        ];
        assert_eq!(picture(&said), "A3request B2piece");
    }

    #[test]
    fn a_choke_ends_the_runs_of_both_sides() {
        let said = [
            (A, Kind::Request, 0),
            (B, Kind::Choke, 0),
            (A, Kind::Request, 0),
        ];
        assert_eq!(picture(&said), "A1request B1choke A1request");
    }

    #[test]
    fn another_word_of_the_same_side_ends_its_run() {
        let said = [
            (A, Kind::Request, 0),
            (A, Kind::Have, 0),
            (A, Kind::Request, 0),
        ];
        assert_eq!(picture(&said), "A1request A1have A1request");
    }

    #[test]
    fn a_run_does_not_reach_over_too_many_rows() {
        let said = (0..2000).map(|at| match at {
            0 | 1999 => (A, Kind::Request, 0),
            at if at % 2 == 0 => (B, Kind::Piece, 0),
            _ => (B, Kind::Have, 0),
        });
        let runs = folded(&said.collect::<Vec<_>>());
        assert_eq!(
            (runs.row_of(0, A), runs.row_of(1999, A)),
            (Some(0), Some(1999))
        );
    }

    #[test]
    fn a_silence_is_a_row_and_ends_runs() {
        let said = [
            (A, Kind::KeepAlive, 0),
            (A, Kind::KeepAlive, 4),
            (A, Kind::KeepAlive, 9),
        ];
        assert_eq!(picture(&said), "A2keepalive … A1keepalive");
    }

    proptest! {
        #[test]
        fn every_entry_is_in_the_row_that_is_found_for_it(
            said in proptest::collection::vec((any::<bool>(), prop::sample::select(vec![Kind::Request, Kind::Piece, Kind::Choke]), 0u64..3), 1..80)
        ) {
            let mut time = 0;
            let said: Vec<_> = said.into_iter().map(|(from_b, kind, gap)| {
                time += gap * 3;
                (if from_b { B } else { A }, kind, time)
            }).collect();
            let runs = folded(&said);
            let mut counts = vec![0; runs.rows.len()];
            for (entry, (side, kind, _)) in (0..).zip(&said) {
                let at = runs.row_of(entry, *side).unwrap();
                counts[at] += 1;
                let is_kind = matches!(runs.rows[at], Row::Run(run) if run.kind == *kind);
                prop_assert!(is_kind, "{entry}");
            }
            for (row, count) in runs.rows.iter().zip(counts) {
                prop_assert_eq!(match row { Row::Run(run) => run.count, Row::Silence { .. } => 0 }, count);
            }
            prop_assert!(runs.rows.windows(2).all(|pair| pair[0].first() <= pair[1].first()));
        }
    }
}
