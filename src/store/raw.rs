//! The bytes of a message, read again from the capture.

use std::ops::Range;

use super::{Entry, EntryId, Store};
use crate::capture::{Frame, FrameNumber, Source, Timestamp};
use crate::stream::{FrameRef, Reread, Seeker, Sender, SeqNumber, Transport};
use crate::wire::{Kind, Via};

/// Bytes of a message that are shown at most.
const MAX_RAW: usize = 1 << 20;
/// Frames looked through for the first byte of a message.
const MAX_FRAMES: u32 = 100_000;

/// A message as it was on the wire.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Raw {
    /// Its bytes, length prefix included, at most a mebibyte; zero where they are not in the capture.
    pub bytes: Vec<u8>,
    /// Which of them are there.
    present: Vec<bool>,
    /// Bytes of the whole message.
    pub total: u64,
    /// The frames that carried them.
    pub frames: Vec<RawFrame>,
}

/// A frame's share in a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RawFrame {
    /// Its number in the capture.
    pub number: FrameNumber,
    /// When it was captured.
    pub time: Timestamp,
    /// Which bytes of the message it brought.
    pub range: Range<usize>,
}

impl Raw {
    fn empty(total: u64) -> Raw {
        let len = total.min(MAX_RAW as u64) as usize;
        Raw {
            bytes: vec![0; len],
            present: vec![false; len],
            total,
            frames: Vec::new(),
        }
    }

    /// The byte at an offset, if it is in the capture.
    pub fn get(&self, at: usize) -> Option<u8> {
        self.present.get(at)?.then(|| self.bytes[at])
    }

    /// What is not in the capture stays zero.
    fn decrypt(&mut self, decrypt: impl FnOnce(&mut [u8])) {
        decrypt(&mut self.bytes);
        let absent = self.bytes.iter_mut().zip(&self.present);
        absent
            .filter(|(_, present)| !**present)
            .for_each(|(byte, _)| *byte = 0);
    }

    /// Takes what is new of a segment that begins `offset` bytes from the start of the message.
    fn take(&mut self, offset: i64, payload: &[u8]) -> Option<Range<usize>> {
        let start = offset.max(0);
        let end = (offset + payload.len() as i64).min(self.bytes.len() as i64);
        if start >= end {
            return None;
        }
        let range = start as usize..end as usize;
        let mut took = false;
        for at in range
            .clone()
            .filter(|at| !self.present[*at])
            .collect::<Vec<_>>()
        {
            self.bytes[at] = payload[(at as i64 - offset) as usize];
            self.present[at] = true;
            took = true;
        }
        took.then_some(range)
    }

    fn is_complete(&self) -> bool {
        self.present.iter().all(|present| *present)
    }
}

/// Reads the bytes of an entry again. `None` before the capture's layout is known.
pub fn read_raw(store: &Store, source: &Source, id: EntryId) -> Option<Raw> {
    let entry = store.entry(id);
    let connection = store.connection(entry.connection);
    let ends = [entry.side(), !entry.side()].map(|side| connection.real_end(side));
    let capture = Reread {
        source,
        layout: store.layout()?,
        checksums: store.tally().checksums,
    };
    let mut wanted = Wanted {
        entry,
        raw: Raw::empty(entry.wire_len()),
        ahead: None,
        is_packet: entry.kind() == Kind::Conflict && connection.transport != Transport::Tcp,
    };
    let sender = Sender::new(connection.transport, entry.side(), ends);
    match connection.landmark(entry) {
        None if connection.transport != Transport::Tcp && !wanted.is_packet => {}
        None => capture.seek(sender, entry.position(), &mut wanted),
        Some(landmark) => capture.seek_behind(sender, landmark, &mut wanted),
    }
    let Wanted { mut raw, ahead, .. } = wanted;
    raw.frames
        .iter_mut()
        .for_each(|frame| frame.number.0 += ahead.unwrap_or(0));
    raw.frames.sort_by_key(|frame| frame.number);
    if entry.via() == Some(Via::MseRc4)
        && let Some(key) = connection.key(entry.side(), entry.seq, entry.first_frame)
    {
        raw.decrypt(|bytes| key.decrypt(entry.seq, bytes));
    }
    store.mask_raw(entry, &mut raw);
    Some(raw)
}

/// An entry whose bytes are looked for.
struct Wanted<'a> {
    entry: &'a Entry,
    raw: Raw,
    /// Who reads again counts from the first frame it reads; the one with the first byte tells the difference.
    ahead: Option<u32>,
    /// What is looked for is a packet of uTP itself, and its number is a place in it.
    is_packet: bool,
}

impl Seeker for Wanted<'_> {
    fn goes_on(&self, frame: &Frame<'_>) -> bool {
        let number = frame.number.0;
        let is_past = self.ahead.map_or(number > MAX_FRAMES, |ahead| {
            number + ahead > self.entry.frame.0
        });
        !is_past && !self.raw.is_complete()
    }

    fn take(&mut self, at: FrameRef, seq: SeqNumber, payload: &[u8], _: u32) {
        let seq = if self.is_packet { SeqNumber(0) } else { seq };
        let offset = i64::from(seq.since(self.entry.seq));
        let Some(range) = self.raw.take(offset, payload) else {
            return;
        };
        let number = at.number;
        if range.start == 0 {
            let first = self.entry.first_frame.0;
            self.ahead.get_or_insert(first.saturating_sub(number.0));
        }
        self.raw.frames.push(RawFrame {
            number,
            time: at.time,
            range,
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_win_and_holes_stay_open() {
        let mut raw = Raw {
            bytes: vec![0; 6],
            present: vec![false; 6],
            total: 6,
            frames: Vec::new(),
        };
        assert_eq!(raw.take(4, b"ef"), Some(4..6));
        assert_eq!(raw.take(-2, b"xxab"), Some(0..2));
        assert_eq!(raw.take(0, b"XX"), None);
        assert_eq!(
            (raw.get(1), raw.get(2), raw.get(5)),
            (Some(b'b'), None, Some(b'f'))
        );
        assert!(!raw.is_complete());
        raw.take(1, b"Xcd");
        assert_eq!(
            (raw.bytes.as_slice(), raw.is_complete()),
            (&b"abcdef"[..], true)
        );
    }
}
