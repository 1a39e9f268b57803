//! Keep-alives and time-outs.

use super::Rules;
use super::choking::Burst;
use super::choking::seconds;
use crate::capture::Timestamp;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::peer::{Choke, Interest, Talk};
use crate::store::What;
use crate::stream::Side;
use crate::wire::Message;

/// BEP 3: two minutes; ten seconds more for timers and the way.
const QUIET: i64 = 130 * SECOND;
/// BEP 3: about two minutes without a word, and a peer is gone.
const TIMEOUT: std::ops::RangeInclusive<i64> = 115 * SECOND..=130 * SECOND;
/// BiglyBT closes on who sends more in a minute.
const KEEPALIVES: usize = 6;
const MINUTE: i64 = 60 * SECOND;
/// A message of more bytes may have been on its way all the time.
const SHORT: u32 = 1400;

/// Keep-alives and time-outs.
#[derive(Debug, Default)]
pub(super) struct Silence {
    sides: [Option<Timestamp>; 2],
    /// Made with the first keep-alive.
    floods: Option<Box<[Burst<KEEPALIVES>; 2]>>,
    /// Each side as the one that waits for blocks.
    waits: [Wait; 2],
}

/// Since when a side waits for a block.
#[derive(Clone, Copy, Debug, Default)]
struct Wait {
    /// Requests that were heard and not answered, at most.
    open: u32,
    since: Spot,
}

impl Rules for Silence {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        self.spoke(scene, out);
        match message {
            Message::KeepAlive => self.kept_alive(scene, out),
            Message::Request(_) => self.asked(scene),
            Message::Piece(_) => self.came(scene, out),
            Message::Reject(_) => self.refused(scene, out),
            Message::Cancel(_) => self.cancelled(scene, out),
            Message::Choke => self.choked(scene, out),
            Message::Unchoke if scene.talk.peer(scene.by).choke != Choke::Unchoked => {
                self.waits[(!scene.by).index()].since = scene.spot();
            }
            _ => {}
        }
    }

    fn missed(&mut self, scene: &Scene<'_>, what: &What, _: &mut Raise<'_>) {
        if !matches!(what, What::Conflict { .. }) {
            self.sides[scene.by.index()] = None;
            // Among the missing words may be requests, and blocks that answered some.
            self.waits = [Wait::default(); 2];
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        for by in Side::BOTH {
            let floods = self.floods.as_mut();
            if let Some(run) = floods.and_then(|floods| floods[by.index()].open.take()) {
                floods_with(by, run.times, (run.first, run.last), out);
            }
            let wait = self.waits[by.index()];
            let hears = |side: &Side| ending.hears_since(*side, wait.since.time);
            if Side::BOTH.iter().all(hears) {
                wait.judge(by, ending.talk, ending.end(), out);
            }
        }
        self.timed_out(ending, out);
    }
}

impl Silence {
    fn spoke(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let now = scene.now();
        let Some(before) = self.sides[scene.by.index()].replace(now) else {
            return;
        };
        let passed = now.since(before);
        if passed <= QUIET || !scene.hears_since(scene.by, before) && !scene.hears(scene.by) {
            return;
        }
        let entry = scene.entry;
        if entry.size > SHORT && entry.first_frame != entry.frame {
            return;
        }
        let passed = seconds(passed);
        out.say(
            Code::KeepaliveMissing,
            scene.by,
            scene.spot(),
            format_args!(
                "sent nothing for {passed:.1} s before this message, not even a keep-alive"
            ),
        );
    }

    fn kept_alive(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let floods = self.floods.get_or_insert_default();
        if let Some(run) = floods[scene.by.index()].add(scene.spot(), MINUTE) {
            floods_with(scene.by, run.times, (run.first, run.last), out);
        }
    }

    /// Who has closed it had heard nothing of the other for two minutes.
    fn timed_out(&self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let connection = ending.connection;
        let (Some(closed), Some(close)) = (connection.activity.closed, connection.segments().close)
        else {
            return;
        };
        let silent = !closed.by;
        let Some(last) = self.sides[silent.index()] else {
            return;
        };
        let passed = close.time.since(last);
        if TIMEOUT.contains(&passed) {
            let passed = seconds(passed);
            out.say(
                Code::IdleTimeout,
                silent,
                close.into(),
                format_args!("was closed on after {passed:.1} s without a word"),
            );
        }
    }
}

/// Blocks that do not come.
impl Silence {
    fn asked(&mut self, scene: &Scene<'_>) {
        let wait = &mut self.waits[scene.by.index()];
        if wait.open == 0 || scene.talk.peer(scene.by).requests.is_empty() {
            wait.since = scene.spot();
            wait.open = 0;
        }
        wait.open = wait.open.saturating_add(1);
    }

    fn came(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        self.judge(scene, !scene.by, out);
        let wait = &mut self.waits[(!scene.by).index()];
        wait.open = wait.open.saturating_sub(1);
        wait.since = scene.spot();
    }

    /// That is an answer, too.
    fn refused(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        self.came(scene, out);
    }

    fn cancelled(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        if self.waits[scene.by.index()].open == 1 {
            self.judge(scene, scene.by, out);
        }
        let wait = &mut self.waits[scene.by.index()];
        wait.open = wait.open.saturating_sub(1);
    }

    fn choked(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        self.judge(scene, !scene.by, out);
        if !scene.talk.has_fast() {
            self.waits[(!scene.by).index()].open = 0;
        }
    }

    fn judge(&self, scene: &Scene<'_>, by: Side, out: &mut Raise<'_>) {
        let wait = self.waits[by.index()];
        // Most blocks come in time.
        if wait.open > 0 && scene.now().since(wait.since.time) > MINUTE {
            let hears = |side: &Side| scene.hears_since(*side, wait.since.time);
            if Side::BOTH.iter().all(hears) {
                wait.judge(by, scene.talk, scene.now(), out);
            }
        }
    }
}

impl Wait {
    fn judge(self, by: Side, talk: &Talk, now: Timestamp, out: &mut Raise<'_>) {
        let passed = now.since(self.since.time);
        let is_served = talk.peer(!by).choke == Choke::Unchoked;
        let wants = talk.peer(by).interest != Interest::NotInterested;
        let open = (self.open as usize).min(talk.peer(by).requests.len());
        if passed > MINUTE && is_served && wants && open > 0 {
            let passed = seconds(passed);
            out.say(
                Code::Snubbed,
                !by,
                self.since,
                format_args!(
                    "sent no block for {passed:.1} s, unchoked and with {open} requests open"
                ),
            );
        }
    }
}

fn floods_with(by: Side, times: u32, (first, last): (Spot, Spot), out: &mut Raise<'_>) {
    let passed = seconds(last.time.since(first.time));
    out.say(
        Code::KeepaliveFlood,
        by,
        first,
        format_args!("sent {times} keep-alives in {passed:.1} s"),
    );
}
