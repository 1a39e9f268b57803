//! Fragments that contradict each other, or themselves.

use super::{MALFORMED, SAID, Scene, WAITING, abc, cut4, fragment4, packet};

/// What overlaps is written in X, and must never be seen.
#[test]
fn the_first_bytes_win_wherever_they_overlap() {
    let whole = packet();
    let mut lie = whole.clone();
    lie[40..].fill(b'X');
    let honest = |from, to, more| cut4(&whole, from, to, more);
    let lies = |from, to, more| cut4(&lie, from, to, more);
    // (what came first, a lie over it, what is missing)
    let scenes = [
        (
            "the end",
            honest(0, 40, true),
            lies(32, 40, true),
            honest(40, 60, false),
        ),
        (
            "the beginning",
            honest(24, 48, true),
            lies(24, 32, true),
            [honest(0, 24, true), honest(48, 60, false)].concat(),
        ),
        (
            "the same",
            honest(24, 48, true),
            lies(24, 48, true),
            [honest(0, 24, true), honest(48, 60, false)].concat(),
        ),
        (
            "the middle",
            honest(24, 48, true),
            lies(32, 40, true),
            [honest(0, 24, true), honest(48, 60, false)].concat(),
        ),
        (
            "the last",
            honest(48, 60, false),
            lies(48, 60, false),
            honest(0, 48, true),
        ),
    ];
    for (name, first, over, rest) in scenes {
        let mut scene = Scene::default();
        scene.expect(&first, WAITING).expect(&over, WAITING);
        let mut last = None;
        let mut rest = &rest[..];
        while !rest.is_empty() {
            let len = usize::from(u16::from_be_bytes([rest[2], rest[3]]));
            last = Some(scene.sees(&rest[..len]));
            rest = &rest[len..];
        }
        assert_eq!(last.unwrap().as_deref(), SAID.as_deref(), "{name}");
    }
}

#[test]
fn a_fragment_that_reaches_over_others_fills_what_is_between_them() {
    let whole = packet();
    let mut lie = whole.clone();
    lie[44..52].fill(b'X'); // bytes 24 to 32 of the payload, which are there
    lie[60..68].fill(b'X'); // and 40 to 48
    let mut scene = Scene::default();
    scene
        .expect(&cut4(&whole, 24, 32, true), WAITING)
        .expect(&cut4(&whole, 40, 48, true), WAITING);
    scene
        .expect(&cut4(&lie, 0, 60, true), MALFORMED)
        .expect(&cut4(&lie, 0, 56, true), WAITING);
    scene.expect(&cut4(&whole, 56, 60, false), SAID);
    assert_eq!(scene.ends(), (1, 3, 0));
}

#[test]
fn there_is_one_end_and_nothing_behind_it() {
    let whole = packet();
    let mut scene = Scene::default();
    scene.expect(&abc('c'), WAITING);
    scene.expect(&cut4(&whole, 24, 40, false), MALFORMED);
    scene.expect(&cut4(&whole, 48, 56, false), MALFORMED);
    scene.expect(&fragment4(&whole[..20], &[b'X'; 16], 56, true), MALFORMED);
    scene.expect(&fragment4(&whole[..20], &[b'X'; 16], 64, false), MALFORMED);
    scene.expect(&abc('a'), WAITING).expect(&abc('b'), SAID);
    assert_eq!((scene.ends(), scene.counts.other), ((1, 2, 0), 4));
}

#[test]
fn an_end_before_what_has_come_is_refused() {
    let mut scene = Scene::default();
    scene
        .expect(&abc('b'), WAITING)
        .expect(&cut4(&packet(), 24, 40, false), MALFORMED);
    scene.expect(&abc('a'), WAITING).expect(&abc('c'), SAID);
}

#[test]
fn fragments_that_cannot_be_are_refused() {
    let header = &packet()[..20];
    let mut scene = Scene::default();
    // All but the last are whole blocks of 8.
    scene.expect(&fragment4(header, &[0; 20], 0, true), MALFORMED);
    scene.expect(&fragment4(header, &[], 8, true), MALFORMED);
    scene.expect(&fragment4(header, &[], 8, false), MALFORMED);
    // The ping of death: it ends behind 65,535.
    scene.expect(&fragment4(header, &[0; 24], 65_528, false), MALFORMED);
    scene.expect(&fragment4(header, &[0; 7], 65_528, false), WAITING);
    assert_eq!((scene.ends(), scene.counts.other), ((0, 0, 1), 4));
}
