//! What BitTorrent says beside the peer wire protocol: trackers, the DHT, local discovery, uTP, TLS.
//!
//! It is recognised and named, and asked for the torrents and peers that it names. Recognition is strict: what could
//! as well be something else is something else.

mod beginning;
mod datagrams;
mod dht;
mod http_tracker;
mod local_discovery;
mod recent;
mod tls;
mod udp_tracker;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub use beginning::{Beginning, Heard};
pub use datagrams::{Count, Datagrams, Recognised};

use super::InfoHash;
use crate::packet::Endpoint;

/// A protocol that goes with the peer wire protocol.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Companion {
    /// Announces and scrapes over HTTP (BEP 3, 7, 23, 48).
    HttpTracker,
    /// The same in datagrams (BEP 15).
    UdpTracker,
    /// The distributed hash table (BEP 5, 32).
    Dht,
    /// Local service discovery (BEP 14).
    LocalDiscovery,
    /// The peer wire protocol in datagrams (BEP 29): their streams stand beside those of TCP.
    Utp,
    /// The peer wire protocol within TLS; its server name is the torrent's hash.
    SslTorrent,
}

impl Companion {
    /// All of them.
    pub const ALL: [Companion; 6] = [
        Companion::HttpTracker,
        Companion::UdpTracker,
        Companion::Dht,
        Companion::LocalDiscovery,
        Companion::Utp,
        Companion::SslTorrent,
    ];

    /// For the user.
    pub fn name(self) -> &'static str {
        match self {
            Companion::HttpTracker => "HTTP tracker",
            Companion::UdpTracker => "UDP tracker",
            Companion::Dht => "DHT",
            Companion::LocalDiscovery => "local discovery",
            Companion::Utp => "uTP",
            Companion::SslTorrent => "SSL torrent",
        }
    }

    /// For programs.
    pub fn key(self) -> &'static str {
        match self {
            Companion::HttpTracker => "http_tracker",
            Companion::UdpTracker => "udp_tracker",
            Companion::Dht => "dht",
            Companion::LocalDiscovery => "local_discovery",
            Companion::Utp => "utp",
            Companion::SslTorrent => "ssl_torrent",
        }
    }
}

/// A torrent that was named, and peers of it, if any were.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lesson {
    /// Who named it.
    pub source: Companion,
    /// The torrent.
    pub info_hash: InfoHash,
    /// Where it can be had.
    pub peers: Vec<Endpoint>,
}

impl Lesson {
    fn new(source: Companion, info_hash: InfoHash, peers: Vec<Endpoint>) -> Lesson {
        Lesson {
            source,
            info_hash,
            peers,
        }
    }
}

/// Peers in the compact form of trackers and the DHT: an address and a port each, one after the other (BEP 23, 7).
fn compact<const N: usize>(bytes: &[u8], address: fn([u8; N]) -> IpAddr) -> Vec<Endpoint> {
    let (ip_and_port, mut peers) = (N + 2, Vec::new());
    for peer in bytes.chunks_exact(ip_and_port) {
        if let (Some(ip), [.., high, low]) = (peer.first_chunk(), peer) {
            peers.extend(endpoint(address(*ip), u16::from_be_bytes([*high, *low])));
        }
    }
    peers
}

fn compact4(bytes: &[u8]) -> Vec<Endpoint> {
    compact(bytes, |ip: [u8; 4]| Ipv4Addr::from(ip).into())
}

fn compact6(bytes: &[u8]) -> Vec<Endpoint> {
    compact(bytes, |ip: [u8; 16]| Ipv6Addr::from(ip).into())
}

/// None where nobody can be: trackers fill up with zeros.
fn endpoint(ip: IpAddr, port: u16) -> Option<Endpoint> {
    (port != 0 && !ip.is_unspecified()).then_some(Endpoint { ip, port })
}

/// 40 hex digits; of 64, the hash of a torrent of version 2, the first 40 (BEP 52).
fn from_hex(digits: &[u8]) -> Option<InfoHash> {
    let is_hash = matches!(digits.len(), 40 | 64) && digits.iter().all(u8::is_ascii_hexdigit);
    let mut hash = InfoHash::default();
    for (byte, pair) in hash.0.iter_mut().zip(digits.as_chunks().0) {
        *byte = hex_byte(*pair)?;
    }
    is_hash.then_some(hash)
}

fn hex_byte(digits: [u8; 2]) -> Option<u8> {
    let [high, low] = digits.map(|digit| char::from(digit).to_digit(16));
    Some((high? << 4 | low?) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    fn words(peers: &[Endpoint]) -> Vec<String> {
        peers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn compact_peers_are_six_or_eighteen_bytes() {
        let peers = compact4(&hex!("0a4d0002 1ae1 0a4d0003 0000 0a4d0004 c8d5 0a"));
        assert_eq!(words(&peers), ["10.77.0.2:6881", "10.77.0.4:51413"]);
        let peers = compact6(&hex!("fd770000000000000000000000000002 1ae1"));
        assert_eq!(words(&peers), ["[fd77::2]:6881"]);
    }

    #[test]
    fn a_hash_is_forty_or_sixty_four_digits() {
        let digits = b"24C0d07c775bbb77af645f6a4a70a710ab245b99";
        let hash = from_hex(digits).unwrap();
        assert_eq!(hash.to_string().as_bytes(), digits.to_ascii_lowercase());
        let long = [&digits[..], b"012345678901234567890123"].concat();
        assert_eq!(from_hex(&long), Some(hash));
        assert_eq!(from_hex(&digits[1..]), None);
        assert_eq!(from_hex(b"24C0d07c775bbb77af645f6a4a70a710ab245b9x"), None);
    }
}
