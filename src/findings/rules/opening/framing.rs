//! Messages that no BEP knows, and bytes that cannot be any.

use super::{Footing, Opening};
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::wire::{Kind, Message};

/// A message of an id that nobody assigned is none when it is longer than this: what clients accept of any message.
const MAX_UNASSIGNED: u32 = 1 << 20;
/// Ids that Tribler used.
const TRIBLER: std::ops::RangeInclusive<u8> = 225..=253;

/// A length prefix that cannot be meant.
pub(super) fn lost(scene: &Scene<'_>, bytes: u64, out: &mut Raise<'_>) {
    out.say(
        Code::FramingLost,
        scene.by,
        scene.spot(),
        format_args!("a length prefix of more than 16 MiB: {bytes} bytes behind it are no message"),
    );
}

/// A handshake whose first 20 bytes are wrong.
pub(super) fn misnamed(scene: &Scene<'_>, out: &mut Raise<'_>) {
    out.say(
        Code::BadProtocolString,
        scene.by,
        scene.spot(),
        format_args!("a handshake with a wrong length or name of the protocol"),
    );
}

impl Opening {
    /// A message that says nothing. Where it is doubted that one begins there it is nobody's fault.
    pub(super) fn strange(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let footing = self.streams[scene.by.index()].footing;
        if !footing.is_certain() {
            return;
        }
        match message {
            Message::Malformed { id, fault } => out.say(
                Code::MessageLengthWrong,
                scene.by,
                scene.spot(),
                format_args!(
                    "{} with a length of {}: {fault}",
                    Kind::of(*id).name(),
                    scene.entry.size
                ),
            ),
            Message::Unknown { id } if TRIBLER.contains(id) => {
                self.historic(scene, format_args!("id {id} is one of Tribler's"), out);
            }
            Message::Azureus(_) => {
                self.historic(scene, format_args!("framed as Azureus messaging"), out);
            }
            Message::Unknown { id } => unassigned(scene, *id, out),
            _ => {}
        }
    }

    fn historic(&mut self, scene: &Scene<'_>, words: std::fmt::Arguments<'_>, out: &mut Raise<'_>) {
        let footing = &mut self.streams[scene.by.index()].footing;
        if std::mem::replace(footing, Footing::Historic) != Footing::Historic {
            out.say(Code::HistoricMessageId, scene.by, scene.spot(), words);
        }
    }
}

fn unassigned(scene: &Scene<'_>, id: u8, out: &mut Raise<'_>) {
    let size = scene.entry.size;
    let (code, words) = if size > MAX_UNASSIGNED {
        (Code::FramingLost, "more than any client accepts")
    } else {
        (Code::UnknownMessageId, "no BEP assigns it")
    };
    out.say(
        code,
        scene.by,
        scene.spot(),
        format_args!("a message of id {id} and {size} bytes: {words}"),
    );
}
