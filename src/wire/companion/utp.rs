//! uTP (BEP 29), by its headers only.
//!
//! One header is not evidence: some hundredth of all foreign datagrams look like one. Two ends that answer each other
//! as uTP does are. What they sent before is uTP then, too.

use super::datagrams::Count;
use super::recent::Recent;
use crate::packet::{Datagram, Endpoint};

/// Pairs of ends that are remembered.
const ROOM: usize = 4096;
/// Headers in a row that must fit what the other end said, where no SYN was seen.
const ENOUGH: u32 = 3;
/// How far an acknowledgement may be behind: no client buffers more packets.
const MAX_BEHIND: u16 = 1024;
const HEADER: usize = 20;
const MAX_EXTENSIONS: usize = 4;

/// What is known of those that sent what could be uTP.
#[derive(Debug, Default)]
pub(super) struct Pairs {
    pairs: Recent<[Endpoint; 2], Pair, ROOM>,
}

/// Two ends; the lower one first.
#[derive(Debug, Default)]
struct Pair {
    is_certain: bool,
    last: [Option<Header>; 2],
    in_a_row: u32,
    /// Datagrams that were not called uTP.
    doubted: Count,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Data,
    Fin,
    State,
    Reset,
    Syn,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Header {
    kind: Kind,
    connection: u16,
    sent: u32,
    seq: u16,
    ack: u16,
}

impl Pairs {
    /// `None` while it is not certain; else the datagrams of the same ends that turn out to have been uTP.
    pub(super) fn recognise(&mut self, datagram: &Datagram<'_>) -> Option<Count> {
        let header = Header::read(datagram)?;
        let is_lower = datagram.src <= datagram.dst;
        let (key, side) = if is_lower {
            ([datagram.src, datagram.dst], 0)
        } else {
            ([datagram.dst, datagram.src], 1)
        };
        if self.pairs.get(key).is_none() {
            self.pairs.put(key, Pair::default());
        }
        let pair = self.pairs.get(key)?;
        if !pair.is_certain {
            pair.take(side, header);
        }
        if pair.is_certain {
            return Some(std::mem::take(&mut pair.doubted));
        }
        pair.doubted += Count::of(datagram);
        None
    }
}

impl Pair {
    fn take(&mut self, side: usize, header: Header) {
        let own = self.last[side].replace(header);
        let other = self.last[1 - side];
        let fits = other.is_some_and(|other| header.fits(&other));
        self.in_a_row = if fits { self.in_a_row + 1 } else { 0 };
        let is_answer = other.is_some_and(|other| header.answers(&other));
        let is_again = own.is_some_and(|own| header.repeats(&own));
        self.is_certain = self.in_a_row >= ENOUGH || is_answer || is_again;
    }
}

impl Header {
    fn read(datagram: &Datagram<'_>) -> Option<Header> {
        let header: &[u8; HEADER] = datagram.payload.first_chunk()?;
        let short = |at: usize| u16::from_be_bytes([header[at], header[at + 1]]);
        let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
        let kind = match header[0] {
            0x01 => Kind::Data,
            0x11 => Kind::Fin,
            0x21 => Kind::State,
            0x31 => Kind::Reset,
            0x41 => Kind::Syn,
            _ => return None,
        };
        let carried = datagram.len - extended(header[1], datagram.payload)? as u32;
        let is_possible = match kind {
            Kind::Syn => carried == 0 && long(8) == 0,
            Kind::State | Kind::Reset => carried == 0,
            Kind::Data => carried > 0,
            Kind::Fin => true,
        };
        is_possible.then_some(Header {
            kind,
            connection: short(2),
            sent: long(4),
            seq: short(16),
            ack: short(18),
        })
    }

    /// A SYN is answered in its own connection id, and acknowledged.
    fn answers(&self, syn: &Header) -> bool {
        let is_answer = matches!(self.kind, Kind::State | Kind::Data);
        let same = (self.connection, self.ack) == (syn.connection, syn.seq);
        syn.kind == Kind::Syn && is_answer && same
    }

    /// Nobody answered; the clock has gone on.
    fn repeats(&self, syn: &Header) -> bool {
        let same = |it: &Header| (it.kind, it.connection, it.seq, it.ack);
        self.kind == Kind::Syn
            && same(self) == same(syn)
            && self.sent.wrapping_sub(syn.sent) < 1 << 28
            && self.sent != syn.sent
    }

    /// The ids of the two directions differ by one, and what was sent is acknowledged before long.
    fn fits(&self, other: &Header) -> bool {
        let apart = self.connection.wrapping_sub(other.connection);
        let is_between = |kind| !matches!(kind, Kind::Syn | Kind::Reset);
        is_between(self.kind)
            && is_between(other.kind)
            && matches!(apart, 1 | u16::MAX)
            && other.seq.wrapping_sub(self.ack) <= MAX_BEHIND
    }
}

/// Where the payload begins, if the extensions hold together: selective acknowledgements of any length, as libtorrent
/// sends them, extension bits, and the reason of closing.
fn extended(mut next: u8, bytes: &[u8]) -> Option<usize> {
    let mut at = HEADER;
    for _ in 0..=MAX_EXTENSIONS {
        if next == 0 {
            return Some(at);
        }
        let [following, len] = *bytes.get(at..)?.first_chunk()?;
        if !matches!((next, len), (1, 1..=32) | (2, 8) | (3, 4)) {
            return None;
        }
        (next, at) = (following, at + 2 + usize::from(len));
        bytes.get(..at)?;
    }
    None
}

#[cfg(test)]
pub(super) mod tests {
    use super::super::datagrams::tests::{Words, datagram, there};
    use super::*;
    use hex_literal::hex;

    // From the test vectors of ethereum's portal network, but for the acknowledgement.
    pub(in super::super) const SYN: [u8; 20] = hex!("41002741c9b699ba00000000001000002e6c0000");
    const ACK: [u8; 20] = hex!("21002741005e885e36a7e8830010000041a72e6c");
    const SELECTIVE: [u8; 26] = hex!("21012741005e885e36a7e8830010000041a72e6d 0004 01000080");
    const FIN: [u8; 20] = hex!("11004a3b1eb5be8f1e7c94d100100000a05a41a6");

    #[test]
    fn a_syn_is_one_when_it_is_answered_and_was_one_then() {
        let mut words = Words::default();
        assert_eq!(words.of(datagram(&SYN)), "other");
        assert_eq!(words.of(there(&ACK)), "uTP and 1 of 20 bytes before");
        assert_eq!(words.of(there(&SELECTIVE)), "uTP");
        assert_eq!(words.of(datagram(b"something else")), "other");
    }

    #[test]
    fn a_syn_that_is_sent_again_is_one() {
        let mut later = SYN;
        later[5] += 1;
        let mut words = Words::default();
        assert_eq!(words.of(datagram(&SYN)), "other");
        assert_eq!(words.of(datagram(&SYN)), "other", "no clock stands still");
        assert_eq!(words.of(datagram(&later)), "uTP and 2 of 40 bytes before");
    }

    #[test]
    fn in_midstream_three_headers_fit_each_other() {
        let data = |side: u8, seq: u8, ack: u8| {
            let mut bytes = [0; 30];
            bytes[..2].copy_from_slice(&hex!("0100"));
            (bytes[3], bytes[17], bytes[19]) = (7 + side, seq, ack);
            bytes
        };
        let mut words = Words::default();
        assert_eq!(words.of(datagram(&data(0, 5, 90))), "other");
        assert_eq!(words.of(there(&data(1, 91, 5))), "other");
        assert_eq!(words.of(datagram(&data(0, 6, 91))), "other");
        let before = "uTP and 3 of 90 bytes before";
        assert_eq!(words.of(there(&data(1, 92, 6))), before);
        let mut words = Words::default();
        for ack in [200, 201, 202, 203] {
            assert_eq!(words.of(datagram(&data(0, 5, ack))), "other");
            assert_eq!(words.of(there(&data(1, 91, ack))), "other");
        }
    }

    #[test]
    fn a_header_has_a_known_type_and_extensions_that_hold_together() {
        let is_header = |bytes: &[u8]| Header::read(&datagram(bytes)).is_some();
        for bytes in [&SYN[..], &ACK, &SELECTIVE, &FIN] {
            assert!(is_header(bytes));
            assert!(!is_header(&bytes[..bytes.len() - 1]));
        }
        assert!(is_header(&hex!(
            "11032741005e885e36a7e8830010000041a72e6d 0004 00000001"
        )));
        assert!(!is_header(&hex!(
            "01002741005e885e36a7e8830010000041a72e6d"
        )));
        assert!(!is_header(&hex!(
            "22002741005e885e36a7e8830010000041a72e6d"
        )));
        assert!(!is_header(&hex!(
            "21042741005e885e36a7e8830010000041a72e6d 0004 00000001"
        )));
    }
}
