//! The program as it is run: arguments, exit codes, what goes to which stream.

mod decoding;

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use decoding::decoded;
use flate2::Compression;
use flate2::write::GzEncoder;
use hex_literal::hex;
use peerscope::capture::{Reader, Source};
use ruzstd::encoding::{CompressionLevel, compress_to_vec};
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
    holds(b"\xfd7zXZ\0...", "`xz -dc FILE | peerscope -`");
    holds(b"BZh91AY...", "`bzip2 -dc FILE | peerscope -`");
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

#[test]
fn the_keys_of_the_account_have_their_documented_order() {
    let run = Run::of(&["summary", "--json", &capture("misbehaving.pcap")]);
    let Keys(keys) = serde_json::from_str(&run.out).unwrap();
    assert_eq!(keys, ACCOUNT);
}

/// The keys of `summary --json`.
const ACCOUNT: [&str; 37] = [
    "file",
    "start",
    "end",
    "frames",
    "frame_bytes",
    "tcp",
    "udp",
    "skipped",
    "damaged_blocks",
    "cut_frames",
    "late_frames",
    "connections",
    "bittorrent_connections",
    "torrents",
    "messages",
    "message_types",
    "named",
    "payload",
    "duplicate",
    "late",
    "stray",
    "held",
    "stream",
    "decoded",
    "gap",
    "snapped",
    "undecoded",
    "http_tracker",
    "ssl_torrent",
    "other_protocol",
    "encrypted",
    "conflict",
    "notes",
    "findings",
    "why",
    "comments",
    "interfaces",
];

/// The keys of `messages --json`; each object has some of them, in this order.
const KEYS: [&str; 34] = [
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
    "hashes",
    "bitfield",
    "have",
    "port",
    "ext_id",
    "ext_name",
    "body",
    "id",
    "name",
    "malformed",
    "bytes",
    "reason",
    "missing",
    "resync",
];

#[test]
fn a_display_filter_leaves_lines_out() {
    let all = Run::of(&["messages", "--demo"]);
    let some = Run::of(&[
        "messages",
        "--demo",
        "-Y",
        "choke or unchoke and src == 10.77.0.1",
    ]);
    let lines: Vec<&str> = all
        .out
        .lines()
        .filter(|line| some.out.contains(line))
        .collect();
    assert_eq!(lines, some.out.lines().collect::<Vec<_>>());
    assert!(lines.len() > 100 && lines.len() < 300, "{}", lines.len());
    let connections = Run::of(&[
        "connections",
        "--demo",
        "--json",
        "-Y",
        "tcp.stream in {2, 4}",
    ]);
    assert_eq!(connections.out.lines().count(), 2);
}

#[test]
fn a_wrong_display_filter_is_a_usage_error_that_says_what_is_wanted() {
    let run = Run::of(&["messages", "--demo", "-Y", "tpye == choke"]);
    assert_eq!(run.code, 2);
    assert!(run.err.contains("is it type?"), "{}", run.err);
}

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

#[test]
fn an_archive_is_read_like_what_is_in_it() {
    for name in ["loopback.pcap", "be_sections.pcapng"] {
        let (file, whole) = (capture(name), read(name));
        // Two members, two frames: archives may be put one behind the other.
        let (front, back) = whole.split_at(whole.len() / 3);
        for pack in [gzip, zstd] {
            let archive = written(&[pack(front), pack(back)].concat());
            for command in ["messages", "connections"] {
                let expected = Run::of(&[command, "--json", &file]);
                assert_eq!(Run::of(&[command, "--json", &path(&archive)]), expected);
            }
            let summary = Run::of(&["summary", &path(&archive)]).out;
            let expected = Run::of(&["summary", &file]).out;
            assert_eq!(summary.replace(&path(&archive), &file), expected);
        }
    }
}

#[test]
fn of_a_cut_archive_what_is_there_is_printed() {
    let whole = Run::of(&["messages", &capture("loopback.pcap")]);
    for (pack, name) in [(gzip as Pack, "gzip"), (zstd, "zstd")] {
        let mut archive = pack(&read("loopback.pcap"));
        archive.truncate(archive.len() / 2 + 4);
        let cut = Run::of(&["messages", &path(&written(&archive))]);
        let note = format!("the {name} archive is cut short; what came before was read");
        assert!(cut.code == 0 && cut.err.contains(&note), "{}", cut.err);
        let (lines, all) = (cut.out.lines().count(), whole.out.lines().count());
        assert!(lines > 10 && lines < all, "{name}: {lines} of {all}");
    }
}

#[test]
fn an_archive_that_holds_no_capture_is_named() {
    for pack in [gzip, zstd] {
        let holds = |bytes: &[u8], why: &str| {
            let file = written(&pack(bytes));
            let run = Run::of(&["messages", &path(&file)]);
            run.failed(3, why);
            assert!(run.err.contains(&path(&file)), "{}", run.err);
        };
        holds(
            b"Dear diary,\n",
            "unpacked, is not a pcap or pcapng capture",
        );
        holds(b"", "unpacked, is empty");
        holds(
            &gzip(&read("loopback.pcap")),
            "it is gzip: unpack it on the way",
        );
        holds(&header(1)[..9], "ends inside its header (9 bytes)");
    }
    let file = written(&gzip(&header(1))[..15]);
    Run::of(&["summary", &path(&file)]).failed(3, "the gzip archive is cut short");
}

#[test]
fn standard_input_is_a_capture_like_any() {
    let whole = read("loopback.pcap");
    for command in ["messages", "connections"] {
        let expected = Run::of(&[command, &capture("loopback.pcap")]);
        for bytes in [&whole, &gzip(&whole), &zstd(&whole)] {
            assert_eq!(piped(&[command, "-"], bytes), expected);
            assert_eq!(piped(&[command, "-r", "-"], bytes), expected);
            assert_eq!(piped(&[command, "/dev/stdin"], bytes), expected);
        }
    }
    let summary = piped(&["-"], &read("be_sections.pcapng"));
    assert!(
        summary.out.starts_with("standard input: "),
        "{}",
        summary.out
    );
    let from_file = peerscope(&["messages", "-"])
        .stdin(File::open(capture("loopback.pcap")).unwrap())
        .output();
    let expected = Run::of(&["messages", &capture("loopback.pcap")]);
    assert_eq!(Run::from(from_file.unwrap()), expected);
}

#[test]
fn what_is_no_capture_on_standard_input_is_said() {
    piped(&["messages", "-"], b"").failed(3, "standard input is empty");
    piped(&["-"], b"Dear diary,\n").failed(3, "standard input is not a pcap");
    piped(&["-"], &gzip(b"Dear diary")).failed(3, "standard input, unpacked, is not a pcap");
    piped(&["-"], &header(1)[..20]).failed(3, "ends inside its header (20 bytes)");
    let folder = peerscope(&["-"]).stdin(File::open("/").unwrap()).output();
    Run::from(folder.unwrap()).failed(3, "cannot read standard input: Is a directory");
}

#[test]
fn a_writer_that_dies_inside_a_record_leaves_a_note() {
    let run = piped(&["messages", "-"], &read("loopback.pcap")[..100_000]);
    assert_eq!(run.code, 0);
    assert!(
        run.err
            .contains("standard input: the capture ends inside a record")
    );
    assert!(run.out.lines().count() > 5);
}

#[test]
fn a_message_is_printed_when_it_came_not_at_the_end() {
    let mut child = following(&["messages", "-"]);
    let mut stdin = child.stdin.take().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let whole = read("loopback.pcap");
    // In pieces that end anywhere.
    let (front, back) = whole.split_at(60_001);
    stdin.write_all(front).unwrap();
    let first = lines.next().unwrap().unwrap();
    assert!(first.contains("handshake"), "{first}");
    stdin.write_all(back).unwrap();
    drop(stdin);
    let all = Run::of(&["messages", &capture("loopback.pcap")]).out;
    assert_eq!(lines.count() + 1, all.lines().count());
    assert!(child.wait().unwrap().success());
}

#[test]
fn an_interrupt_lets_go_what_a_silent_pipe_held() {
    let file = capture("loopback.pcap");
    let mut child = following(&["messages", "-", &file]);
    let mut stdin = child.stdin.take().unwrap();
    // A header, and no frame that could be the first.
    stdin
        .write_all(&[&header(1)[..], &[0; 8]].concat())
        .unwrap();
    std::thread::sleep(Duration::from_millis(500));
    assert!(child.try_wait().unwrap().is_none(), "it waits");
    interrupt(&child);
    let output = Run::from(child.wait_with_output().unwrap());
    drop(stdin);
    assert_eq!(output.out, Run::of(&["messages", &file]).out);
    let note = "standard input: the capture ends inside a record: 8 bytes";
    assert!(output.err.contains(note), "{}", output.err);
}

#[test]
fn an_interrupt_ends_the_reading_of_a_silent_pipe_in_order() {
    let mut child = following(&["summary", "-"]);
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(&read("loopback.pcap")[..100_000]).unwrap();
    // A pipe holds less than that: most of it was taken. The rest is, soon.
    std::thread::sleep(Duration::from_millis(500));
    interrupt(&child);
    // The other end stays open, and says nothing.
    let output = Run::from(child.wait_with_output().unwrap());
    drop(stdin);
    assert_eq!(output.code, 0, "{}", output.err);
    assert!(output.out.contains("\nConnections\n"), "{}", output.out);
    assert!(output.err.contains("the capture ends inside a record"));
}

#[test]
fn a_named_pipe_is_read_like_standard_input() {
    let folder = tempfile::tempdir().unwrap();
    let fifo = folder.path().join("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let writer = fifo.clone();
    let thread = std::thread::spawn(move || fs::write(writer, read("loopback.pcap")));
    let run = Run::of(&["messages", fifo.to_str().unwrap()]);
    thread.join().unwrap().unwrap();
    assert_eq!(run, Run::of(&["messages", &capture("loopback.pcap")]));
}

#[test]
fn several_captures_are_read_as_one_in_the_order_of_their_times() {
    let [a, b] = ["v2_hybrid.pcap", "be_sections.pcapng"].map(capture);
    let count = |files: &[&str]| {
        let run = Run::of(&[&["summary", "--json"], files].concat());
        let account: Value = serde_json::from_str(&run.out).unwrap();
        ["frames", "messages", "connections"].map(|key| account[key].as_u64().unwrap())
    };
    let (both, [one, two]) = (count(&[&a, &b]), [count(&[&a]), count(&[&b])]);
    assert_eq!(both, [0, 1, 2].map(|at| one[at] + two[at]));
    let messages = Run::of(&["messages", "--json", &a, &b]);
    assert_eq!((messages.code, messages.err.as_str()), (0, ""));
    assert_eq!(
        messages,
        Run::of(&["messages", "--json", "-r", &a, "-r", &b])
    );
    let frames = messages.out.lines().map(|line| {
        let message: Value = serde_json::from_str(line).unwrap();
        message["frame"].as_u64().unwrap()
    });
    assert!(frames.is_sorted());
}

#[test]
fn a_capture_in_parts_is_the_whole() {
    let whole = read("loopback.pcap");
    // The parts of a ring: a header each, the records dealt out in turn.
    let (mut parts, mut at, mut turn) = ([header(1), header(1)], 24, 0);
    while at < whole.len() {
        let len = u32::from_le_bytes(whole[at + 8..at + 12].try_into().unwrap());
        let record = &whole[at..at + 16 + len as usize];
        parts[turn % 2].extend(record);
        (at, turn) = (at + record.len(), turn + 1);
    }
    let files = [written(&parts[0]), written(&gzip(&parts[1]))];
    let [one, two] = [path(&files[0]), path(&files[1])];
    let expected = Run::of(&["messages", "--json", &capture("loopback.pcap")]);
    assert_eq!(Run::of(&["messages", "--json", &one, &two]), expected);
    assert_eq!(Run::of(&["messages", "--json", &two, &one]), expected);
    let stdin = piped(&["messages", "--json", "-", &two], &parts[0]);
    assert_eq!(stdin, expected);
}

#[test]
fn a_capture_among_several_that_cannot_be_read_is_an_error() {
    let file = capture("loopback.pcap");
    Run::of(&["messages", &file, "/nowhere/x.pcap"]).failed(3, "cannot open /nowhere/x.pcap");
    let text = written(b"Dear diary");
    Run::of(&["messages", &file, &path(&text)]).failed(3, "is not a pcap or pcapng");
    let many = vec![file.as_str(); 256];
    Run::of(&[&["summary"], &many[..]].concat()).failed(2, "only 255");
}

#[test]
fn which_of_several_captures_is_cut_is_said() {
    let cut = written(&read("loopback.pcap")[..100_000]);
    let run = Run::of(&["summary", &capture("v2_hybrid.pcap"), &path(&cut)]);
    assert_eq!(run.code, 0);
    let note = format!("{}: the capture ends inside a record", path(&cut));
    assert!(
        run.err.contains(&note) && run.out.contains(&note),
        "{}",
        run.err
    );
}

#[test]
fn frames_far_out_of_order_are_said_and_those_that_passed_each_other_are_not() {
    let note = |micros: [u32; 2]| {
        let records = micros.map(|micros| {
            let mut record = record(&[0; 60]);
            record[4..8].copy_from_slice(&micros.to_le_bytes());
            record
        });
        let file = written(&[header(1), records.concat()].concat());
        Run::of(&["messages", &path(&file)]).err
    };
    assert!(
        note([400_000, 100_000]).contains("1 frame is older than the one before, by up to 300 ms")
    );
    assert!(!note([400_000, 399_000]).contains("older"));
}

#[test]
fn the_same_capture_twice_is_its_frames_twice() {
    let file = capture("loopback.pcap");
    let run = Run::of(&["summary", &file, &file]);
    let title = "loopback.pcap + loopback.pcap: 104 frames";
    assert!(run.out.starts_with(title), "{}", run.out);
}

#[test]
#[cfg(feature = "live")]
fn a_filter_leaves_frames_out_and_counts_them() {
    let account = |filter: &[&str]| -> Value {
        let file = capture("choke_dance.pcap");
        let typed = [&["summary", "--json", &file], filter].concat();
        serde_json::from_str(&Run::of(&typed).out).unwrap()
    };
    let (all, some) = (account(&[]), account(&["-f", "host 10.77.0.2"]));
    assert_eq!(some["frames"], all["frames"]);
    let out = some["skipped"]["filtered out by -f"].as_u64().unwrap();
    assert_eq!(some["tcp"].as_u64().unwrap() + out, all["tcp"]);
    assert_eq!(
        (&all["connections"], &some["connections"]),
        (&10.into(), &4.into())
    );
}

#[test]
#[cfg(feature = "live")]
fn a_filter_leaves_the_numbers_of_frames_as_they_are() {
    let messages = |filter: &[&str]| {
        let file = capture("choke_dance.pcap");
        Run::of(&[&["messages", "--json", &file], filter].concat()).out
    };
    let all = messages(&[]);
    let of = |line: &str| {
        let message: Value = serde_json::from_str(line).unwrap();
        ["frame", "first_frame", "src", "dst", "type"].map(|key| message[key].clone())
    };
    let all: Vec<_> = all.lines().map(of).collect();
    let some = messages(&["-f", "host 10.77.0.2"]);
    assert!(some.lines().count() > 100);
    assert!(some.lines().all(|line| all.contains(&of(line))));
}

#[test]
#[cfg(feature = "live")]
fn a_wrong_filter_is_refused_before_anything_is_read() {
    let file = capture("loopback.pcap");
    let wrong = Run::of(&["summary", &file, "-f", "tcp prot 80"]);
    wrong.failed(2, "the filter `tcp prot 80` is wrong");
    assert!(wrong.err.contains("syntax error"), "{}", wrong.err);
    Run::of(&["summary", "/nowhere/x", "-f", "tcp prot 80"]).failed(2, "syntax error");
    let raw = written(&[header(101), record(b"\x45")].concat());
    let ether = ["summary", &path(&raw), "-f", "ether host 1:2:3:4:5:6"];
    Run::of(&ether).failed(2, "the filter `ether host 1:2:3:4:5:6` is wrong");
}

#[test]
#[cfg(feature = "live")]
fn a_link_type_that_a_filter_does_not_fit_is_counted() {
    let files = [1, 101].map(|link| written(&[header(link), record(b"\x45")].concat()));
    let [a, b] = [path(&files[0]), path(&files[1])];
    let run = Run::of(&["summary", &a, &b, "-f", "ether host 1:2:3:4:5:6"]);
    assert_eq!(run.code, 0);
    assert!(
        run.out.contains("1  raw IP, to which -f does not apply"),
        "{}",
        run.out
    );
    assert!(run.out.contains("1  filtered out by -f"), "{}", run.out);
}

#[test]
#[cfg(not(feature = "live"))]
fn without_libpcap_a_filter_is_refused() {
    Run::of(&["summary", "--demo", "-f", "tcp"]).failed(2, "built without libpcap");
}

#[test]
fn comments_and_what_was_dropped_are_told() {
    let file = written(&COMMENTED);
    let run = Run::of(&["summary", &path(&file)]);
    assert_eq!(run.code, 0, "{}", run.err);
    let capture = run
        .out
        .split("\n\n")
        .find(|part| part.starts_with("Capture"));
    assert_eq!(
        capture.unwrap().trim_end(),
        "Capture\n  interface  eth0, Ethernet, 9 received, 7 dropped\n  comment    of a section\n  \
         comment    frame 2: look ·[2J"
    );
    let note = "packets were dropped while it was captured: 7 on eth0";
    assert!(
        run.err.contains(note) && run.out.contains(note),
        "{}",
        run.err
    );
    let json = Run::of(&["summary", "--json", &path(&file)]).out;
    let account: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(account["frames"], 2);
    let comments = serde_json::json!([
        { "text": "of a section" },
        { "frame": 2, "text": "look ·[2J" },
    ]);
    assert_eq!(account["comments"], comments);
    let interface = serde_json::json!([{
        "name": "eth0", "link": "Ethernet", "received": 9, "dropped": 7, "dropped_by_kernel": 5,
        "dropped_by_interface": 2,
    }]);
    assert_eq!(account["interfaces"], interface);
}

/// A section with a comment, an Ethernet interface called eth0, a frame in the obsolete block, a frame with a
/// comment that holds an escape, a block that is custom, and the counts of the interface.
const COMMENTED: [u8; 252] = hex!(
    "0a0d0d0a 30000000 4d3c2b1a 0100 0000 ffffffffffffffff 0100 0c00 6f6620612073656374696f6e"
    "00000000 30000000"
    "01000000 20000000 0100 0000 00000400 0200 0400 65746830 00000000 20000000"
    "02000000 24000000 0000 ffff 00000000 40420f00 01000000 01000000 aa000000 24000000"
    "06000000 38000000 00000000 00000000 80841e00 01000000 01000000 bb000000"
    "0100 0900 6c6f6f6b201b5b324a000000 00000000 38000000"
    "ad0b0000 10000000 deadbeef 10000000"
    "05000000 40000000 00000000 00000000 80841e00"
    "0400 0800 0900000000000000 0500 0800 0200000000000000 0700 0800 0500000000000000"
    "00000000 40000000"
);

type Pack = fn(&[u8]) -> Vec<u8>;

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn zstd(bytes: &[u8]) -> Vec<u8> {
    compress_to_vec(bytes, CompressionLevel::Fastest)
}

#[cfg(feature = "live")]
/// A record of a pcap file, at the epoch.
fn record(frame: &[u8]) -> Vec<u8> {
    let len = (frame.len() as u32).to_le_bytes();
    [&[0; 8], &len[..], &len, frame].concat()
}

/// Runs the program with these bytes on a pipe as its standard input.
fn piped(arguments: &[&str], bytes: &[u8]) -> Run {
    let mut child = peerscope(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let (mut stdin, bytes) = (child.stdin.take().unwrap(), bytes.to_vec());
    // Who refuses its input does not read it all.
    let writer = std::thread::spawn(move || drop(stdin.write_all(&bytes)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Run::from(output)
}

fn interrupt(child: &Child) {
    let pid = child.id().to_string();
    let killed = Command::new("kill").args(["-INT", &pid]).status();
    assert!(killed.unwrap().success());
}

/// The program at work on standard input.
fn following(arguments: &[&str]) -> Child {
    peerscope(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_conversation_is_drawn_in_three_languages() {
    let file = capture("choke_dance.pcap");
    let mermaid = Run::of(&["diagram", &file]);
    assert_eq!((mermaid.code, mermaid.err.as_str()), (0, ""));
    assert!(
        mermaid
            .out
            .starts_with("sequenceDiagram\n    participant A as ")
    );
    assert!(mermaid.out.contains(" request #215;4  p5..8  64 KiB\n"));
    assert_eq!(
        mermaid,
        Run::of(&["diagram", &file, "--connection", "0", "--format", "mermaid"])
    );
    let table = Run::of(&[
        "diagram",
        &file,
        "--format",
        "markdown",
        "--connection",
        "3",
    ]);
    assert!(
        table.out.contains("\n| time | | message |\n"),
        "{}",
        table.out
    );
    assert!(
        Run::of(&["diagram", &file, "--format", "svg"])
            .out
            .ends_with("</svg>\n")
    );
}

#[test]
fn a_diagram_shows_what_is_asked_for() {
    let file = capture("choke_dance.pcap");
    let steps = |arguments: &[&str]| {
        let run = Run::of(&[&["diagram", &file, "--connection", "3"], arguments].concat());
        run.out.lines().filter(|line| line.contains("->>")).count()
    };
    let messages = Run::of(&["messages", &file, "-Y", "connection == 3"]).out;
    assert_eq!(steps(&["--unfold"]), messages.lines().count());
    assert!(steps(&[]) < steps(&["--unfold"]));
    let chokes = Run::of(&["messages", &file, "-Y", "connection == 3 and type == choke"]).out;
    assert_eq!(steps(&["-Y", "type == choke"]), chokes.lines().count());
}

#[test]
fn a_diagram_is_written_to_a_file_in_the_language_that_it_ends_in() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("talk.md").display().to_string();
    let written = Run::of(&["diagram", "--demo", "-o", &file]);
    assert_eq!((written.code, written.out.as_str()), (0, ""));
    assert!(
        fs::read_to_string(&file)
            .unwrap()
            .starts_with("- `A 10.77.0.")
    );
    let there = Run::of(&["diagram", "--demo", "--connection", "99"]);
    there.failed(2, "there is no connection 99: the capture has 10");
}

#[test]
fn the_mask_hides_who_the_peers_are() {
    let file = capture("choke_dance.pcap");
    for command in ["messages", "connections", "torrents", "summary", "diagram"] {
        let run = Run::of(&[command, "--mask", &file]);
        assert_eq!(run.code, 0);
        assert!(
            !run.out.contains("10.77.0") && !run.out.contains("cb0a"),
            "{}",
            run.out
        );
    }
}

#[test]
fn the_file_of_options_is_read_where_it_is_and_where_it_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("peerscope");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("config.toml"), "mask = true\n").unwrap();
    let run = |arguments: &[&str]| {
        let mut command = peerscope(arguments);
        command
            .env("XDG_CONFIG_HOME", folder.path())
            .env_remove("SUDO_UID");
        Run::from(command.output().unwrap())
    };
    assert!(
        run(&["connections", "--demo"])
            .out
            .starts_with("#0   192.0.2.1:")
    );
    let other = written(b"");
    let named = run(&["connections", "--demo", "--config", &path(&other)]);
    assert!(named.out.starts_with("#0   10.77.0.2:"), "{}", named.out);
}

#[test]
fn a_file_of_somebody_else_is_not_read_under_sudo() {
    let folder = tempfile::tempdir().unwrap();
    let own = folder.path().join("peerscope");
    fs::create_dir(&own).unwrap();
    fs::write(own.join("config.toml"), "mask = true\n").unwrap();
    let mine = fs::metadata(&own).unwrap();
    if std::os::unix::fs::MetadataExt::uid(&mine) != 0
        || std::os::unix::fs::chown(own.join("config.toml"), Some(12345), None).is_err()
    {
        return; // Only root can give a file away.
    }
    let run = |sudo: &str| {
        let mut command = peerscope(&["connections", "--demo"]);
        command
            .env("XDG_CONFIG_HOME", folder.path())
            .env("SUDO_UID", sudo);
        Run::from(command.output().unwrap())
    };
    let refused = run("1000");
    assert!(
        refused.out.starts_with("#0   10.77.0.2:"),
        "{}",
        refused.out
    );
    assert!(
        refused.err.contains("belongs to another user"),
        "{}",
        refused.err
    );
    assert!(run("12345").out.starts_with("#0   192.0.2.1:"));
}

#[test]
fn what_is_wrong_in_the_file_of_options_is_said() {
    let wrong = |text: &str, why: &str| {
        let file = written(text.as_bytes());
        let run = Run::of(&["summary", "--demo", "--config", &path(&file)]);
        run.failed(2, &format!("{}:{why}", path(&file)));
    };
    wrong(
        "\ncolour = \"256\"",
        "2: there is no option `colour`; did you mean `color`?",
    );
    wrong("[keys]\ndown = [\"k\"]", "2: `k` would be `down` and `up`");
    let missing = Run::of(&["summary", "--demo", "--config", "/nowhere/c.toml"]);
    missing.failed(3, "cannot read /nowhere/c.toml");
}

#[test]
fn the_printed_options_are_those_that_hold() {
    let printed = Run::of(&["--print-config"]);
    assert_eq!((printed.code, printed.err.as_str()), (0, ""));
    let file = written(printed.out.as_bytes());
    let with = Run::of(&["summary", "--demo", "--config", &path(&file)]);
    assert_eq!(with, Run::of(&["summary", "--demo"]));
}

#[test]
fn a_picture_has_the_theme_that_is_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let picture = |name: &str, arguments: &[&str]| {
        let file = folder.path().join(name).display().to_string();
        let all = [&["--demo", "--screenshot", &file], arguments].concat();
        let mut command = peerscope(&all);
        command
            .env("TERM", "xterm-256color")
            .env_remove("NO_COLOR")
            .env_remove("COLORTERM");
        assert_eq!(Run::from(command.output().unwrap()).code, 0);
        fs::read_to_string(file).unwrap()
    };
    assert!(
        picture("a.svg", &["--theme", "light", "--keys", "Enter"]).contains("fill=\"#005f5f\"")
    );
    assert!(
        picture(
            "b.svg",
            &["--theme", "dark", "--color", "truecolor", "--keys", "Enter"]
        )
        .contains("#56c8d8")
    );
    assert!(!picture("c.svg", &["--color", "never", "--keys", "Enter"]).contains("#56c8d8"));
    assert!(picture("d.txt", &["--mask"]).contains("192.0.2.1"));
    for view in ["1", "2", "3", "4", "6", "7", "8"] {
        let name = format!("{view}.txt");
        assert!(
            picture(&name, &["--keys", view, "--size", "80x24"])
                .lines()
                .count()
                == 24
        );
    }
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

impl From<Output> for Run {
    fn from(output: Output) -> Run {
        Run {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Run {
    fn of(arguments: &[&str]) -> Run {
        Run::from(peerscope(arguments).output().unwrap())
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
    // Not that of whoever runs the tests.
    command.env("XDG_CONFIG_HOME", "/nonexistent");
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
