//! Peer id -> client and version (BEP 20).

use super::{PeerId, plain};

/// Two letters in an Azureus-style peer id, `-XXvvvv-`.
const AZUREUS_STYLE: [(&[u8; 2], &str); 46] = [
    (b"7T", "aTorrent"),
    (b"AG", "Ares"),
    (b"AN", "Ares"),
    (b"AR", "Arctic"),
    (b"AV", "Avicora"),
    (b"AX", "BitPump"),
    (b"AZ", "Vuze"),
    (b"BB", "BitBuddy"),
    (b"BC", "BitComet"),
    (b"BE", "baretorrent"),
    (b"BI", "BiglyBT"),
    (b"BT", "BitTorrent"),
    (b"BW", "BitWombat"),
    (b"CD", "Enhanced CTorrent"),
    (b"CT", "CTorrent"),
    (b"DE", "Deluge"),
    (b"EB", "EBit"),
    (b"FD", "Free Download Manager"),
    (b"FX", "Freebox"),
    (b"GT", "anacrolix/torrent"),
    (b"HL", "Halite"),
    (b"KG", "KGet"),
    (b"KT", "KTorrent"),
    (b"LC", "LeechCraft"),
    (b"LP", "Lphant"),
    (b"LT", "libtorrent"),
    (b"MG", "MediaGet"),
    (b"MO", "MonoTorrent"),
    (b"MR", "Miro"),
    (b"PI", "PicoTorrent"),
    (b"qB", "qBittorrent"),
    (b"QD", "QQDownload"),
    (b"rQ", "rqbit"),
    (b"SD", "Thunder"),
    (b"TB", "Torch"),
    (b"TE", "terasaur"),
    (b"TL", "Tribler"),
    (b"TR", "Transmission"),
    (b"TX", "Tixati"),
    (b"UM", "uTorrent Mac"),
    (b"UT", "uTorrent"),
    (b"UW", "uTorrent Web"),
    (b"WW", "WebTorrent"),
    (b"WD", "WebTorrent Desktop"),
    (b"XL", "Xunlei"),
    (b"lt", "rTorrent"),
];

/// Clients whose peer id starts with a word of their own: prefix, name.
const WORDS: [(&[u8], &str); 5] = [
    (b"A2-", "aria2"),
    (b"exbc", "BitComet"),
    (b"OP", "Opera"),
    (b"XBT", "XBT Client"),
    (b"M7-", "Mainline"),
];

/// Name and version of the client, as far as its peer id tells; safe to print.
pub fn client(peer_id: &PeerId) -> Option<String> {
    let id = &peer_id.0;
    azureus_style(id).or_else(|| word(id))
}

fn azureus_style(id: &[u8; 20]) -> Option<String> {
    let [b'-', first, second, version @ ..] = id else {
        return None;
    };
    if !first.is_ascii_alphanumeric() || !second.is_ascii_alphanumeric() || version[4] != b'-' {
        return None;
    }
    let known = AZUREUS_STYLE
        .iter()
        .find(|(code, _)| code == &&[*first, *second]);
    let name = known.map_or_else(|| plain(&[*first, *second]), |(_, name)| (*name).to_owned());
    Some(match version_of(&version[..4]) {
        Some(version) => format!("{name} {version}"),
        None => name,
    })
}

/// Four digits, or letters counting on from 9: `4630` is 4.6.3, `2110` is 2.1.1, `0D80` is 0.13.8.
fn version_of(digits: &[u8]) -> Option<String> {
    let number = |digit: &u8| match digit {
        b'0'..=b'9' => Some(u32::from(digit - b'0')),
        b'A'..=b'Z' => Some(u32::from(digit - b'A') + 10),
        _ => None,
    };
    let mut parts = digits.iter().map(number).collect::<Option<Vec<_>>>()?;
    if parts.last() == Some(&0) {
        parts.pop();
    }
    Some(
        parts
            .iter()
            .map(u32::to_string)
            .collect::<Vec<_>>()
            .join("."),
    )
}

/// `A2-1-36-0-…` is aria2 1.36.0.
fn word(id: &[u8; 20]) -> Option<String> {
    let (prefix, name) = WORDS.iter().find(|(prefix, _)| id.starts_with(prefix))?;
    let digits = id[prefix.len()..].split(|byte| *byte == b'-');
    let version: Vec<String> = digits
        .take_while(|part| (1..=3).contains(&part.len()) && part.iter().all(u8::is_ascii_digit))
        .map(plain)
        .collect();
    Some(if version.is_empty() {
        (*name).to_owned()
    } else {
        format!("{name} {}", version.join("."))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(id: &[u8; 20]) -> Option<String> {
        client(&PeerId(*id))
    }

    #[test]
    fn azureus_style_ids_give_client_and_version() {
        assert_eq!(
            named(b"-qB4630-abcdefghijkl").as_deref(),
            Some("qBittorrent 4.6.3")
        );
        assert_eq!(
            named(b"-LT2110-abcdefghijkl").as_deref(),
            Some("libtorrent 2.1.1")
        );
        assert_eq!(
            named(b"-lt0D80-abcdefghijkl").as_deref(),
            Some("rTorrent 0.13.8")
        );
        assert_eq!(
            named(b"-Q91234-abcdefghijkl").as_deref(),
            Some("Q9 1.2.3.4")
        );
    }

    #[test]
    fn aria2_has_its_own_way() {
        assert_eq!(
            named(b"A2-1-36-0-\xc3\x1b]0;abcde").as_deref(),
            Some("aria2 1.36.0")
        );
    }

    #[test]
    fn a_random_id_names_nobody() {
        assert_eq!(named(&[0x9b; 20]), None);
        assert_eq!(named(b"-\x1b[2J0-abcdefghijklm"), None);
    }
}
