//! Packet after packet of a connection, of TCP or of uTP, measured.

use super::course::{Sample, Trait};
use super::flight::{Counted, Flight, Repeated, Told};
use super::floor::Floor;
use crate::capture::Timestamp;
use crate::packet::{Segment, WindowScale};
use crate::stream::utp::{self, Kind};
use crate::stream::{Moment, Sent, Side, Transport, Unit};

/// Nanoseconds of silence in front of a keep-alive of uTP, which libutp sends after 29 seconds. What acknowledges less
/// than before without it came late.
const SILENCE: i64 = 10_000_000_000;

/// What the windows of a side are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Bytes.
    Bytes,
    /// The SYNs that name the unit were not captured.
    Unknown,
}

/// What is known of both sides between two packets.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    flights: [Flight; 2],
    /// What the SYNs said of windows.
    scales: [Option<WindowScale>; 2],
    is_scaled: bool,
    /// Of the clocks, by who received.
    floors: [Floor; 2],
    /// When each side sent last, and the last number that it acknowledged.
    heard: [Option<(Timestamp, i64)>; 2],
}

impl Meter {
    pub(super) fn new(transport: Transport) -> Meter {
        let counted = match transport {
            Transport::Tcp => Counted::Bytes,
            Transport::Utp { .. } => Counted::Packets,
        };
        Meter {
            flights: [Flight::new(counted), Flight::new(counted)],
            scales: [None; 2],
            is_scaled: counted == Counted::Bytes,
            floors: Default::default(),
            heard: [None; 2],
        }
    }

    /// What the windows of a side are counted in.
    pub(super) fn scale(&self, side: Side) -> Scale {
        match self.shift(side) {
            Some(_) => Scale::Bytes,
            None => Scale::Unknown,
        }
    }

    fn shift(&self, side: Side) -> Option<u8> {
        if !self.is_scaled {
            return Some(0);
        }
        let other = self.scales[(!side).index()];
        match (self.scales[side.index()], other) {
            (Some(WindowScale::None), _) | (_, Some(WindowScale::None)) => Some(0),
            (Some(WindowScale::By(shift)), Some(_)) => Some(shift),
            _ => None,
        }
    }

    pub(super) fn take(&mut self, sent: &Sent<'_>) -> Sample {
        let mut sample = match &sent.unit {
            Unit::Segment(segment) => self.segment(sent.by, sent.at, segment),
            Unit::Packet(packet) => self.packet(sent.by, sent.at, packet),
        };
        for side in Side::BOTH {
            sample.fly(side, self.flights[side.index()].bytes());
        }
        sample
    }

    fn segment(&mut self, by: Side, at: Moment, segment: &Segment<'_>) -> Sample {
        let mut sample = Sample::new(at.time, at.number, by, segment.len);
        if segment.flags.syn {
            self.scales[by.index()] = segment.header.window_scale();
        }
        self.acknowledged_by_segment(by, at.time, segment, &mut sample);
        // A RST has no window, and its number need not be the next one.
        if segment.flags.rst {
            return sample;
        }
        let window = segment.header.window().map(u64::from);
        // The window of a SYN itself is never scaled (RFC 7323 section 2.2).
        let shift = self.shift(by).filter(|_| !segment.flags.syn);
        sample.offer(window.map(|window| window << shift.unwrap_or(0)));
        if is_keep_alive(&self.flights[by.index()], segment) {
            sample.mark(true, Trait::KeepAlive);
        } else {
            let repeated = send_segment(&mut self.flights[by.index()], segment, at.time);
            note(&mut sample, repeated);
        }
        sample
    }

    fn acknowledged_by_segment(
        &mut self,
        by: Side,
        now: Timestamp,
        segment: &Segment<'_>,
        sample: &mut Sample,
    ) {
        let Some(ack) = segment.ack else { return };
        let flight = &mut self.flights[(!by).index()];
        let mut told = Told::default();
        flight.acknowledge(flight.place(ack), &mut told);
        for block in segment.header.selected() {
            let [start, end] = block.map(|at| flight.place(at));
            flight.select(start..end, &mut told);
            sample.mark(true, Trait::Selective);
        }
        learn(sample, &told, now);
    }

    fn packet(&mut self, by: Side, at: Moment, packet: &utp::Packet<'_>) -> Sample {
        let header = &packet.header;
        let mut sample = Sample::new(at.time, at.number, by, packet.len);
        if header.kind == Kind::Reset {
            return sample;
        }
        if header.kind != Kind::Syn {
            self.acknowledged_by_packet(by, at.time, packet, &mut sample);
            sample.offer(Some(header.window.into()));
            let floor = &mut self.floors[by.index()];
            sample.queued(header.delay().map(|delay| floor.above(at.time, delay)));
        }
        if header.kind != Kind::State {
            let flight = &mut self.flights[by.index()];
            let number = flight.place(header.seq.into());
            let repeated = flight.send(number..number + 1, packet.len, at.time);
            note(&mut sample, repeated);
        }
        sample
    }

    fn acknowledged_by_packet(
        &mut self,
        by: Side,
        now: Timestamp,
        packet: &utp::Packet<'_>,
        sample: &mut Sample,
    ) {
        let flight = &mut self.flights[(!by).index()];
        let mut told = Told::default();
        let number = flight.place(packet.header.ack.into());
        flight.acknowledge(number + 1, &mut told);
        for selected in packet.selected() {
            let at = flight.place(selected.into());
            flight.select(at..at + 1, &mut told);
            sample.mark(true, Trait::Selective);
        }
        learn(sample, &told, now);
        let before = self.heard[by.index()].replace((now, number));
        let is_keep_alive = packet.header.kind == Kind::State
            && before.is_some_and(|(heard, ack)| number == ack - 1 && now.since(heard) >= SILENCE);
        sample.mark(is_keep_alive, Trait::KeepAlive);
        if is_keep_alive && let Some((_, ack)) = before {
            self.heard[by.index()] = Some((now, ack));
        }
    }
}

/// A probe has the number before the next one, when nothing is on its way, and at most one byte (RFC 9293 section
/// 3.8.4).
fn is_keep_alive(flight: &Flight, segment: &Segment<'_>) -> bool {
    let is_bare = segment.len <= 1 && !segment.flags.syn && !segment.flags.fin;
    let before = flight.next().map(|next| next - 1);
    is_bare && flight.has_landed() && before == Some(flight.place(segment.seq))
}

/// SYN and FIN have numbers of their own.
fn send_segment(flight: &mut Flight, segment: &Segment<'_>, now: Timestamp) -> Repeated {
    let mut at = flight.place(segment.seq);
    let parts = [
        (i64::from(segment.flags.syn), 0),
        (segment.len.into(), segment.len),
        (i64::from(segment.flags.fin), 0),
    ];
    let mut all = Repeated::default();
    for (numbers, bytes) in parts.into_iter().filter(|(numbers, _)| *numbers > 0) {
        let part = flight.send(at..at + numbers, bytes, now);
        all.numbers += part.numbers;
        all.needless += part.needless;
        all.bytes += part.bytes;
        all.late += part.late;
        at += numbers;
    }
    all
}

fn note(sample: &mut Sample, repeated: Repeated) {
    sample.again = repeated.bytes;
    let is_again = repeated.numbers > 0;
    sample.mark(is_again, Trait::Again);
    sample.mark(!is_again && repeated.late > 0, Trait::Late);
    sample.mark(
        is_again && repeated.needless == repeated.numbers,
        Trait::Needless,
    );
}

fn learn(sample: &mut Sample, told: &Told, now: Timestamp) {
    sample.selected = told.selected;
    sample.took(told.round_trip(now));
}

#[cfg(test)]
mod tests {
    use super::super::course::Course;
    use super::super::figures::Figures;
    use super::*;
    use crate::capture::FrameNumber;
    use crate::packet::{Datagram, Endpoint, Flags, TcpHeader};
    use hex_literal::hex;

    const END: Endpoint = Endpoint {
        ip: std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST),
        port: 6881,
    };
    const MS: u64 = 1_000_000;

    struct Scene {
        meter: Meter,
        course: Course,
        time: u64,
    }

    impl Scene {
        fn new(transport: Transport) -> Scene {
            Scene {
                meter: Meter::new(transport),
                course: Course::default(),
                time: 0,
            }
        }

        /// So many milliseconds later.
        fn after(&mut self, millis: u64) -> &mut Scene {
            self.time += millis * MS;
            self
        }

        fn take(&mut self, by: Side, unit: Unit<'_>) -> &mut Scene {
            let at = Moment {
                number: FrameNumber(self.course.len() as u32 + 1),
                time: Timestamp(self.time),
            };
            self.course.push(self.meter.take(&Sent { by, at, unit }));
            self
        }

        /// The header is written out; its flags are those of the letters.
        fn tcp(&mut self, by: Side, flags: &str, header: &[u8], len: u32) -> &mut Scene {
            let number = |at: usize| u32::from_be_bytes(header[at..at + 4].try_into().unwrap());
            let flags_of = Flags {
                syn: flags.contains('S'),
                fin: flags.contains('F'),
                rst: flags.contains('R'),
            };
            let segment = Segment {
                src: END,
                dst: END,
                seq: number(4),
                ack: flags.contains('A').then(|| number(8)),
                flags: flags_of,
                header: TcpHeader(header),
                payload: &[],
                len,
            };
            self.take(by, Unit::Segment(segment))
        }

        fn utp(&mut self, by: Side, packet: &[u8]) -> &mut Scene {
            let datagram = Datagram {
                src: END,
                dst: END,
                payload: packet,
                len: packet.len() as u32,
            };
            let packet = utp::Packet::read(&datagram).unwrap();
            self.take(by, Unit::Packet(packet))
        }

        fn figures(&self, side: Side) -> Figures {
            self.course.figures(self.course.len())[side.index()]
        }
    }

    use Side::{A, B};

    const SYN: [u8; 24] = hex!("1ae1c8d5 00000009 00000000 6002faf0 00000000 01 030307");
    const SYN_ACK: [u8; 24] = hex!("c8d51ae1 00000063 0000000a 6012fde8 00000000 01 030301");
    const ACK: [u8; 20] = hex!("1ae1c8d5 0000000a 00000064 50100200 00000000");
    /// Byte 10 of A, with a window of 512.
    const DATA: [u8; 20] = ACK;
    const ANSWER: [u8; 20] = hex!("c8d51ae1 00000064 0000006e 50100400 00000000");

    fn opened() -> Scene {
        let mut scene = Scene::new(Transport::Tcp);
        scene.tcp(A, "S", &SYN, 0).after(40);
        scene
            .tcp(B, "SA", &SYN_ACK, 0)
            .after(1)
            .tcp(A, "A", &ACK, 0);
        scene
    }

    #[test]
    fn a_handshake_is_a_round_trip_to_each_side() {
        let scene = opened();
        let trips = [A, B].map(|side| scene.figures(side).round_trips.last);
        assert_eq!(trips, [40_000, 1_000]);
    }

    #[test]
    fn data_is_in_flight_until_it_is_acknowledged() {
        let mut scene = opened();
        assert_eq!(
            scene.tcp(A, "A", &DATA, 100).figures(A).in_flight,
            Some(100)
        );
        scene.after(7).tcp(B, "A", &ANSWER, 0);
        let figures = scene.figures(A);
        assert_eq!((figures.in_flight, figures.most_in_flight), (Some(0), 100));
        assert_eq!(
            (figures.round_trips.last, figures.round_trips.count),
            (7_000, 2)
        );
    }

    #[test]
    fn windows_are_scaled_by_what_their_sender_said() {
        let mut scene = opened();
        scene.tcp(B, "A", &ANSWER, 0);
        assert_eq!(scene.figures(A).window, Some(0x400 << 1));
        assert_eq!(scene.figures(B).window, Some(0x200 << 7));
        assert_eq!(scene.meter.scale(A), Scale::Bytes);
    }

    #[test]
    fn without_the_syns_the_unit_of_windows_is_unknown() {
        let mut scene = Scene::new(Transport::Tcp);
        scene.tcp(B, "A", &ANSWER, 0);
        assert_eq!(scene.figures(A).window, Some(0x400));
        assert_eq!(scene.meter.scale(B), Scale::Unknown);
    }

    #[test]
    fn the_same_numbers_once_more_are_sent_again() {
        let mut scene = opened();
        scene.tcp(A, "A", &DATA, 100).tcp(A, "A", &DATA, 100);
        let once_more = scene.figures(A);
        assert_eq!(
            (once_more.again, once_more.again_bytes, once_more.needless),
            (1, 100, 0)
        );
        scene.tcp(B, "A", &ANSWER, 0).tcp(A, "A", &DATA, 100);
        assert_eq!((scene.figures(A).again, scene.figures(A).needless), (2, 1));
        assert_eq!(
            scene.figures(A).round_trips.count,
            1,
            "only the handshake measured"
        );
    }

    #[test]
    fn a_selective_acknowledgement_leaves_the_hole_in_flight() {
        let mut scene = opened();
        scene.tcp(A, "A", &DATA, 100);
        let header =
            hex!("c8d51ae1 00000064 0000000a 80100400 00000000 0101 050a 00000032 0000006e");
        scene.tcp(B, "A", &header, 0);
        let figures = scene.figures(A);
        assert_eq!(
            (figures.in_flight, figures.selected, figures.selective),
            (Some(40), 60, 1)
        );
        assert_eq!(figures.arrived(), 60);
    }

    #[test]
    fn what_comes_behind_what_follows_it_is_late() {
        let mut scene = opened();
        let next = hex!("1ae1c8d5 0000006e 00000064 50100200 00000000");
        scene.tcp(A, "A", &next, 50).tcp(A, "A", &DATA, 100);
        let figures = scene.figures(A);
        assert_eq!(
            (figures.late, figures.again, figures.in_flight),
            (1, 0, Some(150))
        );
    }

    #[test]
    fn the_byte_before_the_next_asks_whether_somebody_is_there() {
        let mut scene = opened();
        let probe = hex!("1ae1c8d5 00000009 00000064 50100200 00000000");
        scene.tcp(A, "A", &probe, 1).tcp(A, "A", &probe, 0);
        assert_eq!(
            (scene.figures(A).keep_alives, scene.figures(A).again),
            (2, 0)
        );
    }

    #[test]
    fn no_room_is_counted() {
        let mut scene = opened();
        let full = hex!("c8d51ae1 00000064 0000000a 50100000 00000000");
        scene.tcp(B, "A", &full, 0);
        assert_eq!(
            (scene.figures(A).window, scene.figures(A).zero_windows),
            (Some(0), 1)
        );
    }

    #[test]
    fn a_reset_acknowledges_and_offers_nothing() {
        let mut scene = opened();
        scene.tcp(A, "A", &DATA, 100).after(5);
        let reset = hex!("c8d51ae1 00000064 0000006e 50140000 00000000");
        scene.tcp(B, "RA", &reset, 0);
        let figures = scene.figures(A);
        assert_eq!((figures.in_flight, figures.zero_windows), (Some(0), 0));
        assert_eq!(figures.round_trips.last, 5_000);
    }

    const UTP: Transport = Transport::Utp { id: 0x2741 };
    // A: SYN 65535. B: its answer, whose number 500 is that of the first data.
    const UTP_SYN: [u8; 20] = hex!("4100 2741 00000001 00000000 00000000 ffff 0000");
    const UTP_STATE: [u8; 20] = hex!("2100 2741 00000002 000003e8 00100000 01f4 ffff");

    fn utp_opened() -> Scene {
        let mut scene = Scene::new(UTP);
        scene.utp(A, &UTP_SYN).after(30).utp(B, &UTP_STATE);
        scene
    }

    /// Data of A with a number; it acknowledges 499.
    fn data(seq: u16, len: usize) -> Vec<u8> {
        let mut packet = hex!("0100 2742 00000003 00000bb8 00080000 0000 01f3").to_vec();
        packet[16..18].copy_from_slice(&seq.to_be_bytes());
        packet.resize(20 + len, 0);
        packet
    }

    #[test]
    fn packets_of_utp_are_numbered_behind_the_wrap() {
        let mut scene = utp_opened();
        assert_eq!(scene.figures(A).round_trips.last, 30_000);
        scene.utp(A, &data(0, 1000)).utp(A, &data(1, 300));
        assert_eq!(scene.figures(A).in_flight, Some(1300));
        let ack = hex!("2100 2741 00000002 000003e8 00100000 01f4 0000");
        scene.after(20).utp(B, &ack);
        assert_eq!(scene.figures(A).in_flight, Some(300));
        assert_eq!(scene.figures(A).round_trips.last, 20_000);
    }

    #[test]
    fn the_answer_to_a_syn_takes_no_number() {
        let mut scene = utp_opened();
        scene.utp(A, &data(0, 10));
        assert_eq!(scene.figures(B).in_flight, Some(0));
        let first = hex!("0100 2741 00000002 000003e8 00100000 01f4 0000 6162");
        scene.utp(B, &first);
        assert_eq!(
            (scene.figures(B).in_flight, scene.figures(B).again),
            (Some(2), 0)
        );
    }

    #[test]
    fn a_selective_acknowledgement_of_utp_names_packets() {
        let mut scene = utp_opened();
        for number in 0..4 {
            scene.utp(A, &data(number, 100));
        }
        // All up to the SYN, and the packets 1 and 3.
        let ack = hex!("2101 2741 00000002 000003e8 00100000 01f4 ffff 0004 05000000");
        scene.utp(B, &ack);
        let figures = scene.figures(A);
        assert_eq!(
            (figures.in_flight, figures.selected, figures.selective),
            (Some(200), 200, 1)
        );
    }

    #[test]
    fn a_delay_is_of_the_path_towards_who_tells_it() {
        let mut scene = utp_opened();
        let later = hex!("2100 2741 00000002 000007d0 00100000 01f4 ffff");
        scene.utp(B, &later);
        assert_eq!(scene.figures(A).queueing, Some(1000), "from A to B");
        assert_eq!(scene.figures(B).queueing, None);
        let unknown = hex!("2100 2741 00000002 7fffffff 00100000 01f4 ffff");
        scene.utp(B, &unknown);
        assert_eq!(
            (scene.figures(A).queueing, scene.figures(A).most_queueing),
            (Some(1000), 1000)
        );
    }

    #[test]
    fn who_acknowledges_one_less_behind_a_silence_keeps_the_connection() {
        let mut scene = utp_opened();
        let less = hex!("2100 2741 00000002 000003e8 00100000 01f4 fffe");
        scene.utp(B, &less);
        assert_eq!(scene.figures(B).keep_alives, 0, "it came late");
        scene.utp(B, &UTP_STATE).after(29_000).utp(B, &less);
        assert_eq!(scene.figures(B).keep_alives, 1);
        scene.after(29_000).utp(B, &less);
        assert_eq!(scene.figures(B).keep_alives, 2);
    }
}
