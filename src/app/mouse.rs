//! Clicks select, double clicks open, the wheel scrolls.

use std::time::{Duration, Instant};

use crossterm::event::{MouseButton, MouseEvent, MouseEventKind};
use ratatui::layout::Rect;

use super::keys::Action;
use super::panes::Taken;
use super::{App, Effect};
use crate::view::connections::Row;
use crate::view::pieces::Wish;
use crate::view::{Overlay, Pane, Panes, findings, hex, life, requests, strip, view_at};

/// Two clicks on one cell within this time are a double click.
const DOUBLE: Duration = Duration::from_millis(400);
/// Rows of a turn of the wheel.
const WHEEL: isize = 3;

/// The last click: where and when.
#[derive(Clone, Copy, Debug)]
pub(super) struct Click {
    column: u16,
    row: u16,
    at: Instant,
}

impl App {
    /// Takes what the mouse did.
    pub fn point(&mut self, event: MouseEvent, at: Instant, screen: Rect) -> Effect {
        self.notice = None;
        self.has_chosen = true;
        match event.kind {
            MouseEventKind::ScrollDown => self.wheel(event, WHEEL, screen),
            MouseEventKind::ScrollUp => self.wheel(event, -WHEEL, screen),
            MouseEventKind::Down(MouseButton::Left) => self.click(event, at, screen),
            _ => {}
        }
        Effect::Draw
    }

    /// The wheel is for the pane under the pointer, which does not get the keys by that.
    fn wheel(&mut self, event: MouseEvent, rows: isize, screen: Rect) {
        if let Overlay::Help(first) = self.overlay {
            let action = if rows > 0 { Action::Down } else { Action::Up };
            self.press_help(action, first, screen);
            return;
        }
        let panes = Panes::of(screen, self.arrangement);
        let Some((pane, area)) = panes.and_then(|panes| panes.at(event.column, event.row)) else {
            return;
        };
        if pane == Pane::Pieces {
            return self.wish_of_pieces(Wish::Rows(rows.signum() as i64), area);
        }
        let focus = std::mem::replace(&mut self.arrangement.focus, pane);
        if pane == Pane::Hex {
            self.scroll_bytes(rows, screen);
        }
        self.move_by(rows);
        self.arrangement.focus = focus;
    }

    fn click(&mut self, event: MouseEvent, at: Instant, screen: Rect) {
        self.overlay = Overlay::None;
        if event.row == 0 {
            if let Some(pane) = view_at(event.column, screen.width) {
                self.go_to(pane);
            }
            return;
        }
        let panes = Panes::of(screen, self.arrangement);
        let Some((pane, area)) = panes.and_then(|panes| panes.at(event.column, event.row)) else {
            return;
        };
        let is_double = self.is_double(event, at);
        self.focus_on(pane);
        self.select_at(pane, event.column - area.x, event.row - area.y, area);
        if is_double && self.pane_takes(Action::Open, screen) == Taken::No {
            self.open();
        }
    }

    /// Gives the keys to a pane that is on the screen: no view changes.
    fn focus_on(&mut self, pane: Pane) {
        let view = self.arrangement.view;
        self.go_to(pane);
        if matches!(pane, Pane::Ladder | Pane::Strip) {
            self.arrangement.view = view;
        }
    }

    fn is_double(&mut self, event: MouseEvent, at: Instant) -> bool {
        let click = Click {
            column: event.column,
            row: event.row,
            at,
        };
        let before = self.click.replace(click);
        let is_double = before.is_some_and(|before| {
            (before.column, before.row) == (click.column, click.row)
                && at.duration_since(before.at) < DOUBLE
        });
        if is_double {
            self.click = None;
        }
        is_double
    }

    /// Selects what is at this cell of a pane.
    fn select_at(&mut self, pane: Pane, column: u16, row: u16, area: Rect) {
        if matches!(pane, Pane::Strip | Pane::Transport) {
            let found = strip::entry_at(&self.scene(), area.width, column);
            return found.into_iter().for_each(|id| self.select_entry(id));
        }
        if pane == Pane::Pieces {
            return self.wish_of_pieces(Wish::Click(column, row), area);
        }
        let Some(row) = usize::from(row).checked_sub(1) else {
            return;
        };
        match pane {
            Pane::Connections => {
                let (at, list) = (self.connections.offset + row, &self.views.connections);
                if at < list.len(&self.store)
                    && let Row::Connection(id) = list.row(at)
                {
                    self.select_connection(id.0 as usize);
                }
            }
            Pane::Ladder => {
                if let Some(id) = self.rows.entry_of(self.ladder.offset + row) {
                    self.select_entry(id);
                }
            }
            Pane::Tree => self.tree.cursor.selected = self.tree.cursor.offset + row,
            Pane::Findings => {
                let list = findings::list_height(area.width, area.height);
                let row = row.checked_sub(1).filter(|row| *row < list);
                row.into_iter()
                    .for_each(|row| self.views.findings.choose(row));
            }
            Pane::Requests => {
                let list = requests::list_height(&self.scene(), area.height);
                let head = usize::from(area.height).saturating_sub(list);
                let row = (row + 1).checked_sub(head);
                row.into_iter()
                    .for_each(|row| self.views.requests.choose(row));
            }
            Pane::Life => {
                let (len, height) = life::list_size(&self.scene(), area);
                let row = (row + 1).checked_sub(life::FIRST_ROW);
                let at = row
                    .filter(|row| *row < height)
                    .map(|row| row + self.views.life.cursor.offset);
                let at = at.filter(|at| *at < len);
                at.into_iter()
                    .for_each(|at| self.views.life.cursor.selected = at);
            }
            Pane::Hex => {
                let len = self.raw.as_ref().map_or(0, |(_, raw)| raw.bytes.len());
                let byte = hex::byte_at(self.hex.first_row + row, column, area.width, len);
                self.hex.byte = byte.unwrap_or(self.hex.byte);
            }
            _ => {}
        }
    }
}
