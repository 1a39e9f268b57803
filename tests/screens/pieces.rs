//! The map of pieces: what both sides have, how that differs, how rare pieces are, and the card of one.

use insta::assert_snapshot;

use super::*;

/// In the middle of a conversation, on a piece that is wanted.
const AMIDST: &str = "Enter j*16 3 l*7";

#[test]
fn maps_show_what_both_have_at_the_message() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        assert_snapshot!(
            format!("have_{width}x{height}"),
            screen.after(AMIDST).text()
        );
    }
}

#[test]
fn the_other_modes_are_one_key_away() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        let screen = screen.after(AMIDST).after("x");
        assert_snapshot!(format!("difference_{width}x{height}"), screen.text());
        let screen = screen.after("x");
        assert_snapshot!(format!("availability_{width}x{height}"), screen.text());
        let before = Screen::of("choke_dance.pcap", COLOR)
            .at(width, height)
            .after(AMIDST);
        assert_eq!(screen.after("x").text(), before.text());
    }
}

#[test]
fn pieces_are_hashed_where_the_torrent_is_known() {
    for (width, height) in SIZES {
        let screen = Screen::of("v2_hybrid.pcap", COLOR).at(width, height);
        let screen = screen.after("Enter G 3 v j");
        assert_snapshot!(format!("verified_{width}x{height}"), screen.text());
    }
}

#[test]
fn without_colour_and_in_ascii_they_say_the_same() {
    for (look, name) in [
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
        (COLOR, "color"),
    ] {
        for (width, height) in SIZES {
            let screen = Screen::of("v2_hybrid.pcap", look).at(width, height);
            let screen = screen.after("Enter G k*9 3 v");
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
        let screen = Screen::of("choke_dance.pcap", look)
            .after(AMIDST)
            .after("x");
        assert_snapshot!(
            format!("{name}_difference"),
            format!("{}\n\n{}", screen.text(), screen.styles())
        );
    }
}

const A: End = End {
    ip: [10, 0, 0, 1],
    port: 50_000,
};
const B: End = End {
    ip: [10, 0, 0, 2],
    port: 6881,
};

/// A gets from B, which says that it has all of so many pieces but for some; A has none.
fn between_two(of: u32, lacks: &[u32], messages: &[Vec<u8>]) -> Vec<u8> {
    let mut bits = vec![0u8; of.div_ceil(8) as usize];
    let has = (0..of).filter(|piece| !lacks.contains(piece));
    has.for_each(|piece| bits[piece as usize / 8] |= 0x80 >> (piece % 8));
    let head = [
        b"\x13BitTorrent protocol".as_slice(),
        &[0; 8],
        &[7; 20],
        b"-LT2110-abcdefghijkl",
    ]
    .concat();
    let bitfield = |bits: &[u8]| [&(bits.len() as u32 + 1).to_be_bytes()[..], &[5], bits].concat();
    let none = bitfield(&vec![0; bits.len()]);
    let given = [vec![head.clone(), bitfield(&bits)], messages.to_vec()].concat();
    let said = [vec![head, none], given];
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let mut line = Line::open(&mut pcap, [A, B]);
    for (from, said) in said.iter().enumerate() {
        said.concat()
            .chunks(60_000)
            .for_each(|part| line.say(from, part));
    }
    line.close(1);
    pcap.into_inner()
}

fn piece(index: u32, length: usize) -> Vec<u8> {
    let header = [(length + 9) as u32, index, 0].map(u32::to_be_bytes);
    [
        &header[0][..],
        &[7],
        &header[1],
        &header[2],
        &vec![1; length],
    ]
    .concat()
}

#[test]
fn one_piece_is_one_cell() {
    for (width, height) in SIZES {
        let capture = between_two(1, &[], &[piece(0, 16384)]);
        let screen = Screen::read(capture, "one.pcap", COLOR).at(width, height);
        assert_snapshot!(
            format!("one_{width}x{height}"),
            screen.after("Enter G 3 + - j l").text()
        );
    }
}

#[test]
fn a_million_pieces_are_seen_from_afar_and_one_by_one() {
    let lacks = [0, 123_456, 999_999 - 8];
    for (width, height) in SIZES {
        let capture = between_two(
            1_000_000,
            &lacks,
            &[piece(123_457, 16384), piece(999_998, 16384)],
        );
        let screen = Screen::read(capture, "million.pcap", COLOR)
            .at(width, height)
            .after("Enter G 3");
        assert_snapshot!(format!("million_{width}x{height}"), screen.text());
        let screen = screen.told("piece 123456").after("+*20");
        assert_snapshot!(format!("million_near_{width}x{height}"), screen.text());
        let screen = screen.after("x G");
        assert!(
            screen.text().contains("Piece 999999 of ~1000000"),
            "{}",
            screen.text()
        );
        assert!(
            screen.text().contains("B has 999997 pieces that A lacks"),
            "{}",
            screen.text()
        );
    }
}

#[test]
fn a_piece_is_shown_and_the_next_message_about_it_by_a_command() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter");
    let from = screen.selected_number();
    let screen = screen.told("piece 17");
    assert!(screen.selected_number() > from, "{}", screen.text());
    let map = screen.after("3").text();
    assert!(map.contains("Piece 17 of"), "{map}");
}

#[test]
fn the_cell_under_the_cursor_is_reversed_in_every_look() {
    for look in [COLOR, MONOCHROME, ASCII] {
        let screen = Screen::of("choke_dance.pcap", look).after("Enter G 3 j l*3");
        let cells = |screen: &Screen| screen.rows_with(Modifier::REVERSED);
        assert_eq!(cells(&screen).len(), 2, "one in each map");
        assert!(cells(&screen).iter().all(|cell| cell.chars().count() == 1));
        assert_eq!(cells(&screen.after("x")).len(), 1);
    }
}

#[test]
fn the_cursor_goes_to_its_neighbours_and_not_beyond() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR).after("Enter G 3");
    for (keys, piece) in [
        ("l*3", 3),
        ("h", 2),
        ("j", 27),
        ("k", 0),
        ("G", 27),
        ("l*9", 27),
        ("PgUp", 0),
        ("Ctrl-D", 27),
        ("g", 0),
        ("h", 0),
    ] {
        screen = screen.after(keys);
        assert!(
            screen.text().contains(&format!("Piece {piece} of")),
            "{keys}: {}",
            screen.text()
        );
    }
}

#[test]
fn escape_stops_the_hashing_and_then_leads_back() {
    let mut screen = Screen::of("v2_hybrid.pcap", COLOR).after("Enter G 3");
    screen.app.press("v", screen.area);
    while !screen.picture_of_now().contains("hashed ") {
        screen.app.work();
    }
    screen = screen.after("Esc");
    assert!(
        screen.text().contains("stopped: v goes on"),
        "{}",
        screen.text()
    );
    assert!(!screen.text().contains("24 verified"), "{}", screen.text());
    let screen = screen.after("v");
    assert!(screen.text().contains("24 verified"), "{}", screen.text());
    assert!(screen.after("Esc").text().contains("[2 Ladder]"));
}

#[test]
fn without_the_torrent_there_is_nothing_to_verify() {
    let text = Screen::of("choke_dance.pcap", COLOR)
        .after("Enter 3 v")
        .text();
    assert!(
        text.contains("no hash is known: name the torrent"),
        "{text}"
    );
}

#[test]
fn what_comes_later_is_said_to_come_later() {
    let early = Screen::of("choke_dance.pcap", COLOR)
        .after("Enter 3")
        .text();
    assert!(
        early.contains("announced by nobody yet") && early.contains("later: 1/1 blocks came"),
        "{early}"
    );
    let late = Screen::of("choke_dance.pcap", COLOR)
        .at(120, 40)
        .after("Enter G 3")
        .text();
    assert!(
        late.contains("A 10.77.0.2  1/1 blocks came (from 10.77.0.3)"),
        "{late}"
    );
}

#[test]
fn enter_goes_from_message_to_message_of_the_piece() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR)
        .at(120, 40)
        .after("Enter 3 l*7");
    let mut times = Vec::new();
    for _ in 0..12 {
        screen = screen.after("Enter");
        let text = screen.text();
        assert!(text.contains("Piece 7 of"), "{text}");
        let time = text.split(" t=").nth(1).unwrap().split(' ').next().unwrap();
        times.push(time.to_owned());
    }
    assert!(times.is_sorted() && times[0] < times[11], "{times:?}");
    assert_eq!(
        times[0], "1.491398",
        "the first is the have_all of the seed"
    );
}

impl Screen {
    /// A frame while work is not done.
    fn picture_of_now(&mut self) -> String {
        self.buffer = Buffer::empty(self.area);
        self.app.draw(self.area, &mut self.buffer);
        self.text()
    }
}
