//! Who may send to whom at the selected message: choke, interest, requests in flight.

use super::canvas::Canvas;
use super::look::cut;
use super::{Scene, Tone};
use crate::peer::{Choke, Flow, Interest, Talk};
use crate::stream::Side;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(talk) = scene.talk else { return };
    let [a, b] = scene.sides();
    let [down, up] = letters(talk, [a, b]);
    draw_row(talk, canvas, 0, a, ["A", "B"], down, Tone::A);
    draw_row(talk, canvas, 1, b, ["B", "A"], up, Tone::B);
}

/// `A<B D  A interested, B unchoked            3 in flight, oldest p7 +0`
fn draw_row(
    talk: &Talk,
    canvas: &mut Canvas<'_>,
    row: u16,
    receiver: Side,
    names: [&str; 2],
    letter: &str,
    tone: Tone,
) {
    let is_open = talk.flow_to(receiver) == Flow::Open;
    let x = canvas.text(0, row, &format!("{}<{} ", names[0], names[1]), tone);
    let x = canvas.text(
        x,
        row,
        letter,
        if is_open { Tone::Strong } else { Tone::Plain },
    ) + 2;
    let flight = in_flight(talk, receiver) + " ";
    let room = usize::from(canvas.width().saturating_sub(x)).saturating_sub(flight.len() + 2);
    let words = cut(&words(talk, receiver, names), room, canvas.look.glyphs);
    canvas.text(x, row, &words, Tone::Plain);
    canvas.right(row, &flight, Tone::Plain);
}

/// The flags of clients' peer lists, from A's side: `D d K` for what it gets, `U u ?` for what it gives.
pub(super) fn letters(talk: &Talk, [a, b]: [Side; 2]) -> [&'static str; 2] {
    let letter = |flow, [wanted, allowed, open]: [&'static str; 3]| match flow {
        Flow::Unknown => "~",
        Flow::Idle => ".",
        Flow::Wanted => wanted,
        Flow::Allowed => allowed,
        Flow::Open => open,
    };
    [
        letter(talk.flow_to(a), ["d", "K", "D"]),
        letter(talk.flow_to(b), ["u", "?", "U"]),
    ]
}

fn words(talk: &Talk, receiver: Side, [receiver_name, sender_name]: [&str; 2]) -> String {
    let interest = match talk.peer(receiver).interest {
        Interest::Unknown => "interest unknown",
        Interest::NotInterested => "not interested",
        Interest::Interested => "interested",
    };
    let choke = match talk.peer(!receiver).choke {
        Choke::Unknown => "choke unknown",
        Choke::Choking => "chokes",
        Choke::Unchoked => "unchoked",
    };
    format!("{receiver_name} {interest}, {sender_name} {choke}")
}

fn in_flight(talk: &Talk, requester: Side) -> String {
    let requests = &talk.peer(requester).requests;
    match requests.iter().next() {
        None => "0 in flight".to_owned(),
        Some(oldest) => format!(
            "{} in flight, oldest p{} +{}",
            requests.len(),
            oldest.index,
            oldest.begin
        ),
    }
}
