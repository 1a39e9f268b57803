//! Were the pieces that peers received the right ones? Their blocks are read again from the capture and hashed.

use std::collections::{HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};

use super::{Blocks, EntryId, Got, Moments, Part, Received, Store, parts, read_raw};
use crate::capture::Source;
use crate::packet::Endpoint;
use crate::swarm::{Check, PieceHash};
use crate::wire::PieceIndex;

/// Hashes to none of its pieces are looked up in one slice.
const LOOKED_UP: usize = 1000;

/// What was found of a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is the piece that the torrent means.
    Verified,
    /// It is not.
    Failed,
    /// Not all of its bytes are in the capture.
    Missing,
    /// The torrent does not tell what it hashes to, or is not known.
    NoHash,
}

impl Outcome {
    /// For the user.
    pub fn words(self) -> &'static str {
        match self {
            Outcome::Verified => "verified",
            Outcome::Failed => "hash failed",
            Outcome::Missing => "not all blocks in the capture",
            Outcome::NoHash => "no hash known",
        }
    }
}

/// What was found of a piece that a peer received.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Of the blocks that came first, and the message that completed them.
    pub first: (Outcome, EntryId),
    /// Where those failed and blocks came again: of those that came last.
    pub again: Option<(Outcome, EntryId)>,
    /// Messages with blocks that were wrong: others came in their place and made the piece right.
    pub wrong: Vec<EntryId>,
}

impl Verdict {
    fn of(outcome: Outcome, at: EntryId) -> Verdict {
        Verdict {
            first: (outcome, at),
            again: None,
            wrong: Vec::new(),
        }
    }

    /// What was so behind the entry `now`: nothing before the piece was there.
    pub fn at(&self, now: EntryId) -> Option<Outcome> {
        let known = [self.again, Some(self.first)].into_iter().flatten();
        known
            .into_iter()
            .find(|(_, at)| *at <= now)
            .map(|(outcome, _)| outcome)
    }

    /// What holds in the end.
    pub fn last(&self) -> Outcome {
        self.again.unwrap_or(self.first).0
    }
}

/// Which copy of each block is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Copy {
    First,
    Last,
}

impl Copy {
    fn of(self, got: &Got) -> EntryId {
        match self {
            Copy::First => got.first,
            Copy::Last => got.last,
        }
    }
}

/// A piece that is being read and hashed.
#[derive(Clone, Debug)]
struct Reading {
    key: Key,
    wanted: PieceHash,
    parts: Vec<Part>,
    copy: Copy,
    at: usize,
    check: Check,
    /// A short hash of each block, to tell which differ.
    digests: Vec<u64>,
    /// What was found of the first copies, and their digests.
    before: Option<(EntryId, Vec<u64>)>,
}

type Key = (Endpoint, PieceIndex);

/// The verification of all pieces that the peers of a torrent received.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// Peers whose pieces wait, and the next piece of the first of them.
    waiting: VecDeque<Endpoint>,
    next: PieceIndex,
    asked: usize,
    done: usize,
    reading: Option<Box<Reading>>,
    verdicts: HashMap<Endpoint, HashMap<u32, Verdict>>,
    moments: HashMap<Endpoint, Moments>,
}

impl Verification {
    /// Asks for all pieces that are not known to be right.
    pub fn ask(&mut self, blocks: &Blocks) {
        let mut hosts: Vec<Endpoint> = blocks.hosts().collect();
        hosts.sort_unstable();
        let received = hosts.iter().filter_map(|host| blocks.of(*host));
        self.asked = received.map(Received::pieces).sum();
        self.waiting = hosts.into();
        (self.next, self.done, self.reading) = (PieceIndex(0), 0, None);
    }

    /// Pieces that are done with, and all that were asked for.
    pub fn progress(&self) -> (usize, usize) {
        (self.done, self.asked)
    }

    /// True when nothing is left to do.
    pub fn is_done(&self) -> bool {
        self.waiting.is_empty() && self.reading.is_none()
    }

    /// Leaves the rest.
    pub fn stop(&mut self) {
        self.waiting.clear();
        self.reading = None;
        (self.asked, self.done) = (0, 0);
    }

    /// What was found of a piece.
    pub fn verdict(&self, host: Endpoint, piece: PieceIndex) -> Option<&Verdict> {
        self.verdicts.get(&host)?.get(&piece.0)
    }

    /// All that was found, in no order.
    pub fn verdicts(&self) -> impl Iterator<Item = (Endpoint, PieceIndex, &Verdict)> {
        let of = |(host, pieces): (&Endpoint, _)| (*host, pieces);
        let all = self.verdicts.iter().map(of);
        all.flat_map(|(host, pieces): (_, &HashMap<u32, Verdict>)| {
            pieces
                .iter()
                .map(move |(piece, verdict)| (host, PieceIndex(*piece), verdict))
        })
    }

    /// Since when pieces of a peer were wrong, and right.
    pub fn moments(&self, host: Endpoint) -> Option<&Moments> {
        self.moments.get(&host)
    }

    /// Goes on by so many blocks. True when all is done.
    pub fn step(&mut self, store: &Store, source: &Source, blocks: &Blocks, reads: usize) -> bool {
        let (mut reads, mut lookups) = (reads, LOOKED_UP);
        while reads > 0 && lookups > 0 && !self.is_done() {
            if let Some(reading) = self.reading.take() {
                reads -= 1;
                self.read(store, source, reading);
            } else {
                lookups -= 1;
                self.begin(store, blocks);
            }
        }
        self.is_done()
    }

    fn begin(&mut self, store: &Store, blocks: &Blocks) {
        let Some(key) = self.next_piece(blocks) else {
            return;
        };
        let (host, piece) = key;
        self.done += 1;
        if self
            .verdict(host, piece)
            .is_some_and(|it| it.last() == Outcome::Verified)
        {
            return;
        }
        let of_piece = blocks.of(host).map_or(&[][..], |it| it.blocks(piece));
        let latest = of_piece
            .iter()
            .map(|got| got.first)
            .max()
            .unwrap_or_default();
        let wanted = blocks.hash(store, piece);
        let parts = blocks
            .extent(piece)
            .and_then(|extent| parts(of_piece, &extent, latest));
        match (wanted, parts) {
            (None, _) => self.found(key, Verdict::of(Outcome::NoHash, latest)),
            (_, None) => self.found(key, Verdict::of(Outcome::Missing, latest)),
            (Some(wanted), Some(parts)) => {
                self.reading = Some(Box::new(Reading {
                    key,
                    wanted,
                    parts,
                    copy: Copy::First,
                    at: 0,
                    check: Check::new(wanted),
                    digests: Vec::new(),
                    before: None,
                }));
            }
        }
    }

    /// The next piece of the first peer that waits; a peer without more no longer waits.
    fn next_piece(&mut self, blocks: &Blocks) -> Option<Key> {
        let host = *self.waiting.front()?;
        let Some(piece) = blocks.of(host).and_then(|it| it.next(self.next)) else {
            self.waiting.pop_front();
            self.next = PieceIndex(0);
            return None;
        };
        self.next = PieceIndex(piece.0 + 1);
        Some((host, piece))
    }

    fn read(&mut self, store: &Store, source: &Source, mut reading: Box<Reading>) {
        if !reading.part(store, source) {
            let missing = Verdict::of(Outcome::Missing, reading.moment());
            let verdict = reading
                .before
                .map_or(missing, |(at, _)| Verdict::of(Outcome::Failed, at));
            self.found(reading.key, verdict);
        } else if reading.at < reading.parts.len() {
            self.reading = Some(reading);
        } else {
            self.end(reading);
        }
    }

    fn end(&mut self, mut reading: Box<Reading>) {
        let check = std::mem::replace(&mut reading.check, Check::new(reading.wanted));
        let (is_right, moment) = (check.is_right(), reading.moment());
        let outcome = if is_right {
            Outcome::Verified
        } else {
            Outcome::Failed
        };
        match reading.before.take() {
            None if !is_right && reading.came_again() => {
                reading.before = Some((moment, std::mem::take(&mut reading.digests)));
                (reading.copy, reading.at) = (Copy::Last, 0);
                self.reading = Some(reading);
            }
            None => self.found(reading.key, Verdict::of(outcome, moment)),
            Some((first, digests)) => {
                let wrong = if is_right {
                    reading.differing(&digests)
                } else {
                    Vec::new()
                };
                let verdict = Verdict {
                    first: (Outcome::Failed, first),
                    again: Some((outcome, moment)),
                    wrong,
                };
                self.found(reading.key, verdict);
            }
        }
    }

    fn found(&mut self, (host, piece): Key, verdict: Verdict) {
        let when = |outcome| {
            let known = [Some(verdict.first), verdict.again].into_iter().flatten();
            known
                .into_iter()
                .find(|(it, _)| *it == outcome)
                .map(|(_, at)| at)
        };
        let (failed, verified) = (when(Outcome::Failed), when(Outcome::Verified));
        if failed.or(verified).is_some() {
            self.moments
                .entry(host)
                .or_default()
                .set(piece.0, failed, verified);
        }
        self.verdicts
            .entry(host)
            .or_default()
            .insert(piece.0, verdict);
    }
}

impl Reading {
    /// Takes the next part; false if its bytes are not in the capture.
    fn part(&mut self, store: &Store, source: &Source) -> bool {
        let part = self.parts[self.at];
        self.at += 1;
        match part {
            Part::Zeros(count) => {
                zeros(count, |bytes| self.check.take(bytes));
                self.digests.push(0);
                true
            }
            Part::Block { got, skip, take } => {
                let Some(data) = block_bytes(store, source, self.copy.of(&got), &got) else {
                    return false;
                };
                let bytes = &data[skip as usize..(skip + take) as usize];
                self.check.take(bytes);
                self.digests.push(digest(bytes));
                true
            }
        }
    }

    fn blocks(&self) -> impl Iterator<Item = &Got> {
        self.parts.iter().filter_map(|part| match part {
            Part::Block { got, .. } => Some(got),
            Part::Zeros(_) => None,
        })
    }

    /// The message that completed the piece.
    fn moment(&self) -> EntryId {
        self.blocks()
            .map(|got| self.copy.of(got))
            .max()
            .unwrap_or_default()
    }

    fn came_again(&self) -> bool {
        self.blocks().any(|got| got.times > 1)
    }

    /// The first copies of blocks whose last copies are others.
    fn differing(&self, before: &[u64]) -> Vec<EntryId> {
        let pairs = before.iter().zip(&self.digests).zip(&self.parts);
        let differing = pairs.filter(|((old, new), _)| old != new);
        let wrong = differing.filter_map(|(_, part)| match part {
            Part::Block { got, .. } => Some(got.first),
            Part::Zeros(_) => None,
        });
        wrong.collect()
    }
}

/// Pads may be long: they are taken by the leaf.
fn zeros(mut count: u64, mut take: impl FnMut(&[u8])) {
    const SOME: [u8; 4096] = [0; 4096];
    while count > 0 {
        let now = count.min(SOME.len() as u64);
        take(&SOME[..now as usize]);
        count -= now;
    }
}

/// Both copies are hashed in one run of the program: it need not be the same hash in the next.
fn digest(bytes: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    hasher.finish()
}

/// The data of a block, if all of it is in the capture: it ends the message, whatever the framing.
pub(crate) fn block_bytes(
    store: &Store,
    source: &Source,
    id: EntryId,
    got: &Got,
) -> Option<Vec<u8>> {
    let raw = read_raw(store, source, id)?;
    let start = usize::try_from(raw.total)
        .ok()?
        .checked_sub(got.length as usize)?;
    (start..raw.total as usize).map(|at| raw.get(at)).collect()
}

impl Blocks {
    fn hash(&self, store: &Store, piece: PieceIndex) -> Option<PieceHash> {
        let super::Subject::Torrent(hash) = self.walk().subject() else {
            return None;
        };
        store.torrents.get(hash)?.metainfo()?.piece_hash(piece)
    }
}
