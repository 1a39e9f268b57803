//! Ways to write a peer id that are told by their shape, not by a name in it.

use super::version::{base_62, dashed};

/// Letters of Shadow's style (BitTornado and what was made of it).
const SHADOW: [(u8, &str); 7] = [
    (b'A', "ABC"),
    (b'O', "Osprey Permaseed"),
    (b'Q', "BTQueue"),
    (b'R', "Tribler"),
    (b'S', "Shad0w"),
    (b'T', "BitTornado"),
    (b'U', "UPnP NAT Bit Torrent"),
];

/// A letter, up to five digits of a version with dashes up to the sixth byte, then three dashes or the
/// number of a torrent: `S58B-----` is 5.8.11, `T03I--008` is 0.3.18.
pub(super) fn shadow(id: &[u8; 20]) -> Option<String> {
    let (_, name) = SHADOW.iter().find(|(letter, _)| *letter == id[0])?;
    let (version, number) = (&id[1..6], &id[6..9]);
    let length = version.iter().rposition(|byte| *byte != b'-');
    let version = &version[..length.map_or(0, |last| last + 1)];
    let ends = number == b"---" || id[5] == b'-' && matches!(number[0], b'0' | b'-');
    let begins = matches!(id[1], b'0'..=b'9' | b'-');
    let digits: Option<Vec<String>> = version.iter().map(|digit| base_64(*digit)).collect();
    let version = digits.filter(|_| begins && ends)?.join(".");
    Some(format!("{name} {version}").trim_end().to_owned())
}

/// Base 62 and the dot. The dash is the 63 of this alphabet, but ends the version.
fn base_64(digit: u8) -> Option<String> {
    let dot = (digit == b'.').then_some(62);
    base_62(digit).or(dot).map(|digit| digit.to_string())
}

/// `M4-20-8-` and `Q1-0-0--` (BEP 20).
pub(super) fn mainline(id: &[u8; 20]) -> Option<String> {
    let name = match id[0] {
        b'M' => "Mainline",
        b'Q' => "Queen Bee",
        _ => return None,
    };
    (id[2] == b'-' && id[7] == b'-').then_some(())?;
    dashed(&id[1..]).map(|version| format!("{name} {version}"))
}

/// `exbc` or the name of a changed one, then major and minor as bytes. BitLord was built on BitComet.
pub(super) fn bitcomet(id: &[u8; 20]) -> Option<String> {
    let changed = match &id[..4] {
        b"exbc" => "",
        b"FUTB" => " (Solidox Mod)",
        b"xUTB" => " (Mod 2)",
        _ => return None,
    };
    let (major, minor) = (id[4], id[5]);
    Some(match &id[6..10] {
        b"LORD" if major > 0 => format!("BitLord{changed} {major}.{minor}"),
        b"LORD" => format!("BitLord{changed} {major}.{minor:02}"),
        _ => format!("BitComet{changed} {major}.{minor:02}"),
    })
}

/// A zero, the version, `BS`.
pub(super) fn bitspirit(id: &[u8; 20]) -> Option<String> {
    (id[0] == 0).then(|| bitspirit_in_disguise(id))?
}

/// BitSpirit and BitComet that copy the ids of others: what they leave of their own is the end.
pub(super) fn disguised(id: &[u8; 20]) -> Option<String> {
    if !id.ends_with(b"UDP0") && !id.ends_with(b"HTTPBT") {
        return None;
    }
    bitspirit_in_disguise(id)
        .or_else(|| bitcomet(id))
        .or_else(|| Some("BitSpirit?".to_owned()))
}

fn bitspirit_in_disguise(id: &[u8; 20]) -> Option<String> {
    (&id[2..4] == b"BS").then(|| format!("BitSpirit {}", id[1].max(1)))
}

/// Old Shareaza: the last four bytes are made of the first sixteen.
pub(super) fn shareaza(id: &[u8; 20]) -> Option<String> {
    let checks = (0..4).all(|at| id[16 + at] == id[at] ^ id[15 - at]);
    (checks && !id[..16].contains(&0)).then(|| "Shareaza".to_owned())
}

/// Ids that begin with zeros: I2PSnark, and the first of all clients.
pub(super) fn zeros(id: &[u8; 20]) -> Option<String> {
    let name = match id.iter().position(|byte| *byte != 0)? {
        9 if id[9..12] == [3, 3, 3] => "I2PSnark",
        12 if &id[12..14] == b"aa" => "Mainline 3.2.1b2",
        12 => "Mainline",
        14 => "Mainline 3.1",
        _ => return None,
    };
    Some(name.to_owned())
}
