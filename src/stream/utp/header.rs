//! The header of uTP, and its extensions (BEP 29).

use std::fmt;
use std::num::NonZero;

use crate::packet::Datagram;

/// Bytes of the header without its extensions.
const HEADER: usize = 20;
/// Extensions in a chain. There are three kinds, and none is of use twice.
const MAX_EXTENSIONS: usize = 4;
/// A difference of clocks that says that nothing has arrived yet, as µTorrent has it.
const NO_DIFFERENCE: u32 = 0x7fff_ffff;

/// What a packet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// It carries payload.
    Data,
    /// It is the last of its sender, and may carry payload.
    Fin,
    /// It acknowledges, and has no number of its own.
    State,
    /// The connection is aborted, or was never known.
    Reset,
    /// It opens a connection.
    Syn,
}

/// The header of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// What it is for.
    pub kind: Kind,
    /// The connection id: that of the SYN in what the acceptor sends, the next one in what the initiator sends behind
    /// its SYN.
    pub connection: u16,
    /// The sender's clock, in microseconds.
    pub sent: u32,
    /// The sender's clock when the last packet arrived, minus the clock in that packet: how long it was on its way, and
    /// how far apart the clocks are, in microseconds.
    pub difference: u32,
    /// Bytes that the sender of this packet has room for.
    pub window: u32,
    /// The number of the packet; of a STATE, the one that its sender uses next.
    pub seq: u16,
    /// The last packet up to which nothing is missing.
    pub ack: u16,
}

/// A packet of uTP. `payload` may be shorter than `len`: the snap length cut it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet<'a> {
    /// Its header.
    pub header: Header,
    /// Which packets behind the acknowledged ones have arrived, where it says so.
    pub selective: Option<SelectiveAck<'a>>,
    /// Why its sender hangs up, where it says so.
    pub close_reason: Option<CloseReason>,
    /// What was captured of the payload.
    pub payload: &'a [u8],
    /// Bytes of payload on the wire.
    pub len: u32,
}

/// Bit 0 of the first byte stands for the packet behind the first missing one, which is `ack` + 2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SelectiveAck<'a>(pub &'a [u8]);

/// Why a side hung up, as libtorrent says it. Zero is no reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CloseReason(NonZero<u16>);

impl<'a> Packet<'a> {
    /// `None` for what cannot be a packet of uTP's version 1, or of which its headers were not captured. That it can be
    /// one is no evidence: some hundredth of all foreign datagrams can.
    #[inline]
    pub fn read(datagram: &Datagram<'a>) -> Option<Packet<'a>> {
        let bytes = datagram.payload;
        let header = Header::read(bytes.first_chunk()?)?;
        let mut packet = Packet {
            header,
            selective: None,
            close_reason: None,
            payload: bytes,
            len: 0,
        };
        let at = packet.extensions(bytes)?;
        packet.payload = &bytes[at..];
        packet.len = datagram.len - at as u32;
        packet.is_possible().then_some(packet)
    }

    /// Reads the extensions; gives where the payload begins. Selective acknowledgements have any length, as libtorrent
    /// sends them; the other kinds are extension bits and the reason of closing.
    fn extensions(&mut self, bytes: &'a [u8]) -> Option<usize> {
        let (mut next, mut at) = (bytes[1], HEADER);
        for _ in 0..=MAX_EXTENSIONS {
            if next == 0 {
                return Some(at);
            }
            let [following, len] = *bytes.get(at..)?.first_chunk()?;
            let end = at + 2 + usize::from(len);
            let content = bytes.get(at + 2..end)?;
            match (next, len) {
                (1, 1..=32) => self.selective = Some(SelectiveAck(content)),
                (2, 8) => {}
                (3, 4) => self.close_reason = CloseReason::read(content),
                _ => return None,
            }
            (next, at) = (following, end);
        }
        None
    }

    /// Only DATA and FIN carry anything, and who sends a SYN has not heard anything yet.
    fn is_possible(&self) -> bool {
        match self.header.kind {
            Kind::Syn => self.len == 0 && self.header.difference == 0,
            Kind::State | Kind::Reset => self.len == 0,
            Kind::Data => self.len > 0,
            Kind::Fin => true,
        }
    }

    /// Numbers of the packets that arrived behind the first missing one, from the lowest on.
    pub fn selected(&self) -> impl Iterator<Item = u16> + use<'a> {
        let first = self.header.ack.wrapping_add(2);
        let bits = self.selective.unwrap_or(SelectiveAck(&[])).bits();
        bits.map(move |bit| first.wrapping_add(bit))
    }
}

impl Header {
    /// The version is 1, in the lower half of the first byte.
    #[inline]
    fn read(bytes: &[u8; HEADER]) -> Option<Header> {
        let short = |at: usize| u16::from_be_bytes([bytes[at], bytes[at + 1]]);
        let long = |at: usize| u32::from(short(at)) << 16 | u32::from(short(at + 2));
        let kind = match bytes[0] {
            0x01 => Kind::Data,
            0x11 => Kind::Fin,
            0x21 => Kind::State,
            0x31 => Kind::Reset,
            0x41 => Kind::Syn,
            _ => return None,
        };
        Some(Header {
            kind,
            connection: short(2),
            sent: long(4),
            difference: long(8),
            window: long(12),
            seq: short(16),
            ack: short(18),
        })
    }

    /// The difference of the clocks, where there is one.
    pub fn delay(&self) -> Option<u32> {
        (self.difference != 0 && self.difference != NO_DIFFERENCE).then_some(self.difference)
    }
}

impl<'a> SelectiveAck<'a> {
    /// The bits that are set, from 0 on; the lowest of each byte first.
    pub fn bits(self) -> impl Iterator<Item = u16> + use<'a> {
        let bytes = self.0.iter().zip((0..).step_by(8));
        bytes.flat_map(|(byte, first)| {
            let is_set = move |bit: &u16| byte >> bit & 1 == 1;
            (0..8).filter(is_set).map(move |bit| first + bit)
        })
    }
}

impl CloseReason {
    /// `None` for the number that says nothing.
    pub fn new(number: u16) -> Option<CloseReason> {
        NonZero::new(number).map(CloseReason)
    }

    /// The upper two of the four bytes are zero.
    fn read(content: &[u8]) -> Option<CloseReason> {
        CloseReason::new(u16::from_be_bytes([content[2], content[3]]))
    }

    /// Its number.
    pub fn number(self) -> u16 {
        self.0.get()
    }

    /// In libtorrent's words; none of a reason that it does not know.
    pub fn name(self) -> Option<&'static str> {
        Some(match self.number() {
            1 => "duplicate peer id",
            2 => "torrent removed",
            3 => "no memory",
            4 => "port blocked",
            5 => "blocked",
            6 => "upload to upload",
            7 => "not interested, upload only",
            8 => "timeout",
            9 => "timed out: interest",
            10 => "timed out: activity",
            11 => "timed out: handshake",
            12 => "timed out: request",
            13 => "protocol blocked",
            14 => "peer churn",
            15 => "too many connections",
            16 => "too many files",
            256 => "encryption error",
            257 => "invalid info hash",
            258 => "self connection",
            259 => "invalid metadata",
            260 => "metadata too big",
            261 => "message too big",
            262 => "invalid message id",
            263 => "invalid message",
            264 => "invalid piece message",
            265 => "invalid have message",
            266 => "invalid bitfield message",
            267 => "invalid choke message",
            268 => "invalid unchoke message",
            269 => "invalid interested message",
            270 => "invalid not interested message",
            271 => "invalid request message",
            272 => "invalid reject message",
            273 => "invalid allowed fast message",
            274 => "invalid extended message",
            275 => "invalid cancel message",
            276 => "invalid DHT port message",
            277 => "invalid suggest message",
            278 => "invalid have all message",
            279 => "invalid dont have message",
            280 => "invalid have none message",
            281 => "invalid PEX message",
            282 => "invalid metadata request message",
            283 => "invalid metadata message",
            284 => "invalid metadata offset",
            285 => "request when choked",
            286 => "corrupt pieces",
            287 => "PEX message too big",
            288 => "PEX too frequent",
            _ => return None,
        })
    }
}

/// `upload to upload (6)`, `reason 77`.
impl fmt::Display for CloseReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => write!(f, "{name} ({})", self.0),
            None => write!(f, "reason {}", self.0),
        }
    }
}

#[cfg(test)]
pub(in crate::stream) mod tests {
    use super::*;
    use crate::packet::Endpoint;
    use hex_literal::hex;

    // From the test vectors of ethereum's portal network.
    pub(in crate::stream) const SYN: [u8; 20] = hex!("41002741c9b699ba00000000001000002e6c0000");
    const ACK: [u8; 20] = hex!("21002741005e885e36a7e8830010000041a72e6d");
    const SELECTIVE: [u8; 26] = hex!("21012741005e885e36a7e8830010000041a72e6d 0004 01000080");
    const FIN: [u8; 20] = hex!("11004a3b1eb5be8f1e7c94d100100000a05a41a6");
    const RESET: [u8; 20] = hex!("3100f34d2cc6cfbb0000000000000000d87541a7");

    /// A datagram between two ends that are the same.
    pub(in crate::stream) fn datagram(payload: &[u8]) -> Datagram<'_> {
        let end = Endpoint {
            ip: std::net::Ipv4Addr::LOCALHOST.into(),
            port: 6881,
        };
        Datagram {
            src: end,
            dst: end,
            payload,
            len: payload.len() as u32,
        }
    }

    #[test]
    fn a_header_is_read_in_network_order() {
        let expected = Header {
            kind: Kind::Syn,
            connection: 10049,
            sent: 3_384_187_322,
            difference: 0,
            window: 1_048_576,
            seq: 11884,
            ack: 0,
        };
        assert_eq!(Packet::read(&datagram(&SYN)).unwrap().header, expected);
    }

    #[test]
    fn a_selective_acknowledgement_names_packets_behind_the_missing_one() {
        let packet = Packet::read(&datagram(&SELECTIVE)).map(|it| (it.header.ack, it.len));
        assert_eq!(packet, Some((11885, 0)));
        let datagram = datagram(&SELECTIVE);
        let selected: Vec<u16> = Packet::read(&datagram).unwrap().selected().collect();
        assert_eq!(selected, [11885 + 2, 11885 + 2 + 31]);
    }

    #[test]
    fn a_header_has_a_known_type_and_extensions_that_hold_together() {
        let is_packet = |bytes: &[u8]| Packet::read(&datagram(bytes)).is_some();
        for bytes in [&SYN[..], &ACK, &SELECTIVE, &FIN, &RESET] {
            assert!(is_packet(bytes));
            assert!(!is_packet(&bytes[..bytes.len() - 1]));
        }
        for bytes in [
            &hex!("01002741005e885e36a7e8830010000041a72e6d")[..],
            &hex!("22002741005e885e36a7e8830010000041a72e6d"),
            &hex!("51002741005e885e36a7e8830010000041a72e6d"),
            &hex!("21042741005e885e36a7e8830010000041a72e6d 0004 00000001"),
            &hex!("21012741005e885e36a7e8830010000041a72e6d 0021 00000001"),
        ] {
            assert!(!is_packet(bytes), "{bytes:02x?}");
        }
    }

    #[test]
    fn who_hangs_up_may_say_why() {
        let bytes = hex!("11032741005e885e36a7e8830010000041a72e6d 0004 00000006");
        let reason = Packet::read(&datagram(&bytes)).unwrap().close_reason;
        assert_eq!(reason.unwrap().to_string(), "upload to upload (6)");
        assert_eq!(CloseReason::new(77).unwrap().to_string(), "reason 77");
        assert_eq!(CloseReason::new(0), None);
    }

    #[test]
    fn a_difference_of_nothing_is_no_delay() {
        let delay = |difference| {
            let header = Packet::read(&datagram(&ACK)).unwrap().header;
            Header {
                difference,
                ..header
            }
            .delay()
        };
        assert_eq!(
            (delay(0), delay(0x7fff_ffff), delay(5)),
            (None, None, Some(5))
        );
    }
}
