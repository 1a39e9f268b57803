//! The shell of the program: arguments in, one line of error out, exit codes.

mod args;

use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};
use std::path::Path;
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Args, Command, Input, Output};
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Format};
use peerscope::pipeline::Pipeline;
use peerscope::store::{EntryId, Store};
use peerscope::view::{Glyphs, Look, picture};

/// The capture behind `--demo`.
const DEMO: &[u8] = include_bytes!("../captures/choke_dance.pcap");
const DEMO_NAME: &str = "the built-in capture";

const USAGE: u8 = 2;
const CANNOT_READ: u8 = 3;
#[cfg(feature = "live")]
const NOT_PERMITTED: u8 = 4;

/// What was typed cannot be done, or the system does not let us.
#[derive(Debug, thiserror::Error)]
enum Refusal {
    #[error(
        "no capture named; type `peerscope FILE`, or `peerscope --demo` for the built-in capture"
    )]
    Unnamed,
    #[error(
        "standard input is no terminal, so no key could be read; use `peerscope summary {name}`"
    )]
    Keyless { name: String },
    #[cfg(feature = "live")]
    #[error("cannot list interfaces: {0}; try it as root")]
    Devices(peerscope::capture::DeviceError),
    #[cfg(not(feature = "live"))]
    #[error(
        "this peerscope was built without libpcap and knows no interfaces; build it with the feature `live`"
    )]
    FilesOnly,
}

type Out = BufWriter<StdoutLock<'static>>;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever reads our output may stop reading.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peerscope: {error:#}");
            ExitCode::from(code(&error))
        }
    }
}

fn code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<Refusal>() {
        #[cfg(feature = "live")]
        Some(Refusal::Devices(_)) => NOT_PERMITTED,
        Some(_) => USAGE,
        None => CANNOT_READ,
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let broken = |error: &io::Error| error.kind() == io::ErrorKind::BrokenPipe;
    error
        .chain()
        .any(|cause| cause.downcast_ref().is_some_and(broken))
}

fn run(args: &Args) -> anyhow::Result<()> {
    match (&args.command, &args.picture.screenshot) {
        (Some(Command::Messages(output)), _) => messages(output),
        (Some(Command::Connections(output)), _) => whole(&output.input, |store, _, _, out| {
            export::connections(store, format(output), out)
        }),
        (Some(Command::Summary(output)), _) => whole(&output.input, |store, name, notes, out| {
            export::summary(store, name, notes, format(output), out)
        }),
        (None, _) if args.list_interfaces => list_interfaces(),
        (None, Some(path)) => screenshot(args, path),
        (None, None) if io::stdout().is_terminal() => screen(args),
        (None, None) => whole(&args.input, |store, name, notes, out| {
            export::summary(store, name, notes, Format::Text, out)
        }),
    }
}

fn open(input: &Input) -> anyhow::Result<(Reader, String)> {
    if input.demo {
        return Ok((
            Reader::new(Source::Memory(DEMO), DEMO_NAME)?,
            DEMO_NAME.to_owned(),
        ));
    }
    let path = input.path().ok_or(Refusal::Unnamed)?;
    Ok((Reader::open(path)?, path.display().to_string()))
}

fn screen(args: &Args) -> anyhow::Result<()> {
    let (reader, name) = open(&args.input)?;
    if !io::stdin().is_terminal() {
        return Err(Refusal::Keyless { name }.into());
    }
    peerscope::app::run(reader, &name, look(args.look))
}

fn screenshot(args: &Args, path: &Path) -> anyhow::Result<()> {
    let (reader, name) = open(&args.input)?;
    let keys: Vec<&str> = args.picture.keys.split_whitespace().collect();
    let screen =
        peerscope::app::screenshot(reader, &name, look(args.look), args.picture.size, &keys);
    let is_text = path.extension().is_some_and(|extension| extension == "txt");
    let picture = if is_text {
        picture::text(&screen)
    } else {
        picture::svg(&screen)
    };
    std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))
}

/// <https://no-color.org>: the variable counts when it is not empty. A locale without UTF-8, and the console of
/// Linux, cannot show our lines.
fn look(wanted: args::Look) -> Look {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find_map(variable);
    let is_utf8 =
        locale.is_none_or(|locale| locale.to_uppercase().replace('-', "").contains("UTF8"));
    let is_console = variable("TERM").is_some_and(|terminal| terminal == "linux");
    Look {
        has_color: !wanted.no_color && variable("NO_COLOR").is_none(),
        glyphs: if wanted.ascii || !is_utf8 || is_console {
            Glyphs::ASCII
        } else {
            Glyphs::UNICODE
        },
    }
}

/// Prints messages as they are decoded: nothing waits for the end of the capture.
fn messages(output: &Output) -> anyhow::Result<()> {
    let (reader, name) = open(&output.input)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut first = EntryId(0);
    decode(reader, &name, |store| {
        export::messages(store, first, format(output), &mut out)?;
        first = EntryId(store.len() as u32);
        out.flush()
    })?;
    Ok(())
}

/// Reads the whole capture, then prints.
fn whole(
    input: &Input,
    print: impl FnOnce(&Store, &str, &[String], &mut Out) -> io::Result<()>,
) -> anyhow::Result<()> {
    let (reader, name) = open(input)?;
    let (store, notes) = decode(reader, &name, |_| Ok(()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    print(&store, &name, &notes, &mut out)?;
    Ok(out.flush()?)
}

/// Decodes a capture to its end. What could not be read is said on standard error, and returned.
fn decode(
    reader: Reader,
    name: &str,
    mut each: impl FnMut(&Store) -> io::Result<()>,
) -> io::Result<(Store, Vec<String>)> {
    let (mut pipeline, mut store, mut changes) =
        (Pipeline::new(reader), Store::default(), Vec::new());
    loop {
        let progress = pipeline.step(&mut changes);
        changes.drain(..).for_each(|change| store.apply(change));
        each(&store)?;
        if progress.is_done {
            let notes = progress
                .note
                .map(|note| note.to_string())
                .into_iter()
                .chain(export::nothing_to_show(&store));
            let notes: Vec<String> = notes.collect();
            notes
                .iter()
                .for_each(|note| eprintln!("peerscope: {name}: {note}"));
            return Ok((store, notes));
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
