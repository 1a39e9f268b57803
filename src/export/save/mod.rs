//! A part of a capture as a capture of its own, which opens again with everything that its messages need.
//!
//! Of a chosen connection all frames are kept, whatever they hold: handshakes, the state of both sides, the
//! acknowledgements. One thing is cut out, and makes nearly all of the bulk: frames that hold nothing but the inside of
//! a block that was not asked for. The message around it says how long it is, so whoever reads on is never lost. Over uTP
//! nothing is cut out: its sequence numbers count packets, and how much was in those that are gone nobody would know.

mod bits;
mod chosen;
mod finder;
mod over_utp;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::sync::Arc;

use crate::capture::{Copier, Layout, Reader, Source};
use crate::store::filter::Filter;
use crate::store::{Choice, EntryId, Scope, Store};
use crate::stream::ConnectionId;
use crate::wire::Kind;
use bits::Bits;
use chosen::Chosen;
use finder::Finder;

/// What is to be kept.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Of which connections; none are all on which there are messages.
    pub connections: Option<BTreeSet<ConnectionId>>,
    /// Only those of their messages, and the connections that have such.
    pub only: Option<Filter>,
    /// Kinds of messages that are not wanted.
    pub hidden: BTreeSet<u8>,
}

impl Wanted {
    /// What is to be seen by these rules.
    pub fn shown(choice: &Choice) -> Wanted {
        Wanted {
            connections: Some(match &choice.scope {
                Scope::One(id) => BTreeSet::from([*id]),
                Scope::Merged(ids) => ids.clone(),
            }),
            only: choice.filter.clone(),
            hidden: choice.hidden.clone(),
        }
    }

    fn is_of(&self, id: ConnectionId) -> bool {
        let connections = self.connections.as_ref();
        connections.is_none_or(|connections| connections.contains(&id))
    }

    /// True when messages are chosen, and not only connections.
    fn is_of_messages(&self) -> bool {
        self.only.is_some() || !self.hidden.is_empty()
    }

    fn lets_pass(&self, store: &Store, id: EntryId) -> bool {
        let entry = store.entry(id);
        if self.hidden.contains(&(entry.kind() as u8)) {
            return false;
        }
        match &self.only {
            Some(filter) => filter.matches(store, id),
            None => entry.kind().is_message() || entry.kind() == Kind::Encrypted,
        }
    }
}

/// How far the work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Of so much so much is done.
    More(u64, u64),
    /// All of it.
    Done,
}

/// What was kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Saved {
    /// Frames.
    pub frames: u64,
    /// Connections that they are of.
    pub connections: usize,
}

/// The work of saving, in slices: choose messages, find their frames, copy those.
#[derive(Debug)]
pub struct Saving<W> {
    wanted: Wanted,
    source: Source,
    layout: Arc<Layout>,
    /// Entries and frames that were there when it began: a live capture goes on.
    entries: u32,
    frames: u32,
    chosen: Chosen,
    stage: Stage,
    copier: Copier<W>,
}

#[derive(Debug)]
enum Stage {
    Choosing(EntryId),
    Finding(Box<Finder>),
    Copying { reader: Box<Reader>, found: Bits },
    Done,
}

impl<W: Write> Saving<W> {
    /// Begins to save a part of the capture `source`, as far as `store` knows it. `None` before anything of it was read.
    pub fn new(store: &Store, source: &Source, wanted: Wanted, out: W) -> Option<Saving<W>> {
        let layout = store.layout()?.clone();
        Some(Saving {
            chosen: Chosen::new(store, &wanted),
            wanted,
            source: source.clone(),
            entries: store.len() as u32,
            frames: store.tally().frames as u32,
            stage: Stage::Choosing(EntryId(0)),
            copier: Copier::new(source, layout.clone(), out),
            layout,
        })
    }

    /// Looks at so many entries or frames more. `store` is the one that it began with, or what has become of it.
    pub fn step(&mut self, store: &Store, count: u32) -> io::Result<Step> {
        match &mut self.stage {
            Stage::Choosing(next) => {
                let end = next.0.saturating_add(count).min(self.entries);
                let slice = (next.0..end).map(EntryId);
                self.chosen.look(store, &self.wanted, slice);
                *next = EntryId(end);
                if end == self.entries {
                    let capture = (&self.source, &*self.layout, self.frames);
                    let finder = Finder::new(store, &self.chosen, capture);
                    self.stage = Stage::Finding(Box::new(finder));
                }
            }
            Stage::Finding(finder) => {
                if !finder.look(store, &self.chosen, count)? {
                    let found = std::mem::take(&mut finder.found);
                    let reader = Reader::again(self.source.clone(), &self.layout);
                    let reader = Box::new(reader);
                    self.stage = Stage::Copying { reader, found };
                }
            }
            Stage::Copying { reader, found } => {
                if !copy(reader, found, &mut self.copier, count)? {
                    self.stage = Stage::Done;
                }
            }
            Stage::Done => {}
        }
        Ok(self.progress())
    }

    /// The capture is gone through twice; choosing is quick.
    fn progress(&self) -> Step {
        let all = u64::from(self.frames);
        match &self.stage {
            Stage::Choosing(_) => Step::More(0, 2 * all),
            Stage::Finding(finder) => Step::More(finder.looked_at(), 2 * all),
            Stage::Copying { found, .. } => {
                let (copied, found) = (self.copier.frames(), found.count().max(1));
                Step::More(all + all * copied / found, 2 * all)
            }
            Stage::Done => Step::Done,
        }
    }

    /// What was kept, and what it was written into, when all is done.
    pub fn finish(self) -> io::Result<(W, Saved)> {
        let saved = Saved {
            frames: self.copier.frames(),
            connections: self.chosen.count(),
        };
        Ok((self.copier.finish()?, saved))
    }
}

/// Copies those of the next frames that were found. False when there is no further one.
fn copy<W: Write>(
    reader: &mut Reader,
    found: &Bits,
    copier: &mut Copier<W>,
    count: u32,
) -> io::Result<bool> {
    for _ in 0..count {
        if copier.frames() == found.count() {
            return Ok(false);
        }
        let Some(frame) = reader.next_frame() else {
            return Err(io::Error::other("the capture became shorter meanwhile"));
        };
        if found.has(frame.number.0) {
            copier.frame(&frame)?;
        }
    }
    Ok(true)
}
