//! Fields of messages: what filters them, which bytes they own, and what they mean at their moment.

mod bundled;
mod captured;
mod decoding;

use bundled::CAPTURES;
use captured::path;
use decoding::decoded;
use peerscope::capture::{Reader, Source};
use peerscope::store::filter::Filter;
use peerscope::store::{EntryId, Store, read_raw};
use peerscope::view::tree::owner;
use peerscope::view::{Node, nodes};
use peerscope::wire::Kind;

/// Messages of each capture that are looked at.
const LOOKED: u32 = 600;

fn each(mut look: impl FnMut(&Store, EntryId, &[Node])) {
    for name in CAPTURES {
        let store = decoded(Reader::open(&path(name)).unwrap());
        let source = Source::open(&path(name)).unwrap();
        for (id, _) in store.entries(EntryId(0)).filter(|(id, _)| id.0 < LOOKED) {
            let raw = read_raw(&store, &source, id).unwrap();
            look(&store, id, &nodes(&store, id, &raw));
        }
    }
}

#[test]
fn the_filter_of_a_field_lets_its_own_message_pass() {
    let mut count = 0;
    each(|store, id, nodes| {
        for filter in nodes.iter().filter_map(|node| node.filter.as_ref()) {
            let parsed: Filter = filter
                .parse()
                .unwrap_or_else(|error| panic!("{filter}: {error}"));
            let is_whole = !store.entry(id).is_faulty() && store.missing(id) == 0;
            let kind = store.entry(id).kind();
            assert!(
                !is_whole || parsed.matches(store, id),
                "{kind:?} {id:?}: {filter}"
            );
            count += 1;
        }
    });
    assert!(count > 1000, "{count}");
}

#[test]
fn every_byte_of_a_message_belongs_to_a_field_that_holds_it() {
    each(|store, id, nodes| {
        let len = nodes[0].range.clone().unwrap().len();
        for byte in 0..len.min(100) {
            let owner = owner(nodes, byte).unwrap();
            let range = nodes[owner].range.clone().unwrap();
            assert!(range.contains(&byte));
            let others = nodes.iter().filter_map(|node| node.range.clone());
            let shortest = others
                .filter(|range| range.contains(&byte))
                .map(|range| range.len())
                .min();
            assert_eq!(
                Some(range.len()),
                shortest,
                "{:?} {id:?}",
                store.entry(id).kind()
            );
        }
    });
}

/// What the fields of the first messages of a kind say under a name.
fn said(kind: Kind, name: &str) -> Vec<String> {
    let store = decoded(Reader::open(&path("choke_dance.pcap")).unwrap());
    let source = Source::open(&path("choke_dance.pcap")).unwrap();
    let of_kind = store
        .entries(EntryId(0))
        .filter(|(_, entry)| entry.kind() == kind);
    let each =
        of_kind.flat_map(|(id, _)| nodes(&store, id, &read_raw(&store, &source, id).unwrap()));
    let named = each.filter_map(|node| {
        node.text
            .strip_prefix(name)
            .map(|rest| rest.trim().to_owned())
    });
    named.take(3).collect()
}

#[test]
fn a_message_says_what_it_means_at_its_moment() {
    let told = [
        (Kind::Unchoke, "waited "),
        (Kind::Choke, "served "),
        (Kind::Choke, "open requests "),
        (Kind::Interested, "now "),
        (Kind::Have, "has now "),
        (Kind::Request, "in flight "),
        (Kind::Piece, "asked for "),
    ];
    let lines = told.map(|(kind, name)| format!("{} {name}{:?}", kind.name(), said(kind, name)));
    insta::assert_snapshot!(lines.join("\n"));
}
