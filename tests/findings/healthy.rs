//! Captures of real clients that break no rule: nothing is called an error in them, whatever of them is missing.

use std::collections::BTreeSet;
use std::fs;

use peerscope::capture::{Reader, Source};
use peerscope::findings::{Findings, Severity};
use peerscope::pipeline::Pipeline;
use peerscope::store::Store;

use crate::captured::path;
use crate::decoding::{decoded, decoded_by};

/// All that come with the program, but for the one in which rules are broken on purpose.
const CAPTURES: [&str; 10] = [
    "be_sections.pcapng",
    "choke_dance.pcap",
    "ipv6_vlan.pcapng",
    "loopback.pcap",
    "midstream.pcap",
    "mse.pcap",
    "tcp_lossy.pcap",
    "truncated_snaplen.pcap",
    "utp_only.pcap",
    "v2_hybrid.pcap",
];

#[test]
fn no_rule_is_called_broken_by_real_clients() {
    for name in CAPTURES {
        let store = decoded(Reader::open(&path(name)).unwrap());
        assert_eq!(errors(&store), BTreeSet::new(), "{name}");
    }
}

#[test]
fn no_rule_is_called_broken_because_frames_are_missing() {
    for (name, frames) in readable() {
        for seed in 0..12 {
            let chance = [3, 20, 200][seed as usize % 3];
            let mut random = Random(seed);
            let kept = frames.iter().filter(|_| random.next() % 1000 >= chance);
            let store = cut(kept.cloned());
            assert_eq!(errors(&store), BTreeSet::new(), "{name}, seed {seed}");
        }
    }
}

#[test]
fn no_rule_is_called_broken_because_the_beginning_is_missing() {
    for (name, frames) in readable() {
        for tenth in 1..10 {
            let store = cut(frames[frames.len() * tenth / 10..].iter().cloned());
            assert_eq!(
                errors(&store),
                BTreeSet::new(),
                "{name}, from {tenth} tenths on"
            );
        }
    }
}

#[test]
fn no_rule_is_called_broken_because_one_side_is_missing() {
    for (name, frames) in readable() {
        // The Ethernet address of the sender is that of the host.
        let hosts: BTreeSet<&[u8]> = frames.iter().map(|frame| &frame.bytes[6..12]).collect();
        for host in hosts {
            let others = frames.iter().filter(|frame| &frame.bytes[6..12] != host);
            let store = cut(others.cloned());
            assert_eq!(
                errors(&store),
                BTreeSet::new(),
                "{name} without {host:02x?}"
            );
        }
    }
}

#[test]
fn no_rule_is_called_broken_because_of_the_snap_length() {
    for (name, frames) in readable() {
        for snap in [64, 80, 100, 130, 200, 600] {
            let snapped = frames.iter().map(|frame| Frame {
                bytes: frame.bytes[..frame.bytes.len().min(snap)].to_vec(),
                ..*frame
            });
            assert_eq!(
                errors(&cut(snapped)),
                BTreeSet::new(),
                "{name}, {snap} bytes"
            );
        }
    }
}

/// What was called an error, with a word of where.
fn errors(store: &Store) -> BTreeSet<String> {
    let findings = Findings::of(store);
    let errors = findings.all().iter();
    let errors = errors.filter(|it| it.severity == Severity::Error);
    errors
        .map(|it| format!("{} in frame {}: {}", it.code, it.spot.frame, it.message))
        .collect()
}

/// A frame of a pcap file.
#[derive(Clone)]
struct Frame {
    /// Seconds and their parts, as they are in the file.
    time: [u8; 8],
    /// Bytes on the wire.
    len: [u8; 4],
    bytes: Vec<u8>,
}

/// The frames of those that are plain pcap of Ethernet.
fn readable() -> Vec<(&'static str, Vec<Frame>)> {
    let pcaps = CAPTURES
        .into_iter()
        .filter(|name| !name.ends_with("pcapng"));
    pcaps.map(|name| (name, frames(name))).collect()
}

fn frames(name: &str) -> Vec<Frame> {
    let file = fs::read(path(name)).unwrap();
    let mut rest = &file[24..];
    let mut frames = Vec::new();
    while let Some((head, behind)) = rest.split_at_checked(16) {
        let kept = u32::from_le_bytes(head[8..12].try_into().unwrap()) as usize;
        frames.push(Frame {
            time: head[..8].try_into().unwrap(),
            len: head[12..].try_into().unwrap(),
            bytes: behind[..kept].to_vec(),
        });
        rest = &behind[kept..];
    }
    frames
}

fn cut(frames: impl Iterator<Item = Frame>) -> Store {
    let mut file = fs::read(path("loopback.pcap")).unwrap();
    file.truncate(24);
    for frame in frames {
        file.extend(frame.time);
        file.extend((frame.bytes.len() as u32).to_le_bytes());
        file.extend(frame.len);
        file.extend(frame.bytes);
    }
    let source = Source::Memory(file.leak());
    decoded_by(Pipeline::new(Reader::new(source, "a cut").unwrap()))
}

/// Numbers that look random (splitmix64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        let mut word = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        self.0 = word;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        word ^ (word >> 31)
    }
}
