//! Who may send to whom at the selected message: choke, interest, requests in flight.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use super::look::{cut, put, put_right};
use super::{Scene, Tone};
use crate::peer::{Choke, Flow, Interest, Talk};
use crate::stream::Side;

pub(super) fn draw(scene: &Scene<'_>, area: Rect, buf: &mut Buffer) {
    let Some(talk) = scene.talk() else { return };
    let sides = scene.sides();
    for (row, (name, letter)) in ["A<B", "B<A"]
        .into_iter()
        .zip(letters(&talk, sides))
        .enumerate()
    {
        let receiver = sides[row];
        let names = if row == 0 { ["A", "B"] } else { ["B", "A"] };
        let tone = if row == 0 { Tone::A } else { Tone::B };
        let x = put(
            scene,
            area,
            0,
            row as u16,
            name,
            scene.look.style(tone),
            buf,
        );
        let open = talk.flow_to(receiver) == Flow::Open;
        let x = put(
            scene,
            area,
            x + 1,
            row as u16,
            letter,
            scene
                .look
                .style(if open { Tone::Strong } else { Tone::Plain }),
            buf,
        );
        let flight = in_flight(&talk, receiver);
        let room = usize::from(area.width - x).saturating_sub(flight.len() + 4);
        let words = cut(&words(&talk, receiver, names), room, &scene.look.glyphs);
        put(
            scene,
            area,
            x + 2,
            row as u16,
            &words,
            scene.look.style(Tone::Plain),
            buf,
        );
        put_right(
            scene,
            area,
            row as u16,
            &format!("{flight} "),
            scene.look.style(Tone::Plain),
            buf,
        );
    }
}

/// The flags of clients' peer lists, from A's side: `D d K` for what it gets, `U u ?` for what it gives.
pub(super) fn letters(talk: &Talk, [a, b]: [Side; 2]) -> [&'static str; 2] {
    let down = match talk.flow_to(a) {
        Flow::Unknown => "~",
        Flow::Idle => ".",
        Flow::Wanted => "d",
        Flow::Allowed => "K",
        Flow::Open => "D",
    };
    let up = match talk.flow_to(b) {
        Flow::Unknown => "~",
        Flow::Idle => ".",
        Flow::Wanted => "u",
        Flow::Allowed => "?",
        Flow::Open => "U",
    };
    [down, up]
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
