//! Messages -> the bytes that go over the wire.

use super::{Block, Message, PieceIndex, azureus};

impl Message {
    /// The message as it is sent, length prefix and all. What a message carries in bulk and does not keep comes from
    /// the caller: the data of a block, hashes, what follows an id that is unknown or whose length is wrong. Of what was
    /// not captured nothing comes.
    pub fn encode(&self, bulk: &[u8]) -> Vec<u8> {
        let (id, body) = match self {
            Message::Handshake(handshake) => return handshake.to_bytes().to_vec(),
            Message::KeepAlive => return vec![0; 4],
            Message::Unread(_) => return Vec::new(),
            Message::Azureus(name) => return azureus::encode(name, bulk),
            Message::Unknown { id } | Message::Malformed { id, .. } => (*id, Vec::new()),
            message => match message.kind().id() {
                Some(id) => (id, message.body()),
                None => return Vec::new(),
            },
        };
        let len = 1 + body.len() + bulk.len();
        let mut bytes = (len as u32).to_be_bytes().to_vec();
        bytes.push(id);
        bytes.extend(body);
        bytes.extend(bulk);
        bytes
    }

    /// What stands between the id and the bulk.
    fn body(&self) -> Vec<u8> {
        match self {
            Message::Have(index) | Message::Suggest(index) | Message::AllowedFast(index) => {
                words(&[*index])
            }
            Message::Bitfield(bytes) => bytes.to_vec(),
            Message::Request(block) | Message::Cancel(block) | Message::Reject(block) => {
                [place(block), block.length.to_be_bytes().to_vec()].concat()
            }
            Message::Piece(block) => place(block),
            Message::Port(port) => port.to_be_bytes().to_vec(),
            Message::Extended { id, payload } => [&[*id], &payload[..]].concat(),
            Message::HashRequest(range) | Message::Hashes(range) | Message::HashReject(range) => {
                range.to_bytes().to_vec()
            }
            _ => Vec::new(),
        }
    }
}

fn words(indexes: &[PieceIndex]) -> Vec<u8> {
    indexes
        .iter()
        .flat_map(|index| index.0.to_be_bytes())
        .collect()
}

fn place(block: &Block) -> Vec<u8> {
    [block.index.0, block.begin].map(u32::to_be_bytes).concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stream::{FrameRef, SeqNumber};
    use crate::wire::{Decoded, Framer, Handshake, HashRange, InfoHash, Kind, PeerId, Reserved};
    use hex_literal::hex;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// What a stream says behind a handshake.
    fn decode(bytes: &[u8]) -> Vec<Message> {
        let mut framer = Framer::default();
        let mut messages = Vec::new();
        let stream = [&Handshake::default().to_bytes(), bytes].concat();
        framer.data(SeqNumber(0), &stream, FrameRef::default(), &mut |decoded| {
            if let Decoded::Message(framed) = decoded {
                messages.push(framed.message);
            }
        });
        messages.split_off(1)
    }

    fn block() -> impl Strategy<Value = Block> {
        (any::<u32>(), any::<u32>(), any::<u32>()).prop_map(|(index, begin, length)| Block {
            index: PieceIndex(index),
            begin,
            length,
        })
    }

    fn range() -> impl Strategy<Value = HashRange> {
        any::<[u8; 32]>().prop_flat_map(|root| {
            any::<[u32; 4]>().prop_map(move |[base, index, length, proof]| HashRange {
                root,
                base,
                index,
                length,
                proof,
            })
        })
    }

    /// Messages without bulk.
    fn bare(
        messages: impl Strategy<Value = Message> + 'static,
    ) -> BoxedStrategy<(Message, Vec<u8>)> {
        messages.prop_map(|message| (message, Vec::new())).boxed()
    }

    fn handshake() -> impl Strategy<Value = Message> {
        any::<([u8; 8], [u8; 20], [u8; 20])>().prop_map(|(reserved, info_hash, peer_id)| {
            Message::Handshake(Box::new(Handshake {
                reserved: Reserved(reserved),
                info_hash: InfoHash(info_hash),
                peer_id: PeerId(peer_id),
            }))
        })
    }

    fn extended() -> impl Strategy<Value = Message> {
        (any::<u8>(), vec(any::<u8>(), 0..64)).prop_map(|(id, payload)| Message::Extended {
            id,
            payload: payload.into(),
        })
    }

    /// A message of a kind, and its bulk.
    fn message(kind: Kind) -> BoxedStrategy<(Message, Vec<u8>)> {
        let index = || any::<u32>().prop_map(PieceIndex);
        let bytes = || vec(any::<u8>(), 0..64);
        match kind {
            Kind::Handshake => bare(handshake()),
            Kind::KeepAlive => bare(Just(Message::KeepAlive)),
            Kind::Choke => bare(Just(Message::Choke)),
            Kind::Unchoke => bare(Just(Message::Unchoke)),
            Kind::Interested => bare(Just(Message::Interested)),
            Kind::NotInterested => bare(Just(Message::NotInterested)),
            Kind::HaveAll => bare(Just(Message::HaveAll)),
            Kind::HaveNone => bare(Just(Message::HaveNone)),
            Kind::Have => bare(index().prop_map(Message::Have)),
            Kind::Suggest => bare(index().prop_map(Message::Suggest)),
            Kind::AllowedFast => bare(index().prop_map(Message::AllowedFast)),
            Kind::Bitfield => bare(bytes().prop_map(|bytes| Message::Bitfield(bytes.into()))),
            Kind::Request => bare(block().prop_map(Message::Request)),
            Kind::Cancel => bare(block().prop_map(Message::Cancel)),
            Kind::Reject => bare(block().prop_map(Message::Reject)),
            Kind::Port => bare(any::<u16>().prop_map(Message::Port)),
            Kind::Extended => bare(extended()),
            Kind::Azureus => ("AZ_[A-Z]{1,9}", vec(any::<u8>(), 1..64))
                .prop_map(|(name, rest)| (Message::Azureus(name.into()), rest))
                .boxed(),
            Kind::HashRequest => bare(range().prop_map(Message::HashRequest)),
            Kind::HashReject => bare(range().prop_map(Message::HashReject)),
            Kind::Hashes => (range(), vec(any::<[u8; 32]>(), 0..4))
                .prop_map(|(range, hashes)| (Message::Hashes(range), hashes.concat()))
                .boxed(),
            Kind::Piece => (block(), bytes())
                .prop_map(|(block, data)| {
                    let length = data.len() as u32;
                    (Message::Piece(Block { length, ..block }), data)
                })
                .boxed(),
            // What is no message has no bytes of its own: an unknown id stands for it.
            _ => (24u8..=255, bytes())
                .prop_map(|(id, bulk)| (Message::Unknown { id }, bulk))
                .boxed(),
        }
    }

    /// Bytes of a message behind its head: what a reader does not keep.
    fn bulk<'b>(message: &Message, bytes: &'b [u8]) -> &'b [u8] {
        let head = match message {
            Message::Piece(_) => 13,
            Message::Hashes(_) => 5 + HashRange::LEN,
            Message::Unknown { .. } | Message::Malformed { .. } => 5,
            _ => bytes.len(),
        };
        &bytes[head..]
    }

    proptest! {
        #[test]
        fn every_message_is_decoded_as_it_was_encoded(
            (message, bulk) in proptest::sample::select(Kind::ALL.to_vec()).prop_flat_map(message)
        ) {
            let bytes = message.encode(&bulk);
            if let Message::Handshake(handshake) = &message {
                prop_assert_eq!(&Handshake::from_bytes(&bytes), &**handshake);
            } else {
                prop_assert_eq!(decode(&bytes), [message]);
            }
        }

        #[test]
        fn whatever_is_decoded_is_encoded_to_the_same_bytes(
            id in prop_oneof![0u8..=23, any::<u8>()], body in prop_oneof![
                vec(any::<u8>(), 0..80),
                proptest::sample::select(vec![0usize, 2, 4, 8, 12, 48, 80])
                    .prop_flat_map(|len| vec(any::<u8>(), len)),
            ]
        ) {
            let len = (1 + body.len() as u32).to_be_bytes();
            let bytes = [&len[..], &[id], &body].concat();
            let messages = decode(&bytes);
            prop_assert_eq!(messages.len(), 1);
            let again = messages[0].encode(bulk(&messages[0], &bytes));
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn a_piece_takes_its_data_from_the_caller() {
        let piece = Message::Piece(Block {
            index: PieceIndex(1),
            begin: 0x4000,
            length: 2,
        });
        assert_eq!(
            piece.encode(&hex!("aabb")),
            hex!("0000000b 07 00000001 00004000 aabb")
        );
    }

    #[test]
    fn what_was_not_captured_cannot_be_sent_again() {
        assert_eq!(Message::Unread(Kind::Piece).encode(&[]), [0; 0]);
        assert_eq!(Message::KeepAlive.encode(&[]), [0; 4]);
        assert_eq!(Message::Choke.encode(&[]), hex!("00000001 00"));
    }
}
