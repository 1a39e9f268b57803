//! Work that takes longer than a key may, in slices. The loop asks for the next slice while no key waits.

use super::App;
use crate::store::Study;
use crate::stream::ConnectionId;

/// Entries of a slice: some two milliseconds.
const SLICE: usize = 20_000;

/// Is there more to do?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Ask again.
    More,
    /// Not before the capture grows or a key is pressed.
    Done,
}

impl App {
    /// Does one slice.
    pub fn work(&mut self) -> Work {
        if self.rows.step(&self.store, SLICE) && self.go_on_studying() && self.go_on_saving() {
            Work::Done
        } else {
            Work::More
        }
    }

    fn go_on_studying(&mut self) -> bool {
        let Some(connection) = self.scene().connection().map(|it| it.id) else {
            return true;
        };
        self.studies.step(&self.store, connection, SLICE)
    }

    /// What is known of the selected conversation as a whole, as far as that got.
    pub(super) fn study(&self) -> Option<&Study> {
        let selected = self.selected().map(|id| self.store.entry(id).connection);
        let id = selected.unwrap_or(ConnectionId(self.connections.selected as u32));
        self.studies.of(id)
    }

    /// Does all that there is to do.
    pub fn settle(&mut self) {
        while self.work() == Work::More {}
    }
}
