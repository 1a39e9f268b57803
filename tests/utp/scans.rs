//! SYNs of a scanner.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use peerscope::stream::Side;

use crate::datagrams::Capture;
use crate::line::Line;

/// Makes a capture of a size.
pub(crate) type Make = fn(u32) -> Capture;

/// What there is, and in what sizes it is worth measuring.
pub(crate) const SCANS: [(&str, Make, [u32; 3]); 4] = [
    ("uTP, SYNs", one_each, [100_000, 200_000, 400_000]),
    ("uTP, SYNs twice", each_twice, [100_000, 200_000, 400_000]),
    (
        "uTP, connections",
        each_answered,
        [50_000, 100_000, 200_000],
    ),
    ("uTP, a hole each", holes, [25_000, 50_000, 100_000]),
];

const SCANNER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 9)), 6881);

fn host(number: u32) -> SocketAddr {
    let [_, high, middle, low] = number.to_be_bytes();
    SocketAddr::from(([11, high, middle, low], 6881))
}

/// One to each host, all with another id.
fn one_each(count: u32) -> Capture {
    let mut capture = Capture::new();
    for number in 0..count {
        let mut line = Line::new([SCANNER, host(number)], number as u16, [number as u16, 0]);
        capture.send(&line.syn());
    }
    capture
}

/// One to each host, which answers; one in a hundred says a handshake.
fn each_answered(count: u32) -> Capture {
    let mut capture = Capture::new();
    let handshake = [b"\x13BitTorrent protocol".as_slice(), &[7; 48]].concat();
    for number in 0..count {
        let mut line = Line::new([SCANNER, host(number)], number as u16, [number as u16, 0]);
        capture.open(&mut line);
        if number.is_multiple_of(100) {
            capture.send(&line.data(Side::A, &handshake));
            capture.send(&line.fin(Side::B, &[]));
        }
    }
    capture
}

/// Each is sent twice. There are not as many ids as that: some hosts get the same.
fn each_twice(count: u32) -> Capture {
    let mut capture = Capture::new();
    for number in 0..count {
        let target = host(number >> 16);
        let syn = Line::new([SCANNER, target], number as u16, [7, 0]).syn();
        capture.send(&syn);
        capture.send(&syn.again());
    }
    capture
}

/// Packets behind a hole each, of connections that are open.
fn holes(count: u32) -> Capture {
    let mut capture = Capture::new();
    for number in 0..count {
        let mut line = Line::new([SCANNER, host(number)], number as u16, [7, 9]);
        capture.open(&mut line);
        line.next[0] += 1;
        capture.send(&line.data(Side::A, &[0; 1000]));
    }
    capture
}
