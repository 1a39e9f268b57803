//! Which blocks each peer of a torrent received in this capture, and since when it had whole pieces.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use super::{Connection, Entry, EntryId, Moments, Store, Subject, Walk, What};
use crate::packet::Endpoint;
use crate::stream::Side;
use crate::swarm::{Extent, MAX_PIECES, Metainfo};
use crate::wire::{Block, Kind, Message, PieceIndex};

/// Different blocks of a piece that are kept: of 16 KiB each they make 128 MiB, and no client makes greater pieces.
const MAX_BLOCKS: usize = 8192;
const MAX_PIECE: u64 = 128 * 1024 * 1024;
/// Peers whose blocks are kept: of one torrent nobody captures more.
const MAX_HOSTS: usize = 1 << 14;
/// No client makes smaller pieces, nor such that are no power of two.
const MIN_PIECE: u64 = 16 * 1024;

/// A block that a peer received, once or more often.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Got {
    /// Its first byte in the piece.
    pub begin: u32,
    /// Its bytes.
    pub length: u32,
    /// The message that brought it first.
    pub first: EntryId,
    /// The one that brought it last.
    pub last: EntryId,
    /// How often it came.
    pub times: u32,
}

/// What fills a piece, byte by byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// So many bytes of a block, behind its first so many.
    Block {
        /// The block.
        got: Got,
        /// Bytes of it that are left out.
        skip: u64,
        /// Bytes of it that count.
        take: u64,
    },
    /// Zeros that nobody sends.
    Zeros(u64),
}

/// What one peer received.
#[derive(Clone, Debug, Default)]
pub struct Received {
    pieces: usize,
    chunks: BTreeMap<u32, Box<Chunk>>,
    moments: Moments,
}

/// Pieces of one chunk. Chunks do not move when there are more of them, so that no step is longer than others.
const CHUNK: u32 = 64;

type Chunk = [Vec<Got>; CHUNK as usize];

impl Received {
    /// How many pieces it received anything of.
    pub fn pieces(&self) -> usize {
        self.pieces
    }

    /// The first of them from `piece` on.
    pub fn next(&self, piece: PieceIndex) -> Option<PieceIndex> {
        self.moments.next(piece.0).map(PieceIndex)
    }

    /// The blocks of a piece, by their place in it.
    pub fn blocks(&self, piece: PieceIndex) -> &[Got] {
        let chunk = self.chunks.get(&(piece.0 / CHUNK));
        chunk.map_or(&[], |chunk| &chunk[(piece.0 % CHUNK) as usize])
    }

    /// When each piece had its first block, and its last.
    pub fn moments(&self) -> &Moments {
        &self.moments
    }

    fn take(&mut self, block: Block, id: EntryId) {
        let (number, at) = (block.index.0 / CHUNK, (block.index.0 % CHUNK) as usize);
        let chunk = self.chunks.entry(number);
        let chunk = chunk.or_insert_with(|| Box::new([const { Vec::new() }; CHUNK as usize]));
        let blocks = &mut chunk[at];
        if blocks.is_empty() {
            blocks.reserve_exact(1);
            self.pieces += 1;
        }
        match blocks
            .binary_search_by_key(&(block.begin, block.length), |got| (got.begin, got.length))
        {
            Ok(at) => blocks[at].again(id),
            Err(at) if blocks.len() < MAX_BLOCKS => blocks.insert(
                at,
                Got {
                    begin: block.begin,
                    length: block.length,
                    first: id,
                    last: id,
                    times: 1,
                },
            ),
            Err(_) => {}
        }
    }

    fn settle(&mut self, piece: u32, extent: Option<&Extent>) {
        let blocks = self.blocks(PieceIndex(piece));
        let first = blocks.iter().map(|got| got.first).min();
        let whole = extent.and_then(|extent| whole_at(blocks, extent));
        self.moments.set(piece, first, whole);
    }
}

impl Got {
    fn again(&mut self, id: EntryId) {
        self.first = self.first.min(id);
        self.last = self.last.max(id);
        self.times += 1;
    }

    fn end(&self) -> u64 {
        u64::from(self.begin) + u64::from(self.length)
    }
}

/// The message behind which the whole piece was there.
fn whole_at(blocks: &[Got], extent: &Extent) -> Option<EntryId> {
    let bytes: u64 = blocks.iter().map(|got| u64::from(got.length)).sum();
    let padded: u64 = extent.pads.iter().map(|pad| pad.end - pad.start).sum();
    if bytes + padded < extent.length {
        return None;
    }
    if is_tiled(blocks, extent.length) {
        return blocks.iter().map(|got| got.first).max();
    }
    parts(blocks, extent, EntryId(u32::MAX))?;
    let mut moments: Vec<EntryId> = blocks.iter().map(|got| got.first).collect();
    moments.sort_unstable();
    let before = moments.partition_point(|moment| parts(blocks, extent, *moment).is_none());
    moments.get(before).copied()
}

/// Blocks that neither overlap nor leave anything out, as they are in nearly all pieces.
fn is_tiled(blocks: &[Got], length: u64) -> bool {
    let mut at = 0;
    let is_next = |got: &Got| u64::from(got.begin) == std::mem::replace(&mut at, got.end());
    blocks.iter().all(is_next) && at == length
}

/// What fills a piece, of the blocks that had come with `until`; `None` where bytes are missing. `blocks` are in
/// order of their first bytes.
pub fn parts(blocks: &[Got], extent: &Extent, until: EntryId) -> Option<Vec<Part>> {
    let mut parts = Vec::new();
    let mut blocks = blocks.iter().filter(|got| got.first <= until).peekable();
    let mut pads = extent.pads.iter().peekable();
    let (mut at, mut reach): (u64, Option<&Got>) = (0, None);
    while at < extent.length {
        while let Some(got) = blocks.next_if(|got| u64::from(got.begin) <= at) {
            reach = reach.filter(|best| best.end() >= got.end()).or(Some(got));
        }
        while pads.next_if(|pad| pad.end <= at).is_some() {}
        let end = if let Some(got) = reach.filter(|got| got.end() > at) {
            let end = got.end().min(extent.length);
            let skip = at - u64::from(got.begin);
            parts.push(Part::Block {
                got: *got,
                skip,
                take: end - at,
            });
            end
        } else {
            let pad = pads.next_if(|pad| pad.start <= at)?;
            parts.push(Part::Zeros(pad.end - at));
            pad.end
        };
        at = end;
    }
    Some(parts)
}

/// How long pieces are: by the torrent's own word, or else by the longest that was seen.
#[derive(Clone, Debug, Default)]
struct Lengths {
    metainfo: Option<Arc<Metainfo>>,
    longest: u64,
}

impl Lengths {
    fn extent(&self, piece: PieceIndex) -> Option<Extent> {
        match &self.metainfo {
            Some(metainfo) => metainfo.extent(piece),
            // The last piece may be shorter: nothing tells whether it is whole, unless it is as long as the others.
            None => Some(Extent {
                length: self.longest,
                pads: Vec::new(),
            })
            .filter(|it| it.length >= MIN_PIECE),
        }
    }
}

/// Which blocks the peers of a torrent received, as far as a walk has come.
#[derive(Clone, Debug)]
pub struct Blocks {
    walk: Walk,
    lengths: Lengths,
    receivers: HashMap<Endpoint, Received>,
}

impl Blocks {
    /// Nothing yet.
    pub fn new(subject: Subject) -> Blocks {
        Blocks {
            walk: Walk::new(subject),
            lengths: Lengths::default(),
            receivers: HashMap::new(),
        }
    }

    /// The walk that gathers them.
    pub fn walk(&self) -> &Walk {
        &self.walk
    }

    /// What a peer received; see [`Connection::host`].
    pub fn of(&self, host: Endpoint) -> Option<&Received> {
        self.receivers.get(&host)
    }

    /// Who received anything.
    pub fn hosts(&self) -> impl Iterator<Item = Endpoint> {
        self.receivers.keys().copied()
    }

    /// How long a piece is, if that is known or can be guessed.
    pub fn extent(&self, piece: PieceIndex) -> Option<Extent> {
        self.lengths.extent(piece)
    }

    /// Looks at so many entries more. True when there are no more.
    pub fn step(&mut self, store: &Store, entries: usize) -> bool {
        self.ask_the_torrent(store);
        let (receivers, lengths) = (&mut self.receivers, &self.lengths);
        let mut touched = Vec::new();
        let mut longest = lengths.longest;
        let is_done = self.walk.step(store, entries, |id, entry| {
            if let Some((connection, block)) = received(store, entry) {
                let host = connection.host(!entry.side());
                if receivers.len() >= MAX_HOSTS && !receivers.contains_key(&host) {
                    return;
                }
                receivers.entry(host).or_default().take(block, id);
                if touched.last() != Some(&(host, block.index.0)) {
                    touched.push((host, block.index.0));
                }
                longest = longest.max(least_piece(block));
            }
        });
        if lengths.metainfo.is_none() && longest > lengths.longest {
            self.begin_again(Lengths {
                metainfo: None,
                longest,
            });
            return false;
        }
        touched.sort_unstable();
        touched.dedup();
        for (host, piece) in touched {
            if let Some(received) = self.receivers.get_mut(&host) {
                received.settle(piece, lengths.extent(PieceIndex(piece)).as_ref());
            }
        }
        is_done
    }

    /// What the torrent says of itself goes before what was guessed.
    fn ask_the_torrent(&mut self, store: &Store) {
        let Subject::Torrent(hash) = self.walk.subject() else {
            return;
        };
        let known = store.torrents.get(hash).and_then(|swarm| swarm.metainfo());
        if known.is_some() && self.lengths.metainfo.is_none() {
            self.begin_again(Lengths {
                metainfo: known.cloned(),
                longest: 0,
            });
        }
    }

    fn begin_again(&mut self, lengths: Lengths) {
        *self = Blocks {
            lengths,
            ..Blocks::new(self.walk.subject())
        };
    }
}

/// Pieces are at least as long as reaches their last block, and a power of two. What no client has is a lie.
fn least_piece(block: Block) -> u64 {
    let end = u64::from(block.begin) + u64::from(block.length);
    if end > MAX_PIECE {
        0
    } else {
        end.next_power_of_two()
    }
}

/// The block that an entry brings, and on which connection.
fn received<'s>(store: &'s Store, entry: &Entry) -> Option<(&'s Connection, Block)> {
    if entry.kind() != Kind::Piece {
        return None;
    }
    match store.what(entry) {
        What::Message(Message::Piece(block)) if block.index.0 < MAX_PIECES => {
            Some((store.connection(entry.connection), block))
        }
        _ => None,
    }
}

impl Connection {
    /// An end as one peer, whatever port it speaks from: ports tell peers apart only where both are at one address.
    pub fn host(&self, side: Side) -> Endpoint {
        let [end, other] = [self.end(side), self.end(!side)];
        let port = if end.ip == other.ip { end.port } else { 0 };
        Endpoint { port, ..*end }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::HashSet;

    fn got(begin: u32, length: u32, first: u32) -> Got {
        Got {
            begin,
            length,
            first: EntryId(first),
            last: EntryId(first),
            times: 1,
        }
    }

    fn extent(length: u64) -> Extent {
        Extent {
            length,
            pads: Vec::new(),
        }
    }

    #[test]
    fn a_piece_is_whole_with_the_last_of_its_blocks() {
        let blocks = [got(0, 10, 7), got(10, 10, 3), got(20, 5, 5)];
        assert_eq!(whole_at(&blocks, &extent(25)), Some(EntryId(7)));
        assert_eq!(whole_at(&blocks, &extent(26)), None);
        assert_eq!(whole_at(&blocks[1..], &extent(25)), None);
    }

    #[test]
    fn pads_need_no_block() {
        let padded = Extent {
            length: 20,
            pads: std::iter::once(10..20).collect(),
        };
        assert_eq!(whole_at(&[got(0, 10, 3)], &padded), Some(EntryId(3)));
        assert_eq!(whole_at(&[got(0, 9, 3)], &padded), None);
        assert_eq!(whole_at(&[got(0, 20, 3)], &padded), Some(EntryId(3)));
    }

    #[test]
    fn what_comes_again_is_no_new_block() {
        let mut received = Received::default();
        let block = Block {
            index: PieceIndex(4),
            begin: 0,
            length: 10,
        };
        [5, 9, 2]
            .into_iter()
            .for_each(|id| received.take(block, EntryId(id)));
        let blocks = received.blocks(PieceIndex(4));
        assert_eq!(
            (
                blocks.len(),
                blocks[0].first,
                blocks[0].last,
                blocks[0].times
            ),
            (1, EntryId(2), EntryId(9), 3)
        );
    }

    #[test]
    fn a_flood_of_blocks_is_not_kept() {
        let mut received = Received::default();
        for begin in 0..10_000 {
            received.take(
                Block {
                    index: PieceIndex(0),
                    begin,
                    length: 1,
                },
                EntryId(begin),
            );
        }
        assert_eq!(received.blocks(PieceIndex(0)).len(), MAX_BLOCKS);
    }

    proptest! {
        /// Blocks that overlap, in any order: a set of bytes says the same.
        #[test]
        fn a_piece_is_whole_when_each_byte_came(
            told in proptest::collection::vec((0u32..60, 1u32..30), 0..20), length in 1u64..70, pad in 0u64..70
        ) {
            let mut received = Received::default();
            let extent = Extent { length, pads: std::iter::once(pad.min(length)..length).filter(|it| !it.is_empty()).collect() };
            let mut bytes: HashSet<u64> = extent.pads.iter().cloned().flatten().collect();
            let mut whole = None;
            for (id, (begin, length)) in (0..).zip(told) {
                received.take(Block { index: PieceIndex(0), begin, length }, EntryId(id));
                bytes.extend((u64::from(begin)..u64::from(begin + length)).filter(|at| *at < extent.length));
                if bytes.len() as u64 == extent.length {
                    whole = whole.or(Some(EntryId(id)));
                }
            }
            let blocks = received.blocks(PieceIndex(0));
            if !blocks.is_empty() {
                prop_assert_eq!(whole_at(blocks, &extent), whole);
            }
            if let Some(parts) = parts(blocks, &extent, EntryId(u32::MAX)) {
                let bytes = parts.iter().map(|part| match part { Part::Block { take, .. } | Part::Zeros(take) => take });
                prop_assert_eq!(bytes.sum::<u64>(), length);
            }
        }
    }
}
