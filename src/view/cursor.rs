//! A place in a list of which only a window is drawn.

use std::ops::Range;

/// The selected row, and the first row of the window.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Cursor {
    /// The selected row.
    pub selected: usize,
    /// The first row that is drawn.
    pub offset: usize,
}

impl Cursor {
    /// Moves the selection by so many rows, not beyond the list.
    pub fn move_by(&mut self, rows: isize, len: usize) {
        self.selected = self
            .selected
            .saturating_add_signed(rows)
            .min(len.saturating_sub(1));
    }

    /// Moves the window, as little as possible, so that the selection is in it.
    pub fn show(&mut self, height: usize, len: usize) {
        self.selected = self.selected.min(len.saturating_sub(1));
        let last_offset = len.saturating_sub(height);
        let lowest = (self.selected + 1).saturating_sub(height.max(1));
        self.offset = self
            .offset
            .clamp(lowest, self.selected.max(lowest))
            .min(last_offset);
    }

    /// The rows that are drawn.
    pub fn window(&self, height: usize, len: usize) -> Range<usize> {
        self.offset.min(len)..(self.offset + height).min(len)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(selected: usize, offset: usize, height: usize, len: usize) -> usize {
        let mut cursor = Cursor { selected, offset };
        cursor.show(height, len);
        cursor.offset
    }

    #[test]
    fn the_window_moves_no_more_than_it_must() {
        assert_eq!(shown(5, 0, 10, 100), 0);
        assert_eq!(shown(10, 0, 10, 100), 1);
        assert_eq!(shown(3, 7, 10, 100), 3);
        assert_eq!(shown(99, 0, 10, 100), 90);
    }

    #[test]
    fn the_window_is_full_where_the_list_is_long_enough() {
        assert_eq!(shown(95, 95, 10, 100), 90);
        assert_eq!(shown(2, 2, 10, 3), 0);
    }

    #[test]
    fn an_empty_list_has_an_empty_window() {
        let mut cursor = Cursor {
            selected: 4,
            offset: 4,
        };
        cursor.move_by(1, 0);
        cursor.show(10, 0);
        assert_eq!((cursor, cursor.window(10, 0)), (Cursor::default(), 0..0));
    }
}
