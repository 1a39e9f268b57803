//! What looks wrong, and may be right a moment later: frames that pass each other stand in the capture in the wrong order.

use std::collections::VecDeque;
use std::fmt;

use super::ledger::{How, is_same_place};
use crate::capture::Timestamp;
use crate::findings::scene::{Raise, SECOND};
use crate::findings::{Code, Spot};
use crate::stream::Side;
use crate::wire::Block;

/// What answers may stand so long before its question in a capture.
pub(super) const SWAPPED: i64 = SECOND / 10;
/// A choke may wait so long in the buffers of its receiver: clients under a rate limit read their sockets in turns.
/// libtorrent closes the connection only behind it.
const UNREAD: i64 = 2 * SECOND;
/// Doubts that are kept. More of them in a tenth of a second say nothing new.
const MAX_DOUBTS: usize = 256;

/// What looks wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// A request so many nanoseconds behind a choke, or behind none at all: right if the unchoke comes.
    Choked(Option<i64>),
    /// A request for what the other side has not: right if it says that it has.
    Lacking,
    /// A request for what waits already: right if that is answered now.
    Twice,
    /// So many requests wait, more than so many: right if some are answered now.
    Beyond(usize, i64),
    /// A piece that nobody asked for: right if the request comes. It ended so before, if at all.
    Piece(Option<How>),
    /// A reject of what nobody asked for: right if the request comes.
    Reject(Option<How>),
}

impl What {
    pub(super) fn is_choked(self) -> bool {
        matches!(self, What::Choked(_))
    }
}

/// Who, what and where.
#[derive(Clone, Copy, Debug)]
pub(super) struct Doubt {
    pub what: What,
    pub by: Side,
    pub block: Block,
    pub spot: Spot,
}

/// All of one connection, in their order.
#[derive(Debug, Default)]
pub(super) struct Doubts(VecDeque<Doubt>);

impl Doubts {
    pub(super) fn add(&mut self, doubt: Doubt) {
        if self.0.len() < MAX_DOUBTS {
            self.0.push_back(doubt);
        }
    }

    /// Those that stand for long enough are no doubts any more.
    pub(super) fn settle(&mut self, now: Timestamp, out: &mut Raise<'_>) {
        while let Some(doubt) = self.0.front()
            && now.since(doubt.spot.time) > SWAPPED
        {
            doubt.say(out);
            self.0.pop_front();
        }
    }

    /// Nothing more will come.
    pub(super) fn settle_all(&mut self, out: &mut Raise<'_>) {
        self.0.drain(..).for_each(|doubt| doubt.say(out));
    }

    /// Some of them were none.
    pub(super) fn clear(&mut self, is_clear: impl Fn(&Doubt) -> bool) {
        if !self.0.is_empty() {
            self.0.retain(|doubt| !is_clear(doubt));
        }
    }

    /// Proven at once: the other side has refused the request before it served again.
    pub(super) fn prove(&mut self, by: Side, block: Block, out: &mut Raise<'_>) {
        let is_it =
            |doubt: &Doubt| doubt.what.is_choked() && (doubt.by, doubt.block) == (by, block);
        let proven = self.0.iter().filter(|doubt| is_it(doubt));
        proven.for_each(|doubt| doubt.say(out));
        self.clear(is_it);
    }

    /// Here is the request of an answer that stood before it.
    pub(super) fn find_answer(&mut self, giver: Side, block: Block) -> Option<Doubt> {
        let at = self.0.iter().position(|doubt| match doubt.what {
            What::Piece(_) => doubt.by == giver && is_same_place(doubt.block, block),
            What::Reject(_) => doubt.by == giver && doubt.block == block,
            _ => false,
        })?;
        self.0.remove(at)
    }
}

impl Doubt {
    fn say(&self, out: &mut Raise<'_>) {
        let Block {
            index,
            begin,
            length,
        } = self.block;
        match self.what {
            What::Choked(behind) => self.choked(behind, out),
            What::Lacking => self.put(
                Code::RequestPieceLacking,
                format_args!(
                    "piece {index} at {begin} was asked for, and the other side has not said that it has it"
                ),
                out,
            ),
            What::Twice => self.put(
                Code::RequestDuplicate,
                format_args!(
                    "{length} bytes of piece {index} at {begin} were asked for again before they were answered"
                ),
                out,
            ),
            What::Beyond(open, most) => self.put(
                Code::RequestOverReqq,
                format_args!("{open} requests wait, and the other side takes {most}"),
                out,
            ),
            What::Piece(before) => self.put(
                Code::PieceUnrequested,
                format_args!(
                    "{length} bytes of piece {index} at {begin} came: {}",
                    asked(before)
                ),
                out,
            ),
            What::Reject(before) => self.refused(before, out),
        }
    }

    fn refused(&self, before: Option<How>, out: &mut Raise<'_>) {
        let Block {
            index,
            begin,
            length,
        } = self.block;
        self.put(
            Code::RejectUnrequested,
            format_args!(
                "{length} bytes of piece {index} at {begin} were refused: {}",
                asked(before)
            ),
            out,
        );
    }

    fn choked(&self, behind: Option<i64>, out: &mut Raise<'_>) {
        let (code, Block { index, begin, .. }) = (Code::RequestWhileChoked, self.block);
        let Some(behind) = behind else {
            return self.put(
                code,
                format_args!(
                    "piece {index} at {begin} was asked for before the other side unchoked its sender"
                ),
                out,
            );
        };
        let ms = behind / 1_000_000;
        let words = format_args!(
            "piece {index} at {begin} was asked for {ms} ms behind a choke that the transport of its sender had acknowledged"
        );
        if behind < UNREAD {
            out.suspect(code, self.by, self.spot, words);
        } else {
            self.put(code, words, out);
        }
    }

    fn put(&self, code: Code, words: fmt::Arguments<'_>, out: &mut Raise<'_>) {
        out.say(code, self.by, self.spot, words);
    }
}

fn asked(before: Option<How>) -> &'static str {
    match before {
        None => "nobody had asked for them",
        Some(How::Rejected) => "the only request for them was rejected before",
        Some(_) => "the only request for them was answered before",
    }
}
