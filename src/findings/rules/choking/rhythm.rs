//! How often a side changes its mind about serving the other, and whether the other wanted that.

use super::seconds;
use crate::findings::rules::Rules;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::peer::{Choke, Interest};
use crate::stream::Side;
use crate::wire::Message;

/// BEP 3 has chokes computed anew every ten seconds: within them a side has reason for one change, and an optimistic
/// unchoke or a lost peer for some more.
const CHANGES: usize = 4;
const WITHIN: i64 = 10 * SECOND;
/// An unchoke in advance is answered with interest at once, if at all.
const UNWANTED: i64 = 60 * SECOND;

#[derive(Debug, Default)]
pub(super) struct Rhythm {
    /// Made with the first change.
    flapping: Option<Box<[Burst<CHANGES>; 2]>>,
    offers: [Offer; 2],
    refusals: [Refusal; 2],
}

/// What the last choke of a side was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Refusal {
    /// None, or that of a peer that wanted nothing: slots follow interest.
    #[default]
    Harmless,
    /// It refused something.
    Real,
}

/// What a side did for one that never wanted anything.
#[derive(Clone, Copy, Debug, Default)]
enum Offer {
    #[default]
    None,
    /// It unchoked.
    Unasked(Spot),
    /// The other wanted something, once.
    Wanted,
}

impl Rules for Rhythm {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        match message {
            Message::Choke => self.turned(scene, Choke::Choking, out),
            Message::Unchoke => self.turned(scene, Choke::Unchoked, out),
            Message::Interested => self.offers[(!scene.by).index()] = Offer::Wanted,
            _ => {}
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        for by in Side::BOTH {
            let bursts = self.flapping.as_mut();
            if let Some(run) = bursts.and_then(|bursts| bursts[by.index()].open.take()) {
                flaps(by, run, out);
            }
            self.unwanted(ending, by, out);
        }
    }
}

impl Rhythm {
    fn turned(&mut self, scene: &Scene<'_>, to: Choke, out: &mut Raise<'_>) {
        let by = scene.by;
        let before = scene.talk.peer(by).choke;
        let offer = &mut self.offers[by.index()];
        if before == to {
            // Behind an unchoke in advance, libtorrent answers the interest with another one.
            let is_answer = matches!(offer, Offer::Wanted) && to == Choke::Unchoked;
            if !is_answer {
                repeats(scene, to, out);
            }
            return;
        }
        let is_unasked = scene.talk.peer(!by).interest == Interest::NotInterested;
        if let (Choke::Unchoked, true, Offer::None) = (to, is_unasked, *offer) {
            *offer = Offer::Unasked(scene.spot());
        }
        if before != Choke::Unknown {
            self.changed(scene, to, out);
        }
    }

    /// Chokes of an interested peer count, and unchokes that take such a choke back.
    fn changed(&mut self, scene: &Scene<'_>, to: Choke, out: &mut Raise<'_>) {
        let by = scene.by;
        let refusal = &mut self.refusals[by.index()];
        if to == Choke::Choking {
            *refusal = match scene.talk.peer(!by).interest {
                Interest::Interested => Refusal::Real,
                _ => Refusal::Harmless,
            };
        }
        if *refusal == Refusal::Harmless {
            return;
        }
        let bursts = self.flapping.get_or_insert_default();
        if let Some(run) = bursts[by.index()].add(scene.spot(), WITHIN) {
            flaps(by, run, out);
        }
    }

    fn unwanted(&self, ending: &Ending<'_>, by: Side, out: &mut Raise<'_>) {
        let Offer::Unasked(spot) = self.offers[by.index()] else {
            return;
        };
        let passed = ending.end().since(spot.time);
        if passed > UNWANTED && ending.hears(!by) {
            let passed = seconds(passed);
            out.say(
                Code::UnchokeToUninterested,
                by,
                spot,
                format_args!(
                    "unchoked a peer that was not interested in the {passed:.0} s since, and never before"
                ),
            );
        }
    }
}

fn repeats(scene: &Scene<'_>, to: Choke, out: &mut Raise<'_>) {
    let what = match to {
        Choke::Unchoked => "unchoked a peer that it had unchoked before",
        _ => "choked a peer that it choked already",
    };
    out.say(
        Code::ChokeRedundant,
        scene.by,
        scene.spot(),
        format_args!("{what}"),
    );
}

fn flaps(by: Side, run: Run, out: &mut Raise<'_>) {
    let (times, passed) = (run.times, seconds(run.last.time.since(run.first.time)));
    out.say(
        Code::ChokeFlapping,
        by,
        run.first,
        format_args!(
            "choked and unchoked an interested peer in turns, {times} times in {passed:.1} s"
        ),
    );
}

/// Finds where something happens more than `LIMIT` times within a while.
#[derive(Debug)]
pub(in crate::findings::rules) struct Burst<const LIMIT: usize> {
    /// The latest, in a ring.
    seen: [Spot; LIMIT],
    count: usize,
    /// One that goes on.
    pub(in crate::findings::rules) open: Option<Run>,
}

/// What happened too often.
#[derive(Clone, Copy, Debug)]
pub(in crate::findings::rules) struct Run {
    pub first: Spot,
    pub last: Spot,
    pub times: u32,
}

impl<const LIMIT: usize> Default for Burst<LIMIT> {
    fn default() -> Burst<LIMIT> {
        Burst {
            seen: [Spot::default(); LIMIT],
            count: 0,
            open: None,
        }
    }
}

impl<const LIMIT: usize> Burst<LIMIT> {
    /// It happens again. Gives what is over with this.
    pub(in crate::findings::rules) fn add(&mut self, spot: Spot, within: i64) -> Option<Run> {
        if let Some(run) = &mut self.open {
            if spot.time.since(run.first.time) <= within {
                (run.last, run.times) = (spot, run.times.saturating_add(1));
                return None;
            }
            let over = self.open.take();
            self.count = 0;
            self.push(spot);
            return over;
        }
        // The one that is about to be forgotten.
        let first = self.seen[self.count % LIMIT];
        if self.count >= LIMIT && spot.time.since(first.time) <= within {
            self.open = Some(Run {
                first,
                last: spot,
                times: LIMIT as u32 + 1,
            });
            return None;
        }
        self.push(spot);
        None
    }

    fn push(&mut self, spot: Spot) {
        self.seen[self.count % LIMIT] = spot;
        self.count += 1;
    }
}
