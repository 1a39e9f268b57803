//! What is worth knowing first.

use std::collections::{BTreeMap, BTreeSet};

use super::{Code, Finding, Findings, Severity};
use crate::stream::ConnectionId;

/// All that was found by one rule, in short.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Headline<'a> {
    /// The worst of them; of several the first.
    pub first: &'a Finding,
    /// How often.
    pub times: u64,
    /// On so many connections.
    pub connections: usize,
}

#[derive(Debug)]
struct Heard<'a> {
    first: &'a Finding,
    on: BTreeSet<ConnectionId>,
}

impl Findings {
    /// The rules that were broken: the worst first, then what concerns most connections, then what happened most often.
    pub fn headlines(&self) -> Vec<Headline<'_>> {
        let mut heard: BTreeMap<Code, Heard<'_>> = BTreeMap::new();
        for finding in self.all() {
            let of = heard.entry(finding.code).or_insert_with(|| Heard {
                first: finding,
                on: BTreeSet::new(),
            });
            if finding.severity < of.first.severity {
                of.first = finding;
            }
            of.on.extend(finding.connection);
        }
        let mut headlines: Vec<Headline<'_>> = heard
            .into_iter()
            .map(|(code, Heard { first, on })| Headline {
                first,
                times: self.times(code),
                connections: on.len(),
            })
            .collect();
        headlines.sort_by_key(|it| {
            (
                it.severity(),
                usize::MAX - it.connections,
                u64::MAX - it.times,
            )
        });
        headlines
    }
}

impl Headline<'_> {
    /// How bad the worst of them is.
    pub fn severity(&self) -> Severity {
        self.first.severity
    }
}
