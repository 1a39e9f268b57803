//! What is wrong: the view of it, and how it is marked elsewhere.

use insta::assert_snapshot;

use super::*;

const RULE: &str = "request-oversized";

#[test]
fn rules_are_a_list_and_unfold_into_findings() {
    for (width, height) in SIZES {
        let screen = Screen::of("misbehaving.pcap", COLOR).at(width, height);
        let screen = screen.after("5");
        assert_snapshot!(format!("rules_{width}x{height}"), screen.text());
        let screen = screen.after("Space j");
        assert_snapshot!(format!("unfolded_{width}x{height}"), screen.text());
    }
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [
        (MONOCHROME, "monochrome"),
        (ASCII, "ascii"),
        (COLOR, "color"),
    ] {
        let screen = Screen::of("misbehaving.pcap", look).after("5 Space j");
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(name, picture);
    }
}

#[test]
fn the_smallest_screen_has_what_matters_most() {
    let screen = Screen::of("misbehaving.pcap", COLOR).at(60, 16).after("5");
    assert_snapshot!("smallest", screen.text());
}

#[test]
fn where_there_is_room_the_explanation_stands_beside() {
    let screen = Screen::of("misbehaving.pcap", COLOR).at(160, 24);
    assert_snapshot!("zoomed", screen.after("5 z z Space j").text());
}

#[test]
fn a_capture_that_was_cut_leads_to_its_account() {
    let screen = Screen::of("truncated_snaplen.pcap", COLOR).after(":");
    let screen = typed_in(screen, "explain capture-snaplen").after("Enter");
    assert_snapshot!("of_a_capture", screen.text());
    let screen = screen.after("Space j");
    let text = screen.text();
    assert!(text.contains(" frames were cut by the snap "), "{text}");
    assert!(screen.after("Enter").text().contains("[6 Acc]"));
}

#[test]
fn nothing_found_is_said() {
    let mut screen = Screen::nothing_read("choke_dance.pcap", COLOR).after("5");
    assert!(
        screen.text().contains(" still reading"),
        "{}",
        screen.text()
    );
    screen = screen.after("e");
    assert!(
        screen.text().contains(" it is still read"),
        "{}",
        screen.text()
    );
    let empty = Pcap::new(Vec::new()).unwrap().into_inner();
    let screen = Screen::read(empty, "empty.pcap", COLOR).after("5");
    assert_snapshot!("empty", screen.text());
}

fn typed_in(mut screen: Screen, text: &str) -> Screen {
    for char in text.chars() {
        let key = if char == ' ' {
            "Space".to_owned()
        } else {
            char.to_string()
        };
        screen.press(&key);
    }
    screen
}

/// The row with this text.
fn row(screen: &Screen, part: &str) -> String {
    let text = screen.text();
    let row = text.lines().find(|line| line.contains(part));
    row.unwrap_or_else(|| panic!("no {part}\n{text}"))
        .to_owned()
}

/// To the row of the rule, of which there are not many.
fn at_rule(mut screen: Screen) -> Screen {
    screen = screen.after("5 g");
    for _ in 0..40 {
        if screen.reversed()[0].contains(RULE) {
            return screen;
        }
        screen.press("j");
    }
    panic!("no {RULE}\n{}", screen.text());
}

/// Two conversations; in each the opener asks so many times for too much.
fn rude(times: [u32; 2]) -> Vec<u8> {
    let (mut pcap, [src, dst]) = (Pcap::new(Vec::new()).unwrap(), ENDS);
    let [hello, mut answer] = [handshake(), handshake()];
    answer[67] ^= 1;
    for (port, times) in (1..).zip(times) {
        let src = End { port, ..src };
        let mut say = |src, dst, [seq, ack]: [u32; 2], flags, payload: &[u8]| {
            let segment = Segment {
                src,
                dst,
                seq,
                ack,
                flags,
                payload,
            };
            pcap.push(&segment).unwrap();
        };
        say(src, dst, [0, 0], SYN, &[]);
        say(dst, src, [0, 1], SYN | ACK, &[]);
        say(src, dst, [1, 1], ACK, &hello);
        say(dst, src, [1, 69], ACK, &answer);
        for number in 0..times {
            let words = [0, number * 16384, 1 << 20].map(u32::to_be_bytes).concat();
            let request = [&[0, 0, 0, 13, 6][..], &words].concat();
            say(src, dst, [69 + number * 17, 69], ACK, &request);
        }
    }
    pcap.into_inner()
}

#[test]
fn rules_tell_how_often_and_on_how_many_connections_they_were_broken() {
    let screen = at_rule(Screen::read(rude([150, 2]), "rude.pcap", COLOR));
    let words = row(&screen, RULE);
    assert!(words.contains("     152     2  More th"), "{words}");
    assert!(words.contains(" E request-oversi"), "{words}");
}

#[test]
fn of_what_is_too_much_only_the_number_is_known() {
    let screen = at_rule(Screen::read(rude([150, 2]), "rude.pcap", COLOR));
    let mut screen = screen.after("Enter");
    for _ in 0..200 {
        if screen.reversed()[0].contains("and 50 more") {
            return;
        }
        screen.press("j");
    }
    panic!("{}", screen.text());
}

#[test]
fn the_list_is_of_all_or_of_the_selected_connection() {
    let screen = at_rule(Screen::read(rude([150, 2]), "rude.pcap", COLOR));
    let screen = screen.after("a");
    assert!(row(&screen, RULE).contains("     150     1  More th"));
    let screen = screen.after("J");
    assert!(row(&screen, RULE).contains("       2     1  More th"));
    assert!(screen.text().contains(" of #1"), "{}", screen.text());
    assert!(row(&screen.after("a"), RULE).contains("     152     2  More th"));
}

#[test]
fn errors_alone_can_be_shown() {
    let screen = Screen::of("truncated_snaplen.pcap", COLOR).after("5");
    assert!(screen.text().contains("capture-snaplen"));
    let screen = screen.after("x");
    assert!(screen.text().contains(" errors only"), "{}", screen.text());
    assert!(!screen.text().contains(" W capture-snaplen"));
    let screen = screen.after("x");
    assert!(screen.text().contains(" W capture-snaplen"));
    assert!(!screen.after("x").text().contains(" errors and warnings"));
}

#[test]
fn enter_on_a_finding_leads_to_its_message() {
    let screen = at_rule(Screen::read(rude([0, 40]), "rude.pcap", COLOR));
    let screen = screen.after("Enter j*3 Enter");
    let text = screen.text();
    assert!(text.contains("[2 Ladder]"), "{text}");
    assert!(text.contains("#1  A 10.0.0.1:2 "), "{text}");
    assert!(
        screen.reversed()[0].contains(" request p0 +32768 "),
        "{text}"
    );
    assert_eq!(screen.selected_number(), 5);
    // Back in the list the cursor is where it was.
    let screen = screen.after("5 Enter");
    assert_eq!(screen.selected_number(), 5);
}

#[test]
fn a_rule_is_folded_from_within() {
    let screen = at_rule(Screen::read(rude([5, 0]), "rude.pcap", COLOR));
    let folded = screen.text();
    let screen = screen.after("Right j*2 h");
    assert_eq!(screen.text(), folded);
    let screen = screen.after("z R").after("z M");
    assert_eq!(screen.text(), folded);
}

/// Without the handshakes, which may break rules of their own.
fn requests(screen: Screen) -> Screen {
    typed_in(screen.after("f"), "request").after("Enter")
}

/// Numbers of the messages to which a key leads, one after the other.
fn visited(screen: &mut Screen, key: &str, times: usize) -> Vec<usize> {
    let mut numbers = Vec::new();
    for _ in 0..times {
        screen.press(key);
        numbers.push(screen.selected_number());
    }
    numbers
}

#[test]
fn findings_are_gone_through_in_the_ladder() {
    let mut screen = requests(Screen::read(rude([3, 2]), "rude.pcap", COLOR).after("Enter"));
    screen = screen.after("G");
    assert_eq!(visited(&mut screen, "e", 1), [3], "it goes on at the begin");
    assert!(screen.text().contains(" from the other end: "));
    assert_eq!(visited(&mut screen, "e", 2), [4, 5]);
    assert!(screen.text().contains("error request-oversized: "));
    assert_eq!(visited(&mut screen, "E", 2), [4, 3]);
    assert!(screen.text().contains("#0  A 10.0.0.1:1 "));
}

#[test]
fn findings_are_gone_through_in_a_merged_ladder() {
    let screen = Screen::read(rude([2, 2]), "rude.pcap", COLOR).after("t t Enter");
    let mut screen = requests(screen).after("G");
    let mut labels = Vec::new();
    for _ in 0..5 {
        screen.press("e");
        let label = screen.reversed()[0].clone();
        labels.push(label.split_whitespace().nth(1).unwrap().to_owned());
    }
    assert_eq!(labels, ["#0", "#0", "#1", "#1", "#0"]);
}

#[test]
fn hidden_messages_are_passed_over() {
    let mut screen = Screen::read(rude([3, 0]), "rude.pcap", COLOR).after("Enter f");
    screen = typed_in(screen, "begin != 16384").after("Enter G");
    assert_eq!(visited(&mut screen, "e", 3), [3, 5, 3]);
}

#[test]
fn a_connection_without_findings_says_so() {
    let screen = requests(Screen::read(rude([3, 0]), "rude.pcap", COLOR));
    let screen = screen.after("Esc*3 1 J 2 e");
    let text = screen.text();
    assert!(text.contains(" nothing is wrong here: 5 "), "{text}");
}

#[test]
fn messages_runs_and_cells_of_the_scrollbar_are_marked() {
    let screen = Screen::read(rude([60, 0]), "rude.pcap", ASCII).after("Enter");
    let folded = row(&screen, " request x60 ");
    assert!(folded.contains("E|- request x60 "), "{folded}");
    let screen = screen.after("z R");
    let text = screen.text();
    let marked = text.lines().filter(|line| line.contains("E|- request "));
    assert_eq!(marked.count(), 12, "{text}");
    let ticks = text.lines().filter(|line| line.ends_with("|E"));
    assert!((12..=14).contains(&ticks.count()), "{text}");
}

#[test]
fn fields_tell_of_the_findings_of_their_message() {
    let screen = Screen::read(rude([3, 0]), "rude.pcap", COLOR).at(120, 40);
    let screen = requests(screen.after("Enter")).after("G e Enter z R j*12");
    let text = screen.text();
    assert!(text.contains(" finding  error request-oversized"), "{text}");
    assert!(text.contains("source       BEP 3"), "{text}");
}

#[test]
fn the_selected_message_says_in_one_line_what_is_wrong() {
    let screen = Screen::read(rude([3, 0]), "rude.pcap", COLOR).after("Enter z R j*2");
    let text = screen.text();
    assert!(
        text.contains("\n error request-oversized: 1048576 "),
        "{text}"
    );
}

#[test]
fn connections_tell_how_much_is_wrong() {
    let screen = Screen::read(rude([3, 2]), "rude.pcap", COLOR);
    assert!(row(&screen, " 1 10.0.0.1:2").starts_with('E'));
    assert!(
        screen.text().contains(" #0 E"),
        "the facts\n{}",
        screen.text()
    );
    let wide = screen.at(100, 24);
    assert!(row(&wide, " msgs wrong end").starts_with("   # "));
    assert!(row(&wide, " 1 10.0.0.1:2").contains(" E"));
}

#[test]
fn connections_are_sorted_by_how_much_is_wrong() {
    let screen = Screen::read(rude([2, 30]), "rude.pcap", COLOR).after("s*11");
    assert!(
        screen.text().contains("  by findings\n"),
        "{}",
        screen.text()
    );
    let second = |screen: &Screen| screen.text().lines().nth(3).unwrap().to_owned();
    assert!(second(&screen).contains("10.0.0.1:2 "));
    assert!(second(&screen.after("S")).contains("10.0.0.1:1 "));
}

#[test]
fn a_rule_is_explained_by_its_name() {
    let screen = typed_in(
        Screen::of("choke_dance.pcap", COLOR).after(":"),
        "explain capt",
    );
    let text = screen.text();
    assert!(text.contains("the name of a rule is wanted here"), "{text}");
    let screen = screen.after("Tab").after("Ctrl-U");
    let screen = typed_in(screen, "explain capture-snaplen").after("Enter");
    let text = screen.text();
    assert!(text.contains("[5 Find]"), "{text}");
    assert!(
        text.contains(" capture-snaplen  warning, capture, pcap; nobody broke it here"),
        "{text}"
    );
}

#[test]
fn the_mouse_chooses_unfolds_and_opens() {
    use crossterm::event::{KeyModifiers, MouseButton, MouseEvent, MouseEventKind};
    use std::time::Instant;
    let mut screen = at_rule(Screen::read(rude([0, 3]), "rude.pcap", COLOR));
    let text = screen.text();
    let at = text.lines().position(|line| line.contains(RULE)).unwrap() as u16;
    let now = Instant::now();
    let double = |screen: &mut Screen, row| {
        let event = MouseEvent {
            kind: MouseEventKind::Down(MouseButton::Left),
            column: 20,
            row,
            modifiers: KeyModifiers::NONE,
        };
        for _ in 0..2 {
            screen.app.point(event, now, screen.area);
            screen.draw();
        }
    };
    double(&mut screen, at);
    double(&mut screen, at + 2);
    assert_eq!(screen.selected_number(), 4);
    assert!(screen.text().contains("[2 Ladder]"), "{}", screen.text());
}

#[test]
fn what_comes_later_is_judged_too() {
    let (mut screen, source) = Screen::new(rude([3, 2]), "rude.pcap", COLOR);
    let (mut changes, progress) = decoded(&source, "rude.pcap");
    let is_said = |change: &Change| matches!(change, Change::Said(_));
    let said = changes.iter().position(is_said).unwrap();
    let rest = changes.split_off(said + 4);
    let waiting = Progress {
        is_waiting: true,
        ..Progress::default()
    };
    screen.app.apply(changes, waiting);
    screen = at_rule(screen.at(80, 24));
    assert!(screen.text().contains(" so far"), "{}", screen.text());
    let before = row(&screen, RULE);
    screen.app.apply(rest, progress);
    screen.draw();
    assert!(!screen.text().contains(" so far"), "{}", screen.text());
    assert_ne!(row(&screen, RULE), before);
    assert!(row(&screen, RULE).contains("       5     2  More th"));
}
