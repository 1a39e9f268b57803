//! What `y` copies of a message and of its fields.

mod captured;
mod decoding;

use captured::path;
use decoding::decoded;
use peerscope::capture::{Reader, Source};
use peerscope::export::{Copied, Field, copied};
use peerscope::store::{EntryId, Store, read_raw};
use peerscope::view::nodes;
use peerscope::wire::Kind;

const DIRECTION: &str =
    "ip.src == 127.0.0.1 && tcp.srcport == 58715 && ip.dst == 127.0.0.1 && tcp.dstport == 6881";

#[test]
fn a_message_is_copied_in_four_forms() {
    let (store, source) = loopback();
    let id = first(&store, Kind::Request);
    let raw = read_raw(&store, &source, id);
    let of = |form| copied(&store, id, raw.as_ref(), None, form).unwrap();
    assert_eq!(of(Copied::Value), "request p11 +0 16 KiB");
    assert_eq!(of(Copied::Hex), "0000000d060000000b0000000000004000");
    assert!(of(Copied::Json).starts_with(r#"{"frame":8,"first_frame":8,"#));
    assert!(of(Copied::Json).ends_with(r#""index":11,"begin":0,"length":16384}"#));
    assert_eq!(
        of(Copied::Filter),
        format!("frame.number == 8 && {DIRECTION}")
    );
}

#[test]
fn all_frames_of_a_long_message_are_in_its_filter() {
    let (store, source) = loopback();
    let mut pieces = store
        .entries(EntryId(0))
        .filter(|(_, it)| it.kind() == Kind::Piece && it.first_frame != it.frame);
    let (id, entry) = pieces.next().unwrap();
    let raw = read_raw(&store, &source, id);
    let filter = copied(&store, id, raw.as_ref(), None, Copied::Filter).unwrap();
    let frames: Vec<u32> = raw
        .unwrap()
        .frames
        .iter()
        .map(|frame| frame.number.0)
        .collect();
    assert!(filter.starts_with("frame.number in {"), "{filter}");
    assert!(filter.contains(&entry.frame.to_string()) && frames.contains(&entry.first_frame.0));
}

#[test]
fn a_field_is_found_by_the_name_that_wireshark_has() {
    let (store, source) = loopback();
    let fields = |kind| {
        let id = first(&store, kind);
        let raw = read_raw(&store, &source, id).unwrap();
        let named = nodes(&store, id, &raw).into_iter().filter_map(|node| {
            let (name, value) = node.text.split_at_checked(12)?;
            let (name, value, range) = (name.trim_end(), value.trim(), node.range.clone());
            copied(
                &store,
                id,
                Some(&raw),
                Some(&Field { name, value, range }),
                Copied::Filter,
            )
        });
        named
            .map(|filter| filter.rsplit(" && ").next().unwrap().to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        fields(Kind::Request),
        [
            "bittorrent.msg.length == 13",
            "bittorrent.msg.type == 6",
            "bittorrent.piece.index == 11",
            "bittorrent.piece.begin == 0",
            "bittorrent.piece.length == 16384",
        ]
    );
    let handshake = fields(Kind::Handshake);
    assert_eq!(
        handshake[0],
        "bittorrent.reserved == 00:00:00:00:00:10:00:05"
    );
    assert!(
        handshake[1].starts_with("bittorrent.info_hash == 5f:f8:"),
        "{handshake:?}"
    );
    assert!(
        handshake
            .last()
            .unwrap()
            .starts_with("bittorrent.peer_id == 2d:4c:54:")
    );
}

#[test]
fn a_field_that_wireshark_has_no_name_for_has_no_filter() {
    let (store, source) = loopback();
    let id = first(&store, Kind::Request);
    let raw = read_raw(&store, &source, id);
    let field = Field {
        name: "",
        value: "meaning",
        range: None,
    };
    let of = |form| copied(&store, id, raw.as_ref(), Some(&field), form);
    assert_eq!((of(Copied::Filter), of(Copied::Hex)), (None, None));
    assert_eq!(of(Copied::Value).as_deref(), Some("meaning"));
}

fn first(store: &Store, kind: Kind) -> EntryId {
    let mut entries = store.entries(EntryId(0));
    entries.find(|(_, entry)| entry.kind() == kind).unwrap().0
}

fn loopback() -> (Store, Source) {
    let source = Source::open(&path("loopback.pcap")).unwrap();
    let reader = Reader::new(source.clone(), "loopback.pcap").unwrap();
    (decoded(reader), source)
}
