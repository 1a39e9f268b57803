//! All torrents of the capture.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Scene, Tone};
use super::{Section, row};
use crate::export::mark;
use crate::swarm::Swarm;

const NAME: usize = 26;

pub(super) fn draw(scene: &Scene<'_>, shown: &Swarm, canvas: &mut Canvas<'_>) {
    let title = format!(
        "{:<NAME$} {:<10} {:>9} {:>6} {:>11}",
        "name", "hash", "pieces", "peers", "connections"
    );
    canvas.text(1, 0, &title, Tone::Dim);
    let rows = &mut canvas.below(1);
    let (height, len) = (usize::from(rows.height()), scene.store.torrents().count());
    let mut cursor = scene.views.torrent.torrents;
    cursor.show(height, len);
    let window = cursor.window(height, len);
    let swarms = scene.store.torrents().skip(window.start).take(window.len());
    for (at, swarm) in (0..).zip(swarms) {
        let is_shown = swarm.info_hash() == shown.info_hash();
        let tone = if is_shown { Tone::Strong } else { Tone::Plain };
        let at = (at, cursor.offset + usize::from(at) == cursor.selected);
        row(
            scene,
            Section::Torrents,
            at,
            &words(scene, swarm),
            tone,
            rows,
        );
    }
    rows.scrollbar(cursor.offset, len);
}

fn words(scene: &Scene<'_>, swarm: &Swarm) -> String {
    let glyphs = scene.look.glyphs;
    let name = cut(swarm.name().unwrap_or("?"), NAME, glyphs);
    let hash = swarm.info_hash().to_string();
    let pieces = swarm.pieces().map_or_else(
        || "?".to_owned(),
        |(count, certainty)| format!("{}{count}", mark(certainty)),
    );
    let (peers, connections) = (swarm.peers(), swarm.connections);
    format!(
        "{name:<NAME$} {}{} {pieces:>9} {peers:>6} {connections:>11}",
        &hash[..9],
        glyphs.ellipsis
    )
}
