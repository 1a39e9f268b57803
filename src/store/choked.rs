//! How long each side was choked while it was interested.

use super::{Connection, Store};
use crate::capture::Timestamp;
use crate::peer::Flow;
use crate::stream::Side;

/// The stretches in which one side wanted data and was refused them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choked {
    /// Nanoseconds of all stretches.
    pub total: i64,
    /// Nanoseconds of the longest.
    pub longest: i64,
    /// The entry of the conversation, from 0, with which the longest began.
    pub since: u32,
    /// How many there were.
    pub stretches: u32,
}

impl Choked {
    fn add(&mut self, since: u32, nanos: i64) {
        // Frames may stand out of the order of their times.
        let nanos = nanos.max(0);
        self.total += nanos;
        self.stretches += 1;
        if nanos > self.longest || self.stretches == 1 {
            (self.longest, self.since) = (nanos, since);
        }
    }
}

/// The same of both sides, as the conversation grows.
#[derive(Clone, Debug, Default)]
pub(super) struct ChokedTally {
    past: [Choked; 2],
    /// Since when a side is choked and interested: the entry, and its time.
    open: [Option<(u32, Timestamp)>; 2],
    last: Timestamp,
}

impl ChokedTally {
    /// With this entry the flow became, or remained, this.
    pub(super) fn turn(&mut self, flow: [Flow; 2], entry: u32, time: Timestamp) {
        self.last = time;
        for side in Side::BOTH.map(Side::index) {
            match (self.open[side], flow[side] == Flow::Wanted) {
                (None, true) => self.open[side] = Some((entry, time)),
                (Some((since, begun)), false) => {
                    self.open[side] = None;
                    // What was lost at the very entry that began it was never known.
                    if since < entry {
                        self.past[side].add(since, time.since(begun));
                    }
                }
                _ => {}
            }
        }
    }

    /// Words of a side were lost behind this entry.
    pub(super) fn lose(&mut self, flow: [Flow; 2], entry: u32) {
        self.turn(flow, entry, self.last);
    }

    /// What there was up to a moment; `None` where there was nothing.
    pub(super) fn up_to(&self, side: Side, time: Timestamp) -> Option<Choked> {
        let mut choked = self.past[side.index()];
        if let Some((since, begun)) = self.open[side.index()] {
            choked.add(since, time.since(begun));
        }
        (choked.stretches > 0).then_some(choked)
    }
}

/// How long `side` was choked while it was interested, over the whole capture: up to what closed the connection, or
/// its last frame. `None` where it never was, as far as is known.
pub fn choked_while_interested(connection: &Connection, side: Side) -> Option<Choked> {
    let end = connection.segments().close;
    let end = end.map_or(connection.activity.last.time, |close| close.time);
    connection.choked()?.up_to(side, end)
}

/// Turns between two checkpoints: so many are walked at most for one moment.
const CHECKPOINT: usize = 1024;

/// The same at any entry, by checkpoints: a conversation may have more turns than a frame has time for.
#[derive(Clone, Debug, Default)]
pub(super) struct ChokedAt {
    checkpoints: Vec<ChokedTally>,
    now: ChokedTally,
    turns: usize,
}

impl ChokedAt {
    /// Takes some more turns that are older than `entries`; false when there are no more.
    pub(super) fn step(&mut self, store: &Store, connection: &Connection, entries: usize) -> bool {
        let turns = &connection.turns()[self.turns..];
        // The last one may still be replaced by what is lost at its entry.
        let settled = turns.partition_point(|turn| (turn.entries as usize) < entries);
        for _ in 0..settled.min(CHECKPOINT) {
            if self.turns.is_multiple_of(CHECKPOINT) {
                self.checkpoints.push(self.now.clone());
            }
            apply(&mut self.now, store, connection, self.turns);
            self.turns += 1;
        }
        settled > CHECKPOINT
    }

    /// What there was up to an entry. It is known as far as [`ChokedAt::step`] went, and a little further.
    pub(super) fn at(
        &self,
        store: &Store,
        connection: &Connection,
        side: Side,
        ordinal: usize,
    ) -> Option<Choked> {
        let turns = connection.turns();
        let passed = turns.partition_point(|turn| turn.entries as usize <= ordinal + 1);
        let nearest = (passed / CHECKPOINT).min(self.checkpoints.len().saturating_sub(1));
        let mut tally = self.checkpoints.get(nearest).cloned().unwrap_or_default();
        let from = nearest * CHECKPOINT;
        for turn in (from..passed).take(CHECKPOINT) {
            apply(&mut tally, store, connection, turn);
        }
        let time = store.entry(*connection.entries().get(ordinal)?).time;
        tally.up_to(side, time)
    }
}

fn apply(tally: &mut ChokedTally, store: &Store, connection: &Connection, turn: usize) {
    let turn = connection.turns()[turn];
    let entry = turn.entries.saturating_sub(1);
    let Some(id) = connection.entries().get(entry as usize) else {
        return;
    };
    tally.turn(turn.flow, entry, store.entry(*id).time);
}

#[cfg(test)]
mod tests {
    use super::*;
    use Flow::{Idle, Open, Unknown, Wanted};

    /// One side's flow, a second apart.
    fn tally(flows: &[Flow]) -> ChokedTally {
        let mut tally = ChokedTally::default();
        for (entry, flow) in (0..).zip(flows) {
            tally.turn([*flow, Idle], entry, second(entry));
        }
        tally
    }

    fn second(entry: u32) -> Timestamp {
        Timestamp::from_parts(u64::from(entry), 0)
    }

    const SECOND: i64 = 1_000_000_000;

    #[test]
    fn stretches_are_summed_and_the_longest_has_its_place() {
        let tally = tally(&[Idle, Wanted, Open, Wanted, Wanted, Open]);
        let choked = Choked {
            total: 3 * SECOND,
            longest: 2 * SECOND,
            since: 3,
            stretches: 2,
        };
        assert_eq!(tally.up_to(Side::A, second(9)), Some(choked));
        assert_eq!(tally.up_to(Side::B, second(9)), None);
    }

    #[test]
    fn a_stretch_that_lasts_counts_up_to_the_moment() {
        let tally = tally(&[Idle, Wanted]);
        let total = |time| tally.up_to(Side::A, second(time)).unwrap().total;
        assert_eq!((total(1), total(5)), (0, 4 * SECOND));
    }

    #[test]
    fn what_is_unknown_is_not_choked() {
        let tally = tally(&[Unknown, Wanted, Unknown, Unknown]);
        assert_eq!(tally.up_to(Side::A, second(9)).unwrap().total, SECOND);
    }

    #[test]
    fn a_clock_that_goes_back_makes_no_time() {
        let mut tally = ChokedTally::default();
        tally.turn([Wanted, Idle], 0, second(9));
        tally.turn([Open, Idle], 1, second(3));
        assert_eq!(tally.up_to(Side::A, second(3)).unwrap().total, 0);
    }
}
