//! What cannot be sniffed, and what goes wrong while it is.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::thread::sleep;
use std::time::Duration;

use tempfile::TempDir;

use crate::peers::Meeting;
use crate::sniffer::{PROGRAM, Sniffer, folder, frames, may_sniff, run};
use crate::{is_whole, kept, tools};

/// Between something that the test does to an interface and its next step.
const A_WHILE: Duration = Duration::from_millis(600);

#[test]
fn what_cannot_be_sniffed_is_said_in_one_line() {
    if !may_sniff() {
        return;
    }
    let nowhere = ["messages", "-i", "lo", "-w", "/nowhere/x.pcapng"];
    failed(&run(&nowhere), 3, "cannot write /nowhere/x.pcapng");
    let no_interface = run(&["messages", "-i", "nosuch0"]);
    failed(
        &no_interface,
        3,
        "no interface is called nosuch0; there are ",
    );
    let no_filter = run(&["messages", "-i", "lo", "-f", "tcp prot 1"]);
    failed(&no_filter, 2, "the capture filter `tcp prot 1` is wrong");
}

#[test]
fn options_of_sniffing_need_an_interface() {
    for typed in [
        ["-w", "x.pcapng"],
        ["-f", "tcp"],
        ["-c", "5"],
        ["-a", "duration:1"],
    ] {
        let output = run(&[&["messages"], &typed[..]].concat());
        assert_eq!(output.status.code(), Some(2), "{typed:?}");
        assert!(!Path::new("x.pcapng").exists());
    }
}

fn failed(output: &Output, code: i32, why: &str) {
    let err = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{err}");
    assert!(err.starts_with("peerscope: ") && err.contains(why), "{err}");
    assert_eq!((err.lines().count(), output.stdout.len()), (1, 0), "{err}");
}

#[test]
fn a_user_without_rights_is_told_how_to_get_them() {
    if !may_sniff() {
        return;
    }
    // This user may not look into the folder of the build.
    let folder = folder();
    let copy = folder.path().join("peerscope");
    fs::copy(PROGRAM, &copy).unwrap();
    let mut command = Command::new("setpriv");
    command.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]);
    let output = command.arg(&copy).args(["messages", "-i", "lo"]).output();
    let changed = output
        .ok()
        .filter(|it| !it.stderr.starts_with(b"setpriv: "));
    match changed {
        Some(output) => {
            let err = String::from_utf8_lossy(&output.stderr);
            assert_eq!(output.status.code(), Some(4), "{err}");
            assert!(
                err.starts_with("peerscope: not permitted") && err.contains(" lo"),
                "{err}"
            );
        }
        None => println!("skipped: there is no setpriv, or it may not change the user"),
    }
}

#[test]
fn a_disk_that_is_full_ends_the_capture_leaves_it_whole_and_is_a_failure() {
    if !may_sniff() {
        return;
    }
    let (folder, path, name) = kept();
    let Some(_disk) = Disk::mount(folder.path()) else {
        return println!("skipped: no small disk can be mounted");
    };
    let meeting = Meeting::new();
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &["-w", &name]);
    let mut peers = meeting.begin();
    peers.introduce();
    (0..20).for_each(|piece| {
        peers.download(piece);
        sleep(Duration::from_millis(30));
    });
    let ended = sniffer.ended();
    assert!(
        ended.err.contains("its file cannot be written: No space"),
        "{}",
        ended.err
    );
    assert_eq!(ended.status.code(), Some(3), "{}", ended.err);
    let count = frames(&path).len();
    assert!(count > 10, "{}", ended.err);
    let words = format!("peerscope: {count} packets captured");
    assert!(
        ended.err.contains(&words),
        "{count} in the file: {}",
        ended.err
    );
    is_whole(&path);
}

#[test]
fn a_file_that_was_removed_is_missed_in_words() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let mut sniffer = Sniffer::on_port(meeting.port, folder.path(), &["-w", &name]);
    fs::remove_file(path).unwrap();
    let mut peers = meeting.begin();
    peers.introduce();
    (0..100).for_each(|piece| {
        peers.have(piece);
        sleep(Duration::from_millis(5));
    });
    sniffer.signal("TERM");
    let ended = sniffer.ended();
    assert!(
        ended.err.contains("the file of this capture was removed"),
        "{}",
        ended.err
    );
    assert_eq!(
        ended.lines.len(),
        peers.said.len(),
        "what was decoded is not lost"
    );
}

/// A disk of a quarter of a mebibyte.
struct Disk<'a>(&'a Path);

impl Disk<'_> {
    fn mount(folder: &Path) -> Option<Disk<'_>> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", "size=256k,mode=0777", "peerscope"]);
        let mounted = mount.arg(folder).status();
        mounted.is_ok_and(|it| it.success()).then_some(Disk(folder))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

/// A network of our own, where one listens into a file of that path; `None` where that may not be.
fn sniffing() -> Option<(Net, Sniffer, PathBuf, TempDir)> {
    let net = may_sniff().then(Net::new).flatten()?;
    let (folder, path, name) = kept();
    let sniffer = net.sniff(folder.path(), &name);
    Some((net, sniffer, path, folder))
}

#[test]
fn an_interface_that_goes_down_and_comes_up_is_captured_again() {
    let Some((net, mut sniffer, path, _folder)) = sniffing() else {
        return;
    };
    net.send("before");
    net.ip(&["link", "set", "left", "down"]);
    sleep(A_WHILE);
    net.ip(&["link", "set", "left", "up"]);
    net.send("after");
    sleep(A_WHILE);
    sniffer.signal("TERM");
    let ended = sniffer.ended();
    ended.is_well();
    assert!(
        carries(&path, "before") && carries(&path, "after"),
        "{}",
        ended.err
    );
    is_readable(&path);
}

#[test]
fn an_interface_that_is_down_is_said() {
    let Some((net, mut sniffer, path, _folder)) = sniffing() else {
        return;
    };
    net.send("before");
    sleep(A_WHILE);
    net.ip(&["link", "set", "left", "down"]);
    sleep(2 * A_WHILE);
    sniffer.signal("TERM");
    let ended = sniffer.ended();
    assert!(
        ended.err.contains("interface left is down"),
        "{}",
        ended.err
    );
    assert!(carries(&path, "before"), "{}", ended.err);
}

#[test]
fn an_interface_that_is_deleted_ends_its_capture_and_what_it_gave_is_kept() {
    let Some((net, mut sniffer, path, _folder)) = sniffing() else {
        return;
    };
    net.send("before");
    sleep(A_WHILE);
    net.ip(&["link", "del", "left"]);
    // Nobody tells it to end: there is nothing left to capture on.
    let ended = sniffer.ended();
    let words = "interface left was removed, its capture has ended";
    assert!(ended.err.contains(words), "{}", ended.err);
    assert!(carries(&path, "before"), "{}", ended.err);
    is_readable(&path);
}

fn carries(path: &Path, text: &str) -> bool {
    let has = |bytes: &[u8]| bytes.windows(text.len()).any(|it| it == text.as_bytes());
    frames(path).iter().any(|frame| has(&frame.bytes))
}

/// The only thing to note is that no peers were there.
fn is_readable(path: &Path) {
    let output = run(&["summary", path.to_str().unwrap()]);
    let err = String::from_utf8_lossy(&output.stderr);
    assert!(
        err.lines().count() == 1 && err.contains("no connection among"),
        "{err}"
    );
}

/// A network of our own with the two ends of a cable, `left` and `right`.
struct Net(String);

impl Net {
    /// None, with the reason printed, where there cannot be one.
    fn new() -> Option<Net> {
        let id = folder()
            .path()
            .file_name()?
            .to_string_lossy()
            .replace('.', "");
        let net = Net(format!("peerscope-{id}"));
        let is_made = tools::is_there(&["ip", "netns"], "iproute2")
            && succeeds(&["netns", "add", &net.0])
            && net.ip(&[
                "link", "add", "left", "type", "veth", "peer", "name", "right",
            ])
            && net.ip(&["addr", "add", "10.99.0.1/24", "dev", "left"])
            && net.ip(&["link", "set", "right", "up"])
            && net.ip(&["link", "set", "left", "up"]);
        if !is_made {
            println!("skipped: no network namespace with a veth pair can be made");
        }
        is_made.then_some(net)
    }

    fn ip(&self, arguments: &[&str]) -> bool {
        succeeds(&[&["-n", &self.0], arguments].concat())
    }

    fn sniff(&self, folder: &Path, file: &str) -> Sniffer {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0, PROGRAM, "messages", "--json"]);
        command.args(["-i", "left", "-w", file]);
        Sniffer::start(command, folder)
    }

    /// Out of `left` to an address that nobody has.
    fn send(&self, text: &str) {
        let to = [
            "neigh",
            "replace",
            "10.99.0.9",
            "lladdr",
            "02:00:00:00:00:09",
        ];
        assert!(self.ip(&[&to[..], &["dev", "left"]].concat()));
        let script = format!("echo {text} >/dev/udp/10.99.0.9/9");
        assert!(succeeds(&["netns", "exec", &self.0, "bash", "-c", &script]));
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        succeeds(&["netns", "del", &self.0]);
    }
}

fn succeeds(arguments: &[&str]) -> bool {
    tools::succeeds(&[&["ip"], arguments].concat())
}
