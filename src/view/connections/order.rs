//! The rows of the list: in which order, in which groups, and which of them.

use std::cmp::Reverse;
use std::collections::{BTreeSet, HashMap};

use crate::export::{torrent_name, transport_name};
use crate::findings::Findings;
use crate::packet::Endpoint;
use crate::peer::Announced;
use crate::store::{CHECKPOINT_MIN, Connection, EntryId, Store};
use crate::stream::{ConnectionId, Side};
use crate::view::PointOfView;

/// Connections of which the pieces are remembered.
const MAX_KNOWN: usize = 1024;
/// Connections in sight, above and below the selected: more rows than a screen has.
const IN_SIGHT: usize = 100;

/// What is chosen about the list, and the rows that follow from it.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// What is chosen.
    pub choice: Choice,
    /// The rows of a choice, once they are made.
    made: Option<Made>,
    making: Option<Making>,
    shares: HashMap<ConnectionId, (usize, [Option<u8>; 2])>,
}

/// Which connections, and how.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// By which column.
    pub order: Order,
    /// Which way.
    pub direction: Direction,
    /// By torrents, or all in one.
    pub groups: Groups,
    /// All, or those that speak BitTorrent.
    pub scope: Scope,
}

/// A column to sort by.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the column it is named for")]
pub enum Order {
    #[default]
    Number,
    A,
    B,
    Client,
    Torrent,
    Down,
    Up,
    Messages,
    Duration,
    State,
    Transport,
    Findings,
}

/// Smallest or largest first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Smallest first.
    #[default]
    Up,
    /// Largest first.
    Down,
}

/// Is the list a tree?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Groups {
    /// No.
    #[default]
    None,
    /// A branch for each torrent.
    Torrents,
    /// TCP and uTP.
    Transports,
}

impl Groups {
    /// The next kind of tree.
    #[must_use]
    pub fn next(self) -> Groups {
        match self {
            Groups::None => Groups::Torrents,
            Groups::Torrents => Groups::Transports,
            Groups::Transports => Groups::None,
        }
    }

    /// The branch that a connection is on; of a tree that is none, the only one.
    fn branch(self, store: &Store, connection: &Connection) -> String {
        match self {
            Groups::None => String::new(),
            Groups::Torrents => torrent(store, connection),
            Groups::Transports => transport_name(connection.transport).to_owned(),
        }
    }

    /// What stands above a branch.
    pub(super) fn title(self, store: &Store, connection: &Connection) -> String {
        match self.branch(store, connection) {
            name if name.is_empty() => "no torrent is named".to_owned(),
            name => name,
        }
    }
}

/// Which connections are in the list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Scope {
    /// All.
    #[default]
    All,
    /// Those with messages.
    BitTorrent,
}

/// A row of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Row {
    /// A torrent, by a connection of its, and how many follow.
    Group(ConnectionId, u32),
    /// A connection.
    Connection(ConnectionId),
}

#[derive(Clone, Debug)]
struct Made {
    choice: Choice,
    edition: u32,
    rows: Vec<Row>,
    places: HashMap<ConnectionId, u32>,
    /// Connections that were looked at: those behind them follow in their order.
    looked_at: usize,
    hidden: usize,
}

#[derive(Clone, Debug)]
struct Making {
    choice: Choice,
    /// Of the findings, where they are sorted by them.
    edition: u32,
    next: usize,
    sorted: BTreeSet<(Reverse<bool>, String, Key, u32)>,
    hidden: usize,
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Value {
    Number(u64),
    Numbers([u64; 3]),
    Text(String),
    End(Endpoint),
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Key {
    Up(Value),
    Down(Reverse<Value>),
}

impl Order {
    const ALL: [(Order, &'static str); 12] = [
        (Order::Number, "number"),
        (Order::A, "A"),
        (Order::B, "B"),
        (Order::Client, "client of B"),
        (Order::Torrent, "torrent"),
        (Order::Down, "bytes to A"),
        (Order::Up, "bytes to B"),
        (Order::Messages, "messages"),
        (Order::Duration, "duration"),
        (Order::State, "state"),
        (Order::Transport, "transport"),
        (Order::Findings, "findings"),
    ];

    /// The next column.
    #[must_use]
    pub fn next(self) -> Order {
        let at = Order::ALL.iter().position(|(it, _)| *it == self);
        Order::ALL[at.map_or(0, |at| (at + 1) % Order::ALL.len())].0
    }

    /// For the user.
    pub fn word(self) -> &'static str {
        let found = Order::ALL.iter().find(|(it, _)| *it == self);
        found.map_or("", |(_, word)| word)
    }

    fn value(
        self,
        store: &Store,
        findings: &Findings,
        connection: &Connection,
        [a, b]: [Side; 2],
    ) -> Value {
        let end = |side| Value::End(*connection.end(side));
        let sent = |side| {
            connection
                .facts(side)
                .map_or(0, |facts| facts.payload_bytes)
        };
        match self {
            Order::Number => Value::Number(0),
            Order::A => end(a),
            Order::B => end(b),
            Order::Client => Value::Text(connection.client(b).unwrap_or_default().to_owned()),
            Order::Torrent => Value::Text(torrent(store, connection)),
            Order::Down => Value::Number(sent(b)),
            Order::Up => Value::Number(sent(a)),
            Order::Messages => Value::Number(connection.entries().len() as u64),
            Order::Duration => {
                let nanos = connection.activity.last.time.since(connection.first.time);
                Value::Number(nanos.max(0) as u64)
            }
            Order::State => Value::Text(super::row::end(store, connection, a)),
            Order::Transport => Value::Text(connection.transport.name().to_owned()),
            Order::Findings => {
                let counts = findings.of_connection(connection.id);
                Value::Numbers([counts.errors, counts.warnings, counts.notes])
            }
        }
    }
}

/// What stands above a torrent's connections, and what they are sorted by: its name, or else its hash.
fn torrent(store: &Store, connection: &Connection) -> String {
    let name = torrent_name(store, connection).map(str::to_owned);
    let swarm = store.swarm_of(connection);
    let hash = swarm.map(|it| it.info_hash().to_string());
    match (name, hash) {
        (Some(name), Some(hash)) => format!("{name}  {}", &hash[..8]),
        (_, Some(hash)) => hash,
        _ => String::new(),
    }
}

impl State {
    /// Makes rows for so many connections more; true when all are made.
    pub fn step(
        &mut self,
        (store, findings): (&Store, &Findings),
        sides: &PointOfView,
        connections: usize,
    ) -> bool {
        let edition = match self.choice.order {
            Order::Findings => findings.edition(),
            _ => 0,
        };
        let len = store.connections().len();
        let is_made = self
            .made
            .as_ref()
            .is_some_and(|it| it.is_of(self.choice, edition) && it.looked_at == len);
        if is_made || self.choice == Choice::default() {
            self.making = None;
            return true;
        }
        let choice = self.choice;
        self.making
            .take_if(|it| (it.choice, it.edition) != (choice, edition));
        let making = self
            .making
            .get_or_insert_with(|| Making::new(choice, edition));
        if making.step((store, findings), sides, connections) {
            self.made = self.making.take().map(|making| making.end(store));
        }
        false
    }

    /// The order is another where A is.
    pub fn forget(&mut self) {
        (self.made, self.making) = (None, None);
        self.shares.clear();
    }

    /// The rows that are shown: those of the choice, or of the one before it while they are made.
    fn made(&self) -> Option<&Made> {
        self.made
            .as_ref()
            .filter(|_| self.choice != Choice::default())
    }

    /// How many rows there are.
    pub fn len(&self, store: &Store) -> usize {
        let all = store.connections().len();
        self.made()
            .map_or(all, |made| made.rows.len() + all - made.looked_at)
    }

    /// A row.
    pub fn row(&self, at: usize) -> Row {
        let Some(made) = self.made() else {
            return Row::Connection(ConnectionId(at as u32));
        };
        let behind = || made.looked_at + at - made.rows.len();
        let row = made.rows.get(at).copied();
        row.unwrap_or_else(|| Row::Connection(ConnectionId(behind() as u32)))
    }

    /// The row of a connection; of a hidden one the first.
    pub fn row_of(&self, connection: usize) -> usize {
        match self.made() {
            None => connection,
            Some(made) if connection >= made.looked_at => {
                made.rows.len() + connection - made.looked_at
            }
            Some(made) => made
                .places
                .get(&ConnectionId(connection as u32))
                .map_or(0, |at| *at as usize),
        }
    }

    /// The connection so many rows further; a torrent's row is passed over.
    pub fn moved(&self, store: &Store, connection: usize, by: isize) -> Option<usize> {
        let last = self.len(store).checked_sub(1)?;
        let from = self.row_of(connection);
        let to = from.saturating_add_signed(by).min(last);
        let is_connection = |at: &usize| matches!(self.row(*at), Row::Connection(_));
        let found = match by {
            0.. => (to..=last)
                .find(is_connection)
                .or_else(|| (0..to).rev().find(is_connection)),
            _ => (0..=to)
                .rev()
                .find(is_connection)
                .or_else(|| (to..=last).find(is_connection)),
        };
        match self.row(found?) {
            Row::Connection(id) => Some(id.0 as usize),
            Row::Group(..) => None,
        }
    }

    /// How many connections are not shown.
    pub fn hidden(&self) -> usize {
        self.made().map_or(0, |made| made.hidden)
    }

    /// Finds the shares of pieces of the connections around the selected as of a moment, at the cost of so many messages
    /// that are replayed; true when all are found.
    pub fn find_shares(
        &mut self,
        store: &Store,
        selected: usize,
        moment: EntryId,
        mut messages: usize,
    ) -> bool {
        let at = self.row_of(selected);
        let around = at.saturating_sub(IN_SIGHT)..(at + IN_SIGHT).min(self.len(store));
        for row in around {
            let Some((connection, ordinal)) = self.unknown(store, row, moment) else {
                continue;
            };
            if messages == 0 {
                return false;
            }
            let pieces = store.piece_count(connection).unwrap_or(0);
            messages = messages.saturating_sub(CHECKPOINT_MIN + pieces as usize / 32);
            if self.shares.len() >= MAX_KNOWN {
                self.shares.clear();
            }
            let found = (ordinal, shares(store, connection, ordinal));
            self.shares.insert(connection.id, found);
        }
        true
    }

    /// The connection of a row, if its shares at a moment are not yet found.
    fn unknown<'s>(
        &self,
        store: &'s Store,
        row: usize,
        moment: EntryId,
    ) -> Option<(&'s Connection, usize)> {
        let Row::Connection(id) = self.row(row) else {
            return None;
        };
        let connection = store.connections().get(id.0 as usize)?;
        let ordinal = connection.ordinal_at(moment)?;
        let is_known = self.share(connection, ordinal).is_some();
        (!is_known).then_some((connection, ordinal))
    }

    /// The shares of pieces that the sides have at an entry, in percent; `None` before they are found.
    pub fn share(&self, connection: &Connection, ordinal: usize) -> Option<[Option<u8>; 2]> {
        let (known, shares) = self.shares.get(&connection.id)?;
        (*known == ordinal).then_some(*shares)
    }
}

/// Whole percents, rounded down.
fn shares(store: &Store, connection: &Connection, ordinal: usize) -> [Option<u8>; 2] {
    let talk = store.talk_at(connection.id, ordinal);
    Side::BOTH.map(|side| {
        let pieces = &talk.peer(side).pieces;
        match (pieces.announced(), store.piece_count(connection)) {
            (Announced::All, _) => Some(100),
            (Announced::Nothing, _) | (_, None | Some(0)) => None,
            (_, Some(of)) => Some((u64::from(pieces.count(0..of)) * 100 / u64::from(of)) as u8),
        }
    })
}

impl Made {
    fn is_of(&self, choice: Choice, edition: u32) -> bool {
        (self.choice, self.edition) == (choice, edition)
    }
}

impl Making {
    fn new(choice: Choice, edition: u32) -> Making {
        Making {
            choice,
            edition,
            next: 0,
            sorted: BTreeSet::new(),
            hidden: 0,
        }
    }

    fn step(
        &mut self,
        (store, findings): (&Store, &Findings),
        sides: &PointOfView,
        connections: usize,
    ) -> bool {
        let rest = &store.connections()[self.next..];
        for connection in rest.iter().take(connections) {
            self.next += 1;
            if self.choice.scope == Scope::BitTorrent && !connection.is_bittorrent() {
                self.hidden += 1;
                continue;
            }
            let value =
                self.choice
                    .order
                    .value(store, findings, connection, sides.sides(connection));
            let key = match self.choice.direction {
                Direction::Up => Key::Up(value),
                Direction::Down => Key::Down(Reverse(value)),
            };
            let group = self.choice.groups.branch(store, connection);
            let number = match self.choice.direction {
                Direction::Down if self.choice.order == Order::Number => u32::MAX - connection.id.0,
                _ => connection.id.0,
            };
            self.sorted
                .insert((Reverse(!group.is_empty()), group, key, number));
        }
        self.next == store.connections().len()
    }

    fn end(self, store: &Store) -> Made {
        let is_turned =
            (self.choice.direction, self.choice.order) == (Direction::Down, Order::Number);
        let (mut rows, mut before, mut head) = (Vec::new(), None, 0);
        for (_, group, _, number) in self.sorted {
            let id = ConnectionId(if is_turned { u32::MAX - number } else { number });
            if self.choice.groups != Groups::None && before.as_ref() != Some(&group) {
                (before, head) = (Some(group), rows.len());
                rows.push(Row::Group(id, 0));
            }
            if let Some(Row::Group(_, count)) = rows.get_mut(head) {
                *count += 1;
            }
            rows.push(Row::Connection(id));
        }
        debug_assert!(rows.len() <= store.connections().len() * 2);
        let places = (0..).zip(&rows).filter_map(|(at, row)| match row {
            Row::Connection(id) => Some((*id, at)),
            Row::Group(..) => None,
        });
        Made {
            choice: self.choice,
            edition: self.edition,
            places: places.collect(),
            looked_at: self.next,
            hidden: self.hidden,
            rows,
        }
    }
}
