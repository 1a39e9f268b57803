//! One torrent across all connections that speak of it.

mod piece_count;
mod sightings;

pub use piece_count::{MAX_PIECES, PieceCount};
pub use sightings::{Endpoints, MAX_ALL_PEERS, MAX_PEERS, MAX_TORRENTS, Seen, Sightings, Sources};

use crate::wire::{InfoHash, Message};

/// What the capture teaches about a torrent.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// Which one.
    pub info_hash: InfoHash,
    /// How many pieces it has.
    pub piece_count: PieceCount,
    /// Connections whose handshakes name it.
    pub connections: u32,
}

impl Swarm {
    /// A torrent of which only the hash is known.
    pub fn new(info_hash: InfoHash) -> Swarm {
        Swarm {
            info_hash,
            piece_count: PieceCount::default(),
            connections: 0,
        }
    }

    /// Takes what a peer says about its pieces.
    pub fn learn(&mut self, message: &Message) {
        match message {
            Message::Bitfield(bytes) => self.piece_count.bitfield(bytes),
            // A piece that somebody has, gives or grants exists. A request may be for anything.
            Message::Have(index) | Message::AllowedFast(index) | Message::Suggest(index) => {
                self.piece_count.exists(*index);
            }
            Message::Piece(block) => self.piece_count.exists(block.index),
            _ => {}
        }
    }
}
