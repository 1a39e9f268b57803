//! The frames of what was chosen: the capture is read again, by the same steps, so connections have their numbers.

use std::collections::HashMap;
use std::io;

use super::bits::Bits;
use super::chosen::{Chosen, Cursor, Cut, Payload};
use super::over_utp::OverUtp;
use crate::capture::{Frame, Layout, Reader, Source};
use crate::packet::{Carried, Datagram, Packets, Segment, Transport};
use crate::pipeline::recognise;
use crate::store::{Connection, Store};
use crate::stream::{ConnectionId, FrameRef, Side, Streams};
use crate::wire::companion::Datagrams;

/// Finds them.
#[derive(Debug)]
pub(super) struct Finder {
    reader: Reader,
    packets: Packets,
    flows: Flows,
    /// Number of the last frame.
    last: u32,
    looked_at: u32,
    /// The frames that are kept.
    pub(super) found: Bits,
}

/// What is to be known of the connections.
#[derive(Debug, Default)]
struct Flows {
    streams: Streams,
    /// What is not taken for uTP, as when the capture was read first.
    datagrams: Datagrams,
    over_utp: OverUtp,
    /// Of connections of which a part is kept: what each side sent.
    sent: HashMap<ConnectionId, [Sent; 2]>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Sent {
    cursor: Cursor,
    /// It has acknowledged anything: what is cut out of the other side's stream is known to be gone at once.
    has_acknowledged: bool,
}

impl Finder {
    /// Begins at the first frame of a capture, and ends with that of the number `last`.
    pub(super) fn new(
        store: &Store,
        chosen: &Chosen,
        (source, layout, last): (&Source, &Layout, u32),
    ) -> Finder {
        let over_utp = OverUtp::new(store, chosen);
        Finder {
            reader: Reader::again(source.clone(), layout),
            packets: Packets::new(store.tally().checksums),
            flows: Flows {
                over_utp,
                ..Flows::default()
            },
            last,
            looked_at: 0,
            found: Bits::default(),
        }
    }

    /// Frames that were looked at.
    pub(super) fn looked_at(&self) -> u64 {
        u64::from(self.looked_at)
    }

    /// Looks at so many frames more; false when there is no further one.
    pub(super) fn look(&mut self, store: &Store, chosen: &Chosen, count: u32) -> io::Result<bool> {
        for _ in 0..count {
            if self.looked_at == self.last {
                return Ok(false);
            }
            let Some(frame) = self.reader.next_frame() else {
                return Ok(false);
            };
            self.looked_at = frame.number.0;
            let Ok(Carried {
                transport,
                first: position,
                parts,
            }) = self.packets.carried(&frame)
            else {
                continue;
            };
            let at = FrameRef {
                position,
                ..place(&frame)
            };
            let is_kept = match transport {
                Transport::Tcp(segment) => self.flows.keep(store, chosen, &segment, at)?,
                Transport::Udp(datagram) => self.flows.keep_datagram(store, chosen, &datagram, at),
            };
            if is_kept {
                let frames = parts.iter().chain([&frame.number]);
                frames.for_each(|number| self.found.insert(number.0));
            }
        }
        self.flows.streams.take_activity(|_, _| {});
        Ok(true)
    }
}

fn place(frame: &Frame<'_>) -> FrameRef {
    FrameRef {
        number: frame.number,
        position: frame.position,
        time: frame.time,
    }
}

impl Flows {
    /// Is the frame of this segment to be kept?
    fn keep(
        &mut self,
        store: &Store,
        chosen: &Chosen,
        segment: &Segment<'_>,
        at: FrameRef,
    ) -> io::Result<bool> {
        let id = self.streams.push(segment, at, &mut |_, _| {});
        // The files of a ring are removed while it is read: then the numbers are others.
        let known = store.connections().get(id.0 as usize);
        let is_of = |known: &Connection| {
            let ends = Side::BOTH.map(|side| known.real_end(side));
            ends.contains(&segment.src) && ends.contains(&segment.dst)
        };
        let Some(connection) = known.filter(|known| is_of(known)) else {
            return Err(io::Error::other(
                "the beginning of the capture is no longer there",
            ));
        };
        Ok(match chosen.cut(id) {
            Cut::All => false,
            Cut::Nothing => true,
            Cut::Blocks => {
                let is_a = *connection.end(Side::A) == segment.src;
                let side = if is_a { Side::A } else { Side::B };
                !self.can_spare(store, chosen, id, side, segment, at)
            }
        })
    }

    /// The same of a datagram. It may also be what tells that there is a connection, and so gives it its number.
    fn keep_datagram(
        &mut self,
        store: &Store,
        chosen: &Chosen,
        datagram: &Datagram<'_>,
        at: FrameRef,
    ) -> bool {
        let (streams, others) = (&mut self.streams, &mut self.datagrams);
        recognise(datagram, at, streams, others, &mut |_, _, _| {});
        let found = self.over_utp.find(store, datagram, at.number.0);
        found.is_some_and(|id| chosen.cut(id) != Cut::All)
    }

    fn can_spare(
        &mut self,
        store: &Store,
        chosen: &Chosen,
        id: ConnectionId,
        side: Side,
        segment: &Segment<'_>,
        at: FrameRef,
    ) -> bool {
        let sent = self.sent.entry(id).or_default();
        sent[side.index()].has_acknowledged |= segment.ack.is_some();
        let flags = segment.flags;
        let is_bare = !(flags.syn || flags.fin || flags.rst) && segment.len > 0;
        if !is_bare || !sent[(!side).index()].has_acknowledged {
            return false;
        }
        let payload = Payload {
            side,
            frame: at.number.0,
            seq: segment.seq,
            len: segment.len,
        };
        chosen.can_spare(store, id, &mut sent[side.index()].cursor, payload)
    }
}
