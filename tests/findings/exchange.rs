//! Rules of `exchange`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
