//! What else goes between the two sockets of a connection over uTP.

use std::net::SocketAddr;

use hex_literal::hex;
use peerscope::stream::{Side, Transport};

use crate::datagrams::Capture;
use crate::heard::Heard;
use crate::line::Line;
use crate::talk::{handshake, have};
use crate::{A, B};

/// A connection over TCP, byte by byte beside another.
struct Tcp {
    next: [u32; 2],
}

impl Tcp {
    fn open(capture: &mut Capture) -> Tcp {
        capture.segment([A, B], [99, 0], 2, &[]);
        capture.segment([B, A], [499, 100], 18, &[]);
        Tcp { next: [100, 500] }
    }

    fn say(&mut self, capture: &mut Capture, side: Side, bytes: &[u8]) {
        let ends: [SocketAddr; 2] = if side == Side::A { [A, B] } else { [B, A] };
        let [own, other] = [side, !side].map(|side| self.next[side.index()]);
        capture.segment(ends, [own, other], 16, bytes);
        self.next[side.index()] += bytes.len() as u32;
    }
}

#[test]
fn tcp_and_utp_between_the_same_ports_stay_apart() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    let mut tcp = Tcp::open(&mut capture);
    capture.open(&mut line);
    for part in handshake().chunks(10) {
        for side in Side::BOTH {
            tcp.say(&mut capture, side, part);
            capture.send(&line.data(side, part));
        }
    }
    for piece in 0..5 {
        tcp.say(&mut capture, Side::A, &have(piece));
        capture.send(&line.data(Side::A, &have(10 + piece)));
    }
    let frames = capture.frames;
    let heard = Heard::of(capture);
    heard.assert_it_adds_up(frames);
    let transports = heard.store.connections().iter().map(|it| it.transport);
    let transports: Vec<Transport> = transports.collect();
    assert_eq!(transports, [Transport::Tcp, Transport::Utp { id: 7 }]);
    for (number, first) in [(0, 0), (1, 10)] {
        let said = (first..first + 5).map(|piece| format!("A have {piece}"));
        assert_eq!(heard.words(number)[2..], said.collect::<Vec<_>>());
        assert_eq!(heard.words(number)[..2], ["A handshake", "B handshake"]);
    }
    let transport = |row: &serde_json::Value| row["transport"] == "utp";
    assert_eq!(heard.rows().iter().filter(|row| transport(row)).count(), 7);
}

/// One socket speaks to the DHT, to a tracker and uTP.
#[test]
fn other_datagrams_between_the_same_ports_disturb_nothing() {
    let others = [
        &b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe"[..],
        &b"d1:rd2:id20:abcdefghij0123456789e1:t2:aa1:y1:re"[..],
        &hex!("0000041727101980 00000000 a1b2c3d4"),
        b"hello",
        b"",
        &[0x21],
        &[0xff; 1400],
    ];
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    for other in others {
        capture.datagram(A, B, other);
        capture.datagram(B, A, other);
    }
    capture.open(&mut line);
    for part in [handshake(), have(1), have(2)].concat().chunks(5) {
        for (other, side) in others.iter().zip([Side::A, Side::B].into_iter().cycle()) {
            let ends = if side == Side::A { [A, B] } else { [B, A] };
            capture.datagram(ends[0], ends[1], other);
        }
        capture.send(&line.data(Side::B, part));
        capture.send(&line.state(Side::A));
    }
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0]);
    assert_eq!(heard.words(0), ["B handshake", "B have 1", "B have 2"]);
    let account = heard.account();
    let rounds = 86_u64.div_ceil(5);
    assert_eq!(account["udp"]["dht"]["frames"], 4 + 2 * rounds);
    let segments = u64::from(heard.connection(0).activity.segments);
    assert_eq!(segments, 2 + 2 * rounds);
    assert_eq!(account["frames"], segments + (2 + rounds) * 7);
}

/// Its header is right, its connection is nobody's.
#[test]
fn a_single_header_that_fits_nothing_opens_nothing() {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, 50]));
    capture.greet(&mut line);
    let mut stranger = Line::new([A, B], 5000, [7, 8]);
    capture.send(&stranger.data(Side::A, b"nothing"));
    capture.say(&mut line, Side::A, &have(1), 9);
    let heard = Heard::of(capture);
    assert_eq!(heard.over_utp(), [0]);
    assert_eq!(heard.words(0).len(), 3);
}
