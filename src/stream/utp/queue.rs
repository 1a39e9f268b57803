//! How long what a side sends over uTP stands in queues (BEP 29): the difference of the two clocks, above its least.

use crate::capture::Timestamp;
use crate::stream::Moment;
use crate::stream::strain::Stretch;

/// Microseconds in queues that are too many: three times what BEP 29 aims at.
pub const LONG_QUEUE: u32 = 300_000;

/// Nanoseconds that a least difference is remembered, at least. With the one before it that makes the two minutes of
/// BEP 29.
const MEMORY: i64 = 60_000_000_000;
/// Nanoseconds between two packets behind which nobody knows what the queue did.
const SILENCE: i64 = 1_000_000_000;
/// Microseconds by which a difference falls at once where a clock was set.
const STEP: u32 = 100_000;

/// What is known of the queue in front of one side.
#[derive(Debug, Default)]
pub(in crate::stream) struct Queue {
    /// When the later of the two was begun.
    since: Timestamp,
    /// The least difference of this minute, and of the one before.
    least: Option<[u32; 2]>,
    long: Option<Long>,
}

/// It has been long for a while.
#[derive(Debug)]
struct Long {
    since: Moment,
    until: Timestamp,
    /// The least and the most, in microseconds.
    queued: [u32; 2],
}

/// What a difference tells.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::stream) enum Queued {
    /// Nothing.
    Short,
    /// It has been long for so long.
    Long(Stretch, [u32; 2]),
    /// It fell at once: a clock was set, perhaps.
    Fell,
}

impl Queue {
    /// The other side measures the difference between the clocks, in microseconds. It wraps.
    pub(in crate::stream) fn measure(&mut self, difference: u32, at: Moment) -> Queued {
        let Some(least) = &mut self.least else {
            (self.least, self.since) = (Some([difference; 2]), at.time);
            return Queued::Short;
        };
        if at.time.since(self.since) > MEMORY {
            (*least, self.since) = ([difference, least[0]], at.time);
        }
        let floor = lesser(least[0], least[1]);
        least[0] = lesser(least[0], difference);
        if is_less(difference, floor) {
            self.long = None;
            let has_fallen = floor.wrapping_sub(difference) > STEP;
            return if has_fallen {
                Queued::Fell
            } else {
                Queued::Short
            };
        }
        self.stand(difference.wrapping_sub(floor), at)
    }

    fn stand(&mut self, queued: u32, at: Moment) -> Queued {
        if queued <= LONG_QUEUE {
            self.long = None;
            return Queued::Short;
        }
        let is_old = |long: &Long| at.time.since(long.until) > SILENCE;
        let long = self.long.take().filter(|long| !is_old(long));
        let mut long = long.unwrap_or(Long {
            since: at,
            until: at.time,
            queued: [queued; 2],
        });
        long.until = at.time;
        long.queued = [long.queued[0].min(queued), long.queued[1].max(queued)];
        let nanos = at.time.since(long.since.time);
        let told = Queued::Long(
            Stretch {
                nanos,
                at: long.since,
            },
            long.queued,
        );
        self.long = Some(long);
        told
    }

    /// A clock was set, perhaps: nothing that was measured before holds.
    pub(in crate::stream) fn forget(&mut self) {
        *self = Queue::default();
    }
}

fn lesser(one: u32, other: u32) -> u32 {
    if is_less(other, one) { other } else { one }
}

fn is_less(value: u32, other: u32) -> bool {
    (value.wrapping_sub(other) as i32) < 0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameNumber;

    /// A difference for each tenth of a second: how long the queue was long at most, and how long it was.
    fn longest(differences: impl IntoIterator<Item = u32>) -> (i64, [u32; 2]) {
        let mut queue = Queue::default();
        let told = (0..).zip(differences).map(|(tenth, difference)| {
            let time = Timestamp(tenth * 100_000_000);
            let number = FrameNumber(1);
            queue.measure(difference, Moment { number, time })
        });
        let long = told.filter_map(|queued| match queued {
            Queued::Long(stretch, queued) => Some((stretch.nanos / 100_000_000, queued)),
            Queued::Short | Queued::Fell => None,
        });
        long.max().unwrap_or_default()
    }

    #[test]
    fn a_queue_is_long_as_long_as_each_packet_says_so() {
        let difference = |tenth: u32| 5_000 + if tenth < 3 { tenth } else { 400_000 + tenth };
        assert_eq!(longest((0..10).map(difference)), (6, [400_003, 400_009]));
    }

    #[test]
    fn a_packet_that_did_not_wait_begins_anew() {
        let difference = |tenth: u32| if tenth.is_multiple_of(5) { 10 } else { 400_000 };
        assert_eq!(longest((0..20).map(difference)).0, 3);
    }

    #[test]
    fn what_is_just_not_long() {
        let difference = |tenth: u32| tenth.min(1) * LONG_QUEUE;
        assert_eq!(longest((0..20).map(difference)), (0, [0; 2]));
    }

    #[test]
    fn differences_wrap() {
        let difference = |tenth: u32| 0_u32.wrapping_sub(9).wrapping_add(tenth.min(1) * 500_000);
        assert_eq!(longest((0..4).map(difference)), (2, [500_000; 2]));
    }

    #[test]
    fn a_fall_is_told() {
        let mut queue = Queue::default();
        let at = Moment::default();
        assert_eq!(queue.measure(900_000, at), Queued::Short);
        assert_eq!(queue.measure(850_000, at), Queued::Short);
        assert_eq!(queue.measure(400_000, at), Queued::Fell);
    }

    #[test]
    fn nobody_knows_what_a_queue_did_while_nothing_was_sent() {
        let mut queue = Queue::default();
        let mut at = |seconds: u64, difference| {
            let time = Timestamp(seconds * 1_000_000_000);
            let number = FrameNumber(1);
            queue.measure(difference, Moment { number, time })
        };
        at(0, 5);
        at(1, 400_005);
        let told = at(9, 400_005);
        assert!(matches!(told, Queued::Long(Stretch { nanos: 0, .. }, _)));
    }
}
