//! Rules of `pace`.

use super::Case;
use super::scene::{Scene, block};
use peerscope::wire::Block;
use peerscope::wire::Message::{
    Bitfield, Choke, Have, HaveAll, HaveNone, Interested, KeepAlive, Piece, Request, Unchoke,
};
use peerscope::wire::PieceIndex;

/// A may download of B.
fn open(scene: Scene) -> Scene {
    scene
        .a(HaveNone)
        .b(HaveAll)
        .a(Interested)
        .b(Unchoke)
        .wait(1.0)
}

/// A asks for blocks one after the other: each takes so long, and then A thinks for so long.
fn one_by_one(scene: Scene, times: u32, takes: f64, thinks: f64) -> Scene {
    (0..times).fold(scene, |scene, number| {
        let block = block(number, 0);
        scene
            .a(Request(block))
            .wait(takes)
            .b(Piece(block))
            .wait(thinks)
    })
}

/// A keeps two requests open.
fn two_open(scene: Scene, times: u32, takes: f64) -> Scene {
    let first = scene.a(Request(block(0, 0)));
    (1..times).fold(first, |scene, number| {
        let next = scene.a(Request(block(number, 0))).wait(takes);
        next.b(Piece(block(number - 1, 0)))
    })
}

/// Of ten blocks, so many take a second and the others ten milliseconds.
fn some_slow(scene: Scene, times: u32, slow: u32) -> Scene {
    (0..times).fold(scene, |scene, number| {
        let takes = if number % 10 < slow { 1.0 } else { 0.01 };
        let block = block(number, 0);
        scene.a(Request(block)).wait(takes).b(Piece(block))
    })
}

/// B sends blocks of 4 MiB in all, each of so many bytes.
fn of_length(scene: Scene, length: u32) -> Scene {
    (0..(4 << 20) / length).fold(scene, |scene, number| {
        let index = PieceIndex(number);
        scene.b(Piece(Block {
            index,
            begin: 0,
            length,
        }))
    })
}

/// A tells of so many pieces, and says so many other things.
fn tells(scene: Scene, haves: u32, others: u32) -> Scene {
    let scene = (0..haves).fold(scene, |scene, number| scene.a(Have(PieceIndex(number))));
    (0..others).fold(scene, |scene, _| scene.a(KeepAlive))
}

/// B shows a piece and gives it, so many times, the first ones at once.
fn shows(scene: Scene, times: u32, ahead: u32) -> Scene {
    let have = |number| Have(PieceIndex(number));
    let scene = (0..ahead).fold(scene, |scene, number| scene.b(have(number)));
    (0..times).fold(scene, |scene, number| {
        let block = block(number, 0);
        scene
            .a(Request(block))
            .b(Piece(block))
            .b(have(number + ahead))
    })
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "pipeline-too-shallow",
        breaks: || one_by_one(open(Scene::fast()), 60, 0.1, 0.05).found(),
        keeps: || one_by_one(open(Scene::fast()), 60, 0.1, 0.02).found(),
        doubts: || one_by_one(open(Scene::fast().gap("b", 9)), 60, 0.1, 0.05).found(),
    },
    Case {
        rule: "pipeline-fixed",
        breaks: || two_open(open(Scene::fast()), 120, 0.1).found(),
        keeps: || two_open(open(Scene::fast()), 90, 0.1).found(),
        doubts: || two_open(open(Scene::fast()).gap("a", 17), 120, 0.1).found(),
    },
    Case {
        rule: "block-rtt-high",
        breaks: || one_by_one(open(Scene::fast()), 20, 5.2, 0.0).found(),
        keeps: || one_by_one(open(Scene::fast()), 20, 4.9, 0.0).found(),
        doubts: || {
            let some = one_by_one(open(Scene::fast()), 19, 5.2, 0.0);
            some.a(Request(block(99, 0)))
                .wait(5.2)
                .gap("b", 16397)
                .found()
        },
    },
    Case {
        rule: "block-rtt-bimodal",
        breaks: || some_slow(open(Scene::fast()), 50, 2).found(),
        keeps: || some_slow(open(Scene::fast()), 50, 0).found(),
        doubts: || some_slow(open(Scene::fast()), 40, 2).gap("b", 99).found(),
    },
    Case {
        rule: "upload-burst-then-idle",
        breaks: || two_open(open(Scene::fast()), 12, 1.1).found(),
        keeps: || two_open(open(Scene::fast()), 12, 0.9).found(),
        doubts: || {
            two_open(open(Scene::fast()), 12, 1.1)
                .gap("b", 16397)
                .found()
        },
    },
    Case {
        rule: "protocol-overhead",
        breaks: || of_length(Scene::fast(), 64).found(),
        keeps: || of_length(Scene::fast(), 256).found(),
        doubts: || of_length(Scene::fast().gap("b", 9), 64).found(),
    },
    Case {
        rule: "have-flood",
        breaks: || tells(Scene::fast().b(HaveAll), 60, 100).found(),
        keeps: || tells(Scene::fast().b(HaveAll), 60, 150).found(),
        doubts: || tells(Scene::fast().b(HaveAll).gap("a", 500), 60, 100).found(),
    },
    Case {
        rule: "super-seeding",
        breaks: || shows(Scene::fast().b(HaveNone), 5, 2).found(),
        keeps: || shows(Scene::fast().b(HaveNone), 5, 4).found(),
        doubts: || shows(Scene::fast().b(HaveNone).gap("b", 500), 5, 2).found(),
    },
];

#[test]
fn what_is_asked_for_behind_a_have_had_to_wait_for_it() {
    let scene = open(Scene::fast());
    let found = (0..60).fold(scene, |scene, number| {
        let block = block(number, 0);
        let scene = scene.a(Request(block)).wait(0.1).b(Piece(block)).wait(0.05);
        scene.b(Have(PieceIndex(number + 1)))
    });
    let found = found.found();
    assert!(!found.contains("pipeline-too-shallow"), "{found:?}");
}

#[test]
fn a_choked_side_is_not_slow() {
    let scene = two_open(open(Scene::fast()), 12, 0.1).b(Choke).wait(900.0);
    let found = scene.b(Bitfield([0].into())).found();
    assert!(!found.contains("upload-burst-then-idle"), "{found:?}");
}
