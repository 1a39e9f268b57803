//! What the store is told.

use std::sync::Arc;

use super::Tally;
use crate::capture::{FrameNumber, Layout, Timestamp};
use crate::packet::Endpoint;
use crate::stream::{Activity, ConnectionId, Evidence, FrameRef, Missing, Side};
use crate::wire::{Found, Message, Place, Reason};

/// One thing that the capture taught. Changes are made by the pipeline and may cross a thread on their way.
#[derive(Clone, Debug)]
pub enum Change {
    /// The first frame of a connection; connections come in the order of their numbers.
    Opened {
        /// Its number.
        connection: ConnectionId,
        /// Its ends, `A` first.
        ends: [Endpoint; 2],
        /// Who opened it.
        opener: (Side, Evidence),
        /// Its first frame.
        first: FrameRef,
    },
    /// A message, or a stretch that is none.
    Said(Box<Record>),
    /// From here on the messages of one side are not understood.
    Lost {
        /// Of which connection.
        connection: ConnectionId,
        /// Whose.
        side: Side,
    },
    /// Segments were seen.
    Activity {
        /// Of which connection.
        connection: ConnectionId,
        /// Its counts of now.
        activity: Activity,
    },
    /// The frame counts of now.
    Tally(Box<Tally>),
    /// The capture has another section or interface.
    Layout(Arc<Layout>),
}

/// One row of the conversation.
#[derive(Clone, Debug)]
pub struct Record {
    /// Of which connection.
    pub connection: ConnectionId,
    /// Who sent it.
    pub side: Side,
    /// When its last byte was seen in order.
    pub time: Timestamp,
    /// The frame that completed it.
    pub frame: FrameNumber,
    /// Where it begins.
    pub place: Place,
    /// Its length prefix; 68 for a handshake.
    pub size: u32,
    /// Bytes of it that are not in the capture.
    pub missing: u64,
    /// How its first byte was found.
    pub found: Found,
    /// What it is.
    pub what: What,
}

/// A message, or what stands in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// A message.
    Message(Message),
    /// Bytes that are not in the capture.
    Gap {
        /// How many.
        bytes: u64,
        /// Why.
        missing: Missing,
    },
    /// Bytes that are no message.
    Undecoded {
        /// How many.
        bytes: u64,
        /// Why.
        reason: Reason,
    },
}
