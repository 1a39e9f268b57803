//! Colours and characters. Every colour has a twin: a letter, a place, an arrowhead.

mod detect;
mod palette;

pub use detect::{Depth, Theme, Wish};
pub use palette::Palette;
pub(super) use palette::parts;

use ratatui::style::{Color, Modifier, Style};

/// How the screen looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// The colours to paint with, or none.
    pub palette: &'static Palette,
    /// The characters to draw with.
    pub glyphs: &'static Glyphs,
}

/// What a text is, which says how it is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Ordinary text.
    Plain,
    /// Less important.
    Dim,
    /// Titles, and letters that matter.
    Strong,
    /// The side that opened the connection.
    A,
    /// The other side.
    B,
    /// Look here.
    Warn,
    /// The row under the cursor.
    Selected,
    /// The row under the cursor of a pane without the keys.
    Marked,
}

impl Look {
    /// The style of a tone, whose accent the palette paints.
    pub fn style(self, tone: Tone) -> Style {
        let color = |accent: Color| match self.palette.paint(accent) {
            Some(paint) => Style::new().fg(paint),
            None => Style::new(),
        };
        match tone {
            Tone::Plain => Style::new(),
            Tone::Dim => Style::new().add_modifier(Modifier::DIM),
            Tone::Strong => Style::new().add_modifier(Modifier::BOLD),
            Tone::A => color(Color::Cyan),
            Tone::B => color(Color::Magenta),
            Tone::Warn => color(Color::Yellow).add_modifier(Modifier::BOLD),
            Tone::Selected => Style::new().add_modifier(Modifier::REVERSED),
            Tone::Marked => Style::new().add_modifier(Modifier::BOLD | Modifier::UNDERLINED),
        }
    }

    /// The row under the cursor, by whether its pane has the keys.
    pub(super) fn cursor(self, has_keys: bool) -> Style {
        self.style(if has_keys {
            Tone::Selected
        } else {
            Tone::Marked
        })
    }
}

/// Characters to draw with. Each is one column wide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Glyphs {
    pub(super) marker: &'static str,
    pub(super) vertical: &'static str,
    pub(super) horizontal: &'static str,
    pub(super) dotted: &'static str,
    pub(super) right: &'static str,
    pub(super) left: &'static str,
    pub(super) to: &'static str,
    pub(super) caret: &'static str,
    pub(super) thumb: &'static str,
    pub(super) delta: &'static str,
    pub(super) ellipsis: &'static str,
    /// Something is hidden below.
    pub(super) folded: &'static str,
    pub(super) unknown: &'static str,
    /// From none to all, in eight steps.
    pub(super) levels: [&'static str; 8],
    /// Of one piece: nothing, some blocks, by the bitfield, by a have, all blocks, verified, failed.
    pub(super) pieces: [&'static str; 7],
    /// Of two pieces, one above the other: none, the upper, the lower, both.
    pub(super) halves: [&'static str; 4],
    /// What text may hold beyond ASCII.
    is_ascii: bool,
}

impl Glyphs {
    /// Box drawing and blocks, which every terminal of today has.
    pub const UNICODE: &'static Glyphs = &Glyphs {
        marker: "▌",
        vertical: "│",
        horizontal: "─",
        dotted: "┄",
        right: "▶",
        left: "◀",
        to: "→",
        caret: "▲",
        thumb: "█",
        delta: "Δ",
        ellipsis: "…",
        folded: "▸",
        unknown: "~",
        levels: ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"],
        pieces: ["·", "░", "▒", "▓", "█", "✓", "✗"],
        halves: [" ", "▀", "▄", "█"],
        is_ascii: false,
    };

    /// ASCII alone.
    pub const ASCII: &'static Glyphs = &Glyphs {
        marker: ">",
        vertical: "|",
        horizontal: "-",
        dotted: ".",
        right: ">",
        left: "<",
        to: ">",
        caret: "^",
        thumb: "#",
        delta: "+",
        ellipsis: "~",
        folded: "+",
        unknown: "~",
        levels: ["_", ".", ":", "-", "=", "+", "*", "#"],
        pieces: [".", "-", "o", "O", "#", "v", "X"],
        halves: [" ", "'", ".", ":"],
        is_ascii: true,
    };

    /// A text that holds no character the terminal may lack.
    pub(super) fn text(&self, text: &str) -> String {
        if !self.is_ascii {
            return text.to_owned();
        }
        let plain = |char| match char {
            '…' => '~',
            'µ' => 'u',
            '·' => '.',
            '×' => 'x',
            char if char.is_ascii() => char,
            _ => '?',
        };
        text.chars().map(plain).collect()
    }
}

/// A text of at most `width` columns, with an ellipsis where it was cut.
pub(super) fn cut(text: &str, width: usize, glyphs: &Glyphs) -> String {
    use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};
    if text.width() <= width {
        return text.to_owned();
    }
    let mut used = 1;
    let fits = text.chars().take_while(|char| {
        used += char.width().unwrap_or(0);
        used <= width
    });
    fits.collect::<String>() + glyphs.ellipsis
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_by_columns() {
        assert_eq!(cut("abcdef", 6, Glyphs::UNICODE), "abcdef");
        assert_eq!(cut("abcdef", 4, Glyphs::UNICODE), "abc…");
        assert_eq!(cut("测试测试", 5, Glyphs::UNICODE), "测试…");
    }

    #[test]
    fn ascii_draws_nothing_else() {
        assert_eq!(Glyphs::ASCII.text("µTorrent … · 测"), "uTorrent ~ . ?");
    }

    #[test]
    fn without_colour_no_style_has_one() {
        let look = Look {
            palette: Palette::MONOCHROME,
            glyphs: Glyphs::UNICODE,
        };
        for tone in [
            Tone::Plain,
            Tone::Dim,
            Tone::Strong,
            Tone::A,
            Tone::B,
            Tone::Warn,
            Tone::Selected,
            Tone::Marked,
        ] {
            assert_eq!((look.style(tone).fg, look.style(tone).bg), (None, None));
        }
    }
}
