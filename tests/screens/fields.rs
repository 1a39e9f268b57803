//! Fields and bytes of a message, linked both ways.

use insta::assert_snapshot;

use super::*;

/// To the extended handshake, and into its fields.
const EXTENDED: &str = "Enter j*2 Enter";

fn fields(look: Look) -> Screen {
    Screen::of("choke_dance.pcap", look).after(EXTENDED)
}

#[test]
fn wide_fields_have_their_bytes_beside_them() {
    for (width, height) in SIZES {
        let screen = fields(COLOR).at(width, height).after("j*5");
        assert_snapshot!(format!("wide_{width}x{height}"), screen.text());
    }
}

#[test]
fn fields_fold() {
    let open = fields(COLOR).at(200, 60);
    let before = open.text();
    let folded = open.after("z M");
    assert_snapshot!("folded", folded.text());
    assert_eq!(folded.after("z R g").text(), before);
}

#[test]
fn the_byte_under_the_cursor_has_its_field_marked() {
    for (look, name) in [
        (COLOR, "color"),
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
    ] {
        let screen = fields(look).at(120, 40).after("Enter l*12");
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(format!("byte_{name}"), picture);
    }
}

#[test]
fn enter_leads_from_a_field_to_its_bytes_and_back() {
    let screen = fields(COLOR).after("j*2 Enter");
    assert!(
        screen.text().contains("byte 4  of bytes 4-4"),
        "{}",
        screen.text()
    );
    let screen = screen.after("l Enter");
    assert!(screen.text().contains("[Fields]"), "{}", screen.text());
    let reversed = screen.reversed();
    assert!(
        reversed.iter().any(|row| row.contains("extended id")),
        "{reversed:?}"
    );
}

#[test]
fn the_cursor_stays_within_the_bytes() {
    for keys in ["G", "l*500", "PgDn*9", "Ctrl-D*99", "j*99"] {
        let screen = fields(COLOR).after("Enter").after(keys);
        let text = screen.text();
        let row = text.lines().find(|row| row.contains("[Bytes]")).unwrap();
        let of = row
            .split("byte ")
            .nth(1)
            .unwrap()
            .split_whitespace()
            .next()
            .unwrap();
        assert!(of.parse::<usize>().unwrap() > 100, "{keys}: {row}");
        let screen = screen.after("g");
        assert!(screen.text().contains("byte 0  of"), "{}", screen.text());
        assert!(
            screen
                .after("h*3 k*3 PgUp Ctrl-U")
                .text()
                .contains("byte 0  of")
        );
    }
}

#[test]
fn plus_and_minus_prepare_a_filter_from_the_field() {
    let screen = Screen::of("choke_dance.pcap", COLOR)
        .after("Enter")
        .after("/");
    let mut screen = screen.after("r e q u e s t Enter Enter j*3");
    screen.press("+");
    let last = |screen: &Screen| screen.text().lines().last().unwrap().to_owned();
    assert!(
        last(&screen).starts_with("filter: index == "),
        "{}",
        last(&screen)
    );
    let screen = screen.after("Enter");
    assert!(
        screen.text().contains("filter index == "),
        "{}",
        screen.text()
    );
    let screen = screen.after("j -");
    assert!(last(&screen).contains(" and not ("), "{}", last(&screen));
}

#[test]
fn meaning_is_told_with_its_time() {
    let screen = Screen::of("choke_dance.pcap", COLOR)
        .at(120, 40)
        .after("Enter / u n c h o k e Enter Enter");
    assert_snapshot!("unchoke", screen.text());
}
