//! Peer exchange (BEP 11).

use std::collections::HashSet;
use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use super::Rules;
use super::extensions::read;
use crate::capture::Timestamp;
use crate::findings::Code;
use crate::findings::scene::{Raise, SECOND, Scene};
use crate::stream::Side;
use crate::wire::Message;
use crate::wire::extension::{Body, Contact, Contacts, FaultKind, Pex};

/// BEP 11 allows one message a minute; what loss on the way and coarse timers take from it is forgiven: nanoseconds.
const PAUSE: i64 = 50 * SECOND;
/// Contacts of a message. BEP 11 says 50, libtorrent has always sent up to 100.
const MAX_CONTACTS: usize = 100;
/// So few contacts may well be of one network.
const CROWD: usize = 20;

/// Peer exchange (BEP 11).
#[derive(Debug, Default)]
pub(super) struct Exchange {
    /// When each side last said whom it met.
    last: [Option<Timestamp>; 2],
}

impl Rules for Exchange {
    fn said(&mut self, scene: &Scene<'_>, message: &Message, out: &mut Raise<'_>) {
        let Message::Extended { id, payload } = message else {
            return;
        };
        if scene.talk.extension(scene.by, *id) != Some("ut_pex") {
            return;
        }
        self.paced(scene, out);
        if let Some(Body::Pex(pex)) = read(scene, *id, payload) {
            self.told(scene, &pex, out);
        }
        self.last[scene.by.index()] = Some(scene.now());
    }
}

impl Exchange {
    fn paced(&self, scene: &Scene<'_>, out: &mut Raise<'_>) {
        let (code, spot) = (Code::PexTooOften, scene.spot());
        if let Some(last) = self.last[scene.by.index()] {
            let pause = scene.now().since(last);
            if (0..PAUSE).contains(&pause) {
                let seconds = pause as f64 / SECOND as f64;
                let words = format_args!("{seconds:.1} s behind the last one of this side");
                out.say(code, scene.by, spot, words);
            }
        }
        let metainfo = scene.ground.metainfo.as_ref();
        if metainfo.is_some_and(|it| it.is_private) {
            let words = format_args!("peer exchange on a private torrent");
            out.say(Code::PexOnPrivateTorrent, scene.by, spot, words);
        }
    }

    fn told(&self, scene: &Scene<'_>, pex: &Pex, out: &mut Raise<'_>) {
        let (added, dropped) = (pex.added.count, pex.dropped.count);
        // What cannot be read may be contacts.
        if added + dropped == 0
            && pex
                .faults
                .iter()
                .all(|fault| fault.kind == FaultKind::Empty)
        {
            let words = format_args!("no contact was added, and none dropped");
            out.say(Code::PexEmpty, scene.by, scene.spot(), words);
        }
        let is_first = self.last[scene.by.index()].is_none();
        if !is_first && added.max(dropped) > MAX_CONTACTS {
            let words = format_args!("{added} contacts added and {dropped} dropped");
            out.say(Code::PexTooMany, scene.by, scene.spot(), words);
        }
        unreachable(scene, &pex.added, out);
        crowded(scene, &pex.added, out);
        contradicts(scene, pex, out);
    }
}

fn unreachable(scene: &Scene<'_>, added: &Contacts, out: &mut Raise<'_>) {
    let (is_public, is_here) = (is_public(scene), is_within_a_host(scene));
    let is_bad = |it: &&Contact| {
        let addr = it.addr.value;
        let ip = addr.ip().to_canonical();
        addr.port() == 0
            || is_nobody(ip) && !(is_here && ip.is_loopback())
            || is_public && is_private(ip)
    };
    let count = added.listed.iter().filter(is_bad).count();
    if count > 0 {
        let words = format_args!(
            "{count} of {} contacts can be reached by nobody",
            added.count
        );
        out.say(Code::PexUnreachable, scene.by, scene.spot(), words);
    }
}

fn crowded(scene: &Scene<'_>, added: &Contacts, out: &mut Raise<'_>) {
    if added.count < CROWD {
        return;
    }
    let network = |it: &Contact| match it.addr.value {
        SocketAddr::V4(addr) if !is_private(it.addr.value.ip()) => {
            let [a, b, c, _] = addr.ip().octets();
            Some([a, b, c])
        }
        _ => None,
    };
    let mut networks: Vec<[u8; 3]> = added.listed.iter().filter_map(network).collect();
    networks.sort_unstable();
    let most = networks
        .chunk_by(|a, b| a == b)
        .map(<[_]>::len)
        .max()
        .unwrap_or(0);
    if networks.len() >= CROWD && most * 2 > networks.len() {
        let words = format_args!(
            "{most} of {} contacts are in one network of 256 addresses",
            networks.len()
        );
        out.say(Code::PexPoison, scene.by, scene.spot(), words);
    }
}

fn contradicts(scene: &Scene<'_>, pex: &Pex, out: &mut Raise<'_>) {
    if pex.added.count == 0 || pex.dropped.count == 0 {
        return;
    }
    let addr = |it: &Contact| it.addr.value;
    let added: HashSet<SocketAddr> = pex.added.listed.iter().map(addr).collect();
    let both = pex.dropped.listed.iter().map(addr);
    let count = both.filter(|addr| added.contains(addr)).count();
    if count > 0 {
        let words = format_args!("{count} contacts are both added and dropped");
        out.say(Code::PexAddedDropped, scene.by, scene.spot(), words);
    }
}

/// Are both ends of the connection in the open internet?
pub(super) fn is_public(scene: &Scene<'_>) -> bool {
    Side::BOTH.into_iter().all(|side| {
        let ip = scene.connection.real_end(side).ip.to_canonical();
        !is_private(ip) && !is_nobody(ip)
    })
}

fn is_within_a_host(scene: &Scene<'_>) -> bool {
    scene
        .connection
        .real_end(scene.by)
        .ip
        .to_canonical()
        .is_loopback()
}

/// Addresses with which nobody can be met.
pub(super) fn is_nobody(ip: IpAddr) -> bool {
    ip.is_unspecified() || ip.is_loopback() || ip.is_multicast()
}

/// Private and link-local ones (RFC 1918, 3927, 4193, 4291), and those of a carrier's NAT (RFC 6598).
pub(super) fn is_private(ip: IpAddr) -> bool {
    let is_local_v6 =
        |ip: Ipv6Addr| ip.segments()[0] & 0xfe00 == 0xfc00 || ip.segments()[0] & 0xffc0 == 0xfe80;
    match ip {
        IpAddr::V4(ip) => {
            let [a, b, ..] = ip.octets();
            ip.is_private() || ip.is_link_local() || a == 100 && b & 0xc0 == 64
        }
        IpAddr::V6(ip) => is_local_v6(ip),
    }
}
