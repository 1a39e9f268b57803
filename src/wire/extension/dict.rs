//! A payload that is a dictionary, with keys of types that may surprise.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use super::field::MAX_FIELDS;
use super::{At, Fault, FaultKind, Field};
use crate::wire::bencode::{self, Node, Value};
use crate::wire::plain;

/// Bytes shown of a string that is no text.
const MAX_HEX: usize = 64;

/// A payload as a dictionary.
pub(super) struct Dict<'t> {
    text: &'t [u8],
    root: Option<Node>,
    pub(super) faults: Vec<Fault>,
}

impl<'t> Dict<'t> {
    pub(super) fn read(text: &'t [u8]) -> Dict<'t> {
        let parsed = bencode::parse(text);
        let is_dict = |node: &Node| matches!(node.value, Value::Dict(_));
        let root = parsed.root.filter(is_dict);
        let fault = |fault: bencode::Fault| Fault {
            at: fault.at,
            kind: FaultKind::Bencode(fault.kind),
        };
        let mut faults: Vec<Fault> = parsed.faults.into_iter().map(fault).collect();
        if root.is_none() {
            faults.insert(
                0,
                Fault {
                    at: 0,
                    kind: FaultKind::NotADictionary,
                },
            );
        }
        Dict { text, root, faults }
    }

    /// Data may stand behind it, and is no fault then. Gives where it begins.
    pub(super) fn allow_data(&mut self) -> usize {
        let trailing = FaultKind::Bencode(bencode::FaultKind::TrailingBytes);
        self.faults.retain(|fault| fault.kind != trailing);
        self.end()
    }

    /// Where the dictionary ends; of what is none nothing is data.
    pub(super) fn end(&self) -> usize {
        let root = self.root.as_ref();
        root.map_or(self.text.len(), |root| root.range.end)
    }

    pub(super) fn root(&self) -> Option<&Node> {
        self.root.as_ref()
    }

    pub(super) fn into_parts(self) -> (Option<Node>, Vec<Fault>) {
        (self.root, self.faults)
    }

    pub(super) fn node(&self, key: &str) -> Option<&Node> {
        self.root.as_ref()?.get(self.text, key.as_bytes())
    }

    pub(super) fn note(&mut self, at: usize, kind: FaultKind) {
        self.faults.push(Fault { at, kind });
    }

    /// A number; one that is written as a string is read too, and noted.
    pub(super) fn int(&mut self, key: &'static str) -> Option<At<i64>> {
        let node = self.node(key)?;
        let (value, range, is_int) = (number(self.text, node), node.range.clone(), node.int());
        if is_int.is_none() {
            self.note(range.start, FaultKind::Type(key));
        }
        Some(At {
            value: value?,
            range,
        })
    }

    /// The same, where the message makes no sense without.
    pub(super) fn needed_int(&mut self, key: &'static str) -> Option<At<i64>> {
        if self.root.is_some() && self.node(key).is_none() {
            self.note(0, FaultKind::Missing(key));
        }
        self.int(key)
    }

    /// A string.
    pub(super) fn bytes(&mut self, key: &'static str) -> Option<At<&'t [u8]>> {
        let node = self.node(key)?;
        let Value::Bytes(range) = node.value.clone() else {
            let at = node.range.start;
            self.note(at, FaultKind::Type(key));
            return None;
        };
        let value = self.text.get(range.clone())?;
        Some(At { value, range })
    }
}

/// BiglyBT has met `upload_only` as the string "0", others `metadata_size`.
fn number(text: &[u8], node: &Node) -> Option<i64> {
    node.int()
        .or_else(|| std::str::from_utf8(node.bytes(text)?).ok()?.parse().ok())
}

/// All values of a dictionary, those of dictionaries in it below them.
pub(super) fn fields(text: &[u8], root: Option<&Node>) -> Vec<Field> {
    let mut fields = Vec::new();
    match root.map(|root| &root.value) {
        Some(Value::Dict(entries)) => entries
            .iter()
            .for_each(|entry| keyed(text, 0, entry, &mut fields)),
        _ => fields.push(Field::new(0, "payload", "", 0..text.len())),
    }
    fields
}

fn keyed(text: &[u8], depth: u8, (key, node): &(Range<usize>, Node), fields: &mut Vec<Field>) {
    if fields.len() >= MAX_FIELDS {
        return;
    }
    let name = &text[key.clone()];
    let address = node.bytes(text).and_then(|bytes| address(name, bytes));
    match address {
        Some(address) => fields.push(Field::new(depth, &plain(name), address, node.range.clone())),
        None => walk(text, depth, &plain(name), node, fields),
    }
}

/// Addresses of the extended handshake, which are nothing to read as text.
fn address(key: &[u8], bytes: &[u8]) -> Option<String> {
    if !matches!(key, b"yourip" | b"ipv4" | b"ipv6") {
        return None;
    }
    match (<[u8; 4]>::try_from(bytes), <[u8; 16]>::try_from(bytes)) {
        (Ok(v4), _) => Some(Ipv4Addr::from(v4).to_string()),
        (_, Ok(v6)) => Some(Ipv6Addr::from(v6).to_string()),
        _ => None,
    }
}

fn walk(text: &[u8], depth: u8, name: &str, node: &Node, fields: &mut Vec<Field>) {
    if fields.len() >= MAX_FIELDS {
        return;
    }
    let mut push = |value: String| {
        fields.push(Field::new(depth, name, value, node.range.clone()));
    };
    match &node.value {
        Value::Int(number) => push(number.to_string()),
        Value::Bytes(range) => push(text_or_hex(&text[range.clone()])),
        Value::List(items) => {
            push(format!("list of {}", items.len()));
            items
                .iter()
                .for_each(|item| walk(text, depth + 1, "-", item, fields));
        }
        Value::Dict(entries) => {
            push(format!("dictionary of {}", entries.len()));
            entries
                .iter()
                .for_each(|entry| keyed(text, depth + 1, entry, fields));
        }
    }
}

fn text_or_hex(bytes: &[u8]) -> String {
    let text = plain(bytes);
    if text.as_bytes() == bytes {
        return text;
    }
    let digits = bytes.iter().take(MAX_HEX);
    digits.fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}
