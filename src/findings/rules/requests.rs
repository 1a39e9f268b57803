//! Requests, and what comes of them.

use super::Rules;
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::peer::Choke;
use crate::wire::{Block, Message};

/// Requests, and what comes of them.
#[derive(Debug, Default)]
pub(super) struct Requests;

impl Rules for Requests {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        if let Message::Request(block) = message {
            self.asked(scene, *block, out);
        }
    }
}

impl Requests {
    fn asked(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let giver = scene.talk.peer(!scene.by);
        if giver.choke != Choke::Choking || !scene.hears(!scene.by) {
            return;
        }
        let Block { index, begin, .. } = block;
        let (code, words) = match scene.entry.has_heard() {
            true => (
                Code::RequestWhileChoked,
                "its sender had acknowledged the choke",
            ),
            false => (Code::RequestCrossedChoke, "the choke was on its way"),
        };
        out.say(
            code,
            scene.by,
            scene.spot(),
            format_args!("piece {index} at {begin} was asked for while choked: {words}"),
        );
    }
}
