//! The time of a frame.

use std::fmt;

/// Nanoseconds since 1970-01-01 00:00 UTC, as the capture says. Never asked of a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub u64);

const NANOS: u64 = 1_000_000_000;

impl Timestamp {
    /// From whole seconds and a fraction in nanoseconds.
    pub fn from_parts(seconds: u64, nanos: u64) -> Timestamp {
        Timestamp(seconds.saturating_mul(NANOS).saturating_add(nanos))
    }

    /// From a counter of `per_second` units plus an offset in seconds (pcapng `if_tsresol`, `if_tsoffset`).
    pub fn from_ticks(ticks: u64, per_second: u64, offset_seconds: i64) -> Timestamp {
        let nanos = match per_second {
            NANOS => ticks,
            0 => 0,
            per_second => {
                let nanos = u128::from(ticks) * u128::from(NANOS) / u128::from(per_second);
                u64::try_from(nanos).unwrap_or(u64::MAX)
            }
        };
        let offset = offset_seconds.unsigned_abs().saturating_mul(NANOS);
        Timestamp(if offset_seconds < 0 {
            nanos.saturating_sub(offset)
        } else {
            nanos.saturating_add(offset)
        })
    }

    /// Nanoseconds from `earlier` to `self`; negative when the capture's clock went back.
    pub fn since(self, earlier: Timestamp) -> i64 {
        self.0.wrapping_sub(earlier.0) as i64
    }

    /// Seconds since the epoch and the nanoseconds of the rest.
    pub fn parts(self) -> (u64, u32) {
        (self.0 / NANOS, (self.0 % NANOS) as u32)
    }
}

/// Seconds with nine decimals: `1795403585.281585000`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, nanos) = self.parts();
        write!(f, "{seconds}.{nanos:09}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ticks_of_any_resolution_become_nanoseconds() {
        assert_eq!(
            Timestamp::from_ticks(1_500_000, 1_000_000, 0),
            Timestamp(1_500_000_000)
        );
        assert_eq!(Timestamp::from_ticks(7, NANOS, 0), Timestamp(7));
        assert_eq!(
            Timestamp::from_ticks(3 << 19, 1 << 20, 0),
            Timestamp(1_500_000_000)
        );
        assert_eq!(Timestamp::from_ticks(0, 1000, 2), Timestamp(2_000_000_000));
        assert_eq!(
            Timestamp::from_ticks(5000, 1000, -2),
            Timestamp(3_000_000_000)
        );
    }

    #[test]
    fn hostile_ticks_saturate() {
        assert_eq!(
            Timestamp::from_ticks(u64::MAX, 1, i64::MAX),
            Timestamp(u64::MAX)
        );
        assert_eq!(Timestamp::from_ticks(0, 1, i64::MIN), Timestamp(0));
    }

    #[test]
    fn nine_decimals_are_shown() {
        assert_eq!(Timestamp::from_parts(1, 20).to_string(), "1.000000020");
    }

    #[test]
    fn a_clock_that_goes_back_gives_a_negative_span() {
        assert_eq!(Timestamp(5).since(Timestamp(9)), -4);
    }
}
