//! Rules of `requests`.

use super::Case;
use super::scene::{FAST, Scene, block, extended};
use peerscope::swarm::Metainfo;
use peerscope::wire::Message::{
    AllowedFast, Bitfield, Cancel, Choke, Have, HaveAll, Interested, KeepAlive, Piece, Reject,
    Request, Unchoke,
};
use peerscope::wire::{Block, PieceIndex};

/// B has choked A.
pub(crate) fn choked() -> Scene {
    Scene::fast().b(Unchoke).wait(1.0).b(Choke).wait(1.0)
}

/// B has all and serves A, which is interested.
pub(crate) fn served() -> Scene {
    serving(Scene::fast())
}

/// The same without the fast extension.
pub(crate) fn plainly() -> Scene {
    Scene::plain()
        .b(Bitfield([0xff; 5].into()))
        .a(Interested)
        .b(Unchoke)
        .wait(1.0)
}

pub(crate) fn serving(scene: Scene) -> Scene {
    scene.b(HaveAll).a(Interested).b(Unchoke).wait(1.0)
}

/// B serves, and nobody heard the beginning.
pub(crate) fn midstream() -> Scene {
    serving(Scene::midstream())
}

/// Some bytes of a piece.
pub(crate) fn bytes(index: u32, begin: u32, length: u32) -> Block {
    Block {
        index: PieceIndex(index),
        begin,
        length,
    }
}

/// B takes two requests at a time.
fn shallow(scene: Scene) -> Scene {
    serving(scene.b(extended(0, b"d1:mde4:reqqi2ee")))
}

/// Asks for blocks of a piece, in a row.
pub(crate) fn asks(scene: Scene, blocks: u32) -> Scene {
    (0..blocks).fold(scene, |scene, number| scene.a(Request(block(1, number))))
}

/// A torrent of two pieces, of 64 KiB and of 20,000 bytes, and what its peers say.
fn torrent() -> (Vec<u8>, peerscope::wire::InfoHash) {
    let mut file = b"d4:infod6:lengthi85536e4:name1:n12:piece lengthi65536e6:pieces40:".to_vec();
    file.extend([0x61; 40]);
    file.extend(b"ee");
    let metainfo = Metainfo::of_file(&file).expect("a torrent file");
    let hash = metainfo.version.hashes().next().expect("a hash");
    (file, hash)
}

/// Of the two pieces B has both, and serves them.
fn known() -> Scene {
    let (file, hash) = torrent();
    serving(Scene::silent().greeted(hash, FAST)).knowing(&file)
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "request-while-choked",
        breaks: || {
            choked()
                .a(Request(block(1, 0)))
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
        keeps: || {
            choked()
                .a(Request(block(1, 0)))
                .wait(0.1)
                .b(Unchoke)
                .wait(1.0)
                .b(KeepAlive)
                .found()
        },
        doubts: || {
            choked()
                .gap("b", 100)
                .a(Request(block(1, 0)))
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
    },
    Case {
        rule: "request-crossed-choke",
        breaks: || choked().unheard().a(Request(block(1, 0))).found(),
        keeps: || choked().a(Request(block(1, 0))).found(),
        doubts: || {
            choked()
                .gap("b", 100)
                .unheard()
                .a(Request(block(1, 0)))
                .found()
        },
    },
    Case {
        rule: "request-not-interested",
        breaks: || {
            Scene::fast()
                .b(HaveAll)
                .b(Unchoke)
                .a(Request(block(1, 0)))
                .found()
        },
        keeps: || served().a(Request(block(1, 0))).found(),
        doubts: || {
            Scene::fast()
                .b(HaveAll)
                .b(Unchoke)
                .gap("a", 5)
                .a(Request(block(1, 0)))
                .found()
        },
    },
    Case {
        rule: "request-piece-lacking",
        breaks: || {
            let scene = Scene::fast().b(Bitfield([0x40].into())).b(Unchoke);
            scene.a(Request(block(2, 0))).wait(0.2).b(KeepAlive).found()
        },
        keeps: || {
            let scene = Scene::fast().b(Bitfield([0x40].into())).b(Unchoke);
            let scene = scene.a(Request(block(2, 0))).wait(0.1);
            scene.b(Have(PieceIndex(2))).wait(1.0).b(KeepAlive).found()
        },
        doubts: || {
            let scene = Scene::fast()
                .b(Bitfield([0x40].into()))
                .gap("b", 9)
                .b(Unchoke);
            scene.a(Request(block(2, 0))).wait(0.2).b(KeepAlive).found()
        },
    },
    Case {
        rule: "request-own-piece",
        breaks: || {
            served()
                .a(Have(PieceIndex(1)))
                .a(Request(block(1, 0)))
                .found()
        },
        keeps: || {
            served()
                .a(Request(block(1, 0)))
                .a(Have(PieceIndex(1)))
                .found()
        },
        doubts: || served().gap("a", 9).a(Request(block(1, 0))).found(),
    },
    Case {
        rule: "request-out-of-range",
        breaks: || known().a(Request(bytes(1, 16384, 3617))).found(),
        keeps: || known().a(Request(bytes(1, 16384, 3616))).found(),
        doubts: || served().a(Request(bytes(1, 0x00ff_c000, 16384))).found(),
    },
    Case {
        rule: "request-zero-length",
        breaks: || served().a(Request(bytes(1, 0, 0))).found(),
        keeps: || served().a(Request(bytes(1, 0, 1))).found(),
        doubts: || served().gap("a", 17).found(),
    },
    Case {
        rule: "request-oversized",
        breaks: || served().a(Request(bytes(1, 0, 16385))).found(),
        keeps: || served().a(Request(bytes(1, 0, 16384))).found(),
        doubts: || served().gap("a", 17).found(),
    },
    Case {
        rule: "request-unaligned",
        breaks: || known().a(Request(bytes(0, 0, 16383))).found(),
        keeps: || known().a(Request(bytes(1, 16384, 3616))).found(),
        doubts: || served().a(Request(bytes(0, 0, 16383))).found(),
    },
    Case {
        rule: "request-duplicate",
        breaks: || asks(asks(served(), 1), 1).wait(0.2).b(KeepAlive).found(),
        keeps: || {
            let scene = asks(asks(served(), 1), 1).wait(0.1);
            scene.b(Piece(block(1, 0))).wait(1.0).b(KeepAlive).found()
        },
        doubts: || {
            asks(asks(served(), 1).gap("b", 13), 1)
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
    },
    Case {
        rule: "request-over-reqq",
        breaks: || {
            asks(shallow(Scene::fast()), 3)
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
        keeps: || {
            let scene = asks(shallow(Scene::fast()), 3).wait(0.1);
            scene.b(Piece(block(1, 0))).wait(1.0).b(KeepAlive).found()
        },
        doubts: || {
            let scene = asks(shallow(Scene::fast()), 2).gap("b", 13);
            scene.a(Request(block(1, 2))).wait(0.2).b(KeepAlive).found()
        },
    },
    Case {
        rule: "request-no-answer",
        breaks: || asks(served(), 2).wait(61.0).b(KeepAlive).found(),
        keeps: || {
            let scene = asks(served(), 2).wait(59.0).b(Piece(block(1, 0)));
            scene.wait(60.0).b(KeepAlive).found()
        },
        doubts: || {
            asks(served(), 2)
                .gap("b", 13)
                .wait(61.0)
                .b(KeepAlive)
                .found()
        },
    },
    Case {
        rule: "request-unanswered-fast",
        breaks: || asks(served(), 1).b(Choke).wait(121.0).b(KeepAlive).found(),
        keeps: || asks(plainly(), 1).b(Choke).wait(121.0).b(KeepAlive).found(),
        doubts: || {
            asks(served(), 1)
                .b(Choke)
                .gap("b", 13)
                .wait(121.0)
                .b(KeepAlive)
                .found()
        },
    },
    Case {
        rule: "cancel-unknown",
        breaks: || served().a(Cancel(block(1, 0))).found(),
        keeps: || {
            asks(served(), 1)
                .a(Cancel(block(1, 0)))
                .a(Cancel(block(1, 0)))
                .found()
        },
        doubts: || midstream().a(Cancel(block(1, 0))).found(),
    },
    Case {
        rule: "cancel-too-late",
        breaks: || {
            asks(served(), 1)
                .b(Piece(block(1, 0)))
                .a(Cancel(block(1, 0)))
                .found()
        },
        keeps: || {
            asks(served(), 1)
                .a(Cancel(block(1, 0)))
                .b(Piece(block(1, 0)))
                .found()
        },
        doubts: || {
            let scene = asks(served(), 1).b(Piece(block(1, 0))).gap("a", 17);
            scene.a(Cancel(block(1, 0))).found()
        },
    },
    Case {
        rule: "allowed-fast-abuse",
        breaks: || granted(7),
        keeps: || granted(6),
        doubts: || {
            let scene = asks(Scene::fast().b(AllowedFast(PieceIndex(1))), 4);
            asks(asks(scene, 4), 4).found()
        },
    },
];

/// So many requests while choked for a granted piece of two blocks.
fn granted(requests: u32) -> super::Found {
    let (file, hash) = torrent();
    let scene = Scene::silent().greeted(hash, FAST).b(HaveAll);
    let scene = scene.b(AllowedFast(PieceIndex(1)));
    let asked = (0..requests).fold(scene, |scene, _| {
        let scene = scene.a(Request(block(1, 0))).wait(1.0);
        scene.b(Reject(block(1, 0)))
    });
    asked.knowing(&file).found()
}

/// So many requests, and as many rejects.
pub(crate) fn rejects(scene: Scene, times: u32) -> Scene {
    let asked = asks(scene, times);
    (0..times).fold(asked, |scene, number| scene.b(Reject(block(1, number))))
}

/// Nothing is wrong with requests and data, whatever else is.
fn assert_healthy(found: &super::Found) {
    let mut rules = CASES.iter().chain(super::data::CASES);
    let broken = rules.find(|case| found.contains(case.rule));
    assert!(broken.is_none(), "{found:?}");
}

#[test]
fn a_reject_before_the_unchoke_proves_that_the_request_came_before_it() {
    let scene = choked().a(Request(block(1, 0))).b(Reject(block(1, 0)));
    let found = scene.wait(0.05).b(Unchoke).wait(1.0).b(KeepAlive).found();
    assert!(found.contains("request-while-choked"), "{found:?}");
}

#[test]
fn an_allowed_fast_piece_may_be_asked_for_and_given_in_spite_of_a_choke() {
    let scene = Scene::fast().b(HaveAll).b(AllowedFast(PieceIndex(1)));
    let scene = scene.a(Interested).wait(1.0).a(Request(block(1, 0)));
    let found = scene.b(Piece(block(1, 0))).wait(1.0).b(KeepAlive).found();
    assert_healthy(&found);
}

#[test]
fn a_piece_on_its_way_behind_a_choke_is_healthy() {
    let scene = asks(plainly(), 2).b(Choke).wait(0.01);
    let found = scene.b(Piece(block(1, 0))).wait(1.0).b(KeepAlive).found();
    assert_healthy(&found);
}

#[test]
fn what_a_choke_rejected_may_be_asked_for_again() {
    let scene = asks(served(), 1).b(Choke).b(Reject(block(1, 0)));
    let scene = scene.wait(1.0).b(Unchoke).a(Request(block(1, 0)));
    let found = scene.b(Piece(block(1, 0))).wait(1.0).b(KeepAlive).found();
    assert_healthy(&found);
}

#[test]
fn a_flood_of_requests_makes_it_silent() {
    let scene = asks(plainly(), 5000);
    let found = scene
        .b(Piece(block(1, 4999)))
        .wait(1.0)
        .b(KeepAlive)
        .found();
    assert!(!found.contains("piece-unrequested"), "{found:?}");
}

#[test]
fn transmission_before_4_never_rejects_what_was_cancelled() {
    for (peer_id, is_told) in [
        (b"-TR3000-bbbbbbbbbbbb", false),
        (b"-TR4000-bbbbbbbbbbbb", true),
    ] {
        let scene = Scene::silent()
            .a(super::scene::handshake(FAST, b"-LT20B0-aaaaaaaaaaaa"))
            .b(super::scene::handshake(FAST, peer_id));
        let scene = asks(serving(scene), 1).a(Cancel(block(1, 0)));
        let found = scene.wait(121.0).b(KeepAlive).findings();
        let said = found
            .iter()
            .find(|it| it.code.name() == "request-unanswered-fast");
        assert_eq!(said.is_some(), is_told);
        assert!(said.is_none_or(|it| it.severity == peerscope::findings::Severity::Warning));
    }
}
