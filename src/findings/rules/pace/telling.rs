//! What is said beside the data: haves, and all that is no block.

use crate::findings::rules::Rules;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::findings::{Code, Spot};
use crate::peer::Announced;
use crate::stream::Side;
use crate::wire::Message;

const FLOOD_HAVES: u32 = 50;
const FLOOD_PERCENT: u64 = 30;
const OVERHEAD_PAYLOAD: u64 = 1 << 20;
const OVERHEAD_PERCENT: u64 = 10;
/// A super-seeder shows a piece, or two, and the next when the last was seen elsewhere (BEP 16).
const SHOWN_AHEAD: u32 = 3;
const SUPER_PIECES: u32 = 5;

#[derive(Debug, Default)]
pub(super) struct Telling([Teller; 2]);

#[derive(Debug, Default)]
struct Teller {
    first_have: Spot,
    haves: u32,
    /// Of pieces that the other had.
    needless: u32,
    /// Pieces of which it gave the first block.
    given: u32,
    shows: Shows,
}

/// Does it show its pieces one by one?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Shows {
    #[default]
    Yes,
    /// It shows many, or is not whole itself.
    No,
}

impl Rules for Telling {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, _: &mut Raise<'_>) {
        let teller = &mut self.0[scene.by.index()];
        match message {
            Message::Have(piece) => {
                if teller.haves == 0 {
                    teller.first_have = scene.spot();
                }
                teller.haves = teller.haves.saturating_add(1);
                let is_needless = scene.talk.peer(!scene.by).pieces.contains(*piece);
                teller.needless = teller.needless.saturating_add(u32::from(is_needless));
                if teller.haves > teller.given.saturating_add(SHOWN_AHEAD) {
                    teller.shows = Shows::No;
                }
            }
            Message::Piece(block) if block.begin == 0 => {
                teller.given = teller.given.saturating_add(1);
            }
            Message::Interested | Message::HaveAll => teller.shows = Shows::No,
            Message::Bitfield(bytes) if bytes.iter().any(|byte| *byte != 0) => {
                teller.shows = Shows::No;
            }
            _ => {}
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        for by in Side::BOTH.into_iter().filter(|by| ending.hears(*by)) {
            self.0[by.index()].flood(ending, by, out);
            self.0[by.index()].super_seeds(ending, by, out);
            overhead(ending, by, out);
        }
    }
}

impl Teller {
    fn flood(&self, ending: &Ending<'_>, by: Side, out: &mut Raise<'_>) {
        let messages = ending
            .connection
            .facts(by)
            .map_or(0, |facts| facts.messages);
        let needless = self.needless;
        if needless >= FLOOD_HAVES && u64::from(needless) * 100 > messages * FLOOD_PERCENT {
            out.say(
                Code::HaveFlood,
                by,
                self.first_have,
                format_args!(
                    "{needless} of its {messages} messages are haves of pieces that the other had"
                ),
            );
        }
    }

    fn super_seeds(&self, ending: &Ending<'_>, by: Side, out: &mut Raise<'_>) {
        let (haves, given) = (self.haves, self.given);
        let is_whole = ending.talk.peer(by).pieces.announced() == Announced::All;
        if self.shows == Shows::Yes && !is_whole && given >= SUPER_PIECES && haves >= SUPER_PIECES {
            out.say(
                Code::SuperSeeding,
                by,
                self.first_have,
                format_args!("showed {haves} pieces one by one and gave {given}, never interested itself: as a super-seeder does"),
            );
        }
    }
}

fn overhead(ending: &Ending<'_>, by: Side, out: &mut Raise<'_>) {
    let Some(facts) = ending.connection.facts(by) else {
        return;
    };
    let (all, payload) = (facts.stream.total(), facts.payload_bytes);
    let beside = all.saturating_sub(payload);
    if payload > OVERHEAD_PAYLOAD && beside.saturating_mul(100) > all * OVERHEAD_PERCENT {
        out.say(
            Code::ProtocolOverhead,
            by,
            ending.last,
            format_args!("{beside} of the {all} bytes that it sent are no payload"),
        );
    }
}
