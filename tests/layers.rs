//! The direction of imports: a module names only what stands to its left in the line of flow.

use std::fs;
use std::path::{Path, PathBuf};

/// The line of flow, and the shell around it.
const FLOW: [&str; 19] = [
    "capture", "packet", "stream", "wire", "peer", "swarm", "store", "findings", "pipeline",
    "export", "view", "app", "config", "args", "input", "judging", "manual", "save", "main",
];

/// Crates of others, and the only modules that may name them.
const OUTSIDE: [(&str, &[&str]); 19] = [
    ("pcap", &["capture"]),
    ("pcap_parser", &["capture"]),
    ("flate2", &["capture"]),
    ("ruzstd", &["capture"]),
    ("etherparse", &["packet"]),
    ("hashbrown", &["stream"]),
    ("num_bigint", &["wire"]),
    ("sha1", &["wire", "swarm"]),
    ("sha2", &["swarm"]),
    ("ratatui", &["view", "app"]),
    ("crossterm", &["app"]),
    ("serde_json", &["export"]),
    ("csv", &["export"]),
    ("clap", &["args", "manual", "main"]),
    ("clap_complete", &["args", "manual"]),
    ("clap_mangen", &["manual"]),
    ("toml", &["config"]),
    ("etcetera", &["config"]),
    (
        "anyhow",
        &["app", "args", "config", "input", "judging", "save", "main"],
    ),
];

/// A name in a source text and its offset there.
type Named<'a> = (usize, &'a str);

#[test]
fn modules_name_only_what_stands_to_their_left() {
    let complaints: Vec<String> = sources(&src())
        .iter()
        .flat_map(|path| complaints(&relative(path), &fs::read_to_string(path).unwrap()))
        .collect();
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}

#[test]
fn every_module_stands_in_the_line() {
    for entry in fs::read_dir(src()).unwrap() {
        let layer = layer(&relative(&entry.unwrap().path())).to_owned();
        assert!(
            layer == "lib" || FLOW.contains(&layer.as_str()),
            "{layer} has no place in the line of flow"
        );
    }
}

#[test]
fn the_line_is_the_one_that_is_documented() {
    let lib = fs::read_to_string(src().join("lib.rs")).unwrap();
    let line = lib.lines().find(|line| line.contains("capture -> "));
    let documented: Vec<&str> = words(line.unwrap()).collect();
    let flow = FLOW.into_iter().take_while(|layer| *layer != "config");
    assert_eq!(documented, flow.collect::<Vec<_>>());
}

#[test]
fn an_import_from_the_right_is_found() {
    let found = |file, text| complaints(file, text).join("; ");
    assert_eq!(
        found("store/mod.rs", "use std::fmt;\nuse crate::view::Row;"),
        "src/store/mod.rs:2: store names view"
    );
    assert_eq!(
        found(
            "wire/a.rs",
            "use crate::{\n    stream::{peer, Side},\n    peer::Talk,\n};"
        ),
        "src/wire/a.rs:3: wire names peer"
    );
    assert_eq!(
        found("peer/talk.rs", "fn f() { super::super::swarm::g() }"),
        "src/peer/talk.rs:1: peer names swarm"
    );
    assert_eq!(
        found("app/mod.rs", "use peerscope::view;\nuse crate::args::Look;"),
        "src/app/mod.rs:2: app names args"
    );
    assert_eq!(
        found("view/a.rs", "use crate::Store;"),
        "src/view/a.rs:1: view names Store"
    );
}

#[test]
fn a_crate_in_the_wrong_module_is_found() {
    let found = |file, text| complaints(file, text).join("; ");
    assert_eq!(
        found("view/a.rs", "use ratatui::crossterm::event;"),
        "src/view/a.rs:1: view names crossterm"
    );
    assert_eq!(
        found("store/raw.rs", "#[derive(clap::Parser)]"),
        "src/store/raw.rs:1: store names clap"
    );
    assert_eq!(
        found("stream/seq.rs", "\nuse pcap as sniffer;"),
        "src/stream/seq.rs:2: stream names pcap"
    );
}

#[test]
fn what_is_allowed_is_not_complained_of() {
    let text = "// crate::app\nuse crate::{store::Store, wire::peer};\nuse super::app;\n\
        use ratatui::text::Line;\nlet pcap = \"a.pcap\"; // serde_json::Value";
    assert_eq!(complaints("view/pane.rs", text), [""; 0]);
    assert_eq!(
        complaints("capture/live.rs", "pcap::Device::list()"),
        [""; 0]
    );
}

/// What a file names and may not, a line each.
fn complaints(file: &str, text: &str) -> Vec<String> {
    let text = without_comments(text);
    let layer = layer(file);
    let mut wrong = modules(file, &text);
    wrong.retain(|(_, name)| is_right_of(name, layer));
    wrong.extend(crates(layer, &text));
    wrong.sort_unstable();
    wrong
        .iter()
        .map(|(at, name)| format!("src/{file}:{}: {layer} names {name}", line(&text, *at)))
        .collect()
}

/// True for what no layer is called, too: the top of the crate holds modules alone.
fn is_right_of(name: &str, layer: &str) -> bool {
    let place = |name| FLOW.iter().position(|known| *known == name);
    place(layer).is_some_and(|own| place(name).is_none_or(|at| at > own))
}

/// The modules of this program that a text names.
fn modules<'a>(file: &str, text: &'a str) -> Vec<Named<'a>> {
    let mut found = Vec::new();
    for root in ["crate::", "peerscope::"] {
        for at in starts(text, root) {
            found.extend(heads(text, at + root.len()));
        }
    }
    for at in starts(text, SUPER) {
        let steps = steps_up(&text[at..]);
        // As many steps as the file lies deep lead to the top, or from a module inside the file, below it.
        if steps >= file.trim_end_matches("/mod.rs").split('/').count() {
            let heads = heads(text, at + steps * SUPER.len());
            found.extend(heads.into_iter().filter(|(_, name)| FLOW.contains(name)));
        }
    }
    found
}

const SUPER: &str = "super::";

fn steps_up(path: &str) -> usize {
    path.strip_prefix(SUPER)
        .map_or(0, |rest| 1 + steps_up(rest))
}

/// Where paths begin with `root`.
fn starts(text: &str, root: &str) -> Vec<usize> {
    let begins = |at: usize| !text[..at].ends_with(|last| is_of_name(last) || last == ':');
    let found = text.match_indices(root).map(|(at, _)| at);
    found.filter(|at| begins(*at)).collect()
}

/// The names that a path goes on with: one, or the first of each item in braces.
fn heads(text: &str, from: usize) -> Vec<Named<'_>> {
    let rest = &text[from..];
    if !rest.starts_with('{') {
        return vec![(from, name(rest))];
    }
    let (mut depth, mut is_new, mut heads) = (0, false, Vec::new());
    for (at, letter) in rest.char_indices() {
        match letter {
            '{' => (depth, is_new) = (depth + 1, depth == 0),
            '}' if depth == 1 => break,
            '}' => depth -= 1,
            ',' => is_new = depth == 1,
            _ if is_new && is_of_name(letter) => {
                heads.push((from + at, name(&rest[at..])));
                is_new = false;
            }
            _ => {}
        }
    }
    heads
}

/// The crates of others that a text names and `layer` may not.
fn crates<'a>(layer: &str, text: &'a str) -> Vec<Named<'a>> {
    let forbidden = OUTSIDE
        .iter()
        .filter(|(_, layers)| !layers.contains(&layer));
    forbidden.flat_map(|(name, _)| uses(text, name)).collect()
}

/// Where a crate is a part of a path, or of an import.
fn uses<'a>(text: &'a str, wanted: &str) -> Vec<Named<'a>> {
    let is_name = |at: usize| !text[..at].ends_with(is_of_name) && name(&text[at..]) == wanted;
    let is_import = |at: usize| {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        line.trim_start().starts_with("use ") || line.contains("pub use ")
    };
    let found = text.match_indices(wanted);
    found
        .filter(|(at, _)| is_name(*at))
        .filter(|(at, _)| text[at + wanted.len()..].starts_with("::") || is_import(*at))
        .collect()
}

fn name(text: &str) -> &str {
    &text[..text
        .find(|letter| !is_of_name(letter))
        .unwrap_or(text.len())]
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|letter| !is_of_name(letter))
        .filter(|word| !word.is_empty())
}

fn is_of_name(letter: char) -> bool {
    letter.is_alphanumeric() || letter == '_'
}

fn line(text: &str, at: usize) -> usize {
    1 + text[..at].matches('\n').count()
}

fn without_comments(text: &str) -> String {
    let code = text
        .lines()
        .map(|line| line.split("//").next().unwrap_or_default());
    code.collect::<Vec<_>>().join("\n")
}

/// `store` for `store/mod.rs`, `main` for `main.rs`.
fn layer(file: &str) -> &str {
    name(file)
}

fn src() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn relative(path: &Path) -> String {
    path.strip_prefix(src()).unwrap().display().to_string()
}

fn sources(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(sources(&path));
        } else if path.extension().is_some_and(|it| it == "rs") {
            found.push(path);
        }
    }
    found.sort();
    found
}
