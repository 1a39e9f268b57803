//! Handshake and framing: how a connection begins, bytes that are no message, and how it ends.

mod ends;
mod framing;
mod handshakes;
mod twins;

use super::Rules;
use crate::findings::Spot;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::store::What;
use crate::stream::Side;
use crate::wire::{Kind, Message, Reason};
use handshakes::First;

/// Handshake and framing: how a connection begins, bytes that are no message, and how it ends.
#[derive(Debug, Default)]
pub(super) struct Opening {
    streams: [Stream; 2],
    /// The handshake that came first, until the other's is compared with it.
    first: Option<Box<First>>,
}

/// What is remembered of one side's bytes.
#[derive(Debug, Default)]
struct Stream {
    footing: Footing,
    rest: Rest,
}

/// Is it known where its messages begin?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Footing {
    /// Nothing was heard of it yet that could be a message.
    #[default]
    Start,
    /// Each message from the first byte on was read where the one before it ended.
    Certain,
    /// So, and historic messages were among them: of more there is nothing to tell.
    Historic,
    /// A boundary was looked for, or was missed.
    Doubtful,
}

impl Footing {
    fn is_certain(self) -> bool {
        matches!(self, Footing::Certain | Footing::Historic)
    }
}

/// What its bytes end with.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Rest {
    /// A whole message.
    #[default]
    Nothing,
    /// They never were messages: so many bytes.
    Foreign { spot: Spot, bytes: u64 },
    /// So many bytes of a message of this kind.
    Cut { spot: Spot, kind: Kind, bytes: u64 },
}

impl Rules for Opening {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        self.step(scene);
        match message {
            Message::Handshake(handshake) => self.greeted(scene, handshake, out),
            Message::Unknown { .. } | Message::Azureus(_) | Message::Malformed { .. } => {
                self.strange(scene, message, out);
            }
            _ => {}
        }
    }

    fn missed(&mut self, scene: &Scene<'_>, what: &What, out: &mut Raise<'_>) {
        match what {
            What::Undecoded { bytes, reason } => self.unread(scene, (*bytes, *reason), out),
            What::Gap { .. } => {
                let stream = self.of(scene.by);
                stream.footing = Footing::Doubtful;
                stream.rest = Rest::Nothing;
            }
            // A key exchange stands before the messages; what is sent twice moves no boundary.
            _ => {}
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        for side in Side::BOTH {
            self.left(side, ending, out);
        }
        self.reset(ending, out);
        ends::unused(ending, out);
    }
}

impl Opening {
    fn of(&mut self, side: Side) -> &mut Stream {
        &mut self.streams[side.index()]
    }

    /// A message was read: does that begin where the one before it ended?
    fn step(&mut self, scene: &Scene<'_>) {
        let stream = self.of(scene.by);
        stream.rest = Rest::Nothing;
        let is_found = scene.entry.is_resynchronised();
        stream.footing = match stream.footing {
            _ if is_found => Footing::Doubtful,
            Footing::Start if scene.entry.kind() == Kind::Handshake => Footing::Certain,
            Footing::Start => Footing::Doubtful,
            footing => footing,
        };
    }

    fn unread(&mut self, scene: &Scene<'_>, (bytes, reason): (u64, Reason), out: &mut Raise<'_>) {
        let spot = scene.spot();
        let is_whole = scene.store.missing(scene.id) == 0;
        let stream = self.of(scene.by);
        let footing = std::mem::replace(&mut stream.footing, Footing::Doubtful);
        stream.rest = match reason {
            Reason::NotBitTorrent if is_whole && footing == Footing::Start => {
                Rest::Foreign { spot, bytes }
            }
            Reason::CutShort(kind) if is_whole && footing != Footing::Doubtful => {
                Rest::Cut { spot, kind, bytes }
            }
            _ => Rest::Nothing,
        };
        match reason {
            Reason::ImpossibleLength if footing.is_certain() => framing::lost(scene, bytes, out),
            Reason::WrongName if footing == Footing::Start => framing::misnamed(scene, out),
            _ => {}
        }
    }
}
