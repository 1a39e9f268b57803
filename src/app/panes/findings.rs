use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::findings::Code;
use crate::view::findings::{Row, list_height};
use crate::view::{Pane, Panes};

impl App {
    pub(in crate::app) fn findings_takes(&mut self, action: Action, screen: Rect) -> Taken {
        let page = self.findings_height(screen) as isize;
        let view = &mut self.views.findings;
        match action {
            Action::PageUp => view.move_by(-page),
            Action::PageDown => view.move_by(page),
            Action::HalfPageUp => view.move_by(-(page / 2).max(1)),
            Action::HalfPageDown => view.move_by((page / 2).max(1)),
            Action::Open | Action::Right => self.open_row(),
            Action::Fold => _ = view.unfold() || view.fold(),
            Action::Left if view.fold() => {}
            Action::UnfoldAll => view.unfold_all(true),
            Action::FoldAll => view.unfold_all(false),
            Action::NextMode => view.turn_least(),
            Action::Span => view.turn_span(),
            _ => return Taken::No,
        }
        Taken::Yes
    }

    /// A rule is unfolded, or folded; a finding leads to its message.
    fn open_row(&mut self) {
        match self.views.findings.selected() {
            Some(Row::Finding(at)) => self.open_finding(at),
            Some(Row::Rule(_)) => {
                let view = &mut self.views.findings;
                _ = view.unfold() || view.fold();
            }
            Some(Row::More(_)) | None => {}
        }
    }

    /// Says what is known of a rule, in the view.
    pub(in crate::app) fn explain(&mut self, code: Code) {
        self.list_findings();
        self.views.findings.explain(code);
        self.go_to(Pane::Findings);
    }

    fn findings_height(&self, screen: Rect) -> usize {
        let pane = Panes::of(screen, self.arrangement).and_then(|panes| panes.findings);
        pane.map_or(1, |pane| list_height(pane.width, pane.height).max(1))
    }

    /// The rows are those of what was found up to now, and the window goes with the cursor.
    pub(in crate::app) fn show_findings(&mut self, screen: Rect) {
        let pane = Panes::of(screen, self.arrangement).and_then(|panes| panes.findings);
        if pane.is_some() {
            self.list_findings();
            let height = self.findings_height(screen);
            self.views.findings.show_cursor(height);
        }
    }
}
