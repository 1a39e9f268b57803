//! What is looked for among the rows: a text as it stands in them, or a filter.

use std::str::FromStr;

use super::describe;
use crate::store::filter::{Filter, FilterError};
use crate::store::{EntryId, Store};

/// What `/` looks for.
#[derive(Clone, Debug)]
pub enum Sought {
    /// Text of a row. Upper and lower case are one, unless there is upper case in it.
    Text {
        /// What stands in the row.
        needle: String,
        /// Does case matter?
        case: Case,
    },
    /// `=index == 17`: what a filter lets pass.
    Fitting(Box<Filter>),
}

/// Are `a` and `A` one?
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Case {
    /// They are.
    Same,
    /// They are not.
    Differs,
}

impl FromStr for Sought {
    type Err = FilterError;

    /// A filter stands behind `=`; all else is text. Places of faults count from behind the `=`.
    fn from_str(typed: &str) -> Result<Sought, FilterError> {
        Ok(match typed.strip_prefix('=') {
            Some(filter) => Sought::Fitting(Box::new(filter.parse()?)),
            None => Sought::text(typed),
        })
    }
}

impl Sought {
    fn text(typed: &str) -> Sought {
        let case = if typed.chars().any(char::is_uppercase) {
            Case::Differs
        } else {
            Case::Same
        };
        Sought::Text {
            needle: typed.to_owned(),
            case,
        }
    }

    /// Was perhaps a filter meant, where text was typed?
    pub fn looks_like_filter(typed: &str) -> bool {
        let operators = ["=", "<", ">", "{", "~", " contains ", " matches "];
        let has_any = operators.iter().any(|operator| typed.contains(operator));
        has_any && !typed.starts_with('=') && Filter::from_str(typed).is_ok()
    }

    /// Is this one of them?
    pub fn matches(&self, store: &Store, id: EntryId) -> bool {
        match self {
            Sought::Fitting(filter) => filter.matches(store, id),
            Sought::Text { needle, case } => {
                let words = describe(store, store.entry(id));
                match case {
                    Case::Differs => words.contains(needle),
                    Case::Same => words.to_lowercase().contains(needle),
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn case(typed: &str) -> Option<Case> {
        match typed.parse() {
            Ok(Sought::Text { case, .. }) => Some(case),
            _ => None,
        }
    }

    #[test]
    fn upper_case_is_meant_where_it_is_typed() {
        assert_eq!(case("unchoke"), Some(Case::Same));
        assert_eq!(case("BitTorrent"), Some(Case::Differs));
    }

    #[test]
    fn a_filter_stands_behind_an_equals_sign() {
        assert!(matches!("=choke".parse(), Ok(Sought::Fitting(_))));
        assert_eq!("=indx == 1".parse::<Sought>().unwrap_err().at, 0..4);
        assert_eq!(case("index == 1"), Some(Case::Same));
    }

    #[test]
    fn a_filter_that_was_typed_as_text_is_noticed() {
        assert!(Sought::looks_like_filter("index == 1"));
        assert!(!Sought::looks_like_filter("choke"));
        assert!(!Sought::looks_like_filter("a = b"));
    }
}
