//! The extension protocol (BEP 10) and what it carries.

use super::Rules;

/// The extension protocol (BEP 10) and what it carries.
#[derive(Debug, Default)]
pub(super) struct Extensions;

impl Rules for Extensions {}
