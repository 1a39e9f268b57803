//! The rights to capture: how to get them, and how to be rid of them.
//!
//! libpcap needs rights to open an interface and none to read from it. So they are given up between the two,
//! for good: whoever finds a hole in a decoder finds nothing behind it.

use std::env;
use std::io;
use std::path::Path;

use nix::sys::statvfs::{FsFlags, statvfs};
use nix::unistd::{Gid, Uid, setuid};
use thiserror::Error;

/// What is left after [`drop_privileges`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rights {
    /// The user that we are.
    pub uid: u32,
    /// Its group.
    pub gid: u32,
    /// We were root and cannot be root again.
    pub has_left_root: bool,
    /// There were capabilities (Linux); there are none now, also if `uid` is still 0.
    pub has_dropped_capabilities: bool,
}

/// Why rights may be left. Whoever gets this must not go on.
#[derive(Debug, Error)]
enum DropError {
    #[error("{call} failed: {error}; {ADVICE}")]
    Call {
        call: &'static str,
        error: io::Error,
    },
    #[error("{what} is still ours; {ADVICE}")]
    Kept { what: &'static str },
    #[cfg(target_os = "linux")]
    #[error("{count} threads run already, and each has rights of its own; {ADVICE}")]
    Threads { count: usize },
}

const ADVICE: &str = "capture with `tcpdump -w FILE` and open FILE without being root";

/// A user and its group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Ids {
    uid: Uid,
    gid: Gid,
}

/// Gives up for good what opening an interface needed: root becomes who called sudo, capabilities go.
///
/// To be called before a thread is started, and before a packet is decoded. When it fails, rights may be left
/// and the program has to end.
pub fn drop_privileges() -> io::Result<Rights> {
    capabilities::check_threads()?;
    let (was_root, had_capabilities) = (Uid::effective().is_root(), capabilities::are_held()?);
    // Before the ids change: the bounding set is emptied by a capability, which goes with the user 0.
    capabilities::forbid_gains()?;
    caller().map_or(Ok(()), become_user)?;
    capabilities::clear()?;
    check_left()?;
    let uid = Uid::effective();
    Ok(Rights {
        uid: uid.as_raw(),
        gid: Gid::effective().as_raw(),
        has_left_root: was_root && !uid.is_root(),
        has_dropped_capabilities: had_capabilities,
    })
}

/// Who called us, be it by sudo or by a set-user-ID or set-group-ID program; nobody, if that is root.
fn caller() -> Option<Ids> {
    let (uid, gid) = (Uid::current(), Gid::current());
    if uid.is_root() {
        by_sudo(&env::var("SUDO_UID").ok()?, &env::var("SUDO_GID").ok()?)
    } else {
        // What the environment says is no more than the word of this user.
        Some(Ids { uid, gid })
    }
}

fn by_sudo(uid: &str, gid: &str) -> Option<Ids> {
    // To the system calls the highest number means "leave it as it is".
    let id = |text: &str| text.parse().ok().filter(|id| *id != u32::MAX);
    let (uid, gid) = (Uid::from_raw(id(uid)?), Gid::from_raw(id(gid)?));
    (!uid.is_root()).then_some(Ids { uid, gid })
}

fn become_user(user: Ids) -> io::Result<()> {
    // The user's other groups are not taken over: some are as good as root. Only root may change them, so first.
    if Uid::effective().is_root() {
        called("setgroups", ids::set_groups(user.gid))?;
    }
    if !ids::are_all(user) {
        called("setresgid", ids::set_gid(user.gid))?;
        called("setresuid", ids::set_uid(user.uid))?;
    }
    if ids::are_all(user) {
        Ok(())
    } else {
        Err(kept("the old user or group"))
    }
}

fn check_left() -> io::Result<()> {
    if !Uid::effective().is_root() && setuid(Uid::from_raw(0)).is_ok() {
        return Err(kept("the way back to root"));
    }
    if capabilities::are_held()? {
        return Err(kept("a capability"));
    }
    Ok(())
}

fn called<T, E: Into<io::Error>>(call: &'static str, result: Result<T, E>) -> io::Result<T> {
    result.map_err(|error| {
        let error = error.into();
        io::Error::new(error.kind(), DropError::Call { call, error })
    })
}

fn kept(what: &'static str) -> io::Error {
    io::Error::new(io::ErrorKind::PermissionDenied, DropError::Kept { what })
}

/// What lets a program capture on this system.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Means {
    /// Capabilities of its file, or sudo.
    Capabilities,
    /// Sudo alone: its file is where capabilities of files count for nothing.
    Sudo,
    /// It is root, but has been started without the capabilities, as in a container.
    Start,
    /// Being allowed to read a device.
    Device,
}

/// What is missing for capturing on `interface`, and what to type for it.
pub fn how_to_get_rights(interface: &str) -> String {
    let program = env::current_exe().unwrap_or_else(|_| "peerscope".into());
    advice(interface, &program, means(&program))
}

fn means(program: &Path) -> Means {
    let is_nosuid =
        |path| statvfs(path).is_ok_and(|found| found.flags().contains(FsFlags::ST_NOSUID));
    if !cfg!(target_os = "linux") {
        Means::Device
    } else if Uid::effective().is_root() {
        Means::Start
    } else if is_nosuid(program) {
        Means::Sudo
    } else {
        Means::Capabilities
    }
}

fn advice(interface: &str, program: &Path, means: Means) -> String {
    let missing = match means {
        Means::Device => "read access to /dev/bpf*",
        _ => "the capabilities cap_net_raw and cap_net_admin",
    };
    let program = quoted(&program.to_string_lossy());
    let sudo = format!("sudo {program} -i {}", quoted(interface));
    let way = match means {
        Means::Capabilities => format!(
            "either\n  sudo setcap cap_net_raw,cap_net_admin+ep {program}  # once; lost when it is rebuilt\n  {sudo}"
        ),
        Means::Sudo => format!("setcap does nothing on a nosuid mount, so type\n  {sudo}"),
        Means::Start => "even root was started without them here; add to the container's start\n  \
            --cap-add=NET_RAW --cap-add=NET_ADMIN"
            .to_owned(),
        Means::Device => format!(
            "either\n  sudo chown \"$USER\" /dev/bpf*  # lost when the system restarts\n  {sudo}"
        ),
    };
    format!("capturing on {interface} needs {missing}; {way}")
}

/// As a shell takes it for one word.
fn quoted(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@%,".contains(c);
    if word.chars().all(is_plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// Real, effective and saved ids, where the system can set and tell the three.
#[cfg(any(
    target_os = "linux",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "openbsd"
))]
mod ids {
    use nix::errno::Errno;
    use nix::unistd::{Gid, Uid, getgroups, getresgid, getresuid, setgroups, setresgid, setresuid};

    use super::Ids;

    pub(super) fn set_groups(gid: Gid) -> nix::Result<()> {
        setgroups(&[gid])?;
        let are_set = getgroups()?.iter().all(|group| *group == gid);
        if are_set { Ok(()) } else { Err(Errno::EPERM) }
    }

    pub(super) fn set_gid(gid: Gid) -> nix::Result<()> {
        setresgid(gid, gid, gid)
    }

    pub(super) fn set_uid(uid: Uid) -> nix::Result<()> {
        setresuid(uid, uid, uid)
    }

    /// False also if they cannot be read.
    pub(super) fn are_all(user: Ids) -> bool {
        let (Ok(uid), Ok(gid)) = (getresuid(), getresgid()) else {
            return false;
        };
        [uid.real, uid.effective, uid.saved] == [user.uid; 3]
            && [gid.real, gid.effective, gid.saved] == [user.gid; 3]
    }
}

/// Elsewhere `setuid` of root sets all three ids, and the saved ones cannot be read.
#[cfg(not(any(
    target_os = "linux",
    target_os = "freebsd",
    target_os = "dragonfly",
    target_os = "openbsd"
)))]
mod ids {
    use nix::unistd::{Gid, Uid, setgid, setuid};

    use super::Ids;

    #[cfg(not(target_vendor = "apple"))]
    pub(super) fn set_groups(gid: Gid) -> nix::Result<()> {
        nix::unistd::setgroups(&[gid])
    }

    /// There is no safe call for it: the further groups of root stay.
    #[cfg(target_vendor = "apple")]
    pub(super) fn set_groups(_: Gid) -> nix::Result<()> {
        Ok(())
    }

    pub(super) fn set_gid(gid: Gid) -> nix::Result<()> {
        setgid(gid)
    }

    pub(super) fn set_uid(uid: Uid) -> nix::Result<()> {
        setuid(uid)
    }

    pub(super) fn are_all(user: Ids) -> bool {
        [Uid::current(), Uid::effective()] == [user.uid; 2]
            && [Gid::current(), Gid::effective()] == [user.gid; 2]
    }
}

/// Capabilities, each thread having its own.
#[cfg(target_os = "linux")]
mod capabilities {
    use std::fs;
    use std::io;

    use caps::errors::CapsError;
    use caps::{CapSet, Capability};
    use nix::sys::prctl::set_no_new_privs;

    use super::{DropError, called};

    /// The ambient set is not named: the kernel keeps it within the first two.
    const SETS: [CapSet; 3] = [CapSet::Inheritable, CapSet::Permitted, CapSet::Effective];

    pub(super) fn check_threads() -> io::Result<()> {
        match fs::read_dir("/proc/self/task").map_or(1, Iterator::count) {
            0 | 1 => Ok(()),
            count => Err(io::Error::other(DropError::Threads { count })),
        }
    }

    pub(super) fn are_held() -> io::Result<bool> {
        for set in SETS {
            if !called("capget", caps::read(None, set).map_err(other))?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// No program that we start, set-user-ID or with file capabilities, gets what we have not.
    pub(super) fn forbid_gains() -> io::Result<()> {
        called("prctl(PR_SET_NO_NEW_PRIVS)", set_no_new_privs())?;
        if caps::has_cap(None, CapSet::Effective, Capability::CAP_SETPCAP).unwrap_or(false) {
            clear_set("prctl(PR_CAPBSET_DROP)", CapSet::Bounding)?;
        }
        Ok(())
    }

    pub(super) fn clear() -> io::Result<()> {
        SETS.into_iter()
            .try_for_each(|set| clear_set("capset", set))
    }

    fn clear_set(call: &'static str, set: CapSet) -> io::Result<()> {
        called(call, caps::clear(None, set).map_err(other))
    }

    fn other(error: CapsError) -> io::Error {
        io::Error::other(error)
    }
}

/// Other systems have none.
#[cfg(not(target_os = "linux"))]
#[allow(
    clippy::unnecessary_wraps,
    reason = "the signatures are those of Linux"
)]
mod capabilities {
    use std::io;

    pub(super) fn check_threads() -> io::Result<()> {
        Ok(())
    }

    pub(super) fn are_held() -> io::Result<bool> {
        Ok(false)
    }

    pub(super) fn forbid_gains() -> io::Result<()> {
        Ok(())
    }

    pub(super) fn clear() -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(uid: &str, gid: &str) -> Option<(u32, u32)> {
        by_sudo(uid, gid).map(|user| (user.uid.as_raw(), user.gid.as_raw()))
    }

    fn told(means: Means) -> String {
        advice("eth0", Path::new("/home/ann/peer scope"), means)
    }

    #[test]
    fn sudo_says_who_called_it() {
        assert_eq!(numbers("1000", "100"), Some((1000, 100)));
        assert_eq!(numbers("1000", "0"), Some((1000, 0)));
    }

    #[test]
    fn nobody_is_behind_root_or_behind_what_is_no_id() {
        assert_eq!(numbers("0", "0"), None);
        for wrong in ["", "-1", "4294967295", "4294967296", "ann", " 1000", "1e3"] {
            assert_eq!(numbers(wrong, "100"), None, "{wrong:?}");
            assert_eq!(numbers("1000", wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn the_advice_is_what_is_missing_and_what_to_type() {
        assert_eq!(
            told(Means::Capabilities),
            "capturing on eth0 needs the capabilities cap_net_raw and cap_net_admin; either
  sudo setcap cap_net_raw,cap_net_admin+ep '/home/ann/peer scope'  # once; lost when it is rebuilt
  sudo '/home/ann/peer scope' -i eth0"
        );
        assert_eq!(
            told(Means::Device),
            "capturing on eth0 needs read access to /dev/bpf*; either
  sudo chown \"$USER\" /dev/bpf*  # lost when the system restarts
  sudo '/home/ann/peer scope' -i eth0"
        );
    }

    #[test]
    fn nothing_is_advised_that_would_not_help() {
        assert_eq!(
            told(Means::Sudo),
            "capturing on eth0 needs the capabilities cap_net_raw and cap_net_admin; \
             setcap does nothing on a nosuid mount, so type
  sudo '/home/ann/peer scope' -i eth0"
        );
        assert_eq!(
            told(Means::Start),
            "capturing on eth0 needs the capabilities cap_net_raw and cap_net_admin; \
             even root was started without them here; add to the container's start
  --cap-add=NET_RAW --cap-add=NET_ADMIN"
        );
    }

    #[test]
    fn the_program_that_runs_is_the_one_to_be_given_rights() {
        let program = env::current_exe().unwrap();
        let advice = how_to_get_rights("lo");
        assert!(advice.starts_with("capturing on lo needs "), "{advice}");
        if means(&program) != Means::Start {
            assert!(advice.contains(program.to_str().unwrap()), "{advice}");
        }
    }

    #[test]
    fn a_word_is_quoted_when_the_shell_would_read_it_otherwise() {
        assert_eq!(quoted("/usr/bin/peerscope"), "/usr/bin/peerscope");
        assert_eq!(quoted("it's;"), r"'it'\''s;'");
    }

    #[test]
    fn an_error_names_the_call_and_keeps_its_kind() {
        let error = called::<(), _>("setgroups", Err(nix::errno::Errno::EPERM)).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::PermissionDenied);
        let error = error.to_string();
        assert!(error.starts_with("setgroups failed: "), "{error}");
        assert!(error.ends_with("open FILE without being root"), "{error}");
    }
}
