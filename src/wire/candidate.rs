//! An offset that may be a boundary: the messages that would follow it, and what they are worth as evidence.

use super::cutter::{Cutter, Listener, Within};
use super::evidence::{Bits, Known};
use super::framing::{Found, Framed};
use super::handshake::PROTOCOL;
use super::head::Expected;
use super::message::{Message, PieceIndex};
use super::mse::{CLEAR_FROM, CLEAR_UPTO};
use crate::stream::{FrameRef, SeqNumber};

/// Messages that a candidate may hold back.
const MAX_HELD: usize = 4096;
/// Bytes of messages that it may hold back: some handshakes of extensions, or blocks of metadata.
const MAX_HELD_BYTES: usize = 64 << 10;
/// Keep-alives in a row, beyond which they are a run of zeros.
const MAX_KEEP_ALIVES: u32 = 3;
/// Two blocks and their headers: no recorded conversation lies in the data of one block for so long.
const TWO_BLOCKS: u64 = 2 * (13 + (16 << 10));

/// Three `have`, or two pieces: other bytes look like this once in 2^80 offsets.
const CERTAIN: Bits = Bits(80);
/// The name of the protocol.
const HANDSHAKE: Bits = Bits(PROTOCOL.len() as u32 * 8);
/// One piece, or two `have`: enough where the connection is known to speak BitTorrent.
const LIKELY: Bits = Bits(48);
/// One `have`, if it begins a segment of such a connection.
const SMALL: Bits = Bits(34);
/// A choke or the like in a segment of its own, as the last that is known of such a connection.
const SINGLE: Bits = Bits(25);

/// Segments in a row that began with a message: longer than any recorded conversation keeps to them.
const LONG: u32 = 8;

/// Why it is time to decide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Another segment fits.
    Read,
    /// Bytes are not in the capture: those whose next header is among them cannot go on.
    CannotGoOn {
        /// How many.
        gap: u64,
    },
    /// The stream has ended.
    Ended,
}

/// Lives as long as what follows reads like messages.
#[derive(Debug)]
pub(super) struct Candidate {
    cutter: Cutter,
    chain: Chain,
    segments: Segments,
    /// Bytes since its start, missing ones included.
    span: u64,
    /// Bytes of the stretch before it that are in the capture.
    pub(super) before: u64,
    /// Bytes of it that are not.
    pub(super) missing: u64,
    /// The last frame before it.
    pub(super) last: FrameRef,
}

/// The messages from a candidate on.
#[derive(Debug, Default)]
struct Chain {
    messages: Vec<Framed>,
    begun: u32,
    bits: Bits,
    keep_alives: u32,
    answers: u32,
    /// A bit for each kind of message that says nothing but its id: saying it again is no further evidence.
    said: u32,
    /// The last piece index of a `have`: the same again is none, either.
    had: Option<PieceIndex>,
    /// Does it begin with what a conversation begins with?
    is_opening: bool,
    /// Has it come to what follows the bitfield, which is first or nowhere (BEP 3, BEP 6)?
    is_under_way: bool,
    held_bytes: usize,
}

impl Chain {
    /// The evidence that a message adds; `None` when it cannot come here.
    fn adds(&mut self, message: &Message, bits: Bits) -> Option<Bits> {
        let kind = message.kind();
        let is_news = match message {
            Message::Bitfield(_) | Message::HaveAll | Message::HaveNone => {
                if std::mem::replace(&mut self.is_under_way, true) {
                    return None;
                }
                true
            }
            Message::Choke | Message::Unchoke | Message::Interested | Message::NotInterested => {
                let bit = 1 << kind as u32;
                let is_news = self.said & bit == 0;
                self.said |= bit;
                is_news
            }
            Message::Have(index) => {
                self.is_under_way = true;
                self.had.replace(*index) != Some(*index)
            }
            Message::Request(_) | Message::Piece(_) => {
                self.is_under_way = true;
                true
            }
            _ => true,
        };
        Some(if is_news { bits } else { Bits(0) })
    }
}

/// What a client says first, or behind its handshake.
fn opens(message: &Message) -> bool {
    matches!(
        message,
        Message::Handshake(_)
            | Message::Extended { id: 0, .. }
            | Message::Bitfield(_)
            | Message::HaveAll
            | Message::HaveNone
            | Message::Interested
    )
}

/// Bytes of a message that are kept.
fn held(message: &Message) -> usize {
    match message {
        Message::Bitfield(bytes) => bytes.len(),
        Message::Extended { payload, .. } => payload.len(),
        _ => 0,
    }
}

/// Starts of segments that were met between two messages, and in the middle of short ones.
#[derive(Clone, Copy, Debug, Default)]
struct Segments {
    aligned: u32,
    astray: u32,
}

/// Judges what the cutter reads.
struct Judge<'a> {
    chain: &'a mut Chain,
    known: Known<'a>,
}

impl Listener for Judge<'_> {
    fn begun(&mut self, message: &Message, size: u32) -> bool {
        let chain = &mut *self.chain;
        let bits = self.known.evidence(message, size);
        let Some(bits) = bits.and_then(|bits| chain.adds(message, bits)) else {
            return false;
        };
        chain.held_bytes += held(message);
        chain.is_opening |= chain.begun == 0 && chain.messages.is_empty() && opens(message);
        chain.keep_alives = match message {
            Message::KeepAlive => chain.keep_alives + 1,
            _ => 0,
        };
        chain.begun += u32::from(chain.keep_alives == 0);
        chain.bits.0 = chain.bits.0.saturating_add(bits.0);
        chain.answers += u32::from(self.known.is_answer(message));
        chain.keep_alives <= MAX_KEEP_ALIVES
            && chain.messages.len() < MAX_HELD
            && chain.held_bytes <= MAX_HELD_BYTES
    }

    fn whole(&mut self, framed: Framed) {
        self.chain.messages.push(Framed {
            found: Found::Resynchronised(self.known.now),
            ..framed
        });
    }
}

impl Candidate {
    /// Behind `before` and `missing` bytes without a message, of which `last` brought the last.
    pub(super) fn new(expected: Expected, before: u64, missing: u64, last: FrameRef) -> Candidate {
        Candidate {
            cutter: Cutter::doubtful(expected),
            chain: Chain::default(),
            segments: Segments::default(),
            span: 0,
            before,
            missing,
            last,
        }
    }

    fn judge(
        &mut self,
        known: Known<'_>,
        read: impl FnOnce(&mut Cutter, &mut Judge<'_>) -> bool,
    ) -> bool {
        let chain = &mut self.chain;
        read(&mut self.cutter, &mut Judge { chain, known })
    }

    /// Reads on; false when this is no message.
    pub(super) fn data(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        known: Known<'_>,
    ) -> bool {
        self.span += bytes.len() as u64;
        self.judge(known, |cutter, judge| {
            cutter.data(seq, bytes, at, judge).is_ok()
        })
    }

    /// Bytes are not in the capture; false when the next header is among them.
    pub(super) fn gap(&mut self, len: u64, known: Known<'_>) -> bool {
        self.span += len;
        self.judge(known, |cutter, judge| cutter.gap(len, judge) == len)
    }

    /// A segment begins here.
    pub(super) fn align(&mut self) {
        match self.cutter.within() {
            Within::Boundary => self.segments.aligned += 1,
            Within::Message => self.segments.astray += 1,
            Within::Bulk => {}
        }
    }

    /// Offsets of its messages in the segment that begins at `from`.
    pub(super) fn boundaries(&self, from: SeqNumber) -> impl Iterator<Item = usize> {
        let messages = self.chain.messages.iter().rev();
        let begun = self.cutter.begun_at().into_iter();
        let all = begun.chain(messages.map(|framed| framed.place.seq));
        let offsets = all.map(move |begin| begin.since(from));
        offsets
            .take_while(|offset| *offset >= 0)
            .map(|offset| offset as usize)
    }

    /// What it reads next; the same for candidates that have run into each other. `None` within a message that began
    /// before, which tells nothing.
    pub(super) fn next(&self) -> (Option<SeqNumber>, u64) {
        (self.cutter.begun_at(), self.cutter.left())
    }

    /// The least worth keeping goes first.
    pub(super) fn worth(&self) -> (u32, Bits) {
        (self.chain.begun, self.chain.bits)
    }

    /// Too likely to be overruled by a later one that it may enclose; at the end there is nothing left that could make
    /// it certain.
    pub(super) fn is_likely(&self, decision: Decision) -> bool {
        self.chain.bits >= LIKELY && decision != Decision::Ended
    }

    /// No recorded conversation keeps to the segments for so long.
    pub(super) fn is_beyond_doubt(&self) -> bool {
        self.segments.aligned >= LONG && self.segments.astray == 0
    }

    /// Where plaintext may begin behind a key exchange, is it this? There a boundary needs less evidence: what lies
    /// before it is random, so that no block holds a recorded conversation.
    pub(super) fn is_settled(&self, known: Known<'_>) -> bool {
        let Chain { begun, bits, .. } = self.chain;
        let place = self.before + self.missing;
        let is_enough = if known.is_bittorrent {
            begun >= 2 && bits >= LIKELY
        } else {
            begun >= 3 && bits >= CERTAIN
        };
        self.chain.is_opening
            && (CLEAR_FROM..=CLEAR_UPTO).contains(&place)
            && (is_enough || bits >= HANDSHAKE)
    }

    /// Is the evidence enough?
    pub(super) fn is_certain(&self, known: Known<'_>, decision: Decision) -> bool {
        let Chain {
            begun,
            bits,
            answers,
            ..
        } = self.chain;
        let Segments { aligned, astray } = self.segments;
        let keeps_to_segments = aligned >= 3 && aligned >= 4 * astray;
        if matches!(decision, Decision::CannotGoOn { gap } if self.cutter.left() >= gap) {
            return false;
        }
        if answers > 0 && bits >= LIKELY {
            return true;
        }
        match (decision, known.is_bittorrent) {
            (Decision::Read, true) if keeps_to_segments => begun >= 2 && bits >= LIKELY,
            (Decision::Read, _) => {
                begun >= 3 && bits >= CERTAIN && (self.span > TWO_BLOCKS || keeps_to_segments)
            }
            (Decision::CannotGoOn { .. }, true) => bits >= CERTAIN || aligned > 0 && bits >= SMALL,
            (Decision::Ended, true) => {
                let is_whole = aligned > 0 && self.cutter.within() == Within::Boundary;
                bits >= CERTAIN && astray <= aligned
                    || bits >= if is_whole { SINGLE } else { LIKELY } && aligned > 0 && astray == 0
            }
            (_, false) => {
                begun >= 2
                    && bits >= CERTAIN
                    && (self.span > TWO_BLOCKS / 2 || aligned > 0 && astray == 0)
            }
        }
    }

    /// It is believed: the messages, and who reads on behind them.
    pub(super) fn into_messages(mut self) -> (Vec<Framed>, Cutter) {
        self.cutter.trust();
        (self.chain.messages, self.cutter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::evidence::Spoken;
    use hex_literal::hex;

    const HAVE: [u8; 9] = hex!("00000005 04 00000007");

    /// One `have` after the other, of different pieces.
    fn haves(pieces: std::ops::Range<u32>) -> Vec<u8> {
        let have = |piece: u32| [&HAVE[..5], &piece.to_be_bytes()].concat();
        pieces.flat_map(have).collect()
    }
    const PIECE: [u8; 13] = hex!("00004009 07 00000003 00004000");

    /// A candidate of a connection of which nothing else, or only that it speaks BitTorrent, is known.
    struct Scene {
        candidate: Candidate,
        own: Spoken,
        other: Spoken,
    }

    impl Scene {
        fn unknown() -> Scene {
            Scene {
                candidate: Candidate::new(Expected::Doubtful, 0, 0, FrameRef::default()),
                own: Spoken::default(),
                other: Spoken::default(),
            }
        }

        fn known() -> Scene {
            let mut scene = Scene::unknown();
            scene.other.learn(&Message::HaveAll, Found::InOrder);
            scene
        }

        /// A segment of its own.
        fn segment(&mut self, bytes: &[u8]) -> bool {
            self.candidate.align();
            self.inside(bytes)
        }

        /// More of the same segment.
        fn inside(&mut self, bytes: &[u8]) -> bool {
            let known = Known::of(&self.own, &self.other, FrameRef::default());
            self.candidate
                .data(SeqNumber(0), bytes, FrameRef::default(), known)
        }

        fn is_certain(&self, decision: Decision) -> bool {
            let known = Known::of(&self.own, &self.other, FrameRef::default());
            self.candidate.is_certain(known, decision)
        }
    }

    #[test]
    fn what_no_client_sends_ends_it() {
        assert!(!Scene::unknown().inside(&hex!("00000005 04 ff000000")));
        assert!(!Scene::unknown().inside(&hex!("00000001 63")));
        assert!(
            !Scene::unknown().inside(&[0; 20]),
            "keep-alives without end"
        );
    }

    #[test]
    fn messages_that_keep_to_their_segments_are_believed_at_the_third() {
        let mut scene = Scene::unknown();
        for (piece, certain) in (0..).zip([false, false, true]) {
            assert!(scene.segment(&haves(piece..piece + 1)));
            assert_eq!(scene.is_certain(Decision::Read), certain);
        }
    }

    #[test]
    fn messages_within_one_segment_are_believed_only_when_nothing_more_comes() {
        let mut scene = Scene::unknown();
        assert!(scene.segment(&haves(0..100)));
        assert!(!scene.is_certain(Decision::Read));
        assert!(scene.is_certain(Decision::Ended));
    }

    #[test]
    fn messages_that_segments_cut_are_perhaps_a_record_of_some() {
        let mut scene = Scene::unknown();
        haves(0..1000)
            .chunks(1448)
            .for_each(|bytes| assert!(scene.segment(bytes)));
        assert!(!scene.is_certain(Decision::Read) && !scene.is_certain(Decision::Ended));
    }

    #[test]
    fn two_blocks_and_the_head_of_a_third_are_believed() {
        let mut scene = Scene::unknown();
        let block = [&PIECE[..], &[0xee; 16384]].concat();
        assert!(scene.inside(&block) && scene.inside(&block));
        assert!(!scene.is_certain(Decision::Read));
        assert!(scene.inside(&PIECE) && scene.is_certain(Decision::Read));
    }

    #[test]
    fn a_block_that_was_asked_for_is_believed_at_once() {
        let mut scene = Scene::known();
        let asked = hex!("00000003 00004000 00004000");
        scene.other.learn(
            &Message::read(crate::wire::id::REQUEST, 13, &asked),
            Found::InOrder,
        );
        assert!(scene.inside(&PIECE) && scene.is_certain(Decision::Read));
    }

    #[test]
    fn before_a_gap_one_message_is_believed_where_bittorrent_is_known() {
        let gap = Decision::CannotGoOn { gap: 20 };
        let mut scene = Scene::known();
        assert!(scene.segment(&HAVE) && scene.is_certain(gap));
        let mut scene = Scene::known();
        assert!(
            scene.inside(&HAVE) && !scene.is_certain(gap),
            "it began no segment"
        );
        let mut scene = Scene::unknown();
        assert!(scene.segment(&HAVE) && !scene.is_certain(gap));
        let mut scene = Scene::known();
        assert!(
            scene.segment(&PIECE) && !scene.is_certain(gap),
            "the gap ends in its block"
        );
    }
}
