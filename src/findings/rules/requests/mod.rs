//! Requests, and what comes of them.
//!
//! One ledger of what each side has asked for serves all rules: [`asking`] judges who asks, [`answers`] who gives or
//! refuses, [`waiting`] who lets the other wait. What frames that passed each other can explain is a doubt first, see [`doubts`].

mod answers;
mod asking;
mod doubts;
mod ledger;
mod refusals;
mod shape;
mod waiting;

use super::Rules;
use crate::capture::Timestamp;
use crate::findings::Code;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::peer::Talk;
use crate::store::What as Stretch;
use crate::stream::Side;
use crate::wire::{ExtendedHandshake, Kind, Message, PieceIndex};

use doubts::{Doubts, What};
use ledger::Ledger;
use refusals::Refusals;
use shape::Shapes;

/// Pieces that a side may ask for in spite of a choke. Clients grant five to ten.
const MAX_GRANTS: usize = 64;

/// Requests, and what comes of them. Made with the first word that is about any.
#[derive(Debug, Default)]
pub(super) struct Requests(Option<Box<Both>>);

#[derive(Debug, Default)]
struct Both {
    askers: [Asker; 2],
    doubts: Doubts,
}

/// A side as the one that asks.
#[derive(Debug, Default)]
struct Asker {
    ledger: Ledger,
    grants: Grants,
    /// When the other side last choked it.
    choked: Option<Timestamp>,
    /// Requests that the other side is willing to queue (BEP 10).
    reqq: Option<i64>,
    /// The other side does not serve these.
    refusals: Refusals,
    shapes: Shapes,
    /// What was said of it and need not be said again.
    told: Vec<Code>,
    /// What it said to have.
    word: Word,
}

/// Does it hold what a side says of its pieces?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Word {
    #[default]
    Holds,
    /// It took some back (BEP 54), or not all that it said is in the capture.
    Unsure,
}

/// Pieces that a side may ask for in spite of a choke (BEP 6), and how many requests it made of each.
#[derive(Debug, Default)]
struct Grants {
    pieces: Vec<(PieceIndex, u32)>,
    /// There were more of them than are known.
    beyond: u32,
}

impl Grants {
    fn add(&mut self, piece: PieceIndex) {
        if self.pieces.len() == MAX_GRANTS {
            self.beyond += 1;
        } else if !self.may_be(piece) {
            self.pieces.push((piece, 0));
        }
    }

    /// True also where nobody knows.
    fn may_be(&self, piece: PieceIndex) -> bool {
        self.beyond > 0 || self.pieces.iter().any(|(granted, _)| *granted == piece)
    }
}

impl Asker {
    /// True when it is the first time.
    fn is_first(&mut self, code: Code) -> bool {
        let is_first = !self.told.contains(&code);
        if is_first {
            self.told.push(code);
        }
        is_first
    }

    fn may_tell_again(&mut self, code: Code) {
        self.told.retain(|told| *told != code);
    }
}

/// Both handshakes are known, and one of them lacks the bit of the fast extension.
fn lacks_fast(talk: &Talk) -> bool {
    let is_known = |side| talk.peer(side).reserved.is_some();
    Side::BOTH.into_iter().all(is_known) && !talk.has_fast()
}

impl Rules for Requests {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        if self.0.is_none() && !begins(message) {
            return;
        }
        let both = self.0.get_or_insert_default();
        both.doubts.settle(scene.now(), out);
        both.take(scene, message, out);
        both.wait(scene, out);
    }

    fn missed(&mut self, scene: &Scene<'_>, what: &Stretch, _: &mut Raise<'_>) {
        if let Some(both) = &mut self.0
            && !matches!(what, Stretch::Conflict { .. })
        {
            both.forget(scene.now());
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let Some(both) = &mut self.0 else {
            return;
        };
        both.doubts.settle(ending.end(), out);
        if ending.connection.activity.closed.is_some() {
            both.doubts.settle_all(out);
        }
    }
}

/// Before one of these there is nothing to remember.
fn begins(message: &Message) -> bool {
    matches!(
        message.kind(),
        Kind::Request
            | Kind::Piece
            | Kind::Cancel
            | Kind::Reject
            | Kind::AllowedFast
            | Kind::Choke
            | Kind::Extended
    )
}

impl Both {
    fn asker(&mut self, side: Side) -> &mut Asker {
        &mut self.askers[side.index()]
    }

    fn take(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let other = !scene.by;
        match message {
            Message::Request(block) => self.asked(scene, *block, out),
            Message::Cancel(block) => self.cancelled(scene, *block, out),
            Message::Piece(block) => self.given(scene, *block, out),
            Message::Reject(block) => self.refused(scene, *block, out),
            Message::Choke => self.choked(scene),
            Message::Unchoke => {
                self.asker(other).ledger.restart(scene.now());
                self.clear(other, What::is_choked);
            }
            Message::AllowedFast(piece) => {
                self.asker(other).grants.add(*piece);
                self.doubts
                    .clear(|it| it.what.is_choked() && (it.by, it.block.index) == (other, *piece));
            }
            Message::Have(_) | Message::Bitfield(_) | Message::HaveAll => {
                self.clear(other, |what| what == What::Lacking);
            }
            Message::Interested => {
                self.asker(scene.by)
                    .may_tell_again(Code::RequestNotInterested);
            }
            Message::Extended { id, payload } => self.learn(scene, *id, payload),
            Message::Unread(kind) => self.unread(scene, *kind),
            _ => {}
        }
    }

    fn clear(&mut self, by: Side, is_clear: impl Fn(What) -> bool) {
        self.doubts.clear(|it| it.by == by && is_clear(it.what));
    }

    /// A choke drops what was asked for, unless the fast extension wants each of them rejected (BEP 3, BEP 6).
    fn choked(&mut self, scene: &Scene<'_>) {
        let has_fast = scene.talk.has_fast();
        let asker = self.asker(!scene.by);
        asker.choked = Some(scene.now());
        asker.ledger.restart(scene.now());
        asker.refusals.clear();
        if !has_fast {
            asker.ledger.drop_all(scene.spot());
        }
        self.clear(!scene.by, |what| what == What::Twice);
    }

    fn learn(&mut self, scene: &Scene<'_>, id: u8, payload: &[u8]) {
        if id == 0 {
            let reqq = ExtendedHandshake::read(payload).reqq;
            let asker = self.asker(!scene.by);
            asker.reqq = reqq.or(asker.reqq);
        } else if scene.talk.extension(scene.by, id) == Some("lt_donthave") {
            self.asker(scene.by).word = Word::Unsure;
        }
    }

    /// A message of which the head alone is in the capture.
    fn unread(&mut self, scene: &Scene<'_>, kind: Kind) {
        match kind {
            Kind::Request | Kind::Cancel => self.asker(scene.by).ledger.forget(scene.now()),
            Kind::Piece | Kind::Reject => self.asker(!scene.by).ledger.forget(scene.now()),
            Kind::AllowedFast => self.asker(!scene.by).grants.beyond += 1,
            Kind::Have | Kind::Bitfield => self.asker(scene.by).word = Word::Unsure,
            _ => {}
        }
    }

    /// Words are missing: any of them may have asked, answered or dropped.
    fn forget(&mut self, now: Timestamp) {
        for asker in &mut self.askers {
            asker.ledger.forget(now);
            asker.refusals.clear();
        }
        self.doubts = Doubts::default();
    }
}
