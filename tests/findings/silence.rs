//! Rules of `silence`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
