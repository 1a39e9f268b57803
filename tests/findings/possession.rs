//! Rules of `possession`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
