//! The fields of the selected message, each with its bytes.

mod fold;
mod found;
mod meaning;
mod message;
mod moment;

pub use fold::{State, owner};
pub use found::add_findings;

use std::ops::Range;

use super::canvas::Canvas;
use super::look::cut;
use super::{Pane, Scene, Tone, status};
use crate::export::{side_words, via_words};
use crate::store::{EntryId, Raw, Store, What};
use crate::wire::{Kind, Message};
use meaning::meaning;

/// One field: how deep, what it says, and where it stands in the message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Node {
    /// 0 for headings.
    pub depth: u8,
    /// Name and value.
    pub text: String,
    /// Its bytes.
    pub range: Option<Range<usize>>,
    /// What lets messages pass that have this value, too.
    pub filter: Option<String>,
    /// Are its parts hidden at first?
    pub folded: Folded,
}

/// Are the parts of a field hidden?
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Folded {
    /// They are shown.
    #[default]
    No,
    /// They are not.
    Yes,
}

/// Parts that are shown at first; of more, none is.
const MAX_OPEN: usize = 24;

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
    tree.filter(format!("type == {}", entry.kind().name()));
    match entry.kind() {
        Kind::Handshake => {
            let torrent = store.connection(entry.connection).info_hash();
            tree.handshake(torrent);
        }
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
    for (name, words) in moment::lines(store, id) {
        tree.push(1, format!("{name:<12} {words}"), None);
    }
    tree.provenance(store, id);
    tree.fold_what_is_long();
    tree.nodes
}

struct Tree<'a> {
    raw: &'a Raw,
    nodes: Vec<Node>,
}

impl Tree<'_> {
    fn push(&mut self, depth: u8, text: String, range: Option<Range<usize>>) {
        self.nodes.push(Node {
            depth,
            text,
            range,
            ..Node::default()
        });
    }

    /// Of the last field.
    fn filter(&mut self, filter: String) {
        if let Some(last) = self.nodes.last_mut() {
            last.filter = Some(filter);
        }
    }

    fn fold_what_is_long(&mut self) {
        for at in 1..self.nodes.len() {
            let depth = self.nodes[at].depth;
            let below = self.nodes[at + 1..].iter();
            let parts = below
                .take_while(|node| node.depth > depth)
                .take(MAX_OPEN + 1);
            if parts.count() > MAX_OPEN {
                self.nodes[at].folded = Folded::Yes;
            }
        }
    }

    fn provenance(&mut self, store: &Store, id: EntryId) {
        let entry = store.entry(id);
        let connection = store.connection(entry.connection);
        let [src, dst] =
            [entry.side(), !entry.side()].map(|side| side_words(connection.end(side), None));
        let direction = format!("src == {src} and dst == {dst}");
        let (place, filter) = match connection.utp_id(entry.side()) {
            None => (
                format!("TCP      {src} to {dst}, seq {}", entry.seq),
                direction,
            ),
            // Several connections may be between two sockets.
            Some(id) => (
                format!("uTP      {src} to {dst}, id {id}"),
                format!("{direction} and bt-utp.connection_id == {id}"),
            ),
        };
        self.push(0, place, None);
        self.filter(filter);
        for frame in self.raw.frames.iter().take(64) {
            let time = status::utc(frame.time).unwrap_or_default();
            let text = format!(
                "frame {}  bytes {}  {time}",
                frame.number,
                range_words(&frame.range)
            );
            self.push(1, text, Some(frame.range.clone()));
            // Behind a loss later bytes may come before the first, which is the one that `first_frame` tells of.
            let number = frame.number;
            if (entry.first_frame.0..=entry.frame.0).contains(&number.0) {
                self.filter(format!("first_frame <= {number} and frame >= {number}"));
            }
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
    let nodes = scene.nodes;
    let selected = scene.tree.selected(nodes);
    let is_chosen = scene.focus() == Pane::Hex || scene.tree.cursor.selected > 0;
    selected
        .filter(|_| is_chosen)
        .and_then(|at| nodes[at].range.clone())
}

/// From so many columns on, each field has its bytes beside it, in hex and by number.
const WIDE: u16 = 66;
/// Columns of the range.
const RANGE: usize = 11;
/// Bytes that are shown of a field, and the columns they take.
const BYTES: usize = 4;
const HEX: usize = BYTES * 3 + 1;

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let title = if scene.focus() == Pane::Tree {
        "[Fields]"
    } else {
        " Fields"
    };
    canvas.text(0, 0, title, Tone::Dim);
    let visible = scene.tree.visible(scene.nodes);
    let mut rows = canvas.below(1);
    let height = usize::from(rows.height());
    for (row, at) in (0..).zip(scene.tree.cursor.window(height, visible.len())) {
        let is_selected = at == scene.tree.cursor.selected;
        draw_node(scene, &mut rows, row, visible[at], is_selected);
    }
    rows.scrollbar(scene.tree.cursor.offset, visible.len());
}

/// `▸ hashes   512                    00 00 02 00    53-56`
fn draw_node(scene: &Scene<'_>, rows: &mut Canvas<'_>, row: u16, at: usize, is_selected: bool) {
    let node = &scene.nodes[at];
    let style = match (is_selected, node.depth) {
        (true, _) => scene.look.cursor(scene.focus() == Pane::Tree),
        (false, 0) => scene.look.style(Tone::Strong),
        (false, _) => scene.look.style(Tone::Plain),
    };
    let text = "  ".repeat(usize::from(node.depth)) + &node.text;
    let wide = if rows.width() >= WIDE { HEX + RANGE } else { 0 };
    let room = usize::from(rows.width()).saturating_sub(2 + wide);
    if scene.tree.is_folded(scene.nodes, at) {
        rows.text(0, row, scene.look.glyphs.folded, Tone::Strong);
    }
    rows.styled(1, row, &cut(&text, room, scene.look.glyphs), style);
    if let Some((raw, range)) = scene.raw.zip(node.range.clone()).filter(|_| wide > 0) {
        let x = rows.width() - (HEX + RANGE) as u16 - 1;
        rows.text(x, row, &hex(scene, raw, &range), Tone::Dim);
        let words = format!("{:>RANGE$}", range_words(&range));
        rows.text(x + HEX as u16, row, &words, Tone::Dim);
    }
}

/// The first of its bytes.
fn hex(scene: &Scene<'_>, raw: &Raw, range: &Range<usize>) -> String {
    let byte = |at| {
        raw.get(at)
            .map_or("--".to_owned(), |byte| format!("{byte:02x}"))
    };
    let bytes: Vec<String> = range.clone().take(BYTES).map(byte).collect();
    let more = if range.len() > BYTES {
        scene.look.glyphs.ellipsis
    } else {
        ""
    };
    bytes.join(" ") + more
}

/// `4`, `5-8`
pub(super) fn range_words(range: &Range<usize>) -> String {
    match range.len() {
        0 => String::new(),
        1 => range.start.to_string(),
        _ => format!("{}-{}", range.start, range.end - 1),
    }
}
