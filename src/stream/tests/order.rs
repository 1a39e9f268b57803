//! Segments that do not come in order, and numbers that wrap.

use super::*;

/// First numbers about which the arithmetic could stumble.
const STARTS: [u32; 5] = [0, 1, u32::MAX, u32::MAX - 10, 1 << 31];

#[test]
fn segments_in_order_pass() {
    let mut scene = Scene::established();
    scene.data('>', 100, "abc").data('>', 103, "def");
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn two_segments_that_were_swapped_are_put_in_order() {
    let mut scene = Scene::established();
    scene.data('>', 103, "def").data('>', 100, "abc");
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn the_first_data_behind_the_handshake_may_be_late() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd").data('>', 104, "ef");
    scene.data('>', 100, "ab");
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn a_gap_first_and_the_first_segment_again_before_it_is_filled() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd").data('>', 100, "ab");
    scene
        .data('>', 106, "gh")
        .data('>', 100, "ab")
        .data('>', 104, "ef");
    assert_eq!(
        (scene.said()[0], scene.count(Side::A).duplicate),
        ("abcdefgh", 2)
    );
}

#[test]
fn a_gap_first_and_the_first_segment_again_after_it_is_filled() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd").data('>', 100, "ab");
    scene.data('>', 104, "ef").data('>', 100, "ab");
    assert_eq!(
        (scene.said()[0], scene.count(Side::A).duplicate),
        ("abcdef", 2)
    );
}

#[test]
fn any_order_of_four_segments_gives_the_stream_from_any_first_number() {
    let orders = (0..256).map(|it| [it & 3, it >> 2 & 3, it >> 4 & 3, it >> 6]);
    let is_order = |order: &[u32; 4]| (0..4).all(|at| order.contains(&at));
    for order in orders.filter(is_order) {
        for isn in STARTS {
            let mut scene = Scene::default();
            scene.syn('>', isn);
            for at in order {
                let part = ["abcd", "efgh", "ijkl", "mnop"][at as usize];
                scene.data('>', isn.wrapping_add(1 + at * 4), part);
            }
            assert_eq!(scene.said()[0], "abcdefghijklmnop", "{isn} {order:?}");
        }
    }
}

#[test]
fn a_stream_may_be_longer_than_its_numbers_go() {
    let mut scene = Scene::established();
    let mut seq = 100u32;
    for _ in 0..12 {
        // Half a gigabyte that the capture lost and the receiver has.
        for _ in 0..1024 {
            seq = seq.wrapping_add(1 << 19);
            scene.ack('<', 200, seq);
        }
        scene.data('>', seq, "x");
        seq = seq.wrapping_add(1);
        scene.ack('<', 200, seq);
    }
    scene.end();
    assert_eq!(
        scene.told.matches(&format!("gap {}. ", 1 << 29)).count(),
        12
    );
    let count = scene.count(Side::A);
    assert_eq!((count.payload, count.stray, count.duplicate), (12, 0, 0));
}

#[test]
fn a_segment_far_ahead_of_its_stream_is_stray() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "hi")
        .data('>', 0x5000_0000, "lost?")
        .end();
    assert_eq!((scene.count(Side::A).stray, scene.said()[0]), (5, "hi"));
}

#[test]
fn a_segment_from_before_the_stream_is_stray() {
    let mut scene = Scene::established();
    scene.data('>', 90, "old").data('>', 97, "oldhi");
    assert_eq!((scene.count(Side::A).stray, scene.said()[0]), (6, "hi"));
}
