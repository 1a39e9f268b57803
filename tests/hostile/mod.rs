//! Captures that are made to fill the memory or to take for ever.

use crate::packets::{ACK, End, FIN, Pcap, SYN, Segment};

/// Makes a capture of a size.
pub(crate) type Make = fn(u32) -> Vec<u8>;

/// What there is, and in what sizes it is worth measuring.
pub(crate) const CAPTURES: [(&str, Make, [u32; 3]); 5] = [
    ("connections", connections, [100_000, 200_000, 400_000]),
    ("reversed bytes", reversed, [250_000, 500_000, 1_000_000]),
    ("a hole each", holes, [25_000, 50_000, 100_000]),
    ("conflicts", conflicts, [100_000, 200_000, 400_000]),
    ("ports used again", reused, [100_000, 200_000, 400_000]),
];

const SERVER: End = End {
    ip: [10, 0, 0, 2],
    port: 6881,
};

fn client(number: u32) -> End {
    let [_, high, middle, low] = number.to_be_bytes();
    End {
        ip: [11, high, middle, low],
        port: 50_000,
    }
}

/// A capture whose segments go from a client to the server.
struct Scan(Pcap<Vec<u8>>);

impl Scan {
    fn new() -> Scan {
        Scan(Pcap::new(Vec::new()).expect("memory takes it"))
    }

    fn send(&mut self, src: End, flags: u8, seq: u32, payload: &[u8]) {
        let segment = Segment {
            src,
            dst: SERVER,
            seq,
            ack: 0,
            flags,
            payload,
        };
        self.0.push(&segment).expect("memory takes it");
    }

    fn into_bytes(self) -> Vec<u8> {
        self.0.into_inner()
    }
}

/// Most are a SYN only; one in a hundred says a handshake.
pub(crate) fn connections(count: u32) -> Vec<u8> {
    let mut scan = Scan::new();
    let handshake = [b"\x13BitTorrent protocol".as_slice(), &[7; 48]].concat();
    for number in 0..count {
        scan.send(client(number), SYN, 99, &[]);
        if number.is_multiple_of(100) {
            scan.send(client(number), FIN | ACK, 100, &handshake);
        }
    }
    scan.into_bytes()
}

/// A stream byte by byte, the last one first.
pub(crate) fn reversed(count: u32) -> Vec<u8> {
    let mut scan = Scan::new();
    scan.send(client(0), SYN, 99, &[]);
    for number in (0..count).rev() {
        scan.send(client(0), ACK, 100 + number, b"x");
    }
    scan.into_bytes()
}

/// Connections that each hold a segment behind a hole.
pub(crate) fn holes(count: u32) -> Vec<u8> {
    let mut scan = Scan::new();
    for number in 0..count {
        scan.send(client(number), SYN, 99, &[]);
        scan.send(client(number), ACK, 101, &[0; 1000]);
    }
    scan.into_bytes()
}

/// The same bytes again and again, always others.
pub(crate) fn conflicts(count: u32) -> Vec<u8> {
    let mut scan = Scan::new();
    scan.send(client(0), SYN, 99, &[]);
    for number in 0..count {
        scan.send(client(0), ACK, 100, &number.to_be_bytes());
    }
    scan.into_bytes()
}

/// A four-tuple that begins anew with each segment.
pub(crate) fn reused(count: u32) -> Vec<u8> {
    let mut scan = Scan::new();
    for number in 0..count {
        scan.send(client(0), SYN, number << 10, b"x");
    }
    scan.into_bytes()
}
