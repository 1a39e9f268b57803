//! Peers that were named by others than themselves: by trackers, the DHT, local discovery.

use std::collections::{BTreeMap, HashMap, HashSet};

use crate::packet::Endpoint;
use crate::wire::InfoHash;
use crate::wire::companion::{Companion, Lesson};

/// Torrents that are remembered. A node of the DHT is asked for a hundred thousand a day.
pub const MAX_TORRENTS: usize = 10_000;
/// Peers of one torrent.
pub const MAX_PEERS: usize = 10_000;
/// Peers of all torrents: some eight megabytes.
pub const MAX_ALL_PEERS: usize = 100_000;

/// What was named, and by whom.
#[derive(Clone, Debug, Default)]
pub struct Sightings {
    torrents: BTreeMap<InfoHash, Seen>,
    endpoints: Endpoints,
    sources: Sources,
    named: usize,
    with_peers: usize,
    unkept: u64,
}

/// A torrent that was named.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    sources: Sources,
    peers: HashMap<Endpoint, Sources>,
}

/// Who named something.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources(u8);

/// Ends that are peers of some torrent; a bounded number of them.
#[derive(Clone, Debug, Default)]
pub struct Endpoints(HashSet<Endpoint>);

impl Sightings {
    /// Takes what was taught. What is beyond the bounds is counted only.
    pub fn learn(&mut self, lesson: &Lesson) {
        let is_full = self.torrents.len() >= MAX_TORRENTS;
        if is_full && !self.torrents.contains_key(&lesson.info_hash) {
            self.unkept += 1 + lesson.peers.len() as u64;
            return;
        }
        let seen = self.torrents.entry(lesson.info_hash).or_default();
        seen.sources.add(lesson.source);
        self.sources.add(lesson.source);
        for peer in &lesson.peers {
            let is_full = seen.peers.len() >= MAX_PEERS || self.named >= MAX_ALL_PEERS;
            if is_full && !seen.peers.contains_key(peer) {
                self.unkept += 1;
                continue;
            }
            self.endpoints.add(*peer);
            self.with_peers += usize::from(seen.peers.is_empty());
            let sources = seen.peers.entry(*peer).or_insert_with(|| {
                self.named += 1;
                Sources::default()
            });
            sources.add(lesson.source);
        }
    }

    /// The torrents that were named, in the order of their hashes.
    pub fn torrents(&self) -> impl ExactSizeIterator<Item = (&InfoHash, &Seen)> {
        self.torrents.iter()
    }

    /// How many of them were named with a peer: the DHT is asked for many that nobody has.
    pub fn with_peers(&self) -> usize {
        self.with_peers
    }

    /// What was named of one torrent.
    pub fn of(&self, info_hash: InfoHash) -> Option<&Seen> {
        self.torrents.get(&info_hash)
    }

    /// The peers of all torrents.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// All who named anything that is kept.
    pub fn sources(&self) -> Sources {
        self.sources
    }

    /// Times that a torrent or a peer was named for which there was no room.
    pub fn unkept(&self) -> u64 {
        self.unkept
    }
}

impl Seen {
    /// Who named the torrent.
    pub fn sources(&self) -> Sources {
        self.sources
    }

    /// Its peers in the order of their addresses, and who named them.
    pub fn peers(&self) -> Vec<(Endpoint, Sources)> {
        let mut peers: Vec<_> = self.peers.iter().map(|(end, by)| (*end, *by)).collect();
        peers.sort_unstable_by_key(|(end, _)| *end);
        peers
    }
}

impl Sources {
    fn add(&mut self, source: Companion) {
        self.0 |= 1 << source as u8;
    }

    /// Each of them once.
    pub fn iter(self) -> impl Iterator<Item = Companion> {
        let all = Companion::ALL.into_iter();
        all.filter(move |source| self.has(*source))
    }

    /// True when it is one of them.
    pub fn has(self, source: Companion) -> bool {
        self.0 >> source as u8 & 1 == 1
    }
}

impl Endpoints {
    /// Another one; no more than [`MAX_ALL_PEERS`] are kept.
    pub fn add(&mut self, endpoint: Endpoint) {
        if self.0.len() < MAX_ALL_PEERS {
            self.0.insert(endpoint);
        }
    }

    /// True when it was named as a peer.
    pub fn contains(&self, endpoint: &Endpoint) -> bool {
        self.0.contains(endpoint)
    }

    /// How many are known.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// True when none is known.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::Ipv4Addr;

    fn lesson(source: Companion, torrent: u32, peers: std::ops::Range<u32>) -> Lesson {
        let mut info_hash = InfoHash::default();
        info_hash.0[..4].copy_from_slice(&torrent.to_be_bytes());
        let peer = |number| Endpoint {
            ip: Ipv4Addr::from_bits(number).into(),
            port: 6881,
        };
        let peers = peers.map(peer).collect();
        Lesson {
            source,
            info_hash,
            peers,
        }
    }

    #[test]
    fn a_peer_is_kept_once_with_all_who_named_it() {
        let mut sightings = Sightings::default();
        let lessons = [
            lesson(Companion::Dht, 7, 1..3),
            lesson(Companion::HttpTracker, 7, 2..4),
        ];
        lessons.iter().for_each(|it| sightings.learn(it));
        let seen = sightings.of(lessons[0].info_hash).unwrap();
        let words = seen.peers().into_iter().map(|(peer, by)| {
            let names: Vec<&str> = by.iter().map(Companion::key).collect();
            format!("{} {}", peer.ip, names.join(" "))
        });
        let expected = [
            "0.0.0.1 dht",
            "0.0.0.2 http_tracker dht",
            "0.0.0.3 http_tracker",
        ];
        assert_eq!(words.collect::<Vec<_>>(), expected);
        assert_eq!(
            (sightings.torrents().len(), sightings.endpoints().len()),
            (1, 3)
        );
        assert!(sightings.endpoints().contains(&lessons[0].peers[0]));
        assert_eq!(seen.sources().iter().count(), 2);
        sightings.learn(&lesson(Companion::Dht, 8, 0..0));
        assert_eq!((sightings.torrents().len(), sightings.with_peers()), (2, 1));
    }

    #[test]
    fn no_torrent_and_not_all_together_have_more_peers_than_there_is_room_for() {
        let mut sightings = Sightings::default();
        for torrent in 0..20 {
            let peers = torrent * 20_000..(torrent + 1) * 20_000;
            sightings.learn(&lesson(Companion::Dht, torrent, peers));
        }
        let kept = |torrent| {
            let known = lesson(Companion::Dht, torrent, 0..0).info_hash;
            sightings.of(known).unwrap().peers().len()
        };
        assert_eq!([kept(0), kept(9), kept(10)], [MAX_PEERS, MAX_PEERS, 0]);
        assert_eq!(sightings.endpoints().len(), MAX_ALL_PEERS);
        assert_eq!(sightings.unkept(), 300_000);
    }

    #[test]
    fn no_more_torrents_are_kept_than_there_is_room_for() {
        let mut sightings = Sightings::default();
        for torrent in 0..=MAX_TORRENTS as u32 {
            sightings.learn(&lesson(Companion::Dht, torrent, 0..0));
        }
        assert_eq!(sightings.torrents().len(), MAX_TORRENTS);
        assert_eq!(sightings.unkept(), 1);
    }
}
