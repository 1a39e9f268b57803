//! The map of pieces, and the walks behind it.

use ratatui::layout::Rect;

use super::Taken;
use crate::app::{Action, App};
use crate::store::{Blocks, Census, EntryId, PieceLife, Subject, Verification};
use crate::view::pieces::{self, Known, Wish};
use crate::view::{Arrangement, Pane, Panes};
use crate::wire::PieceIndex;

/// An entry that brings a block is looked at eight times as long as others.
const SHARE: usize = 8;
/// Blocks that are read again and hashed in a slice: some two milliseconds.
const READS: usize = 4;
/// Connections whose pieces are counted in a slice: of a million pieces each takes a tenth of a millisecond.
const CONNECTIONS: usize = 16;
/// Rows below the ladder from which on it shows what came of the pieces.
const MAPS: u16 = 3;

/// What is being found of the pieces of the selected torrent, and only while somebody looks.
#[derive(Debug, Default)]
pub(in crate::app) struct Pieces {
    is_shown: bool,
    subject: Option<Subject>,
    blocks: Option<Blocks>,
    hashing: Hashing,
    verification: Verification,
    life: Option<PieceLife>,
    census: Option<Census>,
}

/// Does the user want hashes? First the blocks are gathered.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Hashing {
    #[default]
    Begun,
    Asked,
}

impl Pieces {
    pub(in crate::app) fn known(&self, now: Option<EntryId>) -> Known<'_> {
        let census = self.census.as_ref();
        let census = census.filter(|it| it.is_whole() && Some(it.moment()) == now);
        Known {
            blocks: self.blocks.as_ref(),
            verification: Some(&self.verification),
            life: self.life.as_ref(),
            availability: census.map(Census::availability),
        }
    }

    /// Takes note of what the screen shows. True when there is work that nobody wanted before.
    pub(in crate::app) fn take_note(&mut self, screen: Rect, arrangement: Arrangement) -> bool {
        let panes = Panes::of(screen, arrangement).unwrap_or_default();
        let has_maps = panes.bars.is_some_and(|bars| bars.height >= MAPS);
        let was_shown = self.is_shown;
        self.is_shown = panes.pieces.is_some() || has_maps;
        self.is_shown && !was_shown
    }

    /// Another torrent, or the same known better: all begins anew.
    fn turn_to(&mut self, subject: Subject) {
        if self.subject != Some(subject) {
            *self = Pieces {
                is_shown: self.is_shown,
                subject: Some(subject),
                ..Pieces::default()
            };
        }
    }
}

impl App {
    pub(in crate::app) fn pieces_takes(&mut self, action: Action, screen: Rect) -> Taken {
        let Some(pane) = Panes::of(screen, self.arrangement).and_then(|panes| panes.pieces) else {
            return Taken::No;
        };
        let wish = match action {
            Action::Left => Wish::Cells(-1),
            Action::Right => Wish::Cells(1),
            Action::Up => Wish::Rows(-1),
            Action::Down => Wish::Rows(1),
            Action::HalfPageUp => Wish::HalfPages(-1),
            Action::HalfPageDown => Wish::HalfPages(1),
            Action::PageUp => Wish::HalfPages(-2),
            Action::PageDown => Wish::HalfPages(2),
            Action::First => Wish::To(0),
            Action::Last => Wish::To(u32::MAX),
            Action::ZoomIn => Wish::Nearer,
            Action::ZoomOut => Wish::Farther,
            Action::NextMode => Wish::NextMode,
            Action::Verify => {
                self.verify_pieces();
                return Taken::Yes;
            }
            Action::Open => {
                self.next_of_piece();
                return Taken::Yes;
            }
            _ => return Taken::No,
        };
        self.wish_of_pieces(wish, pane);
        Taken::Yes
    }

    pub(in crate::app) fn wish_of_pieces(&mut self, wish: Wish, pane: Rect) {
        self.views.pieces = pieces::granted(&self.scene(), pane, wish);
    }

    /// To the next message about the piece under the cursor, on whatever connection, and from the last to the first.
    fn next_of_piece(&mut self) {
        let life = self.pieces.life.as_ref();
        let events = life.map_or(&[][..], PieceLife::events);
        let now = self.selected();
        let next = events.iter().find(|event| Some(event.id) > now);
        match next.or(events.first()).map(|event| event.id) {
            Some(id) if Some(id) <= now => {
                self.notice = Some("that was the last: this is the first".to_owned());
                self.select_entry(id);
            }
            Some(id) => self.select_entry(id),
            None => self.notice = Some("no message about this piece".to_owned()),
        }
    }

    /// Goes to the next message about a piece. The cursor of the map is then on it, on the last if there are fewer.
    pub(in crate::app) fn go_to_piece(&mut self, piece: u64) {
        let on_map = u32::try_from(piece).unwrap_or(u32::MAX);
        self.wish_of_pieces(Wish::To(on_map), Rect::default());
        self.find(&format!("=index == {piece}"));
    }

    /// Hashes all pieces that peers of the torrent received, but for those that are known to be right.
    pub fn verify_pieces(&mut self) {
        let connection = self.scene().connection();
        let swarm = connection.and_then(|connection| self.store.swarm_of(connection));
        if swarm.is_none_or(|swarm| swarm.metainfo().is_none()) {
            self.notice = Some("no hash is known: name the torrent with --torrent".to_owned());
            return;
        }
        self.pieces.hashing = Hashing::Asked;
        self.go_to(Pane::Pieces);
    }

    /// Leaves what is not hashed yet; false if there was nothing.
    pub(in crate::app) fn stop_verifying(&mut self) -> bool {
        let is_running = !self.pieces.verification.is_done();
        if is_running {
            self.pieces.verification.stop();
            self.notice = Some("stopped: v goes on".to_owned());
        }
        is_running
    }

    /// True when nothing is left to find, or nobody looks.
    pub(in crate::app) fn go_on_with_pieces(&mut self, entries: usize) -> bool {
        if !self.pieces.is_shown {
            return true;
        }
        self.gather_blocks(entries)
            && self.follow_piece(entries)
            && self.count_peers()
            && self.hash_blocks()
    }

    fn gather_blocks(&mut self, entries: usize) -> bool {
        let Some(connection) = self.scene().connection() else {
            return true;
        };
        let subject = Subject::of(&self.store, connection);
        self.pieces.turn_to(subject);
        let blocks = self
            .pieces
            .blocks
            .get_or_insert_with(|| Blocks::new(subject));
        blocks.step(&self.store, entries / SHARE)
    }

    /// Only the map has a card.
    fn follow_piece(&mut self, entries: usize) -> bool {
        let Some(subject) = self
            .pieces
            .subject
            .filter(|_| self.arrangement.focus == Pane::Pieces)
        else {
            return true;
        };
        let piece = PieceIndex(pieces::chosen(&self.scene()));
        let life = self.pieces.life.take().filter(|life| life.piece() == piece);
        let life = self
            .pieces
            .life
            .insert(life.unwrap_or_else(|| PieceLife::new(subject, piece)));
        life.step(&self.store, entries)
    }

    /// Counts who has what at the selected message.
    fn count_peers(&mut self) -> bool {
        let wants = self.views.pieces.wants_availability();
        let (Some(Subject::Torrent(hash)), Some(now)) = (self.pieces.subject, self.selected())
        else {
            return true;
        };
        if !wants {
            return true;
        }
        let census = self
            .pieces
            .census
            .get_or_insert_with(|| Census::new(hash, now));
        if census.moment() != now {
            census.go_to(&self.store, now);
        }
        census.step(&self.store, CONNECTIONS)
    }

    fn hash_blocks(&mut self) -> bool {
        let Some(blocks) = &self.pieces.blocks else {
            return true;
        };
        let verification = &mut self.pieces.verification;
        if self.pieces.hashing == Hashing::Asked {
            self.pieces.hashing = Hashing::Begun;
            verification.ask(blocks);
        }
        verification.step(&self.store, &self.source, blocks, READS)
    }
}
