//! What is known of the torrent, and its peers in one line.

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Scene, Tone};
use crate::export::{bytes, mark};
use crate::store::Census;
use crate::swarm::{Origin, Swarm};

pub(super) fn draw(scene: &Scene<'_>, swarm: &Swarm, canvas: &mut Canvas<'_>) {
    let place = place(scene, swarm);
    let room = usize::from(canvas.width()).saturating_sub(place.len() + 3);
    let text = cut(&facts(swarm), room, scene.look.glyphs);
    canvas.text(1, 0, &text, Tone::Strong);
    canvas.right(0, &place, Tone::Plain);
    let census = scene.views.torrent.census.as_ref();
    let census = census.filter(|census| census.is_whole());
    let words = census.map_or_else(String::new, counts);
    let of = if swarm.connections == 1 {
        "connection"
    } else {
        "connections"
    };
    let text = format!("{words}{} {of}, as of the cursor", swarm.connections);
    canvas.text(1, 1, &text, Tone::Plain);
}

/// `ubuntu.iso  3b24cc10…  2048 pieces of 256 KiB, 512 MiB, 1 file, told by peers`
fn facts(swarm: &Swarm) -> String {
    let hash = swarm.info_hash().to_string();
    let name = swarm
        .name()
        .map_or_else(String::new, |name| format!("{name}  "));
    let pieces = match swarm.pieces() {
        Some((count, certainty)) => format!("{}{count} pieces", mark(certainty)),
        None => "number of pieces unknown".to_owned(),
    };
    format!("{name}{}…  {pieces}{}", &hash[..8], told(swarm))
}

fn told(swarm: &Swarm) -> String {
    let Some(metainfo) = swarm.metainfo() else {
        return ", inferred from what peers say".to_owned();
    };
    let of = metainfo.piece_length.map(|of| format!(" of {}", bytes(of)));
    let (files, length) = (metainfo.files.count, bytes(metainfo.files.length));
    let files = if files == 1 {
        "1 file".to_owned()
    } else {
        format!("{files} files")
    };
    let by = match swarm.origin() {
        Some(Origin::File) => "from its file",
        _ => "told by peers",
    };
    format!("{}, {length}, {files}, {by}", of.unwrap_or_default())
}

fn place(scene: &Scene<'_>, swarm: &Swarm) -> String {
    let count = scene.store.torrents().count();
    let at = scene
        .store
        .torrents()
        .position(|it| it.info_hash() == swarm.info_hash());
    match (at, count) {
        (Some(at), 2..) => format!("torrent {} of {count} ", at + 1),
        _ => String::new(),
    }
}

/// `5 peers, 2 complete, 1 silent; copies 2.431; `
fn counts(census: &Census) -> String {
    let counts = census.counts();
    let few = [
        (counts.complete, "complete"),
        (counts.untold, "silent on pieces"),
        (counts.unkept, "without room"),
    ];
    let few = few.into_iter().filter(|(count, _)| *count > 0);
    let few = few.fold(String::new(), |words, (count, what)| {
        format!("{words}, {count} {what}")
    });
    let copies = census.survey().copies().map_or_else(String::new, |copies| {
        format!("; copies {}.{:03}", copies / 1000, copies % 1000)
    });
    let peers = if counts.peers == 1 { "peer" } else { "peers" };
    format!("{} {peers}{few}{copies}; ", counts.peers)
}
