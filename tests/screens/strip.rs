//! The state over time, below the ladder and alone.

use std::time::Instant;

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use insta::assert_snapshot;

use super::*;

/// Keys that lead into the strip of the first connection of the dance.
const STRIP: &str = "Enter z R Tab";

#[test]
fn it_is_as_tall_as_there_is_room_for() {
    for (width, height) in SIZES {
        let screen = dance(COLOR).at(width, height).after("Right*9");
        assert_snapshot!(format!("{width}x{height}"), picture(&screen));
    }
}

#[test]
fn it_says_the_same_without_colour_and_in_ascii() {
    for (look, name) in [(MONOCHROME, "monochrome"), (ASCII, "ascii")] {
        for (width, height) in SIZES {
            let screen = dance(look).at(width, height).after("Right*9");
            assert_snapshot!(format!("{name}_{width}x{height}"), picture(&screen));
        }
    }
}

#[test]
fn alone_it_has_graphs_a_legend_and_the_oldest_request() {
    for (width, height) in SIZES {
        let screen = dance(COLOR).at(width, height).after("Right*9 z z + +");
        assert_snapshot!(format!("alone_{width}x{height}"), screen.text());
    }
}

#[test]
fn before_a_mid_stream_join_all_is_unknown() {
    let screen = Screen::of("midstream.pcap", COLOR).after("Enter Tab G");
    assert_snapshot!("midstream", picture(&screen));
}

#[test]
fn arrows_go_to_each_change_and_back() {
    let expected = changes_by_replay();
    assert_eq!(expected.len(), 11);
    let mut screen = dance(COLOR);
    let mut visited = Vec::new();
    for key in ["Right", "l"].iter().cycle().take(expected.len()) {
        screen.press(key);
        visited.push(screen.selected_number());
    }
    assert_eq!(visited, expected);
    screen = screen.after("Right");
    assert!(
        screen.text().contains("there is no further change"),
        "{}",
        screen.text()
    );
    for number in expected.iter().rev().skip(1) {
        screen.press("Left");
        assert_eq!(screen.selected_number(), *number);
    }
}

/// Numbers of the messages behind which a letter is another than before.
fn changes_by_replay() -> Vec<usize> {
    let rows = reference("choke_dance", 1);
    let mut told = Told::default();
    let letters = |told: &Told| told.sides().map(|[_, letter, _]| letter);
    let mut before = letters(&told);
    let mut changes = Vec::new();
    for (number, row) in (1..).zip(&rows) {
        told.apply(row);
        if letters(&told) != before {
            changes.push(number);
        }
        before = letters(&told);
    }
    changes
}

#[test]
fn the_letter_under_the_caret_is_that_of_now() {
    for zoom in ["", "+*3", "+*9 -"] {
        let mut screen = dance(COLOR).at(80, 24).after("g").after(zoom);
        for _ in 0..97 {
            let caret: String = screen.rows_with(Modifier::REVERSED).concat();
            let letters = screen.sides().map(|[_, letter, _]| letter);
            assert_eq!(caret, letters.concat(), "{}", screen.text());
            screen.press("j");
        }
    }
}

#[test]
fn at_any_place_of_any_capture_the_caret_tells_of_now() {
    for name in [
        "misbehaving.pcap",
        "v2_hybrid.pcap",
        "tcp_lossy.pcap",
        "loopback.pcap",
        "midstream.pcap",
        "mse.pcap",
    ] {
        let mut screen = Screen::of(name, COLOR).at(80, 24).after("Enter Tab");
        let keys = "G + PgUp PgUp + + g + PgDn L Right Right J PgDn - H Left J G 0 PgUp";
        for key in keys.split_whitespace() {
            screen.press(key);
            let text = screen.text();
            let Some(row) = text.lines().find(|line| line.starts_with("A<B")) else {
                continue;
            };
            let caret = screen.rows_with(Modifier::REVERSED).concat();
            if row.contains(['◀', '▶']) {
                assert_eq!(caret, "", "{name} {key}\n{text}");
            } else {
                let letters = screen.sides().map(|[_, letter, _]| letter).concat();
                assert_eq!(caret, letters, "{name} {key}\n{text}");
            }
        }
    }
}

#[test]
fn a_window_lies_elsewhere_until_the_cursor_moves() {
    let screen = dance(COLOR).at(80, 24).after("g + + + L L L");
    let text = screen.text();
    assert!(text.contains("A<B◀") && text.contains("B<A◀"), "{text}");
    let screen = screen.after("j");
    assert!(screen.text().contains("A<B "), "{}", screen.text());
    let screen = screen.after("G H H H H");
    let text = screen.text();
    assert!(text.contains("▶D open"), "{text}");
    let whole = dance(COLOR).at(80, 24).after("G").text();
    assert_eq!(screen.after("0").text(), whole);
}

#[test]
fn a_click_selects_the_moment_of_its_cell() {
    let screen = dance(COLOR).at(80, 24);
    for column in [4, 11, 30, 51] {
        let mut screen = dance(COLOR).at(80, 24);
        let row = screen
            .text()
            .lines()
            .position(|line| line.starts_with("A<B"))
            .unwrap();
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column,
            row: row as u16,
            modifiers: KeyModifiers::NONE,
        };
        screen.app.point(event, Instant::now(), screen.area);
        screen.draw();
        let cell = &screen.buffer[(column, row as u16)];
        assert!(
            cell.modifier.contains(Modifier::REVERSED),
            "{column}\n{}",
            screen.text()
        );
    }
    assert_eq!(screen.selected_number(), 1);
}

fn dance(look: Look) -> Screen {
    Screen::of("choke_dance.pcap", look).after(STRIP)
}

/// The rows of the strip, and below them how each cell looks.
fn picture(screen: &Screen) -> String {
    let text: Vec<Vec<char>> = screen
        .text()
        .lines()
        .map(|line| line.chars().collect())
        .collect();
    let at = |line: &[char], words: &str| {
        let line: String = line.iter().collect();
        line.rfind(words).map(|byte| line[..byte].chars().count())
    };
    let row = |from: usize, words: &str| {
        let found = text[from..]
            .iter()
            .position(|line| at(line, words).is_some());
        from + found.unwrap()
    };
    let top = row(0, "A<B ");
    let bottom = row(top, "A has ");
    let left = at(&text[top], "A<B ").unwrap();
    let width = text[top][left..].iter().position(|it| "│|".contains(*it));
    let width = width.unwrap_or(text[top].len() - left);
    let rows = |of: &dyn Fn(&Cell) -> char| -> Vec<String> {
        let row = |row| -> String {
            let cells =
                (left..left + width).map(|column| &screen.buffer[(column as u16, row as u16)]);
            cells.map(of).collect::<String>().trim_end().to_owned()
        };
        (top..bottom).map(row).collect()
    };
    let symbols = rows(&|cell| cell.symbol().chars().next().unwrap());
    format!("{}\n\n{}", symbols.join("\n"), rows(&look).join("\n"))
}

/// A letter for the looks that the strip has: plain cells are blank.
fn look(cell: &Cell) -> char {
    let has = |modifier| cell.modifier.contains(modifier);
    match cell.fg {
        _ if has(Modifier::REVERSED) => 'R',
        _ if has(Modifier::UNDERLINED) => '_',
        _ if has(Modifier::DIM) => 'd',
        Color::Yellow => 'y',
        Color::Cyan => 'c',
        Color::Magenta => 'm',
        _ if has(Modifier::BOLD) => 'b',
        _ => ' ',
    }
}
