//! What the transport suffers from. What shows in single segments was counted while the streams were put together.

use super::Rules;
use crate::capture::Timestamp;
use crate::findings::scene::{Ending, Raise, SECOND, Scene};
use crate::findings::{Code, Spot};
use crate::store::{Connection, Entry, What};
use crate::stream::{Missing, Side, Strain, Stretch, TINY, Transport as Carrier};
use crate::wire::Message;

/// Segments, and bytes, below which a share says nothing.
const ENOUGH_SEGMENTS: u32 = 100;
const ENOUGH_BYTES: u64 = 128 << 10;
/// Percent of the bytes that are sent again.
const MOST_AGAIN: u64 = 2;
/// The same over uTP, whose probes of the path are sent again.
const MOST_AGAIN_OVER_UTP: u64 = 3;
/// Nanoseconds that queues are too long.
const LONG: i64 = 10 * SECOND;
/// Bytes of a message that is alone in its segment, and nanoseconds to the next: both fit in one.
const SMALL: u64 = 20;
const SOON: i64 = SECOND / 100;
/// Percent of the segments that are so, and how many segments say something.
const MOST_ALONE: u32 = 30;

/// What the transport suffers from.
#[derive(Debug, Default)]
pub(super) struct Transport {
    writes: [Writes; 2],
    /// When the capture last lacked something of either side.
    hole: Option<Timestamp>,
}

/// How the messages of a side lie in segments.
#[derive(Debug, Default)]
struct Writes {
    /// The message before, with which its segment ends.
    last: Option<Last>,
    segments: u32,
    alone: u32,
    /// The first small message that was alone for no reason.
    first: Option<Spot>,
}

#[derive(Debug)]
struct Last {
    spot: Spot,
    /// It is small, and all that its segment carries.
    is_alone: bool,
    /// The other side has said something since: what follows may answer that.
    is_answered: bool,
}

impl Rules for Transport {
    fn said(&mut self, scene: &Scene<'_>, _: &Message, _: &mut Raise<'_>) {
        if scene.store.missing(scene.id) > 0 && !is_snapped(scene.connection, scene.by) {
            self.hole = Some(scene.now());
        }
        if let Some(last) = &mut self.writes[(!scene.by).index()].last {
            last.is_answered = true;
        }
        self.writes[scene.by.index()].write(scene.entry, scene.spot());
    }

    fn missed(&mut self, scene: &Scene<'_>, what: &What, _: &mut Raise<'_>) {
        let Writes { last, .. } = &mut self.writes[scene.by.index()];
        *last = None;
        if let What::Gap { missing, .. } = what
            && *missing != Missing::Snapped
        {
            self.hole = Some(scene.now());
        }
    }

    fn ended(&mut self, ending: &Ending<'_>, out: &mut Raise<'_>) {
        let connection = ending.connection;
        if !connection.is_bittorrent() && connection.encryption().is_none() {
            return;
        }
        for side in Side::BOTH {
            self.writes[side.index()].judge(side, out);
            if let Some(strain) = connection.activity.strain(side) {
                sent_again(connection, (side, strain), out);
                tiny_packets(ending, (side, strain), out);
                self.waits(ending, (side, strain), out);
            }
        }
    }
}

impl Writes {
    fn write(&mut self, entry: &Entry, spot: Spot) {
        let before = self.last.take();
        let is_new = before
            .as_ref()
            .is_none_or(|last| last.spot.frame < entry.first_frame);
        if let Some(last) = before.filter(|last| is_new && last.is_alone && !last.is_answered)
            && entry.time.since(last.spot.time) < SOON
        {
            self.alone = self.alone.saturating_add(1);
            self.first.get_or_insert(last.spot);
        }
        self.segments = self.segments.saturating_add(u32::from(is_new));
        let is_alone = is_new && entry.first_frame == entry.frame && entry.wire_len() < SMALL;
        self.last = Some(Last {
            spot,
            is_alone,
            is_answered: false,
        });
    }

    fn judge(&self, side: Side, out: &mut Raise<'_>) {
        let (alone, all) = (self.alone, self.segments);
        let is_much = u64::from(alone) * 100 > u64::from(all) * u64::from(MOST_ALONE);
        if let Some(first) = self.first
            && all >= ENOUGH_SEGMENTS
            && is_much
        {
            out.say(
                Code::TinyWrites,
                side,
                first,
                format_args!(
                    "{alone} of {all} segments with messages carry a single one of less than {SMALL} bytes, and the \
                     next follows within 10 ms"
                ),
            );
        }
    }
}

impl Transport {
    /// True when the capture lacks nothing that came behind a moment.
    fn is_whole_since(&self, since: Timestamp) -> bool {
        self.hole.is_none_or(|hole| hole < since)
    }

    /// Holes, closed windows and queues that lasted.
    fn waits(&self, ending: &Ending<'_>, (side, strain): (Side, &Strain), out: &mut Raise<'_>) {
        let waits = strain.waits();
        let (hole, closed, queue) = (waits.hole, waits.closed, waits.queue);
        let began = Timestamp(hole.at.time.0.saturating_sub(hole.nanos.unsigned_abs()));
        if hole.nanos > SECOND && self.is_whole_since(began) {
            out.say(
                Code::HeadOfLine,
                side,
                spot(ending, hole),
                format_args!(
                    "bytes that had arrived waited {} for a lost segment before them",
                    Seconds(hole.nanos)
                ),
            );
        }
        if closed.nanos > SECOND && self.is_whole_since(closed.at.time) {
            let code = match ending.connection.transport {
                Carrier::Tcp => Code::TcpZeroWindow,
                Carrier::Utp { .. } => Code::UtpWindowLimited,
            };
            let lasted = Seconds(closed.nanos);
            out.say(
                code,
                side,
                spot(ending, closed),
                format_args!("the receive window was 0 for {lasted}"),
            );
        }
        if queue.nanos >= LONG && self.is_whole_since(queue.at.time) {
            let [least, most] = waits.queued.map(|micros| micros / 1000);
            out.say(
                Code::UtpDelayHigh,
                side,
                spot(ending, queue),
                format_args!(
                    "its packets stood {least} to {most} ms in queues for {}",
                    Seconds(queue.nanos)
                ),
            );
        }
    }
}

/// Bytes that were sent more than once.
fn sent_again(connection: &Connection, (side, strain): (Side, &Strain), out: &mut Raise<'_>) {
    let sent = connection.activity.direction(side);
    // What the capture holds twice was not sent twice.
    if super::capture::is_doubled(sent, strain) {
        return;
    }
    let (code, most) = match connection.transport {
        Carrier::Tcp => (Code::TcpRetransmitShare, MOST_AGAIN),
        Carrier::Utp { .. } => (Code::UtpLoss, MOST_AGAIN_OVER_UTP),
    };
    let (again, all) = (sent.duplicate, sent.payload);
    let is_enough = strain.carriers >= ENOUGH_SEGMENTS && all >= ENOUGH_BYTES;
    if is_enough && u128::from(again) * 100 > u128::from(all) * u128::from(most) {
        let percent = again as f64 * 100.0 / all as f64;
        out.say(
            code,
            side,
            Spot::from(connection.first),
            format_args!(
                "{again} of {all} payload bytes ({percent:.1} %) were sent more than once"
            ),
        );
    }
}

/// Blocks in packets that are too small.
fn tiny_packets(ending: &Ending<'_>, (side, strain): (Side, &Strain), out: &mut Raise<'_>) {
    let connection = ending.connection;
    if connection.transport == Carrier::Tcp {
        return;
    }
    let all = connection.activity.direction(side).payload;
    let facts = connection.facts(side);
    // Who sends blocks has more to say: the packets could be full.
    let blocks = facts.map_or(0, |facts| facts.payload_bytes);
    let lacks = facts.map_or(0, |facts| facts.stream.gap_packets);
    let is_busy = blocks >= ENOUGH_BYTES && blocks >= all / 10 * 9 && lacks == 0;
    if is_busy && strain.tiny > all / 2 {
        let tiny = strain.tiny;
        out.say(
            Code::UtpTinyPackets,
            side,
            Spot::from(connection.first),
            format_args!(
                "{tiny} of {all} payload bytes, of which {blocks} are blocks, came in packets of less than {TINY} bytes"
            ),
        );
    }
}

/// The message that a moment was about.
fn spot(ending: &Ending<'_>, stretch: Stretch) -> Spot {
    let entries = ending.connection.entries();
    let next = entries.partition_point(|id| ending.store.entry(*id).frame < stretch.at.number);
    Spot {
        entry: entries.get(next).copied(),
        ..Spot::from(stretch.at)
    }
}

/// The snap length cut something of what a side said: what its messages lack may be that.
fn is_snapped(connection: &Connection, side: Side) -> bool {
    connection.activity.direction(side).snapped > 0
}

/// Nanoseconds as seconds.
struct Seconds(i64);

impl std::fmt::Display for Seconds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:.1} s", self.0 as f64 / SECOND as f64)
    }
}
