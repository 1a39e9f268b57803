//! Who could know of what: whether the sender of a message had acknowledged the word of the other side that takes back
//! what it is about. A request that crosses a choke on its way breaks no rule.

use crate::capture::FrameNumber;
use crate::packet::{Carried, Transport};
use crate::store::{Change, Record, What};
use crate::stream::utp;
use crate::stream::{FrameRef, SeqNumber};
use crate::wire::Message;

/// How far a frame goes in the stream of its sender, and what that has of the other's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// Nothing is known of it.
    Unknown,
    /// A segment has this acknowledgement number.
    Segment { ack: SeqNumber },
    /// A packet of uTP has this number, and acknowledges that one.
    Packet { number: u16, ack: u16 },
}

impl Reach {
    pub(super) fn of(carried: &Carried<'_>) -> Reach {
        match &carried.transport {
            Transport::Tcp(segment) => segment.ack.map_or(Reach::Unknown, |ack| Reach::Segment {
                ack: SeqNumber(ack),
            }),
            Transport::Udp(datagram) => {
                utp::Packet::read(datagram).map_or(Reach::Unknown, |packet| Reach::Packet {
                    number: packet.header.seq,
                    ack: packet.header.ack,
                })
            }
        }
    }
}

/// Of each side, where its last word that takes something back ends.
#[derive(Debug, Default)]
pub(super) struct Causality {
    chokes: [End; 2],
    cancels: [End; 2],
}

/// Where a message ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum End {
    /// There was none.
    #[default]
    Never,
    /// Nobody can say where: it was put together late.
    Unknown,
    /// Behind this byte.
    Byte(SeqNumber),
    /// In this packet.
    Packet(u16),
}

impl End {
    fn of(record: &Record, (now, reach): (FrameRef, Reach)) -> End {
        match reach {
            Reach::Segment { .. } => End::Byte(record.place.seq + record.size + 4),
            Reach::Packet { number, .. } if is_whole_in(record, now.number) => End::Packet(number),
            _ => End::Unknown,
        }
    }

    fn is_acknowledged_by(self, reach: Reach) -> bool {
        match (self, reach) {
            (End::Never, _) => true,
            (End::Byte(end), Reach::Segment { ack }) => ack.since(end) >= 0,
            (End::Packet(end), Reach::Packet { ack, .. }) => ack.wrapping_sub(end) as i16 >= 0,
            _ => false,
        }
    }
}

impl Causality {
    /// Marks what is said in the frame `now`. What began in another frame was sent before: that one told what its sender
    /// had, and nobody remembers.
    pub(super) fn tell(&mut self, changes: &mut [Change], (now, reach): (FrameRef, Reach)) {
        for change in changes {
            let Change::Said(record) = change else {
                continue;
            };
            let What::Message(message) = &record.what else {
                continue;
            };
            let (own, other) = (record.side.index(), (!record.side).index());
            let taken_back = match message {
                Message::Choke => {
                    self.chokes[own] = End::of(record, (now, reach));
                    continue;
                }
                Message::Cancel(_) => {
                    self.cancels[own] = End::of(record, (now, reach));
                    continue;
                }
                Message::Request(_) => self.chokes[other],
                Message::Piece(_) | Message::Reject(_) => self.cancels[other],
                _ => continue,
            };
            record.has_heard =
                is_begun_in(record, now.number) && taken_back.is_acknowledged_by(reach);
        }
    }
}

fn is_begun_in(record: &Record, frame: FrameNumber) -> bool {
    record.place.first_frame == frame
}

fn is_whole_in(record: &Record, frame: FrameNumber) -> bool {
    is_begun_in(record, frame) && record.frame == frame
}
