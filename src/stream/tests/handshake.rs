//! How a connection begins.

use super::*;

#[test]
fn both_directions_belong_to_one_connection() {
    let mut scene = Scene::established();
    scene.data('>', 100, "hi").data('<', 200, "ho");
    assert_eq!(scene.said(), ["hi", "ho"]);
    assert_eq!(scene.told, "#0 5000>80 A by Syn. ");
}

#[test]
fn the_receiver_of_a_syn_ack_opened_the_connection() {
    let mut scene = Scene::default();
    scene.syn_ack('<', 199, 100).data('>', 100, "hi");
    assert_eq!(scene.told, "#0 5000>80 A by Syn. ");
    assert_eq!(scene.said(), ["hi", ""]);
}

#[test]
fn a_repeated_syn_is_no_new_connection() {
    let mut scene = Scene::established();
    scene.syn('>', 99).data('>', 100, "hi").syn('>', 99);
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["hi", ""]));
}

#[test]
fn of_several_syns_the_last_before_the_answer_counts() {
    let mut scene = Scene::default();
    scene.syn('>', 7).syn('>', 50_000_000).syn('>', 99);
    scene.syn_ack('<', 199, 100).data('>', 100, "hi");
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["hi", ""]));
}

#[test]
fn of_several_syns_the_answered_one_counts() {
    let mut scene = Scene::default();
    scene.syn('>', 99).syn('>', 50_000_000);
    scene.syn_ack('<', 199, 100).data('>', 100, "hi");
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["hi", ""]));
}

#[test]
fn of_several_answers_the_acknowledged_one_counts() {
    for accepted in [199, 3_000_000_000, 77_000_000] {
        let mut scene = Scene::default();
        scene.syn('>', 99);
        for answer in [199, 3_000_000_000, 77_000_000] {
            scene.syn_ack('<', answer, 100);
        }
        scene.ack('>', 100, accepted + 1);
        scene.data('<', accepted + 1, "ho");
        assert_eq!((scene.bytes.len(), scene.said()), (1, ["", "ho"]));
    }
}

#[test]
fn an_answer_with_other_numbers_behind_the_handshake_is_nothing() {
    let mut scene = Scene::established();
    scene.syn_ack('<', 900_000_000, 100);
    scene.data('<', 200, "ho");
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["", "ho"]));
}

#[test]
fn an_answer_to_a_syn_that_nobody_sent_moves_no_number() {
    let mut scene = Scene::default();
    scene.syn('>', 99).syn_ack('<', 199, 98);
    scene.ack('>', 100, 900_000_000);
    scene.data('>', 100, "hi").data('<', 200, "ho");
    assert_eq!(scene.end().said(), ["hi", "ho"]);
}

#[test]
fn both_may_open_at_once() {
    let mut scene = Scene::default();
    scene.syn('>', 99).syn('<', 199);
    scene.syn_ack('>', 99, 200).syn_ack('<', 199, 100);
    scene.data('<', 200, "ho").data('>', 100, "hi");
    assert_eq!(scene.told, "#0 5000>80 A by Syn. ");
    assert_eq!(scene.said(), ["hi", "ho"]);
}

#[test]
fn a_handshake_in_four_steps_is_one() {
    let mut scene = Scene::default();
    scene.syn('>', 99).ack('<', 0, 100);
    scene.syn('<', 199).ack('>', 100, 200);
    scene.data('<', 200, "ho").data('>', 100, "hi");
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["hi", "ho"]));
}

#[test]
fn data_in_a_syn_is_kept() {
    let mut scene = Scene::default();
    scene.send('>', "S", 99, None, "hi").data('>', 102, "!");
    assert_eq!(scene.said(), ["hi!", ""]);
}

#[test]
fn data_in_a_syn_that_is_acknowledged_is_kept() {
    let mut scene = Scene::default();
    scene.send('>', "S", 99, None, "hi");
    scene.syn_ack('<', 199, 102);
    scene.ack('>', 102, 200).data('>', 102, "!");
    assert_eq!(scene.end().said(), ["hi!", ""]);
}

#[test]
fn data_in_a_syn_that_is_refused_comes_again() {
    let mut scene = Scene::default();
    scene.send('>', "S", 99, None, "hi");
    scene.syn_ack('<', 199, 100).data('>', 100, "hi!");
    assert_eq!(
        (scene.said(), scene.count(Side::A).duplicate),
        (["hi!", ""], 2)
    );
}

#[test]
fn data_in_a_syn_ack_is_kept() {
    let mut scene = Scene::default();
    scene.syn('>', 99);
    scene.send('<', "S", 199, Some(100), "ho");
    scene.data('<', 202, "!");
    assert_eq!(scene.said(), ["", "ho!"]);
}

#[test]
fn a_syn_that_is_a_fin_as_well_ends_nothing() {
    let mut scene = Scene::default();
    scene.send('>', "SF", 99, None, "").syn_ack('<', 199, 100);
    scene.data('>', 100, "hi");
    assert_eq!((scene.closed(), scene.said()), (None, ["hi", ""]));
}

#[test]
fn a_syn_that_is_a_rst_as_well_begins_nothing() {
    let mut scene = Scene::established();
    scene.send('>', "SR", 5_000_000, None, "");
    scene.data('>', 100, "hi");
    assert_eq!((scene.bytes.len(), scene.closed()), (1, None));
    assert_eq!(scene.said(), ["hi", ""]);
}

#[test]
fn an_answer_before_its_syn_is_of_the_same_connection() {
    let mut scene = Scene::default();
    scene.syn_ack('<', 199, 100).syn('>', 99);
    scene.data('>', 100, "hi").data('<', 200, "ho");
    assert_eq!(scene.told, "#0 5000>80 A by Syn. ");
    assert_eq!(scene.said(), ["hi", "ho"]);
}

#[test]
fn data_before_its_syn_is_of_the_same_connection() {
    let mut scene = Scene::default();
    scene.data('>', 100, "hi").syn('>', 99).data('>', 102, "!");
    assert_eq!(scene.told, "#0 5000>80 A by Guess. #0 SYN of A. ");
    assert_eq!(scene.said(), ["hi!", ""]);
}

#[test]
fn a_syn_behind_several_segments_shows_what_is_missing_before_them() {
    let mut scene = Scene::default();
    scene.data('>', 104, "ef").data('>', 102, "cd").syn('>', 99);
    assert_eq!(scene.said(), ["", ""]);
    scene.data('>', 100, "ab");
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["abcdef", ""]));
}

#[test]
fn a_syn_behind_the_answer_to_its_data_is_of_the_same_connection() {
    let mut scene = Scene::default();
    scene.send('<', "", 200, Some(102), "ho");
    scene.send('>', "", 100, Some(200), "hi");
    scene.syn_ack('<', 199, 100).syn('>', 99);
    scene.end();
    assert_eq!(scene.bytes.len(), 1);
    assert_eq!(scene.said(), ["ho", "hi"], "A is who was seen first");
    assert!(scene.told.contains("SYN of B"), "{}", scene.told);
}

#[test]
fn one_direction_after_the_other_is_one_connection() {
    let mut scene = Scene::default();
    scene.syn('>', 99).ack('>', 100, 200);
    scene.send('>', "", 100, Some(200), "hi");
    scene.send('>', "F", 102, Some(203), "");
    scene.syn_ack('<', 199, 100);
    scene.send('<', "", 200, Some(102), "ho");
    scene.send('<', "F", 202, Some(103), "").end();
    assert_eq!((scene.bytes.len(), scene.said()), (1, ["hi", "ho"]));
}

#[test]
fn a_syn_with_another_number_uses_the_ports_again() {
    let mut scene = Scene::default();
    scene.syn('>', 99).data('>', 102, "c");
    scene.syn('>', 7000).data('>', 7001, "new").end();
    assert_eq!(
        scene.bytes,
        [["..c", ""], ["new", ""]].map(|it| it.map(str::to_owned))
    );
}

#[test]
fn a_syn_on_the_ports_of_a_closed_connection_is_a_new_one() {
    let mut scene = Scene::established();
    scene
        .fin('>', 100, "")
        .fin('<', 200, "")
        .syn('>', 5_000_000);
    assert_eq!(scene.bytes.len(), 2);
}

#[test]
fn a_syn_behind_a_lone_rst_is_a_new_connection() {
    let mut scene = Scene::default();
    scene.rst('>', 42).syn('>', 99).data('>', 100, "hi");
    assert_eq!((scene.bytes.len(), scene.bytes[1][0].as_str()), (2, "hi"));
}
