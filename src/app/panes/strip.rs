use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::store::{Connection, EntryId};
use crate::view::strip::{Motion, times};
use crate::view::{Follow, Pane};

impl App {
    pub(in crate::app) fn strip_takes(&mut self, action: Action, _screen: Rect) -> Taken {
        match action {
            Action::Left => self.go_to_change(-1),
            Action::Right => self.go_to_change(1),
            Action::Open => self.go_to(Pane::Ladder),
            Action::ZoomIn => self.move_strip(Motion::ZoomIn),
            Action::ZoomOut => self.move_strip(Motion::ZoomOut),
            Action::ZoomReset => self.move_strip(Motion::Whole),
            Action::Earlier => self.move_strip(Motion::Earlier),
            Action::Later => self.move_strip(Motion::Later),
            _ => return Taken::No,
        }
        Taken::Yes
    }

    fn move_strip(&mut self, motion: Motion) {
        if let Some((whole, now)) = times(&self.scene()) {
            self.views.strip.press(motion, whole, now);
        }
    }

    /// The window of the strip goes with the cursor.
    pub(in crate::app) fn show_strip(&mut self) {
        if let Some((whole, now)) = times(&self.scene()) {
            self.views.strip.settle(whole, now);
        }
    }

    /// To the message that changed who may send to whom.
    fn go_to_change(&mut self, step: isize) {
        let chosen = self.place.chosen;
        let found = chosen.and_then(|id| {
            let connection = self.store.connection(self.store.entry(id).connection);
            changed(connection, id, step)
        });
        self.set_follow(Follow::Off);
        match found {
            Some(id) => self.select_entry(id),
            None => self.notice = Some("there is no further change".to_owned()),
        }
    }
}

/// The entry behind which the flow first is another than behind `id`, before or after it.
fn changed(connection: &Connection, id: EntryId, step: isize) -> Option<EntryId> {
    let (entries, turns) = (connection.entries(), connection.turns());
    let behind = entries.partition_point(|entry| *entry <= id) as u32;
    let turn = if step > 0 {
        turns.get(turns.partition_point(|turn| turn.entries <= behind))
    } else {
        turns[..turns.partition_point(|turn| turn.entries < behind)].last()
    };
    entries.get(turn?.entries as usize - 1).copied()
}
