//! The account: where every frame and every byte went. [`parts`](super::parts) lays it out for people.

use std::collections::BTreeMap;

use serde::Serialize;

use super::json::{is_zero, optional_time};
use crate::capture::Timestamp;
use crate::store::Store;
use crate::wire::companion::{Companion, Count};

/// The account. Its sums hold: see [`Frames`] and [`Bytes`].
#[derive(Serialize)]
pub(super) struct Account {
    #[serde(flatten)]
    pub(super) frames: Frames,
    pub(super) connections: usize,
    pub(super) bittorrent_connections: usize,
    pub(super) torrents: usize,
    pub(super) messages: u64,
    /// And stretches that are no message.
    pub(super) message_types: BTreeMap<&'static str, u64>,
    pub(super) named: Named,
    #[serde(flatten)]
    pub(super) bytes: Bytes,
}

/// `frames` is `tcp`, the frames of all `udp`, and all of `skipped`.
#[derive(Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the JSON")]
pub(super) struct Frames {
    #[serde(serialize_with = "optional_time")]
    pub(super) start: Option<Timestamp>,
    #[serde(serialize_with = "optional_time")]
    pub(super) end: Option<Timestamp>,
    pub(super) frames: u64,
    pub(super) frame_bytes: u64,
    pub(super) tcp: u64,
    pub(super) udp: Udp,
    pub(super) skipped: BTreeMap<String, u64>,
    pub(super) damaged_blocks: u64,
    /// Of `frames`, those that the snap length cut, and those that are older than the one before them.
    pub(super) cut_frames: u64,
    pub(super) late_frames: u64,
}

/// Datagrams by what they are, and their payload.
#[derive(Default, Serialize)]
#[expect(clippy::struct_field_names, reason = "they are the keys of the JSON")]
pub(super) struct Udp {
    pub(super) udp_tracker: Datagrams,
    pub(super) dht: Datagrams,
    pub(super) local_discovery: Datagrams,
    pub(super) utp: Datagrams,
    pub(super) other: Datagrams,
}

#[derive(Clone, Copy, Default, Serialize)]
pub(super) struct Datagrams {
    pub(super) frames: u64,
    pub(super) bytes: u64,
}

/// What trackers, the DHT and local discovery name: torrents, and peers that differ.
#[derive(Serialize)]
pub(super) struct Named {
    pub(super) torrents: usize,
    pub(super) peers: usize,
    /// Times that there was no room to keep one.
    pub(super) unkept: u64,
}

/// Once all is read, `stream` is what it is made of:
///
/// ```text
/// stream  = decoded + http_tracker + ssl_torrent + other_protocol + undecoded + encrypted + gap
/// payload = stream - (gap - snapped) + duplicate + late + stray + held
/// ```
///
/// `payload` is what the segments carried by their lengths, which is more than was captured where the snap length cut
/// them: `snapped` are those bytes of `gap`. `conflict` bytes were sent with two contents; they are counted where the
/// first one is, and again in `duplicate`.
#[derive(Default, Serialize)]
pub(super) struct Bytes {
    pub(super) payload: u64,
    pub(super) duplicate: u64,
    pub(super) late: u64,
    pub(super) stray: u64,
    pub(super) held: u64,
    pub(super) stream: u64,
    pub(super) decoded: u64,
    pub(super) gap: u64,
    /// And packets of uTP whose bytes nobody knows: they are in none of the sums.
    #[serde(skip_serializing_if = "is_zero")]
    pub(super) gap_packets: u64,
    pub(super) snapped: u64,
    pub(super) undecoded: u64,
    pub(super) http_tracker: u64,
    pub(super) ssl_torrent: u64,
    pub(super) other_protocol: u64,
    pub(super) encrypted: u64,
    pub(super) conflict: u64,
}

impl Account {
    /// As of now: nothing is walked through, so that it can be drawn at any time.
    pub(super) fn of(store: &Store) -> Account {
        let kinds = store.totals().kinds();
        Account {
            frames: Frames::of(store),
            connections: store.connections().len(),
            bittorrent_connections: store.totals().bittorrent,
            torrents: store.swarms().count(),
            messages: store.messages(),
            message_types: kinds.map(|(kind, count)| (kind.name(), count)).collect(),
            named: Named::of(store),
            bytes: Bytes::of(store),
        }
    }
}

impl Frames {
    fn of(store: &Store) -> Frames {
        let tally = store.tally();
        let skipped = tally.skipped.iter();
        Frames {
            start: tally.start,
            end: tally.end,
            frames: tally.frames,
            frame_bytes: tally.bytes,
            tcp: tally.segments,
            udp: Udp::of(store),
            skipped: skipped
                .map(|(skip, count)| (skip.to_string(), *count))
                .collect(),
            damaged_blocks: tally.damaged_blocks,
            cut_frames: tally.cut,
            late_frames: tally.late,
        }
    }
}

impl Udp {
    pub(super) fn of(store: &Store) -> Udp {
        let tally = store.tally();
        let counted = |companion| tally.datagrams.get(&companion).copied();
        let of = |companion| Datagrams::of(counted(companion).unwrap_or_default());
        Udp {
            udp_tracker: of(Companion::UdpTracker),
            dht: of(Companion::Dht),
            local_discovery: of(Companion::LocalDiscovery),
            utp: of(Companion::Utp),
            other: Datagrams::of(tally.other_udp),
        }
    }

    /// By name, in the order in which they are shown.
    pub(super) fn rows(&self) -> [(&'static str, Datagrams); 5] {
        [
            (Companion::UdpTracker.name(), self.udp_tracker),
            (Companion::Dht.name(), self.dht),
            (Companion::LocalDiscovery.name(), self.local_discovery),
            (Companion::Utp.name(), self.utp),
            ("other UDP", self.other),
        ]
    }
}

impl Datagrams {
    fn of(count: Count) -> Datagrams {
        Datagrams {
            frames: count.frames,
            bytes: count.bytes,
        }
    }
}

impl Named {
    fn of(store: &Store) -> Named {
        let sightings = store.sightings();
        Named {
            torrents: sightings.torrents().len(),
            peers: sightings.endpoints().len(),
            unkept: sightings.unkept(),
        }
    }
}

impl Bytes {
    fn of(store: &Store) -> Bytes {
        let totals = store.totals();
        let (stream, direction) = (totals.stream, totals.direction);
        let companion = |it| totals.companions.get(&it).copied().unwrap_or_default();
        let [http_tracker, ssl_torrent] =
            [Companion::HttpTracker, Companion::SslTorrent].map(companion);
        let named = http_tracker + ssl_torrent;
        Bytes {
            payload: direction.payload,
            duplicate: direction.duplicate,
            late: direction.late,
            stray: direction.stray,
            held: direction.held,
            stream: stream.total(),
            decoded: stream.decoded,
            gap: stream.gap,
            gap_packets: stream.gap_packets,
            snapped: direction.snapped,
            undecoded: stream.undecoded - totals.other_protocol - named,
            http_tracker,
            ssl_torrent,
            other_protocol: totals.other_protocol,
            encrypted: stream.encrypted,
            conflict: stream.conflict,
        }
    }

    /// Payload in messages that are not whole yet; none once all is read.
    pub(super) fn under_way(&self) -> u64 {
        let captured = self.stream + self.snapped - self.gap;
        let beside = self.duplicate + self.late + self.stray + self.held;
        self.payload.saturating_sub(captured + beside)
    }
}
