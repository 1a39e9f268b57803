//! A value and the bytes it was read from.

use std::fmt::Display;
use std::ops::Range;

/// A value and where it stands in the payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Its bytes.
    pub range: Range<usize>,
}

/// A value as it is shown. Text of strangers is harmless in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// 0 for the values of the message itself.
    pub depth: u8,
    /// Its name in the BEP.
    pub name: String,
    /// Its value in words.
    pub value: String,
    /// Its bytes, from the start of the payload.
    pub range: Range<usize>,
}

/// Values of one message that are shown.
pub(super) const MAX_FIELDS: usize = 2000;

impl Field {
    pub(super) fn new(depth: u8, name: &str, value: impl Display, range: Range<usize>) -> Field {
        Field {
            depth,
            name: name.to_owned(),
            value: value.to_string(),
            range,
        }
    }
}

impl<T: Display> At<T> {
    pub(super) fn field(&self, name: &str) -> Field {
        Field::new(0, name, &self.value, self.range.clone())
    }
}

/// The values that are there.
pub(super) fn present<const N: usize>(fields: [Option<Field>; N]) -> Vec<Field> {
    fields.into_iter().flatten().collect()
}

/// Bytes that are only counted.
pub(super) fn bulk(name: &str, range: &Range<usize>) -> Option<Field> {
    let count = format!("{} bytes", range.len());
    (!range.is_empty()).then(|| Field::new(0, name, count, range.clone()))
}
