//! Every key of the table, as a terminal sends it, in every view.

use peerscope::app::key_names;

use super::packets::Pcap;
use super::pty::{Terminal, peerscope, peerscope_at, typed};

/// Keys that lead from the connections into each view, and into what lies over them.
const WAYS: [&[&str]; 14] = [
    &[],
    &["2"],
    &["2", "Enter"],
    &["2", "Enter", "Enter"],
    &["2", "Tab"],
    &["2", "c"],
    &["?"],
    &["3"],
    &["4"],
    &["5"],
    &["6"],
    &["7"],
    &["8"],
    &["9"],
];

/// These end the program, or stop it: others try them.
const ENDS: [&str; 3] = ["q", "Ctrl-C", "Ctrl-Z"];

#[test]
fn every_key_is_answered_in_every_view() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = peerscope("choke_dance.pcap");
    command.cwd(folder.path());
    press_all(Terminal::start(command), "READ 100%");
}

#[test]
fn what_is_shown_is_saved_beside_the_program() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = peerscope("choke_dance.pcap");
    command.cwd(folder.path());
    let mut terminal = Terminal::start(command);
    terminal.shows("READ 100%");
    for name in ["choke_dance-conn0.pcapng", "choke_dance-conn0-2.pcapng"] {
        terminal.press(&typed("Ctrl-S"));
        terminal.shows(&format!("saved {name}: "));
        assert!(folder.path().join(name).exists());
    }
    terminal.press(&format!(":w a.pcapng{}", typed("Enter")));
    terminal.shows("saved a.pcapng: ");
}

#[test]
fn every_key_is_answered_where_there_is_nothing_to_show() {
    let empty = Pcap::new(Vec::new()).unwrap().into_inner();
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), empty).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut command = peerscope_at(file.path());
    command.cwd(folder.path());
    press_all(Terminal::start(command), "READ 100%");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

fn press_all(mut terminal: Terminal, ready: &str) {
    terminal.shows(ready);
    for way in WAYS {
        for key in key_names().into_iter().filter(|key| !ENDS.contains(key)) {
            way.iter()
                .for_each(|key| _ = terminal.answered(&typed(key)));
            for part in key.split(' ') {
                terminal.answered(&typed(part));
            }
            // Out of prompts, overlays and views, however deep.
            for _ in 0..5 {
                terminal.answered(&typed("Esc"));
            }
            terminal.answered("1");
        }
    }
    terminal.shows("[1 Conns]");
    terminal.press("q");
    assert_eq!(terminal.status().exit_code(), 0);
}
