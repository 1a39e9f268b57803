//! Rules of `capture`.

use super::Case;
use super::scene::Scene;
use peerscope::capture::{Reader, Source};
use peerscope::packet::{Fate, Skip};
use peerscope::store::Change;
use peerscope::stream::{Evidence, Side};
use peerscope::wire::Message::{Choke, Unchoke};

/// A pcapng file of one interface, which has dropped so many frames.
fn dropping(frames: u8) -> Scene {
    let mut bytes = vec![
        0x0a, 0x0d, 0x0d, 0x0a, 28, 0, 0, 0, 0x4d, 0x3c, 0x2b, 0x1a, 1, 0, 0, 0,
    ];
    bytes.extend([0xff; 8]);
    bytes.extend([28, 0, 0, 0]);
    bytes.extend([1, 0, 0, 0, 20, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 20, 0, 0, 0]);
    bytes.extend([5, 0, 0, 0, 40, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
    // isb_osdrop, and the end of the options.
    bytes.extend([
        7, 0, 8, 0, frames, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 40, 0, 0, 0,
    ]);
    let mut reader = Reader::new(Source::Memory(bytes.leak()), "it").expect("a capture");
    assert!(reader.next_frame().is_none());
    Scene::fast().told(Change::Layout(reader.layout().clone()))
}

fn skipped(why: Skip) -> Scene {
    Scene::fast().tally(|tally| _ = tally.skipped.insert(why, 2))
}

/// Of each side so many segments were captured.
fn heard(a: u32, b: u32) -> Scene {
    let scene = Scene::fast().strain("a", |_, (_, strain)| strain.segments = a);
    scene.strain("b", |_, (_, strain)| strain.segments = b)
}

/// B has sent 100,000 bytes in so many segments, of which so many came twice at once.
fn mirrored(carriers: u32, bytes: u64) -> Scene {
    Scene::fast().strain("b", |_, (direction, strain)| {
        direction.payload = 100_000;
        (strain.carriers, strain.mirrored) = (carriers, bytes);
    })
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "capture-snaplen",
        breaks: || Scene::fast().snapped(3).found(),
        keeps: || Scene::fast().snapped(0).found(),
        doubts: || Scene::fast().gap("b", 100).found(),
    },
    Case {
        rule: "capture-gap",
        breaks: || Scene::fast().gap("b", 1).found(),
        keeps: || Scene::fast().found(),
        // The snap length cut it.
        doubts: || {
            let scene = Scene::fast().lacking(5).b(Unchoke);
            let scene = scene.strain("b", |_, (direction, _)| direction.snapped = 5);
            scene.found()
        },
    },
    Case {
        rule: "capture-midstream",
        breaks: || {
            Scene::midstream()
                .opened_by(Evidence::Guess)
                .b(Choke)
                .found()
        },
        keeps: || Scene::fast().opened_by(Evidence::Handshake).found(),
        doubts: || Scene::midstream().gap("b", 100).b(Choke).found(),
    },
    Case {
        rule: "capture-one-way",
        breaks: || heard(21, 0).found(),
        keeps: || heard(20, 0).found(),
        doubts: || heard(21, 1).gap("b", 100).found(),
    },
    Case {
        rule: "capture-clock-back",
        breaks: || {
            Scene::fast()
                .tally(|tally| tally.behind = 1_000_001)
                .found()
        },
        keeps: || {
            Scene::fast()
                .tally(|tally| tally.behind = 1_000_000)
                .found()
        },
        doubts: || Scene::fast().gap("b", 100).found(),
    },
    Case {
        rule: "capture-duplicate-packets",
        breaks: || mirrored(20, 25_001).found(),
        keeps: || mirrored(20, 25_000).found(),
        doubts: || mirrored(19, 50_000).found(),
    },
    Case {
        rule: "capture-offload",
        breaks: || {
            Scene::fast()
                .strain("b", |_, (_, strain)| strain.oversized = 1)
                .found()
        },
        keeps: || {
            Scene::fast()
                .strain("b", |_, (_, strain)| strain.largest = 1500)
                .found()
        },
        doubts: || Scene::fast().gap("b", 17_000).found(),
    },
    Case {
        rule: "capture-checksum-offload",
        breaks: || skipped(Skip::TcpChecksumUnfinished).found(),
        keeps: || skipped(Skip::TcpChecksum).found(),
        doubts: || Scene::fast().gap("b", 100).found(),
    },
    Case {
        rule: "capture-fragment-missing",
        breaks: || skipped(Skip::Fragment(Fate::NeverWhole)).found(),
        keeps: || skipped(Skip::Fragment(Fate::PutTogether)).found(),
        doubts: || skipped(Skip::Fragment(Fate::Waiting)).found(),
    },
    Case {
        rule: "capture-truncated-file",
        breaks: || {
            Scene::fast()
                .tally(|tally| tally.is_broken_off = true)
                .found()
        },
        keeps: || Scene::fast().found(),
        doubts: || Scene::fast().gap("b", 100).found(),
    },
    Case {
        rule: "capture-damaged",
        breaks: || {
            Scene::fast()
                .tally(|tally| tally.damaged_blocks = 1)
                .found()
        },
        keeps: || Scene::fast().found(),
        doubts: || Scene::fast().gap("b", 100).found(),
    },
    Case {
        rule: "capture-drops",
        breaks: || dropping(1).found(),
        keeps: || dropping(0).found(),
        doubts: || Scene::fast().gap("b", 100).found(),
    },
];

#[test]
fn what_was_lost_is_counted_without_what_was_cut() {
    let scene = Scene::fast().lacking(3).b(Unchoke).gap("b", 9);
    let scene = scene.strain("b", |_, (direction, _)| direction.snapped = 3);
    let findings = scene.findings();
    let gap = findings.iter().find(|it| it.code.name() == "capture-gap");
    let gap = gap.expect("a gap");
    assert_eq!(gap.side, Some(Side::B));
    assert_eq!(&*gap.message, "9 of 82 bytes were never captured");
}
