//! What one side sent, read again from the capture: nothing that was handed on is kept.

use super::SeqNumber;
use crate::capture::{FilePosition, Frame, Layout, Reader, Source};
use crate::packet::{Checksums, Endpoint, Packets};

/// A capture that was read before, and how.
#[derive(Clone, Copy, Debug)]
pub struct Reread<'a> {
    /// Where its frames are.
    pub source: &'a Source,
    /// How they lie there.
    pub layout: &'a Layout,
    /// Which segments were left out.
    pub checksums: Checksums,
}

/// Who looks for bytes of one side.
pub trait Seeker {
    /// False when neither this frame nor any behind it is of use.
    fn goes_on(&self, frame: &Frame<'_>) -> bool;

    /// The payload of a segment of that side; its first byte has the number `seq`.
    fn take(&mut self, frame: &Frame<'_>, seq: SeqNumber, payload: &[u8]);
}

impl Reread<'_> {
    /// Hands on what the first of `ends` sent to the second, from the frame at `since` on.
    pub fn seek(&self, ends: [Endpoint; 2], since: FilePosition, seeker: &mut impl Seeker) {
        let mut reader = Reader::resume(self.source.clone(), self.layout, since);
        let mut packets = Packets::new(self.checksums);
        while let Some(frame) = reader.next_frame()
            && seeker.goes_on(&frame)
        {
            let Ok(found) = packets.segment(&frame) else {
                continue;
            };
            let segment = &found.segment;
            // What a RST carries is no part of the stream.
            if [segment.src, segment.dst] == ends && !segment.flags.rst {
                let seq = SeqNumber(segment.seq) + u32::from(segment.flags.syn);
                seeker.take(&frame, seq, segment.payload);
            }
        }
    }
}
