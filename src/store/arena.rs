//! The few bytes of messages that are kept: handshakes, bitfields, extended handshakes, hash ranges, and names.

use std::collections::HashMap;

/// Bytes end to end, found again by offset and length.
#[derive(Debug, Default)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    names: Vec<String>,
    by_name: HashMap<String, u16>,
}

impl Arena {
    /// Keeps `bytes`; `None` when four gigabytes are full.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Option<u32> {
        let offset = u32::try_from(self.bytes.len()).ok()?;
        u32::try_from(self.bytes.len() + bytes.len()).ok()?;
        self.bytes.extend_from_slice(bytes);
        Some(offset)
    }

    pub(super) fn bytes(&self, offset: u32, len: u32) -> &[u8] {
        self.bytes
            .get(offset as usize..offset as usize + len as usize)
            .unwrap_or_default()
    }

    /// A number for a name, from 1; 0 is no name, and what a name gets that is one too many.
    pub(super) fn name(&mut self, name: Option<&str>) -> u16 {
        let Some(name) = name else { return 0 };
        if let Some(number) = self.by_name.get(name) {
            return *number;
        }
        let Ok(number) = u16::try_from(self.names.len() + 1) else {
            return 0;
        };
        self.names.push(name.to_owned());
        self.by_name.insert(name.to_owned(), number);
        number
    }

    pub(super) fn named(&self, number: u16) -> Option<&str> {
        self.names
            .get(usize::from(number).checked_sub(1)?)
            .map(String::as_str)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_found_again() {
        let mut arena = Arena::default();
        arena.keep(b"abc");
        let offset = arena.keep(b"de").unwrap();
        assert_eq!(arena.bytes(offset, 2), b"de");
        assert_eq!(arena.bytes(99, 2), b"");
    }

    #[test]
    fn a_name_is_kept_once() {
        let mut arena = Arena::default();
        let first = arena.name(Some("ut_pex"));
        assert_eq!(
            (arena.name(Some("ut_pex")), arena.named(first)),
            (first, Some("ut_pex"))
        );
        assert_eq!((arena.name(None), arena.named(0)), (0, None));
    }
}
