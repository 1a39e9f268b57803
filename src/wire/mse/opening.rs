//! The first bytes of a connection, held until it is known what it begins with.

use memchr::memmem;

use super::exchange::Exchange;
use super::keys::Keys;
use super::looks::{has_length_prefix, is_foreign, may_be_key};
use super::{Encryption, MAX_PAD, Method, Y_LEN};
use crate::stream::{FrameRef, SeqNumber, Side};
use crate::wire::handshake::PROTOCOL;

/// Bytes of a side that are held at most: more than the longest exchange, which is the initiator's (608 of key and
/// pad, 40 of hashes, 14 + 512 + 2).
const MAX_HEAD: usize = 1536;
/// The third step: two hashes and 16 bytes that are encrypted.
const MIN_THIRD: u64 = 56;
/// The fourth step without its pad.
const MIN_FOURTH: u64 = 14;

/// What was held is given back in the order in which it came.
#[derive(Debug, Default)]
pub(in crate::wire) struct Opening {
    heads: [Vec<u8>; 2],
    held: Vec<Held>,
}

#[derive(Clone, Copy, Debug)]
struct Held {
    side: Side,
    seq: SeqNumber,
    len: usize,
    at: FrameRef,
}

/// What a connection begins with.
#[derive(Debug)]
pub(in crate::wire) enum Verdict {
    /// That is not known yet.
    Unclear,
    /// No key exchange.
    Other,
    /// What has the shape of one.
    Possible(Box<Encryption>),
    /// One whose secret is known.
    Known(Box<Exchange>, Box<Encryption>),
}

/// True for as much of a plaintext handshake as is there.
pub(in crate::wire) fn is_plaintext(head: &[u8]) -> bool {
    let len = head.len().min(PROTOCOL.len());
    head[..len] == PROTOCOL[..len]
}

impl Opening {
    /// Takes the bytes of a segment; false when there are too many, and then it is time to decide.
    pub(in crate::wire) fn hold(
        &mut self,
        side: Side,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
    ) -> bool {
        let head = &mut self.heads[side.index()];
        let room = MAX_HEAD - head.len();
        head.extend_from_slice(&bytes[..bytes.len().min(room)]);
        if bytes.len() > room {
            return false;
        }
        let len = bytes.len();
        self.held.push(Held { side, seq, len, at });
        true
    }

    /// The frame that brought the last of what is held.
    pub(in crate::wire) fn last(&self) -> FrameRef {
        self.held.last().map(|held| held.at).unwrap_or_default()
    }

    /// The segments that were held, in order.
    pub(in crate::wire) fn segments(
        &self,
    ) -> impl Iterator<Item = (Side, SeqNumber, &[u8], FrameRef)> {
        let mut from = [0; 2];
        self.held.iter().map(move |held| {
            let begin = from[held.side.index()];
            from[held.side.index()] += held.len;
            let bytes = &self.heads[held.side.index()][begin..begin + held.len];
            (held.side, held.seq, bytes, held.at)
        })
    }

    /// What it is, or when nothing more will be held, what it is not.
    pub(in crate::wire) fn verdict(&self, keys: &Keys, is_last: bool) -> Verdict {
        let unclear = if is_last {
            Verdict::Other
        } else {
            Verdict::Unclear
        };
        let begun = || self.heads.iter().filter(|head| !head.is_empty());
        if begun().any(|head| is_plaintext(head)) {
            let is_sure = begun().any(|head| head.starts_with(PROTOCOL));
            return if is_sure { Verdict::Other } else { unclear };
        }
        let found = if keys.is_empty() {
            None
        } else {
            Exchange::find(keys, &self.heads)
        };
        if let Some(exchange) = found {
            if !exchange.is_whole() && !is_last {
                return Verdict::Unclear;
            }
            let mut shape = self.steps(exchange.initiator).0;
            shape.method = Method::Mse;
            return Verdict::Known(Box::new(exchange), Box::new(shape));
        }
        match self.shape() {
            // Whatever it looks like, while a secret may fit, be it one that is still to come.
            None if (keys.may_grow() || !keys.is_empty()) && !self.is_foreign() => unclear,
            None => Verdict::Other,
            Some(found) if found.step4.is_some() => {
                if keys.may_grow() && !is_last && !self.is_readable() {
                    return Verdict::Unclear;
                }
                Verdict::Possible(Box::new(found))
            }
            Some(_) => unclear,
        }
    }

    /// The first bytes of both sides.
    pub(in crate::wire) fn into_heads(self) -> [Vec<u8>; 2] {
        self.heads
    }

    /// True when a side goes on in plaintext, so that no key is needed.
    fn is_readable(&self) -> bool {
        let has_name = |head: &Vec<u8>| memmem::find(head, PROTOCOL).is_some();
        self.heads.iter().any(has_name)
    }

    /// A few bytes of a key may look like anything: that is told by as many as a key has.
    fn is_foreign(&self) -> bool {
        let is_surely = |head: &Vec<u8>| head.len() >= Y_LEN && is_foreign(head);
        self.heads.iter().any(is_surely)
    }

    /// How far the key exchange has come, if it is one: who speaks first has opened the connection, and the steps
    /// follow each other.
    fn shape(&self) -> Option<Encryption> {
        let initiator = self.held.first()?.side;
        let (found, [first, second]) = self.steps(initiator);
        let steps = [
            (initiator, first, found.yb),
            (!initiator, second, found.step3),
        ];
        let fits = |(side, len, next): (Side, u64, Option<_>)| {
            let head = &self.heads[side.index()];
            let is_whole = (Y_LEN as u64..=MAX_KEY).contains(&len);
            let is_over = next.is_some();
            len <= MAX_KEY
                && may_be_key(head)
                && (!is_over || is_whole && !has_length_prefix(head, len))
        };
        steps.into_iter().all(fits).then_some(found)
    }

    /// When each step began, if they follow each other, and how long the first two are.
    fn steps(&self, initiator: Side) -> (Encryption, [u64; 2]) {
        let mut found = Encryption::new(Method::Possible, initiator);
        let [mut first, mut second, mut third, mut fourth] = [0; 4];
        for held in &self.held {
            let (len, at) = (held.len as u64, held.at.into());
            match (held.side == initiator, found.step3.is_some()) {
                (true, false) if found.yb.is_none() => {
                    first += len;
                    found.ya.get_or_insert(at);
                }
                (true, _) => {
                    third += len;
                    found.step3.get_or_insert(at);
                }
                (false, false) => {
                    second += len;
                    found.yb.get_or_insert(at);
                }
                (false, true) => {
                    fourth += len;
                    if third >= MIN_THIRD && fourth >= MIN_FOURTH {
                        found.step4.get_or_insert(at);
                    }
                }
            }
        }
        (found, [first, second])
    }
}

/// A public key and its pad.
const MAX_KEY: u64 = (Y_LEN + MAX_PAD) as u64;

#[cfg(test)]
mod tests {
    use super::*;

    /// What both sides sent at once looks like other protocols now and then: here it has its length in front.
    fn with_length_prefix() -> Opening {
        let mut opening = Opening::default();
        let flights = [(Side::A, 200), (Side::B, 200), (Side::A, 60)];
        for (side, len) in flights {
            let mut flight: Vec<u8> = (0..len).map(|at: u8| at.wrapping_mul(151)).collect();
            flight[..2].copy_from_slice(&[0, 200]);
            assert!(opening.hold(side, SeqNumber::default(), &flight, FrameRef::default()));
        }
        opening
    }

    #[test]
    fn what_does_not_look_like_an_exchange_is_held_while_a_key_may_come() {
        let opening = with_length_prefix();
        let verdict = |keys: &Keys, is_last| opening.verdict(keys, is_last);
        assert!(matches!(verdict(&Keys::default(), false), Verdict::Other));
        assert!(matches!(
            verdict(&Keys::expecting(), false),
            Verdict::Unclear
        ));
        assert!(matches!(verdict(&Keys::expecting(), true), Verdict::Other));
    }
}
