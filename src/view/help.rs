//! The keys: as an overlay that fits 80x24, and as hints in the last row.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::{put, put_right};
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

pub(super) fn draw(scene: &Scene<'_>, first: usize, screen: Rect, buf: &mut Buffer) {
    let lines = lines(scene);
    let width = screen.width.min(78);
    let height = screen.height.saturating_sub(2).min(lines.len() as u16 + 2);
    let area = Rect {
        x: screen.x + (screen.width - width) / 2,
        y: screen.y + (screen.height - height) / 2,
        width,
        height,
    };
    for position in area.positions() {
        buf[position].reset();
    }
    frame(scene, area, buf);
    let rows = usize::from(height - 2);
    let first = first.min(lines.len().saturating_sub(rows));
    for (row, line) in lines[first..].iter().take(rows).enumerate() {
        put(
            scene,
            Rect {
                width: width - 1,
                ..area
            },
            2,
            row as u16 + 1,
            line,
            scene.look.style(Tone::Plain),
            buf,
        );
    }
    if first + rows < lines.len() {
        put_right(
            scene,
            Rect {
                width: width - 2,
                ..area
            },
            height - 1,
            " more: j ",
            scene.look.style(Tone::Strong),
            buf,
        );
    }
}

/// Lines of the help.
fn lines(scene: &Scene<'_>) -> Vec<String> {
    let mut lines: Vec<String> = scene
        .keys
        .iter()
        .map(|key| format!("{:<18} {}", key.keys, key.about))
        .collect();
    lines.push(String::new());
    lines.extend(LETTERS.map(str::to_owned));
    lines
}

fn frame(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let glyphs = scene.look.glyphs;
    let line = glyphs.horizontal.repeat(usize::from(area.width));
    let dim = scene.look.style(Tone::Dim);
    put(scene, area, 0, 0, &line, dim, buf);
    put(scene, area, 0, area.height - 1, &line, dim, buf);
    for row in 0..area.height {
        put(scene, area, 0, row, glyphs.vertical, dim, buf);
        put(scene, area, area.width - 1, row, glyphs.vertical, dim, buf);
    }
    put(
        scene,
        area,
        2,
        0,
        " Keys ",
        scene.look.style(Tone::Strong),
        buf,
    );
}

/// The last row. Hints give way from the right; help and quit are never dropped.
pub(super) fn hints(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let fixed = match (scene.overlay, scene.focus) {
        (Overlay::Help(_), _) => "Esc close",
        (Overlay::None, Pane::Connections) => "? help  q quit",
        (Overlay::None, _) => "? help  Esc back  q quit",
    };
    put_right(
        scene,
        area,
        0,
        &format!("{fixed} "),
        scene.look.style(Tone::Strong),
        buf,
    );
    let room = area.width.saturating_sub(fixed.len() as u16 + 2);
    let mut x = 1;
    for key in scene.keys.iter().filter(|key| !key.hint.is_empty()) {
        let text = format!(
            "{} {}",
            key.keys.split(' ').next().unwrap_or_default(),
            key.hint
        );
        if x + text.len() as u16 > room {
            break;
        }
        x = put(scene, area, x, 0, &text, scene.look.style(Tone::Dim), buf) + 2;
    }
}
