//! The keys: as an overlay that fits 80x24, and as hints in the last row.

use ratatui::layout::Rect;

use super::canvas::Canvas;
use super::look::cut;
use super::{Overlay, Pane, Scene, Tone};

/// A row of the help.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeyHelp {
    /// The keys, as they are written: `j ↓`.
    pub keys: &'static str,
    /// What they do.
    pub about: &'static str,
    /// One word for the hints; empty where it is not worth a place there.
    pub hint: &'static str,
}

/// What the letters on the screen mean.
const LETTERS: [&str; 6] = [
    "A opened the connection, B is the other side.",
    "A<B  D B sends to A   d A wants, B chokes   K B unchoked, A wants nothing",
    "B<A  U A sends to B   u B wants, A chokes   ? A unchoked, B wants nothing",
    "     . neither wanted nor allowed           ~ not in the capture",
    "~64  a number of pieces that was inferred   !  bytes are missing",
    "All flags and pieces are as of the message under the cursor.",
];

pub(super) fn draw(scene: &Scene<'_>, screen: &mut Canvas<'_>) {
    let Overlay::Help(first) = scene.overlay else {
        return;
    };
    let lines = lines(scene.keys);
    let height = screen
        .height()
        .saturating_sub(2)
        .min(lines.len() as u16 + 2);
    let mut canvas = screen.overlay(78, height);
    frame(&mut canvas);
    let rows = usize::from(height.saturating_sub(2));
    let first = first.min(lines.len().saturating_sub(rows));
    for (row, line) in (1..).zip(lines[first..].iter().take(rows)) {
        let line = cut(line, usize::from(canvas.width()) - 4, canvas.look.glyphs);
        canvas.text(2, row, &line, Tone::Plain);
    }
    if first + rows < lines.len() {
        canvas
            .without_right(2)
            .right(height - 1, " more: j ", Tone::Strong);
    }
}

/// The line of the help that is shown first when its end is in sight.
pub fn last_help_line(keys: &[KeyHelp], screen: Rect) -> usize {
    lines(keys)
        .len()
        .saturating_sub(usize::from(screen.height).saturating_sub(4))
}

/// Lines of the help.
fn lines(keys: &[KeyHelp]) -> Vec<String> {
    let mut lines: Vec<String> = keys
        .iter()
        .map(|key| format!("{:<18} {}", key.keys, key.about))
        .collect();
    lines.push(String::new());
    lines.extend(LETTERS.map(str::to_owned));
    lines
}

fn frame(canvas: &mut Canvas<'_>) {
    let (glyphs, width, last) = (
        canvas.look.glyphs,
        canvas.width(),
        canvas.height().saturating_sub(1),
    );
    for row in 0..=last {
        canvas.text(0, row, glyphs.vertical, Tone::Dim);
        canvas.text(width - 1, row, glyphs.vertical, Tone::Dim);
    }
    for row in [0, last] {
        canvas.text(
            0,
            row,
            &glyphs.horizontal.repeat(usize::from(width)),
            Tone::Dim,
        );
    }
    canvas.text(2, 0, " Keys ", Tone::Strong);
}

/// The last row. Hints give way from the right; help and quit are never dropped.
pub(super) fn hints(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let fixed = match (scene.overlay, scene.focus) {
        (Overlay::Help(_), _) => "Esc close ",
        (Overlay::None, Pane::Connections) => "? help  q quit ",
        (Overlay::None, _) => "? help  Esc back  q quit ",
    };
    canvas.right(0, fixed, Tone::Strong);
    let room = canvas.width().saturating_sub(fixed.len() as u16 + 1);
    let mut x = 1;
    let opens_nothing =
        |key: &KeyHelp| matches!(scene.focus, Pane::Hex | Pane::Account) && key.hint == "open";
    for key in scene
        .keys
        .iter()
        .filter(|key| !key.hint.is_empty() && !opens_nothing(key))
    {
        let text = format!(
            "{} {}",
            key.keys.split(' ').next().unwrap_or_default(),
            key.hint
        );
        if x + text.len() as u16 > room {
            break;
        }
        x = canvas.text(x, 0, &text, Tone::Dim) + 2;
    }
}
