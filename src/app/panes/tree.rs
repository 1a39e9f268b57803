use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::view::{Folded, Pane, tree};

impl App {
    pub(in crate::app) fn tree_takes(&mut self, action: Action, _: Rect) -> Taken {
        let nodes = &self.nodes;
        match action {
            Action::Fold => self.tree.toggle(nodes),
            Action::FoldAll => self.tree.set_all(nodes, Folded::Yes),
            Action::UnfoldAll => self.tree.set_all(nodes, Folded::No),
            Action::Right if self.tree.unfold(nodes) => {}
            Action::Left if self.tree.fold(nodes) => {}
            Action::Open | Action::Right => self.open_bytes(),
            Action::FilterWith => self.ask_of_field(str::to_owned),
            Action::FilterWithout => self.ask_of_field(|field| format!("not ({field})")),
            _ => return Taken::No,
        }
        Taken::Yes
    }

    /// To the first byte of the selected field.
    fn open_bytes(&mut self) {
        let selected = self.tree.selected(&self.nodes);
        let range = selected.and_then(|at| self.nodes[at].range.clone());
        self.hex.byte = range.map_or(0, |range| range.start);
        self.go_to(Pane::Hex);
    }

    /// While keys go to the bytes, the field that owns the one under the cursor is the selected one.
    pub(in crate::app) fn show_owner(&mut self) {
        if self.arrangement.focus == Pane::Hex
            && let Some(owner) = tree::owner(&self.nodes, self.hex.byte)
        {
            let shown = self.tree.nearest_in_sight(&self.nodes, owner);
            self.tree.cursor.selected = shown;
        }
    }
}
