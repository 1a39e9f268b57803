//! Segments that the capture, or the network, has lost, and what acknowledgements say of them.

use super::*;

#[test]
fn what_was_lost_and_acknowledged_is_a_gap_at_once() {
    let mut scene = Scene::established();
    scene.data('>', 104, "e").ack('<', 200, 105);
    assert_eq!(scene.said()[0], "....e");
}

#[test]
fn what_was_lost_and_not_acknowledged_may_still_come() {
    let mut scene = Scene::established();
    scene.data('>', 104, "ef").ack('<', 200, 100);
    assert_eq!(scene.said()[0], "");
    scene.data('>', 100, "abcd");
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn what_was_lost_and_never_acknowledged_is_a_gap_at_the_end() {
    let mut scene = Scene::established();
    scene.data('>', 104, "ef").ack('<', 200, 100).end();
    assert_eq!(scene.said()[0], "....ef");
}

#[test]
fn three_of_five_lost_and_acknowledged_are_two_gaps() {
    let mut scene = Scene::established();
    scene
        .data('>', 102, "cd")
        .data('>', 108, "ij")
        .ack('<', 200, 110);
    assert_eq!(scene.said()[0], "..cd....ij");
}

#[test]
fn an_acknowledgement_that_comes_late_closes_the_hole_then() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "ab")
        .data('>', 104, "ef")
        .data('>', 106, "gh");
    scene.ack('<', 200, 102);
    assert_eq!(scene.said()[0], "ab");
    scene.ack('<', 200, 108).data('>', 108, "ij");
    assert_eq!(scene.said()[0], "ab..efghij");
}

#[test]
fn an_acknowledgement_of_a_part_leaves_the_hole_open() {
    let mut scene = Scene::established();
    scene.data('>', 104, "ef").ack('<', 200, 102);
    scene.data('>', 100, "abcd");
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn an_acknowledgement_before_its_bytes_makes_no_gap() {
    let mut scene = Scene::established();
    scene
        .ack('<', 200, 104)
        .data('>', 100, "ab")
        .data('>', 102, "cd");
    assert_eq!(scene.end().said()[0], "abcd");
}

#[test]
fn what_comes_behind_a_gap_that_it_belongs_in_is_late() {
    let mut scene = Scene::established();
    scene.data('>', 104, "ef").ack('<', 200, 106);
    scene.data('>', 100, "abcd").data('>', 100, "abcd");
    let count = scene.count(Side::A);
    assert_eq!(
        (scene.said()[0], count.late, count.duplicate),
        ("....ef", 4, 4)
    );
}

#[test]
fn the_end_that_was_acknowledged_and_not_captured_is_a_gap() {
    let mut scene = Scene::established();
    scene.data('>', 100, "ab").ack('<', 200, 106);
    assert_eq!(
        scene.end().said()[0],
        "ab...",
        "the last may have been a FIN"
    );
}

#[test]
fn the_end_is_where_the_fin_says() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "ab")
        .fin('>', 106, "")
        .ack('<', 200, 107);
    assert_eq!(scene.end().said()[0], "ab....");
}

#[test]
fn an_absurd_acknowledgement_is_no_gap() {
    let mut scene = Scene::established();
    scene.data('>', 100, "ab").ack('<', 200, 500_000_000);
    scene.data('>', 104, "ef").data('>', 102, "cd");
    assert_eq!(scene.said()[0], "abcdef");
    assert_eq!(scene.end().said()[0], "abcdef");
}

#[test]
fn an_absurd_acknowledgement_between_others_is_no_gap() {
    let mut scene = Scene::established();
    scene.data('>', 100, "ab").ack('<', 200, 102);
    scene.ack('<', 200, 800_000_000).ack('<', 200, 102);
    scene.ack('<', 200, 4_000_000_000).data('>', 102, "cd");
    scene.ack('<', 200, 104).end();
    assert_eq!(
        (scene.said()[0], scene.told.contains("gap")),
        ("abcd", false)
    );
}

#[test]
fn an_acknowledgement_may_go_back_behind_claims_that_were_believed() {
    let mut scene = Scene::established();
    scene.data('>', 100, "ab").ack('<', 200, 1000);
    scene.ack('<', 200, 2000).ack('<', 200, 500);
    assert_eq!(
        scene.end().said()[0].len(),
        2 + 100,
        "the gap is cut short here"
    );
    assert!(scene.told.contains("#0A gap 897. "), "{}", scene.told);
}

#[test]
fn a_direction_that_was_never_captured_is_as_long_as_what_was_acknowledged() {
    let mut scene = Scene::established();
    for upto in 1..=50 {
        scene.ack('>', 100, 200 + upto * 1_000_000);
    }
    scene.send('>', "F", 100, Some(200 + 50_000_000), "").end();
    assert!(scene.told.contains("#0B gap 49999999. "), "{}", scene.told);
}

#[test]
fn a_direction_of_which_neither_syn_nor_data_was_captured_counts_from_its_first_acknowledgement() {
    let mut scene = Scene::default();
    scene.send('>', "", 100, Some(200), "a");
    scene.send('>', "", 101, Some(1200), "b");
    scene.send('>', "", 102, Some(2200), "c").end();
    assert!(scene.told.contains("#0B gap 1999. "), "{}", scene.told);
    assert_eq!(scene.said()[0], "abc");
}

#[test]
fn a_silent_direction_is_no_gap() {
    let mut scene = Scene::established();
    scene.ack('>', 100, 200).ack('<', 200, 100);
    scene.send('>', "F", 100, Some(200), "");
    scene.send('<', "F", 200, Some(101), "");
    scene.ack('>', 101, 201).end();
    assert!(!scene.told.contains("gap"), "{}", scene.told);
}

#[test]
fn a_conversation_of_which_one_side_was_captured_is_read() {
    let mut scene = Scene::default();
    scene.syn('>', 99).ack('>', 100, 200);
    scene.send('>', "", 100, Some(200), "hi");
    scene.send('>', "", 102, Some(204), "hi").end();
    assert_eq!(scene.said(), ["hihi", "..."]);
}
