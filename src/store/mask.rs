//! The privacy mask: addresses, info hashes, peer ids and names of torrents have aliases, the same everywhere.
//!
//! It stands between the record and everybody who looks at it, so that no view and no export can forget it. An alias has
//! the form and the length of what it stands for:
//!
//! ```text
//!  address     192.0.2.1, 240.0.0.255, 2001:db8::1   no host has one of these (RFC 5737, RFC 1112, RFC 3849)
//!  info hash   00000001 five times; the root of a file eight times
//!  peer id     -TR4050-000000000001: the client stays
//!  name        torrent-1, file-1, tracker-1
//! ```
//!
//! Ports stay: they tell the sides of one host apart and say nothing about who it is. What has no alias and may hold
//! anything (blocks, metadata, what cannot be decoded) becomes asterisks.

mod bytes;

use std::collections::HashMap;
use std::hash::Hash;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::{Connection, Entry, Raw, Store, What};
use crate::packet::Endpoint;
use crate::stream::{ConnectionId, Side};
use crate::swarm::{Swarm, SwarmAlias};
use crate::wire::{Handshake, InfoHash, Message, PeerId, client};

/// Aliases of each kind. A capture may be made of addresses; what comes later shares the alias 0.
const MAX_ALIASES: usize = 1 << 20;

/// Numbers are given as things are met. Turning it off and on again keeps them.
#[derive(Debug, Default)]
pub(super) struct Mask {
    is_on: bool,
    numbers: Mutex<Numbers>,
}

#[derive(Debug, Default)]
struct Numbers {
    addresses: HashMap<IpAddr, u32>,
    torrents: HashMap<InfoHash, u32>,
    peers: HashMap<PeerId, u32>,
    roots: HashMap<[u8; 32], u32>,
}

/// What a connection is called under the mask.
#[derive(Debug)]
pub(super) struct Alias {
    pub(super) ends: [Endpoint; 2],
    pub(super) info_hash: Option<InfoHash>,
    pub(super) handshakes: [Option<Handshake>; 2],
}

fn number<K: Eq + Hash>(known: &mut HashMap<K, u32>, key: K) -> u32 {
    let next = known.len() as u32 + 1;
    if known.len() >= MAX_ALIASES {
        return known.get(&key).copied().unwrap_or(0);
    }
    *known.entry(key).or_insert(next)
}

impl Mask {
    fn numbers(&self) -> MutexGuard<'_, Numbers> {
        self.numbers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn address(&self, ip: IpAddr) -> IpAddr {
        let number = number(&mut self.numbers().addresses, ip);
        match (ip, number) {
            (IpAddr::V6(_), _) => {
                let prefix = u128::from(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0));
                Ipv6Addr::from(prefix | u128::from(number)).into()
            }
            (IpAddr::V4(_), 0..255) => Ipv4Addr::new(192, 0, 2, number as u8).into(),
            (IpAddr::V4(_), _) => Ipv4Addr::from(240 << 24 | number).into(),
        }
    }

    fn end(&self, end: Endpoint) -> Endpoint {
        let ip = self.address(end.ip);
        Endpoint { ip, ..end }
    }

    fn torrent(&self, hash: InfoHash) -> u32 {
        number(&mut self.numbers().torrents, hash)
    }

    fn info_hash(&self, hash: InfoHash) -> InfoHash {
        InfoHash(repeated(self.torrent(hash)))
    }

    fn root(&self, root: [u8; 32]) -> [u8; 32] {
        repeated(number(&mut self.numbers().roots, root))
    }

    /// The part that names a client stays, where all that it names is the client.
    fn peer_id(&self, id: PeerId) -> PeerId {
        let number = number(&mut self.numbers().peers, id);
        let mut alias = id;
        alias.0[8..].copy_from_slice(format!("{number:012}").as_bytes());
        let named = client(&id);
        if named.is_some() && named == client(&alias) {
            return alias;
        }
        alias
            .0
            .copy_from_slice(format!("masked{number:014}").as_bytes());
        alias
    }

    fn handshake(&self, handshake: Handshake) -> Handshake {
        Handshake {
            info_hash: self.info_hash(handshake.info_hash),
            peer_id: self.peer_id(handshake.peer_id),
            ..handshake
        }
    }

    fn message(&self, extension: Option<&str>, message: &mut Message) {
        match message {
            Message::Handshake(handshake) => **handshake = self.handshake(**handshake),
            Message::Extended { payload, .. } => self.extended(extension, payload),
            Message::HashRequest(range) | Message::Hashes(range) | Message::HashReject(range) => {
                range.root = self.root(range.root);
            }
            _ => {}
        }
    }

    fn connection(&self, connection: &Connection) -> Alias {
        let handshake = |side| connection.facts(side)?.handshake;
        Alias {
            ends: connection.ends.map(|end| self.end(end)),
            info_hash: (connection.real_info_hash()).map(|hash| self.info_hash(hash)),
            handshakes: Side::BOTH.map(|side| Some(self.handshake(handshake(side)?))),
        }
    }

    fn swarm(&self, swarm: &Swarm) -> SwarmAlias {
        let (hash, v2) = swarm.real_hashes();
        SwarmAlias {
            number: self.torrent(hash),
            info_hash: self.info_hash(hash),
            v2: v2.map(|hash| self.info_hash(hash)),
        }
    }
}

/// A number that is seen at both ends of a hash that is cut in the middle.
fn repeated<const N: usize>(number: u32) -> [u8; N] {
    let digits = number.to_be_bytes();
    std::array::from_fn(|at| digits[at % 4])
}

impl Store {
    /// From here on everybody sees aliases.
    pub fn mask(&mut self) {
        self.mask.is_on = true;
        for at in 0..self.connections.len() {
            self.mask_connection(ConnectionId(at as u32));
        }
        self.torrents
            .alias_all(|swarm| Some(self.mask.swarm(swarm)));
    }

    /// From here on everybody sees what there is.
    pub fn unmask(&mut self) {
        self.mask.is_on = false;
        self.connections.iter_mut().for_each(|it| it.alias = None);
        self.torrents.alias_all(|_| None);
    }

    /// Does everybody see aliases?
    pub fn is_masked(&self) -> bool {
        self.mask.is_on
    }

    /// To be called whenever a connection has taught something of itself.
    pub(super) fn mask_connection(&mut self, id: ConnectionId) {
        if !self.mask.is_on {
            return;
        }
        let connection = &mut self.connections[id.0 as usize];
        connection.alias = Some(Box::new(self.mask.connection(connection)));
        if let Some(hash) = connection.real_info_hash() {
            self.torrents
                .alias(hash, |swarm| Some(self.mask.swarm(swarm)));
        }
    }

    /// To be called when torrents have got another name.
    pub(super) fn mask_torrents(&mut self) {
        if self.mask.is_on {
            self.torrents
                .alias_all(|swarm| Some(self.mask.swarm(swarm)));
        }
    }

    pub(super) fn masked(&self, entry: &Entry, mut what: What) -> What {
        if self.mask.is_on
            && let What::Message(message) = &mut what
        {
            self.mask.message(self.extension(entry), message);
        }
        what
    }

    pub(super) fn mask_raw(&self, entry: &Entry, raw: &mut Raw) {
        if self.mask.is_on {
            let what = self.real_what(entry);
            self.mask.raw(&what, self.extension(entry), &mut raw.bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn ip(number: u32) -> IpAddr {
        Ipv4Addr::from(0x0a00_0000 + number).into()
    }

    #[test]
    fn an_address_has_one_alias_of_its_family() {
        let mask = Mask::default();
        let alias = |ip| mask.address(ip).to_string();
        assert_eq!(
            (alias(ip(5)), alias(ip(9))),
            ("192.0.2.1".into(), "192.0.2.2".into())
        );
        assert_eq!(alias(ip(5)), "192.0.2.1");
        assert_eq!(alias("fd77::1".parse().unwrap()), "2001:db8::3");
    }

    #[test]
    fn hosts_beyond_the_first_network_differ_too() {
        let mask = Mask::default();
        let aliases: std::collections::HashSet<_> =
            (0..1000).map(|it| mask.address(ip(it))).collect();
        assert_eq!(aliases.len(), 1000);
        assert_eq!(mask.address(ip(254)).to_string(), "240.0.0.255");
    }

    #[test]
    fn a_peer_id_keeps_its_client_and_nothing_else() {
        let mask = Mask::default();
        let known = mask.peer_id(PeerId(*b"-TR4050-abcdefghijkl"));
        let unknown = mask.peer_id(PeerId(*b"Abcdefghijklmnopqrst"));
        assert_eq!(&known.0, b"-TR4050-000000000001");
        assert_eq!(
            (&unknown.0, client(&unknown)),
            (b"masked00000000000002", None)
        );
    }

    #[test]
    fn a_hash_shows_its_number_at_both_ends() {
        let hash = Mask::default().info_hash(InfoHash([7; 20])).to_string();
        assert_eq!((&hash[..8], &hash[32..]), ("00000001", "00000001"));
    }

    proptest! {
        #[test]
        fn no_peer_id_keeps_more_than_eight_bytes(id: [u8; 20]) {
            let alias = Mask::default().peer_id(PeerId(id));
            prop_assert_ne!(&alias.0[8..], &id[8..]);
        }
    }
}
