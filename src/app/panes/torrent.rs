use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::stream::ConnectionId;
use crate::view::connections::moment;
use crate::view::torrent::{Section, list_height};
use crate::view::{Pane, Panes, View};
use crate::wire::InfoHash;

impl App {
    pub(in crate::app) fn torrent_takes(&mut self, action: Action, screen: Rect) -> Taken {
        let page = Panes::of(screen, self.arrangement)
            .and_then(|panes| panes.torrent)
            .map_or(1, |pane| list_height(pane.height, &self.views.torrent))
            as isize;
        match action {
            Action::NextMode => self.views.torrent.section = self.views.torrent.section.next(),
            Action::Span => self.views.torrent.span = self.views.torrent.span.other(),
            Action::NextTorrent => self.other_torrent(1),
            Action::PreviousTorrent => self.other_torrent(-1),
            Action::Up => self.move_in_torrent(-1),
            Action::Down => self.move_in_torrent(1),
            Action::PageUp => self.move_in_torrent(-page),
            Action::PageDown => self.move_in_torrent(page),
            Action::HalfPageUp => self.move_in_torrent(-(page / 2).max(1)),
            Action::HalfPageDown => self.move_in_torrent((page / 2).max(1)),
            Action::First => self.move_in_torrent(isize::MIN),
            Action::Last => self.move_in_torrent(isize::MAX),
            Action::Open => self.open_of_torrent(),
            _ => return Taken::No,
        }
        Taken::Yes
    }

    pub(in crate::app) fn move_in_torrent(&mut self, rows: isize) {
        let (cursor, len) = self.views.torrent.cursor(&self.store);
        cursor.move_by(rows, len);
    }

    /// The window of the list goes with its cursor.
    pub(in crate::app) fn show_torrent(&mut self, screen: Rect) {
        let pane = Panes::of(screen, self.arrangement).and_then(|panes| panes.torrent);
        if let Some(pane) = pane {
            self.views.torrent.width = pane.width;
            let height = list_height(pane.height, &self.views.torrent);
            let (cursor, len) = self.views.torrent.cursor(&self.store);
            cursor.show(height, len);
        }
    }

    /// Counts for the torrent that is shown; true when all is counted.
    pub(in crate::app) fn go_on_counting(&mut self, entries: usize) -> bool {
        if self.arrangement.view != View::Torrent {
            return true;
        }
        let moment = moment(&self.store, self.selected());
        let (Some(moment), Some((_, torrent))) = (moment, self.torrent()) else {
            return true;
        };
        self.views
            .torrent
            .step(&self.store, torrent, moment, entries)
    }

    /// The torrent that is shown, and its place among all.
    fn torrent(&self) -> Option<(usize, InfoHash)> {
        let connection = self.scene().connection();
        let torrent = self.views.torrent.torrent(&self.store, connection)?;
        let hash = torrent.real_hashes().0;
        let at = self
            .store
            .torrents()
            .position(|it| it.real_hashes().0 == hash)?;
        Some((at, hash))
    }

    fn other_torrent(&mut self, by: isize) {
        let Some((at, _)) = self.torrent() else {
            return;
        };
        let count = self.store.torrents().count() as isize;
        self.choose_torrent((at as isize + by).rem_euclid(count) as usize);
    }

    fn choose_torrent(&mut self, at: usize) {
        let chosen = self
            .store
            .torrents()
            .nth(at)
            .map(|swarm| swarm.real_hashes().0);
        let state = &mut self.views.torrent;
        state.chosen = chosen;
        (state.peers, state.chunks, state.gifts) = Default::default();
        state.torrents.selected = at;
    }

    /// A torrent is shown; of a peer, or of two, the ladder.
    fn open_of_torrent(&mut self) {
        let state = &self.views.torrent;
        match state.section {
            Section::Torrents => {
                self.choose_torrent(state.torrents.selected);
                self.views.torrent.section = Section::Peers;
            }
            Section::Pieces => {}
            Section::Peers | Section::Exchange => {
                if let Some(connection) = self.connection_of_row() {
                    self.select_connection(connection.0 as usize);
                    self.go_to(Pane::Ladder);
                }
            }
        }
    }

    /// The newest connection of the selected peer, or of the two between which the selected blocks went.
    fn connection_of_row(&self) -> Option<ConnectionId> {
        let state = &self.views.torrent;
        if state.section == Section::Peers {
            let peers = state.census.as_ref()?.roster().peers();
            let connections = &peers.get(state.peers.selected)?.connections;
            return connections.last().map(|(id, _)| *id);
        }
        let exchange = state.exchange.as_ref()?;
        let (from, to) = exchange.gifts().keys().nth(state.gifts.selected)?;
        let roster = exchange.roster();
        let connections = roster.peers()[*from as usize].connections.iter();
        let is_of_both = |id: &ConnectionId| roster.peers_of(*id).is_some_and(|it| it.contains(to));
        connections.map(|(id, _)| *id).rfind(is_of_both)
    }
}
