//! What the README shows and tells people to type.

use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn the_pictures_are_those_of_today() {
    let drawn = tempfile::tempdir().unwrap();
    let mut script = Command::new(root().join("script/pictures"));
    script
        .arg(drawn.path())
        .env("PEERSCOPE", env!("CARGO_BIN_EXE_peerscope"));
    assert!(script.status().unwrap().success());
    let pictures = [
        "ladder",
        "connections",
        "bytes",
        "pieces",
        "requests",
        "life",
        "transport",
        "findings",
    ];
    for picture in pictures.map(|name| format!("{name}.svg")) {
        let shown = std::fs::read_to_string(root().join("docs").join(&picture)).unwrap();
        let today = std::fs::read_to_string(drawn.path().join(&picture)).unwrap();
        assert!(
            shown == today,
            "docs/{picture} shows an old screen: run script/pictures"
        );
    }
}

#[test]
fn every_file_that_it_names_is_there() {
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let named = readme.split(|char: char| char.is_whitespace() || "()`\"'".contains(char));
    let files = named.filter(|word| {
        ["captures/", "docs/", "script/", "src/", "tests/"]
            .iter()
            .any(|folder| word.starts_with(folder))
    });
    for file in files.map(|file| file.trim_end_matches(['.', ',', ';', ':'])) {
        assert!(root().join(file).exists(), "README.md names {file}");
    }
}
