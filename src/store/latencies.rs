//! Percentiles of what was measured up to any moment, without sorting it for each.

/// Values of a leaf; a fuller one is split in two.
const LEAF: usize = 4096;

/// Values in the order of the entries with which they were measured, from which the smaller ones are found.
///
/// Invariant: no value of a leaf is greater than any of the next one, and within a leaf they stand in the order of
/// their entries. What was measured up to an entry is the front part of each leaf.
#[derive(Clone, Debug, Default)]
pub(super) struct Latencies {
    leaves: Vec<Leaf>,
}

#[derive(Clone, Debug, Default)]
struct Leaf {
    least: i64,
    entries: Vec<u32>,
    values: Vec<i64>,
}

impl Leaf {
    /// How many were measured up to an entry.
    fn upto(&self, entry: u32) -> usize {
        self.entries.partition_point(|at| *at <= entry)
    }

    fn push(&mut self, entry: u32, value: i64) {
        self.least = if self.values.is_empty() {
            value
        } else {
            self.least.min(value)
        };
        self.entries.push(entry);
        self.values.push(value);
    }

    /// The upper half, taken out; nothing where all are equal.
    fn split(&mut self) -> Option<Leaf> {
        let mut sorted = self.values.clone();
        let (_, median, _) = sorted.select_nth_unstable(self.values.len() / 2);
        let least = self.values.iter().min()?;
        // Those that are equal stay together.
        let bound = if median == least {
            *median + 1
        } else {
            *median
        };
        let (mut lower, mut upper) = (Leaf::default(), Leaf::default());
        for (entry, value) in self.entries.iter().zip(&self.values) {
            let half = if *value < bound {
                &mut lower
            } else {
                &mut upper
            };
            half.push(*entry, *value);
        }
        *self = lower;
        (!upper.values.is_empty()).then_some(upper)
    }
}

impl Latencies {
    /// Takes the next value: its entry is none before that of the last.
    pub(super) fn push(&mut self, entry: u32, value: i64) {
        if self.leaves.is_empty() {
            self.leaves.push(Leaf::default());
        }
        let behind = self.leaves.partition_point(|leaf| leaf.least <= value);
        let at = behind.saturating_sub(1);
        self.leaves[at].push(entry, value);
        let len = self.leaves[at].values.len();
        // One of equal values cannot be split: it is tried again when it has doubled.
        if len >= LEAF
            && len.is_power_of_two()
            && let Some(upper) = self.leaves[at].split()
        {
            self.leaves.insert(at + 1, upper);
        }
    }

    /// Of the values up to an entry, those below which so many in a hundred lie.
    pub(super) fn percentiles<const N: usize>(
        &self,
        entry: u32,
        percents: [usize; N],
    ) -> Option<[i64; N]> {
        let counts: Vec<usize> = self.leaves.iter().map(|leaf| leaf.upto(entry)).collect();
        let last = counts.iter().sum::<usize>().checked_sub(1)?;
        Some(percents.map(|percent| {
            let mut rank = (last * percent + 50) / 100;
            let mut found = 0;
            for (leaf, count) in self.leaves.iter().zip(&counts) {
                if rank < *count {
                    let mut values = leaf.values[..*count].to_vec();
                    found = *values.select_nth_unstable(rank).1;
                    break;
                }
                rank -= count;
            }
            found
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]
        #[test]
        fn percentiles_at_any_entry_are_those_of_the_sorted_values(
            values in proptest::collection::vec(prop_oneof![0i64..9, any::<i64>().prop_map(|it| it >> 8)], 1..20_000),
            entry in 0u32..20_000,
        ) {
            let mut latencies = Latencies::default();
            for (entry, value) in (0..).zip(&values) {
                latencies.push(entry, *value);
            }
            let mut sorted = values[..values.len().min(entry as usize + 1)].to_vec();
            sorted.sort_unstable();
            let percents = [0, 50, 90, 99, 100];
            let found = latencies.percentiles(entry, percents);
            prop_assert_eq!(found, Some(percents.map(|it| sorted[((sorted.len() - 1) * it + 50) / 100])));
        }
    }

    #[test]
    fn percentiles_are_values_that_were_measured() {
        let mut latencies = Latencies::default();
        for value in [3, 100, 1, 4, 2] {
            latencies.push(0, value);
        }
        assert_eq!(latencies.percentiles(0, [0, 50, 100]), Some([1, 3, 100]));
    }

    #[test]
    fn equal_values_stay_in_one_leaf() {
        let mut latencies = Latencies::default();
        (0..20_000).for_each(|entry| latencies.push(entry, 7));
        assert_eq!(latencies.leaves.len(), 1);
        assert_eq!(latencies.percentiles(9, [50]), Some([7]));
    }

    #[test]
    fn nothing_measured_has_no_percentile() {
        let mut latencies = Latencies::default();
        latencies.push(5, 1);
        assert_eq!(latencies.percentiles(4, [50]), None);
    }
}
