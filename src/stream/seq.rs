//! TCP sequence numbers: arithmetic modulo 2^32 (RFC 9293 section 3.4).

use std::fmt;
use std::ops::Add;

/// A sequence number as it is on the wire. It has no order; only a distance to a near one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeqNumber(pub u32);

impl SeqNumber {
    /// Bytes from `other` to `self`; negative when `self` is the older one.
    pub fn since(self, other: SeqNumber) -> i32 {
        self.0.wrapping_sub(other.0) as i32
    }
}

impl Add<u32> for SeqNumber {
    type Output = SeqNumber;

    fn add(self, len: u32) -> SeqNumber {
        SeqNumber(self.0.wrapping_add(len))
    }
}

impl fmt::Display for SeqNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distance_wraps() {
        assert_eq!(SeqNumber(4).since(SeqNumber(u32::MAX)), 5);
        assert_eq!(SeqNumber(u32::MAX).since(SeqNumber(4)), -5);
        assert_eq!(SeqNumber(u32::MAX) + 5, SeqNumber(4));
    }
}
