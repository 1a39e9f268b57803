//! Where everything went: frames of the capture, bytes of a stream.

use std::collections::BTreeMap;

use crate::capture::{Frame, Timestamp};
use crate::packet::Skip;

/// Where every frame of the capture went. `frames` is the sum of `segments` and all of `skipped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames read.
    pub frames: u64,
    /// Their captured bytes.
    pub bytes: u64,
    /// Frames that carried a TCP segment.
    pub segments: u64,
    /// Frames that did not, by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// pcapng blocks that were damaged and stepped over.
    pub damaged_blocks: u64,
    /// Time of the first frame.
    pub start: Option<Timestamp>,
    /// Time of the last frame.
    pub end: Option<Timestamp>,
}

impl Tally {
    /// Counts a frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.bytes += frame.bytes.len() as u64;
        self.start.get_or_insert(frame.time);
        self.end = Some(frame.time);
    }

    /// Counts why it was not followed.
    pub fn skip(&mut self, skip: Skip) {
        *self.skipped.entry(skip).or_default() += 1;
    }
}

/// Where the bytes of one direction's stream went. The first three sum up to the length of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTally {
    /// In messages.
    pub decoded: u64,
    /// Not in the capture.
    pub gap: u64,
    /// In the capture, and no message of the peer wire protocol.
    pub undecoded: u64,
    /// Of those in the capture, bytes that were sent once more with another content, as far as that was found.
    pub conflict: u64,
}

impl StreamTally {
    /// All of it.
    pub fn total(&self) -> u64 {
        self.decoded + self.gap + self.undecoded
    }
}
