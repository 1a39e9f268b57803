//! What is known of one direction behind a packet.

use super::course::{Sample, Trait};

/// Parts of the smoothed round trip that the last one does not change (RFC 6298 section 2).
const SMOOTH: u64 = 8;

/// Of what one side sends: its packets, and what the other side's acknowledgements say of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Packets, acknowledgements included.
    pub packets: u64,
    /// Bytes of payload, repeated ones included.
    pub bytes: u64,
    /// Packets of which all or a part had been sent before.
    pub again: u64,
    /// The bytes that had been sent before.
    pub again_bytes: u64,
    /// Of these packets, those that had been acknowledged already.
    pub needless: u64,
    /// Packets that came behind what follows them, and were not seen before: they took another way, or were lost in
    /// front of the place of the capture and sent again.
    pub late: u64,
    /// Probes whether the other side is still there.
    pub keep_alives: u64,
    /// Bytes sent and not acknowledged; unknown before the first acknowledgement.
    pub in_flight: Option<u32>,
    /// The most that was ever in flight.
    pub most_in_flight: u32,
    /// From data to its acknowledgement, at the place of the capture.
    pub round_trips: RoundTrips,
    /// What the other side had room for, as it said last.
    pub window: Option<u32>,
    /// How often it said that it had room for nothing.
    pub zero_windows: u64,
    /// Acknowledgements of the other side that name what arrived behind a hole.
    pub selective: u64,
    /// Bytes that were acknowledged in this way.
    pub selected: u64,
    /// Microseconds in queues, of the last packet whose delay was told: above the least of two minutes.
    pub queueing: Option<u32>,
    /// The most of these.
    pub most_queueing: u32,
}

/// Round trips in microseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RoundTrips {
    /// How many were measured.
    pub count: u64,
    /// The last one.
    pub last: u32,
    /// The shortest.
    pub least: u32,
    /// The longest.
    pub most: u32,
    /// Nanoseconds, smoothed as TCP does it.
    smoothed: u64,
}

impl RoundTrips {
    fn take(&mut self, micros: u32) {
        let nanos = u64::from(micros) * 1000;
        if self.count == 0 {
            (self.least, self.most, self.smoothed) = (micros, micros, nanos);
        }
        self.count += 1;
        self.last = micros;
        self.least = self.least.min(micros);
        self.most = self.most.max(micros);
        self.smoothed = (self.smoothed * (SMOOTH - 1) + nanos) / SMOOTH;
    }

    /// Nanoseconds, smoothed as TCP does it.
    pub fn smoothed(&self) -> Option<u64> {
        (self.count > 0).then_some(self.smoothed)
    }
}

impl Figures {
    /// Bytes of which it is known that they have arrived.
    pub fn arrived(&self) -> u64 {
        let once = self.bytes.saturating_sub(self.again_bytes);
        once.saturating_sub(self.in_flight.unwrap_or(0).into())
    }

    /// A packet that this side sent.
    pub(super) fn send(&mut self, sample: &Sample) {
        self.packets += 1;
        self.bytes += u64::from(sample.len);
        self.again += u64::from(sample.is(Trait::Again));
        self.again_bytes += u64::from(sample.again);
        self.needless += u64::from(sample.is(Trait::Needless));
        self.late += u64::from(sample.is(Trait::Late));
        self.keep_alives += u64::from(sample.is(Trait::KeepAlive));
    }

    /// A packet that the other side sent.
    pub(super) fn answer(&mut self, sample: &Sample) {
        if let Some(micros) = sample.round_trip() {
            self.round_trips.take(micros);
        }
        self.window = sample.window().or(self.window);
        self.zero_windows += u64::from(sample.window() == Some(0));
        self.selective += u64::from(sample.is(Trait::Selective));
        self.selected += u64::from(sample.selected);
        if let Some(micros) = sample.queueing() {
            self.queueing = Some(micros);
            self.most_queueing = self.most_queueing.max(micros);
        }
    }

    pub(super) fn fly(&mut self, in_flight: Option<u32>) {
        self.in_flight = in_flight;
        self.most_in_flight = self.most_in_flight.max(in_flight.unwrap_or(0));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_smooth_round_trip_goes_an_eighth_of_the_way() {
        let mut trips = RoundTrips::default();
        assert_eq!(trips.smoothed(), None);
        [800, 1600]
            .into_iter()
            .for_each(|micros| trips.take(micros));
        assert_eq!(
            (trips.smoothed(), trips.least, trips.most),
            (Some(900_000), 800, 1600)
        );
    }
}
