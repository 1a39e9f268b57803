//! Clicks, double clicks, the wheel.

use std::time::{Duration, Instant};

use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
use peerscope::app::Effect;

use super::{COLOR, SIZES, Screen, WAYS};

const CLICK: MouseEventKind = MouseEventKind::Down(MouseButton::Left);

impl Screen {
    /// The mouse does something at a cell, so many milliseconds after `start`.
    fn point(
        &mut self,
        kind: MouseEventKind,
        (column, row): (u16, u16),
        start: Instant,
        late: u64,
    ) {
        let event = MouseEvent {
            kind,
            column,
            row,
            modifiers: KeyModifiers::NONE,
        };
        let at = start + Duration::from_millis(late);
        self.app.point(event, at, self.area);
        self.draw();
    }

    fn click(mut self, column: u16, row: u16) -> Screen {
        self.point(CLICK, (column, row), Instant::now(), 0);
        self
    }
}

#[test]
fn a_click_selects_a_connection() {
    let screen = Screen::of("choke_dance.pcap", COLOR).click(10, 5);
    assert!(
        screen.reversed()[0].starts_with("  3 "),
        "{}",
        screen.text()
    );
}

#[test]
fn a_click_selects_a_message() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter z R");
    assert_eq!(screen.click(30, 6).selected_number(), 5);
}

#[test]
fn a_double_click_opens() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR);
    let start = Instant::now();
    screen.point(CLICK, (10, 4), start, 0);
    screen.point(CLICK, (10, 4), start, 100);
    assert!(screen.text().contains("[2 Ladder]"), "{}", screen.text());
    assert!(screen.text().contains("#2  A "), "{}", screen.text());
}

#[test]
fn two_slow_clicks_are_no_double_click() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR);
    let start = Instant::now();
    screen.point(CLICK, (10, 4), start, 0);
    screen.point(CLICK, (10, 4), start, 900);
    assert!(screen.text().contains("[1 Conns]"), "{}", screen.text());
}

#[test]
fn the_wheel_scrolls_the_pane_below_the_pointer() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR)
        .at(120, 40)
        .after("Enter z R");
    let now = Instant::now();
    screen.point(MouseEventKind::ScrollDown, (60, 5), now, 0);
    assert_eq!(screen.selected_number(), 4);
    screen.point(MouseEventKind::ScrollDown, (5, 5), now, 0);
    assert!(screen.text().contains("#3  A "), "{}", screen.text());
    assert!(screen.text().contains("[2 Ladder]"), "the keys stay");
}

#[test]
fn a_click_on_a_name_shows_its_view() {
    let screen = Screen::of("choke_dance.pcap", COLOR);
    for (column, view) in [
        (12, "[2 Ladder]"),
        (22, "[3 Pieces]"),
        (36, "[5 Find]"),
        (54, "[8 Life]"),
        (62, "[9 Net]"),
        (2, "[1 Conns]"),
    ] {
        let screen = Screen::of("choke_dance.pcap", COLOR).click(column, 0);
        assert!(screen.text().contains(view), "{column}: {}", screen.text());
    }
    drop(screen);
}

#[test]
fn the_mouse_is_turned_off_and_on() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR);
    assert_eq!(screen.press("F2"), Effect::Mouse(false));
    assert_eq!(screen.press("F2"), Effect::Mouse(true));
}

#[test]
fn every_cell_of_every_view_can_be_clicked() {
    let kinds = [CLICK, MouseEventKind::ScrollDown, MouseEventKind::ScrollUp];
    for (width, height) in SIZES {
        for way in WAYS {
            let mut screen = Screen::of("misbehaving.pcap", COLOR).at(width, height);
            let start = Instant::now();
            for (number, row) in (0..height).step_by(3).enumerate() {
                screen = screen.after("Esc*3 1").after(way);
                let column = number as u16 * 37 % width;
                for kind in kinds {
                    screen.point(kind, (column, row), start, number as u64);
                    screen.point(kind, (column, row), start, number as u64);
                }
            }
        }
    }
}
