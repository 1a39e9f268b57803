//! Requests that a choke dropped (BEP 3), and that are served all the same behind the next unchoke.

use crate::capture::Timestamp;
use crate::findings::rules::Rules;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::store::What;
use crate::stream::Side;
use crate::wire::{Block, Message};

/// Dropped requests that are remembered of a choke: one that comes back is enough to tell.
const MAX_DROPPED: usize = 64;
/// Frames may pass each other on their way to the capture: a request may stand behind its block.
const PASSING: i64 = SECOND / 10;
/// A choke that is taken back before anybody could ask elsewhere does no harm.
const SHORT: i64 = SECOND;

/// Each side as the one that chokes; made with the first choke that drops something.
#[derive(Debug, Default)]
pub(super) struct Leftovers(Option<Box<[Left; 2]>>);

#[derive(Debug, Default)]
struct Left {
    dropped: Vec<Block>,
    choked: Timestamp,
    phase: Phase,
    /// What came back, and may have been asked for anew.
    suspect: Option<(Block, Spot)>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// Blocks that were on their way may still come.
    #[default]
    Choked,
    /// What comes now was not asked for.
    Unchoked,
}

impl Rules for Leftovers {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        if let Message::Choke = message {
            self.choked(scene);
        }
        let Some(sides) = &mut self.0 else {
            return;
        };
        let (own, other) = (scene.by.index(), (!scene.by).index());
        match message {
            Message::Unchoke => sides[own].unchoked(scene.now()),
            Message::Piece(block) => sides[own].comes(scene, *block),
            Message::Request(block) => sides[other].asked(*block, scene),
            _ => {}
        }
        for by in Side::BOTH {
            let is_ripe = |it: &mut (Block, Spot)| scene.now().since(it.1.time) > PASSING;
            let suspect = sides[by.index()].suspect.take_if(is_ripe);
            report(by, suspect, out);
        }
    }

    fn missed(&mut self, _: &Scene<'_>, _: &What, _: &mut Raise<'_>) {
        // The words that are missing may be the requests.
        self.0 = None;
    }

    fn ended(&mut self, _: &Ending<'_>, out: &mut Raise<'_>) {
        for by in Side::BOTH {
            let sides = self.0.as_mut();
            report(
                by,
                sides.and_then(|sides| sides[by.index()].suspect.take()),
                out,
            );
        }
    }
}

impl Leftovers {
    fn choked(&mut self, scene: &Scene<'_>) {
        let requests = &scene.talk.peer(!scene.by).requests;
        let is_known = |side| scene.talk.peer(side).reserved.is_some();
        let is_bare = Side::BOTH.into_iter().all(is_known) && !scene.talk.has_fast();
        let hears = scene.hears(Side::A) && scene.hears(Side::B);
        if requests.is_empty() || !is_bare || !hears {
            return;
        }
        let left = &mut self.0.get_or_insert_default()[scene.by.index()];
        left.dropped.clear();
        let open = requests.iter().take(MAX_DROPPED);
        left.dropped.extend(open.copied());
        (left.phase, left.choked) = (Phase::Choked, scene.now());
    }
}

impl Left {
    fn unchoked(&mut self, now: Timestamp) {
        if now.since(self.choked) < SHORT {
            self.dropped.clear();
        }
        self.phase = Phase::Unchoked;
    }

    fn comes(&mut self, scene: &Scene<'_>, block: Block) {
        let is_it = |it: &Block| (it.index, it.begin) == (block.index, block.begin);
        let Some(at) = self.dropped.iter().position(is_it) else {
            return;
        };
        self.dropped.swap_remove(at);
        if self.phase == Phase::Unchoked && self.suspect.is_none() {
            self.suspect = Some((block, scene.spot()));
        }
    }

    fn asked(&mut self, block: Block, scene: &Scene<'_>) {
        self.dropped.retain(|it| *it != block);
        let is_answered =
            |it: &mut (Block, Spot)| it.0 == block && scene.now().since(it.1.time) <= PASSING;
        self.suspect.take_if(is_answered);
    }
}

fn report(by: Side, suspect: Option<(Block, Spot)>, out: &mut Raise<'_>) {
    let Some((Block { index, begin, .. }, spot)) = suspect else {
        return;
    };
    out.say(
        Code::RequestsLeftAfterChoke,
        by,
        spot,
        format_args!(
            "piece {index} at {begin} was asked for before the choke, not again, and came behind the next unchoke"
        ),
    );
}
