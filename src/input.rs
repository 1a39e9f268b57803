//! What was named on the command line -> frames to read, and who feeds them.

mod torrents;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use anyhow::Context;
use peerscope::capture::{Access, Control, Feed, GrowingText, Named, Opening};
use peerscope::pipeline::Told;
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;
use signal_hook::low_level::emulate_default_handler;

use crate::args::Input;

/// The capture behind `--demo`.
const DEMO: &[u8] = include_bytes!("../captures/choke_dance.pcap");
const DEMO_NAME: &str = "the built-in capture";

/// Captures that are named in the title; the others are counted.
const SHOWN: usize = 3;

/// What was typed cannot be done, or the system does not let us.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refusal {
    #[error(
        "no capture named; type `peerscope FILE` (`-` is standard input), or `peerscope --demo` for the built-in capture"
    )]
    Unnamed,
    #[error("{0} is for sniffing; name an interface with -i IFACE, or leave it out")]
    Idle(&'static str),
    #[error(
        "standard input is no terminal and there is no other, so no key could be read; use `peerscope summary FILE`"
    )]
    Keyless,
    #[error("save reads a capture that is there; -w FILE keeps what is sniffed")]
    Sniffed,
    #[error("there is no connection {0}: the capture has {1}, and they count from 0")]
    NoConnection(u32, usize),
    #[cfg(feature = "live")]
    #[error("cannot list interfaces: {0}; try it as root")]
    Devices(peerscope::capture::DeviceError),
    #[cfg(feature = "live")]
    #[error("cannot keep packets in {}: only a regular file can be read while it is written", .0.display())]
    NotAFile(PathBuf),
    #[cfg(feature = "live")]
    #[error(
        "-b files:N keeps the last files, but none is ever full; add -b filesize:KB or -b duration:S"
    )]
    EndlessFile,
    #[cfg(not(feature = "live"))]
    #[error(
        "this peerscope was built without libpcap and knows no interfaces; build it with the feature `live`"
    )]
    FilesOnly,
}

/// What becomes of the packets when the program ends.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(
    not(feature = "live"),
    expect(dead_code, reason = "only sniffing makes packets")
)]
pub(crate) enum Fate {
    /// Nothing: they are in a file that was there before.
    None,
    /// The user finds them here.
    Kept(PathBuf),
    /// They were here.
    Removed(PathBuf),
}

/// A capture that is open.
pub(crate) struct Opened {
    /// Its frames, when they have come.
    pub opening: Opening,
    /// Its name, for the user.
    pub name: String,
    /// Who brings its bytes, if they are not there yet.
    pub feed: Option<Feed>,
    /// Is it captured by this program?
    pub is_live: bool,
    /// What becomes of packets that are captured.
    pub fate: Fate,
    /// What else the user said of it.
    pub told: Told,
    /// Removed with this value, when nobody asked for the packets.
    _spool: Option<tempfile::TempPath>,
}

impl Opened {
    fn file(opening: Opening, name: String, feed: Option<Feed>) -> Opened {
        Opened {
            opening,
            name,
            feed,
            is_live: false,
            fate: Fate::None,
            told: Told::default(),
            _spool: None,
        }
    }
}

/// Asks which interface to sniff, where there is somebody to ask. `None` when the answer is none.
///
/// It is asked in a line, before the screen is open: rights are given away before any thread is started.
#[cfg(feature = "live")]
pub(crate) fn pick() -> anyhow::Result<Option<String>> {
    use std::io::Write;

    let devices = peerscope::capture::devices().map_err(Refusal::Devices)?;
    let mut out = std::io::stdout();
    writeln!(
        out,
        "No capture was named: `peerscope FILE` opens one, `peerscope --demo` the built-in one.\n"
    )?;
    for (number, device) in (1..).zip(&devices) {
        writeln!(out, "{number:>3}  {device}")?;
    }
    write!(
        out,
        "\nSniff which interface? A number, or nothing to leave: "
    )?;
    out.flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    let answer = answer.trim();
    let by_number = answer
        .parse::<usize>()
        .ok()
        .and_then(|number| devices.get(number.checked_sub(1)?));
    let by_name = devices.iter().find(|device| device.name == answer);
    Ok(by_number.or(by_name).map(|device| device.name.clone()))
}

#[cfg(not(feature = "live"))]
pub(crate) fn pick() -> anyhow::Result<Option<String>> {
    Err(Refusal::Unnamed.into())
}

/// Opens what the user named. `access` says how the bytes of what is no file will be read.
pub(crate) fn open(input: &Input, access: Access) -> anyhow::Result<Opened> {
    let told = Told {
        checksums: input.checksums(),
        keys: keys(input)?,
        torrents: torrents::torrents(&input.torrent)?,
        privacy: input.privacy(),
    };
    let opened = open_capture(input, access)?;
    Ok(Opened { told, ..opened })
}

fn open_capture(input: &Input, access: Access) -> anyhow::Result<Opened> {
    if let Some(letter) = input.sniff.idle_option() {
        return Err(Refusal::Idle(letter).into());
    }
    if !input.sniff.interface.is_empty() {
        return sniff(&input.sniff);
    }
    let filter = input.sniff.filter.as_deref();
    let demo = || Named::Memory {
        bytes: DEMO,
        name: DEMO_NAME,
    };
    let paths = input.paths().iter().map(|path| named(path));
    let named: Vec<Named> = paths.chain(input.demo.then(demo)).collect();
    if named.is_empty() {
        return Err(Refusal::Unnamed.into());
    }
    let opened = peerscope::capture::open(&named, access, filter)?;
    // The screen hears signals itself.
    if let Some(feed) = opened.feed.as_ref().filter(|_| opened.is_piped)
        && access == Access::Forward
    {
        stop_on_signal(feed.control.clone())?;
    }
    Ok(Opened::file(opened.opening, title(&named), opened.feed))
}

/// Opens the logs of keys. They are opened while the rights for it are there, and before anything is captured.
fn keys(input: &Input) -> anyhow::Result<Vec<GrowingText>> {
    let opened = input.mse_keys.iter().map(|path| {
        let opened = GrowingText::open(path);
        opened.with_context(|| format!("cannot read the keys in {}", path.display()))
    });
    opened.collect()
}

fn named(path: &Path) -> Named {
    if path.as_os_str() == "-" {
        Named::Stdin
    } else {
        Named::Path(path.to_owned())
    }
}

/// One capture has its path, several have the names of their files.
fn title(named: &[Named]) -> String {
    if let [one] = named {
        return one.to_string();
    }
    let short = |named: &Named| match named {
        Named::Path(path) => path.file_name().map_or_else(
            || named.to_string(),
            |name| name.to_string_lossy().into_owned(),
        ),
        Named::Memory { .. } | Named::Stdin => named.to_string(),
    };
    let shown: Vec<String> = named.iter().take(SHOWN).map(short).collect();
    let title = shown.join(" + ");
    match named.len() - shown.len() {
        0 => title,
        more => format!("{title} + {more} more"),
    }
}

/// The first signal ends the reading in order: what came is decoded and printed. The second does what signals do,
/// should nobody take what we print.
pub(crate) fn stop_on_signal(control: Arc<Control>) -> anyhow::Result<()> {
    let ignored = ignored(&std::fs::read_to_string("/proc/self/status").unwrap_or_default());
    let is_heard = |signal: &i32| *signal != SIGHUP || ignored >> (signal - 1) & 1 == 0;
    let heard = [SIGHUP, SIGINT, SIGTERM].into_iter().filter(is_heard);
    let mut signals = Signals::new(heard).context("cannot watch for signals")?;
    thread::spawn(move || {
        let mut came = signals.forever();
        if came.next().is_some() {
            control.stop();
        }
        // A terminal that is closed hangs up more than once.
        for signal in came.filter(|signal| *signal != SIGHUP) {
            let _ = emulate_default_handler(signal);
        }
    });
    Ok(())
}

/// Tells whether a signal came: what is half done can be undone.
pub(crate) fn interrupted() -> anyhow::Result<Arc<AtomicBool>> {
    let came = Arc::new(AtomicBool::new(false));
    for signal in [SIGINT, SIGTERM] {
        signal_hook::flag::register(signal, came.clone()).context("cannot watch for signals")?;
    }
    Ok(came)
}

/// What `nohup` has switched off stays off: a bit for each ignored signal, from 1, as Linux tells.
fn ignored(status: &str) -> u64 {
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(not(feature = "live"))]
fn sniff(_: &crate::args::Sniff) -> anyhow::Result<Opened> {
    Err(Refusal::FilesOnly.into())
}

#[cfg(feature = "live")]
use live::sniff;

#[cfg(feature = "live")]
mod live {
    use std::path::PathBuf;
    use std::sync::Arc;
    use std::thread;
    use std::time::Duration;

    use anyhow::Context;
    use peerscope::capture::{Bounds, Control, Reader, Sniffer, Wanted};

    use super::{Fate, Opened, Refusal, stop_on_signal};
    use crate::args::{Bound, Sniff};

    /// More than any frame, that of an offloaded segment included.
    const SNAP_LEN: u32 = 262_144;

    /// Rights are used for opening the interfaces, then given away; everything after that is done without.
    pub(super) fn sniff(typed: &Sniff) -> anyhow::Result<Opened> {
        let wanted = Wanted {
            interfaces: typed.interface.clone(),
            filter: typed.filter.clone(),
            snap_len: typed.snaplen.unwrap_or(SNAP_LEN),
            is_promiscuous: !typed.no_promiscuous,
            count: typed.count,
        };
        if bounds(typed).is_endless() {
            return Err(Refusal::EndlessFile.into());
        }
        let sniffer = Sniffer::open(&wanted, peerscope::capture::how_to_get_rights)?;
        peerscope::capture::drop_privileges()
            .context("cannot give privileges away, so nothing is captured")?;
        let (path, spool) = place(typed)?;
        let started = sniffer.start(&path, bounds(typed));
        let (feed, source) = started.with_context(|| format!("cannot write {}", path.display()))?;
        if let Some(duration) = typed.autostop {
            stop_after(duration, feed.control.clone());
        }
        stop_on_signal(feed.control.clone())?;
        let name = typed.interface.join(" and ");
        let reader = Reader::new(source, &name)?;
        Ok(Opened {
            opening: reader.into(),
            name,
            feed: Some(feed),
            is_live: true,
            fate: kept(typed).map_or(Fate::Removed(path), Fate::Kept),
            told: super::Told::default(),
            _spool: spool,
        })
    }

    /// What the user finds when the program has ended.
    fn kept(typed: &Sniff) -> Option<PathBuf> {
        let path = typed.write.clone()?;
        if typed.ring_buffer.is_empty() {
            return Some(path);
        }
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        Some(path.with_file_name(format!("{stem}_*")))
    }

    fn bounds(typed: &Sniff) -> Bounds {
        let mut bounds = Bounds::default();
        for bound in &typed.ring_buffer {
            match bound {
                Bound::FileSize(kilobytes) => bounds.bytes = Some(kilobytes * 1000),
                Bound::Duration(duration) => bounds.duration = Some(*duration),
                Bound::Files(files) => bounds.files = Some(*files),
            }
        }
        bounds
    }

    /// Where the packets go: where the user said, or a file that goes with the program.
    fn place(typed: &Sniff) -> anyhow::Result<(PathBuf, Option<tempfile::TempPath>)> {
        if let Some(path) = &typed.write {
            // It is read while it is written: a pipe or a device cannot be.
            let is_other = path.metadata().is_ok_and(|metadata| !metadata.is_file());
            if is_other || path.as_os_str() == "-" {
                return Err(Refusal::NotAFile(path.clone()).into());
            }
            return Ok((path.clone(), None));
        }
        let made = tempfile::Builder::new()
            .prefix("peerscope-")
            .suffix(".pcapng")
            .tempfile();
        let made = made.with_context(|| {
            format!(
                "cannot write to {}; keep the packets with -w FILE",
                std::env::temp_dir().display()
            )
        })?;
        let path = made.into_temp_path();
        Ok((path.to_path_buf(), Some(path)))
    }

    /// Not where the reader waits: the screen may be held, and the capture ends all the same.
    fn stop_after(duration: Duration, control: Arc<Control>) {
        thread::spawn(move || {
            thread::sleep(duration);
            control.stop();
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nohup_is_seen_in_the_mask_of_ignored_signals() {
        assert_eq!(
            ignored("SigBlk:\t0000000000000002\nSigIgn:\t0000000000000001\n"),
            1 << (SIGHUP - 1)
        );
        assert_eq!(ignored(""), 0);
    }

    #[test]
    fn a_title_names_captures_and_stays_short() {
        let title = |typed: &[&str]| {
            let named: Vec<Named> = typed.iter().map(|path| named(Path::new(path))).collect();
            title(&named)
        };
        assert_eq!(title(&["/x/a.pcap"]), "/x/a.pcap");
        assert_eq!(title(&["-"]), "standard input");
        assert_eq!(title(&["/x/a.pcap", "-"]), "a.pcap + standard input");
        assert_eq!(title(&["a", "b", "c", "d", "e"]), "a + b + c + 2 more");
    }
}
