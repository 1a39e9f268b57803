//! One thing that is wrong.

use super::{Code, Severity};
use crate::capture::{FrameNumber, Timestamp};
use crate::store::{Entry, EntryId};
use crate::stream::{ConnectionId, FrameRef, Moment, Side};

/// Where a finding stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Spot {
    /// The message, where it is one.
    pub entry: Option<EntryId>,
    /// When.
    pub time: Timestamp,
    /// In which frame.
    pub frame: FrameNumber,
}

impl Spot {
    /// At an entry.
    pub fn at(id: EntryId, entry: &Entry) -> Spot {
        Spot {
            entry: Some(id),
            time: entry.time,
            frame: entry.frame,
        }
    }
}

impl From<Moment> for Spot {
    fn from(at: Moment) -> Spot {
        Spot {
            entry: None,
            time: at.time,
            frame: at.number,
        }
    }
}

impl From<FrameRef> for Spot {
    fn from(at: FrameRef) -> Spot {
        Moment::from(at).into()
    }
}

/// One thing that is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub code: Code,
    /// How bad it is; less than its rule says where a number behind it is a guess.
    pub severity: Severity,
    /// Where; none for what is said of the capture as a whole.
    pub connection: Option<ConnectionId>,
    /// Who broke it, where one side did.
    pub side: Option<Side>,
    /// At which message.
    pub spot: Spot,
    /// What happened, with its numbers: one sentence, without its full stop. It has no address, name or hash in it.
    pub message: Box<str>,
}
