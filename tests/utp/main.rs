//! Connections over uTP (BEP 29): what they say, whatever the network, the clients and the capture do to them.

#[path = "../captured/mod.rs"]
mod captured;
mod causality;
mod closing;
mod datagrams;
#[path = "../decoding/mod.rs"]
mod decoding;
mod foreign;
mod heard;
mod line;
mod memory;
mod middle;
mod model;
mod neighbours;
mod opening;
mod packet;
mod real;
mod scans;
mod sizes;
mod talk;
mod way;

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

/// Who sends the SYN.
const A: SocketAddr = end(1, 6881);
const B: SocketAddr = end(2, 6881);

/// A port of 10.0.0.`host`.
const fn end(host: u8, port: u16) -> SocketAddr {
    SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, host)), port)
}
