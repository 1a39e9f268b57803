//! Who ended a connection, and what does not end it.

use super::*;

const FIN_BY_A: Option<(Closing, Side)> = Some((Closing::Fin, Side::A));

#[test]
fn the_first_to_close_is_remembered_and_later_data_still_counts() {
    let mut scene = Scene::established();
    scene
        .fin('<', 200, "bye")
        .data('>', 100, "late")
        .rst('>', 104);
    assert_eq!(scene.closed(), Some((Closing::Fin, Side::B)));
    assert_eq!(scene.end().said(), ["late", "bye"]);
}

#[test]
fn the_answer_to_the_syn_and_the_first_to_close_are_marked() {
    let mut scene = Scene::established();
    scene.fin('<', 200, "bye").fin('>', 100, "").rst('>', 101);
    assert_eq!(scene.marks, [(Mark::SynAck, 2), (Mark::Close, 4)]);
}

#[test]
fn a_fin_carries_data() {
    let mut scene = Scene::established();
    scene.fin('>', 100, "bye").end();
    assert_eq!((scene.said()[0], scene.closed()), ("bye", FIN_BY_A));
}

#[test]
fn both_fins_are_the_first_ones() {
    let mut scene = Scene::established();
    scene.fin('>', 100, "").fin('<', 200, "");
    assert_eq!(scene.closed(), FIN_BY_A);
}

#[test]
fn a_fin_that_is_sent_again_is_nothing_new() {
    let mut scene = Scene::established();
    scene
        .fin('>', 100, "bye")
        .fin('>', 100, "bye")
        .fin('>', 103, "");
    assert_eq!((scene.end().closed(), scene.said()[0]), (FIN_BY_A, "bye"));
}

#[test]
fn a_fin_before_the_data_that_it_ends_lets_them_in() {
    let mut scene = Scene::established();
    scene
        .fin('>', 106, "gh")
        .data('>', 100, "abc")
        .data('>', 103, "def");
    assert_eq!(
        (scene.end().closed(), scene.said()[0]),
        (FIN_BY_A, "abcdefgh")
    );
}

#[test]
fn data_behind_a_fin_is_shown_as_it_may_be_the_fin_that_was_forged() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "ab")
        .fin('>', 102, "")
        .data('>', 102, "cd");
    assert_eq!((scene.end().closed(), scene.said()[0]), (FIN_BY_A, "abcd"));
}

#[test]
fn a_rst_behind_a_fin_changes_nothing() {
    let mut scene = Scene::established();
    scene.fin('>', 100, "").rst('<', 200).rst('>', 101);
    assert_eq!(scene.closed(), FIN_BY_A);
}

#[test]
fn a_rst_of_the_other_side_is_of_the_other_side() {
    let mut scene = Scene::established();
    scene.data('>', 100, "hi").rst('<', 200);
    assert_eq!(scene.closed(), Some((Closing::Rst, Side::B)));
}

#[test]
fn a_refused_syn_is_closed_by_who_refused_it() {
    let mut scene = Scene::default();
    scene.syn('>', 99).send('<', "R", 0, Some(100), "");
    assert_eq!(scene.closed(), Some((Closing::Rst, Side::B)));
}

#[test]
fn a_rst_that_refuses_another_syn_ends_nothing() {
    let mut scene = Scene::default();
    scene
        .syn('>', 99)
        .send('<', "R", 0, Some(2_000_000_000), "");
    assert_eq!(scene.closed(), None);
}

#[test]
fn a_rst_from_outside_of_the_window_ends_nothing() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "hi")
        .rst('>', 3_000_000_000)
        .rst('<', 2_000_000_000);
    scene.data('>', 102, "!");
    assert_eq!((scene.closed(), scene.said()[0]), (None, "hi!"));
}

#[test]
fn a_rst_behind_bytes_that_were_not_captured_ends() {
    let mut scene = Scene::established();
    scene.data('>', 100, "hi").rst('>', 90_000);
    assert_eq!(scene.closed(), Some((Closing::Rst, Side::A)));
}

#[test]
fn a_fin_from_outside_of_the_window_ends_nothing() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "hi")
        .fin('>', 3_000_000_000, "")
        .data('>', 102, "!");
    assert_eq!((scene.end().closed(), scene.said()[0]), (None, "hi!"));
}

#[test]
fn a_rst_right_behind_the_syn_sets_no_number() {
    let mut scene = Scene::default();
    scene.syn('>', 99).rst('>', 2_000_000_000);
    scene.syn_ack('<', 199, 100).data('>', 100, "hi");
    assert_eq!((scene.closed(), scene.said()[0]), (None, "hi"));
}

#[test]
fn a_rst_in_a_stream_without_a_syn_sets_no_number() {
    let mut scene = Scene::default();
    scene.rst('>', 2_000_000_000).data('>', 100, "hi").end();
    assert_eq!(scene.said()[0], "hi");
}

#[test]
fn a_syn_then_stuff_then_a_rst() {
    let mut scene = Scene::default();
    scene.syn('>', 99).data('>', 100, "stuff").rst('>', 105);
    assert_eq!(scene.closed(), Some((Closing::Rst, Side::A)));
    assert_eq!(scene.end().said()[0], "stuff");
}

#[test]
fn what_a_forged_rst_says_before_the_syn_stays_counted() {
    let mut scene = Scene::default();
    scene.data('<', 200, "hello");
    scene
        .send('>', "R", 7, Some(0x4000_0000), "go away")
        .syn('>', 99);
    let count = scene.count(Side::B);
    assert_eq!((count.payload, count.stray), (7, 7));
}

#[test]
fn what_a_rst_says_is_no_part_of_the_stream() {
    let mut scene = Scene::established();
    scene.send('>', "R", 100, None, "go away");
    assert_eq!((scene.count(Side::A).stray, scene.said()[0]), (7, ""));
}

#[test]
fn behind_a_rst_the_same_ports_with_other_numbers_are_another_connection() {
    let mut scene = Scene::established();
    scene.data('>', 100, "old").rst('>', 103);
    scene
        .syn('>', 70_000_000)
        .data('>', 70_000_001, "new")
        .end();
    assert_eq!([&scene.bytes[0][0], &scene.bytes[1][0]], ["old", "new"]);
}

#[test]
fn so_they_are_when_the_syn_is_missing() {
    let mut scene = Scene::established();
    scene.data('>', 100, "old").rst('>', 103);
    scene.data('>', 3_000_000_000, "new").end();
    assert_eq!([&scene.bytes[0][0], &scene.bytes[1][0]], ["old", "new"]);
}

#[test]
fn behind_a_rst_the_same_numbers_are_the_same_connection() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "old")
        .rst('<', 200)
        .data('>', 103, "more")
        .end();
    assert_eq!((scene.bytes.len(), scene.said()[0]), (1, "oldmore"));
}
