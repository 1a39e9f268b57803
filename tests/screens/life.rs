//! The view of a connection's life.

use insta::assert_snapshot;

use super::*;

/// The flag of a segment that refuses.
const RST: u8 = 4;

const THERE: &str = "Enter z R j*20 8";

#[test]
fn it_tells_the_steps_and_what_comes_later() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        assert_snapshot!(
            format!("steps_{width}x{height}"),
            screen.after(THERE).text()
        );
    }
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
        (COLOR, "color"),
    ] {
        for (width, height) in SIZES {
            let screen = Screen::of("choke_dance.pcap", look)
                .at(width, height)
                .after(THERE);
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn a_capture_from_the_middle_leaves_open_what_came_before() {
    let screen = Screen::of("midstream.pcap", COLOR).after("Enter G 8");
    assert_snapshot!("midstream", screen.text());
    assert!(
        screen.text().contains("unknown, not all was captured: SYN"),
        "{}",
        screen.text()
    );
    assert!(!screen.text().contains("never"), "{}", screen.text());
}

#[test]
fn a_key_exchange_is_part_of_it() {
    let screen = Screen::of("mse.pcap", COLOR).at(120, 40).after("Enter G 8");
    assert_snapshot!("mse", screen.text());
}

#[test]
fn a_refused_connection_has_a_short_one() {
    let (mut pcap, [src, dst]) = (Pcap::new(Vec::new()).unwrap(), ENDS);
    for (src, dst, flags) in [(src, dst, SYN), (dst, src, RST | ACK)] {
        let segment = Segment {
            src,
            dst,
            seq: 0,
            ack: 1,
            flags,
            payload: &[],
        };
        pcap.push(&segment).unwrap();
    }
    let screen = Screen::read(pcap.into_inner(), "refused.pcap", COLOR).after("8");
    assert_snapshot!("refused", screen.text());
}

#[test]
fn enter_leads_to_the_step() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter 8 g j*2 Enter");
    assert!(screen.text().contains("[2 Ladder]"), "{}", screen.text());
    assert_eq!(screen.selected_number(), 1, "the handshake");
    let screen = screen.after("8 G Enter");
    assert_eq!(
        screen.selected_number(),
        97,
        "the last message before the FIN"
    );
}

#[test]
fn the_connection_that_was_choked_longest_is_named_in_each() {
    let named = |keys: &str| {
        let text = Screen::of("choke_dance.pcap", COLOR).after(keys).text();
        let line = text
            .lines()
            .find(|line| line.contains("most choked in this capture"));
        line.unwrap().to_owned()
    };
    assert_eq!(named("8"), named("J J 8"));
}
