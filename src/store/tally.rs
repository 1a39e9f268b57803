//! Where everything went: frames of the capture, bytes of a stream.

use std::collections::BTreeMap;
use std::ops::AddAssign;

use super::{Record, What};
use crate::capture::{Frame, Timestamp};
use crate::packet::{Checksums, Datagram, Fate, Settled, Skip};
use crate::stream::Missing;
use crate::wire::companion::{Companion, Count, Recognised};

/// Where every frame of the capture went. `frames` is the sum of `segments`, the frames of all `datagrams` and
/// of `other_udp`, and all of `skipped`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Frames read.
    pub frames: u64,
    /// Their captured bytes.
    pub bytes: u64,
    /// Frames that carried a TCP segment.
    pub segments: u64,
    /// Frames that carried a UDP datagram of BitTorrent.
    pub datagrams: BTreeMap<Companion, Count>,
    /// Frames that carried another one.
    pub other_udp: Count,
    /// Frames that carried neither, by reason.
    pub skipped: BTreeMap<Skip, u64>,
    /// Whether a wrong checksum is a reason.
    pub checksums: Checksums,
    /// pcapng blocks that were damaged and stepped over.
    pub damaged_blocks: u64,
    /// The file ends, or cannot be read any further, in the middle of a record.
    pub is_broken_off: bool,
    /// Frames that the snap length cut.
    pub cut: u64,
    /// Frames that are older than the one before them.
    pub late: u64,
    /// By how many nanoseconds at most.
    pub behind: i64,
    /// The earliest time of a frame.
    pub start: Option<Timestamp>,
    /// The latest.
    pub end: Option<Timestamp>,
    before: Timestamp,
}

impl Tally {
    /// Counts a frame.
    pub fn frame(&mut self, frame: &Frame<'_>) {
        self.frames += 1;
        self.bytes += frame.bytes.len() as u64;
        self.cut += u64::from((frame.bytes.len() as u64) < u64::from(frame.original_len));
        self.in_order(frame.time);
        self.start = Some(self.start.map_or(frame.time, |start| start.min(frame.time)));
        self.end = self.end.max(Some(frame.time));
    }

    fn in_order(&mut self, time: Timestamp) {
        let behind = self.before.since(time);
        self.late += u64::from(behind > 0);
        self.behind = self.behind.max(behind);
        self.before = time;
    }

    /// Counts what it carried.
    pub fn datagram(&mut self, datagram: &Datagram<'_>, recognised: &Recognised) {
        self.other_udp += Count::of(datagram);
        if let Some(companion) = recognised.companion {
            let mut named = recognised.earlier;
            named += Count::of(datagram);
            *self.datagrams.entry(companion).or_default() += named;
            self.other_udp -= named;
        }
    }

    /// Counts why it was not followed.
    pub fn skip(&mut self, skip: Skip) {
        *self.skipped.entry(skip).or_default() += 1;
    }

    /// Counts fragments that were counted as waiting for what became of them.
    pub fn settle(&mut self, settled: Settled) {
        let fates = [
            (Fate::PutTogether, settled.put_together),
            (Fate::NeverWhole, settled.never_whole),
        ];
        let waiting = Skip::Fragment(Fate::Waiting);
        for (fate, count) in fates.into_iter().filter(|(_, count)| *count > 0) {
            *self.skipped.entry(waiting).or_default() -= count;
            *self.skipped.entry(Skip::Fragment(fate)).or_default() += count;
        }
        self.skipped.retain(|_, count| *count > 0);
    }
}

/// Where the bytes of one direction's stream went. The first four sum up to the length of the stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct StreamTally {
    /// In messages.
    pub decoded: u64,
    /// Not in the capture.
    pub gap: u64,
    /// Packets of uTP that are not in the capture: how many bytes they had is not known, and none are counted.
    pub gap_packets: u64,
    /// In the capture, and no message of the peer wire protocol.
    pub undecoded: u64,
    /// In the capture, of a key exchange or of what it hides.
    pub encrypted: u64,
    /// Of those in the capture, bytes that were sent once more with another content, as far as that was found.
    pub conflict: u64,
}

impl StreamTally {
    /// What an entry of `wire_len` bytes adds.
    pub(super) fn of(record: &Record, wire_len: u64) -> StreamTally {
        let mut tally = StreamTally {
            gap: record.missing,
            ..StreamTally::default()
        };
        match record.what {
            What::Message(_) => tally.decoded = wire_len - record.missing,
            What::Gap { bytes, missing } => {
                tally.gap += bytes;
                if let Missing::Packets(count) = missing {
                    tally.gap_packets = u64::from(count);
                }
            }
            What::Conflict { bytes } => tally.conflict = bytes,
            What::Undecoded { bytes, .. } => tally.undecoded = bytes,
            What::Encrypted { bytes } => tally.encrypted = bytes,
        }
        tally
    }

    /// All of it.
    pub fn total(&self) -> u64 {
        self.decoded + self.gap + self.undecoded + self.encrypted
    }
}

impl AddAssign for StreamTally {
    fn add_assign(&mut self, other: StreamTally) {
        self.decoded += other.decoded;
        self.gap += other.gap;
        self.gap_packets += other.gap_packets;
        self.undecoded += other.undecoded;
        self.encrypted += other.encrypted;
        self.conflict += other.conflict;
    }
}
