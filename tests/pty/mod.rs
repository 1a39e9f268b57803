//! A pseudo-terminal of 80 by 24 that shows and types, and answers no question. What it shows is kept.

use std::io::{Read, Write};
use std::num::NonZeroU16;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, Condvar, Mutex, MutexGuard};
use std::thread::{self, sleep};
use std::time::{Duration, Instant};

use portable_pty::{Child, CommandBuilder, ExitStatus, MasterPty, PtySize, native_pty_system};
use vt100::{Parser, Screen};

pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_peerscope");

/// Long enough for a busy machine; nothing waits that long when all is well.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// So soon the program is gone when its terminal is.
pub(crate) const SOON: Duration = Duration::from_secs(5);

pub(crate) const LEAVE_ALTERNATE_SCREEN: &[u8] = b"\x1b[?1049l";
pub(crate) const SHOW_CURSOR: &[u8] = b"\x1b[?25h";
pub(crate) const BEGIN_UPDATE: &[u8] = b"\x1b[?2026h";
pub(crate) const END_UPDATE: &[u8] = b"\x1b[?2026l";
/// A child in a pseudo-terminal, and what it wrote there.
pub(crate) struct Terminal {
    pub(crate) child: Box<dyn Child + Send + Sync>,
    /// The ends that keep the terminal alive. The third is the reader's.
    line: Option<(Box<dyn MasterPty + Send>, Box<dyn Write + Send>)>,
    pub(crate) shown: Arc<Shown>,
}

#[derive(Default)]
pub(crate) struct Shown {
    pub(crate) state: Mutex<State>,
    changed: Condvar,
}

pub(crate) struct State {
    pub(crate) parser: Parser,
    pub(crate) output: Vec<u8>,
    /// Frames that were drawn.
    frames: usize,
    /// So many bytes of the output have gone to the parser.
    parsed: usize,
    /// The reader is to let go of the terminal.
    is_hanging_up: bool,
    /// It has.
    has_ended: bool,
}

impl Default for State {
    fn default() -> State {
        State {
            parser: Parser::new(cells(24), cells(80), 0),
            output: Vec::new(),
            frames: 0,
            parsed: 0,
            is_hanging_up: false,
            has_ended: false,
        }
    }
}

impl State {
    /// A screen is shown when it is whole, as terminals do that know synchronized updates.
    pub(crate) fn take(&mut self, bytes: &[u8]) {
        // An escape may come in two parts.
        let new = self.output.len().saturating_sub(END_UPDATE.len() - 1);
        self.output.extend(bytes);
        let new = &self.output[new..];
        let ends = new.windows(END_UPDATE.len());
        self.frames += ends.filter(|bytes| *bytes == END_UPDATE).count();
        let unparsed = &self.output[self.parsed..];
        let (begin, end) = (last(unparsed, BEGIN_UPDATE), last(unparsed, END_UPDATE));
        let whole = begin.filter(|_| begin > end).unwrap_or(unparsed.len()) + self.parsed;
        if whole > self.parsed {
            self.parser.process(&self.output[self.parsed..whole]);
            self.parsed = whole;
        }
    }
}

impl Terminal {
    pub(crate) fn start(command: CommandBuilder) -> Terminal {
        let pair = native_pty_system().openpty(size(80, 24)).unwrap();
        let child = pair.slave.spawn_command(command).unwrap();
        let shown = Arc::new(Shown::default());
        let (reader, listener) = (pair.master.try_clone_reader().unwrap(), shown.clone());
        thread::spawn(move || listener.listen(reader));
        let keys = pair.master.take_writer().unwrap();
        Terminal {
            child,
            line: Some((pair.master, keys)),
            shown,
        }
    }

    pub(crate) fn press(&mut self, key: &str) {
        let (_, keys) = self.line.as_mut().unwrap();
        keys.write_all(key.as_bytes()).unwrap();
    }

    /// Presses and waits for the frame that answers. Gives the time it took.
    pub(crate) fn answered(&mut self, key: &str) -> Duration {
        let before = self.frames();
        let start = Instant::now();
        self.press(key);
        self.shown.until("frame", |state| state.frames > before);
        start.elapsed()
    }

    fn frames(&self) -> usize {
        self.shown.state.lock().unwrap().frames
    }

    pub(crate) fn resize(&self, width: u16, height: u16) {
        let mut state = self.shown.state.lock().unwrap();
        state.parser.set_size(cells(height), cells(width));
        let (master, _) = self.line.as_ref().unwrap();
        master.resize(size(width, height)).unwrap();
    }

    /// Something else writes to the same terminal.
    pub(crate) fn garble(&self, text: &str) {
        self.shown
            .state
            .lock()
            .unwrap()
            .parser
            .process(text.as_bytes());
    }

    /// Waits until the screen holds the text, and gives the screen.
    pub(crate) fn shows(&self, text: &str) -> String {
        self.until(text, |screen| screen.contents().contains(text))
    }

    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&Screen) -> bool) -> String {
        let state = self.shown.wait(what, |state| is_so(state.parser.screen()));
        state.parser.screen().contents()
    }

    /// The reversed text of the screen.
    pub(crate) fn inverse(&self) -> String {
        let state = self.shown.state.lock().unwrap();
        let screen = state.parser.screen();
        let (height, width) = screen.size();
        let places = (0..height.get()).flat_map(|row| (0..width.get()).map(move |x| (row, x)));
        let cells = places.filter_map(|(row, x)| screen.cell(row, x));
        cells
            .filter(|cell| cell.inverse())
            .map(vt100::Cell::contents)
            .collect()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.process_id().unwrap();
        let kill = Command::new("sh")
            .args(["-c", &format!("kill -{name} {pid}")])
            .status();
        assert!(kill.unwrap().success());
    }

    /// Closes every end of the terminal but the child's.
    pub(crate) fn hang_up(&mut self) {
        self.shown.state.lock().unwrap().is_hanging_up = true;
        // The reader sits in its read until something is drawn.
        self.press("\x0c");
        self.shown
            .until("the reader's end", |state| state.has_ended);
        self.line = None;
    }

    pub(crate) fn is_gone_soon(&mut self) {
        let ended = self.ended_within(SOON);
        assert!(ended.is_some(), "still there, without a terminal");
    }

    /// How the child ended, with all that it wrote.
    pub(crate) fn status(&mut self) -> ExitStatus {
        let status = self.ended_within(PATIENCE);
        let status = status.unwrap_or_else(|| panic!("it does not end\n{}", self.shows("")));
        self.shown
            .until("the last of its output", |state| state.has_ended);
        status
    }

    pub(crate) fn ended_within(&mut self, patience: Duration) -> Option<ExitStatus> {
        let start = Instant::now();
        while start.elapsed() < patience {
            if let Some(status) = self.child.try_wait().unwrap() {
                return Some(status);
            }
            sleep(Duration::from_millis(5));
        }
        None
    }

    pub(crate) fn output(&self) -> Vec<u8> {
        self.shown.state.lock().unwrap().output.clone()
    }

    pub(crate) fn was_given_back(&self) {
        let output = self.output();
        assert!(contains(&output, LEAVE_ALTERNATE_SCREEN));
        assert!(contains(&output, SHOW_CURSOR));
        self.until("the screen from before", |screen| {
            !screen.alternate_screen() && !screen.hide_cursor()
        });
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // Its number may be another's by now, if it was waited for.
        if let Ok(None) = self.child.try_wait() {
            let _ = self.child.kill();
            let _ = self.child.wait();
        }
    }
}

impl Shown {
    /// Takes what the child writes until nobody can write any more.
    pub(crate) fn listen(&self, mut reader: Box<dyn Read + Send>) {
        let mut bytes = [0; 16 * 1024];
        while let Ok(len) = reader.read(&mut bytes) {
            let mut state = self.state.lock().unwrap();
            state.take(&bytes[..len]);
            self.changed.notify_all();
            // After a whole frame the program waits, and nothing but the hang-up itself can tell it.
            if len == 0 || state.is_hanging_up && state.output.ends_with(END_UPDATE) {
                break;
            }
        }
        drop(reader);
        self.state.lock().unwrap().has_ended = true;
        self.changed.notify_all();
    }

    pub(crate) fn until(&self, what: &str, is_so: impl Fn(&State) -> bool) {
        drop(self.wait(what, is_so));
    }

    pub(crate) fn wait(&self, what: &str, is_so: impl Fn(&State) -> bool) -> MutexGuard<'_, State> {
        let state = self.state.lock().unwrap();
        let (state, waited) = self
            .changed
            .wait_timeout_while(state, PATIENCE, |state| !is_so(state))
            .unwrap();
        if waited.timed_out() {
            let screen = state.parser.screen().contents();
            // A panic under the lock would take the reader with it.
            drop(state);
            panic!("no {what:?} in\n{screen}");
        }
        state
    }
}

pub(crate) fn peerscope(name: &str) -> CommandBuilder {
    peerscope_at(&capture(name))
}

pub(crate) fn peerscope_at(path: &Path) -> CommandBuilder {
    let mut command = CommandBuilder::new(PROGRAM);
    command.arg(path);
    with_plain_environment(command)
}

pub(crate) fn with_plain_environment(mut command: CommandBuilder) -> CommandBuilder {
    for name in ["NO_COLOR", "LC_ALL", "LC_CTYPE"] {
        command.env_remove(name);
    }
    command.env("TERM", "xterm-256color");
    command.env("LANG", "C.UTF-8");
    command
}

pub(crate) fn capture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("captures")
        .join(name)
}

pub(crate) fn contains(bytes: &[u8], part: &[u8]) -> bool {
    last(bytes, part).is_some()
}

pub(crate) fn last(bytes: &[u8], part: &[u8]) -> Option<usize> {
    bytes.windows(part.len()).rposition(|window| window == part)
}

pub(crate) fn size(cols: u16, rows: u16) -> PtySize {
    PtySize {
        rows,
        cols,
        ..PtySize::default()
    }
}

pub(crate) fn cells(count: u16) -> NonZeroU16 {
    NonZeroU16::new(count).unwrap()
}

/// The bytes that a terminal sends for a key of the table; a sequence is several keys.
pub(crate) fn typed(key: &str) -> String {
    let control = key
        .strip_prefix("Ctrl-")
        .and_then(|letter| letter.chars().next());
    if let Some(letter) = control {
        return char::from(letter as u8 & 0x1f).to_string();
    }
    let named = match key {
        "Enter" => "\r",
        "Esc" => "\x1b",
        "Tab" => "\t",
        "Shift-Tab" => "\x1b[Z",
        "Space" => " ",
        "Up" => "\x1b[A",
        "Down" => "\x1b[B",
        "Right" => "\x1b[C",
        "Left" => "\x1b[D",
        "Home" => "\x1b[H",
        "End" => "\x1b[F",
        "PgUp" => "\x1b[5~",
        "PgDn" => "\x1b[6~",
        "Delete" => "\x1b[3~",
        "Backspace" => "\x7f",
        "F1" => "\x1bOP",
        "F2" => "\x1bOQ",
        "*" => "a",
        char if char.chars().count() == 1 => char,
        other => panic!("no bytes are known for {other}"),
    };
    named.to_owned()
}
