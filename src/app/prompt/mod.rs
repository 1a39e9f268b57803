//! The line in the last row: a filter, what to find, or a command.

mod line;
mod offers;
mod past;

use std::str::FromStr;

use super::commands;
use crate::export::Sought;
use crate::store::filter::{self, Filter, FilterError};
use crate::view::{Fault, Offer, Typing};
use line::Line;
use offers::Offers;
use past::Walk;

pub(super) use past::Past;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Asked {
    Filter,
    Find,
    Command,
}

/// What a key did to the line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// It is another now, or its cursor is elsewhere.
    Edited,
    /// This is what is wanted.
    Accepted(String),
    /// Nothing is.
    Cancelled,
    /// It means nothing here.
    Ignored,
}

/// A line that is typed. What is drawn of it is in [`Prompt::typing`].
#[derive(Clone, Debug)]
pub(super) struct Prompt {
    asked: Asked,
    line: Line,
    walk: Walk,
    offers: Option<Offers>,
    typing: Typing,
}

impl Prompt {
    /// Asks, with a text to begin with.
    pub(super) fn new(asked: Asked, text: &str, past: &Past) -> Prompt {
        let mut prompt = Prompt {
            asked,
            line: Line::of(text),
            walk: Walk::through(past),
            offers: None,
            typing: Typing::default(),
        };
        prompt.refresh();
        prompt
    }

    pub(super) fn asked(&self) -> Asked {
        self.asked
    }

    pub(super) fn text(&self) -> &str {
        self.line.text()
    }

    /// The line as it is drawn.
    pub(super) fn typing(&self) -> &Typing {
        &self.typing
    }

    /// Is there nothing wrong with it?
    pub(super) fn is_valid(&self) -> bool {
        self.typing.fault.is_none()
    }

    /// Takes a key by its name.
    pub(super) fn press(&mut self, key: &str) -> Outcome {
        let outcome = self.take(key);
        self.refresh();
        outcome
    }

    /// Takes what was pasted as text, whatever it holds: no part of it is a key.
    pub(super) fn paste(&mut self, text: &str) {
        self.offers = None;
        self.line.insert(text.trim_end_matches(['\r', '\n']));
        self.refresh();
    }

    fn take(&mut self, key: &str) -> Outcome {
        match key {
            "Tab" => self.complete(1),
            "Shift-Tab" => self.complete(-1),
            "Esc" if self.offers.is_some() => {
                let offers = self.offers.take();
                offers.iter().for_each(|it| it.undo(&mut self.line));
                Outcome::Edited
            }
            "Esc" | "Ctrl-C" | "Ctrl-G" => Outcome::Cancelled,
            "Enter" => Outcome::Accepted(self.line.text().to_owned()),
            "Backspace" if self.line.text().is_empty() => Outcome::Cancelled,
            "Up" | "Ctrl-P" => {
                let line = self.walk.up(self.line.text());
                self.recall(line)
            }
            "Down" | "Ctrl-N" => {
                let line = self.walk.down();
                self.recall(line)
            }
            _ if self.line.press(key) => {
                self.offers = None;
                Outcome::Edited
            }
            _ => Outcome::Ignored,
        }
    }

    fn recall(&mut self, line: Option<String>) -> Outcome {
        self.offers = None;
        if let Some(line) = line {
            self.line = Line::of(&line);
        }
        Outcome::Edited
    }

    fn complete(&mut self, by: isize) -> Outcome {
        if let Some(offers) = &mut self.offers {
            offers.turn(&mut self.line, by);
            return Outcome::Edited;
        }
        let (replaces, words) = self.words();
        let offers = Offers::new(&self.line, replaces, words);
        self.offers = offers.and_then(|offers| offers.begin(&mut self.line));
        Outcome::Edited
    }

    /// What could stand at the cursor, and how many bytes of it do.
    fn words(&self) -> (usize, Vec<Offer>) {
        let before = &self.line.text()[..self.line.at()];
        match (self.asked, before.strip_prefix('=')) {
            (Asked::Filter, _) => offered(before),
            (Asked::Find, Some(filter)) => offered(filter),
            (Asked::Find, None) => (0, Vec::new()),
            (Asked::Command, _) => commands::complete(before),
        }
    }

    fn refresh(&mut self) {
        let text = self.line.text();
        self.typing = Typing {
            sign: self.asked.sign(),
            text: text.to_owned(),
            at: self.line.at(),
            fault: self.asked.fault(text),
            hint: self.asked.hint(text),
            offers: self
                .offers
                .iter()
                .flat_map(|it| it.words().to_vec())
                .collect(),
            chosen: self.offers.as_ref().and_then(Offers::chosen),
        };
    }
}

/// Words of the filter language that fit behind a text.
pub(super) fn offered(text: &str) -> (usize, Vec<Offer>) {
    let fitting = filter::complete(text);
    let replaces = fitting.first().map_or(0, |word| word.replaces);
    let offer = |word: &filter::Completion| Offer {
        word: word.word.to_owned(),
        about: word.about.to_owned(),
    };
    (replaces, fitting.iter().map(offer).collect())
}

impl Asked {
    fn sign(self) -> &'static str {
        match self {
            Asked::Filter => "filter: ",
            Asked::Find => "/",
            Asked::Command => ":",
        }
    }

    /// What is wrong with a text. An empty one is no fault: it asks for nothing.
    fn fault(self, text: &str) -> Option<Fault> {
        if text.trim().is_empty() {
            return None;
        }
        match self {
            Asked::Filter => Filter::from_str(text).err().map(|error| fault(error, 0)),
            Asked::Find => Sought::from_str(text).err().map(|error| fault(error, 1)),
            Asked::Command => commands::parse(text).err(),
        }
    }

    fn hint(self, text: &str) -> String {
        let is_empty = text.trim().is_empty();
        match self {
            Asked::Filter if is_empty => {
                "shows what fits: type == request and index in {17..32}; empty shows all; Tab completes".into()
            }
            Asked::Find if is_empty => "text of a row, or = and a filter: =index == 17".into(),
            Asked::Find if Sought::looks_like_filter(text) => {
                "looked for as text; = in front makes it a filter".into()
            }
            Asked::Find => "n next, N previous".into(),
            Asked::Command => commands::about(text).unwrap_or("Tab lists the commands").into(),
            Asked::Filter => "Enter keeps it, Esc takes it back".into(),
        }
    }
}

/// The fault of a filter that begins `behind` bytes into the line.
pub(super) fn fault(error: FilterError, behind: usize) -> Fault {
    Fault {
        at: error.at.start + behind..error.at.end + behind,
        words: error.problem.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn prompt(asked: Asked, text: &str) -> Prompt {
        Prompt::new(asked, text, &Past::default())
    }

    fn after(mut prompt: Prompt, keys: &str) -> Prompt {
        for key in keys.split(' ') {
            prompt.press(key);
        }
        prompt
    }

    fn words(prompt: &Prompt) -> Vec<&str> {
        let offers = prompt.typing().offers.iter();
        offers.map(|offer| offer.word.as_str()).collect()
    }

    #[test]
    fn letters_edit_and_enter_accepts() {
        let mut prompt = prompt(Asked::Find, "chok");
        assert_eq!(prompt.press("e"), Outcome::Edited);
        assert_eq!(prompt.press("Enter"), Outcome::Accepted("choke".into()));
        assert_eq!(prompt.press("F5"), Outcome::Ignored);
    }

    #[test]
    fn escape_cancels_and_so_does_deleting_beyond_the_start() {
        for keys in ["Esc", "Ctrl-C", "Ctrl-G", "Backspace"] {
            assert_eq!(prompt(Asked::Find, "").press(keys), Outcome::Cancelled);
        }
        assert_eq!(prompt(Asked::Find, "x").press("Backspace"), Outcome::Edited);
    }

    #[test]
    fn tab_writes_the_only_word() {
        assert_eq!(
            after(prompt(Asked::Filter, "type == unch"), "Tab").text(),
            "type == unchoke "
        );
        assert_eq!(
            after(prompt(Asked::Command, "fi"), "l Tab").text(),
            "filter "
        );
        assert_eq!(after(prompt(Asked::Find, "=ty"), "Tab").text(), "=type ");
        assert_eq!(after(prompt(Asked::Find, "ty"), "Tab").text(), "ty");
    }

    #[test]
    fn tab_writes_what_all_words_begin_with_and_then_each() {
        let mut prompt = after(prompt(Asked::Filter, "type == ha"), "Tab");
        assert_eq!(prompt.text(), "type == ha");
        assert_eq!(words(&prompt)[..3], ["handshake", "have", "have_all"]);
        let mut turns = ["Tab", "Tab", "Shift-Tab"].map(|key| {
            prompt.press(key);
            prompt.text().to_owned()
        });
        assert_eq!(
            turns,
            ["type == handshake", "type == have", "type == handshake"]
        );
        turns[0].push('x');
        prompt.press("x");
        assert_eq!(
            (prompt.text(), words(&prompt).len()),
            (turns[0].as_str(), 0)
        );
    }

    #[test]
    fn escape_takes_a_choice_back_before_it_cancels() {
        let mut prompt = after(prompt(Asked::Filter, "type == ha"), "Tab Tab");
        assert_eq!(prompt.press("Esc"), Outcome::Edited);
        assert_eq!((prompt.text(), words(&prompt).len()), ("type == ha", 0));
        assert_eq!(prompt.press("Esc"), Outcome::Cancelled);
    }

    #[test]
    fn words_stand_where_the_cursor_is() {
        let prompt = after(prompt(Asked::Filter, "ty == choke"), "Home Right Right Tab");
        assert_eq!(prompt.text(), "type  == choke");
    }

    #[test]
    fn up_and_down_walk_through_what_was_typed() {
        let mut past = Past::default();
        ["choke", "unchoke"]
            .into_iter()
            .for_each(|line| past.remember(line));
        let prompt = Prompt::new(Asked::Filter, "pi", &past);
        assert_eq!(after(prompt.clone(), "Up Up Up").text(), "choke");
        assert_eq!(after(prompt.clone(), "Ctrl-P").text(), "unchoke");
        assert_eq!(after(prompt, "Up Up Down Ctrl-N").text(), "pi");
    }

    #[test]
    fn what_is_wrong_is_known_at_every_key() {
        let prompt = prompt(Asked::Filter, "indx == 1");
        let fault = prompt.typing().fault.clone().unwrap();
        assert_eq!(
            (fault.at, &*fault.words),
            (0..4, "no such field; is it index?")
        );
        assert!(after(prompt, "Home Right Right Right e").is_valid());
    }

    #[test]
    fn an_empty_line_is_no_fault() {
        for asked in [Asked::Filter, Asked::Find, Asked::Command] {
            assert!(prompt(asked, " ").is_valid());
        }
        assert!(!prompt(Asked::Find, "=indx").is_valid());
        assert_eq!(
            prompt(Asked::Find, "=indx")
                .typing()
                .fault
                .clone()
                .unwrap()
                .at,
            1..5
        );
    }

    #[test]
    fn a_filter_that_is_looked_for_as_text_is_noticed() {
        let hint = |text| prompt(Asked::Find, text).typing().hint.clone();
        assert!(hint("index == 1").contains("= in front"));
        assert!(hint("choke").contains("n next"));
    }

    #[test]
    fn what_is_pasted_is_text_and_no_key() {
        let mut prompt = prompt(Asked::Filter, "");
        prompt.paste("choke\u{1b}[2J or\r\nunchoke\tq\u{3}\n");
        assert_eq!(prompt.text(), "choke[2J or  unchoke q");
    }

    const KEYS: [&str; 30] = [
        "Left",
        "Right",
        "Home",
        "End",
        "Ctrl-Left",
        "Ctrl-Right",
        "Backspace",
        "Delete",
        "Ctrl-W",
        "Ctrl-U",
        "Ctrl-K",
        "Tab",
        "Tab",
        "Shift-Tab",
        "Up",
        "Down",
        "Esc",
        "Space",
        "t",
        "y",
        "=",
        "=",
        "\"",
        "(",
        "{",
        "é",
        "测",
        "\u{1b}",
        "Enter",
        "F9",
    ];

    proptest! {
        #[test]
        fn no_keys_break_a_line(
            asked in proptest::sample::select(vec![Asked::Filter, Asked::Find, Asked::Command]),
            keys in proptest::collection::vec(proptest::sample::select(KEYS.to_vec()), 0..50),
        ) {
            let mut past = Past::default();
            ["=type == piece", "filter é", "测"].into_iter().for_each(|line| past.remember(line));
            let mut prompt = Prompt::new(asked, "", &past);
            for key in keys {
                prompt.press(key);
                let Typing { text, at, fault, chosen, offers, .. } = prompt.typing();
                prop_assert!(text.is_char_boundary(*at) && !text.chars().any(char::is_control));
                prop_assert!(fault.iter().all(|fault| text.get(fault.at.clone()).is_some()));
                prop_assert!(chosen.is_none_or(|chosen| chosen < offers.len()));
            }
        }
    }
}
