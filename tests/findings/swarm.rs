//! Rules of `swarm`.

use super::Case;

pub(crate) const CASES: &[Case] = &[];
