//! Tunnels: GRE, and those in UDP datagrams that are told by what they carry.

use std::net::Ipv6Addr;

use etherparse::IpNumber;

use super::Skip;
use super::layer::{Layer, Step};
use super::link;
use super::part::Part;

const GRE_CHECKSUM: u16 = 0x8000;
const GRE_ROUTING: u16 = 0x4000;
const GRE_KEY: u16 = 0x2000;
const GRE_SEQUENCE: u16 = 0x1000;
const GRE_ACK: u16 = 0x0080;
const GRE_VERSION: u16 = 0x0007;

/// RFC 2784 and 2890; version 1 is PPTP's (RFC 2637).
pub(super) fn gre(part: Part<'_>) -> Step<'_> {
    let (flags, protocol) = (part.u16(0)?, part.u16(2)?);
    let len_of = |bit: u16| if flags & bit == 0 { 0 } else { 4 };
    match flags & GRE_VERSION {
        // Source routing has been given up; its length is in no fixed place.
        0 if flags & GRE_ROUTING == 0 => {
            let len = 4 + len_of(GRE_CHECKSUM) + len_of(GRE_KEY) + len_of(GRE_SEQUENCE);
            in_gre(flags, protocol, part.behind(len)?)
        }
        1 => {
            let payload = part.behind(8 + len_of(GRE_SEQUENCE) + len_of(GRE_ACK))?;
            match payload.len() {
                // It only acknowledges.
                0 => Err(Skip::NotTcp(IpNumber::GRE.0)),
                _ => link::ether_type(protocol, payload),
            }
        }
        _ => Err(Skip::NotTcp(IpNumber::GRE.0)),
    }
}

/// A mirrored port of a switch: an Ethernet frame, with a sequence number behind a header of 8 bytes (ERSPAN).
const ERSPAN: u16 = 0x88be;

fn in_gre(flags: u16, protocol: u16, payload: Part<'_>) -> Step<'_> {
    match protocol {
        ERSPAN if flags & GRE_SEQUENCE == 0 => Ok((Layer::Ethernet, payload)),
        ERSPAN => Ok((Layer::Ethernet, payload.behind(8)?)),
        0..0x600 => Err(Skip::NotIp(protocol)),
        _ => link::ether_type(protocol, payload),
    }
}

const TEREDO: u16 = 3544;

/// Ports only say what a datagram may be: what does not hold together as a tunnel is an ordinary datagram.
pub(super) fn udp(part: Part<'_>) -> Result<Inside<'_>, Skip> {
    let (src, dst) = (part.u16(0)?, part.u16(2)?);
    let payload = part.behind(8)?;
    Ok(match (src, dst) {
        // 8472 is what Linux took before there was a number.
        (_, 4789 | 8472) => vxlan(payload),
        (_, 6081) => geneve(payload),
        (TEREDO, _) | (_, TEREDO) => teredo(payload),
        _ => None,
    })
}

/// What is in a tunnel, if it is one.
type Inside<'a> = Option<(Layer<'a>, Part<'a>)>;

/// RFC 7348: a flag, a network's number between reserved zeros, an Ethernet frame.
fn vxlan(part: Part<'_>) -> Inside<'_> {
    let [8, 0, 0, 0, _, _, _, 0] = part.array(0).ok()? else {
        return None;
    };
    let frame = part.behind(8).ok()?;
    link::holds_ip(frame).then_some((Layer::Ethernet, frame))
}

/// RFC 8926: version 0, words of options, a type, a network's number, a zero.
fn geneve(part: Part<'_>) -> Inside<'_> {
    let [first, flags, a, b, _, _, _, 0] = part.array(0).ok()? else {
        return None;
    };
    let has_version_0 = first >> 6 == 0 && flags << 2 == 0;
    let payload = part.behind(8 + usize::from(first) * 4).ok()?;
    let version = payload.array(0).map_or(0, |[first]: [u8; 1]| first >> 4);
    let layer = match u16::from_be_bytes([a, b]) {
        0x6558 if link::holds_ip(payload) => Layer::Ethernet,
        0x0800 if version == 4 => Layer::Ip,
        0x86dd if version == 6 => Layer::Ip,
        _ => return None,
    };
    has_version_0.then_some((layer, payload))
}

/// RFC 4380: an IPv6 packet of its exact length, of or for an address in 2001::/32, perhaps behind an origin.
fn teredo(part: Part<'_>) -> Inside<'_> {
    let packet = match part.array(0).ok()? {
        [0, 0] => part.behind(8).ok()?,
        _ => part,
    };
    let [first] = packet.array(0).ok()?;
    let fits = usize::from(packet.u16(4).ok()?) + 40 == packet.len();
    let ends = [packet.array(8).ok()?, packet.array(24).ok()?].map(Ipv6Addr::from);
    let is_teredo = ends.iter().any(|end| end.segments()[..2] == [0x2001, 0]);
    (first >> 4 == 6 && fits && is_teredo).then_some((Layer::Ip, packet))
}
