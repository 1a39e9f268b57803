//! The line in the last row: a filter, what to find, a command.

use insta::assert_snapshot;

use super::*;

const DANCE: &str = "choke_dance.pcap";

fn ladder(look: Look) -> Screen {
    Screen::of(DANCE, look).after("Enter")
}

impl Screen {
    /// Types a text, as keys.
    fn typed(mut self, text: &str) -> Screen {
        text.chars()
            .for_each(|char| _ = self.press(&char.to_string()));
        self
    }

    /// Presses `:`, types a command and accepts it.
    pub(super) fn told(self, command: &str) -> Screen {
        self.after(":").typed(command).after("Enter")
    }

    fn row_from_below(&self, row: usize) -> String {
        let text = self.text();
        let rows: Vec<&str> = text.lines().collect();
        rows[rows.len() - 1 - row].to_owned()
    }

    fn status(&self) -> String {
        self.row_from_below(1)
    }
}

#[test]
fn a_fault_of_a_filter_is_underlined_and_said_in_words() {
    for (width, height) in SIZES {
        let screen = ladder(COLOR).at(width, height).after("f");
        let screen = screen.typed("indx == 17 and choke");
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(format!("fault_{width}x{height}"), picture);
        let underlined = screen.rows_with(Modifier::UNDERLINED);
        assert_eq!(underlined.last().map(String::as_str), Some("indx"));
    }
}

#[test]
fn words_that_fit_are_listed_above_the_line() {
    for (width, height) in SIZES {
        let screen = ladder(COLOR).at(width, height).after("f");
        let screen = screen.typed("type == ha").after("Tab Tab");
        assert_snapshot!(format!("offers_{width}x{height}"), screen.text());
    }
    assert_snapshot!("commands", ladder(COLOR).after(": Tab Tab Tab").text());
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [(MONOCHROME, "monochrome"), (ASCII, "ascii")] {
        let screen = ladder(look).after("f").typed("type == ha").after("Tab Tab");
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(format!("{name}_offers"), picture);
        let screen = ladder(look).after("f").typed("type == hax");
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(format!("{name}_fault"), picture);
    }
}

#[test]
fn a_filter_holds_while_it_is_typed_and_escape_takes_it_back() {
    let screen = ladder(COLOR).after("j*3");
    let before = screen.text();
    let screen = screen.after("f").typed("choke or unchoke");
    assert_snapshot!("filter_that_is_typed", screen.text());
    assert_eq!(screen.after("Esc").text(), before);
}

#[test]
fn an_accepted_filter_stays_and_an_empty_one_ends_it() {
    let screen = ladder(COLOR);
    let before = screen.text();
    let screen = screen.after("&").typed("choke or unchoke").after("Enter");
    assert_snapshot!("filter_that_holds", screen.text());
    let screen = screen.after("g f Ctrl-U Enter");
    assert_eq!(screen.after("g").text(), before);
}

#[test]
fn a_line_with_a_fault_is_not_accepted() {
    let screen = ladder(COLOR).after("f").typed("choke and").after("Enter");
    assert!(screen.row_from_below(0).starts_with("filter: choke and"));
    assert!(
        screen.status().contains("`not` or `(` is wanted here"),
        "{}",
        screen.status()
    );
}

#[test]
fn a_text_is_found_forward_and_backward_and_around_the_end() {
    let screen = ladder(COLOR).after("/").typed("unchoke").after("Enter");
    let first = screen.selected_number();
    assert_snapshot!("found", screen.text());
    let screen = screen.after("n");
    let second = screen.selected_number();
    assert!(first < second);
    let screen = screen.after("N");
    assert_eq!(screen.selected_number(), first);
    let screen = screen.after("N");
    assert!(screen.selected_number() > second);
    assert!(
        screen
            .status()
            .contains("the search went on at the other end")
    );
    assert_eq!(screen.after("n").selected_number(), first);
}

#[test]
fn what_is_in_a_folded_run_is_found_and_unfolded() {
    let screen = ladder(COLOR)
        .after("/")
        .typed("=type == piece and index > 5")
        .after("Enter");
    let numbers: Vec<usize> = (0..4)
        .scan(screen, |screen, _| {
            screen.press("n");
            Some(screen.selected_number())
        })
        .collect();
    assert!(numbers.is_sorted_by(|a, b| a < b), "{numbers:?}");
}

#[test]
fn what_is_not_there_is_said() {
    let screen = ladder(COLOR).after("n");
    assert!(
        screen.status().contains("nothing to look for"),
        "{}",
        screen.status()
    );
    let screen = screen.after("/").typed("no such text").after("Enter");
    assert!(
        screen.status().contains("there is no further one"),
        "{}",
        screen.status()
    );
}

#[test]
fn a_row_of_the_same_kind_is_next() {
    let screen = ladder(COLOR).told("filter choke or unchoke").after("g");
    let first = screen.selected_number();
    let screen = screen.after("]");
    assert!(screen.selected_number() > first);
    let screen = screen.after("[");
    assert_eq!(screen.selected_number(), first);
    let screen = screen.after("[");
    assert!(screen.status().contains("there is no further one"));
}

#[test]
fn commands_lead_to_messages_frames_times_and_connections() {
    let screen = ladder(COLOR).told("17");
    assert_eq!(screen.selected_number(), 17);
    assert_eq!(screen.told("entry 3").selected_number(), 3);
    let status = |command| ladder(COLOR).told(command).status();
    assert!(status("entry 0").contains("the messages here are 1 to "));
    assert!(status("frame 999999").contains("no message ends in frame 999999"));
    assert!(status("time 99999").contains("nothing is said here after 99999 s"));
    assert!(status("connection 99").contains("there are "));
    let screen = Screen::of(DANCE, COLOR).told("connection 1");
    assert!(screen.text().contains("[2 Ladder]") && screen.text().contains("#1  A"));
    let screen = ladder(COLOR).told("time 0.5");
    let at: f64 = screen
        .status()
        .split("t=")
        .nth(1)
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse()
        .unwrap();
    assert!(at >= 0.5, "{at}");
}

#[test]
fn a_command_that_is_wrong_says_where() {
    for (width, height) in SIZES {
        let screen = ladder(COLOR).at(width, height).told("fliter choke");
        assert_snapshot!(format!("command_{width}x{height}"), screen.text());
    }
    let screen = ladder(COLOR).told("filter type == nothing");
    let underlined = screen.rows_with(Modifier::UNDERLINED);
    assert_eq!(underlined.last().map(String::as_str), Some("nothing"));
}

#[test]
fn a_picture_is_written_and_nothing_is_written_over() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a b.txt");
    let written = |screen: Screen| (screen.status(), std::fs::read_to_string(&path).unwrap());
    let (status, text) = written(ladder(COLOR).told(&format!("screenshot {}", path.display())));
    assert!(status.contains("bytes"), "{status}");
    assert!(text.contains("[2 Ladder]"), "{text}");
    let (status, _) = written(ladder(COLOR).told(&format!("screenshot {}", path.display())));
    assert!(status.contains("! "), "{status}");
    let screen = Screen::of(DANCE, COLOR).told(&format!("screenshot! {}", path.display()));
    assert!(written(screen).1.contains("[1 Conn"));
    let screen = ladder(COLOR).told("screenshot /no/such/folder/a.svg");
    assert!(
        screen
            .status()
            .contains("! cannot write /no/such/folder/a.svg"),
        "{}",
        screen.status()
    );
}

#[test]
fn what_was_typed_before_comes_back() {
    let screen = ladder(COLOR)
        .told("entry 3")
        .told("entry 5")
        .after(": Up Up");
    assert!(screen.row_from_below(0).starts_with(":entry 3"));
    let screen = screen.after("Esc / Up");
    assert!(
        screen.row_from_below(0) == "/",
        "each kind of line has its own"
    );
}

#[test]
fn a_long_line_scrolls() {
    let screen = ladder(COLOR).after("/").typed(&"0123456789".repeat(20));
    let row = screen.row_from_below(0);
    assert!(row.starts_with('…') && row.ends_with("789"), "{row}");
    assert!(screen.after("Home").row_from_below(0).starts_with("/0123"));
}

#[test]
fn what_is_pasted_is_text() {
    let mut screen = ladder(COLOR).after("f");
    screen.app.paste("choke\u{1b}[2J or\nunchoke\r\n");
    screen.draw();
    assert!(
        screen
            .row_from_below(0)
            .starts_with("filter: choke[2J or unchoke")
    );
    let mut screen = ladder(COLOR);
    let before = screen.text();
    screen.app.paste("q:q!\n");
    screen.draw();
    assert_eq!(screen.text(), before);
}

#[test]
fn keys_that_mean_something_elsewhere_are_text_in_a_line() {
    let mut screen = ladder(COLOR).after(":");
    for key in ["q", "?", "1", "f", "/", ":"] {
        assert_eq!(screen.press(key), Effect::Draw);
    }
    assert!(screen.row_from_below(0).starts_with(":q?1f/:"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn no_line_breaks_a_screen(
        kind in proptest::sample::select(vec!["f", "/", ":"]),
        keys in proptest::collection::vec(proptest::sample::select(vec![
            "Tab", "Shift-Tab", "Left", "Home", "Backspace", "Ctrl-W", "Up", "Down", "Enter", "Esc", "Space", "t", "y",
            "=", "=", "1", "é", "测", "\"", "(", ":", "/", "f", "n", "z", "Delete",
        ]), 0..30),
        (width, height) in proptest::sample::select(vec![(80, 24), (60, 16), (200, 60), (20, 3), (1, 1)]),
    ) {
        let mut screen = Screen::of("loopback.pcap", COLOR).at(width, height).after("Enter").after(kind);
        for key in keys {
            // Files are not written by chance: a name would have to be typed.
            if screen.press(key) == Effect::Quit {
                break;
            }
        }
        screen.draws_only_inside();
    }
}
