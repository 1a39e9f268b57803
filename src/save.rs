//! `peerscope save`: a part of a capture into a new one.

use std::collections::BTreeSet;
use std::io::{self, IsTerminal, Write};
use std::sync::atomic::Ordering;

use anyhow::{Context, bail};
use peerscope::capture::{Access, Existing, NewFile};
use peerscope::export::save::{Saved, Saving, Step, Wanted};
use peerscope::store::Store;
use peerscope::stream::ConnectionId;

use crate::args::Save;
use crate::input::{self, Opened, Refusal};

/// Entries or frames between two looks at whether to go on.
const SLICE: u32 = 65_536;

/// Saves what is wanted; `decode` reads what was opened.
pub(crate) fn save(
    args: &Save,
    decode: impl FnOnce(Opened) -> anyhow::Result<Store>,
) -> anyhow::Result<()> {
    if !args.input.sniff.interface.is_empty() {
        return Err(Refusal::Sniffed.into());
    }
    if args.output.as_os_str() == "-" {
        if io::stdout().is_terminal() {
            bail!(
                "standard output is the terminal: name a file, or pipe the capture into a program"
            );
        }
        let (_, saved) = save_into(args, decode, io::stdout().lock())?;
        say(saved, "standard output");
        return Ok(());
    }
    let existing = if args.force {
        Existing::Replaced
    } else {
        Existing::Spared
    };
    let file = NewFile::create(&args.output, existing, args.input.paths())?;
    let (file, saved) = save_into(args, decode, file)?;
    file.finish()?;
    say(saved, &args.output.display().to_string());
    Ok(())
}

fn save_into<W: Write>(
    args: &Save,
    decode: impl FnOnce(Opened) -> anyhow::Result<Store>,
    out: W,
) -> anyhow::Result<(W, Saved)> {
    let opened = input::open(&args.input, Access::Anywhere)?;
    if let Some(feed) = &opened.feed {
        input::stop_on_signal(feed.control.clone())?;
    }
    let source = opened.opening.source().clone();
    let store = decode(opened)?;
    let saving = Saving::new(&store, &source, wanted(args, &store)?, out);
    let saving = saving.context("nothing was read, so nothing is saved")?;
    let saved = finished(saving, &store);
    let place = args.output.display();
    let (out, saved) = saved.with_context(|| format!("cannot save into {place}"))?;
    if saved.frames == 0 {
        bail!("nothing to save: no connection has a message that is wanted");
    }
    Ok((out, saved))
}

fn wanted(args: &Save, store: &Store) -> anyhow::Result<Wanted> {
    let count = store.connections().len();
    let ids = args.connection.iter();
    if let Some(number) = ids.clone().find(|number| **number as usize >= count) {
        return Err(Refusal::NoConnection(*number, count).into());
    }
    let ids: BTreeSet<ConnectionId> = ids.map(|number| ConnectionId(*number)).collect();
    Ok(Wanted {
        connections: (!ids.is_empty()).then_some(ids),
        only: args.only.clone(),
        ..Wanted::default()
    })
}

/// Does all of the work; a signal ends it, and what was written goes.
fn finished<W: Write>(mut saving: Saving<W>, store: &Store) -> anyhow::Result<(W, Saved)> {
    let interrupted = input::interrupted()?;
    while saving.step(store, SLICE)? != Step::Done {
        if interrupted.load(Ordering::Relaxed) {
            bail!("interrupted");
        }
    }
    Ok(saving.finish()?)
}

fn say(saved: Saved, place: &str) {
    let Saved {
        frames,
        connections,
    } = saved;
    eprintln!("peerscope: {frames} frames of {connections} connections saved in {place}");
}
