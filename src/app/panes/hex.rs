use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::view::{Pane, Panes, hex, tree};

impl App {
    pub(in crate::app) fn hex_takes(&mut self, action: Action, screen: Rect) -> Taken {
        let per_row = self.bytes_per_row(screen) as isize;
        let page = self.page(screen) as isize * per_row;
        match action {
            Action::Left => self.move_byte(-1),
            Action::Right => self.move_byte(1),
            Action::Up => self.move_byte(-per_row),
            Action::Down => self.move_byte(per_row),
            Action::PageUp => self.move_byte(-page),
            Action::PageDown => self.move_byte(page),
            Action::HalfPageUp => self.move_byte(-(page / per_row / 2).max(1) * per_row),
            Action::HalfPageDown => self.move_byte((page / per_row / 2).max(1) * per_row),
            Action::First => self.hex.byte = 0,
            Action::Last => self.hex.byte = self.last_byte(),
            Action::Open => self.open_field(),
            _ => return Taken::No,
        }
        Taken::Yes
    }

    /// Other rows of bytes, with the cursor going along.
    pub(in crate::app) fn scroll_bytes(&mut self, rows: isize, screen: Rect) {
        self.move_byte(rows * self.bytes_per_row(screen) as isize);
        self.hex.first_row = self.hex.first_row.saturating_add_signed(rows);
    }

    fn bytes_per_row(&self, screen: Rect) -> usize {
        let panes = Panes::of(screen, self.arrangement);
        let pane = panes.and_then(|panes| panes.hex);
        hex::bytes_per_row(pane.map_or(0, |pane| pane.width))
    }

    fn last_byte(&self) -> usize {
        let bytes = self.raw.as_ref().map_or(0, |(_, raw)| raw.bytes.len());
        bytes.saturating_sub(1)
    }

    fn move_byte(&mut self, by: isize) {
        let last = self.last_byte();
        self.hex.byte = self.hex.byte.saturating_add_signed(by).min(last);
    }

    /// To the field that owns the byte, unfolded.
    fn open_field(&mut self) {
        if let Some(owner) = tree::owner(&self.nodes, self.hex.byte) {
            self.tree.select(&self.nodes, owner);
            self.go_to(Pane::Tree);
        }
    }
}
