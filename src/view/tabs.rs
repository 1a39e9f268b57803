//! The first row: which view, which capture, how far it is read.

use super::canvas::Canvas;
use super::look::cut;
use super::{Follow, Live, Pane, Scene, Tone, View};

/// The views: the key, the long name, the short one, and the pane that gets the keys.
pub const VIEWS: [(View, &str, &str, Pane); 9] = [
    (
        View::Connections,
        "1 Connections",
        "1 Conns",
        Pane::Connections,
    ),
    (View::Ladder, "2 Ladder", "2 Ladder", Pane::Ladder),
    (View::Pieces, "3 Pieces", "3 Pieces", Pane::Pieces),
    (View::Torrent, "4 Torrent", "4 Torr", Pane::Torrent),
    (View::Findings, "5 Findings", "5 Find", Pane::Findings),
    (View::Account, "6 Account", "6 Acc", Pane::Account),
    (View::Requests, "7 Requests", "7 Req", Pane::Requests),
    (View::Life, "8 Life", "8 Life", Pane::Life),
    (View::Transport, "9 Transport", "9 Net", Pane::Transport),
];

/// From so many columns on, names are whole.
const WIDE: u16 = 110;

/// Fewer columns do not tell one capture from another.
const MIN_NAME: usize = 8;

fn name(view: usize, width: u16) -> &'static str {
    let (_, long, short, _) = VIEWS[view];
    if width >= WIDE { long } else { short }
}

/// The pane of the view whose name is at this column of the first row.
pub fn view_at(column: u16, width: u16) -> Option<Pane> {
    let mut end = 0;
    let at = (0..VIEWS.len()).find(|view| {
        end += name(*view, width).len() as u16 + 1;
        column <= end
    })?;
    Some(VIEWS[at].3)
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let current = match scene.focus() {
        Pane::Connections => View::Connections,
        focus => focus.view(),
    };
    let x = names(current, canvas);
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

/// The names, one column apart: in that, the brackets of the current one stand. Gives the column behind them.
fn names(current: View, canvas: &mut Canvas<'_>) -> u16 {
    let mut x = 0;
    for (at, (view, ..)) in VIEWS.iter().enumerate() {
        let name = name(at, canvas.width());
        let end = x + name.len() as u16 + 1;
        if *view == current {
            canvas.text(x, 0, &format!("[{name}]"), Tone::Strong);
        } else {
            canvas.text(x + 1, 0, name, Tone::Dim);
        }
        x = end;
    }
    x + 1
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
        _ if room < MIN_NAME => String::new(),
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
        (None, false, Some(live)) if live.follow == Follow::On => "FOLLOWING".to_owned(),
        (None, false, Some(_)) => "LIVE".to_owned(),
        (None, false, None) if progress.is_open_ended => "READING".to_owned(),
        (None, false, None) => format!("READ {:>2}%", progress.read * 100 / progress.total.max(1)),
    }
}
