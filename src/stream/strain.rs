//! What a direction suffers from on its way. It shows in single segments, and nobody keeps those.

use super::Moment;
use crate::capture::Timestamp;

/// Payload above which a segment cannot have crossed an Ethernet as it was captured.
pub const ETHERNET: u32 = 1500;
/// Payload of a packet below which its header weighs too much.
pub const TINY: u32 = 400;

/// Nanoseconds below which a stretch is not worth a place in memory.
const WORTH: i64 = 100_000_000;
/// Nanoseconds within which a mirror port, or a capture of all interfaces, brings the same segment twice.
const MIRRORED: u64 = 2_000_000;
/// Nanoseconds between two marks.
const STRIDE: u64 = 1_000_000;

/// A stretch of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stretch {
    /// How long it was, in nanoseconds.
    pub nanos: i64,
    /// The frame that tells of it.
    pub at: Moment,
}

/// The longest stretches of a direction in which something was wrong, where they are above a tenth of a second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waits {
    /// Bytes waited behind a hole, up to the frame that filled it.
    pub hole: Stretch,
    /// Its sender had no room for what the other side has to say, from the frame on that said so.
    pub closed: Stretch,
    /// What it sent over uTP stood in queues for more than [`super::utp::LONG_QUEUE`], from this frame of the
    /// receiver on.
    pub queue: Stretch,
    /// The least and the most of these delays, in microseconds.
    pub queued: [u32; 2],
}

/// What a direction suffers from on its way, as far as there is payload on its connection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strain {
    /// Its segments, or packets of uTP, behind the first that has or acknowledges payload.
    pub segments: u32,
    /// Those with payload.
    pub carriers: u32,
    /// Of these, those with more than [`ETHERNET`] bytes.
    pub oversized: u32,
    /// Bytes of the largest.
    pub largest: u32,
    /// Payload bytes in those with less than [`TINY`] bytes.
    pub tiny: u64,
    /// Bytes that came twice within two milliseconds: no sender is that fast.
    pub mirrored: u64,
    /// Made with the first.
    waits: Option<Box<Waits>>,
}

impl Strain {
    /// Its longest waits.
    pub fn waits(&self) -> Waits {
        self.waits.as_deref().copied().unwrap_or_default()
    }

    /// The same, to be changed.
    pub fn waits_mut(&mut self) -> &mut Waits {
        self.waits.get_or_insert_default()
    }
}

/// True when something was so long ago, or will be where the clock went back.
#[inline]
fn is_older(then: Timestamp, now: Timestamp, nanos: u64) -> bool {
    now.0.wrapping_sub(then.0) > nanos
}

/// What counts it.
#[derive(Debug, Default)]
pub(super) struct Gauge {
    pub(super) strain: Strain,
    /// Since when its sender has no room, and when it said so last.
    closed: Option<(Moment, Timestamp)>,
    /// Where the stream was, and when: now and a millisecond ago.
    marks: [(u64, Timestamp); 2],
}

impl Gauge {
    /// A segment brings `len` bytes of payload for an offset; of these, `again` came before.
    #[inline]
    pub(super) fn carry(&mut self, len: u32, offset: u64, again: u64, now: Timestamp) {
        let strain = &mut self.strain;
        strain.carriers = strain.carriers.wrapping_add(1);
        if len < TINY {
            strain.tiny += u64::from(len);
        } else if len > ETHERNET {
            strain.oversized = strain.oversized.wrapping_add(1);
        }
        if len > strain.largest {
            strain.largest = len;
        }
        if again > 0 {
            self.repeat(offset, again, now);
        } else if is_older(self.marks[0].1, now, STRIDE) {
            self.marks = [(offset, now), self.marks[0]];
        }
    }

    /// Was it sent a moment ago? Numbers grow with time.
    #[cold]
    fn repeat(&mut self, offset: u64, again: u64, now: Timestamp) {
        let is_fresh =
            |(mark, at): &(u64, Timestamp)| offset >= *mark && !is_older(*at, now, MIRRORED);
        if self.marks.iter().any(is_fresh) {
            self.strain.mirrored += again;
        }
    }

    /// A hole was filled behind which bytes had waited.
    #[cold]
    pub(super) fn fill(&mut self, nanos: i64, at: Moment) {
        if nanos >= WORTH && nanos > self.strain.waits().hole.nanos {
            self.strain.waits_mut().hole = Stretch { nanos, at };
        }
    }

    /// Has the sender of the direction said that it has no room, and nothing since?
    #[inline]
    pub(super) fn is_closed(&self) -> bool {
        self.closed.is_some()
    }

    /// It has no room.
    #[cold]
    pub(super) fn close(&mut self, at: Moment) {
        let (since, until) = self.closed.get_or_insert((at, at.time));
        *until = at.time;
        let (since, until) = (*since, *until);
        self.was_closed(since, until);
    }

    /// It has room again.
    #[cold]
    pub(super) fn open(&mut self, now: Timestamp) {
        if let Some((since, _)) = self.closed.take() {
            self.was_closed(since, now);
        }
    }

    /// The other side sends as if there were room: what said so was not captured.
    #[cold]
    pub(super) fn forget_closed(&mut self) {
        self.closed = None;
    }

    fn was_closed(&mut self, since: Moment, until: Timestamp) {
        let nanos = until.since(since.time);
        if nanos >= WORTH && nanos > self.strain.waits().closed.nanos {
            self.strain.waits_mut().closed = Stretch { nanos, at: since };
        }
    }

    /// What it sent stood in queues for a while.
    pub(super) fn stood(&mut self, stretch: Stretch, queued: [u32; 2]) {
        if stretch.nanos >= WORTH && stretch.nanos > self.strain.waits().queue.nanos {
            let waits = self.strain.waits_mut();
            (waits.queue, waits.queued) = (stretch, queued);
        }
    }
}
