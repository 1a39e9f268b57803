//! What the user chose: selection, focus, overlays. [`App::press`] is a key in, [`App::draw`] a screen out.

mod asking;
mod clipboard;
mod commands;
mod copying;
mod finding;
mod jobs;
mod judging;
mod keys;
mod marks;
mod mouse;
mod obey;
mod overlays;
mod panes;
mod prompt;
mod run;
mod saving;
mod screenshot;
mod selection;
mod settings;
mod sniffing;
mod studies;
mod terminal;

pub use jobs::Work;
pub use keys::{BadBinding, Table as KeyTable, help as key_help, key_names};
pub use run::{Supply, has_keys, run};
pub use screenshot::{picture_for, screenshot};
pub use settings::Settings;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::capture::{FilePosition, Note, Source};
use crate::peer::Talk;
use crate::pipeline::Progress;
use crate::store::{Change, Connection, EntryId, Fold, Raw, Rows, Store, Towards, read_raw};
use crate::stream::ConnectionId;
use crate::view::{
    self, Arrangement, Cursor, Detail, KeyHelp, Look, Node, Overlay, Pane, Panes, PointOfView,
    Scene, Sizes, TimeColumn, View, Views, Zoom, hex, tree,
};
use crate::wire::plain;
use asking::Asking;
use finding::Finding;
use judging::Judging;
use keys::{Action, Pressed};
use panes::{Pieces, Taken, Tracings};
use prompt::Prompt;
use saving::Writing;
use selection::Place;
use sniffing::Sniffing;
use studies::Studies;

/// What follows from a key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Draw again.
    Draw,
    /// Draw again, every cell.
    Redraw,
    /// Stop reading the capture; what was read stays.
    StopReading,
    /// Ask the terminal for clicks, or no longer.
    Mouse(bool),
    /// Give the terminal back for a while.
    Suspend,
    /// Put this into the terminal's clipboard.
    Copy(String),
    /// End the program.
    Quit,
}

/// The state of the screen.
#[derive(Debug)]
pub struct App {
    store: Store,
    source: Source,
    name: String,
    progress: Progress,
    look: Look,
    table: KeyTable,
    keys: Vec<KeyHelp>,
    arrangement: Arrangement,
    /// Where Esc leads from a view.
    came_from: Pane,
    overlay: Overlay,
    point_of_view: PointOfView,
    connections: Cursor,
    tags: BTreeSet<ConnectionId>,
    /// Where each conversation was left.
    places: HashMap<ConnectionId, Place>,
    rows: Rows,
    /// Place in the ladder: what was chosen, and the window around its row.
    place: Place,
    ladder: Cursor,
    time_column: TimeColumn,
    marks: BTreeMap<char, EntryId>,
    tree: tree::State,
    hex: hex::State,
    account: usize,
    /// The fields of the selected message, as they were drawn last.
    nodes: Vec<Node>,
    asking: Asking,
    finding: Option<Finding>,
    raw: Option<(EntryId, Raw)>,
    talk: Option<(EntryId, Talk)>,
    talk_before: Option<Talk>,
    studies: Studies,
    tracings: Tracings,
    judging: Judging,
    /// A message that is to be shown in a row of its own.
    to_unfold: Option<EntryId>,
    views: Views,
    pieces: Pieces,
    has_new_work: bool,
    notice: Option<String>,
    writing: Option<Writing>,
    /// Keys that begin something.
    pending: String,
    /// What may follow them.
    continuations: String,
    has_mouse: bool,
    click: Option<mouse::Click>,
    has_chosen: bool,
    live: Option<Sniffing>,
}

impl App {
    /// An empty screen for the capture `source`; of the path `name` only its last part is shown.
    pub fn new(source: Source, name: &str, look: Look) -> App {
        App {
            store: Store::default(),
            source,
            name: plain(name.rsplit('/').next().unwrap_or(name).as_bytes()),
            progress: Progress::default(),
            look,
            table: KeyTable::default(),
            keys: KeyTable::default().help(),
            arrangement: Arrangement {
                focus: Pane::Connections,
                view: View::Ladder,
                detail: Detail::Line,
                zoom: Zoom::Off,
                sizes: Sizes::default(),
            },
            came_from: Pane::Connections,
            overlay: Overlay::None,
            point_of_view: PointOfView::default(),
            connections: Cursor::default(),
            tags: BTreeSet::new(),
            places: HashMap::new(),
            rows: Rows::new(selection::choice(ConnectionId(0))),
            place: Place::default(),
            ladder: Cursor::default(),
            time_column: TimeColumn::default(),
            marks: BTreeMap::new(),
            tree: tree::State::default(),
            hex: hex::State::default(),
            account: 0,
            nodes: Vec::new(),
            asking: Asking::default(),
            finding: None,
            raw: None,
            talk: None,
            talk_before: None,
            studies: Studies::default(),
            tracings: Tracings::default(),
            judging: Judging::default(),
            to_unfold: None,
            views: Views::default(),
            pieces: Pieces::default(),
            has_new_work: false,
            notice: None,
            writing: None,
            pending: String::new(),
            continuations: String::new(),
            has_mouse: true,
            click: None,
            has_chosen: false,
            live: None,
        }
    }

    /// Takes what the capture has taught.
    pub fn apply(&mut self, changes: impl IntoIterator<Item = Change>, progress: Progress) {
        changes
            .into_iter()
            .for_each(|change| self.store.apply(change));
        self.progress = progress;
        // Until the user chooses, the first connection that speaks BitTorrent is the one to look at.
        if !self.has_chosen {
            let first = self
                .store
                .connections()
                .iter()
                .position(Connection::is_bittorrent);
            self.select_connection(first.unwrap_or(0));
        }
        self.follow();
    }

    /// Nothing more will be read. If that was not its end, the screen says so.
    pub fn reading_ended(&mut self) {
        if !self.progress.is_done {
            self.progress.is_done = true;
            self.progress.note = Some(Note::Stopped {
                position: FilePosition(self.progress.read),
            });
        }
    }

    /// Takes a key by its name: `j`, `Enter`, `PgDn`, `Ctrl-D`. The size of the screen says how long a page is.
    pub fn press(&mut self, key: &str, screen: Rect) -> Effect {
        self.notice = None;
        if self.asking.prompt().is_some() {
            return self.press_prompt(key, screen);
        }
        if let Overlay::Kinds(selected) = self.overlay
            && key != "Ctrl-C"
        {
            self.press_kinds(key, selected);
            return Effect::Draw;
        }
        let effect = match self.typed(key) {
            Some(action) => self.take(action, screen),
            None => Effect::Draw,
        };
        self.has_new_work |= self.pieces.take_note(screen, self.arrangement);
        effect
    }

    /// What a key means behind those that were pressed before it.
    fn typed(&mut self, key: &str) -> Option<Action> {
        let typed = match std::mem::take(&mut self.pending) {
            before if before.is_empty() => key.to_owned(),
            _ if key == "Esc" => return None,
            before => format!("{before} {key}"),
        };
        match self.table.find(&typed, self.arrangement.focus) {
            Pressed::Action(action) => Some(action),
            Pressed::Prefix => {
                self.continuations = self.table.continuations(&typed, self.arrangement.focus);
                self.pending = typed;
                None
            }
            Pressed::Nothing => None,
        }
    }

    fn take(&mut self, action: Action, screen: Rect) -> Effect {
        self.has_chosen = true;
        self.reconsider_quitting(action);
        match (action, self.overlay) {
            (Action::QuitNow, _) => Effect::Quit,
            (Action::Quit, Overlay::None) => self.quit(),
            (Action::Redraw, _) => Effect::Redraw,
            (Action::Suspend, _) => Effect::Suspend,
            (Action::Mouse, _) => self.toggle_mouse(),
            (Action::Mask, _) => self.toggle_mask(),
            (Action::Copy(form), _) => self.copy(form),
            (action, Overlay::Help(first)) => self.press_help(action, first, screen),
            (Action::Back, _) => self.back_or_stop(),
            (action, _) => {
                if self.pane_takes(action, screen) == Taken::No {
                    self.act(action, screen);
                }
                Effect::Draw
            }
        }
    }

    fn act(&mut self, action: Action, screen: Rect) {
        let page = self.page(screen) as isize;
        match action {
            Action::Up => self.move_by(-1),
            Action::Down => self.move_by(1),
            Action::PageUp => self.move_by(-page),
            Action::PageDown => self.move_by(page),
            Action::HalfPageUp => self.move_by(-(page / 2).max(1)),
            Action::HalfPageDown => self.move_by((page / 2).max(1)),
            Action::First => self.move_by(isize::MIN),
            Action::Last => self.move_by(isize::MAX),
            Action::Open | Action::Right => self.open(),
            Action::Left => self.back(),
            Action::NextPane => self.turn(screen, 1),
            Action::PreviousPane => self.turn(screen, -1),
            Action::Go(to) => self.go_to(to),
            Action::NextConnection => self.choose_connection(1),
            Action::PreviousConnection => self.choose_connection(-1),
            Action::Fold => self.toggle_fold(),
            Action::FoldAll => self.fold(Fold::Runs),
            Action::UnfoldAll => self.fold(Fold::Nothing),
            Action::Zoom => self.zoom(),
            Action::Wider => self.resize_pane(4),
            Action::Narrower => self.resize_pane(-4),
            Action::ResetSizes => self.arrangement.sizes = Sizes::default(),
            Action::TimeColumn => self.time_column = self.time_column.next(),
            Action::Kinds => self.overlay = Overlay::Kinds(0),
            Action::SwapSides => {
                self.point_of_view.swap();
                self.views.connections.forget();
            }
            Action::Tag => self.tag(),
            Action::ClearTags => self.clear_tags(),
            Action::SetMark(name) => self.set_mark(name),
            Action::GoToMark(name) => self.go_to_mark(name),
            Action::NextOfKind => self.next_of_kind(Towards::Later),
            Action::PreviousOfKind => self.next_of_kind(Towards::Earlier),
            Action::Ask(asked) => self.ask(asked),
            Action::FindNext => self.find_next(Towards::Later),
            Action::FindPrevious => self.find_next(Towards::Earlier),
            Action::Partner => self.go_to_partner(),
            Action::NextFinding => self.go_to_finding(Towards::Later),
            Action::PreviousFinding => self.go_to_finding(Towards::Earlier),
            Action::Save => self.save(None),
            Action::Follow => self.toggle_follow(),
            Action::Pause => self.toggle_pause(),
            Action::Help => self.overlay = Overlay::Help(0),
            Action::Back
            | Action::Span
            | Action::NextOrder
            | Action::NextSide
            | Action::OnlyOpen
            | Action::ZoomIn
            | Action::ZoomOut
            | Action::ZoomReset
            | Action::Earlier
            | Action::Later
            | Action::NextMode
            | Action::Verify
            | Action::NextTorrent
            | Action::PreviousTorrent
            | Action::OtherDirection
            | Action::Group
            | Action::OnlyBitTorrent
            | Action::Quit
            | Action::QuitNow
            | Action::Redraw
            | Action::Suspend
            | Action::Mask
            | Action::Copy(_)
            | Action::Mouse
            | Action::FilterWith
            | Action::FilterWithout => {}
        }
    }

    fn toggle_mouse(&mut self) -> Effect {
        self.has_mouse = !self.has_mouse;
        let state = if self.has_mouse {
            "on: Shift selects text"
        } else {
            "off"
        };
        self.notice = Some(format!("mouse {state}"));
        Effect::Mouse(self.has_mouse)
    }

    /// Shows aliases, or what there is.
    fn toggle_mask(&mut self) -> Effect {
        let state = if self.store.is_masked() {
            self.store.unmask();
            "off"
        } else {
            self.store.mask();
            "on: addresses, hashes, peer ids and names have aliases"
        };
        // Bytes and fields are masked as they are read.
        self.raw = None;
        self.notice = Some(format!("mask {state}"));
        Effect::Draw
    }

    /// Draws the screen. Windows follow their cursors here, so that a resize keeps what is selected in sight.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer) {
        self.show_ladder(area);
        self.has_new_work |= self.pieces.take_note(area, self.arrangement);
        self.read_selected();
        self.show_cursors(area);
        self.show_strip();
        self.show_torrent(area);
        self.show_findings(area);
        view::draw(&self.scene(), area, buf);
    }

    fn show_cursors(&mut self, screen: Rect) {
        let Some(panes) = Panes::of(screen, self.arrangement) else {
            return;
        };
        let height =
            |area: Option<Rect>| area.map_or(1, |area| usize::from(area.height).saturating_sub(1));
        if panes.connections.is_some() {
            self.show_connections(height(panes.connections));
        }
        if panes.tree.is_some() || panes.hex.is_some() {
            self.read_fields();
            self.show_owner();
            let len = self.tree.visible(&self.nodes).len();
            self.tree.cursor.show(height(panes.tree), len);
        }
        if let Some(pane) = panes.hex {
            self.hex.first_row = self.scene().hex_in_sight(pane);
        }
        if let Some(pane) = panes.account {
            self.account = self.scene().account_in_sight(pane);
        }
        if let Some(pane) = panes.requests {
            let height = view::requests::list_height(&self.scene(), pane.height);
            self.views.requests.show_cursor(height);
        }
        if let Some(pane) = panes.life {
            let (len, height) = view::life::list_size(&self.scene(), pane);
            self.views.life.cursor.show(height, len);
        }
    }

    /// The bytes of the selected message are read again from the capture, once, and the state behind it is found.
    fn read_selected(&mut self) {
        let selected = self.selected();
        if self.raw.as_ref().map(|(id, _)| *id) != selected {
            self.raw = selected.and_then(|id| Some((id, read_raw(&self.store, &self.source, id)?)));
        }
        if self.talk.as_ref().map(|(id, _)| *id) != selected {
            self.talk = selected.and_then(|id| Some((id, self.talk_at(id)?)));
        }
        self.talk_before = self.talk_a_second_ago();
    }

    fn talk_at(&self, id: EntryId) -> Option<Talk> {
        let connection = self.store.connection(self.store.entry(id).connection);
        let ordinal = connection.ordinal_of(id)?;
        Some(self.store.talk_at(connection.id, ordinal))
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            store: &self.store,
            name: &self.name,
            progress: &self.progress,
            live: self.live.as_ref().map(Sniffing::seen),
            look: self.look,
            arrangement: self.arrangement,
            overlay: self.overlay,
            point_of_view: &self.point_of_view,
            connections: self.connections,
            tags: &self.tags,
            rows: &self.rows,
            ladder: self.ladder,
            selected: self.selected(),
            talk: self.talk.as_ref().map(|(_, talk)| talk),
            talk_before: self.talk_before.as_ref(),
            study: self.study(),
            tracing: self.tracing(),
            time_column: self.time_column,
            marks: &self.marks,
            nodes: &self.nodes,
            tree: &self.tree,
            hex: self.hex,
            account: self.account,
            raw: self.raw.as_ref().map(|(_, raw)| raw),
            views: &self.views,
            findings: &self.judging.findings,
            index: &self.judging.index,
            judging: self.judging.percent,
            pieces: self.pieces.known(self.selected()),
            notice: self.notice.as_deref(),
            typing: self.asking.prompt().map(Prompt::typing),
            filter: self.asking.filter(),
            sought: self.asking.sought(),
            keys: &self.keys,
            pending: Some(self.continuations.as_str()).filter(|_| !self.pending.is_empty()),
        }
    }
}
