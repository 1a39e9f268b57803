//! What sequence numbers count: bytes in TCP, packets in uTP; and how far apart they may be to belong together.

use super::assembler::{Assembler, Chunk};
use super::utp::Queue;
use super::{Event, FrameRef, Landmark, Missing, SeqNumber, Side};
use crate::capture::FilePosition;

/// Bytes of a stream of uTP from one landmark to the next.
const STRIDE: u32 = 16 << 10;
/// Frames of the capture after which there is one for a side that says little: who reads again gives up before long.
const MAX_FRAMES: u32 = 4096;

/// How sequence numbers of one direction turn into bytes of its stream.
#[derive(Debug)]
pub(super) enum Numbering {
    /// They count them.
    Bytes,
    /// They count packets: bytes are counted here, as they pass.
    Packets(Box<Passed>),
}

/// Distances of numbers that are believed.
#[derive(Debug)]
pub(super) struct Limits {
    /// What lies further ahead belongs to something else.
    pub(super) ahead: u64,
    /// A FIN or RST further from what is expected is not believed.
    pub(super) plausible: u32,
    /// How much one acknowledgement alone can prove to have been sent, where none of it was captured.
    pub(super) claim: u64,
    /// How much data may overtake its own SYN.
    pub(super) before_syn: u64,
}

const BYTES: Limits = Limits {
    // No TCP window is larger (RFC 7323 section 2.3).
    ahead: 1 << 30,
    plausible: 1 << 20,
    claim: 1 << 20,
    // At most a first flight (RFC 6928: 10 segments, offloaded or not).
    before_syn: 64 << 10,
};

const PACKETS: Limits = Limits {
    // A quarter of all numbers: the capture may have lost that many.
    ahead: 1 << 14,
    // No client keeps more packets in order.
    plausible: 1024,
    claim: 1024,
    before_syn: 64,
};

/// All numbers that a packet can have.
const NUMBERS: u64 = 1 << 16;
/// A packet so far behind is one that comes late.
const MAX_BEHIND: u64 = 4096;
/// Packets in a row, near each other and far from what is expected, that show that the capture has lost more than
/// numbers can tell; and how near.
const ENOUGH_FAR: u32 = 16;
const NEAR: u64 = 64;

/// The bytes of packets that have passed.
#[derive(Debug, Default)]
pub(super) struct Passed {
    /// How many, modulo 2^32: the sequence number of the next one.
    next: u32,
    /// Where the next landmark is due, and the frame of the last one.
    landmark: u32,
    landmark_frame: u32,
    /// The packet with the highest number, and the bytes that it brought.
    latest: Option<(u64, u64)>,
    /// A packet, and the bytes of it that it did not bring when it came again: those behind it begin with them.
    excess: (u64, u64),
    /// Where the last packet was that was far from what is expected, and how many there were in a row.
    far: (u64, u32),
    /// Bytes that came twice because packets were cut in another way when they were sent again.
    pub(super) overlapping: u64,
    /// Bytes of packets that were taken for repeated ones and are new.
    pub(super) lengthened: u64,
    /// Of these, bytes that the snap length cut.
    pub(super) snapped: u64,
    /// What they stand in on their way.
    pub(super) queue: Queue,
}

/// What becomes of a packet that came before with fewer bytes.
pub(super) enum Again {
    /// Nothing: it is as it was.
    Same,
    /// So many of its bytes are new.
    Longer(u64),
}

impl Numbering {
    pub(super) fn limits(&self) -> &'static Limits {
        match self {
            Numbering::Bytes => &BYTES,
            Numbering::Packets(_) => &PACKETS,
        }
    }

    pub(super) fn assembler(&self) -> Assembler {
        match self {
            Numbering::Bytes => Assembler::default(),
            Numbering::Packets(_) => Assembler::of_packets(),
        }
    }

    /// Offsets that a payload takes.
    pub(super) fn takes(&self, len: u64) -> u64 {
        match self {
            Numbering::Bytes => len,
            Numbering::Packets(_) => 1,
        }
    }
}

impl Passed {
    /// Behind `next` bytes.
    pub(super) fn resumed(next: SeqNumber) -> Passed {
        Passed {
            next: next.0,
            landmark: next.0.wrapping_add(STRIDE),
            ..Passed::default()
        }
    }

    /// Where a packet is to be put that comes at `offset`, where what is expected begins at `next` and what was seen ends
    /// before `known`, and whether it takes a leap; `None` where it belongs to something else, as far as is known.
    pub(super) fn reach(&mut self, offset: u64, next: u64, known: u64) -> Option<(u64, bool)> {
        if offset + MAX_BEHIND >= next && offset <= known + PACKETS.ahead {
            self.far.1 = 0;
            return Some((offset, false));
        }
        let ahead = (offset + NUMBERS - known % NUMBERS) % NUMBERS;
        let place = known + ahead;
        let is_near = place.abs_diff(self.far.0) <= NEAR;
        self.far = (place, if is_near { self.far.1 + 1 } else { 1 });
        (self.far.1 == ENOUGH_FAR).then_some((place, true))
    }

    /// A packet with `len` bytes comes at `offset`. Who sends one again may cut it in another way, as behind a probe of
    /// the path that was too big, as long as nothing was sent behind it.
    pub(super) fn compare(&mut self, offset: u64, len: u64) -> Again {
        match &mut self.latest {
            Some((latest, first)) if *latest == offset => {
                self.excess = (offset, first.saturating_sub(len));
                let more = len.saturating_sub(*first);
                *first += more;
                return if more > 0 {
                    Again::Longer(more)
                } else {
                    Again::Same
                };
            }
            Some((latest, _)) if *latest > offset => {}
            latest => *latest = Some((offset, len)),
        }
        Again::Same
    }

    /// What a chunk is in bytes. `floor` is where reading again would have to begin to find what is held.
    pub(super) fn tell(
        &mut self,
        (side, origin): (Side, SeqNumber),
        chunk: Chunk<'_>,
        floor: FilePosition,
        out: &mut impl FnMut(Event<'_>),
    ) {
        match chunk {
            Chunk::Data { offset, bytes, at } => {
                let since = at.position.min(floor);
                self.mark((side, origin), offset, (at.number.0, since), out);
                let known = self.take_excess(offset, bytes.len() as u64);
                self.data(side, &bytes[known as usize..], at, out);
            }
            Chunk::Gap {
                offset,
                len,
                missing,
            } => {
                if missing == Missing::Lost && self.excess.0 < offset {
                    self.excess.1 = 0;
                }
                self.gap(side, len, missing, out);
            }
            Chunk::Again {
                offset,
                bytes,
                since,
            } => out(Event::Again {
                side,
                seq: origin + offset as u32,
                bytes,
                since,
            }),
            Chunk::Conflict { within, bytes, .. } => out(Event::Conflict {
                side,
                seq: SeqNumber(within),
                bytes,
            }),
        }
    }

    /// The next bytes of the stream.
    pub(super) fn data(
        &mut self,
        side: Side,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Event<'_>),
    ) {
        if !bytes.is_empty() {
            let seq = self.pass(bytes.len() as u64);
            out(Event::Data {
                side,
                seq,
                bytes,
                at,
            });
        }
    }

    /// Bytes that the snap length cut, or packets: how many bytes those are worth nobody knows.
    pub(super) fn gap(
        &mut self,
        side: Side,
        len: u64,
        missing: Missing,
        out: &mut impl FnMut(Event<'_>),
    ) {
        let (len, missing) = match missing {
            Missing::Lost => {
                self.landmark = self.next;
                let count = u32::try_from(len).unwrap_or(u32::MAX);
                (0, Missing::Packets(count))
            }
            missing => (len, missing),
        };
        let seq = self.pass(len);
        out(Event::Gap {
            side,
            seq,
            len,
            missing,
        });
    }

    fn pass(&mut self, len: u64) -> SeqNumber {
        let seq = SeqNumber(self.next);
        self.next = self.next.wrapping_add(len as u32);
        seq
    }

    /// How many of the first bytes of a packet came before, at the end of the one before it.
    fn take_excess(&mut self, offset: u64, len: u64) -> u64 {
        let (packet, excess) = &mut self.excess;
        if offset <= *packet {
            return 0;
        }
        let known = len.min(*excess);
        *excess -= known;
        self.overlapping += known;
        known
    }

    /// Tells of the place where a packet begins, where that is due and all of its bytes are new.
    fn mark(
        &mut self,
        (side, origin): (Side, SeqNumber),
        offset: u64,
        (frame, since): (u32, FilePosition),
        out: &mut impl FnMut(Event<'_>),
    ) {
        let is_new = self.excess.1 == 0 || offset <= self.excess.0;
        let is_far = frame.saturating_sub(self.landmark_frame) >= MAX_FRAMES;
        if is_new && (is_far || (self.next.wrapping_sub(self.landmark) as i32) >= 0) {
            self.landmark = self.next.wrapping_add(STRIDE);
            self.landmark_frame = frame;
            let landmark = Landmark {
                seq: SeqNumber(self.next),
                packet: (origin + offset as u32).0 as u16,
                since,
            };
            out(Event::Landmark { side, landmark });
        }
    }
}
