//! The requests of a conversation in another order than theirs, or some of them: found in slices.

use super::{Connection, Store};
use crate::capture::Timestamp;
use crate::peer::{Asked, Fate, Ledger};
use crate::stream::Side;

/// Requests, or keys, of one step.
const STEP: usize = 20_000;
/// Keys that are sorted at once.
const CHUNK: usize = 4096;

/// What comes first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// The request that was sent first.
    #[default]
    Time,
    /// The one that waited longest.
    Wait,
    /// Those that were not served, by how they ended.
    Fate,
}

/// Which requests, as of which moment, and in which order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Their order; those that are alike are in the order of time.
    pub order: Order,
    /// Those of one side alone.
    pub by: Option<Side>,
    /// Those alone that wait.
    pub is_open: bool,
    /// Of the requests up to this entry, and with what was known behind it.
    pub entry: u32,
    /// What waits has waited until now.
    pub now: Timestamp,
}

/// The rows of a list, as far as they were found.
#[derive(Clone, Debug)]
pub struct Listing {
    wanted: Wanted,
    state: State,
}

#[derive(Clone, Debug)]
enum State {
    /// All of so many requests, as they are.
    All(usize),
    /// Those before `next` were looked at.
    Gathering {
        next: usize,
        found: Vec<Key>,
    },
    Sorting(Sorting),
    Found(Vec<u32>),
}

/// By what it is sorted, and the number of the request.
type Key = (i64, u32);

impl Listing {
    /// Of the requests in the ledger.
    pub fn new(wanted: Wanted, ledger: &Ledger) -> Listing {
        let is_all = wanted.order == Order::Time && wanted.by.is_none() && !wanted.is_open;
        let state = if is_all {
            State::All(ledger.before(wanted.entry.saturating_add(1)))
        } else {
            State::Gathering {
                next: 0,
                found: Vec::new(),
            }
        };
        Listing { wanted, state }
    }

    /// What was asked for.
    pub fn wanted(&self) -> Wanted {
        self.wanted
    }

    /// Goes on; false when all is found.
    pub fn step(&mut self, store: &Store, connection: &Connection, ledger: &Ledger) -> bool {
        match &mut self.state {
            State::All(_) | State::Found(_) => return false,
            State::Gathering { next, found } => {
                let end = ledger.before(self.wanted.entry.saturating_add(1));
                let some = *next..end.min(*next + STEP);
                *next = some.end;
                let key = |number| key(store, connection, self.wanted, ledger.get(number), number);
                found.extend(some.filter_map(key));
                if *next == end {
                    self.state = State::Sorting(Sorting::new(std::mem::take(found)));
                }
            }
            State::Sorting(sorting) => {
                if !sorting.step() {
                    let numbers = sorting.keys.iter().map(|(_, number)| *number);
                    self.state = State::Found(numbers.collect());
                }
            }
        }
        !self.is_done()
    }

    /// True when all rows are found.
    pub fn is_done(&self) -> bool {
        matches!(self.state, State::All(_) | State::Found(_))
    }

    /// How much of the work is done, in hundredths.
    pub fn progress(&self, ledger: &Ledger) -> usize {
        match &self.state {
            State::All(_) | State::Found(_) => 100,
            State::Gathering { next, .. } => next * 50 / ledger.len().max(1),
            State::Sorting(sorting) => 50 + sorting.progress() / 2,
        }
    }

    /// Number of rows; 0 before they are found.
    pub fn len(&self) -> usize {
        match &self.state {
            State::All(count) => *count,
            State::Found(rows) => rows.len(),
            State::Gathering { .. } | State::Sorting(_) => 0,
        }
    }

    /// True when there is no row, or none is found yet.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of the request in a row.
    pub fn get(&self, row: usize) -> Option<usize> {
        match &self.state {
            State::All(count) => (row < *count).then_some(row),
            State::Found(rows) => rows.get(row).map(|number| *number as usize),
            State::Gathering { .. } | State::Sorting(_) => None,
        }
    }
}

/// Where a request stands; nowhere if it is not wanted.
fn key(
    store: &Store,
    connection: &Connection,
    wanted: Wanted,
    asked: Asked,
    number: usize,
) -> Option<Key> {
    let asked = asked.as_of(wanted.entry);
    let is_wanted =
        wanted.by.is_none_or(|by| by == asked.by) && (!wanted.is_open || asked.fate == Fate::Open);
    let key = match wanted.order {
        Order::Time => 0,
        Order::Wait => -waited(store, connection, asked, wanted.now),
        Order::Fate => rank(asked.fate),
    };
    is_wanted.then_some((key, number as u32))
}

/// Nanoseconds that a request waited, or has waited until now.
pub fn waited(store: &Store, connection: &Connection, asked: Asked, now: Timestamp) -> i64 {
    let time = |entry: u32| {
        let id = connection.entries().get(entry as usize);
        id.map_or(now, |id| store.entry(*id).time)
    };
    let end = asked.fate.entry().map_or(now, time);
    end.since(time(asked.entry))
}

fn rank(fate: Fate) -> i64 {
    match fate {
        Fate::Open | Fate::Unanswered => 0,
        Fate::Dropped(_) => 1,
        Fate::Rejected(_) => 2,
        Fate::Cancelled(_) => 3,
        Fate::Served(_) => 4,
    }
}

/// A merge sort that can be left and gone on with at any time.
#[derive(Clone, Debug, Default)]
struct Sorting {
    keys: Vec<Key>,
    merged: Vec<Key>,
    /// Sorted runs are so long; 0 while there are none.
    run: usize,
    /// Up to here, runs of `keys` are sorted, or merged.
    at: usize,
    /// Keys of the two next runs that were merged.
    taken: [usize; 2],
}

impl Sorting {
    fn new(keys: Vec<Key>) -> Sorting {
        Sorting {
            keys,
            ..Sorting::default()
        }
    }

    fn progress(&self) -> usize {
        let len = self.keys.len().max(1);
        let passes = len.div_ceil(CHUNK).next_power_of_two().ilog2() as usize + 1;
        let done = match self.run {
            0 => 0,
            run => (run / CHUNK).ilog2() as usize + 1,
        };
        (done * 100 + self.at * 100 / len) / (passes + 1)
    }

    /// False when all is sorted.
    fn step(&mut self) -> bool {
        if self.run == 0 {
            self.sort_chunks();
        } else if self.run < self.keys.len() {
            (0..STEP).all(|_| self.merge_one());
        }
        self.run == 0 || self.run < self.keys.len()
    }

    fn sort_chunks(&mut self) {
        let end = self.keys.len().min(self.at + STEP / CHUNK * CHUNK);
        self.keys[self.at..end]
            .chunks_mut(CHUNK)
            .for_each(<[Key]>::sort_unstable);
        self.at = end;
        if end == self.keys.len() {
            self.next_pass(CHUNK);
        }
    }

    fn next_pass(&mut self, run: usize) {
        (self.run, self.at, self.taken) = (run, 0, [0; 2]);
    }

    /// False when a pass has ended.
    fn merge_one(&mut self) -> bool {
        let len = self.keys.len();
        let middle = len.min(self.at + self.run);
        let end = len.min(middle + self.run);
        let (left, right) = (self.at + self.taken[0], middle + self.taken[1]);
        let is_left = left < middle && (right == end || self.keys[left] <= self.keys[right]);
        let from = if is_left { left } else { right };
        self.merged.push(self.keys[from]);
        self.taken[usize::from(!is_left)] += 1;
        if self.merged.len() == end {
            (self.at, self.taken) = (end, [0; 2]);
        }
        if self.merged.len() < len {
            return true;
        }
        std::mem::swap(&mut self.keys, &mut self.merged);
        self.merged.clear();
        self.next_pass(self.run * 2);
        false
    }
}

#[cfg(test)]
mod tests {
    use super::super::told::{any_message, here, studied, time, told};
    use super::*;
    use proptest::prelude::*;

    fn sorted(keys: Vec<Key>) -> Vec<Key> {
        let mut sorting = Sorting::new(keys);
        while sorting.step() {
            assert!(sorting.progress() <= 100);
        }
        sorting.keys
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn keys_are_sorted_step_by_step(values in proptest::collection::vec(-50i64..50, 0..30_000)) {
            let keys: Vec<Key> = values.into_iter().zip(0..).collect();
            let mut whole = keys.clone();
            whole.sort_unstable();
            prop_assert_eq!(sorted(keys), whole);
        }

        #[test]
        fn rows_are_those_of_a_plain_sort(
            said in proptest::collection::vec((any::<bool>(), 0u8..20, 0u32..9), 1..300),
            visit in any::<prop::sample::Index>(),
            order in prop::sample::select(vec![Order::Time, Order::Wait, Order::Fate]),
            by in prop::sample::select(vec![None, Some(Side::A), Some(Side::B)]),
            is_open in any::<bool>(),
        ) {
            let store = told(said.iter().map(|(from_b, kind, index)| {
                (if *from_b { Side::B } else { Side::A }, any_message(*kind, *index))
            }));
            let (study, entry) = (studied(&store), visit.index(said.len()) as u32);
            let now = time(&store, entry);
            let wanted = Wanted { order, by, is_open, entry, now };
            let mut listing = Listing::new(wanted, study.ledger());
            while listing.step(&store, here(&store), study.ledger()) {}
            let rows: Vec<usize> = (0..listing.len()).map(|row| listing.get(row).unwrap()).collect();
            let as_of = |number: &usize| study.ledger().get(*number).as_of(entry);
            let mut plain: Vec<usize> = (0..study.ledger().len()).collect();
            plain.retain(|it| as_of(it).entry <= entry && by.is_none_or(|by| by == as_of(it).by));
            plain.retain(|it| !is_open || as_of(it).fate == Fate::Open);
            match order {
                Order::Time => {}
                Order::Wait => plain.sort_by_key(|it| -waited(&store, here(&store), as_of(it), now)),
                Order::Fate => plain.sort_by_key(|it| rank(as_of(it).fate)),
            }
            prop_assert_eq!(rows, plain);
        }
    }
}
