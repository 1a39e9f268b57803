//! The command `findings`: what is wrong with a capture, and what a rule means.

use std::io::{self, BufWriter, Write};
use std::process::ExitCode;

use anyhow::Context;
use peerscope::capture::Access;
use peerscope::export::{self, FindingFormat};
use peerscope::findings::{Finding, Findings};
use peerscope::store::Store;

use crate::args::{CANNOT_PRINT, Explained, Judged};
use crate::input::Opened;

/// What a script is told when a rule is broken and it asked.
const BROKEN: u8 = 1;

/// Judges a capture and prints what is found. `decode` reads it as a whole.
pub(crate) fn findings(
    wanted: &Judged,
    decode: impl FnOnce(Opened) -> anyhow::Result<(Store, anyhow::Result<()>)>,
) -> anyhow::Result<ExitCode> {
    if let Some(explained) = wanted.explain {
        explain(explained)?;
        return Ok(ExitCode::SUCCESS);
    }
    let access = if wanted.verify {
        Access::Anywhere
    } else {
        Access::Forward
    };
    let opened = crate::input::open(&wanted.input, access)?;
    let source = opened.opening.source().clone();
    let (store, fault) = decode(opened)?;
    let mut findings = Findings::of(&store);
    if wanted.verify {
        findings.verify(&store, &source);
    }
    print(wanted, &store, &findings).context(CANNOT_PRINT)?;
    fault?;
    let is_broken = wanted.check && findings.counts().errors > 0;
    Ok(ExitCode::from(if is_broken { BROKEN } else { 0 }))
}

fn explain(explained: Explained) -> anyhow::Result<()> {
    let text = match explained {
        Explained::Rule(code) => export::explain(code.rule()),
        Explained::All => export::catalogue(),
    };
    io::stdout()
        .write_all(text.as_bytes())
        .context(CANNOT_PRINT)
}

fn print(wanted: &Judged, store: &Store, findings: &Findings) -> io::Result<()> {
    let mut out = BufWriter::new(io::stdout().lock());
    let shown = findings
        .all()
        .iter()
        .filter(|it| is_shown(wanted, store, it));
    export::findings(store, shown, wanted.format(), &mut out)?;
    if wanted.format() == FindingFormat::Text {
        let more = findings.counts().all() - findings.all().len() as u64;
        if more > 0 {
            writeln!(out, "and {more} more that say the same")?;
        }
    }
    out.flush()
}

fn is_shown(wanted: &Judged, store: &Store, finding: &Finding) -> bool {
    let is_of = |filter: &peerscope::store::filter::Filter| {
        let entry = finding.spot.entry;
        entry.is_some_and(|id| filter.matches(store, id))
    };
    finding.severity <= wanted.severity && wanted.only.as_ref().is_none_or(is_of)
}
