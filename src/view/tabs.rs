//! The first row: which view, which capture, how far it is read.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::{cut, put, put_right};
use super::{Pane, Scene, Tone};

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let current = usize::from(scene.focus != Pane::Connections);
    let mut x = 0;
    for (index, name) in ["1 Connections", "2 Ladder"].into_iter().enumerate() {
        let is_current = index == current;
        let text = if is_current {
            format!("[{name}]")
        } else {
            format!(" {name} ")
        };
        let tone = if is_current { Tone::Strong } else { Tone::Dim };
        x = put(scene, area, x, 0, &text, scene.look.style(tone), buf);
    }
    let state = reading(scene);
    let counts = format!(
        "{} messages  {} connections",
        scene.store.len(),
        scene.store.connections().len()
    );
    let room = usize::from(area.width - x).saturating_sub(state.len() + 4);
    let middle = match room.checked_sub(counts.len() + 2) {
        Some(rest) if rest > 12 => {
            format!("{}  {counts}", cut(scene.name, rest, &scene.look.glyphs))
        }
        _ => cut(scene.name, room, &scene.look.glyphs),
    };
    let tone = if scene.progress.note.is_some() {
        Tone::Warn
    } else {
        Tone::Plain
    };
    put_right(
        scene,
        area,
        0,
        &format!("{state} "),
        scene.look.style(tone),
        buf,
    );
    let before = Rect {
        width: area.width - state.len() as u16 - 3,
        ..area
    };
    put_right(
        scene,
        before,
        0,
        &middle,
        scene.look.style(Tone::Plain),
        buf,
    );
}

fn reading(scene: &Scene<'_>) -> String {
    let progress = scene.progress;
    match (&progress.note, progress.is_done) {
        (Some(_), _) => "READ, NOT ALL".to_owned(),
        (None, true) => "READ 100%".to_owned(),
        (None, false) => format!("READ {:>2}%", progress.read * 100 / progress.total.max(1)),
    }
}
