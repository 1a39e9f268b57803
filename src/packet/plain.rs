//! What nearly every frame is: TCP right behind an IP header, and that right behind Ethernet's.
//!
//! The walk finds the same in these, in three times as long; it has all others, for which this is `None`.

use etherparse::IpNumber;

use super::layer::{Carrier, Ends};
use super::part::Part;
use crate::capture::{Frame, LinkType};

const ETHERNET: usize = 14;
const IPV4: usize = ETHERNET + 20;
const IPV6: usize = ETHERNET + 40;

/// The TCP segment of a plain frame.
#[inline]
pub(super) fn tcp<'a>(frame: &Frame<'a>) -> Option<(Carrier<'a>, Part<'a>)> {
    if frame.link != LinkType::ETHERNET {
        return None;
    }
    match frame.bytes.get(12..15)? {
        [8, 0, 0x45] => v4(frame),
        [0x86, 0xdd, 0x60..=0x6f] => v6(frame),
        _ => None,
    }
}

/// No options, no fragment, and a length.
#[inline]
fn v4<'a>(frame: &Frame<'a>) -> Option<(Carrier<'a>, Part<'a>)> {
    let header: &[u8; IPV4] = frame.bytes.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([header[16], header[17]])).checked_sub(20)?;
    // Of its flags a fragment has one, or an offset behind them.
    let is_fragment = u16::from_be_bytes([header[20], header[21]]) & 0x3fff != 0;
    let is_plain = !is_fragment && header[23] == IpNumber::TCP.0;
    let ends = Ends::V4(header[26..].as_chunks().0.try_into().ok()?);
    let part = Part::of(frame).behind(IPV4).ok()?.within(len);
    is_plain.then_some((carrier(ends), part))
}

/// No extension headers, and a length.
#[inline]
fn v6<'a>(frame: &Frame<'a>) -> Option<(Carrier<'a>, Part<'a>)> {
    let header: &[u8; IPV6] = frame.bytes.first_chunk()?;
    let len = usize::from(u16::from_be_bytes([header[18], header[19]]));
    let is_plain = header[20] == IpNumber::TCP.0 && len > 0;
    let ends = Ends::V6(header[22..].as_chunks().0.try_into().ok()?);
    let part = Part::of(frame).behind(IPV6).ok()?.within(len);
    is_plain.then_some((carrier(ends), part))
}

fn carrier(ends: Ends<'_>) -> Carrier<'_> {
    Carrier {
        ends,
        protocol: IpNumber::TCP,
    }
}

#[cfg(test)]
mod tests {
    use hex_literal::hex;
    use proptest::prelude::*;

    use super::super::layer::{End, walk};
    use super::super::scene::{ethernet, frame, ip4, ip6};
    use super::super::{Checksums, link};
    use super::*;

    /// What a frame has of TCP: addresses, bytes, and how many were cut.
    type Had<'a> = (Ends<'a>, &'a [u8], usize);

    fn walked<'a>(frame: &Frame<'a>) -> Option<Had<'a>> {
        let (layer, part) = link::first(frame.link, Part::of(frame)).ok()?;
        match walk(layer, part, Checksums::Ignored).ok()? {
            End::Tcp(carrier, part) => Some((carrier.ends, part.bytes, part.cut)),
            End::Udp(..) | End::Fragment(..) => None,
        }
    }

    proptest! {
        #[test]
        fn what_is_found_at_once_is_what_the_walk_finds(
            is_v6: bool, at in 0..60usize, damage: u8, len in 0..80usize, cut in 0..30u32
        ) {
            let mut bytes = if is_v6 {
                ethernet(&hex!("86dd"), &ip6(b"0123456789"))
            } else {
                ethernet(&hex!("0800"), &ip4(b"0123456789"))
            };
            bytes[at] = damage;
            bytes.truncate(len.max(20));
            let mut frame = frame(1, LinkType::ETHERNET, &bytes);
            frame.original_len += cut;
            if let Some((carrier, part)) = tcp(&frame) {
                let (ends, bytes, cut) = walked(&frame).unwrap();
                prop_assert_eq!(carrier.ends.addresses(), ends.addresses());
                prop_assert_eq!((part.bytes, part.cut), (bytes, cut));
            }
        }
    }
}
