//! The `.torrent` files that the user named.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::Context;
use peerscope::swarm::Metainfo;
use peerscope::wire::plain;

/// Bytes of one file: an info dictionary of the greatest size that clients take, and as much of piece layers.
const MAX_FILE: u64 = 64 << 20;
/// Bytes of all of them, which stay in memory.
const MAX_ALL: u64 = 256 << 20;
/// Entries of folders that are looked at, and how deep: somebody may name his home.
const MAX_ENTRIES: usize = 100_000;
const MAX_DEPTH: usize = 16;

/// Reads them. A file that was named must be a torrent; one that was found in a folder is left out with a word.
pub(crate) fn torrents(typed: &[PathBuf]) -> anyhow::Result<Vec<Arc<Metainfo>>> {
    let (mut torrents, mut room) = (Vec::new(), MAX_ALL);
    for path in typed {
        if !path.is_dir() {
            torrents.push(read(path, &mut room)?);
            continue;
        }
        for found in walk(path)? {
            match read(&found, &mut room) {
                Ok(torrent) => torrents.push(torrent),
                Err(error) => eprintln!("peerscope: {error:#}; it is left out"),
            }
        }
    }
    Ok(torrents)
}

fn read(path: &Path, room: &mut u64) -> anyhow::Result<Arc<Metainfo>> {
    // Who named the files of a folder is not known.
    let name = || plain(path.as_os_str().as_encoded_bytes());
    let cannot = || format!("cannot read {}", name());
    let file = File::open(path).with_context(cannot)?;
    let bound = MAX_FILE.min(*room);
    let mut bytes = Vec::new();
    let len = file
        .take(bound + 1)
        .read_to_end(&mut bytes)
        .with_context(cannot)? as u64;
    anyhow::ensure!(
        len <= bound,
        "{}: more than {MAX_FILE} bytes of a torrent, or {MAX_ALL} of all",
        name()
    );
    *room -= len;
    let torrent = Metainfo::of_file(&bytes);
    Ok(Arc::new(torrent.with_context(name)?))
}

/// The files `*.torrent` of a folder and of those in it, by name. Links to folders are not followed.
fn walk(folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    let (mut found, mut looked_at) = (Vec::new(), 0);
    let mut folders = vec![(folder.to_owned(), 0)];
    while let Some((folder, depth)) = folders.pop() {
        let name = || plain(folder.as_os_str().as_encoded_bytes());
        let cannot = || format!("cannot read {}", name());
        for entry in folder.read_dir().with_context(cannot)? {
            let entry = entry.with_context(cannot)?;
            looked_at += 1;
            if looked_at > MAX_ENTRIES {
                anyhow::bail!("{}: more than {MAX_ENTRIES} files", name());
            }
            let path = entry.path();
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_folder && depth < MAX_DEPTH {
                folders.push((path, depth + 1));
            } else if path.extension().is_some_and(|it| it == "torrent") && path.is_file() {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_gives_its_torrents_by_name() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("captures");
        let torrents = torrents(&[folder]).unwrap();
        let names: Vec<&str> = torrents.iter().map(|it| it.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "dance", "hybrid", "links", "loopback", "lossy", "mse", "utp", "v2only"
            ]
        );
    }
}
