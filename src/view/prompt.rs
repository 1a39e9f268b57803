//! The line that is typed: in the last row, with what is wrong above it, and above that what could stand there.

use std::ops::Range;

use ratatui::style::Modifier;
use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::canvas::Canvas;
use super::look::cut;
use super::{Scene, Tone};

/// Words that are offered at a time.
const MAX_OFFERS: usize = 8;

/// A line as it is drawn.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Typing {
    /// What it is: `:`.
    pub sign: &'static str,
    /// The line.
    pub text: String,
    /// Bytes before the cursor.
    pub at: usize,
    /// What is wrong with it.
    pub fault: Option<Fault>,
    /// What it does, or how.
    pub hint: String,
    /// What could stand at the cursor.
    pub offers: Vec<Offer>,
    /// Which of these stands there now.
    pub chosen: Option<usize>,
}

/// What is wrong with a line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Its bytes; empty behind the end of what is not finished.
    pub at: Range<usize>,
    /// In words.
    pub words: String,
}

/// A word that could stand at the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The word.
    pub word: String,
    /// What it is.
    pub about: String,
}

/// Draws it over the last rows of the screen.
pub(super) fn draw(scene: &Scene<'_>, screen: &mut Canvas<'_>) {
    let Some(typing) = scene.typing else { return };
    offers(typing, screen);
    let mut rows = screen.bottom(2, 0);
    note(typing, &count(scene), &mut rows);
    line(typing, &mut rows.below(1));
}

/// `12 shown, 800 hidden`, as far as that is known.
fn count(scene: &Scene<'_>) -> String {
    let (done, total) = (scene.rows.looked_at(), scene.rows.total(scene.store));
    let (shown, hidden) = (scene.rows.shown().len(), scene.rows.hidden());
    let percent = if done < total {
        format!(" ({} %)", done as u64 * 100 / total as u64)
    } else {
        String::new()
    };
    format!("{shown} shown, {hidden} hidden{percent}")
}

/// What is wrong, or what it does; on the right what the filter lets pass.
fn note(typing: &Typing, count: &str, canvas: &mut Canvas<'_>) {
    let (words, tone) = match &typing.fault {
        Some(fault) if fault.at.is_empty() => (fault.words.clone(), Tone::Dim),
        Some(fault) => (format!("! {}", fault.words), Tone::Warn),
        None => (typing.hint.clone(), Tone::Dim),
    };
    let room = usize::from(canvas.width()).saturating_sub(count.width() + 3);
    canvas.text(1, 0, &cut(&words, room, canvas.look.glyphs), tone);
    canvas.right(0, &format!("{count} "), Tone::Dim);
}

/// The line, from where its cursor is in sight on.
fn line(typing: &Typing, canvas: &mut Canvas<'_>) {
    let look = canvas.look;
    let mut x = canvas.text(0, 0, typing.sign, Tone::Strong);
    let room = usize::from(canvas.width().saturating_sub(x + 1));
    let first = first_in_sight(&typing.text, typing.at, room);
    if first > 0 {
        canvas.text(x - 1, 0, look.glyphs.ellipsis, Tone::Dim);
    }
    let is_wrong = |at: usize| {
        typing
            .fault
            .as_ref()
            .is_some_and(|fault| fault.at.contains(&at))
    };
    for (at, char) in typing.text[first..]
        .char_indices()
        .map(|(at, char)| (first + at, char))
    {
        let tone = if is_wrong(at) {
            Tone::Warn
        } else {
            Tone::Plain
        };
        let mut style = look.style(tone);
        if is_wrong(at) {
            style = style.add_modifier(Modifier::UNDERLINED);
        }
        if at == typing.at {
            style = style.add_modifier(Modifier::REVERSED);
        }
        x = canvas.styled(x, 0, char.encode_utf8(&mut [0; 4]), style);
    }
    if typing.at == typing.text.len() {
        canvas.styled(x, 0, " ", look.style(Tone::Selected));
    }
}

/// The byte from which on the text up to the cursor fits so many columns.
fn first_in_sight(text: &str, at: usize, room: usize) -> usize {
    let mut used = 0;
    let before = text[..at].char_indices().rev();
    let mut fitting = before.take_while(|(_, char)| {
        used += char.width().unwrap_or(0);
        used < room
    });
    fitting.by_ref().last().map_or(at, |(first, _)| first)
}

/// The words around the chosen one, each with what it is.
fn offers(typing: &Typing, screen: &mut Canvas<'_>) {
    let all = typing.offers.len();
    let shown = all
        .min(MAX_OFFERS)
        .min(usize::from(screen.height()).saturating_sub(6));
    if shown == 0 {
        return;
    }
    let chosen = typing.chosen.unwrap_or(0);
    let first = chosen.saturating_sub(shown / 2).min(all - shown);
    let window = &typing.offers[first..first + shown];
    let width = typing
        .offers
        .iter()
        .map(|offer| offer.word.width())
        .max()
        .unwrap_or(0);
    let mut canvas = screen.bottom(shown as u16 + 1, 2);
    let line = canvas
        .look
        .glyphs
        .horizontal
        .repeat(usize::from(canvas.width()));
    canvas.text(0, 0, &line, Tone::Dim);
    canvas.right(
        0,
        &format!(" {} of {all}: Tab ", typing.chosen.map_or(0, |at| at + 1)),
        Tone::Dim,
    );
    let mut rows = canvas.below(1);
    for ((row, at), offer) in (0..).zip(first..).zip(window) {
        let is_chosen = typing.chosen == Some(at);
        let words = format!(" {:<width$}  {} ", offer.word, offer.about);
        let style = if is_chosen {
            rows.look.style(Tone::Selected)
        } else {
            rows.look.style(Tone::Plain)
        };
        let room = usize::from(rows.width());
        rows.styled(0, row, &cut(&words, room, rows.look.glyphs), style);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_line_is_shown_from_where_its_cursor_is_in_sight() {
        assert_eq!(first_in_sight("abcdef", 6, 10), 0);
        assert_eq!(first_in_sight("abcdef", 6, 4), 3);
        assert_eq!(first_in_sight("abcdef", 0, 4), 0);
        assert_eq!(first_in_sight("测试测", 9, 5), 3);
    }
}
