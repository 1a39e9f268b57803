//! The transport of one connection, as far as its packets were read again.

use super::course::Course;
use super::meter::{Meter, Scale};
use crate::capture::Source;
use crate::store::{Connection, Store};
use crate::stream::{ConnectionId, Reached, Reread, Sent, Side, Slice, Trace, Traced};

/// What is read at a time: some five milliseconds.
const SLICE: Slice = Slice {
    frames: 8192,
    bytes: 4 << 20,
};

/// A connection whose packets are read again.
#[derive(Debug)]
pub struct Tracing {
    connection: ConnectionId,
    trace: Trace,
    meter: Meter,
    course: Course,
    reached: Reached,
}

impl Tracing {
    /// Before the first packet. `None` before the capture's layout is known.
    pub fn new(store: &Store, source: &Source, connection: &Connection) -> Option<Tracing> {
        let capture = Reread {
            source,
            layout: store.layout()?,
            checksums: store.tally().checksums,
        };
        let traced = Traced {
            transport: connection.transport,
            ends: Side::BOTH.map(|side| connection.real_end(side)),
            first: connection.first,
        };
        Some(Tracing {
            connection: connection.id,
            trace: Trace::new(capture, traced),
            meter: Meter::new(connection.transport),
            course: Course::default(),
            reached: Reached::Some,
        })
    }

    /// Whose packets they are.
    pub fn connection(&self) -> ConnectionId {
        self.connection
    }

    /// Reads on. True when it has caught up with the connection, which may grow.
    pub fn step(&mut self, store: &Store) -> bool {
        let last = store.connection(self.connection).activity.last;
        let (meter, course) = (&mut self.meter, &mut self.course);
        let mut take = |sent: &Sent<'_>| course.push(meter.take(sent));
        self.reached = self.trace.step(last, SLICE, &mut take);
        self.has_caught_up()
    }

    /// Was all read that is known of the connection?
    pub fn has_caught_up(&self) -> bool {
        self.reached == Reached::Last
    }

    /// Frames that were read, of so many.
    pub fn progress(&self, store: &Store) -> (u32, u32) {
        let last = store.connection(self.connection).activity.last;
        self.trace.progress(last)
    }

    /// What was measured so far.
    pub fn course(&self) -> &Course {
        &self.course
    }

    /// What the windows of a side are counted in.
    pub fn scale(&self, side: Side) -> Scale {
        self.meter.scale(side)
    }
}
