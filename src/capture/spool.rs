//! A pcapng file that is being written: what the interfaces give, in blocks that are whole at any moment.
//!
//! Blocks go out in one write a batch, so whoever kills us leaves a file that ends with a whole block. A disk
//! that is full cuts a batch in the middle: the file is cut back to the last whole block.

use std::fs::File;
use std::io::{self, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;

use super::blocks::{self, Blocks};
use super::{LinkType, Timestamp};

/// What a capture says of an interface in its first blocks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Described {
    /// Its name.
    pub(super) name: String,
    /// How its frames begin.
    pub(super) link: LinkType,
    /// Bytes captured of a frame at most.
    pub(super) snap_len: u32,
    /// The capture filter, if there is one.
    pub(super) filter: Option<String>,
}

/// What an interface counted since its capture began.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    /// Frames that reached us.
    pub(super) received: u64,
    /// Frames that the kernel dropped because we were too slow.
    pub(super) dropped: u64,
    /// Frames that the interface itself dropped.
    pub(super) dropped_by_interface: u64,
}

/// The file, and the length up to which it holds whole blocks.
#[derive(Debug)]
pub(super) struct Spool {
    file: File,
    len: u64,
}

impl Spool {
    /// Begins a section with its interfaces. Times are nanoseconds.
    pub(super) fn begin(file: File, interfaces: &[Described]) -> io::Result<Spool> {
        let mut spool = Spool { file, len: 0 };
        let mut batch = Batch::default();
        batch.blocks.section([]);
        interfaces
            .iter()
            .for_each(|interface| batch.interface(interface));
        spool.write(&batch)?;
        Ok(spool)
    }

    /// Appends whole blocks. When that fails, the file holds what it held before.
    pub(super) fn write(&mut self, batch: &Batch) -> io::Result<()> {
        if let Err(error) = self.file.write_all(batch.blocks.bytes()) {
            self.file.set_len(self.len)?;
            self.file.seek(SeekFrom::Start(self.len))?;
            return Err(error);
        }
        self.len += batch.blocks.bytes().len() as u64;
        Ok(())
    }

    /// Bytes written.
    pub(super) fn size(&self) -> u64 {
        self.len
    }

    /// True when somebody has removed the file: it is written on, and gone when the program ends.
    pub(super) fn is_removed(&self) -> bool {
        self.file
            .metadata()
            .is_ok_and(|metadata| metadata.nlink() == 0)
    }
}

/// Blocks that are written together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    blocks: Blocks,
    frames: u64,
}

impl Batch {
    /// True before the first block.
    pub(super) fn is_empty(&self) -> bool {
        self.blocks.bytes().is_empty()
    }

    /// Frames among the blocks.
    pub(super) fn frames(&self) -> u64 {
        self.frames
    }

    /// Forgets the blocks and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.blocks.clear();
        self.frames = 0;
    }

    /// A captured frame.
    pub(super) fn frame(
        &mut self,
        interface: u32,
        time: Timestamp,
        original_len: u32,
        bytes: &[u8],
    ) {
        self.frames += 1;
        self.blocks.block(blocks::ENHANCED_PACKET, |block| {
            block.words(&[
                interface,
                (time.0 >> 32) as u32,
                time.0 as u32,
                bytes.len() as u32,
                original_len,
            ]);
            block.padded(bytes);
        });
    }

    /// What an interface counted up to `time`.
    pub(super) fn statistics(&mut self, interface: u32, time: Timestamp, counts: Counts) {
        self.blocks.block(blocks::INTERFACE_STATISTICS, |block| {
            block.words(&[interface, (time.0 >> 32) as u32, time.0 as u32]);
            block.option(blocks::ISB_IFRECV, &counts.received.to_le_bytes());
            block.option(
                blocks::ISB_IFDROP,
                &counts.dropped_by_interface.to_le_bytes(),
            );
            block.option(blocks::ISB_OSDROP, &counts.dropped.to_le_bytes());
            block.option(blocks::END_OF_OPTIONS, &[]);
        });
    }

    fn interface(&mut self, interface: &Described) {
        self.blocks.block(blocks::INTERFACE_DESCRIPTION, |block| {
            block.words(&[interface.link.0 & 0xffff, interface.snap_len]);
            block.option(blocks::IF_NAME, interface.name.as_bytes());
            block.option(blocks::IF_TSRESOL, &[9]);
            if let Some(filter) = &interface.filter {
                // The first byte says that the filter is text.
                block.option(blocks::IF_FILTER, &[&[0], filter.as_bytes()].concat());
            }
            block.option(blocks::END_OF_OPTIONS, &[]);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::{Reader, Source};
    use std::sync::Arc;

    fn described(name: &str, link: LinkType) -> Described {
        Described {
            name: name.to_owned(),
            link,
            snap_len: 262_144,
            filter: Some("tcp".to_owned()),
        }
    }

    fn two_interfaces() -> (File, Spool) {
        let file = tempfile::tempfile().unwrap();
        let interfaces = [
            described("lo", LinkType::ETHERNET),
            described("any", LinkType::LINUX_SLL2),
        ];
        (
            file.try_clone().unwrap(),
            Spool::begin(file, &interfaces).unwrap(),
        )
    }

    #[test]
    fn what_is_written_is_read_again() {
        let (file, mut spool) = two_interfaces();
        let mut batch = Batch::default();
        batch.frame(1, Timestamp(1_795_403_585_281_585_007), 60, b"abcde");
        batch.statistics(
            1,
            Timestamp(9),
            Counts {
                received: 1,
                dropped: 2,
                dropped_by_interface: 3,
            },
        );
        batch.frame(0, Timestamp(5), 4, b"wxyz");
        spool.write(&batch).unwrap();
        let mut reader = Reader::new(Source::File(Arc::new(file)), "spool").unwrap();
        let frame = reader.next_frame().unwrap();
        assert_eq!(
            (frame.link, frame.time.0, frame.original_len),
            (LinkType::LINUX_SLL2, 1_795_403_585_281_585_007, 60)
        );
        assert_eq!(frame.bytes, b"abcde");
        assert_eq!(reader.next_frame().unwrap().bytes, b"wxyz");
        assert!(
            reader.next_frame().is_none()
                && reader.note().is_none()
                && reader.damaged_blocks() == 0
        );
    }

    #[test]
    fn a_reader_follows_what_is_being_written() {
        let (file, mut spool) = two_interfaces();
        let mut reader = Reader::new(Source::File(Arc::new(file)), "spool").unwrap();
        for number in 1..=3 {
            assert!(reader.next_frame().is_none());
            let mut batch = Batch::default();
            batch.frame(0, Timestamp(number), 1, b"x");
            spool.write(&batch).unwrap();
            assert_eq!(reader.next_frame().map(|frame| frame.time.0), Some(number));
        }
    }

    #[test]
    fn a_disk_that_is_full_leaves_whole_blocks() {
        let Ok(full) = File::options().write(true).open("/dev/full") else {
            return println!("skipped: this system has no /dev/full");
        };
        // A device cannot be cut back: the error of the write is what matters here.
        assert!(Spool::begin(full, &[described("lo", LinkType::ETHERNET)]).is_err());
    }
}
