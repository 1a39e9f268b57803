//! Where the file is, and whether it is to be believed.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use anyhow::Context;
use etcetera::{BaseStrategy, choose_base_strategy};

use super::{Config, parse};

/// Bytes of it that are read: no such file has as many.
const MAX_LEN: u64 = 1 << 20;

/// The options of the file that was named, or of the user's own, if there is one.
pub(crate) fn read(named: Option<&Path>) -> anyhow::Result<Config> {
    if let Some(file) = named {
        let text = text(file).with_context(|| format!("cannot read {}", file.display()))?;
        return Ok(parse(file, &text)?);
    }
    let Some(file) = own() else {
        return Ok(Config::default());
    };
    match text(&file) {
        Ok(_) if !is_trusted(&file) => {
            let file = file.display();
            eprintln!(
                "peerscope: {file} belongs to another user and is not read; --config {file} reads it"
            );
            Ok(Config::default())
        }
        Ok(text) => Ok(parse(&file, &text)?),
        // There is none, or HOME is somebody else's, as it may be where rights were changed.
        Err(_) if fs::metadata(&file).is_err() => Ok(Config::default()),
        Err(error) => {
            eprintln!("peerscope: cannot read {}: {error}", file.display());
            Ok(Config::default())
        }
    }
}

/// `$XDG_CONFIG_HOME/peerscope/config.toml`
fn own() -> Option<PathBuf> {
    let folder = choose_base_strategy().ok()?.config_dir();
    Some(folder.join("peerscope").join("config.toml"))
}

fn text(file: &Path) -> io::Result<String> {
    let mut text = String::new();
    File::open(file)?.take(MAX_LEN).read_to_string(&mut text)?;
    Ok(text)
}

/// Under sudo the home may be somebody's: only he who typed the command, or root itself, says how it runs.
fn is_trusted(file: &Path) -> bool {
    let Some(invoker) = std::env::var("SUDO_UID").ok() else {
        return true;
    };
    let own = rustix::process::geteuid().as_raw();
    let allowed = [invoker.parse().ok(), Some(own)];
    fs::metadata(file).is_ok_and(|metadata| allowed.contains(&Some(metadata.uid())))
}
