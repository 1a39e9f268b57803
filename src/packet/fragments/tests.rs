//! Datagrams in pieces, as the fragment tests of other programs have them.

mod bounds;
mod liars;
mod v6;

use super::super::scene::{frame, ip4, outer4, words};
use super::super::{Fate, Packets, Settled, Skip};
use crate::capture::{FilePosition, Frame, LinkType};

const WAITING: Result<&str, Skip> = Err(Skip::Fragment(Fate::Waiting));
const AGAIN: Result<&str, Skip> = Err(Skip::Fragment(Fate::PutTogether));
const MALFORMED: Result<&str, Skip> = Err(Skip::Malformed);

/// Frames one after the other, a second between them.
#[derive(Default)]
struct Scene {
    packets: Packets,
    number: u32,
    counts: Counts,
}

/// Every frame is in one of these.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    segments: u64,
    waiting: u64,
    put_together: u64,
    never_whole: u64,
    other: u64,
}

impl Scene {
    fn sees(&mut self, bytes: &[u8]) -> Result<String, Skip> {
        self.number += 1;
        let seen = words(
            self.packets
                .segment(&frame(self.number, LinkType::RAW, bytes)),
        );
        *match seen {
            Ok(_) => &mut self.counts.segments,
            Err(Skip::Fragment(Fate::Waiting)) => &mut self.counts.waiting,
            Err(Skip::Fragment(Fate::PutTogether)) => &mut self.counts.put_together,
            Err(_) => &mut self.counts.other,
        } += 1;
        seen
    }

    fn expect(&mut self, bytes: &[u8], expected: Result<&str, Skip>) -> &mut Scene {
        let seen = self.sees(bytes);
        assert_eq!(
            seen.as_deref(),
            expected.as_deref(),
            "frame {}",
            self.number
        );
        self
    }

    fn settle(&mut self) {
        let Settled {
            put_together,
            never_whole,
        } = self.packets.take_settled();
        self.counts.waiting -= put_together + never_whole;
        self.counts.put_together += put_together;
        self.counts.never_whole += never_whole;
    }

    /// Segments, then frames of datagrams that were put together and that never were.
    fn ends(&mut self) -> (u64, u64, u64) {
        self.packets.finish();
        self.settle();
        assert_eq!(self.counts.waiting, 0);
        (
            self.counts.segments,
            self.counts.put_together,
            self.counts.never_whole,
        )
    }
}

/// Bytes `from..to` of an IPv4 packet's payload as a fragment; `more` follow.
fn cut4(packet: &[u8], from: usize, to: usize, more: bool) -> Vec<u8> {
    fragment4(&packet[..20], &packet[20 + from..20 + to], from, more)
}

fn fragment4(header: &[u8], payload: &[u8], offset: usize, more: bool) -> Vec<u8> {
    let mut bytes = [header, payload].concat();
    let len = bytes.len() as u16;
    bytes[2..4].copy_from_slice(&len.to_be_bytes());
    let field = (offset / 8) as u16 | u16::from(more) << 13;
    bytes[6..8].copy_from_slice(&field.to_be_bytes());
    bytes
}

/// A segment of 60 bytes with its header: `said` below is what it says.
fn packet() -> Vec<u8> {
    ip4(b"0123456789abcdefghijklmnopqrstuvwxyzABCD")
}

const SAID: Result<&str, Skip> =
    Ok("10.0.0.1:6881>10.0.0.2:51413 1000 0123456789abcdefghijklmnopqrstuvwxyzABCD");

/// Its fragments, by letters: bytes 0 to 24, 24 to 48, and 48 to 60.
fn abc(letter: char) -> Vec<u8> {
    match letter {
        'a' => cut4(&packet(), 0, 24, true),
        'b' => cut4(&packet(), 24, 48, true),
        _ => cut4(&packet(), 48, 60, false),
    }
}

/// `packet` from another host, all of whose fragments have the same number.
fn from_other_host(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes[12..16].copy_from_slice(&[10, 0, 0, 9]);
    bytes
}

#[test]
fn any_order_will_do() {
    for order in ["abc", "acb", "bac", "bca", "cab", "cba"] {
        let mut scene = Scene::default();
        let mut letters = order.chars().map(abc);
        scene.expect(&letters.next().unwrap(), WAITING);
        scene.expect(&letters.next().unwrap(), WAITING);
        scene.expect(&letters.next().unwrap(), SAID);
        assert_eq!(scene.ends(), (1, 2, 0), "{order}");
    }
}

#[test]
fn the_place_of_the_segment_is_its_first_fragment_in_the_file() {
    let mut packets = Packets::default();
    let (b, c, a) = (abc('b'), abc('c'), abc('a'));
    for (number, bytes) in [(5, &b), (6, &c)] {
        packets
            .segment(&frame(number, LinkType::RAW, bytes))
            .unwrap_err();
    }
    let first = packets.segment(&frame(9, LinkType::RAW, &a)).unwrap().first;
    assert_eq!(first, FilePosition(500));
}

#[test]
fn the_same_number_from_two_hosts_are_two_datagrams() {
    let mut scene = Scene::default();
    let other = "10.0.0.9:6881>10.0.0.2:51413 1000 0123456789abcdefghijklmnopqrstuvwxyzABCD";
    scene
        .expect(&abc('a'), WAITING)
        .expect(&from_other_host(abc('a')), WAITING);
    scene
        .expect(&from_other_host(abc('c')), WAITING)
        .expect(&abc('b'), WAITING);
    scene
        .expect(&from_other_host(abc('b')), Ok(other))
        .expect(&abc('c'), SAID);
    assert_eq!(scene.ends(), (2, 4, 0));
}

#[test]
fn a_fragment_that_comes_twice_counts_once() {
    let mut scene = Scene::default();
    scene.expect(&abc('a'), WAITING).expect(&abc('a'), WAITING);
    scene.expect(&abc('c'), WAITING).expect(&abc('c'), WAITING);
    scene.expect(&abc('b'), SAID);
    // Captured on another interface, too.
    scene
        .expect(&abc('b'), AGAIN)
        .expect(&abc('c'), AGAIN)
        .expect(&abc('a'), AGAIN);
    assert_eq!(scene.ends(), (1, 7, 0));
}

#[test]
fn a_datagram_with_a_hole_is_never_whole() {
    let mut scene = Scene::default();
    scene.expect(&abc('a'), WAITING).expect(&abc('c'), WAITING);
    assert_eq!(scene.ends(), (0, 0, 2));
}

#[test]
fn after_a_minute_the_rest_does_not_come_any_more() {
    let mut scene = Scene::default();
    scene.expect(&abc('a'), WAITING).expect(&abc('b'), WAITING);
    scene.number += 60;
    scene
        .expect(&abc('c'), WAITING)
        .expect(&abc('a'), WAITING)
        .expect(&abc('b'), SAID);
    assert_eq!(scene.ends(), (1, 2, 2));
}

#[test]
fn a_number_is_used_again_for_the_next_datagram() {
    let mut next = packet();
    next[40..].copy_from_slice(b"another segment, of the very same length");
    let mut scene = Scene::default();
    scene
        .expect(&abc('a'), WAITING)
        .expect(&abc('b'), WAITING)
        .expect(&abc('c'), SAID);
    scene
        .expect(&cut4(&next, 0, 24, true), WAITING)
        .expect(&cut4(&next, 24, 48, true), WAITING);
    let said = "10.0.0.1:6881>10.0.0.2:51413 1000 another segment, of the very same length";
    scene.expect(&cut4(&next, 48, 60, false), Ok(said));
    assert_eq!(scene.ends(), (2, 4, 0));
}

#[test]
fn a_first_fragment_may_be_too_small_for_a_header() {
    let mut scene = Scene::default();
    scene.expect(&cut4(&packet(), 0, 8, true), WAITING);
    scene.expect(&cut4(&packet(), 8, 16, true), WAITING);
    scene.expect(&cut4(&packet(), 16, 60, false), SAID);
}

#[test]
fn a_datagram_that_is_no_segment_is_counted_for_what_it_is() {
    let udp = outer4(17, &[0; 32]);
    let mut scene = Scene::default();
    scene.expect(&cut4(&udp, 0, 16, true), WAITING);
    scene.expect(&cut4(&udp, 16, 32, false), Err(Skip::NotTcp(17)));
    assert_eq!((scene.ends(), scene.counts.other), ((0, 1, 0), 1));
}

#[test]
fn what_the_snap_length_cut_of_a_fragment_ends_what_is_known_of_the_datagram() {
    let mut packets = Packets::default();
    let mut see = |letter, cut| {
        let bytes = abc(letter);
        let frame = Frame {
            original_len: bytes.len() as u32,
            ..frame(1, LinkType::RAW, &bytes[..bytes.len() - cut])
        };
        words(packets.segment(&frame))
    };
    see('c', 0).unwrap_err();
    see('a', 0).unwrap_err();
    let said = see('b', 20).unwrap();
    assert_eq!(
        said,
        "10.0.0.1:6881>10.0.0.2:51413 1000 01234567................................"
    );
}

#[test]
fn a_tunnel_in_fragments_with_fragments_in_it_is_put_together() {
    let inner: Vec<u8> = outer4(4, &cut4(&packet(), 0, 48, true));
    let mut scene = Scene::default();
    scene.expect(&cut4(&inner, 0, 32, true), WAITING);
    scene.expect(&cut4(&inner, 32, 68, false), WAITING);
    scene.expect(&outer4(4, &abc('c')), SAID);
    // One frame of the outer datagram, one of the inner.
    assert_eq!(scene.ends(), (1, 2, 0));
}

#[test]
fn the_place_of_a_segment_in_such_a_tunnel_is_the_first_fragment_of_a_fragment() {
    let inner: Vec<u8> = outer4(4, &cut4(&packet(), 0, 48, true));
    let (begin, end) = (cut4(&inner, 0, 32, true), cut4(&inner, 32, 68, false));
    let mut packets = Packets::default();
    for (number, bytes) in [(3, &begin), (4, &end)] {
        let waits = packets.segment(&frame(number, LinkType::RAW, bytes));
        assert_eq!(words(waits).as_deref(), WAITING.as_deref());
    }
    let rest = outer4(4, &abc('c'));
    let found = packets.segment(&frame(9, LinkType::RAW, &rest)).unwrap();
    assert_eq!(found.first, FilePosition(300));
}
