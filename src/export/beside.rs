//! What a capture says beside its frames: comments, interfaces and what they dropped.

use std::io::{self, Write};

use serde::Serialize;

use crate::capture::{About, Comment, Interface, Layout};
use crate::store::Store;
use crate::wire::plain_within;

/// Characters shown of a comment, and of the name of an interface.
const MAX_CHARS: usize = 512;
/// Interfaces that are listed; a file of nothing else has millions.
const MAX_INTERFACES: usize = 1000;
/// Rows of each kind in the text.
const SHOWN: usize = 40;

/// The last two keys of the account.
#[derive(Serialize)]
pub(super) struct Beside {
    comments: Vec<Said>,
    interfaces: Vec<Counts>,
}

/// A comment: on a frame, on an interface by its number in its section, or on the capture.
#[derive(Serialize)]
struct Said {
    #[serde(skip_serializing_if = "Option::is_none")]
    frame: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    interface: Option<u32>,
    text: String,
}

/// What the capture says of an interface; counts that it does not give are left out.
#[derive(Serialize)]
struct Counts {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<String>,
    link: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    received: Option<u64>,
    /// By the kernel and by the interface.
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by_kernel: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dropped_by_interface: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    accepted: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    delivered: Option<u64>,
}

impl Beside {
    pub(super) fn of(store: &Store) -> Beside {
        let Some(layout) = store.layout() else {
            return Beside {
                comments: Vec::new(),
                interfaces: Vec::new(),
            };
        };
        let interfaces = layout.interfaces().take(MAX_INTERFACES);
        Beside {
            comments: comments(store, layout),
            interfaces: interfaces.map(counts).collect(),
        }
    }
}

/// People write anything into comments: under the mask nothing of it is shown.
fn comments(store: &Store, layout: &Layout) -> Vec<Said> {
    let kept = layout.comments().kept().iter().map(said);
    let shown = |said: Said| {
        if store.is_masked() {
            let text = "(masked)".to_owned();
            Said { text, ..said }
        } else {
            said
        }
    };
    kept.map(shown).collect()
}

fn said(comment: &Comment) -> Said {
    let (frame, interface) = match comment.about {
        About::Capture => (None, None),
        About::Interface(number) => (None, Some(number)),
        About::Frame(number) => (Some(number.0), None),
    };
    // People write lines.
    let lines = comment.text.split(|byte| *byte == b'\n');
    let lines: Vec<&[u8]> = lines.map(<[u8]>::trim_ascii).collect();
    Said {
        frame,
        interface,
        text: plain_within(&lines.join(&b' '), MAX_CHARS),
    }
}

fn counts(interface: &Interface) -> Counts {
    let counts = interface.counts;
    Counts {
        name: name(interface),
        link: interface.link.to_string(),
        received: counts.received,
        dropped: (counts.dropped_by_kernel.or(counts.dropped_by_interface))
            .map(|_| counts.dropped()),
        dropped_by_kernel: counts.dropped_by_kernel,
        dropped_by_interface: counts.dropped_by_interface,
        accepted: counts.accepted,
        delivered: counts.delivered,
    }
}

fn name(interface: &Interface) -> Option<String> {
    let name = interface.name.as_ref()?;
    Some(plain_within(name.as_bytes(), MAX_CHARS))
}

/// What the interfaces dropped while the capture was made; `None` where they dropped nothing, as far as it says.
pub(super) fn dropped(store: &Store) -> Option<String> {
    let layout = store.layout()?;
    let dropping = layout
        .interfaces()
        .filter(|interface| interface.counts.dropped() > 0);
    let words = |interface: &Interface| {
        let name = name(interface).unwrap_or_else(|| "an interface".to_owned());
        format!("{} on {name}", interface.counts.dropped())
    };
    let words: Vec<String> = dropping.take(SHOWN).map(words).collect();
    (!words.is_empty()).then(|| {
        let words = words.join(", ");
        format!("packets were dropped while it was captured: {words}; they may be what gaps are")
    })
}

/// What the capture says beside its frames, a line each, safe to print: the first interfaces and comments.
pub fn beside(store: &Store) -> Vec<String> {
    let Some(layout) = store.layout() else {
        return Vec::new();
    };
    let interfaces = layout.interfaces().map(counts);
    let named =
        interfaces.filter(|it| it.name.is_some() || it.received.is_some() || it.dropped.is_some());
    let mut lines: Vec<String> = named
        .take(SHOWN)
        .map(|interface| format!("interface  {}", interface.words()))
        .collect();
    let kept = comments(store, layout);
    let comments = kept.iter().take(SHOWN).map(Said::words);
    lines.extend(comments);
    let more = kept.len().saturating_sub(SHOWN) as u64 + layout.comments().more();
    if more > 0 {
        let first = kept.len();
        lines.push(format!(
            "and {more} more comments: `peerscope summary --json` has the first {first}"
        ));
    }
    lines
}

pub(super) fn text(store: &Store, out: &mut impl Write) -> io::Result<()> {
    let lines = beside(store);
    if lines.is_empty() {
        return Ok(());
    }
    writeln!(out, "\nCapture")?;
    lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
}

impl Said {
    /// `comment    frame 2: look here`
    fn words(&self) -> String {
        let text = &self.text;
        match (self.frame, self.interface) {
            (Some(frame), _) => format!("comment    frame {frame}: {text}"),
            (_, Some(number)) => format!("comment    interface {number}: {text}"),
            _ => format!("comment    {text}"),
        }
    }
}

impl Counts {
    /// `lo, Ethernet, 52 received, 0 dropped`
    fn words(&self) -> String {
        let mut words: Vec<String> = self.name.iter().cloned().collect();
        words.push(self.link.clone());
        words.extend(self.received.map(|count| format!("{count} received")));
        words.extend(self.dropped.map(|count| format!("{count} dropped")));
        words.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::capture::FrameNumber;

    #[test]
    fn a_comment_cannot_write_to_the_terminal() {
        let comment = Comment {
            about: About::Frame(FrameNumber(3)),
            text: (*b"look \x1b[2J here\r\nand \xe2\x80\xaethere").into(),
        };
        assert_eq!(said(&comment).text, "look ·[2J here and ·there");
    }
}
