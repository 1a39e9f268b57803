//! Where everything in the capture went.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::json::{line, optional_time};
use super::words::{bytes, duration};
use crate::capture::Timestamp;
use crate::store::{Connection, EntryId, Store};
use crate::stream::Side;

/// Connections in the text; a scan of a network has a hundred thousand.
const SHOWN: usize = 40;

/// The account. Its sums hold: `frames` is `tcp` and all of `skipped`; `payload` is what the streams are made of
/// less their gaps, plus what was sent twice, strayed or is still held.
#[derive(Serialize)]
struct Account {
    file: String,
    #[serde(serialize_with = "optional_time")]
    start: Option<Timestamp>,
    #[serde(serialize_with = "optional_time")]
    end: Option<Timestamp>,
    frames: u64,
    frame_bytes: u64,
    tcp: u64,
    skipped: BTreeMap<String, u64>,
    damaged_blocks: u64,
    connections: usize,
    bittorrent_connections: usize,
    torrents: usize,
    messages: u64,
    message_types: BTreeMap<&'static str, u64>,
    payload: u64,
    duplicate: u64,
    stray: u64,
    held: u64,
    stream: u64,
    decoded: u64,
    gap: u64,
    undecoded: u64,
    other_protocol: u64,
    encrypted: u64,
    notes: Vec<String>,
}

impl Account {
    fn of(store: &Store, file: &str, notes: &[String]) -> Account {
        let tally = store.tally();
        let connections = store.connections();
        let directions = || {
            connections
                .iter()
                .flat_map(|connection| connection.activity.directions)
        };
        let streams = |of: fn(&Connection) -> bool| {
            let facts = connections
                .iter()
                .filter(move |it| of(it))
                .flat_map(|it| Side::BOTH.map(|side| it.facts(side)));
            facts.flatten().map(|facts| facts.stream)
        };
        let mut message_types = BTreeMap::new();
        for (_, entry) in store.entries(EntryId(0)) {
            *message_types.entry(entry.kind().name()).or_default() += 1;
        }
        Account {
            file: file.to_owned(),
            start: tally.start,
            end: tally.end,
            frames: tally.frames,
            frame_bytes: tally.bytes,
            tcp: tally.segments,
            skipped: tally
                .skipped
                .iter()
                .map(|(skip, count)| (skip.to_string(), *count))
                .collect(),
            damaged_blocks: tally.damaged_blocks,
            connections: connections.len(),
            bittorrent_connections: connections.iter().filter(|it| it.is_bittorrent()).count(),
            torrents: store.swarms().count(),
            messages: connections
                .iter()
                .flat_map(|it| Side::BOTH.map(|side| it.facts(side)))
                .flatten()
                .map(|it| it.messages)
                .sum(),
            message_types,
            payload: directions().map(|it| it.payload).sum(),
            duplicate: directions().map(|it| it.duplicate).sum(),
            stray: directions().map(|it| it.stray).sum(),
            held: directions().map(|it| it.held).sum(),
            stream: streams(|_| true).map(|it| it.total()).sum(),
            decoded: streams(|_| true).map(|it| it.decoded).sum(),
            gap: streams(|_| true).map(|it| it.gap).sum(),
            undecoded: streams(Connection::is_bittorrent)
                .map(|it| it.undecoded)
                .sum(),
            other_protocol: streams(|it| !it.is_bittorrent())
                .map(|it| it.undecoded)
                .sum(),
            encrypted: 0,
            notes: notes.to_vec(),
        }
    }
}

pub(super) fn json(
    store: &Store,
    name: &str,
    notes: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    line(&Account::of(store, name, notes), out)
}

pub(super) fn text(
    store: &Store,
    name: &str,
    notes: &[String],
    out: &mut impl Write,
) -> io::Result<()> {
    let account = Account::of(store, name, notes);
    let lasted = account
        .start
        .zip(account.end)
        .map_or(0, |(start, end)| end.since(start));
    writeln!(
        out,
        "{name}: {} frames, {} captured, {}",
        account.frames,
        bytes(account.frame_bytes),
        duration(lasted)
    )?;
    for note in notes {
        writeln!(out, "  note: {note}")?;
    }
    writeln!(out, "\nFrames")?;
    row(out, "TCP segments", account.tcp, "")?;
    for (reason, count) in &account.skipped {
        row(out, "skipped", *count, reason)?;
    }
    if account.damaged_blocks > 0 {
        row(
            out,
            "damaged blocks",
            account.damaged_blocks,
            "stepped over",
        )?;
    }
    streams(&account, out)?;
    let speak = format!(
        "of {} connections speak BitTorrent, of {} torrents",
        account.connections, account.torrents
    );
    writeln!(out, "\nMessages")?;
    row(
        out,
        "connections",
        account.bittorrent_connections as u64,
        &speak,
    )?;
    for (kind, count) in &account.message_types {
        row(out, kind, *count, "")?;
    }
    writeln!(out, "\nConnections")?;
    let connections = store.connections();
    connections
        .iter()
        .take(SHOWN)
        .try_for_each(|it| super::connections::text(store, it, out))?;
    match connections.len().checked_sub(SHOWN + 1) {
        Some(more) => writeln!(
            out,
            "and {} more: `peerscope connections` lists all",
            more + 1
        ),
        None => Ok(()),
    }
}

fn streams(account: &Account, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nStream bytes")?;
    row(out, "decoded", account.decoded, "peer wire messages")?;
    row(
        out,
        "other protocol",
        account.other_protocol,
        "no BitTorrent handshake, or encrypted",
    )?;
    row(
        out,
        "undecoded",
        account.undecoded,
        "in BitTorrent connections",
    )?;
    row(out, "gap", account.gap, "not in the capture")?;
    row(
        out,
        "sent again",
        account.duplicate,
        "and counted once above",
    )?;
    if account.stray > 0 {
        row(out, "stray", account.stray, "too far from their stream")?;
    }
    if account.held > 0 {
        row(out, "held", account.held, "waiting behind a hole")?;
    }
    Ok(())
}

fn row(out: &mut impl Write, name: &str, count: u64, about: &str) -> io::Result<()> {
    writeln!(
        out,
        "{}",
        format!("  {name:<16} {count:>12}  {about}").trim_end()
    )
}
