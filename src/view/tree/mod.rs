//! The fields of the selected message, each with its bytes.

mod meaning;
mod message;

use std::ops::Range;

use super::canvas::Canvas;
use super::look::cut;
use super::{Pane, Scene, Tone, status};
use crate::export::{side_words, via_words};
use crate::store::{EntryId, Raw, Store, What};
use crate::wire::{Kind, Message};
use meaning::meaning;

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
        kind => tree.message(kind, store.extension(entry)),
    }
    if let What::Message(Message::Malformed { fault, .. }) = store.what(entry) {
        tree.push(1, format!("! {fault}"), Some(0..4));
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
    let title = if scene.focus() == Pane::Tree {
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
            (true, _) => scene.look.cursor(scene.focus() == Pane::Tree),
            (false, 0) => scene.look.style(Tone::Strong),
            (false, _) => scene.look.style(Tone::Plain),
        };
        let room = usize::from(rows.width()).saturating_sub(2);
        rows.styled(1, row, &cut(&text, room, scene.look.glyphs), style);
    }
}
