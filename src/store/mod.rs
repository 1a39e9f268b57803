//! The record of a capture: compact entries, what is known of each connection, and the state at any entry.

mod arena;
mod blocks;
mod census;
mod change;
mod choked;
mod connection;
mod entry;
mod exchange;
pub mod filter;
mod history;
mod latencies;
mod life;
mod listing;
mod mask;
mod moments;
mod partner;
mod piece_life;
mod raw;
mod relations;
mod roster;
mod rows;
mod runs;
mod search;
mod slowest;
mod study;
mod tally;
#[cfg(test)]
mod told;
mod torrents;
mod totals;
mod transport;
mod verification;
mod waits;
mod walk;

pub use blocks::{Blocks, Got, Part, Received, parts};
pub use census::{Census, Counts, Holding};
pub use change::{Change, Privacy, Record, What, put_in_order};
pub use choked::{Choked, choked_while_interested};
pub use connection::{Connection, Protocol, Segments, SideFacts};
pub use entry::{Entry, EntryId};
pub use exchange::{Exchange, Extent, Gift, Share};
pub use history::{CHECKPOINT_MIN, History, Turn};
pub use life::{Life, Step, Taken};
pub use listing::{Listing, Order, Wanted, waited};
pub use moments::{Moments, Stage};
pub use partner::{delta_to_partner, partner};
pub use piece_life::{Deed, Event, PieceDeeds, PieceLife, Receiver};
pub use raw::{Raw, RawFrame, read_raw};
pub use roster::{Member, Roster};
pub use rows::{Choice, Fold, Line, Rows, Scope};
pub use runs::{Run, Sum};
pub use search::{AtEnd, Search, Searched, Towards};
pub use slowest::{Slow, Slowest};
pub use study::Study;
pub use tally::{StreamTally, Tally};
pub use totals::Totals;
pub use transport::{Course, Figures as TransportFigures, RoundTrips, Scale, Span, Tracing};
pub(crate) use verification::block_bytes;
pub use verification::{Outcome, Verdict, Verification};
pub use waits::{Figures, Waits};
pub use walk::{Subject, Walk};

use std::collections::HashMap;
use std::sync::Arc;

use arena::Arena;

use crate::capture::Layout;
use crate::packet::Endpoint;
use crate::peer::Talk;
use crate::stream::{ConnectionId, Mark};
use crate::swarm::{Endpoints, Origin, Sightings, Torrents};
use crate::wire::companion::Heard;
use crate::wire::{Kind, Message, Method};

/// Everything that was learned so far. It only grows; [`Store::apply`] is the one way in.
#[derive(Debug, Default)]
pub struct Store {
    entries: entry::Entries,
    arena: Arena,
    /// Bytes missing from a message: few have any.
    missing: HashMap<EntryId, u64>,
    connections: Vec<Connection>,
    sightings: Sightings,
    /// Ends that took a connection on which BitTorrent was spoken.
    listeners: Endpoints,
    torrents: Torrents,
    tally: Tally,
    totals: Totals,
    layout: Option<Arc<Layout>>,
    mask: mask::Mask,
    relations: relations::Relations,
}

impl Store {
    /// Takes the next thing that the capture teaches.
    pub fn apply(&mut self, change: Change) {
        match change {
            Change::Opened {
                connection,
                transport,
                ends,
                opener,
                first,
            } => {
                debug_assert_eq!(connection.0 as usize, self.connections.len());
                self.connections
                    .push(Connection::new(connection, transport, ends, opener, first));
                self.relations.opened(&self.connections);
                self.mask_connection(connection);
            }
            Change::OpenedBy {
                connection,
                side,
                at,
            } => self.connections[connection.0 as usize].opened_by(side, at),
            Change::Marked {
                connection,
                mark,
                at,
            } => {
                if let Mark::Continues(before) = mark {
                    self.relations.goes_on(before, connection);
                }
                self.connections[connection.0 as usize].mark(mark, at);
            }
            Change::Landmark {
                connection,
                side,
                landmark,
            } => self.connections[connection.0 as usize].pass(side, landmark),
            Change::Said(record) => self.record(*record),
            Change::Lost { connection, side } => self.connections[connection.0 as usize].lose(side),
            Change::Encryption {
                connection,
                encryption,
            } => self.connections[connection.0 as usize].encrypt(encryption),
            Change::Key {
                connection,
                side,
                key,
            } => self.connections[connection.0 as usize].remember(side, *key),
            Change::Activity {
                connection,
                activity,
            } => {
                let known = &mut self.connections[connection.0 as usize].activity;
                self.totals.segments(known, &activity);
                *known = activity;
            }
            Change::Heard { connection, heard } => self.hear(connection, *heard),
            Change::Learned(lesson) => self.sightings.learn(&lesson),
            Change::Tally(tally) => self.tally = *tally,
            Change::Layout(layout) => self.layout = Some(layout),
            Change::Privacy(Privacy::Masked) => self.mask(),
            Change::Privacy(Privacy::Open) => self.unmask(),
            Change::Torrents(torrents) => {
                torrents
                    .into_iter()
                    .for_each(|metainfo| self.torrents.tell(metainfo, Origin::File));
                self.mask_torrents();
            }
        }
    }

    fn hear(&mut self, id: ConnectionId, heard: Heard) {
        let connection = &mut self.connections[id.0 as usize];
        let before = connection.protocol();
        connection.companion = Some(heard.companion);
        self.totals.renamed(before, connection);
        let lessons = heard.lessons(connection.ends);
        lessons.iter().for_each(|it| self.sightings.learn(it));
    }

    fn record(&mut self, record: Record) {
        let id = self.entries.next_id();
        let connection = &mut self.connections[record.connection.0 as usize];
        let mut extension = None;
        if let What::Message(message) = &record.what {
            let had_torrent = connection.real_info_hash().is_some();
            connection.learn(record.side, message, record.found);
            if let Some(info_hash) = connection.real_info_hash() {
                let swarm = self.torrents.named(info_hash);
                swarm.connections += u32::from(!had_torrent);
                swarm.learn(message);
                torrents::learn(&mut self.torrents, connection, &record, message);
            }
            if let Message::Extended { id, .. } = message {
                extension = connection.extension(record.side, *id);
            }
        }
        if record.missing > 0 {
            self.missing.insert(id, record.missing);
        }
        let entry = Entry::new(&record, extension, &mut self.arena);
        let added = StreamTally::of(&record, entry.wire_len());
        let before = connection.protocol();
        connection.push(id, &record, added);
        self.totals.entry(entry.kind(), added, before, connection);
        if before != Protocol::PeerWire && connection.protocol() == Protocol::PeerWire {
            self.listeners
                .add(connection.real_end(!connection.opener()));
        }
        let (kind, id) = (entry.kind(), entry.connection);
        self.entries.push(entry);
        if matches!(kind, Kind::Handshake | Kind::Extended) {
            self.mask_connection(id);
        }
    }

    /// Number of entries.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Number of messages: entries that are no gap and no undecoded stretch.
    pub fn messages(&self) -> u64 {
        self.totals.messages()
    }

    /// True before the first entry.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// One entry.
    pub fn entry(&self, id: EntryId) -> &Entry {
        self.entries.get(id)
    }

    /// All entries from `first` on, in capture order.
    pub fn entries(&self, first: EntryId) -> impl Iterator<Item = (EntryId, &Entry)> {
        self.entries.from(first)
    }

    /// What an entry says, taken out of its packed form.
    pub fn what(&self, entry: &Entry) -> What {
        self.masked(entry, self.real_what(entry))
    }

    /// The same without the mask, for what is never shown.
    pub(crate) fn real_what(&self, entry: &Entry) -> What {
        entry.what(&self.arena)
    }

    /// The name of an extended message, if its id was negotiated.
    pub fn extension(&self, entry: &Entry) -> Option<&str> {
        entry.extension(&self.arena)
    }

    /// Bytes of an entry's message that are not in the capture.
    pub fn missing(&self, id: EntryId) -> u64 {
        self.missing.get(&id).copied().unwrap_or(0)
    }

    /// All connections, by number.
    pub fn connections(&self) -> &[Connection] {
        &self.connections
    }

    /// One connection.
    pub fn connection(&self, id: ConnectionId) -> &Connection {
        &self.connections[id.0 as usize]
    }

    /// The state of a connection behind its entry number `ordinal` (from 0): found by the checkpoint before it.
    pub fn talk_at(&self, id: ConnectionId, ordinal: usize) -> Talk {
        let connection = self.connection(id);
        connection.talk_at(ordinal, |talk, id| {
            let entry = self.entry(id);
            if let What::Message(message) = self.real_what(entry) {
                talk.apply(entry.side(), &message);
            }
        })
    }

    /// How a connection hides what it says. What only begins like a key exchange is one where an end is a peer of
    /// BitTorrent by what others say, or by another connection.
    pub fn method(&self, connection: &Connection) -> Option<Method> {
        let method = connection.encryption()?.method;
        Some(match method {
            Method::Possible if connection.ends.iter().any(|end| self.is_peer(end)) => Method::Mse,
            method => method,
        })
    }

    /// Is an end a peer of BitTorrent by what others say of it, or by another connection that it took?
    pub(crate) fn is_peer(&self, end: &Endpoint) -> bool {
        let known = [&self.listeners, self.sightings.endpoints()];
        known.iter().any(|known| known.contains(end))
    }

    /// Torrents and peers that others named: trackers, the DHT, local discovery.
    pub fn sightings(&self) -> &Sightings {
        &self.sightings
    }

    /// Where every frame went.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Sums over all connections.
    pub fn totals(&self) -> &Totals {
        &self.totals
    }

    /// How to find a frame in the file again.
    pub fn layout(&self) -> Option<&Arc<Layout>> {
        self.layout.as_ref()
    }
}
