//! The list of connections.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Style;

use super::flow::letters;
use super::look::{cut, put};
use super::{Pane, Scene, Tone};
use crate::export::{closing, nothing_to_show};
use crate::packet::Endpoint;
use crate::peer::{Announced, Talk};
use crate::store::Connection;
use crate::stream::Side;

/// From so many columns on, addresses are whole.
const WIDE: u16 = 60;

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let title = if area.width >= WIDE {
        WideRow::TITLE.to_owned()
    } else {
        "  #  A and B              have".to_owned()
    };
    put(scene, area, 0, 0, &title, scene.look.style(Tone::Dim), buf);
    let height = usize::from(area.height - 1);
    let len = scene.store.connections().len();
    for (row, id) in scene
        .connection_ids(scene.connections.window(height, len))
        .enumerate()
    {
        let connection = scene.store.connection(id);
        let text = if area.width >= WIDE {
            WideRow::of(scene, connection)
        } else {
            narrow(scene, connection)
        };
        draw_row(scene, area, row as u16 + 1, connection, &text, buf);
    }
    if let Some(reason) = nothing_to_show(scene.store).filter(|_| scene.progress.is_done) {
        let reason = cut(&reason, usize::from(area.width) - 2, &scene.look.glyphs);
        put(
            scene,
            area,
            1,
            1,
            &reason,
            scene.look.style(Tone::Warn),
            buf,
        );
    }
}

fn draw_row(
    scene: &Scene<'_>,
    area: Rect,
    row: u16,
    connection: &Connection,
    text: &str,
    buf: &mut Buffer,
) {
    let is_selected = connection.id.0 as usize == scene.connections.selected;
    let style = if is_selected {
        scene.look.cursor(scene.focus == Pane::Connections)
    } else {
        scene.look.style(if connection.is_bittorrent() {
            Tone::Plain
        } else {
            Tone::Dim
        })
    };
    let text = format!("{text:<width$}", width = usize::from(area.width) - 1);
    let marker = if is_selected {
        scene.look.glyphs.marker
    } else {
        " "
    };
    put(scene, area, 0, row, marker, Style::new(), buf);
    put(scene, area, 1, row, &text, style, buf);
}

/// `12  10.77.0.2:40997  > 10.77.0.3:6881   D . 100%  27%  1383  FIN A`
struct WideRow;

impl WideRow {
    const TITLE: &str =
        "   # A opened              B                     A<B A has B has  msgs end";

    fn of(scene: &Scene<'_>, connection: &Connection) -> String {
        let [a, b] = [connection.opener(), !connection.opener()];
        let glyphs = scene.look.glyphs;
        let end = |side| cut(&connection.end(side).to_string(), 21, &glyphs);
        let (flags, have) = state(scene, connection);
        let end_of = match closing(connection) {
            Some((how, by)) => format!("{how} {}", if by == a { "A" } else { "B" }),
            None => "open".to_owned(),
        };
        let messages = connection.entries().len();
        format!(
            "{:>3} {:<21} {} {:<21} {flags} {:>5} {:>5} {messages:>6} {end_of}",
            connection.id,
            end(a),
            glyphs.to,
            end(b),
            have[0],
            have[1]
        )
    }
}

/// `12 .2:40997 > .3:6881   D . 100%`
fn narrow(scene: &Scene<'_>, connection: &Connection) -> String {
    let [a, b] =
        [connection.opener(), !connection.opener()].map(|side| short(connection.end(side)));
    let (flags, have) = state(scene, connection);
    let pair = cut(
        &format!("{a} {} {b}", scene.look.glyphs.to),
        19,
        &scene.look.glyphs,
    );
    format!("{:>3} {pair:<19} {flags} {:>5}", connection.id, have[1])
}

/// The last part of an address, which tells the hosts of a network apart.
fn short(end: &Endpoint) -> String {
    let address = end.ip.to_string();
    let last = address.rsplit(['.', ':']).next().unwrap_or_default();
    let point = if end.ip.is_ipv6() { ':' } else { '.' };
    format!("{point}{last}:{}", end.port)
}

/// Flags and shares of pieces as they are at the end of the capture.
fn state(scene: &Scene<'_>, connection: &Connection) -> (String, [String; 2]) {
    let sides = [connection.opener(), !connection.opener()];
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
    let count = scene
        .store
        .swarm_of(connection)
        .and_then(|swarm| swarm.piece_count.estimate());
    match (pieces.announced(), count) {
        (Announced::All, _) => "100%".to_owned(),
        (Announced::Nothing, _) => scene.look.glyphs.unknown.to_owned(),
        (_, None) => "0%".to_owned(),
        (_, Some(count)) => format!(
            "{}%",
            u64::from(pieces.count(0..count)) * 100 / u64::from(count)
        ),
    }
}
