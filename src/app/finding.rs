//! Looking for a row further on: in slices, so that no key waits for ten million of them.

use super::App;
use crate::store::{AtEnd, EntryId, Line, Search, Searched, Store, Towards};

/// Rows of a slice. Their text is made to look into it: some two milliseconds.
const SLICE: usize = 4096;

/// A search that is not over.
#[derive(Debug)]
pub(super) struct Finding {
    search: Search,
    what: What,
}

/// What is looked for.
#[derive(Clone, Copy, Debug)]
enum What {
    /// A message that was asked for, among those that are shown.
    Sought,
    /// A row of the same kind and direction as this message, among the rows.
    Alike(EntryId),
}

impl App {
    /// To the next message that was asked for.
    pub(super) fn find_next(&mut self, towards: Towards) {
        if self.asking.sought().is_none() {
            self.notice = Some("nothing to look for: / asks for it".to_owned());
            return;
        }
        let shown = self.rows.shown();
        // In a folded run the search goes on from the message, not from its row.
        let from = match self.place.chosen {
            Some(chosen) => shown.partition_point(|id| *id <= chosen).max(1) - 1,
            None => 0,
        };
        let search = Search::new(from, shown.len(), towards, AtEnd::Wrap);
        self.begin(search, What::Sought);
    }

    /// To the next row of the same kind and direction.
    pub(super) fn next_of_kind(&mut self, towards: Towards) {
        let Some(id) = self.selected() else { return };
        let from = self.rows.row_of(&self.store, id).unwrap_or(0);
        let search = Search::new(from, self.rows.len(), towards, AtEnd::Stop);
        self.begin(search, What::Alike(id));
    }

    fn begin(&mut self, search: Search, what: What) {
        self.finding = Some(Finding { search, what });
    }

    /// Looks at a slice of the rows. True when there is nothing more to look for.
    pub(super) fn look_further(&mut self) -> bool {
        let Some(Finding { mut search, what }) = self.finding.take() else {
            return true;
        };
        match search.step(SLICE, |row| self.is_sought(what, row)) {
            Searched::On { looked, of } => {
                let percent = looked * 100 / of.max(1);
                self.notice = Some(format!("searching, {percent} %; Esc stops"));
                self.finding = Some(Finding { search, what });
                return false;
            }
            Searched::Found { row, has_wrapped } => self.found(what, row, has_wrapped),
            Searched::None => self.notice = Some("there is no further one".to_owned()),
        }
        true
    }

    fn is_sought(&self, what: What, row: usize) -> bool {
        match what {
            What::Sought => {
                let sought = self.asking.sought().zip(self.rows.shown().get(row));
                sought.is_some_and(|(sought, id)| sought.matches(&self.store, *id))
            }
            What::Alike(id) => match self.rows.line(row) {
                Some(Line::Entry(other) | Line::Run(_, other, _)) => {
                    is_alike(&self.store, id, other)
                }
                Some(Line::Silence(_)) | None => false,
            },
        }
    }

    fn found(&mut self, what: What, row: usize, has_wrapped: bool) {
        self.notice = has_wrapped.then(|| "the search went on at the other end".to_owned());
        match what {
            What::Sought => {
                let id = self.rows.shown().get(row).copied();
                id.into_iter().for_each(|id| self.show_message(id));
            }
            What::Alike(_) => {
                let id = self.rows.entry_of(row);
                id.into_iter().for_each(|id| self.jump_to(id));
            }
        }
    }

    /// What was found is to be seen, not only the run that it is in.
    pub(super) fn unfold_run_of(&mut self, id: EntryId) {
        let row = self.rows.row_of(&self.store, id);
        if let Some(Line::Run(..)) = row.and_then(|row| self.rows.line(row)) {
            self.rows.toggle(&self.store, id);
        }
    }

    /// Ends a search; false when there was none.
    pub(super) fn stop_finding(&mut self) -> bool {
        let was_on = self.finding.take().is_some();
        if was_on {
            self.notice = Some("the search was stopped".to_owned());
        }
        was_on
    }
}

fn is_alike(store: &Store, id: EntryId, other: EntryId) -> bool {
    let [this, other] = [id, other].map(|id| store.entry(id));
    (this.kind(), this.side(), this.connection) == (other.kind(), other.side(), other.connection)
}
