//! Rules of `opening`.

use super::Case;
use super::scene::{Scene, TORRENT, block, handshake};
use peerscope::store::What;
use peerscope::stream::{Closing, Mark, Side};
use peerscope::wire::Message::{Have, Interested, Request, Unchoke, Unknown};
use peerscope::wire::{
    Handshake, InfoHash, Kind, Malformed, Message, PeerId, PieceIndex, Reason, Reserved,
};

const A: &[u8; 20] = b"-TR4050-aaaaaaaaaaaa";
const B: &[u8; 20] = b"-LT20B0-bbbbbbbbbbbb";
/// A hybrid torrent is offered (BEP 52).
const UPGRADE: [u8; 8] = [0, 0, 0, 0, 0, 0, 0, 0x10];
const V1_ONLY: &[u8] =
    b"d4:infod6:lengthi16384e4:name1:x12:piece lengthi16384e6:pieces20:aaaaaaaaaaaaaaaaaaaaee";

/// A handshake with another info hash.
fn other(reserved: [u8; 8]) -> Message {
    Message::Handshake(Box::new(Handshake {
        reserved: Reserved(reserved),
        info_hash: InfoHash([9; 20]),
        peer_id: PeerId(*B),
    }))
}

/// A handshake for the torrent of a file.
fn for_torrent(file: &[u8], reserved: [u8; 8]) -> Message {
    let metainfo = peerscope::swarm::Metainfo::of_file(file).expect("a torrent file");
    Message::Handshake(Box::new(Handshake {
        reserved: Reserved(reserved),
        info_hash: metainfo.version.hashes().next().unwrap_or(TORRENT),
        peer_id: PeerId(*A),
    }))
}

fn malformed(id: u8) -> Message {
    let fault = Malformed::Length { expected: 1 };
    Message::Malformed { id, fault }
}

/// Behind a conversation on another connection to the same port.
fn behind_another() -> Scene {
    Scene::plain().open([10, 0, 0, 3], [10, 0, 0, 2])
}

/// B has asked for a block and was not served.
fn asked() -> Scene {
    Scene::plain().a(Unchoke).b(Request(block(0, 0)))
}

/// The same peers meet again; between that the first connection goes through something.
fn twice(between: fn(Scene) -> Scene) -> Scene {
    let scene = between(Scene::plain()).wait(1.0);
    let scene = scene.open([10, 0, 0, 1], [10, 0, 0, 2]);
    let scene = scene.a(handshake([0; 8], A)).b(handshake([0; 8], B));
    scene.wait(1.0).on(0).a(Interested)
}

/// The tail of a stream.
fn cut(scene: Scene, kind: Kind, bytes: u64) -> Scene {
    scene.undecoded("a", bytes, Reason::CutShort(kind))
}

/// An unassigned id, so many bytes long.
fn unassigned(scene: Scene, size: u32) -> Scene {
    scene.record(Side::A, What::Message(Unknown { id: 11 }), size)
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "bad-protocol-string",
        breaks: || {
            Scene::silent()
                .undecoded("a", 68, Reason::WrongName)
                .found()
        },
        keeps: || Scene::plain().found(),
        doubts: || {
            let scene = Scene::silent().gap("a", 10);
            scene.undecoded("a", 68, Reason::WrongName).found()
        },
    },
    Case {
        rule: "not-bittorrent",
        breaks: || {
            let scene = behind_another();
            scene.undecoded("a", 21, Reason::NotBitTorrent).found()
        },
        keeps: || {
            let scene = Scene::plain().open([10, 0, 0, 3], [10, 0, 0, 4]);
            scene.undecoded("a", 21, Reason::NotBitTorrent).found()
        },
        doubts: || {
            let scene = behind_another().gap("a", 10);
            scene.undecoded("a", 21, Reason::NotBitTorrent).found()
        },
    },
    Case {
        rule: "handshake-partial",
        breaks: || {
            let scene = cut(Scene::silent(), Kind::Handshake, 48);
            scene.closed("a", Closing::Fin).found()
        },
        keeps: || {
            let scene = cut(Scene::silent(), Kind::Handshake, 47);
            scene.closed("a", Closing::Fin).found()
        },
        doubts: || cut(Scene::silent(), Kind::Handshake, 48).found(),
    },
    Case {
        rule: "handshake-never",
        breaks: || {
            let scene = behind_another().marked(Mark::SynAck).wait(30.0);
            scene.closed("a", Closing::Fin).found()
        },
        keeps: || {
            let scene = behind_another().marked(Mark::SynAck).wait(31.0);
            scene.closed("a", Closing::Fin).found()
        },
        doubts: || {
            let scene = behind_another().marked(Mark::SynAck).gap("b", 10);
            scene.closed("a", Closing::Fin).found()
        },
    },
    Case {
        rule: "handshake-slow",
        breaks: || {
            let scene = Scene::silent().marked(Mark::SynAck);
            scene
                .a(handshake([0; 8], A))
                .wait(10.1)
                .b(handshake([0; 8], B))
                .found()
        },
        keeps: || {
            let scene = Scene::silent().marked(Mark::SynAck).wait(9.0);
            scene
                .a(handshake([0; 8], A))
                .wait(9.0)
                .b(handshake([0; 8], B))
                .found()
        },
        doubts: || {
            let scene = Scene::silent().marked(Mark::SynAck);
            let scene = scene.a(handshake([0; 8], A)).wait(10.1).gap("b", 10);
            scene.b(handshake([0; 8], B)).found()
        },
    },
    Case {
        rule: "info-hash-mismatch",
        breaks: || {
            Scene::silent()
                .a(handshake([0; 8], A))
                .b(other([0; 8]))
                .found()
        },
        keeps: || {
            Scene::silent()
                .a(handshake(UPGRADE, A))
                .b(other([0; 8]))
                .found()
        },
        doubts: || {
            let scene = Scene::silent().gap("a", 68);
            scene.b(other([0; 8])).found()
        },
    },
    Case {
        rule: "info-hash-v2-upgrade",
        breaks: || {
            Scene::silent()
                .a(handshake(UPGRADE, A))
                .b(other([0; 8]))
                .found()
        },
        keeps: || {
            Scene::silent()
                .a(handshake(UPGRADE, A))
                .b(handshake([0; 8], B))
                .found()
        },
        doubts: || Scene::silent().gap("a", 68).b(other(UPGRADE)).found(),
    },
    Case {
        rule: "v2-bit-on-v1-torrent",
        breaks: || {
            let scene = Scene::silent().knowing(V1_ONLY);
            scene.a(for_torrent(V1_ONLY, UPGRADE)).found()
        },
        keeps: || {
            let scene = Scene::silent().knowing(V1_ONLY);
            scene.a(for_torrent(V1_ONLY, [0; 8])).found()
        },
        doubts: || Scene::silent().a(for_torrent(V1_ONLY, UPGRADE)).found(),
    },
    Case {
        rule: "self-connection",
        breaks: || {
            Scene::silent()
                .a(handshake([0; 8], A))
                .b(handshake([0; 8], A))
                .found()
        },
        keeps: || {
            Scene::silent()
                .a(handshake([0; 8], A))
                .b(handshake([0; 8], B))
                .found()
        },
        doubts: || Scene::silent().gap("a", 68).b(handshake([0; 8], A)).found(),
    },
    Case {
        rule: "peer-id-duplicate",
        breaks: || twice(|scene| scene).found(),
        keeps: || twice(|scene| scene.closed_marked("a")).found(),
        doubts: || {
            let scene = Scene::plain().open([10, 0, 0, 1], [10, 0, 0, 2]);
            let scene = scene.a(handshake([0; 8], A)).gap("b", 68);
            scene.wait(1.0).on(0).a(Interested).found()
        },
    },
    Case {
        rule: "reserved-unknown-bits",
        breaks: || Scene::with([0, 0, 0, 0x40, 0, 0, 0, 0]).found(),
        keeps: || Scene::with([0x80, 0, 0x08, 0, 0, 0x3b, 0, 0x1f]).found(),
        doubts: || Scene::midstream().gap("a", 68).a(Interested).found(),
    },
    Case {
        rule: "framing-lost",
        breaks: || unassigned(Scene::plain(), (1 << 20) + 1).found(),
        keeps: || unassigned(Scene::plain(), 1 << 20).found(),
        doubts: || {
            let scene = Scene::plain().gap("a", 10);
            scene.undecoded("a", 100, Reason::ImpossibleLength).found()
        },
    },
    Case {
        rule: "unknown-message-id",
        breaks: || Scene::plain().a(Unknown { id: 224 }).found(),
        keeps: || Scene::plain().a(Unknown { id: 225 }).found(),
        doubts: || Scene::plain().gap("a", 10).a(Unknown { id: 224 }).found(),
    },
    Case {
        rule: "historic-message-id",
        breaks: || Scene::plain().a(Unknown { id: 253 }).found(),
        keeps: || Scene::plain().a(Unknown { id: 254 }).found(),
        doubts: || Scene::plain().gap("a", 10).a(Unknown { id: 253 }).found(),
    },
    Case {
        rule: "message-length-wrong",
        breaks: || Scene::plain().a(malformed(0)).found(),
        keeps: || Scene::plain().a(Message::Choke).found(),
        doubts: || Scene::plain().gap("a", 10).a(malformed(0)).found(),
    },
    Case {
        rule: "message-incomplete",
        breaks: || {
            let scene = cut(Scene::plain(), Kind::Have, 6);
            scene.closed("a", Closing::Fin).found()
        },
        keeps: || {
            let scene = cut(Scene::plain(), Kind::Have, 6);
            scene.closed("b", Closing::Fin).found()
        },
        doubts: || cut(Scene::plain(), Kind::Have, 6).found(),
    },
    Case {
        rule: "connection-reset",
        breaks: || asked().closed("a", Closing::Rst).found(),
        keeps: || asked().closed("a", Closing::Fin).found(),
        doubts: || asked().gap("a", 10).closed("a", Closing::Rst).found(),
    },
];

/// Names of the rules that are broken, with how often.
fn times(scene: Scene, rule: &str) -> usize {
    let all = scene.findings();
    all.iter().filter(|it| it.code.name() == rule).count()
}

#[test]
fn a_length_that_cannot_be_loses_the_framing() {
    let scene = Scene::plain().undecoded("a", 100, Reason::ImpossibleLength);
    assert_eq!(times(scene, "framing-lost"), 1);
}

#[test]
fn a_reset_cuts_what_either_side_was_saying() {
    for by in ["a", "b"] {
        let scene = cut(Scene::plain(), Kind::Piece, 9000).closed(by, Closing::Rst);
        let found = scene.found();
        assert!(found.contains("message-incomplete"), "{by}: {found:?}");
        assert!(found.contains("connection-reset"), "{by}: {found:?}");
    }
}

#[test]
fn a_cut_with_bytes_missing_is_nobodys_fault() {
    let scene = Scene::plain().lacking(100);
    let scene = cut(scene, Kind::Piece, 900).closed("a", Closing::Fin);
    assert_eq!(times(scene, "message-incomplete"), 0);
}

#[test]
fn historic_messages_are_told_of_once() {
    let scene = Scene::plain().a(Unknown { id: 240 }).a(Unknown { id: 240 });
    assert_eq!(times(scene, "historic-message-id"), 1);
}

#[test]
fn a_reset_with_nothing_open_is_none_in_the_middle() {
    let scene = Scene::plain().a(Have(PieceIndex(1)));
    assert_eq!(
        times(scene.closed("a", Closing::Rst), "connection-reset"),
        0
    );
}
