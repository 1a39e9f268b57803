//! The first row: which view, which capture, how far it is read.

use super::canvas::Canvas;
use super::look::cut;
use super::{Follow, Live, Pane, Scene, Tone};

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let current = match scene.focus {
        Pane::Connections => 0,
        Pane::Ladder | Pane::Tree | Pane::Hex => 1,
        Pane::Account => 2,
    };
    let mut x = 0;
    let views = ["1 Connections", "2 Ladder", "6 Account"];
    for (index, name) in views.into_iter().enumerate() {
        let (text, tone) = match current {
            current if current == index => (format!("[{name}]"), Tone::Strong),
            _ => (format!(" {name} "), Tone::Dim),
        };
        x = canvas.text(x, 0, &text, tone);
    }
    let state = reading(scene);
    let tone = if scene.progress.note.is_some() {
        Tone::Warn
    } else {
        Tone::Plain
    };
    canvas.right(0, &format!("{state} "), tone);
    let state_width = state.len() as u16 + 3;
    let room = usize::from(canvas.width().saturating_sub(x + 2 + state_width));
    let middle = capture(scene, room);
    canvas
        .without_right(state_width)
        .right(0, &middle, Tone::Plain);
}

/// The capture's name, and its counts where there is room.
fn capture(scene: &Scene<'_>, room: usize) -> String {
    let store = scene.store;
    let counts = format!(
        "  {} messages  {} connections",
        store.messages(),
        store.connections().len()
    );
    match room.checked_sub(counts.len()) {
        Some(rest) if rest > 12 => cut(scene.name, rest, scene.look.glyphs) + &counts,
        _ => cut(scene.name, room, scene.look.glyphs),
    }
}

fn reading(scene: &Scene<'_>) -> String {
    let progress = scene.progress;
    let behind = |live: &Live<'_>| {
        live.control
            .captured()
            .saturating_sub(scene.store.tally().frames)
    };
    match (&progress.note, progress.is_done, &scene.live) {
        (Some(_), ..) => "READ, NOT ALL".to_owned(),
        (None, true, Some(_)) => "ENDED".to_owned(),
        (None, true, None) => "READ 100%".to_owned(),
        (None, false, Some(live)) if live.is_paused => format!("PAUSED +{}", behind(live)),
        (None, false, Some(live)) if live.follow == Follow::On => "LIVE, FOLLOWING".to_owned(),
        (None, false, Some(_)) => "LIVE".to_owned(),
        (None, false, None) if progress.is_open_ended => "READING".to_owned(),
        (None, false, None) => format!("READ {:>2}%", progress.read * 100 / progress.total.max(1)),
    }
}
