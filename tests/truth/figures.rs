//! Frames and payload of each capture, as an independent decoder counts them.

use std::collections::BTreeMap;

use peerscope::store::{EntryId, Protocol, Store, StreamTally};
use peerscope::stream::{Direction, Side};

use super::{account, number, store};

/// Frames, and the sum of the lengths of all TCP payloads, as `TShark` 4.0.17 gives them:
///
/// ```sh
/// tshark -r FILE -T fields -e frame.number -e tcp.len | awk '{ sum += $2 } END { print NR, sum }'
/// ```
///
/// `TShark` has no payload of uTP: that of `utp_only` is what is left of 1150 datagrams behind headers of 20 bytes and 13
/// extensions of 74 bytes.
const FIGURES: [(&str, u64, u64); 11] = [
    ("be_sections", 345, 395_852),
    ("choke_dance", 4361, 2_638_542),
    ("ipv6_vlan", 370, 395_890),
    ("loopback", 52, 263_422),
    ("midstream", 701, 593_571),
    ("misbehaving", 533, 139_669),
    ("mse", 109, 88_144),
    ("tcp_lossy", 1408, 1_405_809),
    ("truncated_snaplen", 737, 789_961),
    ("utp_only", 1150, 1_356_590),
    ("v2_hybrid", 944, 1_051_601),
];

pub(super) fn names() -> Vec<&'static str> {
    FIGURES.iter().map(|(name, ..)| *name).collect()
}

#[test]
fn an_independent_decoder_counts_the_same_frames_and_payload() {
    for (name, frames, payload) in FIGURES {
        let account = account(&store(name));
        let counted = ["frames", "payload"].map(|key| number(&account[key]));
        assert_eq!(counted, [frames, payload], "{name}");
    }
}

/// The sums that the store keeps are those that a walk over everything gives.
pub(super) fn totals_are_those_of_all_connections(store: &Store) {
    let (mut stream, mut direction) = (StreamTally::default(), Direction::default());
    for connection in store.connections() {
        stream += connection.stream();
        for side in Side::BOTH {
            direction += connection.activity.direction(side);
        }
    }
    let (mut speaking, mut other, mut companions) = (0, 0, BTreeMap::new());
    for connection in store.connections() {
        let undecoded = connection.stream().undecoded;
        match connection.protocol() {
            Protocol::PeerWire => speaking += 1,
            Protocol::Companion(it) => *companions.entry(it).or_default() += undecoded,
            Protocol::Other => other += undecoded,
        }
    }
    let mut kinds = BTreeMap::new();
    for (_, entry) in store.entries(EntryId(0)) {
        *kinds.entry(entry.kind().name()).or_default() += 1;
    }
    let totals = store.totals();
    assert_eq!((totals.stream, totals.direction), (stream, direction));
    let counted = (totals.bittorrent, totals.other_protocol);
    assert_eq!(counted, (speaking, other));
    assert_eq!(totals.companions, companions);
    let kept: BTreeMap<&str, u64> = totals
        .kinds()
        .map(|(kind, count)| (kind.name(), count))
        .collect();
    assert_eq!(kept, kinds);
}
