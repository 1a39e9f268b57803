//! What can be wrong with an extended message.

use std::fmt;

use crate::wire::bencode;

/// What is wrong with a payload, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Offset in the payload.
    pub at: usize,
    /// What.
    pub kind: FaultKind,
}

/// What can be wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FaultKind {
    /// Its dictionary is not as BEP 3 has it.
    Bencode(bencode::FaultKind),
    /// It should be a dictionary.
    NotADictionary,
    /// A key that its kind of message has is not there.
    Missing(&'static str),
    /// A value of another type than the BEP says. It is read where its meaning is clear.
    Type(&'static str),
    /// A list of addresses with a piece of one at its end.
    Uneven(&'static str),
    /// Not as many flags as addresses.
    Flags(&'static str),
    /// None of its keys is there.
    Empty,
    /// It ends before its last value.
    Short,
    /// Bytes follow its last value.
    Trailing,
    /// An id that an extended message cannot have (BEP 10).
    NotAnId,
    /// A number without a meaning.
    Unassigned(&'static str),
    /// Not the number of bytes that a block has at this place.
    DataLength {
        /// As BEP 9 says.
        expected: u64,
    },
}

impl fmt::Display for FaultKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FaultKind::Bencode(kind) => f.write_str(kind.words()),
            FaultKind::NotADictionary => f.write_str("not a dictionary"),
            FaultKind::Missing(key) => write!(f, "no {key}"),
            FaultKind::Type(key) => write!(f, "{key} has another type than the BEP says"),
            FaultKind::Uneven(key) => write!(f, "{key} ends inside an address"),
            FaultKind::Flags(key) => write!(f, "{key} has not one flag byte for each address"),
            FaultKind::Empty => f.write_str("says nothing"),
            FaultKind::Short => f.write_str("ends before its last value"),
            FaultKind::Trailing => f.write_str("bytes follow the last value"),
            FaultKind::NotAnId => f.write_str("an extension id that is no byte"),
            FaultKind::Unassigned(name) => write!(f, "a {name} without a meaning"),
            FaultKind::DataLength { expected } => write!(f, "its data should be {expected} bytes"),
        }
    }
}
