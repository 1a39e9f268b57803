//! Floods, and fragments at random.

use proptest::prelude::*;

use super::super::{Datagram, MAX_BYTES, MAX_DATAGRAMS};
use super::{Counts, SAID, Scene, WAITING, cut4, fragment4, packet};

#[test]
fn a_flood_of_fragments_is_bounded() {
    let mut scene = Scene::default();
    let mut header = packet()[..20].to_vec();
    for id in 0..2000u16 {
        header[4..6].copy_from_slice(&id.to_be_bytes());
        scene.number = 0; // all at once
        scene.expect(&fragment4(&header, &[0; 8], 65_512, true), WAITING);
        let held: usize = scene
            .packets
            .fragments
            .datagrams
            .iter()
            .map(Datagram::held)
            .sum();
        assert!(held <= MAX_BYTES, "{held}");
    }
    assert_eq!(scene.ends(), (0, 0, 2000));
    let mut scene = Scene::default();
    for id in 0..=MAX_DATAGRAMS as u16 {
        header[4..6].copy_from_slice(&id.to_be_bytes());
        scene.number = 0;
        scene.expect(&fragment4(&header, &[0; 8], 0, true), WAITING);
    }
    scene.settle();
    assert_eq!(scene.counts.never_whole, 1);
}

/// Places in a datagram, in blocks, and an order with repeats.
fn cuts_and_order() -> impl Strategy<Value = (Vec<usize>, Vec<usize>)> {
    let cuts = proptest::collection::btree_set(1..8usize, 0..7);
    cuts.prop_flat_map(|cuts| {
        let pieces = cuts.len() + 1;
        let cuts: Vec<usize> = cuts.into_iter().collect();
        let order: Vec<usize> = (0..pieces).chain(0..pieces).collect();
        (Just(cuts), Just(order).prop_shuffle())
    })
}

proptest! {
    #[test]
    fn cut_shuffled_and_sent_twice_it_is_the_same_segment((cuts, order) in cuts_and_order()) {
        let whole = packet();
        let mut edges = vec![0];
        edges.extend(cuts.iter().map(|block| block * 8));
        edges.push(60);
        edges.retain(|edge| *edge <= 60);
        edges.dedup();
        let pieces: Vec<_> = edges.windows(2).map(|it| cut4(&whole, it[0], it[1], it[1] < 60)).collect();
        let mut scene = Scene::default();
        let order: Vec<usize> = order.into_iter().filter(|piece| *piece < pieces.len()).collect();
        let said: Vec<_> = order.iter().filter_map(|piece| scene.sees(&pieces[*piece]).ok()).collect();
        prop_assert!(said.iter().all(|said| said == SAID.unwrap()));
        // An unfragmented packet is a segment as often as it comes.
        prop_assert_eq!(said.len(), if pieces.len() == 1 { 2 } else { 1 });
        let (segments, put_together, never_whole) = scene.ends();
        prop_assert_eq!(segments + put_together, u64::from(scene.number));
        prop_assert_eq!(never_whole, 0);
    }

    #[test]
    fn fragments_of_nonsense_add_up(frames in proptest::collection::vec((0..40usize, 0..60usize, any::<bool>(), 0..3u8), 0..60)) {
        let mut scene = Scene::default();
        for (block, len, more, id) in frames {
            let mut bytes = fragment4(&packet()[..20], &vec![id; len], block * 8, more);
            bytes[5] = id;
            let _ = scene.sees(&bytes);
        }
        scene.ends();
        let Counts { segments, put_together, never_whole, other, .. } = scene.counts;
        prop_assert_eq!(segments + put_together + never_whole + other, u64::from(scene.number));
    }
}
