//! A capture of a gigabyte from the file to the store, beside the least that reading it can cost.
//!
//! `cargo bench --bench decode`. `PEERSCOPE_BENCH_MIB` is the size of the capture that is made;
//! `PEERSCOPE_BENCH_FILE` names another one to be measured instead.

#[path = "../tests/decoding/mod.rs"]
mod decoding;
#[path = "../tests/packets/mod.rs"]
mod packets;

use std::env;
use std::fs::{self, File};
use std::io::{self, BufWriter};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Instant;

use decoding::decoded;
use packets::{ACK, End, FIN, Pcap, SYN, Segment};
use peerscope::capture::Reader;
use peerscope::findings::Findings;
use peerscope::store::Store;
use peerscope::stream::Side;

const MIB: u64 = 1 << 20;
const RUNS: usize = 3;

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let file = match env::var_os("PEERSCOPE_BENCH_FILE") {
        Some(file) => PathBuf::from(file),
        None => make(folder.path().join("bench.pcap"), wanted_mib())?,
    };
    compare(&file)
}

/// `cargo test --benches` runs this as well, and only wants to know whether it works.
fn wanted_mib() -> u64 {
    let is_bench = env::args().any(|argument| argument == "--bench");
    let wanted = env::var("PEERSCOPE_BENCH_MIB").ok();
    let default = if is_bench { 1024 } else { 4 };
    wanted.map_or(default, |mib| mib.parse().expect("a number of MiB"))
}

/// Runs everything on the same file and prints a table.
fn compare(file: &Path) -> io::Result<()> {
    let size = fs::metadata(file)?.len();
    println!("{} MiB, best of {RUNS}\n", size / MIB);
    println!("                    MB/s   wall s    CPU s   x wall    x CPU");
    let read = best(|| read(file))?;
    read.print("bare read", size, &read);
    forget_peak();
    let mut messages = 0;
    let decoded = best(|| store(file).map(|store| messages = count(&store)))?;
    let peak = peak()?;
    let whole = store(file)?;
    let judged = best(|| {
        Findings::of(&whole);
        Ok(())
    })?;
    decoded.print("file to store", size, &read);
    judged.print("findings", size, &read);
    match best(|| tcpdump(file)) {
        Ok(tcpdump) => tcpdump.print("tcpdump -w", size, &read),
        Err(error) => println!("tcpdump -w       {error}"),
    }
    let share = 100.0 * judged.wall / decoded.wall;
    println!("\nfindings cost {share:.1} % of decoding");
    println!("{messages} messages, at most {peak} KiB resident");
    Ok(())
}

/// What one run took, in seconds.
#[derive(Clone, Copy)]
struct Cost {
    wall: f64,
    cpu: f64,
}

impl Cost {
    fn print(self, name: &str, size: u64, least: &Cost) {
        let speed = size as f64 / 1e6 / self.wall;
        let (wall, cpu) = (self.wall / least.wall, self.cpu / least.cpu);
        println!(
            "{name:<16} {speed:>7.0} {:>8.3} {:>8.2} {wall:>8.2} {cpu:>8.2}",
            self.wall, self.cpu
        );
    }
}

fn best(mut run: impl FnMut() -> io::Result<()>) -> io::Result<Cost> {
    let mut best: Option<Cost> = None;
    for _ in 0..RUNS {
        let (before, start) = (cpu()?, Instant::now());
        run()?;
        let wall = start.elapsed().as_secs_f64();
        let cost = Cost {
            wall,
            cpu: cpu()? - before,
        };
        best = best.filter(|best| best.wall <= wall).or(Some(cost));
    }
    Ok(best.expect("there is at least one run"))
}

/// By pieces as large as the window of the capture's reader.
fn read(file: &Path) -> io::Result<()> {
    let (file, mut buffer, mut at) = (File::open(file)?, vec![0; 256 * 1024], 0);
    loop {
        match file.read_at(&mut buffer, at)? {
            0 => return Ok(()),
            read => at += read as u64,
        }
    }
}

fn store(file: &Path) -> io::Result<Store> {
    Reader::open(file).map(decoded).map_err(io::Error::other)
}

fn tcpdump(file: &Path) -> io::Result<()> {
    let mut command = Command::new("tcpdump");
    command
        .arg("-r")
        .arg(file)
        .args(["-w", "/dev/null"])
        .stderr(Stdio::null());
    if command.status()?.success() {
        Ok(())
    } else {
        Err(io::Error::other("failed"))
    }
}

fn count(store: &Store) -> u64 {
    let sides = store
        .connections()
        .iter()
        .flat_map(|it| Side::BOTH.map(|side| it.facts(side)));
    sides.flatten().map(|facts| facts.messages).sum()
}

/// Seconds of this process and of its children that have ended.
fn cpu() -> io::Result<f64> {
    const TICKS_PER_SECOND: f64 = 100.0;
    let stat = fs::read_to_string("/proc/self/stat")?;
    // The second field is the name of the program, in brackets; 14 to 17 are the times.
    let fields = stat
        .rsplit(')')
        .next()
        .unwrap_or_default()
        .split_whitespace();
    let ticks: u64 = fields
        .skip(11)
        .take(4)
        .filter_map(|field| field.parse::<u64>().ok())
        .sum();
    Ok(ticks as f64 / TICKS_PER_SECOND)
}

/// The most memory that was resident at once, in KiB.
fn peak() -> io::Result<String> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    Ok(line
        .unwrap_or_default()
        .trim()
        .trim_end_matches(" kB")
        .to_owned())
}

/// Where that is not allowed, making the capture counts as well; it takes little.
fn forget_peak() {
    let _ = fs::write("/proc/self/clear_refs", "5");
}

/// Makes the capture, a smaller one where the disk is full.
fn make(file: PathBuf, mib: u64) -> io::Result<PathBuf> {
    match write(&file, mib * MIB) {
        Err(error) if error.kind() == io::ErrorKind::StorageFull && mib > 1 => {
            println!(
                "no room for {mib} MiB in {}: {error}; trying half",
                file.display()
            );
            make(file, mib / 2)
        }
        written => written.map(|()| file),
    }
}

const CONNECTIONS: u8 = 20;

/// All connections at once, a few segments of each in turn.
fn write(file: &Path, size: u64) -> io::Result<()> {
    let mut pcap = Pcap::new(BufWriter::with_capacity(1 << 20, File::create(file)?))?;
    let mut random = Random(1);
    let mut leeches: Vec<Leech> = (0..CONNECTIONS).map(Leech::new).collect();
    let mut written = 0;
    for leech in &mut leeches {
        written += leech.begin(&mut pcap)?;
    }
    while written < size {
        for leech in &mut leeches {
            for _ in 0..=random.next() % 4 {
                written += leech.go_on(&mut pcap, &mut random)?;
            }
        }
    }
    for leech in &mut leeches {
        leech.end(&mut pcap)?;
    }
    pcap.into_inner().into_inner()?.sync_all()
}

type Out = Pcap<BufWriter<File>>;

/// Payload of a full segment.
const SEGMENT: usize = 1448;
/// Bytes of a block, two of which are a piece.
const BLOCK: u32 = 16 * 1024;
const PIECES: u32 = 1 << 14;

const LEECH: usize = 0;
const SEED: usize = 1;

/// A connection on which one peer gets everything from the other.
struct Leech {
    ends: [End; 2],
    next: [u32; 2],
    /// Of the seed, on its way.
    outbox: Vec<u8>,
    blocks: u32,
    segments: u32,
}

impl Leech {
    fn new(number: u8) -> Leech {
        let end = |ip, port| End { ip, port };
        Leech {
            ends: [
                end([10, 0, 1, number], 50_000 + u16::from(number)),
                end([10, 0, 0, 1], 6881),
            ],
            next: [u32::from(number) << 28, u32::from(number) << 27],
            outbox: Vec::new(),
            blocks: 0,
            segments: 0,
        }
    }

    fn begin(&mut self, pcap: &mut Out) -> io::Result<u64> {
        self.send(pcap, LEECH, SYN, &[])?;
        self.send(pcap, SEED, SYN | ACK, &[])?;
        for side in [LEECH, SEED] {
            self.send(pcap, side, ACK, &handshake(side as u8))?;
        }
        let all = vec![0xff; PIECES as usize / 8];
        self.send(pcap, SEED, ACK, &message(5, &[&all]))?;
        self.send(pcap, LEECH, ACK, &message(2, &[]))?;
        self.send(pcap, SEED, ACK, &message(1, &[]))
    }

    /// The next segment of the seed, and every other time an acknowledgement. Blocks follow each other without a break.
    fn go_on(&mut self, pcap: &mut Out, random: &mut Random) -> io::Result<u64> {
        let mut written = 0;
        while self.outbox.len() < SEGMENT {
            written += self.ask(pcap, random)?;
        }
        let segment: Vec<u8> = self.outbox.drain(..SEGMENT).collect();
        written += self.send(pcap, SEED, ACK, &segment)?;
        self.segments += 1;
        if self.segments.is_multiple_of(2) {
            written += self.send(pcap, LEECH, ACK, &[])?;
        }
        Ok(written)
    }

    /// A request for the next block, a have for the piece before it, and the block into the outbox.
    fn ask(&mut self, pcap: &mut Out, random: &mut Random) -> io::Result<u64> {
        let piece = self.blocks / 2;
        let begin = self.blocks % 2 * BLOCK;
        let [index, begin, length] = [piece % PIECES, begin, BLOCK].map(u32::to_be_bytes);
        let mut said = message(6, &[&index, &begin, &length]);
        if self.blocks > 0 && self.blocks.is_multiple_of(2) {
            said.extend(message(4, &[&((piece - 1) % PIECES).to_be_bytes()]));
        }
        self.blocks += 1;
        self.outbox
            .extend(message(7, &[&index, &begin, &random.bytes()]));
        self.send(pcap, LEECH, ACK, &said)
    }

    fn end(&mut self, pcap: &mut Out) -> io::Result<u64> {
        let rest = std::mem::take(&mut self.outbox);
        for segment in rest.chunks(SEGMENT) {
            self.send(pcap, SEED, ACK, segment)?;
        }
        self.send(pcap, SEED, FIN | ACK, &[])?;
        self.send(pcap, LEECH, FIN | ACK, &[])
    }

    /// Gives how many bytes the file has grown.
    fn send(&mut self, pcap: &mut Out, from: usize, flags: u8, payload: &[u8]) -> io::Result<u64> {
        let to = 1 - from;
        pcap.push(&Segment {
            src: self.ends[from],
            dst: self.ends[to],
            seq: self.next[from],
            ack: self.next[to],
            flags,
            payload,
        })?;
        let len = payload.len() as u32 + u32::from(flags & (SYN | FIN) != 0);
        self.next[from] = self.next[from].wrapping_add(len);
        Ok(16 + packets::HEADERS as u64 + payload.len() as u64)
    }
}

fn handshake(side: u8) -> Vec<u8> {
    let reserved = [0, 0, 0, 0, 0, 0x10, 0, 0x05];
    [
        b"\x13BitTorrent protocol".as_slice(),
        &reserved,
        &[7; 20],
        b"-LT2110-",
        &[b'a' + side; 12],
    ]
    .concat()
}

fn message(id: u8, body: &[&[u8]]) -> Vec<u8> {
    let body = body.concat();
    [&(body.len() as u32 + 1).to_be_bytes(), &[id][..], &body].concat()
}

/// A linear congruential generator (Knuth, TAOCP 3.3.4): the same capture every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 32
    }

    /// The data of a block.
    fn bytes(&mut self) -> Vec<u8> {
        (0..BLOCK / 4)
            .flat_map(|_| (self.next() as u32).to_le_bytes())
            .collect()
    }
}
