//! Keys in, screens out: pictures of what is drawn, and what must hold in every picture.

#[path = "screens/account.rs"]
mod account;
#[path = "screens/connections.rs"]
mod connections;
#[path = "screens/fields.rs"]
mod fields;
#[path = "screens/findings.rs"]
mod findings;
#[path = "screens/ladder.rs"]
mod ladder;
#[path = "screens/life.rs"]
mod life;
mod line;
#[path = "screens/mouse.rs"]
mod mouse;
mod over_utp;
mod packets;
#[path = "screens/pieces.rs"]
mod pieces;
#[path = "screens/prompt.rs"]
mod prompt;
#[path = "screens/requests.rs"]
mod requests;
#[path = "screens/strip.rs"]
mod strip;
#[path = "screens/themes.rs"]
mod themes;
#[path = "screens/torrent.rs"]
mod torrent;
#[path = "screens/transport.rs"]
mod transport;
#[path = "screens/utp.rs"]
mod utp;

use std::collections::BTreeSet;
use std::path::Path;

use insta::assert_snapshot;
use line::Line;
use packets::{ACK, End, FIN, Pcap, SYN, Segment};
use peerscope::app::{App, Effect, Work, key_names};
use peerscope::capture::{Reader, Source};
use peerscope::pipeline::{Pipeline, Progress};
use peerscope::store::Change;
use peerscope::view::{Glyphs, Look, Palette};
use proptest::prelude::*;
use ratatui::buffer::{Buffer, Cell};
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier};
use serde_json::Value;

const COLOR: Look = Look {
    palette: Palette::TERMINAL,
    glyphs: Glyphs::UNICODE,
};
const MONOCHROME: Look = Look {
    palette: Palette::MONOCHROME,
    glyphs: Glyphs::UNICODE,
};
const ASCII: Look = Look {
    palette: Palette::TERMINAL,
    glyphs: Glyphs::ASCII,
};

/// One pane at a time, two columns, three columns.
const SIZES: [(u16, u16); 3] = [(80, 24), (120, 40), (200, 60)];

/// Keys that lead from the connections into each pane and into the help.
const WAYS: [&str; 14] = [
    "",
    "Enter",
    "Enter Enter",
    "Enter Enter Enter",
    "Enter Tab",
    "?",
    "Enter c",
    "3",
    "4",
    "5",
    "6",
    "7",
    "8",
    "9",
];

/// All keys there are, and one that is none; what takes a letter gets one. Keys of a sequence are words of one text.
fn keys() -> Vec<String> {
    // This one writes files; it is pressed where there is a folder for them.
    let names = key_names().into_iter().filter(|name| *name != "Ctrl-S");
    let names = names.chain(["F9"]);
    names.map(|name| name.replace('*', "a")).collect()
}

const A_REQUEST: &str = "Enter z R j*11 Enter";

#[test]
fn connections_are_a_list() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        assert_snapshot!(format!("connections_{width}x{height}"), screen.text());
    }
}

#[test]
fn messages_are_arrows_between_two_lines() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        let screen = screen.after("Enter z R j*20");
        assert_snapshot!(format!("ladder_{width}x{height}"), screen.text());
    }
}

#[test]
fn a_message_opens_into_fields_and_bytes() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        let screen = screen.after(A_REQUEST).after("j*3");
        assert_snapshot!(format!("detail_{width}x{height}"), screen.text());
    }
}

#[test]
fn the_help_lies_over_the_panes() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        assert_snapshot!(
            format!("help_{width}x{height}"),
            screen.after("Enter ?").text()
        );
    }
}

#[test]
fn an_extended_handshake_opens_into_its_dictionary() {
    let screen = Screen::of("choke_dance.pcap", COLOR).at(120, 40);
    let screen = screen.after("Enter z R j*2 Enter j*5");
    assert_snapshot!("detail_of_an_extended_handshake", screen.text());
}

#[test]
fn the_bytes_of_a_piece_are_scrolled() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter z R j*21 Enter Enter PgDn*3 j");
    assert_snapshot!("bytes_of_a_piece", screen.text());
}

#[test]
fn ascii_screens_hold_the_same() {
    for (name, keys) in [
        ("connections", ""),
        ("ladder", "Enter z R j*20"),
        ("detail", A_REQUEST),
        ("help", "?"),
    ] {
        let screen = Screen::of("choke_dance.pcap", ASCII).after(keys);
        assert_snapshot!(format!("ascii_{name}"), screen.text());
    }
}

#[test]
fn styles_are_a_layer_of_their_own() {
    for (look, name) in [(COLOR, "color"), (MONOCHROME, "monochrome")] {
        for (pane, keys) in [
            ("connections", ""),
            ("ladder", "Enter z R j*20"),
            ("fields", "Enter z R j*11 Enter j*3"),
        ] {
            let screen = Screen::of("choke_dance.pcap", look).after(keys);
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("{name}_{pane}"), picture);
        }
    }
}

#[test]
fn the_selected_row_is_reversed_in_every_look() {
    for look in [COLOR, MONOCHROME, ASCII] {
        let mut screen = Screen::of("choke_dance.pcap", look);
        for (keys, selected) in [
            ("j", "1 10.77.0.4:47939"),
            ("Enter z R j*4", " unchoke "),
            ("Enter", "unchoke, 5 bytes"),
        ] {
            screen = screen.after(keys);
            let rows = screen.reversed();
            assert!(rows[0].contains(selected), "{look:?}: {rows:?}");
            assert_eq!(rows.len(), 1, "{look:?}: {rows:?}");
        }
    }
}

#[test]
fn the_bytes_of_the_selected_field_are_reversed_in_every_look() {
    for look in [COLOR, MONOCHROME, ASCII] {
        let screen = Screen::of("choke_dance.pcap", look).after("Enter z R j*4 Enter j*2");
        // The id: its byte, the same as text, and the row of the field.
        assert_eq!(screen.reversed(), ["01.", "  id           1 (unchoke)"]);
    }
}

#[test]
fn the_row_of_a_pane_without_the_keys_is_marked() {
    for look in [COLOR, MONOCHROME, ASCII] {
        let screen = Screen::of("choke_dance.pcap", look).after("Enter z R j*4 Enter");
        let marked = screen.rows_with(Modifier::UNDERLINED);
        assert_eq!(marked.len(), 1, "{look:?}: {marked:?}");
        assert!(marked[0].contains("unchoke"), "{look:?}: {marked:?}");
    }
}

#[test]
fn broken_messages_say_what_is_wrong() {
    let screen = Screen::of("misbehaving.pcap", COLOR).after("j*2 Enter");
    assert_snapshot!(
        "misbehaving_first",
        format!("{}\n\n{}", screen.text(), screen.styles())
    );
    assert_snapshot!("misbehaving_last", screen.after("G").text());
}

#[test]
fn a_stretch_that_is_no_message_opens_into_its_bytes() {
    let screen = Screen::of("misbehaving.pcap", COLOR).after("j*2 Enter z R G k Enter");
    assert_snapshot!("detail_of_an_undecoded_stretch", screen.text());
}

#[test]
fn a_message_found_again_says_so() {
    let screen = Screen::of("midstream.pcap", COLOR).after("Enter z R g j j Enter");
    assert_snapshot!("resynchronised", screen.text());
}

#[test]
fn escapes_in_the_names_of_clients_are_dots() {
    let screen = Screen::of("misbehaving.pcap", COLOR).after("j*9");
    assert_snapshot!("escapes_in_facts", screen.text());
    assert_snapshot!("escapes_in_ladder", screen.after("Enter").text());
}

#[test]
fn a_hidden_connection_says_that_it_is_encrypted() {
    let screen = Screen::of("mse.pcap", COLOR);
    assert_snapshot!("encrypted_connection", screen.text());
    assert_snapshot!("mse_plaintext_ladder", screen.after("j Enter").text());
}

#[test]
fn a_refused_connection_has_no_messages() {
    let screen = Screen::of("misbehaving.pcap", COLOR).after("j*12");
    assert_snapshot!("refused_connection", screen.text());
    assert_snapshot!("refused_ladder", screen.after("Enter").text());
}

#[test]
fn addresses_of_ipv6_fit() {
    let screen = Screen::of("ipv6_vlan.pcapng", COLOR);
    assert_snapshot!("ipv6_connections", screen.text());
    assert_snapshot!("ipv6_ladder", screen.after("Enter").text());
    let screen = Screen::of("ipv6_vlan.pcapng", COLOR).at(120, 40);
    assert_snapshot!("ipv6_120x40", screen.text());
}

#[test]
fn both_ends_may_be_one_host() {
    let screen = Screen::of("loopback.pcap", COLOR);
    assert_snapshot!("loopback_connections", screen.text());
    assert_snapshot!("loopback_ladder", screen.after("Enter").text());
}

#[test]
fn a_capture_without_tcp_says_so() {
    let screen = Screen::read(without_tcp(), "dns.pcap", COLOR);
    assert_snapshot!("without_tcp", screen.text());
    assert_snapshot!("without_tcp_ladder", screen.after("Enter").text());
}

#[test]
fn a_capture_without_frames_says_so() {
    let empty = Pcap::new(Vec::new()).unwrap().into_inner();
    let screen = Screen::read(empty, "empty.pcap", COLOR);
    assert_snapshot!("empty", screen.text());
    assert_snapshot!("empty_120x40", screen.at(120, 40).text());
}

#[test]
fn a_capture_is_shown_while_it_is_read() {
    let mut screen = Screen::nothing_read("choke_dance.pcap", COLOR);
    assert_snapshot!("loading_nothing", screen.text());
    assert_snapshot!("loading_nothing_ladder", screen.after("2").text());

    screen = half_read("choke_dance.pcap");
    assert_snapshot!("loading_half", screen.text());
}

#[test]
fn a_reading_that_was_stopped_is_not_called_complete() {
    let mut screen = half_read("choke_dance.pcap");
    assert_eq!(screen.press("Esc"), Effect::StopReading);
    screen.app.reading_ended();
    screen.draw();
    assert_snapshot!("stopped", screen.text());
    assert_eq!(
        screen.press("Esc"),
        Effect::Draw,
        "there is nothing to stop"
    );
}

#[test]
fn a_file_that_was_cut_leaves_a_note() {
    let mut bytes = capture("choke_dance.pcap");
    bytes.truncate(bytes.len() * 2 / 3);
    let screen = Screen::read(bytes, "cut.pcap", COLOR);
    assert_snapshot!("cut_connections", screen.text());
    assert_snapshot!(
        "cut_ladder_120x40",
        screen.after("Enter").at(120, 40).text()
    );
}

#[test]
fn a_small_terminal_is_told_what_is_needed() {
    let screen = Screen::of("choke_dance.pcap", COLOR).at(59, 15);
    assert_snapshot!("too_small", screen.text());
    let screen = screen.at(60, 16);
    assert_snapshot!("smallest_connections", screen.text());
    assert_snapshot!("smallest_ladder", screen.after("Enter").text());
    let screen = Screen::of("choke_dance.pcap", COLOR).at(60, 16);
    assert_snapshot!("smallest_help", screen.after("?").text());
}

#[test]
fn the_selected_message_survives_a_resize() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR).at(120, 40);
    screen = screen.after("Enter z R j*63");
    for (width, height) in [(120, 40), (80, 24), (200, 60), (60, 16), (59, 15), (80, 24)] {
        screen = screen.at(width, height);
        let text = screen.text();
        if width >= 60 {
            assert!(text.contains(" 64/97  t=10.997998 "), "{text}");
            assert!(text.contains("▌ 10.997998 │◀"), "{text}");
            assert!(screen.reversed()[0].contains(" unchoke ─"), "{text}");
        }
    }
}

#[test]
fn the_pane_with_the_keys_is_on_the_screen_after_a_resize() {
    for (width, height) in SIZES {
        for tabs in 0..13 {
            let screen = Screen::of("choke_dance.pcap", COLOR).at(200, 60);
            let mut screen = screen.after(&format!("Enter Tab*{tabs}"));
            screen = screen.at(width, height);
            let text = screen.text();
            let titles = [
                "[Bytes]", "[6 ", "[3 ", "[4 ", "[5 ", "[7 ", "[8 ", "[9 ", "A<B",
            ];
            let has_keys =
                !screen.reversed().is_empty() || titles.iter().any(|title| text.contains(title));
            assert!(has_keys, "{tabs} tabs, then\n{}", screen.text());
        }
    }
}

#[test]
fn the_chosen_connection_stays_chosen_while_more_is_read() {
    let (mut screen, source) = Screen::new(two_that_speak_in_turn(), "two.pcap", COLOR);
    let (mut changes, progress) = decoded(&source, "two.pcap");
    let is_said = |change: &Change| matches!(change, Change::Said(_));
    let rest = changes.split_off(1 + changes.iter().position(is_said).unwrap());
    screen.app.apply(changes, Progress::default());
    screen = screen.at(80, 24).after("Enter");
    assert!(
        screen.text().contains("#1  A 10.0.0.1:2 "),
        "{}",
        screen.text()
    );

    screen.app.apply(rest, progress);
    screen.draw();
    assert!(
        screen.text().contains("#1  A 10.0.0.1:2 "),
        "{}",
        screen.text()
    );
}

#[test]
fn the_last_bytes_are_the_end_of_the_scrolling() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        let screen = screen.after("Enter z R j*21 Enter Enter G");
        // The last of the 16397 bytes is number 0x400c.
        let text = screen.text();
        assert!(
            text.contains(" 4008  ") || text.contains(" 4000  "),
            "{text}"
        );
    }
}

#[test]
fn the_bytes_of_the_selected_field_are_in_sight() {
    let screen = Screen::of("choke_dance.pcap", COLOR);
    let screen = screen.after("Enter z R j*2 Enter j*16");
    let text = screen.text();
    assert!(text.contains("  v            libtorrent/2.1.1.0"), "{text}");
    assert!(screen.reversed().len() > 1, "its row and its bytes\n{text}");
}

#[test]
fn the_help_scrolls_no_further_than_its_end() {
    let screen = Screen::of("choke_dance.pcap", COLOR).at(60, 16);
    let screen = screen.after("? j*99");
    let end = screen.text();
    assert!(end.contains(" All flags and pieces "), "{end}");
    assert_ne!(screen.after("k").text(), end);
}

#[test]
fn the_state_under_the_cursor_is_the_replayed_one() {
    let rows = reference("choke_dance", 1);
    let (mut told, mut screen) = (
        Told::default(),
        Screen::of("choke_dance.pcap", COLOR).after("Enter z R"),
    );
    for row in &rows {
        told.apply(row);
        assert_eq!(screen.sides(), told.sides(), "at {row}");
        screen.press("j");
    }
    assert!(screen.text().contains(" 97/97 "), "j stays on the last");
}

#[test]
fn four_moments_of_the_dance_are_as_they_were_checked_by_hand() {
    let seed = ["28/~28 100.0%", ".", "0 in flight"];
    for (message, has, letter, flight) in [
        (12, "0/~28 0.0%", "D", "4 in flight"),
        // Both have the fast extension: a choke alone withdraws no request.
        (13, "0/~28 0.0%", "d", "4 in flight"),
        (37, "5/~28 17.8%", "d", "2 in flight"),
        (97, "28/~28 100.0%", "D", "0 in flight"),
    ] {
        let screen = Screen::of("choke_dance.pcap", COLOR);
        let screen = screen.after(&format!("Enter z R j*{}", message - 1));
        let expected = [[has, letter, flight], seed];
        assert_eq!(screen.sides(), expected, "message {message}");
    }
}

#[test]
fn every_size_is_drawn_within_its_area() {
    for name in ["choke_dance.pcap", "misbehaving.pcap"] {
        for way in WAYS {
            let mut screen = Screen::of(name, COLOR).after(way).after("G");
            for (width, height) in sizes() {
                screen = screen.at(width, height);
                screen.draws_only_inside();
            }
        }
    }
}

#[test]
fn every_key_is_safe_in_every_pane() {
    let loaded = Box::new(Screen::of("misbehaving.pcap", COLOR));
    let empty = Box::new(Screen::nothing_read("misbehaving.pcap", COLOR));
    for screen in [loaded, empty] {
        let (mut screen, keys) = (*screen, keys());
        for (way, key) in WAYS
            .iter()
            .flat_map(|way| keys.iter().map(move |key| (way, key)))
        {
            screen = screen.after("Esc*4").after(way).after(key);
            screen.draws_only_inside();
        }
    }
}

#[test]
fn every_key_of_the_table_is_in_the_help_of_some_pane() {
    let helps = WAYS.map(|way| {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(80, 60);
        screen.after(way).after("Esc ?").text()
    });
    for key in keys() {
        let first = key.split(' ').next().unwrap();
        let is_there = helps.iter().any(|help| help.contains(first));
        assert!(is_there || key == "F9", "{key}");
    }
}

#[test]
fn ascii_screens_hold_nothing_else() {
    everywhere(ASCII, |symbol| {
        assert!(symbol.is_ascii(), "{symbol:?} is not ASCII");
    });
}

#[test]
fn no_control_character_of_a_capture_reaches_the_screen() {
    everywhere(COLOR, |symbol| {
        assert!(!symbol.contains(char::is_control), "{symbol:?} is control");
    });
}

#[test]
fn any_place_among_many_messages_can_be_drawn() {
    const HAVES: usize = 300_000;
    let mut screen = Screen::read(haves(HAVES), "long.pcap", COLOR).at(200, 60);
    screen = screen.after("Enter z R G");
    let mut random = 1_u32;
    for _ in 0..50 {
        random = random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let pages = random >> 20;
        let key = ["PgDn", "PgUp"][random as usize >> 10 & 1];
        (0..pages).for_each(|_| _ = screen.app.press(key, screen.area));
        assert_eq!(screen.app.work(), Work::Done);
        // Behind the two handshakes each message is a have.
        screen = screen.after("k j*2");
        let at = screen.selected_number();
        let (piece, has) = (at - 3, at - 2);
        let text = screen.text();
        let count = text.split_once(&format!("{has}/~{HAVES} "));
        let is_whole = |before: &str| !before.ends_with(|char: char| char.is_ascii_digit());
        assert!(count.is_some_and(|(before, _)| is_whole(before)), "{text}");
        assert!(
            screen.reversed()[0].contains(&format!(" have p{piece} ")),
            "{text}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn no_way_through_the_keys_breaks_a_screen(
        steps in prop::collection::vec((0..keys().len(), 1u16..220, 1u16..70), 1..80)
    ) {
        let mut screen = Screen::of("misbehaving.pcap", COLOR);
        let keys = keys();
        for (key, width, height) in steps {
            screen = screen.at(width, height).after(&keys[key]);
            screen.draws_only_inside();
        }
    }
}

/// The program without a terminal: a capture, a size, and what the keys made of it.
struct Screen {
    app: App,
    area: Rect,
    /// The last frame.
    buffer: Buffer,
}

impl Screen {
    /// A capture of `captures/`, read to its end.
    fn of(name: &str, look: Look) -> Screen {
        Screen::read(capture(name), name, look)
    }

    fn read(bytes: Vec<u8>, name: &str, look: Look) -> Screen {
        let mut screen = Screen::new(bytes, name, look);
        let (changes, progress) = decoded(&screen.1, name);
        screen.0.app.apply(changes, progress);
        screen.0.at(80, 24)
    }

    /// Before the first frame of it was decoded.
    fn nothing_read(name: &str, look: Look) -> Screen {
        Screen::new(capture(name), name, look).0.at(80, 24)
    }

    fn new(bytes: Vec<u8>, name: &str, look: Look) -> (Screen, Source) {
        let source = Source::Memory(bytes.leak());
        let screen = Screen {
            app: App::new(source.clone(), name, look),
            area: Rect::default(),
            buffer: Buffer::default(),
        };
        (screen, source)
    }

    fn at(mut self, width: u16, height: u16) -> Screen {
        self.area = Rect::new(0, 0, width, height);
        self.draw();
        self
    }

    /// Presses keys: `Enter j*3` is Enter and three times j.
    fn after(mut self, keys: &str) -> Screen {
        for word in keys.split_whitespace() {
            let (key, times) = word.split_once('*').unwrap_or((word, "1"));
            (0..times.parse().unwrap()).for_each(|_| _ = self.press(key));
        }
        self
    }

    /// As the program does: each key is followed by a frame.
    fn press(&mut self, key: &str) -> Effect {
        let effect = self.app.press(key, self.area);
        self.draw();
        effect
    }

    fn draw(&mut self) {
        self.app.settle();
        self.buffer = Buffer::empty(self.area);
        self.app.draw(self.area, &mut self.buffer);
        if self.app.has_new_work() {
            self.app.settle();
            self.app.draw(self.area, &mut self.buffer);
        }
    }

    fn text(&self) -> String {
        self.picture(|cell| cell.symbol().to_owned())
    }

    /// A letter for the style of each cell.
    fn styles(&self) -> String {
        self.picture(|cell| style(cell).to_string())
    }

    fn picture(&self, of: impl Fn(&Cell) -> String) -> String {
        let rows = self.buffer.content.chunks(usize::from(self.area.width));
        let rows = rows.map(|row| row.iter().map(&of).collect::<String>());
        let rows: Vec<String> = rows.map(|row| row.trim_end().to_owned()).collect();
        rows.join("\n")
    }

    /// The reversed text, by rows, but for the one cell of the strip that is now.
    fn reversed(&self) -> Vec<String> {
        let mut rows = self.rows_with(Modifier::REVERSED);
        rows.retain(|row| row.chars().count() > 1);
        rows
    }

    fn rows_with(&self, modifier: Modifier) -> Vec<String> {
        let marked = |cell: &Cell| {
            let is_marked = cell.modifier.contains(modifier);
            if is_marked { cell.symbol() } else { "" }.to_owned()
        };
        let rows = self.picture(marked);
        rows.lines()
            .filter(|row| !row.is_empty())
            .map(str::to_owned)
            .collect()
    }

    /// What is said of A and of B: its pieces, what it may get, and its requests.
    fn sides(&self) -> [[String; 3]; 2] {
        let text = self.text();
        let after = |start: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(start));
            line.unwrap_or_else(|| panic!("no {start}\n{text}"))
        };
        [("A has", "A<B"), ("B has", "B<A")].map(|(has, flow)| {
            // Behind the bar.
            let has: Vec<&str> = after(has).split_whitespace().skip(1).collect();
            // Behind the letters over time.
            let now: Vec<&str> = after(flow).split_whitespace().skip(1).collect();
            [has.join(" "), now[0].to_owned(), now[2..].join(" ")]
        })
    }

    /// `7` of `7/812` in the row of the status.
    fn selected_number(&self) -> usize {
        let text = self.text();
        let status = text.lines().rev().nth(1).unwrap();
        status.split('/').next().unwrap().trim().parse().unwrap()
    }

    /// Looks at each cell at all sizes.
    fn everywhere(&mut self, check: impl Fn(&str)) {
        for (width, height) in SIZES {
            self.area = Rect::new(0, 0, width, height);
            self.draw();
            self.buffer
                .content
                .iter()
                .for_each(|cell| check(cell.symbol()));
        }
    }

    /// Draws into a part of a bigger buffer, of which the rest must stay as it is.
    fn draws_only_inside(&mut self) {
        let (width, height) = (self.area.width, self.area.height);
        let untouched = Cell::new("#");
        let mut buffer = Buffer::filled(Rect::new(0, 0, width + 6, height + 4), untouched.clone());
        let inside = Rect::new(3, 2, width, height);
        self.app.draw(inside, &mut buffer);
        let mut outside = buffer.area.positions().filter(|at| !inside.contains(*at));
        let written = outside.find(|at| buffer[*at] != untouched);
        assert_eq!(written, None, "{width}x{height}");
    }
}

/// All that a capture teaches, and that this was all.
fn decoded(source: &Source, name: &str) -> (Vec<Change>, Progress) {
    let mut pipeline = Pipeline::new(Reader::new(source.clone(), name).unwrap());
    let mut changes = Vec::new();
    loop {
        let progress = pipeline.step(&mut changes);
        if progress.is_done {
            return (changes, progress);
        }
    }
}

/// As after a batch that was not the last.
fn half_read(name: &str) -> Screen {
    let (mut screen, source) = Screen::new(capture(name), name, COLOR);
    let (changes, progress) = decoded(&source, name);
    let half = Progress {
        read: progress.total * 2 / 5,
        is_done: false,
        ..progress
    };
    screen.app.apply(changes, half);
    screen.at(80, 24)
}

/// Plain cells are blank, so that the shapes are seen.
fn style(cell: &Cell) -> char {
    const NONE: Modifier = Modifier::empty();
    const MARKED: Modifier = Modifier::BOLD.union(Modifier::UNDERLINED);
    match (cell.fg, cell.modifier) {
        (Color::Reset, Modifier::REVERSED) => 'R',
        (Color::Reset, Modifier::BOLD) => 'b',
        (Color::Reset, Modifier::DIM) => 'd',
        (Color::Reset, MARKED) => 'u',
        (Color::Yellow, Modifier::BOLD) => 'y',
        (Color::Yellow, MARKED) => 'w',
        (Color::Cyan, NONE) => 'c',
        (Color::Magenta, NONE) => 'm',
        (Color::Reset, NONE) => ' ',
        _ => '?',
    }
}

/// Sizes at which the layout changes, and a grid from nothing to large.
fn sizes() -> impl Iterator<Item = (u16, u16)> {
    let widths = (0..=220).step_by(11).chain([59, 60, 61, 109, 170]);
    widths.flat_map(|width| {
        let heights = (0..=70).step_by(7).chain([15, 16, 17, 29, 30]);
        heights.map(move |height| (width, height))
    })
}

/// Looks at each cell of the help, and of every connection with its first and last messages open.
fn everywhere(look: Look, check: impl Fn(&str)) {
    for name in ["misbehaving.pcap", "ipv6_vlan.pcapng", "v2_hybrid.pcap"] {
        let mut screen = Screen::of(name, look).after("?");
        screen.everywhere(&check);
        screen = screen.after("Esc 6");
        screen.everywhere(&check);
        for _ in 0..16 {
            screen = screen.after("Esc*4");
            for keys in [
                "Enter",
                "g Enter",
                "Esc j Enter",
                "Esc j Enter",
                "Esc G Enter",
            ] {
                screen = screen.after(keys);
                screen.everywhere(&check);
            }
            screen = screen.after("1 j");
        }
    }
}

/// The rows of the reference decoder, told apart from the program: who said what, in order.
fn reference(name: &str, connection: u64) -> Vec<Value> {
    let rows = capture(&format!("{name}.wire.jsonl"));
    let rows = serde_json::Deserializer::from_slice(&rows).into_iter();
    let rows: Result<Vec<Value>, _> = rows.collect();
    let mut rows = rows.unwrap();
    rows.retain(|row| row["conn"] == connection);
    rows
}

/// A conversation of two peers with the fast extension, replayed from the reference decoder's rows.
#[derive(Default)]
struct Told {
    opener: Option<Value>,
    peers: [Peer; 2],
}

#[derive(Default)]
struct Peer {
    said_hello: bool,
    serves: bool,
    wants: bool,
    has: Option<BTreeSet<u64>>,
    asked: Vec<[u64; 3]>,
}

impl Told {
    fn apply(&mut self, row: &Value) {
        let opener = self.opener.get_or_insert_with(|| row["src"].clone());
        let [a, b] = &mut self.peers;
        let (peer, other) = if *opener == row["src"] {
            (a, b)
        } else {
            (b, a)
        };
        let [index, begin, length] =
            ["index", "begin", "length"].map(|name| row[name].as_u64().unwrap_or(0));
        match row["type"].as_str().unwrap() {
            "handshake" => {
                assert!(row["reserved"].as_str().unwrap().ends_with('5'), "fast");
                peer.said_hello = true;
            }
            "choke" => peer.serves = false,
            "unchoke" => peer.serves = true,
            "interested" => peer.wants = true,
            "not_interested" => peer.wants = false,
            "have" => _ = peer.has.get_or_insert_default().insert(index),
            "have_all" => peer.has = Some((0..28).collect()),
            "have_none" => peer.has = Some(BTreeSet::new()),
            "request" => peer.asked.push([index, begin, length]),
            "cancel" => peer.asked.retain(|asked| *asked != [index, begin, length]),
            "piece" | "reject" => other.asked.retain(|asked| asked[..2] != [index, begin]),
            "extended" | "allowed_fast" => {}
            other => panic!("{other} is not replayed"),
        }
    }

    fn sides(&self) -> [[String; 3]; 2] {
        let [a, b] = &self.peers;
        [a.words(b, ["D", "d", "K"]), b.words(a, ["U", "u", "?"])]
    }
}

impl Peer {
    fn words(&self, other: &Peer, [open, wanted, allowed]: [&str; 3]) -> [String; 3] {
        let letter = match (self.wants, other.serves) {
            _ if !(self.said_hello && other.said_hello) => "~",
            (true, true) => open,
            (true, false) => wanted,
            (false, true) => allowed,
            (false, false) => ".",
        };
        let flight = format!("{} in flight", self.asked.len());
        [self.pieces(), letter.to_owned(), flight]
    }

    fn pieces(&self) -> String {
        match &self.has {
            None if !self.said_hello => "unknown".to_owned(),
            None => "nothing said".to_owned(),
            Some(has) => {
                let permille = has.len() * 1000 / 28; // rounded down: nearly all is not all
                format!("{}/~28 {}.{}%", has.len(), permille / 10, permille % 10)
            }
        }
    }
}

const ENDS: [End; 2] = [
    End {
        ip: [10, 0, 0, 1],
        port: 50001,
    },
    End {
        ip: [10, 0, 0, 2],
        port: 6881,
    },
];

/// The first connection speaks only after the second.
fn two_that_speak_in_turn() -> Vec<u8> {
    let (mut pcap, [src, dst]) = (Pcap::new(Vec::new()).unwrap(), ENDS);
    let hello = handshake();
    for (port, flags, payload) in [
        (1, SYN, &[][..]),
        (2, SYN, &[]),
        (2, ACK, &hello),
        (1, ACK, &hello),
    ] {
        let segment = Segment {
            src: End { port, ..src },
            dst,
            seq: u32::from(flags == ACK),
            ack: 0,
            flags,
            payload,
        };
        pcap.push(&segment).unwrap();
    }
    pcap.into_inner()
}

/// One side says hello and then names as many pieces as wanted; the other says hello.
fn haves(count: usize) -> Vec<u8> {
    let have = |piece: usize| [&[0, 0, 0, 5, 4][..], &(piece as u32).to_be_bytes()].concat();
    let haves: Vec<u8> = (0..count).flat_map(have).collect();
    let (mut pcap, [src, dst]) = (Pcap::new(Vec::new()).unwrap(), ENDS);
    let mut say = |src, dst, seq: usize, flags, payload: &[u8]| {
        let segment = Segment {
            src,
            dst,
            seq: seq as u32,
            ack: 0,
            flags,
            payload,
        };
        pcap.push(&segment).unwrap();
    };
    say(src, dst, 0, SYN, &[]);
    say(dst, src, 0, SYN | ACK, &[]);
    say(src, dst, 1, ACK, &handshake());
    say(dst, src, 1, ACK, &handshake());
    for (at, payload) in haves.chunks(1440).enumerate() {
        say(src, dst, 69 + at * 1440, ACK, payload);
    }
    say(src, dst, 69 + haves.len(), FIN | ACK, &[]);
    pcap.into_inner()
}

fn handshake() -> Vec<u8> {
    let ids = *b"the hash of a torrent-LT2110-and a client";
    [b"\x13BitTorrent protocol\0\0\0\0\0\x10\0\x04", &ids[..40]].concat()
}

/// An empty datagram.
fn without_tcp() -> Vec<u8> {
    datagrams(&[b""])
}

/// Frames of UDP over IPv4.
fn datagrams(said: &[&[u8]]) -> Vec<u8> {
    let mut pcap = Pcap::new(Vec::new()).unwrap().into_inner();
    for payload in said {
        let len = payload.len() as u8;
        let frame: Vec<u8> = [
            &[0; 12][..],
            &[8, 0, 0x45, 0, 0, 28 + len, 0, 0, 0, 0, 64, 17, 0, 0],
            &[10, 0, 0, 1, 10, 0, 0, 2],
            &[0, 53, 0, 53, 0, 8 + len, 0, 0],
            payload,
        ]
        .concat();
        let len = frame.len() as u32;
        for word in [1_700_000_000, 0, len, len] {
            pcap.extend(u32::to_le_bytes(word));
        }
        pcap.extend(frame);
    }
    pcap
}

fn capture(name: &str) -> Vec<u8> {
    let captures = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
    std::fs::read(captures.join(name)).unwrap()
}
