//! The page that shows where every frame and every byte went.

use insta::assert_snapshot;
use peerscope::export::{self, Format, Role};
use peerscope::store::Store;

use std::collections::BTreeSet;

use super::*;

#[test]
fn it_is_a_page_in_one_column_or_two() {
    for name in ["tcp_lossy", "truncated_snaplen"] {
        for (width, height) in SIZES {
            let screen = account(name, COLOR).at(width, height);
            assert_snapshot!(format!("{name}_{width}x{height}"), screen.text());
        }
    }
}

#[test]
fn its_end_is_reached_by_scrolling() {
    let screen = account("truncated_snaplen", COLOR);
    assert!(screen.text().contains(" 10 more: j"), "{}", screen.text());
    let by_rows = screen.after("j*99").text();
    let by_pages = account("truncated_snaplen", COLOR).after("PgDn*9").text();
    let screen = account("truncated_snaplen", COLOR).after("G");
    assert_eq!([by_rows, by_pages], [screen.text(), screen.text()]);
    assert_snapshot!("end", screen.text());
    let top = account("truncated_snaplen", COLOR).text();
    assert_eq!(screen.after("k g").text(), top);
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [(MONOCHROME, "monochrome"), (ASCII, "ascii")] {
        for (width, height) in SIZES {
            let screen = account("truncated_snaplen", look).at(width, height);
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn escape_leads_back_to_where_one_came_from() {
    for (way, tab) in [
        ("", "[1 Conns]"),
        ("Enter", "[2 Ladder]"),
        ("Enter Enter Enter", "[2 Ladder]"),
    ] {
        let screen = Screen::of("choke_dance.pcap", COLOR).after(way);
        let before = screen.text();
        assert!(before.contains(tab), "{before}");
        let screen = screen.after("6 6 j*3");
        assert!(screen.text().contains("[6 Acc]"), "{}", screen.text());
        assert_eq!(screen.after("Esc").text(), before, "{way}");
    }
}

#[test]
fn tab_goes_through_all_views() {
    for key in ["Tab", "Shift-Tab"] {
        let mut screen = Screen::of("choke_dance.pcap", COLOR);
        let mut views: BTreeSet<String> = BTreeSet::new();
        for _ in 0..11 {
            screen = screen.after(key);
            let text = screen.text();
            let current = text.split_once('[').unwrap().1.split_once(']').unwrap();
            views.insert(current.0.to_owned());
        }
        assert_eq!(views.len(), 9, "{views:?}");
    }
}

#[test]
fn its_counts_move_while_the_capture_is_read() {
    let (mut screen, source) = Screen::new(capture("choke_dance.pcap"), "choke", COLOR);
    screen = screen.at(80, 24).after("6");
    assert!(
        screen.text().contains("= frames        0"),
        "{}",
        screen.text()
    );
    let (changes, progress) = decoded(&source, "choke");
    screen.app.apply(changes, progress);
    screen.draw();
    assert!(
        screen.text().contains("= frames        4361"),
        "{}",
        screen.text()
    );
}

#[test]
fn a_cut_file_and_its_interfaces_are_on_the_page() {
    let mut bytes = capture("be_sections.pcapng");
    bytes.truncate(bytes.len() * 2 / 3);
    let screen = Screen::read(bytes, "cut.pcapng", COLOR).after("6");
    assert_snapshot!("cut", screen.at(120, 40).text());
}

#[test]
fn datagrams_of_bittorrent_are_on_the_page() {
    let search = format!(
        "BT-SEARCH * HTTP/1.1\r\nPort: 6881\r\nInfohash: {0}{0}\r\n\r\n",
        "ab".repeat(10)
    );
    let ping = b"d1:ad2:id20:abcdefghij0123456789e1:q4:ping1:t2:aa1:y1:qe";
    let said = [ping, ping, search.as_bytes(), b""];
    let screen = Screen::read(datagrams(&said), "udp.pcap", COLOR).after("6");
    assert_snapshot!("datagrams", screen.at(120, 40).text());
}

#[test]
fn the_page_and_the_summary_say_the_same() {
    for name in CAPTURES {
        let screen = account(name, COLOR);
        let text = summary(name);
        // From the first part to the list of connections.
        let start = text.find("\n\nFrames").unwrap() + 2;
        let parts = &text[start..];
        let (parts, _) = parts.split_once("\n\nConnections").unwrap();
        let expected: Vec<Vec<&str>> = parts.lines().map(words).collect();
        let page = screen.at(100, 120).text();
        let rows: Vec<Vec<&str>> = page.lines().skip(1).map(words).collect();
        assert_eq!(rows[..expected.len()], expected, "{name}");
        assert!(expected.len() > 20, "{name}: {text}");
    }
}

#[test]
fn what_is_under_way_belongs_to_the_sum() {
    let mut bytes = capture("tcp_lossy.pcap");
    bytes.truncate(bytes.len() / 2);
    let reader = Reader::new(Source::Memory(bytes.leak()), "growing.pcap").unwrap();
    let (mut pipeline, mut changes) = (Pipeline::following(reader), Vec::new());
    while !pipeline.step(&mut changes).is_waiting {}
    let mut store = Store::default();
    changes.into_iter().for_each(|change| store.apply(change));
    let [.., payload, _] = export::parts(&store);
    let sum = |roles: &[Role]| {
        let rows = payload.rows.iter().filter(|row| roles.contains(&row.role));
        rows.map(|row| row.count).sum::<u64>()
    };
    let (added, taken) = (sum(&[Role::First, Role::Plus]), sum(&[Role::Minus]));
    assert_eq!(added, sum(&[Role::Sum]) + taken);
    let row = payload.rows.iter().find(|row| row.name == "under way");
    let under_way = row.expect("the capture ends inside a block").count;
    assert!(
        under_way < 6 << 14,
        "less than a block for each direction: {under_way}"
    );
}

#[test]
fn what_a_connection_sent_again_is_among_its_facts() {
    let screen = Screen::of("tcp_lossy.pcap", COLOR).at(80, 40);
    let text = screen.text();
    let fact = text.lines().find(|line| line.contains(" sent again"));
    let fact = fact.unwrap_or_else(|| panic!("{text}"));
    assert!(!fact.contains('!'), "it is no fault: {fact}");
    let screen = Screen::of("truncated_snaplen.pcap", COLOR).at(80, 40);
    assert!(
        screen.text().contains("! 377.1 KiB not captured, 6"),
        "{}",
        screen.text()
    );
}

/// What a row says; bars say nothing more.
fn words(row: &str) -> Vec<&str> {
    let words = row.split_whitespace();
    words.filter(|word| !word.starts_with('█')).collect()
}

const CAPTURES: [&str; 7] = [
    "choke_dance",
    "loopback",
    "midstream",
    "misbehaving",
    "tcp_lossy",
    "truncated_snaplen",
    "v2_hybrid",
];

fn account(name: &str, look: Look) -> Screen {
    Screen::of(&format!("{name}.pcap"), look).after("6")
}

fn summary(name: &str) -> String {
    let name = format!("{name}.pcap");
    let (changes, _) = decoded(&Source::Memory(capture(&name).leak()), &name);
    let mut store = Store::default();
    changes.into_iter().for_each(|change| store.apply(change));
    let mut out = Vec::new();
    export::summary(&store, &name, &[], Format::Text, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}
