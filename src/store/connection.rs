//! What is known of a connection as a whole.

use super::choked::ChokedTally;
use super::history::{History, Turn};
use super::mask::Alias;
use super::{Entry, EntryId, Record, StreamTally, What};
use crate::capture::FrameNumber;
use crate::packet::Endpoint;
use crate::peer::Talk;
use crate::stream::{
    Activity, ConnectionId, Evidence, FrameRef, Landmark, Mark, Moment, SeqNumber, Side, Transport,
};
use crate::wire::companion::Companion;
use crate::wire::{
    self, Encryption, ExtendedHandshake, Found, Handshake, InfoHash, Message, StreamKey,
};

/// A connection and its conversation.
#[derive(Debug)]
pub struct Connection {
    /// Its number, which is its place in the list.
    pub id: ConnectionId,
    /// What carries it.
    pub transport: Transport,
    /// Its ends; [`Side`] is the index.
    pub(super) ends: [Endpoint; 2],
    /// Who opened it, as far as that is known.
    pub opener: (Side, Evidence),
    /// Its first frame.
    pub first: FrameRef,
    /// Its segments.
    pub activity: Activity,
    /// What it began as, if that was no conversation of peers.
    pub companion: Option<Companion>,
    /// Made with the first: a port scan has none.
    segments: Option<Box<Segments>>,
    /// Made with the first entry: a port scan has none.
    conversation: Option<Box<Conversation>>,
    /// What it is called under the mask.
    pub(super) alias: Option<Box<Alias>>,
}

/// Frames of which a connection's life tells, where they are not its first.
#[derive(Clone, Copy, Debug, Default)]
pub struct Segments {
    /// A SYN that came late.
    pub syn: Option<Moment>,
    /// The answer to the SYN.
    pub syn_ack: Option<Moment>,
    /// The FIN or RST that ended it.
    pub close: Option<Moment>,
    /// The connection that goes on here, under another address of one of its ends.
    pub continues: Option<ConnectionId>,
}

/// What is spoken on a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// Messages of the peer wire protocol were found.
    PeerWire,
    /// What goes with it.
    Companion(Companion),
    /// Something else, or nothing that can be read.
    Other,
}

#[derive(Debug, Default)]
struct Conversation {
    history: History,
    choked: ChokedTally,
    sides: [SideFacts; 2],
    info_hash: Option<InfoHash>,
    encryption: Option<Box<Encryption>>,
    /// Of each side, places from which its stream can be decrypted again, in order. Made with the first.
    keys: Option<Box<[Vec<StreamKey>; 2]>>,
    /// Of each side, places from which its stream over uTP can be read again, in order. Made with the first.
    landmarks: Option<Box<[Vec<Landmark>; 2]>>,
}

/// What one side said of itself, and how much it said, over the whole capture.
#[derive(Clone, Debug, Default)]
pub struct SideFacts {
    /// Its handshake.
    pub(super) handshake: Option<Handshake>,
    /// `v` of its extended handshake.
    pub version: Option<String>,
    /// Name of the client by its peer id.
    named: Option<String>,
    /// Messages.
    pub messages: u64,
    /// Bytes of blocks that it sent.
    pub payload_bytes: u64,
    /// Where the bytes of its stream went.
    pub stream: StreamTally,
}

impl SideFacts {
    /// Was its handshake seen?
    pub fn has_handshake(&self) -> bool {
        self.handshake.is_some()
    }

    /// Name of the client: from the peer id, or else by its own words.
    pub fn client(&self) -> Option<&str> {
        self.named.as_deref().or(self.version.as_deref())
    }
}

impl Connection {
    pub(super) fn new(
        id: ConnectionId,
        transport: Transport,
        ends: [Endpoint; 2],
        opener: (Side, Evidence),
        first: FrameRef,
    ) -> Connection {
        Connection {
            id,
            transport,
            ends,
            opener,
            first,
            activity: Activity::default(),
            companion: None,
            segments: None,
            conversation: None,
            alias: None,
        }
    }

    /// Frames of which its life tells.
    pub fn segments(&self) -> Segments {
        self.segments.as_deref().copied().unwrap_or_default()
    }

    pub(super) fn opened_by(&mut self, side: Side, at: Moment) {
        self.opener = (side, Evidence::Syn);
        self.segments.get_or_insert_default().syn = Some(at);
    }

    pub(super) fn mark(&mut self, mark: Mark, at: Moment) {
        let segments = self.segments.get_or_insert_default();
        match mark {
            Mark::SynAck => _ = segments.syn_ack.get_or_insert(at),
            Mark::Close => _ = segments.close.get_or_insert(at),
            Mark::Continues(before) => _ = segments.continues.get_or_insert(before),
        }
    }

    /// One end.
    pub fn end(&self, side: Side) -> &Endpoint {
        let shown = self.alias.as_ref().map_or(&self.ends, |alias| &alias.ends);
        &shown[side.index()]
    }

    /// The same without the mask, for what is never shown.
    pub(crate) fn real_end(&self, side: Side) -> Endpoint {
        self.ends[side.index()]
    }

    /// The side that opened it, shown first.
    pub fn opener(&self) -> Side {
        self.opener.0
    }

    /// The connection id in what a side sends over uTP, but for its SYN (BEP 29).
    pub fn utp_id(&self, side: Side) -> Option<u16> {
        match self.transport {
            Transport::Tcp => None,
            Transport::Utp { id } if side == self.opener() => Some(id.wrapping_add(1)),
            Transport::Utp { id } => Some(id),
        }
    }

    /// Its entries, in order.
    pub fn entries(&self) -> &[EntryId] {
        self.conversation
            .as_ref()
            .map_or(&[], |conversation| conversation.history.entries())
    }

    /// Where an entry stands in it, from 0; `None` if it is another's.
    pub fn ordinal_of(&self, id: EntryId) -> Option<usize> {
        self.entries().binary_search(&id).ok()
    }

    /// Its last entry when `moment` was the last of all; `None` before its first.
    pub fn ordinal_at(&self, moment: EntryId) -> Option<usize> {
        let entries = self.entries();
        entries.partition_point(|id| *id <= moment).checked_sub(1)
    }

    /// Where the flow of data changed, in order.
    pub fn turns(&self) -> &[Turn] {
        self.conversation
            .as_ref()
            .map_or(&[], |conversation| conversation.history.turns())
    }

    pub(super) fn choked(&self) -> Option<&ChokedTally> {
        Some(&self.conversation.as_ref()?.choked)
    }

    /// Facts of one side; `None` before it said anything.
    pub fn facts(&self, side: Side) -> Option<&SideFacts> {
        self.conversation
            .as_ref()
            .map(|conversation| &conversation.sides[side.index()])
    }

    /// Name of the client at one end.
    pub fn client(&self, side: Side) -> Option<&str> {
        self.facts(side)?.client()
    }

    /// The torrent that its first handshake names.
    pub fn info_hash(&self) -> Option<InfoHash> {
        match &self.alias {
            Some(alias) => alias.info_hash,
            None => self.real_info_hash(),
        }
    }

    /// The same without the mask, for what is never shown.
    pub(crate) fn real_info_hash(&self) -> Option<InfoHash> {
        self.conversation.as_ref()?.info_hash
    }

    /// The handshake of one side.
    pub fn handshake(&self, side: Side) -> Option<Handshake> {
        match &self.alias {
            Some(alias) => alias.handshakes[side.index()],
            None => self.facts(side)?.handshake,
        }
    }

    /// The same without the mask, for what is never shown.
    pub(crate) fn real_handshake(&self, side: Side) -> Option<&Handshake> {
        self.facts(side)?.handshake.as_ref()
    }

    /// How it hides what it says, if it does.
    pub fn encryption(&self) -> Option<&Encryption> {
        self.conversation.as_ref()?.encryption.as_deref()
    }

    /// With what a message that begins there was decrypted.
    pub(super) fn key(&self, side: Side, seq: SeqNumber, frame: FrameNumber) -> Option<&StreamKey> {
        let keys = self.conversation.as_ref()?.keys.as_ref()?;
        let keys = keys[side.index()].iter();
        keys.rev().find(|key| key.is_before(seq, frame))
    }

    /// From where on an entry of uTP is to be read; none where its own frame will do.
    pub(super) fn landmark(&self, entry: &Entry) -> Option<Landmark> {
        if entry.kind() == wire::Kind::Conflict {
            return None;
        }
        let landmarks = self.conversation.as_ref()?.landmarks.as_ref()?;
        let landmarks = &landmarks[entry.side().index()];
        let is_before = |landmark: &&Landmark| entry.seq.since(landmark.seq) >= 0;
        let behind = landmarks.partition_point(|landmark| landmark.since <= entry.position());
        // Of a packet in fragments the first one may have come before the packets before it.
        let later = landmarks[behind..].iter().take_while(is_before).last();
        let before = || landmarks[..behind].iter().rev().find(is_before);
        let landmark = *later.or_else(before)?;
        Some(Landmark {
            since: landmark.since.min(entry.position()),
            ..landmark
        })
    }

    pub(super) fn pass(&mut self, side: Side, landmark: Landmark) {
        let conversation = self.conversation.get_or_insert_default();
        conversation.landmarks.get_or_insert_default()[side.index()].push(landmark);
    }

    pub(super) fn remember(&mut self, side: Side, key: StreamKey) {
        let conversation = self.conversation.get_or_insert_default();
        conversation.keys.get_or_insert_default()[side.index()].push(key);
    }

    pub(super) fn encrypt(&mut self, encryption: Option<Box<Encryption>>) {
        let conversation = self.conversation.get_or_insert_default();
        conversation.encryption = encryption;
    }

    /// The state behind its last entry.
    pub fn now(&self) -> Option<&Talk> {
        self.conversation
            .as_ref()
            .map(|conversation| conversation.history.now())
    }

    /// True when one of its directions was read as the peer wire protocol.
    pub fn is_bittorrent(&self) -> bool {
        self.conversation
            .as_ref()
            .is_some_and(|conversation| conversation.sides.iter().any(|side| side.messages > 0))
    }

    /// What is spoken here.
    pub fn protocol(&self) -> Protocol {
        match self.companion {
            _ if self.is_bittorrent() => Protocol::PeerWire,
            Some(companion) => Protocol::Companion(companion),
            None => Protocol::Other,
        }
    }

    /// Where the bytes of both its streams went.
    pub fn stream(&self) -> StreamTally {
        let mut both = StreamTally::default();
        for facts in Side::BOTH.iter().filter_map(|side| self.facts(*side)) {
            both += facts.stream;
        }
        both
    }

    pub(super) fn extension(&self, sender: Side, id: u8) -> Option<&str> {
        match id {
            0 => Some("handshake"),
            id => self.now()?.extension(sender, id),
        }
    }

    /// Takes what a side says of itself.
    pub(super) fn learn(&mut self, side: Side, message: &Message, found: Found) {
        let evidence = &mut self.opener;
        let conversation = self.conversation.get_or_insert_default();
        let facts = &mut conversation.sides[side.index()];
        match message {
            Message::Handshake(handshake) => {
                facts.handshake = Some(**handshake);
                facts.named = wire::client(&handshake.peer_id);
                if conversation.info_hash.is_none() {
                    conversation.info_hash = Some(handshake.info_hash);
                    // Who speaks first has opened the connection, should its SYN be missing.
                    if evidence.1 == Evidence::Guess && found == Found::InOrder {
                        *evidence = (side, Evidence::Handshake);
                    }
                }
            }
            Message::Extended { id: 0, payload } => {
                let version = ExtendedHandshake::read(payload).client;
                facts.version = version.or_else(|| facts.version.take());
            }
            _ => {}
        }
    }

    /// Adds an entry to the conversation, and what it adds to the counts.
    pub(super) fn push(&mut self, id: EntryId, record: &Record, added: StreamTally) {
        let conversation = self.conversation.get_or_insert_default();
        conversation.history.push(id, record.side, &record.what);
        let (flow, entry) = conversation.history.flow();
        conversation.choked.turn(flow, entry, record.time);
        let facts = &mut conversation.sides[record.side.index()];
        facts.stream += added;
        if let What::Message(message) = &record.what {
            facts.messages += 1;
            if let Message::Piece(block) = message {
                facts.payload_bytes += u64::from(block.length);
            }
        }
    }

    pub(super) fn lose(&mut self, side: Side) {
        let conversation = self.conversation.get_or_insert_default();
        conversation.history.lose(side);
        let (flow, entry) = conversation.history.flow();
        conversation.choked.lose(flow, entry);
    }

    pub(super) fn talk_at(&self, ordinal: usize, apply: impl FnMut(&mut Talk, EntryId)) -> Talk {
        self.conversation
            .as_ref()
            .map_or_else(Talk::default, |conversation| {
                conversation.history.at(ordinal, apply)
            })
    }
}
