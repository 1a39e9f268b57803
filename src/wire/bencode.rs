//! Bencode (BEP 3) as strangers write it: what is wrong is reported, what is readable is read.
//!
//! Every value keeps its byte range, dictionaries keep the order of their keys. Depth and number of
//! values are bounded; nothing is copied.

mod write;

pub use write::{Item, dict, write};

use std::ops::Range;

/// Deeper nesting than any message has, and little enough for the call stack.
const MAX_DEPTH: usize = 32;
/// Values in one message. A dictionary of peers or hashes has a few hundred.
const MAX_NODES: usize = 200_000;
/// Faults that are told of one text, but for the one that ends it.
const MAX_FAULTS: usize = 16;

/// A value and the bytes it was read from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands in the text, `i`, `l`, `d`, `e` and length included.
    pub range: Range<usize>,
    /// What it is.
    pub value: Value,
}

/// A value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// `i-7e`. A number that does not fit is kept at the nearest that does.
    Int(i64),
    /// `4:spam`: where the bytes stand.
    Bytes(Range<usize>),
    /// `l…e`
    List(Vec<Node>),
    /// `d…e`: keys are where their bytes stand.
    Dict(Vec<(Range<usize>, Node)>),
}

/// What is wrong with a text, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the text.
    pub at: usize,
    /// What.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it, `words` says it to the user")]
pub enum FaultKind {
    NotAValue,
    Cut,
    TooDeep,
    TooMany,
    BadNumber,
    LeadingZero,
    Overflow,
    KeyNotString,
    UnsortedKey,
    DoubleKey,
    TrailingBytes,
}

impl FaultKind {
    /// For the user.
    pub fn words(self) -> &'static str {
        match self {
            FaultKind::NotAValue => "no value begins with this byte",
            FaultKind::Cut => "ends inside a value",
            FaultKind::TooDeep => "nested too deeply",
            FaultKind::TooMany => "too many values",
            FaultKind::BadNumber => "not a number",
            FaultKind::LeadingZero => "number with a leading zero, or -0",
            FaultKind::Overflow => "number of more than 64 bits",
            FaultKind::KeyNotString => "a key that is no string",
            FaultKind::UnsortedKey => "keys are not sorted",
            FaultKind::DoubleKey => "a key stands twice",
            FaultKind::TrailingBytes => "bytes follow the value",
        }
    }
}

/// One value from the start of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parsed {
    /// The value, as far as it could be read.
    pub root: Option<Node>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

/// Reads the value at the start of `text`. What follows it is a fault; for texts with data behind the value
/// its range tells where that begins.
pub fn parse(text: &[u8]) -> Parsed {
    parse_within(text, MAX_NODES)
}

/// As [`parse`], of so many values at most: those of an info dictionary are six a file.
pub fn parse_within(text: &[u8], max_nodes: usize) -> Parsed {
    let mut parser = Parser {
        text,
        at: 0,
        nodes: 0,
        max_nodes,
        faults: Vec::new(),
    };
    let root = parser.value(0).ok();
    if root.is_some()
        && parser.at < text.len()
        && parser
            .faults
            .last()
            .is_none_or(|fault| !fault.kind.is_fatal())
    {
        parser.note(parser.at, FaultKind::TrailingBytes);
    }
    Parsed {
        root,
        faults: parser.faults,
    }
}

impl FaultKind {
    /// After these nothing can be read.
    pub fn is_fatal(self) -> bool {
        use FaultKind::{BadNumber, Cut, KeyNotString, NotAValue, TooDeep, TooMany};
        matches!(
            self,
            NotAValue | Cut | TooDeep | TooMany | BadNumber | KeyNotString
        )
    }
}

impl Node {
    /// The value of a key, the first if it stands twice.
    pub fn get<'n>(&'n self, text: &[u8], key: &[u8]) -> Option<&'n Node> {
        let Value::Dict(entries) = &self.value else {
            return None;
        };
        entries
            .iter()
            .find(|(range, _)| &text[range.clone()] == key)
            .map(|(_, node)| node)
    }

    /// The number, if it is one.
    pub fn int(&self) -> Option<i64> {
        match self.value {
            Value::Int(number) => Some(number),
            _ => None,
        }
    }

    /// The string, if it is one.
    pub fn bytes<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        match &self.value {
            Value::Bytes(range) => text.get(range.clone()),
            _ => None,
        }
    }
}

struct Parser<'t> {
    text: &'t [u8],
    at: usize,
    nodes: usize,
    max_nodes: usize,
    faults: Vec<Fault>,
}

/// A fault after which nothing can be read; it is in the list already.
struct Fatal;

impl Parser<'_> {
    fn value(&mut self, depth: usize) -> Result<Node, Fatal> {
        let start = self.at;
        self.nodes += 1;
        if depth > MAX_DEPTH {
            return Err(self.fatal(FaultKind::TooDeep));
        }
        if self.nodes > self.max_nodes {
            return Err(self.fatal(FaultKind::TooMany));
        }
        let value = match self.peek()? {
            b'i' => {
                self.at += 1;
                Value::Int(self.number(b'e')?)
            }
            b'0'..=b'9' => Value::Bytes(self.string()?),
            b'l' => self.list(depth),
            b'd' => self.dict(depth),
            _ => return Err(self.fatal(FaultKind::NotAValue)),
        };
        Ok(Node {
            range: start..self.at,
            value,
        })
    }

    /// What a list holds before something unreadable is still worth showing.
    fn list(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut items = Vec::new();
        while let Ok(false) = self.is_end() {
            match self.value(depth + 1) {
                Ok(item) => items.push(item),
                Err(Fatal) => break,
            }
        }
        Value::List(items)
    }

    fn dict(&mut self, depth: usize) -> Value {
        self.at += 1;
        let mut entries: Vec<(Range<usize>, Node)> = Vec::new();
        while let Ok(false) = self.is_end() {
            let start = self.at;
            let Ok(key) = self.key() else { break };
            if let Some((last, _)) = entries.last() {
                match self.text[key.clone()].cmp(&self.text[last.clone()]) {
                    std::cmp::Ordering::Less => self.note(start, FaultKind::UnsortedKey),
                    std::cmp::Ordering::Equal => self.note(start, FaultKind::DoubleKey),
                    std::cmp::Ordering::Greater => {}
                }
            }
            match self.value(depth + 1) {
                Ok(value) => entries.push((key, value)),
                Err(Fatal) => break,
            }
        }
        Value::Dict(entries)
    }

    /// Steps over the `e` of a list or dictionary. After a fatal fault everything is at its end.
    fn is_end(&mut self) -> Result<bool, Fatal> {
        if self
            .faults
            .last()
            .is_some_and(|fault| fault.kind.is_fatal())
        {
            return Err(Fatal);
        }
        let end = self.peek()? == b'e';
        self.at += usize::from(end);
        Ok(end)
    }

    fn key(&mut self) -> Result<Range<usize>, Fatal> {
        match self.peek()? {
            b'0'..=b'9' => self.string(),
            _ => Err(self.fatal(FaultKind::KeyNotString)),
        }
    }

    fn string(&mut self) -> Result<Range<usize>, Fatal> {
        let len = self.number(b':')?;
        let end = usize::try_from(len)
            .ok()
            .and_then(|len| self.at.checked_add(len));
        match end {
            Some(end) if end <= self.text.len() => Ok(std::mem::replace(&mut self.at, end)..end),
            _ => Err(self.fatal(FaultKind::Cut)),
        }
    }

    /// Digits up to `end`, which is stepped over.
    fn number(&mut self, end: u8) -> Result<i64, Fatal> {
        let start = self.at;
        let rest = &self.text[start..];
        let Some(len) = rest.iter().take(64).position(|byte| *byte == end) else {
            return Err(self.fatal(if rest.len() < 64 {
                FaultKind::Cut
            } else {
                FaultKind::BadNumber
            }));
        };
        let digits = rest[..len].strip_prefix(b"-").unwrap_or(&rest[..len]);
        let is_negative = digits.len() < len;
        if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
            return Err(self.fatal(FaultKind::BadNumber));
        }
        if digits[0] == b'0' && (digits.len() > 1 || is_negative) {
            self.note(start, FaultKind::LeadingZero);
        }
        self.at = start + len + 1;
        let text = std::str::from_utf8(&rest[..len]).unwrap_or_default();
        Ok(text.parse().unwrap_or_else(|_| {
            self.note(start, FaultKind::Overflow);
            if is_negative { i64::MIN } else { i64::MAX }
        }))
    }

    fn peek(&mut self) -> Result<u8, Fatal> {
        match self.text.get(self.at) {
            Some(byte) => Ok(*byte),
            None => Err(self.fatal(FaultKind::Cut)),
        }
    }

    fn fatal(&mut self, kind: FaultKind) -> Fatal {
        self.note(self.at, kind);
        Fatal
    }

    fn note(&mut self, at: usize, kind: FaultKind) {
        // A text full of unsorted keys is said once, not a hundred thousand times.
        if self.faults.len() < MAX_FAULTS || kind.is_fatal() {
            self.faults.push(Fault { at, kind });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn faults(text: &[u8]) -> Vec<(usize, FaultKind)> {
        parse(text)
            .faults
            .into_iter()
            .map(|fault| (fault.at, fault.kind))
            .collect()
    }

    #[test]
    fn values_keep_their_ranges_and_keys_their_order() {
        let text = b"d1:ali-7e4:spame1:bi2ee";
        let root = parse(text).root.unwrap();
        assert_eq!(root.range, 0..text.len());
        let list = root.get(text, b"a").unwrap();
        assert_eq!(&text[list.range.clone()], b"li-7e4:spame");
        assert_eq!(root.get(text, b"b").and_then(Node::int), Some(2));
        assert_eq!(faults(text), []);
    }

    #[test]
    fn what_is_wrong_is_named_and_the_rest_read() {
        assert_eq!(faults(b"d1:bi1e1:ai2ee"), [(7, FaultKind::UnsortedKey)]);
        assert_eq!(faults(b"d1:ai1e1:ai2ee"), [(7, FaultKind::DoubleKey)]);
        assert_eq!(faults(b"i007e"), [(1, FaultKind::LeadingZero)]);
        assert_eq!(faults(b"i-0e"), [(1, FaultKind::LeadingZero)]);
        assert_eq!(
            faults(b"i99999999999999999999e"),
            [(1, FaultKind::Overflow)]
        );
        assert_eq!(faults(b"dei1e"), [(2, FaultKind::TrailingBytes)]);
    }

    #[test]
    fn what_cannot_be_read_ends_it_and_what_came_before_stays() {
        let text = b"d1:ai1e1:bx";
        let parsed = parse(text);
        assert_eq!(
            parsed.root.unwrap().get(text, b"a").and_then(Node::int),
            Some(1)
        );
        assert_eq!(
            parsed.faults,
            [Fault {
                at: 10,
                kind: FaultKind::NotAValue
            }]
        );
        assert_eq!(faults(b"9:short"), [(2, FaultKind::Cut)]);
        assert_eq!(faults(b"di1ei2ee"), [(1, FaultKind::KeyNotString)]);
        assert_eq!(faults(b""), [(0, FaultKind::Cut)]);
    }

    #[test]
    fn a_fault_inside_leaves_what_came_before_at_every_level() {
        let text = b"d1:ad1:bli1ei2e5:abee";
        let parsed = parse(text);
        let b = parsed.root.as_ref().unwrap().get(text, b"a").unwrap();
        let Some(Value::List(items)) = b.get(text, b"b").map(|node| &node.value) else {
            panic!()
        };
        assert_eq!(
            items.iter().map(Node::int).collect::<Vec<_>>(),
            [Some(1), Some(2)]
        );
        assert_eq!(faults(text), [(17, FaultKind::Cut)]);
    }

    #[test]
    fn numbers_that_no_writer_makes_are_named() {
        assert_eq!(faults(b"ie"), [(1, FaultKind::BadNumber)]);
        assert_eq!(faults(b"i-e"), [(1, FaultKind::BadNumber)]);
        assert_eq!(faults(b"i--1e"), [(1, FaultKind::BadNumber)]);
        assert_eq!(faults(b"i-01e"), [(1, FaultKind::LeadingZero)]);
        assert_eq!(faults(b"04:spam"), [(0, FaultKind::LeadingZero)]);
        assert_eq!(faults(b"-1:x"), [(0, FaultKind::NotAValue)]);
        assert_eq!(faults(b"i12"), [(1, FaultKind::Cut)]);
        let edge = [
            b"i-9223372036854775808e".as_slice(),
            b"i9223372036854775807e",
        ];
        edge.into_iter()
            .for_each(|text| assert_eq!(faults(text), []));
    }

    #[test]
    fn a_string_cannot_be_longer_than_the_text() {
        let long = b"99999999999999999999999:x";
        let kinds: Vec<FaultKind> = faults(long).into_iter().map(|(_, kind)| kind).collect();
        assert_eq!(kinds, [FaultKind::Overflow, FaultKind::Cut]);
        assert_eq!(faults(b"18446744073709551615:x")[0].1, FaultKind::Overflow);
    }

    #[test]
    fn faults_of_a_hostile_text_are_counted_out() {
        let text = [b"d".as_slice(), &b"1:b0:1:a0:".repeat(10_000), b"e"].concat();
        assert_eq!(faults(&text).len(), MAX_FAULTS);
    }

    #[test]
    fn depth_is_bounded() {
        for open in [b"l".as_slice(), b"d1:a"] {
            let text = open.repeat(100_000);
            let at = open.len() * (MAX_DEPTH + 1);
            assert_eq!(faults(&text), [(at, FaultKind::TooDeep)]);
        }
    }

    #[test]
    fn a_long_string_is_not_copied_and_many_values_are_bounded() {
        let long = write(&Item::Bytes(vec![b'x'; 10_000_000]));
        let parsed = parse(&long);
        assert_eq!(parsed.root.unwrap().value, Value::Bytes(9..10_000_009));
        let many = [b"l".as_slice(), &b"0:".repeat(MAX_NODES + 1), b"e"].concat();
        assert_eq!(faults(&many)[0].1, FaultKind::TooMany);
    }

    proptest! {
        #[test]
        fn no_text_panics_and_every_range_is_inside(text in proptest::collection::vec(
            proptest::sample::select(b"idle0123456789:-x".to_vec()), 0..64)
        ) {
            if let Some(root) = parse(&text).root {
                prop_assert!(root.range.end <= text.len());
            }
        }
    }
}
