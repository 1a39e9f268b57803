//! How findings are marked elsewhere: a letter beside a message, ticks beside the scrollbar.

use std::collections::BTreeMap;

use super::super::canvas::Canvas;
use super::super::{Scene, Tone};
use crate::findings::{Counts, Finding, Severity};
use crate::store::{EntryId, Scope};
use crate::stream::ConnectionId;

/// Findings that are looked at for one frame. Of a rule a hundred are kept on a connection: it takes many of both.
const MAX_SIGNS: usize = 20_000;

/// `E`, `W`, `N`: what no terminal lacks.
pub(in crate::view) fn letter(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "E",
        Severity::Warning => "W",
        Severity::Note => "N",
    }
}

pub(in crate::view) fn tone(severity: Severity) -> Tone {
    match severity {
        Severity::Error => Tone::Warn,
        Severity::Warning => Tone::Plain,
        Severity::Note => Tone::Dim,
    }
}

/// `error request-while-choked: piece 4 was asked for while choked`
pub(in crate::view) fn sentence(finding: &Finding) -> String {
    let (severity, code) = (finding.severity.name(), finding.code);
    format!("{severity} {code}: {}", finding.message)
}

/// What is worse than a note, in a letter.
pub(in crate::view) fn worst_of(counts: Counts) -> &'static str {
    match counts {
        Counts { errors: 1.., .. } => letter(Severity::Error),
        Counts { warnings: 1.., .. } => letter(Severity::Warning),
        _ => " ",
    }
}

/// The worst finding of each row of the ladder that has one.
pub(in crate::view) fn signs(scene: &Scene<'_>) -> BTreeMap<usize, Severity> {
    let mut signs = BTreeMap::new();
    let places = scope(scene).into_iter();
    let places = places.flat_map(|id| scene.index.places(id));
    for (entry, at) in places.take(MAX_SIGNS) {
        let severity = scene.findings.all()[at as usize].severity;
        if let Some(row) = row(scene, entry) {
            let worst = signs.entry(row).or_insert(severity);
            *worst = severity.min(*worst);
        }
    }
    signs
}

/// The conversations of the ladder.
fn scope(scene: &Scene<'_>) -> Vec<ConnectionId> {
    match &scene.rows.choice().scope {
        Scope::One(id) => vec![*id],
        Scope::Merged(ids) => ids.iter().copied().collect(),
    }
}

fn row(scene: &Scene<'_>, entry: EntryId) -> Option<usize> {
    let is_shown = scene.rows.shows(entry) && !scene.rows.is_empty();
    is_shown.then(|| scene.rows.row_of(scene.store, entry))?
}

/// Where in the whole list they are: of each cell the worst.
pub(in crate::view) fn ticks(
    scene: &Scene<'_>,
    signs: &BTreeMap<usize, Severity>,
    rows: &mut Canvas<'_>,
) {
    let (height, len) = (usize::from(rows.height()), scene.rows.len());
    let column = rows.width().saturating_sub(1);
    let mut cells = BTreeMap::new();
    for (at, severity) in signs {
        let cell = if len > height { at * height / len } else { *at };
        let worst = cells.entry(cell).or_insert(*severity);
        *worst = (*severity).min(*worst);
    }
    for (cell, severity) in cells {
        rows.text(column, cell as u16, letter(severity), tone(severity));
    }
}
