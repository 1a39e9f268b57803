//! What clients call themselves: in the peer id (BEP 20), and in `v` (BEP 10).

use crate::findings::Code;
use crate::findings::scene::{Raise, Scene};
use crate::wire::bencode::{self, Node, Value};
use crate::wire::{self, PeerId};

/// A longer name says nothing more; real ones have some twenty bytes.
const MAX_NAME: usize = 128;
/// Distinct bytes in a peer id from which on it looks random: of 20 random bytes nearly all are.
const DISTINCT: usize = 16;
/// Its bytes that are no text: of 20 random ones some twelve.
const BINARY: usize = 7;
/// Peer ids of downloaders that operators block: Xunlei, its SDK, QQ.
const BLOCKED: [&[u8]; 4] = [b"-XL", b"-SD", b"-QD", b"-XF"];
/// `v` of others.
const BLOCKED_NAMES: [&[u8]; 2] = [b"hp/torrent", b"dt/torrent"];
/// Makers of a client and of the library it is built on, and names that changed: either may stand for the other.
const SAME: [(&str, &str); 6] = [
    ("vuze", "azureus"),
    ("vuze", "biglybt"),
    ("biglybt", "azureus"),
    ("bittorrent", "utorrent"),
    ("mainline", "bittorrent"),
    ("webtorrent", "webtor"),
];

pub(super) fn peer_id(scene: &Scene<'_>, id: &PeerId, out: &mut Raise<'_>) {
    let known = wire::client(id);
    let mut say = |code, words: std::fmt::Arguments<'_>| {
        out.say(code, scene.by, scene.spot(), words);
    };
    let is_fake = id.0.ends_with(b"UDP0") || id.0.ends_with(b"HTTPBT");
    if is_fake || id.0.starts_with(b"-ZT") && id.0[8..].starts_with(b"bLAde") {
        say(
            Code::ClientSpoofed,
            format_args!("its peer id is that of a known fake"),
        );
    }
    if BLOCKED.iter().any(|start| id.0.starts_with(start)) {
        say(
            Code::ClientBlocklisted,
            format_args!("its peer id is one that operators block"),
        );
    }
    if known.is_none() && is_random(&id.0) {
        say(
            Code::PeerIdRandom,
            format_args!("its peer id consists of random bytes"),
        );
    }
}

fn is_random(id: &[u8; 20]) -> bool {
    let mut sorted = *id;
    sorted.sort_unstable();
    let distinct = sorted.chunk_by(|a, b| a == b).count();
    let binary = id.iter().filter(|byte| !matches!(byte, b' '..=b'~'));
    distinct >= DISTINCT && binary.count() >= BINARY
}

/// The extended handshake of who has this peer id.
pub(super) fn hello(
    scene: &Scene<'_>,
    payload: &[u8],
    peer_id: Option<&PeerId>,
    out: &mut Raise<'_>,
) {
    let Some(root) = bencode::parse(payload).root else {
        return;
    };
    let mut say = |code, words: std::fmt::Arguments<'_>| {
        out.say(code, scene.by, scene.spot(), words);
    };
    let client = root.get(payload, b"v").and_then(|v| v.bytes(payload));
    let client = client.unwrap_or_default();
    let wild = names(&root, payload)
        .filter(|name| !is_harmless(name))
        .count();
    if !is_harmless(client) {
        say(
            Code::NameControlChars,
            format_args!("v has bytes that a terminal may obey"),
        );
    } else if wild > 0 {
        say(
            Code::NameControlChars,
            format_args!("{wild} names in m have bytes that a terminal may obey"),
        );
    }
    if client.len() > MAX_NAME {
        let len = client.len();
        say(Code::NameTooLong, format_args!("v has {len} bytes"));
    }
    if BLOCKED_NAMES.iter().any(|name| client.starts_with(name)) {
        say(
            Code::ClientBlocklisted,
            format_args!("v is one that operators block"),
        );
    }
    let known = peer_id.and_then(wire::client);
    if known.is_some_and(|known| is_another(&known, client)) {
        say(
            Code::ClientMismatch,
            format_args!("its peer id is that of another program than v names"),
        );
    }
}

/// Keys of `m`.
fn names<'t>(root: &'t Node, payload: &'t [u8]) -> impl Iterator<Item = &'t [u8]> {
    let entries = match root.get(payload, b"m").map(|m| &m.value) {
        Some(Value::Dict(entries)) => entries.as_slice(),
        _ => &[],
    };
    let name = |(key, _): &'t (std::ops::Range<usize>, Node)| payload.get(key.clone());
    entries.iter().filter_map(name)
}

/// µTorrent writes its name in Latin-1 now and then.
fn is_harmless(name: &[u8]) -> bool {
    let name = name.strip_prefix(b"\xb5").unwrap_or(name);
    wire::plain_within(name, name.len()).as_bytes() == name
}

/// No word of the one is a word of the other.
fn is_another(known: &str, client: &[u8]) -> bool {
    let said = wire::plain(client);
    let (known, said) = (words(known), words(&said));
    let is_same = |a: &String, b: &String| {
        a.starts_with(b.as_str())
            || b.starts_with(a.as_str())
            || SAME.contains(&(a, b))
            || SAME.contains(&(b, a))
    };
    let is_library = said.iter().any(|word| word == "libtorrent");
    !is_library
        && !known.is_empty()
        && !said.is_empty()
        && !known.iter().any(|a| said.iter().any(|b| is_same(a, b)))
}

/// Its words of three letters and more; `µTorrent` is `utorrent`.
fn words(text: &str) -> Vec<String> {
    let text = text.replace(['µ', 'μ'], "u").to_lowercase();
    let is_word = |word: &&str| word.len() > 2;
    let words = text.split(|char: char| !char.is_ascii_alphabetic());
    words.filter(is_word).map(str::to_owned).collect()
}
