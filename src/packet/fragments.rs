//! IP datagrams put together from their fragments (RFC 791 section 3.2, RFC 8200 section 4.5).
//!
//! Fragments come in any order, twice, and from liars: the first bytes win, and a fragment that contradicts what is
//! known of its datagram is refused. Bounded are the datagrams, their bytes, and the time they may wait.

#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::IpAddr;

use etherparse::IpNumber;

use super::layer::Carrier;
use super::part::Part;
use super::{Fate, Skip};
use crate::capture::{FilePosition, FrameNumber, Timestamp};

/// Datagrams that are remembered at once.
const MAX_DATAGRAMS: usize = 256;
/// Bytes that are held for all of them.
const MAX_BYTES: usize = 4 << 20;
/// Nanoseconds of the capture after which the rest of a datagram does not come any more (RFC 8200).
const MAX_WAIT: i64 = 60_000_000_000;
/// The length field of IP has no room for more.
const MAX_LEN: usize = 65_535;
/// Fragments begin at multiples of this.
const BLOCK: usize = 8;

/// Where a fragment belongs. Tags and tunnels around it do not count: fragments may take different ways.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fragment<'a> {
    pub(super) carrier: Carrier<'a>,
    pub(super) id: u32,
    /// Of its first byte in the datagram.
    pub(super) offset: usize,
    pub(super) is_last: bool,
}

/// A datagram that is whole.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) ends: [IpAddr; 2],
    pub(super) protocol: IpNumber,
    /// Up to the first byte that the snap length cut.
    pub(super) bytes: Vec<u8>,
    /// What follows that one.
    pub(super) cut: usize,
    /// The frame of its first fragment in the file.
    pub(super) first: FilePosition,
    /// The frames of its fragments.
    pub(super) frames: Vec<FrameNumber>,
}

/// The frames in which a fragment came: one, or those of the datagram that it was in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Came<'a> {
    /// The first of them in the file.
    pub(super) first: FilePosition,
    pub(super) frames: &'a [FrameNumber],
}

/// Fragments that were counted as [`Fate::Waiting`] and wait no more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settled {
    /// Their datagram was put together.
    pub put_together: u64,
    /// It never was whole.
    pub never_whole: u64,
}

/// The datagrams that wait for more, oldest first. Those that are whole stay for a while, so that a fragment which is
/// captured twice begins no datagram of its own.
#[derive(Debug, Default)]
pub(super) struct Fragments {
    datagrams: VecDeque<Datagram>,
    settled: Settled,
}

impl Fragments {
    /// Takes a fragment; gives the datagram that it makes whole.
    pub(super) fn put(
        &mut self,
        fragment: Fragment<'_>,
        part: Part<'_>,
        came: Came<'_>,
        now: Timestamp,
    ) -> Result<Whole, Skip> {
        let end = checked_end(&fragment, part)?;
        self.drop_while(|oldest| now.since(oldest.since) > MAX_WAIT);
        let mut at = self.find(&fragment);
        if let Some(known) = at.filter(|at| self.datagrams[*at].is_whole()) {
            if self.datagrams[known].repeats(&fragment, part) {
                return Err(Skip::Fragment(Fate::PutTogether));
            }
            // Its number is used again.
            self.datagrams.remove(known);
            at = None;
        }
        let at = at.unwrap_or_else(|| self.open(&fragment, came.first, now));
        let datagram = &mut self.datagrams[at];
        datagram.take(&fragment, part, end)?;
        datagram.come(came);
        if datagram.is_whole() {
            // This frame is counted for what the datagram carries.
            self.settled.put_together += datagram.taken - 1;
            let whole = datagram.whole();
            self.bound();
            return Ok(whole);
        }
        self.bound();
        Err(Skip::Fragment(Fate::Waiting))
    }

    /// Nothing more will come.
    pub(super) fn finish(&mut self) {
        self.drop_while(|_| true);
    }

    /// What was settled since the last call.
    pub(super) fn take_settled(&mut self) -> Settled {
        std::mem::take(&mut self.settled)
    }

    /// Those of now are at the end.
    fn find(&self, fragment: &Fragment<'_>) -> Option<usize> {
        let known = self.datagrams.iter();
        known
            .rev()
            .position(|it| it.has(fragment))
            .map(|back| self.datagrams.len() - 1 - back)
    }

    fn open(&mut self, fragment: &Fragment<'_>, position: FilePosition, now: Timestamp) -> usize {
        self.datagrams
            .push_back(Datagram::new(fragment, position, now));
        self.datagrams.len() - 1
    }

    fn bound(&mut self) {
        let held = |datagrams: &VecDeque<Datagram>| datagrams.iter().map(Datagram::held).sum();
        let (mut count, mut bytes): (usize, usize) = (self.datagrams.len(), held(&self.datagrams));
        self.drop_while(|oldest| {
            let is_over = count > MAX_DATAGRAMS || bytes > MAX_BYTES;
            (count, bytes) = (count - 1, bytes - oldest.held());
            is_over
        });
    }

    fn drop_while(&mut self, mut is_over: impl FnMut(&Datagram) -> bool) {
        while self.datagrams.front().is_some_and(&mut is_over) {
            let Some(dropped) = self.datagrams.pop_front() else {
                return;
            };
            if !dropped.is_whole() {
                self.settled.never_whole += dropped.taken;
            }
        }
    }
}

/// Where a fragment ends, if there can be such a one: all but the last are whole blocks.
fn checked_end(fragment: &Fragment<'_>, part: Part<'_>) -> Result<usize, Skip> {
    let end = fragment.offset + part.len();
    let is_whole_blocks = part.len().is_multiple_of(BLOCK);
    if part.len() == 0 || end > MAX_LEN || !(fragment.is_last || is_whole_blocks) {
        return Err(Skip::Malformed);
    }
    Ok(end)
}

/// A datagram as far as it is known: the block table of RFC 791.
#[derive(Debug)]
struct Datagram {
    ends: [IpAddr; 2],
    protocol: IpNumber,
    id: u32,
    first: FilePosition,
    since: Timestamp,
    bytes: Vec<u8>,
    /// The blocks that have come.
    has: Vec<bool>,
    missing: usize,
    /// Its length, when the last fragment has come.
    end: Option<usize>,
    /// The first byte that came and was cut.
    cut_at: usize,
    /// Fragments that it has taken.
    taken: u64,
    /// The frames that they came in: no more than it has blocks.
    frames: Vec<FrameNumber>,
}

impl Datagram {
    fn new(fragment: &Fragment<'_>, first: FilePosition, since: Timestamp) -> Datagram {
        Datagram {
            ends: fragment.carrier.ends.addresses(),
            protocol: fragment.carrier.protocol,
            id: fragment.id,
            first,
            since,
            bytes: Vec::new(),
            has: Vec::new(),
            missing: 0,
            end: None,
            cut_at: MAX_LEN,
            taken: 0,
            frames: Vec::new(),
        }
    }

    /// In IPv6 the protocol is no part of the name: only the first fragment knows it.
    fn has(&self, fragment: &Fragment<'_>) -> bool {
        let other = fragment.carrier;
        self.id == fragment.id
            && self.ends == other.ends.addresses()
            && (self.protocol == other.protocol || self.ends[0].is_ipv6())
    }

    fn is_whole(&self) -> bool {
        self.end.is_some() && self.missing == 0
    }

    fn held(&self) -> usize {
        self.bytes.len() + self.has.len()
    }

    /// Takes what is new in a fragment that ends at `end`, unless it lies behind the end or sets another one.
    fn take(&mut self, fragment: &Fragment<'_>, part: Part<'_>, end: usize) -> Result<(), Skip> {
        let is_behind = self.end.is_some_and(|known| end > known);
        let moves_end = fragment.is_last && (self.end.unwrap_or(end) != end || self.reach() > end);
        if is_behind || moves_end {
            return Err(Skip::Malformed);
        }
        self.grow(end);
        let mut is_new = false;
        for (block, at) in (fragment.offset / BLOCK..).zip((0..part.len()).step_by(BLOCK)) {
            if !std::mem::replace(&mut self.has[block], true) {
                self.missing -= 1;
                is_new = true;
                self.copy(block * BLOCK, part.bytes, at);
            }
        }
        if is_new && part.cut > 0 {
            self.cut_at = self.cut_at.min(fragment.offset + part.bytes.len());
        }
        if fragment.is_last {
            self.end = Some(end);
        }
        if fragment.offset == 0 {
            self.protocol = fragment.carrier.protocol;
        }
        self.taken += 1;
        Ok(())
    }

    /// Remembers where a fragment was found. Who sends one a thousand times has room for some.
    fn come(&mut self, came: Came<'_>) {
        self.first = self.first.min(came.first);
        let room = (MAX_LEN / BLOCK).saturating_sub(self.frames.len());
        let new = came.frames.iter().take(room);
        self.frames.extend(new);
    }

    /// Where the farthest fragment ends.
    fn reach(&self) -> usize {
        self.bytes.len()
    }

    fn grow(&mut self, end: usize) {
        if end > self.bytes.len() {
            self.bytes.resize(end, 0);
            let blocks = end.div_ceil(BLOCK);
            self.missing += blocks - self.has.len();
            self.has.resize(blocks, false);
        }
    }

    /// Copies the block at `at` in `from`, as far as it was captured.
    fn copy(&mut self, to: usize, from: &[u8], at: usize) {
        let block = from.get(at..).unwrap_or_default();
        let block = &block[..block.len().min(BLOCK)];
        self.bytes[to..to + block.len()].copy_from_slice(block);
    }

    /// Says again what the datagram has.
    fn repeats(&self, fragment: &Fragment<'_>, part: Part<'_>) -> bool {
        let own = self
            .bytes
            .get(fragment.offset..fragment.offset + part.len());
        own.is_some_and(|own| own.starts_with(part.bytes))
    }

    fn whole(&self) -> Whole {
        let held = self.cut_at.min(self.bytes.len());
        Whole {
            ends: self.ends,
            protocol: self.protocol,
            bytes: self.bytes[..held].to_vec(),
            cut: self.bytes.len() - held,
            first: self.first,
            frames: self.frames.clone(),
        }
    }
}
