//! How long requests waited, how many waited at once, and which waits longest: at any entry of a conversation.

mod of_side;
#[cfg(test)]
mod tests;

use super::{Connection, Store};
use crate::capture::Timestamp;
use crate::peer::{Asked, Fate, Ledger};
use crate::stream::Side;
use of_side::{BLOCK, DEPTH, OfSide};

/// Events of one step of the walk.
const STEP: usize = 20_000;
/// Ends between two counts that are kept.
const CHECKPOINT: usize = 1024;

/// What became of the requests of one side up to a moment. Requests are named by their number in the ledger.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// How many there were.
    pub asked: u32,
    /// Of these, the blocks that came.
    pub served: u32,
    /// Those that were refused.
    pub rejected: u32,
    /// Those that were taken back.
    pub cancelled: u32,
    /// Those that a choke dropped.
    pub dropped: u32,
    /// Blocks that came without being asked for, or were asked for before the capture.
    pub unasked: u32,
    /// Nanoseconds until the block came: least, median, 90th and 99th percentile, most.
    pub latency: Option<[i64; 5]>,
    /// Most that waited at once, and the first entry at which they did.
    pub most: Option<(u32, u32)>,
    /// The one that waits longest, and how long.
    pub oldest: Option<(usize, i64)>,
    /// The one that waited longest, however it ended, and how long; it may still wait.
    pub longest: Option<(usize, i64)>,
}

impl Figures {
    /// Those that wait.
    pub fn open(&self) -> u32 {
        let ended = self.served + self.rejected + self.cancelled + self.dropped;
        self.asked.saturating_sub(ended)
    }
}

/// A walk over the ledger of one conversation.
#[derive(Clone, Debug, Default)]
pub struct Waits {
    asked: usize,
    ended: usize,
    dropped: [usize; 2],
    unasked: usize,
    sides: [OfSide; 2],
    /// Of every so many ends: how many there were before, by side and fate.
    checkpoints: Vec<[[u32; 3]; 2]>,
    counts: [[u32; 3]; 2],
    /// Entries that were passed.
    known: u32,
}

/// What happens to requests.
#[derive(Clone, Copy, Debug)]
enum Event {
    Asked(usize),
    Ended(usize),
    Dropped(Side, usize),
}

/// The conversation that is walked.
#[derive(Clone, Copy)]
struct Walk<'a> {
    store: &'a Store,
    connection: &'a Connection,
    ledger: &'a Ledger,
}

impl Walk<'_> {
    fn time(&self, entry: u32) -> Timestamp {
        let id = self.connection.entries().get(entry as usize);
        id.map_or_else(Timestamp::default, |id| self.store.entry(*id).time)
    }
}

impl Waits {
    /// Goes on; `known` entries are in the ledger. False when it is where the ledger is.
    pub fn step(
        &mut self,
        store: &Store,
        connection: &Connection,
        ledger: &Ledger,
        known: u32,
    ) -> bool {
        let walk = Walk {
            store,
            connection,
            ledger,
        };
        self.take_unasked(walk);
        for _ in 0..STEP {
            let Some((entry, event)) = self.next(ledger) else {
                self.pass(known);
                return self.unasked < ledger.unasked().len();
            };
            self.pass(entry);
            self.take(walk, entry, event);
        }
        true
    }

    /// Entries that were passed: figures are whole up to there.
    pub fn known(&self) -> u32 {
        self.known
    }

    /// What became of the requests of a side up to an entry. What waits has waited until `now`.
    pub fn figures(
        &self,
        store: &Store,
        connection: &Connection,
        ledger: &Ledger,
        by: Side,
        (entry, now): (u32, Timestamp),
    ) -> Figures {
        let walk = Walk {
            store,
            connection,
            ledger,
        };
        let side = &self.sides[by.index()];
        let [served, rejected, cancelled] = self.ends(walk, by, entry);
        let dropped = upto(&side.drops, entry).map_or(0, |(_, count)| count);
        let past =
            upto_by(&side.longest, entry, |it| it.0).map(|(_, nanos, it)| (it as usize, nanos));
        let mut figures = Figures {
            asked: 0,
            served,
            rejected,
            cancelled,
            dropped,
            unasked: side.unasked.partition_point(|at| *at <= entry) as u32,
            latency: side.served.percentiles(entry, [0, 50, 90, 99, 100]),
            most: upto(&side.deepest, entry).map(|(at, depth)| (depth, at)),
            oldest: None,
            longest: past,
        };
        figures.asked = self.asked_upto(walk, by, entry);
        if figures.open() > 0 {
            figures.oldest = side.oldest(walk, by, entry).map(|number| {
                let since = walk.time(ledger.get(number).entry);
                (number, now.since(since).max(0))
            });
        }
        let is_longer = |open: &(usize, i64)| past.is_none_or(|(_, nanos)| open.1 > nanos);
        figures.longest = figures.oldest.filter(is_longer).or(past);
        figures
    }

    /// The most requests of a side that waited behind one of these entries, or of a few beside them.
    pub fn depth(&self, by: Side, entries: std::ops::Range<u32>) -> u32 {
        let depths = &self.sides[by.index()].depths;
        let first = (entries.start as usize / DEPTH).min(depths.len());
        let last = (entries.end as usize).div_ceil(DEPTH).min(depths.len());
        depths[first..last.max(first)]
            .iter()
            .copied()
            .max()
            .unwrap_or(0)
    }

    fn take_unasked(&mut self, walk: Walk<'_>) {
        let entries = walk.ledger.unasked()[self.unasked..].iter();
        for entry in entries.take(STEP) {
            if let Some(id) = walk.connection.entries().get(*entry as usize) {
                let receiver = !walk.store.entry(*id).side();
                self.sides[receiver.index()].unasked.push(*entry);
            }
            self.unasked += 1;
        }
    }

    /// The next event, and the entry that is it.
    fn next(&self, ledger: &Ledger) -> Option<(u32, Event)> {
        let asked = (self.asked < ledger.len())
            .then(|| (ledger.get(self.asked).entry, Event::Asked(self.asked)));
        let ended = ledger
            .ended()
            .get(self.ended)
            .map(|number| *number as usize);
        let ended = ended.and_then(|it| Some((ledger.get(it).fate.entry()?, Event::Ended(it))));
        let dropped = Side::BOTH.into_iter().filter_map(|by| {
            let (entry, oldest) = ledger.dropping(by, self.dropped[by.index()])?;
            Some((entry, Event::Dropped(by, oldest as usize)))
        });
        let events = asked.into_iter().chain(ended).chain(dropped);
        events.min_by_key(|(entry, _)| *entry)
    }

    /// What waits now waits behind all entries up to this one.
    fn pass(&mut self, entries: u32) {
        for side in &mut self.sides {
            let blocks = (entries as usize).div_ceil(DEPTH);
            if blocks > side.depths.len() {
                side.depths.resize(blocks, side.depth);
            }
        }
        self.known = self.known.max(entries);
    }

    fn take(&mut self, walk: Walk<'_>, entry: u32, event: Event) {
        match event {
            Event::Asked(number) => {
                self.asked += 1;
                let by = walk.ledger.get(number).by;
                self.sides[by.index()].ask(number, entry);
            }
            Event::Ended(number) => {
                if self.ended.is_multiple_of(CHECKPOINT) {
                    self.checkpoints.push(self.counts);
                }
                self.ended += 1;
                let asked = walk.ledger.get(number);
                count(&mut self.counts, asked);
                self.sides[asked.by.index()].end(walk, (number, asked), entry);
            }
            Event::Dropped(by, oldest) => {
                self.dropped[by.index()] += 1;
                self.sides[by.index()].drop_all(walk, oldest, entry);
            }
        }
    }

    /// Requests of a side that were served, rejected and cancelled up to an entry.
    fn ends(&self, walk: Walk<'_>, by: Side, entry: u32) -> [u32; 3] {
        let ended = &walk.ledger.ended()[..self.ended];
        let get = |number: &u32| walk.ledger.get(*number as usize);
        let passed = ended.partition_point(|it| get(it).fate.entry() <= Some(entry));
        let nearest = (passed / CHECKPOINT).min(self.checkpoints.len().saturating_sub(1));
        let mut counts = self.checkpoints.get(nearest).copied().unwrap_or_default();
        for number in &ended[nearest * CHECKPOINT..passed] {
            count(&mut counts, get(number));
        }
        counts[by.index()]
    }

    fn asked_upto(&self, walk: Walk<'_>, by: Side, entry: u32) -> u32 {
        let numbers = walk.ledger.before(entry.saturating_add(1)).min(self.asked);
        let (whole, rest) = (numbers / BLOCK, numbers % BLOCK);
        let blocks = &self.sides[by.index()].blocks;
        let blocks = blocks[..whole.min(blocks.len())].iter();
        let rest = (numbers - rest..numbers).filter(|it| walk.ledger.get(*it).by == by);
        blocks.map(|block| block.asked).sum::<u32>() + rest.count() as u32
    }
}

fn count(counts: &mut [[u32; 3]; 2], asked: Asked) {
    let fate = match asked.fate {
        Fate::Served(_) => 0,
        Fate::Rejected(_) => 1,
        Fate::Cancelled(_) => 2,
        Fate::Dropped(_) | Fate::Open | Fate::Unanswered => return,
    };
    counts[asked.by.index()][fate] += 1;
}

/// The last of those up to an entry.
fn upto(list: &[(u32, u32)], entry: u32) -> Option<(u32, u32)> {
    upto_by(list, entry, |it| it.0)
}

fn upto_by<T: Copy>(list: &[T], entry: u32, at: impl Fn(&T) -> u32) -> Option<T> {
    let count = list.partition_point(|it| at(it) <= entry);
    count.checked_sub(1).map(|last| list[last])
}
