//! Rules of answers: pieces, rejects and hashes.

use super::Case;
use super::requests::{asks, bytes, choked, midstream, plainly, rejects, served};
use super::scene::{Scene, block};
use peerscope::wire::HashRange;
use peerscope::wire::Message::{
    Cancel, Choke, HashReject, HashRequest, Hashes, KeepAlive, Piece, Reject, Request,
};

/// So many hashes of the pieces of a file.
fn range(index: u32, length: u32) -> HashRange {
    HashRange {
        root: [1; 32],
        base: 1,
        index,
        length,
        proof: 0,
    }
}

fn asked() -> Scene {
    Scene::fast().a(HashRequest(range(0, 4)))
}

/// A piece is asked for and refused so many times.
fn refused(scene: Scene, times: u32) -> super::Found {
    let rounds = (0..times).fold(scene, |scene, _| {
        let scene = scene.wait(1.0).a(Request(block(1, 0)));
        scene.wait(1.0).b(Reject(block(1, 0)))
    });
    rounds.found()
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "reject-storm",
        breaks: || rejects(served(), 21).b(KeepAlive).found(),
        keeps: || rejects(served(), 21).b(Choke).b(KeepAlive).found(),
        doubts: || rejects(served(), 21).gap("b", 5).b(KeepAlive).found(),
    },
    Case {
        rule: "have-not-served",
        breaks: || refused(served(), 3),
        keeps: || refused(served(), 2),
        doubts: || refused(midstream().gap("b", 5), 3),
    },
    Case {
        rule: "reject-without-fast",
        breaks: || asks(plainly(), 1).b(Reject(block(1, 0))).found(),
        keeps: || asks(served(), 1).b(Reject(block(1, 0))).found(),
        doubts: || asks(midstream(), 1).b(Reject(block(1, 0))).found(),
    },
    Case {
        rule: "reject-unrequested",
        breaks: || {
            served()
                .b(Reject(block(1, 0)))
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
        keeps: || {
            let scene = served()
                .b(Reject(block(1, 0)))
                .wait(0.1)
                .a(Request(block(1, 0)));
            scene.wait(1.0).b(KeepAlive).found()
        },
        doubts: || {
            let scene = served().gap("a", 17).b(Reject(block(1, 0)));
            scene.wait(0.2).b(KeepAlive).found()
        },
    },
    Case {
        rule: "piece-unrequested",
        breaks: || {
            served()
                .b(Piece(block(1, 0)))
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
        keeps: || {
            let scene = served()
                .b(Piece(block(1, 0)))
                .wait(0.1)
                .a(Request(block(1, 0)));
            scene.wait(1.0).b(KeepAlive).found()
        },
        doubts: || {
            let scene = served().gap("a", 17).b(Piece(block(1, 0)));
            scene.wait(0.2).b(KeepAlive).found()
        },
    },
    Case {
        rule: "piece-after-cancel",
        breaks: || {
            asks(served(), 1)
                .a(Cancel(block(1, 0)))
                .b(Piece(block(1, 0)))
                .found()
        },
        keeps: || {
            asks(served(), 1)
                .b(Piece(block(1, 0)))
                .a(Cancel(block(1, 0)))
                .found()
        },
        doubts: || {
            let scene = asks(served(), 1).a(Cancel(block(1, 0))).gap("a", 17);
            scene.b(Piece(block(1, 0))).found()
        },
    },
    Case {
        rule: "piece-while-choking",
        breaks: || {
            choked()
                .a(Request(block(1, 0)))
                .b(Piece(block(1, 0)))
                .found()
        },
        keeps: || {
            choked()
                .unheard()
                .a(Request(block(1, 0)))
                .b(Piece(block(1, 0)))
                .found()
        },
        doubts: || {
            choked()
                .a(Request(block(1, 0)))
                .gap("b", 5)
                .b(Piece(block(1, 0)))
                .found()
        },
    },
    Case {
        rule: "piece-short",
        breaks: || asks(served(), 1).b(Piece(bytes(1, 0, 10_000))).found(),
        keeps: || {
            asks(served(), 1)
                .a(Request(bytes(1, 0, 10_000)))
                .b(Piece(bytes(1, 0, 10_000)))
                .found()
        },
        doubts: || {
            asks(served(), 1)
                .gap("a", 17)
                .b(Piece(bytes(1, 0, 10_000)))
                .found()
        },
    },
    Case {
        rule: "piece-zero-length",
        breaks: || asks(served(), 1).b(Piece(bytes(1, 0, 0))).found(),
        keeps: || asks(served(), 1).b(Piece(bytes(1, 0, 1))).found(),
        doubts: || asks(served(), 1).gap("b", 13).found(),
    },
    Case {
        rule: "hash-request-bad",
        breaks: || Scene::fast().a(HashRequest(range(0, 3))).found(),
        keeps: || Scene::fast().a(HashRequest(range(512, 512))).found(),
        doubts: || Scene::fast().gap("a", 53).found(),
    },
    Case {
        rule: "hash-unanswered",
        breaks: || asked().wait(61.0).b(KeepAlive).found(),
        keeps: || {
            asked()
                .b(HashReject(range(0, 4)))
                .wait(61.0)
                .b(KeepAlive)
                .found()
        },
        doubts: || asked().gap("b", 53).wait(61.0).b(KeepAlive).found(),
    },
    Case {
        rule: "hashes-unrequested",
        breaks: || {
            asked()
                .b(Hashes(range(4, 4)))
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
        keeps: || {
            let scene = Scene::fast().b(Hashes(range(0, 4))).wait(0.1);
            scene
                .a(HashRequest(range(0, 4)))
                .wait(1.0)
                .b(KeepAlive)
                .found()
        },
        doubts: || {
            asked()
                .gap("a", 53)
                .b(Hashes(range(4, 4)))
                .wait(0.2)
                .b(KeepAlive)
                .found()
        },
    },
    Case {
        rule: "hashes-length",
        breaks: || asked().says_long(Hashes(range(0, 4)), 49 + 3 * 32).found(),
        keeps: || asked().says_long(Hashes(range(0, 4)), 49 + 5 * 32).found(),
        doubts: || {
            asked()
                .lacking(40)
                .says_long(Hashes(range(0, 4)), 49 + 3 * 32)
                .found()
        },
    },
];
