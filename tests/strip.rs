//! The state strip against a slow replay from the first message: conversations made at random, and the bundled captures.

mod bundled;
mod captured;

use std::net::{IpAddr, Ipv4Addr};

use bundled::CAPTURES;
use captured::path;
use peerscope::capture::{FrameNumber, Reader, Timestamp};
use peerscope::packet::Endpoint;
use peerscope::peer::{Flow, Talk};
use peerscope::pipeline::Pipeline;
use peerscope::store::{Change, Record, Store, Study, What};
use peerscope::stream::{ConnectionId, Evidence, FrameRef, Side, Transport};
use peerscope::view::strip::{Column, TimeWindow, columns};
use peerscope::wire::{Block, Found, Handshake, Message, PieceIndex, Place, Reserved};
use proptest::prelude::*;

/// What holds behind an entry, by a replay of all before it.
struct Known {
    /// On the course of time: the latest time so far.
    time: Timestamp,
    flow: [Flow; 2],
    in_flight: [u32; 2],
    sent: [u64; 2],
}

/// A conversation, replayed from its first message.
#[derive(Default)]
struct Replay {
    talk: Talk,
    sent: [u64; 2],
    known: Vec<Known>,
}

impl Replay {
    fn of(changes: &[Change], connection: ConnectionId) -> Vec<Known> {
        let mut replay = Replay::default();
        for change in changes {
            match change {
                Change::Said(record) if record.connection == connection => replay.take(record),
                Change::Lost {
                    connection: of,
                    side,
                } if *of == connection => {
                    replay.talk.lose(*side);
                    let flow = Side::BOTH.map(|side| replay.talk.flow_to(side));
                    replay
                        .known
                        .last_mut()
                        .into_iter()
                        .for_each(|known| known.flow = flow);
                }
                _ => {}
            }
        }
        replay.known
    }

    fn take(&mut self, record: &Record) {
        if let What::Message(message) = &record.what {
            self.talk.apply(record.side, message);
            if let Message::Piece(block) = message {
                self.sent[record.side.index()] += u64::from(block.length);
            }
        }
        let before = self.known.last().map_or(record.time, |known| known.time);
        self.known.push(Known {
            time: before.max(record.time),
            flow: Side::BOTH.map(|side| self.talk.flow_to(side)),
            in_flight: Side::BOTH.map(|side| self.talk.peer(side).requests.len() as u32),
            sent: self.sent,
        });
    }
}

fn store(changes: &[Change]) -> Store {
    let mut store = Store::default();
    changes
        .iter()
        .for_each(|change| store.apply(change.clone()));
    store
}

/// The columns of a window, and the same by looking at every entry for each of them.
fn check(
    store: &Store,
    known: &[Known],
    connection: ConnectionId,
    window: TimeWindow,
    width: u16,
) -> Result<(), TestCaseError> {
    let mut study = Study::new(connection);
    while !study.step(store, 1000) {}
    let drawn = columns(store, &study, window, width);
    prop_assert_eq!(drawn.len(), usize::from(width));
    for (cell, column) in (0..).zip(&drawn) {
        prop_assert_eq!(
            column,
            &slow(known, window, cell, width),
            "cell {} of {} in {:?}",
            cell,
            width,
            window
        );
    }
    Ok(())
}

fn slow(known: &[Known], window: TimeWindow, cell: u16, width: u16) -> Column {
    let (from, to) = (window.edge(cell, width), window.edge(cell + 1, width));
    let before = known.iter().filter(|it| it.time < from).count();
    let until = known.iter().filter(|it| it.time < to).count();
    let flow = |entries: usize| {
        entries
            .checked_sub(1)
            .map_or([Flow::Unknown; 2], |at| known[at].flow)
    };
    let sent = |entries: usize| entries.checked_sub(1).map_or([0; 2], |at| known[at].sent);
    let is_known = known.last().is_some_and(|last| last.time >= from);
    let changes = |side: usize| {
        (before..until)
            .filter(|at| flow(*at)[side] != flow(at + 1)[side])
            .count() as u32
    };
    Column {
        entries: before as u32..until as u32,
        flow: if is_known {
            flow(until)
        } else {
            [Flow::Unknown; 2]
        },
        changes: [0, 1].map(changes),
        in_flight: (is_known && until > 0).then(|| known[until - 1].in_flight),
        sent: [0, 1].map(|side| sent(until)[side] - sent(before)[side]),
    }
}

fn changes(name: &str) -> Vec<Change> {
    let mut pipeline = Pipeline::new(Reader::open(&path(name)).unwrap());
    let mut changes = Vec::new();
    while !pipeline.step(&mut changes).is_done {}
    changes
}

/// A window by three numbers: where in the conversation, or beside it, and how long.
fn window(whole: TimeWindow, (from, span): (i64, u64)) -> TimeWindow {
    let start = whole
        .start()
        .0
        .saturating_add_signed(from % (whole.span() as i64));
    TimeWindow::new(Timestamp(start), span % whole.span().saturating_mul(2))
}

#[test]
fn on_every_connection_of_every_capture_it_says_what_a_slow_replay_says() {
    for name in CAPTURES {
        let changes = changes(name);
        let store = store(&changes);
        let said = store
            .connections()
            .iter()
            .filter(|it| !it.entries().is_empty());
        for connection in said.map(|it| it.id) {
            let known = Replay::of(&changes, connection);
            let mut study = Study::new(connection);
            while !study.step(&store, 1000) {}
            let whole = TimeWindow::whole(&store, &study).unwrap();
            let windows =
                (0..24).map(|at| (at * whole.span() as i64 / 24, whole.span() >> (at % 12)));
            for shape in windows {
                check(
                    &store,
                    &known,
                    connection,
                    window(whole, shape),
                    1 + (shape.0 % 97).unsigned_abs() as u16,
                )
                .unwrap();
            }
            check(&store, &known, connection, whole, 60).unwrap();
        }
    }
}

#[test]
fn the_cell_of_a_moment_tells_the_state_of_that_moment() {
    let changes = changes("choke_dance.pcap");
    let (store, connection) = (store(&changes), ConnectionId(0));
    let known = Replay::of(&changes, connection);
    let mut study = Study::new(connection);
    while !study.step(&store, 1000) {}
    let whole = TimeWindow::whole(&store, &study).unwrap();
    for it in &known {
        // Narrow enough for one moment, the cell's letter is that of the last entry of the moment.
        let window = TimeWindow::new(it.time, 1000);
        let drawn = &columns(&store, &study, window, 1000)[0];
        let last = known.iter().rfind(|other| other.time == it.time).unwrap();
        assert_eq!(
            (drawn.flow, drawn.in_flight),
            (last.flow, Some(last.in_flight))
        );
        assert!(whole.contains(it.time));
    }
}

const END: Endpoint = Endpoint {
    ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
    port: 6881,
};

fn message(kind: u8, index: u32) -> Message {
    let block = Block {
        index: PieceIndex(index % 4),
        begin: 0,
        length: 1 + index % 3,
    };
    let reserved = Reserved([0, 0, 0, 0, 0, 0, 0, (index % 2 * 4) as u8]);
    match kind {
        0 | 1 => Message::Piece(block),
        2 => Message::Reject(block),
        3 => Message::Cancel(block),
        4 => Message::Choke,
        5 => Message::Unchoke,
        6 => Message::Interested,
        7 => Message::NotInterested,
        8 => Message::Handshake(Box::new(Handshake {
            reserved,
            ..Handshake::default()
        })),
        _ => Message::Request(block),
    }
}

fn said(((from_b, kind, index, late), time): ((bool, u8, u32, u64), u64)) -> Change {
    let (connection, side) = (ConnectionId(0), if from_b { Side::B } else { Side::A });
    if kind == 30 {
        return Change::Lost { connection, side };
    }
    Change::Said(Box::new(Record {
        connection,
        side,
        time: Timestamp(5_000_000 + time * 700 - late.min(time * 700)),
        frame: FrameNumber(1),
        place: Place::default(),
        size: 1,
        missing: 0,
        found: Found::InOrder,
        via: None,
        has_heard: false,
        what: What::Message(message(kind, index)),
    }))
}

/// A conversation in which every few messages are older than those before them.
fn conversation() -> impl Strategy<Value = Vec<Change>> {
    let late = prop_oneof![4 => Just(0u64), 1 => 0u64..9_000];
    let said_by = (any::<bool>(), 0u8..31, any::<u32>(), late);
    proptest::collection::vec(said_by, 1..500).prop_map(|all| {
        let opened = Change::Opened {
            connection: ConnectionId(0),
            transport: Transport::Tcp,
            ends: [END; 2],
            opener: (Side::A, Evidence::Syn),
            first: FrameRef::default(),
        };
        std::iter::once(opened)
            .chain(all.into_iter().zip(0..).map(said))
            .collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]
    #[test]
    fn in_any_window_it_says_what_a_slow_replay_says(
        changes in conversation(),
        shapes in proptest::collection::vec(((any::<i64>(), any::<u64>()), 1u16..250), 6),
    ) {
        let (store, known) = (store(&changes), Replay::of(&changes, ConnectionId(0)));
        prop_assume!(!known.is_empty());
        let mut study = Study::new(ConnectionId(0));
        while !study.step(&store, 1000) {}
        let whole = TimeWindow::whole(&store, &study).unwrap();
        for (shape, width) in shapes {
            check(&store, &known, ConnectionId(0), window(whole, shape), width)?;
        }
        check(&store, &known, ConnectionId(0), whole, 80)?;
    }

    #[test]
    fn what_the_study_has_not_reached_is_unknown(changes in conversation(), steps in 0usize..500) {
        let (store, known) = (store(&changes), Replay::of(&changes, ConnectionId(0)));
        prop_assume!(!known.is_empty());
        let mut study = Study::new(ConnectionId(0));
        study.step(&store, steps);
        let whole = TimeWindow::whole(&store, &study).unwrap();
        let reached = &known[..steps.min(known.len())];
        for (cell, column) in (0..).zip(columns(&store, &study, whole, 80)) {
            prop_assert_eq!(column, slow(reached, whole, cell, 80));
        }
    }
}
