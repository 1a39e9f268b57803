//! Work that takes longer than a key may, in slices. The loop asks for the next slice while no key waits.

use super::App;
use crate::store::Study;
use crate::stream::ConnectionId;
use crate::view::View;

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
        self.has_new_work = false;
        // What the user waits for comes first.
        let is_over =
            self.rows.step(&self.store, SLICE) && self.unfold_what_is_due() && self.look_further();
        let is_over = is_over && self.go_on_studying() && self.prepare_views();
        let is_over = is_over && self.go_on_listing(SLICE) && self.go_on_counting(SLICE);
        let is_over = is_over && self.go_on_with_pieces(SLICE) && self.go_on_saving();
        if is_over && self.go_on_judging() {
            Work::Done
        } else {
            Work::More
        }
    }

    /// True when the last frame showed what nobody had looked for before.
    pub fn has_new_work(&self) -> bool {
        self.has_new_work
    }

    fn go_on_studying(&mut self) -> bool {
        let Some(connection) = self.scene().connection().map(|it| it.id) else {
            return true;
        };
        self.studies.step(&self.store, connection, SLICE)
    }

    /// What the views on the screen need beside the study. True when they have it.
    fn prepare_views(&mut self) -> bool {
        let is_traced = self.go_on_tracing();
        match self.arrangement.view {
            View::Requests => {
                let mut requests = std::mem::take(&mut self.views.requests);
                let has_more = requests.work(&self.scene());
                self.views.requests = requests;
                !has_more
            }
            View::Life => {
                let mut life = std::mem::take(&mut self.views.life);
                let has_more = life.work(&self.scene());
                self.views.life = life;
                !has_more
            }
            _ => is_traced,
        }
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
