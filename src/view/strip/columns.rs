//! What a conversation was like in each of some equal spans of time.

use std::ops::Range;

use super::TimeWindow;
use crate::peer::Flow;
use crate::store::{Store, Study, Turn};
use crate::stream::Side;

/// A span of time. It holds the entries that stand there on the course of time, see [`Study`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Column {
    /// The entries in it.
    pub entries: Range<u32>,
    /// The flow towards each side behind the last of them, or behind the last before; unknown before the first of all,
    /// and in a span that begins behind the last that is known.
    pub flow: [Flow; 2],
    /// How often that changed in it.
    pub changes: [u32; 2],
    /// Requests of each side that wait then, where that is known.
    pub in_flight: Option<[u32; 2]>,
    /// Bytes of blocks that each side sent in it.
    pub sent: [u64; 2],
}

/// What is behind so many entries.
struct Edge {
    entries: u32,
    flow: [Flow; 2],
    changes: [u32; 2],
    sent: [u64; 2],
}

/// The columns of a window. Each costs a few searches, however much lies in it.
pub fn columns(store: &Store, study: &Study, window: TimeWindow, width: u16) -> Vec<Column> {
    let turns = store.connection(study.connection()).turns();
    let at = |cell| {
        edge(
            store,
            study,
            turns,
            study.first_at(store, window.edge(cell, width)),
        )
    };
    let mut from = at(0);
    (0..width)
        .map(|cell| {
            let to = at(cell + 1);
            let is_known = study.latest() >= Some(window.edge(cell, width));
            let column = between(study, &from, &to, is_known);
            from = to;
            column
        })
        .collect()
}

/// A column as it was known behind the entry `last`, which is in it.
pub(super) fn as_of(store: &Store, study: &Study, column: &Column, last: u32) -> Column {
    let turns = store.connection(study.connection()).turns();
    let [from, to] = [column.entries.start, last + 1].map(|at| edge(store, study, turns, at));
    between(study, &from, &to, true)
}

fn edge(store: &Store, study: &Study, turns: &[Turn], entries: u32) -> Edge {
    let turn = turns.partition_point(|turn| turn.entries <= entries);
    let turn = turns[..turn].last().filter(|_| entries > 0);
    Edge {
        entries,
        flow: turn.map_or([Flow::Unknown; 2], |turn| turn.flow),
        changes: turn.map_or([0; 2], |turn| turn.changes),
        sent: study.blocks_before(store, entries),
    }
}

fn between(study: &Study, from: &Edge, to: &Edge, is_known: bool) -> Column {
    let last = to.entries.checked_sub(1).filter(|_| is_known);
    let flow = if is_known {
        to.flow
    } else {
        [Flow::Unknown; 2]
    };
    let side = Side::BOTH.map(Side::index);
    Column {
        entries: from.entries..to.entries,
        flow,
        changes: side.map(|side| to.changes[side] - from.changes[side]),
        in_flight: last.map(|last| Side::BOTH.map(|side| study.in_flight(side, last))),
        sent: side.map(|side| to.sent[side] - from.sent[side]),
    }
}
