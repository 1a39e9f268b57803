//! A picture: two lines, and an arrow between them for each step.

use std::fmt::Write;

use super::{Step, and_more};

const WIDTH: f32 = 960.0;
/// Height of a step, and of the names above the first.
const ROW: f32 = 24.0;
const HEAD: f32 = 48.0;
/// The lines of both sides; times stand left of the first.
const LINES: [f32; 2] = [110.0, 940.0];
/// Characters of a label that fit between them.
const MAX_LABEL: usize = 110;
/// Legible on white paper, and each beside another as dark as it.
const INK: &str = "#24292f";
const FAINT: &str = "#6e7781";
const SIDES: [&str; 2] = ["#0b6e7f", "#8a3a9c"];

pub(super) fn write(sides: &[String; 2], steps: &[Step], more: usize) -> String {
    let rows = steps.len() + usize::from(more > 0);
    let height = HEAD + (rows as f32 + 1.0) * ROW;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" font-size=\"12\" \
         font-family=\"ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace\">\n\
         <rect width=\"{WIDTH}\" height=\"{height}\" fill=\"#ffffff\"/>\n"
    );
    for (at, side) in sides.iter().enumerate() {
        let (x, color) = (LINES[at], SIDES[at]);
        let anchor = if at == 0 { "start" } else { "end" };
        label(&mut svg, (x, 24.0), anchor, color, side, MAX_LABEL / 2);
        line(&mut svg, (x, 34.0), (x, height - 10.0), FAINT, "");
    }
    for (y, step) in (0..).map(y).zip(steps) {
        draw(&mut svg, y, step);
    }
    if more > 0 {
        middle(&mut svg, y(steps.len()), &and_more(more));
    }
    svg + "</svg>\n"
}

fn y(row: usize) -> f32 {
    HEAD + (row as f32 + 1.0) * ROW
}

fn draw(svg: &mut String, y: f32, step: &Step) {
    let (time, from_a, text, is_fault) = match step {
        Step::Said {
            time,
            from_a,
            label,
            is_fault,
        } => (time, *from_a, label, *is_fault),
        Step::Silence { lasted } => return middle(svg, y, &format!("{lasted} silent")),
    };
    let (from, to) = if from_a {
        (LINES[0], LINES[1])
    } else {
        (LINES[1], LINES[0])
    };
    let color = SIDES[usize::from(!from_a)];
    label(svg, (LINES[0] - 8.0, y), "end", FAINT, time, 16);
    let dashes = if is_fault {
        " stroke-dasharray=\"3 4\""
    } else {
        ""
    };
    line(svg, (from, y), (to, y), color, dashes);
    head(svg, to, y, color, from_a);
    let mark = if is_fault { "! " } else { "" };
    let (x, anchor) = if from_a {
        (from + 10.0, "start")
    } else {
        (from - 10.0, "end")
    };
    label(
        svg,
        (x, y - 5.0),
        anchor,
        INK,
        &format!("{mark}{text}"),
        MAX_LABEL,
    );
}

/// What is nobody's word.
fn middle(svg: &mut String, y: f32, text: &str) {
    let x = f32::midpoint(LINES[0], LINES[1]);
    label(svg, (x, y - 5.0), "middle", FAINT, text, MAX_LABEL);
}

fn line(svg: &mut String, from: (f32, f32), to: (f32, f32), color: &str, dashes: &str) {
    let ((x1, y1), (x2, y2)) = (from, to);
    let _ = writeln!(
        svg,
        "<line x1=\"{x1}\" y1=\"{y1}\" x2=\"{x2}\" y2=\"{y2}\" stroke=\"{color}\"{dashes}/>"
    );
}

fn head(svg: &mut String, x: f32, y: f32, color: &str, is_right: bool) {
    let back = if is_right { x - 8.0 } else { x + 8.0 };
    let _ = writeln!(
        svg,
        "<path d=\"M{x} {y}L{back} {} {back} {}Z\" fill=\"{color}\"/>",
        y - 4.0,
        y + 4.0
    );
}

fn label(svg: &mut String, at: (f32, f32), anchor: &str, color: &str, text: &str, max: usize) {
    let (x, y) = at;
    let _ = writeln!(
        svg,
        "<text x=\"{x}\" y=\"{y}\" text-anchor=\"{anchor}\" fill=\"{color}\">{}</text>",
        escaped(&cut(text, max))
    );
}

fn cut(text: &str, max: usize) -> String {
    match text.char_indices().nth(max) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::tests::{said, sides};
    use super::*;

    #[test]
    fn each_step_is_an_arrow_from_its_sender() {
        let drawn = write(&sides(), &[said(true, "choke"), said(false, "gap: 3 B")], 0);
        assert!(
            drawn.contains("<line x1=\"110\" y1=\"72\" x2=\"940\" y2=\"72\""),
            "{drawn}"
        );
        assert!(
            drawn.contains("<line x1=\"940\" y1=\"96\" x2=\"110\" y2=\"96\""),
            "{drawn}"
        );
        assert!(drawn.contains(">! gap: 3 B</text>"), "{drawn}");
    }

    #[test]
    fn nothing_that_peers_say_is_markup() {
        let drawn = write(&sides(), &[said(true, "</text><script>&\"")], 0);
        assert!(
            drawn.contains(">&lt;/text&gt;&lt;script&gt;&amp;&quot;</text>"),
            "{drawn}"
        );
    }
}
