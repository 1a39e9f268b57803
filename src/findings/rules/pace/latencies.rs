//! Times from request to block, in buckets: what half of them, or nine in ten, stayed below.

/// Four buckets for each doubling, from a millisecond to a quarter of an hour.
const PARTS: u32 = 4;
const BUCKETS: usize = 80;
const MILLISECOND: i64 = 1_000_000;

#[derive(Debug)]
pub(super) struct Latencies {
    buckets: [u32; BUCKETS],
    count: u32,
}

impl Default for Latencies {
    fn default() -> Latencies {
        Latencies {
            buckets: [0; BUCKETS],
            count: 0,
        }
    }
}

/// The bounds of a bucket, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Between {
    pub least: i64,
    pub most: i64,
}

impl Latencies {
    pub(super) fn add(&mut self, nanos: i64) {
        self.buckets[bucket_of(nanos)] += 1;
        self.count = self.count.saturating_add(1);
    }

    pub(super) fn count(&self) -> u32 {
        self.count
    }

    /// Where the one lies that so many percent are not above.
    pub(super) fn percentile(&self, percent: u32) -> Between {
        let wanted = u64::from(self.count) * u64::from(percent) / 100;
        let mut below = 0;
        let found = self.buckets.iter().position(|count| {
            below += u64::from(*count);
            below > wanted
        });
        let at = found.unwrap_or(BUCKETS - 1);
        Between {
            least: if at == 0 { 0 } else { least_of(at) },
            most: least_of(at + 1),
        }
    }
}

fn bucket_of(nanos: i64) -> usize {
    let millis = (nanos / MILLISECOND).clamp(1, 1 << 40) as u64;
    let octave = millis.ilog2();
    let part = ((millis * u64::from(PARTS)) >> octave) as u32 % PARTS;
    ((octave * PARTS + part) as usize).min(BUCKETS - 1)
}

fn least_of(bucket: usize) -> i64 {
    let (octave, part) = (bucket as u32 / PARTS, bucket as u32 % PARTS);
    (MILLISECOND << octave) * i64::from(PARTS + part) / i64::from(PARTS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_time_lies_in_its_bucket() {
        for millis in [4_i64, 5, 7, 8, 100, 999, 5000, 5120, 600_000] {
            let bucket = bucket_of(millis * MILLISECOND);
            let (least, most) = (least_of(bucket), least_of(bucket + 1));
            assert!((least..most).contains(&(millis * MILLISECOND)), "{millis}");
        }
    }

    #[test]
    fn half_of_them_are_not_above_the_median() {
        let mut latencies = Latencies::default();
        for millis in [10, 10, 10, 4000, 4000] {
            latencies.add(millis * MILLISECOND);
        }
        assert_eq!(
            latencies.percentile(50),
            Between {
                least: 10 * MILLISECOND,
                most: 12 * MILLISECOND
            }
        );
        assert!(latencies.percentile(90).least > 3500 * MILLISECOND);
    }

    #[test]
    fn absurd_times_are_counted() {
        let mut latencies = Latencies::default();
        for nanos in [i64::MIN, -1, 0, i64::MAX] {
            latencies.add(nanos);
        }
        assert_eq!((latencies.count(), latencies.percentile(50).least), (4, 0));
    }
}
