//! What was found, within bounds.

use std::collections::HashMap;

use super::catalogue::RULES;
use super::{Code, Finding, Severity};
use crate::stream::ConnectionId;

/// Findings of one rule on one connection that are kept. A peer can break a rule with each message; the hundredth
/// says nothing new.
pub(super) const MAX_ALIKE: u32 = 100;
/// Findings that are kept in all, some 30 MB: a half of it is for what is worse than notes, a quarter for errors.
const MAX_KEPT: usize = 200_000;

/// How much was found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Broken rules, lost data.
    pub errors: u64,
    /// What is harmful or suspicious.
    pub warnings: u64,
    /// What is worth knowing.
    pub notes: u64,
}

impl Counts {
    fn add(&mut self, severity: Severity) {
        *match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
            Severity::Note => &mut self.notes,
        } += 1;
    }

    /// All of them.
    pub fn all(self) -> u64 {
        self.errors + self.warnings + self.notes
    }

    /// Those that are so bad, or worse.
    pub fn at_least(self, severity: Severity) -> u64 {
        match severity {
            Severity::Error => self.errors,
            Severity::Warning => self.errors + self.warnings,
            Severity::Note => self.all(),
        }
    }
}

/// What was found.
#[derive(Debug)]
pub(super) struct Kept {
    all: Vec<Finding>,
    /// By rule.
    times: Vec<Counts>,
    alike: HashMap<(Option<ConnectionId>, Code), [u32; 3]>,
    of_connection: HashMap<ConnectionId, Counts>,
    counts: Counts,
}

impl Default for Kept {
    fn default() -> Kept {
        Kept {
            all: Vec::new(),
            times: vec![Counts::default(); RULES.len()],
            alike: HashMap::new(),
            of_connection: HashMap::new(),
            counts: Counts::default(),
        }
    }
}

impl Kept {
    /// Counts one, and says whether there is room for it.
    pub(super) fn count(
        &mut self,
        code: Code,
        severity: Severity,
        on: Option<ConnectionId>,
    ) -> bool {
        self.times[code as usize].add(severity);
        self.counts.add(severity);
        if let Some(connection) = on {
            self.of_connection
                .entry(connection)
                .or_default()
                .add(severity);
        }
        let alike = self.alike.entry((on, code)).or_default();
        let alike = &mut alike[severity as usize];
        *alike += 1;
        let room = match severity {
            Severity::Note => MAX_KEPT / 2,
            Severity::Warning => MAX_KEPT / 4 * 3,
            Severity::Error => MAX_KEPT,
        };
        *alike <= MAX_ALIKE && self.all.len() < room
    }

    pub(super) fn push(&mut self, finding: Finding) {
        self.all.push(finding);
    }

    /// Puts those of the whole capture first, then by frame.
    pub(super) fn sort(&mut self) {
        self.all
            .sort_by_key(|it| (it.connection.is_some(), it.spot.frame, it.spot.entry));
    }

    pub(super) fn all(&self) -> &[Finding] {
        &self.all
    }

    pub(super) fn times(&self, code: Code) -> Counts {
        self.times[code as usize]
    }

    pub(super) fn alike(&self, connection: ConnectionId, code: Code) -> u32 {
        let known = self.alike.get(&(Some(connection), code));
        known.map_or(0, |by_severity| by_severity.iter().sum())
    }

    pub(super) fn of_connection(&self, connection: ConnectionId) -> Counts {
        let known = self.of_connection.get(&connection);
        known.copied().unwrap_or_default()
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }
}
