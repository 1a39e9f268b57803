//! What becomes of conversations that were cut, reordered, repeated, lost, forged, and joined late.

mod bounds;
mod endings;
mod handshake;
mod joining;
mod loss;
mod order;
mod overlap;
mod strain;

use super::{
    Activity, Closed, Closing, ConnectionId, Direction, Event, FrameRef, Mark, Side, Streams,
};
use crate::capture::{FilePosition, FrameNumber, Timestamp};
use crate::packet::{Endpoint, Flags, Segment, TcpHeader};

/// A conversation between port 5000 (`>`) and port 80 (`<`), and what came of it.
#[derive(Default)]
struct Scene {
    streams: Streams,
    /// All that happened but repeated bytes, in words.
    told: String,
    /// The streams of each connection; `.` is a missing byte.
    bytes: Vec<[String; 2]>,
    marks: Vec<(Mark, u32)>,
    frames: u32,
    time: Timestamp,
    /// As captured: nothing of it, if nothing else is said.
    header: Vec<u8>,
}

impl Scene {
    /// Behind a handshake whose first data have the numbers 100 and 200.
    fn established() -> Scene {
        let mut scene = Scene::default();
        scene.syn('>', 99).syn_ack('<', 199, 100);
        scene.ack('>', 100, 200);
        scene
    }

    fn syn(&mut self, arrow: char, seq: u32) -> &mut Scene {
        self.send(arrow, "S", seq, None, "")
    }

    fn syn_ack(&mut self, arrow: char, seq: u32, ack: u32) -> &mut Scene {
        self.send(arrow, "S", seq, Some(ack), "")
    }

    fn ack(&mut self, arrow: char, seq: u32, ack: u32) -> &mut Scene {
        self.send(arrow, "", seq, Some(ack), "")
    }

    /// Data that acknowledges nothing.
    fn data(&mut self, arrow: char, seq: u32, payload: &str) -> &mut Scene {
        self.send(arrow, "", seq, None, payload)
    }

    fn fin(&mut self, arrow: char, seq: u32, payload: &str) -> &mut Scene {
        self.send(arrow, "F", seq, None, payload)
    }

    fn rst(&mut self, arrow: char, seq: u32) -> &mut Scene {
        self.send(arrow, "R", seq, None, "")
    }

    fn wait(&mut self, seconds: u64) -> &mut Scene {
        self.time.0 += seconds * 1_000_000_000;
        self
    }

    /// `flags` are letters of S, F and R.
    fn send(
        &mut self,
        arrow: char,
        flags: &str,
        seq: u32,
        ack: Option<u32>,
        payload: &str,
    ) -> &mut Scene {
        let ports = if arrow == '>' { [5000, 80] } else { [80, 5000] };
        self.send_from(ports, flags, seq, ack, payload)
    }

    fn send_from(
        &mut self,
        ports: [u16; 2],
        flags: &str,
        seq: u32,
        ack: Option<u32>,
        payload: &str,
    ) -> &mut Scene {
        let [src, dst] = ports.map(|port| Endpoint {
            ip: std::net::Ipv4Addr::LOCALHOST.into(),
            port,
        });
        let segment = Segment {
            src,
            dst,
            seq,
            ack,
            flags: Flags {
                syn: flags.contains('S'),
                fin: flags.contains('F'),
                rst: flags.contains('R'),
            },
            header: TcpHeader(&self.header),
            payload: payload.as_bytes(),
            len: payload.len() as u32,
        };
        self.frames += 1;
        let at = FrameRef {
            number: FrameNumber(self.frames),
            position: FilePosition(u64::from(self.frames)),
            time: self.time,
        };
        let (told, bytes) = (&mut self.told, &mut self.bytes);
        let marks = &mut self.marks;
        self.streams.push(&segment, at, &mut |id, event| {
            if let Event::Marked(mark) = event {
                marks.push((mark, at.number.0));
            }
            tell(told, bytes, id, &event);
        });
        self
    }

    /// The capture has ended.
    fn end(&mut self) -> &mut Scene {
        let (told, bytes) = (&mut self.told, &mut self.bytes);
        self.streams
            .finish(usize::MAX, &mut |id, event| tell(told, bytes, id, &event));
        self
    }

    /// The streams of the first connection.
    fn said(&self) -> [&str; 2] {
        self.bytes[0].each_ref().map(String::as_str)
    }

    /// The counts of a connection, also of one that is over.
    fn activity(&self, connection: u32) -> Activity {
        let id = ConnectionId(connection);
        let ended = self.streams.ended.iter().find(|(ended, _)| *ended == id);
        let now = || self.streams.connections[connection as usize].activity();
        ended.map_or_else(now, |(_, activity)| activity.clone())
    }

    fn count(&self, side: Side) -> Direction {
        self.activity(0).direction(side)
    }

    fn closed(&self) -> Option<(Closing, Side)> {
        let closed = self.activity(0).closed;
        closed.map(|Closed { how, by, .. }| (how, by))
    }
}

fn tell(told: &mut String, bytes: &mut Vec<[String; 2]>, id: ConnectionId, event: &Event<'_>) {
    let index = id.0 as usize;
    match event {
        Event::Opened {
            transport: _,
            ends,
            opener: (side, evidence),
        } => {
            bytes.push(Default::default());
            let [src, dst] = ends.map(|end| end.port);
            told.push_str(&format!("#{id} {src}>{dst} {side:?} by {evidence:?}. "));
        }
        Event::OpenedBy(side) => told.push_str(&format!("#{id} SYN of {side:?}. ")),
        Event::Data {
            side, bytes: data, ..
        } => {
            bytes[index][side.index()].push_str(std::str::from_utf8(data).unwrap());
        }
        Event::Gap { side, len, .. } => {
            told.push_str(&format!("#{id}{side:?} gap {len}. "));
            let shown = (*len).min(100) as usize;
            bytes[index][side.index()].push_str(&".".repeat(shown));
        }
        Event::Again { .. } | Event::Marked(_) | Event::Landmark { .. } => {}
        Event::Conflict { side, seq, bytes } => {
            told.push_str(&format!("#{id}{side:?} conflict {bytes} at {seq}. "));
        }
        Event::Ended => told.push_str(&format!("#{id} ended. ")),
    }
}
