//! The privacy mask: nothing of who the peers are is left in what is shown and printed.

mod captured;

use std::collections::BTreeSet;
use std::sync::Arc;

use captured::path;
use peerscope::app::App;
use peerscope::capture::{Reader, Source};
use peerscope::export::{self, Copied, DiagramFormat, Format};
use peerscope::pipeline::{Pipeline, Told};
use peerscope::store::{Change, Choice, EntryId, Fold, Privacy, Rows, Scope, Store, read_raw};
use peerscope::swarm::Metainfo;
use peerscope::view::{Glyphs, Look, Palette, picture};
use proptest::prelude::*;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

const LOOK: Look = Look {
    palette: Palette::TERMINAL,
    glyphs: Glyphs::UNICODE,
};

/// Captures with the torrents that they are about.
const CAPTURES: [(&str, &str); 5] = [
    ("choke_dance.pcap", "dance.torrent"),
    ("v2_hybrid.pcap", "hybrid.torrent"),
    ("ipv6_vlan.pcapng", "links.torrent"),
    ("loopback.pcap", "loopback.torrent"),
    ("mse.pcap", "mse.torrent"),
];

/// Keys that lead into each view and each pane.
const WAYS: [&str; 12] = [
    "",
    "Enter",
    "Enter z R Enter",
    "Enter z R j j j Enter Tab",
    "Enter G Enter",
    "3",
    "4",
    "6",
    "7",
    "8",
    "?",
    "Enter c",
];

#[test]
fn nothing_of_who_they_are_is_printed() {
    for (capture, torrent) in CAPTURES {
        let secrets = secrets(capture, torrent);
        let store = store(capture, torrent, Privacy::Masked);
        for (what, text) in printed(&store) {
            assert_hides(&secrets, &text, &format!("{capture}: {what}"));
        }
    }
}

#[test]
fn nothing_of_who_they_are_is_shown() {
    for (capture, torrent) in CAPTURES {
        let secrets = secrets(capture, torrent);
        let mut app = app(capture, torrent, Privacy::Masked);
        for (width, height) in [(80, 24), (200, 60)] {
            for way in WAYS {
                let screen = shown(&mut app, way, Rect::new(0, 0, width, height));
                assert_hides(&secrets, &screen, &format!("{capture} {way} {width}"));
            }
        }
    }
}

/// The fields and bytes of the first messages, where handshakes, extensions and peer exchange are.
#[test]
fn no_field_and_no_byte_tells_who_they_are() {
    let secrets = secrets("choke_dance.pcap", "dance.torrent");
    let mut app = app("choke_dance.pcap", "dance.torrent", Privacy::Masked);
    let screen = Rect::new(0, 0, 200, 60);
    shown(&mut app, "Enter z R", screen);
    for _ in 0..40 {
        let text = shown(&mut app, "2 j Enter PgDn PgDn", screen);
        assert_hides(&secrets, &text, "a message");
        shown(&mut app, "Esc", screen);
    }
}

#[test]
fn the_mask_is_taken_off_and_put_on_again_by_a_key() {
    let mut app = app("choke_dance.pcap", "dance.torrent", Privacy::Open);
    let screen = Rect::new(0, 0, 120, 40);
    let open = shown(&mut app, "", screen);
    let masked = shown(&mut app, "P", screen);
    assert!(
        open.contains("10.77.0.2") && open.contains("cb0a"),
        "{open}"
    );
    assert_hides(&secrets("choke_dance.pcap", "dance.torrent"), &masked, "P");
    assert!(
        masked.contains("192.0.2.1") && masked.contains("torrent-1"),
        "{masked}"
    );
    shown(&mut app, "P", screen);
    assert_eq!(shown(&mut app, "j k", screen), open);
    shown(&mut app, "P", screen);
    let again = shown(&mut app, "j k", screen);
    assert_eq!(again, masked.replace(status(&masked), status(&again)));
}

#[test]
fn a_filter_understands_both_names() {
    let store = store("choke_dance.pcap", "dance.torrent", Privacy::Masked);
    let matching = |filter: &str| {
        let filter: peerscope::store::filter::Filter = filter.parse().unwrap();
        let ids = store.entries(EntryId(0)).map(|(id, _)| id);
        ids.filter(|id| filter.matches(&store, *id)).count()
    };
    assert!(matching("src == 10.77.0.2") > 0);
    assert_eq!(matching("src == 10.77.0.2"), matching("src == 192.0.2.1"));
    assert_eq!(matching("src != 10.77.0.2"), matching("src != 192.0.2.1"));
}

#[test]
fn what_is_copied_is_masked() {
    let secrets = secrets("choke_dance.pcap", "dance.torrent");
    let store = store("choke_dance.pcap", "dance.torrent", Privacy::Masked);
    let source = source("choke_dance.pcap");
    for id in (0..200).map(EntryId) {
        let raw = read_raw(&store, &source, id);
        for form in [Copied::Value, Copied::Hex, Copied::Json, Copied::Filter] {
            let text = export::copied(&store, id, raw.as_ref(), None, form).unwrap();
            assert_hides(&secrets, &text, form.name());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    /// Whatever was masked when, what is masked in the end is the same.
    #[test]
    fn masking_late_is_masking_early(at in 0usize..3000) {
        let (mut early, mut late) = (Store::default(), Store::default());
        early.mask();
        for (number, change) in changes("choke_dance.pcap", "dance.torrent").into_iter().enumerate() {
            early.apply(change.clone());
            late.apply(change);
            if number == at {
                late.mask();
            }
        }
        late.mask();
        let of = |store: &Store| printed(store).into_iter().map(|(_, text)| text).collect::<String>();
        // Numbers are given as peers are met, so those of peers that are only told of may differ.
        prop_assert_eq!(of(&early).lines().count(), of(&late).lines().count());
        let ends = |store: &Store| format!("{:?}", store.connections().iter().map(|it| (*it.end(it.opener()), it.info_hash())).collect::<Vec<_>>());
        prop_assert_eq!(ends(&early), ends(&late));
    }
}

/// Everything that must not be seen, as it would be seen.
fn secrets(capture: &str, torrent: &str) -> BTreeSet<String> {
    let store = store(capture, torrent, Privacy::Open);
    let mut secrets = BTreeSet::new();
    for connection in store.connections() {
        for side in peerscope::stream::Side::BOTH {
            secrets.insert(connection.end(side).ip.to_string());
            if let Some(handshake) = connection.handshake(side) {
                let id = handshake.peer_id.0;
                secrets.insert(export::hex(&id[8..]));
                secrets.insert(spaced(&id[8..16]));
                secrets.insert(handshake.info_hash.to_string()[..8].to_owned());
                secrets.insert(handshake.info_hash.to_string()[32..].to_owned());
                secrets.insert(spaced(&handshake.info_hash.0[..4]));
            }
        }
    }
    for swarm in store.torrents() {
        secrets.insert(swarm.info_hash().to_string());
        secrets.extend(swarm.v2().map(|hash| hash.to_string()));
        let metainfo = swarm.metainfo().unwrap();
        secrets.extend(metainfo.version.v2().map(|hash| hash.to_string()));
        // A torrent may be called as a rule of findings begins.
        secrets.insert(format!(" {} ", metainfo.name));
        secrets.insert(format!(" {}\n", metainfo.name));
        secrets.insert(format!("\"name\":\"{}\"", metainfo.name));
        secrets.insert(format!("{}/", metainfo.name));
    }
    let (_, messages) = printed(&store).swap_remove(1);
    let quoted = messages
        .split('"')
        .filter_map(|word| word.parse::<std::net::SocketAddr>().ok());
    secrets.extend(quoted.map(|end| end.ip().to_string()));
    assert!(secrets.len() > 5, "{secrets:?}");
    secrets
}

/// As the hex pane shows bytes.
fn spaced(bytes: &[u8]) -> String {
    let pairs: Vec<String> = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    pairs.join(" ")
}

fn assert_hides(secrets: &BTreeSet<String>, text: &str, what: &str) {
    let told = secrets.iter().find(|secret| text.contains(*secret));
    assert_eq!(told, None, "{what}\n{}", &text[..text.len().min(6000)]);
}

/// All exports.
fn printed(store: &Store) -> Vec<(String, String)> {
    let mut printed = Vec::new();
    for format in [Format::Text, Format::Json] {
        let mut out = Vec::new();
        export::messages(store, EntryId(0), format, &mut out).unwrap();
        printed.push((format!("messages {format:?}"), out));
        let mut out = Vec::new();
        export::connections(store, format, &mut out).unwrap();
        export::torrents(store, format, &mut out).unwrap();
        export::summary(store, "x", &[], format, &mut out).unwrap();
        printed.push((format!("others {format:?}"), out));
    }
    printed.swap(1, 2);
    for format in [
        DiagramFormat::Mermaid,
        DiagramFormat::Markdown,
        DiagramFormat::Svg,
    ] {
        printed.push((format!("{format:?}"), diagrams(store, format).into_bytes()));
    }
    let text = |(what, bytes)| (what, String::from_utf8(bytes).unwrap());
    printed.into_iter().map(text).collect()
}

fn diagrams(store: &Store, format: DiagramFormat) -> String {
    let drawn = store.connections().iter().map(|connection| {
        let choice = Choice {
            scope: Scope::One(connection.id),
            hidden: BTreeSet::new(),
            filter: None,
            fold: Fold::Nothing,
        };
        let mut rows = Rows::new(choice);
        rows.step(store, rows.total(store));
        let opener = connection.opener();
        let sides = export::sides(connection, [opener, !opener]);
        let steps = export::steps(store, &rows, peerscope::store::Connection::opener);
        let drawn = export::diagram(format, &sides, steps);
        // Ports and addresses have colons, which Mermaid has as numbers.
        drawn.replace("#58;", ":")
    });
    drawn.collect()
}

fn store(capture: &str, torrent: &str, privacy: Privacy) -> Store {
    let mut store = Store::default();
    if privacy == Privacy::Masked {
        store.mask();
    }
    changes(capture, torrent)
        .into_iter()
        .for_each(|change| store.apply(change));
    store
}

fn changes(capture: &str, torrent: &str) -> Vec<Change> {
    let (mut pipeline, mut changes) = (pipeline(capture, torrent, Privacy::Open), Vec::new());
    while !pipeline.step(&mut changes).is_done {}
    changes
}

fn pipeline(capture: &str, torrent: &str, privacy: Privacy) -> Pipeline {
    let file = std::fs::read(path(torrent)).unwrap();
    let told = Told {
        torrents: vec![Arc::new(Metainfo::of_file(&file).unwrap())],
        privacy,
        ..Told::default()
    };
    Pipeline::new(Reader::new(source(capture), capture).unwrap()).told(told)
}

fn app(capture: &str, torrent: &str, privacy: Privacy) -> App {
    App::having_read(pipeline(capture, torrent, privacy), "x.pcap", LOOK)
}

fn shown(app: &mut App, keys: &str, screen: Rect) -> String {
    let mut buffer = Buffer::empty(screen);
    app.draw(screen, &mut buffer);
    for key in keys.split_whitespace() {
        app.press(key, screen);
        app.settle();
        buffer.reset();
        app.draw(screen, &mut buffer);
    }
    app.settle();
    buffer.reset();
    app.draw(screen, &mut buffer);
    picture::text(&buffer)
}

/// The row with the notice.
fn status(screen: &str) -> &str {
    screen.lines().rev().nth(1).unwrap()
}

fn source(name: &str) -> Source {
    let bytes: &'static [u8] = std::fs::read(path(name)).unwrap().leak();
    Source::Memory(bytes)
}
