//! Places with a name, and the way back from a jump.

use super::App;
use crate::store::EntryId;

/// The mark of the place before the last jump.
const BEFORE: char = '\'';

impl App {
    /// Goes to a message, and remembers where it was before.
    pub(super) fn jump_to(&mut self, id: EntryId) {
        if let Some(before) = self.selected() {
            self.marks.insert(BEFORE, before);
        }
        self.select_entry(id);
    }

    pub(super) fn set_mark(&mut self, name: char) {
        let Some(id) = self.selected() else { return };
        self.marks.insert(name, id);
        self.notice = Some(format!("mark {name} set: ' {name} comes back"));
    }

    pub(super) fn go_to_mark(&mut self, name: char) {
        match self.marks.get(&name) {
            Some(id) => self.jump_to(*id),
            None => self.notice = Some(format!("there is no mark {name}")),
        }
    }
}
