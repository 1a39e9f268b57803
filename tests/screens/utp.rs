//! Connections over uTP beside those of TCP.

use insta::assert_snapshot;

use super::*;
use crate::over_utp::peers;

impl Screen {
    /// A record that is told, and not read.
    fn of_changes(changes: Vec<Change>, look: Look) -> Screen {
        let mut screen = Screen::new(Vec::new(), "utp.pcap", look).0;
        let done = Progress {
            is_done: true,
            ..Progress::default()
        };
        screen.app.apply(changes, done);
        screen.at(80, 24)
    }
}

#[test]
fn they_are_marked_in_the_list() {
    for (width, height) in SIZES {
        let screen = Screen::of_changes(peers(), COLOR).at(width, height);
        assert_snapshot!(format!("list_{width}x{height}"), screen.text());
    }
}

#[test]
fn the_list_is_alike_without_colour_and_in_ascii() {
    for (look, name) in [(MONOCHROME, "monochrome"), (ASCII, "ascii")] {
        for (width, height) in SIZES {
            let screen = Screen::of_changes(peers(), look).at(width, height);
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("list_{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn the_list_may_be_a_tree_of_transports() {
    let screen = Screen::of_changes(peers(), COLOR).after("o o");
    let text = screen.text();
    let at = |words| {
        text.find(words)
            .unwrap_or_else(|| panic!("{words}: {text}"))
    };
    assert!(at(" TCP  2") < at(" uTP  6"), "{text}");
    assert!(at(" 3 10.0.0.1:40003") < at(" 0 10.0.0.1:6881"), "{text}");
    assert_snapshot!("transports", text);
}

#[test]
fn facts_begin_with_the_other_sides_diagnosis() {
    for (connection, words) in [
        (0, "! upload to upload (6): FIN by B, lasted"),
        (2, "TCP as #3 instead; lasted"),
        (3, "after #2 over uTP came to nothing; lasted"),
        (4, "goes on as #5: 10.0.0.4 has another port, 40002; lasted"),
        (
            5,
            "goes on where #4 was: 10.0.0.4 has another port, 40002; lasted",
        ),
        (7, "lasted 200 ms, RESET by B"),
    ] {
        let screen = Screen::of_changes(peers(), COLOR).after(&format!("g j*{connection}"));
        let text = screen.text();
        assert!(text.contains(words), "#{connection}: {text}");
    }
    let text = Screen::of_changes(peers(), COLOR).text();
    assert!(text.contains("A opened it over uTP, id 47508"), "{text}");
}

#[test]
fn every_heading_of_a_view_names_the_transport() {
    for (keys, words) in [
        ("Enter", "#0 uTP  A 10.0.0.1:6881"),
        ("7", "#0 uTP requests"),
        ("8", "#0 uTP life"),
    ] {
        let text = Screen::of_changes(peers(), COLOR).after(keys).text();
        assert!(text.contains(words), "{text}");
    }
}

#[test]
fn a_life_tells_what_stood_in_its_place() {
    for (keys, name) in [
        ("8", "closed"),
        ("j*2 8", "nothing"),
        ("j*3 Enter G 8", "instead"),
        ("j*4 Enter G 8", "before"),
        ("j*5 Enter G 8", "behind"),
    ] {
        for (width, height) in SIZES {
            let screen = Screen::of_changes(peers(), COLOR)
                .at(width, height)
                .after(keys);
            assert_snapshot!(format!("life_{name}_{width}x{height}"), screen.text());
        }
    }
}

#[test]
fn peers_of_a_torrent_are_marked() {
    for (look, name) in [(COLOR, "color"), (ASCII, "ascii")] {
        for (width, height) in SIZES {
            let screen = Screen::of_changes(peers(), look).at(width, height);
            let screen = screen.after("Enter G 4");
            assert_snapshot!(format!("torrent_{name}_{width}x{height}"), screen.text());
        }
    }
}

#[test]
fn a_mark_is_explained_where_the_letters_are() {
    let screen = Screen::of_changes(peers(), COLOR).at(80, 60).after("?");
    assert!(screen.text().contains("P  over uTP"), "{}", screen.text());
}

#[test]
fn a_message_of_real_peers_opens_into_fields_bytes_and_datagrams() {
    for (width, height) in SIZES {
        let screen = Screen::of("utp_only.pcap", COLOR).at(width, height);
        let screen = screen.after("Enter z R / r e q u e s t Enter Enter G");
        assert_snapshot!(format!("fields_{width}x{height}"), screen.text());
    }
}
