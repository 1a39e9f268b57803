//! What the fuzz targets check, on the inputs that are kept: seeds, and what once was wrong.

#[path = "../fuzz/checks/mod.rs"]
mod checks;

use std::fs;
use std::panic::catch_unwind;
use std::path::{Path, PathBuf};

use checks::{CHECKS, Check};

fn holds_for_all(target: &str) {
    let (_, check) = CHECKS.iter().find(|(name, _)| *name == target).unwrap();
    let seeds = inputs("corpus", target);
    assert!(!seeds.is_empty(), "{target} has no seeds");
    let inputs = seeds.into_iter().chain(inputs("regressions", target));
    inputs.for_each(|input| holds_for(*check, &input));
}

fn holds_for(check: Check, input: &Path) {
    let bytes = fs::read(input).unwrap();
    let held = catch_unwind(|| check(&bytes));
    assert!(
        held.is_ok(),
        "what is said above is so for {}",
        input.display()
    );
}

/// The files of `fuzz/FOLDER/TARGET`, in order. A target without regressions has no such folder.
fn inputs(folder: &str, target: &str) -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let Ok(files) = fs::read_dir(root.join("fuzz").join(folder).join(target)) else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
    files.sort();
    files
}

#[test]
fn any_bytes_can_be_read_as_a_capture() {
    holds_for_all("reader");
}

#[test]
fn any_segments_are_accounted_for() {
    holds_for_all("packets");
}

#[test]
fn any_stream_is_cut_into_the_same_messages() {
    holds_for_all("framing");
}

#[test]
fn any_datagrams_of_utp_are_accounted_for() {
    holds_for_all("utp");
}
