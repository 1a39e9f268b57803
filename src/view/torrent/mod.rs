//! One torrent over all its peers, as of the selected message: who has which pieces, which are rare, who gave what to
//! whom.
//!
//! ```text
//!  ubuntu.iso  3b24…  2048 pieces of 256 KiB           1 of 3 torrents
//!  5 peers, 2 complete  copies 2.431  as of the cursor
//!  [Peers]  Pieces  Exchange  Torrents
//!  10.0.0.9  Transmission 4.0  D . ███▇▇████▆▆██████████  90%
//!  available                       ▂▂▃▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁▁
//! ```

mod chunks;
mod gifts;
mod head;
mod list;
mod peers;

use super::canvas::Canvas;
use super::{Cursor, Pane, Scene, Tone, ladder};
use crate::store::{CHECKPOINT_MIN, Census, Connection, EntryId, Exchange, Extent, Member, Store};
use crate::swarm::Swarm;
use crate::wire::InfoHash;

/// From so many rows on, peers, pieces and exchange are shown together.
const TALL: u16 = 33;
/// Rows above the sections.
const HEAD: u16 = 2;

/// What is chosen in it, and what was counted for it.
#[derive(Clone, Debug, Default)]
pub struct State {
    /// The torrent that was chosen; else it is that of the selected connection.
    pub chosen: Option<InfoHash>,
    /// What the keys are for.
    pub section: Section,
    /// How far the exchange is counted.
    pub span: Span,
    /// Place in the peers.
    pub peers: Cursor,
    /// Place in the rows of pieces.
    pub chunks: Cursor,
    /// Place in the exchange.
    pub gifts: Cursor,
    /// Place in the torrents.
    pub torrents: Cursor,
    /// Columns of the pane when it was drawn last.
    pub width: u16,
    /// Who has what.
    pub census: Option<Census>,
    /// Who gave what to whom.
    pub exchange: Option<Exchange>,
}

/// A part of the view.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Section {
    /// Peers by pieces, and how many have each.
    #[default]
    Peers,
    /// How many peers have each piece, in digits.
    Pieces,
    /// Who gave what to whom.
    Exchange,
    /// All torrents.
    Torrents,
}

/// How far a count goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// Up to the selected message.
    #[default]
    Cursor,
    /// To the end of the capture.
    Whole,
}

impl Section {
    const ALL: [(Section, &'static str); 4] = [
        (Section::Peers, "Peers"),
        (Section::Pieces, "Pieces"),
        (Section::Exchange, "Exchange"),
        (Section::Torrents, "Torrents"),
    ];

    /// The next one.
    #[must_use]
    pub fn next(self) -> Section {
        let at = Section::ALL.iter().position(|(it, _)| *it == self);
        Section::ALL[at.map_or(0, |at| (at + 1) % Section::ALL.len())].0
    }
}

impl Span {
    /// The other one.
    #[must_use]
    pub fn other(self) -> Span {
        match self {
            Span::Cursor => Span::Whole,
            Span::Whole => Span::Cursor,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Span::Cursor => "as of the cursor",
            Span::Whole => "whole capture",
        }
    }
}

impl State {
    /// The torrent that is shown: the chosen one, or that of a connection, or the first.
    pub fn torrent<'s>(
        &self,
        store: &'s Store,
        connection: Option<&Connection>,
    ) -> Option<&'s Swarm> {
        let of_connection = || store.swarm_of(connection?);
        let chosen = self.chosen.and_then(|hash| store.torrent(hash));
        chosen
            .or_else(of_connection)
            .or_else(|| store.torrents().next())
    }

    /// Goes on counting for a torrent at a moment; true when all is counted.
    pub fn step(
        &mut self,
        store: &Store,
        torrent: InfoHash,
        moment: EntryId,
        entries: usize,
    ) -> bool {
        let is_its =
            |hash: InfoHash| store.torrent(hash).map(|it| it.real_hashes().0) == Some(torrent);
        self.census.take_if(|it| !is_its(it.roster().info_hash()));
        self.exchange.take_if(|it| !is_its(it.roster().info_hash()));
        let extent = match self.span {
            Span::Cursor => Extent::Until(moment),
            Span::Whole => Extent::Whole,
        };
        let census = self
            .census
            .get_or_insert_with(|| Census::new(torrent, moment));
        census.go_to(store, moment);
        let few = entries / (CHECKPOINT_MIN + census.piece_count().unwrap_or(0) as usize / 32);
        let is_counted = census.step(store, few.max(1));
        let exchange = self
            .exchange
            .get_or_insert_with(|| Exchange::new(torrent, extent));
        exchange.go_to(store, extent);
        is_counted && exchange.step(store, entries)
    }

    /// The cursor of the section, and how many rows it goes over.
    pub fn cursor(&mut self, store: &Store) -> (&mut Cursor, usize) {
        let len = self.len(store);
        let cursor = match self.section {
            Section::Peers => &mut self.peers,
            Section::Pieces => &mut self.chunks,
            Section::Exchange => &mut self.gifts,
            Section::Torrents => &mut self.torrents,
        };
        (cursor, len)
    }

    fn len(&self, store: &Store) -> usize {
        let census = self.census.as_ref();
        match self.section {
            Section::Peers => census.map_or(0, |it| it.roster().peers().len()),
            Section::Pieces => chunks::rows(self, self.width),
            Section::Exchange => self.exchange.as_ref().map_or(0, |it| it.gifts().len()),
            Section::Torrents => store.torrents().count(),
        }
    }
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let state = &scene.views.torrent;
    let Some(swarm) = state.torrent(scene.store, scene.connection()) else {
        canvas.text(1, 0, "no torrent is named in this capture", Tone::Dim);
        return ladder::waiting(scene, &mut canvas.below(1));
    };
    head::draw(scene, swarm, canvas);
    let areas = areas(canvas.height(), state);
    let is_alone = areas.len() == 1;
    for (section, from, rows) in areas {
        let canvas = &mut canvas.part(from, rows);
        title(scene, section, is_alone, canvas);
        draw_section(scene, swarm, section, &mut canvas.below(1));
    }
}

fn draw_section(scene: &Scene<'_>, swarm: &Swarm, section: Section, canvas: &mut Canvas<'_>) {
    let state = &scene.views.torrent;
    match section {
        Section::Torrents => list::draw(scene, swarm, canvas),
        Section::Exchange => match &state.exchange {
            Some(exchange) => gifts::draw(scene, exchange, canvas),
            None => counting(0, canvas),
        },
        Section::Peers | Section::Pieces => match &state.census {
            Some(census) if census.is_whole() => match section {
                Section::Peers => peers::draw(scene, census, canvas),
                _ => chunks::draw(scene, census, canvas),
            },
            census => counting(census.as_ref().map_or(0, Census::progress), canvas),
        },
    }
}

fn counting(permille: u32, canvas: &mut Canvas<'_>) {
    canvas.text(1, 0, &format!("counting, {}%", permille / 10), Tone::Dim);
}

/// The sections that are shown: from which row, and how many. Where there is room for several, none has more than it
/// needs, and the last has the rest.
fn areas(height: u16, state: &State) -> Vec<(Section, u16, u16)> {
    let room = height.saturating_sub(HEAD);
    if height < TALL || state.section == Section::Torrents {
        return vec![(state.section, HEAD, room)];
    }
    let needed = |section, rows: usize| rows.min(usize::from(room)) as u16 + others(section);
    let peers = state
        .census
        .as_ref()
        .map_or(0, |it| it.roster().peers().len());
    let peers = needed(Section::Peers, peers).min(room * 5 / 12);
    let pieces = needed(Section::Pieces, chunks::rows(state, state.width)).min(room / 4);
    vec![
        (Section::Peers, HEAD, peers),
        (Section::Pieces, HEAD + peers, pieces),
        (
            Section::Exchange,
            HEAD + peers + pieces,
            room - peers - pieces,
        ),
    ]
}

/// Rows of a section that are not of its list.
fn others(section: Section) -> u16 {
    match section {
        Section::Peers => 1 + peers::FOOT,
        Section::Pieces | Section::Torrents => 2,
        Section::Exchange => 3,
    }
}

/// Rows of the list that has the cursor, on a pane of this height.
pub fn list_height(height: u16, state: &State) -> usize {
    let areas = areas(height, state);
    let rows = areas.iter().find(|(it, ..)| *it == state.section);
    let rows = rows.map_or(0, |(.., rows)| *rows);
    usize::from(rows.saturating_sub(others(state.section))).max(1)
}

/// The names of the sections that are one behind the other, that with the keys in brackets.
fn title(scene: &Scene<'_>, section: Section, is_alone: bool, canvas: &mut Canvas<'_>) {
    let state = &scene.views.torrent;
    let names = Section::ALL.into_iter();
    let names = names.filter(|(it, _)| is_alone || *it == section);
    let mut x = 1;
    for (it, name) in names {
        let (text, tone) = if state.section == it {
            (format!("[{name}]"), Tone::Strong)
        } else {
            (format!(" {name} "), Tone::Dim)
        };
        x = canvas.text(x, 0, &text, tone) + 1;
    }
    if section == Section::Exchange {
        let is_done = state.exchange.as_ref().map(|it| it.progress(scene.store));
        let progress = is_done.filter(|it| *it < 1000);
        let progress = progress.map_or_else(String::new, |it| format!(", counting {}%", it / 10));
        canvas.right(
            0,
            &format!("{}{progress} ", state.span.words()),
            Tone::Plain,
        );
    }
}

/// What a peer is called: its host, with the port where several share it.
fn name(member: &Member, width: usize, scene: &Scene<'_>) -> String {
    let name = if member.shares_host {
        member.end.to_string()
    } else {
        member.end.ip.to_string()
    };
    // The end of an address tells the hosts of a network apart.
    let skipped = name.chars().count().saturating_sub(width);
    match skipped {
        0 => name,
        _ => scene.look.glyphs.ellipsis.to_owned() + &name[skipped + 1..],
    }
}

/// Draws the row of a list, with the cursor on it where it is selected.
fn row(
    scene: &Scene<'_>,
    section: Section,
    at: (u16, bool),
    text: &str,
    tone: Tone,
    canvas: &mut Canvas<'_>,
) {
    let (row, is_selected) = at;
    let is_selected = is_selected && scene.views.torrent.section == section;
    let style = if is_selected {
        scene.look.cursor(scene.focus() == Pane::Torrent)
    } else {
        scene.look.style(tone)
    };
    if is_selected {
        canvas.text(0, row, scene.look.glyphs.marker, Tone::Plain);
    }
    let width = usize::from(canvas.width()).saturating_sub(2);
    canvas
        .without_right(1)
        .styled(1, row, &format!("{text:<width$}"), style);
}

/// A share in whole percents, rounded down: all but one of a million is not all.
fn percent(part: u64, of: u64) -> String {
    match of {
        0 => String::new(),
        of => format!("{}%", part * 100 / of),
    }
}
