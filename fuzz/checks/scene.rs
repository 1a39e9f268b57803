//! Any bytes -> a capture of TCP segments that may well meet: few ports, small numbers, all flags.
//!
//! The input is a list of frames, ten bytes and a payload each:
//!
//! ```text
//!  0     how the frame begins: a place in LINKS; 0x80 and more: 0x70 is the number of a tunnel, 0x0f the place
//!  1     what it is: a place in FORMS
//!  2     0x01 FIN, 0x02 SYN, 0x04 RST, 0x08 ACK, 0x10 from the other end, 0x20 of the other connection,
//!        0x40 last fragment first, 0x80 VLAN tag
//!  3     bytes at its end that were not captured
//!  4-5   sequence number, 6-7 acknowledgement: from the start of the stream, see `number`
//!  8-9   length of the payload, which follows
//! ```

use super::pcapng::Pcapng;
pub(crate) use super::wrap::LINKS;
use super::wrap::{TCP, fragments4, fragments6, in_tunnel, ip4, ip6, link_header};

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Tcp4,
    Tcp6,
    /// Of the datagram around a tunnel, where there is one.
    Fragments4,
    /// Of the datagram in a tunnel, where there is one.
    Fragments6,
    /// A byte of the datagram is changed: the payload begins with its place (2 bytes) and the bits to flip.
    Bent4,
    Bent6,
    /// The payload is the frame, all of it.
    Raw,
}

pub(crate) const FORMS: [Form; 8] = [
    Form::Tcp4,
    Form::Tcp4,
    Form::Tcp6,
    Form::Fragments4,
    Form::Fragments6,
    Form::Bent4,
    Form::Bent6,
    Form::Raw,
];

/// Bytes of a frame in the input before its payload.
const HEAD: usize = 10;
pub(crate) const TUNNELLED: u8 = 0x80;
pub(crate) const FIN: u8 = 1;
pub(crate) const SYN: u8 = 2;
pub(crate) const RST: u8 = 4;
pub(crate) const ACK: u8 = 8;
pub(crate) const OTHER_END: u8 = 0x10;
const OTHER_CONNECTION: u8 = 0x20;
pub(crate) const LAST_FIRST: u8 = 0x40;
const TAGGED: u8 = 0x80;

/// A pcapng file with an interface for each of [`LINKS`].
pub(crate) fn capture(mut input: &[u8]) -> Vec<u8> {
    let mut file = Pcapng::new(&LINKS);
    while let Some((head, rest)) = input.split_first_chunk::<HEAD>() {
        let len = usize::from(u16::from_be_bytes([head[8], head[9]])).min(rest.len());
        let (payload, rest) = rest.split_at(len);
        Step { head, payload }.write(&mut file);
        input = rest;
    }
    file.bytes
}

/// A frame as the input describes it.
struct Step<'a> {
    head: &'a [u8; HEAD],
    payload: &'a [u8],
}

impl Step<'_> {
    fn write(&self, file: &mut Pcapng) {
        let form = FORMS[usize::from(self.head[1]) % FORMS.len()];
        if form == Form::Raw {
            return file.push(self.link(), self.payload, self.snapped());
        }
        let mut datagrams = self.datagrams(form);
        if self.has(LAST_FIRST) {
            datagrams.reverse();
        }
        let link = LINKS[self.link()];
        for ip in datagrams {
            let frame = [link_header(link, &ip, self.has(TAGGED)), ip].concat();
            file.push(self.link(), &frame, self.snapped());
        }
    }

    fn datagrams(&self, form: Form) -> Vec<Vec<u8>> {
        let ends = self.ends().map(|(host, _)| host);
        let four = |payload: &[u8]| ip4(TCP, self.id(), ends, &self.tcp(payload));
        let six = |payload: &[u8]| ip6(TCP, ends, &self.tcp(payload));
        match form {
            Form::Tcp4 => vec![self.tunnelled(four(self.payload))],
            Form::Tcp6 => vec![self.tunnelled(six(self.payload))],
            Form::Fragments4 => fragments4(&self.tunnelled(four(self.payload))),
            Form::Fragments6 => {
                let parts = fragments6(ends, self.id(), &self.tcp(self.payload));
                parts.into_iter().map(|part| self.tunnelled(part)).collect()
            }
            Form::Bent4 => vec![self.bent(four)],
            Form::Bent6 => vec![self.bent(six)],
            Form::Raw => Vec::new(),
        }
    }

    fn bent(&self, datagram: impl Fn(&[u8]) -> Vec<u8>) -> Vec<u8> {
        let (place, payload) = self.payload.split_at(self.payload.len().min(3));
        let mut ip = self.tunnelled(datagram(payload));
        if let [high, low, flip] = *place {
            let at = usize::from(u16::from_be_bytes([high, low])) % ip.len();
            ip[at] ^= flip;
        }
        ip
    }

    fn tunnelled(&self, ip: Vec<u8>) -> Vec<u8> {
        match self.head[0] {
            byte @ TUNNELLED.. => in_tunnel(byte >> 4 & 7, self.id(), &ip),
            _ => ip,
        }
    }

    fn has(&self, bit: u8) -> bool {
        self.head[2] & bit != 0
    }

    fn link(&self) -> usize {
        let place = match self.head[0] {
            byte @ TUNNELLED.. => byte & 0x0f,
            byte => byte,
        };
        usize::from(place) % LINKS.len()
    }

    fn snapped(&self) -> usize {
        usize::from(self.head[3])
    }

    /// Datagrams are identified by the sequence number: a repeated segment may be taken for a part of the first.
    fn id(&self) -> [u8; 2] {
        [self.head[4], self.head[5]]
    }

    fn tcp(&self, payload: &[u8]) -> Vec<u8> {
        let [_, _, flags, _, seq0, seq1, ack0, ack1, ..] = *self.head;
        // The bit of ACK is one further up, behind that of PSH.
        let flags = flags & (FIN | SYN | RST) | (flags & ACK) << 1;
        let mut tcp = Vec::new();
        for (_, port) in self.ends() {
            tcp.extend(port.to_be_bytes());
        }
        tcp.extend(number([seq0, seq1]).to_be_bytes());
        tcp.extend(number([ack0, ack1]).to_be_bytes());
        tcp.extend([0x50, flags, 0xff, 0xff, 0, 0, 0, 0]);
        tcp.extend(payload);
        tcp
    }

    /// Sender and receiver: the last byte of the address, and the port.
    fn ends(&self) -> [(u8, u16); 2] {
        let is_other = self.has(OTHER_CONNECTION);
        let mut ends = [(1, if is_other { 50001 } else { 50000 }), (2, 6881)];
        if self.has(OTHER_END) {
            ends.reverse();
        }
        ends
    }
}

/// Both streams begin so that their numbers soon wrap. The highest numbers are far off: no window reaches there.
fn number(offset: [u8; 2]) -> u32 {
    let offset = u32::from(u16::from_be_bytes(offset));
    let is_far = offset >= 0xff00;
    (if is_far { offset << 16 } else { offset }).wrapping_sub(64)
}
