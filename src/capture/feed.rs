//! A capture that is still being written: how its reader learns of more, and how it is stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

/// How long a reader sleeps at most before it looks at the clock.
const LOOK: Duration = Duration::from_millis(100);

/// What the reader's side holds of a live capture.
#[derive(Debug)]
pub struct Feed {
    grown: Receiver<()>,
    /// Counts, faults, and the stop.
    pub control: Arc<Control>,
}

/// What happened while a reader waited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// There may be more to read.
    More,
    /// Nothing more will be written.
    Ended,
}

impl Feed {
    /// `grown` gets a word when there is more, and is closed when there never will be.
    pub fn new(grown: Receiver<()>, control: Arc<Control>) -> Feed {
        Feed { grown, control }
    }

    /// Waits until there may be more to read, for a tenth of a second at most.
    pub fn wait(&self) -> Wait {
        match self.grown.recv_timeout(LOOK) {
            Err(RecvTimeoutError::Disconnected) => Wait::Ended,
            Ok(()) | Err(RecvTimeoutError::Timeout) => Wait::More,
        }
    }
}

/// Counts of a live capture that change under the eyes of the user.
#[derive(Default)]
pub struct Control {
    pub(super) captured: AtomicU64,
    pub(super) dropped: AtomicU64,
    pub(super) dropped_by_interface: AtomicU64,
    pub(super) is_stopped: AtomicBool,
    pub(super) has_failed: AtomicBool,
    /// Frames that were taken, of which the last may not be in the file yet.
    #[cfg(feature = "live")]
    pub(super) taken: AtomicU64,
    /// What is wrong, by whom it is said.
    faults: Mutex<BTreeMap<String, String>>,
    pub(super) wakers: Mutex<Vec<Waker>>,
}

/// Makes a thread that waits for packets look up.
type Waker = Box<dyn Fn() + Send + Sync>;

impl Control {
    /// Ends the capture: what was taken is written, then the file ends.
    pub fn stop(&self) {
        if self.is_stopped.swap(true, Ordering::Relaxed) {
            return;
        }
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.iter().for_each(|wake| wake());
    }

    /// True when packets could not be written, so that the capture ended before its time.
    pub fn has_failed(&self) -> bool {
        self.has_failed.load(Ordering::Relaxed)
    }

    /// Frames written.
    pub fn captured(&self) -> u64 {
        self.captured.load(Ordering::Relaxed)
    }

    /// Frames dropped by the kernel because we were too slow, and by the interfaces themselves.
    pub fn dropped(&self) -> (u64, u64) {
        (
            self.dropped.load(Ordering::Relaxed),
            self.dropped_by_interface.load(Ordering::Relaxed),
        )
    }

    /// What is wrong at this moment, in words.
    pub fn fault(&self) -> Option<String> {
        let faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        let words: Vec<&str> = faults.values().map(String::as_str).collect();
        (!words.is_empty()).then(|| words.join("; "))
    }

    /// `who` has something to say, in place of what it said before, or nothing any more.
    #[cfg(feature = "live")]
    pub(super) fn say(&self, who: &str, fault: Option<String>) {
        let mut faults = self.faults.lock().unwrap_or_else(PoisonError::into_inner);
        match fault {
            Some(fault) => faults.insert(who.to_owned(), fault),
            None => faults.remove(who),
        };
    }
}

impl fmt::Debug for Control {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Control")
            .field("captured", &self.captured())
            .field("fault", &self.fault())
            .finish_non_exhaustive()
    }
}
