//! A line of text while it is typed.

use unicode_width::UnicodeWidthChar;

use crate::wire::plain;

/// As much as a filter may have; nobody types more.
const MAX_LEN: usize = 4096;

/// A text and a cursor in it.
///
/// Invariant: the cursor is at a boundary of characters, and no character is one that a terminal would obey.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Line {
    text: String,
    at: usize,
}

impl Line {
    /// The cursor is behind the text.
    pub(super) fn of(text: &str) -> Line {
        let mut line = Line::default();
        line.insert(text);
        line
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Bytes before the cursor.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Does what a key means in a line; false when it means nothing there.
    pub(super) fn press(&mut self, key: &str) -> bool {
        match key {
            "Left" | "Ctrl-B" => self.at = self.left(),
            "Right" | "Ctrl-F" => self.at = self.right(),
            "Home" | "Ctrl-A" => self.at = 0,
            "End" | "Ctrl-E" => self.at = self.text.len(),
            "Ctrl-Left" | "Alt-b" => self.at = self.word_left(),
            "Ctrl-Right" | "Alt-f" => self.at = self.word_right(),
            "Backspace" | "Ctrl-H" => self.delete(self.left(), self.at),
            "Delete" | "Ctrl-D" => self.delete(self.at, self.right()),
            "Ctrl-W" | "Alt-Backspace" | "Ctrl-Backspace" => self.delete(self.word_left(), self.at),
            "Alt-d" | "Ctrl-Delete" => self.delete(self.at, self.word_right()),
            "Ctrl-U" => self.delete(0, self.at),
            "Ctrl-K" => self.delete(self.at, self.text.len()),
            "Space" => self.insert(" "),
            _ if key.chars().count() == 1 => self.insert(key),
            _ => return false,
        }
        true
    }

    /// Puts a text at the cursor. Ends of lines and tabs become spaces; what a terminal would obey is left out.
    pub(super) fn insert(&mut self, text: &str) {
        let room = MAX_LEN - self.text.len();
        let mut typed = String::new();
        for char in text.chars().filter_map(harmless) {
            if typed.len() + char.len_utf8() > room {
                break;
            }
            typed.push(char);
        }
        self.text.insert_str(self.at, &typed);
        self.at += typed.len();
    }

    /// Puts a word in the place of what stands from `from` to the cursor.
    pub(super) fn replace(&mut self, from: usize, word: &str) {
        self.delete(from, self.at);
        self.insert(word);
    }

    fn delete(&mut self, from: usize, to: usize) {
        self.text.replace_range(from..to, "");
        self.at = from;
    }

    /// Before the character on the left; accents go with the letter that they stand on.
    fn left(&self) -> usize {
        let mut before = self.text[..self.at].char_indices().rev();
        let found = before.find(|(_, char)| has_width(*char));
        found.map_or(0, |(at, _)| at)
    }

    fn right(&self) -> usize {
        let mut behind = self.text[self.at..].char_indices().skip(1);
        let found = behind.find(|(_, char)| has_width(*char));
        found.map_or(self.text.len(), |(at, _)| self.at + at)
    }

    /// Words end at spaces, as in a shell.
    fn word_left(&self) -> usize {
        let word = self.text[..self.at].trim_end();
        word.rfind(' ').map_or(0, |space| space + 1)
    }

    fn word_right(&self) -> usize {
        let rest = &self.text[self.at..];
        let word = rest.trim_start();
        let end = word.find(' ').unwrap_or(word.len());
        self.text.len() - word.len() + end
    }
}

fn has_width(char: char) -> bool {
    char.width().unwrap_or(0) > 0
}

fn harmless(char: char) -> Option<char> {
    match char {
        '\n' | '\r' | '\t' => Some(' '),
        '·' => Some(char),
        _ => plain(char.encode_utf8(&mut [0; 4]).as_bytes())
            .chars()
            .next()
            .filter(|shown| *shown == char),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The text after keys, with a bar for the cursor.
    fn after(text: &str, keys: &str) -> String {
        let mut line = Line::of(text);
        for key in keys.split_whitespace() {
            assert!(line.press(key), "{key}");
        }
        let mut shown = line.text().to_owned();
        shown.insert(line.at(), '|');
        shown
    }

    #[test]
    fn keys_move_by_letters_words_and_ends() {
        assert_eq!(after("ab", "Left"), "a|b");
        assert_eq!(after("ab", "Left Left Left Right"), "a|b");
        assert_eq!(after("ab", "Ctrl-B Ctrl-B Ctrl-F"), "a|b");
        assert_eq!(after("ab", "Home"), "|ab");
        assert_eq!(after("ab", "Ctrl-A Ctrl-E"), "ab|");
        assert_eq!(after("ab", "Home End"), "ab|");
        assert_eq!(after("ab  cd ", "Ctrl-Left"), "ab  |cd ");
        assert_eq!(after("ab  cd ", "Alt-b Alt-b Alt-b"), "|ab  cd ");
        assert_eq!(after("ab  cd", "Home Ctrl-Right"), "ab|  cd");
        assert_eq!(after("ab  cd", "Home Alt-f Alt-f Alt-f"), "ab  cd|");
    }

    #[test]
    fn keys_delete_by_letters_words_and_ends() {
        assert_eq!(after("abc", "Backspace Ctrl-H Backspace Backspace"), "|");
        assert_eq!(after("abc", "Home Delete Ctrl-D"), "|c");
        assert_eq!(after("ab cd ", "Ctrl-W"), "ab |");
        assert_eq!(after("ab cd", "Left Alt-Backspace"), "ab |d");
        assert_eq!(after("ab cd", "Ctrl-Backspace Ctrl-Backspace"), "|");
        assert_eq!(after("ab cd", "Home Alt-d"), "| cd");
        assert_eq!(after("ab cd", "Home Ctrl-Delete Ctrl-Delete"), "|");
        assert_eq!(after("ab cd", "Left Ctrl-U"), "|d");
        assert_eq!(after("ab cd", "Left Ctrl-K"), "ab c|");
    }

    #[test]
    fn letters_go_where_the_cursor_is() {
        assert_eq!(after("ac", "Left b"), "ab|c");
        assert_eq!(after("", "x Space y = é"), "x y=é|");
    }

    #[test]
    fn an_accent_goes_with_its_letter() {
        assert_eq!(after("ae\u{301}b", "Left Backspace"), "a|b");
        assert_eq!(after("ae\u{301}b", "Home Right Delete"), "a|b");
    }

    #[test]
    fn what_a_terminal_would_obey_is_left_out() {
        assert_eq!(
            Line::of("a\u{1b}[31m\u{7}b\nc\u{202e}\u{9b}d").text(),
            "a[31mb cd"
        );
        assert_eq!(Line::of("a·b…").text(), "a·b…");
    }

    #[test]
    fn a_line_has_an_end() {
        let mut line = Line::of(&"é".repeat(MAX_LEN));
        assert_eq!(line.text().len(), MAX_LEN);
        line.insert("x");
        assert_eq!(line.text().len(), MAX_LEN);
    }

    #[test]
    fn a_key_that_means_nothing_is_told() {
        assert!(!Line::default().press("F5") && !Line::default().press("PgUp"));
    }

    const KEYS: [&str; 26] = [
        "Left",
        "Right",
        "Home",
        "End",
        "Ctrl-A",
        "Ctrl-E",
        "Ctrl-Left",
        "Ctrl-Right",
        "Alt-b",
        "Alt-f",
        "Alt-d",
        "Backspace",
        "Delete",
        "Ctrl-W",
        "Ctrl-U",
        "Ctrl-K",
        "Ctrl-D",
        "Space",
        "a",
        "é",
        "测",
        "\u{301}",
        "\u{1b}",
        "\u{202e}",
        "Ctrl-Delete",
        "F9",
    ];

    proptest! {
        #[test]
        fn the_cursor_is_always_between_characters(
            keys in proptest::collection::vec(proptest::sample::select(KEYS.to_vec()), 0..60)
        ) {
            let mut line = Line::default();
            for key in keys {
                line.press(key);
                prop_assert!(line.text().is_char_boundary(line.at()));
                prop_assert!(!line.text().chars().any(char::is_control));
            }
        }
    }
}
