//! Keep-alives and time-outs.

use super::Rules;

/// Keep-alives and time-outs.
#[derive(Debug, Default)]
pub(super) struct Silence;

impl Rules for Silence {}
