//! What was typed before.

/// Lines that are remembered of each kind.
const MAX_LINES: usize = 100;

/// The lines of one kind, the newest last.
#[derive(Clone, Debug, Default)]
pub(in crate::app) struct Past {
    lines: Vec<String>,
}

impl Past {
    /// The newest once; what is empty is not worth it.
    pub(in crate::app) fn remember(&mut self, line: &str) {
        if line.trim().is_empty() {
            return;
        }
        self.lines.retain(|known| known != line);
        self.lines.push(line.to_owned());
        let over = self.lines.len().saturating_sub(MAX_LINES);
        self.lines.drain(..over);
    }
}

/// A walk through them, and the line from which it began.
#[derive(Clone, Debug, Default)]
pub(super) struct Walk {
    lines: Vec<String>,
    back: usize,
    draft: String,
}

impl Walk {
    pub(super) fn through(past: &Past) -> Walk {
        let lines = past.lines.clone();
        Walk {
            lines,
            ..Walk::default()
        }
    }

    /// The line before this one. `typed` comes back at the end of the way down.
    pub(super) fn up(&mut self, typed: &str) -> Option<String> {
        if self.back == 0 {
            typed.clone_into(&mut self.draft);
        }
        let at = self.lines.len().checked_sub(self.back + 1)?;
        self.back += 1;
        Some(self.lines[at].clone())
    }

    /// The line behind this one.
    pub(super) fn down(&mut self) -> Option<String> {
        self.back = self.back.checked_sub(1)?;
        let at = self.lines.len() - self.back;
        Some(self.lines.get(at).unwrap_or(&self.draft).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn past(lines: &[&str]) -> Past {
        let mut past = Past::default();
        lines.iter().for_each(|line| past.remember(line));
        past
    }

    #[test]
    fn up_goes_back_and_down_returns_to_what_was_typed() {
        let mut walk = Walk::through(&past(&["old", "new"]));
        assert_eq!(walk.up("draft").as_deref(), Some("new"));
        assert_eq!(walk.up("new").as_deref(), Some("old"));
        assert_eq!(walk.up("old"), None);
        assert_eq!(walk.down().as_deref(), Some("new"));
        assert_eq!(walk.down().as_deref(), Some("draft"));
        assert_eq!(walk.down(), None);
    }

    #[test]
    fn a_line_is_remembered_once_and_an_empty_one_never() {
        assert_eq!(past(&["a", "b", " ", "a"]).lines, ["b", "a"]);
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut past = Past::default();
        (0..150).for_each(|number| past.remember(&number.to_string()));
        assert_eq!(
            (past.lines.len(), past.lines[0].as_str()),
            (MAX_LINES, "50")
        );
    }
}
