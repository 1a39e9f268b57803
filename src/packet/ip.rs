//! IPv4 and IPv6 headers, the headers that extend them, and what they may carry.

use etherparse::err::{ip_auth, ipv4, ipv6};
use etherparse::{
    IpAuthHeaderSlice, IpNumber, Ipv4HeaderSlice, Ipv6FragmentHeaderSlice, Ipv6HeaderSlice,
    Ipv6RawExtHeaderSlice,
};

use super::fragments::Fragment;
use super::layer::{Carrier, Ends, Layer, Step};
use super::part::Part;
use super::{Checksums, Skip, checksum, link, tunnel};

/// Either IP header.
pub(super) fn header(part: Part<'_>, checksums: Checksums) -> Step<'_> {
    match part.bytes.first().map(|byte| byte >> 4) {
        Some(4) => v4(part, checksums),
        Some(6) => v6(part),
        Some(_) => Err(Skip::Malformed),
        None => Err(part.too_short()),
    }
}

fn v4(part: Part<'_>, checksums: Checksums) -> Step<'_> {
    let header = Ipv4HeaderSlice::from_slice(part.bytes).map_err(|error| match error {
        ipv4::HeaderSliceError::Len(_) => part.too_short(),
        ipv4::HeaderSliceError::Content(_) => Skip::Malformed,
    })?;
    checksum::ipv4(&header, checksums)?;
    let rest = part.behind(header.slice().len())?;
    let payload = match usize::from(header.total_len()) {
        // Segmentation offload leaves it to the network card to fill in.
        0 => rest,
        total => match total.checked_sub(header.slice().len()) {
            Some(len) => rest.within(len),
            None => return Err(Skip::Malformed),
        },
    };
    let ends = header.slice()[12..20].as_chunks().0;
    let carrier = Carrier {
        ends: Ends::V4(ends.try_into().map_err(|_| Skip::Malformed)?),
        protocol: header.protocol(),
    };
    let layer = if header.is_fragmenting_payload() {
        Layer::Fragment(Fragment {
            carrier,
            id: u32::from(header.identification()),
            offset: usize::from(header.fragments_offset().value()) * 8,
            is_last: !header.more_fragments(),
        })
    } else {
        Layer::Payload(carrier)
    };
    Ok((layer, payload))
}

fn v6(part: Part<'_>) -> Step<'_> {
    let header = Ipv6HeaderSlice::from_slice(part.bytes).map_err(|error| match error {
        ipv6::HeaderSliceError::Len(_) => part.too_short(),
        ipv6::HeaderSliceError::Content(_) => Skip::Malformed,
    })?;
    let rest = part.behind(header.slice().len())?;
    let payload = match usize::from(header.payload_length()) {
        // A jumbogram, or left to be filled in.
        0 => rest,
        len => rest.within(len),
    };
    let ends = header.slice()[8..40].as_chunks().0;
    let carrier = Carrier {
        ends: Ends::V6(ends.try_into().map_err(|_| Skip::Malformed)?),
        protocol: header.next_header(),
    };
    Ok((Layer::Payload(carrier), payload))
}

/// What is neither TCP nor UDP: a header that extends IP, a tunnel, or nothing for us.
pub(super) fn payload<'a>(carrier: Carrier<'a>, part: Part<'a>) -> Step<'a> {
    match carrier.protocol {
        IpNumber::IPV4 | IpNumber::IPV6 => Ok((Layer::Ip, part)),
        IpNumber::GRE => tunnel::gre(part),
        IpNumber::ETHER_IP => Ok((Layer::Ethernet, part.behind(2)?)),
        IpNumber::MPLS_IN_IP => link::mpls(part),
        IpNumber::AUTHENTICATION_HEADER => authentication(carrier, part),
        protocol if carrier.ends.addresses()[0].is_ipv4() => Err(Skip::NotTcp(protocol.0)),
        IpNumber::IPV6_FRAGMENTATION_HEADER => fragment(carrier, part),
        protocol if Ipv6RawExtHeaderSlice::header_type_supported(protocol) => {
            extension(carrier, part)
        }
        protocol => Err(Skip::NotTcp(protocol.0)),
    }
}

fn authentication<'a>(carrier: Carrier<'a>, part: Part<'a>) -> Step<'a> {
    let header = IpAuthHeaderSlice::from_slice(part.bytes).map_err(|error| match error {
        ip_auth::HeaderSliceError::Len(_) => part.too_short(),
        ip_auth::HeaderSliceError::Content(_) => Skip::Malformed,
    })?;
    behind(carrier, header.next_header(), part, header.slice().len())
}

/// Hop-by-hop options, routing, destination options, and their like.
fn extension<'a>(carrier: Carrier<'a>, part: Part<'a>) -> Step<'a> {
    let header = Ipv6RawExtHeaderSlice::from_slice(part.bytes).map_err(|_| part.too_short())?;
    behind(carrier, header.next_header(), part, header.slice().len())
}

/// A datagram in a single fragment stands for itself (RFC 6946).
fn fragment<'a>(carrier: Carrier<'a>, part: Part<'a>) -> Step<'a> {
    let header = Ipv6FragmentHeaderSlice::from_slice(part.bytes).map_err(|_| part.too_short())?;
    let (next, payload) = behind(carrier, header.next_header(), part, header.slice().len())?;
    let Layer::Payload(carrier) = next else {
        return Ok((next, payload));
    };
    let layer = if header.is_fragmenting_payload() {
        Layer::Fragment(Fragment {
            carrier,
            id: header.identification(),
            offset: usize::from(header.fragment_offset().value()) * 8,
            is_last: !header.more_fragments(),
        })
    } else {
        Layer::Payload(carrier)
    };
    Ok((layer, payload))
}

fn behind<'a>(carrier: Carrier<'a>, protocol: IpNumber, part: Part<'a>, header: usize) -> Step<'a> {
    let layer = Layer::Payload(Carrier {
        protocol,
        ..carrier
    });
    Ok((layer, part.behind(header)?))
}
