//! Two handshakes, and whether they fit each other.

use super::{Opening, twins};
use crate::capture::Timestamp;
use crate::findings::Code;
use crate::findings::scene::{Raise, SECOND, Scene};
use crate::stream::Side;
use crate::swarm::Version;
use crate::wire::{Handshake, InfoHash};

/// So long libtorrent waits for a handshake. Transmission waits thrice as long.
const SLOW: i64 = 10 * SECOND;

/// The handshake of the side that spoke first.
#[derive(Debug)]
pub(super) struct First {
    by: Side,
    handshake: Handshake,
    time: Timestamp,
}

impl Opening {
    pub(super) fn greeted(
        &mut self,
        scene: &Scene<'_>,
        handshake: &Handshake,
        out: &mut Raise<'_>,
    ) {
        // One that was found within something else need not be one.
        if scene.entry.is_resynchronised() {
            return;
        }
        unknown_bits(scene, handshake, out);
        needless_upgrade(scene, handshake, out);
        let first = self.first.take();
        if self.streams[scene.by.index()].footing.is_certain() {
            slow(scene, first.as_deref(), out);
        }
        match first {
            Some(first) if first.by == scene.by => self.first = Some(first),
            Some(first) => {
                compare(scene, handshake, &first.handshake, out);
                twins::look(scene, handshake, &first.handshake, out);
            }
            None => {
                self.first = Some(Box::new(First {
                    by: scene.by,
                    handshake: *handshake,
                    time: scene.now(),
                }));
            }
        }
    }
}

fn unknown_bits(scene: &Scene<'_>, handshake: &Handshake, out: &mut Raise<'_>) {
    let unknown = u64::from_be_bytes(handshake.reserved.unknown());
    if unknown != 0 {
        out.say(
            Code::ReservedUnknownBits,
            scene.by,
            scene.spot(),
            format_args!("reserved bits {unknown:016x} have no known meaning"),
        );
    }
}

/// The torrent has no v2 to upgrade to.
fn needless_upgrade(scene: &Scene<'_>, handshake: &Handshake, out: &mut Raise<'_>) {
    let Some(metainfo) = &scene.ground.metainfo else {
        return;
    };
    if handshake.reserved.has_v2_upgrade() && matches!(metainfo.version, Version::V1(_)) {
        out.say(
            Code::V2BitOnV1Torrent,
            scene.by,
            scene.spot(),
            format_args!("an upgrade to v2 is offered for a torrent that is v1 only"),
        );
    }
}

/// Who opened the connection should greet at once, and the other as soon as it was greeted.
fn slow(scene: &Scene<'_>, first: Option<&First>, out: &mut Raise<'_>) {
    let Some(established) = scene.connection.segments().syn_ack else {
        return;
    };
    let is_answer = scene.by != scene.connection.opener();
    let since = match first {
        Some(first) if is_answer => first.time.max(established.time),
        None if is_answer => return,
        _ => established.time,
    };
    let waited = scene.now().since(since);
    if waited > SLOW {
        let seconds = waited / SECOND;
        let behind = if is_answer {
            "the other's"
        } else {
            "the SYN-ACK"
        };
        out.say(
            Code::HandshakeSlow,
            scene.by,
            scene.spot(),
            format_args!("the handshake came {seconds} s behind {behind}"),
        );
    }
}

fn compare(scene: &Scene<'_>, second: &Handshake, first: &Handshake, out: &mut Raise<'_>) {
    if second.peer_id == first.peer_id {
        out.say(
            Code::SelfConnection,
            None,
            scene.spot(),
            format_args!("both sides have the same peer id"),
        );
    }
    if second.info_hash != first.info_hash {
        let is_opener = scene.by == scene.connection.opener();
        let offer = if is_opener { second } else { first };
        differ(
            scene,
            [second.info_hash, first.info_hash],
            offer.reserved.has_v2_upgrade(),
            out,
        );
    }
}

/// Two hashes: of a hybrid torrent they are those of v1 and v2 (BEP 52).
fn differ(scene: &Scene<'_>, hashes: [InfoHash; 2], is_offered: bool, out: &mut Raise<'_>) {
    let (v1, v2) = match scene.store.swarm_of(scene.connection) {
        Some(swarm) => swarm.real_hashes(),
        None => (hashes[1], None),
    };
    let is_known = |hash: &InfoHash| *hash == v1 || Some(*hash) == v2;
    let (by, spot) = (scene.by, scene.spot());
    if hashes.iter().all(is_known) {
        out.say(
            Code::InfoHashV2Upgrade,
            by,
            spot,
            format_args!("the answer names the other hash of a hybrid torrent"),
        );
    } else if is_offered && scene.ground.metainfo.is_none() {
        out.suspect(
            Code::InfoHashMismatch,
            by,
            spot,
            format_args!(
                "an upgrade to v2 was offered, and on other connections answered with another hash"
            ),
        );
    } else {
        out.say(
            Code::InfoHashMismatch,
            by,
            spot,
            format_args!("the two handshakes name different torrents"),
        );
    }
}
