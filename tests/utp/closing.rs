//! How connections end, and what comes behind their end.

use std::time::Duration;

use peerscope::stream::utp::CloseReason;
use peerscope::stream::{Closed, Closing, Side};

use crate::datagrams::Capture;
use crate::heard::Heard;
use crate::line::{Line, Sent};
use crate::packet::Kind;
use crate::talk::{handshake, have, haves};
use crate::{A, B};

const ID: u16 = 7;

/// A connection on which both have said their handshake.
fn greeted() -> (Capture, Line) {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], ID, [900, 50]));
    capture.greet(&mut line);
    (capture, line)
}

/// What is said behind the greeting, and what ended it.
fn heard(capture: Capture) -> (Vec<String>, Option<Closed>) {
    let frames = capture.frames;
    let heard = Heard::of(capture);
    heard.assert_it_adds_up(frames);
    assert_eq!(heard.store.connections().len(), 1, "none but the one");
    assert_eq!(heard.words(0)[..2], ["A handshake", "B handshake"]);
    (
        heard.words(0).split_off(2),
        heard.connection(0).activity.closed,
    )
}

const fn closed(how: Closing, by: Side, reason: Option<CloseReason>) -> Closed {
    Closed { how, by, reason }
}

#[test]
fn a_fin_ends_a_connection_and_may_carry_the_last_word() {
    for last in [&[][..], &have(9)] {
        let (mut capture, mut line) = greeted();
        capture.say(&mut line, Side::B, &have(8), 1400);
        capture.send(&line.fin(Side::B, last));
        capture.send(&line.fin(Side::A, &[]));
        let (words, ending) = heard(capture);
        let said = if last.is_empty() { 1 } else { 2 };
        assert_eq!(words, ["B have 8", "B have 9"][..said]);
        assert_eq!(ending, Some(closed(Closing::Fin, Side::B, None)));
    }
}

#[test]
fn a_fin_before_missing_data_does_not_cut_it_off() {
    let (mut capture, mut line) = greeted();
    let [first, second] = [1, 2].map(|piece| line.data(Side::A, &have(piece)));
    let fin = line.fin(Side::A, &have(3));
    for late in [&fin, &second, &first] {
        capture.send(late);
    }
    let (words, ending) = heard(capture);
    assert_eq!(words, ["A have 1", "A have 2", "A have 3"]);
    assert_eq!(ending, Some(closed(Closing::Fin, Side::A, None)));
}

/// Measured: both forms are sent.
#[test]
fn a_reset_carries_either_id() {
    for (side, id) in [(Side::A, 7), (Side::A, 8), (Side::B, 7), (Side::B, 8)] {
        let (mut capture, mut line) = greeted();
        capture.send(&line.reset(side, id));
        let (words, ending) = heard(capture);
        assert!(words.is_empty());
        assert_eq!(
            ending,
            Some(closed(Closing::Rst, side, None)),
            "{side:?} {id}"
        );
    }
}

#[test]
fn a_reset_with_the_id_of_nobody_ends_nothing() {
    let (mut capture, mut line) = greeted();
    capture.send(&line.reset(Side::A, 40));
    capture.say(&mut line, Side::A, &have(1), 1400);
    let (words, ending) = heard(capture);
    assert_eq!(words, ["A have 1"]);
    assert_eq!(ending, None);
}

#[test]
fn who_hangs_up_may_say_why() {
    let (mut capture, mut line) = greeted();
    let fin = line.fin(Side::A, &[]).with(|packet| packet.because(6));
    capture.send(&fin);
    let (_, ending) = heard(capture);
    let reason = CloseReason::new(6);
    assert_eq!(ending, Some(closed(Closing::Fin, Side::A, reason)));
}

/// Measured: who does not know the reason of closing reads the packet as one of version 0, and resets in that version the
/// connection that it takes the first four bytes for. It goes on sending for a while.
#[test]
fn a_reset_of_the_old_version_is_of_the_connection_whose_packet_it_repeats() {
    let (mut capture, mut line) = greeted();
    let fin = line.fin(Side::A, &[]).with(|packet| packet.because(2));
    capture.send(&fin);
    let mut old = fin.packet.to_bytes()[..4].to_vec();
    old.extend([0; 12]); // its clocks and its delay
    old.extend([0, 0, 3, 0, 0, 0xcb, 0]); // window, extension, RESET, its number, the one it acknowledges
    assert_eq!(old.len(), 23);
    capture.datagram(B, A, &old);
    capture.send(&line.data(Side::B, &have(1)));
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0]);
    assert_eq!(heard.words(0)[2..], ["B have 1"]);
    let ending = heard.connection(0).activity.closed;
    assert_eq!(
        ending,
        Some(closed(Closing::Fin, Side::A, CloseReason::new(2)))
    );
    assert_eq!(heard.account()["udp"]["other"]["frames"], 0);
}

/// Measured: gaps of 0.9, 1.5, 2.5, 4.6 s.
fn late(capture: &mut Capture, sent: &Sent) {
    for tenths in [9, 15, 25, 46] {
        capture.wait(Duration::from_millis(tenths * 100));
        capture.send(&sent.again());
    }
}

#[test]
fn what_is_sent_again_behind_the_end_says_nothing_new() {
    let (mut capture, mut line) = greeted();
    let mine = line.data(Side::A, &have(1));
    let other = line.data(Side::B, &have(2));
    capture.send(&mine);
    capture.send(&other);
    capture.send(&line.fin(Side::A, &[]));
    late(&mut capture, &mine);
    late(&mut capture, &other);
    capture.send(&line.reset(Side::A, ID));
    late(&mut capture, &other);
    let (words, ending) = heard(capture);
    assert_eq!(words, ["A have 1", "B have 2"]);
    assert_eq!(ending, Some(closed(Closing::Fin, Side::A, None)));
}

/// Its number was used up by a FIN that the capture lacks.
#[test]
fn what_came_before_a_fin_that_was_not_captured_is_told() {
    let (mut capture, mut line) = greeted();
    capture.say(&mut line, Side::A, &haves(0..5), 9);
    line.fin(Side::A, &[]);
    capture.send(&line.state(Side::B));
    capture.say(&mut line, Side::B, &haves(0..2), 9);
    let (words, _) = heard(capture);
    let messages = words.iter().filter(|word| word.contains("have"));
    assert_eq!(messages.count(), 7);
}

#[test]
fn states_and_fins_before_any_data_make_no_stream() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], ID, [900, 50]));
    capture.open(&mut line);
    let seq = line.next[0];
    capture.send(&line.packet(Side::A, Kind::State, seq, &[]));
    capture.close(&mut line);
    let heard = Heard::of(capture);
    assert_eq!(heard.store.len(), 0);
    assert_eq!(heard.over_utp(), [0]);
    let ending = heard.connection(0).activity.closed;
    assert_eq!(ending, Some(closed(Closing::Fin, Side::A, None)));
}

/// A handshake cut short is told as what it is.
#[test]
fn a_word_that_was_never_finished_is_no_message() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], ID, [900, 50]));
    capture.open(&mut line);
    capture.say(&mut line, Side::B, &handshake(), 1400);
    capture.say(&mut line, Side::A, &handshake()[..40], 1400);
    capture.send(&line.fin(Side::A, &[]));
    let heard = Heard::of(capture);
    let messages = heard.told(0, Side::A);
    let is_whole = |told: &&crate::heard::Told| told.missing == 0;
    assert_eq!(messages.iter().filter(is_whole).count(), 0);
    let facts = heard.connection(0).facts(Side::A).unwrap();
    assert_eq!(facts.stream.decoded + facts.stream.undecoded, 40);
}
