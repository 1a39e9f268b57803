//! The line in the last row, and what is done with it: while it is typed, when it is accepted, when it is given up.

use ratatui::layout::Rect;

use super::prompt::{Asked, Outcome, Past, Prompt};
use super::{App, Effect, commands};
use crate::export::Sought;
use crate::store::filter::Filter;
use crate::store::{Choice, EntryId, Towards};
use crate::view::{Node, Overlay, Pane};

/// Lines that were and are typed, and what holds because of them.
#[derive(Debug, Default)]
pub(super) struct Asking {
    prompt: Option<Prompt>,
    pasts: [Past; 3],
    /// The filter that was there before this one was typed, and the message that was chosen.
    before: Option<(String, Option<EntryId>)>,
    /// The filter of the ladder.
    filter: String,
    sought: Option<Sought>,
}

impl Asking {
    pub(super) fn prompt(&self) -> Option<&Prompt> {
        self.prompt.as_ref()
    }

    pub(super) fn filter(&self) -> &str {
        &self.filter
    }

    pub(super) fn sought(&self) -> Option<&Sought> {
        self.sought.as_ref()
    }
}

impl App {
    /// Begins a line. A filter begins as the one that holds.
    pub(super) fn ask(&mut self, asked: Asked) {
        let text = match asked {
            Asked::Filter => self.asking.filter.clone(),
            Asked::Find | Asked::Command => String::new(),
        };
        self.ask_with(asked, &text);
    }

    fn ask_with(&mut self, asked: Asked, text: &str) {
        self.overlay = Overlay::None;
        self.asking.before = Some((self.asking.filter.clone(), self.place.chosen));
        self.asking.prompt = Some(Prompt::new(asked, text, &self.asking.pasts[asked as usize]));
        self.preview();
    }

    /// A line with the filter of the selected field, joined to the one that holds.
    pub(super) fn ask_of_field(&mut self, take: impl FnOnce(&str) -> String) {
        let selected = self.tree.selected(&self.nodes);
        let Some(field) = selected.and_then(|at| filter_of(&self.nodes, at)) else {
            self.notice = Some("nothing of this field can be filtered".to_owned());
            return;
        };
        let term = take(field);
        let text = match self.asking.filter.trim() {
            "" => term,
            filter if filter.contains(" or ") || filter.contains("||") => {
                format!("({filter}) and {term}")
            }
            filter => format!("{filter} and {term}"),
        };
        self.ask_with(Asked::Filter, &text);
    }

    /// Takes a key while a line is typed.
    pub(super) fn press_prompt(&mut self, key: &str, screen: Rect) -> Effect {
        let Some(prompt) = &mut self.asking.prompt else {
            return Effect::Draw;
        };
        match prompt.press(key) {
            Outcome::Edited => self.preview(),
            Outcome::Cancelled => self.give_up(),
            Outcome::Accepted(text) => return self.accept(&text, screen),
            Outcome::Ignored if key == "Ctrl-L" => return Effect::Redraw,
            Outcome::Ignored if key == "Ctrl-Z" => return Effect::Suspend,
            Outcome::Ignored => {}
        }
        Effect::Draw
    }

    /// Takes what was pasted: into the line, if there is one. Elsewhere it means nothing.
    pub fn paste(&mut self, text: &str) {
        if let Some(prompt) = &mut self.asking.prompt {
            prompt.paste(text);
            self.preview();
        }
    }

    /// A filter holds as soon as there is nothing wrong with it.
    fn preview(&mut self) {
        let prompt = self.asking.prompt.as_ref();
        let filter = prompt.filter(|prompt| prompt.asked() == Asked::Filter && prompt.is_valid());
        if let Some(text) = filter.map(|prompt| prompt.text().to_owned()) {
            self.set_filter(&text);
        }
    }

    fn give_up(&mut self) {
        self.asking.prompt = None;
        if let Some((filter, chosen)) = self.asking.before.take() {
            self.set_filter(&filter);
            self.place.chosen = chosen;
        }
    }

    /// A line with a fault stays, and says so.
    fn accept(&mut self, text: &str, screen: Rect) -> Effect {
        let Some(prompt) = self.asking.prompt.take_if(|prompt| prompt.is_valid()) else {
            return Effect::Draw;
        };
        self.asking.before = None;
        let asked = prompt.asked();
        self.asking.pasts[asked as usize].remember(text);
        match (asked, text.trim()) {
            (Asked::Filter, text) => self.filter_accepted(text),
            // As in `less`: an empty line looks for the same again.
            (Asked::Find, "") => self.find_next(Towards::Later),
            (Asked::Find, _) => self.find(text),
            (Asked::Command, "") => {}
            (Asked::Command, _) => {
                if let Ok(command) = commands::parse(text) {
                    return self.obey(command, screen);
                }
            }
        }
        Effect::Draw
    }

    pub(super) fn filter_accepted(&mut self, text: &str) {
        self.set_filter(text);
        if !text.is_empty() && self.arrangement.focus != Pane::Tree {
            self.go_to(Pane::Ladder);
        }
    }

    /// Shows what a filter lets pass; an empty one hides nothing.
    fn set_filter(&mut self, text: &str) {
        let text = text.trim();
        let filter: Option<Filter> = text.parse().ok();
        if text == self.asking.filter || (filter.is_none() && !text.is_empty()) {
            return;
        }
        text.clone_into(&mut self.asking.filter);
        let choice = self.rows.choice().clone();
        self.show(Choice { filter, ..choice });
    }

    /// Goes to the next row with this, and remembers it for `n`.
    pub(super) fn find(&mut self, text: &str) {
        self.asking.sought = text.parse().ok();
        self.find_next(Towards::Later);
    }
}

/// The filter of a field, or of the next one that it is a part of.
fn filter_of(nodes: &[Node], at: usize) -> Option<&str> {
    let mut depth = nodes.get(at)?.depth;
    for node in nodes[..=at].iter().rev().filter(|node| node.depth > 0) {
        if node.depth > depth {
            continue;
        }
        depth = node.depth;
        if let Some(filter) = &node.filter {
            return Some(filter);
        }
    }
    nodes[at].filter.as_deref().or(nodes[0].filter.as_deref())
}
