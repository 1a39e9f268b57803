//! Datagrams of others, by the hundred thousand: none of them opens a connection.

use std::fs::File;
use std::io::{BufWriter, Seek, Write};
use std::net::SocketAddr;
use std::sync::Arc;

use hex_literal::hex;
use peerscope::capture::{Reader, Source};

use crate::datagrams::Capture;
use crate::decoding::decoded;
use crate::end;
use crate::line::Line;

/// A generator of bytes that is the same every time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn fill(&mut self, bytes: &mut [u8]) {
        for chunk in bytes.chunks_mut(8) {
            let random = self.next().to_le_bytes();
            chunk.copy_from_slice(&random[..chunk.len()]);
        }
    }
}

/// Connections that are opened by `count` datagrams between sixteen clients and a server, both ways, whose bytes are noise
/// but for what `shape` makes of them. It is told the number of the datagram and whether it is an answer.
fn opened(
    count: u32,
    mut shape: impl FnMut(&mut Random, &mut [u8; 256], u32, bool) -> usize,
) -> usize {
    let file = tempfile::tempfile().unwrap();
    let mut capture = Capture::into(BufWriter::with_capacity(1 << 20, file));
    let (mut random, mut bytes) = (Random(0x9e37_79b9), [0; 256]);
    for number in 0..count {
        random.fill(&mut bytes);
        let is_answer = random.next().is_multiple_of(2);
        let len = shape(&mut random, &mut bytes, number, is_answer);
        let ends: [SocketAddr; 2] = [end(number as u8 % 16, 40_000), end(99, 6969)];
        let [src, dst] = if is_answer { [ends[1], ends[0]] } else { ends };
        capture.datagram(src, dst, &bytes[..len]);
    }
    // What is looked for would be found.
    capture.greet(&mut Line::new(
        [end(200, 6881), end(99, 6969)],
        7,
        [900, 50],
    ));
    connections(capture) - 1
}

fn connections(capture: Capture<BufWriter<File>>) -> usize {
    let mut file = capture.into_inner().into_inner().unwrap();
    file.flush().and_then(|()| file.rewind()).unwrap();
    let reader = Reader::new(Source::File(Arc::new(file)), "foreign").unwrap();
    let store = decoded(reader);
    assert_eq!(store.messages(), 2, "but two handshakes nothing is said");
    store.connections().len()
}

#[test]
fn a_million_random_datagrams_open_no_connection() {
    let any = |random: &mut Random, _: &mut [u8; 256], _, _| (random.next() % 64) as usize;
    assert_eq!(opened(1_000_000, any), 0);
}

/// The version and the type are uTP's, and so is the length where the type carries nothing.
#[test]
fn a_million_random_datagrams_that_begin_as_utp_open_no_connection() {
    let begun = |random: &mut Random, bytes: &mut [u8; 256], _, _| {
        let kind = (random.next() % 5) as u8;
        (bytes[0], bytes[1]) = (kind << 4 | 1, 0);
        if kind == 4 {
            bytes[8..12].fill(0);
        }
        if kind < 2 { 50 } else { 20 }
    };
    assert_eq!(opened(1_000_000, begun), 0);
}

/// Every one carries on the extensions that uTP has.
#[test]
fn random_datagrams_with_extensions_open_no_connection() {
    let begun = |random: &mut Random, bytes: &mut [u8; 256], _, _| {
        bytes[..2].copy_from_slice(&[0x01, 1 + (random.next() % 3) as u8]);
        let len = [4, 8, 4][usize::from(bytes[1]) - 1];
        (bytes[20], bytes[21]) = (0, len);
        60
    };
    assert_eq!(opened(300_000, begun), 0);
}

/// Datagrams that begin with `head`; in the two bytes at `counter` each side counts its own.
fn others(head: &'static [u8], counter: usize, len: usize) -> usize {
    let mut counts = [[0u16; 2]; 16];
    opened(100_000, move |_, bytes, number, is_answer| {
        bytes[..head.len()].copy_from_slice(head);
        let count = &mut counts[number as usize % 16][usize::from(is_answer)];
        *count = count.wrapping_add(1);
        bytes[counter..counter + 2].copy_from_slice(&count.to_be_bytes());
        len
    })
}

/// A test for each protocol, so that they run beside each other.
macro_rules! open_no_connection {
    ($($name:ident: $head:expr, $counter:expr, $len:expr;)*) => {
        $(
            #[test]
            fn $name() {
                assert_eq!(others(&$head[..], $counter, $len), 0);
            }
        )*
    };
}

open_no_connection! {
    dns: hex!("a5a5 0100 0001 0000 0000 0000 03777777 07"), 0, 40;
    dns_that_counts_its_numbers: hex!("0100 0100 0001 0000 0000 0000 03777777 07"), 2, 40;
    quic_initial: hex!("c3 00000001 08"), 6, 200;
    quic_short_header: hex!("41 00 1234"), 16, 60;
    stun_binding: hex!("0001 0000 2112a442"), 8, 20;
    stun_answer: hex!("0101 000c 2112a442"), 8, 32;
    turn_channel: hex!("4000 0020"), 4, 36;
    ntp: hex!("23 02 06 ec 00000a00 00000b00"), 40, 48;
    rtp: hex!("80 60"), 2, 172;
    rtcp: hex!("81 c8 000c"), 4, 52;
    wireguard_handshake: hex!("01000000"), 4, 148;
    wireguard_data: hex!("04000000 0a0b0c0d 0000"), 8, 64;
    dht: b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:", 47, 60;
    tracker: hex!("0000041727101980 00000000"), 14, 16;
    tracker_answer: hex!("00000001"), 6, 20;
    teredo: hex!("0001 0000 60000000 0000 3b 15"), 12, 60;
    a_game_with_a_version_and_counters: hex!("01000007 00000000 00000000 00000001 0000 0000"), 16, 30;
    a_game_that_counts_what_it_acknowledges: hex!("01000007 00000000 00000000 00000001 0000 0000"), 18, 30;
    counters_in_front: hex!("0100"), 2, 64;
    a_count_of_zeros: [0; 100], 10, 100;
}
