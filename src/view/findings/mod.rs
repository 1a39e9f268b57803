//! What is wrong with the capture: the rules that were broken, the worst first, each with its findings, and what is
//! said of the chosen rule.
//!
//! ```text
//!  3 errors, 1 warning, 2 notes                                  errors only
//!    rule                        times conns  when
//!    E request-while-choked          3     2  A block was asked for while ch…
//!      9.954120    1045 #3   B>A  piece 4 was asked for while choked
//!  ▸ W capture-snaplen               1     -  Frames were captured only in part.
//! ──────────────────────────────────────────────────────────────────────────
//!  request-while-choked  error, protocol, BEP 3
//!  means  The sender ignores chokes. ...
//! ```

mod explanation;
mod groups;
mod list;
mod signs;

pub use groups::{Groups, Least, Row, Wanted};
pub(super) use signs::{letter, sentence, signs, ticks, tone, worst_of};

use super::canvas::Canvas;
use super::{Cursor, Scene, Tone};
use crate::export::nothing_to_show;
use crate::findings::{Code, Findings, Index};
use crate::stream::ConnectionId;
use std::collections::BTreeSet;

/// From so many columns on, the explanation stands beside the list.
const WIDE: u16 = 140;
/// Rows of the head and of the names of the columns.
const HEAD: u16 = 2;

/// What is chosen in it, and the rows that follow from that.
#[derive(Clone, Debug, Default)]
pub struct State {
    cursor: Cursor,
    least: Least,
    span: Span,
    unfolded: BTreeSet<Code>,
    groups: Groups,
    /// A rule that was asked for by its name, until the cursor moves.
    explained: Option<Code>,
}

/// Of which connections.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Span {
    /// Of all, and of the capture as a whole.
    #[default]
    Whole,
    /// Of the selected one.
    Selected,
}

impl State {
    /// Makes the rows anew where the findings or the choice are no longer what they were. The cursor stays at its rule.
    pub fn make(&mut self, findings: &Findings, index: &Index, selected: Option<ConnectionId>) {
        let wanted = Wanted {
            state: index.state(),
            least: self.least,
            of: selected.filter(|_| self.span == Span::Selected),
        };
        if self.groups.wanted() == wanted {
            return;
        }
        let at = self.place();
        self.groups = Groups::new(wanted, findings, index);
        if let Some((code, within)) = at {
            self.select(code, within);
        }
    }

    /// The rule of the cursor, and the row below it.
    fn place(&self) -> Option<(Code, usize)> {
        self.groups.place(self.cursor.selected, &self.unfolded)
    }

    fn select(&mut self, code: Code, within: usize) {
        if let Some(start) = self.groups.start(code, &self.unfolded) {
            let len = self.groups.len_of(code, &self.unfolded);
            self.cursor.selected = start + within.min(len.max(1) - 1);
        }
    }

    /// Number of rows.
    pub fn len(&self) -> usize {
        self.groups.len(&self.unfolded)
    }

    /// Are there none?
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// What the cursor is on.
    pub fn selected(&self) -> Option<Row<'_>> {
        self.groups.row(self.cursor.selected, &self.unfolded)
    }

    /// Moves in the list.
    pub fn move_by(&mut self, rows: isize) {
        self.explained = None;
        self.cursor.move_by(rows, self.len());
    }

    /// Keeps the chosen row in a window of so many.
    pub fn show_cursor(&mut self, height: usize) {
        self.cursor.show(height, self.len());
    }

    /// Chooses a row of the window.
    pub fn choose(&mut self, row: usize) {
        let at = self.cursor.offset + row;
        if at < self.len() {
            self.explained = None;
            self.cursor.selected = at;
        }
    }

    /// Unfolds the rule of the cursor; false where there is none, or it is not folded.
    pub fn unfold(&mut self) -> bool {
        let place = self.place();
        place.is_some_and(|(code, _)| self.unfolded.insert(code))
    }

    /// Folds the rule of the cursor, which then is on it; false where it is folded.
    pub fn fold(&mut self) -> bool {
        let Some((code, _)) = self.place() else {
            return false;
        };
        self.cursor.selected = self.groups.start(code, &self.unfolded).unwrap_or(0);
        self.unfolded.remove(&code)
    }

    /// Unfolds all, or none.
    pub fn unfold_all(&mut self, is_wanted: bool) {
        let place = self.place();
        self.unfolded.clear();
        if is_wanted {
            self.unfolded.extend(self.groups.codes());
        }
        if let Some((code, within)) = place {
            self.select(code, within);
        }
    }

    /// Shows less of what is not so bad, or all again.
    pub fn turn_least(&mut self) {
        self.least = self.least.next();
    }

    /// Those of the selected connection, or all again.
    pub fn turn_span(&mut self) {
        self.span = match self.span {
            Span::Whole => Span::Selected,
            Span::Selected => Span::Whole,
        };
    }

    /// Chooses a rule; one that nobody broke is explained all the same.
    pub fn explain(&mut self, code: Code) {
        self.explained = Some(code);
        self.select(code, 0);
    }

    /// The rule that is explained.
    fn code(&self) -> Option<Code> {
        self.explained.or(self.place().map(|(code, _)| code))
    }
}

/// Rows of the list on a pane of this size.
pub(crate) fn list_height(width: u16, height: u16) -> usize {
    let below = if width >= WIDE {
        0
    } else {
        explanation::rows(height) + 1
    };
    usize::from(height.saturating_sub(HEAD + below))
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    head(scene, canvas);
    let (width, height) = (canvas.width(), canvas.height());
    let rows = list_height(width, height) as u16;
    if width >= WIDE {
        let beside = width * 3 / 5;
        list::draw(scene, &mut canvas.columns(0, beside).part(1, rows + 1));
        canvas.columns(beside, 1).below(1).rule();
        let rest = width - beside - 1;
        explanation::draw(scene, &mut canvas.columns(beside + 1, rest).below(1));
    } else {
        list::draw(scene, &mut canvas.part(1, rows + 1));
        canvas.part(rows + HEAD, 1).rule();
        explanation::draw(scene, &mut canvas.below(rows + HEAD + 1));
    }
}

/// `3 errors, 1 warning, 2 notes`, and which of them are shown.
fn head(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let state = &scene.views.findings;
    let mut choice: Vec<String> = state.least.words().map(str::to_owned).into_iter().collect();
    choice.extend(state.groups.wanted().of.map(|id| format!("of #{id}")));
    let choice = choice.join(" ") + " ";
    canvas.right(0, &choice, Tone::Strong);
    let mut words = verdict(scene);
    if let Some(percent) = scene.judging {
        words = format!("{words}; judging {percent} %");
    }
    let room = canvas.width().saturating_sub(choice.len() as u16 + 1);
    let rest = canvas.width() - room;
    canvas.without_right(rest).text(1, 0, &words, Tone::Strong);
}

fn verdict(scene: &Scene<'_>) -> String {
    let counts = scene.findings.counts();
    let is_over = scene.findings.is_concluded();
    match counts.all() {
        0 if scene.store.is_empty() && scene.progress.is_done => {
            nothing_to_show(scene.store).unwrap_or_else(|| "nothing is wrong".to_owned())
        }
        0 if is_over => "nothing is wrong".to_owned(),
        0 if !scene.progress.is_done && scene.live.is_none() && !scene.progress.is_waiting => {
            "still reading: what was read is judged at its end".to_owned()
        }
        0 => "nothing is wrong so far".to_owned(),
        _ => {
            let words = [
                plural(counts.errors, "error"),
                plural(counts.warnings, "warning"),
                plural(counts.notes, "note"),
            ];
            words.join(", ") + if is_over { "" } else { " so far" }
        }
    }
}

fn plural(count: u64, word: &str) -> String {
    let end = if count == 1 { "" } else { "s" };
    format!("{count} {word}{end}")
}
