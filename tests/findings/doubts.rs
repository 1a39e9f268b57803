//! What looks like a broken rule and is none, and errors that many smaller findings must not hide.

use super::scene::{FAST, Scene, block, extended, handshake};
use peerscope::findings::Severity;
use peerscope::wire::Message::{Bitfield, Choke, Interested, Piece, Request, Unchoke, Unread};
use peerscope::wire::{Kind, Message};

#[test]
fn the_handshake_of_azureus_framing_may_stand_before_the_bitfield() {
    let hello = || Message::Azureus("AZ_HANDSHAKE".into());
    let scene = Scene::plain().a(hello()).b(hello());
    let found = scene.a(Bitfield([0x80].into())).found();
    assert!(!found.contains("bitfield-late"), "{found:?}");
}

#[test]
fn a_message_of_which_only_the_length_was_captured_may_be_the_unchoke() {
    let scene = Scene::fast().b(Unchoke).wait(1.0).b(Choke).wait(9.0);
    let scene = scene.b(Unread(Kind::Unknown)).wait(9.0);
    let found = scene
        .a(Request(block(1, 0)))
        .wait(9.0)
        .b(Piece(block(1, 0)));
    let found = found.wait(9.0).a(Message::KeepAlive).found();
    for rule in ["request-while-choked", "piece-while-choking"] {
        assert!(!found.contains(rule), "{found:?}");
    }
}

#[test]
fn who_learns_the_size_of_the_metadata_from_others_may_tell_of_its_pieces_late() {
    let hello = |text: &[u8]| extended(0, text);
    let scene = Scene::fast().a(hello(b"d1:md11:ut_metadatai2eee"));
    let scene = scene.a(Interested);
    let scene = scene.a(hello(b"d1:md11:ut_metadatai2ee13:metadata_sizei700ee"));
    let found = scene.a(Bitfield([0x80].into())).found();
    assert!(!found.contains("bitfield-late"), "{found:?}");
}

#[test]
fn two_handshakes_of_one_side_are_not_compared() {
    let hello = || handshake(FAST, b"-TR4050-aaaaaaaaaaaa");
    let found = Scene::silent().a(hello()).a(hello()).found();
    assert!(!found.contains("self-connection"), "{found:?}");
}

#[test]
fn who_gives_and_never_asks_may_be_a_seed_that_hides_it() {
    let mut scene = Scene::fast().b(Message::HaveNone);
    scene = scene.a(Bitfield([0x80].into())).b(Unchoke).a(Interested);
    scene = scene.a(Request(block(3, 0))).b(Piece(block(3, 0)));
    let found = scene.wait(500.0).a(Message::KeepAlive).found();
    assert!(!found.contains("interest-missing"), "{found:?}");
}

#[test]
fn an_error_behind_a_thousand_warnings_of_the_same_rule_is_kept() {
    let mut scene = Scene::fast().b(Unchoke).wait(1.0).b(Choke).wait(0.5);
    for number in 0..500 {
        scene = scene.a(Request(block(number, 0)));
    }
    for number in 0..3 {
        scene = scene.wait(5.0).a(Request(block(number, 1)));
    }
    let findings = scene.wait(5.0).a(Message::KeepAlive).findings();
    let errors = findings.iter().filter(|it| it.severity == Severity::Error);
    let while_choked = errors.filter(|it| it.code.name() == "request-while-choked");
    assert_eq!(while_choked.count(), 3);
}
