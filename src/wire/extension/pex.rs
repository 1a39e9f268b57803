//! `ut_pex` (BEP 11): peers that the sender met and lost since it last said so.

use super::contact::Keys;
use super::dict::Dict;
use super::field::MAX_FIELDS;
use super::{Contact, Contacts, Fault, FaultKind, Field, PexFlags};

const ADDED: [Keys; 2] = [
    Keys {
        addresses: "added",
        flags: Some("added.f"),
        size: 6,
    },
    Keys {
        addresses: "added6",
        flags: Some("added6.f"),
        size: 18,
    },
];
const DROPPED: [Keys; 2] = [
    Keys {
        addresses: "dropped",
        flags: None,
        size: 6,
    },
    Keys {
        addresses: "dropped6",
        flags: None,
        size: 18,
    },
];

/// Peers come and gone, IPv4 before IPv6.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pex {
    /// `added` and `added6`, with their flags.
    pub added: Contacts,
    /// `dropped` and `dropped6`.
    pub dropped: Contacts,
    /// What is wrong with it.
    pub faults: Vec<Fault>,
}

impl Pex {
    /// Reads a payload.
    pub fn read(payload: &[u8]) -> Pex {
        let mut dict = Dict::read(payload);
        let [mut added, mut dropped] = [Contacts::default(), Contacts::default()];
        ADDED.iter().for_each(|keys| added.take(&mut dict, keys));
        DROPPED
            .iter()
            .for_each(|keys| dropped.take(&mut dict, keys));
        let mut keys = ADDED.iter().chain(&DROPPED);
        if dict.root().is_some() && keys.all(|keys| dict.node(keys.addresses).is_none()) {
            dict.note(0, FaultKind::Empty);
        }
        Pex {
            added,
            dropped,
            faults: dict.faults,
        }
    }

    pub(super) fn fields(&self) -> Vec<Field> {
        let mut fields = Vec::new();
        for (name, contacts) in [("added", &self.added), ("dropped", &self.dropped)] {
            list(name, contacts, &mut fields);
        }
        fields.truncate(MAX_FIELDS);
        fields
    }
}

fn list(name: &str, contacts: &Contacts, fields: &mut Vec<Field>) {
    let (Some(first), Some(last)) = (contacts.listed.first(), contacts.listed.last()) else {
        return;
    };
    let range = first.addr.range.start..last.addr.range.end;
    fields.push(Field::new(
        0,
        name,
        format!("{} contacts", contacts.count),
        range,
    ));
    contacts
        .listed
        .iter()
        .for_each(|contact| told(contact, fields));
}

fn told(contact: &Contact, fields: &mut Vec<Field>) {
    let addr = &contact.addr;
    fields.push(Field::new(1, "contact", addr.value, addr.range.clone()));
    if let Some(flags) = &contact.flags {
        fields.push(Field::new(
            2,
            "flags",
            words(flags.value),
            flags.range.clone(),
        ));
    }
}

/// `0x14 utp reachable`
fn words(flags: PexFlags) -> String {
    flags
        .names()
        .fold(format!("0x{:02x}", flags.0), |words, name| {
            words + " " + name
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::bencode::FaultKind as Bencode;

    fn kinds(payload: &[u8]) -> Vec<FaultKind> {
        Pex::read(payload).faults.iter().map(|it| it.kind).collect()
    }

    #[test]
    fn contacts_of_both_families_are_read_with_their_flags() {
        let mut payload =
            b"d5:added12:\x01\x02\x03\x04\x1a\xe1\x05\x06\x07\x08\x00\x507:added.f2:\x14\x02"
                .to_vec();
        payload.extend(b"6:added618:\xfd\x77\0\0\0\0\0\0\0\0\0\0\0\0\0\x09\x1a\xe18:added6.f1:\x017:dropped6:\x09\x09\x09\x09\x00\x09e");
        let pex = Pex::read(&payload);
        let contact = |at: usize| &pex.added.listed[at];
        let addrs: Vec<String> = (0..3)
            .map(|at| contact(at).addr.value.to_string())
            .collect();
        assert_eq!(addrs, ["1.2.3.4:6881", "5.6.7.8:80", "[fd77::9]:6881"]);
        let flags = contact(0).flags.clone().unwrap();
        assert_eq!(
            flags.value.names().collect::<Vec<_>>(),
            ["utp", "reachable"]
        );
        assert_eq!(&payload[flags.range], b"\x14");
        assert_eq!(
            &payload[contact(1).addr.range.clone()],
            b"\x05\x06\x07\x08\x00\x50"
        );
        assert_eq!((pex.dropped.count, pex.faults.as_slice()), (1, &[][..]));
    }

    #[test]
    fn flags_as_a_list_of_numbers_are_read_and_noted() {
        let pex = Pex::read(b"d5:added6:\x01\x02\x03\x04\x1a\xe17:added.fli2eee");
        assert_eq!(
            pex.added.listed[0].flags.as_ref().unwrap().value,
            PexFlags(2)
        );
        assert_eq!(pex.faults[0].kind, FaultKind::Type("added.f"));
    }

    #[test]
    fn what_does_not_fit_is_noted() {
        assert_eq!(kinds(b"d5:added7:1234567e"), [FaultKind::Uneven("added")]);
        assert_eq!(
            kinds(b"d5:added6:1234567:added.f2:xye"),
            [FaultKind::Flags("added.f")]
        );
        assert_eq!(kinds(b"de"), [FaultKind::Empty]);
        assert_eq!(kinds(b"d7:dropped0:e"), []);
        assert_eq!(kinds(b"d5:addedi1ee"), [FaultKind::Type("added")]);
        assert_eq!(
            kinds(b"d7:dropped0:5:added0:e"),
            [FaultKind::Bencode(Bencode::UnsortedKey)]
        );
    }

    #[test]
    fn a_list_without_end_is_counted_and_not_kept() {
        let mut payload = b"d5:added600000:".to_vec();
        payload.resize(payload.len() + 600_000, 7);
        payload.push(b'e');
        let pex = Pex::read(&payload);
        assert_eq!((pex.added.count, pex.added.listed.len()), (100_000, 4096));
    }
}
