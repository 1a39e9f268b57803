//! When a peer says what it has: first of all, and once (BEP 3, 6).

use super::{Knowledge, Possession, Stage};
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::wire::{Kind, Message};

impl Possession {
    /// Takes the order of messages into account.
    pub(super) fn ordered(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let claims = &mut self.claims[scene.by.index()];
        let before = claims.stage;
        let kind = kind(message);
        claims.stage = match kind {
            Kind::Bitfield | Kind::HaveAll | Kind::HaveNone => Stage::Announced,
            // What BEP 10, BEP 5 and all clients send before it, or in its place.
            // The handshake of Azureus' framing comes first as well.
            Kind::Handshake | Kind::Extended | Kind::Port | Kind::KeepAlive | Kind::Azureus => {
                before
            }
            // Its id is not in the capture.
            Kind::Unknown if is_unread(message) && before != Stage::Announced => Stage::Unclear,
            Kind::Have | Kind::Request | Kind::Piece => before.max(Stage::Implied),
            _ => before.max(Stage::Talking),
        };
        match kind {
            Kind::Bitfield | Kind::HaveAll | Kind::HaveNone => self.announced(scene, before, out),
            Kind::Have | Kind::Request | Kind::Piece if before < Stage::Implied => {
                implied(scene, kind, out);
            }
            _ => {}
        }
    }

    fn announced(&mut self, scene: &Scene<'_>, before: Stage, out: &mut Raise<'_>) {
        let knowledge = self.claims[scene.by.index()].knowledge;
        let (by, spot, name) = (scene.by, scene.spot(), scene.entry.kind().name());
        let is_heard = scene.hears(by);
        match before {
            Stage::Announced => out.say(
                Code::BitfieldRepeated,
                by,
                spot,
                format_args!("{name}, and it had said before what it has"),
            ),
            Stage::Talking | Stage::Implied if is_heard && !knowledge.is_lacking() => out.say(
                Code::BitfieldLate,
                by,
                spot,
                format_args!("{name} behind other messages"),
            ),
            Stage::Talking | Stage::Implied if is_heard => magnet(scene, out),
            Stage::Silent if is_heard && knowledge == Knowledge::Asked => magnet(scene, out),
            _ => {}
        }
    }
}

fn magnet(scene: &Scene<'_>, out: &mut Raise<'_>) {
    let name = scene.entry.kind().name();
    out.say(
        Code::BitfieldAfterMetadata,
        scene.by,
        scene.spot(),
        format_args!("{name} only now: the number of pieces was not known before"),
    );
}

/// It never said what it has, and now it is too late for that.
fn implied(scene: &Scene<'_>, kind: Kind, out: &mut Raise<'_>) {
    // BEP 3 lets who has nothing be silent. Who sends a block has something.
    let is_owed = scene.talk.has_fast() || kind == Kind::Piece;
    if !is_owed || !scene.hears(scene.by) {
        return;
    }
    let (code, words) = match kind {
        Kind::Have => (
            Code::FastExclusiveMissing,
            "and no bitfield, have_all or have_none before it",
        ),
        _ => (Code::BitfieldMissing, "and no bitfield before it"),
    };
    out.say(
        code,
        scene.by,
        scene.spot(),
        format_args!("{} {words}", kind.name()),
    );
}

/// A malformed message says nothing of pieces.
fn kind(message: &Message) -> Kind {
    match message {
        Message::Malformed { .. } => Kind::Unknown,
        message => message.kind(),
    }
}

fn is_unread(message: &Message) -> bool {
    matches!(message, Message::Unread(_))
}
