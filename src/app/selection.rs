//! What is selected: a connection, a message, a pane.

use std::collections::BTreeSet;

use ratatui::layout::Rect;

use super::panes::Taken;
use super::{Action, App, Effect};
use crate::store::{Choice, EntryId, Fold, Line, Rows, Scope};
use crate::stream::ConnectionId;
use crate::view::{self, Detail, Follow, Pane, Panes, View, Zoom, hex, tree};

/// A place in a ladder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    /// The message that was chosen. Where it is not shown, the one before it is the selected.
    pub chosen: Option<EntryId>,
    /// The first row of the window.
    pub offset: usize,
}

/// All of one conversation.
pub(super) fn choice(connection: ConnectionId) -> Choice {
    Choice {
        scope: Scope::One(connection),
        hidden: BTreeSet::new(),
        filter: None,
        fold: Fold::default(),
    }
}

impl App {
    /// The selected message: the moment that everything shows. It may be one within a folded run.
    pub(super) fn selected(&self) -> Option<EntryId> {
        let chosen = self.place.chosen?;
        if !self.has_rows_up_to(chosen) || self.rows.shows(chosen) {
            return Some(chosen);
        }
        self.rows.entry_of(self.rows.row_of(&self.store, chosen)?)
    }

    /// Are the rows made as far as this message?
    fn has_rows_up_to(&self, id: EntryId) -> bool {
        let looked_at = self.rows.looked_at();
        match &self.rows.choice().scope {
            Scope::Merged(_) => looked_at > id.0 as usize,
            Scope::One(connection) => {
                let entries = self.store.connection(*connection).entries();
                looked_at > 0 && entries[looked_at - 1] >= id
            }
        }
    }

    /// Selects a message wherever it is.
    pub(super) fn select_entry(&mut self, id: EntryId) {
        let connection = self.store.entry(id).connection;
        let is_in_scope = match &self.rows.choice().scope {
            Scope::One(one) => *one == connection,
            Scope::Merged(ids) => ids.contains(&connection),
        };
        if !is_in_scope {
            self.select_connection(connection.0 as usize);
        }
        self.choose(id);
    }

    /// Selects a message of the conversations that are shown.
    fn choose(&mut self, id: EntryId) {
        if self.place.chosen != Some(id) {
            self.place.chosen = Some(id);
            self.forget_field();
        }
    }

    pub(super) fn select_last(&mut self) {
        let last = match &self.rows.choice().scope {
            Scope::Merged(_) => self.rows.shown().last().copied(),
            Scope::One(connection) => {
                let connection = self.store.connections().get(connection.0 as usize);
                connection.and_then(|connection| connection.entries().last().copied())
            }
        };
        if let Some(last) = last {
            self.choose(last);
        }
    }

    /// Selects a connection, and in it the message where it was left.
    pub(super) fn select_connection(&mut self, at: usize) {
        self.connections.selected = at;
        let id = ConnectionId(at as u32);
        if self.rows.choice().scope != Scope::One(id) {
            self.remember_place();
            self.place = self.places.get(&id).copied().unwrap_or_default();
            self.rescope(Scope::One(id));
        }
        self.choose_first();
    }

    fn remember_place(&mut self) {
        if let Scope::One(before) = self.rows.choice().scope {
            self.places.insert(before, self.place);
        }
    }

    /// Something is selected as soon as there is something.
    fn choose_first(&mut self) {
        if self.place.chosen.is_none() {
            let connection = self.store.connections().get(self.connections.selected);
            self.place.chosen =
                connection.and_then(|connection| connection.entries().first().copied());
        }
    }

    /// Shows other conversations, by the same rules.
    pub(super) fn rescope(&mut self, scope: Scope) {
        let choice = self.rows.choice().clone();
        self.show(Choice { scope, ..choice });
    }

    /// Makes the rows anew.
    pub(super) fn show(&mut self, choice: Choice) {
        self.rows = Rows::new(choice);
        self.finding = None;
        self.forget_field();
    }

    pub(super) fn fold(&mut self, fold: Fold) {
        let choice = self.rows.choice().clone();
        self.show(Choice { fold, ..choice });
    }

    pub(super) fn toggle_fold(&mut self) {
        if let Some(id) = self.place.chosen {
            self.rows.toggle(&self.store, id);
        }
    }

    /// The ladders of all tagged connections as one.
    pub(super) fn merge(&mut self) {
        if self.tags.len() > 1 {
            self.remember_place();
            self.rescope(Scope::Merged(self.tags.clone()));
        }
    }

    pub(super) fn tag(&mut self) {
        let Some(id) = self.scene().connection().map(|connection| connection.id) else {
            return;
        };
        if !self.tags.remove(&id) {
            self.tags.insert(id);
        }
        if self.arrangement.focus == Pane::Connections {
            self.choose_connection(1);
        }
    }

    pub(super) fn clear_tags(&mut self) {
        self.tags.clear();
        if let Scope::Merged(_) = self.rows.choice().scope {
            let connection = self.scene().connection().map(|connection| connection.id);
            self.select_connection(connection.map_or(0, |id| id.0 as usize));
        }
    }

    pub(super) fn open(&mut self) {
        match self.arrangement.focus {
            Pane::Connections => {
                if self.tags.len() > 1 {
                    self.merge();
                }
                self.go_to(Pane::Ladder);
            }
            Pane::Ladder => {
                self.arrangement.detail = Detail::Open;
                self.go_to(Pane::Tree);
            }
            Pane::Tree => self.go_to(Pane::Hex),
            _ => {}
        }
    }

    /// Gives the keys to a pane, and shows its view.
    pub(super) fn go_to(&mut self, pane: Pane) {
        let from = self.arrangement.focus;
        let is_elsewhere = from.view() != pane.view();
        if is_elsewhere && matches!(from.view(), View::Connections | View::Ladder) {
            self.came_from = from;
        }
        // Beside the connections the view stays what it is.
        if pane != Pane::Connections {
            self.arrangement.view = pane.view();
        } else if self.arrangement.view == View::Account {
            self.arrangement.view = View::Ladder;
        }
        self.arrangement.focus = pane;
    }

    /// Where there is nothing to go back to, Esc ends what takes long.
    pub(super) fn back_or_stop(&mut self) -> Effect {
        if self.stop_finding() || self.stop_verifying() || self.stop_saving() {
            return Effect::Draw;
        }
        let is_reading = !self.progress.is_done && self.live.is_none();
        if self.arrangement.focus == Pane::Connections && is_reading {
            return Effect::StopReading;
        }
        if self.arrangement.zoom == Zoom::On {
            self.arrangement.zoom = Zoom::Off;
        } else {
            self.back();
        }
        Effect::Draw
    }

    pub(super) fn back(&mut self) {
        match self.arrangement.focus {
            Pane::Hex => self.arrangement.focus = Pane::Tree,
            Pane::Tree => {
                self.arrangement.detail = Detail::Line;
                self.arrangement.focus = Pane::Ladder;
            }
            Pane::Strip => self.arrangement.focus = Pane::Ladder,
            Pane::Ladder | Pane::Connections => self.leave_ladder(),
            _ => self.go_to(self.came_from),
        }
    }

    fn leave_ladder(&mut self) {
        if let Scope::Merged(_) = self.rows.choice().scope {
            self.select_connection(self.connections.selected);
        }
        self.go_to(Pane::Connections);
    }

    /// To the next pane that is on the screen.
    pub(super) fn turn(&mut self, screen: Rect, by: isize) {
        let panes = Panes::of(screen, self.arrangement).unwrap_or_default();
        // Where one view is shown at a time, Tab goes through the views.
        let views = view::VIEWS.map(|(.., pane)| pane);
        let is_reachable = |pane: &Pane| views.contains(pane) || panes.area(*pane).is_some();
        let reachable: Vec<Pane> = Pane::ALL.into_iter().filter(is_reachable).collect();
        let at = reachable
            .iter()
            .position(|pane| *pane == self.arrangement.focus)
            .unwrap_or(0) as isize;
        self.go_to(reachable[(at + by).rem_euclid(reachable.len() as isize) as usize]);
    }

    pub(super) fn zoom(&mut self) {
        self.arrangement.zoom = match self.arrangement.zoom {
            Zoom::Off => Zoom::On,
            Zoom::On => Zoom::Off,
        };
    }

    /// Of the panes beside the ladder the one with the keys grows; the ladder grows at their cost.
    pub(super) fn resize_pane(&mut self, by: i16) {
        const MOST: i16 = 300;
        let sizes = &mut self.arrangement.sizes;
        let grow = |size: &mut i16, by: i16| *size = (*size + by).clamp(-MOST, MOST);
        match self.arrangement.focus {
            Pane::Connections => grow(&mut sizes.left, by),
            Pane::Ladder | Pane::Strip => {
                grow(&mut sizes.left, -by);
                grow(&mut sizes.lower, -by / 2);
            }
            _ => {
                grow(&mut sizes.right, by);
                grow(&mut sizes.lower, by / 2);
            }
        }
    }

    pub(super) fn move_by(&mut self, rows: isize) {
        match self.arrangement.focus {
            Pane::Connections => self.choose_connection(rows),
            Pane::Ladder | Pane::Strip | Pane::Transport => self.move_in_ladder(rows),
            Pane::Tree => {
                let len = self.tree.visible(&self.nodes).len();
                self.tree.cursor.move_by(rows, len);
            }
            Pane::Account => self.account = self.account.saturating_add_signed(rows),
            Pane::Requests => self.views.requests.move_by(rows),
            Pane::Life => self.move_in_life(rows),
            Pane::Torrent => self.move_in_torrent(rows),
            Pane::Findings => self.views.findings.move_by(rows),
            Pane::Hex | Pane::Pieces => {}
        }
    }

    pub(super) fn move_in_ladder(&mut self, rows: isize) {
        self.choose_row(rows);
        match rows {
            isize::MAX => self.set_follow(Follow::On),
            ..0 => self.set_follow(Follow::Off),
            _ => {}
        }
    }

    /// A silence is no message: the cursor goes over it.
    fn choose_row(&mut self, by: isize) {
        if by == isize::MAX {
            return self.select_last();
        }
        let Some(row) = self
            .place
            .chosen
            .and_then(|id| self.rows.row_of(&self.store, id))
        else {
            return;
        };
        let mut next = row
            .saturating_add_signed(by)
            .min(self.rows.len().saturating_sub(1));
        if let Some(Line::Silence(_)) = self.rows.line(next) {
            next = if by < 0 {
                next.saturating_sub(1)
            } else {
                next + 1
            };
        }
        if let Some(id) = self.rows.entry_of(next).filter(|_| next != row) {
            self.choose(id);
        }
    }

    pub(super) fn choose_connection(&mut self, rows: isize) {
        let selected = self.connections.selected;
        let found = self.views.connections.moved(&self.store, selected, rows);
        self.select_connection(found.unwrap_or(selected));
    }

    pub(super) fn forget_field(&mut self) {
        self.tree = tree::State::default();
        self.hex = hex::State::default();
    }

    /// Rows of the pane that has the keys.
    pub(super) fn page(&self, screen: Rect) -> usize {
        let Some(panes) = Panes::of(screen, self.arrangement) else {
            return 1;
        };
        let pane = match self.arrangement.focus {
            Pane::Strip => Pane::Ladder,
            focus => focus,
        };
        let area = panes.area(pane);
        area.map_or(1, |area| usize::from(area.height).saturating_sub(1).max(1))
    }

    /// The fields of the selected message as they are now.
    pub(super) fn read_fields(&mut self) {
        let mut nodes = match &self.raw {
            Some((id, raw)) => view::nodes(&self.store, *id, raw),
            None => Vec::new(),
        };
        view::add_findings(&mut nodes, self.scene().findings_here());
        self.nodes = nodes;
    }

    /// Moves the window of the ladder to its cursor. While the rows are not made that far, it stays.
    pub(super) fn show_ladder(&mut self, screen: Rect) {
        self.choose_first();
        let panes = Panes::of(screen, self.arrangement);
        let Some(area) = panes.and_then(|panes| panes.ladder) else {
            return;
        };
        let (height, len) = (usize::from(area.height).saturating_sub(1), self.rows.len());
        self.ladder.offset = self.place.offset;
        if let Some(id) = self.place.chosen.filter(|id| self.has_rows_up_to(*id)) {
            self.ladder.selected = self.rows.row_of(&self.store, id).unwrap_or(0);
            self.ladder.show(height, len);
        } else {
            self.ladder.selected = usize::MAX;
            self.ladder.offset = self.ladder.offset.min(len.saturating_sub(height));
        }
        self.place.offset = self.ladder.offset;
    }

    /// What the pane with the keys does with an action before its general meaning applies.
    pub(super) fn pane_takes(&mut self, action: Action, screen: Rect) -> Taken {
        match self.arrangement.focus {
            Pane::Connections => self.connections_takes(action, screen),
            Pane::Strip => self.strip_takes(action, screen),
            Pane::Pieces => self.pieces_takes(action, screen),
            Pane::Torrent => self.torrent_takes(action, screen),
            Pane::Findings => self.findings_takes(action, screen),
            Pane::Requests => self.requests_takes(action, screen),
            Pane::Life => self.life_takes(action, screen),
            Pane::Transport => self.transport_takes(action, screen),
            Pane::Tree => self.tree_takes(action, screen),
            Pane::Hex => self.hex_takes(action, screen),
            Pane::Ladder | Pane::Account => Taken::No,
        }
    }
}
