//! Where one message ends and the next begins.

use super::cutter::{Broken, Cutter, Listener, Rest};
use super::evidence::{Known, Spoken};
use super::hunt::{Catch, Hunt, Start};
use super::message::{Kind, Message};
use super::mse::{Encryption, StreamKey, Via};
use crate::capture::{FilePosition, FrameNumber};
use crate::stream::{FrameRef, Missing, SeqNumber};

/// A message and where it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Framed {
    /// What it says.
    pub message: Message,
    /// Its length prefix; 68 for a handshake, which has none.
    pub size: u32,
    /// Its place.
    pub place: Place,
    /// Bytes of it that are not in the capture.
    pub missing: u64,
    /// How its first byte was found.
    pub found: Found,
    /// Behind what it was read; nothing where the stream is plaintext from its first byte.
    pub via: Option<Via>,
}

/// How the first byte of a message was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// The message before it ended there, or the stream began.
    InOrder,
    /// It is one of a chain of messages that other bytes would not make. The frame that completed it lies before the
    /// one that made the chain certain.
    Resynchronised(FrameRef),
    /// Nothing else begins like it where the plaintext behind a key exchange begins. It was completed in this frame,
    /// before that was known.
    Settled(FrameRef),
}

/// Where a message, or a stretch that is none, lies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Sequence number of its first byte.
    pub seq: SeqNumber,
    /// The frame that byte was in.
    pub first_frame: FrameNumber,
    /// The first frame in file order that holds any of it: from there it can be read again.
    pub position: FilePosition,
}

impl Place {
    pub(super) fn of(seq: SeqNumber, at: FrameRef) -> Place {
        Place {
            seq,
            first_frame: at.number,
            position: at.position,
        }
    }
}

/// Bytes that are no message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undecoded {
    /// Why.
    pub reason: Reason,
    /// How many are in the capture.
    pub bytes: u64,
    /// How many between them are not.
    pub missing: u64,
    /// Where they begin.
    pub place: Place,
    /// The last frame that brought any of them.
    pub last: FrameRef,
}

/// Why bytes could not be read as messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reason {
    /// The stream does not begin with a handshake: another protocol, encryption, or a capture that began later.
    NotBitTorrent,
    /// The stream begins nearly as a handshake does: some bytes of the protocol's name, or its length, are wrong.
    WrongName,
    /// The same, but messages were found further on: the capture, or what can be read, begins in mid-stream.
    BeforeMessages,
    /// The stream ended inside a message of this kind.
    CutShort(Kind),
    /// A length prefix of more than 16 MiB.
    ImpossibleLength,
    /// Bytes are missing where a message would begin.
    GapOverHeader,
    /// They are those of a key exchange, or of what it hides.
    Encrypted,
}

/// What comes out of framing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decoded {
    /// A whole message.
    Message(Framed),
    /// Bytes outside of any known message that are not in the capture.
    Gap {
        /// How many.
        bytes: u64,
        /// Why.
        missing: Missing,
        /// Where they would be.
        place: Place,
        /// The frame that told of the last of them.
        last: FrameRef,
    },
    /// From here on no message boundary is known. The stretch comes when it has ended.
    Lost,
    /// A stretch without a message.
    Undecoded(Undecoded),
    /// What is now known of the connection's encryption; `None` when it has none after all.
    Encryption(Option<Box<Encryption>>),
    /// From here on its stream can be decrypted again.
    Key(Box<StreamKey>),
}

/// Cuts the bytes of one direction into messages, and finds the next one where it has lost its place.
#[derive(Debug, Default)]
pub struct Framer {
    phase: Phase,
    last: FrameRef,
}

#[derive(Debug)]
enum Phase {
    InSync(Cutter),
    /// So many bytes of a key exchange are still to come, and those that came.
    Exchange(u64, Undecoded),
    Hunting(Box<Hunt>),
}

impl Default for Phase {
    fn default() -> Phase {
        Phase::InSync(Cutter::default())
    }
}

/// In sync, what is read is believed.
struct Believer<'a, Out>(&'a mut Out);

impl<Out: FnMut(Decoded)> Listener for Believer<'_, Out> {
    fn begun(&mut self, _: &Message, _: u32) -> bool {
        true
    }

    fn whole(&mut self, framed: Framed) {
        self.0(Decoded::Message(framed));
    }
}

impl Framer {
    /// A framer at the first byte of a stream that begins with a key exchange, and may go on in plaintext.
    pub(super) fn veiled() -> Framer {
        Framer {
            phase: Phase::Hunting(Box::new(Hunt::veiled())),
            last: FrameRef::default(),
        }
    }

    /// A framer at the first byte of a stream whose conversation begins behind so many bytes of a key exchange.
    pub(super) fn behind(exchange: u64) -> Framer {
        Framer {
            phase: Phase::Exchange(exchange, encrypted()),
            last: FrameRef::default(),
        }
    }

    /// A framer in the middle of a stream that has become readable.
    pub(super) fn unveiled() -> Framer {
        Framer {
            phase: Phase::Hunting(Box::new(Hunt::unveiled())),
            last: FrameRef::default(),
        }
    }

    /// Takes the next bytes of the stream: those of one segment, whose limits are evidence where no other is left.
    pub fn data(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        let nothing = Spoken::default();
        self.data_of(Known::of(&nothing, &nothing, at), seq, bytes, at, out);
    }

    /// The same, with what both sides have said so far.
    pub(super) fn data_of(
        &mut self,
        known: Known<'_>,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        let (passed, start) = self.exchange(seq, bytes, at, out);
        let (seq, bytes) = (seq + passed as u32, &bytes[passed..]);
        match &mut self.phase {
            Phase::Exchange(..) => {}
            Phase::InSync(cutter) => {
                if let Err(broken) = cutter.data(seq, bytes, at, &mut Believer(out)) {
                    self.lose(broken, known, seq, bytes, at, out);
                }
            }
            Phase::Hunting(hunt) => {
                let caught = hunt.data(seq, bytes, at, start, known);
                self.hunted(caught, out);
            }
        }
        self.last = self.last.later(at);
    }

    /// The next `len` bytes of the stream are not in the capture.
    pub fn gap(
        &mut self,
        seq: SeqNumber,
        len: u64,
        missing: Missing,
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        let nothing = Spoken::default();
        self.gap_of(
            Known::of(&nothing, &nothing, at),
            (seq, len, missing),
            at,
            out,
        );
    }

    /// The same, with what both sides have said so far.
    pub(super) fn gap_of(
        &mut self,
        known: Known<'_>,
        (seq, len, missing): (SeqNumber, u64, Missing),
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        if let Missing::Packets(_) = missing {
            return self.hole(known, seq, missing, at, out);
        }
        if let Phase::Hunting(hunt) = &mut self.phase {
            let caught = hunt.gap((seq, len, missing), at, known);
            let is_caught = caught.is_some();
            self.hunted(caught, out);
            if !is_caught {
                return;
            }
        }
        if let Phase::Exchange(left, stretch) = &mut self.phase {
            // Where the conversation begins was seen, so it is there; but nobody has to believe it.
            *left = left.saturating_sub(len);
            stretch.missing += len;
            return;
        }
        let Phase::InSync(cutter) = &mut self.phase else {
            return;
        };
        let within = cutter.gap(len, &mut Believer(out));
        if within == len {
            return;
        }
        let rest = cutter.rest();
        let hunt = Hunt::behind(Reason::GapOverHeader, rest.bytes, rest.place, self.last);
        self.phase = Phase::Hunting(Box::new(hunt));
        out(Decoded::Gap {
            bytes: len - within,
            missing,
            place: Place::of(seq + within as u32, at),
            last: at,
        });
        out(Decoded::Lost);
    }

    /// Packets of uTP are not in the capture: where the next message begins nobody knows. What is open is said as far as
    /// it is known, and a boundary is looked for behind them.
    fn hole(
        &mut self,
        known: Known<'_>,
        seq: SeqNumber,
        missing: Missing,
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        self.end(known, out);
        let reason = match &mut self.phase {
            Phase::Hunting(hunt) => hunt.reason(),
            Phase::Exchange(..) => Reason::Encrypted,
            Phase::InSync(cutter) => {
                cutter.gap(u64::from(u32::MAX), &mut Believer(out));
                Reason::GapOverHeader
            }
        };
        self.leave(out);
        out(Decoded::Gap {
            bytes: 0,
            missing,
            place: Place::of(seq, at),
            last: at,
        });
        out(Decoded::Lost);
        let hunt = Hunt::behind(reason, 0, Place::default(), FrameRef::default());
        self.phase = Phase::Hunting(Box::new(hunt));
    }

    /// The stream has ended: what can be believed now or never.
    pub(super) fn end(&mut self, known: Known<'_>, out: &mut impl FnMut(Decoded)) {
        if let Phase::Hunting(hunt) = &mut self.phase {
            let caught = hunt.end(known);
            self.hunted(caught, out);
        }
    }

    /// The stream has ended: what is left over.
    pub fn finish(&mut self, out: &mut impl FnMut(Decoded)) {
        let nothing = Spoken::default();
        self.end(Known::of(&nothing, &nothing, self.last), out);
        self.leave(out);
    }

    /// What is left over, and nothing more is believed.
    pub(super) fn leave(&mut self, out: &mut impl FnMut(Decoded)) {
        let rest = match &mut self.phase {
            Phase::Hunting(hunt) => {
                if hunt.owes_loss(true) {
                    out(Decoded::Lost);
                }
                hunt.give_up()
            }
            Phase::InSync(cutter) => cut_short(cutter.rest(), self.last).map(Decoded::Undecoded),
            Phase::Exchange(_, stretch) => {
                let stretch = std::mem::replace(stretch, encrypted());
                (stretch.bytes + stretch.missing > 0).then_some(Decoded::Undecoded(stretch))
            }
        };
        rest.into_iter().for_each(&mut *out);
        self.phase = Phase::default();
    }

    /// Takes what belongs to a key exchange; gives how many bytes that are, and where those behind it begin.
    fn exchange(
        &mut self,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) -> (usize, Start) {
        let Phase::Exchange(left, stretch) = &mut self.phase else {
            return (0, Start::Segment);
        };
        if stretch.bytes + stretch.missing == 0 {
            stretch.place = Place::of(seq, at);
        }
        let passed = (*left).min(bytes.len() as u64);
        *left -= passed;
        stretch.bytes += passed;
        stretch.place.position = stretch.place.position.min(at.position);
        if passed > 0 {
            stretch.last = stretch.last.later(at);
        }
        if *left == 0 {
            out(Decoded::Undecoded(stretch.clone()));
            self.phase = Phase::default();
        }
        (passed as usize, Start::Inside)
    }

    /// The header at `broken` is none: from its first byte on a boundary is looked for.
    fn lose(
        &mut self,
        broken: Broken,
        known: Known<'_>,
        seq: SeqNumber,
        bytes: &[u8],
        at: FrameRef,
        out: &mut impl FnMut(Decoded),
    ) {
        out(Decoded::Lost);
        let head = broken.head.len() as u64;
        let mut hunt = Hunt::behind(broken.reason, head, broken.place, self.last);
        let start = if broken.used == 0 {
            Start::Segment
        } else {
            Start::Inside
        };
        let caught = hunt.data(
            seq + broken.used as u32,
            &bytes[broken.used..],
            at,
            start,
            known,
        );
        self.phase = Phase::Hunting(Box::new(hunt));
        if let Some(caught) = caught {
            self.resume(caught, out);
        }
    }

    /// A look further, that may have found a boundary.
    fn hunted(&mut self, caught: Option<Catch>, out: &mut impl FnMut(Decoded)) {
        let Phase::Hunting(hunt) = &mut self.phase else {
            return;
        };
        let is_resynchronised = caught.as_ref().is_some_and(|caught| !caught.is_settled);
        if hunt.owes_loss(is_resynchronised) {
            out(Decoded::Lost);
        }
        if let Some(caught) = caught {
            self.resume(caught, out);
        }
    }

    /// A boundary was found again.
    fn resume(&mut self, caught: Catch, out: &mut impl FnMut(Decoded)) {
        caught.before.into_iter().for_each(&mut *out);
        caught
            .messages
            .into_iter()
            .for_each(|framed| out(Decoded::Message(framed)));
        self.phase = Phase::InSync(caught.cutter);
    }
}

/// No byte of a key exchange, yet.
fn encrypted() -> Undecoded {
    Undecoded {
        reason: Reason::Encrypted,
        bytes: 0,
        missing: 0,
        place: Place::default(),
        last: FrameRef::default(),
    }
}

fn cut_short(rest: Rest, last: FrameRef) -> Option<Undecoded> {
    let Rest {
        kind,
        bytes,
        missing,
        place,
    } = rest;
    (bytes + missing > 0).then_some(Undecoded {
        reason: Reason::CutShort(kind),
        bytes,
        missing,
        place,
        last,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Block, Malformed, PieceIndex, id};
    use hex_literal::hex;

    const HANDSHAKE: [u8; 68] = hex!(
        "13 426974546f7272656e742070726f746f636f6c 0000000000100005"
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa 2d4c54323131302d6162636465666768696a6b6c"
    );

    /// Two frames of a stream: what is fed, and where.
    fn feed(framer: &mut Framer, bytes: &[u8]) -> Vec<Decoded> {
        let mut out = Vec::new();
        framer.data(SeqNumber(0), bytes, FrameRef::default(), &mut |decoded| {
            out.push(decoded);
        });
        out
    }

    fn gap(framer: &mut Framer, len: u64) -> Vec<Decoded> {
        let mut out = Vec::new();
        framer.gap(
            SeqNumber(0),
            len,
            Missing::Lost,
            FrameRef::default(),
            &mut |decoded| out.push(decoded),
        );
        out
    }

    /// Three packets of uTP are missing.
    fn hole(framer: &mut Framer) -> Vec<Decoded> {
        let mut out = Vec::new();
        let (seq, missing) = (SeqNumber(0), Missing::Packets(3));
        framer.gap(seq, 0, missing, FrameRef::default(), &mut |decoded| {
            out.push(decoded);
        });
        out
    }

    fn finish(framer: &mut Framer) -> Vec<Decoded> {
        let mut out = Vec::new();
        framer.finish(&mut |decoded| out.push(decoded));
        out
    }

    fn messages(decoded: &[Decoded]) -> Vec<&Message> {
        let framed = decoded.iter().filter_map(|decoded| match decoded {
            Decoded::Message(framed) => Some(&framed.message),
            _ => None,
        });
        framed.collect()
    }

    /// A framer that has its handshake behind it.
    fn talking() -> Framer {
        let mut framer = Framer::default();
        assert_eq!(feed(&mut framer, &HANDSHAKE).len(), 1);
        framer
    }

    fn piece(index: u32, begin: u32, length: u32) -> Message {
        Message::Piece(Block {
            index: PieceIndex(index),
            begin,
            length,
        })
    }

    /// Handshake, keep-alive, unchoke, bitfield, request, piece of 6 bytes, an unknown id, a bad have, extended, have.
    fn every_shape() -> Vec<u8> {
        let mut bytes = HANDSHAKE.to_vec();
        bytes.extend(hex!("00000000" "00000001 01" "00000003 05 ff80" "0000000d 06 00000001 00000000 00004000"));
        bytes.extend(hex!("0000000f 07 00000001 00004000 010203040506" "00000003 fb 0102" "00000003 04 0000"));
        bytes.extend(hex!("00000004 14 00 6465" "00000005 04 00000009"));
        bytes
    }

    #[test]
    fn a_stream_is_decoded_alike_at_every_split_point() {
        let bytes = every_shape();
        let whole = feed(&mut Framer::default(), &bytes);
        assert_eq!(messages(&whole).len(), 10);
        for at in 0..=bytes.len() {
            let mut framer = Framer::default();
            let mut parts = feed(&mut framer, &bytes[..at]);
            parts.extend(feed(&mut framer, &bytes[at..]));
            assert_eq!(messages(&parts), messages(&whole), "split at {at}");
        }
    }

    #[test]
    fn a_stream_is_decoded_alike_byte_by_byte() {
        let bytes = every_shape();
        let whole = feed(&mut Framer::default(), &bytes);
        let mut framer = Framer::default();
        let parts: Vec<Decoded> = bytes
            .iter()
            .flat_map(|byte| feed(&mut framer, &[*byte]))
            .collect();
        assert_eq!(messages(&parts), messages(&whole));
    }

    #[test]
    fn a_message_knows_its_place() {
        let mut framer = talking();
        let mut out = Vec::new();
        let frame = |number, position| FrameRef {
            number: FrameNumber(number),
            position: FilePosition(position),
            ..FrameRef::default()
        };
        let mut take = |decoded| out.push(decoded);
        framer.data(
            SeqNumber(100),
            &hex!("00000001 01 0000000c 07"),
            frame(7, 700),
            &mut take,
        );
        framer.data(
            SeqNumber(110),
            &hex!("00000001 00000000 aabbcc"),
            frame(6, 600),
            &mut take,
        );
        let [Decoded::Message(unchoke), Decoded::Message(piece)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!(
            unchoke.place,
            Place {
                seq: SeqNumber(100),
                first_frame: FrameNumber(7),
                position: FilePosition(700)
            }
        );
        assert_eq!(
            piece.place,
            Place {
                seq: SeqNumber(105),
                first_frame: FrameNumber(7),
                position: FilePosition(600)
            }
        );
    }

    #[test]
    fn keep_alives_in_piece_data_are_data() {
        let bytes =
            hex!("00000019 07 00000000 00000000 00000000000000000000000000000000 00000001 00");
        assert_eq!(
            messages(&feed(&mut talking(), &bytes)),
            [&piece(0, 0, 16), &Message::Choke]
        );
    }

    #[test]
    fn a_gap_in_a_block_keeps_sync() {
        let mut framer = talking();
        assert_eq!(
            feed(&mut framer, &hex!("00000019 07 00000002 00000000 0011")),
            []
        );
        let out = gap(&mut framer, 14);
        let [Decoded::Message(whole)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!((&whole.message, whole.missing), (&piece(2, 0, 16), 14));
        assert_eq!(
            messages(&feed(&mut framer, &hex!("00000001 01"))),
            [&Message::Unchoke]
        );
    }

    #[test]
    fn a_gap_behind_the_length_prefix_keeps_sync() {
        let mut framer = talking();
        assert_eq!(feed(&mut framer, &hex!("0000000d 06 0000")), []);
        assert_eq!(
            messages(&gap(&mut framer, 10)),
            [&Message::Unread(Kind::Request)]
        );
        assert_eq!(
            messages(&feed(&mut framer, &hex!("00000001 01"))),
            [&Message::Unchoke]
        );
    }

    #[test]
    fn a_hole_of_packets_ends_what_is_open_and_loses_sync() {
        let mut framer = talking();
        feed(&mut framer, &hex!("00000019 07 00000002 00000000 0011"));
        let hole = hole(&mut framer);
        let [
            Decoded::Message(open),
            Decoded::Gap { bytes: 0, .. },
            Decoded::Lost,
        ] = &hole[..]
        else {
            panic!("{hole:?}")
        };
        assert_eq!((&open.message, open.missing), (&piece(2, 0, 16), 14));
        feed(&mut framer, b"rest");
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::GapOverHeader, 4)
        );
    }

    #[test]
    fn a_hole_of_packets_between_messages_is_a_gap_of_no_bytes() {
        let mut framer = talking();
        let hole = hole(&mut framer);
        assert!(
            matches!(
                hole[..],
                [
                    Decoded::Gap {
                        bytes: 0,
                        missing: Missing::Packets(3),
                        ..
                    },
                    Decoded::Lost
                ]
            ),
            "{hole:?}"
        );
        assert_eq!(finish(&mut framer), []);
    }

    #[test]
    fn a_gap_over_a_header_loses_sync_and_says_how_much() {
        let mut framer = talking();
        let lost = gap(&mut framer, 5);
        assert!(
            matches!(lost[..], [Decoded::Gap { bytes: 5, .. }, Decoded::Lost]),
            "{lost:?}"
        );
        assert_eq!(feed(&mut framer, &hex!("00000001 01")), []);
        let out = finish(&mut framer);
        let [Decoded::Undecoded(undecoded)] = &out[..] else {
            panic!("{out:?}")
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::GapOverHeader, 5)
        );
    }

    #[test]
    fn a_gap_that_begins_in_a_block_and_ends_in_a_header_loses_sync() {
        let mut framer = talking();
        feed(&mut framer, &hex!("0000000b 07 00000002 00000000 00"));
        let out = gap(&mut framer, 3);
        assert_eq!(messages(&out), [&piece(2, 0, 2)]);
        feed(&mut framer, b"rest");
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::GapOverHeader, 4)
        );
    }

    #[test]
    fn another_protocol_is_told_from_the_first_wrong_byte() {
        let mut framer = Framer::default();
        assert_eq!(feed(&mut framer, b"GET /announce"), [Decoded::Lost]);
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::NotBitTorrent, 13)
        );
    }

    #[test]
    fn a_handshake_without_peer_id_is_a_cut_handshake() {
        let mut framer = Framer::default();
        feed(&mut framer, &HANDSHAKE[..48]);
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::CutShort(Kind::Handshake), 48)
        );
    }

    #[test]
    fn a_message_cut_by_the_end_is_none() {
        let mut framer = talking();
        feed(&mut framer, &hex!("00000019 07 00000002 00000000 0011"));
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::CutShort(Kind::Piece), 15)
        );
    }

    #[test]
    fn an_impossible_length_gives_the_direction_up() {
        let mut framer = talking();
        assert_eq!(
            feed(&mut framer, &hex!("ffffffff 07 00000001 01")),
            [Decoded::Lost]
        );
        let [Decoded::Undecoded(undecoded)] = &finish(&mut framer)[..] else {
            panic!()
        };
        assert_eq!(
            (undecoded.reason, undecoded.bytes),
            (Reason::ImpossibleLength, 10)
        );
    }

    #[test]
    fn a_wrong_length_is_stepped_over() {
        let out = feed(&mut talking(), &hex!("00000003 04 0000 00000001 01"));
        let bad = Message::Malformed {
            id: id::HAVE,
            fault: Malformed::Length { expected: 5 },
        };
        assert_eq!(messages(&out), [&bad, &Message::Unchoke]);
    }
}
