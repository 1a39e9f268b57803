//! Rules of `choking`.

use super::Case;
use super::scene::{Scene, block, extended};
use peerscope::wire::Message;
use peerscope::wire::Message::{
    Bitfield, Choke, HaveAll, HaveNone, Interested, NotInterested, Piece, Request, Unchoke,
};

/// B unchokes and chokes A, which is interested, in turns: so many times, so many seconds apart.
fn flaps(scene: Scene, times: u32, apart: f64) -> Scene {
    (0..times).fold(scene.a(Interested), |scene, time| {
        let turn = if time % 2 == 0 { Unchoke } else { Choke };
        scene.wait(apart).b(turn)
    })
}

/// A has nothing and B all pieces.
fn leech() -> Scene {
    Scene::fast().a(HaveNone).b(HaveAll)
}

/// A waits, interested, for so many seconds until B unchokes it.
fn refused(seconds: f64) -> Scene {
    leech().a(Interested).wait(seconds).b(Unchoke)
}

/// A is interested and unchoked, and asks so many seconds later.
fn idle(scene: Scene, seconds: f64) -> Scene {
    scene
        .b(Unchoke)
        .wait(1.0)
        .a(Interested)
        .wait(seconds)
        .a(Request(block(1, 0)))
}

/// A says that it has the info dictionary.
fn hello(dict: &[u8]) -> Message {
    extended(0, dict)
}

/// A knows the torrent and wants nothing of B for so long.
fn careless(scene: Scene, seconds: f64) -> Scene {
    scene
        .a(hello(b"d13:metadata_sizei900ee"))
        .a(HaveNone)
        .b(HaveAll)
        .wait(seconds)
        .a(Interested)
}

/// Both have the first two pieces, and A remains interested for so long.
fn stale(scene: Scene, seconds: f64) -> Scene {
    let both = || Bitfield([0xc0].into());
    scene
        .a(both())
        .b(both())
        .a(Interested)
        .wait(seconds)
        .a(NotInterested)
}

/// A choke of B drops a request of A.
fn dropped() -> Scene {
    Scene::plain()
        .a(Interested)
        .b(Unchoke)
        .wait(1.0)
        .a(Request(block(1, 0)))
        .a(Request(block(1, 1)))
        .wait(1.0)
        .b(Choke)
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "choke-flapping",
        breaks: || flaps(Scene::fast(), 6, 2.4).found(),
        keeps: || flaps(flaps(Scene::fast(), 4, 2.5), 4, 2.6).found(),
        doubts: || flaps(flaps(Scene::fast(), 4, 2.4).gap("b", 9), 3, 2.4).found(),
    },
    Case {
        rule: "choke-redundant",
        breaks: || Scene::fast().b(Unchoke).b(Unchoke).found(),
        keeps: || Scene::fast().b(Unchoke).a(Interested).b(Unchoke).found(),
        doubts: || Scene::fast().b(Unchoke).gap("b", 5).b(Unchoke).found(),
    },
    Case {
        rule: "unchoke-unused",
        breaks: || idle(leech(), 60.1).found(),
        keeps: || idle(leech(), 59.9).found(),
        doubts: || {
            idle(leech(), 59.0)
                .gap("a", 17)
                .wait(9.0)
                .a(Request(block(1, 1)))
                .found()
        },
    },
    Case {
        rule: "unchoke-to-uninterested",
        breaks: || leech().b(Unchoke).wait(60.1).b(Choke).found(),
        keeps: || leech().b(Unchoke).wait(60.1).a(Interested).found(),
        doubts: || leech().b(Unchoke).gap("a", 10).wait(60.1).b(Choke).found(),
    },
    Case {
        rule: "interest-unserved",
        breaks: || refused(120.1).found(),
        keeps: || refused(119.9).found(),
        doubts: || {
            leech()
                .a(Interested)
                .wait(60.0)
                .gap("b", 10)
                .wait(61.0)
                .b(Unchoke)
                .found()
        },
    },
    Case {
        rule: "interest-starved",
        breaks: || refused(600.1).found(),
        keeps: || refused(599.9).found(),
        doubts: || {
            leech()
                .a(Interested)
                .wait(60.0)
                .gap("a", 10)
                .wait(600.0)
                .b(Unchoke)
                .found()
        },
    },
    Case {
        rule: "interest-missing",
        breaks: || careless(Scene::fast(), 60.1).found(),
        keeps: || careless(Scene::fast(), 59.9).found(),
        doubts: || careless(Scene::fast().gap("a", 5), 60.1).found(),
    },
    Case {
        rule: "interest-stale",
        breaks: || stale(Scene::fast(), 10.1).found(),
        keeps: || stale(Scene::fast(), 9.9).found(),
        doubts: || stale(Scene::fast().gap("b", 9), 10.1).found(),
    },
    Case {
        rule: "upload-only-pair",
        breaks: || {
            let says = || hello(b"d11:upload_onlyi1ee");
            Scene::fast().a(says()).b(says()).found()
        },
        keeps: || {
            let scene = Scene::fast().a(hello(b"d11:upload_onlyi1ee"));
            scene.b(hello(b"d11:upload_onlyi0ee")).found()
        },
        doubts: || {
            Scene::fast()
                .a(hello(b"d11:upload_onlyi1ee"))
                .gap("b", 40)
                .found()
        },
    },
    Case {
        rule: "requests-left-after-choke",
        breaks: || {
            let late = dropped().wait(5.0).b(Unchoke).b(Piece(block(1, 1)));
            late.wait(1.0).b(Choke).found()
        },
        keeps: || {
            let late = dropped().b(Piece(block(1, 0))).wait(5.0).b(Unchoke);
            late.b(Piece(block(1, 1)))
                .wait(0.09)
                .a(Request(block(1, 1)))
                .wait(1.0)
                .b(Choke)
                .found()
        },
        doubts: || {
            let late = dropped().wait(5.0).b(Unchoke).gap("a", 17);
            late.b(Piece(block(1, 1))).wait(1.0).b(Choke).found()
        },
    },
];

#[test]
fn a_partial_seed_need_not_be_interested() {
    let says = hello(b"d13:metadata_sizei900e11:upload_onlyi1ee");
    let found = Scene::fast()
        .a(says)
        .a(HaveNone)
        .b(HaveAll)
        .wait(900.0)
        .b(Unchoke)
        .found();
    assert!(!found.contains("interest-missing"), "{found:?}");
}

#[test]
fn who_has_no_info_dictionary_cannot_be_interested() {
    let scene = Scene::fast().a(hello(b"de")).a(HaveNone).b(HaveAll);
    let found = scene.wait(900.0).b(Unchoke).found();
    assert!(!found.contains("interest-missing"), "{found:?}");
}

#[test]
fn the_whole_of_a_fibrillation_is_one_finding() {
    let found = flaps(Scene::fast(), 12, 0.1).findings();
    let words: Vec<&str> = found
        .iter()
        .filter(|it| it.code.name() == "choke-flapping")
        .map(|it| &*it.message)
        .collect();
    let expected = "choked and unchoked an interested peer in turns, 11 times in 1.0 s";
    assert_eq!(words, [expected]);
}

#[test]
fn a_long_refusal_is_told_of_once() {
    let found = refused(601.0).found();
    assert!(!found.contains("interest-unserved"), "{found:?}");
}

#[test]
fn slots_that_follow_interest_do_not_flutter() {
    let found = (0..9).fold(Scene::fast(), |scene, _| {
        let wanted = scene.wait(0.5).a(Interested).b(Unchoke).wait(0.5);
        wanted.a(NotInterested).b(Choke)
    });
    let found = found.found();
    assert!(!found.contains("choke-flapping"), "{found:?}");
}

#[test]
fn a_choke_that_is_taken_back_at_once_leaves_nothing() {
    let late = dropped().wait(0.9).b(Unchoke).b(Piece(block(1, 1)));
    let found = late.wait(1.0).b(Choke).found();
    assert!(!found.contains("requests-left-after-choke"), "{found:?}");
}
