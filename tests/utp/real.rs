//! What the peers of the bundled captures said over TCP, said once more over uTP.

use peerscope::capture::Reader;
use peerscope::packet::Packets;
use peerscope::stream::{Event, FrameRef, Side, Streams};

use crate::captured::path;
use crate::datagrams::Capture;
use crate::end;
use crate::heard::{Heard, Told};
use crate::line::Line;

const FILES: [&str; 3] = ["choke_dance.pcap", "tcp_lossy.pcap", "v2_hybrid.pcap"];

/// A capture of the same conversations: each segment is a packet, and some are not captured. Gives which bytes of each
/// connection and side those are.
fn over_utp(file: &str, mut is_lost: impl FnMut() -> bool) -> (Capture, Vec<[Vec<bool>; 2]>) {
    let (mut reader, mut packets) = (Reader::open(&path(file)).unwrap(), Packets::default());
    let mut streams = Streams::default();
    let (mut capture, mut lines, mut lost) = (Capture::new(), Vec::new(), Vec::new());
    while let Some(frame) = reader.next_frame() {
        let Ok(found) = packets.segment(&frame) else {
            continue;
        };
        streams.push(
            &found.segment,
            FrameRef::default(),
            &mut |id, event| match event {
                Event::Opened { .. } => {
                    let id = id.0 as u16;
                    let mut line = Line::new([end(1, 6881 + id), end(2, 6881)], id, [65_500, 9]);
                    capture.open(&mut line);
                    lines.push(line);
                    lost.push([Vec::new(), Vec::new()]);
                }
                Event::Data { side, bytes, .. } => {
                    let (line, lost) = (&mut lines[id.0 as usize], &mut lost[id.0 as usize]);
                    let lost: &mut Vec<bool> = &mut lost[side.index()];
                    let is_lost = lost.len() > 68 && is_lost();
                    lost.extend(bytes.iter().map(|_| is_lost));
                    let sent = line.data(side, bytes);
                    if !is_lost {
                        capture.send(&sent);
                    }
                    capture.send(&line.state(!side));
                }
                _ => {}
            },
        );
    }
    (capture, lost)
}

/// What each side of each connection said over TCP.
fn over_tcp(file: &str) -> Heard {
    Heard::read(Reader::open(&path(file)).unwrap())
}

#[test]
fn what_is_said_over_tcp_is_said_over_utp() {
    for file in FILES {
        let tcp = over_tcp(file);
        let utp = Heard::of(over_utp(file, || false).0);
        assert_eq!(utp.over_utp().len(), tcp.store.connections().len());
        for number in utp.over_utp() {
            for side in Side::BOTH {
                assert_eq!(utp.told(number, side), tcp.told(number, side), "{file}");
            }
        }
        assert_eq!(utp.store.messages(), tcp.store.messages());
    }
}

/// One packet in twenty is not captured.
#[test]
fn packets_that_were_not_captured_take_few_messages_with_them() {
    let (mut whole, mut missed, mut state) = (0, 0, 0x2545_f491_4f6c_dd1d_u64);
    let mut is_lost = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.is_multiple_of(20)
    };
    for file in FILES {
        let tcp = over_tcp(file);
        let (capture, lost) = over_utp(file, &mut is_lost);
        let utp = Heard::of(capture);
        for (number, lost) in (0..).zip(lost) {
            for side in Side::BOTH {
                let said = tcp.told(number, side);
                let spared = spared(&said, &lost[side.index()]);
                let told = utp.told(number, side).into_iter();
                let mut told = told.filter(|told| told.missing == 0).peekable();
                whole += spared.len();
                for said in &spared {
                    missed += usize::from(told.next_if(|told| told == *said).is_none());
                }
            }
        }
    }
    // 1 of 1,738 when this was written.
    assert!(missed * 50 < whole, "{missed} of {whole}");
}

/// Messages of which nothing was lost.
fn spared<'a>(said: &'a [Told], lost: &[bool]) -> Vec<&'a Told> {
    let mut at = 0;
    let is_spared = |told: &&Told| {
        let len = if at == 0 { 68 } else { 4 + told.size as usize };
        let range = at..at + len;
        at = range.end;
        lost[range].iter().all(|is_lost| !is_lost)
    };
    said.iter().filter(is_spared).collect()
}
