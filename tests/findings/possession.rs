//! Rules of `possession`.

use super::Case;
use super::scene::{EXTENDED, FAST, Scene, block, extended, handshake};
use peerscope::swarm::Metainfo;
use peerscope::wire::Message::{
    AllowedFast, Bitfield, Have, HaveAll, HaveNone, Interested, KeepAlive, Piece, Port, Request,
    Unchoke, Unread,
};
use peerscope::wire::{Handshake, Kind, Message, PeerId, PieceIndex, Reserved};

/// A torrent of eleven pieces.
fn torrent() -> Vec<u8> {
    let mut file = b"d4:infod6:lengthi180224e4:name1:x12:piece lengthi16384e6:pieces220:".to_vec();
    file.resize(file.len() + 220, b'a');
    file.extend(b"ee");
    file
}

/// Behind two handshakes for that torrent, whose file is known.
fn knowing() -> Scene {
    let file = torrent();
    let metainfo = Metainfo::of_file(&file).expect("a torrent file");
    let hello = |peer_id: &[u8; 20]| {
        Message::Handshake(Box::new(Handshake {
            reserved: Reserved(FAST),
            info_hash: metainfo.version.hashes().next().expect("a hash"),
            peer_id: PeerId(*peer_id),
        }))
    };
    let scene = Scene::silent().knowing(&file);
    scene
        .a(hello(b"-TR4050-aaaaaaaaaaaa"))
        .b(hello(b"-LT20B0-bbbbbbbbbbbb"))
}

fn bits(bytes: &[u8]) -> Message {
    Bitfield(bytes.into())
}

fn have(index: u32) -> Message {
    Have(PieceIndex(index))
}

/// An extended handshake that takes `ut_metadata` (BEP 9) and `lt_donthave` (BEP 54), with or without the size.
fn hello(metadata_size: Option<u32>) -> Message {
    let size = metadata_size.map(|size| format!("13:metadata_sizei{size}e"));
    let size = size.unwrap_or_default();
    let names = "d1:md11:lt_donthavei7e11:ut_metadatai3ee";
    extended(0, format!("{names}{size}e").as_bytes())
}

/// Both sides support the extensions; A has no info dictionary.
fn magnet() -> Scene {
    Scene::fast().a(hello(None)).b(hello(Some(500)))
}

/// A asks for the info dictionary.
fn asks() -> Message {
    extended(3, b"d8:msg_typei0e5:piecei0ee")
}

/// A bitfield that lacks two pieces of eleven.
fn lazy() -> Scene {
    knowing().a(bits(&[0xff, 0x80]))
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "bitfield-late",
        breaks: || Scene::fast().a(Interested).a(bits(&[0])).found(),
        keeps: || {
            let scene = Scene::fast().a(hello(Some(500))).a(Port(1)).a(KeepAlive);
            scene.a(bits(&[0])).found()
        },
        doubts: || {
            Scene::fast()
                .gap("a", 10)
                .a(Interested)
                .a(bits(&[0]))
                .found()
        },
    },
    Case {
        rule: "bitfield-after-metadata",
        breaks: || magnet().a(asks()).a(HaveNone).found(),
        keeps: || {
            let scene = Scene::fast().a(hello(Some(500))).b(hello(Some(500)));
            scene.a(Interested).a(HaveNone).found()
        },
        doubts: || magnet().a(asks()).gap("a", 10).a(HaveNone).found(),
    },
    Case {
        rule: "bitfield-repeated",
        breaks: || Scene::fast().a(HaveNone).a(bits(&[0x80])).found(),
        keeps: || Scene::fast().a(HaveNone).b(bits(&[0x80])).found(),
        doubts: || Scene::fast().gap("a", 10).a(bits(&[0x80])).found(),
    },
    Case {
        rule: "bitfield-short",
        breaks: || knowing().a(bits(&[0xff])).found(),
        keeps: || knowing().a(bits(&[0xff, 0])).found(),
        doubts: || Scene::fast().a(bits(&[0xff])).found(),
    },
    Case {
        rule: "bitfield-long",
        breaks: || knowing().a(bits(&[0xff, 0, 0])).found(),
        keeps: || knowing().a(bits(&[0xff, 0])).found(),
        doubts: || Scene::fast().a(bits(&[0xff, 0, 0])).found(),
    },
    Case {
        rule: "bitfield-spare-bits",
        breaks: || knowing().a(bits(&[0, 0x10])).found(),
        keeps: || knowing().a(bits(&[0, 0x20])).found(),
        doubts: || Scene::fast().a(bits(&[0, 0x10])).found(),
    },
    Case {
        rule: "bitfield-empty",
        breaks: || knowing().a(bits(&[0, 0])).found(),
        keeps: || knowing().a(bits(&[0, 0x20])).found(),
        doubts: || knowing().lacking(2).a(Unread(Kind::Bitfield)).found(),
    },
    Case {
        rule: "bitfield-lazy",
        breaks: || lazy().a(have(9)).a(have(10)).found(),
        keeps: || lazy().a(have(9)).wait(1.1).a(have(10)).found(),
        doubts: || lazy().a(have(9)).gap("a", 10).a(have(10)).found(),
    },
    Case {
        rule: "bitfield-missing",
        breaks: || Scene::fast().b(Unchoke).a(Request(block(0, 0))).found(),
        keeps: || {
            let scene = Scene::with(EXTENDED).b(Unchoke);
            scene.a(Request(block(0, 0))).found()
        },
        doubts: || {
            let scene = Scene::fast().gap("a", 10).b(Unchoke);
            scene.a(Request(block(0, 0))).found()
        },
    },
    Case {
        rule: "fast-exclusive-missing",
        breaks: || Scene::fast().a(have(1)).found(),
        keeps: || Scene::with(EXTENDED).a(have(1)).found(),
        doubts: || Scene::fast().gap("a", 10).a(have(1)).found(),
    },
    Case {
        rule: "have-out-of-range",
        breaks: || knowing().a(have(11)).found(),
        keeps: || knowing().a(have(10)).found(),
        doubts: || Scene::fast().a(have(11)).found(),
    },
    Case {
        rule: "have-redundant",
        breaks: || Scene::fast().a(bits(&[0x80])).a(have(0)).found(),
        keeps: || Scene::fast().a(bits(&[0x80])).a(have(1)).found(),
        doubts: || {
            let scene = Scene::fast().a(bits(&[0x80])).gap("a", 10);
            scene.a(have(0)).found()
        },
    },
    Case {
        rule: "have-before-metadata",
        breaks: || magnet().b(HaveNone).b(have(0)).found(),
        keeps: || magnet().a(HaveNone).b(HaveNone).b(have(0)).found(),
        doubts: || magnet().gap("a", 10).b(HaveNone).b(have(0)).found(),
    },
    Case {
        rule: "have-all-without-fast",
        breaks: || {
            let scene = Scene::silent().a(handshake(FAST, b"-TR4050-aaaaaaaaaaaa"));
            let scene = scene.b(handshake([0; 8], b"-LT20B0-bbbbbbbbbbbb"));
            scene.a(HaveAll).found()
        },
        keeps: || Scene::fast().a(AllowedFast(PieceIndex(1))).found(),
        doubts: || {
            let scene = Scene::silent().a(handshake([0; 8], b"-TR4050-aaaaaaaaaaaa"));
            scene.gap("b", 68).a(HaveAll).found()
        },
    },
    Case {
        rule: "have-regression",
        breaks: || Scene::fast().a(bits(&[0xc0])).a(bits(&[0x80])).found(),
        keeps: || Scene::fast().a(bits(&[0xc0])).a(bits(&[0xe0])).found(),
        doubts: || {
            let scene = Scene::fast().a(bits(&[0xc0])).gap("a", 11);
            scene.a(bits(&[0x80])).found()
        },
    },
    Case {
        rule: "seed-claims-interest",
        breaks: || knowing().a(bits(&[0xff, 0xe0])).a(Interested).found(),
        keeps: || knowing().a(bits(&[0xff, 0xc0])).a(Interested).found(),
        doubts: || Scene::fast().a(bits(&[0xff, 0xe0])).a(Interested).found(),
    },
    Case {
        rule: "seed-to-seed",
        breaks: || {
            knowing()
                .a(HaveAll)
                .b(bits(&[0xff, 0xc0]))
                .b(have(10))
                .found()
        },
        keeps: || knowing().a(HaveAll).b(bits(&[0xff, 0xc0])).found(),
        doubts: || knowing().a(HaveAll).gap("b", 10).b(have(10)).found(),
    },
];

/// How bad a rule is broken, if it is.
fn severity(scene: Scene, rule: &str) -> Option<&'static str> {
    let all = scene.findings();
    let found = all.iter().find(|it| it.code.name() == rule)?;
    Some(found.severity.name())
}

/// Two seeds of 37 pieces, and a third peer on the same torrent.
fn seeds() -> Scene {
    let seed = [0xff, 0xff, 0xff, 0xff, 0xf8];
    let scene = Scene::fast().a(bits(&seed)).b(bits(&seed));
    let scene = scene.open([10, 0, 0, 3], [10, 0, 0, 2]);
    scene.a(handshake(FAST, b"-TR4050-cccccccccccc"))
}

#[test]
fn what_other_peers_say_makes_a_suspicion() {
    let short = seeds().a(bits(&[0xff; 4]));
    assert_eq!(severity(short, "bitfield-short"), Some("warning"));
    let spare = seeds().a(bits(&[0xff; 5]));
    assert_eq!(severity(spare, "bitfield-spare-bits"), Some("warning"));
    let beyond = seeds().a(HaveNone).a(have(37));
    assert_eq!(severity(beyond, "have-out-of-range"), Some("warning"));
}

#[test]
fn a_bitfield_without_bytes_is_always_too_short() {
    let scene = Scene::fast().a(bits(&[]));
    assert_eq!(severity(scene, "bitfield-short"), Some("error"));
}

#[test]
fn who_has_no_size_of_the_metadata_may_be_late_without_having_asked() {
    let found = magnet().a(Interested).a(HaveNone).found();
    assert!(found.contains("bitfield-after-metadata"), "{found:?}");
    assert!(!found.contains("bitfield-late"), "{found:?}");
}

#[test]
fn who_serves_says_what_it_has() {
    let scene = Scene::plain().a(Unchoke).b(Request(block(0, 0)));
    let found = scene.a(Piece(block(0, 0))).found();
    assert!(found.contains("bitfield-missing"), "{found:?}");
}

#[test]
fn what_was_taken_back_may_be_had_again() {
    let taken_back = extended(7, &[0, 0, 0, 0]);
    let scene = magnet().b(bits(&[0x80])).b(taken_back);
    let found = scene.b(have(0)).found();
    assert!(!found.contains("have-redundant"), "{found:?}");
}

#[test]
fn a_message_of_which_not_even_the_id_was_captured_may_be_the_bitfield() {
    let scene = Scene::fast().lacking(5).a(Unread(Kind::Unknown));
    let found = scene.a(have(1)).a(Request(block(0, 0))).found();
    assert!(!found.contains("fast-exclusive-missing"), "{found:?}");
}
