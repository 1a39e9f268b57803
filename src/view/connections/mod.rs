//! The list of connections.

mod order;
mod row;

pub use order::{Choice, Direction, Groups, Order, Row, Scope, State};

use super::canvas::Canvas;
use super::look::cut;
use super::{Pane, Scene, Tone, ladder};
use crate::store::{Connection, EntryId, Store};
use crate::stream::Transport;

/// The column of the tag: behind the number.
const TAG: u16 = 4;

/// The moment of the list: the selected message, or where there is none the last of all.
pub fn moment(store: &Store, selected: Option<EntryId>) -> Option<EntryId> {
    let last = || Some(EntryId(store.len().checked_sub(1)? as u32));
    selected.or_else(last)
}

/// What a connection is called above a view of it: `#3`, `#3 uTP`.
pub(super) fn heading(connection: &Connection) -> String {
    match connection.transport {
        Transport::Tcp => format!("#{}", connection.id),
        Transport::Utp { .. } => format!("#{} uTP", connection.id),
    }
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    canvas.text(0, 0, &row::title(canvas.width()), Tone::Dim);
    canvas.right(0, &note(scene), Tone::Plain);
    let state = &scene.views.connections;
    let (len, width, mut rows) = (state.len(scene.store), canvas.width(), canvas.below(1));
    let window = scene.connections.window(usize::from(rows.height()), len);
    for (at, row) in (0..).zip(window) {
        match state.row(row) {
            Row::Group(id, count) => {
                draw_group(scene, &mut rows, at, scene.store.connection(id), count);
            }
            Row::Connection(id) => {
                let connection = scene.store.connection(id);
                let text = row::words(scene, connection, width);
                draw_row(scene, &mut rows, at, connection, &text);
            }
        }
    }
    rows.scrollbar(scene.connections.offset, len);
    if scene.store.connections().is_empty() {
        ladder::waiting(scene, &mut rows);
    }
}

/// What is not as it is at first: ` by messages, largest first; 3 hidden `
fn note(scene: &Scene<'_>) -> String {
    let (choice, hidden) = (
        scene.views.connections.choice,
        scene.views.connections.hidden(),
    );
    let mut words = Vec::new();
    match (choice.order, choice.direction) {
        (Order::Number, Direction::Up) => {}
        (order, Direction::Up) => words.push(format!("by {}", order.word())),
        (order, Direction::Down) => words.push(format!("by {}, largest first", order.word())),
    }
    if choice.scope == Scope::BitTorrent {
        words.push(format!("{hidden} hidden"));
    }
    if words.is_empty() {
        String::new()
    } else {
        format!("  {} ", words.join("; "))
    }
}

/// `ubuntu.iso  3b24cc10, 12 connections`
fn draw_group(
    scene: &Scene<'_>,
    rows: &mut Canvas<'_>,
    row: u16,
    connection: &Connection,
    count: u32,
) {
    let groups = scene.views.connections.choice.groups;
    let name = groups.title(scene.store, connection);
    let count = format!("  {count}");
    let room = usize::from(rows.width()).saturating_sub(2 + count.len());
    let name = cut(&name, room, scene.look.glyphs);
    rows.text(1, row, &format!("{name}{count}"), Tone::Strong);
}

fn draw_row(
    scene: &Scene<'_>,
    rows: &mut Canvas<'_>,
    at: u16,
    connection: &Connection,
    text: &str,
) {
    let is_selected = connection.id.0 as usize == scene.connections.selected;
    let is_quiet = !connection.is_bittorrent() || row::begins_later(scene, connection);
    let style = match (is_selected, is_quiet) {
        (true, _) => scene.look.cursor(scene.focus() == Pane::Connections),
        (false, false) => scene.look.style(Tone::Plain),
        (false, true) => scene.look.style(Tone::Dim),
    };
    let mark = if is_selected {
        scene.look.glyphs.marker
    } else {
        row::sign(scene, connection, rows.width())
    };
    rows.text(0, at, mark, Tone::Plain);
    let width = usize::from(rows.width()) - 1;
    rows.styled(1, at, &format!("{text:<width$}"), style);
    if scene.tags.contains(&connection.id) {
        rows.styled(TAG, at, "*", style);
    }
}
