//! uTP (BEP 29): the streams of TCP in datagrams of UDP, whose sequence numbers count packets.

mod connection;
mod header;
mod lookout;
mod queue;
mod streams;
#[cfg(test)]
mod tests;

pub use header::{CloseReason, Header, Kind, Packet, SelectiveAck};
pub use lookout::Doubted;
pub(super) use lookout::Lookout;
pub use queue::LONG_QUEUE;
pub(super) use queue::{Queue, Queued};
