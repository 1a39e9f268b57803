//! The program while it sniffs without a screen, and the file that it leaves.

use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::OnceLock;
use std::sync::mpsc::{Receiver, channel};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;

use crate::peers::essence;

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_peerscope");

/// Long enough for a busy machine; nothing waits that long when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(15);
/// Between two looks.
const PAUSE: Duration = Duration::from_millis(5);
/// The interfaces are open before the file is made, so this is more than enough.
const GRACE: Duration = Duration::from_millis(200);

const STATISTICS: u32 = 5;
const PACKET: u32 = 6;

/// False, with the reason printed, where this user may not sniff.
pub(crate) fn may_sniff() -> bool {
    static REFUSAL: OnceLock<Option<String>> = OnceLock::new();
    let refusal = REFUSAL.get_or_init(|| {
        let output = run(&["messages", "-i", "lo", "-a", "duration:0"]);
        let err = String::from_utf8(output.stderr).unwrap();
        (output.status.code() == Some(4)).then_some(err)
    });
    if let Some(why) = refusal {
        println!("skipped: {why}");
    }
    refusal.is_none()
}

/// The program, to its end.
pub(crate) fn run(arguments: &[&str]) -> Output {
    let mut command = Command::new(PROGRAM);
    command.args(arguments).stdin(Stdio::null());
    command.output().unwrap()
}

/// A folder where anyone may write: the program may have given its rights away.
pub(crate) fn folder() -> TempDir {
    let folder = TempDir::new().unwrap();
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    folder
}

/// The captures in a folder.
pub(crate) fn captures(folder: &Path) -> Vec<PathBuf> {
    let paths = fs::read_dir(folder).unwrap().map(|it| it.unwrap().path());
    let is_capture = |path: &PathBuf| path.extension().is_some_and(|it| it == "pcapng");
    paths.filter(is_capture).collect()
}

/// Waits until the capture in the folder has begun.
pub(crate) fn has_begun(folder: &Path) {
    let is_begun = |path: &PathBuf| fs::metadata(path).is_ok_and(|it| it.len() > 0);
    until("the first blocks", || captures(folder).iter().any(is_begun));
    sleep(GRACE);
}

pub(crate) fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "no {what}");
        sleep(PAUSE);
    }
}

/// `kill -SIGNAL PID`.
pub(crate) fn kill(signal: &str, pid: u32) {
    let script = format!("kill -{signal} {pid}");
    let killed = Command::new("sh").args(["-c", &script]).status();
    assert!(killed.unwrap().success());
}

/// The program while it sniffs.
pub(crate) struct Sniffer {
    child: Child,
    lines: Receiver<(Instant, String)>,
}

/// What came of it.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    pub(crate) lines: Vec<String>,
    pub(crate) err: String,
}

impl Sniffer {
    /// `peerscope messages --json -i lo`, when it is ready. Its temporary files are in the folder.
    pub(crate) fn on_port(port: u16, folder: &Path, more: &[&str]) -> Sniffer {
        let mut command = Command::new(PROGRAM);
        command.args(["messages", "--json", "-i", "lo", "-f"]);
        command.arg(format!("tcp port {port}")).args(more);
        Sniffer::start(command, folder)
    }

    pub(crate) fn start(mut command: Command, folder: &Path) -> Sniffer {
        command.env("TMPDIR", folder).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        let (teller, lines) = channel();
        thread::spawn(move || {
            let told = |line| teller.send((Instant::now(), line));
            out.lines().map_while(Result::ok).try_for_each(told)
        });
        has_begun(folder);
        Sniffer { child, lines }
    }

    /// The next line, and when it came.
    pub(crate) fn line(&self) -> (Instant, String) {
        self.lines.recv_timeout(PATIENCE).expect("a line")
    }

    pub(crate) fn signal(&self, signal: &str) {
        kill(signal, self.child.id());
    }

    /// Waits for the end; gives the lines that nobody took.
    pub(crate) fn ended(&mut self) -> Ended {
        until("end of the program", || {
            self.child.try_wait().unwrap().is_some()
        });
        let mut err = String::new();
        let mut stderr = self.child.stderr.take().unwrap();
        stderr.read_to_string(&mut err).unwrap();
        Ended {
            status: self.child.wait().unwrap(),
            lines: self.lines.iter().map(|(_, line)| line).collect(),
            err,
        }
    }
}

impl Drop for Sniffer {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Ended {
    pub(crate) fn said(&self) -> Vec<Value> {
        self.lines.iter().map(|line| essence(line)).collect()
    }

    /// It ended in order.
    pub(crate) fn is_well(&self) {
        assert!(self.status.success(), "{:?}: {}", self.status, self.err);
    }
}

/// The lines of `messages FILE --json`, of a file about which there is nothing to note.
pub(crate) fn messages(file: &Path) -> Vec<String> {
    let output = run(&["messages", "--json", file.to_str().unwrap()]);
    let err = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success() && err.is_empty(), "{err}");
    let out = String::from_utf8(output.stdout).unwrap();
    out.lines().map(str::to_owned).collect()
}

/// A captured frame.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) original_len: usize,
    pub(crate) bytes: Vec<u8>,
}

/// A finished file: whole blocks, the last of which is a statistic. Read here on our own.
pub(crate) fn frames(file: &Path) -> Vec<Frame> {
    let (frames, last) = blocks(&fs::read(file).unwrap());
    assert_eq!(last, STATISTICS, "the last block of {}", file.display());
    frames
}

/// The frames of whole blocks, and the type of the last block.
pub(crate) fn blocks(mut bytes: &[u8]) -> (Vec<Frame>, u32) {
    let (mut frames, mut kind) = (Vec::new(), 0);
    while !bytes.is_empty() {
        kind = word(bytes, 0);
        let (block, rest) = bytes.split_at(word(bytes, 1) as usize);
        if kind == PACKET {
            let data = &block[28..][..word(block, 5) as usize];
            frames.push(Frame {
                original_len: word(block, 6) as usize,
                bytes: data.to_vec(),
            });
        }
        bytes = rest;
    }
    (frames, kind)
}

fn word(bytes: &[u8], at: usize) -> u32 {
    u32::from_le_bytes(bytes[at * 4..][..4].try_into().unwrap())
}
