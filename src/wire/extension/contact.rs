//! Addresses of peers in their compact form, and what is said of each (BEP 11).

use std::net::{IpAddr, SocketAddr};

use super::dict::Dict;
use super::{At, FaultKind};
use crate::wire::bencode::Value;

/// Contacts of one kind that are listed. BEP 11 allows 50, the first message of a client a few hundred.
const MAX_CONTACTS: usize = 4096;

/// What is said of a contact: a byte of bits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PexFlags(pub u8);

impl PexFlags {
    /// Bits with a meaning (BEP 11).
    const NAMES: [(u8, &'static str); 5] = [
        (0x01, "prefers_encryption"),
        (0x02, "seed"),
        (0x04, "utp"),
        (0x08, "holepunch"),
        (0x10, "reachable"),
    ];

    /// Names of the bits that are set.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        PexFlags::NAMES
            .into_iter()
            .filter(move |(mask, _)| self.0 & mask != 0)
            .map(|(_, name)| name)
    }
}

/// A peer that somebody tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contact {
    /// Its address, 6 or 18 bytes.
    pub addr: At<SocketAddr>,
    /// What is said of it. Those that are dropped have none.
    pub flags: Option<At<PexFlags>>,
}

/// Peers in the order in which they are told.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Contacts {
    /// The first of them.
    pub listed: Vec<Contact>,
    /// How many they are.
    pub count: usize,
}

impl Contacts {
    /// Takes the addresses of `key`, each of `SIZE` bytes, and the flags of `flags`.
    pub(super) fn take(&mut self, dict: &mut Dict<'_>, keys: &Keys) {
        let Some(At { value, range }) = dict.bytes(keys.addresses) else {
            return;
        };
        if value.len() % keys.size > 0 {
            dict.note(range.end, FaultKind::Uneven(keys.addresses));
        }
        let count = value.len() / keys.size;
        let flags = keys.flags.map(|key| flags(dict, key, count));
        let mut flags = flags.into_iter().flatten();
        let starts = (range.start..).step_by(keys.size);
        for (start, bytes) in starts.zip(value.chunks_exact(keys.size)).take(MAX_CONTACTS) {
            self.listed.push(Contact {
                addr: At {
                    value: address(bytes),
                    range: start..start + keys.size,
                },
                flags: flags.next(),
            });
        }
        self.count += count;
    }
}

/// Where contacts of one kind stand.
pub(super) struct Keys {
    pub(super) addresses: &'static str,
    pub(super) flags: Option<&'static str>,
    /// Bytes of an address with its port.
    pub(super) size: usize,
}

/// 4 or 16 bytes of address, 2 of port.
fn address(bytes: &[u8]) -> SocketAddr {
    let (ip, port) = bytes.split_at(bytes.len() - 2);
    let ip = match <[u8; 4]>::try_from(ip) {
        Ok(v4) => IpAddr::from(v4),
        Err(_) => IpAddr::from(<[u8; 16]>::try_from(ip).unwrap_or_default()),
    };
    SocketAddr::new(ip, u16::from_be_bytes([port[0], port[1]]))
}

/// One byte for each address. BiglyBT has met a list of numbers.
fn flags(dict: &mut Dict<'_>, key: &'static str, count: usize) -> Vec<At<PexFlags>> {
    let flags: Vec<At<PexFlags>> = match dict.node(key).map(|node| &node.value) {
        Some(Value::List(items)) => {
            let number = |byte: &crate::wire::bencode::Node| At {
                value: PexFlags(byte.int().unwrap_or_default() as u8),
                range: byte.range.clone(),
            };
            let flags = items.iter().map(number).collect();
            let at = dict.node(key).map_or(0, |node| node.range.start);
            dict.note(at, FaultKind::Type(key));
            flags
        }
        Some(_) => {
            let Some(At { value, range }) = dict.bytes(key) else {
                return Vec::new();
            };
            let flags = value.iter().copied().zip(range);
            let flag = |(byte, at)| At {
                value: PexFlags(byte),
                range: at..at + 1,
            };
            flags.map(flag).collect()
        }
        None => return Vec::new(),
    };
    if flags.len() != count {
        let at = dict.node(key).map_or(0, |node| node.range.start);
        dict.note(at, FaultKind::Flags(key));
    }
    flags
}
