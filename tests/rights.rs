//! Rights are given up for good: every test is a process of its own, because there is no way back.
//!
//! Capabilities belong to a thread, and the usual harness runs a test on the second one. So this one has none:
//! the program starts itself once for each role, and the role is played on the first thread.

use std::env;
use std::process::{Command, ExitCode};

#[cfg(target_os = "linux")]
#[path = "rights/roles.rs"]
mod roles;

/// Elsewhere there is no way to see what is left.
#[cfg(not(target_os = "linux"))]
mod roles {
    pub(super) const ROLES: &[super::Role] = &[];

    pub(super) fn reason_to_skip() -> Option<String> {
        None
    }
}

/// Names the role that a child plays.
const ROLE: &str = "PEERSCOPE_TEST_RIGHTS";

/// A test, and what sudo says in its environment.
struct Role {
    name: &'static str,
    sudo: &'static [(&'static str, &'static str)],
    play: fn(),
}

fn main() -> ExitCode {
    if let Ok(name) = env::var(ROLE) {
        let role = roles::ROLES.iter().find(|role| role.name == name);
        (role.expect("a role that exists").play)();
        return ExitCode::SUCCESS;
    }
    let first = env::args().nth(1).unwrap_or_default();
    if env::args().any(|argument| argument == "--list") {
        roles::ROLES
            .iter()
            .for_each(|role| println!("{}: test", role.name));
        return ExitCode::SUCCESS;
    }
    let filter = if first.starts_with('-') { "" } else { &first };
    run_all(filter)
}

/// Prints what the usual harness prints.
fn run_all(filter: &str) -> ExitCode {
    let wanted = roles::ROLES
        .iter()
        .filter(|role| role.name.contains(filter));
    let wanted: Vec<&Role> = wanted.collect();
    let filtered_out = roles::ROLES.len() - wanted.len();
    println!("\nrunning {} tests", wanted.len());
    if let Some(reason) = roles::reason_to_skip() {
        println!("skipped: {reason}");
        summary("ok", [0, 0, wanted.len(), filtered_out]);
        return ExitCode::SUCCESS;
    }
    let failed = wanted.iter().filter(|role| !has_passed(role)).count();
    let word = if failed == 0 { "ok" } else { "FAILED" };
    summary(word, [wanted.len() - failed, failed, 0, filtered_out]);
    ExitCode::from(u8::from(failed > 0))
}

fn summary(word: &str, [passed, failed, ignored, filtered_out]: [usize; 4]) {
    println!(
        "\ntest result: {word}. {passed} passed; {failed} failed; {ignored} ignored; 0 measured; \
         {filtered_out} filtered out\n"
    );
}

fn has_passed(role: &Role) -> bool {
    let mut child = Command::new(env::current_exe().expect("a path"));
    child.env_remove("SUDO_UID").env_remove("SUDO_GID");
    child.envs(role.sudo.iter().copied()).env(ROLE, role.name);
    let output = child.output().expect("a child");
    let is_ok = output.status.success();
    println!(
        "test {} ... {}",
        role.name,
        if is_ok { "ok" } else { "FAILED" }
    );
    if !is_ok {
        println!("{}", String::from_utf8_lossy(&output.stderr));
    }
    is_ok
}
