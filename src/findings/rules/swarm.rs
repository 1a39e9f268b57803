//! What shows only in all conversations about one torrent.

use std::collections::HashMap;

use crate::findings::scene::{Raise, Scene};
use crate::store::Store;
use crate::wire::{InfoHash, Message};

/// All torrents.
#[derive(Debug, Default)]
pub(in crate::findings) struct Swarms(HashMap<InfoHash, OfSwarm>);

/// What is remembered of a torrent.
#[derive(Debug, Default)]
struct OfSwarm;

impl Swarms {
    pub(in crate::findings) fn said(
        &mut self,
        scene: &Scene<'_>,
        message: &Message,
        out: &mut Raise<'_>,
    ) {
        // A block is what peers have in common.
        if let (Some(torrent), Message::Piece(_)) = (scene.ground.torrent, message) {
            self.0.entry(torrent).or_default().said(scene, message, out);
        }
    }

    pub(in crate::findings) fn end(&mut self, _: &Store, _: &mut Raise<'_>) {}
}

impl OfSwarm {
    fn said(&mut self, _: &Scene<'_>, _: &Message, _: &mut Raise<'_>) {}
}
