//! What the record tells of torrents.

use super::{Connection, Record, Store};
use crate::swarm::{Certainty, Swarm, Torrents};
use crate::wire::{InfoHash, Message};

/// The extension that carries info dictionaries (BEP 9).
const UT_METADATA: &str = "ut_metadata";

impl Store {
    /// The torrent that a connection speaks of.
    pub fn swarm_of(&self, connection: &Connection) -> Option<&Swarm> {
        self.torrents.get(connection.real_info_hash()?)
    }

    /// The torrent that goes by a hash.
    pub fn torrent(&self, hash: InfoHash) -> Option<&Swarm> {
        self.torrents.get(hash)
    }

    /// How many pieces its torrent has, as far as is known.
    pub fn piece_count(&self, connection: &Connection) -> Option<u32> {
        self.pieces_of(connection).map(|(count, _)| count)
    }

    /// The same, and how that is known.
    pub fn pieces_of(&self, connection: &Connection) -> Option<(u32, Certainty)> {
        self.swarm_of(connection)?.pieces()
    }

    /// The torrents that the capture speaks of.
    pub fn swarms(&self) -> impl Iterator<Item = &Swarm> {
        self.torrents().filter(|swarm| swarm.connections > 0)
    }

    /// How often something was learned of a torrent that throws another light on what its peers say.
    pub fn lessons(&self) -> u32 {
        self.torrents.lessons()
    }

    /// The same, and those that the user named and nobody spoke of.
    pub fn torrents(&self) -> impl Iterator<Item = &Swarm> {
        self.torrents.iter()
    }
}

/// Takes what a message tells of the torrent that its connection speaks of.
pub(super) fn learn(
    torrents: &mut Torrents,
    connection: &Connection,
    record: &Record,
    message: &Message,
) {
    let Some(info_hash) = connection.real_info_hash() else {
        return;
    };
    let side = record.side;
    match message {
        Message::Handshake(_) => {
            let ends = [side, !side].map(|side| connection.real_end(side));
            torrents.named(info_hash).met(ends[0], ends[1]);
            upgrade(torrents, connection);
        }
        Message::Extended { id, payload }
            if record.missing == 0 && connection.extension(side, *id) == Some(UT_METADATA) =>
        {
            torrents.metadata(info_hash, (connection.id, side), payload);
        }
        _ => {}
    }
}

/// A hybrid's opener names v1 and offers the upgrade; who accepts it answers with v2 (BEP 52).
fn upgrade(torrents: &mut Torrents, connection: &Connection) {
    let opener = connection.opener();
    let handshake = |side| connection.facts(side)?.handshake;
    if let (Some(asked), Some(answered)) = (handshake(opener), handshake(!opener))
        && asked.reserved.has_v2_upgrade()
    {
        torrents.upgraded(asked.info_hash, answered.info_hash);
    }
}
