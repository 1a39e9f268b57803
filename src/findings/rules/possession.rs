//! Bitfields and haves: what a peer says that it has.

use super::Rules;

/// Bitfields and haves: what a peer says that it has.
#[derive(Debug, Default)]
pub(super) struct Possession;

impl Rules for Possession {}
