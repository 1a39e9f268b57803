//! A drawn screen as text or SVG, for documents and for people to send each other.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

use super::Look;
use super::look::parts;

/// Size of a character cell in SVG units, for a monospace font of 14.
const CELL: (f32, f32) = (8.4, 17.0);
const MARGIN: f32 = 10.0;

/// What the terminal would choose itself.
struct Sheet {
    paper: &'static str,
    ink: &'static str,
    /// Red, green, yellow, blue, magenta, cyan.
    named: [&'static str; 6],
}

const DARK: Sheet = Sheet {
    paper: "#16181d",
    ink: "#d4d7dd",
    named: [
        "#ef6b73", "#98c379", "#e5c07b", "#61afef", "#d787d7", "#56c8d8",
    ],
};
const LIGHT: Sheet = Sheet {
    paper: "#ffffff",
    ink: "#24292f",
    named: [
        "#b3261e", "#1f6b33", "#7a5200", "#1f5fa8", "#8a3a9c", "#0b6e7f",
    ],
};

impl Sheet {
    fn of(look: Look) -> &'static Sheet {
        if look.palette.is_light() {
            &LIGHT
        } else {
            &DARK
        }
    }

    /// As SVG writes a colour; `None` where the terminal's own is left.
    fn color(&self, color: Color) -> Option<String> {
        let [red, green, yellow, blue, magenta, cyan] = self.named;
        let named = match color {
            Color::Red | Color::LightRed => red,
            Color::Green | Color::LightGreen => green,
            Color::Yellow | Color::LightYellow => yellow,
            Color::Blue | Color::LightBlue => blue,
            Color::Magenta | Color::LightMagenta => magenta,
            Color::Cyan | Color::LightCyan => cyan,
            color => {
                let [red, green, blue] = parts(color)?;
                return Some(format!("#{red:02x}{green:02x}{blue:02x}"));
            }
        };
        Some(named.to_owned())
    }
}

/// The screen as lines of text.
pub fn text(buffer: &Buffer) -> String {
    let rows = buffer.content.chunks(usize::from(buffer.area.width).max(1));
    rows.map(|row| {
        row.iter()
            .map(Cell::symbol)
            .collect::<String>()
            .trim_end()
            .to_owned()
            + "\n"
    })
    .collect()
}

/// The screen as an SVG picture: the same bytes for the same screen.
pub fn svg(buffer: &Buffer, look: Look) -> String {
    let sheet = Sheet::of(look);
    let paper = sheet.paper;
    let width = f32::from(buffer.area.width) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(buffer.area.height) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-size=\"14\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{paper}\"/>\n"
    );
    for (row, cells) in buffer
        .content
        .chunks(usize::from(buffer.area.width).max(1))
        .enumerate()
    {
        for run in runs(cells) {
            draw_run(&mut svg, sheet, &run, row);
        }
    }
    svg + "</svg>\n"
}

/// Cells of a row that look alike.
struct Run<'a> {
    column: usize,
    cells: usize,
    text: String,
    like: &'a Cell,
}

fn runs(cells: &[Cell]) -> Vec<Run<'_>> {
    let mut runs: Vec<Run<'_>> = Vec::new();
    for (column, cell) in cells.iter().enumerate() {
        match runs.last_mut() {
            Some(run)
                if (run.like.fg, run.like.bg, run.like.modifier)
                    == (cell.fg, cell.bg, cell.modifier) =>
            {
                run.text.push_str(cell.symbol());
                run.cells += 1;
            }
            _ => runs.push(Run {
                column,
                cells: 1,
                text: cell.symbol().to_owned(),
                like: cell,
            }),
        }
    }
    runs
}

fn draw_run(svg: &mut String, sheet: &Sheet, run: &Run<'_>, row: usize) {
    let (x, y) = (
        MARGIN + run.column as f32 * CELL.0,
        MARGIN + row as f32 * CELL.1,
    );
    let width = run.cells as f32 * CELL.0;
    let modifier = run.like.modifier;
    let ink = sheet.color(run.like.fg).unwrap_or(sheet.ink.to_owned());
    let paper = sheet.color(run.like.bg);
    let (ink, paper) = if modifier.contains(Modifier::REVERSED) {
        (paper.unwrap_or(sheet.paper.to_owned()), Some(ink))
    } else {
        (ink, paper)
    };
    if let Some(paper) = paper {
        let _ = writeln!(
            svg,
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{}\" fill=\"{paper}\"/>",
            CELL.1
        );
    }
    if run.text.trim().is_empty() {
        return;
    }
    let weight = if modifier.contains(Modifier::BOLD) {
        " font-weight=\"bold\""
    } else {
        ""
    };
    let dim = if modifier.contains(Modifier::DIM) {
        " opacity=\"0.6\""
    } else {
        ""
    };
    let line = if modifier.contains(Modifier::UNDERLINED) {
        " text-decoration=\"underline\""
    } else {
        ""
    };
    let _ = writeln!(
        svg,
        "<text x=\"{x:.1}\" y=\"{:.1}\" textLength=\"{width:.1}\" lengthAdjust=\"spacingAndGlyphs\" \
         xml:space=\"preserve\" fill=\"{ink}\"{weight}{dim}{line}>{}</text>",
        y + 13.0,
        escaped(&run.text)
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::{Glyphs, Palette};
    use ratatui::style::Style;

    fn look(palette: &'static Palette) -> Look {
        Look {
            palette,
            glyphs: Glyphs::UNICODE,
        }
    }

    #[test]
    fn a_picture_has_the_colours_and_the_paper_of_its_theme() {
        let drawn = |palette| {
            let mut buffer = Buffer::with_lines(["a"]);
            let accent = look(palette).style(crate::view::Tone::A);
            buffer.set_style(buffer.area, accent);
            svg(&buffer, look(palette))
        };
        for (palette, paper, ink) in [
            (Palette::TERMINAL, "#16181d", "#56c8d8"),
            (Palette::DARK_256, "#16181d", "#5fd7d7"),
            (Palette::LIGHT_16, "#ffffff", "#1f5fa8"),
            (Palette::LIGHT, "#ffffff", "#0b6e7f"),
            (Palette::MONOCHROME, "#16181d", "#d4d7dd"),
        ] {
            let svg = drawn(palette);
            assert!(svg.contains(&format!("rx=\"8\" fill=\"{paper}\"")), "{svg}");
            assert!(svg.contains(&format!("preserve\" fill=\"{ink}\"")), "{svg}");
        }
    }

    #[test]
    fn a_screen_becomes_its_text() {
        assert_eq!(text(&Buffer::with_lines(["a b ", "  c "])), "a b\n  c\n");
    }

    #[test]
    fn markup_in_a_text_stays_text() {
        let svg = svg(&Buffer::with_lines(["<b>&"]), look(Palette::TERMINAL));
        assert!(svg.contains(">&lt;b&gt;&amp;</text>"), "{svg}");
    }

    #[test]
    fn cells_that_look_alike_are_one_run() {
        let mut buffer = Buffer::with_lines(["abcd"]);
        buffer.set_style(
            ratatui::layout::Rect::new(1, 0, 2, 1),
            Style::new().reversed(),
        );
        let svg = svg(&buffer, look(Palette::TERMINAL));
        assert_eq!(
            (svg.matches("<text").count(), svg.matches("<rect").count()),
            (3, 2)
        );
    }
}
