//! The steps of a connection's life: when each side first said what leads to data, and what came of it.

use super::choked::ChokedAt;
use super::{Choked, Connection, Entry, Store, What};
use crate::peer::{Announced, Pieces};
use crate::stream::Side;
use crate::wire::{Kind, Message};

/// What a step of the walk may cost: an entry costs one, and a bitfield as much as it has words.
const STEP: usize = 20_000;
const BITFIELD_WORD: usize = 64;

/// A step that each side takes, in the order in which they are usual.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Its handshake (BEP 3).
    Handshake,
    /// Its handshake of extensions (BEP 10).
    ExtendedHandshake,
    /// Its bitfield, `have_all` or `have_none`.
    Pieces,
    /// It wants data.
    Interested,
    /// It lets the other side have data.
    Unchoke,
    /// It asks for a block.
    Request,
    /// It sends a block.
    Piece,
    /// It sends no block behind this one.
    LastPiece,
    /// It tells of a piece that it got.
    Have,
}

impl Step {
    /// All of them.
    pub const ALL: [Step; 9] = [
        Step::Handshake,
        Step::ExtendedHandshake,
        Step::Pieces,
        Step::Interested,
        Step::Unchoke,
        Step::Request,
        Step::Piece,
        Step::LastPiece,
        Step::Have,
    ];

    fn of(kind: Kind) -> Option<Step> {
        Some(match kind {
            Kind::Handshake => Step::Handshake,
            Kind::Bitfield | Kind::HaveAll | Kind::HaveNone => Step::Pieces,
            Kind::Interested => Step::Interested,
            Kind::Unchoke => Step::Unchoke,
            Kind::Request => Step::Request,
            Kind::Piece => Step::Piece,
            Kind::Have => Step::Have,
            _ => return None,
        })
    }
}

/// Whether a step was taken. Entries are counted from the first of the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Taken {
    /// With this entry.
    At(u32),
    /// It was seen with this one; as words are missing from the capture, another may be the right one.
    About(u32),
    /// Not among the entries that were read.
    Never,
    /// Perhaps among words that are not in the capture.
    Unknown,
}

impl Taken {
    /// The entry it was seen with.
    pub fn entry(self) -> Option<u32> {
        match self {
            Taken::At(entry) | Taken::About(entry) => Some(entry),
            Taken::Never | Taken::Unknown => None,
        }
    }
}

/// A walk over one conversation, which notes its steps.
#[derive(Clone, Debug, Default)]
pub struct Life {
    walked: usize,
    sides: [Walked; 2],
    choked: ChokedAt,
}

/// What was noted of one side.
#[derive(Clone, Debug, Default)]
struct Walked {
    seen: [Option<u32>; Step::ALL.len()],
    /// From here on its words may be missing: the number of the entry.
    hole: Option<u32>,
    has_spoken: bool,
    pieces: Pieces,
    /// When it last told of a piece that it had not told of.
    grown: Option<u32>,
}

impl Life {
    /// Entries that were looked at.
    pub fn walked(&self) -> usize {
        self.walked
    }

    /// Looks at some more entries; false when there are no more.
    pub fn step(&mut self, store: &Store, connection: &Connection) -> bool {
        let mut budget = STEP;
        for id in &connection.entries()[self.walked..] {
            let entry = store.entry(*id);
            let cost = self.sides[entry.side().index()].take(store, entry, self.walked as u32);
            self.walked += 1;
            budget = budget.saturating_sub(cost);
            if budget == 0 {
                break;
            }
        }
        let has_more_turns = self.choked.step(store, connection, self.walked);
        has_more_turns || self.walked < connection.entries().len()
    }

    /// Whether a side took a step, as far as the walk went.
    pub fn taken(&self, side: Side, step: Step) -> Taken {
        let walked = &self.sides[side.index()];
        // Of the last of a kind it matters what is missing behind it, too.
        let is_sure = |at: u32| match walked.hole {
            Some(hole) => at < hole && step != Step::LastPiece,
            None => true,
        };
        match walked.seen[step as usize] {
            Some(at) if is_sure(at) => Taken::At(at),
            Some(at) => Taken::About(at),
            None if walked.has_spoken && walked.hole.is_none() => Taken::Never,
            None => Taken::Unknown,
        }
    }

    /// The entry with which a side had told of all of `count` pieces.
    pub fn complete(&self, side: Side, count: u32) -> Option<u32> {
        let walked = &self.sides[side.index()];
        let pieces = &walked.pieces;
        let has_all = pieces.announced() == Announced::All || pieces.count(0..count) == count;
        walked.grown.filter(|_| has_all && count > 0)
    }

    /// How long a side was choked while it was interested, up to an entry.
    pub fn choked(
        &self,
        store: &Store,
        connection: &Connection,
        side: Side,
        ordinal: usize,
    ) -> Option<Choked> {
        self.choked.at(store, connection, side, ordinal)
    }
}

impl Walked {
    /// Notes an entry of this side, and says what that cost.
    fn take(&mut self, store: &Store, entry: &Entry, at: u32) -> usize {
        let kind = entry.kind();
        if !kind.is_message() {
            let is_hole = matches!(kind, Kind::Gap | Kind::Undecoded | Kind::Encrypted);
            // What stands before the handshake is a key exchange, or a proxy's greeting.
            if is_hole && self.has_spoken {
                self.hole.get_or_insert(at);
            }
            return 1;
        }
        if !self.has_spoken && kind != Kind::Handshake {
            // Joined in the middle: anything may have been said before.
            self.hole = Some(0);
        }
        self.has_spoken = true;
        if kind == Kind::Extended && store.extension(entry) == Some("handshake") {
            self.note(Step::ExtendedHandshake, at);
        }
        let Some(step) = Step::of(kind) else {
            return 1;
        };
        self.note(step, at);
        match step {
            Step::Piece => self.seen[Step::LastPiece as usize] = Some(at),
            Step::Pieces | Step::Have => return self.learn(store, entry, at),
            _ => {}
        }
        1
    }

    fn note(&mut self, step: Step, at: u32) {
        self.seen[step as usize].get_or_insert(at);
    }

    fn learn(&mut self, store: &Store, entry: &Entry, at: u32) -> usize {
        match store.what(entry) {
            What::Message(Message::Have(piece)) if !self.pieces.contains(piece) => {
                self.pieces.insert(piece);
                self.grown = Some(at);
            }
            What::Message(Message::Bitfield(bytes)) => {
                self.pieces.set_bitfield(&bytes);
                self.grown = Some(at);
                return 1 + bytes.len() / BITFIELD_WORD;
            }
            What::Message(Message::HaveAll) => {
                self.pieces.set_all();
                self.grown = Some(at);
            }
            What::Message(Message::HaveNone) => self.pieces.set_none(),
            _ => {}
        }
        1
    }
}

#[cfg(test)]
mod tests {
    use super::super::told::{block, hello, here, tell, told};
    use super::*;
    use crate::stream::Missing;
    use Side::{A, B};

    fn life(store: &Store) -> Life {
        let mut life = Life::default();
        while life.step(store, here(store)) {}
        life
    }

    fn of(said: &[(Side, Message)]) -> Life {
        life(&told(said.iter().cloned()))
    }

    #[test]
    fn the_first_of_a_kind_is_a_step_and_the_last_piece() {
        let piece = (B, Message::Piece(block(1)));
        let life = of(&[(B, hello(true)), piece.clone(), piece.clone(), piece]);
        assert_eq!(life.taken(B, Step::Piece), Taken::At(1));
        assert_eq!(life.taken(B, Step::LastPiece), Taken::At(3));
    }

    #[test]
    fn what_a_whole_conversation_lacks_was_never_said() {
        let life = of(&[(A, hello(true)), (A, Message::Interested)]);
        assert_eq!(life.taken(A, Step::Request), Taken::Never);
        assert_eq!(life.taken(B, Step::Unchoke), Taken::Unknown);
    }

    #[test]
    fn in_a_capture_from_the_middle_nothing_is_sure() {
        let life = of(&[(A, Message::Interested), (B, Message::Unchoke)]);
        assert_eq!(life.taken(A, Step::Interested), Taken::About(0));
        assert_eq!(life.taken(A, Step::Handshake), Taken::Unknown);
    }

    #[test]
    fn behind_a_gap_a_first_may_be_a_second() {
        let gap = What::Gap {
            bytes: 9,
            missing: Missing::Lost,
        };
        let said = [hello(true), Message::Interested].map(What::Message);
        let [hello, interested] = said;
        let store = tell([(A, hello), (A, gap), (A, interested)]);
        assert_eq!(life(&store).taken(A, Step::Handshake), Taken::At(0));
        assert_eq!(life(&store).taken(A, Step::Interested), Taken::About(2));
    }

    #[test]
    fn a_peer_is_complete_with_the_have_that_is_its_last() {
        let have = |index| (A, Message::Have(block(index).index));
        let life = of(&[
            (A, Message::Bitfield([0b1010_0000].into())),
            have(1),
            have(1),
            have(3),
            have(2),
        ]);
        assert_eq!(
            [3, 4, 5].map(|count| life.complete(A, count)),
            [Some(3), Some(3), None]
        );
        assert_eq!(life.complete(B, 4), None);
    }

    #[test]
    fn have_all_is_complete_at_once() {
        let life = of(&[
            (A, hello(true)),
            (A, Message::HaveAll),
            (A, Message::Have(block(1).index)),
        ]);
        assert_eq!(life.complete(A, 1000), Some(1));
    }

    #[test]
    fn how_long_a_side_was_choked_is_known_at_any_entry() {
        let mut said = vec![(A, hello(true)), (B, hello(true)), (A, Message::Interested)];
        for _ in 0..2000 {
            said.extend([
                (B, Message::Unchoke),
                (B, Message::Choke),
                (A, Message::KeepAlive),
            ]);
        }
        let store = told(said);
        let life = life(&store);
        let total = |at| {
            life.choked(&store, here(&store), A, at)
                .map_or(0, |it| it.total / 1_000_000_000)
        };
        assert_eq!([1, 2, 3, 4, 6, 6002].map(total), [0, 0, 1, 1, 3, 4000]);
    }
}
