//! Rules of `silence`.

use super::Case;
use super::scene::{Scene, block};
use peerscope::capture::{FrameNumber, Timestamp};
use peerscope::store::Change;
use peerscope::stream::{Closing, ConnectionId, Mark, Moment};
use peerscope::wire::Message::{Choke, Interested, KeepAlive, Piece, Request, Unchoke};

/// A has asked for a block.
fn asked() -> Scene {
    Scene::fast()
        .a(Interested)
        .b(Unchoke)
        .wait(1.0)
        .a(Request(block(1, 0)))
}

fn keep_alives(scene: Scene, times: u32, apart: f64) -> Scene {
    (0..times).fold(scene, |scene, _| scene.wait(apart).a(KeepAlive))
}

/// A closes so many seconds behind the begin of the conversation.
fn closed(scene: Scene, seconds: u64) -> Scene {
    let at = Moment {
        number: FrameNumber(99),
        time: Timestamp((1_000_000_000 + seconds) * 1_000_000_000),
    };
    scene.closed("a", Closing::Fin).told(Change::Marked {
        connection: ConnectionId(0),
        mark: Mark::Close,
        at,
    })
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "snubbed",
        breaks: || asked().wait(60.1).b(Piece(block(1, 0))).found(),
        keeps: || asked().wait(59.9).b(Piece(block(1, 0))).found(),
        doubts: || {
            asked()
                .wait(1.0)
                .gap("b", 16397)
                .wait(90.0)
                .b(Choke)
                .found()
        },
    },
    Case {
        rule: "keepalive-missing",
        breaks: || Scene::fast().wait(130.1).a(KeepAlive).found(),
        keeps: || Scene::fast().wait(129.9).a(KeepAlive).found(),
        doubts: || {
            Scene::fast()
                .wait(90.0)
                .gap("a", 4)
                .wait(90.0)
                .a(KeepAlive)
                .found()
        },
    },
    Case {
        rule: "keepalive-flood",
        breaks: || keep_alives(Scene::fast(), 7, 9.9).found(),
        keeps: || keep_alives(Scene::fast(), 7, 10.1).found(),
        doubts: || {
            let half = keep_alives(Scene::fast(), 3, 1.0).gap("a", 16);
            keep_alives(half, 3, 1.0).found()
        },
    },
    Case {
        rule: "idle-timeout",
        breaks: || closed(Scene::fast(), 120).found(),
        keeps: || closed(Scene::fast(), 114).found(),
        doubts: || closed(Scene::fast().gap("b", 4), 120).found(),
    },
];

#[test]
fn the_end_of_the_capture_is_no_snub() {
    let found = asked().wait(59.0).found();
    assert!(!found.contains("snubbed"), "{found:?}");
}

#[test]
fn a_peer_that_goes_on_without_blocks_snubs() {
    let found = asked().wait(61.0).b(KeepAlive).found();
    assert!(found.contains("snubbed"), "{found:?}");
}
