//! Text of a filter -> words, each with its place.

use std::ops::Range;

use super::fault::{FilterError, Problem};

/// A word of the language.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Token {
    /// A name or a value: `bittorrent.piece.index`, `17..32`, `10.0.0.5:6881`.
    Word(String),
    /// `"Not Interested"`: a value, and never a keyword.
    Quoted(String),
    Compare(Compare),
    Contains,
    Matches,
    In,
    And,
    Or,
    Not,
    Open,
    Close,
    OpenSet,
    CloseSet,
    Comma,
}

/// How a field is compared with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compare {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// A token and its bytes in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) token: Token,
    pub(super) at: Range<usize>,
}

/// Signs, the longer before those they begin with.
const SIGNS: [(&str, Token); 16] = [
    ("==", Token::Compare(Compare::Equal)),
    ("!=", Token::Compare(Compare::NotEqual)),
    ("<=", Token::Compare(Compare::LessOrEqual)),
    (">=", Token::Compare(Compare::GreaterOrEqual)),
    ("&&", Token::And),
    ("||", Token::Or),
    ("<", Token::Compare(Compare::Less)),
    (">", Token::Compare(Compare::Greater)),
    ("=", Token::Compare(Compare::Equal)),
    ("~", Token::Matches),
    ("!", Token::Not),
    ("(", Token::Open),
    (")", Token::Close),
    ("{", Token::OpenSet),
    ("}", Token::CloseSet),
    (",", Token::Comma),
];

/// Cuts a text into tokens.
pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, FilterError> {
    let (mut placed, mut at) = (Vec::new(), 0);
    while let Some(first) = text[at..].chars().next() {
        if first.is_whitespace() {
            at += first.len_utf8();
            continue;
        }
        let (token, len) = token(text, at)?;
        placed.push(Placed {
            token,
            at: at..at + len,
        });
        at += len;
    }
    Ok(placed)
}

fn token(text: &str, at: usize) -> Result<(Token, usize), FilterError> {
    let rest = &text[at..];
    if rest.starts_with('"') {
        return quoted(text, at);
    }
    let sign = SIGNS.iter().find(|(sign, _)| rest.starts_with(sign));
    if let Some((sign, token)) = sign {
        return Ok((token.clone(), sign.len()));
    }
    let word = &rest[..rest.find(|char| !is_of_word(char)).unwrap_or(rest.len())];
    if word.is_empty() {
        let len = rest.chars().next().map_or(0, char::len_utf8);
        return Err(FilterError::new(at..at + len, Problem::StrangeSign));
    }
    Ok((keyword(word), word.len()))
}

fn is_of_word(char: char) -> bool {
    char.is_alphanumeric() || "_.:/-[]%*+".contains(char)
}

fn keyword(word: &str) -> Token {
    match word.to_ascii_lowercase().as_str() {
        "and" => Token::And,
        "or" => Token::Or,
        "not" => Token::Not,
        "in" => Token::In,
        "contains" => Token::Contains,
        "matches" => Token::Matches,
        "eq" => Token::Compare(Compare::Equal),
        "ne" => Token::Compare(Compare::NotEqual),
        "lt" => Token::Compare(Compare::Less),
        "le" => Token::Compare(Compare::LessOrEqual),
        "gt" => Token::Compare(Compare::Greater),
        "ge" => Token::Compare(Compare::GreaterOrEqual),
        _ => Token::Word(word.to_owned()),
    }
}

/// Up to the next quote; a backslash takes the sign behind it as it is.
fn quoted(text: &str, at: usize) -> Result<(Token, usize), FilterError> {
    let mut value = String::new();
    let mut chars = text[at + 1..].char_indices();
    while let Some((offset, char)) = chars.next() {
        match char {
            '"' => return Ok((Token::Quoted(value), offset + 2)),
            '\\' => match chars.next() {
                Some((_, escaped @ ('"' | '\\'))) => value.push(escaped),
                // Left as it is for `matches`, whose expressions have backslashes of their own.
                Some((_, other)) => value.extend(['\\', other]),
                None => break,
            },
            other => value.push(other),
        }
    }
    Err(FilterError::new(at..text.len(), Problem::OpenQuote))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Token> {
        let placed = tokens(text).unwrap();
        placed.into_iter().map(|placed| placed.token).collect()
    }

    #[test]
    fn signs_and_words_mean_the_same() {
        assert_eq!(words("a == 1 && !b"), words("a eq 1 AND not b"));
        assert_eq!(words("a<=1||b!=2"), words("a le 1 or b ne 2"));
    }

    #[test]
    fn values_are_words() {
        for value in [
            "10.0.0.5:6881",
            "[fe80::1]:80",
            "17..32",
            "aa:bb:cc",
            "10.0.0.0/8",
            "0x1f",
            "1.5",
        ] {
            assert_eq!(words(value), [Token::Word(value.to_owned())]);
        }
    }

    #[test]
    fn what_is_quoted_is_no_keyword() {
        assert_eq!(
            words(r#""not \"this\"""#),
            [Token::Quoted("not \"this\"".to_owned())]
        );
        assert_eq!(words(r#""\d+""#), [Token::Quoted(r"\d+".to_owned())]);
    }

    #[test]
    fn what_is_wrong_has_its_place() {
        let fault = tokens("type == §").unwrap_err();
        assert_eq!((fault.at, fault.problem), (8..10, Problem::StrangeSign));
        let fault = tokens("a == \"b").unwrap_err();
        assert_eq!((fault.at, fault.problem), (5..7, Problem::OpenQuote));
    }
}
