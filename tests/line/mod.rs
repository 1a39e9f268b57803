//! A connection on which nothing is lost, for a capture that is built.

use crate::packets::{ACK, End, FIN, Pcap, SYN, Segment};

pub(crate) struct Line<'p> {
    pcap: &'p mut Pcap<Vec<u8>>,
    ends: [End; 2],
    next: [u32; 2],
}

impl<'p> Line<'p> {
    /// Opened by the first end.
    pub(crate) fn open(pcap: &'p mut Pcap<Vec<u8>>, ends: [End; 2]) -> Line<'p> {
        let next = [0, 0];
        let mut line = Line { pcap, ends, next };
        line.send(0, SYN, &[]);
        line.send(1, SYN | ACK, &[]);
        line
    }

    pub(crate) fn say(&mut self, side: usize, payload: &[u8]) {
        self.send(side, ACK, payload);
    }

    pub(crate) fn close(&mut self, side: usize) {
        self.send(side, ACK | FIN, &[]);
    }

    fn send(&mut self, side: usize, flags: u8, payload: &[u8]) {
        let segment = Segment {
            src: self.ends[side],
            dst: self.ends[1 - side],
            seq: self.next[side],
            ack: self.next[1 - side],
            flags,
            payload,
        };
        self.pcap.push(&segment).expect("memory takes it");
        let numbered = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[side] = self.next[side].wrapping_add(numbered);
    }
}
