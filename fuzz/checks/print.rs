//! What is printed obeys the one who runs the program, and nobody else.

use peerscope::export::{self, FindingFormat, Format};
use peerscope::findings::Findings;
use peerscope::store::{EntryId, Store};

/// Text without anything that a terminal obeys or that changes the order of what is read.
pub(super) fn assert_plain(text: &str) {
    let is_obeyed = |char: &char| {
        char.is_control()
            || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
                | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
    };
    let found = text.chars().find(is_obeyed);
    assert_eq!(found, None, "in {text:?}");
}

/// All that can be exported is plain lines, and as JSON an object a line.
pub(super) fn assert_prints(store: &Store) {
    all(store, Format::Text).lines().for_each(assert_plain);
    let json = json(store);
    for line in json.lines() {
        assert_plain(line);
        assert_object(line);
    }
    let rows = store.len() + store.connections().len() + 1;
    assert_eq!(json.lines().count(), rows);
    assert_judges(store);
}

/// What is found is plain lines, each an object as JSON, and the same in slices.
fn assert_judges(store: &Store) {
    let findings = Findings::of(store);
    let all = findings.all();
    let said = |format| printed(|out| export::findings(store, all.iter(), format, out));
    said(FindingFormat::Text).lines().for_each(assert_plain);
    let json = said(FindingFormat::Json);
    json.lines().for_each(assert_object);
    assert_eq!(json.lines().count(), all.len());
    let mut sliced = Findings::default();
    while !sliced.step(store, 7) || !sliced.conclude_some(store, 3) {}
    assert_eq!(sliced.all(), all);
}

/// Messages, connections and the account, as programs read them.
pub(super) fn json(store: &Store) -> String {
    all(store, Format::Json)
}

fn all(store: &Store, format: Format) -> String {
    let messages = printed(|out| export::messages(store, EntryId(0), format, out));
    assert_eq!(messages.lines().count(), store.len());
    let connections = printed(|out| export::connections(store, format, out));
    let summary = printed(|out| export::summary(store, "a capture", &[], format, out));
    [messages, connections, summary].concat()
}

fn printed(print: impl FnOnce(&mut Vec<u8>) -> std::io::Result<()>) -> String {
    let mut out = Vec::new();
    print(&mut out).expect("writing to memory works");
    String::from_utf8(out).expect("text is UTF-8")
}

fn assert_object(line: &str) {
    let value: Result<serde_json::Value, _> = serde_json::from_str(line);
    assert!(value.is_ok_and(|value| value.is_object()), "{line}");
}
