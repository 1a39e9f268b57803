//! Who may send to whom at one moment: choke, interest, requests in flight.

use crate::peer::{Choke, Flow, Interest, Talk};
use crate::stream::Side;

/// The flags of clients' peer lists, from A's side: `D d K` for what it gets, `U u ?` for what it gives. The letter of
/// a direction: 0 where A receives, 1 where B does.
pub(super) fn letter(flow: Flow, direction: usize) -> &'static str {
    match flow {
        Flow::Unknown => "~",
        Flow::Idle => ".",
        Flow::Wanted => ["d", "u"][direction],
        Flow::Allowed => ["K", "?"][direction],
        Flow::Open => ["D", "U"][direction],
    }
}

/// What a letter says, in one word.
pub(super) fn word(flow: Flow) -> &'static str {
    match flow {
        Flow::Unknown => "unknown",
        Flow::Idle => "idle",
        Flow::Wanted => "choked",
        Flow::Allowed => "unwanted",
        Flow::Open => "open",
    }
}

/// What both sides say: `A interested, B unchoked`.
pub(super) fn words(
    talk: &Talk,
    receiver: Side,
    [receiver_name, sender_name]: [&str; 2],
) -> String {
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

/// `3 in flight, oldest p7 +0`
pub(super) fn in_flight(talk: &Talk, requester: Side) -> String {
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
