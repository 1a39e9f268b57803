//! Two peers that talk through loopback, one message after the other.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::sniffer::PATIENCE;

pub(crate) const BLOCK: u32 = 16 * 1024;

/// Who speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Leech,
    Seed,
}

/// Where the peers will meet: the port is known before they do.
pub(crate) struct Meeting {
    listener: TcpListener,
    pub(crate) port: u16,
}

impl Meeting {
    pub(crate) fn new() -> Meeting {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        Meeting { listener, port }
    }

    /// Both peers, connected; nothing is said yet.
    pub(crate) fn begin(&self) -> Peers {
        let leech = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let (seed, _) = self.listener.accept().unwrap();
        for end in [&leech, &seed] {
            end.set_nodelay(true).unwrap();
            end.set_read_timeout(Some(PATIENCE)).unwrap();
        }
        let said = Vec::new();
        Peers { leech, seed, said }
    }
}

/// A connection with all that was said in it.
pub(crate) struct Peers {
    leech: TcpStream,
    seed: TcpStream,
    /// As [`essence`] has it.
    pub(crate) said: Vec<Value>,
}

impl Peers {
    /// Everything that a download of some pieces takes.
    pub(crate) fn exchange(&mut self, pieces: u32) {
        self.introduce();
        (0..pieces).for_each(|piece| self.download(piece));
    }

    pub(crate) fn introduce(&mut self) {
        use Side::{Leech, Seed};
        self.say(Leech, &handshake(b"-TR3000-a leech here"), "handshake", &[]);
        self.say(Seed, &handshake(b"-LT2110-a seed there"), "handshake", &[]);
        self.tell(Seed, 14, "have_all", &[]);
        self.tell(Leech, 15, "have_none", &[]);
        self.tell(Leech, 2, "interested", &[]);
        self.tell(Seed, 1, "unchoke", &[]);
    }

    /// A piece of two blocks.
    pub(crate) fn download(&mut self, piece: u32) {
        for begin in [0, BLOCK] {
            self.tell(Side::Leech, 6, "request", &[piece, begin, BLOCK]);
            self.give(piece, begin);
        }
        self.have(piece);
    }

    pub(crate) fn have(&mut self, piece: u32) {
        self.tell(Side::Leech, 4, "have", &[piece]);
    }

    fn give(&mut self, piece: u32, begin: u32) {
        let body = [words(&[piece, begin]), vec![piece as u8; BLOCK as usize]].concat();
        let numbers = [piece, begin, BLOCK];
        self.say(Side::Seed, &message(7, &body), "piece", &numbers);
    }

    fn tell(&mut self, side: Side, id: u8, name: &str, numbers: &[u32]) {
        self.say(side, &message(id, &words(numbers)), name, numbers);
    }

    /// The other side has read it when this returns, so the order on the wire is that of the calls.
    fn say(&mut self, side: Side, bytes: &[u8], name: &str, numbers: &[u32]) {
        let (from, to) = match side {
            Side::Leech => (&mut self.leech, &mut self.seed),
            Side::Seed => (&mut self.seed, &mut self.leech),
        };
        from.write_all(bytes).unwrap();
        to.read_exact(&mut vec![0; bytes.len()]).unwrap();
        let src = from.local_addr().unwrap().to_string();
        let dst = to.local_addr().unwrap().to_string();
        self.said.push(json!([src, dst, name, numbers]));
    }
}

/// Of a line of `messages --json`, what its sender knows: who said what to whom.
pub(crate) fn essence(line: &str) -> Value {
    let row: Value = serde_json::from_str(line).unwrap();
    let numbers = ["index", "begin", "length"].map(|key| row[key].clone());
    let numbers: Vec<_> = numbers.into_iter().filter(|it| !it.is_null()).collect();
    json!([row["src"], row["dst"], row["type"], numbers])
}

fn handshake(peer_id: &[u8; 20]) -> Vec<u8> {
    let start = b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04";
    [&start[..], b"the hash of no files", peer_id].concat()
}

fn message(id: u8, body: &[u8]) -> Vec<u8> {
    [&words(&[body.len() as u32 + 1]), &[id][..], body].concat()
}

fn words(numbers: &[u32]) -> Vec<u8> {
    numbers
        .iter()
        .flat_map(|number| number.to_be_bytes())
        .collect()
}
