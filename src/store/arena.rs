//! The few bytes of messages that are kept: handshakes, bitfields, what extended messages say, hash ranges, and names.

use std::collections::{HashMap, VecDeque};

use crate::wire::extension::{Body, KNOWN};

/// Bytes kept of one extended message. Peer exchange and the dictionaries of metadata stay far below.
const MAX_BODY: usize = 4 << 10;
/// Bytes kept of all extended messages together, the handshakes not counted.
const MAX_BODIES: usize = 64 << 20;
/// Longer ones are there until as many bytes of later ones have come: whoever prints what was just decoded has them,
/// also where the capture cannot be read again.
const MAX_RECENT: usize = 4 << 20;
/// In the length of a body: it is one of the recent ones, and the offset is its number.
const RECENT: u32 = 1 << 31;

/// Bytes end to end, found again by offset and length.
#[derive(Debug)]
pub(super) struct Arena {
    bytes: Vec<u8>,
    names: Vec<String>,
    by_name: HashMap<String, u16>,
    /// Bytes of extended messages among `bytes`.
    bodies: usize,
    recent: Recent,
}

/// The last bodies that are not kept, by number.
#[derive(Debug, Default)]
struct Recent {
    bodies: VecDeque<Box<[u8]>>,
    /// Number of the first of them.
    first: u32,
    bytes: usize,
}

impl Recent {
    fn push(&mut self, body: &[u8]) -> u32 {
        self.bodies.push_back(body.into());
        self.bytes += body.len();
        while self.bytes > MAX_RECENT
            && let Some(oldest) = self.bodies.pop_front()
        {
            self.bytes -= oldest.len();
            self.first = self.first.wrapping_add(1);
        }
        self.first.wrapping_add(self.bodies.len() as u32 - 1)
    }

    fn get(&self, number: u32) -> &[u8] {
        let at = number.wrapping_sub(self.first) as usize;
        self.bodies.get(at).map_or(&[], |body| body)
    }
}

impl Default for Arena {
    /// Names that mean something have their numbers before strangers can use them up.
    fn default() -> Arena {
        let mut arena = Arena {
            bytes: Vec::new(),
            names: Vec::new(),
            by_name: HashMap::new(),
            bodies: 0,
            recent: Recent::default(),
        };
        for name in KNOWN {
            arena.name(Some(name));
        }
        arena
    }
}

impl Arena {
    /// Keeps `bytes`; `None` when four gigabytes are full.
    pub(super) fn keep(&mut self, bytes: &[u8]) -> Option<u32> {
        let offset = u32::try_from(self.bytes.len()).ok()?;
        u32::try_from(self.bytes.len() + bytes.len()).ok()?;
        self.bytes.extend_from_slice(bytes);
        Some(offset)
    }

    /// Keeps what a message of the extension `name` says, as [`Arena::body`] finds it: where, and how much.
    pub(super) fn keep_body(&mut self, name: Option<&str>, payload: &[u8]) -> (u32, u32) {
        let telling = &payload[..Body::telling(name, payload)];
        let len = telling.len() as u32;
        if telling.len() <= MAX_BODY && self.bodies + telling.len() <= MAX_BODIES {
            self.bodies += telling.len();
            return self.keep(telling).map_or((0, 0), |offset| (offset, len));
        }
        (self.recent.push(telling), RECENT | len)
    }

    /// What an extended message says; nothing if it is no longer there.
    pub(super) fn body(&self, offset: u32, len: u32) -> &[u8] {
        if len & RECENT == 0 {
            self.bytes(offset, len)
        } else {
            self.recent.get(offset)
        }
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
    fn a_long_body_is_there_until_others_have_come() {
        let mut arena = Arena::default();
        let long = vec![7; MAX_BODY + 1];
        let (first, len) = arena.keep_body(Some("ut_comment"), &long);
        assert_eq!((arena.body(first, len), arena.bytes.len()), (&long[..], 0));
        let (last, _) =
            (0..=MAX_RECENT / MAX_BODY).fold((0, 0), |_, _| arena.keep_body(None, &long));
        assert_eq!(
            (arena.body(first, len), arena.body(last, len)),
            (&[][..], &long[..])
        );
        assert!(arena.recent.bytes <= MAX_RECENT);
    }

    #[test]
    fn of_all_bodies_so_much_is_kept_and_no_more() {
        let mut arena = Arena::default();
        let body = vec![7; MAX_BODY];
        for _ in 0..MAX_BODIES / MAX_BODY + 10 {
            arena.keep_body(None, &body);
        }
        assert_eq!(arena.bytes.len(), MAX_BODIES);
    }

    #[test]
    fn of_metadata_the_dictionary_is_kept() {
        let mut arena = Arena::default();
        let mut payload = b"d8:msg_typei1e5:piecei0e10:total_sizei16384ee".to_vec();
        let dictionary = payload.clone();
        payload.resize(payload.len() + 16384, 0xaa);
        let (offset, len) = arena.keep_body(Some("ut_metadata"), &payload);
        assert_eq!(arena.body(offset, len), dictionary);
    }

    #[test]
    fn names_that_strangers_make_up_leave_room_for_those_that_mean_something() {
        let mut arena = Arena::default();
        for number in 0..70_000 {
            arena.name(Some(&number.to_string()));
        }
        let pex = arena.name(Some("ut_pex"));
        assert_eq!(arena.named(pex), Some("ut_pex"));
        assert_eq!(arena.name(Some("70000")), 0);
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
