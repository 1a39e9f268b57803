//! One connection over uTP as its two ends keep it.

use std::io::Write;
use std::net::SocketAddr;

use peerscope::stream::Side;

use crate::datagrams::Capture;
use crate::packet::{Kind, Packet};

/// By how much the clock of the acceptor is ahead, and how long a packet is on its way, in microseconds.
const OFFSET: u32 = 3_000_000_000;
const DELAY: u32 = 25_000;

/// A packet and its way.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) src: SocketAddr,
    pub(crate) dst: SocketAddr,
    pub(crate) packet: Packet,
}

/// Two ends, of which `A` sends the SYN. What one sends the other has got: packets that are late or lost are numbered by
/// [`Line::packet`].
#[derive(Clone, Debug)]
pub(crate) struct Line {
    pub(crate) ends: [SocketAddr; 2],
    /// The connection id of the SYN.
    pub(crate) id: u16,
    /// The number that each side uses next.
    pub(crate) next: [u16; 2],
    /// The last packet of each side that the other has got.
    pub(crate) got: [u16; 2],
    clock: u32,
}

impl Line {
    /// `first` are the numbers of the SYN and of its answer.
    pub(crate) fn new(ends: [SocketAddr; 2], id: u16, first: [u16; 2]) -> Line {
        Line {
            ends,
            id,
            next: first,
            got: first.map(|seq| seq.wrapping_sub(1)),
            clock: u32::MAX - 100_000, // it wraps before long
        }
    }

    /// What `side` would send with this number now.
    pub(crate) fn packet(&mut self, side: Side, kind: Kind, seq: u16, payload: &[u8]) -> Sent {
        let is_syn = kind == Kind::Syn;
        let id = match side {
            Side::A if !is_syn => self.id.wrapping_add(1),
            _ => self.id,
        };
        let ack = if is_syn { 0 } else { self.got[(!side).index()] };
        let mut packet = Packet::new(kind, id, seq, ack).carrying(payload);
        self.clock = self.clock.wrapping_add(700);
        packet.clocks = match side {
            Side::A if is_syn => [self.clock, 0],
            Side::A => [self.clock, DELAY.wrapping_sub(OFFSET)],
            Side::B => [self.clock.wrapping_add(OFFSET), OFFSET + DELAY],
        };
        let ends = [side, !side].map(|side| self.ends[side.index()]);
        let [src, dst] = ends;
        Sent { src, dst, packet }
    }

    /// The next packet of `side`, which arrives.
    fn push(&mut self, side: Side, kind: Kind, payload: &[u8]) -> Sent {
        let seq = self.next[side.index()];
        let sent = self.packet(side, kind, seq, payload);
        self.got[side.index()] = seq;
        self.next[side.index()] = seq.wrapping_add(1);
        sent
    }

    pub(crate) fn syn(&mut self) -> Sent {
        self.push(Side::A, Kind::Syn, &[])
    }

    /// The first STATE of the acceptor does not use its number up: libutp's and libtorrent's way.
    pub(crate) fn answer(&mut self) -> Sent {
        self.state(Side::B)
    }

    /// It does: the way of BEP 29's text, and of others.
    pub(crate) fn consuming_answer(&mut self) -> Sent {
        self.push(Side::B, Kind::State, &[])
    }

    pub(crate) fn data(&mut self, side: Side, payload: &[u8]) -> Sent {
        self.push(side, Kind::Data, payload)
    }

    pub(crate) fn fin(&mut self, side: Side, payload: &[u8]) -> Sent {
        self.push(side, Kind::Fin, payload)
    }

    /// The number is the one that is used next.
    pub(crate) fn state(&mut self, side: Side) -> Sent {
        let seq = self.next[side.index()];
        self.packet(side, Kind::State, seq, &[])
    }

    pub(crate) fn reset(&mut self, side: Side, id: u16) -> Sent {
        let seq = self.next[side.index()];
        let mut sent = self.packet(side, Kind::Reset, seq, &[]);
        sent.packet.id = id;
        sent
    }
}

impl Sent {
    /// The same with another packet.
    pub(crate) fn with(mut self, change: impl FnOnce(Packet) -> Packet) -> Sent {
        self.packet = change(self.packet);
        self
    }

    /// Sent again a second later.
    pub(crate) fn again(&self) -> Sent {
        self.clone().with(|mut packet| {
            packet.clocks[0] = packet.clocks[0].wrapping_add(1_000_000);
            packet
        })
    }
}

impl<W: Write> Capture<W> {
    pub(crate) fn send(&mut self, sent: &Sent) {
        self.datagram(sent.src, sent.dst, &sent.packet.to_bytes());
    }

    /// The SYN and its answer.
    pub(crate) fn open(&mut self, line: &mut Line) {
        let syn = line.syn();
        self.send(&syn);
        let answer = line.answer();
        self.send(&answer);
    }

    /// DATA of `side` in packets of so many bytes at most, each of which is acknowledged.
    pub(crate) fn say(&mut self, line: &mut Line, side: Side, bytes: &[u8], most: usize) {
        for part in bytes.chunks(most) {
            self.send(&line.data(side, part));
            self.send(&line.state(!side));
        }
    }

    /// What one side hangs up with, the other's answer, and both acknowledgements.
    pub(crate) fn close(&mut self, line: &mut Line) {
        for side in Side::BOTH {
            self.send(&line.fin(side, &[]));
            self.send(&line.state(!side));
        }
    }
}
