//! uTP (BEP 29): the streams of TCP in datagrams of UDP, whose sequence numbers count packets.

mod header;

pub use header::{CloseReason, Header, Kind, Packet, SelectiveAck};
