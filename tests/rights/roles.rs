//! What a process has after it gave up its rights, told by the kernel.

use std::collections::HashMap;
use std::net::UdpSocket;
use std::process::Command;
use std::{fs, thread};

use caps::securebits::set_keepcaps;
use caps::{CapSet, Capability};
use nix::unistd::{Gid, Uid, setgid, setgroups, setresgid, setresuid, setuid};
use pcap::{Active, Capture};
use peerscope::capture::{Rights, drop_privileges};

use super::Role;

const ANN: u32 = 1000;
const NOT_BY_SUDO: &[(&str, &str)] = &[];
const ANN_BY_SUDO: &[(&str, &str)] = &[("SUDO_UID", "1000"), ("SUDO_GID", "1000")];
const EVE_BY_SUDO: &[(&str, &str)] = &[("SUDO_UID", "1001"), ("SUDO_GID", "1001")];
const NO_USER_BY_SUDO: &[(&str, &str)] = &[("SUDO_UID", "4294967295"), ("SUDO_GID", "1000")];

/// What the roles need to begin.
const NEEDED: [Capability; 4] = [
    Capability::CAP_NET_RAW,
    Capability::CAP_SETGID,
    Capability::CAP_SETPCAP,
    Capability::CAP_SETUID,
];

macro_rules! roles {
    ($($play:ident: $sudo:ident,)*) => {
        &[$(Role { name: stringify!($play), sudo: $sudo, play: $play }),*]
    };
}

pub(super) const ROLES: &[Role] = roles! {
    root_by_sudo_becomes_who_called: ANN_BY_SUDO,
    root_with_nobody_behind_it_stays_root_without_capabilities: NOT_BY_SUDO,
    a_caller_that_is_no_user_is_nobody: NO_USER_BY_SUDO,
    a_program_root_starts_afterwards_gets_nothing_back: NOT_BY_SUDO,
    capabilities_of_the_file_go_and_the_environment_is_not_believed: EVE_BY_SUDO,
    a_set_user_id_program_becomes_its_caller_and_nobody_else: EVE_BY_SUDO,
    an_ordinary_user_stays_what_it_is: EVE_BY_SUDO,
    a_way_back_to_root_is_an_error: NOT_BY_SUDO,
    a_thread_that_would_keep_its_rights_is_an_error: ANN_BY_SUDO,
};

pub(super) fn reason_to_skip() -> Option<String> {
    let has = |capability| caps::has_cap(None, CapSet::Effective, capability).unwrap_or(false);
    let may_begin = Uid::effective().is_root() && NEEDED.into_iter().all(has);
    (!may_begin).then(|| format!("only root with {NEEDED:?} has rights to give up"))
}

fn root_by_sudo_becomes_who_called() {
    setgroups(&[0, 4, 27].map(Gid::from_raw)).unwrap();
    let open = open_loopback().unwrap();
    assert_eq!(drop_privileges().unwrap(), rights(ANN, true, true));
    assert_is(ANN);
    assert_eq!(status()["Groups"], ANN.to_string());
    assert!(setgroups(&[Gid::from_raw(0)]).is_err());
    assert!(caps::read(None, CapSet::Bounding).unwrap().is_empty());
    assert_has_no_rights();
    assert_captures_only_what_is_open(open);
}

fn root_with_nobody_behind_it_stays_root_without_capabilities() {
    let open = open_loopback().unwrap();
    assert_eq!(drop_privileges().unwrap(), rights(0, false, true));
    assert_is(0);
    assert!(setresuid_to(ANN).is_err());
    assert!(caps::read(None, CapSet::Bounding).unwrap().is_empty());
    assert_has_no_rights();
    assert_captures_only_what_is_open(open);
}

fn a_caller_that_is_no_user_is_nobody() {
    assert_eq!(drop_privileges().unwrap(), rights(0, false, true));
    assert_is(0);
    assert_has_no_rights();
}

fn a_program_root_starts_afterwards_gets_nothing_back() {
    drop_privileges().unwrap();
    let cat = Command::new("cat").arg("/proc/self/status").output();
    assert_capabilities_are_none(&parsed(&String::from_utf8_lossy(&cat.unwrap().stdout)));
}

fn capabilities_of_the_file_go_and_the_environment_is_not_believed() {
    become_ann_with(Capability::CAP_NET_RAW);
    let open = open_loopback().unwrap();
    assert_eq!(drop_privileges().unwrap(), rights(ANN, false, true));
    assert_is(ANN);
    assert_has_no_rights();
    assert_captures_only_what_is_open(open);
}

fn a_set_user_id_program_becomes_its_caller_and_nobody_else() {
    let [ann, root] = [ANN, 0].map(Uid::from_raw);
    setresgid_to(ANN).unwrap();
    setresuid(ann, root, root).unwrap();
    assert_eq!(drop_privileges().unwrap(), rights(ANN, true, true));
    assert_is(ANN);
    assert_has_no_rights();
}

fn an_ordinary_user_stays_what_it_is() {
    setgroups(&[ANN, 27].map(Gid::from_raw)).unwrap();
    setresgid_to(ANN).unwrap();
    setresuid_to(ANN).unwrap();
    assert_eq!(drop_privileges().unwrap(), rights(ANN, false, false));
    assert_is(ANN);
    assert_has_no_rights();
}

fn a_way_back_to_root_is_an_error() {
    let [ann, root] = [ANN, 0].map(Uid::from_raw);
    setresuid(root, ann, root).unwrap();
    let error = drop_privileges().unwrap_err().to_string();
    assert!(
        error.starts_with("the way back to root is still ours; "),
        "{error}"
    );
}

fn a_thread_that_would_keep_its_rights_is_an_error() {
    thread::spawn(thread::park);
    let error = drop_privileges().unwrap_err().to_string();
    assert!(error.starts_with("2 threads run already"), "{error}");
    assert_is(0);
}

/// What the kernel leaves of root that becomes a user of a program with a capability, in every set there is.
fn become_ann_with(capability: Capability) {
    set_keepcaps(true).unwrap();
    setgroups(&[]).unwrap();
    setresgid_to(ANN).unwrap();
    setresuid_to(ANN).unwrap();
    let only = [capability].into_iter().collect();
    for set in [
        CapSet::Effective,
        CapSet::Permitted,
        CapSet::Inheritable,
        CapSet::Ambient,
    ] {
        caps::set(None, set, &only).unwrap();
        assert_eq!(caps::read(None, set).unwrap(), only);
    }
}

fn setresuid_to(uid: u32) -> nix::Result<()> {
    let uid = Uid::from_raw(uid);
    setresuid(uid, uid, uid)
}

fn setresgid_to(gid: u32) -> nix::Result<()> {
    let gid = Gid::from_raw(gid);
    setresgid(gid, gid, gid)
}

/// Users here have a group of the same number.
fn rights(id: u32, has_left_root: bool, has_dropped_capabilities: bool) -> Rights {
    Rights {
        uid: id,
        gid: id,
        has_left_root,
        has_dropped_capabilities,
    }
}

fn status() -> HashMap<String, String> {
    parsed(&fs::read_to_string("/proc/self/status").unwrap())
}

fn parsed(status: &str) -> HashMap<String, String> {
    let fields = status.lines().filter_map(|line| line.split_once(':'));
    fields
        .map(|(name, value)| (name.to_owned(), value.trim().to_owned()))
        .collect()
}

/// Real, effective, saved and of the file system.
fn assert_is(id: u32) {
    let (status, four) = (status(), [id; 4].map(|id| id.to_string()).join("\t"));
    assert_eq!([&status["Uid"], &status["Gid"]], [&four; 2]);
}

fn assert_has_no_rights() {
    let status = status();
    assert_capabilities_are_none(&status);
    assert_eq!(status["NoNewPrivs"], "1");
    if !Uid::current().is_root() {
        assert!(setuid(Uid::from_raw(0)).is_err());
        assert!(setgid(Gid::from_raw(0)).is_err());
    }
}

fn assert_capabilities_are_none(status: &HashMap<String, String>) {
    for set in ["CapInh", "CapPrm", "CapEff", "CapAmb"] {
        assert_eq!(status[set], "0000000000000000", "{set}");
    }
}

fn open_loopback() -> Result<Capture<Active>, pcap::Error> {
    Capture::from_device("lo")?
        .immediate_mode(true)
        .timeout(1000)
        .open()
}

/// A handle is a raw socket: an old one still gives packets, a new one cannot be opened.
fn assert_captures_only_what_is_open(mut open: Capture<Active>) {
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket
        .send_to(b"after the drop", socket.local_addr().unwrap())
        .unwrap();
    let is_ours = |bytes: &[u8]| bytes.ends_with(b"after the drop");
    while !is_ours(open.next_packet().expect("our packet").data) {}
    let error = open_loopback().err().expect("no more rights").to_string();
    assert!(error.to_lowercase().contains("permi"), "{error}");
}
