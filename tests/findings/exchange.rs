//! Rules of `exchange`.

use super::scene::{FAST, Scene, TORRENT, extended, handshake};
use super::{Case, Found};
use peerscope::wire::{Handshake, InfoHash, Message, PeerId, Reserved};

/// Ids of both.
fn hello() -> Message {
    extended(0, b"d1:md6:ut_pexi1eee")
}

fn agreed() -> Scene {
    Scene::fast().a(hello()).b(hello()).wait(1.0)
}

/// Between two public addresses.
fn outside() -> Scene {
    let scene = Scene::silent().open([8, 8, 8, 8], [9, 9, 9, 9]);
    let scene = scene.a(handshake(FAST, b"-TR4050-aaaaaaaaaaaa"));
    let scene = scene.b(handshake(FAST, b"-LT20B0-bbbbbbbbbbbb"));
    scene.a(hello()).b(hello()).wait(1.0)
}

fn list(key: &str, bytes: &[u8]) -> Vec<u8> {
    let head = format!("{}:{key}{}:", key.len(), bytes.len());
    [head.as_bytes(), bytes].concat()
}

/// A message of these lists.
fn pex(lists: &[(&str, &[u8])]) -> Message {
    let lists = lists.iter().flat_map(|(key, bytes)| list(key, bytes));
    let payload: Vec<u8> = b"d".iter().copied().chain(lists).chain(*b"e").collect();
    extended(1, &payload)
}

/// So many contacts, each of a network of its own, or all of one.
fn contacts(count: u8, is_crowd: bool) -> Vec<u8> {
    let network = |at: u8| if is_crowd { 1 } else { at };
    let contact = |at: u8| [80, 1, network(at), at, 0x1a, 0xe1];
    (0..count).flat_map(contact).collect()
}

const CONTACT: &[u8] = &[80, 1, 2, 3, 0x1a, 0xe1];
const PRIVATE: &[u8] = &[192, 168, 1, 3, 0x1a, 0xe1];

fn added(bytes: &[u8]) -> Message {
    pex(&[("added", bytes)])
}

/// The same before A was heard to give an id.
fn unnamed(message: Message) -> Found {
    Scene::fast().gap("a", 80).b(hello()).b(message).found()
}

fn again(seconds: f64, message: Message) -> Scene {
    agreed().b(added(CONTACT)).wait(seconds).b(message)
}

/// A torrent file, and the handshakes that name it.
fn of_file(is_private: bool) -> Scene {
    use sha1::{Digest, Sha1};
    let private = if is_private { "7:privatei1e" } else { "" };
    let pieces = "6:pieces20:01234567890123456789";
    let info = format!("d6:lengthi1e4:name1:x12:piece lengthi16384e{pieces}{private}e");
    let info_hash = InfoHash(Sha1::digest(&info).into());
    let hand = |peer_id: &[u8; 20]| {
        Message::Handshake(Box::new(Handshake {
            reserved: Reserved(FAST),
            info_hash,
            peer_id: PeerId(*peer_id),
        }))
    };
    assert_ne!(info_hash, TORRENT);
    let scene = Scene::silent().knowing(format!("d4:info{info}e").as_bytes());
    let scene = scene.a(hand(b"-TR4050-aaaaaaaaaaaa"));
    let scene = scene.b(hand(b"-LT20B0-bbbbbbbbbbbb"));
    scene.a(hello()).b(hello())
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "pex-too-often",
        breaks: || again(49.9, added(CONTACT)).found(),
        keeps: || again(50.0, added(CONTACT)).found(),
        doubts: || unnamed(added(CONTACT)),
    },
    Case {
        rule: "pex-too-many",
        breaks: || again(60.0, added(&contacts(101, false))).found(),
        keeps: || again(60.0, added(&contacts(100, false))).found(),
        // It may be the first one.
        doubts: || agreed().b(added(&contacts(101, false))).found(),
    },
    Case {
        rule: "pex-empty",
        breaks: || agreed().b(added(b"")).found(),
        keeps: || agreed().b(pex(&[("dropped", CONTACT)])).found(),
        doubts: || agreed().lacking(1).b(added(b"")).found(),
    },
    Case {
        rule: "pex-uneven",
        breaks: || agreed().b(added(&contacts(2, false)[..11])).found(),
        keeps: || agreed().b(added(&contacts(2, false))).found(),
        doubts: || unnamed(added(&contacts(2, false)[..11])),
    },
    Case {
        rule: "pex-flags-length",
        breaks: || {
            let message = pex(&[("added", CONTACT), ("added.f", b"ab")]);
            agreed().b(message).found()
        },
        keeps: || {
            let message = pex(&[("added", CONTACT), ("added.f", b"a")]);
            agreed().b(message).found()
        },
        doubts: || unnamed(pex(&[("added", CONTACT), ("added.f", b"ab")])),
    },
    Case {
        rule: "pex-unreachable",
        breaks: || outside().b(added(PRIVATE)).found(),
        keeps: || agreed().b(added(PRIVATE)).found(),
        doubts: || outside().lacking(1).b(added(PRIVATE)).found(),
    },
    Case {
        rule: "pex-poison",
        breaks: || agreed().b(added(&contacts(20, true))).found(),
        keeps: || agreed().b(added(&contacts(19, true))).found(),
        doubts: || unnamed(added(&contacts(20, true))),
    },
    Case {
        rule: "pex-added-dropped",
        breaks: || {
            let message = pex(&[("added", CONTACT), ("dropped", CONTACT)]);
            agreed().b(message).found()
        },
        keeps: || {
            let message = pex(&[("added", CONTACT), ("dropped", PRIVATE)]);
            agreed().b(message).found()
        },
        doubts: || unnamed(pex(&[("added", CONTACT), ("dropped", CONTACT)])),
    },
    Case {
        rule: "pex-on-private-torrent",
        breaks: || of_file(true).b(added(CONTACT)).found(),
        keeps: || of_file(false).b(added(CONTACT)).found(),
        doubts: || agreed().b(added(CONTACT)).found(),
    },
];

#[test]
fn a_contact_without_a_port_is_unreachable_everywhere() {
    let message = added(&[10, 0, 0, 9, 0, 0]);
    assert!(agreed().b(message).found().contains("pex-unreachable"));
}
