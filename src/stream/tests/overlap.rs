//! Segments that were sent again: the same, more, or other ones.

use super::*;

/// First numbers: the stream begins at 0, wraps at once, or a few bytes later.
const STARTS: [u32; 3] = [u32::MAX, u32::MAX - 1, u32::MAX - 11];

/// Segments of a stream at these offsets, from each of the first numbers; gives what came of it.
fn streams_of(segments: &[(u32, &str)]) -> Vec<String> {
    let stream = |isn: u32| {
        let mut scene = Scene::default();
        scene.syn('>', isn);
        for (offset, payload) in segments {
            scene.data('>', isn.wrapping_add(1 + offset), payload);
        }
        scene.said()[0].to_owned()
    };
    STARTS.into_iter().map(stream).collect()
}

fn assert_stream(segments: &[(u32, &str)], expected: &str) {
    for stream in streams_of(segments) {
        assert_eq!(stream, expected, "{segments:?}");
    }
}

#[test]
fn of_bytes_that_overlap_from_before_the_first_ones_win() {
    assert_stream(&[(3, "defg"), (1, "bcXX"), (0, "a")], "abcdefg");
}

#[test]
fn of_the_same_range_twice_the_first_bytes_win() {
    assert_stream(&[(2, "cdef"), (2, "XXXX"), (0, "ab")], "abcdef");
    assert_stream(&[(0, "abcd"), (0, "XXXX"), (4, "ef")], "abcdef");
}

#[test]
fn of_bytes_that_overlap_from_behind_the_first_ones_win() {
    assert_stream(&[(1, "bcd"), (2, "XXef"), (0, "a")], "abcdef");
    assert_stream(&[(0, "abcd"), (2, "XXef")], "abcdef");
}

#[test]
fn of_mixed_overlaps_the_first_bytes_win() {
    let segments = [
        (2, "cd"),
        (6, "gh"),
        (10, "kl"),
        (1, "bXXefXXijXXm"),
        (0, "aXXX"),
    ];
    assert_stream(&segments, "abcdefghijklm");
}

#[test]
fn a_segment_that_lies_in_another_is_nothing_new() {
    assert_stream(&[(1, "bcdefg"), (3, "XX"), (0, "a"), (2, "YYY")], "abcdefg");
}

#[test]
fn a_segment_that_covers_several_fills_the_holes_between_them() {
    assert_stream(&[(2, "c"), (4, "e"), (6, "g"), (0, "abXdXfXh")], "abcdefgh");
}

#[test]
fn a_bad_retransmission_that_also_extends_extends() {
    assert_stream(&[(0, "abc"), (1, "XXdef"), (6, "g")], "abcdefg");
}

#[test]
fn an_overlap_while_a_hole_is_open_waits_with_the_rest() {
    assert_stream(&[(0, "ab"), (4, "ef"), (5, "fgh"), (2, "cd")], "abcdefgh");
}

#[test]
fn other_bytes_in_the_place_of_held_ones_are_a_conflict() {
    let mut scene = Scene::established();
    scene
        .data('>', 104, "evil")
        .data('>', 104, "good")
        .data('>', 100, "abcd");
    assert_eq!(scene.said()[0], "abcdevil");
    assert!(
        scene.told.ends_with("#0A conflict 4 at 104. "),
        "{}",
        scene.told
    );
}

#[test]
fn the_same_bytes_again_are_no_conflict() {
    let mut scene = Scene::established();
    scene
        .data('>', 104, "efgh")
        .data('>', 102, "cdef")
        .data('>', 100, "ab");
    assert!(!scene.told.contains("conflict"), "{}", scene.told);
    assert_eq!(scene.count(Side::A).duplicate, 2);
}

#[test]
fn a_zero_window_probe_and_then_the_rest_with_the_same_byte() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "ab")
        .data('>', 102, "c")
        .ack('<', 200, 102);
    scene.data('>', 102, "c").data('>', 102, "cdef");
    assert_eq!(
        (scene.said()[0], scene.count(Side::A).duplicate),
        ("abcdef", 2)
    );
}

#[test]
fn a_keep_alive_probe_is_no_byte_of_the_stream() {
    let mut scene = Scene::established();
    scene
        .data('>', 99, "?")
        .data('>', 100, "ab")
        .data('>', 101, "?");
    scene.data('>', 101, "").data('>', 102, "c");
    let count = scene.count(Side::A);
    assert_eq!(scene.said()[0], "abc");
    assert_eq!(
        (count.duplicate, count.stray),
        (1, 1),
        "the first lies on the SYN"
    );
}

#[test]
fn a_lost_segment_that_is_sent_again_with_another_size_fills_the_hole() {
    let mut scene = Scene::established();
    scene
        .data('>', 100, "ab")
        .data('>', 104, "ef")
        .data('>', 106, "gh");
    scene.data('>', 102, "cdefg").data('>', 107, "hi");
    assert_eq!(
        (scene.said()[0], scene.count(Side::A).duplicate),
        ("abcdefghi", 4)
    );
}
