//! Rules of `extensions`.

use super::scene::{EXTENDED, Scene, extended};
use super::{Case, Found};
use peerscope::wire::Message::{self, Port};
use peerscope::wire::PieceIndex;

/// An extended handshake with these ids.
fn hello(ids: &str) -> Message {
    extended(0, format!("d1:md{ids}ee").as_bytes())
}

/// Ids of what is spoken here.
const IDS: &str = "11:lt_donthavei7e12:ut_holepunchi4e11:ut_metadatai2e6:ut_pexi1e";

/// Behind the extended handshakes of both.
fn agreed() -> Scene {
    Scene::fast().a(hello(IDS)).b(hello(IDS)).wait(1.0)
}

/// A says something with an id, and both go on.
fn says(scene: Scene, id: u8, payload: &[u8]) -> Found {
    let scene = scene.a(extended(id, payload)).wait(1.0);
    scene.a(Message::KeepAlive).b(Message::KeepAlive).found()
}

/// The same, but B's extended handshake is not in the capture.
fn unnamed(id: u8, payload: &[u8]) -> Found {
    says(Scene::fast().a(hello(IDS)).gap("b", 100), id, payload)
}

/// The same, but bytes of the message are not in the capture.
fn lacking(payload: &[u8], id: u8) -> Found {
    agreed().lacking(1).a(extended(id, payload)).found()
}

/// Of eight pieces, all of them.
fn eight() -> Scene {
    agreed()
        .b(Message::Bitfield([0xff].into()))
        .b(Message::Have(PieceIndex(7)))
}

const CONNECT: &[u8] = b"\x01\x00\x01\x02\x03\x04\x1a\xe1\x00\x00\x00\x00";
const SHORT_CONNECT: &[u8] = b"\x01\x00\x01\x02\x03\x04\x1a\xe1";
const NO_SUCH_PEER: &[u8] = b"\x02\x00\x01\x02\x03\x04\x1a\xe1\x00\x00\x00\x01";

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "extended-not-negotiated",
        breaks: || Scene::plain().a(hello(IDS)).found(),
        keeps: || Scene::with(EXTENDED).a(hello(IDS)).found(),
        doubts: || Scene::midstream().a(hello(IDS)).found(),
    },
    Case {
        rule: "extended-before-handshake",
        breaks: || {
            let early = Scene::fast().a(extended(1, b"de")).wait(0.2);
            early.b(hello(IDS)).found()
        },
        keeps: || {
            let passing = Scene::fast().a(extended(1, b"de")).wait(0.1);
            passing.b(hello(IDS)).wait(1.0).b(hello(IDS)).found()
        },
        doubts: || {
            let early = Scene::fast().gap("b", 80).a(extended(1, b"de"));
            early.wait(1.0).b(hello(IDS)).found()
        },
    },
    Case {
        rule: "extended-id-unknown",
        breaks: || says(agreed(), 99, b"abc"),
        // The id that B has just taken back was under way.
        keeps: || says(agreed().b(hello("6:ut_pexi9e")), 1, b"d5:added0:e"),
        doubts: || says(agreed().gap("b", 80), 99, b"abc"),
    },
    Case {
        rule: "extended-id-invalid",
        breaks: || Scene::fast().a(hello("6:ut_pexi256e")).found(),
        keeps: || Scene::fast().a(hello("6:ut_pexi255e")).found(),
        doubts: || lacking(b"d1:md6:ut_pexi256eee", 0),
    },
    Case {
        rule: "extended-id-conflict",
        breaks: || Scene::fast().a(hello("1:ai1e1:bi1e")).found(),
        keeps: || Scene::fast().a(hello("1:ai0e1:bi0e1:ci1e")).found(),
        doubts: || lacking(b"d1:md1:ai1e1:bi1eee", 0),
    },
    Case {
        rule: "extended-handshake-bad",
        breaks: || Scene::fast().a(extended(0, b"d1:v5:abce")).found(),
        keeps: || Scene::fast().a(extended(0, b"d1:v3:abce")).found(),
        doubts: || lacking(b"d1:v5:abce", 0),
    },
    Case {
        rule: "extended-handshake-repeat",
        breaks: || agreed().a(hello("")).found(),
        keeps: || agreed().found(),
        // The first one is not in the capture.
        doubts: || Scene::fast().gap("a", 100).a(hello(IDS)).found(),
    },
    Case {
        rule: "extended-body-bad",
        breaks: || says(agreed(), 7, &[0, 0, 0]),
        keeps: || says(agreed(), 7, &[0, 0, 0, 1]),
        doubts: || unnamed(7, &[0, 0, 0]),
    },
    Case {
        rule: "bencode-noncanonical",
        breaks: || says(agreed(), 1, b"d7:dropped0:5:added0:e"),
        keeps: || says(agreed(), 1, b"d5:added0:7:dropped0:e"),
        doubts: || lacking(b"d7:dropped0:5:added0:e", 1),
    },
    Case {
        rule: "type-surprise",
        breaks: || Scene::fast().a(extended(0, b"d4:reqq3:250e")).found(),
        keeps: || Scene::fast().a(extended(0, b"d4:reqqi250ee")).found(),
        doubts: || lacking(b"d4:reqq3:250e", 0),
    },
    Case {
        rule: "holepunch-error",
        breaks: || says(agreed(), 4, NO_SUCH_PEER),
        keeps: || says(agreed(), 4, CONNECT),
        doubts: || unnamed(4, NO_SUCH_PEER),
    },
    Case {
        rule: "holepunch-truncated",
        breaks: || says(agreed(), 4, SHORT_CONNECT),
        keeps: || says(agreed(), 4, CONNECT),
        doubts: || unnamed(4, SHORT_CONNECT),
    },
    Case {
        rule: "donthave-out-of-range",
        breaks: || says(eight(), 7, &[0, 0, 0, 8]),
        keeps: || says(eight(), 7, &[0, 0, 0, 7]),
        // Nobody said how many pieces there are.
        doubts: || says(agreed(), 7, &[0, 0, 0, 8]),
    },
    Case {
        rule: "port-without-dht",
        breaks: || Scene::with(EXTENDED).a(Port(6881)).found(),
        keeps: || Scene::fast().a(Port(6881)).found(),
        doubts: || Scene::midstream().a(Port(6881)).found(),
    },
];

#[test]
fn a_number_of_pieces_that_is_a_guess_makes_no_error() {
    use peerscope::findings::Severity;
    let findings = eight().a(extended(7, &[0, 0, 0, 8])).findings();
    assert!(findings.iter().all(|it| it.severity != Severity::Error));
}
