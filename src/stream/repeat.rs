//! A segment that was sent again, held against the bytes that came first.

use super::assembler::difference;
use super::reread::{Reread, Seeker, Sender};
use super::{ConnectionId, FrameRef, SeqNumber, Side, Streams};
use crate::capture::{FilePosition, Frame};

/// Frames that are looked through at most.
const MAX_FRAMES: u32 = 4096;

/// Repeated segments that are compared with what came first in any capture, and one more for each of so many bytes:
/// each is a look into another part of the file, and looking costs less than a quarter of reading.
const COMPARED: u64 = 256;
const COMPARED_EVERY: u64 = 1 << 20;

/// Segments that came again and were not compared yet.
#[derive(Debug, Default)]
pub struct Repeats {
    waiting: Vec<Repeat>,
    compared: u64,
}

impl Repeats {
    /// Another one.
    pub fn push(&mut self, repeat: Repeat) {
        self.waiting.push(repeat);
    }

    /// Holds those that wait against what came first. `out` is told of those that differ: from which byte on, and in
    /// how many. `read` bytes of the capture were read so far.
    pub fn compare(
        &mut self,
        capture: Reread<'_>,
        streams: &Streams,
        read: u64,
        mut out: impl FnMut(&Repeat, SeqNumber, u64),
    ) {
        for repeat in self.waiting.drain(..) {
            if self.compared >= COMPARED + read / COMPARED_EVERY {
                continue;
            }
            self.compared += 1;
            let sender = streams.sender(repeat.connection, repeat.side);
            if let Some((seq, bytes)) = repeat.difference(capture, sender) {
                out(&repeat, seq, bytes);
            }
        }
    }
}

/// Bytes that came again. What came first is read from the capture: nothing that was handed on is kept.
#[derive(Clone, Debug)]
pub struct Repeat {
    /// Of which connection.
    pub connection: ConnectionId,
    /// Who sent them.
    pub side: Side,
    /// Sequence number of the first; in uTP that of their packet.
    pub seq: SeqNumber,
    /// As they came now.
    pub bytes: Vec<u8>,
    /// No frame that brought them before lies before this.
    pub since: FilePosition,
    /// The frame in which they came now.
    pub at: FrameRef,
}

impl Repeat {
    /// The first byte that is not the same as when it came first, in uTP by its place in the packet, and how many are not. `None` where all are, and
    /// where the first ones cannot be read again: nothing is claimed of those.
    fn difference(&self, capture: Reread<'_>, sender: Sender) -> Option<(SeqNumber, u64)> {
        let mut firsts = Firsts {
            repeat: self,
            is_packet: sender.id.is_some(),
            bytes: vec![None; self.bytes.len()],
            missing: self.bytes.len(),
        };
        capture.seek(sender, self.since, &mut firsts);
        let pairs = firsts.bytes.iter().zip(&self.bytes);
        let first: Vec<u8> = pairs
            .map(|(first, again)| first.unwrap_or(*again))
            .collect();
        let (at, count) = difference(&first, &self.bytes)?;
        let first = if sender.id.is_some() {
            SeqNumber(0)
        } else {
            self.seq
        };
        Some((first + at as u32, count))
    }
}

/// The bytes that came first, as far as they were found.
struct Firsts<'a> {
    repeat: &'a Repeat,
    /// Numbers are those of packets.
    is_packet: bool,
    bytes: Vec<Option<u8>>,
    missing: usize,
}

impl Firsts<'_> {
    /// From the first byte to one with this number; none where they are of another packet.
    fn offset(&self, seq: SeqNumber) -> Option<i64> {
        let since = seq.since(self.repeat.seq);
        if self.is_packet {
            return (since as u16 == 0).then_some(0);
        }
        Some(i64::from(since))
    }
}

impl Seeker for Firsts<'_> {
    fn goes_on(&self, frame: &Frame<'_>) -> bool {
        self.missing > 0 && frame.position < self.repeat.at.position && frame.number.0 <= MAX_FRAMES
    }

    fn take(&mut self, _: FrameRef, seq: SeqNumber, payload: &[u8], _: u32) {
        let Some(offset) = self.offset(seq) else {
            return;
        };
        let from = offset.max(0);
        let to = (offset + payload.len() as i64).min(self.bytes.len() as i64);
        if from >= to {
            return;
        }
        let bytes = &payload[(from - offset) as usize..(to - offset) as usize];
        let places = self.bytes[from as usize..to as usize].iter_mut();
        for (place, byte) in places.zip(bytes).filter(|(place, _)| place.is_none()) {
            *place = Some(*byte);
            self.missing -= 1;
        }
    }
}
