//! What a message means at its moment: how long something lasted, how many there are now.

use crate::export::duration;
use crate::peer::{Announced, Flow, Interest, Talk};
use crate::store::{Connection, Entry, EntryId, Store, What};
use crate::stream::Side;
use crate::wire::{Block, Kind, Message};

/// Changes of the flow that are looked through for the one that lasts.
const MAX_TURNS: usize = 4096;
/// Messages that are looked through for the request of a block: more than a peer has in flight.
const MAX_BEFORE: usize = 4096;

/// A message in its conversation.
struct Moment<'s> {
    store: &'s Store,
    connection: &'s Connection,
    entry: &'s Entry,
    ordinal: usize,
}

/// Name and value of what can be told.
pub(super) fn lines(store: &Store, id: EntryId) -> Vec<(&'static str, String)> {
    let entry = store.entry(id);
    let connection = store.connection(entry.connection);
    let Some(ordinal) = connection.ordinal_of(id) else {
        return Vec::new();
    };
    let moment = Moment {
        store,
        connection,
        entry,
        ordinal,
    };
    moment.lines().into_iter().flatten().collect()
}

type Line = Option<(&'static str, String)>;

impl Moment<'_> {
    fn lines(&self) -> [Line; 2] {
        match self.entry.kind() {
            Kind::Unchoke => [self.waited(), None],
            Kind::Choke => [self.served(), self.dropped()],
            Kind::Interested | Kind::NotInterested => [self.answered(), None],
            Kind::Have | Kind::Bitfield | Kind::HaveAll | Kind::HaveNone => [self.has(), None],
            Kind::Request => [Some(self.in_flight()), None],
            Kind::Piece | Kind::Reject => [self.asked(!self.entry.side()), None],
            Kind::Cancel => [self.asked(self.entry.side()), None],
            _ => [None, None],
        }
    }

    /// Behind this message.
    fn now(&self) -> Talk {
        self.store.talk_at(self.connection.id, self.ordinal)
    }

    fn before(&self) -> Talk {
        match self.ordinal.checked_sub(1) {
            Some(before) => self.store.talk_at(self.connection.id, before),
            None => Talk::default(),
        }
    }

    /// Since when the flow towards `to` has been what it was before this message: the message that began it.
    fn since(&self, to: Side, is_lasting: impl Fn(Flow) -> bool) -> Option<&Entry> {
        let turns = self.connection.turns();
        let behind = turns.partition_point(|turn| turn.entries as usize <= self.ordinal);
        let looked = &turns[behind.saturating_sub(MAX_TURNS)..behind];
        let lasting = looked
            .iter()
            .rev()
            .take_while(|turn| is_lasting(turn.flow[to.index()]));
        let entries = lasting.last()?.entries as usize;
        let began = self.connection.entries().get(entries.checked_sub(1)?)?;
        Some(self.store.entry(*began))
    }

    fn lasted(&self, since: &Entry) -> String {
        let nanos = self.entry.time.since(since.time);
        format!("{} since {}", duration(nanos), since.kind().name())
    }

    /// `9.87 s since interested`
    fn waited(&self) -> Line {
        let since = self.since(!self.entry.side(), |flow| flow == Flow::Wanted)?;
        Some(("waited", self.lasted(since)))
    }

    /// `1.05 s since unchoke`
    fn served(&self) -> Line {
        let to = !self.entry.side();
        let since = self.since(to, |flow| matches!(flow, Flow::Open | Flow::Allowed))?;
        Some(("served", self.lasted(since)))
    }

    fn dropped(&self) -> Line {
        let before = self.before();
        let open = before.peer(!self.entry.side()).requests.len();
        let words = match (open, before.has_fast()) {
            (0, _) => return None,
            (open, true) => format!("{open}, each still to be answered or rejected (BEP 6)"),
            (open, false) => format!("{open}, which this drops (BEP 3)"),
        };
        Some(("open requests", words))
    }

    /// What the other side lets it do.
    fn answered(&self) -> Line {
        let talk = self.now();
        let is_interested = talk.peer(self.entry.side()).interest == Interest::Interested;
        let words = match talk.flow_to(self.entry.side()) {
            Flow::Open => "it is not choked: requests may follow",
            Flow::Wanted => "it is choked, and waits for an unchoke",
            Flow::Allowed if !is_interested => "it stays unchoked",
            _ => return None,
        };
        Some(("now", words.to_owned()))
    }

    /// `17 of 2048 pieces (0.8 %)`
    fn has(&self) -> Line {
        let talk = self.now();
        let of = self
            .store
            .piece_count(self.connection)
            .filter(|of| *of > 0)?;
        let peer = talk.peer(self.entry.side());
        let has = peer.pieces.count(0..of);
        // Rounded down: all but one of a million is not all.
        let permille = u64::from(has) * 1000 / u64::from(of);
        // Who was heard from the middle on may have said more before.
        let least = match (peer.reserved, peer.pieces.announced()) {
            (None, Announced::Have) => "at least ",
            _ => "",
        };
        let (whole, tenths) = (permille / 10, permille % 10);
        let words = format!("{least}{has} of {of} pieces ({whole}.{tenths} %)");
        Some(("has now", words))
    }

    fn in_flight(&self) -> (&'static str, String) {
        let count = self.now().peer(self.entry.side()).requests.len();
        ("in flight", format!("{count} with this one"))
    }

    /// How long ago this block was asked for.
    fn asked(&self, by: Side) -> Line {
        let block = block(self.store, self.entry)?;
        let entries = self.connection.entries();
        let looked = &entries[self.ordinal.saturating_sub(MAX_BEFORE)..self.ordinal];
        let is_it = |entry: &&Entry| {
            (entry.kind(), entry.side()) == (Kind::Request, by)
                && self::block(self.store, entry)
                    .is_some_and(|asked| asked.index == block.index && asked.begin == block.begin)
        };
        let asked = looked
            .iter()
            .rev()
            .map(|id| self.store.entry(*id))
            .find(is_it)?;
        let nanos = self.entry.time.since(asked.time);
        Some((
            "asked for",
            format!("{} before, in frame {}", duration(nanos), asked.frame),
        ))
    }
}

fn block(store: &Store, entry: &Entry) -> Option<Block> {
    match store.what(entry) {
        What::Message(
            Message::Request(block)
            | Message::Piece(block)
            | Message::Cancel(block)
            | Message::Reject(block),
        ) => Some(block),
        _ => None,
    }
}
