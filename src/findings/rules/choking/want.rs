//! What comes of interest and of an unchoke: for how long a side wants and is refused, or may and does not.

use super::seconds;
use crate::capture::Timestamp;
use crate::findings::rules::Rules;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::peer::{Choke, Flow, Interest, Talk};
use crate::store::What;
use crate::stream::Side;
use crate::wire::Message;

/// Four times an optimistic unchoke's turn (BEP 3).
const UNSERVED: i64 = 120 * SECOND;
/// libtorrent gives up on peers with which nothing happens for so long.
const STARVED: i64 = 600 * SECOND;
/// libtorrent closes on who does not ask for so long.
const UNUSED: i64 = 60 * SECOND;

/// Each side as the one that would receive.
#[derive(Debug, Default)]
pub(super) struct Wants([Want; 2]);

#[derive(Clone, Copy, Debug)]
struct Want {
    flow: Flow,
    since: Spot,
    asks: Asks,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asks {
    /// Since the flow is what it is, it asked for nothing, and nothing was open before.
    Nothing,
    Something,
}

impl Default for Want {
    fn default() -> Want {
        Want {
            flow: Flow::Unknown,
            since: Spot::default(),
            asks: Asks::Something,
        }
    }
}

impl Rules for Wants {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        match message {
            Message::Request(_) => self.asked(scene, out),
            Message::Choke
            | Message::Unchoke
            | Message::Interested
            | Message::NotInterested
            | Message::Handshake(_) => {
                for to in Side::BOTH {
                    self.turn(scene, to, flow_behind(scene, message, to), out);
                }
            }
            _ => {}
        }
    }

    fn missed(&mut self, scene: &Scene<'_>, _: &What, out: &mut Raise<'_>) {
        for to in Side::BOTH {
            self.turn(scene, to, scene.talk.flow_to(to), out);
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        for to in Side::BOTH {
            let want = self.0[to.index()];
            let hears = |since| Side::BOTH.iter().all(|it| ending.hears_since(*it, since));
            if hears(want.since.time) {
                want.judge(to, ending.talk, ending.end(), out);
            }
        }
    }
}

/// What the flow towards a side is behind a message.
fn flow_behind(scene: &Scene<'_>, message: &Message, to: Side) -> Flow {
    let (mut interest, mut choke) = (scene.talk.peer(to).interest, scene.talk.peer(!to).choke);
    match message {
        Message::Handshake(_) | Message::NotInterested if scene.by == to => {
            interest = Interest::NotInterested;
        }
        Message::Handshake(_) => choke = Choke::Choking,
        Message::Interested if scene.by == to => interest = Interest::Interested,
        Message::Choke if scene.by != to => choke = Choke::Choking,
        Message::Unchoke if scene.by != to => choke = Choke::Unchoked,
        _ => {}
    }
    Flow::of(interest, choke)
}

impl Wants {
    fn turn(&mut self, scene: &Scene<'_>, to: Side, flow: Flow, out: &mut Raise<'_>) {
        let want = &mut self.0[to.index()];
        if want.flow == flow {
            return;
        }
        want.end(scene, to, out);
        let is_open = !scene.talk.peer(to).requests.is_empty();
        *want = Want {
            flow,
            since: scene.spot(),
            asks: if is_open {
                Asks::Something
            } else {
                Asks::Nothing
            },
        };
    }

    fn asked(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let want = &mut self.0[scene.by.index()];
        if want.asks == Asks::Nothing && want.flow == Flow::Open {
            want.end(scene, scene.by, out);
        }
        want.asks = Asks::Something;
    }
}

impl Want {
    fn end(&self, scene: &Scene<'_>, to: Side, out: &mut Raise<'_>) {
        let hears = |side: &Side| scene.hears_since(*side, self.since.time);
        if Side::BOTH.iter().all(hears) {
            self.judge(to, scene.talk, scene.now(), out);
        }
    }

    fn judge(&self, to: Side, talk: &Talk, now: Timestamp, out: &mut Raise<'_>) {
        let passed = now.since(self.since.time);
        match (self.flow, self.asks) {
            (Flow::Wanted, _) => self.refused(!to, passed, out),
            (Flow::Open, Asks::Nothing) if passed > UNUSED && has_more(talk, to) => {
                let passed = seconds(passed);
                out.say(
                    Code::UnchokeUnused,
                    to,
                    self.since,
                    format_args!(
                        "was interested and unchoked for {passed:.1} s and asked for nothing"
                    ),
                );
            }
            _ => {}
        }
    }

    fn refused(&self, by: Side, passed: i64, out: &mut Raise<'_>) {
        let code = match passed {
            passed if passed > STARVED => Code::InterestStarved,
            passed if passed > UNSERVED => Code::InterestUnserved,
            _ => return,
        };
        let passed = seconds(passed);
        out.say(
            code,
            by,
            self.since,
            format_args!("did not unchoke an interested peer for {passed:.1} s"),
        );
    }
}

/// Where there is nothing to ask for, the interest is what is wrong.
fn has_more(talk: &Talk, receiver: Side) -> bool {
    let (own, other) = (&talk.peer(receiver).pieces, &talk.peer(!receiver).pieces);
    other.count(0..u32::MAX) > own.count_common(other, 0..u32::MAX)
}
