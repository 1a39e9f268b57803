//! The ladder: runs and silences, kinds, times, merged conversations, marks.

use insta::assert_snapshot;

use super::{ASCII, COLOR, MONOCHROME, SIZES, Screen};

/// A conversation with long runs.
const LEECH: &str = "J*2 Enter";

fn leech() -> Screen {
    Screen::of("choke_dance.pcap", COLOR).after(LEECH)
}

/// The row under the cursor.
fn selected(screen: &Screen) -> String {
    screen.reversed().concat()
}

#[test]
fn runs_and_silences_are_rows() {
    for (width, height) in SIZES {
        let screen = leech().at(width, height).after("j*9");
        assert_snapshot!(format!("folded_{width}x{height}"), screen.text());
    }
    for (look, name) in [(ASCII, "ascii"), (MONOCHROME, "monochrome")] {
        let screen = Screen::of("choke_dance.pcap", look).after(LEECH);
        let picture = format!("{}\n\n{}", screen.text(), screen.styles());
        assert_snapshot!(format!("folded_{name}"), picture);
    }
}

#[test]
fn a_run_is_unfolded_where_it_stands_and_folded_again() {
    let folded = on_a_run();
    let before = folded.text();
    let unfolded = folded.after("Space");
    assert!(!selected(&unfolded).contains("[+]"), "{}", unfolded.text());
    assert_eq!(unfolded.after("Space").text(), before);
}

#[test]
fn unfolding_all_keeps_the_selected_message() {
    let screen = on_a_run();
    let at = screen.selected_number();
    let screen = screen.after("z R");
    assert_eq!(screen.selected_number(), at);
    assert!(!screen.text().contains("[+]"), "{}", screen.text());
    let screen = screen.after("z M");
    assert!(selected(&screen).contains("[+]"), "{}", screen.text());
}

/// The cursor on the first run.
fn on_a_run() -> Screen {
    let mut screen = leech();
    while !selected(&screen).contains("[+]") {
        screen = screen.after("j");
    }
    screen
}

#[test]
fn every_row_of_the_folded_ladder_is_another_message() {
    let mut screen = leech();
    let mut at = screen.selected_number();
    loop {
        screen = screen.after("j");
        let next = screen.selected_number();
        if next == at {
            break;
        }
        assert!(next > at, "{}", screen.text());
        at = next;
    }
    assert!(screen.text().contains("/169 "), "{}", screen.text());
}

#[test]
fn the_kinds_are_a_list_with_counts() {
    let screen = leech().after("c j*4");
    assert_snapshot!("kinds", screen.text());
    let screen = screen.after("Space j Space Esc");
    assert_snapshot!("kinds_hidden", screen.text());
    assert!(!screen.text().contains(" request"), "{}", screen.text());
    let screen = screen.after("c a Esc");
    assert!(screen.text().contains("─ request"), "{}", screen.text());
}

#[test]
fn all_kinds_hidden_says_how_many_there_are() {
    let screen = leech().after("c a Esc");
    let text = screen.text();
    assert!(text.contains("all 169 messages are hidden"), "{text}");
}

#[test]
fn times_are_since_the_start_or_the_row_before_or_of_the_day() {
    let mut pictures = String::new();
    let mut screen = Screen::of("choke_dance.pcap", COLOR).after("Enter j*4");
    for _ in 0..4 {
        let rows: Vec<String> = screen
            .text()
            .lines()
            .skip(2)
            .take(4)
            .map(str::to_owned)
            .collect();
        pictures.push_str(&(rows.join("\n") + "\n\n"));
        screen = screen.after("w");
    }
    assert_snapshot!("times", pictures);
}

#[test]
fn tagged_connections_are_one_ladder_by_time() {
    for (width, height) in SIZES {
        let screen = Screen::of("choke_dance.pcap", COLOR).at(width, height);
        let screen = screen.after("Space Space t Enter j*12");
        assert_snapshot!(format!("merged_{width}x{height}"), screen.text());
    }
}

#[test]
fn the_state_below_a_merged_ladder_is_that_of_the_selected_message() {
    let mut screen = Screen::of("choke_dance.pcap", COLOR).after("Space Space Enter");
    let mut seen = std::collections::BTreeSet::new();
    for _ in 0..40 {
        let text = screen.text();
        let title = text.lines().nth(1).unwrap();
        let label = selected(&screen);
        let whose = &title[..2];
        assert!(label.contains(&format!(" {whose} ")), "{text}");
        seen.insert(whose.to_owned());
        screen = screen.after("j");
    }
    assert_eq!(seen.len(), 2);
}

#[test]
fn escape_leaves_a_merged_ladder() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Space Space Enter");
    assert!(screen.text().contains("of 2 merged"), "{}", screen.text());
    let screen = screen.after("Esc T Enter");
    assert!(!screen.text().contains("merged"), "{}", screen.text());
}

#[test]
fn swapped_sides_swap_all_that_is_said_of_them() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter z R j*20");
    let [a, b] = screen.sides();
    let swapped = screen.after("i");
    let [swapped_a, swapped_b] = swapped.sides();
    assert_eq!([&swapped_a[0], &swapped_b[0]], [&b[0], &a[0]]);
    assert_eq!([&swapped_a[2], &swapped_b[2]], [&b[2], &a[2]]);
    assert_snapshot!("swapped", swapped.text());
}

#[test]
fn a_mark_is_gone_to_and_come_back_from() {
    let screen = leech().after("j*3 m a");
    let marked = screen.selected_number();
    let screen = screen.after("j*9");
    let left = screen.selected_number();
    let screen = screen.after("' a");
    assert_eq!(screen.selected_number(), marked);
    assert_eq!(screen.after("' '").selected_number(), left);
}

#[test]
fn a_mark_leads_to_another_connection() {
    let screen = leech().after("j*3 m a J");
    assert!(screen.text().contains("#3  A "), "{}", screen.text());
    let screen = screen.after("' a");
    assert!(screen.text().contains("#2  A "), "{}", screen.text());
}

#[test]
fn a_mark_that_is_none_says_so() {
    let screen = leech().after("' x");
    assert!(
        screen.text().contains("there is no mark x"),
        "{}",
        screen.text()
    );
}

#[test]
fn brackets_go_to_messages_alike() {
    let screen = Screen::of("choke_dance.pcap", COLOR).after("Enter z R j*4");
    assert!(selected(&screen).contains(" unchoke "), "{}", screen.text());
    let next = screen.after("]");
    assert!(selected(&next).contains("◀") && selected(&next).contains(" unchoke "));
    assert!(next.selected_number() > 5);
    assert_eq!(next.after("[").selected_number(), 5);
}

#[test]
fn a_zoomed_pane_has_the_body() {
    for (keys, name) in [("Enter z z", "ladder"), ("Enter Enter Tab z z", "hex")] {
        let screen = Screen::of("choke_dance.pcap", COLOR)
            .at(120, 40)
            .after(keys);
        assert_snapshot!(format!("zoomed_{name}"), screen.text());
    }
}

#[test]
fn a_zoomed_pane_is_left_as_it_was_entered() {
    let screen = Screen::of("choke_dance.pcap", COLOR)
        .at(120, 40)
        .after("Enter");
    let before = screen.text();
    assert_eq!(screen.after("\\ Esc").text(), before);
}

#[test]
fn panes_are_resized_and_reset() {
    let screen = Screen::of("choke_dance.pcap", COLOR).at(120, 40);
    let before = screen.text();
    let wider = screen.after("> > >");
    assert_snapshot!("wider", wider.text());
    assert_eq!(wider.after("=").text(), before);
}

#[test]
fn what_may_follow_a_key_is_shown() {
    let screen = leech().after("z");
    let last = screen.text().lines().last().unwrap().to_owned();
    assert!(last.contains("R unfold all"), "{last}");
    assert!(!screen.after("Esc").text().contains("R unfold all"));
}
