//! Who takes part in a torrent: its connections, and the peers at their ends.

use std::collections::HashMap;
use std::net::IpAddr;

use super::{Connection, EntryId, Store};
use crate::packet::Endpoint;
use crate::stream::{ConnectionId, Side};
use crate::wire::{InfoHash, PeerId};

/// Connections of other torrents that are passed over for the work of one that belongs.
const OTHERS: usize = 64;

/// The peers of a torrent over the whole capture, in the order of their first connections: their numbers stay the same
/// whatever the moment.
#[derive(Clone, Debug, Default)]
pub struct Roster {
    info_hash: InfoHash,
    peers: Vec<Member>,
    by_name: HashMap<Name, u32>,
    connections: HashMap<ConnectionId, [u32; 2]>,
    /// The next connection to look at.
    next: usize,
}

/// A peer: one host with all its connections.
#[derive(Clone, Debug)]
pub struct Member {
    /// Its end of the first of its connections.
    pub end: Endpoint,
    /// Is it one of several on its host, so that its port is needed to tell them apart?
    pub shares_host: bool,
    /// Its connections, and which side of each it is.
    pub connections: Vec<(ConnectionId, Side)>,
}

/// By what a peer is known again. A client listens on one port and opens from others, so that a host is one peer; those
/// of a host that speaks to itself are told apart by their ids, or else by their ports.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Name {
    Host(IpAddr),
    Id(IpAddr, PeerId),
    End(Endpoint),
}

impl Name {
    fn of(connection: &Connection, side: Side) -> Name {
        let end = *connection.end(side);
        if end.ip != connection.end(!side).ip {
            return Name::Host(end.ip);
        }
        let handshake = connection.facts(side).and_then(|facts| facts.handshake);
        handshake.map_or(Name::End(end), |it| Name::Id(end.ip, it.peer_id))
    }
}

impl Roster {
    /// Of the torrent that goes by a hash; empty until [`Roster::step`] has filled it.
    pub fn new(info_hash: InfoHash) -> Roster {
        Roster {
            info_hash,
            ..Roster::default()
        }
    }

    /// Looks for so many connections more; true when there are no others.
    pub fn step(&mut self, store: &Store, connections: usize) -> bool {
        let torrent = store
            .torrent(self.info_hash)
            .map(|swarm| swarm.real_hashes().0);
        let (mut found, mut passed) = (0, 0);
        while found < connections && passed < connections.saturating_mul(OTHERS) {
            let Some(connection) = store.connections().get(self.next) else {
                return true;
            };
            self.next += 1;
            passed += 1;
            let its = store
                .swarm_of(connection)
                .map(|swarm| swarm.real_hashes().0);
            if its.is_some() && its == torrent {
                self.add(connection);
                found += 1;
            }
        }
        self.next == store.connections().len()
    }

    fn add(&mut self, connection: &Connection) {
        let peers = Side::BOTH.map(|side| self.number(connection, side));
        self.connections.insert(connection.id, peers);
    }

    fn number(&mut self, connection: &Connection, side: Side) -> u32 {
        let new = self.peers.len() as u32;
        let name = Name::of(connection, side);
        let number = *self.by_name.entry(name).or_insert(new);
        if number == new {
            self.peers.push(Member {
                end: *connection.end(side),
                shares_host: !matches!(name, Name::Host(_)),
                connections: Vec::new(),
            });
        }
        let member = &mut self.peers[number as usize];
        member.connections.push((connection.id, side));
        number
    }

    /// Does it still hold every connection of its torrent? A capture that is being read brings more, and may tell late
    /// what a connection speaks of.
    pub fn is_current(&self, store: &Store) -> bool {
        let swarm = store.torrent(self.info_hash);
        swarm.map_or(0, |swarm| swarm.connections as usize) == self.connections.len()
    }

    /// Whose peers these are.
    pub fn info_hash(&self) -> InfoHash {
        self.info_hash
    }

    /// All of them.
    pub fn peers(&self) -> &[Member] {
        &self.peers
    }

    /// How many connections they have.
    pub fn connections(&self) -> usize {
        self.connections.len()
    }

    /// The numbers of the two peers of a connection, by side; `None` if it is of another torrent.
    pub fn peers_of(&self, connection: ConnectionId) -> Option<[u32; 2]> {
        self.connections.get(&connection).copied()
    }
}

impl Member {
    /// Its connections that had said something when `moment` was the last entry, and their last entries then.
    pub fn at<'a>(
        &'a self,
        store: &'a Store,
        moment: EntryId,
    ) -> impl DoubleEndedIterator<Item = (&'a Connection, Side, usize)> {
        self.connections.iter().filter_map(move |(id, side)| {
            let connection = store.connection(*id);
            Some((connection, *side, connection.ordinal_at(moment)?))
        })
    }

    /// Name of its client, by the first of its connections that tells it.
    pub fn client(&self, store: &Store) -> Option<String> {
        let told = self.connections.iter();
        told.take(MAX_ASKED)
            .find_map(|(id, side)| Some(store.connection(*id).client(*side)?.to_owned()))
    }
}

/// Connections that are asked for a client's name: a host of thousands that hides its name is asked at every frame.
const MAX_ASKED: usize = 16;
