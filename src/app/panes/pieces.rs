use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};

impl App {
    pub(in crate::app) fn pieces_takes(&mut self, action: Action, screen: Rect) -> Taken {
        let _ = (action, screen);
        Taken::No
    }
}
