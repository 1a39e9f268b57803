//! What is known -> a picture of it. One file a pane; no clock, no input, no output.
//!
//! ```text
//!  tabs
//!  connections │ header, ladder        │ tree
//!              │                       │
//!  facts       │ flow, pieces          │ hex        side by side where there is room,
//!  status                                           else one after the other
//!  hints
//! ```

mod connections;
mod cursor;
mod facts;
mod flow;
mod help;
mod hex;
mod ladder;
mod layout;
mod line;
mod look;
pub mod picture;
mod pieces;
mod status;
mod tabs;
mod tree;

pub use cursor::Cursor;
pub use help::KeyHelp;
pub use layout::{MIN_HEIGHT, MIN_WIDTH, Panes};
pub use look::{Glyphs, Look, Tone};
pub use tree::{Node, nodes};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::peer::Talk;
use crate::pipeline::Progress;
use crate::store::{Connection, Entry, EntryId, Raw, Store};
use crate::stream::{ConnectionId, Side};

/// The part of the screen that keys go to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pane {
    /// The list of connections.
    Connections,
    /// The messages of one connection.
    Ladder,
    /// The fields of one message.
    Tree,
    /// Its bytes.
    Hex,
}

/// What lies over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    None,
    /// The keys, from this line on.
    Help(usize),
}

/// Whether fields and bytes of the message are shown where they would take room from the ladder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// One line.
    Line,
    /// Tree and hex.
    Open,
}

/// Everything that a frame is drawn from.
#[derive(Clone, Copy, Debug)]
pub struct Scene<'a> {
    /// What is known.
    pub store: &'a Store,
    /// The capture's name, safe to print.
    pub name: &'a str,
    /// How far the reading is.
    pub progress: &'a Progress,
    /// Colours and characters.
    pub look: Look,
    /// Where keys go.
    pub focus: Pane,
    /// How much of the message is shown.
    pub detail: Detail,
    /// What lies over all that.
    pub overlay: Overlay,
    /// Place in the list of connections.
    pub connections: Cursor,
    /// Place in the messages of the selected connection: the moment that everything shows.
    pub ladder: Cursor,
    /// Place in the fields of the selected message.
    pub tree: Cursor,
    /// First row of bytes shown.
    pub hex: usize,
    /// The bytes of the selected message, where they were read.
    pub raw: Option<&'a Raw>,
    /// All keys, for the help and the hints.
    pub keys: &'a [KeyHelp],
}

impl<'a> Scene<'a> {
    /// The selected connection.
    pub fn connection(&self) -> Option<&'a Connection> {
        self.store.connections().get(self.connections.selected)
    }

    /// The selected message.
    pub fn entry_id(&self) -> Option<EntryId> {
        self.connection()?
            .entries()
            .get(self.ladder.selected)
            .copied()
    }

    fn entry(&self) -> Option<&'a Entry> {
        self.entry_id().map(|id| self.store.entry(id))
    }

    /// The state at the selected message.
    fn talk(&self) -> Option<Talk> {
        let connection = self.connection()?;
        (!connection.entries().is_empty())
            .then(|| self.store.talk_at(connection.id, self.ladder.selected))
    }

    /// The sides as the screen calls them: A opened the connection.
    fn sides(&self) -> [Side; 2] {
        let a = self.connection().map_or(Side::A, Connection::opener);
        [a, !a]
    }

    fn piece_count(&self) -> Option<u32> {
        let connection = self.connection()?;
        self.store.swarm_of(connection)?.piece_count.estimate()
    }

    fn connection_ids(&self, window: std::ops::Range<usize>) -> impl Iterator<Item = ConnectionId> {
        let end = window.end.min(self.store.connections().len());
        (window.start..end).map(|index| ConnectionId(index as u32))
    }
}

/// Draws a frame.
pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(panes) = Panes::of(area, scene.focus, scene.detail) else {
        return too_small(area, buf);
    };
    tabs::draw(scene, panes.tabs, buf);
    let draw_in =
        |pane: Option<Rect>, draw: fn(&Scene<'_>, Rect, &mut Buffer), buf: &mut Buffer| {
            if let Some(area) = pane {
                draw(scene, area, buf);
            }
        };
    draw_in(panes.connections, connections::draw, buf);
    draw_in(panes.facts, facts::draw, buf);
    draw_in(panes.ladder, ladder::draw, buf);
    draw_in(panes.flow, flow::draw, buf);
    draw_in(panes.pieces, pieces::draw, buf);
    draw_in(panes.line, line::draw, buf);
    draw_in(panes.tree, tree::draw, buf);
    draw_in(panes.hex, hex::draw, buf);
    for separator in &panes.separators {
        look::rule(scene, *separator, buf);
    }
    status::draw(scene, panes.status, buf);
    help::hints(scene, panes.hints, buf);
    if let Overlay::Help(first) = scene.overlay {
        help::draw(scene, first, area, buf);
    }
}

fn too_small(area: Rect, buf: &mut Buffer) {
    let text = format!(
        "need {MIN_WIDTH}x{MIN_HEIGHT}, have {}x{}",
        area.width, area.height
    );
    let x = area.x + area.width.saturating_sub(text.len() as u16) / 2;
    if area.height > 0 && area.width > 0 {
        buf.set_stringn(
            x,
            area.y + area.height / 2,
            text,
            area.width as usize,
            ratatui::style::Style::new(),
        );
    }
}
