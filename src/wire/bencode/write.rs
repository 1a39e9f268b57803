//! Values -> bencode.

/// A value to be written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// `i-7e`
    Int(i64),
    /// `4:spam`
    Bytes(Vec<u8>),
    /// `l…e`
    List(Vec<Item>),
    /// `d…e`, the keys in this order: BEP 3 wants them sorted, tests do not always.
    Dict(Vec<(Vec<u8>, Item)>),
}

impl From<i64> for Item {
    fn from(number: i64) -> Item {
        Item::Int(number)
    }
}

impl From<&str> for Item {
    fn from(text: &str) -> Item {
        Item::Bytes(text.into())
    }
}

impl From<&[u8]> for Item {
    fn from(bytes: &[u8]) -> Item {
        Item::Bytes(bytes.into())
    }
}

/// A dictionary with these keys.
pub fn dict<K: AsRef<[u8]>>(entries: impl IntoIterator<Item = (K, Item)>) -> Item {
    let entry = |(key, item): (K, Item)| (key.as_ref().to_vec(), item);
    Item::Dict(entries.into_iter().map(entry).collect())
}

/// The bytes of a value.
pub fn write(item: &Item) -> Vec<u8> {
    let mut text = Vec::new();
    append(item, &mut text);
    text
}

fn append(item: &Item, text: &mut Vec<u8>) {
    match item {
        Item::Int(number) => text.extend(format!("i{number}e").bytes()),
        Item::Bytes(bytes) => string(bytes, text),
        Item::List(items) => {
            text.push(b'l');
            items.iter().for_each(|item| append(item, text));
            text.push(b'e');
        }
        Item::Dict(entries) => {
            text.push(b'd');
            for (key, item) in entries {
                string(key, text);
                append(item, text);
            }
            text.push(b'e');
        }
    }
}

fn string(bytes: &[u8], text: &mut Vec<u8>) {
    text.extend(format!("{}:", bytes.len()).bytes());
    text.extend(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bencode::{Node, Value, parse};
    use proptest::prelude::*;

    /// What was read, as it would be written.
    fn item(text: &[u8], node: &Node) -> Item {
        let bytes = |range: &std::ops::Range<usize>| text[range.clone()].to_vec();
        match &node.value {
            Value::Int(number) => Item::Int(*number),
            Value::Bytes(range) => Item::Bytes(bytes(range)),
            Value::List(items) => Item::List(items.iter().map(|node| item(text, node)).collect()),
            Value::Dict(entries) => Item::Dict(
                entries
                    .iter()
                    .map(|(key, node)| (bytes(key), item(text, node)))
                    .collect(),
            ),
        }
    }

    /// Values of some depth whose keys are sorted.
    fn items() -> impl Strategy<Value = Item> {
        let bytes = || proptest::collection::vec(any::<u8>(), 0..8);
        let leaf = prop_oneof![
            any::<i64>().prop_map(Item::Int),
            bytes().prop_map(Item::Bytes)
        ];
        leaf.prop_recursive(4, 32, 6, move |inner| {
            prop_oneof![
                proptest::collection::vec(inner.clone(), 0..6).prop_map(Item::List),
                proptest::collection::btree_map(bytes(), inner, 0..6)
                    .prop_map(|entries| Item::Dict(entries.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_without_a_fault_and_written_alike(value in items()) {
            let text = write(&value);
            let parsed = parse(&text);
            prop_assert_eq!(&parsed.faults, &[]);
            let again = item(&text, &parsed.root.unwrap());
            prop_assert_eq!(write(&again), text);
            prop_assert_eq!(again, value);
        }
    }

    #[test]
    fn keys_stand_in_the_order_in_which_they_are_given() {
        let unsorted = dict([("b", Item::from(1)), ("a", Item::from("x"))]);
        assert_eq!(write(&unsorted), b"d1:bi1e1:a1:xe");
    }
}
