//! A sample of each packet, in their order, and what they come to: behind any of them, and over any stretch.

use std::ops::Range;

use super::figures::Figures;
use crate::capture::{FrameNumber, Timestamp};
use crate::stream::Side;

/// Samples between two marks: a question looks at so many on each end of a stretch at most.
const STRIDE: usize = 64;
/// Samples that are kept, some 16 MiB of them: full detail for 380 MB of payload. Beyond that every second one goes.
const MAX_SAMPLES: usize = 1 << 18;
/// Payload sizes that the middle one is found among: more do not change it.
const MAX_SIZES: usize = 2048;
/// Not known, or none.
const NONE: u32 = u32::MAX;

/// What is worth telling of a packet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trait {
    /// Numbers of it had been sent before.
    Again = 1,
    /// All of those had been acknowledged.
    Needless = 2,
    /// It names what arrived behind a hole.
    Selective = 4,
    /// It asks whether the other side is still there.
    KeepAlive = 8,
    /// It came behind what follows it: out of order, or once more after a loss in front of the capture.
    Late = 16,
}

/// A packet, and what it changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    pub(super) time: Timestamp,
    pub(super) frame: FrameNumber,
    pub(super) by: Side,
    traits: u8,
    pub(super) len: u32,
    /// Bytes of it that had been sent before.
    pub(super) again: u32,
    /// Bytes of the other side that it acknowledges selectively for the first time.
    pub(super) selected: u32,
    /// Bytes in flight of each side behind it.
    in_flight: [u32; 2],
    window: u32,
    /// In microseconds, of what it acknowledges.
    round_trip: u32,
    /// In microseconds, of what its sender received last.
    queueing: u32,
}

fn known(value: u32) -> Option<u32> {
    (value != NONE).then_some(value)
}

/// As much as there is room for; the highest number stands for none.
fn stored(value: Option<u64>) -> u32 {
    value.map_or(NONE, |it| it.min(u64::from(NONE - 1)) as u32)
}

impl Sample {
    pub(super) fn new(time: Timestamp, frame: FrameNumber, by: Side, len: u32) -> Sample {
        Sample {
            time,
            frame,
            by,
            traits: 0,
            len,
            again: 0,
            selected: 0,
            in_flight: [NONE; 2],
            window: NONE,
            round_trip: NONE,
            queueing: NONE,
        }
    }

    pub(super) fn mark(&mut self, is_so: bool, what: Trait) {
        self.traits |= if is_so { what as u8 } else { 0 };
    }

    pub(super) fn is(&self, what: Trait) -> bool {
        self.traits & what as u8 != 0
    }

    pub(super) fn fly(&mut self, side: Side, bytes: Option<u64>) {
        self.in_flight[side.index()] = stored(bytes);
    }

    pub(super) fn offer(&mut self, window: Option<u64>) {
        self.window = stored(window);
    }

    pub(super) fn took(&mut self, nanos: Option<u64>) {
        self.round_trip = stored(nanos.map(|nanos| nanos / 1000));
    }

    pub(super) fn queued(&mut self, micros: Option<u32>) {
        self.queueing = stored(micros.map(u64::from));
    }

    fn in_flight(&self, side: Side) -> Option<u32> {
        known(self.in_flight[side.index()])
    }

    pub(super) fn window(&self) -> Option<u32> {
        known(self.window)
    }

    pub(super) fn round_trip(&self) -> Option<u32> {
        known(self.round_trip)
    }

    pub(super) fn queueing(&self) -> Option<u32> {
        known(self.queueing)
    }
}

/// What a stretch of packets comes to, of what one side sends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Span {
    /// The longest round trip, in microseconds.
    pub round_trip: Option<u32>,
    /// The longest time in queues, in microseconds.
    pub queueing: Option<u32>,
    /// The most bytes in flight.
    pub in_flight: Option<u32>,
    /// The least that the other side had room for.
    pub window: Option<u32>,
    /// Packets that were sent again.
    pub again: u32,
    /// How often the other side had room for nothing.
    pub zero_windows: u32,
    /// Probes whether the other side is still there.
    pub keep_alives: u32,
}

impl Span {
    fn merge(&mut self, other: &Span) {
        self.round_trip = self.round_trip.max(other.round_trip);
        self.queueing = self.queueing.max(other.queueing);
        self.in_flight = self.in_flight.max(other.in_flight);
        self.window = least(self.window, other.window);
        self.again += other.again;
        self.zero_windows += other.zero_windows;
        self.keep_alives += other.keep_alives;
    }

    /// What one packet is, for the side that sent it or for the other one.
    fn of(sample: &Sample, side: Side) -> Span {
        let in_flight = sample.in_flight(side);
        if sample.by == side {
            return Span {
                in_flight,
                again: u32::from(sample.is(Trait::Again)),
                keep_alives: u32::from(sample.is(Trait::KeepAlive)),
                ..Span::default()
            };
        }
        Span {
            in_flight,
            round_trip: sample.round_trip(),
            queueing: sample.queueing(),
            window: sample.window(),
            zero_windows: u32::from(sample.window() == Some(0)),
            ..Span::default()
        }
    }
}

fn least(one: Option<u32>, other: Option<u32>) -> Option<u32> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// The packets of a connection, as far as they were read.
///
/// Invariant: `marks[n]` is what holds in front of the sample `n * STRIDE`, and `spans[n]` what the samples from there
/// to the next mark come to. Times never go back: a packet stands at the latest time up to it.
#[derive(Clone, Debug)]
pub struct Course {
    samples: Vec<Sample>,
    marks: Vec<[Figures; 2]>,
    spans: Vec<[Span; 2]>,
    now: [Figures; 2],
    /// Of so many packets one is kept, but for the last ones.
    sparseness: u32,
    /// Behind this sample all are kept.
    dense_from: usize,
}

impl Default for Course {
    fn default() -> Course {
        Course {
            samples: Vec::new(),
            marks: Vec::new(),
            spans: Vec::new(),
            now: Default::default(),
            sparseness: 1,
            dense_from: 0,
        }
    }
}

impl Course {
    pub(super) fn push(&mut self, mut sample: Sample) {
        if self.samples.len() == MAX_SAMPLES {
            self.thin();
        }
        if self.samples.len().is_multiple_of(STRIDE) {
            self.marks.push(self.now);
            self.spans.push(Default::default());
        }
        sample.time = sample.time.max(self.latest().unwrap_or_default());
        apply(&mut self.now, &sample);
        if let Some(spans) = self.spans.last_mut() {
            add(spans, &sample);
        }
        self.samples.push(sample);
    }

    /// Makes room. What came behind the last time becomes as sparse as the rest; when that would not make much room,
    /// all becomes sparser by half.
    fn thin(&mut self) {
        let group = 2 * STRIDE * self.sparseness as usize;
        let dense = self.dense_from..self.samples.len();
        let count = dense.len() / group * group;
        if self.sparseness > 1 && count > MAX_SAMPLES / 8 {
            let mut range = dense.start..dense.start + count;
            for _ in 0..self.sparseness.ilog2() {
                self.halve(range.clone());
                range.end = range.start + range.len() / 2;
            }
            self.dense_from = range.end;
        } else {
            self.halve(0..self.samples.len());
            self.sparseness *= 2;
            self.dense_from = self.samples.len();
        }
    }

    /// Of these every second sample goes: of two neighbours the one of which there is less to tell. They are pairs of
    /// whole stretches between marks, and the marks stay exact.
    fn halve(&mut self, range: Range<usize>) {
        let pairs = self.samples[range.clone()].as_chunks::<2>().0;
        let kept = pairs.iter().map(|[one, other]| {
            if one.traits > other.traits {
                *one
            } else {
                *other
            }
        });
        let kept: Vec<Sample> = kept.collect();
        self.samples.splice(range.clone(), kept);
        let stretches = range.start / STRIDE..range.end / STRIDE;
        let marks = self.marks[stretches.clone()].iter().step_by(2).copied();
        let marks: Vec<_> = marks.collect();
        self.marks.splice(stretches.clone(), marks);
        let pairs = self.spans[stretches.clone()].as_chunks::<2>().0;
        let spans: Vec<_> = pairs
            .iter()
            .map(|[one, other]| merged(one, other))
            .collect();
        self.spans.splice(stretches, spans);
    }

    /// Packets that are remembered.
    pub fn len(&self) -> usize {
        self.samples.len()
    }

    /// True before the first packet.
    pub fn is_empty(&self) -> bool {
        self.samples.is_empty()
    }

    /// Of so many packets one is remembered, where they are too many for all.
    pub fn sparseness(&self) -> Option<u32> {
        (self.sparseness > 1).then_some(self.sparseness)
    }

    /// When the last one was captured.
    pub fn latest(&self) -> Option<Timestamp> {
        self.samples.last().map(|sample| sample.time)
    }

    /// Packets up to a frame, and with it.
    pub fn until_frame(&self, frame: FrameNumber) -> usize {
        self.samples.partition_point(|sample| sample.frame <= frame)
    }

    /// Packets before a moment.
    pub fn until(&self, time: Timestamp) -> usize {
        self.samples.partition_point(|sample| sample.time < time)
    }

    /// What is known behind so many packets, by the side that sends.
    pub fn figures(&self, packets: usize) -> [Figures; 2] {
        let packets = packets.min(self.len());
        let mark = packets / STRIDE;
        let mut figures = self.marks.get(mark).copied().unwrap_or(self.now);
        let rest = self.samples.get(mark * STRIDE..packets);
        rest.unwrap_or_default()
            .iter()
            .for_each(|sample| apply(&mut figures, sample));
        figures
    }

    /// What these packets come to, by the side that sends.
    pub fn span(&self, packets: Range<usize>) -> [Span; 2] {
        let mut spans = [Span::default(); 2];
        let end = packets.end.min(self.len());
        let mut at = packets.start;
        while at < end {
            let next = (at / STRIDE + 1) * STRIDE;
            if at.is_multiple_of(STRIDE) && next <= end {
                spans = merged(&spans, &self.spans[at / STRIDE]);
            } else {
                let some = &self.samples[at..next.min(end)];
                some.iter().for_each(|sample| add(&mut spans, sample));
            }
            at = next;
        }
        spans
    }

    /// The middle and the largest size of what a side sent within so many packets that had payload. Of many packets
    /// some stand for all.
    pub fn sizes(&self, side: Side, packets: usize) -> Option<(u32, u32)> {
        let packets = packets.min(self.len());
        let step = packets.div_ceil(MAX_SIZES).max(1);
        let some = self.samples[..packets].iter().step_by(step);
        let sent = some.filter(|sample| sample.by == side && sample.len > 0);
        let mut sizes: Vec<u32> = sent.map(|sample| sample.len).collect();
        sizes.sort_unstable();
        let middle = *sizes.get(sizes.len() / 2)?;
        Some((middle, *sizes.last()?))
    }
}

fn apply(figures: &mut [Figures; 2], sample: &Sample) {
    figures[sample.by.index()].send(sample);
    figures[(!sample.by).index()].answer(sample);
    for side in Side::BOTH {
        figures[side.index()].fly(sample.in_flight(side));
    }
}

fn add(spans: &mut [Span; 2], sample: &Sample) {
    for side in Side::BOTH {
        spans[side.index()].merge(&Span::of(sample, side));
    }
}

fn merged(one: &[Span; 2], other: &[Span; 2]) -> [Span; 2] {
    let mut spans = *one;
    for side in Side::BOTH {
        spans[side.index()].merge(&other[side.index()]);
    }
    spans
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn sample((by_b, len, value, traits): (bool, u32, u32, u8), number: u32) -> Sample {
        let by = if by_b { Side::B } else { Side::A };
        let time = Timestamp(u64::from(number) * 10);
        let mut sample = Sample::new(time, FrameNumber(number), by, len);
        sample.traits = traits;
        sample.fly(by, Some(value.into()));
        sample.took((value % 3 == 0).then_some(u64::from(value) * 1000));
        sample.offer((value % 2 == 0).then_some(u64::from(value / 4)));
        sample
    }

    fn course(samples: &[(bool, u32, u32, u8)]) -> (Course, Vec<Sample>) {
        let samples: Vec<Sample> = (1..).zip(samples).map(|(at, it)| sample(*it, at)).collect();
        let mut course = Course::default();
        samples.iter().for_each(|sample| course.push(*sample));
        (course, samples)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn any_stretch_is_what_a_walk_over_it_gives(
            samples in proptest::collection::vec((any::<bool>(), 0u32..1500, 0u32..100, 0u8..16), 1..400),
            ends in proptest::collection::vec((0usize..410, 0usize..410), 20),
        ) {
            let (course, samples) = course(&samples);
            for (one, other) in ends {
                let (from, to) = (one.min(other), one.max(other));
                let mut spans = [Span::default(); 2];
                let to = to.min(samples.len());
                let some = samples.get(from..to).unwrap_or_default();
                some.iter().for_each(|sample| add(&mut spans, sample));
                prop_assert_eq!(course.span(from..to), spans);
                let mut figures = [Figures::default(); 2];
                samples[..to].iter().for_each(|sample| apply(&mut figures, sample));
                prop_assert_eq!(course.figures(to), figures);
            }
        }
    }

    #[test]
    fn a_packet_is_found_by_its_frame_and_by_its_time() {
        let (course, _) = course(&[(false, 1, 0, 0); 100]);
        assert_eq!(course.until_frame(FrameNumber(70)), 70);
        assert_eq!(course.until(Timestamp(700)), 69);
        assert_eq!(course.until(Timestamp(701)), 70);
    }

    #[test]
    fn of_too_many_packets_every_second_is_kept_and_what_they_come_to() {
        let mut course = Course::default();
        let count = MAX_SAMPLES as u32 + 2;
        for number in 1..=count {
            course.push(sample((false, 10, 4, u8::from(number == 77)), number));
        }
        assert_eq!(course.len(), MAX_SAMPLES / 2 + 2);
        assert_eq!(course.sparseness(), Some(2));
        assert_eq!(course.figures(course.len())[0].packets, u64::from(count));
        assert_eq!(course.span(0..course.len())[0].again, 1);
        let first = course.figures(STRIDE)[0].packets;
        assert_eq!(first, 2 * STRIDE as u64, "marks are exact");
    }

    #[test]
    fn of_many_more_all_are_equally_sparse() {
        let mut course = Course::default();
        let count = 3 * MAX_SAMPLES as u32;
        (1..=count).for_each(|number| course.push(sample((false, 10, 4, 0), number)));
        assert!(course.len() <= MAX_SAMPLES);
        for tenth in 1..=10 {
            let frame = count / 10 * tenth;
            let until = course.until_frame(FrameNumber(frame));
            let packets = course.figures(until)[0].packets as u32;
            assert!(
                packets <= frame && frame - packets < 300,
                "{packets} of {frame}"
            );
        }
        let sent = course.figures(course.len())[0].bytes;
        assert_eq!(sent, 10 * u64::from(count));
        assert_eq!(course.sparseness(), Some(4));
    }

    #[test]
    fn the_middle_size_is_that_of_half_of_the_packets() {
        let (course, _) = course(&[1, 1400, 0, 1400, 68].map(|len| (false, len, 0, 0)));
        assert_eq!(course.sizes(Side::A, 5), Some((1400, 1400)));
        assert_eq!(course.sizes(Side::A, 1), Some((1, 1)));
        assert_eq!(course.sizes(Side::B, 5), None);
    }
}
