//! Ids of extended messages: the receiver gives them (BEP 10).

use std::collections::VecDeque;

use crate::capture::Timestamp;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::stream::Side;
use crate::wire::extension::FaultKind;
use crate::wire::{ExtendedHandshake, bencode};

/// Messages that pass each other may stand in a capture the wrong way round by so much: nanoseconds.
pub(in crate::findings::rules) const PASSING: i64 = SECOND / 10;
/// Messages of a moment whose ids may still be given.
const MAX_WAITING: usize = 16;
/// As many names as are kept of an extended handshake: of what has more, some are not known.
const MAX_NAMES: usize = 64;

/// Ids that were given, and those that were used without.
#[derive(Debug, Default)]
pub(super) struct Ids {
    given: [Given; 2],
    waiting: VecDeque<Used>,
}

/// What a side gave ever: messages with a former id may be under way when it gives another one.
#[derive(Debug, Default)]
struct Given {
    ids: [u64; 4],
    handshakes: u32,
    /// It may have given others, too.
    is_unclear: bool,
}

#[derive(Debug)]
struct Used {
    by: Side,
    id: u8,
    spot: Spot,
    is_early: bool,
}

impl Given {
    fn has(&self, id: u8) -> bool {
        self.ids[usize::from(id >> 6)] >> (id & 63) & 1 == 1
    }

    fn add(&mut self, id: u8) {
        self.ids[usize::from(id >> 6)] |= 1 << (id & 63);
    }
}

impl Ids {
    /// A side gives ids. Tells how often it did so before.
    pub(super) fn given(&mut self, scene: &Scene<'_>, hello: &ExtendedHandshake) -> u32 {
        let given = &mut self.given[scene.by.index()];
        hello.ids.iter().for_each(|(_, id)| given.add(*id));
        given.is_unclear |= hello.ids.len() >= MAX_NAMES
            || hello.faults.iter().any(|fault| hides_names(fault.kind));
        given.handshakes += 1;
        given.handshakes - 1
    }

    /// A message cannot be read: which ids it gave is not known.
    pub(super) fn unread(&mut self, scene: &Scene<'_>, id: u8) {
        self.given[scene.by.index()].is_unclear |= id == 0;
    }

    pub(super) fn used(&mut self, scene: &Scene<'_>, id: u8) {
        let given = &self.given[(!scene.by).index()];
        let is_known = id == 0 || given.has(id) || given.is_unclear || !scene.hears(!scene.by);
        if is_known || self.waiting.len() >= MAX_WAITING {
            return;
        }
        self.waiting.push_back(Used {
            by: scene.by,
            id,
            spot: scene.spot(),
            is_early: given.handshakes == 0,
        });
    }

    /// Judges the messages for which no id can come any more.
    pub(super) fn settle(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        if !self.waiting.is_empty() {
            self.judge(scene.now(), |side| scene.hears(side), out);
        }
    }

    pub(super) fn end(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        // Behind the end of a connection nothing is under way.
        let is_over = ending.connection.activity.closed.is_some();
        let now = if is_over {
            Timestamp(u64::MAX >> 1)
        } else {
            ending.end()
        };
        self.judge(now, |side| ending.hears(side), out);
    }

    fn judge(&mut self, now: Timestamp, hears: impl Fn(Side) -> bool, out: &mut Raise<'_>) {
        let given = &self.given;
        self.waiting.retain(|used| {
            let given = &given[(!used.by).index()];
            if given.is_unclear || !hears(!used.by) {
                return false;
            }
            let is_due = now.since(used.spot.time) > PASSING;
            if is_due {
                used.say(given, out);
            }
            !is_due && !given.has(used.id)
        });
    }
}

impl Used {
    fn say(&self, given: &Given, out: &mut Raise<'_>) {
        let id = self.id;
        if self.is_early {
            let words = format_args!("id {id}, before the receiver gave any id");
            return out.say(Code::ExtendedBeforeHandshake, self.by, self.spot, words);
        }
        let ids: u32 = given.ids.iter().map(|ids| ids.count_ones()).sum();
        let words = format_args!("id {id}, which is none of the {ids} ids that the receiver gave");
        out.say(Code::ExtendedIdUnknown, self.by, self.spot, words);
    }
}

/// Behind such a fault there may be names that were not read.
fn hides_names(fault: FaultKind) -> bool {
    match fault {
        FaultKind::Bencode(fault) => {
            fault.is_fatal() || matches!(fault, bencode::FaultKind::DoubleKey)
        }
        FaultKind::NotADictionary | FaultKind::Type("m") => true,
        _ => false,
    }
}
