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
    /// The panes that they are for; none are all.
    pub panes: &'static [Pane],
    /// Is it several keys, one after the other?
    pub is_sequence: bool,
}

/// What the letters on the screen mean.
const LETTERS: [&str; 7] = [
    "A opened the connection or is local, B is the other side (i swaps them).",
    "A<B  D B sends to A   d A wants, B chokes   K B unchoked, A wants nothing",
    "B<A  U A sends to B   u B wants, A chokes   ? A unchoked, B wants nothing",
    "     . neither wanted nor allowed           ~ not in the capture",
    "~64  an inferred number of pieces   !  bytes are missing   P  over uTP",
    "E W N  an error, a warning, a note: a finding (e goes to it, 5 lists all)",
    "All flags and pieces are as of the message under the cursor.",
];

/// Columns of the overlay, with its frame.
const WIDTH: u16 = 78;
/// Columns of one of its two columns.
const COLUMN: usize = 37;

pub(super) fn draw(scene: &Scene<'_>, screen: &mut Canvas<'_>) {
    let Overlay::Help(first) = scene.overlay else {
        return;
    };
    let lines = lines(scene.keys, scene.focus());
    let height = screen
        .height()
        .saturating_sub(2)
        .min(lines.len() as u16 + 2);
    let mut canvas = screen.overlay(WIDTH, height);
    canvas.frame(" Keys ");
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
pub fn last_help_line(keys: &[KeyHelp], focus: Pane, screen: Rect) -> usize {
    lines(keys, focus)
        .len()
        .saturating_sub(usize::from(screen.height).saturating_sub(4))
}

/// Lines of the help: the keys of the pane and those of all in two columns, then the letters.
fn lines(keys: &[KeyHelp], focus: Pane) -> Vec<String> {
    let of_pane = keys.iter().filter(|key| key.panes.contains(&focus));
    let of_all = keys.iter().filter(|key| key.panes.is_empty());
    let rows: Vec<String> = of_pane.chain(of_all).map(row).collect();
    let half = rows.len().div_ceil(2);
    let mut lines: Vec<String> = (0..half)
        .map(|at| {
            let right = rows.get(half + at).map_or("", String::as_str);
            format!("{:<COLUMN$}{right}", rows[at])
        })
        .collect();
    lines.push(String::new());
    lines.extend(LETTERS.map(str::to_owned));
    lines
}

fn row(key: &KeyHelp) -> String {
    format!("{:<13} {}", key.keys, key.about)
}

/// The last row. Hints give way from the right; help and quit are never dropped.
pub(super) fn hints(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    if let Some(pending) = scene.pending {
        canvas.text(1, 0, pending, Tone::Strong);
        return;
    }
    let fixed = match (scene.overlay, scene.focus()) {
        (Overlay::Help(_), _) => "Esc close ",
        (Overlay::Kinds(_), _) => "Space show or hide  a all  Esc close ",
        (Overlay::None, Pane::Connections) => "? help  q quit ",
        (Overlay::None, _) => "? help  Esc back  q quit ",
    };
    canvas.right(0, fixed, Tone::Strong);
    let room = canvas.width().saturating_sub(fixed.len() as u16 + 1);
    let mut x = 1;
    for key in hinted(scene) {
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

/// Keys that are worth a hint: those of the pane first.
fn hinted<'a>(scene: &Scene<'a>) -> impl Iterator<Item = &'a KeyHelp> {
    let focus = scene.focus();
    let is_open = scene.overlay == Overlay::None;
    let opens_nothing = move |key: &KeyHelp| {
        matches!(focus, Pane::Hex | Pane::Account | Pane::Pieces) && key.hint == "open"
    };
    let keys = scene.keys;
    let of_pane = keys.iter().filter(move |key| key.panes.contains(&focus));
    let of_all = keys.iter().filter(|key| key.panes.is_empty());
    of_pane.chain(of_all).filter(move |key| {
        is_open && !key.hint.is_empty() && !key.is_sequence && !opens_nothing(key)
    })
}
