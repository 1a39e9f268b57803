//! All connections of a capture, found by their four-tuple.

use std::collections::HashMap;

use super::connection::{Activity, Connection};
use super::{ConnectionId, Event, Evidence, FrameRef, Side};
use crate::packet::{Endpoint, Segment};

/// The table of connections. Four-tuples come from strangers, so the map's hash is a keyed one.
#[derive(Debug, Default)]
pub struct Streams {
    by_ends: HashMap<[Endpoint; 2], Found>,
    connections: Vec<Connection>,
    touched: Vec<ConnectionId>,
    is_touched: Vec<bool>,
    latest: Option<([Endpoint; 2], Found)>,
}

/// Where a four-tuple, its lower endpoint first, leads.
#[derive(Clone, Copy, Debug)]
struct Found {
    connection: ConnectionId,
    /// The side of the lower endpoint.
    lower: Side,
}

impl Streams {
    /// Takes the next segment of the capture; `out` is told what it did, and to which connection.
    pub fn push(
        &mut self,
        segment: &Segment<'_>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) {
        let src_is_lower = segment.src <= segment.dst;
        let ends = if src_is_lower {
            [segment.src, segment.dst]
        } else {
            [segment.dst, segment.src]
        };
        let sender = |found: Found| {
            if src_is_lower {
                found.lower
            } else {
                !found.lower
            }
        };

        let known = self
            .find(ends)
            .filter(|found| !self.retire(*found, sender(*found), segment, out));
        let found = known.unwrap_or_else(|| self.open(ends, src_is_lower, segment, out));
        self.latest = Some((ends, found));
        let id = found.connection;
        self.touch(id);
        self.connections[id.0 as usize]
            .push(sender(found), segment, at, &mut |event| out(id, event));
    }

    /// Packets come in trains: the connection of the last one is the likeliest.
    fn find(&self, ends: [Endpoint; 2]) -> Option<Found> {
        match self.latest {
            Some((latest, found)) if latest == ends => Some(found),
            _ => self.by_ends.get(&ends).copied(),
        }
    }

    /// True when `segment` begins another connection of the same four-tuple; the old one then is finished.
    fn retire(
        &mut self,
        found: Found,
        side: Side,
        segment: &Segment<'_>,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) -> bool {
        let id = found.connection;
        let connection = &mut self.connections[id.0 as usize];
        if !connection.is_reused_by(side, segment) {
            return false;
        }
        connection.finish(&mut |event| out(id, event));
        self.touch(id);
        true
    }

    fn open(
        &mut self,
        ends: [Endpoint; 2],
        src_is_lower: bool,
        segment: &Segment<'_>,
        out: &mut impl FnMut(ConnectionId, Event<'_>),
    ) -> Found {
        let connection = ConnectionId(self.connections.len() as u32);
        let (opener, evidence) = match (segment.flags.syn, segment.ack) {
            (true, None) => (Side::A, Evidence::Syn),
            (true, Some(_)) => (Side::B, Evidence::Syn),
            // Who connects seldom chooses its port: the system hands out high ones.
            (false, _) if segment.src.port >= segment.dst.port => (Side::A, Evidence::Guess),
            (false, _) => (Side::B, Evidence::Guess),
        };
        // A is who sent the SYN, even where the SYN-ACK is the first frame of the capture.
        let src_side = if evidence == Evidence::Syn {
            opener
        } else {
            Side::A
        };
        let found = Found {
            connection,
            lower: if src_is_lower { src_side } else { !src_side },
        };
        let opener = if evidence == Evidence::Syn {
            Side::A
        } else {
            opener
        };
        let mut named = [segment.src, segment.dst];
        if src_side == Side::B {
            named.reverse();
        }
        self.by_ends.insert(ends, found);
        self.connections.push(Connection::default());
        self.is_touched.push(false);
        out(
            connection,
            Event::Opened {
                ends: named,
                opener: (opener, evidence),
            },
        );
        found
    }

    fn touch(&mut self, id: ConnectionId) {
        if !std::mem::replace(&mut self.is_touched[id.0 as usize], true) {
            self.touched.push(id);
        }
    }

    /// The connections that had segments since the last call, with their counts of now.
    pub fn take_activity(&mut self, mut out: impl FnMut(ConnectionId, Activity)) {
        for id in self.touched.drain(..) {
            self.is_touched[id.0 as usize] = false;
            out(id, self.connections[id.0 as usize].activity());
        }
    }

    /// The capture has ended: hands on what is held, with gaps for the holes.
    pub fn finish(&mut self, out: &mut impl FnMut(ConnectionId, Event<'_>)) {
        for index in 0..self.connections.len() {
            let id = ConnectionId(index as u32);
            self.touch(id);
            self.connections[index].finish(&mut |event| out(id, event));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::packet::Flags;
    use crate::stream::{Closed, Closing};

    const SYN: Flags = Flags {
        syn: true,
        fin: false,
        rst: false,
    };
    const FIN: Flags = Flags {
        syn: false,
        fin: true,
        rst: false,
    };
    const RST: Flags = Flags {
        syn: false,
        fin: false,
        rst: true,
    };
    const DATA: Flags = Flags {
        syn: false,
        fin: false,
        rst: false,
    };

    /// A conversation between port 5000 (`>`) and port 80 (`<`), and what came of it as text.
    #[derive(Default)]
    struct Scene {
        streams: Streams,
        out: String,
    }

    impl Scene {
        fn send(
            &mut self,
            arrow: char,
            seq: u32,
            flags: Flags,
            ack: Option<u32>,
            payload: &str,
        ) -> &mut Scene {
            let end = |port| Endpoint {
                ip: std::net::Ipv4Addr::LOCALHOST.into(),
                port,
            };
            let (src, dst) = if arrow == '>' {
                (end(5000), end(80))
            } else {
                (end(80), end(5000))
            };
            let segment = Segment {
                src,
                dst,
                seq,
                ack,
                flags,
                payload: payload.as_bytes(),
                len: payload.len() as u32,
            };
            let out = &mut self.out;
            self.streams
                .push(&segment, FrameRef::default(), &mut |id, event| {
                    picture(out, id, &event);
                });
            self
        }

        fn end(&mut self) -> &str {
            let out = &mut self.out;
            self.streams
                .finish(&mut |id, event| picture(out, id, &event));
            self.out.trim().trim_end_matches(" 0:end")
        }

        fn closed(&mut self) -> Option<Closed> {
            self.streams.connections[0].activity.closed
        }
    }

    fn picture(out: &mut String, id: ConnectionId, event: &Event<'_>) {
        out.push_str(&match event {
            Event::Opened {
                ends,
                opener: (side, evidence),
            } => {
                format!(
                    "{id}:{}->{} {side:?} {evidence:?} ",
                    ends[0].port, ends[1].port
                )
            }
            Event::Data { side, bytes, .. } => {
                format!("{id}{side:?}:{} ", std::str::from_utf8(bytes).unwrap())
            }
            Event::Gap { side, len, .. } => format!("{id}{side:?}:gap{len} "),
            Event::Ended => format!("{id}:end "),
        });
    }

    #[test]
    fn both_directions_belong_to_one_connection() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "")
            .send('<', 199, SYN, Some(100), "");
        scene
            .send('>', 100, DATA, Some(200), "hi")
            .send('<', 200, DATA, Some(102), "ho");
        assert_eq!(scene.end(), "0:5000->80 A Syn 0A:hi 0B:ho");
    }

    #[test]
    fn the_receiver_of_a_syn_ack_opened_the_connection() {
        let mut scene = Scene::default();
        scene
            .send('<', 199, SYN, Some(100), "")
            .send('>', 100, DATA, None, "hi");
        assert_eq!(scene.end(), "0:5000->80 A Syn 0A:hi");
    }

    #[test]
    fn without_a_syn_the_higher_port_is_taken_for_the_opener() {
        let mut scene = Scene::default();
        scene
            .send('<', 200, DATA, None, "ho")
            .send('>', 100, DATA, None, "hi");
        assert_eq!(scene.end(), "0:80->5000 B Guess 0A:ho 0B:hi");
    }

    #[test]
    fn sequence_numbers_wrap() {
        let mut scene = Scene::default();
        scene
            .send('>', u32::MAX - 2, SYN, None, "")
            .send('>', 0, DATA, None, "cd");
        scene.send('>', u32::MAX - 1, DATA, None, "abc");
        assert_eq!(scene.end(), "0:5000->80 A Syn 0A:ab 0A:cd");
    }

    #[test]
    fn data_in_a_syn_is_kept() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "hi")
            .send('>', 102, DATA, None, "!");
        assert_eq!(scene.end(), "0:5000->80 A Syn 0A:hi 0A:!");
    }

    #[test]
    fn a_repeated_syn_is_no_new_connection() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "")
            .send('>', 99, SYN, None, "")
            .send('>', 100, DATA, None, "hi");
        scene.send('>', 99, SYN, None, "");
        assert_eq!(scene.end(), "0:5000->80 A Syn 0A:hi");
    }

    #[test]
    fn a_syn_with_another_number_reuses_the_ports() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "")
            .send('>', 102, DATA, None, "c");
        scene
            .send('>', 7000, SYN, None, "")
            .send('>', 7001, DATA, None, "new");
        assert_eq!(
            scene.end(),
            "0:5000->80 A Syn 0A:gap2 0A:c 0:end 1:5000->80 A Syn 1A:new 1:end"
        );
    }

    #[test]
    fn the_first_to_close_is_remembered_and_later_data_still_counts() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "")
            .send('<', 199, SYN, Some(100), "");
        scene
            .send('<', 200, FIN, None, "bye")
            .send('>', 100, DATA, None, "late")
            .send('>', 104, RST, None, "");
        assert_eq!(
            scene.closed(),
            Some(Closed {
                how: Closing::Fin,
                by: Side::B
            })
        );
        assert_eq!(scene.end(), "0:5000->80 A Syn 0B:bye 0A:late");
    }

    #[test]
    fn a_hole_that_was_acknowledged_is_a_gap() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "")
            .send('>', 104, DATA, None, "e")
            .send('<', 200, DATA, Some(105), "");
        assert_eq!(scene.out.trim(), "0:5000->80 A Syn 0A:gap4 0A:e");
    }

    #[test]
    fn a_segment_far_ahead_of_its_stream_is_stray() {
        let mut scene = Scene::default();
        scene
            .send('>', 99, SYN, None, "")
            .send('>', 100, DATA, None, "hi")
            .send('>', 0x5000_0000, DATA, None, "lost?");
        assert_eq!(
            scene.streams.connections[0].activity().directions[0].stray,
            5
        );
        assert_eq!(scene.end(), "0:5000->80 A Syn 0A:hi");
    }
}
