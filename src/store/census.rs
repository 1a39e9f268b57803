//! Who of a torrent has what at one moment.

use std::sync::Arc;

use super::{Entry, EntryId, Roster, Store, What};
use crate::peer::Announced;
use crate::swarm::{Availability, PieceSet, Survey, Swarm};
use crate::wire::{InfoHash, Kind, Message, PieceIndex};

/// Bytes that the sets of all peers may take: 500 unfinished peers of a torrent of a million pieces. Peers beyond it
/// are counted and their pieces are not.
const MAX_SETS: usize = 64 << 20;
/// Pieces that a step counts behind the last peer: about a millisecond.
const SURVEYED: u32 = 1 << 16;
/// Entries between two moments that are looked through, before all is counted anew.
const NEAR: u32 = 4096;

/// Every peer of a torrent with its pieces, as of one entry: what it said on any of its connections until then.
///
/// It is counted in steps, and then it answers at once. Times of entries are only almost in order, so a moment is an
/// entry: it and those before it have happened.
#[derive(Clone, Debug)]
pub struct Census {
    roster: Arc<Roster>,
    has_roster: bool,
    moment: EntryId,
    /// Pieces of the torrent; 0 where that is not known.
    of: u32,
    sets: Vec<Holding>,
    reading: Reading,
    weight: usize,
    availability: Availability,
    survey: Survey,
    is_whole: bool,
}

/// The peer behind the last that is counted.
#[derive(Clone, Debug, Default)]
struct Reading {
    /// The next of its connections.
    next: usize,
    has_begun: bool,
    set: Option<PieceSet>,
}

/// What one peer has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Holding {
    /// Its first word comes later.
    Absent,
    /// It has said nothing of its pieces yet.
    Untold,
    /// These.
    Pieces(PieceSet),
    /// There was no room for its pieces.
    Unkept,
}

/// Peers by what is known of their pieces.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Those that have begun to speak.
    pub peers: usize,
    /// That have all pieces.
    pub complete: usize,
    /// That have said nothing of theirs.
    pub untold: usize,
    /// For whose pieces there was no room.
    pub unkept: usize,
}

impl Census {
    /// Of the torrent that goes by a hash, as of an entry; [`Census::step`] counts it.
    pub fn new(info_hash: InfoHash, moment: EntryId) -> Census {
        Census::among(Arc::new(Roster::new(info_hash)), false, moment)
    }

    fn among(roster: Arc<Roster>, has_roster: bool, moment: EntryId) -> Census {
        Census {
            roster,
            has_roster,
            moment,
            of: 0,
            sets: Vec::new(),
            reading: Reading::default(),
            weight: 0,
            availability: Availability::default(),
            survey: Survey::default(),
            is_whole: false,
        }
    }

    /// Reads the state of so many connections more; true when that was all.
    pub fn step(&mut self, store: &Store, connections: usize) -> bool {
        if self.is_whole {
            return true;
        }
        if !self.has_roster {
            self.has_roster = Arc::make_mut(&mut self.roster).step(store, connections);
            return false;
        }
        if self.sets.is_empty() {
            self.of = pieces(store, &self.roster);
            self.availability = Availability::of(self.of);
        }
        for _ in 0..connections {
            match self.roster.peers().get(self.sets.len()) {
                Some(member) if self.reading.next < member.connections.len() => self.read(store),
                Some(_) => self.take_peer(),
                None => break,
            }
        }
        if self.sets.len() == self.roster.peers().len() {
            self.is_whole = self.availability.survey(&mut self.survey, SURVEYED);
        }
        self.is_whole
    }

    /// Reads the next connection of the peer that is being read.
    fn read(&mut self, store: &Store) {
        let (id, side) = self.roster.peers()[self.sets.len()].connections[self.reading.next];
        self.reading.next += 1;
        let Some(ordinal) = store.connection(id).ordinal_at(self.moment) else {
            return;
        };
        let reading = &mut self.reading;
        reading.has_begun = true;
        if !reading.set.as_ref().is_some_and(PieceSet::is_complete) {
            let talk = store.talk_at(id, ordinal);
            let pieces = &talk.peer(side).pieces;
            if pieces.announced() != Announced::Nothing {
                let set = reading.set.get_or_insert_with(|| PieceSet::none(self.of));
                set.add(pieces);
            }
        }
    }

    /// All connections of a peer were read.
    fn take_peer(&mut self) {
        let Reading { has_begun, set, .. } = std::mem::take(&mut self.reading);
        let holding = match set {
            None if has_begun => Holding::Untold,
            None => Holding::Absent,
            Some(set) if self.weight + set.weight() > MAX_SETS => Holding::Unkept,
            Some(set) => {
                self.weight += set.weight();
                self.availability.add(&set);
                Holding::Pieces(set)
            }
        };
        self.sets.push(holding);
    }

    /// Goes to another moment. What need not be counted anew stays: most messages change nobody's pieces.
    pub fn go_to(&mut self, store: &Store, moment: EntryId) {
        if self.has_roster && !self.roster.is_current(store) {
            *self = Census::new(self.roster.info_hash(), moment);
        } else if moment == self.moment && self.counts_of_now(store) {
            // It goes on with what it has.
        } else if !self.is_whole || !self.walk(store, moment) {
            *self = Census::among(Arc::clone(&self.roster), self.has_roster, moment);
        }
    }

    /// True unless the number of pieces has become another since it was begun.
    fn counts_of_now(&self, store: &Store) -> bool {
        self.sets.is_empty() || self.of == pieces(store, &self.roster)
    }

    /// True if the way to a moment nearby could be taken.
    fn walk(&mut self, store: &Store, moment: EntryId) -> bool {
        let (from, to) = (self.moment.min(moment), self.moment.max(moment));
        if to.0 - from.0 > NEAR || !self.counts_of_now(store) {
            return false;
        }
        let between = store.entries(EntryId(from.0 + 1));
        let mut between = between.take((to.0 - from.0) as usize);
        let is_forward = moment > self.moment;
        self.moment = moment;
        let can = between.all(|(id, entry)| self.pass(store, id, entry, is_forward));
        if can && !self.survey_is_done() {
            self.survey = Survey::default();
            self.is_whole = false;
        }
        can
    }

    /// True if an entry changes nothing, or what it changes can be done.
    fn pass(&mut self, store: &Store, id: EntryId, entry: &Entry, is_forward: bool) -> bool {
        let Some(peers) = self.roster.peers_of(entry.connection) else {
            return true;
        };
        let connection = store.connection(entry.connection);
        if connection.entries().first() == Some(&id) {
            return false;
        }
        match entry.kind() {
            Kind::Bitfield | Kind::HaveAll | Kind::HaveNone => false,
            Kind::Have => is_forward && self.have(store, entry, peers),
            _ => true,
        }
    }

    fn have(&mut self, store: &Store, entry: &Entry, peers: [u32; 2]) -> bool {
        let What::Message(Message::Have(piece)) = store.what(entry) else {
            return true;
        };
        let number = peers[entry.side().index()] as usize;
        let Holding::Pieces(set) = &mut self.sets[number] else {
            return false;
        };
        let before = set.weight();
        if set.insert(piece) {
            self.weight = self.weight + set.weight() - before;
            self.availability.add_piece(piece);
            self.survey = Survey::default();
        }
        self.weight <= MAX_SETS
    }

    fn survey_is_done(&self) -> bool {
        !self.survey.histogram().is_empty() || self.of == 0
    }

    /// True when all is counted.
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// How far it is, in thousandths.
    pub fn progress(&self) -> u32 {
        let all = self.roster.peers().len().max(1);
        (self.sets.len() * 1000 / all) as u32
    }

    /// The last entry that has happened.
    pub fn moment(&self) -> EntryId {
        self.moment
    }

    /// Pieces of the torrent, where that is known.
    pub fn piece_count(&self) -> Option<u32> {
        Some(self.of).filter(|of| *of > 0)
    }

    /// The peers, also those that begin later.
    pub fn roster(&self) -> &Arc<Roster> {
        &self.roster
    }

    /// What a peer of the roster has, once that is counted.
    pub fn holding(&self, peer: u32) -> &Holding {
        self.sets.get(peer as usize).unwrap_or(&Holding::Absent)
    }

    /// How many peers there are.
    pub fn counts(&self) -> Counts {
        let mut counts = Counts::default();
        for holding in &self.sets {
            counts.peers += usize::from(*holding != Holding::Absent);
            match holding {
                Holding::Absent => {}
                Holding::Untold => counts.untold += 1,
                Holding::Unkept => counts.unkept += 1,
                Holding::Pieces(set) => counts.complete += usize::from(set.is_complete()),
            }
        }
        counts
    }

    /// How many peers have each piece.
    pub fn availability(&self) -> &Availability {
        &self.availability
    }

    /// Pieces by the number of peers that have them, and the rarest.
    pub fn survey(&self) -> &Survey {
        &self.survey
    }

    /// Peers that have a piece.
    pub fn holders(&self, piece: PieceIndex) -> impl Iterator<Item = u32> {
        let sets = (0..).zip(&self.sets);
        sets.filter(move |(_, it)| matches!(it, Holding::Pieces(set) if set.contains(piece)))
            .map(|(number, _)| number)
    }
}

/// Pieces of the torrent, as far as is known; else 0.
fn pieces(store: &Store, roster: &Roster) -> u32 {
    let swarm = store.torrent(roster.info_hash());
    swarm.and_then(Swarm::pieces).map_or(0, |(of, _)| of)
}
