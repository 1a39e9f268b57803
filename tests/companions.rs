//! What BitTorrent says beside the peer wire protocol: named in the account, and asked for torrents and peers.

mod decoding;

use decoding::decoded;
use hex_literal::hex;
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::store::{Protocol, Store};
use peerscope::wire::companion::Companion;
use serde_json::{Value, json};

const HASH: &str = "24c0d07c775bbb77af645f6a4a70a710ab245b99";

const UDP: u8 = 17;
const TCP: u8 = 6;

/// A pcap file of bare IPv4 packets between 10.0.0.1:6881 and 10.0.0.2:80.
struct Capture {
    bytes: Vec<u8>,
    /// What each side has sent.
    seq: [u32; 2],
}

impl Capture {
    fn new() -> Capture {
        let header = hex!("d4c3b2a1 0200 0400 00000000 00000000 00000400 65000000");
        Capture {
            bytes: header.to_vec(),
            seq: [1000, 2000],
        }
    }

    fn packet(&mut self, protocol: u8, side: usize, transport: &[u8]) {
        let mut ip = hex!("45000000 00000000 40000000 0a000001 0a000002");
        let len = ip.len() + transport.len();
        ip[2..4].copy_from_slice(&(len as u16).to_be_bytes());
        ip[9] = protocol;
        (ip[15], ip[19]) = (1 + side as u8, 2 - side as u8);
        let len = (len as u32).to_le_bytes();
        let record = [&[0; 8][..], &len, &len, &ip, transport].concat();
        self.bytes.extend(record);
    }

    fn datagram(&mut self, side: usize, payload: &[u8]) {
        let len = (8 + payload.len() as u16).to_be_bytes();
        let header = [&ports(side)[..], &len, &[0, 0]].concat();
        self.packet(UDP, side, &[&header, payload].concat());
    }

    /// A segment; a SYN has no payload.
    fn segment(&mut self, side: usize, payload: &[u8]) {
        let flags = match (payload.is_empty(), side) {
            (true, 0) => 0x02,
            (true, _) => 0x12,
            _ => 0x10,
        };
        let seq = self.seq[side].to_be_bytes();
        let ack = self.seq[1 - side].to_be_bytes();
        let rest = [0x50, flags, 0xff, 0xff, 0, 0, 0, 0];
        let header = [&ports(side)[..], &seq, &ack, &rest].concat();
        self.packet(TCP, side, &[&header, payload].concat());
        self.seq[side] += (payload.len() as u32).max(1);
    }

    /// What the client says, and what it is answered, in pieces.
    fn connection(said: &[u8], answer: &[u8], step: usize) -> Capture {
        let mut capture = Capture::new();
        capture.segment(0, b"");
        capture.segment(1, b"");
        said.chunks(step).for_each(|it| capture.segment(0, it));
        answer.chunks(step).for_each(|it| capture.segment(1, it));
        capture
    }

    fn store(self) -> Store {
        let source = Source::Memory(self.bytes.leak());
        decoded(Reader::new(source, "companions.pcap").unwrap())
    }
}

fn ports(side: usize) -> [u8; 4] {
    let ports = hex!("1ae1 0050");
    match side {
        0 => ports,
        _ => [ports[2], ports[3], ports[0], ports[1]],
    }
}

fn account(store: &Store) -> Value {
    let mut out = Vec::new();
    export::summary(store, "companions.pcap", &[], Format::Json, &mut out).unwrap();
    serde_json::from_slice(&out).unwrap()
}

/// `24c0…: 10.0.0.1:6881 by DHT, HTTP tracker`, a line for each peer.
fn peers(store: &Store) -> Vec<String> {
    let torrents = store.sightings().torrents();
    let lines = torrents.flat_map(|(hash, seen)| {
        seen.peers().into_iter().map(move |(peer, by)| {
            let by: Vec<&str> = by.iter().map(Companion::name).collect();
            format!("{hash}: {peer} by {}", by.join(", "))
        })
    });
    lines.collect()
}

#[test]
fn datagrams_stand_in_the_account_by_what_they_are() {
    let mut capture = Capture::new();
    capture.datagram(0, &hex!("0000041727101980 00000000 a1b2c3d4"));
    capture.datagram(1, &hex!("00000000 a1b2c3d4 1122334455667788"));
    capture.datagram(
        0,
        b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe",
    );
    let search = format!("BT-SEARCH * HTTP/1.1\r\nPort: 6882\r\nInfohash: {HASH}\r\n\r\n");
    capture.datagram(0, search.as_bytes());
    capture.datagram(0, &hex!("41002741c9b699ba00000000001000002e6c0000"));
    capture.datagram(1, &hex!("21002741005e885e36a7e8830010000041a72e6c"));
    capture.datagram(0, b"hello");
    let store = capture.store();
    let account = account(&store);
    assert_eq!(
        account["udp"],
        json!({
            "udp_tracker": {"frames": 2, "bytes": 32},
            "dht": {"frames": 1, "bytes": 56},
            "local_discovery": {"frames": 1, "bytes": search.len()},
            "utp": {"frames": 2, "bytes": 40},
            "other": {"frames": 1, "bytes": 5},
        })
    );
    assert_eq!(
        (&account["frames"], &account["tcp"]),
        (&json!(7), &json!(0))
    );
    let named = json!({"torrents": 1, "peers": 1, "unkept": 0});
    assert_eq!(account["named"], named);
    let peer = format!("{HASH}: 10.0.0.1:6882 by local discovery");
    assert_eq!(peers(&store), [peer]);
}

const ANNOUNCE: &[u8] = b"GET /announce?info_hash=%24%c0%d0%7cw%5b%bbw%afd_jJp%a7%10%ab%24%5b%99\
    &peer_id=-TR3000-u28prwuxaul4&port=6882&compact=1 HTTP/1.1\r\nHost: t\r\n\r\n";
const ANSWER: &[u8] =
    b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\nd8:intervali9e5:peers6:axje.ue";

#[test]
fn a_connection_to_a_tracker_is_named_and_its_bytes_are_the_trackers() {
    for step in [17, 1460] {
        let store = Capture::connection(ANNOUNCE, ANSWER, step).store();
        let tracker = Protocol::Companion(Companion::HttpTracker);
        assert_eq!(store.connections()[0].protocol(), tracker);
        let account = account(&store);
        let all = ANNOUNCE.len() + ANSWER.len();
        assert_eq!(account["http_tracker"], json!(all));
        assert_eq!(account["other_protocol"], json!(0));
        assert_eq!(account["stream"], json!(all));
        let own = format!("{HASH}: 10.0.0.1:6882 by HTTP tracker");
        let other = format!("{HASH}: 97.120.106.101:11893 by HTTP tracker");
        assert_eq!(peers(&store), [own, other]);
    }
}

#[test]
fn a_page_is_no_tracker() {
    let store = Capture::connection(b"GET /?info_hash=none HTTP/1.1\r\n\r\n", ANSWER, 1460).store();
    assert_eq!(store.connections()[0].protocol(), Protocol::Other);
    assert_eq!(account(&store)["http_tracker"], json!(0));
    assert!(peers(&store).is_empty());
}

#[test]
fn its_names_are_in_the_text_and_in_the_rows_of_connections() {
    let store = Capture::connection(ANNOUNCE, ANSWER, 1460).store();
    let mut text = Vec::new();
    export::summary(&store, "companions.pcap", &[], Format::Text, &mut text).unwrap();
    let text = String::from_utf8(text).unwrap();
    for line in [
        "+ HTTP tracker              210  announces, scrapes",
        "    peers named                 2  for 1 torrent, by HTTP tracker",
        "     HTTP tracker",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    let mut rows = Vec::new();
    export::connections(&store, Format::Json, &mut rows).unwrap();
    let row: Value = serde_json::from_slice(&rows).unwrap();
    assert_eq!(row["protocol"], json!("http_tracker"));
}
