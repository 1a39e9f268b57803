//! A capture that is still being written: how its reader learns of more, and how it is stopped.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, RecvTimeoutError};

/// How long a reader sleeps at most before it looks at the clock.
const LOOK: Duration = Duration::from_millis(100);

/// So long after the stop what a pipe still brings is taken: whoever writes to it may be ending as well.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// What the reader's side holds of a live capture.
#[derive(Debug)]
pub struct Feed {
    grown: Receiver<()>,
    /// Does the end wait for the writers?
    writers: Writers,
    /// Counts, faults, and the stop.
    pub control: Arc<Control>,
}

/// Who writes what is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writers {
    /// Threads of this program, which end when they are told.
    Own,
    /// Whoever has the other end of a pipe, and may be silent for ever.
    Others,
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
        let writers = Writers::Own;
        Feed {
            grown,
            writers,
            control,
        }
    }

    /// As [`Feed::new`], where others write: they cannot be told to end, so the stop is the end, soon.
    pub(super) fn of_others(grown: Receiver<()>, control: Arc<Control>) -> Feed {
        let writers = Writers::Others;
        Feed {
            grown,
            writers,
            control,
        }
    }

    /// Nobody reads any more. Writers of this program are waited for: what they were given is to be written.
    pub fn leave(&self) {
        while self.writers == Writers::Own && self.wait() == Wait::More {}
    }

    /// Waits until there may be more to read, for a tenth of a second at most.
    pub fn wait(&self) -> Wait {
        if self.writers == Writers::Others && self.control.is_over() {
            return Wait::Ended;
        }
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
    stopped: OnceLock<Instant>,
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
        let _ = self.stopped.set(Instant::now());
        let wakers = self.wakers.lock().unwrap_or_else(PoisonError::into_inner);
        wakers.iter().for_each(|wake| wake());
    }

    /// True when it was stopped so long ago that nobody waits for it any more.
    pub(super) fn is_over(&self) -> bool {
        self.stopped
            .get()
            .is_some_and(|stopped| stopped.elapsed() > LAST_WORDS)
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
