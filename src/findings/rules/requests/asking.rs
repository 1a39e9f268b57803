//! Who asks, and who takes it back.

use super::doubts::{Doubt, What};
use super::ledger::{How, Leave, Open};
use super::shape::BLOCK;
use super::{Both, Word, lacks_fast};
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::peer::{Choke, Interest};
use crate::wire::{Block, PieceIndex};

/// Requests for a granted piece while choked, in times of its blocks, that are still no abuse.
const MAX_ROUNDS: u32 = 3;

impl Both {
    pub(super) fn asked(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let leave = self.leave(scene, block, out);
        let asker = self.asker(scene.by);
        let fault = asker.shapes.judge(scene, block, out);
        asker.interest(scene, block.index, out);
        if fault != Some(Code::RequestOutOfRange) {
            self.possession(scene, block, out);
        }
        self.enter(
            scene,
            Open {
                block,
                spot: scene.spot(),
                leave,
            },
        );
    }

    /// By what right it is asked for.
    fn leave(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) -> Leave {
        let giver = !scene.by;
        if scene.talk.peer(giver).choke != Choke::Choking {
            return Leave::Unchoked;
        }
        // What it has granted while nobody listened, nobody knows.
        let is_known = scene.hears(giver) || lacks_fast(scene.talk);
        let asker = self.asker(scene.by);
        if asker.grants.may_be(block.index) {
            asker.abuse(scene, block.index, out);
            return Leave::Granted;
        }
        // A connection begins choked: of that everybody knows.
        if asker.choked.is_some() && !scene.entry.has_heard() {
            let Block { index, begin, .. } = block;
            out.say(
                Code::RequestCrossedChoke,
                scene.by,
                scene.spot(),
                format_args!(
                    "piece {index} at {begin} was asked for while the choke was on its way"
                ),
            );
            return Leave::Unchoked;
        }
        if !is_known {
            return Leave::Unchoked;
        }
        let choked = self.asker(scene.by).choked;
        let behind = choked.map(|choked| scene.now().since(choked));
        self.doubt(scene, What::Choked(behind), block);
        Leave::None
    }

    fn doubt(&mut self, scene: &Scene<'_>, what: What, block: Block) {
        self.doubts.add(Doubt {
            what,
            by: scene.by,
            block,
            spot: scene.spot(),
        });
    }

    /// Who has what is asked for?
    fn possession(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let Block { index, begin, .. } = block;
        let [own, other] = [scene.by, !scene.by].map(|side| &scene.talk.peer(side).pieces);
        if own.contains(index) && self.asker(scene.by).word == Word::Holds {
            out.say(
                Code::RequestOwnPiece,
                scene.by,
                scene.spot(),
                format_args!(
                    "piece {index} at {begin} was asked for by one who has said to have it"
                ),
            );
        }
        let is_told = scene.hears(!scene.by) && self.asker(!scene.by).word == Word::Holds;
        if is_told && !other.contains(index) {
            self.doubt(scene, What::Lacking, block);
        }
    }

    /// Enters it into the ledger, unless its answer stands before it.
    fn enter(&mut self, scene: &Scene<'_>, request: Open) {
        let block = request.block;
        if let Some(answer) = self.doubts.find_answer(!scene.by, block) {
            let how = match answer.what {
                What::Reject(_) => How::Rejected,
                _ => How::Served,
            };
            self.asker(scene.by).ledger.answer(block, how, answer.spot);
            return;
        }
        let asker = self.asker(scene.by);
        let twin = asker.ledger.ask(request);
        // What a choke should have had rejected is asked for again by those who do not wait for that.
        let choked = asker.choked;
        if twin.is_some_and(|twin| choked.is_none_or(|choked| twin.spot.time > choked)) {
            self.doubt(scene, What::Twice, block);
        }
        self.depth(scene, block);
    }

    /// Do more wait than the other side takes?
    fn depth(&mut self, scene: &Scene<'_>, block: Block) {
        let asker = self.asker(scene.by);
        let Some(reqq) = asker.reqq.filter(|reqq| *reqq > 0) else {
            return;
        };
        let open = asker.ledger.open();
        let oldest = asker.ledger.first().map(|(open, _)| open.spot.time);
        let is_fresh = asker.choked.is_none_or(|choked| oldest > Some(choked));
        if open as i64 <= reqq || !is_fresh || !asker.ledger.is_whole(scene.now()) {
            return;
        }
        if asker.is_first(Code::RequestOverReqq) {
            self.doubt(scene, What::Beyond(open, reqq), block);
        }
    }

    pub(super) fn cancelled(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let (by, spot) = (scene.by, scene.spot());
        let ledger = &mut self.asker(by).ledger;
        if ledger.cancel(block, spot).is_some() {
            return;
        }
        let Block {
            index,
            begin,
            length,
        } = block;
        if let Some(past) = ledger.was_answered(|asked| asked == block) {
            if past.how == How::Served {
                let late = scene.now().since(past.spot.time).max(0) / 1_000_000;
                out.say(
                    Code::CancelTooLate,
                    by,
                    spot,
                    format_args!(
                        "piece {index} at {begin} had come {late} ms before it was cancelled"
                    ),
                );
            }
            return;
        }
        let is_known = scene.hears(by) && ledger.remembers_answers(scene.now());
        if is_known && !ledger.is_withdrawn(block) {
            out.say(
                Code::CancelUnknown,
                by,
                spot,
                format_args!("{length} bytes of piece {index} at {begin} were cancelled, and nobody had asked for them"),
            );
        }
    }
}

impl super::Asker {
    fn interest(&mut self, scene: &Scene<'_>, index: PieceIndex, out: &mut Raise<'_>) {
        let is_interested = scene.talk.peer(scene.by).interest != Interest::NotInterested;
        if is_interested || !self.is_first(Code::RequestNotInterested) {
            return;
        }
        out.say(
            Code::RequestNotInterested,
            scene.by,
            scene.spot(),
            format_args!("piece {index} was asked for without interest"),
        );
    }

    /// A granted piece is asked for while choked.
    fn abuse(&mut self, scene: &Scene<'_>, index: PieceIndex, out: &mut Raise<'_>) {
        let mut grants = self.grants.pieces.iter_mut();
        let Some((_, times)) = grants.find(|(granted, _)| *granted == index) else {
            return;
        };
        *times = times.saturating_add(1);
        let Some(length) = scene.ground.piece_len(index) else {
            return;
        };
        let blocks = length.div_ceil(u64::from(BLOCK)) as u32;
        if *times == blocks.saturating_mul(MAX_ROUNDS).saturating_add(1) {
            let times = *times;
            out.say(
                Code::AllowedFastAbuse,
                scene.by,
                scene.spot(),
                format_args!(
                    "{times} requests while choked for piece {index}, which has {blocks} blocks"
                ),
            );
        }
    }
}
