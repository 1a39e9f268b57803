//! What each side of a conversation did, as far as it decides whether data flow.

use super::{Interested, Unchoked, WhyNot};
use crate::capture::Timestamp;
use crate::store::{Connection, Entry, Store, What};
use crate::stream::Side;
use crate::wire::{ExtendedHandshake, Kind, Message};

/// Who got a block in this time downloads.
const RECENT: i64 = 10_000_000_000;

/// What each side did, and when.
#[derive(Debug, Default)]
pub(super) struct Walk {
    pub(super) sides: [Did; 2],
    end: Timestamp,
}

#[derive(Debug, Default)]
pub(super) struct Did {
    spoke: Option<Timestamp>,
    /// Its words are missing up to here.
    pub(super) hole: Option<Timestamp>,
    /// Its first interest, and since when it is interested.
    first_interest: Option<Timestamp>,
    interested: Option<Timestamp>,
    /// Its first unchoke, and since when it is unchoking, or chokes again.
    first_unchoke: Option<Timestamp>,
    unchoked: Option<Timestamp>,
    choked: Option<Timestamp>,
    /// Its last request, how many are open at most, and since when no answer came.
    asked: Option<Timestamp>,
    open: u32,
    waits: Option<Timestamp>,
    /// Blocks that it sent, and those of the last seconds.
    pub(super) blocks: u32,
    pub(super) recent: u32,
    pub(super) upload_only: Option<i64>,
}

impl Walk {
    pub(super) fn over(store: &Store, connection: &Connection, has_fast: bool) -> Walk {
        let close = connection.segments().close;
        let last = connection.activity.last.time;
        let spoken = connection.entries().last().map(|id| store.entry(*id).time);
        let end = close.map_or(last, |close| close.time);
        let mut walk = Walk {
            end: end.max(spoken.unwrap_or_default()),
            ..Walk::default()
        };
        for id in connection.entries() {
            let entry = store.entry(*id);
            let did = &mut walk.sides[entry.side().index()];
            did.hear(entry);
            if entry.kind() == Kind::Extended && store.extension(entry) == Some("handshake") {
                did.hello(&store.real_what(entry));
            }
            walk.data(entry, has_fast);
        }
        walk
    }

    /// Requests and their answers.
    fn data(&mut self, entry: &Entry, has_fast: bool) {
        let time = entry.time;
        let is_recent = self.end.since(time) <= RECENT;
        let [a, b] = &mut self.sides;
        let (own, other) = match entry.side() {
            Side::A => (a, b),
            Side::B => (b, a),
        };
        match entry.kind() {
            Kind::Request => own.ask(time),
            Kind::Cancel => own.open = own.open.saturating_sub(1),
            Kind::Piece => {
                own.blocks = own.blocks.saturating_add(1);
                own.recent += u32::from(is_recent);
                other.get(time);
            }
            Kind::Reject => other.get(time),
            Kind::Choke if !has_fast => other.open = 0,
            Kind::Unchoke if own.unchoked == Some(time) => other.waits = Some(time),
            _ => {}
        }
    }

    fn passed(&self, since: Timestamp) -> i64 {
        self.end.since(since).max(0)
    }

    pub(super) fn choked(&self, side: Side) -> Option<WhyNot> {
        let [own, other] = [side, !side].map(|side| &self.sides[side.index()]);
        let was = match (other.first_unchoke, other.hole) {
            (None, None) => Unchoked::Never,
            _ => Unchoked::Before,
        };
        let since = own.interested?.max(other.choked.unwrap_or_default());
        Some(WhyNot::Choked(was, self.passed(since)))
    }

    pub(super) fn open(&self, side: Side, requests: u32) -> Option<WhyNot> {
        let [own, other] = [side, !side].map(|side| &self.sides[side.index()]);
        let since = own.interested?.max(other.unchoked?);
        let hears = |did: &Did, since| did.hole.is_none_or(|hole| hole < since);
        Some(match (requests, own.asked) {
            (0, None) if own.hole.is_none() => WhyNot::AsksNothing(self.passed(since)),
            (0, Some(asked)) if hears(own, asked) => WhyNot::AskedBefore(self.passed(asked)),
            // A block among the missing words may have answered what seems open.
            (1.., Some(_)) if own.hole.is_none() && other.hole.is_none() => {
                WhyNot::NotServed(requests, self.passed(own.waits?))
            }
            _ => return None,
        })
    }
}

impl Did {
    /// What it says of itself.
    fn hear(&mut self, entry: &Entry) {
        let (kind, time) = (entry.kind(), entry.time);
        if !kind.is_message() {
            // What stands before the handshake is a key exchange, or a proxy's greeting.
            if kind != Kind::Conflict && self.spoke.is_some() {
                self.miss(time);
            }
            return;
        }
        let is_joined = self.spoke.is_none() && kind != Kind::Handshake;
        if is_joined || entry.is_resynchronised() {
            self.miss(time);
        }
        self.spoke.get_or_insert(time);
        match kind {
            Kind::Interested => _ = self.interested.get_or_insert(time),
            Kind::NotInterested => self.interested = None,
            Kind::Unchoke => _ = self.unchoked.get_or_insert(time),
            Kind::Choke if self.unchoked.take().is_some() => self.choked = Some(time),
            _ => {}
        }
        self.first_interest = self.first_interest.or(self.interested);
        self.first_unchoke = self.first_unchoke.or(self.unchoked);
    }

    fn miss(&mut self, time: Timestamp) {
        self.hole = Some(time);
        (self.interested, self.unchoked) = (None, None);
    }

    fn ask(&mut self, time: Timestamp) {
        if self.open == 0 {
            self.waits = Some(time);
        }
        self.open = self.open.saturating_add(1);
        self.asked = Some(time);
    }

    fn get(&mut self, time: Timestamp) {
        self.open = self.open.saturating_sub(1);
        self.waits = Some(time);
    }

    fn hello(&mut self, what: &What) {
        if let What::Message(Message::Extended { payload, .. }) = what {
            let said = ExtendedHandshake::read(payload).upload_only;
            self.upload_only = said.or(self.upload_only);
        }
    }

    pub(super) fn was_interested(&self) -> Interested {
        match (self.first_interest, self.hole) {
            (None, None) => Interested::Never,
            _ => Interested::Before,
        }
    }
}
