//! Peer exchange (BEP 11).

use super::Rules;

/// Peer exchange (BEP 11).
#[derive(Debug, Default)]
pub(super) struct Exchange;

impl Rules for Exchange {}
