//! What the bytes of blocks tell: captures with blocks in them, read again.

use std::sync::Arc;

use super::{Case, Found};
use crate::decoding::decoded_by;
use crate::line::Line;
use crate::packets::{End, Pcap};
use peerscope::capture::{Reader, Source};
use peerscope::findings::Findings;
use peerscope::pipeline::Pipeline;
use peerscope::swarm::Metainfo;
use peerscope::wire::{Block, Handshake, InfoHash, Message, PeerId, PieceIndex};
use sha1::{Digest, Sha1};

/// Bytes of the only piece.
const PIECE: usize = 1000;

const END: End = End {
    ip: [10, 0, 0, 1],
    port: 40000,
};

/// A torrent of one piece of sevens.
fn torrent() -> Metainfo {
    let mut file = b"d4:infod6:lengthi1000e4:name1:x12:piece lengthi16384e6:pieces20:".to_vec();
    file.extend(Sha1::digest([7; PIECE]));
    file.extend(b"ee");
    Metainfo::of_file(&file).unwrap()
}

/// What is said of a capture in which a peer gets the piece from others, in this order: each sends so many bytes of
/// this value.
fn found(givers: &[(u8, usize, u8)], is_known: bool) -> Found {
    let mut pcap = Pcap::new(Vec::new()).unwrap();
    let info_hash = torrent().version.hashes().next().unwrap();
    for (host, bytes, value) in givers {
        let giver = End {
            ip: [10, 0, 0, *host],
            port: 6881,
        };
        let mut line = Line::open(&mut pcap, [END, giver]);
        (0..2).for_each(|side| line.say(side, &hello(info_hash, side as u8)));
        line.say(1, &[0, 0, 0, 1, 1]);
        line.say(0, &Message::Request(BLOCK).encode(&[]));
        let mut piece = Message::Piece(BLOCK).encode(&[*value; PIECE]);
        piece.truncate(13 + bytes);
        line.say(1, &piece);
        line.close(1);
    }
    let source = Source::Memory(pcap.into_inner().leak());
    let pipeline = Pipeline::new(Reader::new(source.clone(), "a capture").unwrap());
    let known = is_known.then(|| Arc::new(torrent()));
    let store = decoded_by(pipeline.knowing(known.into_iter().collect()));
    let mut findings = Findings::of(&store);
    findings.verify(&store, &source);
    findings.all().iter().map(|it| it.code.name()).collect()
}

const BLOCK: Block = Block {
    index: PieceIndex(0),
    begin: 0,
    length: PIECE as u32,
};

fn hello(info_hash: InfoHash, number: u8) -> Vec<u8> {
    let handshake = Handshake {
        info_hash,
        peer_id: PeerId([number; 20]),
        ..Handshake::default()
    };
    Message::Handshake(Box::new(handshake)).encode(&[])
}

pub(crate) const CASES: &[Case] = &[
    Case {
        rule: "piece-hash-bad",
        breaks: || found(&[(2, PIECE, 8)], true),
        keeps: || found(&[(2, PIECE, 7)], true),
        doubts: || found(&[(2, PIECE - 1, 8)], true),
    },
    Case {
        rule: "piece-conflict",
        breaks: || found(&[(2, PIECE, 8), (3, PIECE, 7)], false),
        keeps: || found(&[(2, PIECE, 8), (3, PIECE, 8)], false),
        doubts: || found(&[(2, PIECE, 8), (3, PIECE - 1, 7)], false),
    },
    Case {
        rule: "data-poison",
        breaks: || found(&[(2, PIECE, 8), (3, PIECE, 7)], true),
        keeps: || found(&[(2, PIECE, 7), (3, PIECE, 7)], true),
        doubts: || found(&[(2, PIECE, 8), (3, PIECE - 1, 7)], true),
    },
];
