//! Bytes that a thread copies from where they can be read but once: a pipe, an archive.

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Bytes that wait in memory for a reader that goes forward; then the copying waits for it.
const ROOM: usize = 4 << 20;
/// So often the copying, while it waits, looks whether anybody still wants the bytes.
const LOOK: Duration = Duration::from_millis(100);

/// How the bytes will be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// At any place, as the screen does: they are kept in a temporary file, which goes with the program.
    Anywhere,
    /// Once, from the start: a few megabytes are kept.
    Forward,
}

/// The bytes that came so far.
#[derive(Clone, Debug)]
pub struct Copied {
    shared: Arc<Shared>,
}

#[derive(Debug)]
struct Shared {
    sink: Sink,
    /// Bytes of the origin, which may be an archive, that were taken.
    taken: AtomicU64,
    /// Its length, if that is known.
    origin_len: Option<u64>,
    given: AtomicU64,
    has_ended: AtomicBool,
    fault: Mutex<Option<String>>,
    is_unpacked: AtomicBool,
}

#[derive(Debug)]
enum Sink {
    Spool(File),
    Pipe(Mutex<Waiting>, Condvar),
}

/// Invariant: `bytes` are those of the stream from `start` on.
#[derive(Debug, Default)]
struct Waiting {
    start: u64,
    bytes: VecDeque<u8>,
}

impl Copied {
    /// Nothing yet. It fails when no temporary file can be made.
    pub(super) fn new(access: Access, origin_len: Option<u64>) -> io::Result<Copied> {
        let sink = match access {
            Access::Anywhere => Sink::Spool(tempfile::tempfile()?),
            Access::Forward => Sink::Pipe(Mutex::default(), Condvar::new()),
        };
        Ok(Copied {
            shared: Arc::new(Shared {
                sink,
                taken: AtomicU64::new(0),
                origin_len,
                given: AtomicU64::new(0),
                has_ended: AtomicBool::new(false),
                fault: Mutex::default(),
                is_unpacked: AtomicBool::new(false),
            }),
        })
    }

    /// Bytes that came.
    pub(super) fn size(&self) -> u64 {
        self.shared.given.load(Ordering::Acquire)
    }

    /// False when no more bytes will come. Whoever asks before reading misses none.
    pub(super) fn may_grow(&self) -> bool {
        !self.shared.has_ended.load(Ordering::Acquire)
    }

    /// True when the origin is an archive.
    pub(super) fn is_unpacked(&self) -> bool {
        self.shared.is_unpacked.load(Ordering::Relaxed)
    }

    /// The origin is an archive: the bytes are what is in it.
    pub(super) fn unpacked(&self) {
        self.shared.is_unpacked.store(true, Ordering::Relaxed);
    }

    /// Why the bytes ended before their end.
    pub(super) fn fault(&self) -> Option<String> {
        self.fault_mut().clone()
    }

    fn fault_mut(&self) -> MutexGuard<'_, Option<String>> {
        let fault = &self.shared.fault;
        fault.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How far a reader at `position` is in the origin, and the length of that where it is known.
    pub(super) fn progress(&self, position: u64) -> (u64, Option<u64>) {
        let (taken, given) = (self.shared.taken.load(Ordering::Relaxed), self.size());
        match self.shared.origin_len {
            Some(len) => {
                let part = u128::from(taken) * u128::from(position.min(given));
                ((part / u128::from(given.max(1))) as u64, Some(len))
            }
            None => (position, (!self.may_grow()).then_some(given)),
        }
    }

    /// Reads what is there, nothing where there is nothing yet. What was read of a pipe cannot be read again.
    pub(super) fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        match &self.shared.sink {
            Sink::Spool(file) => {
                let there = self.size().saturating_sub(offset).min(into.len() as u64);
                file.read_at(&mut into[..there as usize], offset)
            }
            Sink::Pipe(waiting, room) => {
                let read = locked(waiting).read(into, offset);
                room.notify_one();
                read
            }
        }
    }

    /// So many more bytes of the origin were taken.
    pub(super) fn take(&self, len: u64) {
        self.shared.taken.fetch_add(len, Ordering::Relaxed);
    }

    /// Appends bytes; it waits while there is no room for them and `is_wanted` says that somebody still reads.
    pub(super) fn give(&self, bytes: &[u8], is_wanted: impl Fn() -> bool) -> io::Result<()> {
        match &self.shared.sink {
            Sink::Spool(file) => file.write_all_at(bytes, self.size())?,
            Sink::Pipe(waiting, room) => {
                let mut waiting = locked(waiting);
                while waiting.bytes.len() + bytes.len() > ROOM && is_wanted() {
                    let woken = room.wait_timeout(waiting, LOOK);
                    waiting = woken.unwrap_or_else(PoisonError::into_inner).0;
                }
                waiting.bytes.extend(bytes);
            }
        }
        let len = bytes.len() as u64;
        self.shared.given.fetch_add(len, Ordering::Release);
        Ok(())
    }

    /// No more bytes will come, for this reason if it is not their end.
    pub(super) fn end(&self, fault: Option<String>) {
        *self.fault_mut() = fault;
        self.shared.has_ended.store(true, Ordering::Release);
    }
}

fn locked(waiting: &Mutex<Waiting>) -> MutexGuard<'_, Waiting> {
    waiting.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Waiting {
    fn read(&mut self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        let Some(stepped_over) = offset.checked_sub(self.start) else {
            return Err(io::Error::other("a pipe cannot be read again"));
        };
        let stepped_over = stepped_over.min(self.bytes.len() as u64);
        self.forget(stepped_over as usize);
        if self.start < offset {
            return Ok(0);
        }
        let len = io::Read::read(&mut self.bytes, into)?;
        self.start += len as u64;
        Ok(len)
    }

    fn forget(&mut self, len: usize) {
        self.bytes.drain(..len);
        self.start += len as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn copied(access: Access, parts: &[&str]) -> Copied {
        let copied = Copied::new(access, None).unwrap();
        for part in parts {
            copied.give(part.as_bytes(), || true).unwrap();
        }
        copied
    }

    fn read(copied: &Copied, offset: u64) -> io::Result<String> {
        let mut bytes = [0; 4];
        let len = copied.read_at(&mut bytes, offset)?;
        Ok(String::from_utf8_lossy(&bytes[..len]).into_owned())
    }

    #[test]
    fn a_spool_is_read_at_any_place() {
        let spool = copied(Access::Anywhere, &["abc", "defg"]);
        assert_eq!(read(&spool, 3).unwrap(), "defg");
        assert_eq!(read(&spool, 0).unwrap(), "abcd");
        assert_eq!((read(&spool, 7).unwrap(), spool.size()), (String::new(), 7));
    }

    #[test]
    fn a_pipe_is_read_forward_and_not_again() {
        let pipe = copied(Access::Forward, &["abcdef", "ghij"]);
        assert_eq!(read(&pipe, 0).unwrap(), "abcd");
        assert_eq!(read(&pipe, 6).unwrap(), "ghij");
        assert_eq!(read(&pipe, 10).unwrap(), "");
        assert!(read(&pipe, 0).is_err());
    }

    #[test]
    fn bytes_that_are_stepped_over_may_still_be_to_come() {
        let pipe = copied(Access::Forward, &["abc"]);
        assert_eq!(read(&pipe, 5).unwrap(), "");
        pipe.give(b"defgh", || true).unwrap();
        assert_eq!(read(&pipe, 5).unwrap(), "fgh");
    }

    #[test]
    fn a_full_pipe_waits_for_its_reader() {
        let pipe = copied(Access::Forward, &[]);
        pipe.give(&vec![b'a'; ROOM], || true).unwrap();
        let writer = pipe.clone();
        let thread = std::thread::spawn(move || writer.give(b"more", || true));
        let mut bytes = vec![0; ROOM];
        while pipe.size() == ROOM as u64 {
            let _ = pipe.read_at(&mut bytes, 0);
        }
        thread.join().unwrap().unwrap();
        assert_eq!(pipe.size(), ROOM as u64 + 4);
    }

    #[test]
    fn progress_is_that_in_the_archive() {
        let archive = Copied::new(Access::Forward, Some(100)).unwrap();
        archive.take(50);
        archive.give(&[0; 1000], || true).unwrap();
        assert_eq!(archive.progress(500), (25, Some(100)));
        let pipe = copied(Access::Forward, &["abc"]);
        assert_eq!(pipe.progress(2), (2, None));
        pipe.end(None);
        assert_eq!(pipe.progress(2), (2, Some(3)));
    }
}
