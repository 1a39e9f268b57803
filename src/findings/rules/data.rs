//! Hashes of the trees of v2: who asks for them, and who answers (BEP 52).

use std::collections::VecDeque;

use super::Rules;
use crate::capture::Timestamp;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::store::{Entry, What};
use crate::stream::Side;
use crate::wire::{HashRange, Message};

/// Requests for hashes that are remembered: clients ask for a few at a time.
const MAX_WAITING: usize = 256;
/// An answer is lookups in memory.
const PATIENCE: i64 = 60 * SECOND;
/// An answer may stand so long before its question in a capture.
const SWAPPED: i64 = SECOND / 10;
/// More hashes than this nobody should ask for at once.
const MAX_HASHES: u32 = 512;

/// Hashes, asked for and given. Made with the first of them: torrents of v1 have none.
#[derive(Debug, Default)]
pub(super) struct Data(Option<Box<Hashes>>);

#[derive(Debug, Default)]
struct Hashes {
    waiting: [Waiting; 2],
    /// Answers whose question may stand behind them.
    early: VecDeque<(Side, HashRange, Spot)>,
}

/// What one side asked for.
#[derive(Debug, Default)]
struct Waiting {
    open: VecDeque<(HashRange, Spot)>,
    hearing: Hearing,
}

/// Was everything heard that could have been asked or answered?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hearing {
    #[default]
    Whole,
    Broken,
}

impl Rules for Data {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        match (message, &mut self.0) {
            (Message::HashRequest(_) | Message::Hashes(_) | Message::HashReject(_), hashes) => {
                let hashes = hashes.get_or_insert_default();
                hashes.settle(scene.now(), out);
                hashes.take(scene, message, out);
            }
            (_, None) => {}
            (_, Some(hashes)) => {
                hashes.settle(scene.now(), out);
                hashes.wait(scene, out);
            }
        }
    }

    fn missed(&mut self, _: &Scene<'_>, what: &What, _: &mut Raise<'_>) {
        if let Some(hashes) = &mut self.0
            && !matches!(what, What::Conflict { .. })
        {
            hashes.waiting = [const { Waiting::broken() }; 2];
            hashes.early.clear();
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let Some(hashes) = &mut self.0 else {
            return;
        };
        let end = ending.end();
        let is_closed = ending.connection.activity.closed.is_some();
        hashes.settle(end, out);
        if is_closed {
            hashes.early.drain(..).for_each(|early| unasked(early, out));
        }
    }
}

impl Waiting {
    const fn broken() -> Waiting {
        Waiting {
            open: VecDeque::new(),
            hearing: Hearing::Broken,
        }
    }
}

impl Hashes {
    fn take(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        match message {
            Message::HashRequest(range) => {
                ask_well(scene, range, out);
                self.ask(scene, *range);
            }
            Message::Hashes(range) => {
                if scene.store.missing(scene.id) == 0 {
                    measure(scene, range, out);
                }
                self.answer(scene, *range);
            }
            Message::HashReject(range) => self.answer(scene, *range),
            _ => {}
        }
    }

    fn ask(&mut self, scene: &Scene<'_>, range: HashRange) {
        let is_it = |(side, it, _): &(Side, HashRange, Spot)| *side != scene.by && *it == range;
        if let Some(at) = self.early.iter().position(is_it) {
            self.early.remove(at);
            return;
        }
        let waiting = &mut self.waiting[scene.by.index()];
        if waiting.open.len() < MAX_WAITING {
            waiting.open.push_back((range, scene.spot()));
        } else {
            *waiting = Waiting::broken();
        }
    }

    fn answer(&mut self, scene: &Scene<'_>, range: HashRange) {
        let waiting = &mut self.waiting[(!scene.by).index()];
        if let Some(at) = waiting.open.iter().position(|(it, _)| *it == range) {
            waiting.open.remove(at);
            return;
        }
        let is_known = waiting.hearing == Hearing::Whole && scene.hears(!scene.by);
        if is_known && self.early.len() < MAX_WAITING {
            self.early.push_back((scene.by, range, scene.spot()));
        }
    }

    fn settle(&mut self, now: Timestamp, out: &mut Raise<'_>) {
        while let Some(early) = self.early.front()
            && now.since(early.2.time) > SWAPPED
        {
            unasked(*early, out);
            self.early.pop_front();
        }
    }

    /// One who lets the other wait for hashes speaks of something else.
    fn wait(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let waiting = &mut self.waiting[(!scene.by).index()];
        while let Some((range, spot)) = waiting.open.front()
            && scene.now().since(spot.time) > PATIENCE
        {
            let (seconds, length) = (PATIENCE / SECOND, range.length);
            out.say(
                Code::HashUnanswered,
                scene.by,
                *spot,
                format_args!("{length} hashes were asked for, and no answer came in {seconds} s"),
            );
            // A late answer is none of what nobody asked for.
            waiting.open.pop_front();
            waiting.hearing = Hearing::Broken;
        }
    }
}

fn unasked((by, range, spot): (Side, HashRange, Spot), out: &mut Raise<'_>) {
    let HashRange {
        base,
        index,
        length,
        ..
    } = range;
    out.say(
        Code::HashesUnrequested,
        by,
        spot,
        format_args!("{length} hashes of layer {base} from {index} were answered, and nobody had asked for these"),
    );
}

fn ask_well(scene: &Scene<'_>, range: &HashRange, out: &mut Raise<'_>) {
    let HashRange { index, length, .. } = *range;
    let code = Code::HashRequestBad;
    let words = format_args!("{length} hashes from {index} were asked for");
    if !length.is_power_of_two() || !index.is_multiple_of(length) {
        out.say(code, scene.by, scene.spot(), words);
    } else if length == 1 || length > MAX_HASHES {
        out.suspect(code, scene.by, scene.spot(), words);
    }
}

fn measure(scene: &Scene<'_>, range: &HashRange, out: &mut Raise<'_>) {
    let (hashes, rest) = lengths(scene.entry);
    let length = range.length;
    if rest == 0 && hashes >= length {
        return;
    }
    out.say(
        Code::HashesLength,
        scene.by,
        scene.spot(),
        format_args!("{hashes} hashes and {rest} bytes came, {length} hashes were announced"),
    );
}

/// Whole hashes of a message, and the bytes behind them.
fn lengths(entry: &Entry) -> (u32, u32) {
    let bytes = entry.size.saturating_sub(1 + HashRange::LEN as u32);
    let hash = HashRange::HASH as u32;
    (bytes / hash, bytes % hash)
}
