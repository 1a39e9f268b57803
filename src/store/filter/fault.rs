//! What is wrong with a filter, and where.

use std::fmt;
use std::ops::Range;

/// A filter that cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FilterError {
    /// The bytes of the text that are at fault; empty behind its end.
    pub at: Range<usize>,
    /// What.
    pub problem: Problem,
}

/// What can be wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(
    missing_docs,
    reason = "the names say it, `Display` says it to the user"
)]
pub enum Problem {
    Empty,
    TooLong,
    TooDeep,
    StrangeSign,
    OpenQuote,
    NoField { meant: Option<&'static str> },
    NoTest,
    NoValue,
    WrongValue { wants: &'static str },
    WrongOperator { wants: &'static str },
    BadPattern(String),
    Unclosed(char),
    Behind,
}

impl FilterError {
    pub(super) fn new(at: Range<usize>, problem: Problem) -> FilterError {
        FilterError { at, problem }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::Empty => write!(f, "nothing to look for; try type == request"),
            Problem::TooLong => write!(f, "a filter of more than 4096 bytes"),
            Problem::TooDeep => write!(f, "more than 64 parentheses in each other"),
            Problem::StrangeSign => write!(f, "this sign has no meaning; text goes in \"quotes\""),
            Problem::OpenQuote => write!(f, "a quote that does not end"),
            Problem::NoField { meant: Some(meant) } => write!(f, "no such field; is it {meant}?"),
            Problem::NoField { meant: None } => write!(f, "no such field"),
            Problem::NoTest => write!(f, "a field, `not` or `(` is wanted here"),
            Problem::NoValue => write!(f, "a value is wanted here"),
            Problem::WrongValue { wants } => write!(f, "{wants} is wanted here"),
            Problem::WrongOperator { wants } => write!(f, "this field is compared by {wants}"),
            Problem::BadPattern(words) => write!(f, "not a regular expression: {words}"),
            Problem::Unclosed(sign) => write!(f, "a `{sign}` is missing"),
            Problem::Behind => write!(f, "`and` or `or` is wanted here"),
        }
    }
}

impl fmt::Display for FilterError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (at {})", self.problem, self.at.start + 1)
    }
}

impl std::error::Error for FilterError {}
