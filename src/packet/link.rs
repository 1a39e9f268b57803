//! The link header: where the network layer begins, by link type.

use etherparse::{EtherType, LaxSlicedPacket};

use super::Skip;
use crate::capture::LinkType;

/// Takes the headers of a frame apart as far as they hold.
pub(super) fn slice(link: LinkType, bytes: &[u8]) -> Result<LaxSlicedPacket<'_>, Skip> {
    match link {
        LinkType::ETHERNET => LaxSlicedPacket::from_ethernet(bytes).map_err(|_| Skip::Cut),
        // Number 12 is RAW on most systems, 14 on OpenBSD: some files carry the system's number.
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 | LinkType(12 | 14) => ip(bytes),
        LinkType::NULL | LinkType::LOOP => ip(bytes.get(4..).ok_or(Skip::Cut)?),
        LinkType::LINUX_SLL => ether_type(bytes, 14, 16),
        LinkType::LINUX_SLL2 => ether_type(bytes, 0, 20),
        unknown => Err(Skip::Link(unknown)),
    }
}

fn ip(bytes: &[u8]) -> Result<LaxSlicedPacket<'_>, Skip> {
    if bytes.is_empty() {
        return Err(Skip::Cut);
    }
    LaxSlicedPacket::from_ip(bytes).map_err(|_| Skip::Malformed)
}

fn ether_type(
    bytes: &[u8],
    type_at: usize,
    payload_at: usize,
) -> Result<LaxSlicedPacket<'_>, Skip> {
    let payload = bytes.get(payload_at..).ok_or(Skip::Cut)?;
    let number = u16::from_be_bytes([bytes[type_at], bytes[type_at + 1]]);
    Ok(LaxSlicedPacket::from_ether_type(EtherType(number), payload))
}
