//! Words that could stand where the cursor is, one after the other.

use super::line::Line;
use crate::view::Offer;

/// Words that fit, and what they take the place of.
#[derive(Clone, Debug)]
pub(super) struct Offers {
    /// Where the word begins.
    from: usize,
    /// What was typed of it.
    typed: String,
    words: Vec<Offer>,
    chosen: Option<usize>,
}

impl Offers {
    /// The words, `replaces` bytes before the cursor being what was typed of them.
    pub(super) fn new(line: &Line, replaces: usize, words: Vec<Offer>) -> Option<Offers> {
        let from = line.at() - replaces;
        let typed = line.text()[from..line.at()].to_owned();
        (!words.is_empty()).then_some(Offers {
            from,
            typed,
            words,
            chosen: None,
        })
    }

    pub(super) fn words(&self) -> &[Offer] {
        &self.words
    }

    pub(super) fn chosen(&self) -> Option<usize> {
        self.chosen
    }

    /// Writes what all words have in common; all of the word where it is the only one, which ends the choice.
    pub(super) fn begin(self, line: &mut Line) -> Option<Offers> {
        if let [only] = &self.words[..] {
            line.replace(self.from, &format!("{} ", only.word));
            return None;
        }
        let common = common(&self.words);
        if common.len() > self.typed.len() {
            line.replace(self.from, common);
        }
        Some(self)
    }

    /// Writes the next word, or the one before; behind the last comes what was typed.
    pub(super) fn turn(&mut self, line: &mut Line, by: isize) {
        let places = self.words.len() as isize + 1;
        let at = self.chosen.map_or(0, |at| at as isize + 1);
        let next = (at + by).rem_euclid(places) as usize;
        self.chosen = next.checked_sub(1);
        let word = self.chosen.map_or(&self.typed, |at| &self.words[at].word);
        line.replace(self.from, word);
    }

    /// Takes the choice back.
    pub(super) fn undo(&self, line: &mut Line) {
        line.replace(self.from, &self.typed);
    }
}

/// The bytes with which all of them begin; words are ASCII.
fn common(words: &[Offer]) -> &str {
    let first = words.first().map_or("", |offer| offer.word.as_str());
    let same = |other: &str| {
        let pairs = first.bytes().zip(other.bytes());
        pairs.take_while(|(a, b)| a == b).count()
    };
    let shortest = words.iter().map(|offer| same(&offer.word)).min();
    first.get(..shortest.unwrap_or(0)).unwrap_or("")
}
