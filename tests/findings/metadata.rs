//! Rules of `metadata`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
