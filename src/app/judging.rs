//! Judging what was read, in slices, while there is nothing else to do.

use std::time::{Duration, Instant};

use super::App;
use crate::export::{is_alarming, report};
use crate::findings::{Finding, Findings, Index, index};
use crate::store::{EntryId, Scope, Store, Towards};
use crate::stream::ConnectionId;
use crate::view::{Follow, Pane};

/// Entries of a slice: some two milliseconds.
const ENTRIES: usize = 4096;
/// Connections of a slice whose end is judged.
const ENDS: usize = 1024;
/// Findings of a slice that are put into the index.
const LISTED: usize = 8192;
/// Entries that are judged while somebody waits for the program to end: a tenth of a second.
const QUICK: usize = 500_000;
/// What is over sooner needs no word.
const LONG: Duration = Duration::from_millis(500);

/// The findings, as far as they got.
#[derive(Debug, Default)]
pub(super) struct Judging {
    pub(super) findings: Findings,
    pub(super) index: Index,
    /// Since when it has not caught up.
    since: Option<Instant>,
    /// How much was judged, where that takes long.
    pub(super) percent: Option<u64>,
}

impl Judging {
    /// Judges a slice; with `is_over` the end, too. True when there is no more to judge.
    fn step(&mut self, store: &Store, is_over: bool) -> bool {
        if is_over {
            self.findings.settle();
        }
        let has_caught_up = self.findings.step(store, ENTRIES);
        let is_judged = has_caught_up && (!is_over || self.findings.conclude_some(store, ENDS));
        let is_listed = self.index.step(&self.findings, store, LISTED);
        self.tell(store, is_judged);
        is_judged && is_listed
    }

    fn tell(&mut self, store: &Store, is_judged: bool) {
        if is_judged {
            (self.since, self.percent) = (None, None);
            return;
        }
        let since = self.since.get_or_insert_with(Instant::now);
        if since.elapsed() > LONG {
            let (done, all) = (self.findings.judged(), store.len().max(1));
            self.percent = Some(done as u64 * 100 / all as u64);
        }
    }
}

impl App {
    /// What was read is judged when it is all there, or when it waits for more.
    pub(super) fn go_on_judging(&mut self) -> bool {
        let is_over = self.progress.is_done;
        let may_judge = is_over || self.progress.is_waiting || self.live.is_some();
        !may_judge || self.judging.step(&self.store, is_over)
    }

    /// What is worth knowing first, for who quits. Nothing where nothing is wrong, or where it would take long to say.
    pub(super) fn parting(&mut self) -> Option<String> {
        if self.store.len() > QUICK && !self.judging.findings.is_concluded() {
            return None;
        }
        let findings = &mut self.judging.findings;
        findings.conclude(&self.store);
        if !is_alarming(findings) {
            return None;
        }
        let mut said = Vec::new();
        report(findings, &mut said).ok()?;
        String::from_utf8(said).ok()
    }

    /// The rows of their view follow what was found.
    pub(super) fn list_findings(&mut self) {
        let connection = self.scene().connection().map(|it| it.id);
        let Judging {
            findings, index, ..
        } = &self.judging;
        self.views.findings.make(findings, index, connection);
    }

    /// To the next message with a finding in the conversations that are shown.
    pub(super) fn go_to_finding(&mut self, towards: Towards) {
        let Some((entry, is_around)) = self.next_finding(towards) else {
            self.notice = Some(self.no_finding());
            return;
        };
        self.set_follow(Follow::Off);
        self.show_message(entry);
        self.notice = self.words_of_findings().map(|words| {
            let around = if is_around {
                "from the other end: "
            } else {
                ""
            };
            format!("{around}{words}")
        });
    }

    /// The next one, and whether it is on the other side of the end.
    fn next_finding(&self, towards: Towards) -> Option<(EntryId, bool)> {
        let from = self.place.chosen?;
        let ids: Vec<ConnectionId> = match &self.rows.choice().scope {
            Scope::One(id) => vec![*id],
            Scope::Merged(ids) => ids.iter().copied().collect(),
        };
        let shown = |entry: &EntryId| self.rows.shows(*entry);
        let places = |id: ConnectionId| self.judging.index.places(id).map(|(entry, _)| entry);
        let (further, around): (Vec<_>, Vec<_>) = match towards {
            Towards::Later => ids
                .into_iter()
                .map(|id| {
                    let further = places(id).filter(|it| *it > from).find(shown);
                    (further, places(id).find(shown))
                })
                .unzip(),
            Towards::Earlier => ids
                .into_iter()
                .map(|id| {
                    let further = places(id).rev().filter(|it| *it < from).find(shown);
                    (further, places(id).rev().find(shown))
                })
                .unzip(),
        };
        let nearest = |found: Vec<Option<EntryId>>| {
            let found = found.into_iter().flatten();
            match towards {
                Towards::Later => found.min(),
                Towards::Earlier => found.max(),
            }
        };
        let further = nearest(further).map(|entry| (entry, false));
        further.or_else(|| nearest(around).map(|entry| (entry, true)))
    }

    fn no_finding(&self) -> String {
        let findings = &self.judging.findings;
        let words = if findings.counts().all() > 0 {
            "nothing is wrong here: 5 shows what is elsewhere"
        } else if findings.is_concluded() {
            "nothing is wrong"
        } else if self.progress.is_done {
            "nothing is wrong so far: it is still judged"
        } else {
            "nothing is wrong so far: it is still read"
        };
        words.to_owned()
    }

    /// `error request-while-choked: piece 4 was asked for while choked (1 of 2 here)`
    fn words_of_findings(&self) -> Option<String> {
        let scene = self.scene();
        let count = scene.findings_here().count();
        let first: &Finding = scene.findings_here().next()?;
        let (severity, code) = (first.severity.name(), first.code);
        let more = if count > 1 {
            format!(" (1 of {count} here)")
        } else {
            String::new()
        };
        Some(format!("{severity} {code}: {}{more}", first.message))
    }

    /// To the message of a finding, or to what is said of the whole capture.
    pub(super) fn open_finding(&mut self, at: u32) {
        let Some(finding) = self.judging.findings.all().get(at as usize) else {
            return;
        };
        let (connection, entry) = (finding.connection, index::place(&self.store, finding));
        match (connection, entry) {
            (_, Some(entry)) => {
                self.set_follow(Follow::Off);
                self.show_message(entry);
                self.to_unfold = Some(entry);
                self.arrangement.focus = Pane::Ladder;
                self.notice = self.words_of_findings();
            }
            (Some(connection), None) => {
                self.select_connection(connection.0 as usize);
                self.go_to(Pane::Ladder);
            }
            (None, None) => self.go_to(Pane::Account),
        }
    }

    /// The message that was jumped to is shown in a row of its own, once the rows of its conversation are made.
    pub(super) fn unfold_what_is_due(&mut self) -> bool {
        let due = self.to_unfold.take();
        let due = due.filter(|id| self.place.chosen == Some(*id));
        due.into_iter().for_each(|id| self.unfold_run_of(id));
        true
    }
}
