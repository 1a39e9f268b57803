//! What the user chose: selection, focus, overlays. [`App::press`] is a key in, [`App::draw`] a screen out.

mod keys;
mod run;
mod screenshot;
mod terminal;

pub use run::{Supply, has_keys, run};
pub use screenshot::screenshot;

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::capture::{Control, FilePosition, Note, Source, Timestamp};
use crate::pipeline::Progress;
use crate::store::{Change, Connection, EntryId, Raw, Store, read_raw};
use crate::stream::ConnectionId;
use crate::view::{self, Cursor, Detail, Follow, KeyHelp, Live, Look, Overlay, Pane, Panes, Scene};
use crate::wire::plain;
use keys::Action;

/// What follows from a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Draw again.
    Draw,
    /// Draw again, every cell.
    Redraw,
    /// Stop reading the capture; what was read stays.
    StopReading,
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
    keys: Vec<KeyHelp>,
    focus: Pane,
    detail: Detail,
    overlay: Overlay,
    connections: Cursor,
    /// Where each connection was left.
    ladders: HashMap<ConnectionId, Cursor>,
    tree: Cursor,
    hex: usize,
    account: usize,
    /// Where Esc leads from the account.
    came_from: Pane,
    raw: Option<(EntryId, Raw)>,
    has_chosen: bool,
    live: Option<Sniffing>,
}

/// What is chosen for a capture that is being made.
#[derive(Debug)]
struct Sniffing {
    control: Arc<Control>,
    follow: Follow,
    is_paused: bool,
    /// Frames captured when last looked at, and how many come in a second.
    rate: (u64, u64),
    now: Timestamp,
    /// Packets that nobody keeps are not thrown away at the first `q`.
    unkept: Unkept,
}

/// What happens to the packets when the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unkept {
    /// They are in a file of the user.
    No,
    /// They go.
    Yes,
    /// They go, and the user was told.
    Told,
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
            keys: keys::help(),
            focus: Pane::Connections,
            detail: Detail::Line,
            overlay: Overlay::None,
            connections: Cursor::default(),
            ladders: HashMap::new(),
            tree: Cursor::default(),
            hex: 0,
            account: 0,
            came_from: Pane::Connections,
            raw: None,
            has_chosen: false,
            live: None,
        }
    }

    /// The capture is being made: the screen follows it. `is_kept` says whether the packets outlive the program.
    #[must_use]
    pub fn sniffing(mut self, control: Arc<Control>, is_kept: bool) -> App {
        let unkept = if is_kept { Unkept::No } else { Unkept::Yes };
        self.live = Some(Sniffing {
            control,
            follow: Follow::On,
            is_paused: false,
            rate: (0, 0),
            now: Timestamp(0),
            unkept,
        });
        self
    }

    /// So much time has passed since the last call, and so late it is: what was captured since makes the rate.
    pub fn tick(&mut self, passed: Duration, now: Timestamp) {
        if let Some(live) = &mut self.live {
            live.now = now;
            let captured = live.control.captured();
            let new = captured.saturating_sub(live.rate.0) as f64;
            live.rate = (
                captured,
                (new / passed.as_secs_f64().max(1e-3)).round() as u64,
            );
        }
    }

    /// True when the capture is being made.
    pub fn is_live(&self) -> bool {
        self.live.is_some() && !self.progress.is_done
    }

    /// True while the user wants the screen held.
    pub fn is_paused(&self) -> bool {
        self.live.as_ref().is_some_and(|live| live.is_paused)
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
            self.connections.selected = first.unwrap_or(0);
        }
        self.follow();
    }

    /// Where the cursor follows, it is on the newest message.
    fn follow(&mut self) {
        if self
            .live
            .as_ref()
            .is_some_and(|live| live.follow == Follow::On)
            && let Some(connection) = self.store.connections().get(self.connections.selected)
        {
            let last = connection.entries().len().saturating_sub(1);
            self.ladders.entry(connection.id).or_default().selected = last;
        }
    }

    fn set_follow(&mut self, follow: Follow) {
        if let Some(live) = &mut self.live {
            live.follow = follow;
        }
        self.follow();
    }

    /// `q`: at once, but where packets would be lost, which is said first.
    fn quit(&mut self) -> Effect {
        match &mut self.live {
            Some(live) if live.unkept == Unkept::Yes && live.control.captured() > 0 => {
                live.unkept = Unkept::Told;
                Effect::Draw
            }
            _ => Effect::Quit,
        }
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
        let Some(action) = keys::action(key) else {
            return Effect::Draw;
        };
        self.has_chosen = true;
        if let Some(live) = self
            .live
            .as_mut()
            .filter(|live| live.unkept == Unkept::Told && action != Action::Quit)
        {
            live.unkept = Unkept::Yes;
        }
        match (action, self.overlay) {
            (Action::QuitNow, _) => Effect::Quit,
            (Action::Quit, Overlay::None) => self.quit(),
            (Action::Redraw, _) => Effect::Redraw,
            (action, Overlay::Help(first)) => self.press_help(action, first, screen),
            (Action::Back, Overlay::None) => self.back_or_stop(),
            (action, Overlay::None) => {
                self.act(action, screen);
                Effect::Draw
            }
        }
    }

    fn press_help(&mut self, action: Action, first: usize, screen: Rect) -> Effect {
        let last = view::last_help_line(&self.keys, screen);
        self.overlay = match action {
            Action::Back | Action::Left | Action::Help | Action::Quit | Action::Open => {
                Overlay::None
            }
            Action::Down => Overlay::Help((first + 1).min(last)),
            Action::Up => Overlay::Help(first.min(last).saturating_sub(1)),
            Action::PageDown | Action::Last => Overlay::Help(last),
            Action::PageUp | Action::First => Overlay::Help(0),
            _ => Overlay::Help(first),
        };
        Effect::Draw
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
            Action::Open => self.open(),
            Action::Left => self.back(),
            Action::NextPane => self.turn(screen, 1),
            Action::PreviousPane => self.turn(screen, -1),
            Action::Connections => self.focus = Pane::Connections,
            Action::Ladder => self.focus = Pane::Ladder,
            Action::Account => self.go_to(Pane::Account),
            Action::NextConnection => self.choose_connection(1),
            Action::PreviousConnection => self.choose_connection(-1),
            Action::Follow => {
                let is_on = self
                    .live
                    .as_ref()
                    .is_some_and(|live| live.follow == Follow::On);
                self.set_follow(if is_on { Follow::Off } else { Follow::On });
            }
            Action::Pause => {
                if let Some(live) = &mut self.live {
                    live.is_paused = !live.is_paused;
                }
            }
            Action::Help => self.overlay = Overlay::Help(0),
            Action::Back | Action::Quit | Action::QuitNow | Action::Redraw => {}
        }
    }

    fn open(&mut self) {
        match self.focus {
            Pane::Connections => self.focus = Pane::Ladder,
            Pane::Ladder => {
                self.detail = Detail::Open;
                self.focus = Pane::Tree;
            }
            Pane::Tree => self.focus = Pane::Hex,
            Pane::Hex | Pane::Account => {}
        }
    }

    fn go_to(&mut self, pane: Pane) {
        if self.focus != Pane::Account {
            self.came_from = self.focus;
        }
        self.focus = pane;
    }

    /// Where there is nothing to go back to, Esc ends what takes long.
    fn back_or_stop(&mut self) -> Effect {
        if self.focus == Pane::Connections && !self.progress.is_done && self.live.is_none() {
            return Effect::StopReading;
        }
        self.back();
        Effect::Draw
    }

    fn back(&mut self) {
        match self.focus {
            Pane::Hex => self.focus = Pane::Tree,
            Pane::Tree => {
                self.detail = Detail::Line;
                self.focus = Pane::Ladder;
            }
            Pane::Ladder | Pane::Connections => self.focus = Pane::Connections,
            Pane::Account => self.focus = self.came_from,
        }
    }

    /// To the next pane that is on the screen.
    fn turn(&mut self, screen: Rect, by: isize) {
        let panes = Panes::of(screen, self.focus, self.detail).unwrap_or_default();
        // Where one view is shown at a time, Tab goes through the views.
        let views = [Pane::Connections, Pane::Ladder, Pane::Account];
        let is_reachable = |pane: &Pane| views.contains(pane) || panes.area(*pane).is_some();
        let reachable: Vec<Pane> = Pane::ALL.into_iter().filter(is_reachable).collect();
        let at = reachable
            .iter()
            .position(|pane| *pane == self.focus)
            .unwrap_or(0) as isize;
        self.go_to(reachable[(at + by).rem_euclid(reachable.len() as isize) as usize]);
    }

    fn move_by(&mut self, rows: isize) {
        match self.focus {
            Pane::Connections => self.choose_connection(rows),
            Pane::Ladder => {
                self.choose_entry(rows);
                match rows {
                    isize::MAX => self.set_follow(Follow::On),
                    ..0 => self.set_follow(Follow::Off),
                    _ => {}
                }
            }
            Pane::Tree => {
                let len = self.nodes().len();
                self.tree.move_by(rows, len);
            }
            Pane::Hex => self.hex = self.hex.saturating_add_signed(rows),
            Pane::Account => self.account = self.account.saturating_add_signed(rows),
        }
    }

    fn choose_connection(&mut self, rows: isize) {
        let len = self.store.connections().len();
        self.connections.move_by(rows, len);
        self.forget_field();
    }

    fn choose_entry(&mut self, rows: isize) {
        let Some(connection) = self.store.connections().get(self.connections.selected) else {
            return;
        };
        let len = connection.entries().len();
        self.ladders
            .entry(connection.id)
            .or_default()
            .move_by(rows, len);
        self.forget_field();
    }

    fn forget_field(&mut self) {
        self.tree = Cursor::default();
        self.hex = 0;
    }

    /// Rows of the pane that has the keys.
    fn page(&self, screen: Rect) -> usize {
        let Some(panes) = Panes::of(screen, self.focus, self.detail) else {
            return 1;
        };
        let area = panes.area(self.focus);
        area.map_or(1, |area| usize::from(area.height).saturating_sub(1).max(1))
    }

    fn nodes(&self) -> Vec<view::Node> {
        self.raw
            .as_ref()
            .map_or_else(Vec::new, |(id, raw)| view::nodes(&self.store, *id, raw))
    }

    fn ladder(&self) -> Cursor {
        let id = ConnectionId(self.connections.selected as u32);
        self.ladders.get(&id).copied().unwrap_or_default()
    }

    /// Draws the screen. Windows follow their cursors here, so that a resize keeps what is selected in sight.
    pub fn draw(&mut self, area: Rect, buf: &mut Buffer) {
        self.read_selected();
        self.show_cursors(area);
        view::draw(&self.scene(), area, buf);
    }

    fn show_cursors(&mut self, screen: Rect) {
        let Some(panes) = Panes::of(screen, self.focus, self.detail) else {
            return;
        };
        let height =
            |area: Option<Rect>| area.map_or(1, |area| usize::from(area.height).saturating_sub(1));
        let connections = self.store.connections();
        if panes.connections.is_some() {
            self.connections
                .show(height(panes.connections), connections.len());
        }
        if let Some(connection) = connections
            .get(self.connections.selected)
            .filter(|_| panes.ladder.is_some())
        {
            self.ladders
                .entry(connection.id)
                .or_default()
                .show(height(panes.ladder), connection.entries().len());
        }
        if panes.tree.is_some() {
            let len = self.nodes().len();
            self.tree.show(height(panes.tree), len);
        }
        if let Some(pane) = panes.hex {
            self.hex = self.scene().hex_in_sight(pane);
        }
        if let Some(pane) = panes.account {
            self.account = self.scene().account_in_sight(pane);
        }
    }

    /// The bytes of the selected message are read again from the capture, once.
    fn read_selected(&mut self) {
        let selected = self.scene().entry_id();
        if self.raw.as_ref().map(|(id, _)| *id) != selected {
            self.raw = selected.and_then(|id| Some((id, read_raw(&self.store, &self.source, id)?)));
        }
    }

    fn scene(&self) -> Scene<'_> {
        Scene {
            store: &self.store,
            name: &self.name,
            progress: &self.progress,
            live: self.live.as_ref().map(|live| Live {
                control: &live.control,
                follow: live.follow,
                is_paused: live.is_paused,
                rate: live.rate.1,
                now: live.now,
                asks_to_quit: live.unkept == Unkept::Told,
            }),
            look: self.look,
            focus: self.focus,
            detail: self.detail,
            overlay: self.overlay,
            connections: self.connections,
            ladder: self.ladder(),
            tree: self.tree,
            hex: self.hex,
            account: self.account,
            raw: self.raw.as_ref().map(|(_, raw)| raw),
            keys: &self.keys,
        }
    }
}
