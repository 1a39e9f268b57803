//! The connections of uTP among all: found by their ends and ids, or recognised.

use super::lookout::{Begun, Doubted};
use super::{Header, Kind, Packet};
use crate::packet::{Datagram, Endpoint};
use crate::stream::activity::{Closing, Mark};
use crate::stream::connection::{Connection, Opening};
use crate::stream::streams::{Streams, hash};
use crate::stream::{ConnectionId, Event, Evidence, FrameRef, Side, Transport};

/// Bytes of a header of version 0, as µTorrent had it before BEP 29, and where its flags are. 3 is a RESET.
const OLD_HEADER: usize = 23;
const OLD_FLAGS: usize = 18;
const OLD_RESET: u8 = 3;

/// Spreads ids over a hash.
const SPREAD: u64 = 0x9e37_79b9_7f4a_7c15;

impl Streams {
    /// Takes a datagram if it belongs to a connection that is known; `out` is told what it did, to which connection, and
    /// in which frame. False when it does not.
    pub fn push_datagram(
        &mut self,
        datagram: &Datagram<'_>,
        packet: Option<&Packet<'_>>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) -> bool {
        let found = packet.and_then(|packet| {
            let (id, side) = self.find_packet(datagram, &packet.header)?;
            Some((id, side, packet))
        });
        let Some((id, side, packet)) = found else {
            return self.push_old_reset(datagram, at, out);
        };
        if self.connections[id.0 as usize].is_reused_by_packet(side, packet) {
            let begun = self.begin_again(id, side, packet, at, out);
            let id = self.open_utp(&begun, at, out);
            self.push_packet(id, side, packet, at, out);
            return true;
        }
        self.push_packet(id, side, packet, at, out);
        true
    }

    /// Takes a packet that belongs to no connection that is known. Where it makes certain that there is one, gives
    /// what was sent before and not called uTP.
    pub fn look_out(
        &mut self,
        datagram: &Datagram<'_>,
        packet: &Packet<'_>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) -> Option<Doubted> {
        let begun = self.lookout.take(datagram, packet, at)?;
        let first = begun.kept.first().map_or(at, |kept| kept.at);
        self.open_utp(&begun, first, out);
        for kept in &begun.kept {
            let datagram = kept.datagram();
            self.push_datagram(&datagram, Packet::read(&datagram).as_ref(), kept.at, out);
        }
        self.push_datagram(datagram, Some(packet), at, out);
        Some(begun.doubted)
    }

    fn push_packet(
        &mut self,
        id: ConnectionId,
        side: Side,
        packet: &Packet<'_>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) {
        let connection = &mut self.connections[id.0 as usize];
        let weight = connection.weight();
        connection.take(side, packet, at, &mut |event| out(id, at, event));
        let place = recent(self.connections[id.0 as usize].ends());
        self.recent_utp[place] = Some(id);
        self.took(id, weight, at.time, &mut |id, event| out(id, at, event));
    }

    /// Who does not know version 1 answers in version 0, as if it had been that: with what stands where an id would,
    /// which are the first bytes of what the other side has sent.
    fn push_old_reset(
        &mut self,
        datagram: &Datagram<'_>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) -> bool {
        let Some([_, _, high, low]) = datagram.payload.first_chunk() else {
            return false;
        };
        let is_reset = datagram.payload.len() == OLD_HEADER
            && datagram.is_whole()
            && datagram.payload[OLD_FLAGS] == OLD_RESET;
        let echoed = u16::from_be_bytes([*high, *low]);
        let back = [datagram.dst, datagram.src];
        let found = is_reset
            .then(|| self.find_by(back, Kind::Data, echoed))
            .flatten();
        let Some((id, side)) = found else {
            return false;
        };
        let connection = &mut self.connections[id.0 as usize];
        connection.count(at);
        connection.close(Closing::Rst, !side, None, &mut |event| out(id, at, event));
        self.touch(id);
        true
    }

    fn find_packet(
        &self,
        datagram: &Datagram<'_>,
        header: &Header,
    ) -> Option<(ConnectionId, Side)> {
        let ends = [datagram.src, datagram.dst];
        if header.kind == Kind::Reset {
            // Of two connections with neighbouring ids it is for the one in which its sender sends this one.
            let regular = self.find_by(ends, Kind::State, header.connection);
            return regular.or_else(|| self.find_by(ends, Kind::Reset, header.connection));
        }
        let recent = self.recent_utp[recent(&ends)].and_then(|id| {
            let role = self.connections[id.0 as usize].role(ends, header.kind, header.connection);
            Some((id, role?))
        });
        recent.or_else(|| self.find_by(ends, header.kind, header.connection))
    }

    /// The connection in which the first of two ends sends a packet of this kind with this id.
    fn find_by(
        &self,
        ends: [Endpoint; 2],
        kind: Kind,
        connection: u16,
    ) -> Option<(ConnectionId, Side)> {
        let pair = hash(&self.keys, &ends);
        let role = |id: ConnectionId| self.connections[id.0 as usize].role(ends, kind, connection);
        [connection.wrapping_sub(1), connection]
            .into_iter()
            .find_map(|base| {
                let is_it = |known: &ConnectionId| {
                    let known = *known;
                    self.connections[known.0 as usize].transport == Transport::Utp { id: base }
                        && role(known).is_some()
                };
                let found = *self.by_id.find(spread(pair, base), is_it)?;
                Some((found, role(found)?))
            })
    }

    /// The ids of a connection are used again.
    fn begin_again(
        &mut self,
        id: ConnectionId,
        side: Side,
        packet: &Packet<'_>,
        at: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) -> Begun {
        self.end(id, &mut |id, event| out(id, at, event));
        let connection = &self.connections[id.0 as usize];
        let ends = *connection.ends();
        let base = connection.transport.id().unwrap_or_default();
        let place = spread(hash(&self.keys, &ends), base);
        if let Ok(old) = self.by_id.find_entry(place, |known| *known == id) {
            old.remove();
        }
        let is_syn = packet.header.kind == Kind::Syn && side == Side::A;
        Begun {
            ends,
            id: base,
            evidence: if is_syn { Evidence::Syn } else { Evidence::Ids },
            kept: Vec::new(),
            doubted: Doubted::default(),
        }
    }

    fn open_utp(
        &mut self,
        begun: &Begun,
        first: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) -> ConnectionId {
        let (ends, transport) = (begun.ends, Transport::Utp { id: begun.id });
        let opening = match begun.evidence {
            Evidence::Syn => Opening::Syn,
            _ => Opening::Unseen,
        };
        let id = ConnectionId(self.connections.len() as u32);
        self.connections
            .push(Connection::new(transport, ends, opening));
        let (keys, connections) = (&self.keys, &self.connections);
        let place = |id: &ConnectionId| {
            let connection = &connections[id.0 as usize];
            let base = connection.transport.id().unwrap_or_default();
            spread(hash(keys, connection.ends()), base)
        };
        self.by_id.insert_unique(place(&id), id, place);
        let opener = (Side::A, begun.evidence);
        out(
            id,
            first,
            Event::Opened {
                transport,
                ends,
                opener,
            },
        );
        self.recent_utp[recent(&ends)] = Some(id);
        self.note_rebinding(id, begun, first, out);
        id
    }

    /// What begins in midstream may go on where another connection was, whose ids it has and one of whose ends: the
    /// other has another address, as behind a NAT that has forgotten it.
    fn note_rebinding(
        &mut self,
        id: ConnectionId,
        begun: &Begun,
        first: FrameRef,
        out: &mut impl FnMut(ConnectionId, FrameRef, Event<'_>),
    ) {
        let before = self.by_base.insert(begun.id, id);
        let Some(before) = before.filter(|_| begun.evidence != Evidence::Syn) else {
            return;
        };
        let old = &self.connections[before.0 as usize];
        let [a, b] = *old.ends();
        let is_other = (begun.ends[0] == a) != (begun.ends[1] == b);
        let goes_on = begun.kept.iter().any(|kept| {
            let datagram = kept.datagram();
            let side = if datagram.src == begun.ends[0] {
                Side::A
            } else {
                Side::B
            };
            let packet = Packet::read(&datagram);
            packet.is_some_and(|packet| old.expects(side, &packet) == Some(true))
        });
        if is_other && goes_on && old.closed.is_none() {
            out(id, first, Event::Marked(Mark::Continues(before)));
        }
    }
}

impl Connection {
    /// Which side sends a packet of this kind with this id from the first of `ends` to the second: the initiator sends
    /// its SYN with the id of the connection and all else with the next one, the acceptor sends that of the connection.
    /// A RESET may carry either.
    #[inline]
    fn role(&self, ends: [Endpoint; 2], kind: Kind, connection: u16) -> Option<Side> {
        let id = self.transport.id()?;
        let next = id.wrapping_add(1);
        let [a, b] = *self.ends();
        let is_a = [a, b] == ends
            && match kind {
                Kind::Syn => connection == id,
                Kind::Reset => connection == id || connection == next,
                Kind::Data | Kind::State | Kind::Fin => connection == next,
            };
        let is_b = [b, a] == ends
            && match kind {
                Kind::Syn => false,
                Kind::Reset => connection == id || connection == next,
                Kind::Data | Kind::State | Kind::Fin => connection == id,
            };
        match (is_a, is_b) {
            (true, _) => Some(Side::A),
            (false, true) => Some(Side::B),
            (false, false) => None,
        }
    }
}

fn spread(pair: u64, base: u16) -> u64 {
    pair.wrapping_add(u64::from(base).wrapping_mul(SPREAD))
}

/// Its place among the recent ones, the same for both directions.
pub(in crate::stream) fn recent(ends: &[Endpoint; 2]) -> usize {
    usize::from(ends[0].port ^ ends[1].port) % crate::stream::streams::RECENT
}
