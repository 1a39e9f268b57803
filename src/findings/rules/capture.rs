//! What is wrong with the capture itself: nobody may blame the peers for it.

use super::{Rules, churn};
use crate::findings::scene::{Ending, Raise, Scene};
use crate::findings::{Code, Spot};
use crate::packet::{Fate, Skip};
use crate::store::{Connection, Store, Tally, What};
use crate::stream::{Direction, ETHERNET, Evidence, Missing, Side, Strain};
use crate::wire::Message;

/// Nanoseconds that frames of several queues may be out of order.
const BACK: i64 = 1_000_000;
/// Segments of one side without any of the other.
const ALONE: u32 = 20;
/// Segments below which nobody can say that all of them came twice.
const ENOUGH: u32 = 20;

/// What the capture has of one connection.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// The first entry of each side that lacks something.
    holes: [Option<Spot>; 2],
}

impl Rules for Heard {
    fn said(&mut self, scene: &Scene<'_>, _: &Message, _: &mut Raise<'_>) {
        if scene.store.missing(scene.id) > 0 {
            self.holes[scene.by.index()].get_or_insert(scene.spot());
        }
    }

    fn missed(&mut self, scene: &Scene<'_>, what: &What, _: &mut Raise<'_>) {
        if let What::Gap { missing, .. } = what
            && *missing != Missing::Snapped
        {
            self.holes[scene.by.index()].get_or_insert(scene.spot());
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let connection = ending.connection;
        if !connection.is_bittorrent() && connection.encryption().is_none() {
            return;
        }
        joined_late(connection, out);
        for side in Side::BOTH {
            if let Some(spot) = self.holes[side.index()] {
                lost(connection, (side, spot), out);
            }
            one_way(connection, side, out);
            doubled(connection, side, out);
        }
    }
}

/// What a side said and the capture has not, but for what the snap length cut.
fn lost(connection: &Connection, (side, spot): (Side, Spot), out: &mut Raise<'_>) {
    let Some(facts) = connection.facts(side) else {
        return;
    };
    let snapped = connection.activity.direction(side).snapped;
    let (bytes, packets) = (
        facts.stream.gap.saturating_sub(snapped),
        facts.stream.gap_packets,
    );
    let all = facts.stream.total();
    if packets > 0 {
        out.say(
            Code::CaptureGap,
            side,
            spot,
            format_args!("{packets} packets of uTP were never captured, beside {all} bytes"),
        );
    } else if bytes > 0 {
        out.say(
            Code::CaptureGap,
            side,
            spot,
            format_args!("{bytes} of {all} bytes were never captured"),
        );
    }
}

fn joined_late(connection: &Connection, out: &mut Raise<'_>) {
    let (_, evidence) = connection.opener;
    let is_unknown = |side: &Side| {
        let facts = connection.facts(*side);
        facts.is_some_and(|facts| facts.messages > 0 && !facts.has_handshake())
    };
    let unknown = Side::BOTH.iter().filter(|side| is_unknown(side)).count();
    if evidence != Evidence::Syn && unknown > 0 {
        let whose = if unknown == 2 {
            "either side"
        } else {
            "one side"
        };
        out.say(
            Code::CaptureMidstream,
            None,
            Spot::from(connection.first),
            format_args!("neither a SYN nor the handshake of {whose} was captured"),
        );
    }
}

fn one_way(connection: &Connection, side: Side, out: &mut Raise<'_>) {
    let count = |side| connection.activity.strain(side).map_or(0, |it| it.segments);
    let (here, there) = (count(side), count(!side));
    if here > ALONE && there == 0 {
        out.say(
            Code::CaptureOneWay,
            None,
            Spot::from(connection.first),
            format_args!("{here} segments of one side were captured, and none of the other"),
        );
    }
}

/// True when the capture has most of what a side sent twice.
pub(super) fn is_doubled(sent: Direction, strain: &Strain) -> bool {
    strain.carriers >= ENOUGH && strain.mirrored > sent.payload / 4
}

fn doubled(connection: &Connection, side: Side, out: &mut Raise<'_>) {
    let sent = connection.activity.direction(side);
    let strain = connection.activity.strain(side);
    if let Some(strain) = strain.filter(|strain| is_doubled(sent, strain)) {
        let (again, all) = (strain.mirrored, sent.payload);
        out.say(
            Code::CaptureDuplicatePackets,
            side,
            Spot::from(connection.first),
            format_args!("{again} of {all} payload bytes were captured again within 2 ms"),
        );
    }
}

/// Looks at the capture as a whole.
pub(in crate::findings) struct OfCapture;

impl OfCapture {
    pub(in crate::findings) fn judge(store: &Store, out: &mut Raise<'_>) {
        let tally = store.tally();
        frames(tally, out);
        fragments(tally, out);
        dropped(store, out);
        oversized(store, out);
        churn::judge(store, out);
    }
}

/// Says something of the capture as a whole.
fn say(out: &mut Raise<'_>, code: Code, words: std::fmt::Arguments<'_>) {
    out.say(code, None, Spot::default(), words);
}

fn frames(tally: &Tally, out: &mut Raise<'_>) {
    let all = tally.frames;
    if tally.cut > 0 {
        let cut = tally.cut;
        let words = format_args!("{cut} of {all} frames were cut by the snap length");
        say(out, Code::CaptureSnaplen, words);
    }
    if tally.behind > BACK {
        let (late, behind) = (tally.late, tally.behind as f64 / 1e6);
        let words = format_args!(
            "{late} of {all} frames are older than the one before them, by {behind:.1} ms at most"
        );
        say(out, Code::CaptureClockBack, words);
    }
    if tally.is_broken_off {
        let words = format_args!("it ends, or cannot be read any further, behind {all} frames");
        say(out, Code::CaptureTruncatedFile, words);
    }
    if tally.damaged_blocks > 0 {
        let blocks = tally.damaged_blocks;
        let words = format_args!("{blocks} damaged blocks were stepped over");
        say(out, Code::CaptureDamaged, words);
    }
    let unfinished = skipped(tally, Skip::TcpChecksumUnfinished);
    if unfinished > 0 {
        let words =
            format_args!("{unfinished} of {all} frames were left out for a checksum not finished");
        say(out, Code::CaptureChecksumOffload, words);
    }
}

fn fragments(tally: &Tally, out: &mut Raise<'_>) {
    let whole = skipped(tally, Skip::Fragment(Fate::PutTogether));
    if whole > 0 {
        let words = format_args!("{whole} frames are fragments of packets that became whole");
        say(out, Code::IpFragments, words);
    }
    let lost = skipped(tally, Skip::Fragment(Fate::NeverWhole));
    if lost > 0 {
        let words = format_args!("{lost} frames are fragments of packets that never became whole");
        say(out, Code::CaptureFragmentMissing, words);
    }
}

fn skipped(tally: &Tally, why: Skip) -> u64 {
    tally.skipped.get(&why).copied().unwrap_or(0)
}

fn dropped(store: &Store, out: &mut Raise<'_>) {
    let Some(layout) = store.layout() else {
        return;
    };
    let counts = layout
        .interfaces()
        .map(|interface| interface.counts.dropped());
    let dropped = counts.fold(0, u64::saturating_add);
    if dropped > 0 {
        let all = store.tally().frames;
        let words =
            format_args!("{dropped} frames were dropped beside the {all} that were captured");
        say(out, Code::CaptureDrops, words);
    }
}

/// Segments of peers that no network carries in one frame.
fn oversized(store: &Store, out: &mut Raise<'_>) {
    let peers = store.connections().iter().filter(|it| it.is_bittorrent());
    let strains = peers.flat_map(|it| Side::BOTH.map(|side| it.activity.strain(side)));
    let (mut count, mut largest) = (0u64, 0);
    for strain in strains.flatten() {
        count += u64::from(strain.oversized);
        largest = largest.max(strain.largest);
    }
    if count > 0 {
        let words = format_args!(
            "{count} segments carry more than {ETHERNET} bytes of payload, {largest} at most"
        );
        say(out, Code::CaptureOffload, words);
    }
}
