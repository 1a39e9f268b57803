//! What is known of the torrent that a conversation is about.

use std::sync::Arc;

use crate::store::{Connection, Store};
use crate::swarm::{Certainty, Metainfo};
use crate::wire::{InfoHash, PieceIndex};

/// What a judgement stands on.
#[derive(Clone, Debug, Default)]
pub(super) struct Ground {
    /// Which torrent; of a hybrid the hash of v1.
    pub torrent: Option<InfoHash>,
    /// How many pieces it has, and how that is known.
    pub pieces: Option<(u32, Certainty)>,
    /// Its info dictionary.
    pub metainfo: Option<Arc<Metainfo>>,
}

impl Ground {
    pub(super) fn of(store: &Store, connection: &Connection) -> Ground {
        let Some(swarm) = store.swarm_of(connection) else {
            return Ground::default();
        };
        Ground {
            torrent: Some(swarm.real_hashes().0),
            pieces: swarm.pieces(),
            metainfo: swarm.metainfo().cloned(),
        }
    }

    /// How many pieces it has, if the info dictionary says so.
    pub(super) fn exact_pieces(&self) -> Option<u32> {
        let (count, certainty) = self.pieces?;
        (certainty == Certainty::Exact).then_some(count)
    }

    /// Bytes of a piece, if the info dictionary says so.
    pub(super) fn piece_len(&self, piece: PieceIndex) -> Option<u64> {
        Some(self.metainfo.as_ref()?.extent(piece)?.length)
    }
}
