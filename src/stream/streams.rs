//! All connections of a capture, found by their four-tuple.

use std::collections::HashMap;
use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;

use hashbrown::HashTable;

use super::activity::Activity;
use super::connection::{Connection, Opening};
use super::utp::Lookout;
use super::{ConnectionId, Event, Evidence, FrameRef, Sender, Side, Transport};
use crate::capture::Timestamp;
use crate::packet::{Endpoint, Segment};

/// Memory of bytes that wait behind holes, in all connections together, about. Above it those that hold most give
/// up their holes, until half of it is free.
pub const MAX_HELD_BYTES: usize = 16 << 20;
/// Connections that may take memory beside their own. Above it that half of them rests which was silent longest.
pub const MAX_AWAKE: usize = 2048;
/// Nanoseconds of silence after which a connection rests.
const MAX_SILENCE: i64 = 3_600_000_000_000;
/// Nanoseconds of capture time, and segments, between two looks at connections that are silent.
const PATROL_TIME: i64 = 10_000_000_000;
const PATROL_SEGMENTS: u32 = 1024;

/// The table of connections.
///
/// A connection that rests has given up its holes, and nothing is remembered of bytes that have passed. It is not
/// ended: a later segment goes on where its streams are.
#[derive(Debug, Default)]
pub struct Streams {
    /// Numbers of connections by four-tuple. These come from strangers, so the hash is a keyed one.
    by_ends: HashTable<ConnectionId>,
    /// Those of uTP, by ends and id.
    pub(super) by_id: HashTable<ConnectionId>,
    /// The last one of uTP with an id.
    pub(super) by_base: HashMap<u16, ConnectionId>,
    pub(super) lookout: Lookout,
    pub(super) keys: RandomState,
    pub(super) connections: Vec<Connection>,
    recent: [Option<ConnectionId>; RECENT],
    pub(super) recent_utp: [Option<ConnectionId>; RECENT],
    touched: Vec<ConnectionId>,
    pub(super) ended: Vec<(ConnectionId, Activity)>,
    pub(super) awake: Vec<ConnectionId>,
    pub(super) held: usize,
    patrol: Patrol,
    finished: usize,
}

/// Connections that are found without their hash: one of those whose ports fall into each place.
pub(super) const RECENT: usize = 32;

/// When silent connections were last looked at.
#[derive(Debug, Default)]
struct Patrol {
    time: Timestamp,
    segments: u32,
}

impl Patrol {
    /// Not for each packet of a capture whose clock jumps.
    fn is_due(&mut self, now: Timestamp) -> bool {
        self.segments += 1;
        if self.segments < PATROL_SEGMENTS || now.since(self.time) < PATROL_TIME {
            return false;
        }
        *self = Patrol {
            time: now,
            segments: 0,
        };
        true
    }
}

impl Streams {
    /// Takes the next segment of the capture; `out` is told what it did, and to which connection. Gives the connection
    /// that it is of.
    pub fn push(
        &mut self,
        segment: &Segment<'_>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) -> ConnectionId {
        let known = self
            .find(segment)
            .filter(|id| !self.retire(*id, segment, out));
        let id = known.unwrap_or_else(|| self.open(segment, out));
        self.recent[recent(segment)] = Some(id);
        let connection = &mut self.connections[id.0 as usize];
        let weight = connection.weight();
        let side = connection.side(segment.src);
        connection.push(side, segment, at, &mut |event| out(id, event));
        self.took(id, weight, at.time, out);
        id
    }

    /// A connection took something, and held so much before.
    pub(super) fn took(
        &mut self,
        id: ConnectionId,
        weight: usize,
        now: Timestamp,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) {
        self.touch(id);
        let connection = &mut self.connections[id.0 as usize];
        self.held = self.held + connection.weight() - weight;
        if !connection.is_awake && connection.has_to_rest() {
            connection.is_awake = true;
            self.awake.push(id);
        }
        self.keep_bounds(now, out);
    }

    /// Packets come in trains: the connections of the last ones are the likeliest.
    fn find(&self, segment: &Segment<'_>) -> Option<ConnectionId> {
        let ends = [segment.src, segment.dst];
        let is_it = |id: &ConnectionId| {
            let known = self.connections[id.0 as usize].ends();
            *known == ends || *known == [ends[1], ends[0]]
        };
        let recent = self.recent[recent(segment)].filter(is_it);
        recent.or_else(|| self.by_ends.find(hash(&self.keys, &ends), is_it).copied())
    }

    /// True when `segment` begins another connection of the same four-tuple; the old one then is finished.
    fn retire(
        &mut self,
        id: ConnectionId,
        segment: &Segment<'_>,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) -> bool {
        let connection = &mut self.connections[id.0 as usize];
        if !connection.is_reused_by(connection.side(segment.src), segment) {
            return false;
        }
        self.end(id, out);
        let ends = [segment.src, segment.dst];
        if let Ok(old) = self
            .by_ends
            .find_entry(hash(&self.keys, &ends), |known| *known == id)
        {
            old.remove();
        }
        true
    }

    fn open(
        &mut self,
        segment: &Segment<'_>,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) -> ConnectionId {
        let id = ConnectionId(self.connections.len() as u32);
        let (src, dst) = (segment.src, segment.dst);
        let is_syn = segment.flags.syn && !segment.flags.rst;
        let (ends, opener) = match (is_syn, segment.ack) {
            (true, None) => ([src, dst], (Side::A, Evidence::Syn)),
            // A is who sent the SYN, even where the SYN-ACK is the first frame of the capture.
            (true, Some(_)) => ([dst, src], (Side::A, Evidence::Syn)),
            // Who connects seldom chooses its port: the system hands out high ones.
            (false, _) if src.port >= dst.port => ([src, dst], (Side::A, Evidence::Guess)),
            (false, _) => ([src, dst], (Side::B, Evidence::Guess)),
        };
        let opening = if is_syn {
            Opening::Syn
        } else {
            Opening::Unseen
        };
        let transport = Transport::Tcp;
        self.connections
            .push(Connection::new(transport, ends, opening));
        let (keys, connections) = (&self.keys, &self.connections);
        let rehash = |id: &ConnectionId| hash(keys, connections[id.0 as usize].ends());
        self.by_ends.insert_unique(hash(keys, &ends), id, rehash);
        out(
            id,
            Event::Opened {
                transport,
                ends,
                opener,
            },
        );
        id
    }

    pub(super) fn touch(&mut self, id: ConnectionId) {
        let connection = &mut self.connections[id.0 as usize];
        if !std::mem::replace(&mut connection.is_touched, true) {
            self.touched.push(id);
        }
    }

    /// Sees to it that no capture, however broken, fills the memory.
    fn keep_bounds(&mut self, now: Timestamp, out: &mut impl FnMut(ConnectionId, Event<'_>)) {
        if self.patrol.is_due(now) {
            self.look_around(now, out);
        }
        if self.awake.len() > MAX_AWAKE {
            let mut awake = std::mem::take(&mut self.awake);
            awake.sort_unstable_by_key(|id| self.connections[id.0 as usize].last().number);
            self.awake = awake.split_off(awake.len() / 2);
            awake.iter().for_each(|id| self.rest(*id, now, out));
        }
        if self.held > MAX_HELD_BYTES {
            self.relieve(now, out);
        }
    }

    /// Those that are awake and had no segment lately: old holes are given up, and after a long silence they rest.
    fn look_around(&mut self, now: Timestamp, out: &mut impl FnMut(ConnectionId, Event<'_>)) {
        for id in std::mem::take(&mut self.awake) {
            let connection = &mut self.connections[id.0 as usize];
            if now.since(connection.last().time) > MAX_SILENCE {
                self.rest(id, now, out);
                continue;
            }
            let weight = connection.weight();
            connection.expire(now, &mut |event| out(id, event));
            self.held = self.held + connection.weight() - weight;
            self.awake.push(id);
        }
    }

    fn rest(
        &mut self,
        id: ConnectionId,
        now: Timestamp,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) {
        self.touch(id);
        let connection = &mut self.connections[id.0 as usize];
        self.held -= connection.weight();
        connection.rest(now, &mut |event| out(id, event));
    }

    fn relieve(&mut self, now: Timestamp, out: &mut impl FnMut(ConnectionId, Event<'_>)) {
        let mut most = self.awake.clone();
        let weight = |id: &ConnectionId| self.connections[id.0 as usize].weight();
        most.sort_by_cached_key(|id| std::cmp::Reverse(weight(id)));
        for id in most {
            if self.held <= MAX_HELD_BYTES / 2 {
                return;
            }
            self.touch(id);
            let connection = &mut self.connections[id.0 as usize];
            self.held -= connection.weight();
            connection.give_up(now, &mut |event| out(id, event));
        }
    }

    /// One side of a connection, as its packets tell it.
    pub fn sender(&self, id: ConnectionId, side: Side) -> Sender {
        let connection = &self.connections[id.0 as usize];
        let [a, b] = *connection.ends();
        let ends = if side == Side::A { [a, b] } else { [b, a] };
        Sender::new(connection.transport, side, ends)
    }

    /// The connections that had segments since the last call, with their counts of now.
    pub fn take_activity(&mut self, mut out: impl FnMut(ConnectionId, Activity)) {
        for id in self.touched.drain(..) {
            let connection = &mut self.connections[id.0 as usize];
            connection.is_touched = false;
            out(id, connection.activity());
        }
        self.ended
            .drain(..)
            .for_each(|(id, activity)| out(id, activity));
    }

    pub(super) fn end(&mut self, id: ConnectionId, out: &mut impl FnMut(ConnectionId, Event<'_>)) {
        let connection = &mut self.connections[id.0 as usize];
        self.held -= connection.weight();
        if connection.is_awake {
            self.awake.retain(|awake| *awake != id);
        }
        let last = connection.finish(&mut |event| out(id, event));
        self.ended.extend(last.map(|activity| (id, activity)));
    }

    /// The capture has ended: hands on what is held, with gaps for the holes, of the next `count` connections.
    /// False when there are no more.
    pub fn finish(&mut self, count: usize, out: &mut impl FnMut(ConnectionId, Event<'_>)) -> bool {
        self.awake = Vec::new();
        let left = self.finished..self.connections.len();
        for index in left.clone().take(count) {
            self.end(ConnectionId(index as u32), out);
        }
        self.finished = left.end.min(left.start.saturating_add(count));
        self.finished < left.end
    }
}

/// Its place among the recent ones, the same for both directions.
fn recent(segment: &Segment<'_>) -> usize {
    usize::from(segment.src.port ^ segment.dst.port) % RECENT
}

/// The same for both directions.
pub(super) fn hash(keys: &RandomState, [one, other]: &[Endpoint; 2]) -> u64 {
    keys.hash_one(if one <= other {
        (one.ip, one.port, other.ip, other.port)
    } else {
        (other.ip, other.port, one.ip, one.port)
    })
}
