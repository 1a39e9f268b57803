use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::store::partner;
use crate::view::Pane;

impl App {
    pub(in crate::app) fn requests_takes(&mut self, action: Action, _: Rect) -> Taken {
        match action {
            Action::Open | Action::Right => self.open_request(),
            Action::Partner => self.open_end_of_request(),
            Action::NextOrder => self.views.requests.turn_order(),
            Action::OnlyOpen => self.views.requests.turn_open(),
            Action::NextSide => {
                let sides = self.scene().sides();
                self.views.requests.turn_side(sides);
            }
            Action::Span => {
                let mut requests = std::mem::take(&mut self.views.requests);
                requests.turn_span(&self.scene());
                self.views.requests = requests;
            }
            _ => return Taken::No,
        }
        Taken::Yes
    }

    /// To the chosen request, in the ladder.
    fn open_request(&mut self) {
        let asked = self.views.requests.selected(&self.scene());
        if let Some(asked) = asked {
            self.go_to_ordinal(asked.entry);
        }
    }

    /// To what ended it.
    fn open_end_of_request(&mut self) {
        let asked = self.views.requests.selected(&self.scene());
        match asked.map(|asked| asked.fate.entry()) {
            Some(Some(end)) => self.go_to_ordinal(end),
            Some(None) => self.notice = Some("nothing ended it".to_owned()),
            None => {}
        }
    }

    /// To a message of the selected conversation, in the ladder; where there is room, what stands beside it stays.
    pub(in crate::app) fn go_to_ordinal(&mut self, ordinal: u32) {
        let connection = self.scene().connection();
        let id = connection.and_then(|it| it.entries().get(ordinal as usize).copied());
        if let Some(id) = id {
            self.jump_to(id);
            self.arrangement.focus = Pane::Ladder;
        }
    }

    /// From a message to the one that it answers, or that answers it.
    pub(in crate::app) fn go_to_partner(&mut self) {
        let scene = self.scene();
        let at = scene.connection().zip(scene.study).zip(scene.ordinal());
        let found = at.and_then(|((connection, study), ordinal)| {
            let found = partner(scene.store, study, connection, ordinal as u32)?;
            connection.entries().get(found as usize).copied()
        });
        match found {
            Some(id) => self.jump_to(id),
            None => self.notice = Some("no message belongs to this one".to_owned()),
        }
    }
}
