//! Who could know of what: a message tells whether its sender had acknowledged the word that takes back what it is about.

mod decoding;
mod packets;

use decoding::decoded;
use packets::{ACK, End, Pcap, SYN, Segment};
use peerscope::capture::{Reader, Source};
use peerscope::store::EntryId;
use peerscope::wire::{Block, Kind, Message, PieceIndex};

const ENDS: [End; 2] = [
    End {
        ip: [10, 0, 0, 1],
        port: 40000,
    },
    End {
        ip: [10, 0, 0, 2],
        port: 6881,
    },
];

const BLOCK: Block = Block {
    index: PieceIndex(1),
    begin: 0,
    length: 16384,
};

/// A conversation whose acknowledgements are said one by one.
struct Talk {
    pcap: Pcap<Vec<u8>>,
    next: [u32; 2],
}

impl Talk {
    /// Behind both handshakes; the numbers of B wrap soon.
    fn new() -> Talk {
        let pcap = Pcap::new(Vec::new()).unwrap();
        let next = [100, u32::MAX - 75];
        let mut talk = Talk { pcap, next };
        talk.push(0, SYN, 0, &[]);
        let got = talk.next[0];
        talk.push(1, SYN | ACK, got, &[]);
        for side in 0..2 {
            let hello = Message::Handshake(Box::default()).encode(&[]);
            let got = talk.next[1 - side];
            talk.push(side, ACK, got, &hello);
        }
        talk
    }

    /// Somebody says something, having got everything but the last so many bytes.
    fn say(&mut self, side: usize, message: &Message, lacking: u32) {
        let got = self.next[1 - side].wrapping_sub(lacking);
        self.push(side, ACK, got, &message.encode(&[]));
    }

    fn push(&mut self, side: usize, flags: u8, ack: u32, payload: &[u8]) {
        let segment = Segment {
            src: ENDS[side],
            dst: ENDS[1 - side],
            seq: self.next[side],
            ack,
            flags,
            payload,
        };
        self.pcap.push(&segment).unwrap();
        let numbered = payload.len() as u32 + u32::from(flags & SYN != 0);
        self.next[side] = self.next[side].wrapping_add(numbered);
    }

    /// Of each message of a kind, whether its sender had heard.
    fn heard(self, kind: Kind) -> Vec<bool> {
        let source = Source::Memory(self.pcap.into_inner().leak());
        let store = decoded(Reader::new(source, "a capture").unwrap());
        let entries = store.entries(EntryId(0));
        let entries = entries.filter(|(_, entry)| entry.kind() == kind);
        entries.map(|(_, entry)| entry.has_heard()).collect()
    }
}

#[test]
fn a_request_behind_an_acknowledged_choke_was_asked_knowingly() {
    let mut talk = Talk::new();
    talk.say(1, &Message::Choke, 0);
    talk.say(0, &Message::Request(BLOCK), 0);
    assert_eq!(talk.heard(Kind::Request), [true]);
}

#[test]
fn a_request_that_has_not_got_the_whole_choke_has_crossed_it() {
    let mut talk = Talk::new();
    talk.say(1, &Message::Choke, 0);
    for lacking in [5, 1] {
        talk.say(0, &Message::Request(BLOCK), lacking);
    }
    talk.say(0, &Message::Request(BLOCK), 0);
    assert_eq!(talk.heard(Kind::Request), [false, false, true]);
}

#[test]
fn it_is_the_last_choke_that_counts() {
    let mut talk = Talk::new();
    talk.say(1, &Message::Choke, 0);
    talk.say(1, &Message::Unchoke, 0);
    talk.say(0, &Message::Request(BLOCK), 5);
    talk.say(1, &Message::Choke, 0);
    talk.say(0, &Message::Request(BLOCK), 5);
    assert_eq!(talk.heard(Kind::Request), [true, false]);
}

#[test]
fn a_block_behind_a_cancel_that_is_on_its_way_has_crossed_it() {
    let mut talk = Talk::new();
    talk.say(0, &Message::Request(BLOCK), 0);
    talk.say(0, &Message::Cancel(BLOCK), 0);
    let cancel = 17;
    talk.say(1, &Message::Reject(BLOCK), cancel);
    talk.say(1, &Message::Reject(BLOCK), 0);
    assert_eq!(talk.heard(Kind::Reject), [false, true]);
}

#[test]
fn of_what_came_in_two_segments_nobody_knows_what_its_sender_had() {
    let mut talk = Talk::new();
    talk.say(1, &Message::Choke, 0);
    let request = Message::Request(BLOCK).encode(&[]);
    let got = talk.next[1];
    request
        .chunks(9)
        .for_each(|part| talk.push(0, ACK, got, part));
    assert_eq!(talk.heard(Kind::Request), [false]);
}
