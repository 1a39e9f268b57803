//! Why a frame carries nothing for us.

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
    /// An 802.2 frame that carries no IP: its destination service access point.
    Llc(u8),
    /// A loopback frame of another address family than IP's.
    Family(u32),
    /// PPP carries something else than IP: its protocol number.
    Ppp(u16),
    /// IP carries something else than TCP, or than what was asked for: its protocol number.
    NotTcp(u8),
    /// A part of an IP datagram, by what became of that.
    Fragment(Fate),
    /// The snap length cut the frame before the end of its headers.
    Cut,
    /// A header contradicts itself, or what is around it.
    Malformed,
    /// More headers within each other than are stepped over.
    Nested,
    /// The checksum of an IPv4 header is wrong.
    IpChecksum,
    /// The checksum of a TCP segment is wrong.
    TcpChecksum,
    /// The checksum of a TCP segment is the sum with which a network card was to begin.
    TcpChecksumUnfinished,
}

/// What became of the datagram that a fragment is of. The frame that made it whole is counted for what it carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fate {
    /// It may still become whole.
    Waiting,
    /// It was put together.
    PutTogether,
    /// It never was whole.
    NeverWhole,
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
            Skip::Llc(0x42) => f.write_str("spanning tree"),
            Skip::Llc(point) => write!(f, "not IP (802.2 LLC 0x{point:02x})"),
            Skip::Family(number) => write!(f, "not IP (address family {number})"),
            Skip::Ppp(number) => write!(f, "not IP (PPP protocol 0x{number:04x})"),
            Skip::NotTcp(number) => match IpNumber(number).keyword_str() {
                Some(name) => f.write_str(name),
                None => write!(f, "IP protocol {number}"),
            },
            Skip::Fragment(fate) => write!(f, "fragment of a datagram that {fate}"),
            Skip::Cut => f.write_str("cut before the end of its headers"),
            Skip::Malformed => f.write_str("malformed headers"),
            Skip::Nested => f.write_str("too many headers within each other"),
            Skip::IpChecksum => f.write_str("IPv4 checksum wrong"),
            Skip::TcpChecksum => f.write_str("TCP checksum wrong"),
            Skip::TcpChecksumUnfinished => {
                f.write_str("TCP checksum unfinished, as offload leaves it")
            }
        }
    }
}

impl fmt::Display for Fate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Fate::Waiting => "is not whole yet",
            Fate::PutTogether => "was put together",
            Fate::NeverWhole => "never was whole",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reasons_are_words() {
        let words = |skip: Skip| skip.to_string();
        assert_eq!(words(Skip::NotTcp(17)), "UDP");
        assert_eq!(words(Skip::NotTcp(58)), "IPv6-ICMP");
        assert_eq!(words(Skip::NotIp(0x0806)), "ARP");
        assert_eq!(words(Skip::NotIp(0x88cc)), "not IP (ether type 0x88cc)");
        assert_eq!(
            words(Skip::Link(LinkType(195))),
            "link type 195, not understood"
        );
        assert_eq!(words(Skip::Ppp(0xc021)), "not IP (PPP protocol 0xc021)");
        assert_eq!(
            words(Skip::Fragment(Fate::NeverWhole)),
            "fragment of a datagram that never was whole"
        );
    }
}
