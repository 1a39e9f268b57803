//! What could be typed next.

use super::field::{FIELDS, named};
use super::lex::{Compare, Placed, Token, tokens};
use super::value::Type;

/// A word that fits where the text ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Completion {
    /// The word.
    pub word: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Bytes at the end of the text that it takes the place of.
    pub replaces: usize,
}

/// The words that begin as the last one of `text` does.
pub fn complete(text: &str) -> Vec<Completion> {
    let tokens = tokens(text).unwrap_or_default();
    let (typed, before) = match tokens.split_last() {
        Some((
            Placed {
                token: Token::Word(word),
                at,
            },
            before,
        )) if at.end == text.len() => (word.as_str(), before),
        _ => ("", &tokens[..]),
    };
    let fitting = words(before).into_iter();
    let fitting =
        fitting.filter(|(word, _)| word.starts_with(&typed.to_ascii_lowercase()) && *word != typed);
    fitting
        .map(|(word, about)| Completion {
            word,
            about,
            replaces: typed.len(),
        })
        .collect()
}

type Words = Vec<(&'static str, &'static str)>;

/// What can follow these tokens.
fn words(before: &[Placed]) -> Words {
    let kinds = before
        .iter()
        .map(|placed| &placed.token)
        .collect::<Vec<_>>();
    match kinds[..] {
        [
            ..,
            Token::Word(field),
            Token::Compare(Compare::Equal | Compare::NotEqual),
        ]
        | [.., Token::Word(field), Token::In, Token::OpenSet] => values(field),
        [] | [.., Token::And | Token::Or | Token::Not | Token::Open] => fields(),
        [.., Token::Word(field)] if named(field).is_some() => operators(),
        [
            ..,
            Token::Word(_) | Token::Quoted(_) | Token::Close | Token::CloseSet,
        ] => joints(),
        _ => Vec::new(),
    }
}

fn fields() -> Words {
    let named = FIELDS
        .iter()
        .flat_map(|field| field.names.iter().map(|name| (*name, field.about)));
    named.chain([("not", "the opposite")]).collect()
}

fn values(field: &str) -> Words {
    match named(field).map(|field| field.kind) {
        Some(Type::Name(names)) => names().into_iter().map(|name| (name, "")).collect(),
        Some(Type::Flag) => vec![("true", ""), ("false", "")],
        _ => Vec::new(),
    }
}

fn operators() -> Words {
    let mut words = vec![
        ("==", "is"),
        ("!=", "is not"),
        ("in", "is one of { , }"),
        ("contains", "holds"),
        ("matches", "fits an expression"),
    ];
    words.extend([("<", ""), ("<=", ""), (">", ""), (">=", "")]);
    words.extend(joints());
    words
}

fn joints() -> Words {
    vec![("and", "both"), ("or", "either")]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn offered(text: &str) -> Vec<&'static str> {
        complete(text)
            .into_iter()
            .map(|completion| completion.word)
            .collect()
    }

    #[test]
    fn names_of_fields_are_offered_where_a_test_begins() {
        assert_eq!(offered("ty"), ["type"]);
        assert_eq!(offered("choke and not (ind"), ["index"]);
        assert!(offered("").contains(&"bittorrent.piece.index"));
    }

    #[test]
    fn values_are_offered_behind_their_field() {
        assert_eq!(offered("type == unch"), ["unchoke"]);
        assert_eq!(offered("resync == "), ["true", "false"]);
        assert_eq!(offered("index == "), [""; 0]);
    }

    #[test]
    fn what_is_whole_is_not_offered_again() {
        assert!(!offered("type").contains(&"type"));
        assert_eq!(complete("type == unch")[0].replaces, 4);
    }
}
