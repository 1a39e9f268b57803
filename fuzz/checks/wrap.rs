//! What stands around a segment: IP, fragments of it, tunnels, links.

use hex_literal::hex;
use peerscope::capture::LinkType;

pub(super) const TCP: u8 = 6;
const UDP: u8 = 17;
const IPV6_FRAGMENT: u8 = 44;
/// The bit in IPv4 beside the offset, which counts eights (RFC 791 section 3.1).
const MORE_FRAGMENTS: u16 = 0x2000;

/// The link types that are known, and at last one that is not.
pub(crate) const LINKS: [LinkType; 14] = [
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType::PPP,
    LinkType::PPP_HDLC,
    LinkType::PPP_ETHER,
    LinkType::C_HDLC,
    LinkType(12),
    LinkType(195),
];

/// What stands between the IP datagram inside and the one around it.
struct Tunnel {
    protocol: u8,
    /// Where it is in UDP, its port.
    port: Option<u16>,
    header: &'static [u8],
    /// The datagram is in an Ethernet frame, too.
    has_ethernet: bool,
}

const fn tunnel(protocol: u8, header: &'static [u8], has_ethernet: bool) -> Tunnel {
    Tunnel {
        protocol,
        port: None,
        header,
        has_ethernet,
    }
}

const fn in_udp(port: u16, header: &'static [u8]) -> Tunnel {
    Tunnel {
        port: Some(port),
        ..tunnel(UDP, header, true)
    }
}

/// GRE with nothing and with all its fields, ERSPAN, VXLAN, Geneve, EtherIP, MPLS, IP in IP.
const TUNNELS: [Tunnel; 8] = [
    tunnel(47, &hex!("0000 6558"), true),
    tunnel(47, &hex!("b000 6558 12340000 00000007 00000001"), true),
    tunnel(47, &hex!("1000 88be 00000001 1001000100000000"), true),
    in_udp(4789, &hex!("08000000 00000700")),
    in_udp(6081, &hex!("0000 6558 00000700")),
    tunnel(97, &hex!("3000"), true),
    tunnel(137, &hex!("00010140"), false),
    tunnel(4, &[], false),
];

/// The datagram in a tunnel of IPv4, by its number.
pub(super) fn in_tunnel(number: u8, id: [u8; 2], ip: &[u8]) -> Vec<u8> {
    let tunnel = &TUNNELS[usize::from(number) % TUNNELS.len()];
    let inner = if tunnel.has_ethernet {
        [&link_header(LinkType::ETHERNET, ip, false), ip].concat()
    } else {
        ip.to_vec()
    };
    let inner = [tunnel.header, &inner].concat();
    let inner = match tunnel.port {
        Some(port) => udp(port, &inner),
        None => inner,
    };
    // IP in IP has a number for each version.
    let protocol = if tunnel.protocol == 4 && is_v6(ip) {
        41
    } else {
        tunnel.protocol
    };
    ip4(protocol, id, [9, 8], &inner)
}

fn udp(port: u16, payload: &[u8]) -> Vec<u8> {
    let len = (8 + payload.len()) as u16;
    let header = [40000, port, len, 0].map(u16::to_be_bytes);
    [header.as_flattened(), payload].concat()
}

/// IPv4 from 10.0.0.`ends[0]` to 10.0.0.`ends[1]`.
pub(super) fn ip4(protocol: u8, id: [u8; 2], ends: [u8; 2], payload: &[u8]) -> Vec<u8> {
    let mut ip = vec![0x45, 0];
    ip.extend(((20 + payload.len()) as u16).to_be_bytes());
    ip.extend(id);
    ip.extend([0, 0, 64, protocol, 0, 0]);
    ip.extend(ends.map(|host| [10, 0, 0, host]).as_flattened());
    ip.extend(payload);
    ip
}

/// IPv6 from fd00::`ends[0]` to fd00::`ends[1]`.
pub(super) fn ip6(next: u8, ends: [u8; 2], payload: &[u8]) -> Vec<u8> {
    let mut ip = vec![0x60, 0, 0, 0];
    ip.extend((payload.len() as u16).to_be_bytes());
    ip.extend([next, 64]);
    for host in ends {
        ip.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
    }
    ip.extend(payload);
    ip
}

/// Bytes of a datagram's payload that its first fragment has: a TCP header and a little more.
const FIRST: u16 = 24;

/// An IPv4 datagram in two parts.
pub(super) fn fragments4(ip: &[u8]) -> Vec<Vec<u8>> {
    let (header, payload) = ip.split_at(20);
    let (first, second) = payload.split_at(payload.len().min(usize::from(FIRST)));
    let part = |word: u16, part: &[u8]| {
        let mut ip = [header, part].concat();
        ip[2..4].copy_from_slice(&((20 + part.len()) as u16).to_be_bytes());
        ip[6..8].copy_from_slice(&word.to_be_bytes());
        ip
    };
    vec![part(MORE_FRAGMENTS, first), part(FIRST / 8, second)]
}

/// An IPv6 datagram in two parts.
pub(super) fn fragments6(ends: [u8; 2], id: [u8; 2], tcp: &[u8]) -> Vec<Vec<u8>> {
    let (first, second) = tcp.split_at(tcp.len().min(usize::from(FIRST)));
    // The offset counts eights and stands three bits up, so it is written as it is. The last bit: more will come.
    let part = |[high, low]: [u8; 2], part: &[u8]| {
        let header = [TCP, 0, high, low, 0, 0, id[0], id[1]];
        ip6(IPV6_FRAGMENT, ends, &[&header, part].concat())
    };
    vec![part([0, 1], first), part(FIRST.to_be_bytes(), second)]
}

fn is_v6(ip: &[u8]) -> bool {
    ip.first().is_some_and(|byte| byte >> 4 == 6)
}

/// How a frame that carries `ip` begins.
pub(super) fn link_header(link: LinkType, ip: &[u8], is_tagged: bool) -> Vec<u8> {
    let is_v6 = is_v6(ip);
    let ether_type = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
    let family = if is_v6 { 30 } else { 2 };
    let ppp = [0, if is_v6 { 0x57 } else { 0x21 }];
    let pppoe_len = ((2 + ip.len()) as u16).to_be_bytes();
    match link {
        LinkType::ETHERNET if is_tagged => [&[2; 12][..], &[0x81, 0, 0, 7], &ether_type].concat(),
        LinkType::ETHERNET => [&[2; 12][..], &ether_type].concat(),
        LinkType::NULL => vec![family, 0, 0, 0],
        LinkType::LOOP => vec![0, 0, 0, family],
        LinkType::LINUX_SLL => [&[0; 14][..], &ether_type].concat(),
        LinkType::LINUX_SLL2 => [&ether_type[..], &[0; 18]].concat(),
        LinkType::PPP => ppp.to_vec(),
        LinkType::PPP_HDLC => [&[0xff, 0x03][..], &ppp].concat(),
        LinkType::PPP_ETHER => [&[0x11, 0, 0, 1][..], &pppoe_len, &ppp].concat(),
        LinkType::C_HDLC => [&[0x8f, 0][..], &ether_type].concat(),
        _ => Vec::new(),
    }
}
