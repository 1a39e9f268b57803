//! What is worth knowing first of a capture: a line for each of the worst.

use std::io::{self, Write};

use serde::Serialize;

use super::words::counted;
use crate::findings::{Findings, Headline, Severity};

/// So many things at once anybody will read.
const FIRST: usize = 3;

/// The same for programs.
#[derive(Serialize)]
pub(super) struct Found<'a> {
    errors: u64,
    warnings: u64,
    notes: u64,
    first: Vec<First<'a>>,
}

#[derive(Serialize)]
struct First<'a> {
    severity: &'static str,
    code: &'static str,
    times: u64,
    connections: usize,
    /// Where the first of them is, and what it says.
    connection: Option<u32>,
    frame: Option<u32>,
    message: &'a str,
}

impl<'a> Found<'a> {
    pub(super) fn of(findings: &'a Findings) -> Found<'a> {
        let counts = findings.counts();
        let first = findings.headlines().into_iter().take(FIRST);
        Found {
            errors: counts.errors,
            warnings: counts.warnings,
            notes: counts.notes,
            first: first.map(|headline| First::of(&headline)).collect(),
        }
    }
}

impl<'a> First<'a> {
    fn of(headline: &Headline<'a>) -> First<'a> {
        let first = headline.first;
        let is_placed = first.spot.frame.0 > 0;
        First {
            severity: headline.severity().name(),
            code: first.code.name(),
            times: headline.times,
            connections: headline.connections,
            connection: first.connection.map(|id| id.0),
            frame: is_placed.then_some(first.spot.frame.0),
            message: &first.message,
        }
    }
}

/// The three things worth knowing first. Where nothing is wrong, one line says so.
pub fn report(findings: &Findings, out: &mut impl Write) -> io::Result<()> {
    let counts = findings.counts();
    let sums = [
        counted(counts.errors, "error"),
        counted(counts.warnings, "warning"),
        counted(counts.notes, "note"),
    ];
    writeln!(out, "\nFindings: {}", sums.join(", "))?;
    let headlines = findings.headlines();
    headlines
        .iter()
        .take(FIRST)
        .try_for_each(|it| headline(it, out))?;
    match headlines.len().saturating_sub(FIRST) {
        0 => Ok(()),
        more => writeln!(
            out,
            "  and {more} other kinds: `peerscope findings` lists all"
        ),
    }
}

/// `  error    request-while-choked, 12 times on 3 connections; #9 frame 145: piece 5 at 0 was asked for while choked`
fn headline(headline: &Headline<'_>, out: &mut impl Write) -> io::Result<()> {
    let (severity, first) = (headline.severity().name(), headline.first);
    write!(out, "  {severity:<7}  {}", first.code)?;
    if headline.times > 1 {
        write!(out, ", {} times", headline.times)?;
    }
    if headline.connections > 1 {
        write!(out, " on {} connections", headline.connections)?;
    }
    match first.connection {
        Some(id) => writeln!(out, "; #{id} frame {}: {}", first.spot.frame, first.message),
        None => writeln!(out, "; {}", first.message),
    }
}

/// True when there is something that somebody should know.
pub fn is_alarming(findings: &Findings) -> bool {
    let headlines = findings.headlines();
    headlines.iter().any(|it| it.severity() < Severity::Note)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_nothing_is_wrong_one_line_says_so() {
        let mut told = Vec::new();
        report(&Findings::default(), &mut told).unwrap();
        assert_eq!(told, b"\nFindings: 0 errors, 0 warnings, 0 notes\n");
        assert!(!is_alarming(&Findings::default()));
    }
}
