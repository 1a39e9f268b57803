//! Checksums of IPv4 headers and of TCP segments, for those who ask.

use std::net::IpAddr;

use etherparse::Ipv4HeaderSlice;
use etherparse::checksum::Sum16BitWords;

use super::Skip;
use super::layer::Carrier;
use super::part::Part;

/// Whether what a checksum calls damaged is believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Checksums {
    /// They are not looked at: network cards fill them in behind the capture's back.
    #[default]
    Ignored,
    /// Segments whose checksum is wrong are not followed.
    Verified,
}

/// Where a TCP header holds it.
const CHECKSUM_AT: usize = 16;

/// A header that holds its own checksum sums up to nothing.
#[inline]
pub(super) fn ipv4(header: &Ipv4HeaderSlice<'_>, checksums: Checksums) -> Result<(), Skip> {
    let is_wrong = || {
        Sum16BitWords::new()
            .add_slice(header.slice())
            .ones_complement()
            != 0
    };
    if checksums == Checksums::Verified && is_wrong() {
        return Err(Skip::IpChecksum);
    }
    Ok(())
}

/// Of a segment that was cut nothing can be said.
#[inline]
pub(super) fn tcp(carrier: Carrier<'_>, part: Part<'_>, checksums: Checksums) -> Result<(), Skip> {
    if checksums == Checksums::Ignored || part.cut > 0 {
        return Ok(());
    }
    let pseudo = pseudo_header(carrier, part.len());
    if pseudo.clone().add_slice(part.bytes).ones_complement() == 0 {
        return Ok(());
    }
    // A network card that sums up segments is handed the sum of the pseudo-header to begin with.
    let begun = !pseudo.ones_complement().to_be();
    Err(if part.u16(CHECKSUM_AT)? == begun {
        Skip::TcpChecksumUnfinished
    } else {
        Skip::TcpChecksum
    })
}

/// RFC 9293 section 3.1, RFC 8200 section 8.1.
fn pseudo_header(carrier: Carrier<'_>, len: usize) -> Sum16BitWords {
    let mut sum = Sum16BitWords::new();
    for end in carrier.ends.addresses() {
        sum = match end {
            IpAddr::V4(ip) => sum.add_4bytes(ip.octets()),
            IpAddr::V6(ip) => sum.add_16bytes(ip.octets()),
        };
    }
    sum = sum.add_2bytes([0, carrier.protocol.0]);
    sum.add_4bytes((len as u32).to_be_bytes())
}
