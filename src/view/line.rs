//! The selected message in one line.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::{cut, put};
use super::{Scene, Tone};

/// Bytes of the message that are shown.
const BYTES: usize = 8;

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let (Some(entry), Some(connection)) = (scene.entry(), scene.connection()) else {
        return;
    };
    let direction = if entry.side() == connection.opener() {
        "A>B"
    } else {
        "B>A"
    };
    let frames = if entry.first_frame == entry.frame {
        format!("frame {}", entry.frame)
    } else {
        format!("frames {}..{}", entry.first_frame, entry.frame)
    };
    let what = format!(
        "#{} {} {direction}  length {}  {frames}  seq {}",
        scene.ladder.selected + 1,
        entry.kind().name(),
        entry.size,
        entry.seq
    );
    let room = usize::from(area.width).saturating_sub(BYTES * 3 + 3);
    put(
        scene,
        area,
        1,
        0,
        &cut(&what, room, &scene.look.glyphs),
        scene.look.style(Tone::Plain),
        buf,
    );
    put(
        scene,
        area,
        room as u16 + 2,
        0,
        &bytes(scene),
        scene.look.style(Tone::Dim),
        buf,
    );
}

fn bytes(scene: &Scene<'_>) -> String {
    let Some(raw) = scene.raw else {
        return String::new();
    };
    let shown = (0..raw.bytes.len().min(BYTES)).map(|at| {
        raw.get(at)
            .map_or_else(|| "--".to_owned(), |byte| format!("{byte:02x}"))
    });
    shown.collect::<Vec<_>>().join(" ")
}
