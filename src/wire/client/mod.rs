//! Peer id -> client and version (BEP 20).

mod signatures;
mod styles;
#[cfg(test)]
mod vectors;
mod version;

use self::signatures::{CODES, SIGNATURES, UNCLOSED};
use self::version::Scheme;
use super::PeerId;

/// A signature this short is met by chance: it counts if what stands behind it fits.
const PROVES_NOTHING: usize = 3;

/// Name and version of the client, as far as its peer id tells; safe to print.
pub fn client(peer_id: &PeerId) -> Option<String> {
    let id = &peer_id.0;
    styles::disguised(id)
        .or_else(|| signature(id))
        .or_else(|| azureus_style(id))
        .or_else(|| styles::shadow(id))
        .or_else(|| styles::mainline(id))
        .or_else(|| styles::bitcomet(id))
        .or_else(|| styles::bitspirit(id))
        .or_else(|| styles::shareaza(id))
        .or_else(|| styles::zeros(id))
}

/// The longest signature wins: `-UT170-` says more than `-UT`.
fn signature(id: &[u8; 20]) -> Option<String> {
    SIGNATURES
        .iter()
        .filter(|(at, bytes, ..)| id[*at..].starts_with(bytes))
        .filter_map(|row| Some((row.1.len(), named(id, row)?)))
        .max_by_key(|(length, _)| *length)
        .map(|(_, client)| client)
}

fn named(
    id: &[u8; 20],
    (at, bytes, scheme, name): &(usize, &[u8], Scheme, &str),
) -> Option<String> {
    let version = scheme.read(id, at + bytes.len());
    let is_proof = bytes.len() > PROVES_NOTHING;
    version
        .or_else(|| is_proof.then(String::new))
        .map(|version| joined(name, &version))
}

/// `-XXvvvv-`, or without the closing dash from those that are known to leave it out.
fn azureus_style(id: &[u8; 20]) -> Option<String> {
    let [b'-', first, second, version @ ..] = id else {
        return None;
    };
    let code = [*first, *second];
    if version[4] != b'-' {
        return unclosed(id, code);
    }
    let Some((_, scheme, name)) = CODES.iter().find(|(known, ..)| **known == code) else {
        return stranger(id, code);
    };
    let version = scheme.read(id, 3).unwrap_or_default();
    let fake = if &code == b"ZT" && id[8..].starts_with(b"bLAde") {
        "fake "
    } else {
        ""
    };
    Some(joined(&format!("{fake}{name}"), &version))
}

fn unclosed(id: &[u8; 20], code: [u8; 2]) -> Option<String> {
    let (_, scheme, name) = UNCLOSED.iter().find(|(known, ..)| **known == code)?;
    Some(joined(name, &scheme.read(id, 3)?))
}

/// Letters that nobody has told of, but the shape is right.
fn stranger(id: &[u8; 20], code: [u8; 2]) -> Option<String> {
    let is_code = code.iter().all(u8::is_ascii_alphanumeric) && id[3].is_ascii_digit();
    let version = Scheme::Guess.read(id, 3).filter(|_| is_code)?;
    Some(joined(&String::from_utf8_lossy(&code), &version))
}

fn joined(name: &str, version: &str) -> String {
    format!("{name} {version}").trim_end().to_owned()
}
