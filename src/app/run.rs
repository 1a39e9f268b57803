//! The loop: input and batches of the capture in, at most one screen out.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::{AsFd, OwnedFd};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::Context;
use crossbeam_channel::{Receiver, Sender, after, bounded, never, select_biased, tick, unbounded};
use crossterm::event::{self, Event as Input};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::process::{Signal, kill_current_process_group};
use signal_hook::consts::{SIGCONT, SIGHUP, SIGINT, SIGTERM};
use signal_hook::iterator::Signals;

use super::clipboard;
use super::terminal::Screen;
use super::{App, Effect, Settings, Work, keys};
use crate::capture::{Feed, OpenError, Opening, Timestamp, Wait};
use crate::pipeline::{Pipeline, Progress, Told};
use crate::store::Change;

/// Batches that may wait for the screen: the worker stops when it is ahead.
const BATCHES_AHEAD: usize = 4;
/// While data comes in, the screen is drawn at most so often; keys are drawn at once.
const FRAME: Duration = Duration::from_millis(33);
/// Between two looks at the counts of a live capture.
const COUNTS: Duration = Duration::from_millis(500);
/// So long the end of a live capture may take before the program ends without it.
const LAST_WRITE: Duration = Duration::from_secs(1);

/// So long a signal to stop may take to arrive.
const STOPPING: Duration = Duration::from_millis(100);

/// What the worker has: changes, or the reason why there is no capture.
type Batch = Result<(Vec<Change>, Progress), OpenError>;

/// What comes from outside.
enum News {
    Input(Input),
    /// The program was stopped and goes on: others have had the terminal.
    Continued,
    /// A signal, or the terminal is gone.
    Quit,
}

/// Opens the screen and returns when the user quits or the terminal is gone. A capture that is being made is
/// then ended: what was taken is in its file. Gives what the user should know of the capture, if there is anything. `told` is what the user said about it.
pub fn run(
    opening: Opening,
    told: Told,
    name: &str,
    settings: Settings,
    supply: Supply,
) -> anyhow::Result<Option<String>> {
    let has_mouse = settings.has_mouse;
    let mut app = App::new(opening.source().clone(), name, settings.look).with(settings);
    if let Supply::Sniffed { feed, is_kept } = &supply {
        app = app.sniffing(feed.control.clone(), *is_kept);
    }
    let control = match &supply {
        Supply::Sniffed { feed, .. } => Some(feed.control.clone()),
        Supply::There | Supply::Copied(_) => None,
    };
    let (news, inbox) = unbounded();
    let terminal = terminal().context("there is no terminal to read keys from")?;
    watch_signals(news.clone()).context("cannot watch for signals")?;
    let screen = Screen::open(has_mouse)
        .context("cannot use the terminal; use `peerscope summary FILE` where there is none")?;
    let (batches, worker) = read_in_worker(opening, told, supply);
    watch_terminal(terminal, news.clone());
    thread::spawn(move || read_input(&news));
    let mut looped = Loop {
        app,
        screen,
        inbox,
        batches,
        drawn: Instant::now(),
        work: Work::Done,
    };
    let ended = looped.run();
    let parting = looped.app.parting();
    // The terminal is given back.
    drop(looped);
    if let Some(control) = control {
        control.stop();
        let _ = worker.recv_timeout(LAST_WRITE);
    }
    ended.map(|()| parting)
}

/// Who brings the bytes of the capture.
#[derive(Debug)]
pub enum Supply {
    /// Nobody: they are there.
    There,
    /// They come through a pipe, or out of an archive.
    Copied(Feed),
    /// They are captured at this moment.
    Sniffed {
        /// Tells of more.
        feed: Feed,
        /// Does the file outlive the program?
        is_kept: bool,
    },
}

struct Loop {
    app: App,
    screen: Screen,
    inbox: Receiver<News>,
    /// Dropping it stops the reading.
    batches: Receiver<Batch>,
    drawn: Instant,
    /// Is there work that takes longer than a key may?
    work: Work,
}

/// What the loop has to show.
#[derive(PartialEq)]
enum Due {
    Nothing,
    /// When the last frame is old enough.
    Soon,
    /// When no key waits.
    Now,
}

impl Loop {
    fn run(&mut self) -> anyhow::Result<()> {
        let mut due = Due::Now;
        // While the screen is held the worker waits, and what is captured waits in its file.
        let held = never();
        // The counts of a live capture change without a batch.
        let counts = if self.app.is_live() {
            tick(COUNTS)
        } else {
            never()
        };
        loop {
            if due == Due::Now && self.inbox.is_empty() {
                self.draw()?;
                due = Due::Nothing;
            }
            let wait = if due == Due::Soon {
                after(FRAME.saturating_sub(self.drawn.elapsed()))
            } else {
                never()
            };
            // Work in slices gives way to everything else.
            let idle = match self.work {
                Work::More => after(Duration::ZERO),
                Work::Done => never(),
            };
            select_biased! {
                recv(self.inbox) -> news => match news {
                    Ok(News::Continued) => {
                        self.screen.take_again(&mut self.app)?;
                        due = Due::Now;
                    }
                    Ok(News::Input(input)) if self.input(&input)? != Effect::Quit => due = Due::Now,
                    Ok(_) | Err(_) => return Ok(()),
                },
                recv(wait) -> _ => due = Due::Now,
                recv(counts) -> _ => {
                    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
                    self.app.tick(COUNTS, Timestamp(now.as_nanos() as u64));
                    due = Due::Now;
                }
                recv(if self.app.is_paused() { &held } else { &self.batches }) -> batch => {
                    self.take(batch.ok().transpose()?);
                    self.work();
                    due = if due == Due::Now { Due::Now } else { Due::Soon };
                }
                recv(idle) -> _ => {
                    self.work();
                    due = if due == Due::Now { Due::Now } else { Due::Soon };
                }
            }
        }
    }

    fn work(&mut self) {
        self.work = self.app.work();
    }

    fn take(&mut self, batch: Option<(Vec<Change>, Progress)>) {
        if let Some((changes, progress)) = batch {
            self.app.apply(changes, progress);
        } else {
            self.batches = never();
            self.app.reading_ended();
        }
    }

    fn draw(&mut self) -> io::Result<()> {
        self.screen.draw(&mut self.app)?;
        if self.app.has_new_work() {
            self.work = Work::More;
        }
        self.drawn = Instant::now();
        Ok(())
    }

    fn input(&mut self, input: &Input) -> anyhow::Result<Effect> {
        let size = self.screen.size()?;
        let effect = match input {
            Input::Key(key) => match keys::name(key) {
                Some(name) => self.app.press(&name, size),
                None => return Ok(Effect::Draw),
            },
            Input::Paste(text) => {
                self.app.paste(text);
                Effect::Draw
            }
            Input::Mouse(event) => self.app.point(*event, Instant::now(), size),
            _ => return Ok(Effect::Draw),
        };
        // What a key asks for is begun before the next frame; most of it is then done.
        self.work();
        self.follow(effect)
    }

    fn follow(&mut self, effect: Effect) -> anyhow::Result<Effect> {
        match &effect {
            Effect::Redraw => self.screen.redraw(&mut self.app)?,
            Effect::Suspend => self.suspend()?,
            Effect::StopReading => {
                self.batches = never();
                self.app.reading_ended();
            }
            Effect::Mouse(is_on) => self.screen.listen_to_mouse(*is_on)?,
            Effect::Copy(text) => clipboard::send(text)?,
            Effect::Draw | Effect::Quit => {}
        }
        Ok(effect)
    }

    /// Stops the program as the terminal would have, without raw mode: the shell gets its terminal as it was. Where
    /// there is no shell to wake it up again, nothing stops, and it goes on at once.
    fn suspend(&mut self) -> anyhow::Result<()> {
        Screen::give_back()?;
        let stopped = kill_current_process_group(Signal::TSTP);
        thread::sleep(STOPPING);
        self.screen.take_again(&mut self.app)?;
        Ok(stopped?)
    }
}

/// Decodes in a thread of its own, a few batches ahead at most. A panic there ends the reading, not the program:
/// the channel closes and what was read stays. The second channel closes when the thread has ended.
fn read_in_worker(opening: Opening, told: Told, supply: Supply) -> (Receiver<Batch>, Receiver<()>) {
    let (batches, inbox) = bounded(BATCHES_AHEAD);
    let (alive, ended) = bounded(0);
    thread::spawn(move || {
        let feed = match supply {
            Supply::There => None,
            Supply::Copied(feed) | Supply::Sniffed { feed, .. } => Some(feed),
        };
        match opening.read(feed.as_ref()) {
            Err(error) => drop(batches.send(Err(error))),
            Ok(reader) => match &feed {
                None => read_to_end(Pipeline::new(reader).told(told), &batches),
                Some(feed) => follow(Pipeline::following(reader).told(told), feed, &batches),
            },
        }
        drop(alive);
    });
    (inbox, ended)
}

fn read_to_end(mut pipeline: Pipeline, batches: &Sender<Batch>) {
    loop {
        let mut changes = Vec::new();
        let progress = pipeline.step(&mut changes);
        let is_done = progress.is_done;
        if batches.send(Ok((changes, progress))).is_err() || is_done {
            return;
        }
    }
}

/// Reads what is being written. When the screen is gone, it stays until the writers have ended.
fn follow(mut pipeline: Pipeline, feed: &Feed, batches: &Sender<Batch>) {
    let mut told = Progress::default();
    loop {
        let mut changes = Vec::new();
        let progress = pipeline.step(&mut changes);
        let (is_done, is_waiting) = (progress.is_done, progress.is_waiting);
        let is_news = told != progress;
        told = progress.clone();
        let has_nobody = is_news && batches.send(Ok((changes, progress))).is_err();
        if has_nobody {
            return feed.leave();
        }
        if is_done {
            return;
        }
        if is_waiting && feed.wait() == Wait::Ended {
            pipeline.let_end();
        }
    }
}

fn watch_signals(news: Sender<News>) -> io::Result<()> {
    let mut signals = Signals::new([SIGHUP, SIGINT, SIGTERM, SIGCONT])?;
    thread::spawn(move || {
        for signal in signals.forever() {
            let is_end = signal != SIGCONT;
            let told = news.send(if is_end { News::Quit } else { News::Continued });
            if is_end || told.is_err() {
                return;
            }
        }
    });
    Ok(())
}

/// The terminal that crossterm reads keys from: standard input, or where that is something else, the one that the
/// program was started in.
fn terminal() -> io::Result<OwnedFd> {
    let stdin = io::stdin();
    if stdin.is_terminal() {
        return stdin.as_fd().try_clone_to_owned();
    }
    Ok(File::open("/dev/tty")?.into())
}

/// True when there is a terminal to read keys from.
pub fn has_keys() -> bool {
    terminal().is_ok()
}

/// Asked for nothing, `poll` still tells that the terminal has hung up. crossterm does not: its read of a dead
/// terminal returns at once, for ever.
fn watch_terminal(terminal: OwnedFd, news: Sender<News>) {
    thread::spawn(move || {
        let gone = PollFlags::HUP | PollFlags::ERR | PollFlags::NVAL;
        loop {
            let mut watched = [PollFd::new(&terminal, PollFlags::empty())];
            match poll(&mut watched, None) {
                Ok(_) if watched[0].revents().intersects(gone) => break,
                Ok(_) | Err(rustix::io::Errno::INTR) => {}
                Err(_) => break,
            }
        }
        let _ = news.send(News::Quit);
    });
}

fn read_input(news: &Sender<News>) {
    while let Ok(input) = event::read() {
        if news.send(News::Input(input)).is_err() {
            return;
        }
    }
    let _ = news.send(News::Quit);
}
