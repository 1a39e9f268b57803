//! How fast blocks come, and why not faster.

use super::Rules;

/// How fast blocks come, and why not faster.
#[derive(Debug, Default)]
pub(super) struct Pace;

impl Rules for Pace {}
