//! Conversations of which the beginning is not in the capture.

use super::*;

#[test]
fn without_a_syn_the_higher_port_is_taken_for_the_opener() {
    let mut scene = Scene::default();
    scene.send('<', "", 200, Some(100), "ho");
    scene.send('>', "", 100, Some(202), "hi");
    assert_eq!(scene.told, "#0 80>5000 B by Guess. ");
    assert_eq!(scene.end().said(), ["ho", "hi"]);
}

#[test]
fn the_first_segment_waits_for_those_before_it() {
    let mut scene = Scene::default();
    scene.data('>', 104, "ef");
    assert_eq!(scene.said()[0], "");
    scene
        .data('>', 102, "cd")
        .data('>', 100, "ab")
        .ack('<', 200, 106);
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn it_waits_no_longer_once_its_first_byte_is_acknowledged() {
    let mut scene = Scene::default();
    scene.data('>', 104, "ef").ack('<', 200, 106);
    assert_eq!(scene.said()[0], "ef");
}

#[test]
fn it_does_not_wait_where_the_other_side_expects_it() {
    let mut scene = Scene::default();
    scene.ack('<', 200, 104).data('>', 104, "ef");
    assert_eq!(scene.said()[1], "ef");
}

#[test]
fn it_does_not_wait_where_its_sender_has_said_what_comes_next() {
    let mut scene = Scene::default();
    scene.ack('>', 104, 200).data('>', 104, "ef");
    assert_eq!(scene.said()[0], "ef");
}

#[test]
fn it_does_not_wait_for_a_keep_alive() {
    let mut scene = Scene::default();
    scene.ack('>', 103, 200).data('>', 104, "ef");
    assert_eq!(scene.said()[0], "ef");
}

#[test]
fn it_waits_for_a_few_segments_where_nobody_answers() {
    let mut scene = Scene::default();
    scene
        .data('>', 104, "ef")
        .data('>', 106, "gh")
        .data('>', 108, "ij");
    assert_eq!(scene.said()[0], "");
    scene.data('>', 110, "kl").data('>', 112, "mn");
    assert_eq!(scene.said()[0], "efghijklmn");
}

#[test]
fn it_waits_until_the_end_at_most() {
    let mut scene = Scene::default();
    scene.data('>', 104, "ef").end();
    assert_eq!(scene.said()[0], "ef");
}

#[test]
fn what_comes_before_the_beginning_and_too_late_is_counted_as_late() {
    let mut scene = Scene::default();
    scene
        .data('>', 104, "ef")
        .ack('<', 200, 106)
        .data('>', 100, "abcd");
    let count = scene.count(Side::A);
    assert_eq!((scene.said()[0], count.late, count.duplicate), ("ef", 4, 0));
}

#[test]
fn first_data_lost_behind_a_handshake_of_which_the_last_step_was_captured_is_a_gap() {
    let mut scene = Scene::default();
    scene
        .ack('>', 100, 200)
        .data('>', 104, "ef")
        .ack('<', 200, 106);
    assert_eq!(scene.said()[0], "....ef");
}

#[test]
fn the_syn_may_be_missing() {
    let mut scene = Scene::default();
    scene.syn_ack('<', 199, 100).ack('>', 100, 200);
    scene
        .data('>', 102, "cd")
        .data('>', 100, "ab")
        .data('<', 200, "ho");
    assert_eq!(scene.said(), ["abcd", "ho"]);
}

#[test]
fn the_answer_to_the_syn_may_be_missing() {
    let mut scene = Scene::default();
    scene.syn('>', 99).ack('>', 100, 200);
    scene.data('<', 200, "ho").data('>', 100, "hi");
    assert_eq!(scene.said(), ["hi", "ho"]);
}

#[test]
fn the_whole_handshake_may_be_missing_and_the_roles_be_taken_for_each_other() {
    let mut scene = Scene::default();
    scene.send('<', "", 5000, Some(900), "from the server");
    scene.send('>', "", 900, Some(5015), "from the client");
    scene.send('<', "", 5015, Some(915), "!").end();
    assert_eq!(scene.said(), ["from the server!", "from the client"]);
    assert_eq!(scene.bytes.len(), 1);
}

#[test]
fn a_capture_that_begins_with_a_fin_or_rst_is_a_connection_without_bytes() {
    for flags in ["F", "R"] {
        let mut scene = Scene::default();
        scene.send('>', flags, 100, Some(200), "").end();
        assert_eq!((scene.said(), scene.closed().is_some()), (["", ""], true));
    }
}

#[test]
fn a_bulk_of_data_under_way_when_the_capture_began_is_no_gap() {
    let mut scene = Scene::default();
    scene.ack('<', 200, 1000);
    scene
        .data('>', 500_000, "ab")
        .ack('<', 200, 2000)
        .data('>', 500_002, "cd");
    scene.ack('<', 200, 500_004).end();
    assert_eq!(
        (scene.said()[1], scene.told.contains("gap")),
        ("abcd", false)
    );
}

#[test]
fn numbers_heard_long_ago_are_no_beginning() {
    let mut scene = Scene::default();
    scene
        .ack('<', 200, 1000)
        .data('>', 3_000_000_000, "ab")
        .end();
    assert_eq!((scene.said()[1], scene.told.contains("gap")), ("ab", false));
}
