//! A set of numbers, a bit for each: of ten million frames it takes little more than a megabyte.

#[derive(Clone, Debug, Default)]
pub(super) struct Bits {
    words: Vec<u64>,
    count: u64,
}

impl Bits {
    pub(super) fn insert(&mut self, number: u32) {
        let (word, bit) = (number as usize / 64, number % 64);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if self.words[word] >> bit & 1 == 0 {
            self.words[word] |= 1 << bit;
            self.count += 1;
        }
    }

    pub(super) fn has(&self, number: u32) -> bool {
        let word = self.words.get(number as usize / 64);
        word.is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    /// How many are in it.
    pub(super) fn count(&self) -> u64 {
        self.count
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_in_it_once() {
        let mut bits = Bits::default();
        [700, 3, 700].iter().for_each(|number| bits.insert(*number));
        assert_eq!(bits.count(), 2);
        assert_eq!(
            [3, 700, 4, 9000].map(|number| bits.has(number)),
            [true, true, false, false]
        );
    }
}
