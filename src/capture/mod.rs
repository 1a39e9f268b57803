//! Frames of a capture: bytes with a time, a link type and a place in a file.
//!
//! A capture is pcap or pcapng, told apart by its first bytes, read by windows of `pread`. It is never
//! mapped (a shrinking file would kill us) and never read as a whole. What is damaged ends the
//! reading with a [`Note`]; only a file that holds no capture at all is an [`OpenError`].
//!
//! What cannot be read at any place, a pipe or an archive, is copied by a thread (`pump`) to where it can
//! ([`Copied`]); the reader follows it as it follows a capture that is being made. Several captures are one source
//! with a range of positions for each ([`Several`]), whose frames come in the order of their times.

mod blocks;
mod chain;
mod comments;
mod copied;
mod copier;
mod feed;
mod filter;
mod growing;
mod inlet;
mod layout;
#[cfg(feature = "live")]
mod live;
mod new_file;
mod note;
mod opening;
mod pcap;
mod pcapng;
mod pump;
mod reader;
#[cfg(feature = "live")]
mod rights;
#[cfg(feature = "live")]
mod ring;
mod several;
mod source;
#[cfg(feature = "live")]
mod spool;
mod strand;
mod time;
mod unpack;

pub use chain::Chain;
pub use comments::{About, Comment, Comments};
pub use copied::{Access, Copied};
pub use copier::Copier;
pub use feed::{Control, Feed, Wait};
pub use filter::{FilterError, Verdict};
pub use growing::GrowingText;
pub use layout::{Counted, Interface, Layout, LinkType};
#[cfg(feature = "live")]
pub use live::{Device, DeviceError, SniffError, Sniffer, Wanted, devices};
pub use new_file::{Existing, NewFile, SaveError};
pub use note::Note;
pub use opening::{Named, Opened, Opening, open};
pub use reader::Reader;
#[cfg(feature = "live")]
pub use rights::{Rights, drop_privileges, how_to_get_rights};
#[cfg(feature = "live")]
pub use ring::Bounds;
pub use several::Several;
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
    /// What the filter says of it.
    pub verdict: Verdict,
}

impl std::fmt::Display for FrameNumber {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(f)
    }
}
