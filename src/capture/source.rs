//! Where the bytes of a capture lie, and a window on them.

use std::fs::File;
use std::io;
use std::os::unix::fs::{FileExt, FileTypeExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use super::several::file_at;
use super::{Chain, Copied, FilePosition, Several};

/// Bytes that can be read at any place, by several readers at once.
#[derive(Clone, Debug)]
pub enum Source {
    /// A file of the system.
    File(Arc<File>),
    /// A capture that is part of the program.
    Memory(&'static [u8]),
    /// The files of a capture that is being made.
    Chain(Chain),
    /// A pipe, or an archive that is unpacked.
    Copied(Copied),
    /// Several captures, each with its own range of positions.
    Several(Arc<Several>),
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
    #[error("cannot read {}: it is {kind}; name a capture, or `-` for standard input", path.display())]
    NotAFile {
        /// As it was typed.
        path: PathBuf,
        /// "a directory", or what it is.
        kind: &'static str,
    },
    /// Neither its bytes nor what is in them can be kept for the screen.
    #[error("cannot keep {name} in {}: {error}; TMPDIR names another folder", std::env::temp_dir().display())]
    Spool {
        /// The file.
        name: String,
        /// What the system said.
        error: io::Error,
    },
    /// What brings its bytes failed before there was a header.
    #[error("cannot read {name}: {fault}")]
    Broken {
        /// The file.
        name: String,
        /// In words.
        fault: String,
    },
    /// Standard input is a keyboard.
    #[error(
        "standard input is the terminal: pipe a capture into it, as in `tcpdump -U -w - | peerscope -`"
    )]
    Terminal,
    /// Each would get a part of it.
    #[error("standard input was named twice, and can be read once; name `-` once")]
    Twice,
    /// The capture filter.
    #[error(transparent)]
    Filter(#[from] super::FilterError),
    /// Positions have no more room.
    #[error(
        "cannot read {count} captures at once, only {}; join some with `mergecap`",
        Several::MOST
    )]
    TooMany {
        /// How many were named.
        count: usize,
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

impl OpenError {
    /// True when what was typed is at fault, and no capture.
    pub fn is_of_usage(&self) -> bool {
        use OpenError::{Filter, Terminal, TooMany, Twice};
        matches!(self, Filter(_) | Terminal | TooMany { .. } | Twice)
    }
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
            let kind = match kind {
                kind if kind.is_dir() => "a directory",
                kind if kind.is_char_device() || kind.is_block_device() => "a device",
                _ => "not a regular file",
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
            Source::Copied(copied) => Ok(copied.size()),
            Source::Several(several) => several.all().iter().map(Source::size).sum(),
        }
    }

    /// The captures in it, one after the other.
    pub(super) fn members(&self) -> &[Source] {
        match self {
            Source::Several(several) => several.all(),
            _ => std::slice::from_ref(self),
        }
    }

    /// Which of the captures in it a position is of.
    pub(super) fn file_at(&self, position: FilePosition) -> usize {
        match self {
            Source::Several(_) => file_at(position),
            _ => 0,
        }
    }

    /// True when more bytes may come, and the end will be told by the source itself.
    pub(super) fn may_grow(&self) -> bool {
        match self {
            Source::Copied(copied) => copied.may_grow(),
            _ => false,
        }
    }

    /// Why its bytes ended before their end.
    pub(super) fn fault(&self) -> Option<String> {
        match self {
            Source::Copied(copied) => copied.fault(),
            _ => None,
        }
    }

    /// How far a reader at `position` is, and what there is to read, where that is known.
    pub(super) fn progress(&self, position: u64) -> (u64, Option<u64>) {
        if let Source::Copied(copied) = self {
            return copied.progress(position);
        }
        let len = self.size().unwrap_or(position);
        (position.min(len), Some(len))
    }

    /// Where reading can go on, should `position` be in a file that is no longer kept.
    pub(super) fn kept_behind(&self, position: u64) -> Option<u64> {
        match self {
            Source::Chain(chain) => chain.kept_behind(position),
            _ => None,
        }
    }

    pub(super) fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        match self {
            Source::File(file) => file.read_at(into, offset),
            Source::Chain(chain) => chain.read_at(into, offset),
            Source::Copied(copied) => copied.read_at(into, offset),
            Source::Several(several) => several.read_at(into, offset),
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
    #[inline]
    pub(super) fn at(&mut self, position: u64, len: usize) -> io::Result<&[u8]> {
        self.hold(position, len)?;
        Ok(self.held(position))
    }

    /// Makes [`Window::held`] give what [`Window::at`] gives.
    #[inline]
    pub(super) fn hold(&mut self, position: u64, len: usize) -> io::Result<()> {
        if self.holds(position, len) {
            return Ok(());
        }
        self.fill(position, len)
    }

    /// What is held from `position` on.
    #[inline]
    pub(super) fn held(&self, position: u64) -> &[u8] {
        let from = position.checked_sub(self.start).unwrap_or(u64::MAX);
        let held = &self.buffer[..self.filled];
        held.get(from as usize..).unwrap_or_default()
    }

    fn holds(&self, position: u64, len: usize) -> bool {
        position >= self.start && position + len as u64 <= self.start + self.filled as u64
    }

    /// What is held of `position` on is kept: of a pipe it cannot be read again.
    fn keep(&mut self, position: u64) {
        let end = self.start + self.filled as u64;
        let kept = if (self.start..=end).contains(&position) {
            (position - self.start) as usize..self.filled
        } else {
            0..0
        };
        (self.start, self.filled) = (position, kept.len());
        self.buffer.copy_within(kept, 0);
    }

    fn fill(&mut self, position: u64, len: usize) -> io::Result<()> {
        self.keep(position);
        let size = len.max(WINDOW);
        if self.buffer.len() < size {
            self.buffer.resize(size, 0);
        }
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
    use crate::capture::Access;

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
    fn what_a_window_holds_it_does_not_read_again() {
        let pipe = Copied::new(Access::Forward, None).unwrap();
        let mut window = Window::new(Source::Copied(pipe.clone()));
        pipe.give(b"0123", || true).unwrap();
        assert_eq!(window.at(0, 3).unwrap(), b"0123");
        assert_eq!(window.at(2, 4).unwrap(), b"23");
        pipe.give(b"456789", || true).unwrap();
        assert_eq!(window.at(2, 4).unwrap(), b"23456789");
    }

    #[test]
    fn a_directory_is_not_a_file() {
        let error = Source::open(Path::new("/")).unwrap_err().to_string();
        assert_eq!(
            error,
            "cannot read /: it is a directory; name a capture, or `-` for standard input"
        );
    }
}
