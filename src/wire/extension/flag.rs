//! `upload_only` (BEP 21) and `share_mode`: one byte, yes or no.

use super::fixed::Fixed;
use super::{At, Fault, Field, field};

/// A byte that is 0 or 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// 0 is no.
    pub value: Option<At<u8>>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Flag {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Flag {
        let mut fixed = Fixed::read(payload);
        Flag {
            value: fixed.u8(),
            faults: fixed.end(),
        }
    }

    pub(super) fn fields(&self, name: &str) -> Vec<Field> {
        field::present([self.value.as_ref().map(|value| value.field(name))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::extension::FaultKind;

    #[test]
    fn a_flag_is_one_byte() {
        assert_eq!(Flag::read(&[1]).value.unwrap().value, 1);
        assert_eq!(Flag::read(&[]).faults[0].kind, FaultKind::Short);
        assert_eq!(Flag::read(&[0, 0]).faults[0].kind, FaultKind::Trailing);
    }
}
