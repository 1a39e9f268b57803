//! Fragments of IPv6.

use hex_literal::hex;

use super::super::super::scene::{TEN, ip6, outer6};
use super::{Scene, WAITING};

/// Bytes `from..to` of an IPv6 packet's payload as a fragment; `more` follow.
fn cut6(packet: &[u8], from: usize, to: usize, more: bool, id: u8) -> Vec<u8> {
    let field = (from as u16 | u16::from(more)).to_be_bytes();
    let header = [&[6, 0][..], &field, &[0, 0, 0, id]].concat();
    let mut bytes = outer6(44, &[&header[..], &packet[40 + from..40 + to]].concat());
    bytes[8..40].copy_from_slice(&packet[8..40]);
    bytes
}

#[test]
fn ipv6_fragments_may_have_headers_before_them() {
    let whole = ip6(TEN);
    let said = Ok("[fd77::1]:6881>[fd77::2]:51413 1000 0123456789");
    let mut scene = Scene::default();
    scene.expect(&cut6(&whole, 16, 30, false, 7), WAITING);
    scene.expect(&cut6(&whole, 0, 16, true, 7), said);
    // Destination options in front of the fragment header.
    let optional = |mut fragment: Vec<u8>| {
        fragment[6] = 60;
        fragment.splice(40..40, hex!("2c 00 0104 00000000"));
        fragment[5] += 8;
        fragment
    };
    scene.expect(&optional(cut6(&whole, 0, 16, true, 8)), WAITING);
    scene.expect(&optional(cut6(&whole, 16, 30, false, 8)), said);
    assert_eq!(scene.ends(), (2, 2, 0));
}

#[test]
fn an_atomic_fragment_waits_for_nothing_and_joins_nothing() {
    let whole = ip6(TEN);
    let said = Ok("[fd77::1]:6881>[fd77::2]:51413 1000 0123456789");
    let mut scene = Scene::default();
    scene.expect(&cut6(&whole, 0, 16, true, 7), WAITING);
    scene.expect(&cut6(&whole, 0, 30, false, 7), said);
    scene.expect(&cut6(&whole, 16, 30, false, 7), said);
}

#[test]
fn only_the_first_ipv6_fragment_knows_the_protocol() {
    let whole = ip6(TEN);
    let mut last = cut6(&whole, 16, 30, false, 7);
    last[40] = 17;
    let mut scene = Scene::default();
    scene.expect(&last, WAITING);
    scene.expect(
        &cut6(&whole, 0, 16, true, 7),
        Ok("[fd77::1]:6881>[fd77::2]:51413 1000 0123456789"),
    );
}
