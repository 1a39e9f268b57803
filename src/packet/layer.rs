//! The walk from header to header, down to TCP, UDP, or a fragment of either.

use std::net::IpAddr;

use etherparse::IpNumber;

use super::fragments::Fragment;
use super::{Checksums, Skip, ip, link, ppp, tunnel};
use crate::packet::part::Part;

/// Headers within each other that are stepped over. QinQ, PPPoE and a VXLAN tunnel make ten.
const MAX_HEADERS: usize = 24;

/// What the next bytes are.
#[derive(Clone, Copy, Debug)]
pub(super) enum Layer<'a> {
    Ethernet,
    /// An 802.1Q tag.
    Tag,
    /// An 802.2 header.
    Llc,
    /// An MPLS label.
    Mpls,
    Pppoe,
    Ppp,
    /// IPv4 or IPv6, as their first digit tells.
    Ip,
    /// What an IP header carries.
    Payload(Carrier<'a>),
    /// A piece of it.
    Fragment(Fragment<'a>),
}

/// What the IP header said of its payload.
#[derive(Clone, Copy, Debug)]
pub(super) struct Carrier<'a> {
    pub(super) ends: Ends<'a>,
    pub(super) protocol: IpNumber,
}

/// The addresses of an IP header, source and destination, as they stand in it: most headers are only stepped over.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ends<'a> {
    V4(&'a [[u8; 4]; 2]),
    V6(&'a [[u8; 16]; 2]),
    /// They were read, and kept.
    Kept(&'a [IpAddr; 2]),
}

impl Ends<'_> {
    pub(super) fn addresses(self) -> [IpAddr; 2] {
        match self {
            Ends::V4(ends) => ends.map(IpAddr::from),
            Ends::V6(ends) => ends.map(IpAddr::from),
            Ends::Kept(ends) => *ends,
        }
    }
}

/// What a header says follows it, and those bytes.
pub(super) type Step<'a> = Result<(Layer<'a>, Part<'a>), Skip>;

/// Where the walk ends.
#[derive(Debug)]
pub(super) enum End<'a> {
    Tcp(Carrier<'a>, Part<'a>),
    Udp(Carrier<'a>, Part<'a>),
    Fragment(Fragment<'a>, Part<'a>),
}

/// Steps over headers from `layer` on. The addresses are those of the innermost IP header.
pub(super) fn walk<'a>(
    mut layer: Layer<'a>,
    mut part: Part<'a>,
    checksums: Checksums,
) -> Result<End<'a>, Skip> {
    for _ in 0..MAX_HEADERS {
        (layer, part) = match layer {
            Layer::Ethernet => link::ethernet(part)?,
            Layer::Tag => link::tag(part)?,
            Layer::Llc => link::llc(part)?,
            Layer::Mpls => link::mpls(part)?,
            Layer::Pppoe => ppp::pppoe(part)?,
            Layer::Ppp => ppp::ppp(part)?,
            Layer::Ip => ip::header(part, checksums)?,
            Layer::Payload(carrier) if carrier.protocol == IpNumber::TCP => {
                return Ok(End::Tcp(carrier, part));
            }
            Layer::Payload(carrier) if carrier.protocol == IpNumber::UDP => {
                match tunnel::udp(part)? {
                    Some(inside) => inside,
                    None => return Ok(End::Udp(carrier, part)),
                }
            }
            Layer::Payload(carrier) => ip::payload(carrier, part)?,
            Layer::Fragment(fragment) => return Ok(End::Fragment(fragment, part)),
        };
    }
    Err(Skip::Nested)
}
