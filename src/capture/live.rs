//! Sniffing, through libpcap: interfaces -> a spool that the decoder follows.

use std::fmt;
use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_channel::{Sender, bounded};
use pcap::{Active, Capture, Packet, Precision};
use thiserror::Error;

use super::feed::{Control, Feed};
use super::ring::{Bounds, Ring};
use super::spool::{Batch, Counts, Described};
use super::{LinkType, Source, Timestamp};

/// What the kernel may hold for us, in bytes, per interface: half a second of ten gigabits would be more.
const KERNEL_BUFFER: i32 = 64 << 20;
/// A packet waits in the kernel no longer than so many milliseconds.
const KERNEL_TIMEOUT: i32 = 20;
/// Packets taken in one go.
const DISPATCH: usize = 1024;
/// Between two looks at the kernel's counts, and two tries on an interface that is down.
const PAUSE: Duration = Duration::from_millis(250);

/// A step back of less is what several cores make of one clock, in nanoseconds.
const CLOCK_STEP: i64 = 1_000_000_000;

/// Who speaks of a fault, beside the interfaces.
const FILE: &str = "the file";
const CLOCK: &str = "the clock";

/// What libpcap says when it cannot list interfaces.
pub type DeviceError = pcap::Error;

/// An interface that can be named after `-i`.
#[derive(Clone, Debug)]
pub struct Device {
    /// As libpcap and `ip link` call it.
    pub name: String,
    /// What it is, and its addresses.
    pub about: String,
}

/// What to sniff, and how.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Names of interfaces; `any` is all of them.
    pub interfaces: Vec<String>,
    /// A capture filter in the words of pcap-filter(7).
    pub filter: Option<String>,
    /// Bytes captured of a frame at most.
    pub snap_len: u32,
    /// Also what is not for this machine.
    pub is_promiscuous: bool,
    /// End after so many frames.
    pub count: Option<u64>,
}

/// Why an interface cannot be sniffed. Each says what to do.
#[derive(Debug, Error)]
pub enum SniffError {
    /// No such interface.
    #[error("no interface is called {name}; there are {known} (`peerscope -D` lists them)")]
    NoInterface {
        /// As it was typed.
        name: String,
        /// Those that are there.
        known: String,
    },
    /// The system wants more rights.
    #[error("not permitted: {advice}")]
    NotPermitted {
        /// As it was typed.
        name: String,
        /// What to type.
        advice: String,
    },
    /// The capture filter does not compile.
    #[error("the capture filter `{filter}` is wrong: {error}; `man pcap-filter` has its words")]
    Filter {
        /// As it was typed.
        filter: String,
        /// What libpcap says.
        error: pcap::Error,
    },
    /// Something else.
    #[error("cannot capture on {name}: {error}")]
    Failed {
        /// As it was typed.
        name: String,
        /// What libpcap says.
        error: pcap::Error,
    },
}

impl fmt::Display for Device {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:<16} {}", self.name, self.about)
    }
}

/// Lists the interfaces that libpcap offers this user, which may be fewer than there are.
pub fn devices() -> Result<Vec<Device>, DeviceError> {
    Ok(pcap::Device::list()?.into_iter().map(device).collect())
}

fn device(found: pcap::Device) -> Device {
    let mut about: Vec<String> = found.desc.into_iter().collect();
    if found.flags.is_loopback() {
        about.push("loopback".to_owned());
    }
    if !found.flags.is_up() {
        about.push("down".to_owned());
    }
    about.extend(
        found
            .addresses
            .iter()
            .map(|address| address.addr.to_string()),
    );
    Device {
        name: found.name,
        about: about.join(", "),
    }
}

/// Interfaces that are open and not yet read: the only part that needs rights.
pub struct Sniffer {
    handles: Vec<(Described, Capture<Active>)>,
    count: u64,
}

impl Sniffer {
    /// Opens the interfaces. `advice` says how to get the rights for one.
    pub fn open(wanted: &Wanted, advice: impl Fn(&str) -> String) -> Result<Sniffer, SniffError> {
        let open =
            |name: &String| open(name, wanted).map_err(|error| explained(name, error, &advice));
        let handles = wanted
            .interfaces
            .iter()
            .map(open)
            .collect::<Result<_, _>>()?;
        Ok(Sniffer {
            handles,
            count: wanted.count.unwrap_or(u64::MAX),
        })
    }

    /// Writes what comes into the file at `path`, or into files in turn, from a thread for each interface.
    pub fn start(self, path: &Path, bounds: Bounds) -> io::Result<(Feed, Source)> {
        let described: Vec<Described> = self
            .handles
            .iter()
            .map(|(described, _)| described.clone())
            .collect();
        let names: Vec<String> = described.iter().map(|it| it.name.clone()).collect();
        let ring = Ring::begin(path, bounds, described)?;
        let (source, spool) = (ring.source(), Arc::new(Mutex::new(ring)));
        let (grown, feed) = bounded(1);
        let control = Arc::new(Control::default());
        for (interface, (described, mut handle)) in (0..).zip(self.handles) {
            let breaker = handle.breakloop_handle();
            let mut wakers = control
                .wakers
                .lock()
                .unwrap_or_else(PoisonError::into_inner);
            wakers.push(Box::new(move || breaker.breakloop()));
            let (spool, control, grown) = (spool.clone(), control.clone(), grown.clone());
            let name = described.name;
            let taker = Taker {
                interface,
                name,
                count: self.count,
                spool,
                control,
                grown,
                batch: Batch::default(),
                last: Timestamp(0),
                counts: Counts::default(),
            };
            thread::spawn(move || taker.run(handle));
        }
        let watched = control.clone();
        thread::spawn(move || watch(&names, &watched));
        Ok((Feed::new(feed, control), source))
    }
}

enum OpenFailure {
    Handle(pcap::Error),
    Filter(String, pcap::Error),
}

impl From<pcap::Error> for OpenFailure {
    fn from(error: pcap::Error) -> OpenFailure {
        OpenFailure::Handle(error)
    }
}

fn open(name: &str, wanted: &Wanted) -> Result<(Described, Capture<Active>), OpenFailure> {
    let inactive = Capture::from_device(name)?
        .promisc(wanted.is_promiscuous)
        .snaplen(wanted.snap_len as i32)
        .buffer_size(KERNEL_BUFFER)
        .timeout(KERNEL_TIMEOUT)
        .precision(Precision::Nano);
    let mut handle = inactive.open()?;
    if let Some(filter) = &wanted.filter {
        handle
            .filter(filter, true)
            .map_err(|error| OpenFailure::Filter(filter.clone(), error))?;
    }
    let link = match handle.get_datalink().0 {
        // Raw IP has a number of its own in files.
        12 | 14 => LinkType::RAW,
        number => LinkType(number as u32),
    };
    let described = Described {
        name: name.to_owned(),
        link,
        snap_len: wanted.snap_len,
        filter: wanted.filter.clone(),
    };
    Ok((described, handle))
}

fn explained(name: &str, failure: OpenFailure, advice: impl Fn(&str) -> String) -> SniffError {
    let name = name.to_owned();
    let error = match failure {
        OpenFailure::Filter(filter, error) => return SniffError::Filter { filter, error },
        OpenFailure::Handle(error) => error,
    };
    let words = error.to_string().to_lowercase();
    let known: Vec<String> = devices()
        .unwrap_or_default()
        .into_iter()
        .map(|device| device.name)
        .collect();
    if words.contains("permi") {
        SniffError::NotPermitted {
            advice: advice(&name),
            name,
        }
    } else if !known.is_empty() && !known.contains(&name) {
        SniffError::NoInterface {
            name,
            known: known.join(", "),
        }
    } else {
        SniffError::Failed { name, error }
    }
}

/// Takes the packets of one interface.
struct Taker {
    interface: u32,
    name: String,
    /// Frames that all interfaces together may take.
    count: u64,
    spool: Arc<Mutex<Ring>>,
    control: Arc<Control>,
    /// Dropped when the taker ends: the reader then knows that nothing more will come.
    grown: Sender<()>,
    batch: Batch,
    last: Timestamp,
    counts: Counts,
}

impl Taker {
    fn run(mut self, mut handle: Capture<Active>) {
        let mut looked = Instant::now();
        while !self.control.is_stopped.load(Ordering::Relaxed) {
            let taken = handle.dispatch(Some(DISPATCH), |packet| self.take(&packet));
            let is_written = self.write();
            if !is_written || self.control.captured() >= self.count {
                self.control.stop();
            }
            match taken {
                Ok(0) => {}
                Ok(_) => self.control.say(&self.name, None),
                Err(error) if self.is_gone(&error) => break,
                Err(error) => self.is_down(&error),
            }
            if looked.elapsed() >= PAUSE {
                looked = Instant::now();
                self.look_at_counts(&mut handle);
                self.look_at_file();
            }
        }
        self.look_at_counts(&mut handle);
        self.take_last(handle);
        self.batch
            .statistics(self.interface, self.last, self.counts);
        self.write();
    }

    /// What came before the stop may still wait in the kernel, as long as the kernel may let it wait.
    fn take_last(&mut self, handle: Capture<Active>) {
        let Ok(mut handle) = handle.setnonblock() else {
            return;
        };
        let stopped = Instant::now();
        while stopped.elapsed() < 3 * Duration::from_millis(KERNEL_TIMEOUT as u64) {
            // The first call only learns that it was stopped.
            if !matches!(handle.dispatch(None, |packet| self.take(&packet)), Ok(1..)) {
                thread::sleep(Duration::from_millis(5));
            }
            if !self.write() {
                return;
            }
        }
    }

    fn take(&mut self, packet: &Packet<'_>) {
        if self.control.taken.fetch_add(1, Ordering::Relaxed) >= self.count {
            return;
        }
        let header = packet.header;
        // With the precision asked for, the field named for microseconds holds nanoseconds.
        let time = Timestamp::from_parts(header.ts.tv_sec as u64, header.ts.tv_usec as u64);
        self.batch
            .frame(self.interface, time, header.len, packet.data);
        if let Some(words) = clock_fault(std::mem::replace(&mut self.last, time), time) {
            self.control.say(CLOCK, Some(words));
        }
    }

    /// False when the disk takes no more.
    fn write(&mut self) -> bool {
        if self.batch.is_empty() {
            return true;
        }
        let written = self
            .spool
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .write(&self.batch, self.last);
        match &written {
            Ok(()) => drop(
                self.control
                    .captured
                    .fetch_add(self.batch.frames(), Ordering::Relaxed),
            ),
            Err(error) => {
                let words = format!("the capture has ended, its file cannot be written: {error}");
                self.control.say(FILE, Some(words));
                self.control.has_failed.store(true, Ordering::Relaxed);
            }
        }
        self.batch.clear();
        // A reader that has not looked since the last time needs no second call.
        let _ = self.grown.try_send(());
        written.is_ok()
    }

    /// An interface that was removed does not come back: another of its name is another.
    fn is_gone(&self, error: &pcap::Error) -> bool {
        let is_gone = error.to_string().contains("disappeared");
        if is_gone {
            let words = format!("interface {} was removed, its capture has ended", self.name);
            self.control.say(&self.name, Some(words));
        }
        is_gone
    }

    /// An interface in trouble is asked until it is out of it.
    fn is_down(&self, error: &pcap::Error) {
        if !self.control.is_stopped.load(Ordering::Relaxed) && *error != pcap::Error::TimeoutExpired
        {
            let words = format!(
                "interface {}: {error}; what was captured stays, waiting for it",
                self.name
            );
            self.control.say(&self.name, Some(words));
            thread::sleep(PAUSE);
        }
    }

    fn look_at_file(&self) {
        if self
            .spool
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .is_removed()
        {
            let words =
                "the file of this capture was removed: it is gone when peerscope ends".to_owned();
            self.control.say(FILE, Some(words));
        }
    }

    /// What the kernel counts for this interface is added to the sums of all.
    fn look_at_counts(&mut self, handle: &mut Capture<Active>) {
        let Ok(stat) = handle.stats() else { return };
        let counts = Counts {
            received: u64::from(stat.received),
            dropped: u64::from(stat.dropped),
            dropped_by_interface: u64::from(stat.if_dropped),
        };
        let before = std::mem::replace(&mut self.counts, counts);
        let add = |sum: &AtomicU64, now: u64, before: u64| {
            sum.fetch_add(now.saturating_sub(before), Ordering::Relaxed)
        };
        add(&self.control.dropped, counts.dropped, before.dropped);
        add(
            &self.control.dropped_by_interface,
            counts.dropped_by_interface,
            before.dropped_by_interface,
        );
    }
}

/// libpcap says nothing of an interface that is down: no packet comes. Linux tells who asks.
fn watch(names: &[String], control: &Control) {
    let mut are_down = vec![false; names.len()];
    while !control.is_stopped.load(Ordering::Relaxed) {
        for (name, was_down) in names.iter().zip(&mut are_down) {
            let Ok(flags) = std::fs::read_to_string(format!("/sys/class/net/{name}/flags")) else {
                continue;
            };
            let is_down = !is_up(&flags);
            if std::mem::replace(was_down, is_down) != is_down {
                let words =
                    format!("interface {name} is down; what was captured stays, waiting for it");
                control.say(name, is_down.then_some(words));
            }
        }
        thread::sleep(PAUSE);
    }
}

/// The lowest of the flags of an interface is IFF_UP.
fn is_up(flags: &str) -> bool {
    let bits = flags
        .trim()
        .strip_prefix("0x")
        .and_then(|hex| u32::from_str_radix(hex, 16).ok());
    bits.is_none_or(|bits| bits & 1 == 1)
}

/// The times of packets come from the clock of this machine, which somebody may set back.
fn clock_fault(before: Timestamp, now: Timestamp) -> Option<String> {
    let back = before.since(now);
    (back > CLOCK_STEP).then(|| {
        let seconds = back / 1_000_000_000;
        format!("the clock of this machine went back by {seconds} s: times are not in order")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_interface_is_up_when_its_lowest_flag_says_so() {
        assert!(is_up("0x1003\n") && !is_up("0x1002\n") && is_up("what is this"));
    }

    #[test]
    fn a_clock_that_was_set_back_is_said() {
        let [noon, later] = [1000, 1060].map(|seconds| Timestamp::from_parts(seconds, 0));
        let words = clock_fault(later, noon).unwrap();
        assert!(words.contains("went back by 60 s"), "{words}");
    }

    #[test]
    fn a_clock_that_goes_on_and_the_first_packet_are_no_fault() {
        let noon = Timestamp::from_parts(1000, 0);
        assert_eq!(clock_fault(noon, Timestamp::from_parts(5000, 0)), None);
        assert_eq!(clock_fault(Timestamp(0), noon), None);
        assert_eq!(
            clock_fault(Timestamp(noon.0 + 9000), noon),
            None,
            "several cores"
        );
    }
}
