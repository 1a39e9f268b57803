//! What the transport suffers from.

use super::Rules;

/// What the transport suffers from.
#[derive(Debug, Default)]
pub(super) struct Transport;

impl Rules for Transport {}
