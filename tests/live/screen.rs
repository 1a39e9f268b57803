//! The screen of a capture that is being made, in a terminal of its own.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, MasterPty, PtySize, native_pty_system};
use vt100::Parser;

use crate::peers::{Meeting, Peers};
use crate::sniffer::{
    PATIENCE, PROGRAM, captures, folder, frames, has_begun, kill, may_sniff, messages, until,
};
use crate::{is_whole, kept};

const ENTER: &str = "\r";

#[test]
fn the_cursor_follows_until_it_goes_up_and_again_after_the_last() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let (mut terminal, mut peers) = watching(&meeting, folder.path());
    terminal.press("k");
    terminal.until("LIVE alone", stays);
    peers.have(7);
    terminal.shows(" 5/7 ");
    terminal.press("G");
    terminal.shows("FOLLOWING");
    peers.have(8);
    terminal.shows(" 8/8 ");
    terminal.press("F");
    terminal.until("LIVE alone", stays);
}

#[test]
fn a_paused_screen_counts_what_it_does_not_show() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let (mut terminal, mut peers) = watching(&meeting, folder.path());
    terminal.press("p");
    terminal.shows("PAUSED +0");
    (0..200).for_each(|piece| peers.have(piece));
    terminal.until("packets behind", |screen| behind(screen) >= 200);
    terminal.shows(" 6/6 ");
    terminal.press("p");
    terminal.shows("FOLLOWING");
    terminal.shows(" 206/206 ");
}

#[test]
fn quitting_asks_once_whether_packets_may_go() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let (mut terminal, _peers) = watching(&meeting, folder.path());
    terminal.press("q");
    terminal.shows("the packets are not kept (-w FILE keeps them): q again to quit");
    terminal.press("j");
    terminal.until("question taken back", |screen| !screen.contains("q again"));
    terminal.press("q");
    terminal.shows("q again to quit");
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
    terminal.shows("packets captured, not kept, which -w FILE does; 0 dropped");
    assert!(captures(folder.path()).is_empty());
}

#[test]
fn packets_that_are_kept_need_no_question() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let mut terminal = Terminal::start(meeting.port, folder.path(), &["-w", &name]);
    meeting.begin().introduce();
    terminal.shows(" 6/6 ");
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
    terminal.shows(&format!(
        "{} packets captured, kept in",
        frames(&path).len()
    ));
}

#[test]
fn a_terminal_that_hangs_up_ends_the_capture_in_order() {
    if !may_sniff() {
        return;
    }
    let ((folder, path, name), meeting) = (kept(), Meeting::new());
    let mut terminal = Terminal::start(meeting.port, folder.path(), &["-w", &name]);
    let mut peers = meeting.begin();
    peers.introduce();
    terminal.shows(" 6/6 ");
    kill("HUP", terminal.child.process_id().unwrap());
    terminal.code();
    assert_eq!(messages(&path).len(), peers.said.len());
    is_whole(&path);
}

#[test]
fn a_screen_waits_for_packets_and_quits_without_any() {
    if !may_sniff() {
        return;
    }
    let (folder, meeting) = (folder(), Meeting::new());
    let mut terminal = Terminal::start(meeting.port, folder.path(), &[]);
    terminal.shows("waiting for packets on lo");
    terminal.press("q");
    assert_eq!(terminal.code(), 0);
    terminal.shows("peerscope: 0 packets captured");
}

/// The screen on the last of six messages, and the peers who said them.
fn watching(meeting: &Meeting, folder: &Path) -> (Terminal, Peers) {
    let mut terminal = Terminal::start(meeting.port, folder, &[]);
    terminal.shows("FOLLOWING");
    let mut peers = meeting.begin();
    peers.introduce();
    terminal.shows(&format!("127.0.0.1:{}", meeting.port));
    terminal.press(ENTER);
    terminal.shows(" 6/6 ");
    terminal.shows("FOLLOWING");
    (terminal, peers)
}

/// The first row ends with LIVE, and the cursor does not follow.
fn stays(screen: &str) -> bool {
    let row = screen.lines().next();
    row.is_some_and(|row| row.trim_end().ends_with(" LIVE"))
}

/// The number in `PAUSED +12`.
fn behind(screen: &str) -> u32 {
    let number = screen.split("PAUSED +").nth(1);
    let number = number.and_then(|rest| rest.split_whitespace().next());
    number.and_then(|it| it.parse().ok()).unwrap_or(0)
}

/// The program in a pseudo-terminal.
struct Terminal {
    child: Box<dyn Child + Send + Sync>,
    keys: Box<dyn Write + Send>,
    shown: Arc<Mutex<Parser>>,
    _master: Box<dyn MasterPty + Send>,
}

impl Terminal {
    /// `peerscope -i lo`, when it is ready. Its temporary files are in the folder.
    fn start(port: u16, folder: &Path, more: &[&str]) -> Terminal {
        let pair = native_pty_system().openpty(size()).unwrap();
        let child = pair
            .slave
            .spawn_command(command(port, folder, more))
            .unwrap();
        let cells = |count| NonZeroU16::new(count).unwrap();
        let shown = Arc::new(Mutex::new(Parser::new(cells(30), cells(120), 0)));
        let (reader, parser) = (pair.master.try_clone_reader().unwrap(), shown.clone());
        thread::spawn(move || listen(reader, &parser));
        let keys = pair.master.take_writer().unwrap();
        has_begun(folder);
        Terminal {
            child,
            keys,
            shown,
            _master: pair.master,
        }
    }

    fn press(&mut self, key: &str) {
        self.keys.write_all(key.as_bytes()).unwrap();
    }

    fn shows(&self, text: &str) {
        self.until(text, |screen| screen.contains(text));
    }

    fn until(&self, what: &str, is_so: impl Fn(&str) -> bool) {
        let start = Instant::now();
        while !is_so(&self.contents()) {
            assert!(
                start.elapsed() < PATIENCE,
                "no {what:?} in\n{}",
                self.contents()
            );
            sleep(Duration::from_millis(5));
        }
    }

    fn contents(&self) -> String {
        self.shown.lock().unwrap().screen().contents()
    }

    /// How the program ends.
    fn code(&mut self) -> u32 {
        until("end of the program", || {
            self.child.try_wait().unwrap().is_some()
        });
        self.child.wait().unwrap().exit_code()
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

fn listen(mut reader: Box<dyn Read + Send>, parser: &Mutex<Parser>) {
    let mut bytes = [0; 16 * 1024];
    while let Ok(len @ 1..) = reader.read(&mut bytes) {
        parser.lock().unwrap().process(&bytes[..len]);
    }
}

fn command(port: u16, folder: &Path, more: &[&str]) -> CommandBuilder {
    let mut command = CommandBuilder::new(PROGRAM);
    command.args(["-i", "lo", "-f", &format!("tcp port {port}")]);
    command.args(more);
    for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command.env("TMPDIR", folder);
    command
}

fn size() -> PtySize {
    PtySize {
        rows: 30,
        cols: 120,
        ..PtySize::default()
    }
}
