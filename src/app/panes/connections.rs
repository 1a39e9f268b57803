use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::view::connections::{Choice, Direction, Scope, moment};

/// Connections that are sorted in a slice.
const SORTED: usize = 4096;

impl App {
    pub(in crate::app) fn connections_takes(&mut self, action: Action, _screen: Rect) -> Taken {
        let choice = self.views.connections.choice;
        self.views.connections.choice = match action {
            Action::NextOrder => Choice {
                order: choice.order.next(),
                ..choice
            },
            Action::OtherDirection => Choice {
                direction: match choice.direction {
                    Direction::Up => Direction::Down,
                    Direction::Down => Direction::Up,
                },
                ..choice
            },
            Action::Group => Choice {
                groups: choice.groups.next(),
                ..choice
            },
            Action::OnlyBitTorrent => Choice {
                scope: match choice.scope {
                    Scope::All => Scope::BitTorrent,
                    Scope::BitTorrent => Scope::All,
                },
                ..choice
            },
            _ => return Taken::No,
        };
        Taken::Yes
    }

    /// Sorts the list, and finds what its rows show as of the selected message; true when all is done.
    pub(in crate::app) fn go_on_listing(&mut self, messages: usize) -> bool {
        let (selected, store) = (self.connections.selected, &self.store);
        let moment = moment(store, self.selected());
        let list = &mut self.views.connections;
        let is_sorted = list.step((store, &self.judging.findings), &self.point_of_view, SORTED);
        let is_found = moment.is_none_or(|it| list.find_shares(store, selected, it, messages));
        is_sorted && is_found
    }

    /// The window of the list goes with its cursor.
    pub(in crate::app) fn show_connections(&mut self, height: usize) {
        let list = &self.views.connections;
        let mut rows = self.connections;
        rows.selected = list.row_of(self.connections.selected);
        rows.show(height, list.len(&self.store));
        self.connections.offset = rows.offset;
    }
}
