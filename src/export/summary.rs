//! Where everything in the capture went, and its connections.

use std::io::{self, Write};

use serde::Serialize;

use super::account::Account;
use super::beside::{self, Beside};
use super::json::line;
use super::parts::{Part, parts};
use super::report::{Found, report};
use super::words::{bytes, duration};
use crate::findings::{Findings, why};
use crate::store::{Connection, Store};

/// Connections in the text; a scan of a network has a hundred thousand.
const SHOWN: usize = 40;

/// Why a side of a connection is not downloading.
#[derive(Serialize)]
struct Kept {
    connection: u32,
    /// Who would receive.
    src: String,
    message: String,
}

#[derive(Serialize)]
struct Summary<'a> {
    file: &'a str,
    #[serde(flatten)]
    account: Account,
    notes: &'a [String],
    findings: Found<'a>,
    why: Vec<Kept>,
    #[serde(flatten)]
    beside: Beside,
}

pub(super) fn json(
    (store, findings): (&Store, &Findings),
    file: &str,
    notes: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    let connections = store.connections().iter();
    let talking = connections.filter(|it| it.is_bittorrent());
    let summary = Summary {
        file,
        account: Account::of(store),
        notes,
        findings: Found::of(findings),
        why: talking.map(|it| kept(store, it)).collect(),
        beside: Beside::of(store),
    };
    line(&summary, out)
}

pub(super) fn text(
    (store, findings): (&Store, &Findings),
    file: &str,
    notes: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    title(store, file, out)?;
    notes
        .iter()
        .try_for_each(|note| writeln!(out, "  note: {note}"))?;
    report(findings, out)?;
    let parts = parts(store);
    parts.iter().try_for_each(|it| part(it, out))?;
    beside::text(store, out)?;
    connections(store, out)
}

fn title(store: &Store, file: &str, out: &mut impl Write) -> io::Result<()> {
    let tally = store.tally();
    let ends = tally.start.zip(tally.end);
    let lasted = duration(ends.map_or(0, |(start, end)| end.since(start)));
    let (frames, captured) = (tally.frames, bytes(tally.bytes));
    writeln!(
        out,
        "{file}: {frames} frames, {captured} captured, {lasted}"
    )
}

fn part(part: &Part, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\n{}", part.title)?;
    for row in &part.rows {
        let (sign, name, count, about) = (row.role.sign(), row.name, row.count, &row.about);
        let text = format!("  {sign} {name:<16} {count:>12}  {about}");
        writeln!(out, "{}", text.trim_end())?;
    }
    Ok(())
}

fn connections(store: &Store, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nConnections")?;
    let connections = store.connections();
    connections
        .iter()
        .take(SHOWN)
        .try_for_each(|it| connection(store, it, out))?;
    match connections.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "and {more} more: `peerscope connections` lists all"),
    }
}

fn connection(store: &Store, connection: &Connection, out: &mut impl Write) -> io::Result<()> {
    super::connections::text(store, connection, out)?;
    if !connection.is_bittorrent() {
        return Ok(());
    }
    let Kept { message, .. } = kept(store, connection);
    writeln!(out, "     {message}")
}

fn kept(store: &Store, connection: &Connection) -> Kept {
    let why = why(store, connection);
    let name = |side| connection.end(side).to_string();
    Kept {
        connection: connection.id.0,
        src: name(why.side),
        message: why.words(name),
    }
}
