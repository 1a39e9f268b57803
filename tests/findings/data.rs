//! Rules of `data`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
