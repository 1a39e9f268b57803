//! The list of connections.

use super::canvas::Canvas;
use super::flow::letters;
use super::look::cut;
use super::{Pane, Scene, Tone, ladder};
use crate::export::closing;
use crate::packet::Endpoint;
use crate::peer::{Announced, Talk};
use crate::store::{Connection, Protocol};
use crate::stream::Side;
use crate::wire::Method;

/// From so many columns on, addresses are whole.
const WIDE: u16 = 60;
/// From so many, the pieces of both sides have room.
const NARROW: u16 = 40;
/// Columns of two short addresses, so that the last column is left to the scrollbar.
const PAIR: usize = 18;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let (title, row_of): (_, fn(&Scene<'_>, &Connection) -> String) = match canvas.width() {
        WIDE.. => (
            "   # A opened              B                     A<B A has B has  msgs end",
            wide,
        ),
        NARROW.. => ("   # A and B            flow A has B has", narrow),
        _ => ("   # A and B            flow B has", narrowest),
    };
    canvas.text(0, 0, title, Tone::Dim);
    let mut rows = canvas.below(1);
    let window = scene
        .connections
        .window(usize::from(rows.height()), scene.store.connections().len());
    for (row, connection) in scene.store.connections()[window].iter().enumerate() {
        draw_row(
            scene,
            &mut rows,
            row as u16,
            connection,
            &row_of(scene, connection),
        );
    }
    rows.scrollbar(scene.connections.offset, scene.store.connections().len());
    if scene.store.connections().is_empty() {
        ladder::waiting(scene, &mut rows);
    }
}

fn draw_row(
    scene: &Scene<'_>,
    rows: &mut Canvas<'_>,
    row: u16,
    connection: &Connection,
    text: &str,
) {
    let is_selected = connection.id.0 as usize == scene.connections.selected;
    let style = match (is_selected, connection.is_bittorrent()) {
        (true, _) => scene.look.cursor(scene.focus() == Pane::Connections),
        (false, true) => scene.look.style(Tone::Plain),
        (false, false) => scene.look.style(Tone::Dim),
    };
    if is_selected {
        rows.text(0, row, scene.look.glyphs.marker, Tone::Plain);
    }
    let width = usize::from(rows.width()) - 1;
    rows.styled(1, row, &format!("{text:<width$}"), style);
}

/// `12 10.77.0.2:40997  → 10.77.0.3:6881   D .  100%   27%   1383 FIN A`
fn wide(scene: &Scene<'_>, connection: &Connection) -> String {
    let [a, b] = scene.sides_of(connection);
    let glyphs = scene.look.glyphs;
    let [from, to] = [a, b].map(|side| cut(&connection.end(side).to_string(), 21, glyphs));
    let state = both(scene, connection);
    let end = match closing(connection) {
        Some((how, by)) => format!("{how} {}", if by == a { "A" } else { "B" }),
        None => "open".to_owned(),
    };
    let (id, messages) = (connection.id, connection.entries().len());
    format!(
        "{id:>3} {from:<21} {} {to:<21} {state} {messages:>6} {end}",
        glyphs.to
    )
}

/// `12 .2:40997 → .3:6881   D .  100%   27%`
fn narrow(scene: &Scene<'_>, connection: &Connection) -> String {
    let (id, pair) = (connection.id, pair(scene, connection));
    format!("{id:>3} {pair} {}", both(scene, connection))
}

/// `12 .2:40997 → .3:6881   D .   27%`
fn narrowest(scene: &Scene<'_>, connection: &Connection) -> String {
    let (id, pair) = (connection.id, pair(scene, connection));
    let state = if let Some(word) = instead(scene, connection) {
        cut(word, 9, scene.look.glyphs)
    } else {
        let (flags, [_, b_has]) = state(scene, connection);
        format!("{flags} {b_has:>5}")
    };
    format!("{id:>3} {pair} {state:<9}")
}

/// Flags and pieces of both sides, or what the connection is instead.
fn both(scene: &Scene<'_>, connection: &Connection) -> String {
    if let Some(word) = instead(scene, connection) {
        return format!("{word:<15}");
    }
    let (flags, [a_has, b_has]) = state(scene, connection);
    format!("{flags} {a_has:>5} {b_has:>5}")
}

/// What a connection without messages is, where that is known.
fn instead(scene: &Scene<'_>, connection: &Connection) -> Option<&'static str> {
    match connection.protocol() {
        Protocol::PeerWire => None,
        Protocol::Companion(companion) => Some(companion.name()),
        Protocol::Other => Some(match scene.store.method(connection)? {
            Method::Possible => "encrypted?",
            _ => "encrypted",
        }),
    }
}

fn pair(scene: &Scene<'_>, connection: &Connection) -> String {
    let [a, b] = scene
        .sides_of(connection)
        .map(|side| short(connection.end(side)));
    let pair = cut(
        &format!("{a} {} {b}", scene.look.glyphs.to),
        PAIR,
        scene.look.glyphs,
    );
    format!("{pair:<PAIR$}")
}

/// The last part of an address, which tells the hosts of a network apart.
fn short(end: &Endpoint) -> String {
    let address = end.ip.to_string();
    let last = address.rsplit(['.', ':']).next().unwrap_or_default();
    if end.ip.is_ipv6() {
        format!("[{last}]:{}", end.port)
    } else {
        format!(".{last}:{}", end.port)
    }
}

/// Flags and shares of pieces as they are at the end of the capture.
fn state(scene: &Scene<'_>, connection: &Connection) -> (String, [String; 2]) {
    let sides = scene.sides_of(connection);
    let Some(talk) = connection.now().filter(|_| connection.is_bittorrent()) else {
        return ("   ".to_owned(), Default::default());
    };
    let [down, up] = letters(talk, sides);
    (
        format!("{down} {up}"),
        sides.map(|side| share(scene, connection, talk, side)),
    )
}

fn share(scene: &Scene<'_>, connection: &Connection, talk: &Talk, side: Side) -> String {
    let pieces = &talk.peer(side).pieces;
    match (pieces.announced(), scene.store.piece_count(connection)) {
        (Announced::All, _) => "100%".to_owned(),
        (Announced::Nothing, _) | (_, None) => scene.look.glyphs.unknown.to_owned(),
        (_, Some(count)) => format!(
            "{}%",
            u64::from(pieces.count(0..count)) * 100 / u64::from(count)
        ),
    }
}
