//! Mermaid's `sequenceDiagram`.
//!
//! `;` ends a statement there, `#` begins a character's number, `%%` a comment or a directive, `:` stands before a text,
//! and the word `end` may end a block that nobody began.

use super::{Step, and_more};

/// Mermaid draws no text that is longer (`maxTextSize`).
const MAX_TEXT: usize = 50_000;
/// Room for the last line.
const LAST: usize = 64;

pub(super) fn write(sides: &[String; 2], steps: &[Step], more: usize) -> String {
    let [a, b] = sides.each_ref().map(|side| escaped(side));
    let mut text = format!("sequenceDiagram\n    participant A as {a}\n    participant B as {b}\n");
    for (at, step) in steps.iter().enumerate() {
        let line = line(step);
        if text.len() + line.len() + LAST > MAX_TEXT {
            return text + &note(&and_more(steps.len() - at + more));
        }
        text += &line;
    }
    if more > 0 {
        text += &note(&and_more(more));
    }
    text
}

fn line(step: &Step) -> String {
    let Step::Said {
        time,
        from_a,
        label,
        is_fault,
    } = step
    else {
        return silence(step);
    };
    let (from, to) = if *from_a { ('A', 'B') } else { ('B', 'A') };
    let (arrow, mark) = if *is_fault {
        ("--x", "! ")
    } else {
        ("->>", "")
    };
    let label = escaped(&format!("{mark}{label}"));
    format!("    {from}{arrow}{to}: {time} {label}\n")
}

fn silence(step: &Step) -> String {
    match step {
        Step::Silence { lasted } => note(&format!("{lasted} silent")),
        Step::Said { .. } => String::new(),
    }
}

fn note(text: &str) -> String {
    format!("    Note over A,B: {}\n", escaped(text))
}

/// Characters that mean something as their numbers.
fn escaped(text: &str) -> String {
    let words = text.split_inclusive(|char: char| !char.is_alphanumeric());
    words.map(word).collect()
}

fn word(word: &str) -> String {
    let is_end = word
        .trim_end_matches(|char: char| !char.is_alphanumeric())
        .eq_ignore_ascii_case("end");
    let escape = |(at, char): (usize, char)| match char {
        _ if is_end && at == 0 => number(char),
        char if char.is_alphanumeric() || " .,+-_/()".contains(char) => char.to_string(),
        char => number(char),
    };
    word.char_indices().map(escape).collect()
}

fn number(char: char) -> String {
    format!("#{};", u32::from(char))
}

#[cfg(test)]
mod tests {
    use super::super::tests::{said, sides};
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_conversation_is_a_sequence() {
        let silence = Step::Silence {
            lasted: "9.87 s".to_owned(),
        };
        let steps = [
            said(true, "request p4 +0 16 KiB"),
            silence,
            said(false, "gap: 3 B"),
        ];
        let drawn = write(&sides(), &steps, 0);
        let lines: Vec<&str> = drawn.lines().map(str::trim).collect();
        assert_eq!(
            lines,
            [
                "sequenceDiagram",
                "participant A as A 10.0.0.1#58;6881 X",
                "participant B as B 10.0.0.2#58;6881",
                "A->>B: 0.000385 request p4 +0 16 KiB",
                "Note over A,B: 9.87 s silent",
                "B--xA: 0.000385 #33; gap#58; 3 B",
            ]
        );
    }

    #[test]
    fn nothing_that_peers_say_is_a_command() {
        assert_eq!(escaped("x; end"), "x#59; #101;nd");
        assert_eq!(escaped("End of #35;"), "#69;nd of #35;35#59;");
        assert_eq!(
            escaped("%%{init: {}}%%"),
            "#37;#37;#123;init#58; #123;#125;#125;#37;#37;"
        );
        assert_eq!(escaped("<b>"), "#60;b#62;");
        assert_eq!(escaped("bend ends"), "bend ends");
    }

    #[test]
    fn the_text_is_never_longer_than_is_drawn() {
        let drawn = write(&sides(), &vec![said(true, &"x".repeat(100)); 5000], 7);
        assert!(drawn.len() <= MAX_TEXT);
        assert!(
            drawn.ends_with("more rows\n"),
            "{}",
            &drawn[drawn.len() - 60..]
        );
    }

    proptest! {
        #[test]
        fn only_numbers_of_characters_have_semicolons(text in "\\PC{0,40}") {
            let escaped = escaped(&text);
            let rest = regex::Regex::new("#[0-9]+;").unwrap().replace_all(&escaped, "").into_owned();
            prop_assert!(!rest.contains([';', '#', '%', ':', '{', '<', '\n']), "{}", rest);
            let is_word = |word: &str| word.eq_ignore_ascii_case("end");
            prop_assert!(!rest.split(|char: char| !char.is_alphanumeric()).any(is_word), "{}", rest);
        }
    }
}
