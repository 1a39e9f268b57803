//! The fields of a message, by its kind.

use std::ops::Range;

use super::Tree;
use crate::export::{bytes, hex};
use crate::wire::extension::Body;
use crate::wire::{Azureus, HashRange, InfoHash, Kind, PeerId, Reserved, client, plain, tribler};

/// Hashes that are listed; BEP 52 asks for 512 at most.
const MAX_HASHES: usize = 1024;
/// Faults that are listed.
const MAX_FAULTS: usize = 16;
/// Where the payload of an extended message begins: behind the length, the id, and the id of the extension.
const PAYLOAD: usize = 6;
/// Where the hashes of a `hashes` message begin.
const HASHES: usize = 5 + HashRange::LEN;

impl Tree<'_> {
    /// A value of the message.
    fn field(&mut self, name: &str, value: &str, range: Range<usize>) {
        self.push(1, format!("{name:<12} {value}"), Some(range));
    }

    /// What a value means.
    fn below(&mut self, name: &str, value: &str, range: Range<usize>) {
        self.push(2, format!("{name:<12} {value}"), Some(range));
    }

    fn word(&self, at: usize) -> Option<u32> {
        (at..at + 4).try_fold(0, |word, at| Some(word << 8 | u32::from(self.raw.get(at)?)))
    }

    /// A number of four bytes, if it is in the message and in the capture; `field` is its name in filters.
    fn number_of(&mut self, field: &str, name: &str, at: usize) {
        self.number(name, at);
        if let Some(value) = self.word(at) {
            self.filter(format!("{field} == {value}"));
        }
    }

    /// A number of four bytes, if it is in the message and in the capture.
    fn number(&mut self, name: &str, at: usize) {
        if at + 4 > self.raw.bytes.len() {
            return;
        }
        let value = self.word(at);
        let value = value.map_or_else(|| "not captured".to_owned(), |word| word.to_string());
        self.field(name, &value, at..at + 4);
    }

    pub(super) fn handshake(&mut self, torrent: Option<InfoHash>) {
        let bytes = &self.raw.bytes;
        let (Some(reserved), Some(hash), Some(peer_id)) = (
            bytes.get(20..28).and_then(<[u8]>::first_chunk),
            bytes.get(28..48).map(hex),
            bytes.get(48..68).and_then(<[u8]>::first_chunk),
        ) else {
            return;
        };
        let (reserved, peer_id) = (Reserved(*reserved), PeerId(*peer_id));
        self.field("protocol", "BitTorrent protocol", 0..20);
        self.field("reserved", &reserved.to_string(), 20..28);
        let features: Vec<&str> = reserved.features().collect();
        self.below("announces", &features.join(" "), 20..28);
        self.unknown_bits(reserved);
        self.field("info_hash", &hash, 28..48);
        // Of a hybrid torrent the other side may name the other hash (BEP 52): its connection goes by the first.
        let is_torrent = torrent.is_some_and(|torrent| torrent.to_string() == hash);
        let field = if is_torrent {
            "info_hash"
        } else {
            "bittorrent.info_hash"
        };
        self.filter(format!("{field} == {hash}"));
        self.field("peer_id", &plain(&peer_id.0), 48..68);
        self.filter(format!("peer_id == {}", hex(&peer_id.0)));
        let client = client(&peer_id);
        self.below("client", client.as_deref().unwrap_or("unknown"), 48..68);
        if let Some(client) = client {
            self.filter(format!("client == {}", quoted(&client)));
        }
    }

    fn unknown_bits(&mut self, reserved: Reserved) {
        for (at, bits) in (20..).zip(reserved.unknown()) {
            if bits != 0 {
                let words = format!("0x{bits:02x} of byte {}", at - 20);
                self.below("unknown", &words, at..at + 1);
            }
        }
    }

    pub(super) fn message(&mut self, kind: Kind, extension: Option<&str>) {
        self.number_of("size", "length", 0);
        if self.azureus() {
            return;
        }
        if let Some(id) = self.raw.get(4) {
            let name = tribler(id).unwrap_or(kind.name());
            self.field("id", &format!("{id} ({name})"), 4..5);
            self.filter(format!("bittorrent.msg.type == {id}"));
        }
        match kind {
            Kind::Have | Kind::Suggest | Kind::AllowedFast => {
                self.number_of("index", "piece index", 5);
            }
            Kind::Request | Kind::Cancel | Kind::Reject => {
                self.number_of("index", "piece index", 5);
                self.number_of("begin", "begin", 9);
                self.number_of("length", "length", 13);
            }
            Kind::Piece => {
                self.number_of("index", "piece index", 5);
                self.number_of("begin", "begin", 9);
                self.rest("data", 13);
            }
            Kind::Bitfield => self.bitfield(),
            Kind::Port => self.port(),
            Kind::Extended => self.extended(extension),
            Kind::HashRequest | Kind::Hashes | Kind::HashReject => self.hashes(),
            Kind::Unknown => self.rest("payload", 5),
            _ => {}
        }
    }

    /// The fields of a message in Azureus framing; false for others.
    fn azureus(&mut self) -> bool {
        let Some(Azureus { name, range }) = Azureus::read(&self.raw.bytes) else {
            return false;
        };
        let end = range.end;
        self.number("name length", 4);
        self.field("Azureus", name, range);
        if let Some(version) = self.raw.get(end) {
            self.field("version", &version.to_string(), end..end + 1);
        }
        self.rest("payload", end + 1);
        true
    }

    fn rest(&mut self, name: &str, from: usize) {
        let len = (self.raw.total as usize).saturating_sub(from);
        if len > 0 {
            self.field(name, &bytes(len as u64), from..self.raw.bytes.len());
        }
    }

    fn bitfield(&mut self) {
        let body = self.raw.bytes.get(5..).unwrap_or_default();
        let ones: u32 = body.iter().map(|byte| byte.count_ones()).sum();
        let words = format!(
            "{} bytes, {ones} of {} bits set",
            body.len(),
            body.len() * 8
        );
        self.field("bits", &words, 5..self.raw.bytes.len());
    }

    fn port(&mut self) {
        if let (Some(high), Some(low)) = (self.raw.get(5), self.raw.get(6)) {
            let port = u16::from_be_bytes([high, low]);
            self.field("UDP port", &port.to_string(), 5..7);
            self.filter(format!("port == {port}"));
        }
    }

    fn hashes(&mut self) {
        if let Some(root) = self.raw.bytes.get(5..37).map(hex) {
            self.field("pieces root", &root, 5..37);
        }
        self.number("base layer", 37);
        self.number_of("index", "index", 41);
        self.number_of("length", "length", 45);
        self.number("proof layers", 49);
        let bytes = self.raw.bytes.get(HASHES..).unwrap_or_default();
        let hashes = bytes.chunks_exact(HashRange::HASH);
        if hashes.len() > 0 {
            let count = hashes.len().to_string();
            self.field("hashes", &count, HASHES..self.raw.bytes.len());
        }
        let starts = (HASHES..).step_by(HashRange::HASH);
        for ((number, at), hash) in (0..MAX_HASHES).zip(starts).zip(hashes) {
            let range = at..at + HashRange::HASH;
            self.below(&number.to_string(), &hex(hash), range);
        }
    }

    fn extended(&mut self, extension: Option<&str>) {
        let Some(id) = self.raw.get(5) else { return };
        let name = extension.unwrap_or("never negotiated");
        self.field("extended id", &format!("{id} ({name})"), 5..6);
        self.filter(match extension {
            Some(name) => format!("ext_name == {}", quoted(name)),
            None => format!("ext_id == {id}"),
        });
        let Some(payload) = self.raw.bytes.get(PAYLOAD..) else {
            return;
        };
        let total = (self.raw.total as usize).saturating_sub(PAYLOAD);
        let body = Body::read(extension, payload, total);
        let end = self.raw.bytes.len();
        self.field("body", &bytes(total as u64), PAYLOAD..end);
        for field in body.fields(payload) {
            let range =
                (field.range.start + PAYLOAD).min(end)..(field.range.end + PAYLOAD).min(end);
            let text = format!("{:<12} {}", field.name, field.value);
            self.push(2 + field.depth, text.trim_end().to_owned(), Some(range));
        }
        for fault in body.faults().iter().take(MAX_FAULTS) {
            let at = fault.at + PAYLOAD;
            let range = at.min(end)..(at + 1).min(end);
            self.push(2, format!("! {} at byte {at}", fault.kind), Some(range));
        }
    }
}

/// A value of a filter.
fn quoted(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('"', "\\\"");
    format!("\"{escaped}\"")
}
