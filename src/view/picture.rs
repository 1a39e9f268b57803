//! A drawn screen as text or SVG, for documents and for people to send each other.

use std::fmt::Write;

use ratatui::buffer::{Buffer, Cell};
use ratatui::style::{Color, Modifier};

/// Size of a character cell in SVG units, for a monospace font of 14.
const CELL: (f32, f32) = (8.4, 17.0);
const MARGIN: f32 = 10.0;
const PAPER: &str = "#16181d";
const INK: &str = "#d4d7dd";

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
pub fn svg(buffer: &Buffer) -> String {
    let width = f32::from(buffer.area.width) * CELL.0 + 2.0 * MARGIN;
    let height = f32::from(buffer.area.height) * CELL.1 + 2.0 * MARGIN;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" font-size=\"14\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\">\n\
         <rect width=\"{width}\" height=\"{height}\" rx=\"8\" fill=\"{PAPER}\"/>\n"
    );
    for (row, cells) in buffer
        .content
        .chunks(usize::from(buffer.area.width).max(1))
        .enumerate()
    {
        for run in runs(cells) {
            draw_run(&mut svg, &run, row);
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

fn draw_run(svg: &mut String, run: &Run<'_>, row: usize) {
    let (x, y) = (
        MARGIN + run.column as f32 * CELL.0,
        MARGIN + row as f32 * CELL.1,
    );
    let width = run.cells as f32 * CELL.0;
    let modifier = run.like.modifier;
    let ink = color(run.like.fg);
    let (ink, paper) = if modifier.contains(Modifier::REVERSED) {
        (PAPER, Some(ink))
    } else {
        (ink, None)
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

fn color(color: Color) -> &'static str {
    match color {
        Color::Cyan => "#56c8d8",
        Color::Magenta => "#d787d7",
        Color::Yellow => "#e5c07b",
        Color::Red => "#ef6b73",
        _ => INK,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ratatui::style::Style;

    #[test]
    fn a_screen_becomes_its_text() {
        assert_eq!(text(&Buffer::with_lines(["a b ", "  c "])), "a b\n  c\n");
    }

    #[test]
    fn markup_in_a_text_stays_text() {
        let svg = svg(&Buffer::with_lines(["<b>&"]));
        assert!(svg.contains(">&lt;b&gt;&amp;</text>"), "{svg}");
    }

    #[test]
    fn cells_that_look_alike_are_one_run() {
        let mut buffer = Buffer::with_lines(["abcd"]);
        buffer.set_style(
            ratatui::layout::Rect::new(1, 0, 2, 1),
            Style::new().reversed(),
        );
        let svg = svg(&buffer);
        assert_eq!(
            (svg.matches("<text").count(), svg.matches("<rect").count()),
            (3, 2)
        );
    }
}
