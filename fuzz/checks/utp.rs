//! Any bytes -> a capture of uTP packets (BEP 29) that may well meet: two ports, few ids, numbers that soon wrap.
//!
//! The input is a list of datagrams, eleven bytes and a payload each:
//!
//! ```text
//!  0     0x07 what it is: DATA, FIN, STATE, RESET, SYN, DATA, the payload and no header, a RESET of version 0;
//!        0x08 a second later, 0x10 from the other end, 0x20 from another port, 0x40 in fragments, 0x80 last one first
//!  1     connection id: from ID on
//!  2     bytes at its end that were not captured
//!  3-4   number, 5-6 acknowledgement: from NUMBER on
//!  7     extensions: see `extensions`
//!  8     what its clock says
//!  9-10  length of the payload, which follows
//! ```

use peerscope::capture::LinkType;

use super::packets;
use super::pcapng::Pcapng;
use super::wrap::{fragments4, ip4};

const UDP: u8 = 17;
/// Bytes of a datagram in the input before its payload.
const HEAD: usize = 11;
/// The lowest id: six come before they wrap.
const ID: u16 = 65_530;
const NUMBER: u16 = 65_500;
const RESET: u8 = 3;
const SYN: u8 = 4;
const BARE: u8 = 6;
const OLD_RESET: u8 = 7;
const KIND: u8 = 0x07;
const LATER: u8 = 0x08;
const OTHER_END: u8 = 0x10;
const OTHER_PORT: u8 = 0x20;
const FRAGMENTED: u8 = 0x40;
const LAST_FIRST: u8 = 0x80;

/// All that holds for segments of TCP holds for packets of uTP.
pub(crate) fn check(input: &[u8]) {
    packets::holds_for(&capture(input));
}

/// A pcapng file of IPv4 packets.
fn capture(mut input: &[u8]) -> Vec<u8> {
    let mut file = Pcapng::new(&[LinkType::IPV4]);
    while let Some((head, rest)) = input.split_first_chunk::<HEAD>() {
        let len = usize::from(u16::from_be_bytes([head[9], head[10]])).min(rest.len());
        let (payload, rest) = rest.split_at(len);
        Step { head, payload }.write(&mut file);
        input = rest;
    }
    file.bytes
}

/// A datagram as the input describes it.
struct Step<'a> {
    head: &'a [u8; HEAD],
    payload: &'a [u8],
}

impl Step<'_> {
    fn write(&self, file: &mut Pcapng) {
        let ip = ip4(UDP, [self.head[3], self.head[4]], self.hosts(), &self.udp());
        let mut parts = if self.has(FRAGMENTED) {
            fragments4(&ip)
        } else {
            vec![ip]
        };
        if self.has(LAST_FIRST) {
            parts.reverse();
        }
        for part in parts {
            file.push(0, &part, usize::from(self.head[2]));
        }
    }

    fn has(&self, bit: u8) -> bool {
        self.head[0] & bit != 0
    }

    fn hosts(&self) -> [u8; 2] {
        if self.has(OTHER_END) { [2, 1] } else { [1, 2] }
    }

    fn udp(&self) -> Vec<u8> {
        let first = if self.has(OTHER_PORT) { 50_001 } else { 50_000 };
        let mut ports = [first, 6881];
        if self.has(OTHER_END) {
            ports.reverse();
        }
        let payload = self.packet();
        let [src, dst] = ports;
        let header = [src, dst, (8 + payload.len()) as u16, 0].map(u16::to_be_bytes);
        [header.as_flattened(), &payload].concat()
    }

    fn packet(&self) -> Vec<u8> {
        match self.head[0] & KIND {
            BARE => self.payload.to_vec(),
            OLD_RESET => self.old_reset(),
            kind => self.of_version_1(kind % 5),
        }
    }

    fn of_version_1(&self, kind: u8) -> Vec<u8> {
        let [_, id, _, seq0, seq1, ack0, ack1, _, clock, ..] = *self.head;
        let (first, extensions) = self.extensions();
        let mut bytes = vec![kind << 4 | 1, first];
        bytes.extend(ID.wrapping_add(u16::from(id)).to_be_bytes());
        let second = if self.has(LATER) { 1_000_000 } else { 0 };
        bytes.extend((u32::from(clock) * 1000 + second).to_be_bytes());
        // A SYN knows of no difference between the clocks.
        bytes.extend([0, 0, if kind == SYN { 0 } else { clock }, 0]);
        bytes.extend([0, 0x10, 0, 0]);
        for offset in [[seq0, seq1], [ack0, ack1]] {
            let number = NUMBER.wrapping_add(u16::from_be_bytes(offset));
            bytes.extend(number.to_be_bytes());
        }
        bytes.extend(extensions);
        bytes.extend(self.payload);
        bytes
    }

    /// The kind of the first, and all of them: 0x0f bytes of a selective acknowledgement, 0x10 extension bits, 0x20 a
    /// reason of closing, 0x40 a kind that nobody knows, 0x80 a length that cannot be.
    fn extensions(&self) -> (u8, Vec<u8>) {
        let byte = self.head[7];
        let bit = |bit: u8| byte >> bit & 1;
        let all = [
            (1, byte & 0x0f),
            (2, bit(4) * 8),
            (3, bit(5) * 4),
            (9, bit(6)),
        ];
        let mut chain: Vec<(u8, u8)> = all.into_iter().filter(|(_, len)| *len > 0).collect();
        let first = chain.first().map_or(0, |(kind, _)| *kind);
        chain.push((0, 0));
        let mut bytes = Vec::new();
        for pair in chain.windows(2) {
            let [(_, len), (next, _)] = [pair[0], pair[1]];
            bytes.extend([next, if byte & 0x80 == 0 { len } else { 0xff }]);
            bytes.extend(std::iter::repeat_n(self.head[8], usize::from(len)));
        }
        (first, bytes)
    }

    /// It names the first four bytes of a FIN with a reason as the connection.
    fn old_reset(&self) -> Vec<u8> {
        let id = ID.wrapping_add(u16::from(self.head[1])).to_be_bytes();
        let mut bytes = [&[0x11, 3][..], &id, &[0; 14]].concat();
        bytes.extend([RESET, 0, 0, 0, 0]);
        bytes
    }
}
