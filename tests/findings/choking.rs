//! Rules of `choking`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
