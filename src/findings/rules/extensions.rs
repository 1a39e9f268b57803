//! The extension protocol (BEP 10) and what it carries.

mod ids;
mod payload;

use super::Rules;
use crate::findings::Code;
use crate::findings::scene::{Ending, Raise, Scene};
use crate::stream::Side;
use crate::wire::extension::Body;
use crate::wire::{ExtendedHandshake, Message};
use ids::Ids;

pub(super) use ids::PASSING;

/// The bit of the extension protocol in byte 5 of a handshake (BEP 10).
const EXTENSIONS: u8 = 0x10;
/// The bit of the DHT in byte 7 (BEP 5).
const DHT: u8 = 0x01;

/// The extension protocol (BEP 10) and what it carries.
#[derive(Debug, Default)]
pub(super) struct Extensions {
    ids: Ids,
    /// Was it said that the protocol was not agreed on? Once is enough.
    is_unagreed: bool,
}

impl Rules for Extensions {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        match message {
            Message::Extended { id, payload } => self.extended(scene, (*id, payload), out),
            Message::Port(port) => port_said(scene, *port, out),
            _ => {}
        }
        self.ids.settle(scene, out);
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        self.ids.end(ending, out);
    }
}

impl Extensions {
    fn extended(&mut self, scene: &Scene<'_>, (id, payload): (u8, &[u8]), out: &mut Raise<'_>) {
        self.agreed(scene, out);
        let Some(body) = read(scene, id, payload) else {
            self.ids.unread(scene, id);
            return;
        };
        match &body {
            Body::Handshake(hello) => self.hello(scene, hello, out),
            _ => self.ids.used(scene, id),
        }
        payload::judge(scene, &body, out);
    }

    fn agreed(&mut self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let lacking = lacking(scene, 5, EXTENSIONS);
        if lacking.is_none() || std::mem::replace(&mut self.is_unagreed, true) {
            return;
        }
        let whose = whose(scene.by, lacking);
        out.say(
            Code::ExtendedNotNegotiated,
            scene.by,
            scene.spot(),
            format_args!("an extended message, though {whose} handshake lacks the bit of the extension protocol"),
        );
    }

    fn hello(&mut self, scene: &Scene<'_>, hello: &ExtendedHandshake, out: &mut Raise<'_>) {
        if let Some(id) = conflict(&hello.ids) {
            out.say(
                Code::ExtendedIdConflict,
                scene.by,
                scene.spot(),
                format_args!("two names have the id {id}"),
            );
        }
        let earlier = self.ids.given(scene, hello);
        if earlier == 0 {
            return;
        }
        let known = &scene.talk.peer(scene.by).extensions;
        let is_new = |it: &&(String, u8)| it.1 != 0 && !known.contains(*it);
        let (names, new) = (hello.ids.len(), hello.ids.iter().filter(is_new).count());
        out.say(
            Code::ExtendedHandshakeRepeat,
            scene.by,
            scene.spot(),
            format_args!("extended handshake number {} of this side, with {names} names in m, of which {new} are new or have a new id", earlier + 1),
        );
    }
}

/// What a message says, if all of it is there.
pub(super) fn read(scene: &Scene<'_>, id: u8, payload: &[u8]) -> Option<Body> {
    let total = scene.entry.size.saturating_sub(2) as usize;
    if scene.store.missing(scene.id) > 0 || payload.is_empty() && total > 0 {
        return None;
    }
    let body = Body::read(scene.talk.extension(scene.by, id), payload, total);
    // Of these the bulk is not kept; of the others all is, but for what is longer than any client sends.
    let has_bulk = matches!(
        body,
        Body::Metadata(_) | Body::OldMetadata(_) | Body::HashPiece(_)
    );
    (has_bulk || payload.len() == total).then_some(body)
}

/// Who is known to lack a bit of the handshake.
fn lacking(scene: &Scene<'_>, byte: usize, mask: u8) -> Option<Side> {
    Side::BOTH.into_iter().find(|side| {
        let bits = scene.talk.peer(*side).reserved;
        bits.is_some_and(|bits| bits.0[byte] & mask == 0)
    })
}

fn whose(by: Side, lacking: Option<Side>) -> &'static str {
    if lacking == Some(by) {
        "the sender's own"
    } else {
        "the receiver's"
    }
}

/// An id with two names.
fn conflict(ids: &[(String, u8)]) -> Option<u8> {
    let mut seen = [false; 256];
    let is_second = |id: &u8| *id != 0 && std::mem::replace(&mut seen[usize::from(*id)], true);
    ids.iter().map(|(_, id)| *id).find(is_second)
}

fn port_said(scene: &Scene<'_>, port: u16, out: &mut Raise<'_>) {
    let mut say = |words: std::fmt::Arguments<'_>| {
        out.say(Code::PortWithoutDht, scene.by, scene.spot(), words);
    };
    let lacking = lacking(scene, 7, DHT);
    if port == 0 {
        say(format_args!("port 0, at which nobody can be reached"));
    } else if lacking.is_some() {
        let whose = whose(scene.by, lacking);
        say(format_args!(
            "a port message, though {whose} handshake lacks the bit of the DHT"
        ));
    }
}
