//! What shows only in all conversations about one torrent: what a peer asks for and gets, on all of its connections.

mod blocks;
mod minute;

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use crate::findings::scene::{Raise, Scene};
use crate::findings::{Code, Spot};
use crate::store::Store;
use crate::stream::{ConnectionId, Side};
use crate::wire::{Block, InfoHash, Message, PeerId};

use blocks::{Blocks, News};
use minute::Minute;

/// Blocks that came twice and wait to be told of, for each peer.
const MAX_TWICE: usize = 64;
/// Who asks for so many more that it had never asked for is not at its end: the endgame is the time without new requests.
const NOT_AT_THE_END: u64 = 64;
/// Below so many bytes a share tells nothing: the endgame is most of it.
const WORTH_A_SHARE: u64 = 16 << 20;
/// Percent of them that may come twice (Transmission has some 4 where nothing else is wrong, and less without endgame).
const MAX_REDUNDANT: u64 = 3;
/// Below so many requests a share of them tells nothing.
const MIN_ASKED: u32 = 50;
/// Percent of them that may be cancelled in the last minute.
const MAX_CANCELLED: u32 = 10;
/// Parts of pieces that are remembered in all: a MiB each, some 64 MB. What lies beyond is not judged.
const MAX_PARTS: usize = 1 << 20;

/// All torrents.
#[derive(Debug, Default)]
pub(in crate::findings) struct Swarms {
    /// By connection.
    ends: Vec<Option<Box<[End; 2]>>>,
    /// Of a torrent and a host, the peer of this id. Several peers may share an address, and some take a new id for each
    /// connection: they are several here.
    numbers: HashMap<(InfoHash, IpAddr, PeerId), u32>,
    peers: Vec<Peer>,
    parts: usize,
}

/// One end of a connection: who it is by its handshake, and by its number.
#[derive(Clone, Copy, Debug, Default)]
struct End {
    id: Option<PeerId>,
    number: Option<u32>,
}

/// A peer of a torrent.
#[derive(Debug, Default)]
struct Peer {
    blocks: Blocks,
    /// Bytes that it got.
    bytes: u64,
    /// Bytes of these that it had.
    redundant: u64,
    /// Requests for what it had not asked for.
    fresh: u64,
    twice: VecDeque<Twice>,
    last_twice: Option<(ConnectionId, Side, Spot)>,
    minute: Minute,
    last_cancel: Option<(ConnectionId, Side, Spot)>,
}

/// A block that came again.
#[derive(Clone, Copy, Debug)]
struct Twice {
    connection: ConnectionId,
    giver: Side,
    spot: Spot,
    block: Block,
    /// How many fresh requests there were.
    fresh: u64,
}

impl Swarms {
    pub(in crate::findings) fn said(
        &mut self,
        scene: &Scene<'_>,
        message: &Message,
        out: &mut Raise<'_>,
    ) {
        match message {
            Message::Handshake(handshake) => {
                self.end_of(scene, scene.by).id = Some(handshake.peer_id);
            }
            Message::Request(block) => self.asked(scene, *block, out),
            Message::Cancel(_) => self.cancelled(scene),
            Message::Piece(block) => self.given(scene, *block, out),
            _ => {}
        }
    }

    pub(in crate::findings) fn end(&mut self, _: &Store, out: &mut Raise<'_>) {
        for peer in &self.peers {
            peer.redundant(out);
            peer.endgame(out);
        }
    }

    fn end_of(&mut self, scene: &Scene<'_>, side: Side) -> &mut End {
        let at = scene.connection.id.0 as usize;
        if self.ends.len() <= at {
            self.ends.resize_with(at + 1, || None);
        }
        &mut self.ends[at].get_or_insert_default()[side.index()]
    }

    /// The number of the peer at an end, where both it and the torrent are known.
    fn number(&mut self, scene: &Scene<'_>, side: Side) -> Option<u32> {
        let end = *self.end_of(scene, side);
        if end.number.is_some() {
            return end.number;
        }
        let ip = scene.connection.real_end(side).ip;
        let next = self.peers.len() as u32;
        let key = (scene.ground.torrent?, ip, end.id?);
        let number = *self.numbers.entry(key).or_insert(next);
        if number == next {
            self.peers.push(Peer::default());
        }
        self.end_of(scene, side).number = Some(number);
        Some(number)
    }

    fn asked(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let Some(number) = self.number(scene, scene.by) else {
            return;
        };
        let has_room = self.parts < MAX_PARTS;
        let peer = &mut self.peers[number as usize];
        let before = peer.blocks.parts();
        peer.minute.ask(scene.now());
        if peer.blocks.ask(block, has_room) == News::Fresh {
            peer.fresh += 1;
            peer.tell(out);
        }
        self.parts += peer.blocks.parts() - before;
    }

    fn cancelled(&mut self, scene: &Scene<'_>) {
        if let Some(number) = self.number(scene, scene.by) {
            let peer = &mut self.peers[number as usize];
            peer.minute.cancel(scene.now());
            peer.last_cancel = Some((scene.connection.id, scene.by, scene.spot()));
        }
    }

    fn given(&mut self, scene: &Scene<'_>, block: Block, out: &mut Raise<'_>) {
        let receiver = self.number(scene, !scene.by);
        let giver = self.number(scene, scene.by);
        let Some(number) = receiver else {
            return;
        };
        let has_room = self.parts < MAX_PARTS;
        let peer = &mut self.peers[number as usize];
        let before = peer.blocks.parts();
        peer.bytes += u64::from(block.length);
        match peer.blocks.get(block, giver, has_room) {
            News::Fresh | News::Unknown => {}
            News::Known => peer.again(scene, block),
            News::Third => {
                let Block { index, begin, .. } = block;
                out.say(
                    Code::BlockInterleaved,
                    !scene.by,
                    scene.spot(),
                    format_args!("the block at {begin} of piece {index} came from a third peer"),
                );
            }
        }
        self.parts += peer.blocks.parts() - before;
    }
}

impl Peer {
    /// A block came that it had.
    fn again(&mut self, scene: &Scene<'_>, block: Block) {
        self.redundant += u64::from(block.length);
        self.last_twice = Some((scene.connection.id, !scene.by, scene.spot()));
        if self.twice.len() < MAX_TWICE {
            self.twice.push_back(Twice {
                connection: scene.connection.id,
                giver: scene.by,
                spot: scene.spot(),
                block,
                fresh: self.fresh,
            });
        }
    }

    /// Those that came twice while it had much to ask for.
    fn tell(&mut self, out: &mut Raise<'_>) {
        while let Some(twice) = self.twice.front()
            && self.fresh - twice.fresh >= NOT_AT_THE_END
        {
            let Block {
                index,
                begin,
                length,
            } = twice.block;
            out.on(twice.connection).say(
                Code::PieceDuplicate,
                !twice.giver,
                twice.spot,
                format_args!(
                    "{length} bytes of piece {index} at {begin} came to a peer that had got them before"
                ),
            );
            self.twice.pop_front();
        }
    }

    fn redundant(&self, out: &mut Raise<'_>) {
        let (bytes, redundant) = (self.bytes, self.redundant);
        let Some((connection, side, spot)) = self.last_twice else {
            return;
        };
        if bytes < WORTH_A_SHARE || redundant * 100 <= bytes * MAX_REDUNDANT {
            return;
        }
        let percent = redundant as f64 * 100.0 / bytes as f64;
        out.on(connection).say(
            Code::RedundantRatio,
            side,
            spot,
            format_args!(
                "{percent:.1} % of the {bytes} bytes that a peer got on all its connections it had got before"
            ),
        );
    }

    fn endgame(&self, out: &mut Raise<'_>) {
        let (asked, cancelled) = self.minute.sums();
        let Some((connection, side, spot)) = self.last_cancel else {
            return;
        };
        if asked < MIN_ASKED
            || u64::from(cancelled) * 100 <= u64::from(asked) * u64::from(MAX_CANCELLED)
        {
            return;
        }
        out.on(connection).say(
            Code::EndgameWaste,
            side,
            spot,
            format_args!(
                "{cancelled} of {asked} requests of the last minute of a peer were cancelled"
            ),
        );
    }
}
