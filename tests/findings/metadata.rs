//! Rules of `metadata`.

use super::scene::{Scene, extended, handshake};
use super::{Case, Found};
use peerscope::stream::Closing;
use peerscope::wire::Message;

/// Both speak of metadata, with id 2.
fn hello(size: i64) -> Message {
    let size = format!("d1:md11:ut_metadatai2ee13:metadata_sizei{size}ee");
    extended(0, size.as_bytes())
}

/// B says how large the dictionary is.
fn sized(size: i64) -> Scene {
    let nothing = extended(0, b"d1:md11:ut_metadatai2eee");
    Scene::fast().a(nothing).b(hello(size)).wait(1.0)
}

fn request(block: u32) -> Message {
    let asks = format!("d8:msg_typei0e5:piecei{block}ee");
    extended(2, asks.as_bytes())
}

fn reject(block: u32) -> Message {
    let rejects = format!("d8:msg_typei2e5:piecei{block}ee");
    extended(2, rejects.as_bytes())
}

/// A block of a dictionary of `total` bytes.
fn data(block: u32, total: u32, bytes: usize) -> Message {
    let mut sends = format!("d8:msg_typei1e5:piecei{block}e10:total_sizei{total}ee").into_bytes();
    sends.resize(sends.len() + bytes, b'x');
    extended(2, &sends)
}

/// A asks so often; each time there is an answer.
fn asked(times: u32) -> Scene {
    (0..times).fold(sized(100), |scene, _| {
        scene.a(request(0)).b(data(0, 100, 100)).wait(1.0)
    })
}

/// Behind more talk, and the end.
fn over(scene: Scene) -> Found {
    let scene = scene.wait(1.0).a(Message::KeepAlive);
    scene
        .b(Message::KeepAlive)
        .closed("a", Closing::Fin)
        .found()
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "metadata-size-odd",
        breaks: || sized(-1).found(),
        keeps: || sized(1).b(hello(1)).found(),
        doubts: || Scene::fast().lacking(1).b(hello(-1)).found(),
    },
    Case {
        rule: "metadata-piece-bad",
        breaks: || sized(100).a(request(0)).b(data(0, 100, 99)).found(),
        keeps: || sized(16484).a(request(1)).b(data(1, 16484, 100)).found(),
        doubts: || {
            let unnamed = Scene::fast().gap("a", 50).b(hello(100));
            unnamed.b(data(0, 100, 99)).found()
        },
    },
    Case {
        rule: "metadata-unrequested",
        breaks: || over(sized(100).b(data(0, 100, 100))),
        // The two passed each other.
        keeps: || over(sized(100).b(data(0, 100, 100)).wait(0.1).a(request(0))),
        doubts: || over(sized(100).gap("a", 50).b(data(0, 100, 100))),
    },
    Case {
        rule: "metadata-rerequest",
        breaks: || asked(6).found(),
        keeps: || asked(5).b(reject(0)).a(request(0)).found(),
        doubts: || asked(5).lacking(1).a(request(0)).found(),
    },
    Case {
        rule: "metadata-reject",
        breaks: || sized(100).a(request(0)).b(reject(0)).found(),
        keeps: || asked(1).found(),
        doubts: || sized(100).a(request(0)).lacking(1).b(reject(0)).found(),
    },
    Case {
        rule: "metadata-hash-bad",
        breaks: || over(asked(1)),
        keeps: || over(sized(16484).a(request(0)).b(data(0, 16484, 16384))),
        doubts: || over(sized(100).a(request(0)).lacking(1).b(data(0, 100, 100))),
    },
];

#[test]
fn a_block_behind_the_end_is_told_though_it_is_empty() {
    let behind = sized(16384).a(request(1)).b(data(1, 16384, 0));
    assert!(behind.found().contains("metadata-piece-bad"));
}

#[test]
fn a_total_size_is_that_of_the_dictionary() {
    let of_block = sized(20000).a(request(1)).b(data(1, 3616, 3616));
    assert!(of_block.found().contains("metadata-piece-bad"));
}

#[test]
fn a_size_that_changes_is_told() {
    assert!(sized(5).b(hello(6)).found().contains("metadata-size-odd"));
}

#[test]
fn at_the_end_of_a_capture_a_request_may_still_come() {
    let cut = sized(100).b(data(0, 100, 100));
    assert!(!cut.found().contains("metadata-unrequested"));
    let alone = Scene::silent().b(handshake([0; 8], b"-LT20B0-bbbbbbbbbbbb"));
    let alone = alone.b(hello(100)).b(data(0, 100, 100));
    assert!(!over(alone).contains("metadata-unrequested"));
}
