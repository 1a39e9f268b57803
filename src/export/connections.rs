//! A line for each connection.

use std::io::{self, Write};

use serde::Serialize;

use super::carried::{Relations, end_words, relations};
use super::json::{is_zero, line, time};
use super::torrents::torrent_name;
use super::words::{bytes, duration, faults, method_words, no_messages, side_words};
use crate::capture::Timestamp;
use crate::peer::{Announced, Choke, Interest};
use crate::store::{Connection, Protocol, Store};
use crate::stream::{Closing, Evidence, Moment, Side, Transport};

pub(super) fn text(store: &Store, connection: &Connection, out: &mut impl Write) -> io::Result<()> {
    let (src, dst) = (connection.opener(), !connection.opener());
    let words = |side| side_words(connection.end(side), connection.client(side));
    let lasted = duration(connection.activity.last.time.since(connection.first.time));
    let end = end_words(connection, |by| connection.end(by).to_string());
    let end = end.unwrap_or_else(|| "not closed".to_owned());
    let over = match connection.transport {
        Transport::Tcp => "",
        Transport::Utp { .. } => "uTP, ",
    };
    writeln!(
        out,
        "#{:<3} {} > {}  {over}{lasted}, {end}",
        connection.id,
        words(src),
        words(dst)
    )?;
    for sentence in relations(store, connection) {
        writeln!(out, "     {sentence}")?;
    }
    if let Some(method) = store.method(connection) {
        writeln!(out, "     {}", method_words(method))?;
    }
    if !connection.is_bittorrent() {
        return writeln!(out, "     {}", no_messages(connection));
    }
    if let Some(name) = torrent_name(store, connection) {
        writeln!(out, "     torrent {name}")?;
    }
    for side in [src, dst] {
        let facts = connection.facts(side).cloned().unwrap_or_default();
        let have = pieces(store, connection, side)
            .map_or_else(String::new, |count| format!(", has {count} pieces"));
        writeln!(
            out,
            "     {} sent {} messages, {} of blocks{have}{}",
            connection.end(side),
            facts.messages,
            bytes(facts.payload_bytes),
            lost(connection, side),
        )?;
    }
    Ok(())
}

/// What is not as it should be.
fn lost(connection: &Connection, side: Side) -> String {
    let stream = connection.facts(side).map(|facts| facts.stream);
    let direction = connection.activity.direction(side);
    let encrypted = stream.map_or(0, |stream| stream.encrypted);
    let encrypted = (encrypted > 0).then(|| format!("{} encrypted", bytes(encrypted)));
    let parts = faults(stream.unwrap_or_default(), direction).chain(encrypted);
    parts.fold(String::new(), |words, part| words + ", " + &part)
}

#[derive(Serialize)]
struct Row<'a> {
    connection: u32,
    transport: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    utp_id: Option<u16>,
    src: String,
    dst: String,
    opener: &'static str,
    info_hash: Option<String>,
    name: Option<&'a str>,
    protocol: Option<&'static str>,
    first_frame: u32,
    last_frame: u32,
    #[serde(serialize_with = "time")]
    start: Timestamp,
    #[serde(serialize_with = "time")]
    end: Timestamp,
    closed_by: &'static str,
    closed_by_peer: Option<String>,
    #[serde(flatten)]
    relations: Relations,
    src_side: SideRow,
    dst_side: SideRow,
    #[serde(skip_serializing_if = "Option::is_none")]
    encryption: Option<EncryptionRow>,
}

/// A key exchange, and when each step of it began: keys that are not known are left out.
#[derive(Serialize)]
struct EncryptionRow {
    method: &'static str,
    initiator: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    ya: Option<MomentRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    yb: Option<MomentRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step3: Option<MomentRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    step4: Option<MomentRow>,
    #[serde(skip_serializing_if = "Option::is_none")]
    payload: Option<MomentRow>,
}

#[derive(Serialize)]
struct MomentRow {
    frame: u32,
    #[serde(serialize_with = "time")]
    time: Timestamp,
}

impl From<Moment> for MomentRow {
    fn from(moment: Moment) -> MomentRow {
        MomentRow {
            frame: moment.number.0,
            time: moment.time,
        }
    }
}

fn encryption_row(store: &Store, connection: &Connection) -> Option<EncryptionRow> {
    let known = connection.encryption()?;
    Some(EncryptionRow {
        method: store.method(connection)?.name(),
        initiator: connection.end(known.initiator).to_string(),
        ya: known.ya.map(MomentRow::from),
        yb: known.yb.map(MomentRow::from),
        step3: known.step3.map(MomentRow::from),
        step4: known.step4.map(MomentRow::from),
        payload: known.payload.map(MomentRow::from),
    })
}

#[derive(Serialize)]
struct SideRow {
    client: Option<String>,
    peer_id: Option<String>,
    choking: Option<bool>,
    interested: Option<bool>,
    have: Option<u32>,
    pieces: Option<u32>,
    payload_bytes: u64,
    messages: u64,
    decoded: u64,
    gap: u64,
    #[serde(skip_serializing_if = "is_zero")]
    gap_packets: u64,
    undecoded: u64,
    encrypted: u64,
    late: u64,
    conflict: u64,
}

pub(super) fn json(store: &Store, connection: &Connection, out: &mut impl Write) -> io::Result<()> {
    let (src, dst) = (connection.opener(), !connection.opener());
    let closed = connection.activity.closed;
    let row = Row {
        connection: connection.id.0,
        transport: connection.transport.name(),
        utp_id: connection.transport.id(),
        src: connection.end(src).to_string(),
        dst: connection.end(dst).to_string(),
        opener: match connection.opener.1 {
            Evidence::Syn => "syn",
            Evidence::Handshake => "handshake",
            Evidence::Ids => "ids",
            Evidence::Guess => "guess",
        },
        info_hash: connection.info_hash().map(|hash| hash.to_string()),
        name: torrent_name(store, connection),
        protocol: match connection.protocol() {
            Protocol::PeerWire => Some("bittorrent"),
            Protocol::Companion(companion) => Some(companion.key()),
            Protocol::Other => None,
        },
        first_frame: connection.first.number.0,
        last_frame: connection.activity.last.number.0,
        start: connection.first.time,
        end: connection.activity.last.time,
        closed_by: match closed.map(|closed| closed.how) {
            Some(Closing::Fin) => "fin",
            Some(Closing::Rst) => "rst",
            None => "none",
        },
        closed_by_peer: closed.map(|closed| connection.end(closed.by).to_string()),
        relations: Relations::of(store, connection),
        src_side: side_row(store, connection, src),
        dst_side: side_row(store, connection, dst),
        encryption: encryption_row(store, connection),
    };
    line(&row, out)
}

/// At the end of the capture. What is not known is null.
fn side_row(store: &Store, connection: &Connection, side: Side) -> SideRow {
    let facts = connection.facts(side).cloned().unwrap_or_default();
    let peer = connection
        .now()
        .map(|talk| talk.peer(side).clone())
        .unwrap_or_default();
    SideRow {
        client: facts.client().map(str::to_owned),
        peer_id: connection
            .handshake(side)
            .map(|handshake| handshake.peer_id.to_string()),
        choking: match peer.choke {
            Choke::Unknown => None,
            choke => Some(choke == Choke::Choking),
        },
        interested: match peer.interest {
            Interest::Unknown => None,
            interest => Some(interest == Interest::Interested),
        },
        have: pieces(store, connection, side),
        pieces: store.piece_count(connection),
        payload_bytes: facts.payload_bytes,
        messages: facts.messages,
        decoded: facts.stream.decoded,
        gap: facts.stream.gap,
        gap_packets: facts.stream.gap_packets,
        undecoded: facts.stream.undecoded,
        encrypted: facts.stream.encrypted,
        late: connection.activity.direction(side).late,
        conflict: facts.stream.conflict,
    }
}

/// Pieces that a side has said to have; `None` if it never spoke of them, or has all of an unknown number.
fn pieces(store: &Store, connection: &Connection, side: Side) -> Option<u32> {
    let pieces = &connection.now()?.peer(side).pieces;
    let count = store.piece_count(connection);
    match (pieces.announced(), count) {
        (Announced::Nothing, _) | (Announced::All, None) => None,
        (_, count) => Some(pieces.count(0..count.unwrap_or(u32::MAX))),
    }
}
