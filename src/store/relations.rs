//! What connections have to do with each other: one of TCP that stands in the place of one over uTP, and one that goes
//! on where another was.
//!
//! Clients try uTP first, and TCP when nothing comes of it. Such pairs are found as connections open; whether the
//! first came to nothing is asked of what the whole capture says of it.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Connection, Store};
use crate::packet::Endpoint;
use crate::stream::{ConnectionId, Evidence, Transport};

/// A connection of TCP that begins so long after the last packet over uTP is another attempt: nanoseconds.
const MAX_PAUSE: i64 = 30_000_000_000;
/// Attempts of a generation that are remembered, of which there are two: no client makes as many in [`MAX_PAUSE`], and
/// who scans a network takes no more memory.
const MAX_REMEMBERED: usize = 2048;

#[derive(Debug, Default)]
pub(super) struct Relations {
    /// Connections over uTP.
    utp: Vec<ConnectionId>,
    recent: HashMap<Attempt, Tried>,
    before: HashMap<Attempt, Tried>,
    /// Of a connection of TCP, the one over uTP between the same peers before it; and the other way.
    after: HashMap<ConnectionId, ConnectionId>,
    then: HashMap<ConnectionId, ConnectionId>,
    /// Of a connection, the last one before it by which the same tried to reach the same.
    earlier: HashMap<ConnectionId, ConnectionId>,
    /// Of a connection, the one that goes on where it was.
    goes_on: HashMap<ConnectionId, ConnectionId>,
}

/// Who tries to reach whom. Clients open connections from any port, and listen with both transports on one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
struct Attempt {
    from: IpAddr,
    to: Endpoint,
}

/// The latest connections of an attempt.
#[derive(Clone, Copy, Debug, Default)]
struct Tried {
    utp: Option<ConnectionId>,
    tcp: Option<ConnectionId>,
    last: Option<ConnectionId>,
}

impl Attempt {
    /// Only a SYN says for sure who opens a connection.
    fn of(connection: &Connection) -> Option<Attempt> {
        let opener = connection.opener();
        (connection.opener.1 == Evidence::Syn).then(|| Attempt {
            from: connection.real_end(opener).ip,
            to: connection.real_end(!opener),
        })
    }
}

impl Relations {
    /// The last of these has just been opened. What carries it may be known later than what was opened behind it.
    pub(super) fn opened(&mut self, connections: &[Connection]) {
        let Some(connection) = connections.last() else {
            return;
        };
        let Some(attempt) = Attempt::of(connection) else {
            return self.count(connection);
        };
        self.count(connection);
        let tried = self.tried(attempt);
        match connection.transport {
            Transport::Tcp => tried.tcp = Some(connection.id),
            Transport::Utp { .. } => tried.utp = Some(connection.id),
        }
        let before = tried.last.replace(connection.id);
        let is_behind = |utp: ConnectionId, tcp: ConnectionId| {
            let first = |id: ConnectionId| connections[id.0 as usize].first.number;
            first(utp) < first(tcp)
        };
        if let Some((utp, tcp)) = tried.utp.zip(tried.tcp)
            && is_behind(utp, tcp)
        {
            self.after.insert(tcp, utp);
            self.then.entry(utp).or_insert(tcp);
        }
        self.earlier.extend(before.map(|it| (connection.id, it)));
    }

    fn count(&mut self, connection: &Connection) {
        if connection.transport != Transport::Tcp {
            self.utp.push(connection.id);
        }
    }

    fn tried(&mut self, attempt: Attempt) -> &mut Tried {
        if self.recent.len() == MAX_REMEMBERED {
            self.before = std::mem::take(&mut self.recent);
        }
        let before = self.before.get(&attempt).copied().unwrap_or_default();
        self.recent.entry(attempt).or_insert(before)
    }

    /// `connection` goes on where another was.
    pub(super) fn goes_on(&mut self, before: ConnectionId, connection: ConnectionId) {
        self.goes_on.entry(before).or_insert(connection);
    }
}

impl Store {
    /// Has any connection gone over uTP?
    pub fn has_utp(&self) -> bool {
        !self.relations.utp.is_empty()
    }

    /// The number of a connection among those of TCP, as Wireshark counts them.
    pub fn tcp_stream(&self, connection: &Connection) -> Option<u32> {
        let utp = &self.relations.utp;
        let before = utp.partition_point(|id| *id < connection.id);
        (connection.transport == Transport::Tcp).then(|| connection.id.0 - before as u32)
    }

    /// The connection over uTP that came to nothing, and in the place of which this one of TCP was opened.
    pub fn after_utp(&self, connection: &Connection) -> Option<ConnectionId> {
        let utp = *self.relations.after.get(&connection.id)?;
        is_fallback(self.connection(utp), connection).then_some(utp)
    }

    /// The connection of TCP that was opened when this one over uTP had come to nothing.
    pub fn then_tcp(&self, connection: &Connection) -> Option<ConnectionId> {
        let tcp = *self.relations.then.get(&connection.id)?;
        is_fallback(connection, self.connection(tcp)).then_some(tcp)
    }

    /// The last connection before this one that the same opener made to the same end.
    pub fn earlier_attempt(&self, connection: &Connection) -> Option<&Connection> {
        let earlier = self.relations.earlier.get(&connection.id)?;
        Some(self.connection(*earlier))
    }

    /// The connection that goes on where this one was, under another address of an end.
    pub fn goes_on(&self, connection: &Connection) -> Option<ConnectionId> {
        self.relations.goes_on.get(&connection.id).copied()
    }
}

fn is_fallback(utp: &Connection, tcp: &Connection) -> bool {
    tcp.first.time.since(utp.activity.last.time) <= MAX_PAUSE && came_to_nothing(utp)
}

/// True when the SYN was not answered, or the connection ended before who took it said anything as a peer.
fn came_to_nothing(connection: &Connection) -> bool {
    let acceptor = !connection.opener();
    let has_spoken = connection
        .facts(acceptor)
        .is_some_and(|facts| facts.messages > 0);
    let is_hidden = connection
        .encryption()
        .is_some_and(|it| it.payload.is_some());
    let is_answered = connection.segments().syn_ack.is_some()
        || connection.activity.direction(acceptor).payload > 0;
    let is_over = connection.activity.closed.is_some() || connection.segments().close.is_some();
    !has_spoken && !is_hidden && (!is_answered || is_over)
}

#[cfg(test)]
mod tests {
    use super::super::told::{hello, said_on};
    use super::super::{Change, Store};
    use super::*;
    use crate::capture::{FrameNumber, Timestamp};
    use crate::stream::{Activity, FrameRef, Mark, Moment, Side};

    const UTP: Transport = Transport::Utp { id: 47508 };

    fn end(text: &str) -> Endpoint {
        let socket: std::net::SocketAddr = text.parse().unwrap();
        Endpoint {
            ip: socket.ip(),
            port: socket.port(),
        }
    }

    /// A SYN at a second, in the frame of a number.
    fn open(store: &mut Store, transport: Transport, [from, to]: [&str; 2], second: u32) {
        let at = FrameRef {
            number: FrameNumber(second + 1),
            time: Timestamp::from_parts(u64::from(second), 0),
            ..FrameRef::default()
        };
        let connection = ConnectionId(store.connections().len() as u32);
        store.apply(Change::Opened {
            connection,
            transport,
            ends: [from, to].map(end),
            opener: (Side::A, Evidence::Syn),
            first: at,
        });
        let mut activity = Activity::default();
        activity.last = Moment::from(at);
        store.apply(Change::Activity {
            connection,
            activity,
        });
    }

    fn pair(seconds: u32) -> Store {
        let mut store = Store::default();
        open(&mut store, UTP, ["10.0.0.1:6881", "10.0.0.2:6881"], 0);
        let tcp = ["10.0.0.1:40001", "10.0.0.2:6881"];
        open(&mut store, Transport::Tcp, tcp, seconds);
        store
    }

    fn related(store: &Store) -> [Option<u32>; 2] {
        let [utp, tcp] = [0, 1].map(|id| store.connection(ConnectionId(id)));
        let after = store.after_utp(tcp).map(|id| id.0);
        [store.then_tcp(utp).map(|id| id.0), after]
    }

    #[test]
    fn tcp_takes_the_place_of_utp_that_nobody_answered() {
        assert_eq!(related(&pair(3)), [Some(1), Some(0)]);
        assert_eq!(related(&pair(30)), [Some(1), Some(0)]);
        assert_eq!(related(&pair(31)), [None; 2], "another attempt");
    }

    #[test]
    fn utp_on_which_the_other_side_spoke_is_no_failure() {
        let mut store = pair(3);
        said_on(&mut store, ConnectionId(0), Side::A, hello(true));
        assert_eq!(related(&store), [Some(1), Some(0)]);
        said_on(&mut store, ConnectionId(0), Side::B, hello(true));
        assert_eq!(related(&store), [None; 2]);
    }

    #[test]
    fn utp_that_was_answered_has_failed_when_it_is_closed() {
        let mut store = pair(3);
        let mut mark = |mark| {
            store.apply(Change::Marked {
                connection: ConnectionId(0),
                mark,
                at: Moment::default(),
            });
            related(&store)
        };
        assert_eq!(mark(Mark::SynAck), [None; 2]);
        assert_eq!(mark(Mark::Close), [Some(1), Some(0)]);
    }

    #[test]
    fn other_peers_and_other_ports_are_no_second_attempt() {
        let mut store = Store::default();
        open(&mut store, UTP, ["10.0.0.1:6881", "10.0.0.2:6881"], 0);
        for (from, to) in [
            ("10.0.0.1:4000", "10.0.0.2:6882"),
            ("10.0.0.3:4000", "10.0.0.2:6881"),
            ("10.0.0.2:4000", "10.0.0.1:6881"),
        ] {
            open(&mut store, Transport::Tcp, [from, to], 1);
        }
        let none = store
            .connections()
            .iter()
            .all(|it| store.after_utp(it).is_none() && store.then_tcp(it).is_none());
        assert!(none);
    }

    #[test]
    fn utp_that_is_recognised_behind_its_successor_was_still_first() {
        let mut store = Store::default();
        let tcp = ["10.0.0.1:40001", "10.0.0.2:6881"];
        open(&mut store, Transport::Tcp, tcp, 3);
        open(&mut store, UTP, ["10.0.0.1:6881", "10.0.0.2:6881"], 0);
        let [tcp, utp] = [0, 1].map(|id| store.connection(ConnectionId(id)));
        assert_eq!(store.after_utp(tcp), Some(utp.id));
        assert_eq!(store.then_tcp(utp), Some(tcp.id));
    }

    #[test]
    fn a_scan_of_a_network_is_forgotten() {
        let mut store = Store::default();
        for host in 0..3 * MAX_REMEMBERED as u32 {
            let to = format!("10.{}.{}.{}:1", host >> 16, host >> 8 & 255, host & 255);
            open(&mut store, UTP, ["192.0.2.1:6881", &to], 0);
        }
        let [recent, before] = [&store.relations.recent, &store.relations.before];
        assert_eq!(recent.len() + before.len(), 2 * MAX_REMEMBERED);
        open(
            &mut store,
            Transport::Tcp,
            ["192.0.2.1:1", "10.0.23.0:1"],
            1,
        );
        let last = store.connections().last().unwrap();
        assert_eq!(store.after_utp(last), Some(ConnectionId(23 << 8)));
    }

    #[test]
    fn streams_of_tcp_are_counted_without_those_of_utp() {
        let mut store = pair(3);
        let ends = ["10.0.0.1:40002", "10.0.0.2:6881"];
        open(&mut store, Transport::Tcp, ends, 4);
        let streams = store.connections().iter().map(|it| store.tcp_stream(it));
        assert_eq!(streams.collect::<Vec<_>>(), [None, Some(0), Some(1)]);
        assert!(store.has_utp());
    }
}
