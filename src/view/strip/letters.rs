//! The row of letters of one direction.

use ratatui::style::{Modifier, Style};

use super::{LABEL, Picture, WIDE};
use crate::peer::{Flow, Talk};
use crate::view::canvas::Canvas;
use crate::view::look::cut;
use crate::view::{Scene, Tone, flow};

/// A row of letters.
pub(super) struct Letters<'a> {
    pub(super) scene: &'a Scene<'a>,
    /// The state of now.
    pub(super) talk: &'a Talk,
    /// 0 where A receives, 1 where B does.
    pub(super) direction: usize,
    /// How many there are.
    pub(super) cells: u16,
}

/// `A<B ddddDDDD  D open      3 in flight`. Without a picture, as long as nothing is studied, all is unknown but now.
pub(super) fn draw(letters: &Letters<'_>, picture: Option<&Picture<'_>>, canvas: &mut Canvas<'_>) {
    let (direction, tone) = (letters.direction, [Tone::A, Tone::B][letters.direction]);
    canvas.text(0, 0, ["A<B", "B<A"][direction], tone);
    if let Some(picture) = picture {
        draw_cells(picture, direction, canvas);
    } else {
        let unknown = canvas.look.glyphs.unknown;
        canvas.text(
            LABEL,
            0,
            &unknown.repeat(usize::from(letters.cells)),
            Tone::Dim,
        );
    }
    draw_now(letters, canvas);
}

/// The letter of now, in words as long as there is room for them, and the requests in flight.
fn draw_now(letters: &Letters<'_>, canvas: &mut Canvas<'_>) {
    let (talk, direction) = (letters.talk, letters.direction);
    let receiver = letters.scene.sides()[direction];
    let now = talk.flow_to(receiver);
    let x = LABEL + letters.cells + 1;
    let x = canvas.text(x, 0, flow::letter(now, direction), tone_of(now)) + 1;
    let words = if canvas.width() >= WIDE[0] {
        flow::words(talk, receiver, [["A", "B"], ["B", "A"]][direction])
    } else {
        flow::word(now).to_owned()
    };
    let flight = if canvas.width() >= WIDE[1] {
        flow::in_flight(talk, receiver)
    } else {
        format!("{} in flight", talk.peer(receiver).requests.len())
    };
    let room = usize::from(canvas.width().saturating_sub(x)).saturating_sub(flight.len() + 2);
    canvas.text(x, 0, &cut(&words, room, canvas.look.glyphs), Tone::Plain);
    canvas.right(0, &(flight + " "), Tone::Plain);
}

fn draw_cells(picture: &Picture<'_>, direction: usize, canvas: &mut Canvas<'_>) {
    let receiver = picture.scene.sides()[direction];
    let caret = picture.axis.caret();
    for (cell, column) in (0..).zip(&picture.columns) {
        let side = receiver.index();
        let flow = column.flow[side];
        let mut style = canvas.look.style(match flow {
            _ if picture.axis.is_ahead(cell) => Tone::Dim,
            flow => tone_of(flow),
        });
        // With one change the state before is in sight on the left; with two, one was here alone.
        if column.changes[side] > 1 {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        if caret == Some(cell) {
            style = caret_style(style);
        }
        canvas.styled(LABEL + cell, 0, flow::letter(flow, direction), style);
    }
    draw_elsewhere(picture, canvas);
}

/// An arrow where the selected message lies outside of the window.
fn draw_elsewhere(picture: &Picture<'_>, canvas: &mut Canvas<'_>) {
    let glyphs = canvas.look.glyphs;
    if picture.axis.caret().is_some() {
        return;
    }
    if picture.axis.now < picture.axis.window.start() {
        canvas.text(LABEL - 1, 0, glyphs.left, Tone::Strong);
    } else {
        canvas.text(LABEL + picture.axis.cells, 0, glyphs.right, Tone::Strong);
    }
}

fn caret_style(style: Style) -> Style {
    style
        .remove_modifier(Modifier::DIM)
        .add_modifier(Modifier::REVERSED)
}

/// What is wanted and allowed is strong, what is refused is to be looked at, what nobody wants steps back.
fn tone_of(flow: Flow) -> Tone {
    match flow {
        Flow::Open => Tone::Strong,
        Flow::Wanted => Tone::Warn,
        Flow::Allowed | Flow::Unknown => Tone::Dim,
        Flow::Idle => Tone::Plain,
    }
}

const LEGEND: [&str; 3] = [
    "A<B  D wanted and allowed   d wanted, B chokes   K allowed, not wanted",
    "B<A  U wanted and allowed   u wanted, A chokes   ? allowed, not wanted",
    "     . neither   ~ unknown   underlined: more in the cell   dim: yet to come",
];

pub(super) fn legend(canvas: &mut Canvas<'_>) {
    let to = canvas.look.glyphs.to;
    let graphs = format!("req  requests in flight   {to}A {to}B  bytes of blocks in a second");
    for (row, line) in (1..).zip(LEGEND.into_iter().chain([graphs.as_str()])) {
        canvas.text(1, row, line, Tone::Dim);
    }
}
