//! Why a frame carries no segment for us.

use std::fmt;

use etherparse::{EtherType, IpNumber};

use crate::capture::LinkType;

/// The reason a frame was not followed. A value to be counted and shown, not an error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Skip {
    /// How frames of this link type begin is not known here.
    Link(LinkType),
    /// The filter of the user does not let it pass.
    FilteredOut,
    /// The filter asks for what frames of this link type do not have.
    CannotFilter(LinkType),
    /// The network layer is neither IPv4 nor IPv6: its ether type.
    NotIp(u16),
    /// IP carries something else than TCP: its protocol number.
    NotTcp(u8),
    /// A part of an IP datagram that was sent in fragments.
    Fragment,
    /// The snap length cut the frame before the end of its TCP header.
    Cut,
    /// A header contradicts itself.
    Malformed,
}

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Skip::Link(link) => write!(f, "{link}, not understood"),
            Skip::FilteredOut => f.write_str("filtered out by -f"),
            Skip::CannotFilter(link) => write!(f, "{link}, to which -f does not apply"),
            Skip::NotIp(number) => match EtherType(number) {
                EtherType::ARP => f.write_str("ARP"),
                _ => write!(f, "not IP (ether type 0x{number:04x})"),
            },
            Skip::NotTcp(number) => match IpNumber(number).keyword_str() {
                Some(name) => f.write_str(name),
                None => write!(f, "IP protocol {number}"),
            },
            Skip::Fragment => f.write_str("IP fragment"),
            Skip::Cut => f.write_str("cut before the end of its headers"),
            Skip::Malformed => f.write_str("malformed headers"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_words() {
        assert_eq!(Skip::NotTcp(17).to_string(), "UDP");
        assert_eq!(Skip::NotTcp(58).to_string(), "IPv6-ICMP");
        assert_eq!(Skip::NotIp(0x0806).to_string(), "ARP");
        assert_eq!(
            Skip::NotIp(0x88cc).to_string(),
            "not IP (ether type 0x88cc)"
        );
        assert_eq!(
            Skip::Link(LinkType(195)).to_string(),
            "link type 195, not understood"
        );
    }
}
