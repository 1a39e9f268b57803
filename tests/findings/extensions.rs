//! Rules of `extensions`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
