use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::view::life;

impl App {
    pub(in crate::app) fn life_takes(&mut self, action: Action, _: Rect) -> Taken {
        match action {
            Action::Open | Action::Right => self.open_step(),
            _ => return Taken::No,
        }
        Taken::Yes
    }

    /// To the message of the chosen step, in the ladder.
    fn open_step(&mut self) {
        if let Some(entry) = life::target(&self.scene()) {
            self.go_to_ordinal(entry);
        }
    }

    pub(in crate::app) fn move_in_life(&mut self, rows: isize) {
        let len = life::len(&self.scene());
        self.views.life.cursor.move_by(rows, len);
    }
}
