//! Which messages are kept, and so which connections, and how much of each.

use super::Wanted;
use super::bits::Bits;
use crate::store::{Entry, EntryId, Store};
use crate::stream::{ConnectionId, Side, Transport};
use crate::wire::{Kind, Via};

/// Bytes of a piece message before its block: length prefix, id, index, begin (BEP 3).
const PIECE_HEADER: u32 = 13;
/// Entries that are looked through for the message that some bytes belong to.
const MAX_LOOK: usize = 64;

/// How much of a connection is left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cut {
    /// All of it.
    All,
    /// The inside of blocks that nobody asked for.
    Blocks,
    /// Nothing.
    Nothing,
}

/// What was chosen so far.
#[derive(Debug)]
pub(super) struct Chosen {
    /// By number of the connection.
    cuts: Vec<Cut>,
    /// Entries that were chosen, where not all of a connection is.
    entries: Bits,
    /// Connections with bytes that are missing, or messages that were found behind such: nothing is cut out of them,
    /// lest the same messages are not found again. So it is with all over uTP.
    torn: Bits,
}

/// Where the reading of one side is in the entries of its connection.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Cursor(usize);

/// Payload of a segment.
#[derive(Clone, Copy, Debug)]
pub(super) struct Payload {
    pub(super) side: Side,
    pub(super) frame: u32,
    pub(super) seq: u32,
    pub(super) len: u32,
}

impl Chosen {
    pub(super) fn new(store: &Store, wanted: &Wanted) -> Chosen {
        let is_whole = |id| wanted.connections.is_some() && wanted.is_of(id);
        let cut = |id| {
            if is_whole(id) && !wanted.is_of_messages() {
                Cut::Nothing
            } else {
                Cut::All
            }
        };
        let connections = store.connections().iter();
        let mut torn = Bits::default();
        let over_utp = connections
            .clone()
            .filter(|it| it.transport != Transport::Tcp);
        over_utp.for_each(|it| torn.insert(it.id.0));
        Chosen {
            cuts: connections.map(|connection| cut(connection.id)).collect(),
            entries: Bits::default(),
            torn,
        }
    }

    /// Looks at more entries.
    pub(super) fn look(
        &mut self,
        store: &Store,
        wanted: &Wanted,
        ids: impl Iterator<Item = EntryId>,
    ) {
        for id in ids {
            let entry = store.entry(id);
            if entry.kind() == Kind::Gap || entry.is_resynchronised() {
                self.torn.insert(entry.connection.0);
            }
            if wanted.is_of(entry.connection) && wanted.lets_pass(store, id) {
                self.choose(id, entry, wanted);
            }
        }
    }

    fn choose(&mut self, id: EntryId, entry: &Entry, wanted: &Wanted) {
        // Who asks for a stretch that is no message wants to see why it is none.
        let cut = if wanted.is_of_messages() && entry.kind().is_message() {
            Cut::Blocks
        } else {
            Cut::Nothing
        };
        let known = &mut self.cuts[entry.connection.0 as usize];
        *known = cut.max(*known);
        if *known == Cut::Blocks {
            self.entries.insert(id.0);
        }
    }

    pub(super) fn cut(&self, id: ConnectionId) -> Cut {
        match self.cuts.get(id.0 as usize) {
            Some(Cut::Blocks) if self.torn.has(id.0) => Cut::Nothing,
            Some(cut) => *cut,
            None => Cut::All,
        }
    }

    /// Connections that are kept.
    pub(super) fn count(&self) -> usize {
        self.cuts.iter().filter(|cut| **cut != Cut::All).count()
    }

    /// True when some payload is nothing but the inside of a block that nobody asked for: neither its header nor what
    /// tells when the message was whole. In doubt it is not.
    pub(super) fn can_spare(
        &self,
        store: &Store,
        id: ConnectionId,
        cursor: &mut Cursor,
        payload: Payload,
    ) -> bool {
        let entries = store.connection(id).entries();
        let is_before = |id: &EntryId| {
            let entry = store.entry(*id);
            entry.side() != payload.side || entry.frame.0 < payload.frame
        };
        let rest = entries[cursor.0..].iter();
        cursor.0 += rest.take_while(|id| is_before(id)).count();
        let (before, ahead) = entries.split_at(cursor.0);
        // What is sent again is left out as it was the first time.
        let (before, ahead) = (before.iter().rev(), ahead.iter());
        let mut near = ahead.take(MAX_LOOK).chain(before.take(MAX_LOOK));
        near.any(|id| !self.entries.has(id.0) && is_inside(store.entry(*id), payload))
    }
}

/// True when all of a payload is in the block of a piece message, and neither at its end nor what made it whole.
fn is_inside(entry: &Entry, payload: Payload) -> bool {
    let is_clear =
        !entry.is_faulty() && !entry.is_resynchronised() && entry.frame.0 != payload.frame;
    if entry.kind() != Kind::Piece
        || entry.side() != payload.side
        || !is_clear
        || entry.via() == Some(Via::MseRc4)
    {
        return false;
    }
    let offset = u64::from(payload.seq.wrapping_sub(entry.seq.0));
    let end = offset + u64::from(payload.len);
    offset >= u64::from(PIECE_HEADER) && end < entry.wire_len()
}
