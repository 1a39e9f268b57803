//! Two connections where one would do.

use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::store::Connection;
use crate::stream::Side;
use crate::wire::Handshake;

/// Connections before this one that are looked at: who connects twice does so within seconds.
const RECENT: usize = 64;

/// Both sides have greeted: do they speak to each other elsewhere, too?
pub(super) fn look(scene: &Scene<'_>, second: &Handshake, first: &Handshake, out: &mut Raise<'_>) {
    // Who has connected to itself is told so.
    if second.peer_id == first.peer_id {
        return;
    }
    let before = scene.connection.id.0 as usize;
    let recent = &scene.store.connections()[before.saturating_sub(RECENT)..before];
    let is_twin = |other: &&Connection| {
        let same = |side| is_same(scene, other, side, [second, first]);
        is_alive(scene, other) && Side::BOTH.into_iter().any(same)
    };
    if let Some(twin) = recent.iter().rev().find(is_twin) {
        let number = twin.id.0;
        out.say(
            Code::PeerIdDuplicate,
            None,
            scene.spot(),
            format_args!("the same two peers speak of the same torrent on connection {number}"),
        );
    }
}

/// Was there anything on it from now on, and no end before?
fn is_alive(scene: &Scene<'_>, other: &Connection) -> bool {
    let is_closed = other
        .segments()
        .close
        .is_some_and(|close| close.time <= scene.now());
    !is_closed && other.activity.last.time >= scene.now()
}

/// The same hosts, the same peers and the same torrent.
fn is_same(scene: &Scene<'_>, other: &Connection, side: Side, greeted: [&Handshake; 2]) -> bool {
    let sides = [(side, scene.by), (!side, !scene.by)];
    let hosts = |(there, here)| other.real_end(there).ip == scene.connection.real_end(here).ip;
    let peers = |((there, _), greeted): ((Side, Side), &Handshake)| {
        let known = other.real_handshake(there);
        known.is_some_and(|known| known.peer_id == greeted.peer_id)
    };
    other.real_info_hash() == scene.connection.real_info_hash()
        && sides.into_iter().all(hosts)
        && sides.into_iter().zip(greeted).all(peers)
}
