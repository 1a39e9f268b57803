//! PPP (RFC 1661), in serial framing (RFC 1662), over Ethernet (RFC 2516), and Cisco's HDLC in its place.

use super::Skip;
use super::layer::{Layer, Step};
use super::link;
use super::part::Part;

const IPV4: u16 = 0x0021;
const IPV6: u16 = 0x0057;
const MPLS: u16 = 0x0281;

/// The protocol, behind the address and control bytes of serial framing where they were not left out.
pub(super) fn ppp(part: Part<'_>) -> Step<'_> {
    let part = match part.array(0)? {
        [0xff] => part.behind(2)?,
        _ => part,
    };
    let (protocol, payload) = protocol(part)?;
    match protocol {
        IPV4 | IPV6 => Ok((Layer::Ip, payload)),
        MPLS => Ok((Layer::Mpls, payload)),
        other => Err(Skip::Ppp(other)),
    }
}

/// Two bytes, of which the first is left out where the peers agreed to: the last byte is the one that is odd.
fn protocol(part: Part<'_>) -> Result<(u16, Part<'_>), Skip> {
    match part.array(0)? {
        [short] if short & 1 == 1 => Ok((u16::from(short), part.behind(1)?)),
        _ => Ok((part.u16(0)?, part.behind(2)?)),
    }
}

/// Version and type 1, code 0, a session, a length, and PPP.
pub(super) fn pppoe(part: Part<'_>) -> Step<'_> {
    match part.array(0)? {
        [0x11, 0] => {
            let len = usize::from(part.u16(4)?);
            Ok((Layer::Ppp, part.behind(6)?.within(len)))
        }
        _ => Err(Skip::Malformed),
    }
}

/// A serial line: its address byte tells which of both it speaks.
pub(super) fn serial(part: Part<'_>) -> Step<'_> {
    match part.array(0)? {
        [0x0f | 0x8f] => cisco(part),
        _ => Ok((Layer::Ppp, part)),
    }
}

/// Address, control, and an ether type.
pub(super) fn cisco(part: Part<'_>) -> Step<'_> {
    link::ether_type(part.u16(2)?, part.behind(4)?)
}
