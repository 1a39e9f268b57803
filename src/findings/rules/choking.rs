//! Choking, interest and their rhythm.

mod interest;
mod leftovers;
mod rhythm;
mod want;

use super::Rules;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::store::What;
use crate::wire::{Kind, Message};
use interest::Interests;
use leftovers::Leftovers;
pub(super) use rhythm::Burst;
use rhythm::Rhythm;
use want::Wants;

/// Choking, interest and their rhythm.
#[derive(Debug, Default)]
pub(super) struct Choking {
    rhythm: Rhythm,
    wants: Wants,
    interests: Interests,
    leftovers: Leftovers,
}

impl Rules for Choking {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        self.leftovers.said(scene, message, out);
        // Of blocks and haves there are many.
        match message.kind() {
            Kind::Piece | Kind::Cancel | Kind::Reject | Kind::KeepAlive => return,
            Kind::Request | Kind::Have => {}
            _ => self.rhythm.said(scene, message, out),
        }
        self.wants.said(scene, message, out);
        self.interests.said(scene, message, out);
    }

    fn missed(&mut self, scene: &Scene<'_>, what: &What, out: &mut Raise<'_>) {
        self.wants.missed(scene, what, out);
        self.leftovers.missed(scene, what, out);
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        self.rhythm.ended(ending, out);
        self.wants.ended(ending, out);
        self.interests.ended(ending, out);
        self.leftovers.ended(ending, out);
    }
}

/// For sentences.
pub(super) fn seconds(nanos: i64) -> f64 {
    nanos as f64 / SECOND as f64
}
