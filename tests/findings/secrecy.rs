//! Rules of `secrecy`.

use super::scene::{FAST, Scene, extended, handshake};
use super::{Case, Found};
use peerscope::store::Change;
use peerscope::stream::{Closing, ConnectionId, Moment, Side};
use peerscope::wire::{Encryption, Message, Method, Reason};

/// An extended handshake with a client's name.
fn named(v: &[u8]) -> Message {
    let head = format!("d1:v{}:", v.len());
    extended(0, &[head.as_bytes(), v, b"e"].concat())
}

/// A, whose peer id is Transmission's, calls itself so.
fn calls_itself(v: &[u8]) -> Found {
    Scene::fast().a(named(v)).found()
}

/// The same, but some of it is not in the capture.
fn partly(message: Message) -> Found {
    Scene::fast().lacking(1).a(message).found()
}

fn is(peer_id: &[u8; 20]) -> Found {
    Scene::silent().a(handshake(FAST, peer_id)).found()
}

/// The handshake is not in the capture.
fn unheard() -> Found {
    Scene::midstream().gap("a", 68).a(named(b"x")).found()
}

/// Between two public addresses.
fn outside() -> Scene {
    let scene = Scene::silent().open([8, 8, 8, 8], [9, 9, 9, 9]);
    let scene = scene.a(handshake(FAST, b"-TR4050-aaaaaaaaaaaa"));
    scene.b(handshake(FAST, b"-LT20B0-bbbbbbbbbbbb"))
}

fn ipv4(bytes: [u8; 4]) -> Message {
    extended(0, &[b"d4:ipv44:", &bytes[..], b"e"].concat())
}

fn yourip(bytes: [u8; 4]) -> Message {
    extended(0, &[b"d6:yourip4:", &bytes[..], b"e"].concat())
}

fn port(port: u16) -> Message {
    extended(0, format!("d1:pi{port}ee").as_bytes())
}

fn encrypted(method: Method) -> Found {
    let encryption = Encryption {
        method,
        initiator: Side::A,
        ya: Some(Moment::default()),
        yb: None,
        step3: None,
        step4: None,
        payload: None,
    };
    let told = Change::Encryption {
        connection: ConnectionId(0),
        encryption: Some(Box::new(encryption)),
    };
    // Nobody says anything that can be read: it is not known that they are peers.
    Scene::silent().told(told).found()
}

/// What cannot be read, and nothing proves to be a key exchange.
fn unreadable() -> Scene {
    Scene::silent().undecoded("a", 200, Reason::NotBitTorrent)
}

/// Seconds later, the same in plaintext.
fn retried(scene: Scene, seconds: f64) -> Found {
    let scene = scene.wait(seconds).open([10, 0, 0, 1], [10, 0, 0, 2]);
    scene.a(handshake(FAST, b"-TR4050-aaaaaaaaaaaa")).found()
}

const RANDOM: [u8; 20] = [
    0x91, 0x02, 0xf3, 0x44, 0xa5, 0xe6, 0xd7, 0xc8, 0x09, 0xba, 0x8b, 0x9c, 0xed, 0xfe, 0x1f, 0x12,
    0xcd, 0xb1, 0x83, 0x97,
];

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "client-mismatch",
        breaks: || calls_itself(b"rtorrent 0.9.8"),
        keeps: || calls_itself(b"Transmission 4.05"),
        doubts: || Scene::midstream().a(named(b"rtorrent 0.9.8")).found(),
    },
    Case {
        rule: "client-spoofed",
        breaks: || is(b"-UT1770-aaaaaaaaUDP0"),
        keeps: || is(b"-UT1770-aaaaaaaaUDP1"),
        doubts: unheard,
    },
    Case {
        rule: "client-blocklisted-pattern",
        breaks: || is(b"-XL0012-aaaaaaaaaaaa"),
        keeps: || is(b"-LX0012-aaaaaaaaaaaa"),
        doubts: unheard,
    },
    Case {
        rule: "peer-id-random",
        breaks: || is(&RANDOM),
        keeps: || is(b"abcdefghijklmnopqrst"),
        doubts: unheard,
    },
    Case {
        rule: "name-control-chars",
        breaks: || calls_itself(b"\x1b[2Jx"),
        keeps: || calls_itself("µTorrent 3.5.5".as_bytes()),
        doubts: || partly(named(b"\x1b[2Jx")),
    },
    Case {
        rule: "name-too-long",
        breaks: || calls_itself(&[b'x'; 129]),
        keeps: || calls_itself(&[b'x'; 128]),
        doubts: || partly(named(&[b'x'; 129])),
    },
    Case {
        rule: "mse-possible",
        breaks: || encrypted(Method::Possible),
        keeps: || encrypted(Method::MseRc4),
        doubts: || unreadable().found(),
    },
    Case {
        rule: "mse-confirmed",
        breaks: || encrypted(Method::MseRc4),
        keeps: || encrypted(Method::MsePlaintext),
        doubts: || unreadable().found(),
    },
    Case {
        rule: "mse-plaintext-selected",
        breaks: || encrypted(Method::MsePlaintext),
        keeps: || encrypted(Method::Mse),
        doubts: || unreadable().found(),
    },
    Case {
        rule: "mse-downgrade",
        breaks: || retried(unreadable().closed("b", Closing::Fin), 60.0),
        keeps: || retried(unreadable().closed("b", Closing::Fin), 60.1),
        // What the other answered is not in the capture.
        doubts: || retried(unreadable().gap("b", 9).closed("b", Closing::Fin), 60.0),
    },
    Case {
        rule: "yourip-leak",
        breaks: || outside().a(ipv4([192, 168, 1, 2])).found(),
        keeps: || outside().a(ipv4([8, 8, 8, 8])).found(),
        doubts: || outside().lacking(1).a(ipv4([192, 168, 1, 2])).found(),
    },
    Case {
        rule: "yourip-wrong",
        breaks: || outside().a(yourip([9, 9, 9, 8])).found(),
        keeps: || outside().a(yourip([9, 9, 9, 9])).found(),
        doubts: || outside().lacking(1).a(yourip([9, 9, 9, 8])).found(),
    },
    Case {
        rule: "listen-port-differs",
        breaks: || Scene::fast().b(port(6882)).found(),
        keeps: || Scene::fast().b(port(6881)).found(),
        doubts: || Scene::fast().lacking(1).b(port(6882)).found(),
    },
];

#[test]
fn a_name_of_an_extension_may_be_wild_too() {
    let wild = extended(0, b"d1:md7:ut_\x1bpexi1eee");
    assert!(Scene::fast().a(wild).found().contains("name-control-chars"));
}
