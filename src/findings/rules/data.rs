//! Pieces, rejects and hashes: what answers.

use super::Rules;

/// Pieces, rejects and hashes: what answers.
#[derive(Debug, Default)]
pub(super) struct Data;

impl Rules for Data {}
