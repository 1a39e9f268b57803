//! Bytes of a stream -> messages of the peer wire protocol.
//!
//! Only what a message says is looked at: a block of 16 KiB is 13 bytes read and 16,384 stepped over.

mod azureus;
pub mod bencode;
mod candidate;
mod client;
pub mod companion;
mod conversation;
mod cutter;
mod encode;
mod evidence;
pub mod extension;
mod framing;
mod handshake;
mod head;
mod hunt;
mod message;
mod mse;
mod text;
mod tribler;

pub use azureus::Azureus;
pub use client::client;
pub use conversation::Conversation;
pub use extension::ExtendedHandshake;
pub use framing::{Decoded, Found, Framed, Framer, Place, Reason, Undecoded};
pub use handshake::{Handshake, InfoHash, PeerId, Reserved};
pub use message::{Block, HashRange, Kind, MAX_BITFIELD, Malformed, Message, PieceIndex, id};
pub use mse::{Encryption, Keys, Method, StreamKey, Via};
pub use text::{plain, plain_within};
pub use tribler::tribler;
