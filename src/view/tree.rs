//! The fields of the selected message, each with its bytes.

use std::ops::Range;

use super::canvas::Canvas;
use super::look::cut;
use super::{Pane, Scene, Tone, status};
use crate::export::{bytes, hex, side_words, via_words};
use crate::store::{EntryId, Raw, Store};
use crate::wire::bencode::{self, Value};
use crate::wire::{Kind, PeerId, Reserved, client, plain};

/// Values of a bencoded body that are shown.
const MAX_NODES: usize = 2000;

/// One field: how deep, what it says, and where it stands in the message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// 0 for headings.
    pub depth: u8,
    /// Name and value.
    pub text: String,
    /// Its bytes.
    pub range: Option<Range<usize>>,
}

/// All fields of a message.
pub fn nodes(store: &Store, id: EntryId, raw: &Raw) -> Vec<Node> {
    let entry = store.entry(id);
    let mut tree = Tree {
        raw,
        nodes: Vec::new(),
    };
    tree.push(
        0,
        format!("{}, {} bytes", entry.kind().name(), entry.wire_len()),
        Some(0..raw.bytes.len()),
    );
    match entry.kind() {
        Kind::Handshake => tree.handshake(),
        Kind::Gap | Kind::Undecoded | Kind::Conflict | Kind::Encrypted => {}
        kind => tree.message(kind),
    }
    if store.missing(id) > 0 {
        tree.push(
            1,
            format!("{} bytes of it are not in the capture", store.missing(id)),
            None,
        );
    }
    if let Some(via) = entry.via() {
        tree.push(1, format!("behind {}", via_words(via)), None);
    }
    if entry.is_resynchronised() {
        let words = "found by resynchronising: no boundary was known before it".to_owned();
        tree.push(1, words, None);
    }
    if let Some(words) = meaning(entry.kind()) {
        tree.push(0, format!("meaning  {words}"), None);
    }
    tree.provenance(store, id);
    tree.nodes
}

struct Tree<'a> {
    raw: &'a Raw,
    nodes: Vec<Node>,
}

impl Tree<'_> {
    fn push(&mut self, depth: u8, text: String, range: Option<Range<usize>>) {
        self.nodes.push(Node { depth, text, range });
    }

    fn word(&self, at: usize) -> Option<u32> {
        (at..at + 4).try_fold(0, |word, at| Some(word << 8 | u32::from(self.raw.get(at)?)))
    }

    /// A number of four bytes, if it is in the message and in the capture.
    fn number(&mut self, name: &str, at: usize) {
        if at + 4 > self.raw.bytes.len() {
            return;
        }
        let value = self
            .word(at)
            .map_or_else(|| "not captured".to_owned(), |word| word.to_string());
        self.push(1, format!("{name:<12} {value}"), Some(at..at + 4));
    }

    fn handshake(&mut self) {
        let bytes = &self.raw.bytes;
        let (Some(reserved), Some(peer_id)) = (
            bytes.get(20..28).and_then(<[u8]>::first_chunk),
            bytes.get(48..68).and_then(<[u8]>::first_chunk),
        ) else {
            return;
        };
        let (reserved, peer_id) = (Reserved(*reserved), PeerId(*peer_id));
        self.push(
            1,
            "protocol     BitTorrent protocol".to_owned(),
            Some(0..20),
        );
        self.push(1, format!("reserved     {reserved}"), Some(20..28));
        let features: Vec<&str> = reserved.features().collect();
        self.push(
            2,
            format!("announces    {}", features.join(" ")),
            Some(20..28),
        );
        self.push(
            1,
            format!("info_hash    {}", hex(&self.raw.bytes[28..48])),
            Some(28..48),
        );
        self.push(
            1,
            format!("peer_id      {}", plain(&peer_id.0)),
            Some(48..68),
        );
        self.push(
            2,
            format!(
                "client       {}",
                client(&peer_id).unwrap_or_else(|| "unknown".to_owned())
            ),
            Some(48..68),
        );
    }

    fn message(&mut self, kind: Kind) {
        self.number("length", 0);
        if let Some(id) = self.raw.get(4) {
            self.push(
                1,
                format!("{:<12} {id} ({})", "id", kind.name()),
                Some(4..5),
            );
        }
        match kind {
            Kind::Have | Kind::Suggest | Kind::AllowedFast => self.number("piece index", 5),
            Kind::Request | Kind::Cancel | Kind::Reject => {
                self.number("piece index", 5);
                self.number("begin", 9);
                self.number("length", 13);
            }
            Kind::Piece => {
                self.number("piece index", 5);
                self.number("begin", 9);
                self.rest("data", 13);
            }
            Kind::Bitfield => self.bitfield(),
            Kind::Port => self.port(),
            Kind::Extended => self.extended(),
            Kind::HashRequest | Kind::Hashes | Kind::HashReject => self.hashes(),
            Kind::Unknown => self.rest("payload", 5),
            _ => {}
        }
    }

    fn rest(&mut self, name: &str, from: usize) {
        let len = (self.raw.total as usize).saturating_sub(from);
        if len > 0 {
            self.push(
                1,
                format!("{name:<12} {}", bytes(len as u64)),
                Some(from..self.raw.bytes.len()),
            );
        }
    }

    fn bitfield(&mut self) {
        let body = self.raw.bytes.get(5..).unwrap_or_default();
        let ones: u32 = body.iter().map(|byte| byte.count_ones()).sum();
        self.push(
            1,
            format!(
                "{:<12} {} bytes, {ones} of {} bits set",
                "bits",
                body.len(),
                body.len() * 8
            ),
            Some(5..self.raw.bytes.len()),
        );
    }

    fn port(&mut self) {
        if let (Some(high), Some(low)) = (self.raw.get(5), self.raw.get(6)) {
            self.push(
                1,
                format!("{:<12} {}", "UDP port", u16::from_be_bytes([high, low])),
                Some(5..7),
            );
        }
    }

    fn hashes(&mut self) {
        if self.raw.bytes.len() >= 53 {
            self.push(
                1,
                format!("pieces root  {}", hex(&self.raw.bytes[5..37])),
                Some(5..37),
            );
        }
        for (name, at) in [
            ("base layer", 37),
            ("index", 41),
            ("length", 45),
            ("proof layers", 49),
        ] {
            self.number(name, at);
        }
        self.rest("hashes", 53);
    }

    fn extended(&mut self) {
        let Some(id) = self.raw.get(5) else { return };
        self.push(1, format!("{:<12} {id}", "extended id"), Some(5..6));
        let body = self.raw.bytes.get(6..).unwrap_or_default();
        let parsed = bencode::parse(body);
        match parsed.root {
            Some(root) if body.first() == Some(&b'd') => {
                self.bencoded(1, "body", body, &root);
                if root.range.end < body.len() {
                    self.push(
                        1,
                        format!(
                            "{:<12} {}",
                            "data",
                            bytes((body.len() - root.range.end) as u64)
                        ),
                        Some(6 + root.range.end..6 + body.len()),
                    );
                }
            }
            _ => self.rest("payload", 6),
        }
        // Data behind the dictionary is how metadata is sent (BEP 9), not a fault.
        for fault in parsed
            .faults
            .iter()
            .filter(|fault| fault.kind != bencode::FaultKind::TrailingBytes && id == 0)
        {
            self.push(
                1,
                format!("! {} at byte {}", fault.kind.words(), fault.at + 6),
                Some(fault.at + 6..fault.at + 7),
            );
        }
    }

    fn bencoded(&mut self, depth: u8, name: &str, body: &[u8], node: &bencode::Node) {
        if self.nodes.len() >= MAX_NODES {
            return;
        }
        let range = Some(node.range.start + 6..node.range.end + 6);
        match &node.value {
            Value::Int(number) => self.push(depth, format!("{name:<12} {number}"), range),
            Value::Bytes(text) => self.push(
                depth,
                format!("{name:<12} {}", text_or_hex(&body[text.clone()])),
                range,
            ),
            Value::List(items) => {
                self.push(depth, format!("{name:<12} list of {}", items.len()), range);
                for item in items {
                    self.bencoded(depth + 1, "-", body, item);
                }
            }
            Value::Dict(entries) => {
                self.push(
                    depth,
                    format!("{name:<12} dictionary of {}", entries.len()),
                    range,
                );
                for (key, value) in entries {
                    self.bencoded(depth + 1, &plain(&body[key.clone()]), body, value);
                }
            }
        }
    }

    fn provenance(&mut self, store: &Store, id: EntryId) {
        let entry = store.entry(id);
        let connection = store.connection(entry.connection);
        let [src, dst] =
            [entry.side(), !entry.side()].map(|side| side_words(connection.end(side), None));
        self.push(
            0,
            format!("TCP      {src} to {dst}, seq {}", entry.seq),
            None,
        );
        for frame in self.raw.frames.iter().take(64) {
            let time = status::utc(frame.time).unwrap_or_default();
            let text = format!(
                "frame {}  {time}  bytes {}-{}",
                frame.number,
                frame.range.start,
                frame.range.end - 1
            );
            self.nodes.push(Node {
                depth: 1,
                text,
                range: Some(frame.range.clone()),
            });
        }
        if self.raw.frames.len() > 64 {
            self.push(
                1,
                format!("and {} frames more", self.raw.frames.len() - 64),
                None,
            );
        }
    }
}

fn text_or_hex(bytes: &[u8]) -> String {
    let text = plain(bytes);
    if text.as_bytes() == bytes {
        text
    } else {
        hex(&bytes[..bytes.len().min(64)])
    }
}

/// One sentence for who does not know the protocol by heart.
fn meaning(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Handshake => {
            "names the torrent and the client; every direction begins with it (BEP 3)"
        }
        Kind::KeepAlive => "says nothing, keeps the connection open (BEP 3)",
        Kind::Choke => "I will not answer your requests for now (BEP 3)",
        Kind::Unchoke => "I will answer your requests (BEP 3)",
        Kind::Interested => "you have pieces that I want (BEP 3)",
        Kind::NotInterested => "you have nothing that I want (BEP 3)",
        Kind::Have => "I now have this piece (BEP 3)",
        Kind::Bitfield => "the pieces that I have, one bit each (BEP 3)",
        Kind::Request => "send me this block (BEP 3)",
        Kind::Piece => "the block that you asked for (BEP 3)",
        Kind::Cancel => "I no longer want this block (BEP 3)",
        Kind::Port => "my DHT node listens on this UDP port (BEP 5)",
        Kind::Suggest => "you might download this piece (BEP 6)",
        Kind::HaveAll => "I have every piece (BEP 6)",
        Kind::HaveNone => "I have no piece (BEP 6)",
        Kind::Reject => "I will not send this block (BEP 6)",
        Kind::AllowedFast => "you may request this piece even while I choke you (BEP 6)",
        Kind::Extended => "a message of an extension that its receiver has named (BEP 10)",
        Kind::HashRequest => "send me these hashes of a file's tree (BEP 52)",
        Kind::Hashes => "the hashes that you asked for (BEP 52)",
        Kind::HashReject => "I will not send these hashes (BEP 52)",
        Kind::Unknown => "no BEP assigns this id; it is kept and stepped over",
        Kind::Gap => "these bytes were sent, and are not in the capture",
        Kind::Conflict => "these bytes differ from those that came first, which were decoded",
        Kind::Encrypted => "a key exchange (MSE), or what it hides",
        Kind::Undecoded => return None,
    })
}

/// The bytes of the selected field, if the tree has the keys or stands beside the bytes.
pub(super) fn selected_range(scene: &Scene<'_>) -> Option<Range<usize>> {
    let nodes = nodes(scene.store, scene.entry_id()?, scene.raw?);
    nodes
        .get(scene.tree.selected)
        .filter(|_| scene.tree.selected > 0)?
        .range
        .clone()
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let title = if scene.focus == Pane::Tree {
        "[Fields]"
    } else {
        " Fields"
    };
    canvas.text(0, 0, title, Tone::Dim);
    let (Some(id), Some(raw)) = (scene.entry_id(), scene.raw) else {
        return;
    };
    let nodes = nodes(scene.store, id, raw);
    let mut rows = canvas.below(1);
    let window = scene.tree.window(usize::from(rows.height()), nodes.len());
    for (row, at) in (0..).zip(window) {
        let node = &nodes[at];
        let text = "  ".repeat(usize::from(node.depth)) + &node.text;
        let style = match (at == scene.tree.selected, node.depth) {
            (true, _) => scene.look.cursor(scene.focus == Pane::Tree),
            (false, 0) => scene.look.style(Tone::Strong),
            (false, _) => scene.look.style(Tone::Plain),
        };
        let room = usize::from(rows.width()).saturating_sub(2);
        rows.styled(1, row, &cut(&text, room, scene.look.glyphs), style);
    }
}
