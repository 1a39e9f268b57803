//! Metadata exchange (BEP 9).

use std::collections::VecDeque;

use super::Rules;
use super::extensions::{PASSING, read};
use crate::capture::Timestamp;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::findings::{Code, Spot};
use crate::stream::Side;
use crate::wire::extension::{Body, FaultKind, Metadata as Said, MetadataKind};
use crate::wire::{ExtendedHandshake, Message};

/// Bytes of every block but the last (BEP 9).
const BLOCK: u64 = 16 << 10;
/// The largest info dictionary that libtorrent takes.
const MAX_SIZE: i64 = 30 << 20;
/// Blocks of which is remembered what became of them: those of an info dictionary of 32 MiB.
const MAX_BLOCKS: usize = 2048;
/// How often one may ask for a block.
const MAX_ASKED: u8 = 5;
/// Blocks of a moment that may still be asked for.
const MAX_WAITING: usize = 16;

/// Metadata exchange (BEP 9).
#[derive(Debug, Default)]
pub(super) struct Metadata {
    /// Made with the first message of it.
    halves: Option<Box<[Half; 2]>>,
}

/// What a side asked for and what it sent.
#[derive(Debug, Default)]
struct Half {
    /// What its last extended handshake says.
    size: Option<i64>,
    asked: Vec<Asked>,
    /// A message of it cannot be read, and may be a request.
    is_unclear: bool,
    /// Blocks that it sent before the other was seen to ask for them.
    waiting: VecDeque<(usize, Spot)>,
    sent: Sent,
}

#[derive(Clone, Copy, Debug, Default)]
struct Asked {
    /// Since the last reject.
    times: u8,
    /// Not answered yet.
    open: u8,
}

/// The dictionary that a side sends.
#[derive(Debug, Default)]
struct Sent {
    total: u64,
    blocks: Vec<bool>,
    spot: Spot,
}

impl Rules for Metadata {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        if let Message::Extended { id, payload } = message {
            let name = scene.talk.extension(scene.by, *id);
            if matches!(name, Some("handshake" | "ut_metadata")) {
                self.extended(scene, read(scene, *id, payload), out);
            }
        }
        if let Some(halves) = &mut self.halves {
            for side in Side::BOTH {
                let hears = scene.hears(side) && scene.hears(!side);
                halves[side.index()].settle(side, scene.now(), hears, out);
            }
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let Some(halves) = &mut self.halves else {
            return;
        };
        let is_over = ending.connection.activity.closed.is_some();
        let never = Timestamp(u64::MAX >> 1);
        let now = if is_over { never } else { ending.end() };
        let swarm = ending.store.swarm_of(ending.connection);
        let is_unknown = swarm.is_some_and(|swarm| swarm.metainfo().is_none());
        for side in Side::BOTH {
            let half = &mut halves[side.index()];
            let hears = ending.hears(side) && ending.hears(!side);
            half.settle(side, now, hears, out);
            if is_unknown {
                half.sent.judge(side, out);
            }
        }
    }
}

impl Metadata {
    fn extended(&mut self, scene: &Scene<'_>, body: Option<Body>, out: &mut Raise<'_>) {
        let halves = self.halves.get_or_insert_default();
        let [a, b] = &mut **halves;
        let (half, other) = if scene.by == Side::A { (a, b) } else { (b, a) };
        match body {
            Some(Body::Handshake(hello)) => half.announced(scene, &hello, out),
            Some(Body::Metadata(said)) => match said.kind() {
                Some(MetadataKind::Request) => half.asks(scene, &said, other, out),
                Some(MetadataKind::Data) => half.sends(scene, &said, other, out),
                Some(MetadataKind::Reject) => rejected(scene, &said, other, out),
                None => {}
            },
            _ => half.is_unclear = true,
        }
    }
}

impl Half {
    fn announced(&mut self, scene: &Scene<'_>, hello: &ExtendedHandshake, out: &mut Raise<'_>) {
        let Some(size) = hello.metadata_size else {
            return;
        };
        let before = self.size.replace(size).filter(|before| *before != size);
        let mut odd = |words: std::fmt::Arguments<'_>| {
            out.say(Code::MetadataSizeOdd, scene.by, scene.spot(), words);
        };
        let known = info_len(scene).filter(|known| *known != size as u64);
        match (known, before) {
            _ if size <= 0 => odd(format_args!("a metadata_size of {size}")),
            _ if size > MAX_SIZE => odd(format_args!(
                "a metadata_size of {size} bytes, more than 30 MiB"
            )),
            (Some(known), _) => odd(format_args!(
                "a metadata_size of {size}, though the info dictionary has {known} bytes"
            )),
            (None, Some(before)) => odd(format_args!(
                "a metadata_size of {size}, which was {before} before"
            )),
            (None, None) => {}
        }
    }

    fn asks(&mut self, scene: &Scene<'_>, said: &Said, other: &mut Half, out: &mut Raise<'_>) {
        let Some(block) = block(said) else { return };
        let asked = self.asked(block);
        asked.times = asked.times.saturating_add(1);
        if asked.times == MAX_ASKED + 1 {
            let words = format_args!("block {block} is asked for more than {MAX_ASKED} times");
            out.say(Code::MetadataRerequest, scene.by, scene.spot(), words);
        }
        let is_it = |(sent, _): &(usize, Spot)| *sent == block;
        match other.waiting.iter().position(is_it) {
            Some(at) => _ = other.waiting.remove(at),
            None => asked.open = asked.open.saturating_add(1),
        }
    }

    fn asked(&mut self, block: usize) -> &mut Asked {
        if self.asked.len() <= block {
            self.asked.resize(block + 1, Asked::default());
        }
        &mut self.asked[block]
    }

    fn sends(&mut self, scene: &Scene<'_>, said: &Said, other: &mut Half, out: &mut Raise<'_>) {
        self.fits(scene, said, out);
        let Some(block) = block(said) else { return };
        self.sent.take(scene, said, block);
        let asked = other.asked(block);
        if asked.open > 0 {
            asked.open -= 1;
            return;
        }
        // The id of a request is one that its receiver gave.
        let ids = &scene.talk.peer(scene.by).extensions;
        let is_named = ids.iter().any(|(name, _)| name == "ut_metadata");
        if is_named && !other.is_unclear && self.waiting.len() < MAX_WAITING {
            self.waiting.push_back((block, scene.spot()));
        }
    }

    /// A block of the right size, of a dictionary of the right size.
    fn fits(&self, scene: &Scene<'_>, said: &Said, out: &mut Raise<'_>) {
        let (code, by, spot) = (Code::MetadataPieceBad, scene.by, scene.spot());
        let total = said.total_size.as_ref().map(|it| it.value);
        let announced = self.size.filter(|size| *size > 0);
        let known = info_len(scene).and_then(|it| i64::try_from(it).ok());
        if let (Some(total), Some(known)) = (total, known.or(announced))
            && total != known
        {
            let words = format_args!(
                "a total_size of {total}, though the info dictionary has {known} bytes"
            );
            return out.say(code, by, spot, words);
        }
        let number = said.piece.as_ref().map_or(0, |it| it.value);
        let count = said.pieces();
        if number < 0 || count.is_some_and(|count| number as u64 >= count) {
            let count = count.unwrap_or_default();
            let words = format_args!("block {number} of a dictionary of {count} blocks");
            return out.say(code, by, spot, words);
        }
        for fault in &said.faults {
            if let FaultKind::DataLength { expected } = fault.kind {
                let len = said.data.len();
                let words = format_args!("block {number} has {len} bytes instead of {expected}");
                out.say(code, by, spot, words);
            }
        }
    }

    /// Judges the blocks for which no request can come any more.
    fn settle(&mut self, by: Side, now: Timestamp, hears: bool, out: &mut Raise<'_>) {
        self.waiting.retain(|(block, spot)| {
            let is_due = now.since(spot.time) > PASSING;
            if is_due && hears {
                let words = format_args!("block {block}, which the other side did not ask for");
                out.say(Code::MetadataUnrequested, by, *spot, words);
            }
            hears && !is_due
        });
    }
}

impl Sent {
    fn take(&mut self, scene: &Scene<'_>, said: &Said, block: usize) {
        let is_whole = said.faults.is_empty();
        let (Some(total), true) = (&said.total_size, is_whole) else {
            return;
        };
        let total = u64::try_from(total.value).unwrap_or_default();
        if self.total != total {
            self.total = total;
            self.blocks.clear();
            let count = usize::try_from(total.div_ceil(BLOCK)).unwrap_or(usize::MAX);
            self.blocks.resize(count.min(MAX_BLOCKS), false);
        }
        if let Some(known) = self.blocks.get_mut(block) {
            *known = true;
            self.spot = scene.spot();
        }
    }

    /// All blocks came, and yet nobody knows the dictionary.
    fn judge(&self, by: Side, out: &mut Raise<'_>) {
        let is_whole = self.blocks.len() as u64 == self.total.div_ceil(BLOCK);
        if is_whole && !self.blocks.is_empty() && self.blocks.iter().all(|came| *came) {
            let (bytes, blocks) = (self.total, self.blocks.len());
            let words = format_args!(
                "{blocks} blocks of {bytes} bytes in all make no info dictionary of this info hash"
            );
            out.say(Code::MetadataHashBad, by, self.spot, words);
        }
    }
}

fn rejected(scene: &Scene<'_>, said: &Said, other: &mut Half, out: &mut Raise<'_>) {
    let number = said.piece.as_ref().map_or(0, |it| it.value);
    if let Some(block) = block(said) {
        *other.asked(block) = Asked::default();
    }
    let words = format_args!("block {number} is rejected");
    out.say(Code::MetadataReject, scene.by, scene.spot(), words);
}

fn block(said: &Said) -> Option<usize> {
    let block = usize::try_from(said.piece.as_ref()?.value).ok()?;
    (block < MAX_BLOCKS).then_some(block)
}

/// Bytes of the info dictionary, if it is known.
fn info_len(scene: &Scene<'_>) -> Option<u64> {
    let metainfo = scene.ground.metainfo.as_ref()?;
    Some(metainfo.info().len() as u64)
}
