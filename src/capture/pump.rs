//! The thread that copies a pipe or an archive to where its reader finds it.

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;

use crossbeam_channel::{Sender, TrySendError};

use super::copied::Copied;
use super::feed::Control;
use super::unpack::{MAGIC_LEN, Packing};

/// Bytes copied in one go.
const CHUNK: usize = 64 * 1024;

/// Where the bytes come from.
#[derive(Debug)]
pub(super) enum Origin {
    /// Standard input, or a compressed file.
    Open(File),
    /// Opening it waits for whoever writes to it.
    Fifo(PathBuf),
}

impl Origin {
    fn open(self) -> io::Result<File> {
        match self {
            Origin::Open(file) => Ok(file),
            Origin::Fifo(path) => File::open(path),
        }
    }
}

/// Copies until the end, until the reader is gone, or until some time after the stop.
pub(super) struct Pump {
    pub(super) copied: Copied,
    pub(super) control: Arc<Control>,
    /// Dropped at the end: the reader then knows that nothing more will come.
    pub(super) grown: Sender<()>,
}

impl Pump {
    pub(super) fn start(self, origin: Origin) {
        thread::spawn(move || {
            // Said first, so that a panic in a decoder is an end as well.
            let mut ending = Ending(&self.copied, Some("unpacking it failed".to_owned()));
            ending.1 = self.run(origin).err().map(|error| error.to_string());
        });
    }

    fn run(&self, origin: Origin) -> io::Result<()> {
        let mut bytes = self.bytes(origin)?;
        let mut chunk = vec![0; CHUNK];
        while self.is_wanted() {
            match bytes.read(&mut chunk) {
                Ok(0) => return Ok(()),
                Ok(len) => self.give(&chunk[..len])?,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// The bytes of the capture: unpacked, if it is packed.
    fn bytes(&self, origin: Origin) -> io::Result<Box<dyn Read + Send>> {
        let mut origin = Counted {
            origin: origin.open()?,
            copied: self.copied.clone(),
        };
        let mut head = Vec::new();
        (&mut origin)
            .take(MAGIC_LEN as u64)
            .read_to_end(&mut head)?;
        let packing = Packing::of(&head);
        let whole = Cursor::new(head).chain(origin);
        Ok(match packing {
            Some(packing) => {
                self.copied.unpacked();
                packing.unpack(whole)
            }
            None => Box::new(whole),
        })
    }

    fn give(&self, bytes: &[u8]) -> io::Result<()> {
        let given = self.copied.give(bytes, || self.is_wanted());
        self.is_wanted();
        given.map_err(|error| {
            let folder = std::env::temp_dir();
            let folder = folder.display();
            let words = format!("no more can be kept in {folder} (TMPDIR names another): {error}");
            io::Error::new(error.kind(), words)
        })
    }

    /// Wakes the reader, if there is one that wants more.
    fn is_wanted(&self) -> bool {
        let is_read = !matches!(self.grown.try_send(()), Err(TrySendError::Disconnected(())));
        is_read && !self.control.is_over()
    }
}

/// Told when the thread ends, however it ends.
struct Ending<'a>(&'a Copied, Option<String>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.end(self.1.take());
    }
}

/// Counts what is taken of the origin.
struct Counted {
    origin: File,
    copied: Copied,
}

impl Read for Counted {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let len = self.origin.read(into)?;
        self.copied.take(len as u64);
        Ok(len)
    }
}
