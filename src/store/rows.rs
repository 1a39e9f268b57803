//! The rows of the ladder: of the chosen conversations those entries that are to be seen, folded into runs.
//!
//! It is made in slices, because a filter over ten million messages takes longer than a key may.

use std::collections::BTreeSet;

use super::filter::Filter;
use super::runs::{Run, Runs, Said};
use super::{EntryId, Store};
use crate::stream::ConnectionId;
use crate::wire::Kind;

/// Entries that a run may span to be unfolded at once; a longer one is unfolded by making all rows anew.
const MAX_SPLICE: u32 = 50_000;

/// Whose entries.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Of one conversation.
    One(ConnectionId),
    /// Of several, by time.
    Merged(BTreeSet<ConnectionId>),
}

/// What is done with runs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Fold {
    /// Each is one row, until it is unfolded.
    #[default]
    Runs,
    /// Each entry is a row.
    Nothing,
}

/// What is to be seen.
#[derive(Clone, Debug)]
pub struct Choice {
    /// Of whom.
    pub scope: Scope,
    /// Which kinds are not.
    pub hidden: BTreeSet<u8>,
    /// Which entries of the rest.
    pub filter: Option<Filter>,
    /// How.
    pub fold: Fold,
}

/// A row of the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Line {
    /// One entry.
    Entry(EntryId),
    /// Several, with the first and the last of them.
    Run(Run, EntryId, EntryId),
    /// Nobody said anything for so many nanoseconds.
    Silence(i64),
}

/// A row as it is kept: the place of its first entry among those shown, and what it is.
#[derive(Clone, Copy, Debug)]
struct Visible {
    first: u32,
    /// A run, or one of the two below.
    what: u32,
}

/// One entry.
const SINGLE: u32 = u32::MAX;
/// The silence before it.
const SILENCE: u32 = u32::MAX - 1;

/// The rows, as far as they are made.
#[derive(Clone, Debug)]
pub struct Rows {
    choice: Choice,
    /// Entries that were looked at: of one conversation its own, of several all of the capture.
    looked_at: usize,
    in_scope: usize,
    shown: Vec<EntryId>,
    runs: Runs,
    /// Nanoseconds, by the place of the entry that ended them.
    silences: Vec<(u32, i64)>,
    visible: Vec<Visible>,
    /// First entries of runs that are not as the others.
    exceptions: BTreeSet<EntryId>,
    counts: [u32; Kind::ALL.len()],
}

impl Rows {
    /// No rows yet.
    pub fn new(choice: Choice) -> Rows {
        Rows {
            choice,
            looked_at: 0,
            in_scope: 0,
            shown: Vec::new(),
            runs: Runs::default(),
            silences: Vec::new(),
            visible: Vec::new(),
            exceptions: BTreeSet::new(),
            counts: [0; Kind::ALL.len()],
        }
    }

    /// What is to be seen.
    pub fn choice(&self) -> &Choice {
        &self.choice
    }

    /// Looks at so many entries more. True when there is no further one.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        let from = self.looked_at;
        let to = (from + entries).min(self.total(store));
        match &self.choice.scope {
            Scope::One(connection) => {
                let entries = store.connections().get(connection.0 as usize);
                let entries = entries.map_or(&[][..], |it| &it.entries()[from..to]);
                entries.iter().for_each(|id| self.look_at(store, *id));
            }
            Scope::Merged(_) => (from..to).for_each(|id| self.look_at(store, EntryId(id as u32))),
        }
        self.looked_at = to;
        to == self.total(store)
    }

    /// Entries to look at.
    pub fn total(&self, store: &Store) -> usize {
        match &self.choice.scope {
            Scope::One(connection) => store
                .connections()
                .get(connection.0 as usize)
                .map_or(0, |connection| connection.entries().len()),
            Scope::Merged(_) => store.len(),
        }
    }

    /// Entries that were looked at.
    pub fn looked_at(&self) -> usize {
        self.looked_at
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.visible.len()
    }

    /// True when there is none.
    pub fn is_empty(&self) -> bool {
        self.visible.is_empty()
    }

    /// The entries that are shown, folded or not, in capture order.
    pub fn shown(&self) -> &[EntryId] {
        &self.shown
    }

    /// How many of the chosen conversations' entries are not shown.
    pub fn hidden(&self) -> usize {
        self.in_scope - self.shown.len()
    }

    /// How many entries of a kind there are, shown or not.
    pub fn count(&self, kind: Kind) -> u32 {
        self.counts[kind as usize]
    }

    /// One row.
    pub fn line(&self, row: usize) -> Option<Line> {
        let visible = self.visible.get(row)?;
        Some(match visible.what {
            SINGLE => Line::Entry(self.shown[visible.first as usize]),
            SILENCE => Line::Silence(self.silence_before(visible.first)),
            run => {
                let run = *self.runs.get(run as usize);
                let [first, last] = [run.first, run.last].map(|at| self.shown[at as usize]);
                Line::Run(run, first, last)
            }
        })
    }

    fn silence_before(&self, place: u32) -> i64 {
        let found = self
            .silences
            .binary_search_by_key(&place, |(place, _)| *place);
        found.map_or(0, |at| self.silences[at].1)
    }

    /// The entry at which a row stands; of a silence the one that ends it.
    pub fn entry_of(&self, row: usize) -> Option<EntryId> {
        let visible = self.visible.get(row)?;
        self.shown.get(visible.first as usize).copied()
    }

    /// The row of an entry, or of the one shown before it, or of the first.
    pub fn row_of(&self, store: &Store, id: EntryId) -> Option<usize> {
        let place = self.shown.partition_point(|shown| *shown <= id).max(1) - 1;
        let shown = store.entry(*self.shown.get(place)?);
        let place = place as u32;
        let run = self.runs.run_of(place, shown.connection, shown.side());
        let first = match run.map(|at| self.runs.get(at)) {
            Some(run) if self.is_folded(run) => run.first,
            _ => place,
        };
        // A silence stands before the entry that ends it, with the same place.
        Some(self.visible.partition_point(|row| row.first <= first) - 1)
    }

    /// Is this entry one of those that are shown, folded or not?
    pub fn shows(&self, id: EntryId) -> bool {
        self.shown.binary_search(&id).is_ok()
    }

    /// Folds the run of an entry, or unfolds it. A long one needs all rows to be made anew, which [`Rows::step`] does.
    pub fn toggle(&mut self, store: &Store, id: EntryId) {
        let Some(run) = self.run_of(store, id) else {
            return;
        };
        let run = *self.runs.get(run);
        let first = self.shown[run.first as usize];
        if !self.exceptions.remove(&first) {
            self.exceptions.insert(first);
        }
        if run.last - run.first <= MAX_SPLICE {
            self.splice(store, &run);
        } else {
            let exceptions = std::mem::take(&mut self.exceptions);
            *self = Rows::new(self.choice.clone());
            self.exceptions = exceptions;
        }
    }

    /// The run that an entry belongs to.
    fn run_of(&self, store: &Store, id: EntryId) -> Option<usize> {
        let place = self.shown.binary_search(&id).ok()? as u32;
        let entry = store.entry(id);
        self.runs.run_of(place, entry.connection, entry.side())
    }

    fn look_at(&mut self, store: &Store, id: EntryId) {
        let entry = store.entry(id);
        if let Scope::Merged(chosen) = &self.choice.scope
            && !chosen.contains(&entry.connection)
        {
            return;
        }
        self.in_scope += 1;
        let kind = entry.kind();
        self.counts[kind as usize] += 1;
        let is_hidden = self.choice.hidden.contains(&(kind as u8));
        let filter = self.choice.filter.as_ref();
        if is_hidden || filter.is_some_and(|filter| !filter.matches(store, id)) {
            return self.runs.pass(entry.time);
        }
        let place = self.shown.len() as u32;
        self.shown.push(id);
        let placed = self.runs.push(Said::of(entry));
        if let Some(nanos) = placed.silence {
            self.silences.push((place, nanos));
            self.visible.push(Visible {
                first: place,
                what: SILENCE,
            });
        }
        match placed.run {
            Some(run) if self.is_folded(self.runs.get(run)) => self.fold_into(run),
            _ => self.visible.push(Visible {
                first: place,
                what: SINGLE,
            }),
        }
    }

    /// The row of a run's first entry becomes that of the run, with its second.
    fn fold_into(&mut self, run: usize) {
        let first = self.runs.get(run).first;
        if self.runs.get(run).count == 2 {
            let row = self.visible.partition_point(|row| row.first <= first) - 1;
            self.visible[row].what = run as u32;
        }
    }

    fn is_folded(&self, run: &Run) -> bool {
        let is_exception = !self.exceptions.is_empty()
            && self.exceptions.contains(&self.shown[run.first as usize]);
        (self.choice.fold == Fold::Runs) != is_exception
    }

    /// Puts the rows of a run in the place of its one row, or the other way.
    fn splice(&mut self, store: &Store, run: &Run) {
        let from = self.visible.partition_point(|row| row.first < run.first);
        let to = self.visible.partition_point(|row| row.first <= run.last);
        let belongs = |place: u32| {
            let entry = store.entry(self.shown[place as usize]);
            (entry.connection, entry.side(), entry.kind()) == (run.connection, run.side, run.kind)
        };
        let others = self.visible[from..to].iter().copied();
        let mut rows: Vec<Visible> = others
            .filter(|row| row.what == SILENCE || !belongs(row.first))
            .collect();
        let single = |first| Visible {
            first,
            what: SINGLE,
        };
        if self.is_folded(run) {
            let at = self.runs.run_of(run.first, run.connection, run.side);
            rows.push(Visible {
                first: run.first,
                what: at.map_or(SINGLE, |at| at as u32),
            });
        } else {
            rows.extend(
                (run.first..=run.last)
                    .filter(|place| belongs(*place))
                    .map(single),
            );
        }
        // Stable: a silence stays before the entry that ends it.
        rows.sort_by_key(|row| row.first);
        self.visible.splice(from..to, rows);
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Change, Record, What};
    use super::*;
    use crate::capture::{FrameNumber, Timestamp};
    use crate::packet::Endpoint;
    use crate::stream::{Evidence, FrameRef, Side, Transport};
    use crate::wire::{Block, Found, Message, PieceIndex, Place};
    use proptest::prelude::*;

    /// What was said on two connections: of which, by whom, what, and how many seconds after the one before.
    type Told = Vec<(u32, bool, u8, u64)>;

    fn store(told: &Told) -> Store {
        let mut store = Store::default();
        let end = Endpoint {
            ip: [10, 0, 0, 1].into(),
            port: 1,
        };
        for id in 0..2 {
            store.apply(Change::Opened {
                connection: ConnectionId(id),
                transport: Transport::Tcp,
                ends: [end; 2],
                opener: (Side::A, Evidence::Syn),
                first: FrameRef::default(),
            });
        }
        let mut seconds = 0;
        for (whose, from_b, kind, gap) in told {
            seconds += gap;
            store.apply(Change::Said(Box::new(record(
                *whose, *from_b, *kind, seconds,
            ))));
        }
        store
    }

    fn record(whose: u32, from_b: bool, kind: u8, seconds: u64) -> Record {
        let block = Block {
            index: PieceIndex(7),
            begin: 0,
            length: 3,
        };
        let message = match kind {
            0 => Message::Choke,
            1 => Message::Have(PieceIndex(1)),
            2 => Message::Piece(block),
            _ => Message::Request(block),
        };
        Record {
            connection: ConnectionId(whose),
            side: if from_b { Side::B } else { Side::A },
            what: What::Message(message),
            size: 1,
            time: Timestamp::from_parts(seconds, 0),
            frame: FrameNumber(1),
            place: Place::default(),
            missing: 0,
            found: Found::InOrder,
            via: None,
            has_heard: false,
        }
    }

    fn choice(fold: Fold) -> Choice {
        Choice {
            scope: Scope::Merged([0, 1].map(ConnectionId).into()),
            hidden: BTreeSet::new(),
            filter: None,
            fold,
        }
    }

    fn rows(store: &Store, choice: Choice, slice: usize) -> Rows {
        let mut rows = Rows::new(choice);
        while !rows.step(store, slice) {}
        rows
    }

    fn lines(rows: &Rows) -> Vec<Line> {
        (0..rows.len()).map(|row| rows.line(row).unwrap()).collect()
    }

    fn told() -> impl Strategy<Value = Told> {
        proptest::collection::vec((0u32..2, any::<bool>(), 0u8..4, 0u64..8), 1..60)
    }

    #[test]
    fn a_hidden_kind_is_counted_and_not_shown() {
        let store = store(&vec![(0, false, 0, 0), (0, false, 1, 0)]);
        let hidden = BTreeSet::from([Kind::Have as u8]);
        let rows = rows(
            &store,
            Choice {
                hidden,
                ..choice(Fold::Runs)
            },
            9,
        );
        assert_eq!(
            (rows.len(), rows.hidden(), rows.count(Kind::Have)),
            (1, 1, 1)
        );
    }

    #[test]
    fn what_is_hidden_has_the_row_before_it() {
        let store = store(&vec![(0, false, 0, 0), (0, false, 1, 0), (0, false, 0, 0)]);
        let hidden = BTreeSet::from([Kind::Have as u8]);
        let rows = rows(
            &store,
            Choice {
                hidden,
                ..choice(Fold::Runs)
            },
            9,
        );
        let row = |id| rows.row_of(&store, EntryId(id));
        assert_eq!([row(0), row(1), row(2)], [Some(0), Some(0), Some(1)]);
    }

    proptest! {
        #[test]
        fn unfolding_one_by_one_is_unfolding_all(told in told(), slice in 1usize..9) {
            let store = store(&told);
            let mut by_hand = rows(&store, choice(Fold::Runs), slice);
            while let Some(Line::Run(_, first, _)) = lines(&by_hand).into_iter().find(|line| matches!(line, Line::Run(..))) {
                by_hand.toggle(&store, first);
            }
            prop_assert_eq!(lines(&by_hand), lines(&rows(&store, choice(Fold::Nothing), 99)));
        }

        #[test]
        fn folding_again_is_as_before(told in told(), pick in any::<prop::sample::Index>()) {
            let store = store(&told);
            let mut rows = rows(&store, choice(Fold::Runs), 7);
            let (before, id) = (lines(&rows), EntryId(pick.index(told.len()) as u32));
            rows.toggle(&store, id);
            rows.toggle(&store, id);
            prop_assert_eq!(lines(&rows), before);
        }

        #[test]
        fn every_entry_is_found_in_its_row(told in told(), unfold in any::<prop::sample::Index>()) {
            let store = store(&told);
            let mut rows = rows(&store, choice(Fold::Runs), 5);
            rows.toggle(&store, EntryId(unfold.index(told.len()) as u32));
            let mut counts = vec![0; rows.len()];
            for id in 0..told.len() as u32 {
                counts[rows.row_of(&store, EntryId(id)).unwrap()] += 1;
            }
            for (line, count) in lines(&rows).into_iter().zip(counts) {
                prop_assert_eq!(count, match line {
                    Line::Entry(_) => 1,
                    Line::Run(run, ..) => run.count,
                    Line::Silence(_) => 0,
                });
            }
        }

        #[test]
        fn slices_do_not_matter(told in told(), slice in 1usize..9) {
            let store = store(&told);
            prop_assert_eq!(lines(&rows(&store, choice(Fold::Runs), slice)), lines(&rows(&store, choice(Fold::Runs), 99)));
        }
    }
}
