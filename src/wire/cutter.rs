//! Bytes behind a known boundary -> messages.

use super::azureus;
use super::framing::{Found, Framed, Place, Reason};
use super::handshake::{self, Handshake};
use super::head::{Expected, Head, examine};
use super::message::{Kind, Message};
use crate::stream::{FrameRef, SeqNumber};

/// Who is told what the cutter reads.
pub(super) trait Listener {
    /// The head of a message was read. False: this is no message, so the boundary before it is none either.
    fn begun(&mut self, message: &Message, size: u32) -> bool;
    /// A message ended.
    fn whole(&mut self, framed: Framed);
}

/// Cuts bytes into messages, however they are split.
///
/// ```text
///      head: kept to be read         skip: only counted
///  |len |id|index|begin| data data data data data data ...|
///  0    4  5                                               total
/// ```
///
/// Invariant: while a message is `open`, `head` is empty.
#[derive(Debug, Default)]
pub(super) struct Cutter {
    expected: Expected,
    head: Vec<u8>,
    place: Place,
    open: Option<Open>,
}

/// A message that was read and whose last bytes are still to come.
#[derive(Debug)]
struct Open {
    message: Message,
    size: u32,
    total: u64,
    left: u64,
    missing: u64,
}

/// A header that cannot be one: here is no boundary.
#[derive(Debug)]
pub(super) struct Broken {
    pub(super) reason: Reason,
    /// Bytes of the header that came earlier, and where they were.
    pub(super) head: Vec<u8>,
    pub(super) place: Place,
    /// Bytes of those given that lie before the rest of it.
    pub(super) used: usize,
}

/// What a stream leaves when it ends.
#[derive(Debug)]
pub(super) struct Rest {
    pub(super) kind: Kind,
    pub(super) bytes: u64,
    pub(super) missing: u64,
    pub(super) place: Place,
}

/// Where the cutter is within the stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Within {
    /// Between two messages.
    Boundary,
    /// In a message of a few bytes, or in a header.
    Message,
    /// In a message of many segments.
    Bulk,
}

/// Bytes of a handshake that nothing else begins with, should the rest not be there.
const ENOUGH: u64 = 8;
/// Messages above this length are sent in several segments.
const BULK: u64 = 1024;

impl Cutter {
    /// A cutter at a boundary that is only supposed.
    pub(super) fn doubtful(expected: Expected) -> Cutter {
        Cutter {
            expected,
            ..Cutter::default()
        }
    }

    /// The boundaries are certain by now.
    pub(super) fn trust(&mut self) {
        self.expected = Expected::Message;
    }

    pub(super) fn within(&self) -> Within {
        match &self.open {
            Some(open) if open.total > BULK => Within::Bulk,
            None if self.head.is_empty() => Within::Boundary,
            _ => Within::Message,
        }
    }

    /// Bytes up to the next header, as far as that is known.
    pub(super) fn left(&self) -> u64 {
        match (&self.open, self.head.split_first_chunk()) {
            (Some(open), _) => open.left,
            (None, Some((prefix, [_, ..]))) => {
                4 + u64::from(u32::from_be_bytes(*prefix)) - self.head.len() as u64
            }
            (None, _) => 0,
        }
    }

    /// Where the message that has begun does so.
    pub(super) fn begun_at(&self) -> Option<SeqNumber> {
        let has_begun = self.open.is_some() || !self.head.is_empty();
        has_begun.then_some(self.place.seq)
    }

    /// Takes the next bytes of the stream, up to a header that cannot be.
    pub(super) fn data(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        to: &mut impl Listener,
    ) -> Result<(), Broken> {
        let mut used = 0;
        while used < bytes.len() {
            let rest = &bytes[used..];
            used += if self.open.is_some() {
                self.step_over(rest.len() as u64, at, to) as usize
            } else {
                self.begin(seq + used as u32, rest, at, to)
                    .map_err(|reason| self.broken(reason, used))?
            };
        }
        Ok(())
    }

    fn broken(&mut self, reason: Reason, used: usize) -> Broken {
        Broken {
            reason,
            head: std::mem::take(&mut self.head),
            place: self.place,
            used,
        }
    }

    /// The next `len` bytes are not in the capture. Gives how many of them, less than `len` when the gap reaches
    /// over a header, lie within the message that is open.
    pub(super) fn gap(&mut self, len: u64, to: &mut impl Listener) -> u64 {
        if self.open.is_none() {
            self.open_unread(to);
        }
        let Some(open) = &mut self.open else { return 0 };
        let within = len.min(open.left);
        open.missing += within;
        open.left -= within;
        self.close_if_whole(to);
        within
    }

    /// What is left behind the last boundary when the stream has ended, or is given up.
    pub(super) fn rest(&mut self) -> Rest {
        let head = std::mem::take(&mut self.head);
        let rest = |kind, bytes, missing| Rest {
            kind,
            bytes,
            missing,
            place: self.place,
        };
        match self.open.take() {
            Some(open) => rest(
                open.message.kind(),
                open.total - open.left - open.missing,
                open.missing,
            ),
            None if self.expected == Expected::Handshake => {
                rest(Kind::Handshake, head.len() as u64, 0)
            }
            None => rest(
                head.get(4).map_or(Kind::Unknown, |id| Kind::of(*id)),
                head.len() as u64,
                0,
            ),
        }
    }

    /// At the first byte of a message, or with its head begun. Gives how many bytes were used.
    fn begin(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        to: &mut impl Listener,
    ) -> Result<usize, Reason> {
        if self.head.is_empty() {
            self.place = Place::of(seq, at);
            return self.begin_in_place(bytes, to);
        }
        self.reach(at);
        let Head::Needs(needed) = examine(self.expected, &self.head) else {
            unreachable!("a head is kept only while it needs more")
        };
        let had = self.head.len();
        let used = (needed - had).min(bytes.len());
        self.head.extend_from_slice(&bytes[..used]);
        let whole = std::mem::take(&mut self.head);
        match self.read(&whole, to) {
            Ok(0) => self.head = whole,
            Ok(_) => {}
            Err(reason) => {
                self.head = whole;
                self.head.truncate(had);
                return Err(reason);
            }
        }
        Ok(used)
    }

    /// The common case: the head lies in `bytes` as a whole, nothing is copied.
    fn begin_in_place(&mut self, bytes: &[u8], to: &mut impl Listener) -> Result<usize, Reason> {
        let read = self.read(bytes, to)?;
        if read == 0 {
            self.head.extend_from_slice(bytes);
            return Ok(bytes.len());
        }
        Ok(read)
    }

    /// Reads a message from its head and gives how many bytes of `head` belong to it; 0 when it needs more.
    fn read(&mut self, head: &[u8], to: &mut impl Listener) -> Result<usize, Reason> {
        let (size, keep, total) = match examine(self.expected, head) {
            Head::Needs(_) => return Ok(0),
            Head::Is { size, keep, total } => (size, keep, total),
            Head::Impossible(reason) => return Err(reason),
        };
        let message = match (self.expected, head.first_chunk()) {
            (Expected::Handshake | Expected::DoubtfulHandshake, Some(bytes)) => {
                Message::Handshake(Box::new(Handshake::read(bytes)))
            }
            _ if size == 0 => Message::KeepAlive,
            _ => azureus::message(&head[..keep], size)
                .unwrap_or_else(|| Message::read(head[4], size, &head[5..keep])),
        };
        if !to.begun(&message, size) {
            return Err(Reason::ImpossibleLength);
        }
        self.expected = self.expected.next();
        let used = total.min(head.len() as u64);
        self.open = Some(Open {
            message,
            size,
            total,
            left: total - used,
            missing: 0,
        });
        self.close_if_whole(to);
        Ok(used as usize)
    }

    fn step_over(&mut self, len: u64, at: FrameRef, to: &mut impl Listener) -> u64 {
        self.reach(at);
        let Some(open) = &mut self.open else { return 0 };
        let used = len.min(open.left);
        open.left -= used;
        self.close_if_whole(to);
        used
    }

    fn close_if_whole(&mut self, to: &mut impl Listener) {
        if let Some(open) = self.open.take_if(|open| open.left == 0) {
            to.whole(Framed {
                message: open.message,
                size: open.size,
                place: self.place,
                missing: open.missing,
                found: Found::InOrder,
                via: None,
            });
        }
    }

    /// A frame that brings bytes of the message may lie before the one that brought its first: they were reordered.
    fn reach(&mut self, at: FrameRef) {
        self.place.position = self.place.position.min(at.position);
    }

    /// A gap begins in the head: if the length is known, so is the place of the next message.
    fn open_unread(&mut self, to: &mut impl Listener) {
        let have = self.head.len() as u64;
        let (kind, size, total) = match (self.expected, self.head.first_chunk()) {
            (Expected::Handshake, _) if have >= ENOUGH => (
                Kind::Handshake,
                handshake::LEN as u32,
                handshake::LEN as u64,
            ),
            (Expected::Message | Expected::Doubtful, Some(prefix)) => {
                let size = u32::from_be_bytes(*prefix);
                let kind = self.head.get(4).map_or(Kind::Unknown, |id| Kind::of(*id));
                (kind, size, 4 + u64::from(size))
            }
            _ => return,
        };
        let message = Message::Unread(kind);
        if !to.begun(&message, size) {
            return;
        }
        self.head.clear();
        self.expected = self.expected.next();
        self.open = Some(Open {
            message,
            size,
            total,
            left: total - have,
            missing: 0,
        });
    }
}
