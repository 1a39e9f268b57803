//! A segment that was sent again, held against the bytes that came first.

use super::assembler::difference;
use super::{ConnectionId, FrameRef, SeqNumber, Side};
use crate::capture::{FilePosition, Layout, Reader, Source};
use crate::packet::{Endpoint, Packets, Segment};

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
        source: &Source,
        layout: &Layout,
        read: u64,
        mut out: impl FnMut(&Repeat, SeqNumber, u64),
    ) {
        for repeat in self.waiting.drain(..) {
            if self.compared >= COMPARED + read / COMPARED_EVERY {
                continue;
            }
            self.compared += 1;
            if let Some((seq, bytes)) = repeat.difference(source, layout) {
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
    /// Their sender and their receiver.
    pub ends: [Endpoint; 2],
    /// Sequence number of the first.
    pub seq: SeqNumber,
    /// As they came now.
    pub bytes: Vec<u8>,
    /// No frame that brought them before lies before this.
    pub since: FilePosition,
    /// The frame in which they came now.
    pub at: FrameRef,
}

impl Repeat {
    /// The first byte that is not the same as when it came first, and how many are not. `None` where all are, and
    /// where the first ones cannot be read again: nothing is claimed of those.
    pub fn difference(&self, source: &Source, layout: &Layout) -> Option<(SeqNumber, u64)> {
        let mut reader = Reader::resume(source.clone(), layout, self.since);
        let mut packets = Packets::default();
        let mut first: Vec<Option<u8>> = vec![None; self.bytes.len()];
        let mut missing = first.len();
        while missing > 0
            && let Some(frame) = reader.next_frame()
            && frame.position < self.at.position
            && frame.number.0 <= MAX_FRAMES
        {
            match packets.segment(&frame) {
                Ok(found) if [found.segment.src, found.segment.dst] == self.ends => {
                    missing -= self.take(&found.segment, &mut first);
                }
                _ => {}
            }
        }
        let first: Vec<u8> = first
            .iter()
            .zip(&self.bytes)
            .map(|(first, again)| first.unwrap_or(*again))
            .collect();
        let (at, count) = difference(&first, &self.bytes)?;
        Some((self.seq + at as u32, count))
    }

    /// Takes what is new of a segment and gives how many bytes that are: the first ones count.
    fn take(&self, segment: &Segment<'_>, first: &mut [Option<u8>]) -> usize {
        let start = SeqNumber(segment.seq) + u32::from(segment.flags.syn);
        let offset = i64::from(start.since(self.seq));
        let from = offset.max(0);
        let to = (offset + segment.payload.len() as i64).min(first.len() as i64);
        if from >= to || segment.flags.rst {
            return 0;
        }
        let bytes = &segment.payload[(from - offset) as usize..(to - offset) as usize];
        let places = first[from as usize..to as usize].iter_mut();
        let mut new = 0;
        for (place, byte) in places.zip(bytes).filter(|(place, _)| place.is_none()) {
            *place = Some(*byte);
            new += 1;
        }
        new
    }
}
