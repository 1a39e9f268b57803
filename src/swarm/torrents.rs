//! All torrents, under every hash that they go by.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Metainfo, Origin, Sender, Swarm, SwarmAlias};
use crate::wire::InfoHash;

/// Every torrent that a connection or a `.torrent` file named, in the order in which they were named.
#[derive(Debug, Default)]
pub struct Torrents {
    /// A hybrid has two.
    by_hash: HashMap<InfoHash, u32>,
    swarms: BTreeMap<u32, Swarm>,
    named: u32,
    /// How often something was learned of a torrent that throws another light on what its peers say.
    lessons: u32,
}

impl Torrents {
    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Swarm> {
        self.swarms.values()
    }

    /// How often something was learned that throws another light on what peers say: an info dictionary, a second hash.
    pub fn lessons(&self) -> u32 {
        self.lessons
    }

    /// The one that goes by a hash.
    pub fn get(&self, hash: InfoHash) -> Option<&Swarm> {
        self.swarms.get(self.by_hash.get(&hash)?)
    }

    /// Calls each torrent something else, or what it is called.
    pub fn alias_all(&mut self, alias: impl Fn(&Swarm) -> Option<SwarmAlias>) {
        self.swarms
            .values_mut()
            .for_each(|swarm| swarm.call(alias(swarm)));
    }

    /// The same of the torrent that goes by a hash.
    pub fn alias(&mut self, hash: InfoHash, alias: impl Fn(&Swarm) -> Option<SwarmAlias>) {
        let number = self.by_hash.get(&hash);
        if let Some(swarm) = number.and_then(|number| self.swarms.get_mut(number)) {
            swarm.call(alias(swarm));
        }
    }

    /// The one that goes by a hash, new where there is none.
    pub fn named(&mut self, hash: InfoHash) -> &mut Swarm {
        let number = *self.by_hash.entry(hash).or_insert_with(|| {
            self.named += 1;
            self.named
        });
        self.swarms
            .entry(number)
            .or_insert_with(|| Swarm::new(hash))
    }

    /// Takes a torrent, whose hashes are then names of one swarm.
    pub fn tell(&mut self, metainfo: Arc<Metainfo>, origin: Origin) {
        let mut hashes = metainfo.version.hashes();
        let Some(first) = hashes.next() else { return };
        self.named(first);
        if let Some(second) = hashes.next() {
            self.merge(first, second);
        }
        self.named(first).tell(metainfo, origin);
        self.lessons += 1;
    }

    /// The sides of one connection named two hashes, the opener the first and offering the upgrade of BEP 52: the
    /// second is that of v2. What metainfo says of either goes before what peers say.
    pub fn upgraded(&mut self, v1: InfoHash, v2: InfoHash) {
        let is_free = |hash| {
            self.get(hash)
                .is_none_or(|it| it.metainfo.is_none() && it.v2.is_none())
        };
        if v1 != v2 && is_free(v1) && is_free(v2) {
            self.merge(v1, v2);
            self.named(v1).v2 = Some(v2);
            self.lessons += 1;
        }
    }

    /// Takes the payload of a `ut_metadata` message (BEP 9).
    pub fn metadata(&mut self, hash: InfoHash, sender: Sender, payload: &[u8]) {
        if let Some(metainfo) = self.named(hash).metadata(sender, payload) {
            self.tell(Arc::new(metainfo), Origin::Capture);
        }
    }

    fn merge(&mut self, first: InfoHash, second: InfoHash) {
        self.named(first);
        let into = self.by_hash[&first];
        let from = self.by_hash.insert(second, into);
        let from = from.filter(|from| *from != into);
        let Some(other) = from.and_then(|from| self.swarms.remove(&from)) else {
            return;
        };
        for name in [Some(other.info_hash), other.v2].into_iter().flatten() {
            self.by_hash.insert(name, into);
        }
        self.named(first).absorb(other);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(byte: u8) -> InfoHash {
        InfoHash([byte; 20])
    }

    #[test]
    fn an_upgrade_makes_one_torrent_of_two() {
        let mut torrents = Torrents::default();
        torrents.named(hash(1)).connections = 2;
        torrents.named(hash(2)).connections = 3;
        torrents.upgraded(hash(1), hash(2));
        assert_eq!(torrents.iter().count(), 1);
        assert_eq!(torrents.get(hash(2)).map(|it| it.connections), Some(5));
    }

    #[test]
    fn a_second_upgrade_is_not_believed() {
        let mut torrents = Torrents::default();
        torrents.named(hash(3));
        torrents.upgraded(hash(1), hash(2));
        torrents.upgraded(hash(1), hash(3));
        torrents.upgraded(hash(3), hash(2));
        assert_eq!(torrents.iter().count(), 2);
    }

    #[test]
    fn metainfo_pairs_what_was_named_apart() {
        let mut torrents = Torrents::default();
        let file = include_bytes!("../../captures/hybrid.torrent");
        let metainfo = Arc::new(Metainfo::of_file(file).unwrap());
        metainfo
            .version
            .hashes()
            .for_each(|hash| torrents.named(hash).connections += 1);
        assert_eq!(torrents.iter().count(), 2);
        torrents.tell(metainfo, Origin::Capture);
        let both: Vec<_> = torrents
            .iter()
            .map(|it| (it.name(), it.connections))
            .collect();
        assert_eq!(both, [(Some("hybrid"), 2)]);
    }
}
