//! What is in a bitfield, and how long it is (BEP 3).

use super::{Hold, Possession, Retraction};
use crate::capture::Timestamp;
use crate::findings::scene::{Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::peer::{Announced, Pieces};
use crate::swarm::Certainty;
use crate::wire::Message;

/// Haves behind a bitfield that complete it within this time were held back, not downloaded.
const LAZY: i64 = SECOND;

/// A bitfield that is not whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lazy {
    spot: Spot,
    since: Timestamp,
    /// Pieces it does not name, and how many of them haves did.
    lacking: u32,
    named: u32,
}

impl Possession {
    pub(super) fn bitfield(&mut self, scene: &Scene<'_>, bytes: &[u8], out: &mut Raise<'_>) {
        measure(scene, bytes, out);
        let claims = &mut self.claims[scene.by.index()];
        if claims.retraction == Retraction::Never {
            regress(scene, bytes, out);
        }
        let held: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
        if held == 0 && !bytes.is_empty() {
            out.say(
                Code::BitfieldEmpty,
                scene.by,
                scene.spot(),
                format_args!("{} bytes of bitfield without a piece", bytes.len()),
            );
        }
        let count = scene.ground.pieces.map(|(count, _)| count);
        let fits = count.is_some_and(|count| bytes.len() == count.div_ceil(8) as usize);
        let lacking = count.map_or(0, |count| count.saturating_sub(held));
        claims.lazy = (fits && held > 0 && lacking > 0).then(|| Lazy {
            spot: scene.spot(),
            since: scene.now(),
            lacking,
            named: 0,
        });
        let exact = scene.ground.exact_pieces();
        let whole = match exact {
            Some(count) if fits && count == held => Hold::All,
            _ => Hold::Pieces(held),
        };
        self.hold(scene, whole, out);
    }

    /// Haves that come directly behind a bitfield and complete it.
    pub(super) fn completed(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let known = &mut self.claims[scene.by.index()].lazy;
        let Some(lazy) = known else { return };
        match message {
            Message::Have(index) if !scene.talk.peer(scene.by).pieces.contains(*index) => {
                lazy.named += 1;
            }
            Message::Extended { .. } | Message::Port(_) | Message::KeepAlive | Message::Unchoke => {
                return;
            }
            // Who wants something gets something.
            _ => return *known = None,
        }
        let since = scene.now().since(lazy.since);
        if since > LAZY || !scene.hears(scene.by) {
            *known = None;
        } else if lazy.named == lazy.lacking {
            if lazy.named > 1 {
                say_lazy(scene, *lazy, since, out);
            }
            *known = None;
        }
    }
}

fn say_lazy(scene: &Scene<'_>, lazy: Lazy, since: i64, out: &mut Raise<'_>) {
    let milliseconds = since / (SECOND / 1000);
    let named = lazy.named;
    out.say(
        Code::BitfieldLazy,
        scene.by,
        lazy.spot,
        format_args!(
            "a bitfield without {named} pieces, and haves for them within {milliseconds} ms"
        ),
    );
}

/// Is it as long as the torrent has pieces?
fn measure(scene: &Scene<'_>, bytes: &[u8], out: &mut Raise<'_>) {
    let (by, spot, len) = (scene.by, scene.spot(), bytes.len());
    if bytes.is_empty() {
        let words = format_args!("a bitfield of 0 bytes: no torrent is without a piece");
        return out.say(Code::BitfieldShort, by, spot, words);
    }
    // It counts as evidence itself.
    let Some((count, certainty)) = scene.store.pieces_of(scene.connection) else {
        return;
    };
    let needed = count.div_ceil(8) as usize;
    let guess = match certainty {
        Certainty::Exact => "",
        Certainty::Inferred => ", as other peers have it",
    };
    let mut put = |code, words: std::fmt::Arguments<'_>| match certainty {
        Certainty::Exact => out.say(code, by, spot, words),
        Certainty::Inferred => out.suspect(code, by, spot, words),
    };
    let words = format_args!("a bitfield of {len} bytes: {count} pieces need {needed}{guess}");
    match len.cmp(&needed) {
        std::cmp::Ordering::Less => put(Code::BitfieldShort, words),
        std::cmp::Ordering::Greater => put(Code::BitfieldLong, words),
        std::cmp::Ordering::Equal => {
            let spare = spare_bits(bytes, count);
            if spare > 0 {
                put(
                    Code::BitfieldSpareBits,
                    format_args!("{spare} bits are set behind the last of {count} pieces{guess}"),
                );
            }
        }
    }
}

/// Bits that are set behind the last piece, in a bitfield that is as long as it should be.
fn spare_bits(bytes: &[u8], count: u32) -> u32 {
    match (count % 8, bytes.last()) {
        (0, _) | (_, None) => 0,
        (used, Some(last)) => (last & (0xff >> used)).count_ones(),
    }
}

/// Pieces that it had said to have, and that this bitfield lacks.
fn regress(scene: &Scene<'_>, bytes: &[u8], out: &mut Raise<'_>) {
    let before = &scene.talk.peer(scene.by).pieces;
    let lost = match (before.announced(), scene.ground.exact_pieces()) {
        (Announced::Nothing | Announced::None, _) => 0,
        (Announced::All, Some(count)) => {
            let held: u32 = bytes.iter().map(|byte| byte.count_ones()).sum();
            count.saturating_sub(held)
        }
        _ => lost(before, bytes),
    };
    if lost > 0 && scene.hears(scene.by) {
        out.say(
            Code::HaveRegression,
            scene.by,
            scene.spot(),
            format_args!("{lost} pieces that it had announced are not in its bitfield"),
        );
    }
}

fn lost(before: &Pieces, bytes: &[u8]) -> u32 {
    let word = |number: u32| {
        let from = bytes.len().min(number as usize * 8);
        let bytes = bytes[from..].iter().take(8).enumerate();
        bytes.fold(0, |word, (at, byte)| {
            word | u64::from(byte.reverse_bits()) << (8 * at)
        })
    };
    let lost = before
        .words()
        .map(|(number, had)| (had & !word(number)).count_ones());
    lost.sum()
}
