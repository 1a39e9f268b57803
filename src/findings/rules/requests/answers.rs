//! Who gives, and who refuses.

use super::doubts::{Doubt, SWAPPED, What};
use super::ledger::{How, Leave, OBLIVION, Open, Past, is_same_place};
use super::refusals::MAX_REFUSALS;
use super::{Both, lacks_fast};
use crate::capture::Timestamp;
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::peer::Choke;
use crate::wire::Block;

impl Both {
    pub(super) fn given(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let receiver = !scene.by;
        if block.length == 0 {
            self.empty(scene, block, out);
            return;
        }
        let asker = self.asker(receiver);
        asker.refusals.serve(block.index);
        match asker.ledger.serve(block, scene.spot()) {
            Some(open) => self.served(scene, block, open, out),
            None => self.unasked(scene, block, out),
        }
    }

    fn served(&mut self, scene: &Scene<'_>, block: Block, open: Open, out: &mut Raise<'_>) {
        self.answered(scene, open.block);
        let Block {
            index,
            begin,
            length,
        } = block;
        let wanted = open.block.length;
        if length != wanted {
            out.say(
                Code::PieceShort,
                scene.by,
                scene.spot(),
                format_args!(
                    "{length} bytes of piece {index} at {begin} came, {wanted} were asked for"
                ),
            );
        }
        if scene.talk.peer(scene.by).choke == Choke::Choking
            && open.leave == Leave::None
            && self.is_behind_choke(scene, open)
        {
            out.say(
                Code::PieceWhileChoking,
                scene.by,
                scene.spot(),
                format_args!(
                    "piece {index} at {begin} was asked for while choked, and came nevertheless"
                ),
            );
        }
    }

    fn is_behind_choke(&mut self, scene: &Scene<'_>, open: Open) -> bool {
        let choked = self.asker(!scene.by).choked;
        choked.is_none_or(|choked| open.spot.time.since(choked) > SWAPPED)
    }

    /// An answer in time clears what looked wrong because it stands behind it.
    fn answered(&mut self, scene: &Scene<'_>, block: Block) {
        let asker = self.asker(!scene.by);
        let (open, reqq) = (asker.ledger.open() as i64, asker.reqq);
        let is_within = reqq.is_none_or(|reqq| open <= reqq);
        if is_within {
            asker.may_tell_again(Code::RequestOverReqq);
        }
        self.doubts.clear(|it| {
            it.by == !scene.by
                && match it.what {
                    What::Twice => it.block == block,
                    What::Beyond(..) => is_within,
                    _ => false,
                }
        });
    }

    /// BitComet says so that it will not give the block.
    fn empty(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let Block { index, begin, .. } = block;
        self.asker(!scene.by).ledger.serve(block, scene.spot());
        out.say(
            Code::PieceZeroLength,
            scene.by,
            scene.spot(),
            format_args!("piece {index} at {begin} came without a byte"),
        );
    }

    /// A piece for which no request waits.
    fn unasked(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let ledger = &mut self.asker(!scene.by).ledger;
        let is_it = |asked| is_same_place(asked, block);
        if let Some(past) = ledger.was_withdrawn(is_it, (How::Served, scene.spot())) {
            if past.how == How::Cancelled {
                after_cancel(scene, &past, out);
            }
            return;
        }
        let before = ledger.was_answered(is_it).map(|past| past.how);
        if is_known(scene, ledger.is_whole(scene.now())) {
            self.doubt_answer(scene, What::Piece(before), block);
        }
    }

    fn doubt_answer(&mut self, scene: &Scene<'_>, what: What, block: Block) {
        self.doubts.add(Doubt {
            what,
            by: scene.by,
            block,
            spot: scene.spot(),
        });
    }

    pub(super) fn refused(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        self.doubts.prove(!scene.by, block, out);
        let Block { index, begin, .. } = block;
        if lacks_fast(scene.talk) {
            out.say(
                Code::RejectWithoutFast,
                scene.by,
                scene.spot(),
                format_args!("piece {index} at {begin} was rejected, and not both sides have the fast extension"),
            );
        }
        let ledger = &mut self.asker(!scene.by).ledger;
        // Of two requests for the same the older one is answered first: the cancelled one.
        let withdrawn = ledger.was_withdrawn(|asked| asked == block, (How::Rejected, scene.spot()));
        if withdrawn.is_some() {
            return;
        }
        match ledger.reject(block, scene.spot()) {
            Some(open) => self.rejected(scene, open, out),
            None => self.unasked_reject(scene, block),
        }
    }

    fn unasked_reject(&mut self, scene: &Scene<'_>, block: Block) {
        let ledger = &self.asker(!scene.by).ledger;
        let before = ledger.was_answered(|asked| asked == block);
        let before = before.map(|past| past.how);
        if scene.hears(!scene.by) && ledger.remembers_answers(scene.now()) && scene.talk.has_fast()
        {
            self.doubt_answer(scene, What::Reject(before), block);
        }
    }

    /// An open request was rejected.
    fn rejected(&mut self, scene: &Scene<'_>, open: Open, out: &mut Raise<'_>) {
        self.answered(scene, open.block);
        let giver = scene.talk.peer(scene.by);
        if giver.choke != Choke::Unchoked {
            return;
        }
        let index = open.block.index;
        let refusals = &mut self.asker(!scene.by).refusals;
        refusals.count(scene.spot());
        if !giver.pieces.contains(index) {
            return;
        }
        if refusals.refuse(index, open.spot.time, scene.now()) == MAX_REFUSALS {
            out.say(
                Code::HaveNotServed,
                scene.by,
                scene.spot(),
                format_args!("piece {index} was announced, and refused {MAX_REFUSALS} times"),
            );
        }
    }
}

fn after_cancel(scene: &Scene<'_>, past: &Past, out: &mut Raise<'_>) {
    let Block {
        index,
        begin,
        length,
    } = past.block;
    let late = scene.now().since(past.spot.time).max(0) / 1_000_000;
    let words = if scene.entry.has_heard() {
        "its sender knew of that"
    } else {
        "its sender may not have known of that"
    };
    out.say(
        Code::PieceAfterCancel,
        scene.by,
        scene.spot(),
        format_args!("{length} bytes of piece {index} at {begin} came {late} ms after they were cancelled: {words}"),
    );
}

/// Every request of the receiver that could still be answered was heard, and of the answer all.
fn is_known(scene: &Scene<'_>, is_whole: bool) -> bool {
    let since = Timestamp(scene.now().0.saturating_sub(OBLIVION as u64));
    is_whole && scene.hears_since(!scene.by, since) && scene.store.missing(scene.id) == 0
}
