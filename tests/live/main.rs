//! Sniffing, with the program as it is run: on loopback, on interfaces that come and go, onto disks that fill.
#![cfg(all(feature = "live", target_os = "linux"))]

mod faults;
mod peers;
mod screen;
mod sniffer;
#[path = "../tools/mod.rs"]
mod tools;

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use peers::{Meeting, Peers, essence};
use serde_json::json;
use sniffer::{PROGRAM, Sniffer, blocks, captures, folder, frames, may_sniff};
use sniffer::{messages, run};
use tempfile::TempDir;

/// So late a line may be on a busy machine. On an idle one it takes a tenth of that.
const LATEST: Duration = Duration::from_secs(2);
/// What was on the wire so long ago is on the disk.
const WRITTEN: Duration = Duration::from_millis(500);

/// A place for the file of a capture.
fn kept() -> (TempDir, PathBuf, String) {
    let folder = folder();
    let path = folder.path().join("kept.pcapng");
    let name = path.display().to_string();
    (folder, path, name)
}

#[test]
fn what_was_said_is_printed_in_its_order_and_kept() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let more = ["-w", &name, "-a", "duration:1.5"];
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &more);
    let mut peers = meeting.begin();
    peers.exchange(20);
    let ended = sniffer.ended();
    ended.is_well();
    assert_eq!(ended.said(), peers.said);
    assert_eq!(messages(&path), ended.lines);
}

#[test]
fn a_line_is_printed_soon_after_its_message() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let sniffer = Sniffer::on_port(meeting.port, folder.path(), &[]);
    let mut peers = meeting.begin();
    peers.introduce();
    peers.said.iter().for_each(|_| drop(sniffer.line()));
    let mut latencies: Vec<Duration> = (0..20)
        .map(|at| latency(&sniffer, &mut peers, at))
        .collect();
    latencies.sort();
    println!(
        "a line takes {:?}, at most {:?}",
        latencies[10], latencies[19]
    );
    assert!(latencies[19] < LATEST, "{latencies:?}");
}

fn latency(sniffer: &Sniffer, peers: &mut Peers, piece: u32) -> Duration {
    // Apart, and not in step with the clocks of the program.
    sleep(Duration::from_millis(40) + Duration::from_micros(u64::from(piece) * 1777));
    let start = Instant::now();
    peers.have(piece);
    let (shown, line) = sniffer.line();
    assert_eq!(essence(&line)[3], json!([piece]));
    shown - start
}

#[test]
fn a_program_that_is_killed_leaves_what_it_had() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &["-w", &name]);
    let mut peers = meeting.begin();
    peers.introduce();
    let times = chatter(&mut peers, 400, || sniffer.signal("KILL"));
    assert!(!sniffer.ended().status.success());
    let found: Vec<_> = messages(&path).iter().map(|line| essence(line)).collect();
    assert_eq!(found, peers.said[..found.len()]);
    let is_due = |time: &&Instant| **time + WRITTEN < times[400];
    assert!(found.len() >= 6 + times.iter().filter(is_due).count());
    blocks(&fs::read(path).unwrap());
}

/// Says twice as much as a number, does something in the middle of it, and tells when what was said.
fn chatter(peers: &mut Peers, half: u32, mut in_the_middle: impl FnMut()) -> Vec<Instant> {
    let say = |piece| {
        if piece == half {
            in_the_middle();
        }
        sleep(Duration::from_millis(2));
        peers.have(piece);
        Instant::now()
    };
    (0..half * 2).map(say).collect()
}

#[test]
fn a_signal_ends_the_capture_in_order() {
    if !may_sniff() {
        return;
    }
    for signal in ["TERM", "INT", "HUP"] {
        let ((folder, path, name), meeting) = (kept(), Meeting::new());
        let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &["-w", &name]);
        let mut peers = meeting.begin();
        peers.exchange(3);
        sniffer.signal(signal);
        let ended = sniffer.ended();
        ended.is_well();
        assert_eq!(ended.said(), peers.said, "SIG{signal}");
        let captured = format!(
            "peerscope: {} packets captured, kept in",
            frames(&path).len()
        );
        assert!(ended.err.starts_with(&captured), "{}", ended.err);
        is_whole(&path);
    }
}

/// There is nothing to note about the file.
fn is_whole(path: &Path) {
    let output = run(&["summary", path.to_str().unwrap()]);
    let out = String::from_utf8_lossy(&output.stdout);
    assert!(!out.contains("note:") && output.stderr.is_empty(), "{out}");
}

#[test]
fn a_reader_that_leaves_ends_the_program_quietly() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let (reader, writer) = io::pipe().unwrap();
    drop(reader);
    let mut command = Command::new(PROGRAM);
    command.args([
        "messages",
        "-i",
        "lo",
        "-f",
        &format!("tcp port {}", meeting.port),
    ]);
    command.env("TMPDIR", folder.path()).stdin(Stdio::null());
    let child = command
        .stdout(writer)
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    sniffer::has_begun(folder.path());
    meeting.begin().exchange(1);
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*err), (Some(0), ""));
    assert!(captures(folder.path()).is_empty());
}

#[test]
fn a_count_of_packets_is_kept_exactly() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let more = ["-w", &name, "-c", "5"];
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &more);
    meeting.begin().exchange(5);
    let ended = sniffer.ended();
    ended.is_well();
    assert!(ended.err.contains(" 5 packets captured"), "{}", ended.err);
    assert_eq!(frames(&path).len(), 5);
    assert_eq!(messages(&path), ended.lines);
}

#[test]
fn a_snap_length_cuts_frames_and_keeps_their_length() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let more = ["-w", &name, "-s", "100"];
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &more);
    meeting.begin().exchange(2);
    sleep(WRITTEN);
    sniffer.signal("TERM");
    sniffer.ended().is_well();
    let frames = frames(&path);
    let is_cut = |it: &sniffer::Frame| it.bytes.len() == it.original_len.min(100);
    assert!(frames.iter().all(is_cut));
    let longest = frames.iter().map(|it| it.original_len).max();
    assert!(longest > Some(peers::BLOCK as usize), "{longest:?}");
}

#[test]
fn a_duration_ends_the_capture_without_a_signal() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting, start) = (folder(), Meeting::new(), Instant::now());
    let more = ["-a", "duration:1"];
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &more);
    let ended = sniffer.ended();
    let took = start.elapsed();
    ended.is_well();
    assert!(
        took >= Duration::from_secs(1) && took < Duration::from_secs(1) + LATEST,
        "{took:?}"
    );
}

#[test]
fn without_a_name_the_packets_go_with_the_program() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &[]);
    meeting.begin().exchange(1);
    sniffer.signal("INT");
    let ended = sniffer.ended();
    ended.is_well();
    assert!(
        ended.err.contains("not kept, which -w FILE does"),
        "{}",
        ended.err
    );
    assert!(captures(folder.path()).is_empty());
}

#[test]
fn without_a_name_the_packets_outlive_a_program_that_is_killed() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &[]);
    let mut peers = meeting.begin();
    peers.exchange(1);
    peers.said.iter().for_each(|_| drop(sniffer.line()));
    sniffer.signal("KILL");
    sniffer.ended();
    let [left] = &captures(folder.path())[..] else {
        panic!("no capture is left");
    };
    assert_eq!(messages(left).len(), peers.said.len());
}
