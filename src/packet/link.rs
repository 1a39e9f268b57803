//! The link header: where the IP header begins, by link type.

use etherparse::{EtherType, Ethernet2Slice, SingleVlanSlice};

use super::Skip;
use crate::capture::LinkType;

/// Tags within tags that are stepped over; two are QinQ.
const MAX_TAGS: usize = 8;

/// The IPv4 or IPv6 packet in a frame.
pub(super) fn ip(link: LinkType, bytes: &[u8]) -> Result<&[u8], Skip> {
    match link {
        LinkType::ETHERNET => {
            let ethernet = Ethernet2Slice::from_slice_without_fcs(bytes).map_err(|_| Skip::Cut)?;
            untagged(ethernet.ether_type(), ethernet.payload_slice())
        }
        // Number 12 is RAW on most systems, 14 on OpenBSD: some files carry the system's number.
        LinkType::RAW | LinkType::IPV4 | LinkType::IPV6 | LinkType(12 | 14) => Ok(bytes),
        LinkType::NULL | LinkType::LOOP => bytes.get(4..).ok_or(Skip::Cut),
        LinkType::LINUX_SLL => cooked(bytes, 14, 16),
        LinkType::LINUX_SLL2 => cooked(bytes, 0, 20),
        unknown => Err(Skip::Link(unknown)),
    }
}

fn cooked(bytes: &[u8], type_at: usize, payload_at: usize) -> Result<&[u8], Skip> {
    let payload = bytes.get(payload_at..).ok_or(Skip::Cut)?;
    let number = u16::from_be_bytes([bytes[type_at], bytes[type_at + 1]]);
    untagged(EtherType(number), payload)
}

/// Steps over VLAN tags.
fn untagged(mut ether_type: EtherType, mut payload: &[u8]) -> Result<&[u8], Skip> {
    for _ in 0..MAX_TAGS {
        match ether_type {
            EtherType::IPV4 | EtherType::IPV6 => return Ok(payload),
            EtherType::VLAN_TAGGED_FRAME
            | EtherType::PROVIDER_BRIDGING
            | EtherType::VLAN_DOUBLE_TAGGED_FRAME => {
                let tag = SingleVlanSlice::from_slice(payload).map_err(|_| Skip::Cut)?;
                (ether_type, payload) = (tag.ether_type(), tag.payload_slice());
            }
            EtherType(number) => return Err(Skip::NotIp(number)),
        }
    }
    Err(Skip::Malformed)
}
