//! How connections begin, and which packets are whose.

use std::net::{Ipv6Addr, SocketAddr};
use std::time::Duration;

use peerscope::packet::Endpoint;
use peerscope::stream::{Evidence, Side, Transport};

use crate::datagrams::Capture;
use crate::heard::Heard;
use crate::line::Line;
use crate::packet::Packet;
use crate::talk::{handshake, have};
use crate::{A, B, end};

const GREETING: [&str; 2] = ["A handshake", "B handshake"];

fn endpoint(at: SocketAddr) -> Endpoint {
    let (ip, port) = (at.ip(), at.port());
    Endpoint { ip, port }
}

/// A line of a connection that is said to be over.
fn used(capture: &mut Capture, line: &mut Line) {
    capture.greet(line);
    capture.close(line);
}

#[test]
fn a_connection_has_the_id_of_its_syn_and_the_opener_that_sent_it() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    capture.greet(&mut line);
    let heard = Heard::of(capture);
    let connection = heard.connection(0);
    assert_eq!(connection.transport, Transport::Utp { id: 7 });
    assert_eq!(connection.opener, (Side::A, Evidence::Syn));
    assert_eq!(*connection.end(Side::A), endpoint(A));
    assert!(connection.segments().syn_ack.is_some());
    assert_eq!(heard.rows()[0]["transport"], "utp");
    assert_eq!(heard.rows()[0]["src"], "10.0.0.1:6881");
}

#[test]
fn the_answer_uses_its_number_up_or_does_not() {
    for answer in [Line::answer, Line::consuming_answer] {
        let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
        capture.send(&line.syn());
        capture.send(&answer(&mut line));
        capture.say(&mut line, Side::B, &handshake(), 40);
        capture.say(&mut line, Side::A, &handshake(), 40);
        let heard = Heard::of(capture);
        assert_eq!(heard.words(0), ["B handshake", "A handshake"]);
        assert_eq!(heard.store.connections().len(), 1);
    }
}

/// The acknowledgement that tells the two ways apart comes late: the acceptor speaks first.
#[test]
fn an_answer_that_used_its_number_up_leaves_no_gap() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    capture.send(&line.syn());
    capture.send(&line.consuming_answer());
    for part in handshake().chunks(17) {
        capture.send(&line.data(Side::B, part));
    }
    capture.send(&line.state(Side::A));
    capture.say(&mut line, Side::B, &have(3), 1400);
    let heard = Heard::of(capture);
    assert_eq!(heard.words(0), ["B handshake", "B have 3"]);
}

/// As libtorrent may do.
#[test]
fn a_syn_is_answered_with_data() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    capture.send(&line.syn());
    capture.say(&mut line, Side::B, &handshake(), 1400);
    capture.say(&mut line, Side::A, &handshake(), 1400);
    let heard = Heard::of(capture);
    assert_eq!(heard.words(0), ["B handshake", "A handshake"]);
    assert_eq!(heard.connection(0).transport, Transport::Utp { id: 7 });
}

#[test]
fn a_syn_that_is_sent_again_opens_nothing_more() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    let syn = line.syn().with(Packet::with_bits);
    for syn in [&syn, &syn.again(), &syn.again().again()] {
        capture.send(syn);
        capture.wait(Duration::from_secs(1));
    }
    capture.send(&line.answer());
    capture.send(&syn.again());
    capture.send(&line.answer());
    capture.say(&mut line, Side::A, &handshake(), 1400);
    capture.say(&mut line, Side::B, &handshake(), 1400);
    let frames = capture.frames;
    let heard = Heard::of(capture);
    assert_eq!(heard.words(0), GREETING);
    assert_eq!(heard.store.connections().len(), 1);
    assert_eq!(heard.connection(0).activity.segments, frames);
}

#[test]
fn ids_that_are_used_again_are_another_connection() {
    let ends: [fn(&mut Capture, &mut Line); 4] = [
        |capture, line| capture.close(line),
        |capture, line| capture.send(&line.reset(Side::A, line.id.wrapping_add(1))),
        |capture, line| capture.send(&line.reset(Side::B, line.id)),
        |_, _| {}, // it fell silent
    ];
    for (number, end) in ends.into_iter().enumerate() {
        let mut capture = Capture::new();
        let mut first = Line::new([A, B], 7, [900, 50]);
        capture.greet(&mut first);
        end(&mut capture, &mut first);
        capture.wait(Duration::from_secs(5));
        let mut second = Line::new([A, B], 7, [40_000, 20_000]);
        capture.greet(&mut second);
        capture.say(&mut second, Side::B, &have(3), 1400);
        let heard = Heard::of(capture);
        assert_eq!(heard.over_utp(), [0, 1], "{number}");
        assert_eq!(heard.words(0), GREETING, "{number}");
        let second = [&GREETING[..], &["B have 3"]].concat();
        assert_eq!(heard.words(1), second, "{number}");
    }
}

/// BEP 29 has every SYN numbered 1.
#[test]
fn ids_that_are_used_again_with_the_same_numbers_are_another_connection() {
    let mut capture = Capture::new();
    used(&mut capture, &mut Line::new([A, B], 7, [1, 50]));
    capture.wait(Duration::from_secs(90));
    used(&mut capture, &mut Line::new([A, B], 7, [1, 9000]));
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0, 1]);
    assert_eq!([heard.words(0), heard.words(1)], [GREETING, GREETING]);
}

/// Ids that are neighbours, the same id from both sides, and their wrap: whose packet it is says who sent it.
#[test]
fn several_connections_between_two_sockets_stay_apart() {
    let openers = [(A, 100), (A, 101), (B, 98), (A, 500), (B, 500), (B, 65535)];
    let mut capture = Capture::new();
    let mut lines: Vec<Line> = openers
        .iter()
        .zip(1u16..)
        .map(|((opener, id), number)| {
            let ends = if *opener == A { [A, B] } else { [B, A] };
            Line::new(ends, *id, [number * 9000, number * 5000])
        })
        .collect();
    lines.iter_mut().for_each(|line| capture.send(&line.syn()));
    lines
        .iter_mut()
        .for_each(|line| capture.send(&line.answer()));
    for part in [0..30, 30..60, 60..68] {
        for line in &mut lines {
            capture.send(&line.data(Side::A, &handshake()[part.clone()]));
            capture.send(&line.data(Side::B, &handshake()[part.clone()]));
        }
    }
    for (line, piece) in lines.iter_mut().zip(0..) {
        capture.send(&line.data(Side::B, &have(piece)));
        capture.send(&line.data(Side::A, &have(piece + 10)));
    }
    let frames = capture.frames;
    let heard = Heard::of(capture);
    heard.assert_it_adds_up(frames);
    assert_eq!(heard.over_utp(), [0, 1, 2, 3, 4, 5]);
    for (number, (opener, id)) in (0..).zip(openers) {
        let connection = heard.connection(number);
        assert_eq!(*connection.end(connection.opener()), endpoint(opener));
        assert_eq!(connection.transport, Transport::Utp { id });
        let haves = [
            format!("B have {number}"),
            format!("A have {}", number + 10),
        ];
        assert_eq!(heard.words(number)[2..], haves, "{opener} {id}");
    }
}

/// The first was answered last, when messages of the other had been found by those behind them.
#[test]
fn a_connection_that_was_certain_later_than_another_began_before_it() {
    let mut capture = Capture::new();
    let mut slow = Line::new([A, end(3, 6881)], 7, [900, 50]);
    capture.send(&slow.syn());
    let mut middle = Line::new([A, B], 70, [60, 50]);
    for piece in 0..20 {
        capture.say(&mut middle, Side::A, &have(piece), 9);
    }
    capture.send(&slow.answer());
    capture.say(&mut slow, Side::A, &handshake(), 1400);
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp().len(), 2);
    let mut said = [heard.words(0).len(), heard.words(1).len()];
    said.sort_unstable();
    assert_eq!(said, [1, 20]);
}

#[test]
fn ids_and_numbers_wrap() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 65535, [65535, 0]));
    capture.greet(&mut line);
    for piece in 0..3 {
        capture.say(&mut line, Side::A, &have(piece), 4);
    }
    let heard = Heard::of(capture);
    let said = ["A have 0", "A have 1", "A have 2"];
    assert_eq!(heard.words(0), [&GREETING[..], &said].concat());
    let transport = heard.connection(0).transport;
    assert_eq!(transport, Transport::Utp { id: 65535 });
}

#[test]
fn a_connection_over_ipv6_is_one() {
    let host = |last| SocketAddr::new(Ipv6Addr::new(0xfd77, 0, 0, 0, 0, 0, 0, last).into(), 6881);
    let mut line = Line::new([host(1), host(2)], 7, [900, 50]);
    let mut capture = Capture::new();
    capture.greet(&mut line);
    capture.close(&mut line);
    let heard = Heard::of(capture);
    assert_eq!(heard.words(0), GREETING);
    assert_eq!(heard.rows()[0]["src"], "[fd77::1]:6881");
}

/// Nobody answers at all: who sends a SYN over and over speaks uTP, and says nothing.
#[test]
fn a_connection_that_nobody_answers_says_nothing() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, end(9, 1)], 7, [900, 50]));
    let syn = line.syn();
    capture.send(&syn);
    capture.send(&syn.again());
    let heard = Heard::of(capture);
    assert!(heard.store.connections().len() <= 1);
    assert_eq!(heard.store.len(), 0);
}
