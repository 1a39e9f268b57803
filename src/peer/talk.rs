//! The state of a conversation: a message in, the next state out.

use std::sync::Arc;

use super::{Pieces, Requests};
use crate::stream::Side;
use crate::wire::{ExtendedHandshake, Message, Reserved};

/// Does a peer refuse to serve the other?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choke {
    /// Its words are not in the capture.
    #[default]
    Unknown,
    /// It refuses; so every connection begins (BEP 3).
    Choking,
    /// It serves.
    Unchoked,
}

/// Does a peer want what the other has?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Interest {
    /// Its words are not in the capture.
    #[default]
    Unknown,
    /// It wants nothing; so every connection begins (BEP 3).
    NotInterested,
    /// It wants something.
    Interested,
}

/// One direction of data: what the one who would receive says, and what the one who would send says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Flow {
    /// One of the two is unknown.
    Unknown,
    /// Neither wanted nor allowed.
    Idle,
    /// Wanted and refused.
    Wanted,
    /// Allowed and not wanted.
    Allowed,
    /// Wanted and allowed.
    Open,
}

impl Flow {
    /// Of the interest of the receiver and the choke of the other.
    pub fn of(interest: Interest, choke: Choke) -> Flow {
        match (interest, choke) {
            (Interest::Unknown, _) | (_, Choke::Unknown) => Flow::Unknown,
            (Interest::NotInterested, Choke::Choking) => Flow::Idle,
            (Interest::Interested, Choke::Choking) => Flow::Wanted,
            (Interest::NotInterested, Choke::Unchoked) => Flow::Allowed,
            (Interest::Interested, Choke::Unchoked) => Flow::Open,
        }
    }
}

/// One side of a conversation.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Peer {
    /// The bits of its handshake, once seen.
    pub reserved: Option<Reserved>,
    /// Towards the other side.
    pub choke: Choke,
    /// In the other side's pieces.
    pub interest: Interest,
    /// What it says it has.
    pub pieces: Pieces,
    /// What it asked for and did not get yet.
    pub requests: Requests,
    /// Names it gave to extension ids: the other side sends with these.
    pub extensions: Arc<Vec<(String, u8)>>,
}

/// Two peers at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Talk {
    peers: [Peer; 2],
}

impl Talk {
    /// One of the two.
    pub fn peer(&self, side: Side) -> &Peer {
        &self.peers[side.index()]
    }

    /// Data towards `receiver`: its interest and the other's choke.
    pub fn flow_to(&self, receiver: Side) -> Flow {
        Flow::of(self.peer(receiver).interest, self.peer(!receiver).choke)
    }

    /// The fast extension holds when both handshakes announce it (BEP 6).
    pub fn has_fast(&self) -> bool {
        self.peers
            .iter()
            .all(|peer| peer.reserved.is_some_and(Reserved::has_fast))
    }

    /// The name of an extended message that `sender` sends: its receiver has chosen the id (BEP 10).
    pub fn extension(&self, sender: Side, id: u8) -> Option<&str> {
        if id == 0 {
            return Some("handshake");
        }
        let names = &self.peer(!sender).extensions;
        names
            .iter()
            .find(|(_, known)| *known == id)
            .map(|(name, _)| name.as_str())
    }

    /// Takes what `sender` says.
    pub fn apply(&mut self, sender: Side, message: &Message) {
        let has_fast = self.has_fast();
        let [a, b] = &mut self.peers;
        let (peer, other) = if sender == Side::A { (a, b) } else { (b, a) };
        match message {
            Message::Handshake(handshake) => peer.begin(handshake.reserved),
            Message::Choke => {
                peer.choke = Choke::Choking;
                // Without the fast extension a choke drops what was asked for (BEP 3); with it each request
                // still gets its piece or its reject (BEP 6).
                if !has_fast {
                    other.requests.clear();
                }
            }
            Message::Unchoke => peer.choke = Choke::Unchoked,
            Message::Interested => peer.interest = Interest::Interested,
            Message::NotInterested => peer.interest = Interest::NotInterested,
            Message::Have(piece) => peer.pieces.insert(*piece),
            Message::Bitfield(bytes) => peer.pieces.set_bitfield(bytes),
            Message::HaveAll => peer.pieces.set_all(),
            Message::HaveNone => peer.pieces.set_none(),
            Message::Request(block) => peer.requests.push(*block),
            Message::Cancel(block) => peer.requests.withdraw(*block),
            Message::Piece(block) => other.requests.answer(*block),
            Message::Reject(block) => other.requests.withdraw(*block),
            Message::Extended { id: 0, payload } => {
                peer.rename(ExtendedHandshake::read(payload).ids);
            }
            _ => {}
        }
    }

    /// From here on messages of `side` are not understood: what it last said may no longer hold.
    pub fn lose(&mut self, side: Side) {
        let peer = &mut self.peers[side.index()];
        peer.choke = Choke::Unknown;
        peer.interest = Interest::Unknown;
    }

    /// Bytes that a copy takes, nearly.
    pub fn weight(&self) -> usize {
        size_of::<Talk>()
            + self
                .peers
                .iter()
                .map(|peer| peer.pieces.weight() + peer.requests.weight())
                .sum::<usize>()
    }
}

impl Peer {
    fn begin(&mut self, reserved: Reserved) {
        self.reserved = Some(reserved);
        self.choke = Choke::Choking;
        self.interest = Interest::NotInterested;
    }

    /// A later extended handshake is merged over the earlier one; id 0 takes a name back (BEP 10). An id that is given
    /// again means its latest name.
    fn rename(&mut self, ids: Vec<(String, u8)>) {
        let extensions = Arc::make_mut(&mut self.extensions);
        for (name, id) in ids {
            extensions.retain(|(known, other)| *known != name && *other != id);
            if id != 0 && extensions.len() < usize::from(u8::MAX) {
                extensions.push((name, id));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Block, Handshake, PieceIndex};

    const BLOCK: Block = Block {
        index: PieceIndex(1),
        begin: 0,
        length: 16384,
    };

    fn hello(fast: bool) -> Message {
        let reserved = Reserved([0, 0, 0, 0, 0, 0x10, 0, if fast { 4 } else { 0 }]);
        Message::Handshake(Box::new(Handshake {
            reserved,
            ..Handshake::default()
        }))
    }

    /// Two peers behind their handshakes, `A` has sent the messages of `a`, then `B` those of `b`.
    fn talk(fast: bool, a: &[Message], b: &[Message]) -> Talk {
        let mut talk = Talk::default();
        talk.apply(Side::A, &hello(fast));
        talk.apply(Side::B, &hello(fast));
        a.iter().for_each(|message| talk.apply(Side::A, message));
        b.iter().for_each(|message| talk.apply(Side::B, message));
        talk
    }

    #[test]
    fn before_the_handshakes_everything_is_unknown() {
        assert_eq!(Talk::default().flow_to(Side::A), Flow::Unknown);
    }

    #[test]
    fn a_connection_begins_choked_and_without_interest() {
        assert_eq!(talk(false, &[], &[]).flow_to(Side::A), Flow::Idle);
    }

    #[test]
    fn data_flows_when_it_is_wanted_and_allowed() {
        assert_eq!(
            talk(false, &[Message::Interested], &[]).flow_to(Side::A),
            Flow::Wanted
        );
        assert_eq!(
            talk(false, &[], &[Message::Unchoke]).flow_to(Side::A),
            Flow::Allowed
        );
        let talk = talk(false, &[Message::Interested], &[Message::Unchoke]);
        assert_eq!(
            (talk.flow_to(Side::A), talk.flow_to(Side::B)),
            (Flow::Open, Flow::Idle)
        );
    }

    #[test]
    fn a_piece_answers_a_request_of_the_other_side() {
        let talk = talk(false, &[Message::Request(BLOCK)], &[Message::Piece(BLOCK)]);
        assert!(talk.peer(Side::A).requests.is_empty());
    }

    #[test]
    fn a_choke_drops_requests_unless_both_are_fast() {
        let left = |fast| {
            talk(fast, &[Message::Request(BLOCK)], &[Message::Choke])
                .peer(Side::A)
                .requests
                .len()
        };
        assert_eq!((left(false), left(true)), (0, 1));
    }

    #[test]
    fn the_receiver_names_the_extended_messages_it_gets() {
        let hello = Message::Extended {
            id: 0,
            payload: (*b"d1:md6:ut_pexi7eee").into(),
        };
        let talk = talk(false, &[], &[hello]);
        assert_eq!(talk.extension(Side::A, 7), Some("ut_pex"));
        assert_eq!(
            (talk.extension(Side::B, 7), talk.extension(Side::B, 0)),
            (None, Some("handshake"))
        );
    }

    #[test]
    fn a_later_extended_handshake_is_merged_over_the_earlier() {
        let first = Message::Extended {
            id: 0,
            payload: (*b"d1:md1:ai1e1:bi2eee").into(),
        };
        let second = Message::Extended {
            id: 0,
            payload: (*b"d1:md1:ai0e1:bi3eee").into(),
        };
        let talk = talk(false, &[], &[first, second]);
        assert_eq!(
            (
                talk.extension(Side::A, 1),
                talk.extension(Side::A, 2),
                talk.extension(Side::A, 3)
            ),
            (None, None, Some("b"))
        );
    }

    #[test]
    fn an_id_that_is_given_again_means_its_latest_name() {
        let hello = |text: &[u8]| Message::Extended {
            id: 0,
            payload: text.into(),
        };
        let (first, second) = (hello(b"d1:md1:ai1eee"), hello(b"d1:md1:bi1eee"));
        let talk = talk(false, &[], &[first, second]);
        assert_eq!(talk.extension(Side::A, 1), Some("b"));
    }

    #[test]
    fn lost_sync_makes_a_side_unknown() {
        let mut talk = talk(false, &[Message::Interested], &[Message::Unchoke]);
        talk.lose(Side::B);
        assert_eq!(talk.flow_to(Side::A), Flow::Unknown);
    }
}
