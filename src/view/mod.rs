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

mod account;
mod canvas;
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
pub use help::{KeyHelp, last_help_line};
pub use layout::{MIN_HEIGHT, MIN_WIDTH, Panes};
pub use look::{Glyphs, Look, Tone};
pub use tree::{Node, nodes};

use canvas::Canvas;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::capture::{Control, Timestamp};
use crate::export::mark;
use crate::peer::Talk;
use crate::pipeline::Progress;
use crate::store::{Connection, Entry, EntryId, Raw, Store};
use crate::stream::Side;

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
    /// The account of the whole capture.
    Account,
}

impl Pane {
    /// All, in the order of Tab.
    pub const ALL: [Pane; 5] = [
        Pane::Connections,
        Pane::Ladder,
        Pane::Tree,
        Pane::Hex,
        Pane::Account,
    ];
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

/// Does the cursor go with the newest message?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Follow {
    /// It stays where it is.
    Off,
    /// It is always on the last.
    On,
}

/// A capture that is being made.
#[derive(Clone, Copy, Debug)]
pub struct Live<'a> {
    /// Its counts and faults.
    pub control: &'a Control,
    /// Does the cursor follow?
    pub follow: Follow,
    /// Is the screen held while the capture goes on?
    pub is_paused: bool,
    /// Frames that come in a second.
    pub rate: u64,
    /// The time of the packets' clock, as of the last look at the counts.
    pub now: Timestamp,
    /// Has the user asked to quit, and would lose the packets?
    pub asks_to_quit: bool,
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
    /// The sniffing, if this is no file.
    pub live: Option<Live<'a>>,
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
    /// First row of the account shown.
    pub account: usize,
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

    /// Where the first row of bytes may be on a pane of this size, so that no more than needed is empty, and so that
    /// the selected field is in sight while keys go to the fields.
    pub fn hex_in_sight(&self, pane: Rect) -> usize {
        let per_row = hex::bytes_per_row(pane.width);
        let height = usize::from(pane.height).saturating_sub(1).max(1);
        let rows = self.raw.map_or(0, |raw| raw.bytes.len().div_ceil(per_row));
        let first = self.hex.min(rows.saturating_sub(height));
        match tree::selected_range(self).filter(|_| self.focus == Pane::Tree) {
            Some(range) => {
                let (start, end) = (range.start / per_row, range.end.div_ceil(per_row));
                first.clamp(end.saturating_sub(height).min(start), start)
            }
            None => first,
        }
    }

    /// Where the first row of the account may be on a pane of this size, so that no more than needed is empty.
    pub fn account_in_sight(&self, pane: Rect) -> usize {
        let last = account::last_first_line(self, pane.width, pane.height);
        self.account.min(last)
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

    /// The state a second before now, while a capture is being made and the cursor goes with it.
    fn talk_a_second_ago(&self) -> Option<Talk> {
        let live = self
            .live
            .as_ref()
            .filter(|live| live.follow == Follow::On)?;
        let connection = self.connection()?;
        let is_older = |id: &EntryId| live.now.since(self.store.entry(*id).time) > 1_000_000_000;
        // The last is the newest but for what was found late: the times of the rest are nearly in order.
        let older = connection.entries().iter().rposition(is_older)?;
        Some(self.store.talk_at(connection.id, older))
    }

    /// The sides as the screen calls them: A opened the connection.
    fn sides(&self) -> [Side; 2] {
        let a = self.connection().map_or(Side::A, Connection::opener);
        [a, !a]
    }

    fn piece_count(&self) -> Option<u32> {
        self.store.piece_count(self.connection()?)
    }

    /// `~` where the number of pieces is inferred.
    fn count_mark(&self) -> &'static str {
        let pieces = self.connection().and_then(|it| self.store.pieces_of(it));
        pieces.map_or("", |(_, certainty)| mark(certainty))
    }
}

/// Draws a frame.
pub fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let mut on = |area: Option<Rect>, draw: fn(&Scene<'_>, &mut Canvas<'_>)| {
        if let Some(area) = area {
            draw(scene, &mut Canvas::new(scene.look, area, buf));
        }
    };
    let Some(panes) = Panes::of(area, scene.focus, scene.detail) else {
        return on(Some(area), too_small);
    };
    on(Some(panes.tabs), tabs::draw);
    on(panes.connections, connections::draw);
    on(panes.facts, facts::draw);
    on(panes.ladder, ladder::draw);
    on(panes.flow, flow::draw);
    on(panes.pieces, pieces::draw);
    on(panes.line, line::draw);
    on(panes.tree, tree::draw);
    on(panes.hex, hex::draw);
    on(panes.account, account::draw);
    panes
        .separators
        .into_iter()
        .for_each(|area| on(Some(area), |_, canvas| canvas.rule()));
    on(Some(panes.status), status::draw);
    on(Some(panes.hints), help::hints);
    on(Some(area), help::draw);
}

fn too_small(_: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let (width, height) = (canvas.width(), canvas.height());
    let text = format!("need {MIN_WIDTH}x{MIN_HEIGHT}, have {width}x{height}");
    canvas.text(
        width.saturating_sub(text.len() as u16) / 2,
        height / 2,
        &text,
        Tone::Plain,
    );
}
