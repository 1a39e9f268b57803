//! `lt_donthave` (BEP 54): a piece that the sender has no more.

use super::fixed::Fixed;
use super::{At, Fault, Field, field};

/// The opposite of a have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DontHave {
    /// The piece.
    pub index: Option<At<u32>>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl DontHave {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> DontHave {
        let mut fixed = Fixed::read(payload);
        DontHave {
            index: fixed.u32(),
            faults: fixed.end(),
        }
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        field::present([self.index.as_ref().map(|index| index.field("piece index"))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn a_piece_is_four_bytes() {
        let read = DontHave::read(&hex!("00000007"));
        assert_eq!(
            (read.index.unwrap().value, read.faults.as_slice()),
            (7, &[][..])
        );
    }
}
