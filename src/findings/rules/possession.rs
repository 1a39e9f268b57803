//! Bitfields and haves: what a peer says that it has.

mod bitfields;
mod haves;
mod order;
mod seeds;

use super::Rules;
use crate::findings::scene::{Raise, Scene};
use crate::wire::extension::{ExtendedHandshake, Metadata, MetadataKind};
use crate::wire::{Kind, Message};
use bitfields::Lazy;

/// Bitfields and haves: what a peer says that it has.
#[derive(Debug, Default)]
pub(super) struct Possession {
    claims: [Claims; 2],
}

/// What is remembered of what one side says that it has.
#[derive(Debug, Default)]
struct Claims {
    stage: Stage,
    knowledge: Knowledge,
    retraction: Retraction,
    hold: Hold,
    /// A bitfield that haves may complete.
    lazy: Option<Lazy>,
    /// It sent a have to who could not know what it means.
    is_early: bool,
}

/// How far its words went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    /// Nothing but what may stand before a bitfield.
    #[default]
    Silent,
    /// Something else.
    Talking,
    /// Something that only makes sense with pieces, or without any: it has no bitfield to send.
    Implied,
    /// It said what it has.
    Announced,
    /// A word of it could be anything.
    Unclear,
}

impl Stage {
    /// Has it said what it has, or all that could come before that?
    fn is_announced(self) -> bool {
        matches!(self, Stage::Announced | Stage::Unclear)
    }
}

/// Does it know what the torrent consists of?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Knowledge {
    #[default]
    Untold,
    /// It began with a magnet link: it asks for the info dictionary, or supports that and has no size to tell (BEP 9).
    Lacking,
    /// As above, and it has asked on this connection.
    Asked,
    Full,
}

impl Knowledge {
    fn is_lacking(self) -> bool {
        matches!(self, Knowledge::Lacking | Knowledge::Asked)
    }
}

/// Has it taken a piece back (BEP 54)?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Retraction {
    #[default]
    Never,
    Some,
}

/// How many pieces it claims.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hold {
    /// So many different ones were named.
    Pieces(u32),
    /// Every one there is.
    All,
    /// It said so little that nobody can tell.
    #[default]
    Unknown,
}

impl Rules for Possession {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let kind = message.kind();
        let claims = &self.claims[scene.by.index()];
        // Nearly all messages are these: they say no more of what a side has than the first of them did.
        let is_bulk = matches!(kind, Kind::Piece | Kind::Request);
        let is_told = claims.stage >= Stage::Implied && claims.lazy.is_none();
        // What a chain of messages is thought to say proves nothing.
        if is_bulk && is_told || scene.entry.is_resynchronised() {
            return;
        }
        haves::fast_without_bits(scene, kind, out);
        self.completed(scene, message, out);
        self.ordered(scene, message, out);
        self.judge(scene, message, out);
    }
}

impl Possession {
    fn judge(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let is_complete = self.claims[scene.by.index()].hold == Hold::All;
        match message {
            Message::Bitfield(bytes) => self.bitfield(scene, bytes, out),
            Message::HaveAll => self.hold(scene, Hold::All, out),
            Message::HaveNone => self.hold(scene, Hold::Pieces(0), out),
            Message::Have(index) => self.have(scene, *index, out),
            Message::Interested if is_complete => seeds::interested(scene, out),
            Message::Extended { id: 0, payload } => self.introduced(scene, payload),
            Message::Extended { id, payload } => self.extended(scene, *id, payload),
            _ => {}
        }
    }

    fn introduced(&mut self, scene: &Scene<'_>, payload: &[u8]) {
        let hello = ExtendedHandshake::read(payload);
        let claims = &mut self.claims[scene.by.index()];
        let takes = |(name, id): &(String, u8)| name == "ut_metadata" && *id != 0;
        claims.knowledge = match (claims.knowledge, hello.metadata_size) {
            (Knowledge::Asked, _) => Knowledge::Asked,
            // Who learns the size later has got the dictionary meanwhile.
            (Knowledge::Untold, Some(1..)) => Knowledge::Full,
            (Knowledge::Untold, _) if hello.ids.iter().any(takes) => Knowledge::Lacking,
            (knowledge, _) => knowledge,
        };
    }

    fn extended(&mut self, scene: &Scene<'_>, id: u8, payload: &[u8]) {
        let claims = &mut self.claims[scene.by.index()];
        match scene.talk.extension(scene.by, id) {
            Some("ut_metadata") => {
                let asked = Metadata::read(payload, payload.len()).kind();
                if asked == Some(MetadataKind::Request) {
                    claims.knowledge = Knowledge::Asked;
                }
            }
            Some("lt_donthave") => {
                claims.retraction = Retraction::Some;
                claims.hold = Hold::Unknown;
            }
            _ => {}
        }
    }
}
