//! What the bytes of blocks tell. They are not in the record: they are read again from the capture, where somebody asks.

use super::scene::Raise;
use super::{Code, Findings, Spot};
use crate::capture::Source;
use crate::store::{
    Blocks, Entry, EntryId, Got, Outcome, Store, Subject, Verdict, Verification, block_bytes,
};
use crate::stream::{ConnectionId, Side};
use crate::wire::PieceIndex;

impl Findings {
    /// Reads the blocks of all torrents again: are their pieces what the torrents mean, and is a block the same from
    /// everyone? Call it once, when all is concluded.
    pub fn verify(&mut self, store: &Store, source: &Source) {
        let torrents = store
            .swarms()
            .map(|it| Subject::Torrent(it.real_hashes().0));
        for torrent in torrents.collect::<Vec<_>>() {
            let blocks = gathered(store, torrent);
            let mut verification = Verification::default();
            verification.ask(&blocks);
            while !verification.step(store, source, &blocks, usize::MAX) {}
            self.take_verdicts(store, &blocks, &verification);
            self.compare(store, source, &blocks);
        }
        self.kept.sort();
    }

    /// Pieces that are not what their torrent means, and who sent what is wrong with them.
    fn take_verdicts(&mut self, store: &Store, blocks: &Blocks, verification: &Verification) {
        let mut verdicts: Vec<_> = verification.verdicts().collect();
        verdicts.sort_by_key(|(host, piece, _)| (*host, *piece));
        for (host, piece, verdict) in verdicts {
            let got = blocks.of(host).map_or(&[][..], |it| it.blocks(piece));
            self.take_verdict(store, piece, verdict, got);
        }
    }

    fn take_verdict(&mut self, store: &Store, piece: PieceIndex, verdict: &Verdict, got: &[Got]) {
        let (Outcome::Failed, at) = verdict.first else {
            return;
        };
        let senders = got.iter().map(|got| sender(store, got.first));
        let blamed = one(senders);
        let count = got.len();
        self.at(store, at).say(
            Code::PieceHashBad,
            blamed.map(|(_, side)| side),
            spot(store, at),
            format_args!("piece {piece} was whole with its {count} blocks and does not hash to what the torrent says"),
        );
        for wrong in &verdict.wrong {
            self.at(store, *wrong).say(
                Code::DataPoison,
                store.entry(*wrong).side(),
                spot(store, *wrong),
                format_args!("a block of piece {piece} was wrong: another one in its place made the piece right"),
            );
        }
    }

    /// Blocks that a peer received twice, from two peers, and not with the same bytes.
    fn compare(&mut self, store: &Store, source: &Source, blocks: &Blocks) {
        let mut hosts: Vec<_> = blocks.hosts().collect();
        hosts.sort_unstable();
        for received in hosts.iter().filter_map(|host| blocks.of(*host)) {
            let mut next = received.next(PieceIndex(0));
            while let Some(piece) = next {
                let twice = received.blocks(piece).iter().filter(|got| got.times > 1);
                twice.for_each(|got| self.compare_block(store, source, piece, got));
                next = received.next(PieceIndex(piece.0 + 1));
            }
        }
    }

    fn compare_block(&mut self, store: &Store, source: &Source, piece: PieceIndex, got: &Got) {
        if sender(store, got.first) == sender(store, got.last) {
            return;
        }
        let [first, last] = [got.first, got.last].map(|id| block_bytes(store, source, id, got));
        let (Some(first), Some(last)) = (first, last) else {
            return;
        };
        let differing = first.iter().zip(&last).filter(|(one, other)| one != other);
        let (count, begin) = (differing.count(), got.begin);
        if count > 0 {
            let frame = store.entry(got.first).frame;
            self.at(store, got.last).say(
                Code::PieceConflict,
                None,
                spot(store, got.last),
                format_args!("piece {piece} at {begin} differs in {count} bytes from what another peer sent in frame {frame}"),
            );
        }
    }

    fn at(&mut self, store: &Store, id: EntryId) -> Raise<'_> {
        Raise::new(&mut self.kept, store.entry(id).connection)
    }
}

/// All blocks that the peers of a torrent received.
fn gathered(store: &Store, torrent: Subject) -> Blocks {
    let mut blocks = Blocks::new(torrent);
    while !blocks.step(store, usize::MAX) {}
    blocks
}

fn sender(store: &Store, id: EntryId) -> (ConnectionId, Side) {
    let entry: &Entry = store.entry(id);
    (entry.connection, entry.side())
}

fn spot(store: &Store, id: EntryId) -> Spot {
    Spot::at(id, store.entry(id))
}

/// The one that all of them are.
fn one<T: PartialEq>(mut all: impl Iterator<Item = T>) -> Option<T> {
    let first = all.next()?;
    all.all(|it| it == first).then_some(first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_sender_is_to_blame() {
        assert_eq!(one([3, 3].into_iter()), Some(3));
        assert_eq!(one([3, 4].into_iter()), None);
        assert_eq!(one(std::iter::empty::<u8>()), None);
    }
}
