//! The packets of one connection, read again from the capture in slices: nothing of them was kept.

use super::utp::{self, Kind};
use super::{FrameRef, Moment, Reread, Side, Transport};
use crate::capture::{Frame, Reader};
use crate::packet::{self, Datagram, Endpoint, Packets, Segment};

/// Frames looked through for the first of a connection: it stands where reading begins, or a few fragments behind.
const MAX_SOUGHT: u32 = 100_000;

/// Whose packets are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Traced {
    /// What carries the connection.
    pub transport: Transport,
    /// Its ends; [`Side`] is the index. In uTP `A` is the initiator.
    pub ends: [Endpoint; 2],
    /// Its first frame.
    pub first: FrameRef,
}

/// A packet of the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent<'a> {
    /// Who sent it.
    pub by: Side,
    /// The frame it was in.
    pub at: Moment,
    /// What it is.
    pub unit: Unit<'a>,
}

/// What a connection sends at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit<'a> {
    /// A segment of TCP.
    Segment(Segment<'a>),
    /// A packet of uTP.
    Packet(utp::Packet<'a>),
}

/// How much is read before somebody else has a turn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Slice {
    /// So many frames at most.
    pub frames: u32,
    /// The last one begins before so many bytes were read.
    pub bytes: u64,
}

/// Is there more to read?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reached {
    /// Read on.
    Some,
    /// All that is known of the connection; it may grow.
    Last,
}

/// A connection that is being read again, as far as that got.
#[derive(Debug)]
pub struct Trace {
    reader: Reader,
    packets: Packets,
    traced: Traced,
    anchor: Anchor,
    /// Frames that were read.
    read: u32,
}

/// Where the frames stand in the capture: a reader counts from the first one that it reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Anchor {
    /// The first frame of the connection was not met yet.
    Sought,
    /// So many frames lie before the first that was read.
    Behind(u32),
    /// The first frame is in a file that is no longer kept: only times tell where the connection ends.
    Lost,
}

impl Trace {
    /// Before its first packet.
    pub fn new(capture: Reread<'_>, traced: Traced) -> Trace {
        Trace {
            reader: Reader::resume(
                capture.source.clone(),
                capture.layout,
                traced.first.position,
            ),
            packets: Packets::new(capture.checksums),
            traced,
            anchor: Anchor::Sought,
            read: 0,
        }
    }

    /// Reads on, up to the frame that is known as the last of the connection: what its ends say behind that is of
    /// another one.
    pub fn step(
        &mut self,
        last: Moment,
        slice: Slice,
        take: &mut impl FnMut(&Sent<'_>),
    ) -> Reached {
        let (mut frames, mut bytes) = (0, 0);
        while !self.is_at(last) {
            if frames == slice.frames || bytes >= slice.bytes {
                return Reached::Some;
            }
            let Some(frame) = self.reader.next_frame() else {
                return Reached::Last;
            };
            (self.read, frames) = (frame.number.0, frames + 1);
            bytes += frame.bytes.len() as u64;
            if self.anchor == Anchor::Lost && frame.time > last.time {
                return Reached::Last;
            }
            let sent = sent(&mut self.packets, &frame, &self.traced);
            if let Some((by, unit)) = sent {
                let at = self.anchor.moment(&frame, self.traced.first);
                take(&Sent { by, at, unit });
            }
        }
        Reached::Last
    }

    /// Frames of the connection's time that were read, of so many.
    pub fn progress(&self, last: Moment) -> (u32, u32) {
        let all = last.number.0.saturating_sub(self.traced.first.number.0) + 1;
        (self.read.min(all), all)
    }

    fn is_at(&self, last: Moment) -> bool {
        match self.anchor {
            Anchor::Sought => self.read >= MAX_SOUGHT,
            Anchor::Behind(ahead) => self.read.saturating_add(ahead) >= last.number.0,
            Anchor::Lost => false,
        }
    }
}

impl Anchor {
    /// Which frame of the capture it is. The first packet of the connection tells where reading began.
    fn moment(&mut self, frame: &Frame<'_>, first: FrameRef) -> Moment {
        if *self == Anchor::Sought {
            *self = match first.number.0.checked_sub(frame.number.0) {
                Some(ahead) if frame.time == first.time => Anchor::Behind(ahead),
                _ => Anchor::Lost,
            };
        }
        let mut number = frame.number;
        if let Anchor::Behind(ahead) = self {
            number.0 = number.0.saturating_add(*ahead);
        }
        Moment {
            number,
            time: frame.time,
        }
    }
}

/// What a frame carries of the connection.
fn sent<'a>(
    packets: &'a mut Packets,
    frame: &Frame<'a>,
    traced: &Traced,
) -> Option<(Side, Unit<'a>)> {
    match (packets.carried(frame).ok()?.transport, traced.transport) {
        (packet::Transport::Tcp(segment), Transport::Tcp) => {
            let by = traced.sender([segment.src, segment.dst])?;
            Some((by, Unit::Segment(segment)))
        }
        (packet::Transport::Udp(datagram), Transport::Utp { id }) => {
            let (by, packet) = traced.packet(&datagram, id)?;
            Some((by, Unit::Packet(packet)))
        }
        _ => None,
    }
}

impl Traced {
    fn sender(&self, ends: [Endpoint; 2]) -> Option<Side> {
        let sides = Side::BOTH.into_iter();
        let mut senders = sides.filter(|side| {
            let other = (!*side).index();
            [self.ends[side.index()], self.ends[other]] == ends
        });
        senders.next()
    }

    /// The packet in a datagram, if its id is that which its sender has: several connections may have the same ends.
    fn packet<'a>(&self, datagram: &Datagram<'a>, id: u16) -> Option<(Side, utp::Packet<'a>)> {
        let by = self.sender([datagram.src, datagram.dst])?;
        let packet = utp::Packet::read(datagram)?;
        let next = id.wrapping_add(1);
        let is_of_it = match (packet.header.kind, by == Side::A) {
            (Kind::Syn, is_initiator) => is_initiator && packet.header.connection == id,
            // Who does not know a connection gives its id back as it came.
            (Kind::Reset, _) => [id, next].contains(&packet.header.connection),
            (_, true) => packet.header.connection == next,
            (_, false) => packet.header.connection == id,
        };
        is_of_it.then_some((by, packet))
    }
}

#[cfg(test)]
mod tests {
    use super::super::utp::Header;
    use super::*;
    use crate::capture::{FrameNumber, Source, Timestamp};
    use crate::packet::Checksums;
    use hex_literal::hex;

    const ENDS: [u16; 2] = [6881, 51413];

    /// A datagram from one of the ends to the other, in IP.
    fn udp(from: usize, payload: &[u8]) -> Vec<u8> {
        let ports = [ENDS[from], ENDS[1 - from]].map(u16::to_be_bytes).concat();
        let len = |head: usize| ((head + payload.len()) as u16).to_be_bytes();
        [
            &hex!("4500")[..],
            &len(28),
            &hex!("00000000 4011 0000 7f000001 7f000001"),
            &ports,
            &len(8),
            &hex!("0000"),
            payload,
        ]
        .concat()
    }

    fn utp(from: usize, kind: u8, id: u16) -> Vec<u8> {
        let mut packet = vec![kind << 4 | 1, 0];
        packet.extend(id.to_be_bytes());
        packet.resize(20, 0);
        if kind == 0 {
            packet.push(b'x');
        }
        udp(from, &packet)
    }

    /// A capture of raw IP, a frame a second.
    fn capture(frames: &[Vec<u8>]) -> Source {
        let mut file = hex!("d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000").to_vec();
        for (second, frame) in (0_u32..).zip(frames) {
            let len = (frame.len() as u32).to_le_bytes();
            file.extend([second.to_le_bytes(), [0; 4], len, len].concat());
            file.extend(frame);
        }
        Source::Memory(file.leak())
    }

    fn moment(number: u32) -> Moment {
        Moment {
            number: FrameNumber(number),
            time: Timestamp::from_parts(u64::from(number) - 1, 0),
        }
    }

    fn traced(number: u32, reader: &mut Reader) -> Traced {
        let mut frame = None;
        for _ in 0..number {
            frame = reader.next_frame().map(|it| it.position);
        }
        Traced {
            transport: Transport::Utp { id: 7 },
            ends: ENDS.map(|port| Endpoint {
                ip: std::net::Ipv4Addr::LOCALHOST.into(),
                port,
            }),
            first: FrameRef {
                number: FrameNumber(number),
                position: frame.unwrap(),
                time: moment(number).time,
            },
        }
    }

    /// Numbers of the frames from `first` to `last` that are of the connection with the id 7, read `frames` at a time.
    fn found(frames: &[Vec<u8>], first: u32, last: u32, frames_of_slice: u32) -> Vec<u32> {
        let source = capture(frames);
        let mut reader = Reader::new(source.clone(), "test").unwrap();
        let traced = traced(first, &mut reader);
        let capture = Reread {
            source: &source,
            layout: reader.layout(),
            checksums: Checksums::Ignored,
        };
        let mut trace = Trace::new(capture, traced);
        let slice = Slice {
            frames: frames_of_slice,
            bytes: u64::MAX,
        };
        let mut found = Vec::new();
        let mut take = |sent: &Sent<'_>| found.push(sent.at.number.0);
        while trace.step(moment(last), slice, &mut take) == Reached::Some {}
        found
    }

    fn dialogue() -> Vec<Vec<u8>> {
        vec![
            udp(0, b"no packet"),
            utp(0, 4, 7),
            utp(1, 2, 7),
            utp(0, 0, 8),
            // The ids of the other sender, and of another connection.
            utp(0, 0, 7),
            utp(1, 0, 8),
            utp(0, 0, 9),
            utp(1, 0, 7),
            utp(1, 3, 8),
            utp(0, 4, 7),
        ]
    }

    #[test]
    fn packets_of_a_connection_have_the_ids_of_their_senders() {
        assert_eq!(found(&dialogue(), 2, 9, 100), [2, 3, 4, 8, 9]);
    }

    #[test]
    fn slices_of_any_length_give_the_same() {
        for frames in 1..12 {
            assert_eq!(found(&dialogue(), 2, 9, frames), [2, 3, 4, 8, 9]);
        }
    }

    #[test]
    fn what_comes_behind_the_last_is_of_another_connection() {
        assert_eq!(found(&dialogue(), 2, 4, 100), [2, 3, 4]);
    }

    #[test]
    fn a_connection_whose_first_frame_is_gone_is_followed_by_time() {
        let source = capture(&dialogue());
        let mut reader = Reader::new(source.clone(), "test").unwrap();
        let mut traced = traced(2, &mut reader);
        traced.first.time = Timestamp(5);
        let capture = Reread {
            source: &source,
            layout: reader.layout(),
            checksums: Checksums::Ignored,
        };
        let mut kinds = Vec::new();
        let mut take = |sent: &Sent<'_>| {
            if let Unit::Packet(utp::Packet {
                header: Header { kind, .. },
                ..
            }) = sent.unit
            {
                kinds.push(kind);
            }
        };
        let slice = Slice {
            frames: 100,
            bytes: 1 << 20,
        };
        let mut trace = Trace::new(capture, traced);
        trace.step(moment(4), slice, &mut take);
        assert_eq!(kinds, [Kind::Syn, Kind::State, Kind::Data]);
    }
}
