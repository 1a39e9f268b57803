//! What is counted of waits: holes, closed windows, and what came twice.

use super::super::{Moment, Strain, Stretch};
use super::*;

impl Scene {
    /// The segments that follow have room for so much.
    fn window(&mut self, window: u16) -> &mut Scene {
        self.header = vec![0; 20];
        self.header[14..16].copy_from_slice(&window.to_be_bytes());
        self
    }

    fn strain(&self, side: Side) -> Strain {
        self.activity(0).strain(side).cloned().unwrap_or_default()
    }
}

/// So many seconds, told of by a frame.
fn stretch(seconds: i64, frame: u32, time: u64) -> Stretch {
    Stretch {
        nanos: seconds * 1_000_000_000,
        at: Moment {
            number: FrameNumber(frame),
            time: Timestamp(time * 1_000_000_000),
        },
    }
}

/// Behind its first bytes, of which the other side has all.
fn talking() -> Scene {
    let mut scene = Scene::established();
    scene.data('>', 100, "ab").ack('<', 200, 102);
    scene
}

#[test]
fn bytes_wait_for_what_fills_the_hole_before_them() {
    let mut scene = talking();
    scene.data('>', 104, "ef").wait(2).data('>', 106, "gh");
    assert_eq!(scene.strain(Side::A).waits().hole, Stretch::default());
    scene.wait(1).data('>', 102, "cd");
    assert_eq!(scene.strain(Side::A).waits().hole, stretch(3, 8, 3));
}

#[test]
fn half_a_filling_fills_no_hole() {
    let mut scene = talking();
    scene.data('>', 104, "ef").wait(2).data('>', 102, "c");
    assert_eq!(scene.strain(Side::A).waits().hole, Stretch::default());
    scene.wait(1).data('>', 103, "d");
    assert_eq!(scene.strain(Side::A).waits().hole.nanos, 3_000_000_000);
}

#[test]
fn what_the_capture_lost_lets_nobody_wait() {
    let mut scene = talking();
    scene.data('>', 104, "ef").wait(5).ack('<', 200, 106);
    scene.data('>', 102, "cd").end();
    assert_eq!(scene.strain(Side::A).waits().hole, Stretch::default());
}

#[test]
fn a_window_is_closed_until_it_opens() {
    let mut scene = talking();
    scene
        .window(0)
        .ack('<', 200, 102)
        .wait(2)
        .ack('<', 200, 102);
    scene.wait(1).window(1).ack('<', 200, 102);
    assert_eq!(scene.strain(Side::B).waits().closed, stretch(3, 6, 0));
    assert_eq!(scene.strain(Side::A).waits().closed, Stretch::default());
}

#[test]
fn a_window_is_known_to_be_closed_as_long_as_it_is_said() {
    let mut scene = talking();
    scene
        .window(0)
        .ack('<', 200, 102)
        .wait(2)
        .ack('<', 200, 102);
    scene.wait(90).window(9).data('>', 102, "x");
    assert_eq!(scene.strain(Side::B).waits().closed, stretch(2, 6, 0));
}

#[test]
fn who_sends_was_told_that_there_is_room() {
    let mut scene = talking();
    scene.window(0).ack('<', 200, 102).window(9);
    scene.data('>', 102, "cd").wait(9).ack('<', 200, 104);
    assert_eq!(scene.strain(Side::B).waits().closed, Stretch::default());
}

#[test]
fn who_has_closed_needs_no_window() {
    let mut scene = talking();
    scene.fin('<', 200, "").window(0).ack('<', 201, 102);
    scene.wait(9).ack('<', 201, 102);
    assert_eq!(scene.strain(Side::B).waits().closed, Stretch::default());
}

#[test]
fn what_comes_twice_at_once_is_the_mirror_of_itself() {
    let mut scene = talking();
    scene.data('>', 100, "ab");
    assert_eq!(scene.strain(Side::A).mirrored, 2);
    scene.wait(1).data('>', 100, "ab");
    assert_eq!(scene.strain(Side::A).mirrored, 2);
    assert_eq!(scene.count(Side::A).duplicate, 4);
}

#[test]
fn segments_are_counted_behind_the_first_payload() {
    let mut scene = talking();
    scene.data('>', 102, &"x".repeat(1501)).ack('<', 200, 1603);
    let strain = scene.strain(Side::A);
    let counted = (strain.segments, strain.carriers, strain.oversized);
    assert_eq!(counted, (1, 2, 1));
    assert_eq!((strain.largest, strain.tiny), (1501, 2));
    assert_eq!(scene.strain(Side::B).segments, 2);
}

#[test]
fn who_sends_no_payload_has_nothing_counted() {
    let mut scene = Scene::established();
    scene
        .window(0)
        .ack('<', 200, 100)
        .wait(9)
        .ack('<', 200, 100);
    assert_eq!(scene.activity(0).strain(Side::B), None);
}
