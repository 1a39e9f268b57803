//! Encryption, names and addresses.

use super::Rules;

/// Encryption, names and addresses.
#[derive(Debug, Default)]
pub(super) struct Secrecy;

impl Rules for Secrecy {}
