//! What the program says of itself, and the pages in `docs/` that say the same.

use std::fs;
use std::path::Path;
use std::process::Command;

/// With this in the environment, the pages are written anew.
const WRITE: &str = "PEERSCOPE_WRITE_DOCS";

#[test]
fn the_page_of_keys_is_that_of_today() {
    let about = "The keys of the screen, as `peerscope --print-keys` prints them. `?` shows those of the pane at hand.";
    is_current("KEYS.md", "Keys", about, &fenced(&["--print-keys"]));
}

#[test]
fn the_page_of_filters_is_that_of_today() {
    let about = "One language for `-Y` and for the screen, as `peerscope fields` prints it. Where Wireshark has a field, its \
        name means the same here.";
    is_current("FILTER.md", "Filters", about, &fenced(&["fields"]));
}

#[test]
fn the_page_of_findings_is_the_catalogue_of_today() {
    let about = "Every rule, as `peerscope findings --explain all` prints it. An *error* breaks the protocol or loses data, a \
        *warning* is harmful or suspicious, a *note* is worth knowing.";
    let catalogue = printed(&["findings", "--explain", "all"]);
    is_current("FINDINGS.md", "Findings", about, &catalogue);
}

/// What the program prints, as it is.
fn fenced(arguments: &[&str]) -> String {
    format!("```text\n{}```\n", printed(arguments))
}

fn is_current(name: &str, title: &str, about: &str, printed: &str) {
    let page = format!("# {title}\n\n{about}\n\n{printed}");
    let docs = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs");
    if std::env::var_os(WRITE).is_some() {
        fs::write(docs.join(name), &page).unwrap();
    }
    let there = fs::read_to_string(docs.join(name)).unwrap_or_default();
    assert!(
        there == page,
        "docs/{name} is old: run the tests with {WRITE}=1"
    );
}

#[test]
fn each_shell_gets_completions() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let text = printed(&["completions", shell]);
        for word in ["connections", "display-filter", "save"] {
            assert!(text.contains(word), "{shell} {word}");
        }
    }
}

#[test]
fn bash_takes_its_completions() {
    let script = printed(&["completions", "bash"]);
    let Ok(run) = Command::new("bash").args(["-n", "-c", &script]).output() else {
        return println!("skipped: there is no bash");
    };
    assert!(run.status.success(), "{run:?}");
}

#[test]
fn the_manual_has_all_commands_keys_and_fields() {
    let page = printed(&["man"]);
    for words in [
        ".TH peerscope 1",
        "THE COMMAND SAVE",
        ".SH KEYS",
        "Ctrl\\-S",
        ".SH FILTERS",
    ] {
        assert!(page.contains(words), "{words}");
    }
}

fn printed(typed: &[&str]) -> String {
    let run = Command::new(env!("CARGO_BIN_EXE_peerscope"))
        .args(typed)
        .output();
    let run = run.unwrap();
    assert_eq!(
        (run.status.code(), run.stderr.len()),
        (Some(0), 0),
        "{typed:?}"
    );
    String::from_utf8(run.stdout).unwrap()
}
