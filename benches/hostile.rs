//! Captures that are made to fill the memory or to take for ever, in growing sizes: both must grow with the file and
//! not faster, and stay within 32 MiB and 64 bytes a message.
//!
//! `cargo bench --bench hostile`. Each capture is decoded in a process of its own: memory once touched stays resident.

#[path = "../tests/utp/datagrams.rs"]
#[allow(dead_code, reason = "scans need little of it")]
mod datagrams;
#[path = "../tests/hostile/mod.rs"]
mod hostile;
#[path = "../tests/utp/line.rs"]
#[allow(dead_code, reason = "scans need little of it")]
mod line;
#[path = "../tests/utp/packet.rs"]
#[allow(dead_code, reason = "scans need little of it")]
mod packet;
#[path = "../tests/packets/mod.rs"]
mod packets;
#[path = "../tests/utp/scans.rs"]
mod scans;

use std::env;
use std::fs;
use std::io;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Instant;

use hostile::CAPTURES;
use scans::SCANS;

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("hostile.pcap");
    println!("capture                        size      wall s   peak KiB");
    for (name, make, sizes) in CAPTURES {
        measure(&file, name, make, &sizes)?;
    }
    for (name, make, sizes) in SCANS {
        measure(&file, name, |size| make(size).into_inner(), &sizes)?;
    }
    Ok(())
}

/// `cargo test --benches` runs this as well, and only wants to know whether it works.
fn measure(
    file: &Path,
    name: &str,
    make: impl Fn(u32) -> Vec<u8>,
    sizes: &[u32],
) -> io::Result<()> {
    let is_bench = env::args().any(|argument| argument == "--bench");
    for size in if is_bench { sizes } else { &[100] } {
        fs::write(file, make(*size))?;
        let (seconds, peak) = summary(file)?;
        println!("{name:<24} {size:>10} {seconds:>11.3} {peak:>10}");
    }
    Ok(())
}

/// What `peerscope summary` takes: seconds, and the most memory that was resident at once.
fn summary(file: &Path) -> io::Result<(f64, String)> {
    let start = Instant::now();
    let mut child = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .arg("summary")
        .arg(file)
        .stdout(Stdio::null())
        .spawn()?;
    let status = format!("/proc/{}/status", child.id());
    let mut peak = String::new();
    while child.try_wait()?.is_none() {
        peak = fs::read_to_string(&status)
            .ok()
            .and_then(|status| resident(&status))
            .unwrap_or(peak);
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
    Ok((start.elapsed().as_secs_f64(), peak))
}

fn resident(status: &str) -> Option<String> {
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").to_owned())
}
