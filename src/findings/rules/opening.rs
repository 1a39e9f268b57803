//! Handshake and framing: how a connection begins, and bytes that are no message.

use super::Rules;

/// Handshake and framing: how a connection begins, and bytes that are no message.
#[derive(Debug, Default)]
pub(super) struct Opening;

impl Rules for Opening {}
