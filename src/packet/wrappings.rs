//! One segment, wrapped in every way that is understood.

use hex_literal::hex;

use super::scene::{TEN, ethernet, ip4, ip6, outer4, outer6, udp};
use crate::capture::LinkType;

/// A frame that carries the segment, its link type and its name.
pub(super) type Wrapped = (&'static str, LinkType, Vec<u8>);

/// Every link header and tag, around the segment in IPv4.
pub(super) fn linked() -> Vec<Wrapped> {
    let ip = &ip4(TEN);
    let plain = |name, link, header: &[u8]| (name, link, [header, ip].concat());
    let on_ethernet = |name, header: &[u8]| (name, LinkType::ETHERNET, ethernet(header, ip));
    let llc_len = (8 + ip.len() as u16).to_be_bytes();
    let pppoe_len = (2 + ip.len() as u16).to_be_bytes();
    let pppoe = |before: &[u8]| [before, &hex!("11 00 0001"), &pppoe_len, &hex!("0021")].concat();
    vec![
        on_ethernet("Ethernet II", &hex!("0800")),
        on_ethernet(
            "802.3 with SNAP",
            &[&llc_len[..], &hex!("aaaa03 000000 0800")].concat(),
        ),
        on_ethernet(
            "802.3 with LLC",
            &[&(3 + ip.len() as u16).to_be_bytes()[..], &hex!("060603")].concat(),
        ),
        on_ethernet("802.1Q", &hex!("8100 0064 0800")),
        on_ethernet("QinQ", &hex!("88a8 0064 8100 004d 0800")),
        on_ethernet("QinQ of old", &hex!("9100 0064 9100 004d 8100 0001 0800")),
        on_ethernet(
            "SNAP in 802.1Q",
            &[
                &hex!("8100 0064")[..],
                &llc_len,
                &hex!("aaaa03 000000 0800"),
            ]
            .concat(),
        ),
        on_ethernet("MPLS", &hex!("8847 00010140")),
        on_ethernet(
            "MPLS, three labels",
            &hex!("8848 00010040 00020040 00030140"),
        ),
        on_ethernet("MPLS in 802.1Q", &hex!("8100 0064 8847 00010040 00020140")),
        on_ethernet(
            "MPLS pseudo-wire",
            &hex!("8847 00010140 00000000 020202020202 040404040404 0800"),
        ),
        on_ethernet(
            "MPLS pseudo-wire without control word, 802.1Q in it",
            &hex!("8847 00010140 020202020202 040404040404 8100 0001 0800"),
        ),
        on_ethernet("PPPoE session", &pppoe(&hex!("8864"))),
        on_ethernet("PPPoE in 802.1Q", &pppoe(&hex!("8100 0007 8864"))),
        plain("NULL, little-endian", LinkType::NULL, &hex!("02000000")),
        plain("NULL, big-endian", LinkType::NULL, &hex!("00000002")),
        plain("LOOP", LinkType::LOOP, &hex!("00000002")),
        plain("raw IP", LinkType::RAW, &[]),
        plain("raw IP by number 12", LinkType(12), &[]),
        plain("raw IP by number 14", LinkType(14), &[]),
        plain("raw IPv4", LinkType::IPV4, &[]),
        plain(
            "cooked v1",
            LinkType::LINUX_SLL,
            &hex!("0000 0001 0006 0202020202020000 0800"),
        ),
        plain(
            "cooked v1, 802.1Q",
            LinkType::LINUX_SLL,
            &hex!("0000 0001 0006 0202020202020000 8100 0064 0800"),
        ),
        plain(
            "cooked v1, LLC",
            LinkType::LINUX_SLL,
            &hex!("0000 0001 0006 0202020202020000 0004 060603"),
        ),
        plain(
            "cooked v2",
            LinkType::LINUX_SLL2,
            &hex!("0800 0000 00000001 0001 00 06 0202020202020000"),
        ),
        plain("PPP", LinkType::PPP, &hex!("0021")),
        plain(
            "PPP, address and control",
            LinkType::PPP,
            &hex!("ff03 0021"),
        ),
        plain("PPP, short protocol", LinkType::PPP, &hex!("21")),
        plain("PPP, serial", LinkType::PPP_HDLC, &hex!("ff03 0021")),
        plain("Cisco HDLC for PPP", LinkType::PPP_HDLC, &hex!("0f00 0800")),
        plain("Cisco HDLC", LinkType::C_HDLC, &hex!("8f00 0800")),
        plain("MPLS in PPP", LinkType::PPP, &hex!("0281 00010140")),
        (
            "PPPoE alone",
            LinkType::PPP_ETHER,
            [&pppoe(&[])[..], ip].concat(),
        ),
    ]
}

/// Every tunnel, around the segment in IPv4.
pub(super) fn tunnelled() -> Vec<Wrapped> {
    let ip = &ip4(TEN);
    let inner = &ethernet(&hex!("0800"), ip);
    let on = |name, ip: Vec<u8>| {
        let ether_type = if ip[0] >> 4 == 4 {
            hex!("0800")
        } else {
            hex!("86dd")
        };
        (name, LinkType::ETHERNET, ethernet(&ether_type, &ip))
    };
    let gre = |header: &[u8], payload: &[u8]| outer4(47, &[header, payload].concat());
    let in_ppp = &[&hex!("ff03 0021")[..], ip].concat();
    let pptp_len = (in_ppp.len() as u16).to_be_bytes();
    let pptp = [
        &hex!("3081 880b")[..],
        &pptp_len,
        &hex!("0007 00000001 00000002"),
    ]
    .concat();
    let in_udp =
        |port, header: &[u8], payload: &[u8]| outer4(17, &udp(port, &[header, payload].concat()));
    vec![
        on("GRE", gre(&hex!("0000 0800"), ip)),
        on(
            "GRE, checksum, key and sequence",
            gre(&hex!("b000 0800 12340000 00000007 00000001"), ip),
        ),
        on("GRE, key", gre(&hex!("2000 0800 00000007"), ip)),
        on("GRE, transparent Ethernet", gre(&hex!("0000 6558"), inner)),
        on("GRE, MPLS", gre(&hex!("0000 8847 00010140"), ip)),
        on("PPTP", gre(&pptp, in_ppp)),
        on(
            "PPTP without acknowledgement",
            gre(
                &[&hex!("3001 880b")[..], &pptp_len, &hex!("0007 00000001")].concat(),
                in_ppp,
            ),
        ),
        on(
            "ERSPAN II",
            gre(&hex!("1000 88be 00000001 1001000100000000"), inner),
        ),
        on("IPIP", outer4(4, ip)),
        on("4in6", outer6(4, ip)),
        on(
            "GRE in IPv6",
            outer6(47, &[&hex!("0000 0800")[..], ip].concat()),
        ),
        on(
            "authentication header",
            outer4(
                51,
                &[
                    &hex!("04 04 0000 00000001 00000001 000000000000000000000000")[..],
                    ip,
                ]
                .concat(),
            ),
        ),
        on("EtherIP", outer4(97, &[&hex!("3000")[..], inner].concat())),
        on(
            "MPLS in IP",
            outer4(137, &[&hex!("00010140")[..], ip].concat()),
        ),
        on("VXLAN", in_udp(4789, &hex!("08000000 00000700"), inner)),
        on(
            "VXLAN of old",
            in_udp(8472, &hex!("08000000 00000700"), inner),
        ),
        on(
            "VXLAN, 802.1Q in it",
            in_udp(
                4789,
                &hex!("08000000 00000700"),
                &ethernet(&hex!("8100 0001 0800"), ip),
            ),
        ),
        on(
            "VXLAN over IPv6",
            outer6(
                17,
                &udp(4789, &[&hex!("08000000 00000700")[..], inner].concat()),
            ),
        ),
        on("Geneve", in_udp(6081, &hex!("0000 6558 00000700"), inner)),
        on(
            "Geneve, options, IP",
            in_udp(6081, &hex!("0240 0800 00000700 0102030405060708"), ip),
        ),
        on(
            "IPIP in GRE in IPIP",
            outer4(4, &gre(&hex!("0000 0800"), &outer4(4, ip))),
        ),
    ]
}

/// The segment in IPv6, by itself and in what is for IPv6 alone.
pub(super) fn in_ipv6() -> Vec<Wrapped> {
    let ip = &ip6(TEN);
    let plain = |name, link, header: &[u8]| (name, link, [header, ip].concat());
    // Extension headers between the IPv6 header and TCP; the last names TCP.
    let extended = |name, next: u8, headers: &[u8]| {
        let mut bytes = ip.clone();
        bytes[6] = next;
        let len = (bytes.len() - 40 + headers.len()) as u16;
        bytes[4..6].copy_from_slice(&len.to_be_bytes());
        bytes.splice(40..40, headers.iter().copied());
        (name, LinkType::RAW, bytes)
    };
    let mut teredo =
        hex!("60000000 00002940 20010000000000000000000000000001 00020000000000000000000000000002");
    teredo[4..6].copy_from_slice(&(ip.len() as u16).to_be_bytes());
    let teredo = [&hex!("0000 1234 05060708")[..], &teredo, ip].concat();
    vec![
        (
            "Ethernet II",
            LinkType::ETHERNET,
            ethernet(&hex!("86dd"), ip),
        ),
        plain("NULL of FreeBSD", LinkType::NULL, &hex!("1c000000")),
        plain("NULL of macOS", LinkType::NULL, &hex!("1e000000")),
        plain(
            "NULL of OpenBSD, big-endian",
            LinkType::LOOP,
            &hex!("00000018"),
        ),
        plain("NULL of Linux", LinkType::NULL, &hex!("0a000000")),
        plain("raw IPv6", LinkType::IPV6, &[]),
        plain("PPP", LinkType::PPP, &hex!("0057")),
        (
            "MPLS",
            LinkType::ETHERNET,
            ethernet(&hex!("8847 00010140"), ip),
        ),
        ("6in4", LinkType::RAW, outer4(41, ip)),
        ("IPv6 in IPv6", LinkType::RAW, outer6(41, ip)),
        (
            "GRE",
            LinkType::RAW,
            outer4(47, &[&hex!("0000 86dd")[..], ip].concat()),
        ),
        ("Teredo", LinkType::RAW, outer4(17, &udp(3544, &teredo))),
        extended("destination options", 60, &hex!("06 00 0104 00000000")),
        extended(
            "hop-by-hop options, routing",
            0,
            &hex!("2b 00 0104 00000000  06 00 0000 00000000"),
        ),
        extended("an atomic fragment", 44, &hex!("06 00 0000 00001234")),
        extended(
            "authentication header",
            51,
            &hex!("06 04 0000 00000001 00000001 000000000000000000000000"),
        ),
    ]
}
