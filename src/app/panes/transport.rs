//! The transport of the selected connection: its packets are read again while somebody looks.

use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::store::Tracing;
use crate::stream::ConnectionId;
use crate::view::strip::Motion;
use crate::view::{Pane, View, transport};

/// Connections whose packets are remembered: that under the cursor and the one before, for comparing two.
const KEPT: usize = 2;

/// What was read, the one looked at last at the end.
#[derive(Debug, Default)]
pub(in crate::app) struct Tracings(Vec<Tracing>);

impl Tracings {
    fn of(&self, connection: ConnectionId) -> Option<&Tracing> {
        self.0.iter().rfind(|it| it.connection() == connection)
    }
}

impl App {
    pub(in crate::app) fn transport_takes(&mut self, action: Action, screen: Rect) -> Taken {
        match action {
            Action::ZoomIn => self.move_transport(Motion::ZoomIn),
            Action::ZoomOut => self.move_transport(Motion::ZoomOut),
            Action::ZoomReset => self.move_transport(Motion::Whole),
            Action::Earlier => self.move_transport(Motion::Earlier),
            Action::Later => self.move_transport(Motion::Later),
            Action::Open => self.go_to(Pane::Ladder),
            action => return self.strip_takes(action, screen),
        }
        Taken::Yes
    }

    /// It has the window of the strip.
    fn move_transport(&mut self, motion: Motion) {
        if let Some((whole, now)) = transport::times(&self.scene()) {
            self.views.strip.press(motion, whole, now);
        }
    }

    /// That of the selected connection, as far as it was read.
    pub(in crate::app) fn tracing(&self) -> Option<&Tracing> {
        let selected = self.selected().map(|id| self.store.entry(id).connection);
        let id = selected.unwrap_or(ConnectionId(self.connections.selected as u32));
        self.tracings.of(id)
    }

    /// Reads a slice. True when there is no more to read, or nobody looks: then all is forgotten.
    pub(in crate::app) fn go_on_tracing(&mut self) -> bool {
        if self.arrangement.view != View::Transport {
            self.tracings.0.clear();
            return true;
        }
        let Some(id) = self.scene().connection().map(|it| it.id) else {
            return true;
        };
        let all = &mut self.tracings.0;
        let known = all.iter().position(|it| it.connection() == id);
        let tracing = match known {
            Some(at) => Some(all.remove(at)),
            None => Tracing::new(&self.store, &self.source, self.store.connection(id)),
        };
        let Some(mut tracing) = tracing else {
            return true;
        };
        let is_over = tracing.step(&self.store);
        all.push(tracing);
        if all.len() > KEPT {
            all.remove(0);
        }
        is_over
    }
}
