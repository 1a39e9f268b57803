//! The rows of the list: a row for each broken rule, and below an unfolded one its findings.

use std::collections::BTreeSet;

use crate::findings::{Code, Findings, Index, Severity};
use crate::stream::ConnectionId;

/// How bad it is, what is shown.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Least {
    /// All.
    #[default]
    Note,
    /// Errors and warnings.
    Warning,
    /// Errors.
    Error,
}

impl Least {
    /// The next one.
    #[must_use]
    pub fn next(self) -> Least {
        match self {
            Least::Note => Least::Error,
            Least::Error => Least::Warning,
            Least::Warning => Least::Note,
        }
    }

    pub(super) fn words(self) -> Option<&'static str> {
        match self {
            Least::Note => None,
            Least::Warning => Some("errors and warnings"),
            Least::Error => Some("errors only"),
        }
    }

    fn severity(self) -> Severity {
        match self {
            Least::Note => Severity::Note,
            Least::Warning => Severity::Warning,
            Least::Error => Severity::Error,
        }
    }
}

/// What the rows are made of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Wanted {
    /// Which findings there are.
    pub state: (u32, usize),
    /// Which of them by how bad they are.
    pub least: Least,
    /// Which of them by where they are.
    pub of: Option<ConnectionId>,
}

/// A broken rule.
#[derive(Clone, Debug)]
pub struct Group {
    /// Which.
    pub code: Code,
    /// The worst of its findings.
    pub severity: Severity,
    /// How often it was broken.
    pub times: u64,
    /// On how many connections.
    pub connections: usize,
    /// Its findings that were kept, by their places.
    pub kept: Vec<u32>,
}

/// A row.
#[derive(Clone, Copy, Debug)]
pub enum Row<'a> {
    /// A rule.
    Rule(&'a Group),
    /// A finding, by its place among all.
    Finding(u32),
    /// So many of this rule were counted and not kept.
    More(u64),
}

/// All rules, the worst first, then the most frequent.
#[derive(Clone, Debug, Default)]
pub struct Groups {
    wanted: Wanted,
    groups: Vec<Group>,
}

impl Group {
    fn new(
        wanted: Wanted,
        findings: &Findings,
        code: Code,
        all: impl Iterator<Item = u32>,
    ) -> Option<Group> {
        let found = |at: &u32| &findings.all()[*at as usize];
        let is_here = |at: &u32| wanted.of.is_none_or(|id| found(at).connection == Some(id));
        let here: Vec<u32> = all.filter(is_here).collect();
        let bad_enough = |at: &u32| found(at).severity <= wanted.least.severity();
        let kept: Vec<u32> = here.iter().copied().filter(bad_enough).collect();
        let severity = kept.iter().map(|at| found(at).severity).min()?;
        let times = match wanted.of {
            None => findings.counts_of(code).at_least(wanted.least.severity()),
            Some(id) if kept.len() == here.len() => u64::from(findings.times_on(id, code)),
            Some(_) => kept.len() as u64,
        };
        let mut connections: Vec<_> = kept.iter().filter_map(|at| found(at).connection).collect();
        connections.sort_unstable();
        connections.dedup();
        Some(Group {
            code,
            severity,
            times,
            connections: connections.len(),
            kept,
        })
    }

    fn more(&self) -> u64 {
        self.times.saturating_sub(self.kept.len() as u64)
    }

    /// Rows of it, with its own.
    fn len(&self, unfolded: &BTreeSet<Code>) -> usize {
        if unfolded.contains(&self.code) {
            1 + self.kept.len() + usize::from(self.more() > 0)
        } else {
            1
        }
    }

    fn row(&self, within: usize) -> Row<'_> {
        match within.checked_sub(1) {
            None => Row::Rule(self),
            Some(at) => match self.kept.get(at) {
                Some(at) => Row::Finding(*at),
                None => Row::More(self.more()),
            },
        }
    }
}

impl Groups {
    pub(super) fn new(wanted: Wanted, findings: &Findings, index: &Index) -> Groups {
        let of_rule =
            |(code, all): (Code, &[u32])| Group::new(wanted, findings, code, all.iter().copied());
        let mut groups: Vec<Group> = index.rules().filter_map(of_rule).collect();
        groups.sort_by_key(|it| (it.severity, u64::MAX - it.times, it.code));
        Groups { wanted, groups }
    }

    pub(super) fn wanted(&self) -> Wanted {
        self.wanted
    }

    pub(super) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    pub(super) fn codes(&self) -> impl Iterator<Item = Code> {
        self.groups.iter().map(|group| group.code)
    }

    pub(super) fn len(&self, unfolded: &BTreeSet<Code>) -> usize {
        self.groups.iter().map(|group| group.len(unfolded)).sum()
    }

    pub(super) fn len_of(&self, code: Code, unfolded: &BTreeSet<Code>) -> usize {
        let group = self.groups.iter().find(|group| group.code == code);
        group.map_or(0, |group| group.len(unfolded))
    }

    /// The row of a rule.
    pub(super) fn start(&self, code: Code, unfolded: &BTreeSet<Code>) -> Option<usize> {
        let at = self.groups.iter().position(|group| group.code == code)?;
        let before = self.groups[..at].iter();
        Some(before.map(|group| group.len(unfolded)).sum())
    }

    /// The rule that a row belongs to, and how far below that it is.
    fn group(&self, at: usize, unfolded: &BTreeSet<Code>) -> Option<(&Group, usize)> {
        let mut within = at;
        for group in &self.groups {
            let len = group.len(unfolded);
            if within < len {
                return Some((group, within));
            }
            within -= len;
        }
        None
    }

    pub(super) fn place(&self, at: usize, unfolded: &BTreeSet<Code>) -> Option<(Code, usize)> {
        let (group, within) = self.group(at, unfolded)?;
        Some((group.code, within))
    }

    pub(super) fn row(&self, at: usize, unfolded: &BTreeSet<Code>) -> Option<Row<'_>> {
        let (group, within) = self.group(at, unfolded)?;
        Some(group.row(within))
    }
}
