//! What repeats itself in a conversation: messages of one kind that are one row of the ladder, and silences.

use std::collections::HashMap;

use super::Entry;
use crate::capture::Timestamp;
use crate::stream::{ConnectionId, Side};
use crate::wire::Kind;

/// Nanoseconds without a word that are worth a row.
const SILENCE: i64 = 5_000_000_000;

/// Other runs that one may lie beside: the run of an entry is found among so many.
const MAX_BESIDE: usize = 256;

/// Two entries or more of one side and one kind, with nothing else from that side between them. What the other side said
/// meanwhile may be: a request and its piece overlap all the time. Entries are counted from the first of those that are
/// shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// Of which conversation.
    pub connection: ConnectionId,
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
    /// What they are about.
    pub sum: Sum,
}

/// What entries of one kind are about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sum {
    /// The lowest and the highest piece; none when the first is higher.
    pub pieces: [u32; 2],
    /// Bytes of the blocks.
    pub bytes: u64,
}

impl Sum {
    /// Of one entry.
    fn of(entry: &Entry) -> Sum {
        let (index, length) = entry.block().unwrap_or((u32::MAX, 0));
        let highest = entry.block().map_or(0, |(index, _)| index);
        Sum {
            pieces: [index, highest],
            bytes: u64::from(length),
        }
    }

    fn add(&mut self, other: Sum) {
        self.pieces[0] = self.pieces[0].min(other.pieces[0]);
        self.pieces[1] = self.pieces[1].max(other.pieces[1]);
        self.bytes += other.bytes;
    }
}

/// An entry, as far as it matters here.
#[derive(Clone, Copy, Debug)]
pub(super) struct Said {
    pub whose: ConnectionId,
    pub side: Side,
    pub kind: Kind,
    pub time: Timestamp,
    pub sum: Sum,
}

impl Said {
    pub(super) fn of(entry: &Entry) -> Said {
        Said {
            whose: entry.connection,
            side: entry.side(),
            kind: entry.kind(),
            time: entry.time,
            sum: Sum::of(entry),
        }
    }
}

/// What an entry became.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    /// The run that it joined. Joining the first entry makes the run.
    pub run: Option<usize>,
    /// Nanoseconds of the silence before it, if there was one.
    pub silence: Option<i64>,
}

/// The runs of a conversation, or of several by time, as they grow.
#[derive(Clone, Debug, Default)]
pub(super) struct Runs {
    found: Vec<Run>,
    /// The second entry of each, which made it one: these are in order.
    made: Vec<u32>,
    /// Of each side of a conversation, what its next entry may join.
    open: HashMap<ConnectionId, [Option<Open>; 2]>,
    entries: u32,
    before: Option<Timestamp>,
}

/// An entry that nothing has joined yet, or a run.
#[derive(Clone, Copy, Debug)]
enum Open {
    Entry {
        place: u32,
        kind: Kind,
        sum: Sum,
        /// Runs before it.
        behind: usize,
    },
    Run(usize),
}

impl Runs {
    /// All runs, in the order in which they were found to be some.
    pub(super) fn get(&self, run: usize) -> &Run {
        &self.found[run]
    }

    /// Takes the next entry.
    pub(super) fn push(&mut self, said: Said) -> Placed {
        let place = self.entries;
        self.entries += 1;
        let silence = self.silence(said.time);
        let run = self.join(said, place);
        Placed { run, silence }
    }

    /// Takes an entry that is not shown: it was no silence.
    pub(super) fn pass(&mut self, time: Timestamp) {
        self.before = Some(time);
    }

    /// The run that holds an entry.
    pub(super) fn run_of(&self, place: u32, whose: ConnectionId, side: Side) -> Option<usize> {
        let holds = |run: &Run| {
            (run.connection, run.side) == (whose, side) && run.first <= place && place <= run.last
        };
        let behind = self.made.partition_point(|second| *second <= place);
        let from = behind.saturating_sub(MAX_BESIDE + 1);
        let to = (behind + MAX_BESIDE + 1).min(self.found.len());
        let found = self.found[from..to].iter().position(holds)?;
        Some(from + found)
    }

    fn silence(&mut self, time: Timestamp) -> Option<i64> {
        let nanos = self.before.map_or(0, |before| time.since(before));
        self.before = Some(time);
        if nanos < SILENCE {
            return None;
        }
        self.open.clear();
        Some(nanos)
    }

    /// The run that it joins, if it repeats what that says.
    fn join(&mut self, said: Said, place: u32) -> Option<usize> {
        let open = self.open.entry(said.whose).or_default();
        if !repeats(said.kind) {
            // It changes what the others mean: a request before a choke is not one behind it.
            *open = [None; 2];
            return None;
        }
        let before = open[said.side.index()];
        let joined = match before {
            Some(Open::Run(at)) => self.prolong(at, &said, place),
            Some(Open::Entry {
                place: first,
                kind,
                sum,
                behind,
            }) if kind == said.kind && self.found.len() - behind <= MAX_BESIDE => {
                Some(self.make(&said, [first, place], sum))
            }
            _ => None,
        };
        let next = joined.map_or(
            Open::Entry {
                place,
                kind: said.kind,
                sum: said.sum,
                behind: self.found.len(),
            },
            Open::Run,
        );
        self.open.entry(said.whose).or_default()[said.side.index()] = Some(next);
        joined
    }

    fn prolong(&mut self, at: usize, said: &Said, place: u32) -> Option<usize> {
        let is_near = self.found.len() - at <= MAX_BESIDE;
        let run = &mut self.found[at];
        (run.kind == said.kind && is_near).then(|| {
            (run.last, run.count) = (place, run.count + 1);
            run.sum.add(said.sum);
            at
        })
    }

    fn make(&mut self, said: &Said, [first, second]: [u32; 2], mut sum: Sum) -> usize {
        sum.add(said.sum);
        self.made.push(second);
        self.found.push(Run {
            connection: said.whose,
            side: said.side,
            kind: said.kind,
            first,
            last: second,
            count: 2,
            sum,
        });
        self.found.len() - 1
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

    const ONE: ConnectionId = ConnectionId(0);

    fn said(whose: ConnectionId, side: Side, kind: Kind, seconds: u64) -> Said {
        Said {
            whose,
            side,
            kind,
            time: Timestamp::from_parts(seconds, 0),
            sum: Sum {
                pieces: [seconds as u32; 2],
                bytes: 1,
            },
        }
    }

    /// `A2request B1piece`: who, how many, what; `…` is a silence.
    fn picture(said: &[(Side, Kind, u64)]) -> String {
        let (runs, silences) = folded(said);
        let mut words = Vec::new();
        for (place, (side, kind, _)) in (0..).zip(said) {
            if silences.contains(&place) {
                words.push("…".to_owned());
            }
            let run = runs.run_of(place, ONE, *side).map(|at| runs.get(at));
            match run {
                Some(run) if run.first < place => {}
                run => words.push(format!(
                    "{side:?}{}{}",
                    run.map_or(1, |run| run.count),
                    kind.name()
                )),
            }
        }
        words.join(" ")
    }

    fn folded(entries: &[(Side, Kind, u64)]) -> (Runs, Vec<u32>) {
        let (mut runs, mut silences) = (Runs::default(), Vec::new());
        for (place, (side, kind, seconds)) in (0..).zip(entries) {
            let placed = runs.push(said(ONE, *side, *kind, *seconds));
            silences.extend(placed.silence.map(|_| place));
        }
        (runs, silences)
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
    fn a_run_says_what_it_is_about() {
        let said = [(A, Kind::Have, 1), (A, Kind::Have, 4), (A, Kind::Have, 2)];
        let sum = folded(&said).0.get(0).sum;
        assert_eq!((sum.pieces, sum.bytes), ([1, 4], 3));
    }

    #[test]
    fn a_run_does_not_reach_over_too_many_others() {
        let said = (0..3000).map(|at| match at {
            0 | 2999 => (A, Kind::Request, 0),
            at if at % 4 < 2 => (B, Kind::Piece, 0),
            _ => (B, Kind::Have, 0),
        });
        let (runs, _) = folded(&said.collect::<Vec<_>>());
        assert_eq!(
            (runs.run_of(0, ONE, A), runs.run_of(2999, ONE, A)),
            (None, None)
        );
    }

    #[test]
    fn conversations_do_not_join_each_other() {
        let mut runs = Runs::default();
        for whose in [0, 1, 0, 1] {
            runs.push(said(ConnectionId(whose), A, Kind::Have, 0));
        }
        let of = |place, whose| runs.run_of(place, ConnectionId(whose), A);
        assert_eq!((of(0, 0), of(1, 1), of(2, 0)), (Some(0), Some(1), Some(0)));
    }

    #[test]
    fn what_is_not_shown_is_no_silence() {
        let mut runs = Runs::default();
        runs.push(said(ONE, A, Kind::Have, 0));
        runs.pass(Timestamp::from_parts(4, 0));
        assert_eq!(runs.push(said(ONE, A, Kind::Have, 8)).silence, None);
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
        fn every_entry_is_in_the_run_that_is_found_for_it(
            told in proptest::collection::vec((any::<bool>(), prop::sample::select(vec![Kind::Request, Kind::Piece, Kind::Choke]), 0u64..3), 1..80)
        ) {
            let mut time = 0;
            let told: Vec<_> = told.into_iter().map(|(from_b, kind, gap)| {
                time += gap * 3;
                (if from_b { B } else { A }, kind, time)
            }).collect();
            let (runs, _) = folded(&told);
            let mut counts = vec![0; runs.found.len()];
            for (place, (side, kind, _)) in (0..).zip(&told) {
                if let Some(at) = runs.run_of(place, ONE, *side) {
                    counts[at] += 1;
                    prop_assert_eq!(runs.get(at).kind, *kind);
                }
            }
            let expected: Vec<u32> = runs.found.iter().map(|run| run.count).collect();
            prop_assert_eq!(counts, expected);
        }
    }
}
