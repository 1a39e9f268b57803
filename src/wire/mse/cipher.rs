//! One direction of a stream, decrypted as it comes.

use super::Via;
use super::exchange::Layout;
use super::rc4::Rc4;
use crate::capture::FrameNumber;
use crate::stream::{FrameRef, SeqNumber};

/// Bytes between two places from which decryption can begin again: a state has 258, so that this costs little beside
/// the messages, and a message is decrypted again at once.
const STRIDE: u64 = 1 << 20;

/// Decrypts what one side sends.
#[derive(Debug)]
pub(in crate::wire) struct Cipher {
    rc4: Rc4,
    from: u64,
    until: u64,
    /// Where the conversation begins.
    pub(in crate::wire) payload: Option<u64>,
    /// Offset and number of the byte that comes next.
    at: u64,
    next: SeqNumber,
    told: Option<u64>,
}

/// A place in an encrypted stream: from here on it can be decrypted again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamKey {
    rc4: Rc4,
    seq: SeqNumber,
    frame: FrameNumber,
}

impl StreamKey {
    /// True when a message that begins there in the stream lies behind this place.
    pub fn is_before(&self, seq: SeqNumber, frame: FrameNumber) -> bool {
        self.frame <= frame && seq.since(self.seq) >= 0
    }

    /// Decrypts bytes that begin at `seq`.
    pub fn decrypt(&self, seq: SeqNumber, bytes: &mut [u8]) {
        let mut rc4 = self.rc4.clone();
        rc4.skip(u64::try_from(seq.since(self.seq)).unwrap_or(0));
        rc4.apply(bytes);
    }
}

impl Cipher {
    /// For a stream of which `at` bytes have passed.
    pub(in crate::wire) fn new(layout: Layout, at: u64) -> Cipher {
        let mut rc4 = layout.rc4;
        let until = layout.until.unwrap_or(u64::MAX);
        rc4.skip(at.clamp(layout.from, until) - layout.from);
        Cipher {
            rc4,
            from: layout.from,
            until,
            payload: layout.payload,
            at,
            next: SeqNumber::default(),
            told: None,
        }
    }

    /// What has to be kept to decrypt the next bytes, which `at` brings, again.
    pub(in crate::wire) fn key(&mut self, seq: SeqNumber, at: FrameRef) -> Option<StreamKey> {
        let is_due = self.told.is_none_or(|told| self.at - told >= STRIDE);
        if !is_due || self.at >= self.until {
            return None;
        }
        self.told = Some(self.at);
        Some(StreamKey {
            rc4: self.rc4.clone(),
            seq: seq + self.from.saturating_sub(self.at) as u32,
            frame: at.number,
        })
    }

    /// The next bytes, decrypted as far as they are encrypted.
    pub(in crate::wire) fn decrypt(&mut self, seq: SeqNumber, bytes: &[u8]) -> Vec<u8> {
        let mut clear = bytes.to_vec();
        let (begin, end) = self.overlap(bytes.len() as u64);
        self.rc4.apply(&mut clear[begin as usize..end as usize]);
        self.pass(seq, bytes.len() as u64);
        clear
    }

    /// The next bytes are not there.
    pub(in crate::wire) fn skip(&mut self, seq: SeqNumber, len: u64) {
        let (begin, end) = self.overlap(len);
        self.rc4.skip(end - begin);
        self.pass(seq, len);
    }

    /// How a message that began at `seq`, not behind the bytes that have passed, was read.
    pub(in crate::wire) fn via(&self, seq: SeqNumber) -> Via {
        let behind = u64::from(self.next.0.wrapping_sub(seq.0));
        if self.at.saturating_sub(behind) < self.until {
            Via::MseRc4
        } else {
            Via::MsePlaintext
        }
    }

    /// Which of the next bytes are encrypted.
    fn overlap(&self, len: u64) -> (u64, u64) {
        let offset = |at: u64| at.saturating_sub(self.at).min(len);
        (offset(self.from), offset(self.until))
    }

    fn pass(&mut self, seq: SeqNumber, len: u64) {
        self.at += len;
        self.next = seq + len as u32;
    }
}
