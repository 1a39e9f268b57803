//! `peerscope save`: what is saved opens again as what it was.

mod bundled;
mod captured;

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use bundled::CAPTURES;
use serde_json::Value;
use tempfile::TempDir;

#[test]
fn each_connection_saved_alone_says_what_it_said() {
    for name in CAPTURES {
        let all = messages(&[&capture(name)]);
        for number in 0..connections(&[&capture(name)]) {
            let typed = ["--connection", &number.to_string()];
            let saved = Saved::of(&[&[capture(name).as_str()], &typed[..]].concat());
            let expected = all.iter().filter(|message| message["connection"] == number);
            let saved = saved.messages();
            same(saved.iter().map(said), expected.map(said), name);
        }
    }
}

#[test]
fn a_filter_leaves_out_the_inside_of_blocks_and_nothing_else() {
    for (filter, passes) in FILTERS {
        for name in CAPTURES {
            let all = messages(&[&capture(name)]);
            let chosen: Vec<&Value> = all.iter().filter(|message| passes(message)).collect();
            if chosen.is_empty() {
                continue;
            }
            let saved = Saved::of(&[&capture(name), "-Y", filter]).messages();
            let is_of = |message: &&Value| {
                let number = &message["connection"];
                chosen.iter().any(|chosen| chosen["connection"] == *number)
            };
            // Of a block that was not asked for it is not known what is in it, nor, where segments were lost, when it was
            // whole.
            let without_blocks = |message: &Value| {
                let mut said = said(message);
                let is_block = message["type"] == "piece";
                if is_block && !passes(message) {
                    said.as_object_mut().unwrap().remove("missing");
                }
                if is_block && (!passes(message) || name == "tcp_lossy.pcap") {
                    said.as_object_mut().unwrap().remove("time");
                }
                said
            };
            let expected = all.iter().filter(is_of).map(without_blocks);
            same(
                saved.iter().map(without_blocks),
                expected,
                &format!("{name} {filter}"),
            );
        }
    }
}

type Question = (&'static str, fn(&Value) -> bool);

/// What is typed, and the same asked of a message.
const FILTERS: [Question; 5] = [
    ("choke or unchoke", |message| {
        message["type"] == "choke" || message["type"] == "unchoke"
    }),
    ("piece and index == 5", |message| {
        message["type"] == "piece" && message["index"] == 5
    }),
    ("not piece", |message| message["type"] != "piece"),
    ("type == gap or undecoded", |message| {
        message["type"] == "gap" || message["type"] == "undecoded"
    }),
    ("handshake and src == 10.77.0.3", |message| {
        let src = message["src"].as_str().unwrap();
        message["type"] == "handshake" && src.starts_with("10.77.0.3:")
    }),
];

#[test]
fn blocks_are_what_a_filter_saves() {
    let all = Saved::of(&[&capture("choke_dance.pcap")]);
    let some = Saved::of(&[&capture("choke_dance.pcap"), "-Y", "choke or unchoke"]);
    assert!(
        some.len() * 2 < all.len(),
        "{} of {}",
        some.len(),
        all.len()
    );
    let whole = Saved::of(&[&capture("choke_dance.pcap"), "-Y", "piece"]);
    assert_eq!(whole.len(), all.len());
}

#[test]
fn frames_are_as_they_were() {
    for name in CAPTURES {
        let saved = Saved::of(&[&capture(name)]);
        let [before, after] = [capture(name), saved.path()].map(|path| frames(&path));
        let mut before = before.iter();
        let is_there = |frame| before.any(|it| it == frame);
        assert!(after.iter().all(is_there), "{name}");
        assert!(after.len() > 10, "{name}");
    }
}

/// Everything that a reader tells of the frames of a capture.
fn frames(path: &str) -> Vec<(u64, u32, u32, Vec<u8>)> {
    let mut reader = peerscope::capture::Reader::open(Path::new(path)).unwrap();
    let mut frames = Vec::new();
    while let Some(frame) = reader.next_frame() {
        let bytes = frame.bytes.to_vec();
        frames.push((frame.time.0, frame.link.0, frame.original_len, bytes));
    }
    assert_eq!(reader.note(), None);
    frames
}

#[test]
fn what_is_saved_can_be_saved() {
    let once = Saved::of(&[&capture("be_sections.pcapng")]);
    let twice = Saved::of(&[&once.path()]);
    assert_eq!(
        fs::read(once.path()).unwrap(),
        fs::read(twice.path()).unwrap()
    );
}

#[test]
fn several_captures_become_one_in_the_order_of_their_times() {
    let [a, b] = ["v2_hybrid.pcap", "be_sections.pcapng"].map(capture);
    let saved = Saved::of(&[&a, &b]);
    assert_eq!(saved.messages(), messages(&[&a, &b]));
}

#[test]
fn archives_and_standard_input_are_saved_like_files() {
    let file = capture("loopback.pcap");
    let saved = Saved::of(&[&file]);
    let folder = tempfile::tempdir().unwrap();
    let archive = folder.path().join("a.gz");
    let packed = Command::new("gzip").args(["-c", &file]).output().unwrap();
    fs::write(&archive, packed.stdout).unwrap();
    let from_archive = Saved::of(&[archive.to_str().unwrap()]);
    let out = peerscope(&["save", "-", "-o", "-"])
        .stdin(fs::File::open(&file).unwrap())
        .output()
        .unwrap();
    let expected = fs::read(saved.path()).unwrap();
    assert_eq!(fs::read(from_archive.path()).unwrap(), expected);
    assert_eq!(out.stdout, expected);
}

#[test]
fn nothing_is_overwritten_unless_that_is_asked_for_and_no_capture_ever() {
    let saved = Saved::of(&[&capture("loopback.pcap")]);
    let (path, demo) = (saved.path(), "--demo");
    refused(&["save", demo, "-o", &path], 3, "is there already");
    refused(
        &["save", &path, "-o", &path, "--force"],
        3,
        "is the capture that is read",
    );
    let run = run(&["save", demo, "-o", &path, "--force"]);
    assert_eq!(run.status.code(), Some(0));
    assert_eq!(messages(&[&path]), messages(&[demo]));
}

#[test]
fn what_cannot_be_saved_leaves_no_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("out.pcapng").display().to_string();
    let file = capture("loopback.pcap");
    refused(
        &["save", &file, "-o", &path, "-Y", "index == 999"],
        3,
        "nothing to save",
    );
    refused(
        &["save", &file, "-o", &path, "--connection", "1"],
        2,
        "there is no connection 1: the capture has 1",
    );
    refused(
        &["save", "/nowhere/x", "-o", &path],
        3,
        "cannot open /nowhere/x",
    );
    refused(&["save", "-i", "lo", "-o", &path], 2, "-w FILE keeps");
    refused(
        &["save", &file, "-o", "/nowhere/x"],
        3,
        "cannot write /nowhere/x",
    );
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_disk_that_is_full_is_named() {
    let Ok(full) = fs::File::options().write(true).open("/dev/full") else {
        return println!("skipped: this system has no /dev/full");
    };
    let output = peerscope(&["save", "--demo", "-o", "-"])
        .stdout(full)
        .output();
    let output = output.unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(3));
    assert!(err.contains("cannot save into -: No space left"), "{err}");
}

/// What was saved, in a folder that goes with it.
struct Saved(TempDir);

impl Saved {
    fn of(typed: &[&str]) -> Saved {
        let saved = Saved(tempfile::tempdir().unwrap());
        let path = saved.path();
        let run = run(&[&["save", "-o", &path], typed].concat());
        let err = String::from_utf8(run.stderr).unwrap();
        assert_eq!(run.status.code(), Some(0), "{typed:?}: {err}");
        assert!(run.stdout.is_empty());
        saved
    }

    fn path(&self) -> String {
        self.0.path().join("out.pcapng").display().to_string()
    }

    fn len(&self) -> u64 {
        fs::metadata(self.path()).unwrap().len()
    }

    fn messages(&self) -> Vec<Value> {
        messages(&[&self.path()])
    }
}

/// The same, in the order of their times: what is told late is told with a batch, which may be another one.
fn same(some: impl Iterator<Item = Value>, others: impl Iterator<Item = Value>, about: &str) {
    let key = |said: &Value| (said["time"].to_string(), said.to_string());
    let [mut some, mut others]: [Vec<Value>; 2] = [some.collect(), others.collect()];
    some.sort_by_key(key);
    others.sort_by_key(key);
    let mut differing = some.iter().zip(&others).filter(|(one, other)| one != other);
    assert_eq!(
        (differing.next(), some.len()),
        (None, others.len()),
        "{about}"
    );
}

/// What a message says, without the numbers that depend on what else is in the capture.
fn said(message: &Value) -> Value {
    let mut said = message.clone();
    for key in ["frame", "first_frame", "connection"] {
        said.as_object_mut().unwrap().remove(key);
    }
    said
}

fn messages(typed: &[&str]) -> Vec<Value> {
    lines(&[&["messages", "--json"], typed].concat())
}

fn connections(typed: &[&str]) -> usize {
    lines(&[&["connections", "--json"], typed].concat()).len()
}

fn lines(typed: &[&str]) -> Vec<Value> {
    let out = String::from_utf8(run(typed).stdout).unwrap();
    let lines = out.lines().map(|line| serde_json::from_str(line).unwrap());
    lines.collect()
}

fn refused(typed: &[&str], code: i32, why: &str) {
    let run = run(typed);
    let err = String::from_utf8(run.stderr).unwrap();
    assert_eq!(run.status.code(), Some(code), "{err}");
    assert!(err.contains(why), "{err}");
}

fn run(typed: &[&str]) -> Output {
    peerscope(typed).output().unwrap()
}

fn peerscope(typed: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope"));
    command.args(typed).stdin(Stdio::null());
    command
}

fn capture(name: &str) -> String {
    captured::path(name).display().to_string()
}
