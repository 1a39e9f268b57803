//! Metadata exchange (BEP 9).

use super::Rules;

/// Metadata exchange (BEP 9).
#[derive(Debug, Default)]
pub(super) struct Metadata;

impl Rules for Metadata {}
