//! What was asked for, and what became of it: figures, how many waited over time, and a list.

mod depth;
mod head;
mod list;

use super::canvas::Canvas;
use super::{Cursor, Scene, Tone};
use crate::capture::Timestamp;
use crate::peer::{Asked, Fate};
use crate::store::{Connection, Figures, Listing, Order, Slowest, Study, Waits, Wanted};
use crate::stream::{ConnectionId, Side};

/// Of which moment it tells.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// Of the selected message; of the whole conversation while nothing was asked yet, so that there is something to
    /// see.
    #[default]
    AsItComes,
    /// Of the selected message.
    Cursor,
    /// Of the end.
    Whole,
}

/// Entries of a slice of the search for the slowest request of the capture.
const SLICE: usize = 10_000;

/// What is chosen in it, and what was computed for that.
#[derive(Clone, Debug, Default)]
pub struct State {
    span: Span,
    order: Order,
    by: Option<Side>,
    is_open: bool,
    cursor: Cursor,
    connection: Option<ConnectionId>,
    waits: Waits,
    shown: Option<Listing>,
    /// In the making.
    coming: Option<Listing>,
    slowest: Slowest,
}

/// The conversation that is looked at, and the moment of it.
#[derive(Clone, Copy)]
struct View<'a> {
    scene: &'a Scene<'a>,
    connection: &'a Connection,
    study: &'a Study,
    /// Of what came up to this entry, with what was known then.
    entry: u32,
    now: Timestamp,
    is_whole: bool,
}

impl State {
    /// Does a slice of what the view needs; false when there is no more to do.
    pub fn work(&mut self, scene: &Scene<'_>) -> bool {
        let Some((connection, study)) = scene.connection().zip(scene.study) else {
            return false;
        };
        let is_behind = study.known() < self.waits.known();
        if is_behind || self.connection != Some(connection.id) {
            self.forget(connection.id);
        }
        let ledger = study.ledger();
        if self
            .waits
            .step(scene.store, connection, ledger, study.known())
        {
            return true;
        }
        let Some(view) = View::of(scene, self) else {
            return false;
        };
        let wanted = self.wanted(&view);
        if self.shown.as_ref().map(Listing::wanted) == Some(wanted) {
            return self.look_for_slowest(scene);
        }
        // What only grows meanwhile is finished first: else it never would be.
        let coming = self.coming.take();
        let coming = coming.filter(|it| is_like(it.wanted(), wanted, view.is_whole));
        let mut coming = coming.unwrap_or_else(|| Listing::new(wanted, ledger));
        let has_more = coming.step(scene.store, connection, ledger);
        if has_more {
            self.coming = Some(coming);
            return true;
        }
        let is_old = coming.wanted() != wanted;
        self.show(coming, &view);
        is_old || self.look_for_slowest(scene)
    }

    /// Over all conversations, once they are all there.
    fn look_for_slowest(&mut self, scene: &Scene<'_>) -> bool {
        scene.progress.is_done && !self.slowest.step(scene.store, SLICE)
    }

    fn forget(&mut self, connection: ConnectionId) {
        *self = State {
            span: self.span,
            order: self.order,
            by: None,
            is_open: self.is_open,
            connection: Some(connection),
            slowest: std::mem::take(&mut self.slowest),
            ..State::default()
        };
    }

    /// Another list begins with its first row. In the order of time, the moment's own row is the last.
    fn show(&mut self, listing: Listing, view: &View<'_>) {
        let before = self.shown.as_ref().map(Listing::wanted);
        let is_grown = before.is_some_and(|it| is_like(it, listing.wanted(), view.is_whole));
        if !is_grown {
            let is_at_end = self.order == Order::Time && !view.is_whole;
            self.cursor = Cursor {
                selected: if is_at_end { usize::MAX } else { 0 },
                offset: 0,
            };
        }
        self.shown = Some(listing);
    }

    fn wanted(&self, view: &View<'_>) -> Wanted {
        Wanted {
            order: self.order,
            by: self.by,
            is_open: self.is_open,
            entry: view.entry,
            now: view.now,
        }
    }

    /// The rows as they are asked for; `None` while they are made.
    fn rows(&self, view: &View<'_>) -> Option<&Listing> {
        let shown = self.shown.as_ref()?;
        is_like(shown.wanted(), self.wanted(view), view.is_whole).then_some(shown)
    }

    /// Moves in the list.
    pub fn move_by(&mut self, rows: isize) {
        let len = self.shown.as_ref().map_or(0, Listing::len);
        self.cursor.move_by(rows, len);
    }

    /// Keeps the chosen row in a window of so many.
    pub fn show_cursor(&mut self, height: usize) {
        let len = self.shown.as_ref().map_or(0, Listing::len);
        self.cursor.show(height, len);
    }

    /// Chooses a row of the window.
    pub fn choose(&mut self, row: usize) {
        let len = self.shown.as_ref().map_or(0, Listing::len);
        self.cursor.selected = (self.cursor.offset + row).min(len.saturating_sub(1));
    }

    /// As of the selected message, or the whole conversation.
    pub fn turn_span(&mut self, scene: &Scene<'_>) {
        let is_whole = View::of(scene, self).is_some_and(|view| view.is_whole);
        self.span = if is_whole { Span::Cursor } else { Span::Whole };
    }

    /// The next order.
    pub fn turn_order(&mut self) {
        self.order = match self.order {
            Order::Time => Order::Wait,
            Order::Wait => Order::Fate,
            Order::Fate => Order::Time,
        };
    }

    /// Both sides, then the one that is called A, then the other.
    pub fn turn_side(&mut self, [a, b]: [Side; 2]) {
        self.by = match self.by {
            None => Some(a),
            Some(by) if by == a => Some(b),
            Some(_) => None,
        };
    }

    /// All, or those that wait.
    pub fn turn_open(&mut self) {
        self.is_open = !self.is_open;
    }

    /// The chosen request, as far as it is known as of the moment.
    pub fn selected(&self, scene: &Scene<'_>) -> Option<Asked> {
        let view = View::of(scene, self)?;
        let number = self.rows(&view)?.get(self.cursor.selected)?;
        Some(view.asked(number))
    }
}

/// The same list, but for what was said since, or for the moment that went on.
fn is_like(one: Wanted, other: Wanted, is_whole: bool) -> bool {
    let at = |it: Wanted| Wanted {
        entry: 0,
        now: Timestamp(0),
        ..it
    };
    if is_whole {
        at(one) == at(other) && one.entry <= other.entry
    } else {
        one == other
    }
}

impl<'a> View<'a> {
    fn of(scene: &'a Scene<'a>, state: &State) -> Option<View<'a>> {
        let (connection, study) = scene.connection().zip(scene.study)?;
        // A study that is made anew knows less than was known before.
        let is_behind = study.known() < state.waits.known();
        if is_behind || state.connection != Some(connection.id) {
            return None;
        }
        let (last, ordinal) = (study.known().checked_sub(1)?, scene.ordinal()? as u32);
        let has_asked = || study.ledger().before(ordinal + 1) > 0 || study.ledger().is_empty();
        let is_whole = match state.span {
            Span::AsItComes => !has_asked(),
            Span::Cursor => false,
            Span::Whole => true,
        };
        let end = connection.segments().close;
        let end = end.map_or(connection.activity.last.time, |close| close.time);
        Some(View {
            scene,
            connection,
            study,
            entry: if is_whole { last } else { ordinal },
            now: if is_whole { end } else { scene.now()? },
            is_whole,
        })
    }

    fn asked(&self, number: usize) -> Asked {
        self.study.ledger().get(number).as_of(self.entry)
    }

    fn figures(&self, state: &State, by: Side) -> Figures {
        let moment = (self.entry, self.now);
        state.waits.figures(
            self.scene.store,
            self.connection,
            self.study.ledger(),
            by,
            moment,
        )
    }

    /// Nothing more can come.
    fn has_ended(&self) -> bool {
        self.is_whole && (self.connection.activity.closed.is_some() || self.scene.progress.is_done)
    }

    /// What became of a request, in a word.
    fn fate(&self, fate: Fate) -> &'static str {
        match fate {
            Fate::Open | Fate::Unanswered if self.has_ended() => Fate::Unanswered.word(),
            Fate::Open | Fate::Unanswered => "waits",
            fate => fate.word(),
        }
    }

    fn name(&self, side: Side) -> (&'static str, Tone) {
        if side == self.scene.sides()[0] {
            ("A", Tone::A)
        } else {
            ("B", Tone::B)
        }
    }
}

/// Rows of the list on a pane of this size.
pub(crate) fn list_height(scene: &Scene<'_>, height: u16) -> usize {
    let state = &scene.views.requests;
    let head = View::of(scene, state).map_or(0, |view| head::height(&view, state, height));
    usize::from(height).saturating_sub(head + 1)
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(connection) = scene.connection() else {
        return super::ladder::waiting(scene, canvas);
    };
    let state = &scene.views.requests;
    let Some(view) = View::of(scene, state) else {
        let text = if connection.entries().is_empty() {
            "nothing was said on this connection"
        } else {
            "looking at the requests"
        };
        canvas.text(1, 0, text, Tone::Dim);
        return;
    };
    let height = head::draw(&view, state, canvas);
    list::draw(&view, state, &mut canvas.below(height));
}
