//! What is said of the chosen rule: when it is broken, where it comes from, what that means.

use unicode_width::UnicodeWidthStr;

use super::super::canvas::Canvas;
use super::super::look::cut;
use super::super::{Scene, Tone};
use super::Row;
use crate::findings::{Code, Rule};

/// Columns of the names of its parts.
const NAME: usize = 7;

/// Rows of it below a list, on a pane of so many: the list does not jump when another rule is chosen.
pub(super) fn rows(height: u16) -> u16 {
    (height / 3).clamp(4, 10)
}

pub(super) fn draw(scene: &Scene<'_>, canvas: &mut Canvas<'_>) {
    let Some(code) = scene.views.findings.code() else {
        return;
    };
    let width = usize::from(canvas.width()).saturating_sub(2);
    let glyphs = scene.look.glyphs;
    let title = cut(&title(scene, code), width, glyphs);
    canvas.text(1, 0, &title, Tone::Strong);
    let mut row = 1;
    for (name, text) in parts(scene, code.rule()) {
        for (at, line) in wrapped(text, width.saturating_sub(NAME)).iter().enumerate() {
            let name = if at == 0 { name } else { "" };
            let x = canvas.text(1, row, &format!("{name:<NAME$}"), Tone::Dim);
            canvas.text(x, row, line, Tone::Plain);
            row += 1;
        }
    }
}

/// `request-while-choked  error, protocol, BEP 3`
fn title(scene: &Scene<'_>, code: Code) -> String {
    let rule = code.rule();
    let (severity, group) = (rule.severity.name(), rule.group.name());
    let times = match scene.findings.times(code) {
        0 => "; nobody broke it here",
        _ => "",
    };
    format!("{}  {severity}, {group}, {}{times}", rule.name, rule.source)
}

/// The whole sentence of the chosen finding, and what the rule says.
fn parts<'a>(scene: &Scene<'a>, rule: &'static Rule) -> Vec<(&'static str, &'a str)> {
    let state = &scene.views.findings;
    let mut parts = Vec::new();
    if let Some(Row::Finding(at)) = state.selected()
        && state.explained.is_none()
    {
        parts.push(("here", &*scene.findings.all()[at as usize].message));
    }
    parts.push(("when", rule.trigger));
    parts.push(("means", rule.meaning));
    parts
}

/// A text in lines of so many columns, broken between words.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = vec![String::new()];
    for word in text.split_whitespace() {
        let last = lines.last_mut().filter(|line| !line.is_empty());
        match last {
            Some(line) if line.width() + 1 + word.width() <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) => lines.push(word.to_owned()),
            None => lines = vec![word.to_owned()],
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_broken_between_words() {
        assert_eq!(wrapped("one two  three", 7), ["one two", "three"]);
        assert_eq!(wrapped("longerthanit one", 7), ["longerthanit", "one"]);
        assert_eq!(wrapped("", 7), [""]);
    }
}
