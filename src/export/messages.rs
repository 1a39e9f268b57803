//! A line for each message.

use std::borrow::Cow;
use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::body;
use super::json::{hex, is_zero, line, time};
use super::words::{describe, reason_code};
use crate::capture::Timestamp;
use crate::store::{Connection, Entry, EntryId, Store, What};
use crate::stream::Missing;
use crate::wire::extension::Body;
use crate::wire::{Block, HashRange, Message, Via, client, tribler};

/// `106  0.012345  #3  10.0.0.1:6881 > 10.0.0.2:51413  request p4 +16384 16 KiB`
pub(super) fn text(store: &Store, id: EntryId, out: &mut impl Write) -> io::Result<()> {
    let entry = store.entry(id);
    let connection = store.connection(entry.connection);
    let since = entry.time.since(store.tally().start.unwrap_or(entry.time)) as f64 / 1e9;
    write!(
        out,
        "{:>7} {since:>13.6}  #{:<3} ",
        entry.frame, entry.connection
    )?;
    write!(
        out,
        "{} > {}  ",
        connection.end(entry.side()),
        connection.end(!entry.side())
    )?;
    write!(out, "{}", describe(store, entry))?;
    if let Some(via) = entry.via() {
        write!(out, "  ({})", via.name())?;
    }
    if entry.is_resynchronised() {
        write!(out, "  (resynchronised)")?;
    }
    match store.missing(id) {
        0 => writeln!(out),
        missing => writeln!(out, "  ({missing} bytes not captured)"),
    }
}

/// The keys, in the order in which they are written. What a message does not have is left out.
#[derive(Serialize, Default)]
struct Row<'a> {
    frame: u32,
    first_frame: u32,
    #[serde(serialize_with = "time")]
    time: Timestamp,
    connection: u32,
    transport: &'static str,
    src: String,
    dst: String,
    r#type: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    size: Option<u32>,
    #[serde(flatten)]
    said: Said<'a>,
    #[serde(skip_serializing_if = "is_zero")]
    missing: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    via: Option<&'static str>,
    #[serde(skip_serializing_if = "is_false")]
    resync: bool,
}

#[derive(Serialize, Default)]
struct Said<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    info_hash: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    peer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reserved: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    client: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    features: Option<Vec<&'static str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    root: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    base: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    index: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    begin: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    length: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    proof: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    hashes: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bitfield: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    have: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    port: Option<u16>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ext_id: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ext_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<u8>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'static, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    malformed: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    packets: Option<u32>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
fn is_false(flag: &bool) -> bool {
    !flag
}

pub(super) fn json(store: &Store, id: EntryId, out: &mut impl Write) -> io::Result<()> {
    let entry = store.entry(id);
    let connection: &Connection = store.connection(entry.connection);
    let what = store.what(entry);
    line(
        &Row {
            frame: entry.frame.0,
            first_frame: entry.first_frame.0,
            time: entry.time,
            connection: entry.connection.0,
            transport: connection.transport.name(),
            src: connection.end(entry.side()).to_string(),
            dst: connection.end(!entry.side()).to_string(),
            r#type: entry.kind().name(),
            size: matches!(what, What::Message(_)).then_some(entry.size),
            said: said(store, entry, &what),
            missing: store.missing(id),
            via: entry.via().map(Via::name),
            resync: entry.is_resynchronised(),
        },
        out,
    )
}

fn said<'a>(store: &'a Store, entry: &Entry, what: &What) -> Said<'a> {
    match what {
        What::Message(message) => message_said(message, entry, store.extension(entry)),
        What::Gap { bytes, missing } => Said {
            bytes: Some(*bytes),
            reason: Some(match missing {
                Missing::Lost | Missing::Packets(_) => "not_captured",
                Missing::Snapped => "snap_length",
            }),
            packets: match missing {
                Missing::Packets(count) => Some(*count),
                Missing::Lost | Missing::Snapped => None,
            },
            ..Said::default()
        },
        What::Conflict { bytes } | What::Encrypted { bytes } => Said {
            bytes: Some(*bytes),
            ..Said::default()
        },
        What::Undecoded { bytes, reason } => Said {
            bytes: Some(*bytes),
            reason: Some(reason_code(*reason)),
            ..Said::default()
        },
    }
}

fn message_said<'a>(message: &Message, entry: &Entry, extension: Option<&'a str>) -> Said<'a> {
    let none = Said::default();
    match message {
        Message::Handshake(handshake) => Said {
            info_hash: Some(handshake.info_hash.to_string()),
            peer_id: Some(handshake.peer_id.to_string()),
            reserved: Some(handshake.reserved.to_string()),
            client: client(&handshake.peer_id),
            features: Some(handshake.reserved.features().collect()),
            ..none
        },
        Message::Have(index) | Message::Suggest(index) | Message::AllowedFast(index) => Said {
            index: Some(index.0),
            ..none
        },
        Message::Request(block)
        | Message::Piece(block)
        | Message::Cancel(block)
        | Message::Reject(block) => block_said(block),
        Message::Bitfield(bytes) => Said {
            bitfield: Some(hex(bytes)),
            have: Some(bytes.iter().map(|byte| byte.count_ones()).sum()),
            ..none
        },
        Message::Port(port) => Said {
            port: Some(*port),
            ..none
        },
        Message::Extended { id, payload } => {
            let total = entry.body_len();
            let body = Body::read(extension, payload, total);
            Said {
                ext_id: Some(*id),
                ext_name: extension,
                body: Some(body::json(&body, payload, total)),
                ..none
            }
        }
        Message::HashRequest(range) | Message::HashReject(range) => range_said(range),
        Message::Hashes(range) => Said {
            hashes: Some(HashRange::hashes(entry.size)),
            ..range_said(range)
        },
        Message::Azureus(name) => Said {
            name: Some(Cow::Owned(name.to_string())),
            ..none
        },
        Message::Unknown { id } => Said {
            id: Some(*id),
            name: tribler(*id).map(Cow::Borrowed),
            ..none
        },
        Message::Malformed { id, fault } => Said {
            id: Some(*id),
            malformed: Some(fault.to_string()),
            ..none
        },
        _ => none,
    }
}

fn block_said<'a>(block: &Block) -> Said<'a> {
    Said {
        index: Some(block.index.0),
        begin: Some(block.begin),
        length: Some(block.length),
        ..Said::default()
    }
}

fn range_said<'a>(range: &HashRange) -> Said<'a> {
    Said {
        root: Some(hex(&range.root)),
        base: Some(range.base),
        index: Some(range.index),
        length: Some(range.length),
        proof: Some(range.proof),
        ..Said::default()
    }
}
