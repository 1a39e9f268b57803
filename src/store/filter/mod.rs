//! The filter language, one for the command line and the screen: which entries are to be seen.
//!
//! ```text
//! type == piece and index in {17..32} and src == 10.0.0.5
//! choke or unchoke
//! not (client contains "libtorrent") && time > 3.5
//! ```

mod complete;
mod fault;
mod field;
mod lex;
mod parse;
mod value;

pub use complete::{Completion, complete};
pub use fault::{FilterError, Problem};
pub use value::Net;

use std::cmp::Ordering;
use std::str::FromStr;

use field::{FIELDS, Row};
use lex::Compare;
use parse::{Expr, Relation, Test};
use value::{Datum, Type};

use super::{EntryId, Store};

/// A field, for those who have to know what there is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldHelp {
    /// What it is called; the short name first.
    pub names: &'static [&'static str],
    /// What it is compared with, in a word.
    pub kind: &'static str,
    /// All values that it can have, where they have names.
    pub values: Vec<&'static str>,
    /// What it is.
    pub about: &'static str,
}

/// All fields.
pub fn fields() -> impl Iterator<Item = FieldHelp> {
    FIELDS.iter().map(|field| FieldHelp {
        names: field.names,
        kind: field.kind.name(),
        values: match field.kind {
            Type::Name(values) => values(),
            _ => Vec::new(),
        },
        about: field.about,
    })
}

/// Which entries are to be seen.
#[derive(Clone, Debug)]
pub struct Filter(Expr);

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Filter, FilterError> {
        parse::parse(text).map(Filter)
    }
}

impl Filter {
    /// Is this entry one of them?
    pub fn matches(&self, store: &Store, id: EntryId) -> bool {
        let entry = store.entry(id);
        self.0.holds(Row { store, id, entry })
    }
}

impl Expr {
    fn holds(&self, row: Row<'_>) -> bool {
        match self {
            Expr::Or(terms) => terms.iter().any(|term| term.holds(row)),
            Expr::And(terms) => terms.iter().all(|term| term.holds(row)),
            Expr::Not(term) => !term.holds(row),
            Expr::Test(test) => test.holds(row),
        }
    }
}

impl Test {
    fn holds(&self, row: Row<'_>) -> bool {
        let (mut has_any, mut is_met) = (false, false);
        (self.field.each)(row, &mut |datum| {
            has_any = true;
            is_met |= self.relation.is_met(&datum);
        });
        match self.relation {
            Relation::IsNot(_) => has_any && !is_met,
            _ => is_met,
        }
    }
}

impl Relation {
    /// Of one value. Of `IsNot` this is the opposite: a field of several values is not what one of them is.
    fn is_met(&self, datum: &Datum<'_>) -> bool {
        match self {
            Relation::Present => !matches!(datum, Datum::Flag(false)),
            Relation::Is(values) => values.iter().any(|wanted| datum.is(wanted)),
            Relation::IsNot(wanted) => datum.is(wanted),
            Relation::Stands(compare, wanted) => datum
                .order(wanted)
                .is_some_and(|order| compare.allows(order)),
            Relation::Contains(wanted) => datum.contains(wanted),
        }
    }
}

impl Compare {
    fn allows(self, order: Ordering) -> bool {
        match self {
            Compare::Equal => order.is_eq(),
            Compare::NotEqual => order.is_ne(),
            Compare::Less => order.is_lt(),
            Compare::LessOrEqual => order.is_le(),
            Compare::Greater => order.is_gt(),
            Compare::GreaterOrEqual => order.is_ge(),
        }
    }
}
