//! What becomes of connections over uTP that were reordered, repeated, lost, joined late and used again.

use super::header::tests::SYN;
use super::{Doubted, Kind, Packet};
use crate::capture::{FilePosition, FrameNumber, Timestamp};
use crate::packet::{Datagram, Endpoint};
use crate::stream::{
    Activity, ConnectionId, Event, FrameRef, Landmark, Mark, Missing, Side, Streams, Transport,
};

/// Datagrams between port 5000 (`>`) and port 80 (`<`), and what came of them.
#[derive(Default)]
struct Scene {
    streams: Streams,
    told: String,
    /// The streams of each connection; `.` is a byte that was cut, `~` a packet that is missing.
    bytes: Vec<[String; 2]>,
    landmarks: Vec<Landmark>,
    frames: u32,
    doubted: u64,
    /// Microseconds.
    time: u32,
}

/// A packet in words: who sends it, what it is, its number, what it acknowledges, and its payload.
type Said<'a> = (char, Kind, u16, u16, &'a str);

/// The connection id of the SYN.
const ID: u16 = 700;

impl Scene {
    /// Behind a handshake whose first data have the numbers 100 and 200.
    fn established() -> Scene {
        let mut scene = Scene::default();
        scene.say(('>', Kind::Syn, 99, 0, ""));
        scene.say(('<', Kind::State, 200, 99, ""));
        scene.say(('>', Kind::State, 100, 199, ""));
        scene
    }

    fn say(&mut self, said: Said<'_>) -> &mut Scene {
        let (arrow, kind, ..) = said;
        let id = match (arrow, kind) {
            ('>', Kind::Syn) | ('<', _) => ID,
            _ => ID + 1,
        };
        self.say_as(id, said)
    }

    fn say_as(&mut self, id: u16, (arrow, kind, seq, ack, payload): Said<'_>) -> &mut Scene {
        let mut bytes = vec![(kind as u8) << 4 | 1, 0];
        bytes.extend(id.to_be_bytes());
        bytes.extend(self.time.to_be_bytes());
        bytes.extend([0; 8]);
        bytes.extend(seq.to_be_bytes());
        bytes.extend(ack.to_be_bytes());
        bytes.extend(payload.as_bytes());
        self.send(arrow, &bytes)
    }

    fn send(&mut self, arrow: char, bytes: &[u8]) -> &mut Scene {
        let ports = if arrow == '>' { [5000, 80] } else { [80, 5000] };
        self.send_from(ports, bytes)
    }

    fn send_from(&mut self, ports: [u16; 2], bytes: &[u8]) -> &mut Scene {
        let ip = std::net::Ipv4Addr::LOCALHOST.into();
        let [src, dst] = ports.map(|port| Endpoint { ip, port });
        let datagram = Datagram {
            src,
            dst,
            payload: bytes,
            len: bytes.len() as u32,
        };
        self.frames += 1;
        self.time += 1000;
        let at = FrameRef {
            number: FrameNumber(self.frames),
            position: FilePosition(u64::from(self.frames)),
            time: Timestamp(u64::from(self.time) * 1000),
        };
        let packet = Packet::read(&datagram);
        let (told, all, landmarks) = (&mut self.told, &mut self.bytes, &mut self.landmarks);
        let mut out =
            |id, at: FrameRef, event: Event<'_>| tell(told, all, landmarks, id, at, &event);
        let streams = &mut self.streams;
        if !streams.push_datagram(&datagram, packet.as_ref(), at, &mut out)
            && let Some(packet) = packet
            && let Some(Doubted { frames, .. }) = streams.look_out(&datagram, &packet, at, &mut out)
        {
            self.doubted += frames;
        }
        self
    }

    fn end(&mut self) -> &mut Scene {
        let (told, all, landmarks) = (&mut self.told, &mut self.bytes, &mut self.landmarks);
        self.streams.finish(usize::MAX, &mut |id, event| {
            tell(told, all, landmarks, id, FrameRef::default(), &event);
        });
        self
    }

    fn said(&self) -> [&str; 2] {
        self.bytes[0].each_ref().map(String::as_str)
    }

    fn activity(&self, connection: usize) -> Activity {
        self.streams.connections[connection].activity()
    }
}

fn tell(
    told: &mut String,
    bytes: &mut Vec<[String; 2]>,
    landmarks: &mut Vec<Landmark>,
    id: ConnectionId,
    at: FrameRef,
    event: &Event<'_>,
) {
    let index = id.0 as usize;
    let mut add = |side: &Side, text: &str| bytes[index][side.index()].push_str(text);
    match event {
        Event::Opened {
            transport: Transport::Utp { id: base },
            ends,
            opener,
        } => {
            bytes.push(Default::default());
            let [src, dst] = ends.map(|end| end.port);
            let evidence = opener.1;
            told.push_str(&format!(
                "#{id} {src}>{dst} {base} by {evidence:?} in {}. ",
                at.number.0
            ));
        }
        Event::Data {
            side, bytes: data, ..
        } => add(side, std::str::from_utf8(data).unwrap()),
        Event::Gap {
            side,
            missing: Missing::Packets(count),
            ..
        } => add(side, &"~".repeat(*count as usize)),
        Event::Gap { side, len, .. } => add(side, &".".repeat(*len as usize)),
        Event::Landmark { landmark, .. } => landmarks.push(*landmark),
        Event::Marked(Mark::Continues(before)) => {
            told.push_str(&format!("#{id} continues #{before}. "));
        }
        Event::Conflict { seq, bytes, .. } => {
            told.push_str(&format!("#{id} conflict {bytes} at {seq}. "));
        }
        Event::Ended => told.push_str(&format!("#{id} ended. ")),
        Event::OpenedBy(side) => told.push_str(&format!("#{id} SYN of {side:?}. ")),
        Event::Opened { .. } | Event::Marked(_) | Event::Again { .. } => {}
    }
}

#[test]
fn a_syn_is_one_when_it_is_answered_and_its_first_frame_is_the_syn() {
    let mut scene = Scene::default();
    scene.say(('>', Kind::Syn, 99, 0, ""));
    assert_eq!(scene.told, "");
    scene.say(('<', Kind::State, 200, 99, ""));
    assert_eq!(scene.told, "#0 5000>80 700 by Syn in 1. ");
    assert_eq!(scene.doubted, 1);
}

#[test]
fn a_syn_that_is_sent_again_is_one_and_opens_one_connection() {
    let mut scene = Scene::default();
    for _ in 0..3 {
        scene.say(('>', Kind::Syn, 99, 0, ""));
    }
    assert_eq!(scene.told, "#0 5000>80 700 by Syn in 1. ");
    let mut still = Scene::default();
    still.send('>', &SYN).send('>', &SYN);
    assert_eq!(still.told, "", "no clock stands still");
}

#[test]
fn data_are_put_in_order_and_repeated_ones_left_out() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 101, 199, "cd"));
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Data, 101, 199, "cd"));
    scene.say(('<', Kind::Data, 200, 101, "xyz"));
    assert_eq!(scene.said(), ["abcd", "xyz"]);
    assert_eq!(scene.activity(0).direction(Side::A).duplicate, 2);
}

#[test]
fn the_answer_to_a_syn_may_have_a_number_of_its_own() {
    let mut scene = Scene::default();
    scene.say(('>', Kind::Syn, 99, 0, ""));
    scene.say(('<', Kind::State, 200, 99, ""));
    scene.say(('>', Kind::Data, 100, 200, "ab"));
    scene.say(('<', Kind::Data, 202, 100, "zz"));
    scene.say(('<', Kind::Data, 201, 100, "xy"));
    assert_eq!(scene.said(), ["ab", "xyzz"]);
}

#[test]
fn the_first_data_may_overtake_each_other() {
    let mut scene = Scene::default();
    scene.say(('>', Kind::Syn, 99, 0, ""));
    scene.say(('<', Kind::State, 200, 99, ""));
    scene.say(('<', Kind::Data, 201, 99, "cd"));
    scene.say(('<', Kind::Data, 200, 99, "ab"));
    scene.say(('>', Kind::State, 100, 199, ""));
    assert_eq!(scene.said(), ["", "abcd"]);
}

#[test]
fn numbers_wrap() {
    let mut scene = Scene::default();
    scene.say(('>', Kind::Syn, 65534, 0, ""));
    scene.say(('<', Kind::State, 65535, 65534, ""));
    scene.say(('>', Kind::Data, 65535, 65534, "ab"));
    scene.say(('>', Kind::Data, 1, 65534, "ef"));
    scene.say(('>', Kind::Data, 0, 65534, "cd"));
    scene.say(('<', Kind::Data, 65535, 1, "xy"));
    scene.say(('<', Kind::Data, 0, 1, "z"));
    assert_eq!(scene.said(), ["abcdef", "xyz"]);
}

#[test]
fn a_packet_that_was_acknowledged_and_never_seen_is_a_gap() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Data, 102, 199, "ef"));
    assert_eq!(scene.said()[0], "ab");
    scene.say(('<', Kind::State, 200, 102, ""));
    assert_eq!(scene.said()[0], "ab~ef");
}

#[test]
fn a_packet_that_was_acknowledged_selectively_and_never_seen_is_a_gap() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Data, 102, 199, "ef"));
    let mut selective = hex_literal::hex!("2101 02bc 00000009 00000000 00000000 00c8 0063 0001 01");
    selective[19] = 98;
    scene.send('<', &selective);
    assert_eq!(scene.said()[0], "ab", "it has 100");
    selective[19] = 99;
    scene.send('<', &selective);
    assert_eq!(scene.said()[0], "ab~ef", "it has 101, and not 100");
}

#[test]
fn a_thousand_packets_may_be_missing() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Data, 3100, 199, "cd"));
    scene.say(('<', Kind::State, 200, 3100, ""));
    assert_eq!(scene.said()[0].len(), 2 + 2999 + 2);
}

#[test]
fn a_capture_may_lose_more_packets_than_numbers_can_tell() {
    for lost in [20_000_u16, 40_000] {
        let mut scene = Scene::established();
        scene.say(('>', Kind::Data, 100, 199, "ab"));
        scene.say(('>', Kind::Data, 9, 199, "late"));
        for number in 0..40 {
            scene.say(('>', Kind::Data, 101 + lost + number, 199, "x"));
        }
        let gap = "~".repeat(usize::from(lost) + 15);
        let said = format!("ab{gap}{}", "x".repeat(25));
        assert_eq!(scene.said()[0], said, "the first fifteen were doubted");
    }
}

#[test]
fn a_number_that_is_wrong_by_thousands_leads_nobody_away() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Data, 6000, 199, "zz"));
    for number in 101..141 {
        scene.say(('>', Kind::Data, number, 199, "x"));
    }
    assert_eq!(scene.said()[0], format!("ab{}", "x".repeat(40)));
}

#[test]
fn a_reset_is_for_the_connection_whose_id_its_sender_sends() {
    let mut scene = Scene::default();
    for id in [ID, ID + 1] {
        scene.say_as(id, ('>', Kind::Syn, 99, 0, ""));
        scene.say_as(id, ('<', Kind::State, 200, 99, ""));
    }
    scene.say_as(ID + 1, ('<', Kind::Reset, 0, 0, ""));
    let is_closed = [0, 1].map(|number| scene.activity(number).closed.is_some());
    assert_eq!(is_closed, [false, true]);
}

#[test]
fn a_fin_may_carry_payload_and_come_before_it() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Fin, 101, 199, "cd"));
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    assert_eq!(scene.said()[0], "abcd");
    let closed = scene.activity(0).closed.map(|closed| closed.by);
    assert_eq!(closed, Some(Side::A));
}

#[test]
fn a_reset_may_carry_either_id() {
    for id in [ID, ID + 1] {
        let mut scene = Scene::established();
        scene.say_as(id, ('<', Kind::Reset, 5000, 0, ""));
        assert_eq!(scene.activity(0).closed.map(|it| it.by), Some(Side::B));
    }
}

#[test]
fn a_reset_of_version_0_begins_with_what_it_answers() {
    let mut scene = Scene::established();
    let fin = hex_literal::hex!("1103 02bd 0000c350 00000000 00000000 0065 00c7 0004 00000006");
    let mut old = hex_literal::hex!("110302bd 00000000 00000000 00000000 00 00 03 0001 6500");
    scene.send('>', &fin).send('<', &old);
    assert_eq!(scene.activity(0).segments, 5);
    let reason = scene.activity(0).closed.unwrap().reason.unwrap();
    assert_eq!(reason.to_string(), "upload to upload (6)");
    old[..2].copy_from_slice(&[1, 0]);
    scene.send('<', &old);
    assert_eq!(scene.activity(0).segments, 6, "it answers data");
    old[3] = 0;
    scene.send('<', &old);
    assert_eq!(scene.activity(0).segments, 6, "it answers nothing");
}

#[test]
fn what_comes_again_may_be_cut_in_another_way() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "abcdef"));
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Data, 101, 199, "cd"));
    scene.say(('>', Kind::Data, 102, 199, "efgh"));
    scene.say(('>', Kind::Data, 102, 199, "efghij"));
    assert_eq!(scene.said()[0], "abcdefghij");
    let counts = scene.activity(0).direction(Side::A);
    assert_eq!(counts.payload - counts.duplicate, 10);
}

#[test]
fn what_is_held_may_come_again_with_more_behind_it() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 101, 199, "cd"));
    scene.say(('>', Kind::Data, 101, 199, "cdef"));
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn in_midstream_three_headers_fit_each_other_and_what_was_before_is_read() {
    let mut scene = Scene::default();
    scene.say(('>', Kind::Data, 7, 90, "ab"));
    scene.say(('<', Kind::Data, 91, 7, "xy"));
    scene.say(('>', Kind::Data, 8, 91, "cd"));
    assert_eq!(scene.told, "");
    scene.say(('<', Kind::State, 92, 8, ""));
    assert_eq!(scene.told, "#0 5000>80 700 by Ids in 1. ");
    assert_eq!((scene.said(), scene.doubted), (["abcd", "xy"], 3));
}

#[test]
fn of_one_side_alone_numbers_and_clock_go_on_together() {
    let mut scene = Scene::default();
    for seq in 0..12 {
        scene.time += 10_000;
        scene.say(('<', Kind::Data, 65530_u16.wrapping_add(seq), 7, "ab"));
    }
    assert_eq!(scene.told, "#0 5000>80 700 by Guess in 1. ");
    assert_eq!(scene.end().said()[1], "ab".repeat(12));
}

#[test]
fn ids_that_are_used_again_are_another_connection() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    scene.say(('>', Kind::Fin, 101, 199, ""));
    scene.say(('>', Kind::Syn, 5000, 0, ""));
    scene.say(('<', Kind::State, 900, 5000, ""));
    scene.say(('>', Kind::Data, 5001, 899, "cd"));
    let told = "#0 5000>80 700 by Syn in 1. #0 ended. #1 5000>80 700 by Syn in 6. ";
    assert_eq!(scene.told, told);
    assert_eq!([&scene.bytes[0][0], &scene.bytes[1][0]], ["ab", "cd"]);
}

#[test]
fn several_connections_between_two_sockets_stay_apart() {
    let mut scene = Scene::default();
    let ids: [u16; 3] = [65535, 10, 500];
    for id in ids {
        scene.say_as(id, ('>', Kind::Syn, id, 0, ""));
    }
    for id in ids {
        scene.say_as(id, ('<', Kind::State, 200, id, ""));
    }
    for id in ids {
        let data = id.to_string();
        let first = id.wrapping_add(1);
        scene.say_as(first, ('>', Kind::Data, first, 199, &data));
    }
    let said: Vec<&str> = scene.bytes.iter().map(|both| both[0].as_str()).collect();
    assert_eq!(said, ["65535", "10", "500"]);
}

#[test]
fn another_port_behind_a_nat_is_noted() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    let packet = |id: u16, seq: u8, ack: u8| {
        let mut bytes = hex_literal::hex!("0100 0000 00000000 00000000 00000000 0000 0000 6162");
        bytes[2..4].copy_from_slice(&id.to_be_bytes());
        (bytes[17], bytes[19]) = (seq, ack);
        bytes
    };
    for step in 0..3 {
        scene.send_from([6000, 80], &packet(ID + 1, 101 + step, 199 + step));
        scene.send_from([80, 6000], &packet(ID, 200 + step, 101 + step));
    }
    assert!(
        scene.told.contains("#1 6000>80 700 by Ids"),
        "{}",
        scene.told
    );
    assert!(scene.told.contains("#1 continues #0. "), "{}", scene.told);
}

#[test]
fn landmarks_tell_from_where_a_stream_can_be_read_again() {
    let mut scene = Scene::established();
    let block = "x".repeat(1000);
    for seq in [100, 102, 101, 103] {
        scene.say(('>', Kind::Data, seq, 199, "ab"));
    }
    for seq in 104..140 {
        scene.say(('>', Kind::Data, seq, 199, &block));
    }
    let marks: Vec<(u32, u16, u64)> = scene
        .landmarks
        .iter()
        .map(|it| (it.seq.0, it.packet, it.since.0))
        .collect();
    assert_eq!(marks, [(0, 100, 4), (17_008, 121, 25), (34_008, 138, 42)]);
}

/// A packet of the other side a second later: the difference that it names, and its window.
fn measured(scene: &mut Scene, arrow: char, difference: u32, window: u32) {
    scene.time += 900_000;
    let (id, seq, ack) = if arrow == '>' {
        (ID + 1, 101, 199_u16)
    } else {
        (ID, 200, 100)
    };
    let mut bytes = vec![(Kind::State as u8) << 4 | 1, 0];
    bytes.extend(u16::to_be_bytes(id));
    bytes.extend(scene.time.to_be_bytes());
    bytes.extend(difference.to_be_bytes());
    bytes.extend(window.to_be_bytes());
    bytes.extend(u16::to_be_bytes(seq));
    bytes.extend(ack.to_be_bytes());
    scene.send(arrow, &bytes);
}

#[test]
fn who_receives_tells_how_long_the_way_was() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    measured(&mut scene, '<', 5_000, 1);
    (0..12).for_each(|_| measured(&mut scene, '<', 400_000, 1));
    let strain = |side| scene.activity(0).strain(side).cloned().unwrap();
    let waits = strain(Side::A).waits();
    assert_eq!(
        (waits.queue.nanos / 1_000_000, waits.queued),
        (9911, [395_000; 2])
    );
    assert_eq!(strain(Side::B).waits().queue.nanos, 0);
}

#[test]
fn where_one_way_seems_shorter_by_as_much_a_clock_was_set() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    measured(&mut scene, '<', 5_000, 1);
    measured(&mut scene, '>', 900_000, 1);
    measured(&mut scene, '<', 505_000, 1);
    measured(&mut scene, '>', 400_000, 1);
    (0..12).for_each(|_| measured(&mut scene, '<', 505_000, 1));
    let strain = scene.activity(0).strain(Side::A).cloned().unwrap();
    assert_eq!(strain.waits().queue.nanos, 0);
}

#[test]
fn a_side_without_room_says_so() {
    let mut scene = Scene::established();
    scene.say(('>', Kind::Data, 100, 199, "ab"));
    (0..3).for_each(|_| measured(&mut scene, '<', 5_000, 0));
    let strain = scene.activity(0).strain(Side::B).cloned().unwrap();
    assert_eq!(strain.waits().closed.nanos / 1_000_000, 1802);
}
