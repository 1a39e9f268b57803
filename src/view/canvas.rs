//! The area of a pane, and how to write into it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;
use unicode_width::UnicodeWidthStr;

use super::{Look, Tone};

/// A part of the screen. Columns and rows count from its own corner; nothing is written outside of it.
pub(super) struct Canvas<'b> {
    pub(super) look: Look,
    area: Rect,
    buf: &'b mut Buffer,
}

impl<'b> Canvas<'b> {
    pub(super) fn new(look: Look, area: Rect, buf: &'b mut Buffer) -> Canvas<'b> {
        Canvas {
            look,
            area: area.intersection(buf.area),
            buf,
        }
    }

    pub(super) fn width(&self) -> u16 {
        self.area.width
    }

    pub(super) fn height(&self) -> u16 {
        self.area.height
    }

    fn within(&mut self, area: Rect) -> Canvas<'_> {
        Canvas {
            look: self.look,
            area,
            buf: self.buf,
        }
    }

    fn emptied(&mut self, area: Rect) -> Canvas<'_> {
        area.positions()
            .for_each(|position| self.buf[position].reset());
        self.within(area)
    }

    /// The part without the first `rows` rows.
    pub(super) fn below(&mut self, rows: u16) -> Canvas<'_> {
        let rows = rows.min(self.area.height);
        let area = Rect {
            y: self.area.y + rows,
            height: self.area.height - rows,
            ..self.area
        };
        self.within(area)
    }

    /// The first `rows` rows.
    pub(super) fn above(&mut self, rows: u16) -> Canvas<'_> {
        self.part(0, rows)
    }

    /// So many rows from a row on.
    pub(super) fn part(&mut self, from: u16, rows: u16) -> Canvas<'_> {
        let part = self.below(from);
        let area = Rect {
            height: rows.min(part.area.height),
            ..part.area
        };
        self.within(area)
    }

    /// So many columns from a column on.
    pub(super) fn columns(&mut self, from: u16, columns: u16) -> Canvas<'_> {
        let from = from.min(self.area.width);
        let area = Rect {
            x: self.area.x + from,
            width: columns.min(self.area.width - from),
            ..self.area
        };
        self.within(area)
    }

    /// The part without the last `columns` columns.
    pub(super) fn without_right(&mut self, columns: u16) -> Canvas<'_> {
        let area = Rect {
            width: self.area.width.saturating_sub(columns),
            ..self.area
        };
        self.within(area)
    }

    /// A part in the middle, emptied, to lay something over the rest.
    pub(super) fn overlay(&mut self, width: u16, height: u16) -> Canvas<'_> {
        let (width, height) = (width.min(self.area.width), height.min(self.area.height));
        let x = self.area.x + (self.area.width - width) / 2;
        let y = self.area.y + (self.area.height - height) / 2;
        let area = Rect {
            x,
            y,
            width,
            height,
        };
        self.emptied(area)
    }

    /// A line around it, with a title in the upper one.
    pub(super) fn frame(&mut self, title: &str) {
        let (glyphs, width, last) = (
            self.look.glyphs,
            self.width(),
            self.height().saturating_sub(1),
        );
        for row in 0..=last {
            self.text(0, row, glyphs.vertical, Tone::Dim);
            self.text(width.saturating_sub(1), row, glyphs.vertical, Tone::Dim);
        }
        for row in [0, last] {
            let line = glyphs.horizontal.repeat(usize::from(width));
            self.text(0, row, &line, Tone::Dim);
        }
        self.text(2, 0, title, Tone::Strong);
    }

    /// `rows` rows above the last `above`, emptied, to lay something over the rest.
    pub(super) fn bottom(&mut self, rows: u16, above: u16) -> Canvas<'_> {
        let end = self.area.height.saturating_sub(above);
        let rows = rows.min(end);
        let area = Rect {
            y: self.area.y + end - rows,
            height: rows,
            ..self.area
        };
        self.emptied(area)
    }

    /// Writes a text, cut at the right edge. Gives the column behind it.
    pub(super) fn text(&mut self, x: u16, row: u16, text: &str, tone: Tone) -> u16 {
        self.styled(x, row, text, self.look.style(tone))
    }

    /// As [`Canvas::text`], in a style of one's own.
    pub(super) fn styled(&mut self, x: u16, row: u16, text: &str, style: Style) -> u16 {
        if x >= self.area.width || row >= self.area.height {
            return x;
        }
        let text = self.look.glyphs.text(text);
        let width = usize::from(self.area.width - x);
        let (end, _) = self
            .buf
            .set_stringn(self.area.x + x, self.area.y + row, text, width, style);
        end - self.area.x
    }

    /// Writes a text that ends at the right edge.
    pub(super) fn right(&mut self, row: u16, text: &str, tone: Tone) {
        let width = text.width() as u16;
        self.text(self.area.width.saturating_sub(width), row, text, tone);
    }

    /// Shows in the last column which part of a list of `len` rows begins at `offset`.
    pub(super) fn scrollbar(&mut self, offset: usize, len: usize) {
        let height = usize::from(self.area.height);
        if height == 0 || len <= height {
            return;
        }
        let thumb = (height * height / len).max(1);
        let first = offset.min(len - height) * (height - thumb) / (len - height);
        for row in first..first + thumb {
            self.text(
                self.area.width - 1,
                row as u16,
                self.look.glyphs.thumb,
                Tone::Dim,
            );
        }
    }

    /// Fills it with a line: across where it is wide, down where it is tall.
    pub(super) fn rule(&mut self) {
        let glyphs = self.look.glyphs;
        let glyph = if self.area.width > self.area.height {
            glyphs.horizontal
        } else {
            glyphs.vertical
        };
        let style = self.look.style(Tone::Dim);
        self.area.positions().for_each(|position| {
            self.buf[position].set_symbol(glyph).set_style(style);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Glyphs, Palette};

    const LOOK: Look = Look {
        palette: Palette::MONOCHROME,
        glyphs: Glyphs::UNICODE,
    };

    fn drawn(draw: impl Fn(&mut Canvas<'_>)) -> Buffer {
        let mut buffer = Buffer::empty(Rect::new(0, 0, 6, 2));
        draw(&mut Canvas::new(LOOK, Rect::new(1, 0, 4, 2), &mut buffer));
        buffer
    }

    #[test]
    fn nothing_is_written_outside() {
        let buffer = drawn(|canvas| {
            canvas.text(2, 0, "abcdef", Tone::Plain);
            canvas.text(0, 7, "below", Tone::Plain);
            canvas.right(1, "too long for it", Tone::Plain);
        });
        assert_eq!(buffer, Buffer::with_lines(["   ab ", " too  "]));
    }

    #[test]
    fn a_text_on_the_right_ends_at_the_edge() {
        assert_eq!(
            drawn(|canvas| canvas.right(0, "ab", Tone::Plain)),
            Buffer::with_lines(["   ab ", "      "])
        );
    }
}
