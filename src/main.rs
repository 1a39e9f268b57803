//! The shell of the program: arguments in, one line of error out, exit codes.

mod args;
mod config;
mod input;
mod judging;
mod manual;
mod save;

use std::collections::BTreeSet;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Args, CANNOT_PRINT, Command, Filtered, Input, Output};
use config::{BadConfig, Config, Mouse};
use input::{Fate, Opened, Refusal};
use peerscope::app::{Settings, Supply};
#[cfg(feature = "live")]
use peerscope::capture::SniffError;
use peerscope::capture::{Access, Control, OpenError, Wait};
use peerscope::export::{self, Format};
use peerscope::pipeline::Pipeline;
use peerscope::store::{Choice, Connection, EntryId, Rows, Scope, Store};
use peerscope::view::{Look, PointOfView};

const USAGE: u8 = 2;
const CANNOT_READ: u8 = 3;
#[cfg(feature = "live")]
const NOT_PERMITTED: u8 = 4;

type Out = BufWriter<StdoutLock<'static>>;

fn main() -> ExitCode {
    match run(Args::parse()) {
        Ok(code) => code,
        // Whoever reads our output may stop reading.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peerscope: {error:#}");
            ExitCode::from(code(&error))
        }
    }
}

fn code(error: &anyhow::Error) -> u8 {
    #[cfg(feature = "live")]
    match error.downcast_ref() {
        Some(SniffError::NotPermitted { .. }) => return NOT_PERMITTED,
        Some(SniffError::Filter { .. }) => return USAGE,
        _ => {}
    }
    let is_of_config = error.downcast_ref::<BadConfig>().is_some();
    if is_of_config || error.downcast_ref().is_some_and(OpenError::is_of_usage) {
        return USAGE;
    }
    match error.downcast_ref() {
        #[cfg(feature = "live")]
        Some(Refusal::Devices(_)) => NOT_PERMITTED,
        Some(
            Refusal::Unnamed
            | Refusal::Keyless
            | Refusal::Idle(_)
            | Refusal::Sniffed
            | Refusal::NoConnection(..),
        ) => USAGE,
        #[cfg(feature = "live")]
        Some(Refusal::NotAFile(_) | Refusal::EndlessFile) => USAGE,
        #[cfg(not(feature = "live"))]
        Some(Refusal::FilesOnly) => USAGE,
        None => CANNOT_READ,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(broken))
}

fn run(mut args: Args) -> anyhow::Result<ExitCode> {
    if args.print_config {
        print(config::template().as_bytes())?;
        return Ok(ExitCode::SUCCESS);
    }
    let config = config::read(args.own.config.as_deref())?;
    args.complete(&config);
    let args = &args;
    if let Some(Command::Findings(wanted)) = &args.command {
        return judging::findings(wanted, |opened| {
            decode(opened, |_| Ok(())).map(|decoded| (decoded.store, decoded.fault))
        });
    }
    obey(args, &config).map(|()| ExitCode::SUCCESS)
}

/// Does what was asked for.
fn obey(args: &Args, config: &Config) -> anyhow::Result<()> {
    match (&args.command, &args.picture.screenshot) {
        (Some(Command::Messages(filtered)), _) => messages(filtered),
        (Some(Command::Connections(filtered)), _) => connections(filtered),
        (Some(Command::Torrents(output)), _) => whole(&output.input, |store, _, _, out| {
            export::torrents(store, format(output), out)
        }),
        (Some(Command::Summary(output)), _) => whole(&output.input, |store, name, notes, out| {
            export::summary(store, name, notes, format(output), out)
        }),
        (Some(Command::Diagram(wanted)), _) => diagram(wanted, &args.point_of_view()),
        (Some(Command::Save(wanted)), _) => save::save(wanted, |opened| {
            let decoded = decode(opened, |_| Ok(()))?;
            decoded.fault.map(|()| decoded.store)
        }),
        // It has an exit code of its own.
        (Some(Command::Findings(_)), _) => Ok(()),
        (Some(Command::Fields), _) => print(manual::filter().as_bytes()),
        (Some(Command::Completions { shell }), _) => {
            let mut text = Vec::new();
            manual::completions(*shell, &mut text);
            print(&text)
        }
        (Some(Command::Man), _) => {
            let mut text = Vec::new();
            manual::page(&mut text)?;
            print(&text)
        }
        (None, _) if args.print_keys => print(manual::keys().as_bytes()),
        (None, _) if args.list_interfaces => list_interfaces(),
        (None, Some(path)) => screenshot(args, config, path),
        (None, None) if io::stdout().is_terminal() => screen(args, config),
        (None, None) => whole(&args.input, |store, name, notes, out| {
            export::summary(store, name, notes, Format::Text, out)
        }),
    }
}

fn print(text: &[u8]) -> anyhow::Result<()> {
    io::stdout().write_all(text).context(CANNOT_PRINT)
}

fn screen(args: &Args, config: &Config) -> anyhow::Result<()> {
    if !peerscope::app::has_keys() {
        return Err(Refusal::Keyless.into());
    }
    let mut input = args.input.clone();
    if input.is_unnamed() && io::stdin().is_terminal() {
        match input::pick()? {
            Some(interface) => input.sniff.interface.push(interface),
            None => return Ok(()),
        }
    }
    let opened = input::open(&input, Access::Anywhere)?;
    let control = opened.feed.as_ref().map(|feed| feed.control.clone());
    let is_kept = matches!(opened.fate, Fate::Kept(_));
    let supply = match opened.feed {
        Some(feed) if opened.is_live => Supply::Sniffed { feed, is_kept },
        Some(feed) => Supply::Copied(feed),
        None => Supply::There,
    };
    let parting = peerscope::app::run(
        opened.opening,
        opened.told,
        &opened.name,
        settings(args, config),
        supply,
    )?;
    if let Some(parting) = parting {
        print(format!("{}: {}", opened.name, parting.trim_start()).as_bytes())?;
    }
    say_how_it_ended(control.as_deref(), &opened.fate)
}

fn screenshot(args: &Args, config: &Config, path: &Path) -> anyhow::Result<()> {
    let opened = input::open(&args.input, Access::Anywhere)?;
    // A picture is of the whole.
    while let Some(feed) = &opened.feed
        && feed.wait() == Wait::More
    {}
    let reader = opened.opening.read(opened.feed.as_ref())?;
    let pipeline = Pipeline::new(reader).told(opened.told);
    let (keys, size): (Vec<&str>, _) = (
        args.picture.keys.split_whitespace().collect(),
        args.picture.size,
    );
    let settings = settings(args, config);
    let look = settings.look;
    let screen = peerscope::app::screenshot(pipeline, &opened.name, settings, size, &keys);
    let picture = peerscope::app::picture_for(path, &screen, look);
    std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))
}

/// How the screen begins.
fn settings(args: &Args, config: &Config) -> Settings {
    let variable = |name: &str| std::env::var(name).ok();
    Settings {
        look: Look::of(args.look.wish(config), variable),
        point_of_view: args.point_of_view(),
        time_column: config.time,
        fold: config.fold,
        has_mouse: config.mouse == Mouse::On,
        keys: config.keys,
    }
}

/// As tcpdump says it, on standard error.
fn say_what_was_captured(control: Option<&Control>, fate: &Fate) {
    let Some(control) = control else { return };
    let (kernel, interface) = control.dropped();
    let (fate, place) = match fate {
        Fate::None => return,
        Fate::Kept(path) => (format!("kept in {}", path.display()), String::new()),
        Fate::Removed(path) => {
            let place = format!("; they were in {}", path.display());
            ("not kept, which -w FILE does".to_owned(), place)
        }
    };
    let captured = control.captured();
    eprintln!(
        "peerscope: {captured} packets captured, {fate}; {kernel} dropped by the kernel, {interface} by the interface{place}"
    );
}

/// Prints messages as they are decoded: nothing waits for the end of the capture.
fn messages(filtered: &Filtered) -> anyhow::Result<()> {
    let output = &filtered.output;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut first = EntryId(0);
    let opened = input::open(&output.input, Access::Forward)?;
    let decoded = decode(opened, |store| {
        let ids = store.entries(first).map(|(id, _)| id);
        let shown = ids.filter(|id| filtered.shows(store, *id));
        export::messages_of(store, shown, format(output), &mut out)?;
        first = EntryId(store.len() as u32);
        out.flush()
    })?;
    decoded.fault
}

/// Prints the connections, or those with an entry that the filter lets pass.
fn connections(filtered: &Filtered) -> anyhow::Result<()> {
    let output = &filtered.output;
    whole(&output.input, |store, _, _, out| {
        let has_any = |connection: &&Connection| {
            let mut entries = connection.entries().iter();
            filtered.only.is_none() || entries.any(|id| filtered.shows(store, *id))
        };
        let shown = store.connections().iter().filter(has_any);
        export::connections_of(store, shown, format(output), out)
    })
}

/// Draws one conversation.
fn diagram(wanted: &args::Diagram, point_of_view: &PointOfView) -> anyhow::Result<()> {
    let Decoded { store, fault, .. } =
        decode(input::open(&wanted.input, Access::Forward)?, |_| Ok(()))?;
    let connection = match wanted.connection {
        Some(number) => store.connections().get(number as usize),
        None => store.connections().iter().find(|it| it.is_bittorrent()),
    };
    let number = wanted.connection.unwrap_or(0);
    let connection = connection.ok_or(Refusal::NoConnection(number, store.connections().len()))?;
    let choice = Choice {
        scope: Scope::One(connection.id),
        hidden: BTreeSet::new(),
        filter: wanted.only.clone(),
        fold: wanted.fold(),
    };
    let mut rows = Rows::new(choice);
    rows.step(&store, rows.total(&store));
    let sides = point_of_view.sides(connection);
    let steps = export::steps(&store, &rows, |it| point_of_view.sides(it)[0]);
    let drawn = export::diagram(wanted.format(), &export::sides(connection, sides), steps);
    match &wanted.output {
        Some(path) => std::fs::write(path, drawn)
            .with_context(|| format!("cannot write {}", path.display()))?,
        None => io::stdout()
            .lock()
            .write_all(drawn.as_bytes())
            .context(CANNOT_PRINT)?,
    }
    fault
}

/// Says what a live capture gave. It fails if packets could not be written.
fn say_how_it_ended(control: Option<&Control>, fate: &Fate) -> anyhow::Result<()> {
    say_what_was_captured(control, fate);
    let Some((control, fault)) = control.and_then(|control| Some((control, control.fault()?)))
    else {
        return Ok(());
    };
    if control.has_failed() {
        anyhow::bail!(fault);
    }
    eprintln!("peerscope: {fault}");
    Ok(())
}

/// Reads the whole capture, then prints.
fn whole(
    input: &Input,
    print: impl FnOnce(&Store, &str, &[String], &mut Out) -> io::Result<()>,
) -> anyhow::Result<()> {
    let opened = input::open(input, Access::Forward)?;
    let name = opened.name.clone();
    let Decoded {
        store,
        notes,
        fault,
    } = decode(opened, |_| Ok(()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    print(&store, &name, &notes, &mut out).context(CANNOT_PRINT)?;
    out.flush().context(CANNOT_PRINT)?;
    fault
}

/// What became of a capture.
struct Decoded {
    store: Store,
    /// What could not be read.
    notes: Vec<String>,
    /// What could not be written.
    fault: anyhow::Result<()>,
}

/// Decodes a capture to its end. What could not be read is said on standard error, and returned.
fn decode(
    opened: Opened,
    mut each: impl FnMut(&Store) -> io::Result<()>,
) -> anyhow::Result<Decoded> {
    let (mut store, mut changes) = (Store::default(), Vec::new());
    let reader = opened.opening.read(opened.feed.as_ref())?;
    let mut pipeline = match opened.feed {
        Some(_) => Pipeline::following(reader),
        None => Pipeline::new(reader),
    }
    .told(opened.told);
    loop {
        let progress = pipeline.step(&mut changes);
        changes.drain(..).for_each(|change| store.apply(change));
        each(&store).context(CANNOT_PRINT)?;
        if progress.is_done {
            // What is lost of a live capture is said with its counts.
            let others = (!opened.is_live).then(|| export::notes(&store));
            let control = opened.feed.map(|feed| feed.control);
            let fault = say_how_it_ended(control.as_deref(), &opened.fate);
            let notes = progress
                .note
                .map(|note| note.to_string())
                .into_iter()
                .chain(export::nothing_to_show(&store))
                .chain(others.into_iter().flatten());
            let notes: Vec<String> = notes.collect();
            notes
                .iter()
                .for_each(|note| eprintln!("peerscope: {}: {note}", opened.name));
            return Ok(Decoded {
                store,
                notes,
                fault,
            });
        }
        if progress.is_waiting
            && opened
                .feed
                .as_ref()
                .is_none_or(|feed| feed.wait() == Wait::Ended)
        {
            pipeline.let_end();
        }
    }
}

fn format(output: &Output) -> Format {
    if output.json {
        Format::Json
    } else {
        Format::Text
    }
}

#[cfg(feature = "live")]
fn list_interfaces() -> anyhow::Result<()> {
    let devices = peerscope::capture::devices().map_err(Refusal::Devices)?;
    let mut out = io::stdout().lock();
    Ok(devices
        .iter()
        .try_for_each(|device| writeln!(out, "{device}"))?)
}

#[cfg(not(feature = "live"))]
fn list_interfaces() -> anyhow::Result<()> {
    Err(Refusal::FilesOnly.into())
}
