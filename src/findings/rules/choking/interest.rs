//! Interest against what the other has.

use std::cell::Cell;

use super::seconds;
use crate::capture::Timestamp;
use crate::findings::ground::Ground;
use crate::findings::rules::Rules;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::peer::{Announced, Interest, Pieces, Talk};
use crate::stream::Side;
use crate::swarm::Certainty;
use crate::wire::{ExtendedHandshake, Message};

/// Interest is said at once; what is on its way, or waits for a disk, needs no minute.
const MISSING: i64 = 60 * SECOND;
/// So long a last piece may be on its way to a side, or be checked by it.
const STALE: i64 = 10 * SECOND;
/// So often pieces are counted: they may be a million, and somebody may ask for it with every message.
const MAX_LOOKS: u8 = 64;

#[derive(Debug, Default)]
pub(super) struct Interests {
    sides: [Told; 2],
    pair: Pair,
}

/// What a side told that its interest depends on.
#[derive(Debug, Default)]
struct Told {
    /// Its pieces, first.
    pieces: Option<Timestamp>,
    /// Of one piece more.
    grown: Spot,
    interest: Wish,
    aim: Aim,
    dictionary: Dictionary,
    keeps: Keeps,
    /// How often its pieces were counted.
    looks: Cell<u8>,
}

/// What it wants of the torrent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Aim {
    #[default]
    Download,
    /// It gives: without ever being interested it may be a seed that hides what it has (BEP 16).
    Give,
    /// It will not download (BEP 21).
    Upload,
}

/// Whether it says that it has the info dictionary (BEP 9).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Dictionary {
    #[default]
    Untold,
    Has,
}

/// Whether it keeps the pieces that it has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Keeps {
    #[default]
    All,
    /// It said that it has one no more (BEP 54).
    Some,
}

#[derive(Clone, Copy, Debug, Default)]
enum Wish {
    /// It was never interested.
    #[default]
    Never,
    /// The last time that it said so.
    Said(Spot),
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Pair {
    #[default]
    Open,
    Told,
}

impl Rules for Interests {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let by = scene.by;
        let told = &mut self.sides[by.index()];
        match message {
            Message::Have(_) | Message::Bitfield(_) | Message::HaveAll | Message::HaveNone => {
                told.pieces.get_or_insert(scene.now());
                told.grown = scene.spot();
            }
            Message::Piece(_) if told.aim == Aim::Download => told.aim = Aim::Give,
            Message::Interested => self.interested(scene, out),
            Message::NotInterested if scene.hears(Side::A) && scene.hears(Side::B) => {
                self.stale(by, scene.talk, scene.now(), out);
            }
            Message::Extended { id, payload } => self.extended(scene, *id, payload, out),
            _ => {}
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        if !ending.hears(Side::A) || !ending.hears(Side::B) {
            return;
        }
        for by in Side::BOTH {
            self.missing(by, (ending.talk, ending.ground), ending.end(), out);
            if ending.talk.peer(by).interest == Interest::Interested {
                self.stale(by, ending.talk, ending.end(), out);
            }
        }
    }
}

impl Interests {
    fn interested(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let by = scene.by;
        if scene.hears(Side::A) && scene.hears(Side::B) {
            self.missing(by, (scene.talk, scene.ground), scene.now(), out);
        }
        if scene.talk.peer(by).interest != Interest::Interested {
            self.sides[by.index()].interest = Wish::Said(scene.spot());
        }
    }

    /// A side that was never interested until now. Of one that was, nobody knows what it got elsewhere: a peer need
    /// not tell of a piece to one that has it.
    fn missing(
        &self,
        by: Side,
        (talk, ground): (&Talk, &Ground),
        now: Timestamp,
        out: &mut Raise<'_>,
    ) {
        let [own, other] = [by, !by].map(|side| &self.sides[side.index()]);
        let (Wish::Never, Aim::Download, Some(told)) = (own.interest, own.aim, own.pieces) else {
            return;
        };
        let since = told.max(other.grown.time);
        let passed = now.since(since);
        if passed <= MISSING || other.pieces.is_none() || !own.may_download(talk, by) {
            return;
        }
        let pieces = [by, !by].map(|side| &talk.peer(side).pieces);
        let Some(wanted) = more(pieces, ground.pieces) else {
            return;
        };
        let passed = seconds(passed);
        out.say(
            Code::InterestMissing,
            by,
            other.grown,
            format_args!("was not interested for {passed:.1} s, though the other has {wanted}"),
        );
    }

    /// A side that is interested, where the other said of no piece that it did not say of itself.
    fn stale(&self, by: Side, talk: &Talk, now: Timestamp, out: &mut Raise<'_>) {
        let [own, other] = [by, !by].map(|side| &self.sides[side.index()]);
        let Wish::Said(said) = own.interest else {
            return;
        };
        let latest = [said, own.grown, other.grown].into_iter();
        let Some(since) = latest.max_by_key(|spot| spot.time) else {
            return;
        };
        let passed = now.since(since.time);
        let is_sure = own.keeps == Keeps::All && other.pieces.is_some();
        if passed <= STALE || !is_sure || talk.peer(by).interest != Interest::Interested {
            return;
        }
        if own.looks.get() >= MAX_LOOKS {
            return;
        }
        own.looks.set(own.looks.get() + 1);
        let [mine, theirs] = [by, !by].map(|side| &talk.peer(side).pieces);
        let count = theirs.count(0..u32::MAX);
        let is_seed = [mine, theirs]
            .iter()
            .any(|it| it.announced() == Announced::All);
        if is_seed || count > mine.count_common(theirs, 0..u32::MAX) {
            return;
        }
        let passed = seconds(passed);
        out.say(
            Code::InterestStale,
            by,
            since,
            format_args!(
                "stayed interested for {passed:.1} s in a peer all of whose {count} pieces it has"
            ),
        );
    }

    fn extended(&mut self, scene: &Scene<'_>, id: u8, payload: &[u8], out: &mut Raise<'_>) {
        let told = &mut self.sides[scene.by.index()];
        let upload_only = match scene.store.extension(scene.entry) {
            _ if id == 0 => {
                let hello = ExtendedHandshake::read(payload);
                if hello.metadata_size.is_some_and(|size| size > 0) {
                    told.dictionary = Dictionary::Has;
                }
                hello.upload_only
            }
            Some("upload_only") => payload.first().map(|byte| i64::from(*byte)),
            Some("lt_donthave") => {
                told.keeps = Keeps::Some;
                None
            }
            _ => None,
        };
        if let Some(value) = upload_only {
            told.aim = if value == 0 {
                Aim::Download
            } else {
                Aim::Upload
            };
            self.paired(scene, out);
        }
    }

    fn paired(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let is_pair = self.sides.iter().all(|told| told.aim == Aim::Upload);
        if is_pair && self.pair == Pair::Open {
            self.pair = Pair::Told;
            out.say(
                Code::UploadOnlyPair,
                None,
                scene.spot(),
                format_args!("both sides say that they will not download"),
            );
        }
    }
}

impl Told {
    /// One that came by a magnet link wants the info dictionary first, and may have it from others.
    fn may_download(&self, talk: &Talk, by: Side) -> bool {
        let peer = talk.peer(by);
        let is_extended = peer.reserved.is_some_and(|bits| bits.0[5] & 0x10 != 0);
        let has_pieces = peer.pieces.last().is_some();
        !is_extended || has_pieces || self.dictionary == Dictionary::Has
    }
}

/// What the other has beyond the own pieces, for a sentence.
fn more([own, other]: [&Pieces; 2], count: Option<(u32, Certainty)>) -> Option<String> {
    if own.announced() == Announced::All {
        return None;
    }
    if other.announced() != Announced::All {
        let beyond = other.count(0..u32::MAX) - own.count_common(other, 0..u32::MAX);
        return (beyond > 0).then(|| format!("{beyond} pieces that it did not tell of"));
    }
    match count {
        Some((count, Certainty::Exact)) => {
            let beyond = count.saturating_sub(own.count(0..count));
            (beyond > 0).then(|| format!("{beyond} pieces that it did not tell of"))
        }
        _ if own.last().is_none() => Some("all pieces and it has told of none".to_owned()),
        _ => None,
    }
}
