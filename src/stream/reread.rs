//! What one side sent, read again from the capture: nothing that was handed on is kept.

use super::half::Half;
use super::utp::{Kind, Packet};
use super::{Event, FrameRef, Landmark, SeqNumber, Side, Transport};
use crate::capture::{FilePosition, Frame, Layout, Reader, Source};
use crate::packet::{self, Checksums, Datagram, Endpoint, Packets, Segment};

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

/// One side of a connection, as its packets tell it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sender {
    /// Where it sends from, and where to.
    pub ends: [Endpoint; 2],
    /// The connection id in its packets, in uTP.
    pub id: Option<u16>,
}

impl Sender {
    /// One side, whose end is the first of `ends`. The initiator sends the id behind that of its SYN (BEP 29).
    pub fn new(transport: Transport, side: Side, ends: [Endpoint; 2]) -> Sender {
        let id = transport.id().map(|id| match side {
            Side::A => id.wrapping_add(1),
            Side::B => id,
        });
        Sender { ends, id }
    }

    /// What a RST carries is no part of the stream.
    fn is_of(&self, segment: &Segment<'_>) -> bool {
        self.id.is_none() && [segment.src, segment.dst] == self.ends && !segment.flags.rst
    }

    /// A packet of its that brings payload.
    fn packet<'a>(&self, datagram: &Datagram<'a>) -> Option<Packet<'a>> {
        let packet = Packet::read(datagram).filter(|packet| packet.len > 0)?;
        let is_it = [datagram.src, datagram.dst] == self.ends
            && self.id == Some(packet.header.connection)
            && matches!(packet.header.kind, Kind::Data | Kind::Fin);
        is_it.then_some(packet)
    }
}

/// Who looks for bytes of one side.
pub trait Seeker {
    /// False when neither this frame nor any behind it is of use.
    fn goes_on(&self, frame: &Frame<'_>) -> bool;

    /// The payload of a segment of that side, which the frame `at` brought; its first byte has the number `seq`, and it
    /// had `len` bytes on the wire.
    fn take(&mut self, at: FrameRef, seq: SeqNumber, payload: &[u8], len: u32);
}

impl Reread<'_> {
    /// Hands on what a side sent, segment by segment, from the frame at `since` on. Of uTP the numbers are those of the
    /// packets.
    pub fn seek(&self, sender: Sender, since: FilePosition, seeker: &mut impl Seeker) {
        let mut reader = Reader::resume(self.source.clone(), self.layout, since);
        let mut packets = Packets::new(self.checksums);
        while let Some(frame) = reader.next_frame()
            && seeker.goes_on(&frame)
        {
            let at = FrameRef {
                number: frame.number,
                position: frame.position,
                time: frame.time,
            };
            match packets.carried(&frame).map(|found| found.transport) {
                Ok(packet::Transport::Tcp(segment)) => {
                    if sender.is_of(&segment) {
                        let seq = SeqNumber(segment.seq) + u32::from(segment.flags.syn);
                        seeker.take(at, seq, segment.payload, segment.len);
                    }
                }
                Ok(packet::Transport::Udp(datagram)) => {
                    if let Some(packet) = sender.packet(&datagram) {
                        let seq = SeqNumber(u32::from(packet.header.seq));
                        seeker.take(at, seq, packet.payload, packet.len);
                    }
                }
                Err(_) => {}
            }
        }
    }

    /// The same of uTP, from a landmark on: put in order, and with the numbers of the bytes.
    pub fn seek_behind(&self, sender: Sender, landmark: Landmark, seeker: &mut impl Seeker) {
        let mut ordered = Ordered {
            half: Half::resumed(landmark),
            seeker,
        };
        self.seek(sender, landmark.since, &mut ordered);
    }
}

/// Puts packets in order for somebody else.
struct Ordered<'a, S> {
    half: Half,
    seeker: &'a mut S,
}

impl<S: Seeker> Seeker for Ordered<'_, S> {
    fn goes_on(&self, frame: &Frame<'_>) -> bool {
        self.seeker.goes_on(frame)
    }

    fn take(&mut self, at: FrameRef, packet: SeqNumber, payload: &[u8], len: u32) {
        let packet = self.half.near(packet.0 as u16);
        let seeker = &mut *self.seeker;
        self.half.insert(packet, (payload, len), at, &mut |event| {
            if let Event::Data { seq, bytes, at, .. } = event {
                seeker.take(at, seq, bytes, bytes.len() as u32);
            }
        });
    }
}
