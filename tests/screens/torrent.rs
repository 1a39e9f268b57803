//! One torrent over all its peers.

use insta::assert_snapshot;

use super::*;

fn torrent(name: &str, look: Look) -> Screen {
    Screen::of(name, look).after("Enter j*12 4")
}

#[test]
fn its_parts_are_shown_one_after_the_other_or_together() {
    for (width, height) in SIZES {
        let screen = torrent("choke_dance.pcap", COLOR).at(width, height);
        assert_snapshot!(format!("peers_{width}x{height}"), screen.text());
    }
}

#[test]
fn each_part_has_the_keys_in_turn() {
    let mut screen = torrent("v2_hybrid.pcap", COLOR);
    for part in ["pieces", "exchange", "torrents"] {
        screen = screen.after("x");
        assert_snapshot!(part, screen.text());
    }
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [
        (COLOR, "color"),
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
    ] {
        for (width, height) in SIZES {
            let screen = torrent("choke_dance.pcap", look).at(width, height);
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn it_is_as_of_the_cursor_and_the_exchange_may_be_whole() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter 4");
    let text = screen.text();
    assert!(text.contains("begins later"), "{text}");
    let text = screen.after("x x").text();
    assert!(
        text.contains("as of the cursor") && text.contains("all 0 B in 0 blocks"),
        "{text}"
    );
    let text = Screen::of("choke_dance.pcap", COLOR)
        .after("Enter 4 x x a")
        .text();
    assert!(
        text.contains("whole capture") && !text.contains("all 0 B"),
        "{text}"
    );
}

#[test]
fn a_peer_leads_to_its_ladder_and_a_torrent_to_its_peers() {
    let screen = torrent("choke_dance.pcap", COLOR).after("j*3 Enter");
    assert!(screen.text().contains("[2 Ladder]"), "{}", screen.text());
    let mut screen = torrent("v2_hybrid.pcap", COLOR).after("]");
    assert!(
        screen.text().contains("torrent 2 of 2"),
        "{}",
        screen.text()
    );
    screen = screen.after("x x x g Enter");
    assert!(
        screen.text().contains("torrent 1 of 2"),
        "{}",
        screen.text()
    );
    assert!(screen.text().contains("[Peers]"), "{}", screen.text());
}
