//! Rules of `transport`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
