//! What is wrong with a capture: a line for each finding, and what is said of a rule.

use std::io::{self, Write};

use serde::Serialize;

use super::json::{line, optional_time};
use crate::capture::Timestamp;
use crate::findings::catalogue::RULES;
use crate::findings::{Finding, Group, Rule};
use crate::store::Store;
use crate::stream::Side;

/// Columns of the longest word for a severity, and of most names.
const SEVERITY: usize = 7;
const NAME: usize = 24;

/// The keys, in the order in which they are written.
#[derive(Serialize)]
struct Row<'a> {
    /// None of what is said of the capture as a whole.
    frame: Option<u32>,
    #[serde(serialize_with = "optional_time")]
    time: Option<Timestamp>,
    connection: Option<u32>,
    severity: &'static str,
    group: &'static str,
    code: &'static str,
    message: &'a str,
    /// Who broke the rule, where one side did.
    src: Option<String>,
}

impl<'a> Row<'a> {
    fn of(store: &Store, finding: &'a Finding) -> Row<'a> {
        let rule = finding.code.rule();
        let is_placed = finding.spot.frame.0 > 0;
        Row {
            frame: is_placed.then_some(finding.spot.frame.0),
            time: is_placed.then_some(finding.spot.time),
            connection: finding.connection.map(|id| id.0),
            severity: finding.severity.name(),
            group: rule.group.name(),
            code: rule.name,
            message: &finding.message,
            src: src(store, finding, finding.side),
        }
    }
}

/// The address of a side.
fn src(store: &Store, finding: &Finding, side: Option<Side>) -> Option<String> {
    let connection = store.connection(finding.connection?);
    Some(connection.end(side?).to_string())
}

pub(super) fn json(store: &Store, finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    line(&Row::of(store, finding), out)
}

/// Rows of a table, below the names of its columns.
pub(super) fn csv<'a>(
    store: &Store,
    findings: impl Iterator<Item = &'a Finding>,
    out: &mut impl Write,
) -> io::Result<()> {
    let mut table = csv::Writer::from_writer(out);
    table.write_record(COLUMNS)?;
    for finding in findings {
        let row = Row::of(store, finding);
        let number = |number: Option<u32>| number.map(|it| it.to_string()).unwrap_or_default();
        let time = row.time.map(|it| it.to_string()).unwrap_or_default();
        table.write_record([
            &number(row.frame),
            &time,
            &number(row.connection),
            row.severity,
            row.group,
            row.code,
            row.message,
            row.src.as_deref().unwrap_or_default(),
        ])?;
    }
    table.flush()
}

/// Names of the columns: the keys of `--json`.
const COLUMNS: [&str; 8] = [
    "frame",
    "time",
    "connection",
    "severity",
    "group",
    "code",
    "message",
    "src",
];

/// `  106   0.012345  #3  error   request-while-choked  10.0.0.1:6881: piece 4 was asked for while choked`
pub(super) fn text(store: &Store, finding: &Finding, out: &mut impl Write) -> io::Result<()> {
    let (severity, name) = (finding.severity.name(), finding.code.name());
    match finding.connection {
        Some(connection) => {
            let (frame, time) = (finding.spot.frame, finding.spot.time);
            let since = time.since(store.tally().start.unwrap_or(time)) as f64 / 1e9;
            write!(out, "{frame:>7} {since:>13.6}  #{connection:<3} ")?;
        }
        None => write!(out, "{:>7} {:>13}  {:<4} ", "", "", "-")?,
    }
    write!(out, "{severity:<SEVERITY$}  {name:<NAME$}  ")?;
    match src(store, finding, finding.side) {
        Some(src) => writeln!(out, "{src}: {}", finding.message),
        None => writeln!(out, "{}", finding.message),
    }
}

/// What is to be known of a rule.
pub fn explain(rule: &Rule) -> String {
    let Rule {
        name,
        severity,
        group,
        source,
        trigger,
        meaning,
        ..
    } = *rule;
    let (severity, group) = (severity.name(), group.name());
    format!("{name}: {severity}, {group} ({source})\n\n  {trigger}\n\n  {meaning}\n")
}

/// All rules as a page of Markdown, by group.
pub fn catalogue() -> String {
    let groups = Group::ALL.into_iter().map(group);
    groups.collect::<Vec<_>>().join("\n")
}

fn group(group: Group) -> String {
    let mut page = format!("## {}\n", title(group));
    let rules = RULES.iter().filter(|rule| rule.group == group);
    rules.for_each(|rule| page.push_str(&entry(rule)));
    page
}

fn title(group: Group) -> &'static str {
    match group {
        Group::Protocol => "Protocol",
        Group::Behaviour => "Behaviour",
        Group::Transport => "Transport",
        Group::Security => "Security",
        Group::Capture => "Quality of the capture",
    }
}

fn entry(rule: &Rule) -> String {
    let Rule {
        name,
        severity,
        source,
        trigger,
        meaning,
        ..
    } = *rule;
    let severity = severity.name();
    format!("\n### {name}\n\n*{severity}* · {source}\n\n{trigger}\n\n{meaning}\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::findings::Code;

    #[test]
    fn a_rule_is_told_with_its_source_and_its_meaning() {
        let rule = Code::RequestCrossedChoke.rule();
        let told = explain(rule);
        assert!(told.starts_with("request-crossed-choke: note, protocol (BEP 3)\n"));
        assert!(told.contains(rule.trigger) && told.contains(rule.meaning));
    }

    #[test]
    fn the_catalogue_has_each_rule_once() {
        let page = catalogue();
        for rule in RULES {
            let title = format!("\n### {}\n", rule.name);
            assert_eq!(page.matches(&title).count(), 1, "{}", rule.name);
        }
    }
}
