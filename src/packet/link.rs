//! Link headers: Ethernet and what may stand between it and IP, loopback, cooked captures.

use super::layer::{Layer, Step};
use super::part::Part;
use super::{Skip, ppp};
use crate::capture::LinkType;

/// 802.1Q tags, as several vendors have numbered them.
const TAGS: [u16; 4] = [0x8100, 0x88a8, 0x9100, 0x9200];
/// Frames whose type field is a length, up to this.
const MAX_802_3: u16 = 1500;
const MPLS: [u16; 2] = [0x8847, 0x8848];
const PPPOE_SESSION: u16 = 0x8864;
/// An Ethernet frame in GRE or Geneve.
const TRANSPARENT_ETHERNET: u16 = 0x6558;
const PPP: u16 = 0x880b;

/// AF_INET, then AF_INET6 of Linux, NetBSD and OpenBSD, FreeBSD, and macOS.
const IP_FAMILIES: [u32; 5] = [2, 10, 24, 28, 30];

/// What the header of this link type says, in a frame that begins with it.
pub(super) fn first(link: LinkType, part: Part<'_>) -> Step<'_> {
    match link {
        LinkType::ETHERNET => ethernet(part),
        // Number 12 is RAW on most systems, 14 on OpenBSD: some files carry the system's number.
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 | LinkType(12 | 14) => {
            Ok((Layer::Ip, part))
        }
        LinkType::NULL | LinkType::LOOP => loopback(part),
        LinkType::LINUX_SLL => cooked(part, 14, 16),
        LinkType::LINUX_SLL2 => cooked(part, 0, 20),
        LinkType::PPP => Ok((Layer::Ppp, part)),
        LinkType::PPP_HDLC => ppp::serial(part),
        LinkType::PPP_ETHER => Ok((Layer::Pppoe, part)),
        LinkType::C_HDLC => ppp::cisco(part),
        unknown => Err(Skip::Link(unknown)),
    }
}

/// Ethernet II and 802.3: two addresses, a type or a length.
pub(super) fn ethernet(part: Part<'_>) -> Step<'_> {
    ether_type(part.u16(12)?, part.behind(14)?)
}

/// The tag's own two bytes, then the type of what it tags.
pub(super) fn tag(part: Part<'_>) -> Step<'_> {
    ether_type(part.u16(2)?, part.behind(4)?)
}

/// What an ether type announces, wherever it stands.
pub(super) fn ether_type(number: u16, part: Part<'_>) -> Step<'_> {
    let layer = match number {
        0x0800 | 0x86dd => Layer::Ip,
        _ if TAGS.contains(&number) => Layer::Tag,
        _ if MPLS.contains(&number) => Layer::Mpls,
        PPPOE_SESSION => Layer::Pppoe,
        TRANSPARENT_ETHERNET => Layer::Ethernet,
        PPP => Layer::Ppp,
        0..=MAX_802_3 => return Ok((Layer::Llc, part.within(usize::from(number)))),
        _ => return Err(Skip::NotIp(number)),
    };
    Ok((layer, part))
}

/// 802.2: service access points AA AA 03 and five bytes of SNAP, or 06 06 03 for IP itself.
pub(super) fn llc(part: Part<'_>) -> Step<'_> {
    match part.array(0)? {
        [0xaa, 0xaa, 3] => match part.array(3)? {
            // The second is for bridged frames (RFC 1042, 802.1H).
            [0, 0, 0 | 0xf8] => ether_type(part.u16(6)?, part.behind(8)?),
            _ => Err(Skip::Llc(0xaa)),
        },
        [6, 6, 3] => Ok((Layer::Ip, part.behind(3)?)),
        [destination, ..] => Err(Skip::Llc(destination)),
    }
}

/// A label, of which the last has a bit set. Nothing says what is behind that one: IP shows by its version, and an
/// Ethernet frame of a pseudo-wire by its own type, behind a control word (RFC 4385) or not.
pub(super) fn mpls(part: Part<'_>) -> Step<'_> {
    let [_, _, bottom, _] = part.array(0)?;
    let rest = part.behind(4)?;
    if bottom & 1 == 0 {
        return Ok((Layer::Mpls, rest));
    }
    let behind_control_word = rest.behind(4).ok().filter(|frame| holds_ip(*frame));
    match rest.array(0)? {
        [first] if matches!(first >> 4, 4 | 6) => Ok((Layer::Ip, rest)),
        [first] if first >> 4 == 0 && behind_control_word.is_some() => {
            Ok((Layer::Ethernet, rest.behind(4)?))
        }
        _ if holds_ip(rest) => Ok((Layer::Ethernet, rest)),
        _ => Err(Skip::NotIp(MPLS[0])),
    }
}

/// Looks like an Ethernet frame on its way to IP: for where nothing says that it is one.
pub(super) fn holds_ip(frame: Part<'_>) -> bool {
    let Ok(announced) = frame.u16(12) else {
        return false;
    };
    let version = frame.array(14).map_or(0, |[first]: [u8; 1]| first >> 4);
    match announced {
        0x0800 => version == 4,
        0x86dd => version == 6,
        other => TAGS.contains(&other) || MPLS.contains(&other),
    }
}

/// The address family, in the byte order of the machine that captured, whatever the file's is.
fn loopback(part: Part<'_>) -> Step<'_> {
    let little = u32::from_le_bytes(part.array(0)?);
    let family = little.min(little.swap_bytes());
    if IP_FAMILIES.contains(&family) {
        Ok((Layer::Ip, part.behind(4)?))
    } else {
        Err(Skip::Family(family))
    }
}

/// Linux cooked captures. The types below 1501 are no lengths here; 4 is 802.2.
fn cooked(part: Part<'_>, type_at: usize, payload_at: usize) -> Step<'_> {
    let payload = part.behind(payload_at)?;
    match part.u16(type_at)? {
        4 => Ok((Layer::Llc, payload)),
        number @ 0..=MAX_802_3 => Err(Skip::NotIp(number)),
        number => ether_type(number, payload),
    }
}
