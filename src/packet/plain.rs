//! What nearly every frame is: TCP or UDP right behind an IP header, and that right behind Ethernet's.
//!
//! The walk finds the same in these, in three times as long; it has all others, for which this is `None`.

use etherparse::IpNumber;

use super::layer::{Carrier, Ends};
use super::part::Part;
use super::tunnel;
use crate::capture::{Frame, LinkType};

const ETHERNET: usize = 14;
const IPV4: usize = ETHERNET + 20;
const IPV6: usize = ETHERNET + 40;

/// What is behind the IP header of a plain frame; the carrier tells which of the two it is.
#[inline]
pub(super) fn carried<'a>(frame: &Frame<'a>) -> Option<(Carrier<'a>, Part<'a>)> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    let (carrier, part) = match frame.bytes.get(12..15)? {
        [8, 0, 0x45] => v4(frame),
        [0x86, 0xdd, 0x60..=0x6f] => v6(frame),
        _ => None,
    }?;
    let is_plain = carrier.protocol == IpNumber::TCP || matches!(tunnel::udp(part), Ok(None));
    is_plain.then_some((carrier, part))
}

/// No options, no fragment, and a length.
#[inline]
fn v4<'a>(frame: &Frame<'a>) -> Option<(Carrier<'a>, Part<'a>)> {
    let header: &[u8; IPV4] = frame.bytes.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([header[16], header[17]])).checked_sub(20)?;
    // Of its flags a fragment has one, or an offset behind them.
    let is_fragment = u16::from_be_bytes([header[20], header[21]]) & 0x3fff != 0;
    let protocol = followed(header[23]).filter(|_| !is_fragment)?;
    let ends = Ends::V4(header[26..].as_chunks().0.try_into().ok()?);
    let part = Part::of(frame).behind(IPV4).ok()?.within(len);
    Some((Carrier { ends, protocol }, part))
}

/// No extension headers, and a length.
#[inline]
fn v6<'a>(frame: &Frame<'a>) -> Option<(Carrier<'a>, Part<'a>)> {
    let header: &[u8; IPV6] = frame.bytes.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([header[18], header[19]]));
    let protocol = followed(header[20]).filter(|_| len > 0)?;
    let ends = Ends::V6(header[22..].as_chunks().0.try_into().ok()?);
    let part = Part::of(frame).behind(IPV6).ok()?.within(len);
    Some((Carrier { ends, protocol }, part))
}

fn followed(protocol: u8) -> Option<IpNumber> {
    let protocol = IpNumber(protocol);
    matches!(protocol, IpNumber::TCP | IpNumber::UDP).then_some(protocol)
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use proptest::prelude::*;

    use super::super::layer::{End, walk};
    use super::super::scene::{ethernet, frame, outer4, outer6};
    use super::super::{Checksums, link};
    use super::*;

    /// What a frame carries: protocol, addresses, bytes, and how many were cut.
    type Had<'a> = (IpNumber, Ends<'a>, &'a [u8], usize);

    fn walked<'a>(frame: &Frame<'a>) -> Option<Had<'a>> {
        let (layer, part) = link::first(frame.link, Part::of(frame)).ok()?;
        match walk(layer, part, Checksums::Ignored).ok()? {
            End::Tcp(carrier, part) => Some((IpNumber::TCP, carrier.ends, part.bytes, part.cut)),
            End::Udp(carrier, part) => Some((IpNumber::UDP, carrier.ends, part.bytes, part.cut)),
            End::Fragment(..) => None,
        }
    }

    proptest! {
        #[test]
        fn what_is_found_at_once_is_what_the_walk_finds(
            is_v6: bool, is_udp: bool, at in 0..60usize, damage: u8, len in 0..80usize, cut in 0..30u32
        ) {
            let payload = b"0123456789012345678901234567";
            let protocol = if is_udp { 17 } else { 6 };
            let mut bytes = if is_v6 {
                ethernet(&hex!("86dd"), &outer6(protocol, payload))
            } else {
                ethernet(&hex!("0800"), &outer4(protocol, payload))
            };
            bytes[at] = damage;
            bytes.truncate(len.max(20));
            let mut frame = frame(1, LinkType::ETHERNET, &bytes);
            frame.original_len += cut;
            if let Some((carrier, part)) = carried(&frame) {
                let (protocol, ends, bytes, cut) = walked(&frame).unwrap();
                prop_assert_eq!(carrier.protocol, protocol);
                prop_assert_eq!(carrier.ends.addresses(), ends.addresses());
                prop_assert_eq!((part.bytes, part.cut), (bytes, cut));
            }
        }
    }
}
