//! A conversation for tests: what is said a second apart.

use std::net::{IpAddr, Ipv4Addr};

use super::{Change, Connection, EntryId, Record, Store, Study, What};
use crate::capture::{FrameNumber, Timestamp};
use crate::packet::Endpoint;
use crate::stream::{ConnectionId, Evidence, FrameRef, Side, Transport};
use crate::wire::{Block, Found, Handshake, Message, PieceIndex, Place, Reserved};

const HERE: ConnectionId = ConnectionId(0);

/// A store of one connection, on which this is said.
pub(super) fn told(said: impl IntoIterator<Item = (Side, Message)>) -> Store {
    tell(
        said.into_iter()
            .map(|(side, message)| (side, What::Message(message))),
    )
}

/// The same, with what is no message.
pub(super) fn tell(said: impl IntoIterator<Item = (Side, What)>) -> Store {
    let mut store = Store::default();
    let end = |port| Endpoint {
        ip: IpAddr::V4(Ipv4Addr::LOCALHOST),
        port,
    };
    store.apply(Change::Opened {
        connection: HERE,
        transport: Transport::Tcp,
        ends: [end(5000), end(6881)],
        opener: (Side::A, Evidence::Syn),
        first: FrameRef::default(),
    });
    for (side, what) in said {
        say(&mut store, HERE, side, what);
    }
    store
}

/// A side says something, a second after the last word of all.
pub(super) fn said_on(store: &mut Store, connection: ConnectionId, side: Side, message: Message) {
    say(store, connection, side, What::Message(message));
}

fn say(store: &mut Store, connection: ConnectionId, side: Side, what: What) {
    let second = store.len() as u32;
    store.apply(Change::Said(Box::new(Record {
        connection,
        side,
        time: Timestamp::from_parts(u64::from(second), 0),
        frame: FrameNumber(second + 1),
        place: Place::default(),
        size: 40,
        missing: 0,
        found: Found::InOrder,
        via: None,
        has_heard: false,
        what,
    })));
}

/// Its only connection.
pub(super) fn here(store: &Store) -> &Connection {
    store.connection(HERE)
}

/// The study of it, wholly done.
pub(super) fn studied(store: &Store) -> Study {
    let mut study = Study::new(HERE);
    while !study.step(store, 1000) {}
    study
}

/// When an entry was complete.
pub(super) fn time(store: &Store, entry: u32) -> Timestamp {
    let id: EntryId = here(store).entries()[entry as usize];
    store.entry(id).time
}

pub(super) fn block(index: u32) -> Block {
    Block {
        index: PieceIndex(index),
        begin: 0,
        length: 16384,
    }
}

/// A handshake, with the bit of the fast extension or without it (BEP 6).
pub(super) fn hello(fast: bool) -> Message {
    let reserved = Reserved([0, 0, 0, 0, 0, 0x10, 0, if fast { 4 } else { 0 }]);
    Message::Handshake(Box::new(Handshake {
        reserved,
        ..Handshake::default()
    }))
}

/// A few kinds of messages by number, for conversations made by chance.
pub(super) fn any_message(number: u8, index: u32) -> Message {
    match number {
        0 => Message::Choke,
        1 => Message::Unchoke,
        2 => Message::Interested,
        3 => Message::NotInterested,
        4 => Message::Reject(block(index)),
        5 => Message::Cancel(block(index)),
        6 => Message::Have(PieceIndex(index)),
        7 => hello(index == 0),
        8..=10 => Message::Piece(block(index)),
        _ => Message::Request(block(index)),
    }
}
