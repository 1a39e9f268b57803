//! Where the bytes of a capture lie, and a window on them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::Chain;

/// Bytes that can be read at any place, by several readers at once.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file of the system.
    File(Arc<File>),
    /// A capture that is part of the program.
    Memory(&'static [u8]),
    /// The files of a capture that is being made.
    Chain(Chain),
}

/// Why there is no capture to read. Each says what to do next.
#[derive(Debug, Error)]
pub enum OpenError {
    /// The file is not there, or not for us.
    #[error("cannot open {}: {error}; check the path and its permissions", path.display())]
    Open {
        /// As it was typed.
        path: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// A directory, a socket, a device.
    #[error("cannot read {}: it is {kind}; name a .pcap or .pcapng file", path.display())]
    NotAFile {
        /// As it was typed.
        path: PathBuf,
        /// "a directory", or what it is.
        kind: &'static str,
    },
    /// Reading its first bytes failed.
    #[error("cannot read {name}: {error}; check the disk, then try again")]
    Read {
        /// The file, or "the built-in capture".
        name: String,
        /// What the system said.
        error: io::Error,
    },
    /// No bytes at all.
    #[error(
        "{name} is empty; was the capture still being started? record again with `tcpdump -w FILE`"
    )]
    Empty {
        /// The file.
        name: String,
    },
    /// Something else than pcap or pcapng.
    #[error("{name} is not a pcap or pcapng capture: it starts with {found}; {advice}")]
    NotACapture {
        /// The file.
        name: String,
        /// Its first bytes, in hex.
        found: String,
        /// What to try.
        advice: &'static str,
    },
    /// The right magic number, but the file ends inside its header.
    #[error("{name} ends inside its header ({len} bytes); it holds no packet, record it again")]
    CutHeader {
        /// The file.
        name: String,
        /// Its length in bytes.
        len: u64,
    },
    /// A file header that contradicts itself.
    #[error("{name} has a damaged header; try `pcapfix {name}` or record it again")]
    DamagedHeader {
        /// The file.
        name: String,
    },
}

impl Source {
    /// Opens a regular file.
    pub fn open(path: &Path) -> Result<Source, OpenError> {
        let failed = |error| OpenError::Open {
            path: path.to_owned(),
            error,
        };
        // Looked at before opening: opening a fifo would wait for its writer.
        let kind = std::fs::metadata(path).map_err(failed)?.file_type();
        if !kind.is_file() {
            let kind = if kind.is_dir() {
                "a directory"
            } else {
                "not a regular file"
            };
            return Err(OpenError::NotAFile {
                path: path.to_owned(),
                kind,
            });
        }
        Ok(Source::File(Arc::new(File::open(path).map_err(failed)?)))
    }

    /// Length in bytes at this moment; a file may still grow.
    pub fn size(&self) -> io::Result<u64> {
        match self {
            Source::File(file) => Ok(file.metadata()?.len()),
            Source::Memory(bytes) => Ok(bytes.len() as u64),
            Source::Chain(chain) => Ok(chain.size()),
        }
    }

    /// Where reading can go on, should `position` be in a file that is no longer kept.
    pub(super) fn kept_behind(&self, position: u64) -> Option<u64> {
        match self {
            Source::Chain(chain) => chain.kept_behind(position),
            Source::File(_) | Source::Memory(_) => None,
        }
    }

    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Source::File(file) => file.read_at(into, offset),
            Source::Chain(chain) => chain.read_at(into, offset),
            Source::Memory(bytes) => {
                let rest = bytes.get(offset as usize..).unwrap_or_default();
                let len = rest.len().min(into.len());
                into[..len].copy_from_slice(&rest[..len]);
                Ok(len)
            }
        }
    }
}

/// A stretch of the source held in memory.
///
/// Invariant: `buffer[..filled]` are the bytes of the source from `start` on.
#[derive(Debug)]
pub(super) struct Window {
    source: Source,
    buffer: Vec<u8>,
    start: u64,
    filled: usize,
}

/// Big enough that system calls do not count, small enough to stay in the cache of a core.
const WINDOW: usize = 256 * 1024;

impl Window {
    pub(super) fn new(source: Source) -> Window {
        Window {
            source,
            buffer: Vec::new(),
            start: 0,
            filled: 0,
        }
    }

    pub(super) fn source(&self) -> &Source {
        &self.source
    }

    /// At least `len` bytes from `position` on, or all there are up to the end of the source.
    pub(super) fn at(&mut self, position: u64, len: usize) -> io::Result<&[u8]> {
        if !self.holds(position, len) {
            self.fill(position, len)?;
        }
        Ok(&self.buffer[(position - self.start) as usize..self.filled])
    }

    fn holds(&self, position: u64, len: usize) -> bool {
        position >= self.start && position + len as u64 <= self.start + self.filled as u64
    }

    fn fill(&mut self, position: u64, len: usize) -> io::Result<()> {
        let size = len.max(WINDOW);
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
        (self.start, self.filled) = (position, 0);
        while self.filled < size {
            let offset = position + self.filled as u64;
            match self
                .source
                .read_at(&mut self.buffer[self.filled..size], offset)
            {
                Ok(0) => break,
                Ok(read) => self.filled += read,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_gives_what_is_left_at_the_end() {
        let mut window = Window::new(Source::Memory(b"0123456789"));
        assert_eq!(window.at(0, 4).unwrap(), b"0123456789");
        assert_eq!(window.at(8, 4).unwrap(), b"89");
        assert_eq!(window.at(40, 4).unwrap(), b"");
    }

    #[test]
    fn a_window_can_go_back() {
        let mut window = Window::new(Source::Memory(b"0123456789"));
        window.at(8, 2).unwrap();
        assert_eq!(&window.at(1, 2).unwrap()[..2], b"12");
    }

    #[test]
    fn a_directory_is_not_a_file() {
        let error = Source::open(Path::new("/")).unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot read /: it is a directory; name a .pcap or .pcapng file"
        );
    }
}
