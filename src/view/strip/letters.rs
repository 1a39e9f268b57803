//! The row of letters of one direction.

use ratatui::style::{Modifier, Style};

use super::{LABEL, NARROW, Picture, WIDE};
use crate::peer::{Flow, Talk};
use crate::view::canvas::Canvas;
use crate::view::look::cut;
use crate::view::{Scene, Tone, flow};

/// `A<B ddddDDDD  D open      3 in flight`. Without a picture, as long as nothing is studied, all is unknown but now.
pub(super) fn draw(
    scene: &Scene<'_>,
    talk: &Talk,
    picture: Option<&Picture<'_>>,
    direction: usize,
    cells: u16,
    right: u16,
    canvas: &mut Canvas<'_>,
) {
    let names = [["A", "B"], ["B", "A"]][direction];
    let tone = [Tone::A, Tone::B][direction];
    canvas.text(0, 0, &format!("{}<{}", names[0], names[1]), tone);
    match picture {
        Some(picture) => draw_cells(picture, direction, canvas),
        None => {
            let unknown = canvas.look.glyphs.unknown.repeat(usize::from(cells));
            canvas.text(LABEL, 0, &unknown, Tone::Dim);
        }
    }
    let receiver = scene.sides()[direction];
    let now = talk.flow_to(receiver);
    let x = LABEL + cells + 1;
    let x = canvas.text(x, 0, flow::letter(now, direction), tone_of(now)) + 1;
    let has_words = right > NARROW;
    let flight = if canvas.width() >= WIDE[1] {
        flow::in_flight(talk, receiver)
    } else {
        format!("{} in flight", talk.peer(receiver).requests.len())
    };
    let words = if has_words {
        flow::words(talk, receiver, names)
    } else {
        flow::word(now).to_owned()
    };
    let room = usize::from(canvas.width().saturating_sub(x)).saturating_sub(flight.len() + 2);
    let words = cut(&words, room, canvas.look.glyphs);
    canvas.text(x, 0, &words, Tone::Plain);
    canvas.right(0, &(flight + " "), Tone::Plain);
}

fn draw_cells(picture: &Picture<'_>, direction: usize, canvas: &mut Canvas<'_>) {
    let receiver = picture.scene.sides()[direction];
    let caret = picture.caret();
    for (cell, column) in (0..).zip(&picture.columns) {
        let side = receiver.index();
        let flow = column.flow[side];
        let mut style = canvas.look.style(match flow {
            _ if picture.is_ahead(cell) => Tone::Dim,
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
    if picture.caret().is_some() {
        return;
    }
    if picture.now < picture.window.start() {
        canvas.text(LABEL - 1, 0, glyphs.left, Tone::Strong);
    } else {
        canvas.text(LABEL + picture.cells(), 0, glyphs.right, Tone::Strong);
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

const LEGEND: [&str; 4] = [
    "A<B  D wanted and allowed   d wanted, B chokes   K allowed, not wanted",
    "B<A  U wanted and allowed   u wanted, A chokes   ? allowed, not wanted",
    "     . neither   ~ unknown   underlined: more in the cell   dim: yet to come",
    "req  requests in flight     to A, to B  bytes of blocks in a second",
];

pub(super) fn legend(canvas: &mut Canvas<'_>) {
    for (row, line) in (1..).zip(LEGEND) {
        canvas.text(1, row, line, Tone::Dim);
    }
}
