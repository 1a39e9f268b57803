//! What is wrong with the message.

use super::{Folded, Node};
use crate::findings::Finding;

/// Findings that are listed; one message can break few rules at once.
const MAX_LISTED: usize = 64;
/// Rows of one.
const LINES: usize = 5;

/// Puts the findings of a message behind its fields. Of one all is in sight, of several what they are.
pub fn add_findings<'a>(nodes: &mut Vec<Node>, found: impl Iterator<Item = &'a Finding>) {
    let mut lines: Vec<Node> = found.take(MAX_LISTED).flat_map(lines_of).collect();
    if lines.len() > LINES {
        let headings = lines.iter_mut().step_by(LINES);
        headings.for_each(|heading| heading.folded = Folded::Yes);
    }
    let is_heading = |node: &Node| node.depth == 0;
    let fields = nodes.iter().skip(1).position(is_heading);
    let at = fields.map_or(nodes.len(), |at| at + 1);
    nodes.splice(at..at, lines);
}

fn lines_of(finding: &Finding) -> [Node; LINES] {
    let (severity, rule) = (finding.severity.name(), finding.code.rule());
    let line = |depth: u8, text: String| Node {
        depth,
        text,
        ..Node::default()
    };
    let part = |name: &str, text: &str| line(1, format!("{name:<12} {text}"));
    [
        line(0, format!("finding  {severity} {}", rule.name)),
        part("what", &finding.message),
        part("source", rule.source),
        part("when", rule.trigger),
        part("means", rule.meaning),
    ]
}
