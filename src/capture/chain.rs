//! Files that were written one after the other and read as one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The files of a live capture, end to end. A position in the chain stays what it is when files at its start are
/// given up.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    links: Arc<Mutex<Links>>,
}

/// Invariant: a link ends where the next one starts, the last one at `end`. Behind `end` there may be bytes that
/// are still being written; nobody sees them. However many files there are, two are open.
#[derive(Debug, Default)]
struct Links {
    all: Vec<Link>,
    last: Option<File>,
    /// The older file that was read last.
    older: Option<(usize, File)>,
    end: u64,
}

#[derive(Debug)]
struct Link {
    start: u64,
    path: PathBuf,
    is_given_up: bool,
}

impl Links {
    /// The open file of a link. One that somebody removed is like one that was given up.
    fn file(&mut self, at: usize) -> io::Result<&File> {
        if at + 1 == self.all.len() {
            return self.last.as_ref().ok_or_else(given_up);
        }
        if self.all[at].is_given_up {
            return Err(given_up());
        }
        if self.older.as_ref().is_none_or(|(open, _)| *open != at) {
            self.older = Some((at, File::open(&self.all[at].path)?));
        }
        self.older
            .as_ref()
            .map(|(_, file)| file)
            .ok_or_else(given_up)
    }
}

fn given_up() -> io::Error {
    io::Error::new(
        io::ErrorKind::NotFound,
        "its file was given up to keep the bound",
    )
}

impl Chain {
    fn links(&self) -> MutexGuard<'_, Links> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all files, given up or not.
    pub(super) fn size(&self) -> u64 {
        self.links().end
    }

    /// Reads from the one file that holds `offset`; less than asked at its end. 0 is the end of all.
    pub(super) fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let mut links = self.links();
        let next = links.all.partition_point(|link| link.start <= offset);
        let Some(at) = next.checked_sub(1) else {
            return Ok(0);
        };
        let end = links.all.get(next).map_or(links.end, |next| next.start);
        let len = into.len().min(end.saturating_sub(offset) as usize);
        let start = links.all[at].start;
        links.file(at)?.read_at(&mut into[..len], offset - start)
    }

    /// Where the first file that is kept begins, behind `offset`.
    pub(super) fn kept_behind(&self, offset: u64) -> Option<u64> {
        self.links()
            .all
            .iter()
            .find(|link| link.start > offset && !link.is_given_up)
            .map(|link| link.start)
    }

    /// Adds the file that is written from now on; it holds `len` bytes.
    #[cfg(feature = "live")]
    pub(super) fn push(&self, path: PathBuf, file: File, len: u64) {
        let mut links = self.links();
        let start = links.end;
        links.all.push(Link {
            start,
            path,
            is_given_up: false,
        });
        links.last = Some(file);
        links.end = start + len;
    }

    /// So many more bytes of the last file may be read: they are whole blocks.
    #[cfg(feature = "live")]
    pub(super) fn grow(&self, len: u64) {
        self.links().end += len;
    }

    /// Gives up the oldest file that is kept.
    #[cfg(feature = "live")]
    pub(super) fn give_up(&self) {
        let mut links = self.links();
        if let Some(at) = links.all.iter().position(|link| !link.is_given_up) {
            links.all[at].is_given_up = true;
            links.older.take_if(|(open, _)| *open == at);
        }
    }
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::*;

    fn chain(folder: &tempfile::TempDir, parts: &[&str]) -> Chain {
        let chain = Chain::default();
        for (number, part) in parts.iter().enumerate() {
            let path = folder.path().join(number.to_string());
            std::fs::write(&path, part).unwrap();
            chain.push(path.clone(), File::open(path).unwrap(), part.len() as u64);
        }
        chain
    }

    fn read(chain: &Chain, offset: u64) -> io::Result<String> {
        let mut bytes = [0; 8];
        let len = chain.read_at(&mut bytes, offset)?;
        Ok(String::from_utf8_lossy(&bytes[..len]).into_owned())
    }

    #[test]
    fn files_are_read_as_one() {
        let folder = tempfile::tempdir().unwrap();
        let chain = chain(&folder, &["abc", "de"]);
        assert_eq!(
            (
                chain.size(),
                read(&chain, 1).unwrap(),
                read(&chain, 3).unwrap()
            ),
            (5, "bc".to_owned(), "de".to_owned())
        );
        assert_eq!(read(&chain, 5).unwrap(), "");
    }

    #[test]
    fn what_was_given_up_or_removed_leaves_the_rest_where_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let chain = chain(&folder, &["abc", "de", "f"]);
        chain.give_up();
        assert!(read(&chain, 0).is_err());
        assert_eq!(
            (chain.kept_behind(0), read(&chain, 4).unwrap()),
            (Some(3), "e".to_owned())
        );
    }

    #[test]
    fn what_is_not_whole_yet_is_not_seen() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "whole, part").unwrap();
        let chain = Chain::default();
        chain.push(path.clone(), File::open(path).unwrap(), 6);
        assert_eq!(
            (read(&chain, 2).unwrap(), read(&chain, 6).unwrap()),
            ("ole,".to_owned(), String::new())
        );
    }
}
