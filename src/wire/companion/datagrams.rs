//! What a datagram is.

use std::ops::{AddAssign, SubAssign};

use super::{Companion, Lesson, dht, local_discovery, udp_tracker};
use crate::packet::Datagram;
use crate::stream::utp::Doubted;

/// Datagrams and their payload.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// How many.
    pub frames: u64,
    /// Their payload on the wire.
    pub bytes: u64,
}

impl Count {
    /// One of them.
    pub fn of(datagram: &Datagram<'_>) -> Count {
        Count {
            frames: 1,
            bytes: u64::from(datagram.len),
        }
    }
}

impl AddAssign for Count {
    fn add_assign(&mut self, other: Count) {
        self.frames += other.frames;
        self.bytes += other.bytes;
    }
}

impl SubAssign for Count {
    fn sub_assign(&mut self, other: Count) {
        self.frames -= other.frames;
        self.bytes -= other.bytes;
    }
}

/// What a datagram turned out to be.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recognised {
    /// `None` is anything else.
    pub companion: Option<Companion>,
    /// Datagrams before it that were taken for something else and are of the same kind.
    pub earlier: Count,
    /// What it teaches.
    pub lessons: Vec<Lesson>,
}

/// Tells datagrams apart. What it remembers to do so is bounded.
#[derive(Debug, Default)]
pub struct Datagrams {
    trackers: udp_tracker::Trackers,
    queries: dht::Queries,
}

impl Recognised {
    /// A packet of uTP, and what turned out to have been packets.
    pub fn utp(doubted: Doubted) -> Recognised {
        let Doubted { frames, bytes } = doubted;
        Recognised {
            companion: Some(Companion::Utp),
            earlier: Count { frames, bytes },
            ..Recognised::default()
        }
    }
}

impl Datagrams {
    /// Takes the next datagram of the capture.
    pub fn recognise(&mut self, datagram: &Datagram<'_>) -> Recognised {
        // The DHT, uTP and a client's requests to trackers may come from one port: each datagram is told apart by
        // its own bytes.
        let of = |companion| {
            move |lessons| Recognised {
                companion: Some(companion),
                lessons,
                ..Recognised::default()
            }
        };
        let dht = self.queries.recognise(datagram).map(of(Companion::Dht));
        dht.or_else(|| {
            self.trackers
                .recognise(datagram)
                .map(of(Companion::UdpTracker))
        })
        .or_else(|| local_discovery::recognise(datagram).map(of(Companion::LocalDiscovery)))
        .unwrap_or_default()
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::packet::Endpoint;
    use hex_literal::hex;
    use proptest::prelude::*;
    use std::net::Ipv4Addr;

    const ENDS: [Endpoint; 2] = [end(1, 50000), end(2, 6969)];

    const fn end(host: u8, port: u16) -> Endpoint {
        let ip = std::net::IpAddr::V4(Ipv4Addr::new(10, 0, 0, host));
        Endpoint { ip, port }
    }

    /// From 10.0.0.1:50000 to 10.0.0.2:6969.
    pub(in super::super) fn datagram(payload: &[u8]) -> Datagram<'_> {
        let [src, dst] = ENDS;
        let len = payload.len() as u32;
        Datagram {
            src,
            dst,
            payload,
            len,
        }
    }

    /// The other way.
    pub(in super::super) fn there(payload: &[u8]) -> Datagram<'_> {
        let [dst, src] = ENDS;
        Datagram {
            src,
            dst,
            ..datagram(payload)
        }
    }

    /// What datagrams are, in words.
    #[derive(Default)]
    pub(in super::super) struct Words(Datagrams);

    impl Words {
        pub(in super::super) fn of(&mut self, datagram: Datagram<'_>) -> String {
            let found = self.0.recognise(&datagram);
            let Some(companion) = found.companion else {
                return "other".to_owned();
            };
            let Count { frames, bytes } = found.earlier;
            let earlier = match frames {
                0 => String::new(),
                _ => format!(" and {frames} of {bytes} bytes before"),
            };
            let lesson = |lesson: &Lesson| {
                let peers = lesson.peers.iter().map(|peer| format!(" {peer}"));
                let peers: String = peers.collect();
                format!("{} {}{peers}", lesson.source.name(), lesson.info_hash)
            };
            let lessons: Vec<String> = found.lessons.iter().map(lesson).collect();
            if lessons.is_empty() {
                companion.name().to_owned() + &earlier
            } else {
                lessons.join("; ")
            }
        }
    }

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

    /// Datagrams of `shape` between a few ends, both ways, that are taken for something of BitTorrent's.
    fn mistaken(
        count: u32,
        mut shape: impl FnMut(&mut Random, &mut [u8; 256], u32) -> usize,
    ) -> u32 {
        let (mut random, mut datagrams) = (Random(0x9e37_79b9), Datagrams::default());
        let (mut bytes, mut mistaken) = ([0; 256], 0);
        for number in 0..count {
            random.fill(&mut bytes);
            let len = shape(&mut random, &mut bytes, number);
            let (host, is_there) = (number as u8 % 16, random.next().is_multiple_of(2));
            let between = if is_there { there } else { datagram };
            let mut datagram = between(&bytes[..len]);
            let client = if is_there {
                &mut datagram.dst
            } else {
                &mut datagram.src
            };
            *client = end(host, 40000);
            mistaken += u32::from(datagrams.recognise(&datagram).companion.is_some());
        }
        mistaken
    }

    #[test]
    fn of_a_million_random_datagrams_none_is_of_bittorrent() {
        let random = |random: &mut Random, _: &mut [u8; 256], _| (random.next() % 128) as usize;
        assert_eq!(mistaken(1_000_000, random), 0);
    }

    /// How datagrams of others begin; the rest is random. The number of the datagram stands at `counter`.
    fn others(head: &'static [u8], counter: usize, len: usize) -> u32 {
        mistaken(50_000, move |_, bytes, number| {
            bytes[..head.len()].copy_from_slice(head);
            bytes[counter..counter + 2].copy_from_slice(&(number as u16).to_be_bytes());
            len
        })
    }

    #[test]
    fn what_other_protocols_say_is_theirs() {
        for (name, head, counter, len) in [
            (
                "DNS",
                &hex!("a5a5 0100 0001 0000 0000 0000 03777777 07")[..],
                0,
                40,
            ),
            (
                "DNS, whose number is a length",
                &hex!("6431 8180 0001 0001 0000 0000"),
                2,
                60,
            ),
            ("QUIC, initial", &hex!("c3 00000001 08"), 6, 200),
            ("QUIC, short header", &hex!("41"), 9, 60),
            ("STUN, binding", &hex!("0001 0000 2112a442"), 8, 20),
            ("STUN, answer", &hex!("0101 000c 2112a442"), 8, 32),
            ("TURN, channel", &hex!("4000 0020"), 4, 36),
            ("NTP", &hex!("23 02 06 ec 00000a00 00000b00"), 40, 48),
            ("RTP", &hex!("80 60"), 2, 172),
            ("RTCP", &hex!("81 c8 000c"), 4, 52),
            ("SIP", b"OPTIONS sip:a@b SIP/2.0\r\n", 30, 80),
            ("SSDP", b"M-SEARCH * HTTP/1.1\r\n", 30, 80),
            ("WireGuard, handshake", &hex!("01000000"), 4, 148),
            ("WireGuard, data", &hex!("04000000 0a0b0c0d 0000"), 8, 64),
            (
                "zeros and a one",
                &hex!("01000000 00000000 00000000 00000001 0000 0000 0000"),
                16,
                30,
            ),
            ("a count of zeros", &[0; 100], 10, 100),
        ] {
            assert_eq!(others(head, counter, len), 0, "{name}");
        }
    }

    proptest! {
        #[test]
        fn no_datagram_panics(
            which in 0..3usize, at in 0..200usize, damage: u8, len in 0..200usize, cut in 0..200u32
        ) {
            let real = [
                &udp_tracker::tests::CONNECT[..],
                dht::tests::PING,
                local_discovery::tests::SEARCH,
            ];
            let mut bytes = real[which].to_vec();
            bytes.truncate(len);
            if let Some(byte) = bytes.get_mut(at) {
                *byte = damage;
            }
            let mut datagram = datagram(&bytes);
            datagram.len += cut;
            let mut datagrams = Datagrams::default();
            datagrams.recognise(&datagram);
            prop_assert_eq!(datagrams.recognise(&datagram).earlier.frames, 0);
        }

        #[test]
        fn no_bytes_panic(payload in proptest::collection::vec(any::<u8>(), 0..120)) {
            Datagrams::default().recognise(&datagram(&payload));
        }
    }
}
