//! What extended messages say, in a line and as JSON.

use serde_json::{Map, Value, json};

use super::json::{bencoded, hex};
use super::words::bytes;
use crate::wire::bencode;
use crate::wire::extension::{
    At, Body, Contacts, ExtendedHandshake, Fault, HashPiece, Holepunch, Metadata, MetadataKind,
    OldMetadata, OldMetadataKind, Pex, Trackers,
};

/// Bytes printed of a payload that nobody can read.
const MAX_HEX: usize = 1024;
/// Faults printed of one message.
const MAX_FAULTS: usize = 8;

/// `ut_metadata data piece 2 of 5 (16 KiB)`: the extension, and what matters of its message.
pub(super) fn words(name: Option<&str>, id: u8, body: &Body, total: usize) -> String {
    let Some(name) = name else {
        let count = bytes(total as u64);
        return format!("extended id {id}, never negotiated, {count}");
    };
    let said = match body {
        // Names fill the row, so what is wrong stands before them.
        Body::Handshake(it) => {
            let parts = [wrong(body.faults()), Some(hello_words(it))];
            return format!("extended handshake {}", joined(parts));
        }
        Body::Metadata(it) => metadata_words(it),
        Body::Pex(it) => format!("+{} -{}", it.added.count, it.dropped.count),
        Body::UploadOnly(it) | Body::ShareMode(it) => match it.value.as_ref().map(|it| it.value) {
            Some(0) => "no".to_owned(),
            Some(_) => "yes".to_owned(),
            None => "(nothing)".to_owned(),
        },
        Body::DontHave(it) => it.index.as_ref().map_or_else(String::new, piece),
        Body::Holepunch(it) => holepunch_words(it),
        Body::Trackers(it) => format!("+{}", it.added.len()),
        Body::OldMetadata(it) => format!("{}{}", it.name(), data_words(it.data.len())),
        Body::HashPiece(it) => hash_piece_words(it),
        Body::Dictionary(root, _) => match &root.value {
            bencode::Value::Dict(entries) => format!("dictionary of {}", entries.len()),
            _ => String::new(),
        },
        Body::Raw | Body::NotKept => bytes(total as u64),
    };
    // Peers choose names: one that is not known must not look like a message of another kind.
    let is_known = !matches!(body, Body::Dictionary(..) | Body::Raw | Body::NotKept);
    let kind = (!is_known).then(|| "extended".to_owned());
    let said = Some(said).filter(|said| !said.is_empty());
    joined([kind, Some(name.to_owned()), said, wrong(body.faults())])
}

/// `! keys are not sorted (+2)`: the first fault, and how many there are besides.
fn wrong(faults: &[Fault]) -> Option<String> {
    let (first, others) = faults.split_first()?;
    Some(match others.len() {
        0 => format!("! {}", first.kind),
        others => format!("! {} (+{others})", first.kind),
    })
}

fn joined<const N: usize>(parts: [Option<String>; N]) -> String {
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    parts.join(" ")
}

fn hello_words(hello: &ExtendedHandshake) -> String {
    let ids = hello.ids.iter().map(|(name, id)| format!("{name}:{id}"));
    let ids: Vec<String> = ids.collect();
    let client = hello.client.iter().map(|client| format!("{client} "));
    format!("{}m{{{}}}", client.collect::<String>(), ids.join(" "))
}

fn metadata_words(metadata: &Metadata) -> String {
    let kind = match (metadata.kind(), &metadata.msg_type) {
        (Some(kind), _) => kind.name().to_owned(),
        (None, Some(number)) => format!("type {}", number.value),
        (None, None) => "without a type".to_owned(),
    };
    let piece = metadata.piece.as_ref();
    let piece = piece.map_or_else(String::new, |it| format!(" piece {}", it.value));
    if metadata.kind() != Some(MetadataKind::Data) {
        return kind + &piece;
    }
    let of = metadata.pieces();
    let of = of.map_or_else(String::new, |count| format!(" of {count}"));
    format!("{kind}{piece}{of}{}", data_words(metadata.data.len()))
}

fn data_words(len: usize) -> String {
    if len == 0 {
        String::new()
    } else {
        format!(" ({})", bytes(len as u64))
    }
}

/// `connect 1.2.3.4:6881`, `error 1.2.3.4:6881 not connected`
fn holepunch_words(holepunch: &Holepunch) -> String {
    let kind = holepunch.kind().unwrap_or("unknown").to_owned();
    let addr = holepunch.addr.iter().map(|addr| addr.value.to_string());
    let error = holepunch.error().map(str::to_owned);
    let parts: Vec<String> = [kind].into_iter().chain(addr).chain(error).collect();
    parts.join(" ")
}

fn hash_piece_words(piece: &HashPiece) -> String {
    let index = piece.index.as_ref().map_or_else(String::new, self::piece);
    let begin = piece.begin.as_ref().map_or(0, |it| it.value);
    format!("{index} +{begin}{}", data_words(piece.data.len()))
}

fn piece(index: &At<u32>) -> String {
    format!("p{}", index.value)
}

/// An object with the keys of the BEP. What a message does not say is left out; `faults` says what is wrong.
pub(super) fn json(body: &Body, payload: &[u8], total: usize) -> Value {
    let mut said = match body {
        Body::Handshake(it) => hello(it, payload),
        Body::Metadata(it) => metadata(it),
        Body::Pex(it) => pex(it),
        Body::UploadOnly(it) => object([("upload_only", number(it.value.as_ref()))]),
        Body::ShareMode(it) => object([("share_mode", number(it.value.as_ref()))]),
        Body::DontHave(it) => object([("index", number(it.index.as_ref()))]),
        Body::Holepunch(it) => holepunch(it),
        Body::Trackers(it) => trackers(it),
        Body::OldMetadata(it) => old_metadata(it),
        Body::HashPiece(it) => object([
            ("index", number(it.index.as_ref())),
            ("begin", number(it.begin.as_ref())),
            ("hashes", number(it.hashes.as_ref())),
            ("data", json!(it.data.len())),
        ]),
        Body::Dictionary(root, _) => object([("dict", bencoded(payload, root))]),
        Body::Raw => object([
            ("hex", json!(hex(&payload[..payload.len().min(MAX_HEX)]))),
            ("bytes", json!(total)),
        ]),
        Body::NotKept => object([("not_kept", json!(total))]),
    };
    if !body.faults().is_empty() {
        said.insert("faults".to_owned(), faults(body.faults()));
    }
    Value::Object(said)
}

/// The pairs that have a value.
fn object<const N: usize>(pairs: [(&str, Value); N]) -> Map<String, Value> {
    let there = pairs.into_iter().filter(|(_, value)| !value.is_null());
    there.map(|(key, value)| (key.to_owned(), value)).collect()
}

fn number<T: Copy + Into<Value>>(at: Option<&At<T>>) -> Value {
    at.map_or(Value::Null, |at| at.value.into())
}

fn text(words: impl ToString) -> Value {
    Value::from(words.to_string())
}

fn faults(faults: &[Fault]) -> Value {
    let words = |fault: &Fault| text(format!("{} at byte {}", fault.kind, fault.at));
    faults.iter().take(MAX_FAULTS).map(words).collect()
}

/// All keys of the dictionary; those with a meaning as what they mean.
fn hello(hello: &ExtendedHandshake, payload: &[u8]) -> Map<String, Value> {
    let root = bencode::parse(payload).root;
    let root = root.map(|root| bencoded(payload, &root));
    let Some(Value::Object(mut keys)) = root else {
        return Map::new();
    };
    // What we say about a message does not come from its sender.
    ["faults", "not_kept"]
        .iter()
        .for_each(|ours| drop(keys.remove(*ours)));
    keys.extend(object([
        ("metadata_size", hello.metadata_size.into()),
        ("reqq", hello.reqq.into()),
        ("p", hello.port.into()),
        ("upload_only", hello.upload_only.into()),
        ("complete_ago", hello.complete_ago.into()),
        ("share_mode", hello.share_mode.into()),
        ("e", hello.encryption.into()),
        ("yp", hello.your_port.into()),
        ("v", hello.client.clone().into()),
        ("yourip", hello.yourip.map_or(Value::Null, text)),
        ("ipv4", hello.ipv4.map_or(Value::Null, text)),
        ("ipv6", hello.ipv6.map_or(Value::Null, text)),
    ]));
    keys
}

fn metadata(metadata: &Metadata) -> Map<String, Value> {
    let is_data = metadata.kind() == Some(MetadataKind::Data) || !metadata.data.is_empty();
    let data = is_data.then_some(metadata.data.len());
    object([
        ("msg_type", number(metadata.msg_type.as_ref())),
        ("piece", number(metadata.piece.as_ref())),
        ("total_size", number(metadata.total_size.as_ref())),
        ("data", data.into()),
    ])
}

fn pex(pex: &Pex) -> Map<String, Value> {
    let mut said = object([
        ("added", added(&pex.added)),
        ("dropped", dropped(&pex.dropped)),
    ]);
    let listed = pex.added.listed.len() + pex.dropped.listed.len();
    let more = pex.added.count + pex.dropped.count - listed;
    if more > 0 {
        said.insert("more".to_owned(), json!(more));
    }
    said
}

fn added(contacts: &Contacts) -> Value {
    let contacts = contacts.listed.iter().map(|contact| {
        let flags = contact.flags.as_ref();
        let names = flags.map(|flags| flags.value.names().collect::<Vec<_>>());
        json!({"addr": text(contact.addr.value), "flags": names.unwrap_or_default()})
    });
    contacts.collect()
}

fn dropped(contacts: &Contacts) -> Value {
    let addrs = contacts.listed.iter();
    addrs.map(|contact| text(contact.addr.value)).collect()
}

fn holepunch(holepunch: &Holepunch) -> Map<String, Value> {
    let kind = match (holepunch.kind(), &holepunch.msg_type) {
        (Some(kind), _) => kind.into(),
        (None, number) => number.as_ref().map(|it| it.value.to_string()).into(),
    };
    let addr = holepunch.addr.as_ref();
    object([
        ("type", kind),
        ("addr", addr.map_or(Value::Null, |addr| text(addr.value))),
        ("err_code", number(holepunch.err_code.as_ref())),
        ("error", holepunch.error().into()),
    ])
}

fn trackers(trackers: &Trackers) -> Map<String, Value> {
    let urls = trackers.added.iter().map(|url| text(&url.value));
    object([("added", urls.collect())])
}

fn old_metadata(metadata: &OldMetadata) -> Map<String, Value> {
    let mut said = object([("msg_type", number(metadata.msg_type.as_ref()))]);
    match &metadata.kind {
        OldMetadataKind::Request { start, size } => said.extend(object([
            ("start", number(start.as_ref())),
            ("size", number(size.as_ref())),
        ])),
        OldMetadataKind::Data { total_size, offset } => said.extend(object([
            ("total_size", number(total_size.as_ref())),
            ("offset", number(offset.as_ref())),
            ("data", json!(metadata.data.len())),
        ])),
        OldMetadataKind::DontHave | OldMetadataKind::Unknown => {}
    }
    said
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    /// Words and JSON of a message of an extension.
    fn said(name: &str, payload: &[u8]) -> (String, String) {
        let body = Body::read(Some(name), payload, payload.len());
        let words = words(Some(name), 9, &body, payload.len());
        (words, json(&body, payload, payload.len()).to_string())
    }

    fn both(words: &str, json: &str) -> (String, String) {
        (words.to_owned(), json.to_owned())
    }

    #[test]
    fn metadata_tells_which_block() {
        assert_eq!(
            said("ut_metadata", b"d8:msg_typei0e5:piecei2ee"),
            both("ut_metadata request piece 2", r#"{"msg_type":0,"piece":2}"#)
        );
        assert_eq!(
            said(
                "ut_metadata",
                b"d8:msg_typei1e5:piecei2e10:total_sizei32771eeabc"
            ),
            both(
                "ut_metadata data piece 2 of 3 (3 B)",
                r#"{"data":3,"msg_type":1,"piece":2,"total_size":32771}"#
            )
        );
    }

    #[test]
    fn peer_exchange_tells_how_many_and_who() {
        assert_eq!(
            said("ut_pex", b"d5:added6:\x01\x02\x03\x04\x00\x057:added.f1:\x047:dropped6:\x01\x01\x01\x01\x00\x09e"),
            both(
                "ut_pex +1 -1",
                r#"{"added":[{"addr":"1.2.3.4:5","flags":["utp"]}],"dropped":["1.1.1.1:9"]}"#
            )
        );
    }

    #[test]
    fn short_messages_tell_all_they_say() {
        assert_eq!(
            said("lt_donthave", &hex!("00000007")),
            both("lt_donthave p7", r#"{"index":7}"#)
        );
        assert_eq!(
            said("upload_only", &[1]),
            both("upload_only yes", r#"{"upload_only":1}"#)
        );
        assert_eq!(
            said("ut_holepunch", &hex!("01 00 01020304 1ae1")),
            both(
                "ut_holepunch connect 1.2.3.4:6881",
                r#"{"addr":"1.2.3.4:6881","type":"connect"}"#
            )
        );
    }

    #[test]
    fn a_sender_cannot_speak_in_our_name() {
        let payload = b"d6:faultsl6:forgede8:not_kepti5e1:v1:xe";
        let body = Body::read(Some("handshake"), payload, payload.len());
        assert_eq!(
            json(&body, payload, payload.len()).to_string(),
            r#"{"v":"x"}"#
        );
    }

    #[test]
    fn what_is_wrong_is_marked_and_said() {
        let (words, json) = said("lt_donthave", &hex!("000007"));
        assert_eq!(words, "lt_donthave ! ends before its last value");
        assert_eq!(
            json,
            r#"{"faults":["ends before its last value at byte 3"]}"#
        );
    }

    #[test]
    fn an_extension_cannot_pass_for_another_message() {
        assert_eq!(said("choke", b"\x01").0, "extended choke 1 B");
        assert_eq!(said("i2p_pex", b"de").0, "extended i2p_pex dictionary of 0");
    }

    #[test]
    fn what_nobody_can_read_is_hex_and_no_more_of_it_than_fits() {
        let long = [0xab; 5000];
        let json = json(&Body::Raw, &long, 5000);
        assert_eq!(json["hex"].as_str().unwrap().len(), 2 * MAX_HEX);
        assert_eq!(json["bytes"], 5000);
        assert_eq!(
            words(None, 7, &Body::Raw, 3),
            "extended id 7, never negotiated, 3 B"
        );
    }

    #[test]
    fn a_handshake_shows_addresses_as_such_and_keeps_what_it_does_not_know() {
        let (_, json) = said(
            "handshake",
            b"d3:fooli1ee11:upload_only1:06:yourip4:\x0a\x4d\x00\x02e",
        );
        assert!(
            json.contains(r#""foo":[1]"#) && json.contains(r#""upload_only":0"#),
            "{json}"
        );
        assert!(json.contains(r#""yourip":"10.77.0.2""#), "{json}");
    }
}
