//! A walk over the rows from the one under the cursor, in slices: to the next one that is looked for.

/// Which way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Towards {
    /// To what comes later.
    Later,
    /// To what came before.
    Earlier,
}

impl std::ops::Not for Towards {
    type Output = Towards;

    fn not(self) -> Towards {
        match self {
            Towards::Later => Towards::Earlier,
            Towards::Earlier => Towards::Later,
        }
    }
}

/// What happens at the last row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AtEnd {
    /// The search goes on at the other end.
    Wrap,
    /// It is over.
    Stop,
}

/// How a search stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Searched {
    /// Here is the next one.
    Found {
        /// Its row.
        row: usize,
        /// Did the search pass the end?
        has_wrapped: bool,
    },
    /// There may be one further on.
    On {
        /// Rows that were looked at.
        looked: usize,
        /// Rows there are to look at.
        of: usize,
    },
    /// There is none.
    None,
}

/// A search among `len` rows. The row from which it sets out is looked at last, and only where it wraps.
#[derive(Clone, Debug)]
pub struct Search {
    from: usize,
    len: usize,
    towards: Towards,
    /// Rows that are looked at in all.
    of: usize,
    looked: usize,
}

impl Search {
    /// Sets out from a row.
    pub fn new(from: usize, len: usize, towards: Towards, at_end: AtEnd) -> Search {
        let from = from.min(len.saturating_sub(1));
        let of = match (at_end, towards) {
            (AtEnd::Wrap, _) => len,
            (AtEnd::Stop, Towards::Later) => len.saturating_sub(from + 1),
            (AtEnd::Stop, Towards::Earlier) => from,
        };
        Search {
            from,
            len,
            towards,
            of,
            looked: 0,
        }
    }

    /// Looks at so many rows more.
    pub fn step(&mut self, rows: usize, mut is_sought: impl FnMut(usize) -> bool) -> Searched {
        for _ in 0..rows.min(self.of - self.looked) {
            self.looked += 1;
            let row = self.row();
            if is_sought(row) {
                let has_wrapped = self.has_wrapped();
                return Searched::Found { row, has_wrapped };
            }
        }
        if self.looked == self.of {
            return Searched::None;
        }
        Searched::On {
            looked: self.looked,
            of: self.of,
        }
    }

    /// The row that is looked at.
    fn row(&self) -> usize {
        match self.towards {
            Towards::Later => (self.from + self.looked) % self.len,
            Towards::Earlier => (self.from + self.len - self.looked) % self.len,
        }
    }

    fn has_wrapped(&self) -> bool {
        match self.towards {
            Towards::Later => self.from + self.looked >= self.len,
            Towards::Earlier => self.looked > self.from,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn found(row: usize, has_wrapped: bool) -> Searched {
        Searched::Found { row, has_wrapped }
    }

    fn search(from: usize, towards: Towards, at_end: AtEnd, sought: &[usize]) -> Searched {
        Search::new(from, 10, towards, at_end).step(99, |row| sought.contains(&row))
    }

    #[test]
    fn the_next_one_is_found_in_either_direction() {
        assert_eq!(
            search(4, Towards::Later, AtEnd::Wrap, &[2, 4, 7]),
            found(7, false)
        );
        assert_eq!(
            search(4, Towards::Earlier, AtEnd::Wrap, &[2, 4, 7]),
            found(2, false)
        );
    }

    #[test]
    fn behind_the_end_it_goes_on_at_the_other_and_says_so() {
        assert_eq!(
            search(7, Towards::Later, AtEnd::Wrap, &[2, 7]),
            found(2, true)
        );
        assert_eq!(
            search(2, Towards::Earlier, AtEnd::Wrap, &[2, 7]),
            found(7, true)
        );
        assert_eq!(
            search(2, Towards::Earlier, AtEnd::Wrap, &[2]),
            found(2, true)
        );
    }

    #[test]
    fn a_search_may_stop_at_the_end() {
        assert_eq!(
            search(7, Towards::Later, AtEnd::Stop, &[2, 7]),
            Searched::None
        );
        assert_eq!(
            search(2, Towards::Earlier, AtEnd::Stop, &[2, 7]),
            Searched::None
        );
        assert_eq!(
            search(2, Towards::Earlier, AtEnd::Stop, &[0]),
            found(0, false)
        );
    }

    #[test]
    fn no_rows_hold_nothing() {
        for at_end in [AtEnd::Wrap, AtEnd::Stop] {
            let mut search = Search::new(3, 0, Towards::Later, at_end);
            assert_eq!(search.step(9, |_| true), Searched::None);
        }
    }

    #[test]
    fn a_slice_tells_how_far_it_is() {
        let mut search = Search::new(0, 10, Towards::Later, AtEnd::Wrap);
        assert_eq!(
            search.step(4, |_| false),
            Searched::On { looked: 4, of: 10 }
        );
        assert_eq!(search.step(4, |row| row == 6), found(6, false));
    }

    proptest! {
        #[test]
        fn slices_find_what_one_look_over_all_rows_finds(
            rows in proptest::collection::vec(any::<bool>(), 1..40), from in 0usize..40, slice in 1usize..9,
            is_later: bool,
        ) {
            let (len, from) = (rows.len(), from.min(rows.len() - 1));
            let towards = if is_later { Towards::Later } else { Towards::Earlier };
            let mut search = Search::new(from, len, towards, AtEnd::Wrap);
            let found = loop {
                match search.step(slice, |row| rows[row]) {
                    Searched::On { .. } => {}
                    Searched::Found { row, .. } => break Some(row),
                    Searched::None => break None,
                }
            };
            let mut order = (1..=len).map(|steps| if is_later { from + steps } else { from + len - steps } % len);
            prop_assert_eq!(found, order.find(|row| rows[*row]));
        }
    }
}
