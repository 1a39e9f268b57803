//! One torrent across all connections that speak of it.

mod availability;
mod files;
mod metadata;
mod metainfo;
mod piece_count;
mod piece_set;
mod sightings;
mod torrents;
mod trees;
mod verify;

pub use availability::{Availability, Rare, Survey};
pub use files::{File, FileKind, Files};
pub use metadata::{Metadata, Sender};
pub use metainfo::{Flaw, InfoHashV2, Metainfo, NotATorrent, Version};
pub use piece_count::{Certainty, MAX_PIECES, PieceCount};
pub use piece_set::PieceSet;
pub use sightings::{Endpoints, MAX_ALL_PEERS, MAX_PEERS, MAX_TORRENTS, Seen, Sightings, Sources};
pub use torrents::Torrents;
pub use verify::{Check, Extent, PieceHash};

use std::collections::HashSet;
use std::sync::Arc;

use crate::packet::Endpoint;
use crate::wire::{InfoHash, Message};

/// Where a torrent's metainfo comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Peers sent it to each other, and its hash is right.
    Capture,
    /// The user named a `.torrent` file.
    File,
}

/// What is known of a torrent.
#[derive(Clone, Debug)]
pub struct Swarm {
    /// Which one. Of a hybrid, the hash of v1.
    info_hash: InfoHash,
    /// The hash of v2 as handshakes carry it, if there is one.
    v2: Option<InfoHash>,
    /// How many pieces it has, by what peers say.
    pub piece_count: PieceCount,
    /// Connections whose handshakes name it.
    pub connections: u32,
    peers: HashSet<Endpoint>,
    metainfo: Option<(Arc<Metainfo>, Origin)>,
    metadata: Metadata,
    alias: Option<Box<Masked>>,
}

/// What a torrent is called where nobody is to know it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SwarmAlias {
    /// In place of its name.
    pub number: u32,
    /// In place of its hash.
    pub info_hash: InfoHash,
    /// In place of the hash of v2.
    pub v2: Option<InfoHash>,
}

#[derive(Clone, Debug)]
struct Masked {
    alias: SwarmAlias,
    metainfo: Option<Arc<Metainfo>>,
}

impl Swarm {
    /// A torrent of which only the hash is known.
    pub fn new(info_hash: InfoHash) -> Swarm {
        Swarm {
            info_hash,
            v2: None,
            piece_count: PieceCount::default(),
            connections: 0,
            peers: HashSet::new(),
            metainfo: None,
            metadata: Metadata::default(),
            alias: None,
        }
    }

    /// Which one. Of a hybrid, the hash of v1.
    pub fn info_hash(&self) -> InfoHash {
        let alias = self.alias.as_ref();
        alias.map_or(self.info_hash, |masked| masked.alias.info_hash)
    }

    /// The hash of v2 as handshakes carry it, if there is one.
    pub fn v2(&self) -> Option<InfoHash> {
        let alias = self.alias.as_ref();
        alias.map_or(self.v2, |masked| masked.alias.v2)
    }

    /// Both hashes, whatever it is called.
    pub fn real_hashes(&self) -> (InfoHash, Option<InfoHash>) {
        (self.info_hash, self.v2)
    }

    /// Takes an alias: from here on nobody is told what it is.
    pub fn call(&mut self, alias: Option<SwarmAlias>) {
        let telling = alias.map(|alias| (alias, self.metainfo.is_some()));
        // Thousands of files need not be renamed at each handshake.
        let told = self.alias.as_deref();
        if told.map(|masked| (masked.alias, masked.metainfo.is_some())) == telling {
            return;
        }
        self.alias = alias.map(|alias| {
            let known = self.metainfo.as_ref();
            let metainfo = known.map(|(it, _)| Arc::new(it.masked(alias)));
            Box::new(Masked { alias, metainfo })
        });
    }

    /// What it is, where that is known.
    pub fn metainfo(&self) -> Option<&Arc<Metainfo>> {
        match &self.alias {
            Some(masked) => masked.metainfo.as_ref(),
            None => self.metainfo.as_ref().map(|(metainfo, _)| metainfo),
        }
    }

    /// Who told what it is.
    pub fn origin(&self) -> Option<Origin> {
        self.metainfo.as_ref().map(|(_, origin)| *origin)
    }

    /// Its name, safe to print.
    pub fn name(&self) -> Option<&str> {
        let name = self.metainfo()?.name.as_str();
        Some(name).filter(|name| !name.is_empty())
    }

    /// How many pieces it has, and how that is known.
    pub fn pieces(&self) -> Option<(u32, Certainty)> {
        let known = self.metainfo.as_ref();
        let exact = known.and_then(|(metainfo, _)| metainfo.pieces);
        let inferred = || Some((self.piece_count.estimate()?, Certainty::Inferred));
        exact
            .map(|count| (count, Certainty::Exact))
            .or_else(inferred)
    }

    /// Hosts that named it. Those that speak to themselves are told apart by their ports.
    pub fn peers(&self) -> usize {
        self.peers.len()
    }

    /// Takes the address of a peer that named it to the peer at `other`.
    pub fn met(&mut self, peer: Endpoint, other: Endpoint) {
        let port = if peer.ip == other.ip { peer.port } else { 0 };
        self.peers.insert(Endpoint { port, ..peer });
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

    fn tell(&mut self, metainfo: Arc<Metainfo>, origin: Origin) {
        self.info_hash = metainfo.version.hashes().next().unwrap_or(self.info_hash);
        self.v2 = metainfo.version.v2().map(|hash| hash.truncated());
        // The user's own file is believed first; both have the right hash.
        self.metainfo.get_or_insert((metainfo, origin));
    }

    fn metadata(&mut self, sender: Sender, payload: &[u8]) -> Option<Metainfo> {
        if self.metainfo.is_some() {
            return None;
        }
        let hashes = [Some(self.info_hash), self.v2];
        let hashes: Vec<InfoHash> = hashes.into_iter().flatten().collect();
        self.metadata.take(sender, payload, &hashes)
    }

    fn absorb(&mut self, other: Swarm) {
        self.piece_count.absorb(other.piece_count);
        self.connections += other.connections;
        self.peers.extend(other.peers);
        self.metainfo = self.metainfo.take().or(other.metainfo);
    }
}
