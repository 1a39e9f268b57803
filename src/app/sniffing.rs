//! What is chosen for a capture that is being made.

use std::sync::Arc;
use std::time::Duration;

use super::keys::Action;
use super::{App, Effect};
use crate::capture::{Control, Timestamp};
use crate::peer::Talk;
use crate::store::EntryId;
use crate::view::{Follow, Live};

#[derive(Debug)]
pub(super) struct Sniffing {
    control: Arc<Control>,
    follow: Follow,
    is_paused: bool,
    /// Frames captured when last looked at, and how many come in a second.
    rate: (u64, u64),
    now: Timestamp,
    /// Packets that nobody keeps are not thrown away at the first `q`.
    unkept: Unkept,
}

/// What happens to the packets when the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unkept {
    /// They are in a file of the user.
    No,
    /// They go.
    Yes,
    /// They go, and the user was told.
    Told,
}

impl Sniffing {
    pub(super) fn seen(&self) -> Live<'_> {
        Live {
            control: &self.control,
            follow: self.follow,
            is_paused: self.is_paused,
            rate: self.rate.1,
            now: self.now,
            asks_to_quit: self.unkept == Unkept::Told,
        }
    }
}

impl App {
    /// The capture is being made: the screen follows it. `is_kept` says whether the packets outlive the program.
    #[must_use]
    pub fn sniffing(mut self, control: Arc<Control>, is_kept: bool) -> App {
        let unkept = if is_kept { Unkept::No } else { Unkept::Yes };
        self.live = Some(Sniffing {
            control,
            follow: Follow::On,
            is_paused: false,
            rate: (0, 0),
            now: Timestamp(0),
            unkept,
        });
        self
    }

    /// So much time has passed since the last call, and so late it is: what was captured since makes the rate.
    pub fn tick(&mut self, passed: Duration, now: Timestamp) {
        if let Some(live) = &mut self.live {
            live.now = now;
            let captured = live.control.captured();
            let new = captured.saturating_sub(live.rate.0) as f64;
            live.rate = (
                captured,
                (new / passed.as_secs_f64().max(1e-3)).round() as u64,
            );
        }
    }

    /// True when the capture is being made.
    pub fn is_live(&self) -> bool {
        self.live.is_some() && !self.progress.is_done
    }

    /// True while the user wants the screen held.
    pub fn is_paused(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.is_paused)
    }

    pub(super) fn is_following(&self) -> bool {
        let follow = self.live.as_ref().map(|live| live.follow);
        follow == Some(Follow::On)
    }

    /// Where the cursor follows, it is on the newest message.
    pub(super) fn follow(&mut self) {
        if self.is_following() {
            self.select_last();
        }
    }

    pub(super) fn set_follow(&mut self, follow: Follow) {
        if let Some(live) = &mut self.live {
            live.follow = follow;
        }
        self.follow();
    }

    pub(super) fn toggle_follow(&mut self) {
        let is_on = self.is_following();
        self.set_follow(if is_on { Follow::Off } else { Follow::On });
    }

    pub(super) fn toggle_pause(&mut self) {
        if let Some(live) = &mut self.live {
            live.is_paused = !live.is_paused;
        }
    }

    /// `q`: at once, but where packets would be lost, which is said first.
    pub(super) fn quit(&mut self) -> Effect {
        match &mut self.live {
            Some(live) if live.unkept == Unkept::Yes && live.control.captured() > 0 => {
                live.unkept = Unkept::Told;
                Effect::Draw
            }
            _ => Effect::Quit,
        }
    }

    /// Who presses another key did not mean it.
    pub(super) fn reconsider_quitting(&mut self, action: Action) {
        if let Some(live) = &mut self.live
            && live.unkept == Unkept::Told
            && action != Action::Quit
        {
            live.unkept = Unkept::Yes;
        }
    }

    /// The state a second before now, while the cursor goes with the capture.
    pub(super) fn talk_a_second_ago(&self) -> Option<Talk> {
        let live = self.live.as_ref().filter(|_| self.is_following())?;
        let connection = self
            .store
            .connection(self.store.entry(self.selected()?).connection);
        let is_older = |id: &EntryId| live.now.since(self.store.entry(*id).time) > 1_000_000_000;
        // The last is the newest but for what was found late: the times of the rest are nearly in order.
        let older = connection.entries().iter().rposition(is_older)?;
        Some(self.store.talk_at(connection.id, older))
    }
}
