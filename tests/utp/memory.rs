//! What a scan over uTP costs.

use std::fs;
use std::io::Write;
use std::net::SocketAddr;
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::datagrams::Capture;
use crate::scans::SCANS;

/// Whatever a capture carries.
const BAR_KIB: u64 = 32 << 10;

/// What `peerscope summary` had in memory at once, in KiB. `None` where the system does not tell.
fn peak(capture: Capture) -> Option<u64> {
    let mut file = tempfile::NamedTempFile::new().unwrap();
    file.write_all(&capture.into_inner()).unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .arg("summary")
        .arg(file.path())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let status = format!("/proc/{}/status", child.id());
    let mut peak = None;
    while child.try_wait().unwrap().is_none() {
        let status = fs::read_to_string(&status).ok();
        peak = status.and_then(|status| resident(&status)).or(peak);
        std::thread::sleep(Duration::from_millis(1));
    }
    peak
}

fn resident(status: &str) -> Option<u64> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().trim_end_matches(" kB").trim().parse().ok()
}

/// The same over TCP: of each connection so many segments, which are its SYN, the answer, and data behind a hole.
fn over_tcp(count: u32, segments: usize) -> Capture {
    let mut capture = Capture::new();
    for number in 0..count {
        let [_, high, middle, low] = number.to_be_bytes();
        let (a, b) = (crate::A, SocketAddr::from(([11, high, middle, low], 6881)));
        let all: [(_, _, _, &[u8]); 3] = [
            ([a, b], [number, 0], 2, &[]),
            ([b, a], [7, number + 1], 18, &[]),
            ([a, b], [number + 1001, 8], 16, &[0; 1000]),
        ];
        for (ends, numbers, flags, payload) in &all[..segments] {
            capture.segment(*ends, *numbers, *flags, payload);
        }
    }
    capture
}

/// It takes no more than the same over TCP does, and an eighth. `cargo bench --bench hostile` has both, optimised.
fn assert_it_takes_as_much_as_tcp(scan: usize, segments: usize) {
    let (name, make, [count, ..]) = SCANS[scan];
    if let (Some(peak), Some(tcp)) = (peak(make(count)), peak(over_tcp(count, segments))) {
        println!("{name}: {peak} KiB, TCP: {tcp} KiB");
        assert!(peak <= tcp + tcp / 8, "{peak} KiB, and {tcp} KiB over TCP");
    }
}

/// Of a SYN that nobody answers, and that is not sent again, nobody knows that it is one.
#[test]
fn a_hundred_thousand_syns_are_nothing() {
    let (_, make, [count, ..]) = SCANS[0];
    if let Some(peak) = peak(make(count)) {
        assert!(peak <= BAR_KIB, "{peak} KiB");
    }
}

#[test]
fn a_hundred_thousand_syns_that_are_repeated_stay_small() {
    assert_it_takes_as_much_as_tcp(1, 1);
}

#[test]
fn connections_that_are_answered_stay_small() {
    assert_it_takes_as_much_as_tcp(2, 2);
}

#[test]
fn what_waits_behind_holes_stays_small() {
    assert_it_takes_as_much_as_tcp(3, 3);
}
