//! Why a side of a connection is not downloading, in one sentence.

mod walk;
mod words;

use std::ops::Range;

use crate::peer::{Announced, Flow, Interest, Talk};
use crate::store::{Connection, Protocol, SideFacts, Store, choked_while_interested};
use crate::stream::{Closing, Evidence, Side};
use crate::swarm::{Certainty, Swarm};
use walk::Walk;

const EVERY_PIECE: Range<u32> = 0..u32::MAX;

/// What keeps a side from downloading at the end of a connection, or of the capture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Why {
    /// The side that would receive.
    pub side: Side,
    /// What keeps it.
    pub reason: WhyNot,
}

/// What keeps a side from downloading. Times are nanoseconds up to the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhyNot {
    /// It does download: so many blocks in its last ten seconds.
    Downloads(u32),
    /// No answer to the SYN is in the capture.
    NoAnswer,
    /// This side answered the SYN with a reset.
    Refused(Side),
    /// It was opened, and nothing was said.
    Silent(Option<(Closing, Side)>),
    /// It is encrypted.
    Encrypted,
    /// It carries something else.
    NotBitTorrent(Option<&'static str>),
    /// This side alone sent a handshake.
    OneHandshake(Side, Option<(Closing, Side)>),
    /// Words of this side that matter are not in the capture.
    Unknown(Side),
    /// It has all pieces; so many blocks came here.
    HasAll(u32),
    /// It says that it will not download (BEP 21).
    UploadOnly,
    /// It is not interested, though the other has so many pieces that it did not tell of, as far as they were told.
    NotInterested(Interested, Option<u32>),
    /// It is interested and choked.
    Choked(Unchoked, i64),
    /// It is interested and unchoked, and asked for nothing in that time.
    AsksNothing(i64),
    /// Everything that it asked for came or was refused, and it asked for nothing since.
    AskedBefore(i64),
    /// So many of its requests are open, and no block came in that time.
    NotServed(u32, i64),
}

/// Was a side ever interested?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Interested {
    /// Never.
    Never,
    /// It was before, or may have been.
    Before,
}

/// Was a side ever unchoked?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unchoked {
    /// Never.
    Never,
    /// It was before, or may have been.
    Before,
}

/// Why the side that got data, or else wanted them, does not download.
pub fn why(store: &Store, connection: &Connection) -> Why {
    let wants = |side: Side| {
        let got = connection
            .facts(!side)
            .map_or(0, |facts| facts.payload_bytes);
        let choked = choked_while_interested(connection, side).map_or(0, |it| it.total);
        let now = connection.now();
        let interest = now.map(|talk| talk.peer(side).interest);
        let is_opener = side == connection.opener();
        (
            got,
            interest == Some(Interest::Interested),
            choked,
            is_opener,
        )
    };
    let side = if wants(Side::B) > wants(Side::A) {
        Side::B
    } else {
        Side::A
    };
    why_of(store, connection, side)
}

/// Why this side does not download.
pub fn why_of(store: &Store, connection: &Connection, side: Side) -> Why {
    let outside = outside(store, connection);
    let reason = outside.unwrap_or_else(|| inside(store, connection, side));
    Why { side, reason }
}

/// What can be said without a conversation.
fn outside(store: &Store, connection: &Connection) -> Option<WhyNot> {
    let closed = connection.activity.closed.map(|it| (it.how, it.by));
    let sent = Side::BOTH.map(|side| connection.activity.direction(side).payload);
    match connection.protocol() {
        Protocol::PeerWire => return alone(connection, sent, closed),
        Protocol::Companion(companion) => {
            return Some(WhyNot::NotBitTorrent(Some(companion.name())));
        }
        Protocol::Other => {}
    }
    let has_syn = connection.opener.1 == Evidence::Syn;
    let is_answered = connection.segments().syn_ack.is_some();
    Some(match closed {
        _ if store.method(connection).is_some() => WhyNot::Encrypted,
        _ if sent != [0; 2] => WhyNot::NotBitTorrent(None),
        Some((Closing::Rst, by)) if has_syn && !is_answered && by != connection.opener() => {
            WhyNot::Refused(by)
        }
        None if has_syn && !is_answered => WhyNot::NoAnswer,
        _ => WhyNot::Silent(closed),
    })
}

/// A side that talks to a wall, or whose partner was not captured.
fn alone(
    connection: &Connection,
    sent: [u64; 2],
    closed: Option<(Closing, Side)>,
) -> Option<WhyNot> {
    let said = |side: Side| connection.facts(side).map_or(0, |it| it.stream.total());
    let silent = Side::BOTH.into_iter().find(|side| said(*side) == 0)?;
    let is_captured = if connection.opener() == silent {
        connection.opener.1 == Evidence::Syn
    } else {
        connection.segments().syn_ack.is_some()
    };
    let has_closed = closed.is_some_and(|(_, by)| by == silent);
    let is_silent = sent[silent.index()] == 0 && (is_captured || has_closed);
    let facts = connection.facts(!silent);
    Some(
        if is_silent && facts.is_some_and(SideFacts::has_handshake) {
            WhyNot::OneHandshake(!silent, closed)
        } else {
            WhyNot::Unknown(silent)
        },
    )
}

/// What the conversation says.
fn inside(store: &Store, connection: &Connection, side: Side) -> WhyNot {
    let Some(talk) = connection.now() else {
        return WhyNot::Unknown(side);
    };
    let walk = Walk::over(store, connection, talk.has_fast());
    let [own, other] = [side, !side].map(|side| &walk.sides[side.index()]);
    let count = store.swarm_of(connection).and_then(Swarm::pieces);
    if has_all(talk, side, count) {
        return WhyNot::HasAll(other.blocks);
    }
    if other.recent > 0 {
        return WhyNot::Downloads(other.recent);
    }
    let known = match talk.flow_to(side) {
        Flow::Unknown => None,
        Flow::Idle | Flow::Allowed if own.upload_only.is_some_and(|value| value != 0) => {
            Some(WhyNot::UploadOnly)
        }
        Flow::Idle | Flow::Allowed => {
            let beyond = beyond(talk, side, count);
            Some(WhyNot::NotInterested(own.was_interested(), beyond))
        }
        Flow::Wanted => walk.choked(side),
        Flow::Open => walk.open(side, talk.peer(side).requests.len() as u32),
    };
    let is_deaf = own.hole.is_some() && other.hole.is_none();
    let is_deaf = is_deaf || talk.peer(side).interest == Interest::Unknown;
    known.unwrap_or(WhyNot::Unknown(if is_deaf { side } else { !side }))
}

fn has_all(talk: &Talk, side: Side, count: Option<(u32, Certainty)>) -> bool {
    let pieces = &talk.peer(side).pieces;
    match count {
        _ if pieces.announced() == Announced::All => true,
        Some((count, Certainty::Exact)) => pieces.count(0..count) == count,
        _ => false,
    }
}

/// Pieces that the other told of and a side did not.
fn beyond(talk: &Talk, side: Side, count: Option<(u32, Certainty)>) -> Option<u32> {
    let [own, other] = [side, !side].map(|side| &talk.peer(side).pieces);
    match (other.announced(), count) {
        (Announced::All, Some((count, Certainty::Exact))) => {
            Some(count.saturating_sub(own.count(0..count)))
        }
        (Announced::All, _) => None,
        _ => Some(other.count(EVERY_PIECE) - own.count_common(other, EVERY_PIECE)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{FrameNumber, Timestamp};
    use crate::packet::Endpoint;
    use crate::store::{Change, Record, What};
    use crate::stream::{
        Activity, Closed, ConnectionId, FrameRef, Mark, Missing, Moment, Transport,
    };
    use crate::wire::{Block, Found, Handshake, Message, PieceIndex, Place};
    use Side::{A, B};

    const HERE: ConnectionId = ConnectionId(0);

    /// A connection that A has opened, and on which this is said, each word a second behind the one before.
    struct Case {
        store: Store,
        second: u64,
        activity: Activity,
    }

    impl Case {
        fn new() -> Case {
            let mut store = Store::default();
            let end = |port| Endpoint {
                ip: std::net::Ipv4Addr::LOCALHOST.into(),
                port,
            };
            store.apply(Change::Opened {
                connection: HERE,
                transport: Transport::Tcp,
                ends: [end(5000), end(6881)],
                opener: (A, Evidence::Syn),
                first: FrameRef::default(),
            });
            Case {
                store,
                second: 100,
                activity: Activity::default(),
            }
        }

        /// Behind two handshakes.
        fn open() -> Case {
            Case::new().says(A, hello()).says(B, hello())
        }

        fn says(self, side: Side, message: Message) -> Case {
            self.record(side, What::Message(message))
        }

        fn record(mut self, side: Side, what: What) -> Case {
            self.second += 1;
            self.store.apply(Change::Said(Box::new(Record {
                connection: HERE,
                side,
                time: Timestamp::from_parts(self.second, 0),
                frame: FrameNumber(self.second as u32),
                place: Place::default(),
                size: 40,
                missing: 0,
                found: Found::InOrder,
                via: None,
                has_heard: false,
                what,
            })));
            self
        }

        fn lost(mut self, side: Side) -> Case {
            let missing = Missing::Lost;
            self = self.record(side, What::Gap { bytes: 9, missing });
            self.store.apply(Change::Lost {
                connection: HERE,
                side,
            });
            self
        }

        fn answered(mut self) -> Case {
            self.store.apply(Change::Marked {
                connection: HERE,
                mark: Mark::SynAck,
                at: Moment::default(),
            });
            self
        }

        fn closed(mut self, by: Side, how: Closing) -> Case {
            self.activity.closed = Some(Closed {
                how,
                by,
                reason: None,
            });
            self
        }

        /// What is said of the connection so many seconds behind the last word.
        fn after(mut self, seconds: u64) -> Case {
            self.second += seconds;
            self.activity.last.time = Timestamp::from_parts(self.second, 0);
            self.store.apply(Change::Activity {
                connection: HERE,
                activity: self.activity.clone(),
            });
            self
        }

        fn of_a(&self) -> String {
            why_of(&self.store, self.store.connection(HERE), A).words(name)
        }
    }

    fn name(side: Side) -> String {
        format!("{side:?}")
    }

    fn hello() -> Message {
        Message::Handshake(Box::<Handshake>::default())
    }

    fn block(index: u32) -> Block {
        Block {
            index: PieceIndex(index),
            begin: 0,
            length: 16384,
        }
    }

    /// A may ask B.
    fn allowed() -> Case {
        let case = Case::open().says(B, Message::Bitfield([0xf0].into()));
        case.says(A, Message::Interested).says(B, Message::Unchoke)
    }

    #[test]
    fn who_was_never_unchoked_is_told_for_how_long() {
        let case = Case::open().says(A, Message::Interested).after(45);
        assert_eq!(
            case.of_a(),
            "B never unchoked A, which was interested for 45.0 s"
        );
    }

    #[test]
    fn a_later_choke_is_another_matter() {
        let case = allowed().says(B, Message::Choke).after(30);
        let words = "B chokes A, which has been interested and choked for 30.0 s";
        assert_eq!(case.of_a(), words);
    }

    #[test]
    fn who_is_not_interested_is_told_what_there_is() {
        let case = Case::open().says(B, Message::Bitfield([0xf0].into()));
        let case = case.says(A, Message::Bitfield([0x80].into())).after(9);
        let words = "A was never interested, though B told of 3 pieces beyond its own";
        assert_eq!(case.of_a(), words);
        let case = case.says(A, Message::Bitfield([0xf0].into()));
        assert_eq!(
            case.of_a(),
            "A was never interested: B told of no piece beyond its own"
        );
    }

    #[test]
    fn who_asks_for_nothing_is_told_since_when() {
        let words = "A was interested and unchoked for 62.0 s and asked for nothing";
        assert_eq!(allowed().after(62).of_a(), words);
    }

    #[test]
    fn who_is_not_served_is_told_since_when() {
        let case = allowed().says(A, Message::Request(block(0)));
        let case = case.says(A, Message::Request(block(1))).after(70);
        assert_eq!(
            case.of_a(),
            "B has answered none of 2 open requests for 71.0 s"
        );
        let case = case.says(B, Message::Piece(block(0))).after(1);
        assert_eq!(case.of_a(), "A downloads: 1 block in the last 10 s");
    }

    #[test]
    fn a_seed_has_all() {
        let case = Case::open().says(A, Message::HaveAll).after(1);
        assert_eq!(case.of_a(), "A has all pieces");
    }

    #[test]
    fn a_partial_seed_says_so() {
        let payload = (*b"d11:upload_onlyi1ee").into();
        let case = Case::open().says(A, Message::Extended { id: 0, payload });
        assert_eq!(case.after(1).of_a(), "A says that it will not download");
    }

    #[test]
    fn behind_a_gap_nobody_can_tell() {
        let words = "words of B are missing: nobody can tell";
        assert_eq!(allowed().lost(B).after(9).of_a(), words);
        // The choke is known again; whether it unchoked in the gap is not.
        let case = Case::open().says(A, Message::Interested).lost(B);
        let case = case.says(B, Message::Choke).after(9);
        assert!(case.of_a().starts_with("B chokes A"), "{}", case.of_a());
        let case = allowed().says(A, Message::Request(block(0))).lost(B);
        assert_eq!(case.says(B, Message::Unchoke).after(99).of_a(), words);
    }

    #[test]
    fn a_handshake_without_answer_is_told_of() {
        let alone = || Case::new().answered().says(A, hello());
        let words = "only A sent a handshake: it was not answered";
        assert_eq!(alone().after(1).of_a(), words);
        let words = "only A sent a handshake, then B closed with a RST";
        assert_eq!(alone().closed(B, Closing::Rst).after(1).of_a(), words);
        // Of B nothing was captured at all.
        let words = "words of B are missing: nobody can tell";
        assert_eq!(Case::new().says(A, hello()).after(1).of_a(), words);
    }

    #[test]
    fn a_connection_without_words_is_told_of() {
        let refused = Case::new().closed(B, Closing::Rst).after(1);
        assert_eq!(refused.of_a(), "no handshake: B refused the connection");
        let words = "no handshake: no answer to the SYN was seen";
        assert_eq!(Case::new().after(1).of_a(), words);
        let silent = Case::new().answered().closed(A, Closing::Fin).after(1);
        let words = "no handshake: A closed with a FIN before anything was said";
        assert_eq!(silent.of_a(), words);
    }

    #[test]
    fn the_side_that_wants_data_is_told_of() {
        let case = Case::open().says(B, Message::Interested).after(5);
        assert_eq!(why(&case.store, case.store.connection(HERE)).side, B);
        let case = case.says(B, Message::Piece(block(0))).after(5);
        assert_eq!(why(&case.store, case.store.connection(HERE)).side, A);
    }
}
