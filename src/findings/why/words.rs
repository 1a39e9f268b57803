//! The sentence.

use super::{Interested, Unchoked, Why, WhyNot};
use crate::stream::{Closing, Side};

/// Nanoseconds of a second.
const SECOND: f64 = 1e9;

impl Why {
    /// One sentence without its full stop; `name` says what a side is called.
    pub fn words(&self, name: impl Fn(Side) -> String) -> String {
        let (own, other) = (name(self.side), name(!self.side));
        match self.reason {
            WhyNot::Downloads(blocks) => {
                let blocks = counted(blocks, "block");
                format!("{own} downloads: {blocks} in the last 10 s")
            }
            WhyNot::HasAll(blocks) => complete(&own, blocks),
            WhyNot::UploadOnly => format!("{own} says that it will not download"),
            WhyNot::NotInterested(was, beyond) => careless(&own, &other, was, beyond),
            WhyNot::Choked(was, nanos) => refused(&own, &other, was, &seconds(nanos)),
            WhyNot::AsksNothing(nanos) => {
                let time = seconds(nanos);
                format!("{own} was interested and unchoked for {time} and asked for nothing")
            }
            WhyNot::AskedBefore(nanos) => {
                let time = seconds(nanos);
                format!(
                    "{own} is interested and unchoked, has no request open and asked for nothing for {time}"
                )
            }
            WhyNot::NotServed(requests, nanos) => {
                let (requests, time) = (counted(requests, "open request"), seconds(nanos));
                format!("{other} has answered none of {requests} for {time}")
            }
            WhyNot::Unknown(whose) => {
                format!("words of {} are missing: nobody can tell", name(whose))
            }
            WhyNot::NoAnswer => "no handshake: no answer to the SYN was seen".to_owned(),
            WhyNot::Refused(by) => format!("no handshake: {} refused the connection", name(by)),
            WhyNot::Silent(closed) => silent(closed.map(|(how, by)| (how, name(by)))),
            WhyNot::Encrypted => "encrypted: nobody can tell".to_owned(),
            WhyNot::NotBitTorrent(Some(what)) => format!("no connection of peers: {what}"),
            WhyNot::NotBitTorrent(None) => "no BitTorrent handshake".to_owned(),
            WhyNot::OneHandshake(by, closed) => {
                alone(&name(by), closed.map(|(how, by)| (how, name(by))))
            }
        }
    }
}

fn complete(own: &str, blocks: u32) -> String {
    match blocks {
        0 => format!("{own} has all pieces"),
        _ => format!(
            "{own} has all pieces: {} came here",
            counted(blocks, "block")
        ),
    }
}

fn careless(own: &str, other: &str, was: Interested, beyond: Option<u32>) -> String {
    let is = match was {
        Interested::Never => "was never interested",
        Interested::Before => "is not interested any more",
    };
    match beyond {
        None => format!("{own} {is}, and {other} has all pieces"),
        Some(0) => format!("{own} {is}: {other} told of no piece beyond its own"),
        Some(count) => {
            let pieces = counted(count, "piece");
            format!("{own} {is}, though {other} told of {pieces} beyond its own")
        }
    }
}

fn refused(own: &str, other: &str, was: Unchoked, time: &str) -> String {
    match was {
        Unchoked::Never => format!("{other} never unchoked {own}, which was interested for {time}"),
        Unchoked::Before => {
            format!("{other} chokes {own}, which has been interested and choked for {time}")
        }
    }
}

fn silent(closed: Option<(Closing, String)>) -> String {
    match closed {
        None => "no handshake: nothing was said".to_owned(),
        Some((how, by)) => {
            let how = segment(how);
            format!("no handshake: {by} closed with {how} before anything was said")
        }
    }
}

fn alone(by: &str, closed: Option<(Closing, String)>) -> String {
    match closed {
        None => format!("only {by} sent a handshake: it was not answered"),
        Some((how, who)) => {
            let how = segment(how);
            format!("only {by} sent a handshake, then {who} closed with {how}")
        }
    }
}

fn segment(how: Closing) -> &'static str {
    match how {
        Closing::Fin => "a FIN",
        Closing::Rst => "a RST",
    }
}

fn counted(count: u32, what: &str) -> String {
    let plural = if count == 1 { "" } else { "s" };
    format!("{count} {what}{plural}")
}

fn seconds(nanos: i64) -> String {
    format!("{:.1} s", nanos as f64 / SECOND)
}
