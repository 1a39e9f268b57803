//! The inspector over a capture of ten million messages: a filter over all of them, the state at any of them, and what
//! a frame and a key cost anywhere in it.
//!
//! `cargo bench --bench inspector`. `PEERSCOPE_BENCH_MESSAGES` is the number of messages.

#[path = "../tests/decoding/mod.rs"]
mod decoding;
#[path = "../tests/line/mod.rs"]
mod line;
#[path = "../tests/packets/mod.rs"]
mod packets;

use std::env;
use std::hint::black_box;
use std::time::{Duration, Instant};

use decoding::decoded;
use line::Line;
use packets::{End, Pcap};
use peerscope::app::App;
use peerscope::capture::{Reader, Source, Timestamp};
use peerscope::pipeline::Pipeline;
use peerscope::store::filter::Filter;
use peerscope::store::{EntryId, Life, Listing, Order, Store, Study, Waits, Wanted, partner};
use peerscope::stream::{ConnectionId, Side};
use peerscope::view::strip::{TimeWindow, columns};
use peerscope::view::{Glyphs, Look, Palette};
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const ENDS: [End; 2] = [
    End {
        ip: [10, 0, 0, 1],
        port: 50_000,
    },
    End {
        ip: [10, 0, 0, 2],
        port: 6881,
    },
];

/// Bytes of a segment, as offload makes them.
const SEGMENT: usize = 60_000;

const FILTERS: [&str; 6] = [
    "choke or unchoke",
    "type == request and index in {17..32}",
    "src == 10.0.0.1 and begin > 0",
    "time > 3.5 and not piece",
    "client contains \"libtorrent\"",
    "frame.number == 1000000",
];

/// Entries of a slice of work.
const SLICE: usize = 20_000;

const SCREEN: Rect = Rect::new(0, 0, 120, 40);
const LOOK: Look = Look {
    palette: Palette::TERMINAL,
    glyphs: Glyphs::UNICODE,
};

fn main() {
    let count = wanted();
    let capture: &'static [u8] = Box::leak(make(count).into_boxed_slice());
    println!("{count} messages, {} MiB\n", capture.len() >> 20);
    filters(capture);
    states(capture, count);
    studies(capture);
    requests(capture);
    screen(capture);
}

/// `cargo test --benches` runs this as well, and only wants to know whether it works.
fn wanted() -> u32 {
    let is_bench = env::args().any(|argument| argument == "--bench");
    let wanted = env::var("PEERSCOPE_BENCH_MESSAGES").ok();
    let default = if is_bench { 10_000_000 } else { 10_000 };
    wanted.map_or(default, |count| {
        count.parse().expect("a number of messages")
    })
}

/// Both sides, by turns: requests, haves, and a change of the choke state now and then.
fn make(count: u32) -> Vec<u8> {
    let handshake = [
        b"\x13BitTorrent protocol".as_slice(),
        &[0; 8],
        &[7; 20],
        b"-LT2110-abcdefghijkl",
    ]
    .concat();
    let mut pcap = Pcap::new(Vec::new()).expect("memory takes it");
    let mut line = Line::open(&mut pcap, ENDS);
    for side in [0, 1] {
        line.say(side, &handshake);
    }
    let (mut bytes, mut side) = (Vec::with_capacity(SEGMENT + 20), 0);
    for number in 0..count {
        message(number, &mut bytes);
        if bytes.len() >= SEGMENT {
            line.say(side, &bytes);
            bytes.clear();
            side = 1 - side;
        }
    }
    line.say(side, &bytes);
    for side in [0, 1] {
        line.close(side);
    }
    pcap.into_inner()
}

fn message(number: u32, bytes: &mut Vec<u8>) {
    let id = (number / 1000 % 2) as u8;
    match number % 1000 {
        0 => bytes.extend([0, 0, 0, 1, id]),
        at if at % 3 == 0 => {
            bytes.extend([0, 0, 0, 5, 4]);
            bytes.extend((number % 100_000).to_be_bytes());
        }
        at => {
            bytes.extend([0, 0, 0, 13, if at % 3 == 1 { 6 } else { 8 }]);
            let words = [number % 100_000, number % 16 * 16_384, 16_384];
            words
                .iter()
                .for_each(|word| bytes.extend(word.to_be_bytes()));
        }
    }
}

fn reader(capture: &'static [u8]) -> Reader {
    Reader::new(Source::Memory(capture), "bench").expect("it is a capture")
}

fn store(capture: &'static [u8]) -> Store {
    decoded(reader(capture))
}

fn filters(capture: &'static [u8]) {
    let start = Instant::now();
    let store = store(capture);
    println!("decoded in {:.2} s", start.elapsed().as_secs_f64());
    for text in FILTERS {
        let filter: Filter = text.parse().expect("a filter");
        let start = Instant::now();
        let ids = (0..store.len() as u32).map(EntryId);
        let found = ids.filter(|id| filter.matches(&store, *id)).count();
        println!(
            "{:>6.2} s  {found:>9} of {text}",
            start.elapsed().as_secs_f64()
        );
    }
}

fn states(capture: &'static [u8], count: u32) {
    let store = store(capture);
    let times = (0..1000u64).map(|at| {
        let ordinal = (at * 7_919 * u64::from(count) / 7_919_000) as usize;
        timed(|| drop(black_box(store.talk_at(ConnectionId(0), ordinal))))
    });
    print("the state at an entry", times.collect());
}

/// A walk over the whole conversation by slices, and what the strip then asks of it for a wide screen.
fn studies(capture: &'static [u8]) {
    let store = store(capture);
    let mut study = Study::new(ConnectionId(0));
    let (mut slices, mut is_done) = (Vec::new(), false);
    while !is_done {
        slices.push(timed(|| is_done = study.step(&store, SLICE)));
    }
    print("a slice of the study", slices);
    let whole = TimeWindow::whole(&store, &study).expect("it has messages");
    let windows = (0..1000u64).map(|at| {
        let span = whole.span() >> (at % 20);
        let late = (whole.span() - span) / 1000 * at;
        TimeWindow::new(Timestamp(whole.start().0 + late), span)
    });
    let drawn = |window| timed(|| drop(black_box(columns(&store, &study, window, 190))));
    print("190 columns of time", windows.map(drawn).collect());
    let asked = study.ledger().len() as u32;
    let partners = (0..1000u64).map(|at| {
        let entry = (at * 7_919 * u64::from(study.known()) / 7_919_000) as u32;
        timed(|| {
            black_box(study.ledger().partner(entry));
            black_box(study.in_flight(Side::A, entry));
        })
    });
    print(&format!("a partner of {asked}"), partners.collect());
}

/// The walks behind the views of requests and of a connection's life, and what a frame then asks of them.
fn requests(capture: &'static [u8]) {
    let store = store(capture);
    let (mut study, mut waits, mut life) = (
        Study::new(ConnectionId(0)),
        Waits::default(),
        Life::default(),
    );
    while !study.step(&store, SLICE) {}
    let (connection, ledger, known) = (
        store.connection(ConnectionId(0)),
        study.ledger(),
        study.known(),
    );
    print(
        "a slice of waits",
        slices(|| waits.step(&store, connection, ledger, known)),
    );
    print(
        "a slice of a life",
        slices(|| life.step(&store, connection)),
    );
    let figures = (0..1000u32).map(|at| {
        let entry = (u64::from(at) * u64::from(known) / 1000) as u32;
        let now = store.entry(connection.entries()[entry as usize]).time;
        timed(|| _ = black_box(waits.figures(&store, connection, ledger, Side::A, (entry, now))))
    });
    print("figures of requests", figures.collect());
    let wanted = Wanted {
        order: Order::Wait,
        by: None,
        is_open: false,
        entry: known - 1,
        now: connection.activity.last.time,
    };
    let mut listing = Listing::new(wanted, ledger);
    print(
        "a slice of sorting",
        slices(|| listing.step(&store, connection, ledger)),
    );
    let partners = (0..1000u32).map(|at| {
        let entry = (u64::from(at) * u64::from(known) / 1000) as u32;
        timed(|| _ = black_box(partner(&store, &study, connection, entry)))
    });
    print("a partner of any kind", partners.collect());
}

/// How long each slice takes, until there is no more to do.
fn slices(mut step: impl FnMut() -> bool) -> Vec<Duration> {
    let (mut slices, mut has_more) = (Vec::new(), true);
    while has_more {
        slices.push(timed(|| has_more = step()));
    }
    slices
}

fn screen(capture: &'static [u8]) {
    let mut app = App::having_read(Pipeline::new(reader(capture)), "bench", LOOK);
    let mut buffer = Buffer::empty(SCREEN);
    app.press("Enter", SCREEN);
    app.settle();
    let (mut keys, mut frames) = (Vec::new(), Vec::new());
    for key in [
        "G", "g", "G", "k", "PgUp", "PgUp", "g", "j", "PgDn", "Enter", "j", "G",
    ]
    .iter()
    .cycle()
    .take(1200)
    {
        keys.push(timed(|| {
            black_box(app.press(key, SCREEN));
        }));
        buffer.reset();
        frames.push(timed(|| app.draw(SCREEN, &mut buffer)));
    }
    print("a key", keys);
    print("a frame", frames);
}

fn timed(act: impl FnOnce()) -> Duration {
    let start = Instant::now();
    act();
    start.elapsed()
}

fn print(what: &str, mut times: Vec<Duration>) {
    times.sort();
    let at = |percent: usize| times[(times.len() - 1) * percent / 100].as_secs_f64() * 1e3;
    println!(
        "{what:<22} median {:.3} ms, p99 {:.3} ms, most {:.3} ms",
        at(50),
        at(99),
        at(100)
    );
}
