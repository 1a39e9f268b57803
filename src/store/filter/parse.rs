//! Tokens -> what is asked. `or` binds least, then `and`, then `not`.

use std::ops::Range;

use super::fault::{FilterError, Problem};
use super::field::{self, Field};
use super::lex::{Compare, Placed, Token, tokens};
use super::value::{Type, Wanted, pattern};

/// Longer than anybody types, and short enough to be read at every key.
const MAX_LEN: usize = 4096;
/// Parentheses in each other: little enough for the call stack.
const MAX_DEPTH: usize = 64;

/// What is asked of an entry.
#[derive(Clone, Debug)]
pub(super) enum Expr {
    Or(Vec<Expr>),
    And(Vec<Expr>),
    Not(Box<Expr>),
    Test(Test),
}

/// A question to one field.
#[derive(Clone)]
pub(super) struct Test {
    pub(super) field: &'static Field,
    pub(super) relation: Relation,
}

/// How its values have to be.
#[derive(Clone, Debug)]
pub(super) enum Relation {
    /// It has a value; a flag is set.
    Present,
    /// One of its values is one of these.
    Is(Vec<Wanted>),
    /// It has values, and none is this.
    IsNot(Wanted),
    /// One of its values stands so to this.
    Stands(Compare, Wanted),
    /// One of its values holds this.
    Contains(Wanted),
}

/// Reads a filter.
pub(super) fn parse(text: &str) -> Result<Expr, FilterError> {
    if text.len() > MAX_LEN {
        return Err(FilterError::new(MAX_LEN..text.len(), Problem::TooLong));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser {
        tokens: &tokens,
        end: text.len(),
        depth: 0,
    };
    if parser.tokens.is_empty() {
        return Err(FilterError::new(0..text.len(), Problem::Empty));
    }
    let expr = parser.or()?;
    match parser.tokens.first() {
        None => Ok(expr),
        Some(Placed {
            token: Token::Close,
            at,
        }) => Err(FilterError::new(at.clone(), Problem::Unclosed('('))),
        Some(more) => Err(FilterError::new(more.at.clone(), Problem::Behind)),
    }
}

struct Parser<'t> {
    tokens: &'t [Placed],
    end: usize,
    depth: usize,
}

impl<'t> Parser<'t> {
    fn next_if(&mut self, token: &Token) -> bool {
        let is = self
            .tokens
            .first()
            .is_some_and(|placed| placed.token == *token);
        if is {
            self.tokens = &self.tokens[1..];
        }
        is
    }

    fn next(&mut self) -> Option<&'t Placed> {
        let (first, rest) = self.tokens.split_first()?;
        self.tokens = rest;
        Some(first)
    }

    fn here(&self) -> Range<usize> {
        self.tokens
            .first()
            .map_or(self.end..self.end, |placed| placed.at.clone())
    }

    fn fault<T>(&self, problem: Problem) -> Result<T, FilterError> {
        Err(FilterError::new(self.here(), problem))
    }

    fn or(&mut self) -> Result<Expr, FilterError> {
        let mut terms = vec![self.and()?];
        while self.next_if(&Token::Or) {
            terms.push(self.and()?);
        }
        Ok(one_or(terms, Expr::Or))
    }

    fn and(&mut self) -> Result<Expr, FilterError> {
        let mut terms = vec![self.not()?];
        while self.next_if(&Token::And) {
            terms.push(self.not()?);
        }
        Ok(one_or(terms, Expr::And))
    }

    fn not(&mut self) -> Result<Expr, FilterError> {
        let mut is_negated = false;
        while self.next_if(&Token::Not) {
            is_negated = !is_negated;
        }
        let expr = self.test_or_parentheses()?;
        Ok(if is_negated {
            Expr::Not(Box::new(expr))
        } else {
            expr
        })
    }

    fn test_or_parentheses(&mut self) -> Result<Expr, FilterError> {
        let open = self.here();
        if !self.next_if(&Token::Open) {
            return self.test().map(Expr::Test);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(FilterError::new(open, Problem::TooDeep));
        }
        let expr = self.or()?;
        self.depth -= 1;
        if !self.next_if(&Token::Close) {
            return self.fault(Problem::Unclosed(')'));
        }
        Ok(expr)
    }

    fn test(&mut self) -> Result<Test, FilterError> {
        let at = self.here();
        let Some(Placed {
            token: Token::Word(name),
            ..
        }) = self.tokens.first()
        else {
            return self.fault(Problem::NoTest);
        };
        self.tokens = &self.tokens[1..];
        let Some(field) = field::named(name) else {
            return kind_alone(name).ok_or_else(|| FilterError::new(at, no_field(name)));
        };
        let relation = self.relation(field)?;
        Ok(Test { field, relation })
    }

    fn relation(&mut self, field: &Field) -> Result<Relation, FilterError> {
        let at = self.here();
        let Some(operator) = self.tokens.first() else {
            return Ok(Relation::Present);
        };
        if !matches!(
            operator.token,
            Token::Compare(_) | Token::In | Token::Contains | Token::Matches
        ) {
            return Ok(Relation::Present);
        }
        self.tokens = &self.tokens[1..];
        if !is_of(&operator.token, field.kind) {
            let wants = operators(field.kind);
            return Err(FilterError::new(at, Problem::WrongOperator { wants }));
        }
        Ok(match operator.token {
            Token::In => Relation::Is(self.set(field)?),
            Token::Contains => Relation::Contains(self.value(field)?),
            Token::Matches => Relation::Is(vec![self.pattern()?]),
            Token::Compare(Compare::Equal) => Relation::Is(vec![self.value(field)?]),
            Token::Compare(Compare::NotEqual) => Relation::IsNot(self.value(field)?),
            Token::Compare(other) => Relation::Stands(other, self.value(field)?),
            _ => Relation::Present,
        })
    }

    /// `{1, 17..32}`
    fn set(&mut self, field: &Field) -> Result<Vec<Wanted>, FilterError> {
        if !self.next_if(&Token::OpenSet) {
            return self.fault(Problem::Unclosed('{'));
        }
        let mut values = vec![self.value(field)?];
        // Between values a comma, or nothing but space.
        while !self.next_if(&Token::CloseSet) {
            let is_next = self.next_if(&Token::Comma) || self.is_at_value();
            if !is_next {
                return self.fault(Problem::Unclosed('}'));
            }
            values.push(self.value(field)?);
        }
        Ok(values)
    }

    fn is_at_value(&self) -> bool {
        matches!(
            self.tokens.first().map(|placed| &placed.token),
            Some(Token::Word(_) | Token::Quoted(_))
        )
    }

    fn value(&mut self, field: &Field) -> Result<Wanted, FilterError> {
        self.read(|typed| field.kind.read(typed))
    }

    fn pattern(&mut self) -> Result<Wanted, FilterError> {
        self.read(pattern)
    }

    fn read(
        &mut self,
        read: impl FnOnce(&str) -> Result<Wanted, Problem>,
    ) -> Result<Wanted, FilterError> {
        if !self.is_at_value() {
            return self.fault(Problem::NoValue);
        }
        match self.next() {
            Some(Placed {
                token: Token::Word(typed) | Token::Quoted(typed),
                at,
            }) => read(typed).map_err(|problem| FilterError::new(at.clone(), problem)),
            _ => self.fault(Problem::NoValue),
        }
    }
}

fn one_or(mut terms: Vec<Expr>, many: fn(Vec<Expr>) -> Expr) -> Expr {
    if terms.len() == 1 {
        terms.remove(0)
    } else {
        many(terms)
    }
}

/// `choke` alone is `type == choke`.
fn kind_alone(name: &str) -> Option<Test> {
    let field = field::named("type")?;
    let wanted = field.kind.read(name).ok()?;
    Some(Test {
        field,
        relation: Relation::Is(vec![wanted]),
    })
}

/// The field that was perhaps meant: the one that differs least, if that is little.
fn no_field(name: &str) -> Problem {
    let names = field::FIELDS
        .iter()
        .flat_map(|field| field.names)
        .copied()
        .chain(field::kinds());
    let nearest = names
        .map(|known| (strsim::damerau_levenshtein(known, name), known))
        .min();
    Problem::NoField {
        meant: nearest
            .filter(|(steps, _)| *steps <= 2)
            .map(|(_, known)| known),
    }
}

fn is_of(operator: &Token, kind: Type) -> bool {
    matches!(
        (operator, kind),
        (
            Token::Compare(Compare::Equal | Compare::NotEqual) | Token::In,
            _
        ) | (Token::Compare(_), Type::Number | Type::Seconds)
            | (Token::Contains, Type::Text | Type::Bytes)
            | (Token::Matches, Type::Text | Type::Name(_) | Type::Bytes)
    )
}

/// For an error: what this kind of field is compared by.
fn operators(kind: Type) -> &'static str {
    match kind {
        Type::Number | Type::Seconds => "== != < <= > >= in",
        Type::Endpoint | Type::Flag => "== != in",
        Type::Name(_) => "== != in matches",
        Type::Text | Type::Bytes => "== != in contains matches",
    }
}

impl std::fmt::Debug for Test {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {:?}", self.field.names[0], self.relation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn fault(text: &str) -> (Range<usize>, Problem) {
        let fault = parse(text).unwrap_err();
        (fault.at, fault.problem)
    }

    fn shape(text: &str) -> String {
        fn of(expr: &Expr) -> String {
            let list = |terms: &[Expr], sign| terms.iter().map(of).collect::<Vec<_>>().join(sign);
            match expr {
                Expr::Or(terms) => format!("({})", list(terms, " | ")),
                Expr::And(terms) => format!("({})", list(terms, " & ")),
                Expr::Not(term) => format!("!{}", of(term)),
                Expr::Test(test) => test.field.names[0].to_owned(),
            }
        }
        of(&parse(text).unwrap())
    }

    #[test]
    fn or_binds_less_than_and_and_not_most() {
        assert_eq!(
            shape("index or begin and not length"),
            "(index | (begin & !length))"
        );
        assert_eq!(
            shape("(index or begin) and length"),
            "((index | begin) & length)"
        );
        assert_eq!(shape("not not index"), "index");
    }

    #[test]
    fn a_kind_alone_is_a_test() {
        assert_eq!(shape("choke || not_interested"), "(type | type)");
    }

    #[test]
    fn what_is_wrong_is_named_at_its_place() {
        assert_eq!(fault("  "), (0..2, Problem::Empty));
        assert_eq!(
            fault("indx == 1"),
            (
                0..4,
                Problem::NoField {
                    meant: Some("index")
                }
            )
        );
        assert_eq!(fault("blah == 1"), (0..4, Problem::NoField { meant: None }));
        assert_eq!(fault("type =="), (7..7, Problem::NoValue));
        assert_eq!(
            fault("type == chok"),
            (
                8..12,
                Problem::WrongValue {
                    wants: "a name of this field"
                }
            )
        );
        assert_eq!(
            fault("type < choke"),
            (
                5..6,
                Problem::WrongOperator {
                    wants: "== != in matches"
                }
            )
        );
        assert_eq!(fault("(choke"), (6..6, Problem::Unclosed(')')));
        assert_eq!(fault("choke)"), (5..6, Problem::Unclosed('(')));
        assert_eq!(fault("index in {1 2"), (13..13, Problem::Unclosed('}')));
        assert_eq!(fault("choke unchoke"), (6..13, Problem::Behind));
        assert_eq!(fault("choke and"), (9..9, Problem::NoTest));
    }

    #[test]
    fn depth_and_length_are_bounded() {
        let deep = "(".repeat(65) + "choke" + &")".repeat(65);
        assert_eq!(fault(&deep).1, Problem::TooDeep);
        assert_eq!(fault(&" ".repeat(5000)).1, Problem::TooLong);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_fault_lies_within_it(
            words in proptest::collection::vec(proptest::sample::select(vec![
                "type", "index", "src", "==", "!=", "<", "in", "{", "}", ",", "1..2", "\"x", "\"y\"", "and", "or", "not",
                "(", ")", "choke", "contains", "matches", "§", "10.0.0.1", "..", "[", "é",
            ]), 0..12)
        ) {
            let text = words.join(" ");
            if let Err(fault) = parse(&text) {
                prop_assert!(fault.at.start <= fault.at.end && fault.at.end <= text.len());
                prop_assert!(text.is_char_boundary(fault.at.start) && text.is_char_boundary(fault.at.end));
            }
            crate::store::filter::complete(&text);
        }
    }
}
