//! Two clients of the real world exchange a torrent, and the program listens.
#![cfg(all(feature = "live", target_os = "linux"))]

#[path = "../tools/mod.rs"]
mod tools;

use std::collections::BTreeSet;
use std::fs::{self, Permissions};
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio, id};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::TempDir;
use tools::{is_there, succeeds};

const PROGRAM: &str = env!("CARGO_BIN_EXE_peerscope");
/// Debian's own, which finds Debian's packages.
const PYTHON: &str = "/usr/bin/python3";
const SCRIPT: &str = include_str!("client.py");

const SIZE: u64 = 2_000_000;
const PIECE: u64 = 64 * 1024;
const BLOCK: u64 = 16 * 1024;

const SEED: &str = "10.98.0.1";
const FETCH: &str = "10.98.0.2";

/// Long enough for a busy machine; nothing waits that long when all is well.
const PATIENCE: Duration = Duration::from_secs(20);
/// What was on the wire so long ago has been captured; what was opened so long ago captures.
const A_WHILE: Duration = Duration::from_millis(300);

#[test]
fn what_two_clients_say_is_what_they_hear() {
    let Some(seen) = exchange("open") else {
        return;
    };
    seen.assert_whole();
    assert_eq!(seen.live, seen.kept);
    assert!(seen.rows().iter().all(|row| row.get("via").is_none()));
}

/// The side that is connected to writes the secret of the connection to its log.
#[test]
fn what_two_clients_hide_is_read_with_their_log() {
    let Some(seen) = exchange("rc4") else {
        return;
    };
    seen.assert_whole();
    // How soon the key comes is up to the client: live, what was said before may be lost.
    assert!(seen.live.contains("\"via\":\"mse-rc4\""), "{}", seen.live);
    let (exchange, read): (Vec<Value>, Vec<Value>) = seen.rows().into_iter().partition(is_hidden);
    assert_eq!(exchange.len(), 2);
    assert!(read.iter().all(|row| row["via"] == "mse-rc4"));
    let unread = rows(&messages(&["--json", &seen.file()]));
    assert!(!unread.is_empty() && unread.iter().all(is_hidden));
}

/// Of the side that connects, the first message is encrypted whatever is selected. Nothing waits for its key while
/// there is plaintext to be read, so that only the file is sure to have it.
#[test]
fn behind_a_key_exchange_plaintext_is_read_without_a_key() {
    let Some(seen) = exchange("plaintext") else {
        return;
    };
    seen.assert_whole();
    let (_, read): (Vec<Value>, Vec<Value>) = seen.rows().into_iter().partition(is_hidden);
    let (first, rest): (Vec<Value>, Vec<Value>) = read
        .into_iter()
        .partition(|row| row["type"] == "handshake" && is_from(row, FETCH));
    assert!(first.len() == 1 && first[0]["via"] == "mse-rc4");
    assert!(rest.iter().all(|row| row["via"] == "mse-plaintext"));
    let unlocked = rows(&messages(&["--json", &seen.file()]));
    let (_, unlocked): (Vec<Value>, Vec<Value>) = unlocked.into_iter().partition(is_hidden);
    assert_eq!(unlocked, rest);
}

/// False, with the reason printed, where this cannot be tried.
fn can_run() -> bool {
    let needed = [
        (&["ip", "netns"][..], "iproute2"),
        (&[PYTHON, "-c", "import libtorrent"], "python3-libtorrent"),
    ];
    let missing = needed
        .iter()
        .find(|(probe, package)| !is_there(probe, package));
    if let Some((_, package)) = missing {
        println!("skipped: {package} is not here and cannot be installed");
    }
    missing.is_none()
}

struct Seen {
    folder: TempDir,
    /// Lines that were printed while the packets came.
    live: String,
    /// Lines of the file.
    kept: String,
    heard_by_seed: Vec<String>,
    heard_by_fetch: Vec<String>,
}

impl Seen {
    fn file(&self) -> String {
        kept(self.folder.path())
    }

    /// What was fetched was seen on its way, and all that was heard was said.
    fn assert_whole(&self) {
        let file = |role: &str| fs::read(self.folder.path().join(role).join("file")).unwrap();
        assert!(
            file("fetch") == file("seed"),
            "what was fetched is not what was seeded"
        );
        println!(
            "{} and {} messages",
            self.heard_by_fetch.len(),
            self.heard_by_seed.len()
        );
        assert_eq!(blocks(&self.rows()), all_blocks());
        assert_eq!(self.said_by(SEED), self.heard_by_fetch);
        assert_eq!(self.said_by(FETCH), self.heard_by_seed);
    }

    fn rows(&self) -> Vec<Value> {
        rows(&self.kept)
    }

    /// Types of the messages that came from there.
    fn said_by(&self, ip: &str) -> Vec<String> {
        let rows = self.rows().into_iter().filter(|row| is_from(row, ip));
        let messages = rows.filter(|row| !is_hidden(row));
        messages
            .map(|row| row["type"].as_str().unwrap().to_owned())
            .collect()
    }
}

fn kept(folder: &Path) -> String {
    folder.join("kept.pcapng").display().to_string()
}

fn is_from(row: &Value, ip: &str) -> bool {
    row["src"].as_str().unwrap().split(':').next() == Some(ip)
}

fn is_hidden(row: &Value) -> bool {
    row["type"] == "encrypted"
}

/// Of the last connection: clients that encrypt try again now and then.
fn rows(lines: &str) -> Vec<Value> {
    let rows = lines.lines();
    let mut rows: Vec<Value> = rows.map(|row| serde_json::from_str(row).unwrap()).collect();
    let number = |row: &Value| row["connection"].as_u64();
    let last = rows.iter().map(number).max();
    rows.retain(|row| Some(number(row)) == last);
    rows
}

/// One client fetches from the other, and the program listens, also to the log of the other. None where this cannot
/// be tried.
fn exchange(manner: &str) -> Option<Seen> {
    let net = can_run().then(|| Net::new(manner)).flatten()?;
    let folder = prepared();
    let (file, log) = (kept(folder.path()), folder.path().join("seed.log"));
    let reading = ["--json", "--mse-keys", log.to_str().unwrap()];
    let sniffing = ["messages", "-i", "left", "-w", &file];
    let sniffer = Running::start(net.command(0, PROGRAM).args(sniffing).args(reading));
    until("capture", || {
        fs::metadata(&file).is_ok_and(|it| it.len() > 0)
    });
    sleep(A_WHILE);
    let client = |place, role, ip, other| {
        let place_of_it = folder.path().to_str().unwrap();
        let arguments = ["-c", SCRIPT, role, place_of_it, ip, other, manner];
        Running::start(net.command(place, PYTHON).args(arguments))
    };
    let mut seed = client(0, "seed", SEED, FETCH);
    seed.is_ready();
    let mut fetch = client(1, "fetch", FETCH, SEED);
    fetch.is_ready();
    let heard_by_fetch = fetch.lines();
    // The end of its input is the end of the seed.
    drop(seed.child.stdin.take());
    let heard_by_seed = seed.lines();
    sleep(A_WHILE);
    Some(Seen {
        live: sniffer.interrupted(),
        kept: messages(&[&reading[..], &[&file]].concat()),
        heard_by_seed,
        heard_by_fetch,
        folder,
    })
}

/// A folder with a torrent, and with nothing in the log yet.
fn prepared() -> TempDir {
    let folder = TempDir::new().unwrap();
    // The program may have given its rights away.
    fs::set_permissions(folder.path(), Permissions::from_mode(0o777)).unwrap();
    for role in ["seed", "fetch"] {
        fs::create_dir(folder.path().join(role)).unwrap();
    }
    fs::write(folder.path().join("seed.log"), "").unwrap();
    let name = folder.path().to_str().unwrap();
    assert!(
        succeeds(&[PYTHON, "-c", SCRIPT, "make", name]),
        "no torrent"
    );
    folder
}

/// Index, begin and length of what pieces carried.
fn blocks(rows: &[Value]) -> BTreeSet<[u64; 3]> {
    let pieces = rows.iter().filter(|row| row["type"] == "piece");
    let numbers = |row: &Value| ["index", "begin", "length"].map(|key| row[key].as_u64().unwrap());
    pieces.map(numbers).collect()
}

fn all_blocks() -> BTreeSet<[u64; 3]> {
    let starts = (0..SIZE).step_by(BLOCK as usize);
    let block = |start| [start / PIECE, start % PIECE, BLOCK.min(SIZE - start)];
    starts.map(block).collect()
}

fn messages(arguments: &[&str]) -> String {
    let mut command = Command::new(PROGRAM);
    let output = command.arg("messages").args(arguments).output().unwrap();
    let complaints = String::from_utf8_lossy(&output.stderr);
    assert_eq!(complaints, "", "about the file that was kept");
    String::from_utf8(output.stdout).unwrap()
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "no {what}");
        sleep(Duration::from_millis(10));
    }
}

/// A program, which ends with this value if not before.
struct Running {
    child: Child,
    out: BufReader<ChildStdout>,
}

impl Running {
    fn start(command: &mut Command) -> Running {
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let out = BufReader::new(child.stdout.take().unwrap());
        Running { child, out }
    }

    fn is_ready(&mut self) {
        let mut line = String::new();
        self.out.read_line(&mut line).unwrap();
        assert_eq!(line, "ready\n");
    }

    /// The rest of its output, when it has ended well.
    fn text(&mut self) -> String {
        let mut text = String::new();
        self.out.read_to_string(&mut text).unwrap();
        assert!(self.child.wait().unwrap().success());
        text
    }

    fn lines(&mut self) -> Vec<String> {
        self.text().lines().map(str::to_owned).collect()
    }

    fn interrupted(mut self) -> String {
        let script = format!("kill -INT {}", self.child.id());
        assert!(succeeds(&["sh", "-c", &script]));
        self.text()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

/// Two networks of our own, joined by a cable.
struct Net([String; 2]);

impl Net {
    /// None, with the reason printed, where there cannot be one.
    fn new(name: &str) -> Option<Net> {
        let net = Net(["seed", "fetch"].map(|role| format!("peerscope-{}-{name}-{role}", id())));
        let [seed, fetch] = &net.0;
        let cable = [
            "link", "add", "left", "type", "veth", "peer", "name", "right", "netns", fetch,
        ];
        let is_made = succeeds(&["ip", "netns", "add", seed])
            && succeeds(&["ip", "netns", "add", fetch])
            && succeeds(&[&["ip", "-n", seed][..], &cable].concat())
            && has_end(seed, "left", SEED)
            && has_end(fetch, "right", FETCH);
        if !is_made {
            println!("skipped: no network namespaces with a veth pair can be made");
        }
        is_made.then_some(net)
    }

    /// A program in one of the networks.
    fn command(&self, place: usize, program: &str) -> Command {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &self.0[place], program]);
        command
    }
}

impl Drop for Net {
    fn drop(&mut self) {
        for name in &self.0 {
            succeeds(&["ip", "netns", "del", name]);
        }
    }
}

/// The end of the cable is up and has an address.
fn has_end(net: &str, end: &str, ip: &str) -> bool {
    succeeds(&[
        "ip",
        "-n",
        net,
        "addr",
        "add",
        &format!("{ip}/24"),
        "dev",
        end,
    ]) && succeeds(&["ip", "-n", net, "link", "set", end, "up"])
}
