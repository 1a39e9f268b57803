//! A connection in one row: flags and pieces as of the selected message, the rest of the whole capture.

use super::super::Scene;
use super::super::findings::worst_of;
use super::super::flow;
use super::super::look::cut;
use crate::export::{bytes, close_reason, duration, torrent_name};
use crate::findings::Severity;
use crate::packet::Endpoint;
use crate::peer::Flow;
use crate::store::{Connection, Protocol, SideFacts, Store};
use crate::stream::{Closing, Side, Transport};
use crate::wire::{Kind, Method};

/// From so many columns on, addresses are whole.
const WIDE: u16 = 60;
/// From so many, the pieces of both sides have room.
const NARROW: u16 = 40;
/// From so many, how much is wrong.
const WRONG: u16 = 90;
/// From so many, bytes and durations.
const WIDER: u16 = 118;
/// From so many, the torrent.
const WIDER_STILL: u16 = 140;
/// From so many, the clients: nothing is left out.
const WIDEST: u16 = 178;
/// Columns of two short addresses, so that the last column is left to the scrollbar.
const PAIR: usize = 18;
const ADDRESS: usize = 21;
const NAME: usize = 18;

/// The names of the columns on a pane of this width.
pub(super) fn title(width: u16) -> String {
    match width {
        ..NARROW => "   # A and B            flow B has".to_owned(),
        NARROW..WIDE => "   # A and B            flow A has B has".to_owned(),
        _ => {
            let mut text = format!("   # {:<ADDRESS$}   {:<ADDRESS$} ", "A opened", "B");
            if width >= WIDEST {
                text += &format!("{:<NAME$} {:<NAME$} ", "client of A", "client of B");
            }
            if width >= WIDER_STILL {
                text += &format!("{:<NAME$} ", "torrent");
            }
            text += "A<B A has B has ";
            if width >= WIDER {
                text += &format!("{:>9} {:>9} {:>14} ", "to A", "to B", "lasted");
            }
            if width >= WRONG {
                return text + " msgs wrong end";
            }
            text + " msgs end"
        }
    }
}

pub(super) fn words(scene: &Scene<'_>, connection: &Connection, width: u16) -> String {
    match width {
        WIDE.. => wide(scene, connection, width),
        NARROW.. => narrow(scene, connection),
        _ => narrowest(scene, connection),
    }
}

/// `12 10.77.0.2:40997  → 10.77.0.3:6881   D .  100%   27%   1383 FIN A`
fn wide(scene: &Scene<'_>, connection: &Connection, width: u16) -> String {
    let [a, b] = scene.sides_of(connection);
    let glyphs = scene.look.glyphs;
    let [from, to] = [a, b].map(|side| cut(&connection.end(side).to_string(), ADDRESS, glyphs));
    let mut text = format!(
        "{:>3} {from:<ADDRESS$} {} {to:<ADDRESS$} ",
        connection.id, glyphs.to
    );
    if width >= WIDEST {
        for side in [a, b] {
            let client = connection.client(side).unwrap_or_default();
            text += &format!("{:<NAME$} ", cut(client, NAME, glyphs));
        }
    }
    if width >= WIDER_STILL {
        let name = torrent(scene.store, connection);
        text += &format!("{:<NAME$} ", cut(&name, NAME, glyphs));
    }
    text += &both(scene, connection);
    if width >= WIDER {
        let sent = |side| {
            connection
                .facts(side)
                .map_or(0, |facts| facts.payload_bytes)
        };
        let lasted = connection.activity.last.time.since(connection.first.time);
        let [down, up] = [b, a].map(|side| bytes(sent(side)));
        text += &format!(" {down:>9} {up:>9} {:>14}", duration(lasted));
    }
    let (messages, end) = (connection.entries().len(), end(scene.store, connection, a));
    text += &format!(" {messages:>6} ");
    if width >= WRONG {
        text += &format!("{:>5} ", wrong(scene, connection));
    }
    text + &end
}

fn torrent(store: &Store, connection: &Connection) -> String {
    let name = torrent_name(store, connection).map(str::to_owned);
    let hash = || connection.info_hash().map(|hash| hash.to_string());
    name.or_else(hash).unwrap_or_default()
}

/// `12 .2:40997 → .3:6881   D .  100%   27%`
fn narrow(scene: &Scene<'_>, connection: &Connection) -> String {
    let (id, pair) = (connection.id, pair(scene, connection));
    format!("{id:>3} {pair} {}", both(scene, connection))
}

/// `12 .2:40997 → .3:6881   D .   27%`
fn narrowest(scene: &Scene<'_>, connection: &Connection) -> String {
    let (id, pair) = (connection.id, pair(scene, connection));
    let state = if let Some(word) = instead(scene.store, connection) {
        marked(scene, connection, word, 9)
    } else {
        let (flags, [_, b_has]) = state(scene, connection);
        format!("{flags}{}{b_has:>5}", mark(connection))
    };
    format!("{id:>3} {pair} {state:<9}")
}

/// A letter where there are errors or warnings, for lists without a column for them.
pub(super) fn sign(scene: &Scene<'_>, connection: &Connection, width: u16) -> &'static str {
    match width {
        WRONG.. => " ",
        _ => worst_of(scene.findings.of_connection(connection.id)),
    }
}

/// `E12`: the worst there is, and how many errors and warnings.
fn wrong(scene: &Scene<'_>, connection: &Connection) -> String {
    let counts = scene.findings.of_connection(connection.id);
    match counts.at_least(Severity::Warning) {
        0 => String::new(),
        count @ ..10_000 => format!("{}{count}", worst_of(counts)),
        count => format!("{}{}k", worst_of(counts), (count / 1000).min(999)),
    }
}

/// Flags and pieces of both sides, or what the connection is instead.
fn both(scene: &Scene<'_>, connection: &Connection) -> String {
    if let Some(word) = instead(scene.store, connection) {
        return format!("{:<15}", marked(scene, connection, word, 15));
    }
    let (flags, [a_has, b_has]) = state(scene, connection);
    format!("{flags}{}{a_has:>5} {b_has:>5}", mark(connection))
}

/// `P` where it goes over uTP, as in clients' peer lists.
fn mark(connection: &Connection) -> &'static str {
    match connection.transport {
        Transport::Tcp => " ",
        Transport::Utp { .. } => "P",
    }
}

/// `encrypted P`: a word in place of the flags.
fn marked(scene: &Scene<'_>, connection: &Connection, word: &str, width: usize) -> String {
    match connection.transport {
        Transport::Tcp => cut(word, width, scene.look.glyphs),
        Transport::Utp { .. } => cut(word, width - 2, scene.look.glyphs) + " P",
    }
}

/// How it ended, or where it stands, and the connection that stands in its place or before it.
pub(super) fn end(store: &Store, connection: &Connection, a: Side) -> String {
    let (ending, relation) = (ending(connection, a), relation(store, connection));
    match (ending, relation) {
        (Some(ending), Some(relation)) => format!("{ending}, {relation}"),
        (Some(ending), None) => ending,
        (None, Some(relation)) if connection.entries().is_empty() => relation,
        (None, Some(relation)) => format!("{}, {relation}", stage(store, connection)),
        (None, None) => stage(store, connection).to_owned(),
    }
}

/// `FIN A upload to upload (6)`
fn ending(connection: &Connection, a: Side) -> Option<String> {
    let closed = connection.activity.closed?;
    let how = match closed.how {
        Closing::Fin => "FIN",
        Closing::Rst => "RST",
    };
    let by = if closed.by == a { "A" } else { "B" };
    let reason = close_reason(connection).map_or_else(String::new, |it| format!(" {it}"));
    Some(format!("{how} {by}{reason}"))
}

fn relation(store: &Store, connection: &Connection) -> Option<String> {
    let then = store.then_tcp(connection).map(|it| format!("TCP #{it}"));
    let after = store.after_utp(connection).map(|it| format!("after #{it}"));
    let goes_on = store.goes_on(connection).map(|it| format!("now #{it}"));
    let continues = connection.segments().continues;
    let continues = continues.map(|it| format!("was #{it}"));
    then.or(after).or(goes_on).or(continues)
}

fn stage(store: &Store, connection: &Connection) -> &'static str {
    let has_said_hello = |side| connection.facts(side).is_some_and(SideFacts::has_handshake);
    let greetings = connection.entries().iter().take(3);
    let mut greetings = greetings.map(|id| store.entry(*id).kind());
    match Side::BOTH.map(has_said_hello) {
        _ if !connection.is_bittorrent() => "open",
        [false, false] => "mid-stream",
        _ if greetings.all(|kind| kind == Kind::Handshake) => "handshake",
        _ => "open",
    }
}

/// What a connection without messages is, where that is known.
fn instead(store: &Store, connection: &Connection) -> Option<&'static str> {
    match connection.protocol() {
        Protocol::PeerWire => None,
        Protocol::Companion(companion) => Some(companion.name()),
        Protocol::Other => Some(match store.method(connection)? {
            Method::Possible => "encrypted?",
            _ => "encrypted",
        }),
    }
}

fn pair(scene: &Scene<'_>, connection: &Connection) -> String {
    let [a, b] = scene
        .sides_of(connection)
        .map(|side| short(connection.end(side)));
    let pair = cut(
        &format!("{a} {} {b}", scene.look.glyphs.to),
        PAIR,
        scene.look.glyphs,
    );
    format!("{pair:<PAIR$}")
}

/// The last part of an address, which tells the hosts of a network apart.
fn short(end: &Endpoint) -> String {
    let address = end.ip.to_string();
    let last = address.rsplit(['.', ':']).next().unwrap_or_default();
    if end.ip.is_ipv6() {
        format!("[{last}]:{}", end.port)
    } else {
        format!(".{last}:{}", end.port)
    }
}

/// Flags and shares of pieces as of the selected message; nothing before the first word.
fn state(scene: &Scene<'_>, connection: &Connection) -> (String, [String; 2]) {
    let moment = super::moment(scene.store, scene.selected);
    let ordinal = moment.and_then(|moment| connection.ordinal_at(moment));
    let Some(ordinal) = ordinal.filter(|_| connection.is_bittorrent()) else {
        return ("   ".to_owned(), Default::default());
    };
    let turns = connection.turns();
    let behind = turns.partition_point(|turn| turn.entries as usize <= ordinal + 1);
    let flows = turns[..behind]
        .last()
        .map_or([Flow::Unknown; 2], |turn| turn.flow);
    let sides = scene.sides_of(connection);
    let letter = |at: usize| flow::letter(flows[sides[at].index()], at);
    let shares = scene.views.connections.share(connection, ordinal);
    let shares = sides.map(|side| match shares.map(|shares| shares[side.index()]) {
        None => String::new(),
        Some(None) => scene.look.glyphs.unknown.to_owned(),
        Some(Some(percent)) => format!("{percent}%"),
    });
    (format!("{} {}", letter(0), letter(1)), shares)
}

/// True when its first frame comes behind the selected message.
pub(super) fn begins_later(scene: &Scene<'_>, connection: &Connection) -> bool {
    let now = scene.selected.map(|id| scene.store.entry(id).frame);
    now.is_some_and(|now| connection.first.number > now)
}
