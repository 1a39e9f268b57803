//! Bytes of a stream -> messages of the peer wire protocol.
//!
//! Only what a message says is looked at: a block of 16 KiB is 13 bytes read and 16,384 stepped over.

pub mod bencode;
mod candidate;
mod client;
mod conversation;
mod cutter;
mod evidence;
mod extended;
mod framing;
mod handshake;
mod head;
mod hunt;
mod message;
mod mse;
mod text;

pub use client::client;
pub use conversation::Conversation;
pub use extended::ExtendedHandshake;
pub use framing::{Decoded, Found, Framed, Framer, Place, Reason, Undecoded};
pub use handshake::{Handshake, InfoHash, PeerId, Reserved};
pub use message::{Block, HashRange, Kind, MAX_BITFIELD, Malformed, Message, PieceIndex, id};
pub use mse::{Encryption, Keys, Method, StreamKey, Via};
pub use text::{plain, plain_within};
