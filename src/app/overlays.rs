//! What lies over the panes and takes the keys.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::{Action, App, Effect};
use crate::store::Choice;
use crate::view::{self, GROUPS, Group, Overlay};

impl App {
    pub(super) fn press_help(&mut self, action: Action, first: usize, screen: Rect) -> Effect {
        let last = view::last_help_line(&self.keys, self.arrangement.focus, screen);
        self.overlay = match action {
            Action::Back | Action::Left | Action::Help | Action::Quit | Action::Open => {
                Overlay::None
            }
            Action::Down => Overlay::Help((first + 1).min(last)),
            Action::Up => Overlay::Help(first.min(last).saturating_sub(1)),
            Action::PageDown | Action::Last => Overlay::Help(last),
            Action::PageUp | Action::First => Overlay::Help(0),
            _ => Overlay::Help(first),
        };
        Effect::Draw
    }

    pub(super) fn press_kinds(&mut self, key: &str, selected: usize) {
        let last = GROUPS.len() - 1;
        match key {
            "j" | "Down" => self.overlay = Overlay::Kinds((selected + 1).min(last)),
            "k" | "Up" => self.overlay = Overlay::Kinds(selected.saturating_sub(1)),
            "g" | "Home" => self.overlay = Overlay::Kinds(0),
            "G" | "End" => self.overlay = Overlay::Kinds(last),
            "Space" | "x" => self.toggle_kinds(&GROUPS[selected.min(last)]),
            "a" => self.toggle_all_kinds(),
            "Esc" | "Enter" | "q" | "c" | "h" => self.overlay = Overlay::None,
            _ => {}
        }
    }

    fn toggle_kinds(&mut self, group: &Group) {
        let mut hidden = self.rows.choice().hidden.clone();
        let kinds: BTreeSet<u8> = group.kinds.iter().map(|kind| *kind as u8).collect();
        if kinds.is_subset(&hidden) {
            hidden.retain(|kind| !kinds.contains(kind));
        } else {
            hidden.extend(kinds);
        }
        self.hide(hidden);
    }

    /// All, or, where all are shown, none.
    fn toggle_all_kinds(&mut self) {
        let all = GROUPS.iter().flat_map(|group| group.kinds);
        let hidden = if self.rows.choice().hidden.is_empty() {
            all.map(|kind| *kind as u8).collect()
        } else {
            BTreeSet::new()
        };
        self.hide(hidden);
    }

    fn hide(&mut self, hidden: BTreeSet<u8>) {
        let choice = self.rows.choice().clone();
        self.show(Choice { hidden, ..choice });
    }
}
