//! Rules of `secrecy`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
