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
pub mod connections;
mod cursor;
mod facts;
pub mod findings;
mod flow;
mod help;
pub mod hex;
mod kinds;
mod ladder;
mod layout;
pub mod life;
mod line;
mod look;
pub mod picture;
pub mod pieces;
mod point_of_view;
mod prompt;
pub mod requests;
mod status;
pub mod strip;
mod tabs;
pub mod torrent;
pub mod transport;
pub mod tree;

pub use cursor::Cursor;
pub use help::{KeyHelp, last_help_line};
pub use kinds::{GROUPS, Group};
pub use layout::{Arrangement, MIN_HEIGHT, MIN_WIDTH, Panes, Sizes};
pub use look::{Depth, Glyphs, Look, Palette, Theme, Tone, Wish};
pub use point_of_view::{PointOfView, Pov};
pub use prompt::{Fault, Offer, Typing};
pub use tabs::{VIEWS, view_at};
pub use tree::{Folded, Node, add_findings, nodes};

use canvas::Canvas;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use std::collections::{BTreeMap, BTreeSet};

use crate::capture::{Control, Timestamp};
use crate::export::{Sought, mark};
use crate::findings::{Finding, Findings, Index};
use crate::peer::Talk;
use crate::pipeline::Progress;
use crate::store::{Connection, Entry, EntryId, Raw, Rows, Store, Study, Tracing};
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
    /// The account of the whole capture.
    Account,
    /// The state over time.
    Strip,
    /// The pieces of both sides.
    Pieces,
    /// One torrent over all its peers.
    Torrent,
    /// What was asked for, and what became of it.
    Requests,
    /// The steps of a connection.
    Life,
    /// How well its packets went.
    Transport,
    /// What is wrong.
    Findings,
}

impl Pane {
    /// All, in the order of Tab.
    pub const ALL: [Pane; 12] = [
        Pane::Connections,
        Pane::Ladder,
        Pane::Strip,
        Pane::Pieces,
        Pane::Torrent,
        Pane::Findings,
        Pane::Requests,
        Pane::Life,
        Pane::Transport,
        Pane::Tree,
        Pane::Hex,
        Pane::Account,
    ];

    /// The view that it is a part of.
    pub fn view(self) -> View {
        match self {
            Pane::Connections => View::Connections,
            Pane::Ladder | Pane::Strip | Pane::Tree | Pane::Hex => View::Ladder,
            Pane::Account => View::Account,
            Pane::Pieces => View::Pieces,
            Pane::Torrent => View::Torrent,
            Pane::Requests => View::Requests,
            Pane::Life => View::Life,
            Pane::Transport => View::Transport,
            Pane::Findings => View::Findings,
        }
    }
}

/// What the body of the screen is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each is the view of the pane it is named for")]
pub enum View {
    Connections,
    #[default]
    Ladder,
    Pieces,
    Torrent,
    Account,
    Requests,
    Life,
    Transport,
    Findings,
}

/// What lies over the panes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// Nothing.
    None,
    /// The keys, from this line on.
    Help(usize),
    /// The kinds of messages that are shown, with the chosen row.
    Kinds(usize),
}

/// Whether one pane has the whole body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Zoom {
    /// The panes share it.
    #[default]
    Off,
    /// The pane with the keys has it.
    On,
}

/// What the times of the ladder are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TimeColumn {
    /// Seconds since the first frame.
    #[default]
    SinceStart,
    /// The time of day, UTC.
    Absolute,
    /// Since the row before.
    SincePrevious,
    /// Since the message that it answers.
    SincePartner,
}

impl TimeColumn {
    /// The next one.
    #[must_use]
    pub fn next(self) -> TimeColumn {
        match self {
            TimeColumn::SinceStart => TimeColumn::SincePrevious,
            TimeColumn::SincePrevious => TimeColumn::SincePartner,
            TimeColumn::SincePartner => TimeColumn::Absolute,
            TimeColumn::Absolute => TimeColumn::SinceStart,
        }
    }
}

/// The state of each view: cursors, modes, zoom.
#[derive(Clone, Debug, Default)]
#[expect(missing_docs, reason = "each is the state of the view it is named for")]
pub struct Views {
    pub connections: connections::State,
    pub strip: strip::State,
    pub pieces: pieces::State,
    pub torrent: torrent::State,
    pub requests: requests::State,
    pub life: life::State,
    pub findings: findings::State,
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
    /// Where keys go, and which panes there are.
    pub arrangement: Arrangement,
    /// What lies over all that.
    pub overlay: Overlay,
    /// Who is A.
    pub point_of_view: &'a PointOfView,
    /// Place in the list of connections.
    pub connections: Cursor,
    /// Connections that the user tagged.
    pub tags: &'a BTreeSet<ConnectionId>,
    /// The rows of the ladder.
    pub rows: &'a Rows,
    /// Place in the rows of the ladder.
    pub ladder: Cursor,
    /// The selected message: the moment that everything shows.
    pub selected: Option<EntryId>,
    /// The state of its conversation behind it.
    pub talk: Option<&'a Talk>,
    /// The same a second before, while the cursor goes with a capture that is being made.
    pub talk_before: Option<&'a Talk>,
    /// What is known of its conversation as a whole, as far as that got.
    pub study: Option<&'a Study>,
    /// Its packets, as far as they were read again, while somebody looks at them.
    pub tracing: Option<&'a Tracing>,
    /// What the times of the ladder are.
    pub time_column: TimeColumn,
    /// Places that the user named.
    pub marks: &'a BTreeMap<char, EntryId>,
    /// The fields of the selected message, where they are shown.
    pub nodes: &'a [Node],
    /// Place in them.
    pub tree: &'a tree::State,
    /// Place in its bytes.
    pub hex: hex::State,
    /// First row of the account shown.
    pub account: usize,
    /// The bytes of the selected message, where they were read.
    pub raw: Option<&'a Raw>,
    /// Of each view.
    pub views: &'a Views,
    /// What is wrong, as far as it was judged.
    pub findings: &'a Findings,
    /// The same by message and by rule.
    pub index: &'a Index,
    /// How much was judged, where that takes long.
    pub judging: Option<u64>,
    /// What was found of the pieces.
    pub pieces: pieces::Known<'a>,
    /// What the last key had to say.
    pub notice: Option<&'a str>,
    /// The line that is typed.
    pub typing: Option<&'a Typing>,
    /// What the ladder is filtered by.
    pub filter: &'a str,
    /// What was looked for last.
    pub sought: Option<&'a Sought>,
    /// All keys, for the help and the hints.
    pub keys: &'a [KeyHelp],
    /// What may follow the keys that were pressed.
    pub pending: Option<&'a str>,
}

impl<'a> Scene<'a> {
    /// The pane that keys go to.
    pub fn focus(&self) -> Pane {
        self.arrangement.focus
    }

    /// The selected connection: that of the selected message, or one without messages.
    pub fn connection(&self) -> Option<&'a Connection> {
        match self.selected {
            Some(id) => Some(self.store.connection(self.store.entry(id).connection)),
            None => self.store.connections().get(self.connections.selected),
        }
    }

    /// Where the first row of bytes may be on a pane of this size, so that no more than needed is empty, and so that
    /// the byte under the cursor is in sight, or the selected field while keys go to the fields.
    pub fn hex_in_sight(&self, pane: Rect) -> usize {
        let per_row = hex::bytes_per_row(pane.width);
        let height = usize::from(pane.height).saturating_sub(1).max(1);
        let rows = self.raw.map_or(0, |raw| raw.bytes.len().div_ceil(per_row));
        let first = self.hex.first_row.min(rows.saturating_sub(height));
        let cursor = self.hex.byte..self.hex.byte + 1;
        let range = match self.focus() {
            Pane::Hex => Some(cursor),
            Pane::Tree => tree::selected_range(self),
            _ => None,
        };
        range.map_or(first, |range| {
            let (start, end) = (range.start / per_row, range.end.div_ceil(per_row));
            first.clamp(end.saturating_sub(height).min(start), start)
        })
    }

    /// Where the first row of the account may be on a pane of this size, so that no more than needed is empty.
    pub fn account_in_sight(&self, pane: Rect) -> usize {
        let last = account::last_first_line(self, pane.width, pane.height);
        self.account.min(last)
    }

    /// The number of the selected message in its conversation, from 0.
    pub fn ordinal(&self) -> Option<usize> {
        self.connection()?.ordinal_of(self.selected?)
    }

    /// When it was.
    pub fn now(&self) -> Option<Timestamp> {
        self.entry().map(|entry| entry.time)
    }

    /// The findings of the selected message, the worst first.
    pub fn findings_here(&self) -> impl Iterator<Item = &'a Finding> + use<'a> {
        let (findings, index) = (self.findings, self.index);
        let at = self.selected.zip(self.connection());
        let places = at.map(|(id, connection)| index.at(connection.id, id));
        let found = places.into_iter().flatten();
        let mut found: Vec<_> = found.map(|at| &findings.all()[at as usize]).collect();
        found.sort_by_key(|it| it.severity);
        found.into_iter()
    }

    fn entry(&self) -> Option<&'a Entry> {
        self.selected.map(|id| self.store.entry(id))
    }

    /// The sides of the selected connection as the screen calls them, A first.
    pub fn sides(&self) -> [Side; 2] {
        self.connection()
            .map_or(Side::BOTH, |connection| self.sides_of(connection))
    }

    /// The sides of a connection as the screen calls them, A first.
    pub fn sides_of(&self, connection: &Connection) -> [Side; 2] {
        self.point_of_view.sides(connection)
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
    let Some(panes) = Panes::of(area, scene.arrangement) else {
        return on(Some(area), too_small);
    };
    on(Some(panes.tabs), tabs::draw);
    on(panes.connections, connections::draw);
    on(panes.facts, facts::draw);
    on(panes.ladder, ladder::draw);
    on(panes.strip, strip::draw);
    on(panes.bars, pieces::draw_bars);
    on(panes.line, line::draw);
    on(panes.tree, tree::draw);
    on(panes.hex, hex::draw);
    on(panes.account, account::draw);
    on(panes.pieces, pieces::draw);
    on(panes.torrent, torrent::draw);
    on(panes.requests, requests::draw);
    on(panes.life, life::draw);
    on(panes.transport, transport::draw);
    on(panes.findings, findings::draw);
    panes
        .separators
        .into_iter()
        .for_each(|area| on(Some(area), |_, canvas| canvas.rule()));
    on(Some(panes.status), status::draw);
    on(Some(panes.hints), help::hints);
    on(Some(area), prompt::draw);
    on(Some(area), kinds::draw);
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
