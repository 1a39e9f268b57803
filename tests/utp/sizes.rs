//! Packets that come again with another size, in fragments, cut, with other bytes, or not at all.

use peerscope::store::{EntryId, What};
use peerscope::stream::{Missing, Side};

use crate::datagrams::Capture;
use crate::heard::Heard;
use crate::line::Line;
use crate::packet::Kind;
use crate::talk::{block, have, haves};
use crate::{A, B};

fn greeted(mut capture: Capture) -> (Capture, Line) {
    let mut line = Line::new([A, B], 7, [65_535, 65_000]);
    capture.greet(&mut line);
    (capture, line)
}

/// What is said behind the greeting. Everything adds up.
fn words(capture: Capture) -> Vec<String> {
    heard(capture).words(0).split_off(2)
}

fn heard(capture: Capture) -> Heard {
    let frames = capture.frames;
    let heard = Heard::of(capture);
    heard.assert_it_adds_up(frames);
    assert_eq!(heard.over_utp(), [0]);
    heard
}

fn all_haves(count: u32) -> Vec<String> {
    (0..count).map(|piece| format!("A have {piece}")).collect()
}

/// Nothing but these is said behind the greeting, and each can be read again.
fn assert_all_haves(heard: &Heard, count: u32) {
    assert_eq!(heard.words(0)[2..], all_haves(count));
    let bytes: Vec<Vec<u8>> = (0..count).map(have).collect();
    assert_eq!(heard.bytes(0, Side::A)[1..], bytes);
}

/// After a failed probe of the path: the rest comes in the next packet.
#[test]
fn a_packet_that_comes_again_shorter_hands_its_rest_to_the_next() {
    for len in [1, 9, 500, 1399] {
        let (mut capture, mut line) = greeted(Capture::new());
        let stream = haves(0..400);
        let seq = line.next[0];
        capture.send(&line.packet(Side::A, Kind::Data, seq, &stream[..1400]));
        capture.send(&line.state(Side::B));
        capture.say(&mut line, Side::A, &stream[..len], 1400);
        capture.say(&mut line, Side::A, &stream[len..], 500);
        assert_all_haves(&heard(capture), 400);
    }
}

#[test]
fn a_packet_that_comes_again_longer_has_more_behind_it() {
    for len in [1, 9, 500, 1399] {
        let (mut capture, mut line) = greeted(Capture::new());
        let stream = haves(0..400);
        let seq = line.next[0];
        capture.send(&line.packet(Side::A, Kind::Data, seq, &stream[..len]));
        capture.send(&line.state(Side::B));
        capture.say(&mut line, Side::A, &stream, 1400);
        assert_all_haves(&heard(capture), 400);
    }
}

/// The first part of a probe waits for its second.
#[test]
fn a_probe_in_fragments_is_one_packet() {
    let (mut capture, mut line) = greeted(Capture::new());
    for (number, part) in (0..).zip(haves(0..400).chunks(1435)) {
        let sent = line.data(Side::A, part);
        let bytes = sent.packet.to_bytes();
        capture.fragments([A, B], &bytes, 60, number);
        capture.send(&line.state(Side::B));
    }
    let heard = Heard::of(capture);
    assert_all_haves(&heard, 400);
    assert_eq!(heard.account()["udp"]["other"]["frames"], 0);
}

/// Where each message begins its packet its head is among the 48 bytes that are left of the datagram.
#[test]
fn of_96_bytes_a_packet_the_heads_of_messages_are_told() {
    let (mut capture, mut line) = greeted(Capture::snapped(96));
    for piece in 0..20 {
        capture.say(&mut line, Side::A, &block(piece), 1400);
        capture.say(&mut line, Side::B, &have(piece), 1400);
    }
    let heard = heard(capture);
    let (blocks, haves) = (heard.told(0, Side::A), heard.told(0, Side::B));
    assert_eq!((blocks.len(), haves.len()), (21, 21), "with the handshakes");
    let missing = 16_397 - 12 * 48;
    assert!(blocks[1..].iter().all(|told| told.missing == missing));
    assert!(haves[1..].iter().all(|told| told.missing == 0));
    let pieces: Vec<String> = heard.words(0);
    let pieces = pieces.iter().filter(|word| word.starts_with("A piece"));
    assert_eq!(pieces.count(), 20);
    assert_eq!(heard.lost_packets(0, Side::A), 0, "only cut");
}

/// Messages that begin inside a packet lie behind what was cut of it, and what follows is found all the same.
#[test]
fn of_96_bytes_a_packet_no_place_is_lost() {
    let (mut capture, mut line) = greeted(Capture::snapped(96));
    let stream: Vec<u8> = (0..20).flat_map(block).collect();
    capture.say(&mut line, Side::A, &stream, 1400);
    capture.say(&mut line, Side::A, &have(9), 1400);
    let heard = heard(capture);
    let facts = heard.connection(0).facts(Side::A).unwrap();
    let sent = 68 + stream.len() as u64 + 9;
    assert_eq!(facts.stream.total(), sent, "{:?}", facts.stream);
}

/// They were acknowledged, so they arrived: the stream goes on behind them, wherever its numbers are.
#[test]
fn a_hole_that_was_acknowledged_ends_no_stream() {
    for count in [1, 63, 1000, 3000, 10_000] {
        let (mut capture, mut line) = greeted(Capture::new());
        capture.say(&mut line, Side::A, &haves(0..20), 9);
        for _ in 0..count {
            line.data(Side::A, &block(1)[..1400]);
        }
        capture.send(&line.state(Side::B));
        for piece in 0..60 {
            capture.say(&mut line, Side::A, &have(100 + piece), 9);
        }
        let heard = heard(capture);
        assert_eq!(heard.store.connections().len(), 1);
        assert_eq!(heard.lost_packets(0, Side::A), count, "{count}");
        let said = heard.words(0);
        let messages = said.iter().filter(|word| word.starts_with("A have"));
        assert_eq!(messages.count(), 80, "{count}");
    }
}

/// Nobody acknowledged it, and no window reaches there: it is somebody's noise.
#[test]
fn a_packet_far_away_is_no_part_of_the_stream() {
    let (mut capture, mut line) = greeted(Capture::new());
    capture.say(&mut line, Side::A, &haves(0..2), 9);
    let far = line.next[0].wrapping_add(20_000);
    capture.send(&line.packet(Side::A, Kind::Data, far, &have(77)));
    capture.say(&mut line, Side::A, &haves(2..4), 9);
    let heard = heard(capture);
    assert_eq!(heard.words(0)[2..], all_haves(4));
    let direction = heard.connection(0).activity.direction(Side::A);
    assert_eq!((direction.stray, direction.payload), (9, 68 + 5 * 9));
}

/// A hole that nobody acknowledges, until the capture ends.
#[test]
fn what_waits_behind_a_hole_comes_out_in_the_end() {
    let (mut capture, mut line) = greeted(Capture::new());
    capture.say(&mut line, Side::A, &haves(0..5), 9);
    let acknowledged = line.got[0];
    line.data(Side::A, &have(99));
    for piece in 5..60 {
        let sent = line.data(Side::A, &have(piece));
        capture.send(&sent);
        line.got[0] = acknowledged;
        capture.send(&line.state(Side::B));
    }
    let heard = heard(capture);
    assert_eq!(heard.lost_packets(0, Side::A), 1);
    assert_eq!(heard.told(0, Side::A).len(), 1 + 60);
}

#[test]
fn the_bytes_that_came_first_count() {
    let (mut capture, mut line) = greeted(Capture::new());
    let sent = line.data(Side::A, &have(1));
    capture.send(&sent);
    let forged = sent.again().with(|packet| packet.carrying(&have(2)));
    capture.send(&forged);
    capture.say(&mut line, Side::A, &have(3), 9);
    let said = words(capture);
    let messages: Vec<&String> = said.iter().filter(|word| word.contains("have")).collect();
    assert_eq!(messages, ["A have 1", "A have 3"]);
    assert!(
        said.iter().any(|word| word.starts_with("A conflict")),
        "{said:?}"
    );
}

/// A message in two packets, of which the second was faster.
#[test]
fn the_frames_of_a_message_are_in_order() {
    let (mut capture, mut line) = greeted(Capture::new());
    let [first, second] = [0..5, 5..9].map(|part| line.data(Side::A, &have(0)[part]));
    capture.send(&second);
    capture.send(&first);
    let heard = heard(capture);
    assert_all_haves(&heard, 1);
    heard.assert_frames_are_in_order(0, Side::A);
}

/// What waits is sent again in another way, and then the hole is filled.
#[test]
fn a_packet_that_waits_comes_again_with_another_size() {
    for (before, now) in [(18, 9), (9, 18), (18, 1), (1, 30)] {
        let (mut capture, mut line) = greeted(Capture::new());
        let stream = haves(1..20);
        let missing = line.data(Side::A, &have(0));
        let seq = line.next[0];
        capture.send(&line.packet(Side::A, Kind::Data, seq, &stream[..before]));
        capture.send(&line.data(Side::A, &stream[..now]));
        capture.send(&line.data(Side::A, &stream[now..]));
        capture.send(&missing);
        assert_all_haves(&heard(capture), 20);
    }
}

/// The same, but the hole is one of the capture.
#[test]
fn a_packet_behind_a_hole_of_the_capture_comes_again_with_another_size() {
    for (before, now) in [(18, 9), (9, 18)] {
        let (mut capture, mut line) = greeted(Capture::new());
        let stream = haves(1..20);
        line.data(Side::A, &have(0));
        let seq = line.next[0];
        let acknowledged = line.state(Side::B);
        capture.send(&line.packet(Side::A, Kind::Data, seq, &stream[..before]));
        capture.send(&line.data(Side::A, &stream[..now]));
        capture.send(&acknowledged);
        capture.say(&mut line, Side::A, &stream[now..], 9);
        let bytes = heard(capture).bytes(0, Side::A);
        let said: Vec<Vec<u8>> = (1..20).map(have).collect();
        assert_eq!(bytes[1..], said, "{before} {now}");
    }
}

/// What is new of it was not captured.
#[test]
fn a_packet_that_comes_again_longer_may_be_cut() {
    let (mut capture, mut line) = greeted(Capture::snapped(96));
    let stream = haves(0..7);
    let seq = line.next[0];
    capture.send(&line.packet(Side::A, Kind::Data, seq, &stream[..36]));
    capture.send(&line.data(Side::A, &stream));
    capture.send(&line.state(Side::B));
    let heard = heard(capture);
    let facts = heard.connection(0).facts(Side::A).unwrap();
    assert_eq!(facts.stream.total(), 68 + 63);
}

/// Its place was given up: what came behind it is read again without it.
#[test]
fn a_packet_that_comes_too_late_is_no_part_of_the_stream() {
    let (mut capture, mut line) = greeted(Capture::new());
    capture.say(&mut line, Side::A, &haves(0..5), 9);
    let late = line.data(Side::A, &[have(5), have(5)].concat());
    for piece in 6..30 {
        capture.say(&mut line, Side::A, &have(piece), 5);
    }
    capture.send(&late);
    let heard = heard(capture);
    assert_eq!(heard.lost_packets(0, Side::A), 1);
    let said: Vec<Vec<u8>> = (0..30).filter(|piece| *piece != 5).map(have).collect();
    assert_eq!(heard.bytes(0, Side::A)[1..], said);
    assert_eq!(heard.connection(0).activity.direction(Side::A).late, 18);
}

/// What repeats exactly is no conflict.
#[test]
fn a_packet_that_comes_twice_is_said_once() {
    let (mut capture, mut line) = greeted(Capture::new());
    for piece in 0..9 {
        let sent = line.data(Side::A, &have(piece));
        capture.send(&sent);
        capture.send(&sent.again());
    }
    let heard = heard(capture);
    assert_eq!(heard.words(0)[2..], all_haves(9));
    let direction = heard.connection(0).activity.direction(Side::A);
    assert_eq!((direction.duplicate, direction.payload), (81, 68 + 162));
}

#[test]
fn a_gap_says_how_many_packets_it_is() {
    let (mut capture, mut line) = greeted(Capture::new());
    for _ in 0..5 {
        line.data(Side::A, &have(1));
    }
    capture.send(&line.state(Side::B));
    for piece in 0..20 {
        capture.say(&mut line, Side::A, &have(piece), 9);
    }
    let heard = heard(capture);
    let mut entries = heard.store.entries(EntryId(0));
    let gap = entries.find_map(|(_, entry)| match heard.store.what(entry) {
        What::Gap { bytes, missing } => Some((bytes, missing)),
        _ => None,
    });
    assert_eq!(gap, Some((0, Missing::Packets(5))));
    assert!(heard.words(0).contains(&"A gap of 5 packets".to_owned()));
}
