//! Pieces that a peer announces one by one.

use super::{Hold, Possession, Retraction};
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::swarm::{Certainty, MAX_PIECES};
use crate::wire::{Kind, PieceIndex};

impl Possession {
    pub(super) fn have(&mut self, scene: &Scene<'_>, index: PieceIndex, out: &mut Raise<'_>) {
        if is_out_of_range(scene, index, out) {
            return;
        }
        self.early(scene, index, out);
        let claims = &mut self.claims[scene.by.index()];
        if scene.talk.peer(scene.by).pieces.contains(index) {
            if scene.hears(scene.by) && claims.retraction == Retraction::Never {
                out.say(
                    Code::HaveRedundant,
                    scene.by,
                    scene.spot(),
                    format_args!("have of piece {index}, which it had announced before"),
                );
            }
            return;
        }
        let held = match claims.hold {
            Hold::Pieces(held) => held.saturating_add(1),
            Hold::Unknown if scene.hears(scene.by) && claims.retraction == Retraction::Never => 1,
            Hold::All | Hold::Unknown => return,
        };
        let whole = match scene.ground.exact_pieces() {
            Some(count) if count == held => Hold::All,
            _ => Hold::Pieces(held),
        };
        self.hold(scene, whole, out);
    }

    /// Its receiver has no info dictionary yet: it cannot know how many pieces there are.
    fn early(&mut self, scene: &Scene<'_>, index: PieceIndex, out: &mut Raise<'_>) {
        let receiver = &self.claims[(!scene.by).index()];
        let is_ignorant = receiver.knowledge.is_lacking() && !receiver.stage.is_announced();
        if !is_ignorant || !scene.hears(!scene.by) {
            return;
        }
        let claims = &mut self.claims[scene.by.index()];
        if !std::mem::replace(&mut claims.is_early, true) {
            out.say(
                Code::HaveBeforeMetadata,
                scene.by,
                scene.spot(),
                format_args!("have of piece {index} to who has no info dictionary yet"),
            );
        }
    }
}

fn is_out_of_range(scene: &Scene<'_>, index: PieceIndex, out: &mut Raise<'_>) -> bool {
    let (by, spot) = (scene.by, scene.spot());
    match scene.ground.pieces {
        Some((count, Certainty::Exact)) if index.0 >= count => {
            let words = format_args!("have of piece {index}: the torrent has {count}, from 0");
            out.say(Code::HaveOutOfRange, by, spot, words);
        }
        // What was guessed before this have is no measure of it.
        Some((_, Certainty::Inferred)) if lies_beyond(scene, index) => {
            let count = scene.store.piece_count(scene.connection).unwrap_or(0);
            let words =
                format_args!("have of piece {index}: as other peers have it, there are {count}");
            out.suspect(Code::HaveOutOfRange, by, spot, words);
        }
        _ if index.0 >= MAX_PIECES => {
            let words = format_args!("have of piece {index}: clients accept {MAX_PIECES} at most");
            out.suspect(Code::HaveOutOfRange, by, spot, words);
        }
        _ => return false,
    }
    true
}

/// Is it behind the last piece still when it is taken into account itself?
fn lies_beyond(scene: &Scene<'_>, index: PieceIndex) -> bool {
    let guessed = scene.ground.pieces.map(|(count, _)| count);
    let is_beyond = |count: Option<u32>| count.is_some_and(|count| index.0 >= count);
    is_beyond(guessed) && is_beyond(scene.store.piece_count(scene.connection))
}

/// Messages of the fast extension where it does not hold (BEP 6).
pub(super) fn fast_without_bits(scene: &Scene<'_>, kind: Kind, out: &mut Raise<'_>) {
    if !matches!(
        kind,
        Kind::HaveAll | Kind::HaveNone | Kind::Suggest | Kind::AllowedFast
    ) {
        return;
    }
    let bits = [scene.by, !scene.by].map(|side| scene.talk.peer(side).reserved);
    let [Some(own), Some(other)] = bits else {
        return;
    };
    let who = match (own.has_fast(), other.has_fast()) {
        (true, true) => return,
        (false, true) => "its sender has",
        (true, false) => "its receiver has",
        (false, false) => "both have",
    };
    out.say(
        Code::HaveAllWithoutFast,
        scene.by,
        scene.spot(),
        format_args!("{}, and {who} not offered the fast extension", kind.name()),
    );
}
