//! What holds for any input. The fuzz targets run these on inputs that they invent, `tests/regressions.rs` on those
//! that are kept.
//!
//! The format of each input is written down here and not derived from types: a kept input stays what it was.

pub(crate) mod framing;
pub(crate) mod packets;
mod pcapng;
mod print;
pub(crate) mod reader;
pub(crate) mod scene;
pub(crate) mod utp;
mod wrap;

use std::fs::File;
use std::io::Write;
use std::sync::Arc;

use peerscope::capture::Source;

/// The bytes of one fuzz target's input -> nothing, or a panic that says what does not hold.
pub(crate) type Check = fn(&[u8]);

/// Each fuzz target by its name, which is that of its folders, too.
pub(crate) const CHECKS: [(&str, Check); 4] = [
    ("reader", reader::check),
    ("packets", packets::check),
    ("framing", framing::check),
    ("utp", utp::check),
];

/// A capture of these bytes. In memory it would have to live for ever, and a fuzzer makes millions of them.
fn source(bytes: &[u8]) -> Source {
    Source::File(file(bytes))
}

fn file(bytes: &[u8]) -> Arc<File> {
    let file = tempfile::tempfile().expect("there is a folder for temporary files");
    append(&file, bytes);
    Arc::new(file)
}

fn append(mut file: &File, bytes: &[u8]) {
    file.write_all(bytes)
        .expect("there is room for a temporary file");
}

/// The bytes up to some place and those behind it: anywhere, but there again for the same bytes.
fn cut(bytes: &[u8]) -> (&[u8], &[u8]) {
    let sum: usize = bytes.iter().map(|byte| usize::from(*byte)).sum();
    bytes.split_at(sum % (bytes.len() + 1))
}

/// Some sixteen of `all`, the first and the last among them: what costs much is not done for each.
fn some<T>(all: &[T]) -> impl Iterator<Item = &T> {
    let last = all
        .last()
        .filter(|_| !(all.len() - 1).is_multiple_of(step(all)));
    all.iter().step_by(step(all)).chain(last)
}

fn step<T>(all: &[T]) -> usize {
    all.len().div_ceil(16).max(1)
}
