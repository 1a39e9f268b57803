//! Frames of a capture: bytes with a time, a link type and a place in a file.
//!
//! A capture is pcap or pcapng, told apart by its first bytes, read by windows of `pread`. It is never
//! mapped (a shrinking file would kill us) and never read as a whole. What is damaged ends the
//! reading with a [`Note`]; only a file that holds no capture at all is an [`OpenError`].

mod chain;
mod feed;
mod layout;
#[cfg(feature = "live")]
mod live;
mod pcap;
mod pcapng;
mod reader;
#[cfg(feature = "live")]
mod rights;
#[cfg(feature = "live")]
mod ring;
mod source;
#[cfg(feature = "live")]
mod spool;
mod time;

pub use chain::Chain;
pub use feed::{Control, Feed, Wait};
pub use layout::{Interface, Layout, LinkType};
#[cfg(feature = "live")]
pub use live::{Device, DeviceError, SniffError, Sniffer, Wanted, devices};
pub use reader::{Note, Reader};
#[cfg(feature = "live")]
pub use rights::{Rights, drop_privileges, how_to_get_rights};
#[cfg(feature = "live")]
pub use ring::Bounds;
pub use source::{OpenError, Source};
pub use time::Timestamp;

/// The number of a frame in its capture, from 1 in file order: the number that Wireshark shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FrameNumber(pub u32);

/// Byte offset in the capture file of the record or block that holds a frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FilePosition(pub u64);

/// One captured frame; its bytes are borrowed from the reader's window.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Place in capture order.
    pub number: FrameNumber,
    /// Place in the file, for reading the frame again.
    pub position: FilePosition,
    /// When it was captured.
    pub time: Timestamp,
    /// How `bytes` begin.
    pub link: LinkType,
    /// Length on the wire; more than `bytes.len()` when the snap length cut it.
    pub original_len: u32,
    /// What was captured of it.
    pub bytes: &'a [u8],
}

impl std::fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
