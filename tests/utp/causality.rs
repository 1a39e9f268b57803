//! Who could know of what, told by the numbers of packets.

use peerscope::store::EntryId;
use peerscope::stream::Side;
use peerscope::wire::{Block, Kind, Message, PieceIndex};

use crate::datagrams::Capture;
use crate::heard::Heard;
use crate::line::Line;
use crate::{A, B};

const REQUEST: Message = Message::Request(Block {
    index: PieceIndex(1),
    begin: 0,
    length: 16384,
});

/// Whether a request was sent with a choke acknowledged; the numbers of packets wrap before it.
fn had_heard(lacking: u16) -> Vec<bool> {
    let (mut capture, mut line) = (Capture::new(), Line::new([A, B], 7, [900, u16::MAX - 1]));
    capture.greet(&mut line);
    let choke = line.data(Side::B, &Message::Choke.encode(&[]));
    capture.send(&choke);
    line.got[Side::B.index()] = line.got[Side::B.index()].wrapping_sub(lacking);
    capture.send(&line.data(Side::A, &REQUEST.encode(&[])));
    let store = Heard::of(capture).store;
    let entries = store.entries(EntryId(0));
    let requests = entries.filter(|(_, entry)| entry.kind() == Kind::Request);
    requests.map(|(_, entry)| entry.has_heard()).collect()
}

#[test]
fn a_request_behind_an_acknowledged_choke_was_asked_knowingly() {
    assert_eq!(had_heard(0), [true]);
}

#[test]
fn a_request_that_has_not_got_the_packet_of_the_choke_has_crossed_it() {
    assert_eq!(had_heard(1), [false]);
}
