//! `lt_tex` (BEP 28): trackers that the sender knows.

use super::dict::Dict;
use super::field::MAX_FIELDS;
use super::{At, Fault, FaultKind, Field};
use crate::wire::bencode::Value;
use crate::wire::plain;

/// URLs that are listed; torrents have some ten.
const MAX_TRACKERS: usize = 1000;

/// A list of URLs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trackers {
    /// Made safe to print.
    pub added: Vec<At<String>>,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Trackers {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Trackers {
        let mut dict = Dict::read(payload);
        let added = match dict.node("added").map(|node| &node.value) {
            Some(Value::List(items)) => {
                let urls = items.iter().filter_map(|item| {
                    let value = plain(item.bytes(payload)?);
                    let range = item.range.clone();
                    Some(At { value, range })
                });
                urls.take(MAX_TRACKERS).collect()
            }
            Some(_) => {
                dict.note(0, FaultKind::Type("added"));
                Vec::new()
            }
            None => {
                dict.note(0, FaultKind::Missing("added"));
                Vec::new()
            }
        };
        Trackers {
            added,
            faults: dict.faults,
        }
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let urls = self.added.iter().map(|url| url.field("added"));
        urls.take(MAX_FIELDS).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_listed() {
        let trackers = Trackers::read(b"d5:addedl9:udp://a:111:http://b/\x1bcee");
        let urls: Vec<&str> = trackers.added.iter().map(|it| it.value.as_str()).collect();
        assert_eq!(urls, ["udp://a:1", "http://b/·c"]);
        assert_eq!(
            Trackers::read(b"de").faults[0].kind,
            FaultKind::Missing("added")
        );
    }
}
