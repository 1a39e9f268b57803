//! Segments -> the bytes that each side of a connection sent, in order, and the gaps between them.
//!
//! Nothing is copied but what arrives out of order. Bytes are handed on as [`Event`]s while the
//! frame that carries them is still in the reader's window.

mod activity;
mod assembler;
mod connection;
mod half;
mod numbering;
mod passed;
mod repeat;
mod reread;
mod seq;
mod strain;
mod streams;
mod tcp;
#[cfg(test)]
mod tests;
mod trace;
pub mod utp;

use std::ops::Not;

pub use activity::{Activity, Closed, Closing, Direction, Mark, Moment};
pub use assembler::MAX_HELD_SEGMENTS;

pub use repeat::{Repeat, Repeats};
pub use reread::{Reread, Seeker, Sender};
pub use seq::SeqNumber;
pub use strain::{ETHERNET, Strain, Stretch, TINY, Waits};
pub use streams::{MAX_AWAKE, MAX_HELD_BYTES, Streams};
pub use trace::{Reached, Sent, Slice, Trace, Traced, Unit};

use crate::capture::{FilePosition, FrameNumber, Timestamp};
use crate::packet::Endpoint;

/// A connection's number, from 0 in order of first frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnectionId(pub u32);

impl std::fmt::Display for ConnectionId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}

/// One of the two ends of a connection. `A` sent its SYN; where that was not its first frame, the first frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Side {
    /// The first end.
    A,
    /// The other.
    B,
}

impl Side {
    /// Both, for walking through them.
    pub const BOTH: [Side; 2] = [Side::A, Side::B];

    /// Index into a pair of things that belong to the sides.
    pub fn index(self) -> usize {
        self as usize
    }
}

impl Not for Side {
    type Output = Side;

    fn not(self) -> Side {
        match self {
            Side::A => Side::B,
            Side::B => Side::A,
        }
    }
}

/// The frame something was in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrameRef {
    /// Its number in the capture.
    pub number: FrameNumber,
    /// Where to read it again.
    pub position: FilePosition,
    /// When it was captured.
    pub time: Timestamp,
}

impl FrameRef {
    /// The one that came later.
    #[must_use]
    pub fn later(self, other: FrameRef) -> FrameRef {
        if other.number > self.number {
            other
        } else {
            self
        }
    }
}

impl From<FrameRef> for Moment {
    fn from(at: FrameRef) -> Moment {
        Moment {
            number: at.number,
            time: at.time,
        }
    }
}

/// How it is known which side opened a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Evidence {
    /// It sent the SYN.
    Syn,
    /// It sent the first handshake.
    Handshake,
    /// Its connection id is the higher one (BEP 29).
    Ids,
    /// Its port is the higher one.
    Guess,
}

/// What carries the streams of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Transport {
    /// Segments of TCP (RFC 9293).
    Tcp,
    /// Datagrams of uTP (BEP 29).
    Utp {
        /// The connection id in its SYN, and in what the acceptor sends. The initiator sends the next one.
        id: u16,
    },
}

impl Transport {
    /// `tcp`, `utp`.
    pub fn name(self) -> &'static str {
        match self {
            Transport::Tcp => "tcp",
            Transport::Utp { .. } => "utp",
        }
    }

    /// The connection id of its SYN, in uTP.
    pub fn id(self) -> Option<u16> {
        match self {
            Transport::Tcp => None,
            Transport::Utp { id } => Some(id),
        }
    }
}

/// A place in a stream of uTP from which it can be read again: its sequence numbers count packets, and how many bytes
/// are before one is known by reading only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Landmark {
    /// Number of the first byte of a packet.
    pub seq: SeqNumber,
    /// Number of the packet.
    pub packet: u16,
    /// No frame that brought it, or any behind it, for the first time lies before this.
    pub since: FilePosition,
}

/// Why bytes of a stream are not in the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Missing {
    /// Their segment was not captured.
    Lost,
    /// Their segment was cut by the snap length.
    Snapped,
    /// So many packets of uTP were not captured. How many bytes they carried nobody knows: they count as none.
    Packets(u32),
}

/// What a segment did to its connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Event<'a> {
    /// The first frame of a connection.
    Opened {
        /// What carries it.
        transport: Transport,
        /// Who talks to whom; `A` first.
        ends: [Endpoint; 2],
        /// Who opened it, and how we know.
        opener: (Side, Evidence),
    },
    /// The next bytes of a stream.
    Data {
        /// Who sent them.
        side: Side,
        /// Sequence number of the first.
        seq: SeqNumber,
        /// The bytes; empty never.
        bytes: &'a [u8],
        /// The frame they were in, not always the one that put them in order.
        at: FrameRef,
    },
    /// The next bytes of a stream are not in the capture.
    Gap {
        /// Who sent them.
        side: Side,
        /// Sequence number of the first.
        seq: SeqNumber,
        /// How many.
        len: u64,
        /// Why.
        missing: Missing,
    },
    /// From here on a stream of uTP can be read again.
    Landmark {
        /// Who sends it.
        side: Side,
        /// Where.
        landmark: Landmark,
    },
    /// The SYN of this connection came behind its first frame.
    OpenedBy(Side),
    /// The segment is one of which the connection's life tells.
    Marked(Mark),
    /// Bytes came once more. What came first lies in the capture, from `since` on.
    Again {
        /// Who sent them.
        side: Side,
        /// Sequence number of the first; in uTP that of their packet.
        seq: SeqNumber,
        /// The bytes as they are now; empty never.
        bytes: &'a [u8],
        /// No frame that brought them before lies before this.
        since: FilePosition,
    },
    /// Bytes came once more with another content. The first ones are those that were, or will be, handed on.
    Conflict {
        /// Who sent them.
        side: Side,
        /// Sequence number of the first that is not the same; in uTP its place in its packet.
        seq: SeqNumber,
        /// How many are not the same.
        bytes: u64,
    },
    /// Nothing more will come of this connection: its four-tuple is used again, or the capture has ended.
    Ended,
}
