//! The same conversations over TCP and over uTP: what a packet of each costs to decode. Over uTP it may cost half as much
//! again.
//!
//! `cargo bench --bench transports`. `PEERSCOPE_BENCH_MIB` is how much is transferred.

#[path = "../tests/utp/datagrams.rs"]
#[allow(dead_code, reason = "this network is a good one")]
mod datagrams;
#[path = "../tests/utp/line.rs"]
#[allow(dead_code, reason = "this network is a good one")]
mod line;
#[path = "../tests/utp/packet.rs"]
#[allow(dead_code, reason = "this network is a good one")]
mod packet;

use std::env;
use std::fs::File;
use std::io::{self, BufWriter};
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Instant;

use line::Line;
use peerscope::capture::Reader;
use peerscope::pipeline::Pipeline;
use peerscope::store::Store;
use peerscope::stream::Side;

const RUNS: usize = 5;
/// Payload of a packet.
const PACKET: usize = 1400;
const BLOCK: u32 = 16 << 10;
/// Connections at a time, so that none is found without a look.
const CONNECTIONS: u8 = 20;
const SYN: u8 = 2;
const ACK: u8 = 16;

type Capture = datagrams::Capture<BufWriter<File>>;

fn main() -> io::Result<()> {
    let folder = tempfile::tempdir()?;
    let carriers: [(&str, Between); 2] = [
        ("TCP", |ends| Carrier::Tcp { ends, next: [7, 9] }),
        ("uTP", |ends| Carrier::Utp(Line::new(ends, 7, [7, 9]))),
    ];
    let files = carriers.map(|(name, carrier)| {
        let file = folder.path().join(name);
        write(&file, wanted_mib(), carrier).map(|frames| (name, file, frames))
    });
    let [tcp, utp] = files;
    compare([tcp?, utp?])
}

/// `cargo test --benches` runs this as well, and only wants to know whether it works.
fn wanted_mib() -> u32 {
    let is_bench = env::args().any(|argument| argument == "--bench");
    let wanted = env::var("PEERSCOPE_BENCH_MIB").ok();
    let default = if is_bench { 512 } else { 2 };
    wanted.map_or(default, |mib| mib.parse().expect("a number of MiB"))
}

/// In turn, so that what else the machine does meets both.
fn compare(captures: [(&str, PathBuf, u32); 2]) -> io::Result<()> {
    let mut best = [f64::INFINITY; 2];
    let mut messages = [0; 2];
    for _ in 0..RUNS {
        for (number, (_, file, frames)) in captures.iter().enumerate() {
            let start = Instant::now();
            messages[number] = store(file)?.messages();
            let nanos = start.elapsed().as_secs_f64() * 1e9 / f64::from(*frames);
            best[number] = best[number].min(nanos);
        }
    }
    println!("best of {RUNS}        packets   messages  ns/packet");
    for (number, (name, _, frames)) in captures.iter().enumerate() {
        let (messages, nanos) = (messages[number], best[number]);
        println!("{name:<14} {frames:>12} {messages:>10} {nanos:>10.1}");
    }
    println!("\nuTP takes {:.2} times as long as TCP", best[1] / best[0]);
    Ok(())
}

fn store(file: &Path) -> io::Result<Store> {
    let mut pipeline = Pipeline::new(Reader::open(file).map_err(io::Error::other)?);
    let (mut store, mut changes) = (Store::default(), Vec::new());
    loop {
        let progress = pipeline.step(&mut changes);
        for change in changes.drain(..) {
            store.apply(change);
        }
        if progress.is_done {
            return Ok(store);
        }
    }
}

/// Gives the number of frames.
fn write(file: &Path, mib: u32, carrier: Between) -> io::Result<u32> {
    let mut capture = Capture::into(BufWriter::with_capacity(1 << 20, File::create(file)?));
    let ends = |host| [SocketAddr::from(([10, 0, 1, host], 50_000)), SEED];
    let mut carriers: Vec<Carrier> = (0..CONNECTIONS).map(|host| carrier(ends(host))).collect();
    for carrier in &mut carriers {
        carrier.open(&mut capture);
        for side in Side::BOTH {
            carrier.say(&mut capture, side, HANDSHAKE);
        }
    }
    for block in 0..(mib << 20) / BLOCK {
        let carrier = &mut carriers[block as usize % usize::from(CONNECTIONS)];
        carrier.transfer(&mut capture, block);
    }
    let frames = capture.frames;
    capture.into_inner().into_inner()?.sync_all()?;
    Ok(frames)
}

const SEED: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)), 6881);

const HANDSHAKE: &[u8; 68] =
    b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x0512345678901234567890-LT2110-abcdefghijkl";

type Between = fn([SocketAddr; 2]) -> Carrier;

/// A connection of a leech, which opens it, to a seed.
enum Carrier {
    Tcp {
        ends: [SocketAddr; 2],
        next: [u32; 2],
    },
    Utp(Line),
}

impl Carrier {
    fn open(&mut self, capture: &mut Capture) {
        match self {
            Carrier::Tcp { ends, next } => {
                let [a, b] = *ends;
                capture.segment([a, b], [6, 0], SYN, &[]);
                capture.segment([b, a], [8, next[0]], SYN | ACK, &[]);
            }
            Carrier::Utp(line) => capture.open(line),
        }
    }

    fn say(&mut self, capture: &mut Capture, side: Side, payload: &[u8]) {
        match self {
            Carrier::Tcp { ends, next } => {
                let ends = [side, !side].map(|side| ends[side.index()]);
                let numbers = [side, !side].map(|side| next[side.index()]);
                capture.segment(ends, numbers, ACK, payload);
                next[side.index()] = next[side.index()].wrapping_add(payload.len() as u32);
            }
            Carrier::Utp(line) if payload.is_empty() => capture.send(&line.state(side)),
            Carrier::Utp(line) => capture.send(&line.data(side, payload)),
        }
    }

    /// A request and its block; every other packet is acknowledged.
    fn transfer(&mut self, capture: &mut Capture, number: u32) {
        let [index, begin, length] = [number % 5000, 0, BLOCK].map(u32::to_be_bytes);
        let request = [&[0, 0, 0, 13, 6], &index[..], &begin, &length].concat();
        self.say(capture, Side::A, &request);
        let data = vec![number as u8 | 0x80; BLOCK as usize];
        let block = [&[0, 0, 0x40, 9, 7], &index[..], &begin, &data].concat();
        for (place, part) in block.chunks(PACKET).enumerate() {
            self.say(capture, Side::B, part);
            if place % 2 == 1 {
                self.say(capture, Side::A, &[]);
            }
        }
    }
}
