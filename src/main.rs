//! The shell of the program: arguments in, one line of error out, exit codes.

mod args;

use std::io::{self, BufWriter, IsTerminal, Write};
use std::process::ExitCode;

use anyhow::Context;
use clap::Parser;

use args::{Args, Command, Input, Output};
use peerscope::capture::{OpenError, Reader, Source};
use peerscope::export::{self, Format};
use peerscope::pipeline::Pipeline;
use peerscope::store::{EntryId, Store};
use peerscope::view::{Glyphs, Look, picture};

/// The capture behind `--demo`.
const DEMO: &[u8] = include_bytes!("../captures/choke_dance.pcap");
const DEMO_NAME: &str = "the built-in capture";

const USAGE: u8 = 2;
const CANNOT_READ: u8 = 3;
const NOT_PERMITTED: u8 = 4;

fn main() -> ExitCode {
    match run(&Args::parse()) {
        Ok(code) => code,
        // Whoever reads our output may stop reading.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("peerscope: {error:#}");
            ExitCode::from(code(&error))
        }
    }
}

fn run(args: &Args) -> anyhow::Result<ExitCode> {
    match &args.command {
        Some(Command::Messages(output)) => messages(output),
        Some(Command::Connections(output)) => whole(output, |store, _, _, format, out| {
            export::connections(store, format, out)
        }),
        Some(Command::Summary(output)) => whole(output, export::summary),
        None if args.list_interfaces => list_interfaces(),
        None if !args.input.demo && args.input.path().is_none() => Ok(no_input()),
        None if args.picture.screenshot.is_some() => picture(args),
        None if !io::stdout().is_terminal() => whole(
            &Output {
                input: args.input.clone(),
                json: false,
            },
            export::summary,
        ),
        None => screen(args),
    }
}

fn screen(args: &Args) -> anyhow::Result<ExitCode> {
    let (reader, name) = open(&args.input)?;
    if !io::stdin().is_terminal() {
        anyhow::bail!(
            "standard input is no terminal, so no key could be read; use `peerscope summary {name}`"
        );
    }
    peerscope::app::run(reader, &name, look(args.look))?;
    Ok(ExitCode::SUCCESS)
}

fn picture(args: &Args) -> anyhow::Result<ExitCode> {
    let (reader, name) = open(&args.input)?;
    let path = args.picture.screenshot.as_ref().context(Unnamed)?;
    let keys: Vec<String> = args
        .picture
        .keys
        .split_whitespace()
        .map(str::to_owned)
        .collect();
    let screen =
        peerscope::app::screenshot(reader, &name, look(args.look), args.picture.size, &keys);
    let is_text = path.extension().is_some_and(|extension| extension == "txt");
    let picture = if is_text {
        picture::text(&screen)
    } else {
        picture::svg(&screen)
    };
    std::fs::write(path, picture).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(ExitCode::SUCCESS)
}

/// <https://no-color.org>: the variable counts when it is not empty. A locale without UTF-8 cannot show lines.
fn look(wanted: args::Look) -> Look {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let locale = ["LC_ALL", "LC_CTYPE", "LANG"]
        .into_iter()
        .find(|name| is_set(name))
        .and_then(std::env::var_os);
    let is_utf8 = locale.is_none_or(|value| {
        let value = value.to_string_lossy().to_uppercase();
        value.contains("UTF-8") || value.contains("UTF8")
    });
    Look {
        has_color: !wanted.no_color && !is_set("NO_COLOR"),
        glyphs: if wanted.ascii
            || !is_utf8
            || std::env::var_os("TERM").is_some_and(|term| term == "linux")
        {
            Glyphs::ASCII
        } else {
            Glyphs::UNICODE
        },
    }
}

fn no_input() -> ExitCode {
    eprintln!(
        "peerscope: no capture named; type `peerscope FILE`, or `peerscope --demo` for the built-in capture"
    );
    ExitCode::from(USAGE)
}

fn open(input: &Input) -> anyhow::Result<(Reader, String)> {
    if input.demo {
        return Ok((
            Reader::new(Source::Memory(DEMO), DEMO_NAME)?,
            DEMO_NAME.to_owned(),
        ));
    }
    let path = input.path().context(Unnamed)?;
    Ok((Reader::open(path)?, path.display().to_string()))
}

/// Prints messages as they are decoded: nothing waits for the end of the capture.
fn messages(output: &Output) -> anyhow::Result<ExitCode> {
    let (reader, name) = open(&output.input)?;
    let mut out = BufWriter::new(io::stdout().lock());
    let mut first = EntryId(0);
    decode(Pipeline::new(reader), &name, |store| {
        export::messages(store, first, format(output), &mut out)?;
        first = EntryId(store.len() as u32);
        out.flush()
    })?;
    Ok(ExitCode::SUCCESS)
}

/// Reads the whole capture, then prints.
fn whole(
    output: &Output,
    print: impl FnOnce(
        &Store,
        &str,
        &[String],
        Format,
        &mut BufWriter<io::StdoutLock<'static>>,
    ) -> io::Result<()>,
) -> anyhow::Result<ExitCode> {
    let (reader, name) = open(&output.input)?;
    let (store, notes) = decode(Pipeline::new(reader), &name, |_| Ok(()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    print(&store, &name, &notes, format(output), &mut out)?;
    out.flush()?;
    Ok(ExitCode::SUCCESS)
}

/// Runs a pipeline to its end; what it could not read is said on standard error and returned.
fn decode(
    mut pipeline: Pipeline,
    name: &str,
    mut each: impl FnMut(&Store) -> io::Result<()>,
) -> io::Result<(Store, Vec<String>)> {
    let mut store = Store::default();
    let mut changes = Vec::new();
    loop {
        let progress = pipeline.step(&mut changes);
        changes.drain(..).for_each(|change| store.apply(change));
        each(&store)?;
        if progress.is_done {
            let notes: Vec<String> = progress.note.iter().map(ToString::to_string).collect();
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
fn list_interfaces() -> anyhow::Result<ExitCode> {
    let devices = peerscope::capture::devices().context("cannot list interfaces")?;
    let mut out = io::stdout().lock();
    devices
        .iter()
        .try_for_each(|device| writeln!(out, "{device}"))?;
    Ok(ExitCode::SUCCESS)
}

#[cfg(not(feature = "live"))]
fn list_interfaces() -> anyhow::Result<ExitCode> {
    anyhow::bail!(
        "this peerscope was built without libpcap and knows no interfaces; build it with the feature `live`"
    )
}

#[derive(Debug, thiserror::Error)]
#[error("no capture named; type `peerscope --demo` or name a file")]
struct Unnamed;

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<io::Error>()
            .is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

fn code(error: &anyhow::Error) -> u8 {
    match error.downcast_ref::<OpenError>() {
        Some(OpenError::Open { error, .. }) if error.kind() == io::ErrorKind::PermissionDenied => {
            CANNOT_READ
        }
        Some(_) => CANNOT_READ,
        None if error.is::<Unnamed>() => USAGE,
        None => NOT_PERMITTED,
    }
}
