//! Rules of `swarm`.

use super::Case;
use super::scene::{FAST, Scene, block, handshake};
use peerscope::wire::Message::{Cancel, HaveAll, Interested, Piece, Request, Unchoke};

/// One peer that speaks with so many others, all of which have everything and serve.
fn swarm(others: u8) -> Scene {
    let first = Scene::silent();
    (0..others).fold(first, |scene, other| {
        let scene = match other {
            0 => scene,
            _ => scene.open([10, 0, 0, 1], [10, 0, 0, 2 + other]),
        };
        let mut id = *b"-LT20B0-bbbbbbbbbbb0";
        id[19] += other;
        let scene = scene
            .a(handshake(FAST, b"-LT20B0-aaaaaaaaaaaa"))
            .b(handshake(FAST, &id));
        scene.b(HaveAll).a(Interested).b(Unchoke)
    })
}

/// A block is asked for and comes.
fn gets(scene: Scene, number: u32) -> Scene {
    let it = block(number / 64, number % 64);
    scene.a(Request(it)).b(Piece(it))
}

/// So many blocks are asked for and come.
fn gets_all(scene: Scene, blocks: u32) -> Scene {
    (0..blocks).fold(scene, gets)
}

/// A block comes twice, and so many new ones are asked for behind it.
fn twice(others: u8, behind: u32) -> Scene {
    let scene = gets(gets(swarm(others).on(0), 0).on(1), 0);
    (1..=behind).fold(scene, gets)
}

/// So many blocks come, and so many of them again.
fn again(blocks: u32, times: u32) -> super::Found {
    gets_all(gets_all(swarm(2).on(0), blocks).on(1), times).found()
}

/// A hundred requests, and so many cancels.
fn cancels(cancels: u32) -> Scene {
    let asked = (0..100).fold(swarm(1), |scene, number| scene.a(Request(block(1, number))));
    (0..cancels).fold(asked, |scene, number| scene.a(Cancel(block(1, number))))
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "piece-duplicate",
        breaks: || twice(2, 64).found(),
        keeps: || twice(2, 63).found(),
        doubts: || {
            let scene = swarm(1);
            let unknown = scene.open([10, 0, 0, 1], [10, 0, 0, 9]).gap("a", 68);
            let scene = gets(gets(unknown, 0).on(0), 0);
            (1..=64).fold(scene, gets).found()
        },
    },
    Case {
        rule: "block-interleaved",
        breaks: || gets(gets(gets(swarm(3).on(0), 0).on(1), 1).on(2), 2).found(),
        keeps: || gets(gets(gets(swarm(3).on(0), 0).on(1), 1).on(0), 2).found(),
        doubts: || {
            let two = gets(gets(swarm(2).on(0), 0).on(1), 1);
            gets(two.open([10, 0, 0, 1], [10, 0, 0, 9]).gap("b", 68), 2).found()
        },
    },
    Case {
        rule: "redundant-ratio",
        breaks: || again(1024, 32),
        keeps: || again(1024, 31),
        doubts: || {
            let scene = gets_all(swarm(1), 1024);
            gets_all(scene.open([10, 0, 0, 1], [10, 0, 0, 9]).gap("a", 68), 40).found()
        },
    },
    Case {
        rule: "endgame-waste",
        breaks: || cancels(11).found(),
        keeps: || cancels(10).found(),
        doubts: || {
            let scene = Scene::midstream();
            let asked = (0..100).fold(scene, |scene, number| scene.a(Request(block(1, number))));
            (0..50)
                .fold(asked, |scene, number| scene.a(Cancel(block(1, number))))
                .found()
        },
    },
];

#[test]
fn two_peers_behind_one_address_may_both_get_a_block() {
    let scene = gets_all(swarm(1), 1024);
    let other = scene
        .open([10, 0, 0, 1], [10, 0, 0, 2])
        .a(handshake(FAST, b"-LT20B0-cccccccccccc"))
        .b(handshake(FAST, b"-LT20B0-bbbbbbbbbbb0"));
    let found = gets_all(other.b(HaveAll).a(Interested).b(Unchoke), 1024).found();
    assert!(!found.contains("redundant-ratio"), "{found:?}");
}
