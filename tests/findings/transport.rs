//! Rules of `transport`.

use super::Case;
use super::scene::{Scene, block};
use peerscope::capture::{FrameNumber, Timestamp};
use peerscope::packet::Skip;
use peerscope::stream::{Closing, Moment, Side, Stretch, Transport, Waits};
use peerscope::wire::Message::{Have, Piece, Unchoke};
use peerscope::wire::PieceIndex;

/// B says that it has something, each in a segment of its own, so often and so many seconds apart.
fn haves(mut scene: Scene, count: u32, apart: f64) -> Scene {
    for piece in 0..count {
        scene = scene.b(Have(PieceIndex(piece))).wait(apart);
    }
    scene
}

/// The longest wait of B: at the third frame, and for so many seconds. Both have said something before.
fn waits(seconds: f64, wait: impl FnOnce(&mut Waits, Stretch)) -> Scene {
    Scene::fast()
        .b(Unchoke)
        .wait(60.0)
        .strain("b", |now, (_, strain)| {
            let at = Moment {
                number: FrameNumber(3),
                time: Timestamp(now.0 - 40_000_000_000),
            };
            let nanos = (seconds * 1e9) as i64;
            wait(strain.waits_mut(), Stretch { nanos, at });
        })
}

/// B has sent so many bytes, of which so many came again, in segments of 1024.
fn sent(payload: u64, again: u64) -> Scene {
    Scene::fast().strain("b", |_, (direction, strain)| {
        (direction.payload, direction.duplicate) = (payload, again);
        strain.carriers = (payload / 1024) as u32;
    })
}

/// B has sent ten blocks over uTP, so many bytes of them in small packets.
fn blocks(tiny: u64) -> Scene {
    let mut scene = over_utp(Scene::fast());
    for number in 0..10 {
        scene = scene.b(Piece(block(0, number)));
    }
    scene.strain("b", |_, (direction, strain)| {
        (direction.payload, strain.tiny) = (164_000, tiny);
    })
}

fn over_utp(scene: Scene) -> Scene {
    scene.over(Transport::Utp { id: 7 })
}

/// A connects to B so often, so many seconds apart.
fn tries(count: u32, apart: f64, closing: Option<Closing>) -> Scene {
    let mut scene = Scene::fast();
    for _ in 1..count {
        if let Some(closing) = closing {
            scene = scene.closed("b", closing);
        }
        scene = scene
            .wait(apart)
            .open([10, 0, 0, 1], [10, 0, 0, 2])
            .a(Unchoke);
    }
    scene
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "tiny-writes",
        breaks: || haves(Scene::fast(), 100, 0.009).found(),
        keeps: || haves(Scene::fast(), 100, 0.01).found(),
        // Something may have been said in the same segment.
        doubts: || {
            let scenes =
                (0..100).fold(Scene::fast(), |scene, _| haves(scene, 1, 0.009).gap("b", 9));
            scenes.found()
        },
    },
    Case {
        rule: "head-of-line",
        breaks: || waits(1.001, |waits, stretch| waits.hole = stretch).found(),
        keeps: || waits(1.0, |waits, stretch| waits.hole = stretch).found(),
        doubts: || {
            let scene = waits(1.001, |waits, stretch| waits.hole = stretch);
            scene.gap("b", 9).found()
        },
    },
    Case {
        rule: "tcp-retransmit-share",
        breaks: || sent(200_000, 4001).found(),
        keeps: || sent(200_000, 4000).found(),
        // The capture has each packet twice.
        doubts: || {
            let scene = sent(200_000, 100_000);
            let scene = scene.strain("b", |_, (_, strain)| strain.mirrored = 100_000);
            scene.found()
        },
    },
    Case {
        rule: "tcp-zero-window",
        breaks: || waits(1.001, |waits, stretch| waits.closed = stretch).found(),
        keeps: || waits(1.0, |waits, stretch| waits.closed = stretch).found(),
        doubts: || {
            let scene = waits(1.001, |waits, stretch| waits.closed = stretch);
            scene.gap("a", 9).found()
        },
    },
    Case {
        rule: "utp-delay-high",
        breaks: || over_utp(waits(10.0, |waits, stretch| waits.queue = stretch)).found(),
        keeps: || over_utp(waits(9.9, |waits, stretch| waits.queue = stretch)).found(),
        doubts: || {
            let scene = waits(10.0, |waits, stretch| waits.queue = stretch);
            over_utp(scene).gap("b", 9).found()
        },
    },
    Case {
        rule: "utp-loss",
        breaks: || over_utp(sent(200_000, 6001)).found(),
        keeps: || over_utp(sent(200_000, 6000)).found(),
        // So little says nothing.
        doubts: || over_utp(sent(100 << 10, 90_000)).found(),
    },
    Case {
        rule: "utp-window-limited",
        breaks: || over_utp(waits(1.001, |waits, stretch| waits.closed = stretch)).found(),
        keeps: || over_utp(waits(1.0, |waits, stretch| waits.closed = stretch)).found(),
        doubts: || {
            let scene = waits(1.001, |waits, stretch| waits.closed = stretch);
            over_utp(scene).gap("b", 9).found()
        },
    },
    Case {
        rule: "utp-tiny-packets",
        breaks: || blocks(82_001).found(),
        keeps: || blocks(82_000).found(),
        doubts: || blocks(82_001).lost_packets("b", 2).found(),
    },
    Case {
        rule: "connection-churn",
        breaks: || tries(6, 11.0, Some(Closing::Rst)).found(),
        keeps: || tries(6, 13.0, Some(Closing::Rst)).found(),
        // They may be those of several clients.
        doubts: || tries(6, 1.0, None).found(),
    },
    Case {
        rule: "ip-fragments",
        breaks: || {
            let scene = Scene::fast();
            let fragment = Skip::Fragment(peerscope::packet::Fate::PutTogether);
            scene
                .tally(|tally| _ = tally.skipped.insert(fragment, 1))
                .found()
        },
        keeps: || Scene::fast().found(),
        doubts: || {
            let fragment = Skip::Fragment(peerscope::packet::Fate::Waiting);
            let scene = Scene::fast();
            scene
                .tally(|tally| _ = tally.skipped.insert(fragment, 1))
                .found()
        },
    },
];

#[test]
fn a_wait_stands_at_the_message_that_follows() {
    let scene = waits(2.0, |waits, stretch| waits.closed = stretch);
    let findings = scene.findings();
    let closed = findings
        .iter()
        .find(|it| it.code.name() == "tcp-zero-window");
    let closed = closed.unwrap();
    assert_eq!(
        (closed.side, closed.spot.frame),
        (Some(Side::B), FrameNumber(3))
    );
    assert_eq!(closed.spot.entry.map(|id| id.0), Some(1));
    assert_eq!(&*closed.message, "the receive window was 0 for 2.0 s");
}

#[test]
fn what_answers_somebody_could_not_be_written_before() {
    let mut scene = Scene::fast();
    for piece in 0..100 {
        let have = || Have(PieceIndex(piece));
        scene = scene.b(have()).wait(0.001).a(have()).wait(0.001);
    }
    assert!(!scene.found().contains("tiny-writes"));
}

#[test]
fn several_clients_behind_one_address_are_no_churn() {
    let mut scene = Scene::fast();
    for _ in 0..9 {
        scene = scene.open([10, 0, 0, 1], [10, 0, 0, 2]).a(Unchoke);
    }
    scene = scene.wait(1.0);
    for connection in 0..9 {
        scene = scene.on(connection).closed("a", Closing::Fin);
    }
    assert!(!scene.found().contains("connection-churn"));
}
