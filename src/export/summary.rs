//! Where everything in the capture went.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::beside::{self, Beside};
use super::json::{line, optional_time};
use super::words::{bytes, duration};
use crate::capture::Timestamp;
use crate::store::{Connection, EntryId, Store};
use crate::stream::Side;

/// Connections in the text; a scan of a network has a hundred thousand.
const SHOWN: usize = 40;

/// The account. Its sums hold: see [`Frames`] and [`Bytes`].
#[derive(Serialize)]
struct Account {
    file: String,
    #[serde(flatten)]
    frames: Frames,
    connections: usize,
    bittorrent_connections: usize,
    torrents: usize,
    messages: u64,
    message_types: BTreeMap<&'static str, u64>,
    #[serde(flatten)]
    bytes: Bytes,
    notes: Vec<String>,
    #[serde(flatten)]
    beside: Beside,
}

/// `frames` is `tcp` and all of `skipped`.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the JSON")]
struct Frames {
    #[serde(serialize_with = "optional_time")]
    start: Option<Timestamp>,
    #[serde(serialize_with = "optional_time")]
    end: Option<Timestamp>,
    frames: u64,
    frame_bytes: u64,
    tcp: u64,
    skipped: BTreeMap<String, u64>,
    damaged_blocks: u64,
}

/// `stream` is what it is made of: `decoded`, `undecoded`, `other_protocol`, `encrypted` and `gap`. `payload`, what
/// the segments carried, is `stream` less the gaps that were not captured at all, and what was sent again, is
/// stray, or is still held.
#[derive(Default, Serialize)]
struct Bytes {
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
}

impl Account {
    fn of(store: &Store, file: &str, notes: &[String]) -> Account {
        let connections = store.connections();
        let mut account = Account {
            file: file.to_owned(),
            frames: Frames::of(store),
            connections: connections.len(),
            bittorrent_connections: connections.iter().filter(|it| it.is_bittorrent()).count(),
            torrents: store.swarms().count(),
            messages: store.messages(),
            message_types: BTreeMap::new(),
            bytes: Bytes::default(),
            notes: notes.to_vec(),
            beside: Beside::of(store),
        };
        connections
            .iter()
            .for_each(|connection| account.bytes.add(connection));
        for (_, entry) in store.entries(EntryId(0)) {
            *account
                .message_types
                .entry(entry.kind().name())
                .or_default() += 1;
        }
        account
    }
}

impl Frames {
    fn of(store: &Store) -> Frames {
        let tally = store.tally();
        let named = tally
            .skipped
            .iter()
            .map(|(skip, count)| (skip.to_string(), *count));
        Frames {
            start: tally.start,
            end: tally.end,
            frames: tally.frames,
            frame_bytes: tally.bytes,
            tcp: tally.segments,
            skipped: named.collect(),
            damaged_blocks: tally.damaged_blocks,
        }
    }
}

impl Bytes {
    fn add(&mut self, connection: &Connection) {
        for direction in connection.activity.directions {
            self.payload += direction.payload;
            self.duplicate += direction.duplicate;
            self.stray += direction.stray;
            self.held += direction.held;
        }
        for stream in Side::BOTH
            .iter()
            .filter_map(|side| Some(connection.facts(*side)?.stream))
        {
            self.stream += stream.total();
            self.decoded += stream.decoded;
            self.gap += stream.gap;
            let undecoded = if connection.is_bittorrent() {
                &mut self.undecoded
            } else {
                &mut self.other_protocol
            };
            *undecoded += stream.undecoded;
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
    frames(&account, out)?;
    beside::text(&account.beside, out)?;
    streams(&account.bytes, out)?;
    messages(&account, out)?;
    writeln!(out, "\nConnections")?;
    let connections = store.connections();
    connections
        .iter()
        .take(SHOWN)
        .try_for_each(|it| super::connections::text(store, it, out))?;
    match connections.len().saturating_sub(SHOWN) {
        0 => Ok(()),
        more => writeln!(out, "and {more} more: `peerscope connections` lists all"),
    }
}

fn frames(account: &Account, out: &mut impl Write) -> io::Result<()> {
    let frames = &account.frames;
    let lasted = frames
        .start
        .zip(frames.end)
        .map_or(0, |(start, end)| end.since(start));
    let (captured, lasted) = (bytes(frames.frame_bytes), duration(lasted));
    writeln!(
        out,
        "{}: {} frames, {captured} captured, {lasted}",
        account.file, frames.frames
    )?;
    account
        .notes
        .iter()
        .try_for_each(|note| writeln!(out, "  note: {note}"))?;
    writeln!(out, "\nFrames")?;
    row(out, "TCP segments", frames.tcp, "")?;
    frames
        .skipped
        .iter()
        .try_for_each(|(reason, count)| row(out, "skipped", *count, reason))?;
    match frames.damaged_blocks {
        0 => Ok(()),
        count => row(out, "damaged blocks", count, "stepped over"),
    }
}

fn messages(account: &Account, out: &mut impl Write) -> io::Result<()> {
    let (all, torrents) = (account.connections, account.torrents);
    let speak = format!("of {all} connections speak BitTorrent, of {torrents} torrents");
    writeln!(out, "\nMessages")?;
    row(
        out,
        "connections",
        account.bittorrent_connections as u64,
        &speak,
    )?;
    account
        .message_types
        .iter()
        .try_for_each(|(kind, count)| row(out, kind, *count, ""))
}

fn streams(bytes: &Bytes, out: &mut impl Write) -> io::Result<()> {
    writeln!(out, "\nStream bytes")?;
    row(out, "decoded", bytes.decoded, "peer wire messages")?;
    row(
        out,
        "other protocol",
        bytes.other_protocol,
        "no BitTorrent handshake, or encrypted",
    )?;
    row(
        out,
        "undecoded",
        bytes.undecoded,
        "in BitTorrent connections",
    )?;
    row(out, "gap", bytes.gap, "not in the capture")?;
    row(out, "sent again", bytes.duplicate, "and counted once above")?;
    if bytes.stray > 0 {
        row(out, "stray", bytes.stray, "too far from their stream")?;
    }
    if bytes.held > 0 {
        row(out, "held", bytes.held, "waiting behind a hole")?;
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
