//! Programs that a test needs and a small machine lacks.

use std::process::{Command, Stdio};
use std::sync::{Mutex, PoisonError};

/// True when the command succeeds. Where it does not, and this user may, the package of Debian is installed.
pub(crate) fn is_there(command: &[&str], package: &str) -> bool {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    succeeds(command) || {
        install(package);
        succeeds(command)
    }
}

fn install(package: &str) {
    let install = [
        "apt-get",
        "install",
        "-y",
        "--no-install-recommends",
        package,
    ];
    let _ = succeeds(&["apt-get", "update"]) && succeeds(&install);
}

pub(crate) fn succeeds(command: &[&str]) -> bool {
    let mut child = Command::new(command[0]);
    child.args(&command[1..]).stdin(Stdio::null());
    child.env("DEBIAN_FRONTEND", "noninteractive");
    child.output().is_ok_and(|output| output.status.success())
}
