//! Files that were written one after the other and read as one.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The files of a live capture, end to end. A position in the chain stays what it is when files at its start are
/// given up.
#[derive(Clone, Debug, Default)]
pub struct Chain {
    links: Arc<Mutex<Vec<Link>>>,
}

/// Invariant: a link ends where the next one starts; the last one grows.
#[derive(Debug)]
struct Link {
    start: u64,
    /// Gone when the file was given up.
    file: Option<File>,
}

impl Chain {
    fn links(&self) -> MutexGuard<'_, Vec<Link>> {
        self.links.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Bytes of all files, given up or not.
    pub(super) fn size(&self) -> io::Result<u64> {
        let links = self.links();
        let Some(last) = links.last() else {
            return Ok(0);
        };
        let len = last
            .file
            .as_ref()
            .map_or(Ok(0), |file| file.metadata().map(|metadata| metadata.len()))?;
        Ok(last.start + len)
    }

    /// Reads from the one file that holds `offset`; less than asked at its end. 0 is the end of all.
    pub(super) fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let links = self.links();
        let at = links.partition_point(|link| link.start <= offset);
        let Some(link) = at.checked_sub(1).map(|at| &links[at]) else {
            return Ok(0);
        };
        let in_link = links.get(at).map_or(u64::MAX, |next| next.start - offset);
        let len = into
            .len()
            .min(usize::try_from(in_link).unwrap_or(usize::MAX));
        match &link.file {
            Some(file) => file.read_at(&mut into[..len], offset - link.start),
            None => Err(io::Error::new(
                io::ErrorKind::NotFound,
                "its file was given up to keep the bound",
            )),
        }
    }

    /// Where the first file that is kept begins, behind `offset`.
    pub(super) fn kept_behind(&self, offset: u64) -> Option<u64> {
        self.links()
            .iter()
            .find(|link| link.start > offset && link.file.is_some())
            .map(|link| link.start)
    }

    /// Adds the file that is written from now on.
    #[cfg(feature = "live")]
    pub(super) fn push(&self, file: File) -> io::Result<()> {
        let start = self.size()?;
        self.links().push(Link {
            start,
            file: Some(file),
        });
        Ok(())
    }

    /// Gives up the oldest file that is kept.
    #[cfg(feature = "live")]
    pub(super) fn give_up(&self) {
        if let Some(link) = self.links().iter_mut().find(|link| link.file.is_some()) {
            link.file = None;
        }
    }
}

#[cfg(all(test, feature = "live"))]
mod tests {
    use super::*;
    use std::io::Write;

    fn chain(parts: &[&str]) -> Chain {
        let chain = Chain::default();
        for part in parts {
            let mut file = tempfile::tempfile().unwrap();
            file.write_all(part.as_bytes()).unwrap();
            chain.push(file).unwrap();
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
        let chain = chain(&["abc", "de"]);
        assert_eq!(
            (
                chain.size().unwrap(),
                read(&chain, 1).unwrap(),
                read(&chain, 3).unwrap()
            ),
            (5, "bc".to_owned(), "de".to_owned())
        );
        assert_eq!(read(&chain, 5).unwrap(), "");
    }

    #[test]
    fn what_was_given_up_leaves_the_rest_where_it_is() {
        let chain = chain(&["abc", "de"]);
        chain.give_up();
        assert!(read(&chain, 0).is_err());
        assert_eq!(
            (chain.kept_behind(0), read(&chain, 4).unwrap()),
            (Some(3), "e".to_owned())
        );
    }
}
