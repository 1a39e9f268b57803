//! The view of a connection's packets.

use insta::assert_snapshot;

use super::*;

const THERE: &str = "Enter z R j*40 9";

#[test]
fn it_tells_figures_and_graphs_of_both_directions() {
    for name in ["choke_dance", "tcp_lossy", "utp_only"] {
        for (width, height) in SIZES {
            let screen = Screen::of(&format!("{name}.pcap"), COLOR).at(width, height);
            let screen = screen.after(THERE);
            assert_snapshot!(format!("{name}_{width}x{height}"), screen.text());
        }
    }
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
        (COLOR, "color"),
    ] {
        let screen = Screen::of("tcp_lossy.pcap", look).at(80, 24).after(THERE);
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(name, picture);
    }
}

#[test]
fn the_smallest_screen_has_what_matters_most() {
    let screen = Screen::of("tcp_lossy.pcap", COLOR).at(60, 16).after(THERE);
    assert_snapshot!("smallest", screen.text());
}

#[test]
fn without_the_syns_the_scale_of_windows_is_unknown() {
    let screen = Screen::of("midstream.pcap", COLOR).after("Enter G 9");
    assert_snapshot!("midstream", screen.text());
    assert!(screen.text().contains("scale ~"), "{}", screen.text());
}

/// The row of times, with the caret.
fn times(screen: &Screen) -> String {
    let text = screen.text();
    let row = text.lines().find(|line| line.contains('▲'));
    row.unwrap().to_owned()
}

#[test]
fn the_moment_stands_where_the_strip_has_it() {
    let on_strip = Screen::of("choke_dance.pcap", COLOR).at(80, 30);
    let on_strip = on_strip.after("Enter z R j*40 Tab + +");
    let (expected, screen) = (times(&on_strip), on_strip.after("9"));
    assert_eq!(times(&screen), expected);
    let zoomed = screen.after("-");
    assert_ne!(times(&zoomed), expected, "it zooms here, too");
}

#[test]
fn the_moment_moves_with_the_messages() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter z R 9 j j");
    assert!(
        screen.text().contains("up to message 3,"),
        "{}",
        screen.text()
    );
    let screen = screen.after("G");
    assert!(
        screen.text().contains("up to message 97,"),
        "{}",
        screen.text()
    );
    assert!(!screen.text().contains("later"), "{}", screen.text());
}

#[test]
fn a_connection_without_messages_has_packets() {
    let screen = Screen::of("misbehaving.pcap", COLOR).after("j*12 9");
    assert_snapshot!("refused", screen.text());
}

#[test]
fn each_connection_has_its_own_packets() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter 9");
    let first = screen.text();
    let screen = screen.after("J");
    assert_ne!(screen.text(), first);
    assert_eq!(screen.after("K").text(), first);
}

/// A capture of raw IP with one connection of uTP: 8 packets a side, then one again, and a close reason. Of A's data
/// each waits longer in a queue than the one before.
fn utp() -> Vec<u8> {
    let mut pcap = vec![0xd4, 0xc3, 0xb2, 0xa1, 2, 0, 4, 0, 0, 0, 0, 0, 0, 0, 0, 0];
    pcap.extend([0, 0, 4, 0, 101, 0, 0, 0]);
    let mut at = 0_u32;
    let mut say = |from: usize, [kind, seq, ack]: [u16; 3], delay: u32, payload: &[u8]| {
        at += 15_000;
        let id: u16 = if from == 0 && kind != 4 { 8 } else { 7 };
        let reason: &[u8] = if kind == 1 { &[0, 4, 0, 0, 0, 6] } else { &[] };
        let mut packet = vec![(kind << 4 | 1) as u8, if kind == 1 { 3 } else { 0 }];
        packet.extend(id.to_be_bytes());
        packet.extend(
            [at, delay, if kind == 4 { 0 } else { 0x10_0000 }]
                .map(u32::to_be_bytes)
                .concat(),
        );
        packet.extend([seq, ack].map(u16::to_be_bytes).concat());
        packet.extend([reason, payload].concat());
        let len = packet.len() as u16;
        let mut frame = vec![0x45, 0];
        frame.extend((len + 28).to_be_bytes());
        frame.extend([0, 0, 0, 0, 64, 17, 0, 0]);
        frame.extend([ENDS[from].ip, ENDS[1 - from].ip].concat());
        frame.extend(
            [ENDS[from].port, ENDS[1 - from].port, len + 8, 0]
                .map(u16::to_be_bytes)
                .concat(),
        );
        frame.extend(packet);
        let len = frame.len() as u32;
        pcap.extend([1_700_000_000, at, len, len].map(u32::to_le_bytes).concat());
        pcap.extend(frame);
    };
    // SYN and its answer, whose number is that of the first data.
    say(0, [4, 65_533, 0], 0, &[]);
    say(1, [2, 100, 65_533], 1000, &[]);
    say(0, [0, 65_534, 99], 500, &handshake());
    say(1, [0, 100, 65_534], 1000, &handshake());
    for number in 0..8 {
        let have = [0, 0, 0, 5, 4, 0, 0, 0, number as u8];
        let seq = 65_535_u16.wrapping_add(number);
        say(0, [0, seq, 100], 500, &have);
        say(1, [2, 101, seq], 1000 + u32::from(number) * 20_000, &[]);
    }
    say(0, [0, 6, 100], 500, &[0, 0, 0, 5, 4, 0, 0, 0, 7]);
    say(1, [1, 101, 6], 1000, &[]);
    pcap
}

#[test]
fn packets_of_utp_tell_of_queues_and_why_they_end() {
    for (width, height) in SIZES {
        let screen = Screen::read(utp(), "utp.pcap", COLOR).at(width, height);
        let screen = screen.after("Enter z R G 9");
        assert_snapshot!(format!("utp_{width}x{height}"), screen.text());
        let text = screen.text();
        assert!(text.contains("closed by B, FIN"), "{text}");
        assert!(text.contains("upload to upload"), "{text}");
    }
}

#[test]
fn a_long_reading_says_how_far_it_is() {
    let mut screen = Screen::read(haves(600_000), "long.pcap", COLOR).after("Enter G");
    screen.app.press("9", screen.area);
    assert_eq!(screen.app.work(), Work::More);
    screen.app.draw(screen.area, &mut screen.buffer);
    let text = screen.text();
    let (_, read) = text.split_once("  read ").expect(&text);
    let percent: u32 = read.split_once('%').unwrap().0.parse().unwrap();
    assert!((50..100).contains(&percent), "{text}");
    assert!(text.contains('~'), "what was not read is unknown: {text}");
    screen.draw();
    assert!(!screen.text().contains("  read "), "{}", screen.text());
}

#[test]
fn it_goes_on_when_the_connection_does() {
    let (mut screen, source) = Screen::new(capture("choke_dance.pcap"), "choke_dance.pcap", COLOR);
    let (mut changes, progress) = decoded(&source, "choke_dance.pcap");
    let mut rest = Vec::new();
    for change in &mut changes {
        if let Change::Activity {
            connection,
            activity,
        } = change
            && connection.0 == 0
        {
            rest.push(Change::Activity {
                connection: *connection,
                activity: activity.clone(),
            });
            activity.last.number.0 = 100;
        }
    }
    screen.app.apply(changes, Progress::default());
    screen = screen.at(80, 24).after("Enter G 9");
    let begun = screen.text();
    screen.app.apply(rest, progress);
    screen.draw();
    let whole = Screen::of("choke_dance.pcap", COLOR).after("Enter G 9");
    assert_ne!(screen.text(), begun);
    assert_eq!(screen.text(), whole.text());
}
