//! Any bytes -> a capture of TCP segments that may well meet: few ports, small numbers, all flags.
//!
//! The input is a list of frames, ten bytes and a payload each:
//!
//! ```text
//!  0     how the frame begins: a place in LINKS
//!  1     what it is: a place in FORMS
//!  2     0x01 FIN, 0x02 SYN, 0x04 RST, 0x08 ACK, 0x10 from the other end, 0x20 of the other connection,
//!        0x40 last fragment first, 0x80 VLAN tag
//!  3     bytes at its end that were not captured
//!  4-5   sequence number, 6-7 acknowledgement: from the start of the stream, see `number`
//!  8-9   length of the payload, which follows
//! ```

use peerscope::capture::LinkType;

/// The link types that are known, and one that is not.
pub(crate) const LINKS: [LinkType; 9] = [
    LinkType::ETHERNET,
    LinkType::RAW,
    LinkType::IPV4,
    LinkType::IPV6,
    LinkType::NULL,
    LinkType::LOOP,
    LinkType::LINUX_SLL,
    LinkType::LINUX_SLL2,
    LinkType(195),
];

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Tcp4,
    Tcp6,
    Fragments4,
    Fragments6,
    /// A byte of the frame is changed: the payload begins with its place (2 bytes) and the bits to flip.
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

/// The bit in IPv4 beside the offset, which counts eights (RFC 791 section 3.1).
const MORE_FRAGMENTS: u16 = 0x2000;

/// Bytes of a frame in the input before its payload.
const HEAD: usize = 10;
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
    let mut file = Pcapng::new();
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
        match form {
            Form::Raw => file.push(self.link(), self.payload, self.snapped()),
            Form::Fragments4 | Form::Fragments6 => {
                let mut parts = self.fragments(form == Form::Fragments6);
                if self.has(LAST_FIRST) {
                    parts.reverse();
                }
                parts.iter().for_each(|part| self.frame(part, file));
            }
            Form::Tcp4 | Form::Tcp6 => {
                self.frame(&self.ip(form == Form::Tcp6, self.payload), file);
            }
            Form::Bent4 | Form::Bent6 => {
                let (place, payload) = self.payload.split_at(self.payload.len().min(3));
                let mut ip = self.ip(form == Form::Bent6, payload);
                if let [high, low, flip] = *place {
                    let at = usize::from(u16::from_be_bytes([high, low])) % ip.len();
                    ip[at] ^= flip;
                }
                self.frame(&ip, file);
            }
        }
    }

    fn has(&self, bit: u8) -> bool {
        self.head[2] & bit != 0
    }

    fn link(&self) -> usize {
        usize::from(self.head[0]) % LINKS.len()
    }

    fn snapped(&self) -> usize {
        usize::from(self.head[3])
    }

    fn frame(&self, ip: &[u8], file: &mut Pcapng) {
        let frame = [
            link_header(LINKS[self.link()], ip, self.has(TAGGED)),
            ip.to_vec(),
        ]
        .concat();
        file.push(self.link(), &frame, self.snapped());
    }

    fn ip(&self, is_v6: bool, payload: &[u8]) -> Vec<u8> {
        let tcp = self.tcp(payload);
        if is_v6 {
            self.ip6(6, &tcp)
        } else {
            self.ip4(0, &tcp)
        }
    }

    /// The datagram in two parts, the first of 24 bytes: the TCP header and a little more.
    fn fragments(&self, is_v6: bool) -> Vec<Vec<u8>> {
        let tcp = self.tcp(self.payload);
        let (first, second) = tcp.split_at(tcp.len().min(24));
        let parts = [(0, first), (24u16, second)];
        let fragment = |(at, part): (u16, &[u8])| {
            let is_more = at == 0;
            if is_v6 {
                let offset = (at | u16::from(is_more)).to_be_bytes();
                let header = [6, 0, offset[0], offset[1], 0, 0, self.head[4], self.head[5]];
                self.ip6(44, &[&header, part].concat())
            } else {
                self.ip4(if is_more { MORE_FRAGMENTS } else { at / 8 }, part)
            }
        };
        parts.into_iter().map(fragment).collect()
    }

    /// `fragment` is the word of flags and offset; the identification is the sequence number.
    fn ip4(&self, fragment: u16, payload: &[u8]) -> Vec<u8> {
        let mut ip = vec![0x45, 0];
        ip.extend((20 + payload.len() as u16).to_be_bytes());
        ip.extend([self.head[4], self.head[5]]);
        ip.extend(fragment.to_be_bytes());
        ip.extend([64, 6, 0, 0]);
        for (host, _) in self.ends() {
            ip.extend([10, 0, 0, host]);
        }
        [ip, payload.to_vec()].concat()
    }

    fn ip6(&self, next: u8, payload: &[u8]) -> Vec<u8> {
        let mut ip = vec![0x60, 0, 0, 0];
        ip.extend((payload.len() as u16).to_be_bytes());
        ip.extend([next, 64]);
        for (host, _) in self.ends() {
            ip.extend([0xfd, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, host]);
        }
        [ip, payload.to_vec()].concat()
    }

    fn tcp(&self, payload: &[u8]) -> Vec<u8> {
        let [_, _, flags, _, seq0, seq1, ack0, ack1, ..] = *self.head;
        let mut tcp = Vec::new();
        for (_, port) in self.ends() {
            tcp.extend(port.to_be_bytes());
        }
        tcp.extend(number([seq0, seq1]).to_be_bytes());
        tcp.extend(number([ack0, ack1]).to_be_bytes());
        tcp.extend([
            0x50,
            flags & (FIN | SYN | RST) | (flags & ACK) << 1,
            0xff,
            0xff,
            0,
            0,
            0,
            0,
        ]);
        [tcp, payload.to_vec()].concat()
    }

    /// Sender and receiver: the last byte of the address, and the port.
    fn ends(&self) -> [(u8, u16); 2] {
        let port = if self.has(OTHER_CONNECTION) {
            50001
        } else {
            50000
        };
        let mut ends = [(1, port), (2, 6881)];
        if self.has(OTHER_END) {
            ends.reverse();
        }
        ends
    }
}

/// Both streams begin so that their numbers soon wrap. The highest numbers are far off: no window reaches there.
fn number(offset: [u8; 2]) -> u32 {
    let offset = u32::from(u16::from_be_bytes(offset));
    let offset = if offset >= 0xff00 {
        offset << 16
    } else {
        offset
    };
    offset.wrapping_sub(64)
}

fn link_header(link: LinkType, ip: &[u8], is_tagged: bool) -> Vec<u8> {
    let is_v6 = ip.first().is_some_and(|byte| byte >> 4 == 6);
    let ether_type = if is_v6 { [0x86, 0xdd] } else { [8, 0] };
    let family = if is_v6 { 30 } else { 2 };
    match link {
        LinkType::ETHERNET if is_tagged => [&[2; 12][..], &[0x81, 0, 0, 7], &ether_type].concat(),
        LinkType::ETHERNET => [&[2; 12][..], &ether_type].concat(),
        LinkType::NULL => vec![family, 0, 0, 0],
        LinkType::LOOP => vec![0, 0, 0, family],
        LinkType::LINUX_SLL => [&[0; 14][..], &ether_type].concat(),
        LinkType::LINUX_SLL2 => [&ether_type[..], &[0; 18]].concat(),
        _ => Vec::new(),
    }
}

/// A little-endian pcapng file, a frame a millisecond.
struct Pcapng {
    bytes: Vec<u8>,
    frames: u32,
}

impl Pcapng {
    fn new() -> Pcapng {
        let mut file = Pcapng {
            bytes: Vec::new(),
            frames: 0,
        };
        let magic_version_length = [0x1a2b_3c4d, 1, u32::MAX, u32::MAX];
        file.block(0x0a0d_0d0a, &magic_version_length, &[]);
        for link in LINKS {
            file.block(1, &[link.0, 0], &[]);
        }
        file
    }

    fn push(&mut self, link: usize, frame: &[u8], snapped: usize) {
        let captured = &frame[..frame.len().saturating_sub(snapped)];
        let micros = self.frames * 1000;
        let lengths = [captured.len() as u32, frame.len() as u32];
        let words = [link as u32, 0, micros, lengths[0], lengths[1]];
        self.block(6, &words, captured);
        self.frames += 1;
    }

    fn block(&mut self, kind: u32, words: &[u32], bytes: &[u8]) {
        let len = (12 + words.len() * 4 + bytes.len().next_multiple_of(4)) as u32;
        let end = self.bytes.len() + len as usize - 4;
        for word in [kind, len].iter().chain(words) {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(bytes);
        self.bytes.resize(end, 0);
        self.bytes.extend(len.to_le_bytes());
    }
}
