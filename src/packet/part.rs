//! Bytes of a frame behind a header, and how many more there were on the wire.

use super::Skip;
use crate::capture::Frame;

/// What is left of a frame behind its outer headers.
#[derive(Clone, Copy, Debug)]
pub(super) struct Part<'a> {
    /// What was captured of it.
    pub(super) bytes: &'a [u8],
    /// Bytes behind these that the snap length cut.
    pub(super) cut: usize,
}

impl<'a> Part<'a> {
    #[inline]
    pub(super) fn of(frame: &Frame<'a>) -> Part<'a> {
        Part {
            bytes: frame.bytes,
            cut: (frame.original_len as usize).saturating_sub(frame.bytes.len()),
        }
    }

    /// Its length on the wire.
    #[inline]
    pub(super) fn len(self) -> usize {
        self.bytes.len() + self.cut
    }

    /// What follows a header of this length.
    #[inline]
    pub(super) fn behind(self, header: usize) -> Result<Part<'a>, Skip> {
        match self.bytes.get(header..) {
            Some(bytes) => Ok(Part { bytes, ..self }),
            None => Err(self.too_short()),
        }
    }

    /// No more than `len` bytes as a length field has it: the rest is padding. A field that promises more than
    /// was on the wire lies, and promises nothing.
    #[inline]
    pub(super) fn within(self, len: usize) -> Part<'a> {
        let held = self.bytes.len().min(len);
        Part {
            bytes: &self.bytes[..held],
            cut: self.cut.min(len - held),
        }
    }

    /// The bytes at `at`, which a header needs.
    #[inline]
    pub(super) fn array<const N: usize>(self, at: usize) -> Result<[u8; N], Skip> {
        let bytes = self.bytes.get(at..).and_then(|rest| rest.first_chunk());
        bytes.copied().ok_or_else(|| self.too_short())
    }

    /// The number at `at`, in network order.
    #[inline]
    pub(super) fn u16(self, at: usize) -> Result<u16, Skip> {
        self.array(at).map(u16::from_be_bytes)
    }

    /// A header does not fit in: the snap length cut it, or it never was there.
    pub(super) fn too_short(self) -> Skip {
        if self.cut > 0 {
            Skip::Cut
        } else {
            Skip::Malformed
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_field_takes_padding_away_and_adds_nothing() {
        let part = Part {
            bytes: b"abcdef",
            cut: 4,
        };
        let lengths = |len| (part.within(len).bytes.len(), part.within(len).cut);
        assert_eq!(lengths(3), (3, 0));
        assert_eq!(lengths(8), (6, 2));
        assert_eq!(lengths(100), (6, 4));
    }

    #[test]
    fn what_is_too_short_was_cut_or_is_malformed() {
        let part = |cut| Part { bytes: b"ab", cut };
        assert_eq!(part(9).behind(3).unwrap_err(), Skip::Cut);
        assert_eq!(part(0).u16(1).unwrap_err(), Skip::Malformed);
    }
}
