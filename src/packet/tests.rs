//! Frames as a whole: every wrapping, cut anywhere, too deep, with wrong checksums.

use etherparse::PacketBuilder;
use hex_literal::hex;

use super::scene::{
    SAID4, SAID6, TEN, ethernet, frame, ip4, ip6, outer4, outer6, read, udp, words,
};
use super::wrappings::{Wrapped, in_ipv6, linked, tunnelled};
use super::{Checksums, Found, Packets, Skip};
use crate::capture::{FilePosition, Frame, LinkType};

fn all() -> Vec<Wrapped> {
    [linked(), tunnelled(), in_ipv6()].concat()
}

#[test]
fn whatever_is_around_it_the_segment_is_the_same() {
    for (name, link, bytes) in [linked(), tunnelled()].concat() {
        assert_eq!(read(link, &bytes).as_deref(), Ok(SAID4), "{name}");
    }
    for (name, link, bytes) in in_ipv6() {
        assert_eq!(read(link, &bytes).as_deref(), Ok(SAID6), "{name}");
    }
}

#[test]
fn a_segment_has_its_numbers_and_flags() {
    let bytes = ip4(TEN);
    let mut packets = Packets::default();
    let Found { segment, first } = packets.segment(&frame(7, LinkType::RAW, &bytes)).unwrap();
    assert_eq!(
        (segment.seq, segment.ack, segment.len),
        (1000, Some(77), 10)
    );
    assert!(!segment.flags.syn && !segment.flags.fin && !segment.flags.rst);
    assert_eq!(first, FilePosition(700));
    let mut bytes = ip4(TEN);
    bytes[33] = 0x07; // RST, SYN, FIN, and no ACK
    let segment = packets
        .segment(&frame(8, LinkType::RAW, &bytes))
        .unwrap()
        .segment;
    assert!(segment.flags.syn && segment.flags.fin && segment.flags.rst);
    assert_eq!(segment.ack, None);
}

#[test]
fn padding_is_no_payload_in_any_of_them() {
    for (name, link, bytes) in all() {
        let padded = [&bytes[..], &[0; 20]].concat();
        let said = read(link, &padded).unwrap();
        assert!(said.ends_with(" 0123456789"), "{name}: {said}");
    }
}

#[test]
fn a_frame_cut_at_any_byte_is_cut_or_misses_exactly_its_end() {
    for (name, link, bytes) in all() {
        for len in 0..bytes.len() {
            let cut = Frame {
                original_len: bytes.len() as u32,
                ..frame(1, link, &bytes[..len])
            };
            let missing = (bytes.len() - len).min(10);
            match Packets::default().segment(&cut) {
                Ok(found) => assert_eq!(
                    (found.segment.payload, found.segment.len),
                    (&TEN[..10 - missing], 10),
                    "{name} cut at {len}"
                ),
                // What has to be looked at as a whole is no tunnel when it is not.
                Err(skip) => assert!(
                    matches!(skip, Skip::Cut | Skip::NotTcp(17) | Skip::NotIp(0x8847)),
                    "{name} cut at {len}: {skip:?}"
                ),
            }
        }
    }
}

#[test]
fn a_frame_that_ends_too_early_never_panics() {
    for (_, link, bytes) in all() {
        for len in 0..bytes.len() {
            let _ = read(link, &bytes[..len]);
        }
    }
}

#[test]
fn options_that_were_cut_do_not_matter() {
    let mut bytes = Vec::new();
    let options = [etherparse::TcpOptionElement::Timestamp(1, 2)];
    PacketBuilder::ipv4([10, 0, 0, 1], [10, 0, 0, 2], 64)
        .tcp(6881, 51413, 1000, 500)
        .options(&options)
        .unwrap()
        .write(&mut bytes, TEN)
        .unwrap();
    for len in 34..=bytes.len() - 10 {
        let cut = Frame {
            original_len: bytes.len() as u32,
            ..frame(1, LinkType::RAW, &bytes[..len])
        };
        let said = words(Packets::default().segment(&cut)).unwrap();
        assert_eq!(said, "10.0.0.1:6881>10.0.0.2:51413 1000 ..........");
    }
}

#[test]
fn an_ip_length_of_zero_is_segmentation_offload() {
    let mut bytes = ip4(TEN);
    bytes[2..4].copy_from_slice(&[0, 0]);
    assert_eq!(read(LinkType::RAW, &bytes).as_deref(), Ok(SAID4));
    let mut bytes = ip6(TEN);
    bytes[4..6].copy_from_slice(&[0, 0]);
    assert_eq!(read(LinkType::RAW, &bytes).as_deref(), Ok(SAID6));
}

#[test]
fn an_ip_length_that_lies_promises_nothing() {
    let mut bytes = ip4(TEN);
    bytes[2..4].copy_from_slice(&1500u16.to_be_bytes());
    assert_eq!(read(LinkType::RAW, &bytes).as_deref(), Ok(SAID4));
    bytes[2..4].copy_from_slice(&19u16.to_be_bytes());
    assert_eq!(read(LinkType::RAW, &bytes), Err(Skip::Malformed));
}

#[test]
fn a_tcp_header_longer_than_its_segment_is_malformed() {
    let mut bytes = ip4(TEN);
    bytes[32] = 0xf0;
    assert_eq!(read(LinkType::RAW, &bytes), Err(Skip::Malformed));
    bytes[32] = 0x40;
    assert_eq!(read(LinkType::RAW, &bytes), Err(Skip::Malformed));
}

#[test]
fn everything_else_is_a_skip_with_its_reason() {
    let on_ethernet = |header: &[u8]| read(LinkType::ETHERNET, &ethernet(header, &[0; 46]));
    assert_eq!(on_ethernet(&hex!("0806")), Err(Skip::NotIp(0x0806)));
    assert_eq!(on_ethernet(&hex!("88cc")), Err(Skip::NotIp(0x88cc)));
    assert_eq!(
        on_ethernet(&hex!("8100 0001 0806")),
        Err(Skip::NotIp(0x0806))
    );
    assert_eq!(on_ethernet(&hex!("8863")), Err(Skip::NotIp(0x8863)));
    assert_eq!(on_ethernet(&hex!("0026 424203")), Err(Skip::Llc(0x42)));
    assert_eq!(
        on_ethernet(&hex!("8864 1100 0001 0008 c021")),
        Err(Skip::Ppp(0xc021))
    );
    // A control channel of a pseudo-wire.
    assert_eq!(
        on_ethernet(&hex!("8847 00010140 10000021")),
        Err(Skip::NotIp(0x8847))
    );
    assert_eq!(
        read(LinkType::NULL, &hex!("07000000 00000000")),
        Err(Skip::Family(7))
    );
    assert_eq!(
        read(LinkType(195), &ip4(TEN)),
        Err(Skip::Link(LinkType(195)))
    );
    assert_eq!(read(LinkType::RAW, &[0xff; 40]), Err(Skip::Malformed));
    let carried = |protocol| read(LinkType::RAW, &outer4(protocol, &[0; 40]));
    assert_eq!(carried(1), Err(Skip::NotTcp(1)));
    assert_eq!(carried(0), Err(Skip::NotTcp(0)));
    assert_eq!(carried(17), Err(Skip::NotTcp(17)));
    // A keep-alive of GRE; its version 2; PPTP that only acknowledges.
    assert_eq!(carried(47), Err(Skip::NotIp(0)));
    let gre = |bytes: &[u8]| read(LinkType::RAW, &outer4(47, bytes));
    assert_eq!(gre(&hex!("0002 0800")), Err(Skip::NotTcp(47)));
    assert_eq!(
        gre(&hex!("2081 880b 0000 0007 00000002")),
        Err(Skip::NotTcp(47))
    );
}

#[test]
fn a_datagram_for_a_port_of_tunnels_is_ordinary_unless_it_looks_like_one() {
    let inner = ethernet(&hex!("0800"), &ip4(TEN));
    let sent = |port, header: &[u8], payload: &[u8]| {
        read(
            LinkType::RAW,
            &outer4(17, &udp(port, &[header, payload].concat())),
        )
    };
    let ordinary = Err(Skip::NotTcp(17));
    assert_eq!(sent(4789, b"d1:ad2:id20:", &inner), ordinary);
    assert_eq!(sent(4789, &hex!("08000000 00000701"), &inner), ordinary);
    assert_eq!(sent(4790, &hex!("08000000 00000700"), &inner), ordinary);
    assert_eq!(
        sent(
            4789,
            &hex!("08000000 00000700"),
            &ethernet(&hex!("0806"), &[0; 28])
        ),
        ordinary
    );
    assert_eq!(sent(6081, &hex!("0000 1234 00000700"), &inner), ordinary);
    assert_eq!(sent(3544, &[], &outer6(6, TEN)), ordinary);
}

#[test]
fn wrappings_without_end_are_given_up() {
    let mut deep = ip4(TEN);
    for _ in 0..30 {
        deep = outer4(4, &deep);
    }
    assert_eq!(read(LinkType::RAW, &deep), Err(Skip::Nested));
    let tags = hex!("8100 0001").repeat(30);
    let tagged = ethernet(&[&tags[..], &hex!("0800")].concat(), &ip4(TEN));
    assert_eq!(read(LinkType::ETHERNET, &tagged), Err(Skip::Nested));
}

fn verified(link: LinkType, bytes: &[u8]) -> Result<String, Skip> {
    words(Packets::new(Checksums::Verified).segment(&frame(1, link, bytes)))
}

#[test]
fn right_checksums_are_right() {
    for (name, link, bytes) in all() {
        assert!(verified(link, &bytes).is_ok(), "{name}");
    }
    assert!(verified(LinkType::RAW, &ip4(b"odd")).is_ok());
}

#[test]
fn a_wrong_checksum_is_a_reason_where_it_is_verified() {
    let mut damaged = ip4(TEN);
    damaged[45] ^= 0x01;
    assert!(read(LinkType::RAW, &damaged).is_ok());
    assert_eq!(verified(LinkType::RAW, &damaged), Err(Skip::TcpChecksum));
    let mut damaged = ip6(TEN);
    damaged[60] ^= 0x80;
    assert_eq!(verified(LinkType::RAW, &damaged), Err(Skip::TcpChecksum));
    let mut damaged = ip4(TEN);
    damaged[8] -= 1;
    assert!(read(LinkType::RAW, &damaged).is_ok());
    assert_eq!(verified(LinkType::RAW, &damaged), Err(Skip::IpChecksum));
}

/// 10.0.0.1 and 10.0.0.2, protocol 6, 30 bytes: 0a00 + 0001 + 0a00 + 0002 + 0006 + 001e = 1427.
#[test]
fn a_checksum_that_the_network_card_was_to_finish_is_told_apart() {
    let mut unfinished = ip4(TEN);
    unfinished[36..38].copy_from_slice(&hex!("1427"));
    assert_eq!(
        verified(LinkType::RAW, &unfinished),
        Err(Skip::TcpChecksumUnfinished)
    );
}

#[test]
fn of_a_segment_that_was_cut_no_checksum_is_verified() {
    let bytes = ip4(TEN);
    let cut = Frame {
        original_len: bytes.len() as u32,
        ..frame(1, LinkType::RAW, &bytes[..bytes.len() - 7])
    };
    let said = words(Packets::new(Checksums::Verified).segment(&cut));
    assert_eq!(
        said.as_deref(),
        Ok("10.0.0.1:6881>10.0.0.2:51413 1000 012.......")
    );
}
