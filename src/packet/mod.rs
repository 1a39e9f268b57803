//! A frame -> the TCP segment or the UDP datagram it carries, or the reason there is none.
//!
//! [`Packets`] walks from header to header: links, tags, tunnels, IP. What came in fragments is found in the frame
//! that completes it.

mod checksum;
mod datagram;
mod fragments;
mod ip;
mod layer;
mod link;
mod packets;
mod part;
mod plain;
mod ppp;
#[cfg(test)]
mod scene;
mod segment;
mod skip;
mod tcp_header;
#[cfg(test)]
mod tests;
mod tunnel;
#[cfg(test)]
mod wrappings;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use checksum::Checksums;
pub use datagram::Datagram;
pub use fragments::Settled;
pub use packets::{Carried, Found, Packets, Transport};
pub use segment::{Flags, Segment};
pub use skip::{Fate, Skip};
pub use tcp_header::{TcpHeader, WindowScale};

/// One end of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Endpoint {
    /// IPv4 or IPv6 address.
    pub ip: IpAddr,
    /// TCP or UDP port.
    pub port: u16,
}

/// `10.0.0.1:6881`, `[fd77::1]:6881`.
impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        SocketAddr::new(self.ip, self.port).fmt(f)
    }
}
