//! Peers that have everything.

use super::{Hold, Possession};
use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};

impl Possession {
    /// A side has so many pieces now.
    pub(super) fn hold(&mut self, scene: &Scene<'_>, hold: Hold, out: &mut Raise<'_>) {
        let before = std::mem::replace(&mut self.claims[scene.by.index()].hold, hold);
        let other = self.claims[(!scene.by).index()].hold;
        if hold == Hold::All && before != Hold::All && other == Hold::All {
            out.say(
                Code::SeedToSeed,
                None,
                scene.spot(),
                format_args!("both sides have all pieces"),
            );
        }
    }
}

/// Who has everything wants something.
pub(super) fn interested(scene: &Scene<'_>, out: &mut Raise<'_>) {
    out.say(
        Code::SeedClaimsInterest,
        scene.by,
        scene.spot(),
        format_args!("interested, and it had announced all pieces"),
    );
}
