//! What can be said of a connection without looking into its streams.

use std::ops::{AddAssign, SubAssign};

use super::utp::CloseReason;
use super::{ConnectionId, Side, Strain};
use crate::capture::{FrameNumber, Timestamp};

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closing {
    /// A FIN: the sender had no more to say.
    Fin,
    /// A RST: aborted.
    Rst,
}

/// The first segment that ended a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closed {
    /// With what.
    pub how: Closing,
    /// By whom.
    pub by: Side,
    /// Why, where it was said: in uTP it can be.
    pub reason: Option<CloseReason>,
}

/// A segment of which a connection's life tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mark {
    /// It answers the SYN; there may be several, of which the first counts.
    SynAck,
    /// The one that [`Closed`] tells of.
    Close,
    /// The first of what goes on where that connection was: one of its ends has another address now, as behind a
    /// NAT that has forgotten it.
    Continues(ConnectionId),
}

/// Byte counts of one direction. What is in none of the parts of `payload` is in the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Direction {
    /// Payload bytes of its segments, repeated ones and those cut by the snap length included.
    pub payload: u64,
    /// Of these, bytes that had been sent before.
    pub duplicate: u64,
    /// Of these, bytes that came when their place in the stream had been given up as a gap, or when the stream
    /// had been taken to begin behind them.
    pub late: u64,
    /// Of these, bytes so far from the stream that they cannot belong to it.
    pub stray: u64,
    /// Of these, bytes held back behind a hole that may still be filled.
    pub held: u64,
    /// Bytes that are in `payload` and in the stream, there as gaps: the snap length cut them.
    pub snapped: u64,
}

impl AddAssign for Direction {
    fn add_assign(&mut self, other: Direction) {
        self.payload += other.payload;
        self.duplicate += other.duplicate;
        self.late += other.late;
        self.stray += other.stray;
        self.held += other.held;
        self.snapped += other.snapped;
    }
}

impl SubAssign for Direction {
    fn sub_assign(&mut self, other: Direction) {
        self.payload -= other.payload;
        self.duplicate -= other.duplicate;
        self.late -= other.late;
        self.stray -= other.stray;
        self.held -= other.held;
        self.snapped -= other.snapped;
    }
}

/// A frame, where nobody will read it again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Moment {
    /// Its number in the capture.
    pub number: FrameNumber,
    /// When it was captured.
    pub time: Timestamp,
}

/// What can be said of a connection without looking into its streams.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Activity {
    /// Its latest frame.
    pub last: Moment,
    /// Segments of both sides.
    pub segments: u32,
    /// What ended it.
    pub closed: Option<Closed>,
    /// Made with the first payload: a port scan has none.
    pub(super) ways: Option<Box<[(Direction, Strain); 2]>>,
}

impl Activity {
    /// Byte counts of one side.
    pub fn direction(&self, side: Side) -> Direction {
        let ways = self.ways.as_deref();
        ways.map_or_else(Direction::default, |both| both[side.index()].0)
    }

    /// What one side's packets suffer from; `None` before there is payload.
    pub fn strain(&self, side: Side) -> Option<&Strain> {
        Some(&self.ways.as_deref()?[side.index()].1)
    }

    /// The same, to be changed, with its byte counts.
    pub fn way_mut(&mut self, side: Side) -> &mut (Direction, Strain) {
        &mut self.ways.get_or_insert_default()[side.index()]
    }
}
