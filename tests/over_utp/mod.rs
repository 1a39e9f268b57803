//! A record of connections over uTP beside those of TCP, as it would be told of a capture.

#![allow(dead_code, reason = "not every test needs all of it")]

pub(crate) mod attempts;

use std::net::SocketAddr;

use peerscope::capture::{FrameNumber, Timestamp};
use peerscope::packet::Endpoint;
use peerscope::store::{Change, Record, Store, Tally, What};
use peerscope::stream::utp::CloseReason;
use peerscope::stream::{
    Activity, Closed, Closing, ConnectionId, Evidence, FrameRef, Mark, Missing, Moment, Side,
    Transport,
};
use peerscope::wire::{
    Block, Encryption, Found, Handshake, InfoHash, Message, Method, PeerId, PieceIndex, Place,
    Reserved,
};

/// What is told, a frame after the other, one in each tenth of a second.
#[derive(Default)]
pub(crate) struct Told {
    changes: Vec<Change>,
    frame: u32,
    opened: u32,
}

pub(crate) const UTP: Transport = Transport::Utp { id: 47508 };

/// Four attempts and what came of them:
///
/// - #0 over uTP, which B closes, upload to upload; and #1 over TCP between the same peers at the same time;
/// - #2 over uTP, which nobody answers, and #3 over TCP instead;
/// - #4 over uTP, which goes on as #5 from another port;
/// - #6 over uTP, encrypted;
/// - #7 over uTP, refused.
pub(crate) fn peers() -> Vec<Change> {
    let mut told = Told::default();
    let utp = told.open(UTP, "10.0.0.1:6881", "10.0.0.2:6881");
    told.mark(utp, Mark::SynAck);
    told.conversation(utp);
    let tcp = told.open(Transport::Tcp, "10.0.0.1:40001", "10.0.0.2:6881");
    told.mark(tcp, Mark::SynAck);
    told.conversation(tcp);
    told.close(utp, Closing::Fin, Some(6));
    told.open(
        Transport::Utp { id: 65535 },
        "10.0.0.1:6881",
        "10.0.0.3:6881",
    );
    let instead = told.open(Transport::Tcp, "10.0.0.1:40003", "10.0.0.3:6881");
    told.mark(instead, Mark::SynAck);
    told.hello(instead);
    let before = told.open(Transport::Utp { id: 7 }, "10.0.0.4:6881", "10.0.0.1:6881");
    told.mark(before, Mark::SynAck);
    told.hello(before);
    let behind = told.open(Transport::Utp { id: 7 }, "10.0.0.4:40002", "10.0.0.1:6881");
    told.mark(behind, Mark::Continues(before));
    told.say(behind, Side::A, Message::Interested);
    told.say(behind, Side::B, Message::Unchoke);
    let hidden = told.open(Transport::Utp { id: 9 }, "10.0.0.5:6881", "10.0.0.1:6881");
    told.mark(hidden, Mark::SynAck);
    told.encrypt(hidden);
    let refused = told.open(Transport::Utp { id: 300 }, "10.0.0.1:6881", "10.0.0.6:6881");
    told.close(refused, Closing::Rst, None);
    told.end()
}

/// The record of all that.
pub(crate) fn store() -> Store {
    let mut store = Store::default();
    peers().into_iter().for_each(|it| store.apply(it));
    store
}

impl Told {
    fn next(&mut self) -> FrameRef {
        self.frame += 1;
        FrameRef {
            number: FrameNumber(self.frame),
            time: Timestamp::from_parts(
                1_795_403_585 + u64::from(self.frame / 10),
                u64::from(self.frame % 10 * 100_000_000),
            ),
            ..FrameRef::default()
        }
    }

    pub(crate) fn open(&mut self, transport: Transport, from: &str, to: &str) -> ConnectionId {
        let connection = ConnectionId(self.opened);
        self.opened += 1;
        let first = self.next();
        self.changes.push(Change::Opened {
            connection,
            transport,
            ends: [from, to].map(end),
            opener: (Side::A, Evidence::Syn),
            first,
        });
        self.active(connection, first, None);
        connection
    }

    fn active(&mut self, connection: ConnectionId, at: FrameRef, closed: Option<Closed>) {
        let mut activity = Activity::default();
        (activity.last, activity.closed) = (Moment::from(at), closed);
        self.changes.push(Change::Activity {
            connection,
            activity,
        });
    }

    pub(crate) fn mark(&mut self, connection: ConnectionId, mark: Mark) {
        let at = self.next();
        self.changes.push(Change::Marked {
            connection,
            mark,
            at: Moment::from(at),
        });
        self.active(connection, at, None);
    }

    pub(crate) fn close(&mut self, connection: ConnectionId, how: Closing, reason: Option<u16>) {
        self.mark(connection, Mark::Close);
        let at = self.next();
        let closed = Closed {
            how,
            by: Side::B,
            reason: reason.and_then(CloseReason::new),
        };
        self.active(connection, at, Some(closed));
    }

    pub(crate) fn say(&mut self, connection: ConnectionId, side: Side, message: Message) {
        self.tell(connection, side, What::Message(message));
    }

    pub(crate) fn tell(&mut self, connection: ConnectionId, side: Side, what: What) {
        let at = self.next();
        let place = Place {
            first_frame: at.number,
            ..Place::default()
        };
        self.changes.push(Change::Said(Box::new(Record {
            connection,
            side,
            time: at.time,
            frame: at.number,
            place,
            size: match &what {
                What::Message(Message::Handshake(_)) => 68,
                What::Message(Message::Request(_)) => 13,
                What::Message(Message::Piece(block)) => 9 + block.length,
                _ => 1,
            },
            missing: 0,
            found: Found::InOrder,
            via: None,
            has_heard: false,
            what,
        })));
        self.active(connection, at, None);
    }

    pub(crate) fn hello(&mut self, connection: ConnectionId) {
        let ids = [*b"-qB5040-abcdefghijkl", *b"-TR4060-abcdefghijkl"];
        for (side, id) in Side::BOTH.into_iter().zip(ids) {
            let handshake = Handshake {
                reserved: Reserved([0, 0, 0, 0, 0, 0x10, 0, 5]),
                info_hash: InfoHash([0x3b; 20]),
                peer_id: PeerId(id),
            };
            self.say(connection, side, Message::Handshake(Box::new(handshake)));
        }
    }

    fn conversation(&mut self, connection: ConnectionId) {
        let block = Block {
            index: PieceIndex(3),
            begin: 0,
            length: 16384,
        };
        self.hello(connection);
        self.say(connection, Side::B, Message::HaveAll);
        self.say(connection, Side::A, Message::Interested);
        self.say(connection, Side::B, Message::Unchoke);
        self.say(connection, Side::A, Message::Request(block));
        let what = What::Gap {
            bytes: 0,
            missing: Missing::Packets(3),
        };
        self.tell(connection, Side::B, what);
        self.say(connection, Side::B, Message::Piece(block));
    }

    fn encrypt(&mut self, connection: ConnectionId) {
        let moment = Moment::from(self.next());
        let encryption = Encryption {
            method: Method::Mse,
            initiator: Side::A,
            ya: Some(moment),
            yb: Some(moment),
            step3: None,
            step4: None,
            payload: None,
        };
        self.changes.push(Change::Encryption {
            connection,
            encryption: Some(Box::new(encryption)),
        });
        self.tell(connection, Side::A, What::Encrypted { bytes: 500 });
    }

    /// All that was told, with the count of its frames.
    pub(crate) fn end(mut self) -> Vec<Change> {
        let frames = u64::from(self.frame);
        let end = self.next().time;
        let mut tally = Tally::default();
        (tally.frames, tally.segments) = (frames, frames);
        tally.start = Some(Timestamp::from_parts(1_795_403_585, 0));
        tally.end = Some(end);
        self.changes.push(Change::Tally(Box::new(tally)));
        self.changes
    }
}

fn end(text: &str) -> Endpoint {
    let socket: SocketAddr = text.parse().unwrap();
    Endpoint {
        ip: socket.ip(),
        port: socket.port(),
    }
}
