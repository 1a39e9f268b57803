//! What a rule sees, and how it speaks.

use std::fmt;

use super::catalogue::RULES;
use super::ground::Ground;
use super::kept::Kept;
use super::{Code, Finding, Severity, Spot};
use crate::capture::Timestamp;
use crate::peer::Talk;
use crate::store::{Connection, Entry, EntryId, Store};
use crate::stream::{ConnectionId, Side};

/// Nanoseconds of a second, for the limits of rules.
pub(super) const SECOND: i64 = 1_000_000_000;

/// An entry at its moment.
#[derive(Clone, Copy)]
pub(super) struct Scene<'a> {
    pub store: &'a Store,
    pub connection: &'a Connection,
    pub ground: &'a Ground,
    /// The state before it.
    pub talk: &'a Talk,
    pub id: EntryId,
    pub entry: &'a Entry,
    /// Who sent it.
    pub by: Side,
    pub hearing: &'a [Hearing; 2],
}

impl Scene<'_> {
    pub(super) fn now(&self) -> Timestamp {
        self.entry.time
    }

    pub(super) fn spot(&self) -> Spot {
        Spot::at(self.id, self.entry)
    }

    /// True when every word of a side was heard so far, from its handshake on.
    pub(super) fn hears(&self, side: Side) -> bool {
        self.hearing[side.index()] == Hearing::Whole
    }

    /// True when every word of a side was heard from a moment on.
    pub(super) fn hears_since(&self, side: Side, since: Timestamp) -> bool {
        self.hearing[side.index()].is_whole_since(since)
    }
}

/// The end of a connection, or of the capture before it.
#[derive(Clone, Copy)]
pub(super) struct Ending<'a> {
    pub store: &'a Store,
    pub connection: &'a Connection,
    pub ground: &'a Ground,
    /// The state behind its last entry.
    pub talk: &'a Talk,
    pub hearing: &'a [Hearing; 2],
    /// Its last entry, or its last frame where it has none.
    pub last: Spot,
    /// Number of its entries.
    pub entries: u32,
}

impl Ending<'_> {
    /// When it was last heard of: its last segment, with or without words.
    pub(super) fn end(&self) -> Timestamp {
        self.connection.activity.last.time.max(self.last.time)
    }

    pub(super) fn hears(&self, side: Side) -> bool {
        self.hearing[side.index()] == Hearing::Whole
    }

    pub(super) fn hears_since(&self, side: Side, since: Timestamp) -> bool {
        self.hearing[side.index()].is_whole_since(since)
    }
}

/// How well a side was heard so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Hearing {
    /// Not a word.
    #[default]
    Nothing,
    /// Each word from its handshake on.
    Whole,
    /// Not what it said up to this moment: it was joined in the middle, or bytes are missing or not understood.
    Since(Timestamp),
}

impl Hearing {
    fn is_whole_since(self, since: Timestamp) -> bool {
        match self {
            Hearing::Nothing => false,
            Hearing::Whole => true,
            Hearing::Since(hole) => hole < since,
        }
    }
}

/// What takes the findings of one connection.
pub(super) struct Raise<'a> {
    kept: &'a mut Kept,
    on: Option<ConnectionId>,
}

impl<'a> Raise<'a> {
    pub(super) fn new(kept: &'a mut Kept, on: ConnectionId) -> Raise<'a> {
        Raise { kept, on: Some(on) }
    }

    /// For what is said of the capture as a whole.
    pub(super) fn of_capture(kept: &'a mut Kept) -> Raise<'a> {
        Raise { kept, on: None }
    }

    /// The same, of another connection.
    pub(super) fn on(&mut self, connection: ConnectionId) -> Raise<'_> {
        Raise {
            kept: self.kept,
            on: Some(connection),
        }
    }

    /// A rule was broken by a side at a spot. The words are written only if there is room for them.
    pub(super) fn say(
        &mut self,
        code: Code,
        side: impl Into<Option<Side>>,
        spot: Spot,
        words: fmt::Arguments<'_>,
    ) {
        self.put(
            code,
            RULES[code as usize].severity,
            side.into(),
            spot,
            words,
        );
    }

    /// The same, where a number behind it is a guess: it is a warning at most.
    pub(super) fn suspect(
        &mut self,
        code: Code,
        side: impl Into<Option<Side>>,
        spot: Spot,
        words: fmt::Arguments<'_>,
    ) {
        let severity = RULES[code as usize].severity.max(Severity::Warning);
        self.put(code, severity, side.into(), spot, words);
    }

    fn put(
        &mut self,
        code: Code,
        severity: Severity,
        side: Option<Side>,
        spot: Spot,
        words: fmt::Arguments<'_>,
    ) {
        if self.kept.count(code, severity, self.on) {
            self.kept.push(Finding {
                code,
                severity,
                connection: self.on,
                side,
                spot,
                message: words.to_string().into(),
            });
        }
    }
}
