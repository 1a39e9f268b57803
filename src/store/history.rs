//! The state of a conversation at any of its entries.

use super::{EntryId, What};
use crate::peer::{Flow, Talk};
use crate::stream::Side;

/// Messages that are replayed at most when the state is small.
pub const CHECKPOINT_MIN: usize = 256;
/// Bytes of checkpoints that a message may cost on average. A state of many pieces is kept more seldom.
const CHECKPOINT_BYTES: usize = 8;

/// The entries of one connection and what it takes to know the state at each of them.
///
/// Invariant: a checkpoint's state is what the first `entries` entries make of an empty one, and checkpoints are
/// in order. A state is the nearest checkpoint before it and a bounded number of messages.
#[derive(Debug, Default)]
pub struct History {
    entries: Vec<EntryId>,
    now: Talk,
    checkpoints: Vec<Checkpoint>,
    lost: Vec<(usize, Side)>,
    turns: Vec<Turn>,
}

/// A moment at which what is wanted and allowed changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    /// So many entries of the conversation lie before what follows.
    pub entries: u32,
    /// Towards each side, from here on.
    pub flow: [Flow; 2],
    /// So often it has changed towards each side, this time counted.
    pub changes: [u32; 2],
}

#[derive(Debug)]
struct Checkpoint {
    entries: usize,
    talk: Talk,
}

impl History {
    /// The entries, in order.
    pub fn entries(&self) -> &[EntryId] {
        &self.entries
    }

    /// The state behind the last entry.
    pub fn now(&self) -> &Talk {
        &self.now
    }

    pub(super) fn push(&mut self, id: EntryId, side: Side, what: &What) {
        self.entries.push(id);
        if let What::Message(message) = what {
            self.now.apply(side, message);
            self.turn();
        }
        let since = self.entries.len() - self.checkpoints.last().map_or(0, |last| last.entries);
        if since >= CHECKPOINT_MIN.max(self.now.weight() / CHECKPOINT_BYTES) {
            self.checkpoints.push(Checkpoint {
                entries: self.entries.len(),
                talk: self.now.clone(),
            });
        }
    }

    /// The messages of one side are not understood from here on.
    pub(super) fn lose(&mut self, side: Side) {
        self.lost.push((self.entries.len(), side));
        self.now.lose(side);
        self.turn();
    }

    /// Where the flow changed, in order. Before the first, all is unknown.
    pub fn turns(&self) -> &[Turn] {
        &self.turns
    }

    /// What is wanted and allowed behind the last entry, and the number of that entry.
    pub(super) fn flow(&self) -> ([Flow; 2], u32) {
        let flow = Side::BOTH.map(|side| self.now.flow_to(side));
        (flow, (self.entries.len() as u32).saturating_sub(1))
    }

    fn turn(&mut self) {
        let flow = Side::BOTH.map(|side| self.now.flow_to(side));
        let entries = self.entries.len() as u32;
        // Of several changes at one entry the last holds.
        self.turns.pop_if(|last| last.entries == entries);
        let last = self.turns.last();
        let (before, mut changes) =
            last.map_or(([Flow::Unknown; 2], [0; 2]), |it| (it.flow, it.changes));
        for side in Side::BOTH.map(Side::index) {
            changes[side] += u32::from(flow[side] != before[side]);
        }
        if flow != before {
            self.turns.push(Turn {
                entries,
                flow,
                changes,
            });
        }
    }

    /// The state behind the entry at `ordinal`; `apply` applies one entry to a state.
    pub(super) fn at(&self, ordinal: usize, mut apply: impl FnMut(&mut Talk, EntryId)) -> Talk {
        let wanted = (ordinal + 1).min(self.entries.len());
        let before = self
            .checkpoints
            .partition_point(|checkpoint| checkpoint.entries <= wanted);
        let nearest = before.checked_sub(1).map(|index| &self.checkpoints[index]);
        let (start, mut talk) = nearest.map_or((0, Talk::default()), |found| {
            (found.entries, found.talk.clone())
        });
        // A loss at the checkpoint itself came after the entry that made it.
        let mut lost = self
            .lost
            .iter()
            .skip_while(|(entries, _)| *entries < start)
            .peekable();
        let mut at = start;
        loop {
            while let Some((_, side)) = lost.next_if(|(entries, _)| *entries <= at) {
                talk.lose(*side);
            }
            if at == wanted {
                return talk;
            }
            apply(&mut talk, self.entries[at]);
            at += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::peer::{Choke, Interest};
    use crate::wire::{Block, Handshake, Message, PieceIndex};
    use proptest::prelude::*;

    fn message(number: u8, index: u32) -> Message {
        let block = Block {
            index: PieceIndex(index),
            begin: 0,
            length: 1,
        };
        match number {
            0 => Message::Choke,
            1 => Message::Unchoke,
            2 => Message::Interested,
            3 => Message::NotInterested,
            4 => Message::Have(block.index),
            5 => Message::Request(block),
            6 => Message::Piece(block),
            7 => Message::Bitfield([index as u8, 1].into()),
            8 => Message::Handshake(Box::default()),
            _ => Message::HaveAll,
        }
    }

    /// A history of messages and what a replay from the first of them gives at each.
    fn told(said: &[(u8, u32, bool)]) -> (History, Vec<Talk>) {
        let (mut history, mut talk, mut talks) = (History::default(), Talk::default(), Vec::new());
        for (id, (number, index, from_b)) in said.iter().enumerate() {
            let (side, message) = (
                if *from_b { Side::B } else { Side::A },
                message(*number, *index),
            );
            talk.apply(side, &message);
            talks.push(talk.clone());
            history.push(EntryId(id as u32), side, &What::Message(message));
        }
        (history, talks)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_state_at_any_entry_is_what_a_replay_from_the_first_gives(
            said in proptest::collection::vec((0u8..10, 0u32..9000, any::<bool>()), 1..2000),
            visits in proptest::collection::vec(any::<prop::sample::Index>(), 20),
        ) {
            let (history, talks) = told(&said);
            for visit in visits {
                let ordinal = visit.index(said.len());
                let talk = history.at(ordinal, |talk, id| {
                    let (number, index, from_b) = said[id.0 as usize];
                    talk.apply(if from_b { Side::B } else { Side::A }, &message(number, index));
                });
                prop_assert_eq!(&talk, &talks[ordinal]);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]
        #[test]
        fn the_flow_between_two_turns_is_what_a_replay_gives(
            said in proptest::collection::vec((0u8..10, 0u32..9, any::<bool>()), 1..300),
        ) {
            let (history, talks) = told(&said);
            let (mut last, mut changes) = ([Flow::Unknown; 2], [0; 2]);
            for (ordinal, talk) in talks.iter().enumerate() {
                for side in Side::BOTH {
                    let flow = talk.flow_to(side);
                    changes[side.index()] += u32::from(flow != last[side.index()]);
                    last[side.index()] = flow;
                }
                let before = history.turns().iter().take_while(|turn| turn.entries as usize <= ordinal + 1);
                let told = before.last().map_or(([Flow::Unknown; 2], [0; 2]), |turn| (turn.flow, turn.changes));
                prop_assert_eq!(told, (last, changes));
            }
            let is_change = |pair: &[Turn]| pair[0].flow != pair[1].flow && pair[0].entries < pair[1].entries;
            prop_assert!(history.turns().windows(2).all(is_change));
        }
    }

    #[test]
    fn a_replay_is_bounded_by_checkpoints() {
        let said = vec![(4, 1, false); 100_000];
        let (history, _) = told(&said);
        let mut replayed = 0;
        history.at(99_999, |_, _| replayed += 1);
        assert!(
            replayed <= CHECKPOINT_MIN,
            "{replayed} messages were replayed"
        );
    }

    #[test]
    fn a_state_of_many_pieces_is_kept_more_seldom() {
        let mut history = History::default();
        history.push(
            EntryId(0),
            Side::A,
            &What::Message(Message::Bitfield(vec![0xff; 1 << 17].into())),
        );
        for id in 1..20_000 {
            history.push(
                EntryId(id),
                Side::B,
                &What::Message(Message::Have(PieceIndex(id))),
            );
        }
        assert_eq!(history.checkpoints.len(), 1);
    }

    #[test]
    fn behind_lost_sync_a_side_is_unknown_and_before_it_is_not() {
        let mut history = History::default();
        let hello = || Message::Handshake(Box::<Handshake>::default());
        history.push(EntryId(0), Side::A, &What::Message(hello()));
        history.push(EntryId(1), Side::B, &What::Message(hello()));
        history.lose(Side::A);
        history.push(EntryId(2), Side::B, &What::Message(Message::Unchoke));
        let at = |ordinal| {
            history.at(ordinal, |talk, id| match id.0 {
                0 => talk.apply(Side::A, &hello()),
                1 => talk.apply(Side::B, &hello()),
                _ => talk.apply(Side::B, &Message::Unchoke),
            })
        };
        assert_eq!(at(0).peer(Side::A).choke, Choke::Choking);
        assert_eq!(
            (at(2).peer(Side::A).choke, at(2).peer(Side::A).interest),
            (Choke::Unknown, Interest::Unknown)
        );
        assert_eq!(at(2).peer(Side::B).choke, Choke::Unchoked);
    }
}
