//! Choking, interest and their rhythm.

use super::Rules;

/// Choking, interest and their rhythm.
#[derive(Debug, Default)]
pub(super) struct Choking;

impl Rules for Choking {}
