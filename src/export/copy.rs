//! What is copied of a message or of one of its fields.

use std::net::IpAddr;
use std::ops::Range;

use super::{hex, messages};
use crate::export::describe;
use crate::store::{Entry, EntryId, Raw, Store};
use crate::stream::Transport;

/// In what form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Copied {
    /// As it is shown.
    Value,
    /// Its bytes in hex.
    Hex,
    /// The message as `messages --json` prints it.
    Json,
    /// A display filter that finds it in Wireshark.
    Filter,
}

impl Copied {
    /// For the status.
    pub fn name(self) -> &'static str {
        match self {
            Copied::Value => "value",
            Copied::Hex => "hex",
            Copied::Json => "JSON",
            Copied::Filter => "Wireshark filter",
        }
    }
}

/// A field of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    /// Its name.
    pub name: &'a str,
    /// Its value.
    pub value: &'a str,
    /// Its bytes in the message.
    pub range: Option<Range<usize>>,
}

/// A message, or the field of it that is selected. `None` where it has no bytes, or Wireshark no name for it.
pub fn copied(
    store: &Store,
    id: EntryId,
    raw: Option<&Raw>,
    field: Option<&Field<'_>>,
    form: Copied,
) -> Option<String> {
    let entry = store.entry(id);
    match (form, field) {
        (Copied::Value, Some(field)) => Some(field.value.to_owned()),
        (Copied::Value, None) => Some(describe(store, entry)),
        (Copied::Hex, field) => {
            let raw = raw?;
            let all = 0..raw.bytes.len();
            let range = field.map_or(Some(all), |field| field.range.clone())?;
            raw.bytes.get(range).map(hex)
        }
        (Copied::Json, _) => json(store, id),
        (Copied::Filter, Some(field)) => {
            let value = wireshark(raw?, field)?;
            Some(
                [
                    conversation(store, entry),
                    utp_id(store, entry),
                    Some(value),
                ]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" && "),
            )
        }
        (Copied::Filter, None) => {
            let frames = frames(entry, raw);
            Some(
                [Some(frames), conversation(store, entry)]
                    .into_iter()
                    .flatten()
                    .collect::<Vec<_>>()
                    .join(" && "),
            )
        }
    }
}

fn json(store: &Store, id: EntryId) -> Option<String> {
    let mut line = Vec::new();
    messages::json(store, id, &mut line).ok()?;
    Some(String::from_utf8(line).ok()?.trim_end().to_owned())
}

/// `frame.number in {104..106}`: the frames that carried it.
fn frames(entry: &Entry, raw: Option<&Raw>) -> String {
    let carried = raw.map(|raw| raw.frames.iter().map(|frame| frame.number.0).collect());
    let carried = carried.filter(|carried: &Vec<u32>| !carried.is_empty());
    let mut numbers = carried.unwrap_or_else(|| vec![entry.first_frame.0, entry.frame.0]);
    numbers.sort_unstable();
    numbers.dedup();
    let stretches = numbers.chunk_by(|before, after| before + 1 == *after);
    let words = stretches.map(|stretch| match stretch {
        [only] => only.to_string(),
        [first, .., last] => format!("{first}..{last}"),
        [] => String::new(),
    });
    let words: Vec<String> = words.collect();
    match (&words[..], &numbers[..]) {
        (_, [only]) => format!("frame.number == {only}"),
        (words, _) => format!("frame.number in {{{}}}", words.join(", ")),
    }
}

/// The sender's direction of the conversation: the numbers of streams are not the same in every program. Under the
/// mask its addresses are none that Wireshark could find.
fn conversation(store: &Store, entry: &Entry) -> Option<String> {
    if store.is_masked() {
        return None;
    }
    let connection = store.connection(entry.connection);
    let [src, dst] = [entry.side(), !entry.side()].map(|side| connection.end(side));
    let family = match src.ip {
        IpAddr::V4(_) => "ip",
        IpAddr::V6(_) => "ipv6",
    };
    let ports = match connection.transport {
        Transport::Tcp => "tcp",
        Transport::Utp { .. } => "udp",
    };
    Some(format!(
        "{family}.src == {} && {ports}.srcport == {} && {family}.dst == {} && {ports}.dstport == {}",
        src.ip, src.port, dst.ip, dst.port
    ))
}

/// The uTP connection among those of its ports. Wireshark knows its id where its uTP dissector is on, which is also
/// where it knows any field of the peer wire protocol over uTP: whole messages are found by their frames, without it.
fn utp_id(store: &Store, entry: &Entry) -> Option<String> {
    let id = store.connection(entry.connection).utp_id(entry.side())?;
    Some(format!("bt-utp.connection_id == {id}"))
}

/// A field by the name that Wireshark has for it: known by where it stands.
fn wireshark(raw: &Raw, field: &Field<'_>) -> Option<String> {
    let range = field.range.clone()?;
    let bytes = raw.bytes.get(range.clone())?;
    let (name, is_number) = match (field.name, range.start) {
        ("reserved", 20) => ("bittorrent.reserved", false),
        ("info_hash", 28) => ("bittorrent.info_hash", false),
        ("peer_id", 48) => ("bittorrent.peer_id", false),
        ("length", 0) => ("bittorrent.msg.length", true),
        ("id", 4) => ("bittorrent.msg.type", true),
        ("piece index", 5) => ("bittorrent.piece.index", true),
        ("begin", 9) => ("bittorrent.piece.begin", true),
        ("length", 13) => ("bittorrent.piece.length", true),
        ("UDP port", 5) => ("bittorrent.port", true),
        ("extended id", 5) => ("bittorrent.extended.id", true),
        ("bits", 5) => ("bittorrent.msg.bitfield", false),
        _ => return None,
    };
    let value = if is_number {
        let number = bytes
            .iter()
            .fold(0u64, |number, byte| number << 8 | u64::from(*byte));
        number.to_string()
    } else {
        let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        pairs.join(":")
    };
    Some(format!("{name} == {value}"))
}
