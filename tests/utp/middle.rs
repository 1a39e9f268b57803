//! Captures that begin in the middle of a connection, or go on elsewhere.

use std::ops::Range;
use std::time::Duration;

use peerscope::packet::Endpoint;
use peerscope::stream::{ConnectionId, Evidence, Side, Transport};

use crate::datagrams::Capture;
use crate::heard::Heard;
use crate::line::Line;
use crate::talk::{block, handshake, have, haves};
use crate::{A, B, end};

/// Both sides go on with `have`, one a packet.
fn go_on(capture: &mut Capture, line: &mut Line, pieces: Range<u32>) {
    for piece in pieces {
        capture.say(line, Side::A, &have(piece), 1400);
        capture.say(line, Side::B, &have(piece + 1000), 1400);
    }
}

/// Those of one side.
fn said(heard: &Heard, number: u32, side: char) -> Vec<String> {
    let words = heard.words(number).into_iter();
    words.filter(|word| word.starts_with(side)).collect()
}

#[test]
fn of_two_ids_the_later_one_is_that_of_who_opened() {
    for id in [47_508, 65_535, 65_534, 0] {
        let (mut capture, mut line) = (Capture::new(), Line::new([A, B], id, [65_530, 20]));
        go_on(&mut capture, &mut line, 0..40);
        let heard = Heard::of(capture);
        assert_eq!(heard.over_utp(), [0]);
        let connection = heard.connection(0);
        assert_eq!(connection.transport, Transport::Utp { id });
        let opener = *connection.end(connection.opener());
        let (ip, port) = (A.ip(), A.port());
        assert_eq!(opener, Endpoint { ip, port }, "{id}");
    }
}

#[test]
fn a_capture_from_the_middle_tells_what_is_whole_in_it() {
    for first in [[30, 5], [65_530, 65_500]] {
        let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, first));
        go_on(&mut capture, &mut line, 0..40);
        let frames = capture.frames;
        let heard = Heard::of(capture);
        heard.assert_it_adds_up(frames);
        let pieces =
            |side, first| (first..first + 40).map(move |piece| format!("{side} have {piece}"));
        assert_eq!(said(&heard, 0, 'A'), pieces('A', 0).collect::<Vec<_>>());
        assert_eq!(said(&heard, 0, 'B'), pieces('B', 1000).collect::<Vec<_>>());
    }
}

#[test]
fn a_capture_from_the_middle_of_a_block_finds_what_follows() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [9, 5]));
    let stream = [&block(1)[5000..], &block(2), &block(3), &block(4), &have(5)].concat();
    for part in stream.chunks(1400) {
        capture.send(&line.data(Side::B, part));
        capture.send(&line.state(Side::A));
    }
    let heard = Heard::of(capture);
    let words = ["B piece 2", "B piece 3", "B piece 4", "B have 5"];
    assert!(heard.words(0)[0].starts_with("B undecoded"));
    assert_eq!(heard.words(0)[1..], words);
}

/// The first packets of the capture came out of order.
#[test]
fn what_comes_late_at_the_beginning_is_not_lost() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [65_534, 5]));
    let packets = [0, 1, 2, 3].map(|piece| line.data(Side::A, &have(piece)));
    for (number, arrived) in [(1, 65_533), (0, 65_535), (3, 65_535), (2, 1)] {
        capture.send(&packets[number]);
        line.got[0] = arrived;
        capture.send(&line.state(Side::B));
    }
    go_on(&mut capture, &mut line, 4..20);
    let heard = Heard::of(capture);
    let expected: Vec<String> = (0..20).map(|piece| format!("A have {piece}")).collect();
    assert_eq!(said(&heard, 0, 'A'), expected);
}

/// The clocks of the two ends go on by so much with a packet of each.
const AS_LONG: Duration = Duration::from_micros(1380);

/// The way back does not pass the capture: one side alone has to be enough.
#[test]
fn one_side_alone_is_a_connection_where_its_syn_is_seen() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    capture.send(&line.syn());
    line.answer();
    capture.send(&line.data(Side::A, &handshake()));
    for piece in 0..40 {
        capture.send(&line.data(Side::A, &have(piece)));
        line.data(Side::B, &have(piece));
        capture.wait(AS_LONG);
    }
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0]);
    assert_eq!(heard.connection(0).opener, (Side::A, Evidence::Syn));
    assert_eq!(said(&heard, 0, 'A').len(), 41);
}

#[test]
fn one_side_alone_is_a_connection_where_its_numbers_run_on() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [65_500, 50]));
    for piece in 0..200 {
        capture.send(&line.data(Side::A, &have(piece)));
        line.data(Side::B, &have(piece));
        capture.wait(AS_LONG);
    }
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0]);
    let have = |word: &String| word.contains("have");
    assert!(heard.words(0).iter().filter(|word| have(word)).count() > 150);
}

/// A NAT that forgot the initiator gives it another port: the ids and numbers go on.
#[test]
fn who_goes_on_from_another_port_is_noted() {
    for opener in [Side::A, Side::B] {
        let ends = if opener == Side::A { [A, B] } else { [B, A] };
        let (mut capture, mut line) = (Capture::new(), Line::new(ends, 4711, [900, 50]));
        capture.greet(&mut line);
        go_on(&mut capture, &mut line, 0..40);
        line.ends[0] = end(if opener == Side::A { 1 } else { 2 }, 50_123);
        go_on(&mut capture, &mut line, 40..80);
        let frames = capture.frames;
        let heard = Heard::of(capture);
        heard.assert_it_adds_up(frames);
        assert_eq!(heard.over_utp(), [0, 1]);
        let continues = |number| heard.connection(number).segments().continues;
        assert_eq!([continues(0), continues(1)], [None, Some(ConnectionId(0))]);
        assert_eq!(heard.words(0).len(), 2 + 80);
        let behind = heard.words(1);
        assert_eq!(
            behind.iter().filter(|word| word.contains("have")).count(),
            80
        );
    }
}

/// Two connections with the same id to others are just that.
#[test]
fn a_connection_of_another_host_continues_nothing() {
    let mut capture = Capture::new();
    let mut lines =
        [1, 3].map(|host| Line::new([end(host, 6881), B], 4711, [900 * u16::from(host), 50]));
    lines.iter_mut().for_each(|line| capture.greet(line));
    for line in &mut lines {
        capture.say(line, Side::A, &haves(0..9), 9);
    }
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0, 1]);
    let connections = heard.store.connections().iter();
    assert!(
        connections
            .map(|it| it.segments().continues)
            .all(|it| it.is_none())
    );
}
