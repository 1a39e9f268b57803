//! Rules of `opening`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
