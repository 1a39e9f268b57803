//! The record as text and as JSON Lines, for people without a screen and for programs.

mod account;
mod beside;
mod body;
mod carried;
mod connections;
mod copy;
mod diagram;
mod findings;
mod json;
mod messages;
mod parts;
mod report;
pub mod save;
mod sought;
mod summary;
mod torrents;
mod words;

use std::io::{self, Write};

use crate::findings::{Finding, Findings};
use crate::store::{Connection, EntryId, Store};

pub use beside::beside;
pub use carried::{
    after_words, close_reason, continues_words, end_words, goes_on_words, relations, then_words,
    transport_name,
};
pub use copy::{Copied, Field, copied};
pub use diagram::{DiagramFormat, Step, diagram, sides, steps};
pub use findings::{catalogue, explain};
pub use json::hex;
pub use parts::{Part, Role, Row, parts};
pub use report::{is_alarming, report};
pub use sought::{Case, Sought};
pub use torrents::{mark, torrent_name};
pub use words::{
    bytes, closing, describe, duration, faults, method_words, no_messages, notes, nothing_to_show,
    run_words, side_words, via_words,
};

/// How to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For reading.
    Text,
    /// JSON Lines: one object a line.
    Json,
}

/// Writes the entries from `first` on, in capture order.
pub fn messages(
    store: &Store,
    first: EntryId,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    let ids = store.entries(first).map(|(id, _)| id);
    messages_of(store, ids, format, out)
}

/// Writes these entries.
pub fn messages_of(
    store: &Store,
    mut ids: impl Iterator<Item = EntryId>,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    ids.try_for_each(|id| match format {
        Format::Text => messages::text(store, id, out),
        Format::Json => messages::json(store, id, out),
    })
}

/// Writes a line for each connection.
pub fn connections(store: &Store, format: Format, out: &mut impl Write) -> io::Result<()> {
    connections_of(store, store.connections().iter(), format, out)
}

/// Writes a line for each of these connections.
pub fn connections_of<'s>(
    store: &Store,
    mut connections: impl Iterator<Item = &'s Connection>,
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    connections.try_for_each(|connection| match format {
        Format::Text => connections::text(store, connection, out),
        Format::Json => connections::json(store, connection, out),
    })
}

/// Writes a line for each torrent: those of the capture, and those that the user named.
pub fn torrents(store: &Store, format: Format, out: &mut impl Write) -> io::Result<()> {
    match format {
        Format::Text => torrents::text(store, out),
        Format::Json => store
            .torrents()
            .try_for_each(|swarm| torrents::json(swarm, out)),
    }
}

/// How findings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FindingFormat {
    /// For reading.
    Text,
    /// JSON Lines: one object a line.
    Json,
    /// Comma-separated values (RFC 4180), below the names of their columns.
    Csv,
}

/// Writes these findings.
pub fn findings<'a>(
    store: &Store,
    mut findings: impl Iterator<Item = &'a Finding>,
    format: FindingFormat,
    out: &mut impl Write,
) -> io::Result<()> {
    match format {
        FindingFormat::Text => findings.try_for_each(|it| findings::text(store, it, out)),
        FindingFormat::Json => findings.try_for_each(|it| findings::json(store, it, out)),
        FindingFormat::Csv => findings::csv(store, findings, out),
    }
}

/// Writes the account of the whole capture, and what is worth knowing first.
pub fn summary(
    store: &Store,
    name: &str,
    notes: &[String],
    format: Format,
    out: &mut impl Write,
) -> io::Result<()> {
    let found = (store, &Findings::of(store));
    match format {
        Format::Text => summary::text(found, name, notes, out),
        Format::Json => summary::json(found, name, notes, out),
    }
}
