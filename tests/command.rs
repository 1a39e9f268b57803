//! The program as it is run: arguments, exit codes, what goes to which stream.

mod decoding;

use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use decoding::decoded;
use peerscope::capture::{Reader, Source};
use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use tempfile::NamedTempFile;

#[test]
fn a_file_alone_prints_its_summary_where_no_screen_is() {
    let file = capture("loopback.pcap");
    let summary = Run::of(&["summary", &file]);
    assert_eq!((summary.code, summary.err.as_str()), (0, ""));
    assert!(summary.out.starts_with(&format!("{file}: 52 frames")));
    assert_eq!(Run::of(&[&file]), summary);
    assert_eq!(Run::of(&["-r", &file]), summary);
    assert_eq!(Run::of(&["summary", "-r", &file]), summary);
}

#[test]
fn the_built_in_capture_needs_no_file() {
    let demo = Run::of(&["messages", "--demo"]);
    assert_eq!((demo.code, demo.err.as_str()), (0, ""));
    let file = capture("choke_dance.pcap");
    assert_eq!(demo, Run::of(&["messages", &file]));
    assert!(Run::of(&["--demo"]).out.contains(": 4361 frames"));
}

/// On the loopback interface nobody finishes checksums.
#[test]
fn checksums_are_verified_where_it_is_asked_for() {
    let file = capture("loopback.pcap");
    let summary = Run::of(&["summary", "--checksum", &file]);
    let reason = "52  TCP checksum unfinished, as offload leaves it";
    assert!(summary.out.contains(reason), "{}", summary.out);
    assert!(summary.err.contains("without --checksum"));
    let (with, without) = (
        Run::of(&["messages", "--checksum", "--demo"]),
        Run::of(&["messages", "--demo"]),
    );
    assert_eq!(with, without);
}

#[test]
fn what_is_no_capture_is_said_in_one_line() {
    let fails = |file: &str, why: &str| Run::of(&["summary", file]).failed(3, why);
    fails("/nowhere/x.pcap", "cannot open /nowhere/x.pcap");
    fails(&capture(""), "it is a directory");
    fails(&capture("links.torrent"), "it looks like a .torrent file");
    let holds = |bytes: &[u8], why: &str| fails(&path(&written(bytes)), why);
    holds(b"", "is empty");
    holds(b"Dear diary,\n", "is not a pcap or pcapng capture");
    holds(
        &[0x1f, 0x8b, 8, 0, 0, 0],
        "unpack it first with `gunzip -k`",
    );
    holds(&header(1)[..23], "ends inside its header (23 bytes)");
    holds(
        &read("be_sections.pcapng")[..27],
        "ends inside its header (27 bytes)",
    );
}

#[test]
fn what_must_not_be_read_is_said_in_one_line() {
    let file = written(&header(1));
    fs::set_permissions(file.path(), Permissions::from_mode(0o000)).unwrap();
    if File::open(file.path()).is_ok() {
        println!("skipped: permissions do not bind this user");
        return;
    }
    Run::of(&["summary", &path(&file)]).failed(3, "check the path and its permissions");
}

#[test]
fn what_was_typed_wrongly_is_a_usage_error() {
    Run::of(&[]).failed(2, "no capture named");
    Run::of(&["messages"]).failed(2, "no capture named");
    for typed in [
        &["--no-such-option"][..],
        &["--demo", "x.pcap"],
        &["summary", "--xml", "x"],
    ] {
        let run = Run::of(typed);
        assert_eq!((run.code, run.out.as_str()), (2, ""), "{typed:?}");
    }
}

#[test]
fn a_link_type_that_is_not_understood_is_named() {
    let record = [[0; 8].as_slice(), &[4, 0, 0, 0, 4, 0, 0, 0], b"beep"].concat();
    let file = written(&[header(195), record].concat());
    let run = Run::of(&["summary", &path(&file)]);
    assert_eq!((run.code, run.err.lines().count()), (0, 1));
    for text in [run.out, run.err] {
        assert!(text.contains("link type 195, not understood"), "{text}");
    }
}

#[test]
fn of_a_cut_capture_what_is_whole_is_printed() {
    let whole = read("loopback.pcap");
    let file = written(&whole[..whole.len() / 2]);
    let (cut, whole) = (
        Run::of(&["messages", &path(&file)]),
        Run::of(&["messages", &capture("loopback.pcap")]),
    );
    assert_eq!((cut.code, cut.err.lines().count()), (0, 1));
    assert!(
        cut.err.contains("the capture ends inside a record"),
        "{}",
        cut.err
    );
    let is_message = |line: &&str| !line.contains("cut short by the end");
    let lines: Vec<&str> = cut.out.lines().filter(is_message).collect();
    assert!(lines.len() > 10);
    assert!(
        lines
            .iter()
            .all(|line| whole.out.lines().any(|it| it == *line))
    );
}

#[test]
fn a_capture_may_be_cut_at_any_byte() {
    for name in ["misbehaving.pcap", "be_sections.pcapng"] {
        let whole: &'static [u8] = read(name).leak();
        let mut most = 0;
        for len in 0..3 * 1024 {
            let frames = frames(&whole[..len]);
            assert!(frames >= most, "{name} cut at {len}");
            most = frames;
        }
        assert!(
            most > 10,
            "{name} has {most} frames in the bytes that were read"
        );
    }
}

/// Frames that a capture gives; none when there is no capture to open.
fn frames(bytes: &'static [u8]) -> u64 {
    let reader = Reader::new(Source::Memory(bytes), "cut");
    reader.map_or(0, |reader| decoded(reader).tally().frames)
}

#[test]
fn whoever_reads_the_output_may_stop() {
    for typed in [
        &["messages"][..],
        &["messages", "--json"],
        &["connections"],
        &["summary"],
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let typed = [typed, &["--demo"]].concat();
        let output = peerscope(&typed).stdout(writer).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        assert_eq!(
            (output.status.code(), err.as_str()),
            (Some(0), ""),
            "{typed:?}"
        );
    }
}

/// The keys of `messages --json`; each object has some of them, in this order.
const KEYS: [&str; 32] = [
    "frame",
    "first_frame",
    "time",
    "connection",
    "transport",
    "src",
    "dst",
    "type",
    "size",
    "info_hash",
    "peer_id",
    "reserved",
    "client",
    "features",
    "root",
    "base",
    "index",
    "begin",
    "length",
    "proof",
    "bitfield",
    "have",
    "port",
    "ext_id",
    "ext_name",
    "body",
    "id",
    "malformed",
    "bytes",
    "reason",
    "missing",
    "resync",
];

#[test]
fn json_has_its_keys_in_the_documented_order() {
    for name in ["misbehaving.pcap", "v2_hybrid.pcap", "choke_dance.pcap"] {
        for line in Run::of(&["messages", "--json", &capture(name)]).out.lines() {
            let Keys(keys) = serde_json::from_str(line).unwrap();
            assert_eq!(keys[..8], KEYS[..8], "{line}");
            let mut known = KEYS.iter();
            let in_order = keys.iter().all(|key| known.any(|known| known == key));
            assert!(in_order, "{line}");
        }
    }
}

#[test]
fn json_has_times_of_nine_decimals() {
    for line in Run::of(&["messages", "--json", "--demo"]).out.lines() {
        let time = line.split("\"time\":").nth(1).unwrap().split(',').next();
        let (seconds, decimals) = time.unwrap().split_once('.').unwrap();
        assert_eq!((seconds.len(), decimals.len()), (10, 9), "{line}");
        assert!(
            (seconds.to_owned() + decimals)
                .bytes()
                .all(|digit| digit.is_ascii_digit())
        );
    }
}

#[test]
fn connections_and_summary_are_json_as_well() {
    let parsed = |command| -> Vec<Value> {
        let out = Run::of(&[command, "--json", "--demo"]).out;
        out.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    assert_eq!(parsed("connections").len(), 10);
    assert_eq!(parsed("summary")[0]["frames"], 4361);
}

/// The keys of an object, in the order in which they were written.
struct Keys(Vec<String>);

impl<'de> Deserialize<'de> for Keys {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Keys, D::Error> {
        deserializer.deserialize_map(Keys(Vec::new()))
    }
}

impl<'de> Visitor<'de> for Keys {
    type Value = Keys;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<M: MapAccess<'de>>(mut self, mut map: M) -> Result<Keys, M::Error> {
        while let Some((key, IgnoredAny)) = map.next_entry()? {
            self.0.push(key);
        }
        Ok(self)
    }
}

/// What came of running the program.
#[derive(Debug, PartialEq, Eq)]
struct Run {
    code: i32,
    out: String,
    err: String,
}

impl Run {
    fn of(arguments: &[&str]) -> Run {
        let output = peerscope(arguments).output().unwrap();
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// It printed nothing but one line that says why.
    fn failed(&self, code: i32, why: &str) {
        assert_eq!(
            (self.code, self.out.as_str()),
            (code, ""),
            "{why}: {}",
            self.err
        );
        assert!(self.err.starts_with("peerscope: "), "{}", self.err);
        assert!(
            self.err.contains(why) && self.err.lines().count() == 1,
            "{}",
            self.err
        );
    }
}

fn peerscope(arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_peerscope"));
    command.args(arguments).stdin(Stdio::null());
    command
}

/// The header of a pcap file with frames of a link type.
fn header(link: u8) -> Vec<u8> {
    let start = [0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    [&start[..], &[0, 0, 4, 0, link, 0, 0, 0]].concat()
}

fn written(bytes: &[u8]) -> NamedTempFile {
    let mut file = NamedTempFile::new().unwrap();
    file.write_all(bytes).unwrap();
    file
}

fn path(file: &NamedTempFile) -> String {
    file.path().display().to_string()
}

fn capture(name: &str) -> String {
    captures().join(name).display().to_string()
}

fn read(name: &str) -> Vec<u8> {
    fs::read(captures().join(name)).unwrap()
}

fn captures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("captures")
}
