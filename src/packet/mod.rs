//! A frame -> the TCP segment it carries, or the reason there is none.

mod link;
mod segment;
mod skip;

use std::fmt;
use std::net::{IpAddr, SocketAddr};

pub use segment::{Flags, Segment, parse};
pub use skip::Skip;

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
