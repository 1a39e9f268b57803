//! Pieces of JSON that several exports share.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use serde_json::{Map, Value};

use crate::capture::Timestamp;
use crate::wire::bencode::{self, Node};
use crate::wire::plain;

/// Writes an object as one line.
pub(super) fn line(value: &impl Serialize, out: &mut impl Write) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}

/// Seconds with all nine decimals, which a double could not hold.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
pub(super) fn time<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    let raw = RawValue::from_string(time.to_string()).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

/// For counts that are left out where there are none.
#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde calls it with a reference to the field"
)]
pub(super) fn is_zero(count: &u64) -> bool {
    *count == 0
}

/// As [`time`], where there may be none.
#[expect(
    clippy::ref_option,
    reason = "serde calls it with a reference to the field"
)]
pub(super) fn optional_time<S: Serializer>(
    value: &Option<Timestamp>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    match value {
        Some(value) => time(value, serializer),
        None => serializer.serialize_none(),
    }
}

/// Bytes as hex digits.
pub fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes
        .iter()
        .fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
            let _ = write!(text, "{byte:02x}");
            text
        })
}

/// A bencoded value. Text stays text; bytes that are none become `{"hex": ...}`.
pub(super) fn bencoded(text: &[u8], node: &Node) -> Value {
    match &node.value {
        bencode::Value::Int(number) => Value::from(*number),
        bencode::Value::Bytes(range) => string(&text[range.clone()]),
        bencode::Value::List(items) => items.iter().map(|item| bencoded(text, item)).collect(),
        bencode::Value::Dict(entries) => {
            let entry = |(key, value): &(std::ops::Range<usize>, Node)| {
                (plain(&text[key.clone()]), bencoded(text, value))
            };
            Value::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

fn string(bytes: &[u8]) -> Value {
    let safe = plain(bytes);
    if safe.as_bytes() == bytes {
        Value::from(safe)
    } else {
        Value::from_iter([("hex", hex(bytes))])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bencode_becomes_json_and_bytes_become_hex() {
        let text = b"d1:ai1e1:b2:\xff\x00c4:textl1:xee";
        let text = &text[..18];
        let root = bencode::parse(text).root.unwrap();
        assert_eq!(
            bencoded(text, &root).to_string(),
            r#"{"a":1,"b":{"hex":"ff00"}}"#
        );
    }
}
