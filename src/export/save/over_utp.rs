//! The packets of uTP connections among the datagrams of their ports, which they share with the DHT and each other.

use std::collections::{BTreeSet, HashMap};

use super::chosen::{Chosen, Cut};
use crate::packet::{Datagram, Endpoint};
use crate::store::{Connection, Store};
use crate::stream::utp::{Kind, Packet};
use crate::stream::{ConnectionId, Side, Transport};

/// Bytes of a RESET of the version before BEP 29, and where its flags are: who does not know version 1 answers with it.
const OLD_RESET_LEN: usize = 23;
const OLD_FLAGS: usize = 18;
const OLD_RESET: u8 = 3;

/// The connections over uTP that have their ends in common with one that is kept.
#[derive(Debug, Default)]
pub(super) struct OverUtp {
    by_ends: HashMap<[Endpoint; 2], Vec<ConnectionId>>,
}

/// What a datagram says of the connection it belongs to.
#[derive(Clone, Copy, Debug)]
struct Sign {
    /// Who sends it to whom, or would have sent what it answers.
    ends: [Endpoint; 2],
    kind: Kind,
    id: u16,
}

impl OverUtp {
    pub(super) fn new(store: &Store, chosen: &Chosen) -> OverUtp {
        let over_utp = || {
            let connections = store.connections().iter();
            connections.filter(|it| it.transport != Transport::Tcp)
        };
        let kept = over_utp().filter(|it| chosen.cut(it.id) != Cut::All);
        let wanted: BTreeSet<[Endpoint; 2]> = kept.map(|it| sorted(ends(it))).collect();
        let mut by_ends: HashMap<_, Vec<_>> = HashMap::new();
        for connection in over_utp() {
            let ends = sorted(ends(connection));
            if wanted.contains(&ends) {
                by_ends.entry(ends).or_default().push(connection.id);
            }
        }
        OverUtp { by_ends }
    }

    /// The connection that a datagram in this frame belongs to.
    pub(super) fn find(
        &self,
        store: &Store,
        datagram: &Datagram<'_>,
        frame: u32,
    ) -> Option<ConnectionId> {
        let sign = Sign::of(datagram)?;
        let known = self.by_ends.get(&sorted(sign.ends))?;
        let known = known.iter().map(|id| store.connection(*id));
        let mut there: Vec<&Connection> = known
            .filter(|it| it.first.number.0 <= frame && frame <= it.activity.last.number.0)
            .collect();
        // Where a packet fits two, it is of the one with the lower id, as when it was read first.
        there.sort_by_key(|it| it.transport.id() == Some(sign.id));
        let found = there.into_iter().find(|it| sign.is_of(it));
        found.map(|it| it.id)
    }
}

impl Sign {
    fn of(datagram: &Datagram<'_>) -> Option<Sign> {
        let (src, dst) = (datagram.src, datagram.dst);
        if let Some(packet) = Packet::read(datagram) {
            let (kind, id) = (packet.header.kind, packet.header.connection);
            let ends = [src, dst];
            return Some(Sign { ends, kind, id });
        }
        let payload = datagram.payload;
        let [_, _, high, low] = *payload.first_chunk()?;
        let is_old = payload.len() == OLD_RESET_LEN && payload[OLD_FLAGS] == OLD_RESET;
        is_old.then(|| Sign {
            ends: [dst, src],
            kind: Kind::Data,
            id: u16::from_be_bytes([high, low]),
        })
    }

    /// The initiator sends its SYN with the id of the connection and all else with the next one, the acceptor sends that
    /// of the connection (BEP 29). A RESET may carry either.
    fn is_of(self, connection: &Connection) -> bool {
        let Some(id) = connection.transport.id() else {
            return false;
        };
        let (is_id, is_next) = (self.id == id, self.id == id.wrapping_add(1));
        let is_initiator = ends(connection) == self.ends;
        match (self.kind, is_initiator) {
            (Kind::Reset, _) => is_id || is_next,
            (Kind::Syn, is_initiator) => is_initiator && is_id,
            (_, true) => is_next,
            (_, false) => is_id,
        }
    }
}

/// The initiator first.
fn ends(connection: &Connection) -> [Endpoint; 2] {
    let initiator = connection.opener();
    [initiator, !initiator].map(|side: Side| connection.real_end(side))
}

fn sorted(mut ends: [Endpoint; 2]) -> [Endpoint; 2] {
    ends.sort_unstable();
    ends
}

#[cfg(test)]
mod tests {
    use super::super::Wanted;
    use super::*;
    use crate::capture::FrameNumber;
    use crate::store::Change;
    use crate::stream::{Activity, Evidence, FrameRef, Moment};
    use hex_literal::hex;

    const STATE: [u8; 20] = hex!("2100 0065 005e885e36a7e8830010000041a72e6d");

    fn end(port: u16) -> Endpoint {
        let ip = std::net::Ipv4Addr::LOCALHOST.into();
        Endpoint { ip, port }
    }

    /// Connections from a port to 6881, with an id, from a frame to another.
    fn store(connections: &[(u16, u16, [u32; 2])]) -> Store {
        let mut store = Store::default();
        for (number, (port, id, [first, last])) in (0..).zip(connections) {
            let connection = ConnectionId(number);
            store.apply(Change::Opened {
                connection,
                transport: Transport::Utp { id: *id },
                ends: [*port, 6881].map(end),
                opener: (Side::A, Evidence::Syn),
                first: FrameRef {
                    number: FrameNumber(*first),
                    ..FrameRef::default()
                },
            });
            let mut activity = Activity::default();
            activity.last = Moment {
                number: FrameNumber(*last),
                ..Moment::default()
            };
            store.apply(Change::Activity {
                connection,
                activity,
            });
        }
        store
    }

    /// Of which connection a datagram is, where the first is kept.
    fn found(store: &Store, ports: [u16; 2], payload: &[u8], frame: u32) -> Option<u32> {
        let wanted = Wanted {
            connections: Some(BTreeSet::from([ConnectionId(0)])),
            ..Wanted::default()
        };
        let over_utp = OverUtp::new(store, &Chosen::new(store, &wanted));
        let [src, dst] = ports.map(end);
        let datagram = Datagram {
            src,
            dst,
            payload,
            len: payload.len() as u32,
        };
        over_utp.find(store, &datagram, frame).map(|id| id.0)
    }

    fn with(kind: u8, id: u16) -> Vec<u8> {
        let mut packet = STATE.to_vec();
        packet[0] = kind;
        packet[2..4].copy_from_slice(&id.to_be_bytes());
        packet
    }

    #[test]
    fn the_initiator_sends_the_next_id_and_the_acceptor_that_of_the_connection() {
        let store = store(&[(5000, 65535, [1, 9])]);
        let found = |ports, id| found(&store, ports, &with(0x21, id), 5);
        assert_eq!(found([5000, 6881], 0), Some(0));
        assert_eq!(found([6881, 5000], 65535), Some(0));
        assert_eq!(
            [found([5000, 6881], 65535), found([6881, 5000], 0)],
            [None; 2]
        );
    }

    #[test]
    fn a_reset_carries_either_id_and_a_syn_that_of_the_connection() {
        let store = store(&[(5000, 100, [1, 9])]);
        let reset = |ports, id| found(&store, ports, &with(0x31, id), 5);
        for ports in [[5000, 6881], [6881, 5000]] {
            assert_eq!([reset(ports, 100), reset(ports, 101)], [Some(0); 2]);
            assert_eq!(reset(ports, 102), None);
        }
        let mut syn = with(0x41, 100);
        syn[8..12].fill(0);
        assert_eq!(found(&store, [5000, 6881], &syn, 5), Some(0));
    }

    #[test]
    fn others_of_the_same_ports_are_left_out() {
        let store = store(&[
            (5000, 100, [1, 9]),
            (5000, 200, [1, 9]),
            (5001, 100, [1, 9]),
        ]);
        assert_eq!(found(&store, [5000, 6881], &with(0x21, 201), 5), Some(1));
        assert_eq!(found(&store, [5001, 6881], &with(0x21, 101), 5), None);
        let ping = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
        assert_eq!(found(&store, [5000, 6881], ping, 5), None);
    }

    #[test]
    fn ids_that_are_used_again_are_told_apart_by_their_frames() {
        let store = store(&[(5000, 100, [1, 9]), (5000, 100, [12, 20])]);
        let found = |frame| found(&store, [5000, 6881], &with(0x21, 101), frame);
        assert_eq!([found(9), found(12), found(10)], [Some(0), Some(1), None]);
    }

    #[test]
    fn a_reset_of_the_old_version_answers_what_the_other_side_sent() {
        let store = store(&[(5000, 100, [1, 9])]);
        let mut reset = vec![0; OLD_RESET_LEN];
        reset[..4].copy_from_slice(&hex!("1103 0065"));
        reset[OLD_FLAGS] = OLD_RESET;
        assert_eq!(found(&store, [6881, 5000], &reset, 5), Some(0));
        assert_eq!(found(&store, [5000, 6881], &reset, 5), None);
    }
}
