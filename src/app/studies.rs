//! The studies of the conversations that were looked at.

use crate::store::{Store, Study};
use crate::stream::ConnectionId;

/// Studies that are kept: a merged ladder goes to and fro between its conversations.
const KEPT: usize = 8;

/// The last studies, that of the conversation now looked at at the end.
#[derive(Debug, Default)]
pub(super) struct Studies(Vec<Study>);

impl Studies {
    /// That of a connection, as far as it got.
    pub(super) fn of(&self, connection: ConnectionId) -> Option<&Study> {
        self.0
            .iter()
            .rfind(|study| study.connection() == connection)
    }

    /// Goes on with one. True when it has caught up with its conversation.
    pub(super) fn step(&mut self, store: &Store, connection: ConnectionId, entries: usize) -> bool {
        let known = self
            .0
            .iter()
            .position(|study| study.connection() == connection);
        let mut study = known.map_or_else(|| Study::new(connection), |at| self.0.remove(at));
        let has_caught_up = study.step(store, entries);
        self.0.push(study);
        if self.0.len() > KEPT {
            self.0.remove(0);
        }
        has_caught_up
    }
}
