//! The list of connections: sorted, grouped, and as of the selected message.

use insta::assert_snapshot;

use super::*;

/// The numbers of the connections, from the top.
fn numbers(screen: &Screen) -> Vec<String> {
    let text = screen.text();
    let rows = text.lines().skip(2).take_while(|row| !row.starts_with('─'));
    let words = rows.filter_map(|row| {
        row.trim_start_matches(['▌', 'E', 'W'])
            .split_whitespace()
            .next()
            .map(str::to_owned)
    });
    words.filter(|word| word.parse::<u32>().is_ok()).collect()
}

#[test]
fn it_is_sorted_and_what_was_selected_stays_selected() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("j*3 s*7");
    assert!(screen.text().contains("by messages"), "{}", screen.text());
    assert!(
        screen.reversed()[0].contains(" 3 10.77.0.4:40595"),
        "{}",
        screen.text()
    );
    let sorted = numbers(&screen);
    let screen = screen.after("S");
    assert!(
        screen.reversed()[0].contains(" 3 10.77.0.4:40595"),
        "{}",
        screen.text()
    );
    assert_eq!(sorted.len(), 10);
    assert_snapshot!("by_messages", screen.text());
    let back = numbers(&screen.after("S s*3"));
    assert_eq!(back, (0..10).map(|at| at.to_string()).collect::<Vec<_>>());
}

#[test]
fn the_cursor_goes_along_the_rows_of_the_order() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("S g");
    assert!(
        screen.reversed()[0].contains(" 9 10.77.0.5"),
        "{}",
        screen.text()
    );
    assert!(screen.after("j").reversed()[0].contains(" 8 10.77.0.5"));
}

#[test]
fn it_may_be_a_tree_of_torrents() {
    for (width, height) in SIZES {
        let screen = Screen::of("v2_hybrid.pcap", COLOR)
            .at(width, height)
            .after("o G k");
        assert_snapshot!(format!("groups_{width}x{height}"), screen.text());
    }
}

#[test]
fn what_is_no_bittorrent_may_be_hidden_and_is_counted() {
    let all = Screen::of("misbehaving.pcap", COLOR).at(80, 60);
    let screen = Screen::of("misbehaving.pcap", COLOR).at(80, 60).after("b");
    let hidden = numbers(&all).len() - numbers(&screen).len();
    let text = screen.text();
    assert!(
        hidden > 0 && text.contains(&format!(" {hidden} hidden")),
        "{text}"
    );
}

#[test]
fn flags_and_pieces_are_those_of_the_selected_message() {
    let at_first = Screen::of("choke_dance.pcap", COLOR).after("Enter 1");
    assert_snapshot!(
        "at_the_first_message",
        format!("{}\n\n{}", at_first.text(), at_first.styles())
    );
    let at_last = Screen::of("choke_dance.pcap", COLOR).after("Enter G 1");
    assert_snapshot!("at_the_last_message", at_last.text());
}

#[test]
fn a_wide_list_has_every_column() {
    for (look, name) in [
        (COLOR, "color"),
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
    ] {
        let screen = Screen::of("choke_dance.pcap", look)
            .at(200, 60)
            .after("j*2 t z z");
        assert_snapshot!(
            format!("wide_{name}"),
            format!("{}\n\n{}", screen.text(), screen.styles())
        );
    }
}
