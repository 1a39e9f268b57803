//! The view of requests: figures, how many waited, the list, and the ways to and from the ladder.

use insta::assert_snapshot;

use super::*;

/// The 60th message of the first conversation, and from there the requests.
const THERE: &str = "Enter z R j*59 7";

fn requests(look: Look) -> Screen {
    Screen::of("choke_dance.pcap", look)
}

#[test]
fn it_tells_what_was_asked_for_up_to_the_cursor() {
    for (width, height) in SIZES {
        let screen = requests(COLOR).at(width, height).after(THERE);
        assert_snapshot!(format!("cursor_{width}x{height}"), screen.text());
    }
}

#[test]
fn before_the_first_request_it_tells_of_the_whole_conversation() {
    for (width, height) in SIZES {
        let screen = requests(COLOR).at(width, height).after("Enter 7 s");
        assert_snapshot!(format!("whole_{width}x{height}"), screen.text());
    }
    let screen = requests(COLOR).after("Enter 7").text();
    assert!(
        screen.contains("none up to the cursor; all up to FIN by A"),
        "{screen}"
    );
}

#[test]
fn it_looks_alike_without_colour_and_in_ascii() {
    for (look, name) in [(MONOCHROME, "monochrome"), (ASCII, "ascii")] {
        for (width, height) in SIZES {
            let screen = requests(look).at(width, height).after(THERE);
            let picture = format!("{}\n\n{}", screen.text(), screen.styles());
            assert_snapshot!(format!("{name}_{width}x{height}"), picture);
        }
    }
}

#[test]
fn sides_and_rest_are_told_apart_by_colour() {
    assert_snapshot!("color", requests(COLOR).after(THERE).styles());
}

#[test]
fn what_has_not_happened_yet_is_not_told() {
    let screen = requests(COLOR).after(THERE);
    let at_60 = screen.text();
    assert!(at_60.contains("up to message 60,"), "{at_60}");
    let whole = screen.after("a").text();
    assert!(
        !at_60.contains("msg 63") && whole.contains("msg 63"),
        "{at_60}\n{whole}"
    );
    assert_eq!(requests(COLOR).after(THERE).after("a a").text(), at_60);
}

#[test]
fn the_longest_wait_comes_first_and_says_how_it_ended() {
    let screen = requests(COLOR).after("Enter 7 s");
    let first = screen.reversed()[0].clone();
    assert!(
        first.contains("p12 +0") && first.contains("6.50 s  msg 63"),
        "{first}"
    );
    let text = screen.text();
    assert!(text.contains("waited 6.50 s: piece, msg 63"), "{text}");
}

#[test]
fn enter_leads_to_the_request_and_percent_to_its_end_and_back() {
    let screen = requests(COLOR).after("Enter 7 s Enter");
    let request = screen.selected_number();
    assert!(screen.text().contains("[2 Ladder]"), "{}", screen.text());
    let screen = requests(COLOR).after("Enter 7 s %");
    assert_eq!(screen.selected_number(), 63);
    let screen = screen.after("%");
    assert_eq!(screen.selected_number(), request);
    assert_eq!(screen.after("' '").selected_number(), 63);
}

#[test]
fn one_side_or_what_waits_can_be_chosen() {
    let listed = |keys: &str| {
        let text = requests(COLOR).after(THERE).after(keys).text();
        let line = text.lines().find(|line| line.contains(", by ")).unwrap();
        let (count, _) = line
            .trim_start_matches(char::is_alphabetic)
            .split_once(", by ")
            .unwrap();
        count
            .trim_start()
            .trim_start_matches("time by  ")
            .trim()
            .to_owned()
    };
    let all = listed("");
    assert_eq!(listed("b"), format!("{all} of A"));
    assert_eq!(listed("b b"), "0 of B");
    assert!(listed("o").ends_with(" open"), "{}", listed("o"));
    assert_eq!(listed("b b b o o"), all);
}

#[test]
fn the_orders_take_turns() {
    let order = |keys: &str| {
        let text = requests(COLOR).after("Enter 7").after(keys).text();
        ["by time", "by wait", "by end"].map(|order| text.contains(order))
    };
    assert_eq!(order("s"), [false, true, false]);
    assert_eq!(order("s s"), [false, false, true]);
    assert_eq!(order("s s s"), [true, false, false]);
}

#[test]
fn a_conversation_without_requests_has_an_empty_list() {
    let screen = Screen::of("misbehaving.pcap", COLOR).after("7");
    assert_snapshot!("few", screen.text());
    let screen = Screen::read(without_tcp(), "nothing.pcap", COLOR).after("7");
    assert_snapshot!("nothing", screen.text());
}

#[test]
fn beside_the_ladder_it_goes_with_the_cursor() {
    let screen = requests(COLOR)
        .at(200, 60)
        .after("Enter z R j*59 7 Tab*9 2 7");
    assert!(
        screen.text().contains("up to message 60,"),
        "{}",
        screen.text()
    );
    let screen = requests(COLOR)
        .at(200, 60)
        .after("Enter z R j*59 7 s Enter");
    let text = screen.text();
    assert!(
        text.contains("#0 requests"),
        "it stays beside the ladder\n{text}"
    );
}
