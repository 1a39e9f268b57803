//! Conversations made of messages, and what is found in them.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use super::Found;
use peerscope::capture::{FrameNumber, Timestamp};
use peerscope::findings::{Finding, Findings};
use peerscope::packet::Endpoint;
use peerscope::store::{Change, Record, Store, Tally, What};
use peerscope::stream::{
    Activity, Closed, Closing, ConnectionId, Direction, Evidence, FrameRef, Mark, Missing, Moment,
    Side, Strain, Transport,
};
use peerscope::swarm::Metainfo;
use peerscope::wire::{
    Block, Found as FoundHow, Handshake, InfoHash, Message, PeerId, PieceIndex, Place, Reason,
    Reserved,
};

/// The torrent that the peers speak of, if nothing else is said.
pub(crate) const TORRENT: InfoHash = InfoHash([7; 20]);

/// Bits of the extension protocol and of the fast extension (BEP 10, 6), and of the DHT (BEP 5).
pub(crate) const EXTENDED: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0];
pub(crate) const FAST: [u8; 8] = [0, 0, 0, 0, 0, 0x10, 0, 0x05];

/// 16 KiB of a piece, at so many blocks from its begin.
pub(crate) fn block(index: u32, number: u32) -> Block {
    Block {
        index: PieceIndex(index),
        begin: number * 16384,
        length: 16384,
    }
}

/// An extended message with a payload.
pub(crate) fn extended(id: u8, payload: &[u8]) -> Message {
    Message::Extended {
        id,
        payload: payload.into(),
    }
}

/// A handshake for [`TORRENT`].
pub(crate) fn handshake(reserved: [u8; 8], peer_id: &[u8; 20]) -> Message {
    Message::Handshake(Box::new(Handshake {
        reserved: Reserved(reserved),
        info_hash: TORRENT,
        peer_id: PeerId(*peer_id),
    }))
}

/// Conversations of which one is going on. A has opened each. The clock stands still until [`Scene::wait`].
#[derive(Debug)]
pub(crate) struct Scene {
    changes: Vec<Change>,
    now: u64,
    frame: u32,
    connection: ConnectionId,
    opened: u32,
    activity: Vec<Activity>,
    has_heard: bool,
    /// What the messages that follow are said to lack.
    missing: u64,
    tally: Tally,
}

impl Scene {
    /// One connection, on which nothing was said.
    pub(crate) fn silent() -> Scene {
        let scene = Scene {
            changes: Vec::new(),
            now: 1_000_000_000_000_000_000,
            frame: 0,
            connection: ConnectionId(0),
            opened: 0,
            activity: Vec::new(),
            has_heard: true,
            missing: 0,
            tally: Tally::default(),
        };
        scene.open([10, 0, 0, 1], [10, 0, 0, 2])
    }

    /// Behind two handshakes with these bits.
    pub(crate) fn with(reserved: [u8; 8]) -> Scene {
        Scene::silent()
            .a(handshake(reserved, b"-TR4050-aaaaaaaaaaaa"))
            .b(handshake(reserved, b"-LT20B0-bbbbbbbbbbbb"))
    }

    /// Behind two handshakes without any bit.
    pub(crate) fn plain() -> Scene {
        Scene::with([0; 8])
    }

    /// Behind two handshakes with the fast extension, the DHT and the extension protocol.
    pub(crate) fn fast() -> Scene {
        Scene::with(FAST)
    }

    /// The same, joined in the middle: nobody heard the handshakes.
    pub(crate) fn midstream() -> Scene {
        Scene::silent()
    }

    /// Another connection of the hosts of these addresses; what follows is said on it.
    pub(crate) fn open(mut self, a: [u8; 4], b: [u8; 4]) -> Scene {
        let connection = ConnectionId(self.opened);
        let end = |ip, port| Endpoint {
            ip: IpAddr::V4(Ipv4Addr::from(ip)),
            port,
        };
        self.connection = connection;
        let first = self.next_frame();
        self.changes.push(Change::Opened {
            connection,
            transport: Transport::Tcp,
            ends: [end(a, 40000 + self.opened as u16), end(b, 6881)],
            opener: (Side::A, Evidence::Syn),
            first,
        });
        self.opened += 1;
        self.activity.push(Activity::default());
        self
    }

    /// What follows is said on another of the connections.
    pub(crate) fn on(mut self, connection: u32) -> Scene {
        self.connection = ConnectionId(connection);
        self
    }

    /// A torrent file that the user named.
    pub(crate) fn knowing(mut self, file: &[u8]) -> Scene {
        let metainfo = Metainfo::of_file(file).expect("a torrent file");
        self.changes
            .insert(0, Change::Torrents(vec![Arc::new(metainfo)]));
        self
    }

    /// Seconds go by.
    pub(crate) fn wait(mut self, seconds: f64) -> Scene {
        self.now += (seconds * 1e9) as u64;
        self
    }

    /// A says something.
    pub(crate) fn a(self, message: Message) -> Scene {
        self.says(Side::A, message)
    }

    /// B says something.
    pub(crate) fn b(self, message: Message) -> Scene {
        self.says(Side::B, message)
    }

    /// The next message is sent before its sender had what the other said last.
    pub(crate) fn unheard(mut self) -> Scene {
        self.has_heard = false;
        self
    }

    /// Of the next message so many bytes are missing.
    pub(crate) fn lacking(mut self, bytes: u64) -> Scene {
        self.missing = bytes;
        self
    }

    /// Bytes of a side, `a` or `b`, are not in the capture.
    pub(crate) fn gap(self, side: &str, bytes: u64) -> Scene {
        let missing = Missing::Lost;
        let side = side_of(side);
        let mut scene = self.record(side, What::Gap { bytes, missing }, 0);
        let connection = scene.connection;
        scene.changes.push(Change::Lost { connection, side });
        scene
    }

    /// Bytes of a side are no message.
    pub(crate) fn undecoded(self, side: &str, bytes: u64, reason: Reason) -> Scene {
        self.record(side_of(side), What::Undecoded { bytes, reason }, 0)
    }

    /// A side closes the connection.
    pub(crate) fn closed(mut self, side: &str, how: Closing) -> Scene {
        let by = side_of(side);
        let at = self.next_frame();
        let activity = &mut self.activity[self.connection.0 as usize];
        activity.last = Moment::from(at);
        activity.closed = Some(Closed {
            how,
            by,
            reason: None,
        });
        self
    }

    /// So many frames of the capture were cut.
    pub(crate) fn snapped(mut self, frames: u64) -> Scene {
        self.tally.cut = frames;
        self
    }

    /// What the capture counts beside the streams.
    pub(crate) fn tally(mut self, change: impl FnOnce(&mut Tally)) -> Scene {
        change(&mut self.tally);
        self
    }

    /// What else the store is told.
    pub(crate) fn told(mut self, change: Change) -> Scene {
        self.changes.push(change);
        self
    }

    /// What the transport of the connection counts.
    pub(crate) fn activity(mut self, change: impl FnOnce(&mut Activity)) -> Scene {
        change(&mut self.activity[self.connection.0 as usize]);
        self
    }

    /// Names of the rules that are broken.
    pub(crate) fn found(self) -> Found {
        let findings = self.findings();
        findings.iter().map(|it| it.code.name()).collect()
    }

    /// All that is found.
    pub(crate) fn findings(mut self) -> Vec<Finding> {
        let mut store = Store::default();
        let activity = std::mem::take(&mut self.activity);
        self.tally.frames = u64::from(self.frame).max(self.tally.cut);
        let tally = Change::Tally(Box::new(self.tally.clone()));
        let counted = (0..).zip(activity).map(|(connection, activity)| {
            let connection = ConnectionId(connection);
            Change::Activity {
                connection,
                activity,
            }
        });
        let changes = self.changes.into_iter().chain(counted).chain([tally]);
        changes.for_each(|change| store.apply(change));
        Findings::of(&store).all().to_vec()
    }

    /// Somebody says something, in a frame of its own.
    pub(crate) fn says(self, side: Side, message: Message) -> Scene {
        let len = match &message {
            Message::Handshake(_) => 68,
            Message::KeepAlive => 0,
            Message::Have(_) | Message::Suggest(_) | Message::AllowedFast(_) => 5,
            Message::Request(_) | Message::Cancel(_) | Message::Reject(_) => 13,
            Message::Piece(block) => 9 + block.length,
            Message::Bitfield(bytes) => 1 + bytes.len() as u32,
            Message::Extended { payload, .. } => 2 + payload.len() as u32,
            Message::Port(_) => 3,
            Message::HashRequest(_) | Message::HashReject(_) => 49,
            Message::Hashes(range) => 49 + 32 * range.length,
            _ => 1,
        };
        self.record(side, What::Message(message), len)
    }

    /// An entry of any kind.
    pub(crate) fn record(mut self, side: Side, what: What, len: u32) -> Scene {
        let at = self.next_frame();
        self.activity[self.connection.0 as usize].last = Moment::from(at);
        self.changes.push(Change::Said(Box::new(Record {
            connection: self.connection,
            side,
            time: at.time,
            frame: at.number,
            place: Place {
                first_frame: at.number,
                ..Place::default()
            },
            size: len,
            missing: std::mem::take(&mut self.missing),
            found: FoundHow::InOrder,
            via: None,
            has_heard: std::mem::replace(&mut self.has_heard, true),
            what,
        })));
        self
    }

    fn next_frame(&mut self) -> FrameRef {
        self.frame += 1;
        FrameRef {
            number: FrameNumber(self.frame),
            time: Timestamp(self.now),
            ..FrameRef::default()
        }
    }

    /// What the packets of a side suffered from, at this time.
    pub(crate) fn strain(
        self,
        side: &str,
        change: impl FnOnce(Timestamp, &mut (Direction, Strain)),
    ) -> Scene {
        let now = Timestamp(self.now);
        self.activity(|activity| change(now, activity.way_mut(side_of(side))))
    }

    /// So many packets of a side over uTP are not in the capture.
    pub(crate) fn lost_packets(self, side: &str, count: u32) -> Scene {
        let missing = Missing::Packets(count);
        self.record(side_of(side), What::Gap { bytes: 0, missing }, 0)
    }

    /// The connection is carried by this.
    pub(crate) fn over(mut self, carrier: Transport) -> Scene {
        for change in &mut self.changes {
            if let Change::Opened {
                connection,
                transport,
                ..
            } = change
                && *connection == self.connection
            {
                *transport = carrier;
            }
        }
        self
    }

    /// This is why A is said to have opened the connection.
    pub(crate) fn opened_by(mut self, evidence: Evidence) -> Scene {
        for change in &mut self.changes {
            if let Change::Opened {
                connection, opener, ..
            } = change
                && *connection == self.connection
            {
                opener.1 = evidence;
            }
        }
        self
    }
}

fn side_of(name: &str) -> Side {
    match name {
        "a" => Side::A,
        "b" => Side::B,
        other => panic!("{other} is no side"),
    }
}

impl Scene {
    /// A side closes the connection, and it is known in which frame.
    pub(crate) fn closed_marked(self, side: &str) -> Scene {
        self.closed(side, Closing::Fin).marked(Mark::Close)
    }

    /// A segment of the connection of which its life tells.
    pub(crate) fn marked(mut self, mark: Mark) -> Scene {
        let at = Moment::from(self.next_frame());
        let connection = self.connection;
        self.told(Change::Marked {
            connection,
            mark,
            at,
        })
    }

    /// Two handshakes with these bits for a torrent.
    pub(crate) fn greeted(self, torrent: InfoHash, reserved: [u8; 8]) -> Scene {
        let hello = |peer_id: &[u8; 20]| {
            Message::Handshake(Box::new(Handshake {
                reserved: Reserved(reserved),
                info_hash: torrent,
                peer_id: PeerId(*peer_id),
            }))
        };
        self.a(hello(b"-TR4050-aaaaaaaaaaaa"))
            .b(hello(b"-LT20B0-bbbbbbbbbbbb"))
    }

    /// B says something with a length prefix of its own.
    pub(crate) fn says_long(self, message: Message, size: u32) -> Scene {
        self.record(Side::B, What::Message(message), size)
    }
}
