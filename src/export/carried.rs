//! What is said of a connection's transport, and of the connections that it stands beside.

use serde::Serialize;

use super::words::closing;
use crate::packet::Endpoint;
use crate::store::{Connection, Store};
use crate::stream::utp::CloseReason;
use crate::stream::{ConnectionId, Side, Transport};

/// `TCP`, `uTP`.
pub fn transport_name(transport: Transport) -> &'static str {
    match transport {
        Transport::Tcp => "TCP",
        Transport::Utp { .. } => "uTP",
    }
}

/// Why who closed a connection did so, in its own words.
pub fn close_reason(connection: &Connection) -> Option<CloseReason> {
    connection.activity.closed?.reason
}

/// `upload to upload (6): FIN by A`: the other side's own diagnosis comes first.
pub fn end_words(connection: &Connection, name: impl FnOnce(Side) -> String) -> Option<String> {
    let (how, by) = closing(connection)?;
    let reason = close_reason(connection).map_or_else(String::new, |it| format!("{it}: "));
    Some(format!("{reason}{how} by {}", name(by)))
}

/// `after #3 over uTP came to nothing`
pub fn after_words(utp: ConnectionId) -> String {
    format!("after #{utp} over uTP came to nothing")
}

/// `TCP as #4 instead`
pub fn then_words(tcp: ConnectionId) -> String {
    format!("TCP as #{tcp} instead")
}

/// `goes on where #5 was: 10.0.0.2 has another port, 40002`
pub fn continues_words(store: &Store, connection: &Connection) -> Option<String> {
    let id = connection.segments().continues?;
    let before = store.connections().get(id.0 as usize)?;
    let moved = moved(before, connection).map_or_else(String::new, |words| format!(": {words}"));
    Some(format!("goes on where #{id} was{moved}"))
}

/// `goes on as #7: 10.0.0.2 has another port, 40002`
pub fn goes_on_words(store: &Store, connection: &Connection) -> Option<String> {
    let id = store.goes_on(connection)?;
    let moved = moved(connection, store.connection(id));
    let moved = moved.map_or_else(String::new, |words| format!(": {words}"));
    Some(format!("goes on as #{id}{moved}"))
}

/// The end that is not where it was.
fn moved(before: &Connection, now: &Connection) -> Option<String> {
    let ends = |connection: &Connection| Side::BOTH.map(|side| *connection.end(side));
    let strange = |ends: [Endpoint; 2], known: [Endpoint; 2]| {
        ends.into_iter().find(|end| !known.contains(end))
    };
    let old = strange(ends(before), ends(now))?;
    let new = strange(ends(now), ends(before))?;
    Some(if old.ip == new.ip {
        format!("{} has another port, {}", new.ip, new.port)
    } else {
        format!("{old} is {new} now")
    })
}

/// What a connection has to do with others, a sentence each.
pub fn relations(store: &Store, connection: &Connection) -> impl Iterator<Item = String> {
    let sentences = [
        continues_words(store, connection),
        goes_on_words(store, connection),
        store.after_utp(connection).map(after_words),
        store.then_tcp(connection).map(then_words),
    ];
    sentences.into_iter().flatten()
}

/// Why a connection ended, and what it has to do with others: what there is none of is left out.
#[derive(Serialize)]
pub(super) struct Relations {
    #[serde(skip_serializing_if = "Option::is_none")]
    close_reason: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    close_reason_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    continues: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    goes_on_as: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    after_utp: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    then_tcp: Option<u32>,
}

impl Relations {
    pub(super) fn of(store: &Store, connection: &Connection) -> Relations {
        let number = |id: ConnectionId| id.0;
        let reason = connection.activity.closed.and_then(|closed| closed.reason);
        Relations {
            close_reason: reason.map(CloseReason::number),
            close_reason_name: reason.and_then(CloseReason::name),
            continues: connection.segments().continues.map(number),
            goes_on_as: store.goes_on(connection).map(number),
            after_utp: store.after_utp(connection).map(number),
            then_tcp: store.then_tcp(connection).map(number),
        }
    }
}
