//! Nothing that a capture holds fills the memory, or makes a hole wait for ever.

use super::super::connection::Connection;
use super::super::{MAX_AWAKE, MAX_HELD_BYTES, MAX_HELD_SEGMENTS};
use super::*;

impl Scene {
    /// A connection of its own for each port, which holds bytes behind a hole.
    fn hole(&mut self, port: u16, payload: &str) -> &mut Scene {
        self.send_from([port, 1], "S", 99, None, "");
        self.send_from([port, 1], "", 101, None, payload)
    }
}

#[test]
fn a_port_scan_takes_little() {
    // So many bytes for each connection that was no more than a SYN, beside some 140 in the store.
    assert!(size_of::<Connection>() <= 88);
}

#[test]
fn a_hole_is_given_up_after_two_minutes() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd").wait(119).data('>', 104, "ef");
    assert_eq!(scene.said()[0], "");
    scene.wait(2).ack('>', 106, 200);
    assert_eq!(scene.said()[0], "..cdef");
}

#[test]
fn a_hole_is_given_up_also_where_nobody_says_any_more() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd").wait(121);
    for _ in 0..1100 {
        scene.send_from([7, 8], "", 1, None, "");
    }
    assert_eq!(scene.said()[0], "..cd");
}

#[test]
fn a_clock_that_goes_back_gives_nothing_up() {
    let mut scene = Scene::established();
    scene.wait(1000).data('>', 102, "cd");
    scene.time = Timestamp(0);
    scene.data('>', 104, "ef").data('>', 100, "ab");
    assert_eq!(scene.said()[0], "abcdef");
}

#[test]
fn a_silent_connection_rests_and_goes_on_where_it_was() {
    let mut scene = Scene::established();
    scene.data('>', 100, "ab").wait(4000);
    for _ in 0..1100 {
        scene.send_from([7, 8], "", 1, None, "");
    }
    assert!(!scene.streams.awake.contains(&ConnectionId(0)));
    scene.data('>', 102, "cd").wait(1).data('>', 104, "ef");
    assert_eq!((scene.bytes.len(), scene.said()[0]), (2, "abcdef"));
}

#[test]
fn what_waits_in_all_connections_together_is_bounded() {
    let mut scene = Scene::default();
    let payload = "x".repeat(60_000);
    for port in 2..400 {
        scene.hole(port, &payload);
    }
    assert!(scene.streams.held <= MAX_HELD_BYTES);
    let held: usize = scene
        .streams
        .connections
        .iter()
        .map(Connection::weight)
        .sum();
    assert_eq!(scene.streams.held, held);
    assert!(scene.told.contains("gap 1. "), "some were given up");
}

#[test]
fn who_holds_most_gives_up_first() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd");
    let payload = "x".repeat(60_000);
    for part in 0..400 {
        scene.send_from([9, 1], "", 1000 + part * 60_001, None, &payload);
    }
    assert_eq!(scene.said()[0], "", "two bytes may go on waiting");
    assert!(scene.told.contains("#1A gap 1. "), "{}", scene.told);
}

#[test]
fn connections_that_take_memory_are_bounded_and_the_longest_silent_rest() {
    let mut scene = Scene::default();
    for port in 2..3 + MAX_AWAKE as u16 {
        scene.hole(port, "x");
    }
    assert!(scene.streams.awake.len() <= MAX_AWAKE);
    assert_eq!(scene.bytes[0][0], ".x", "the first is the longest silent");
    assert_eq!(scene.bytes[MAX_AWAKE][0], "");
    scene.send_from([2, 1], "", 102, None, "yz");
    assert_eq!(
        (scene.bytes.len(), scene.bytes[0][0].as_str()),
        (MAX_AWAKE + 1, ".xyz")
    );
}

#[test]
fn many_bytes_in_reverse_wait_within_bounds() {
    let mut scene = Scene::established();
    for at in (0..100_000).rev() {
        scene.data('>', 100 + at, "x");
    }
    assert!(scene.streams.held <= MAX_HELD_SEGMENTS * 129);
    let count = scene.count(Side::A);
    scene.end();
    let shown = scene.said()[0].trim_start_matches('.').len() as u64;
    assert_eq!(
        count.payload,
        shown + count.late,
        "what waited came out, the rest came too late"
    );
    assert_eq!(count.duplicate, 0);
}

#[test]
fn a_connection_that_is_over_gives_all_back() {
    let mut scene = Scene::established();
    scene.data('>', 102, "cd").syn('>', 9_000_000);
    assert_eq!((scene.streams.held, scene.streams.awake.len()), (0, 0));
    assert_eq!(scene.activity(0).direction(Side::A).payload, 2);
}
