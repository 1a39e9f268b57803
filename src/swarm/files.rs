//! The files of a torrent: the list of BEP 3, the pads of BEP 47, the tree of BEP 52.

use std::collections::BTreeSet;
use std::ops::Range;

use super::{Flaw, MAX_PIECES};
use crate::wire::bencode::{Node, Value};
use crate::wire::plain_within;

/// Files that are kept by name; all are counted. A torrent of more is looked at by no one file by file.
const MAX_FILES: usize = 10_000;
/// Characters of a path that are kept.
const MAX_PATH: usize = 512;
/// Bytes of a path that are looked at: enough for so many characters.
const MAX_PATH_BYTES: usize = MAX_PATH * 4;

/// Bytes of a SHA-256.
const ROOT: usize = 32;

/// A file of a torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct File {
    /// Its path below the torrent's folder, safe to print.
    pub path: String,
    /// Its length in bytes.
    pub length: u64,
    /// Does it hold anything?
    pub kind: FileKind,
}

/// What a file is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// To be shared.
    Content,
    /// To let the next file begin with a piece (BEP 47): zeros, which nobody keeps.
    Pad,
}

/// All files of a torrent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Files {
    kept: Vec<File>,
    /// Files with content.
    pub count: u64,
    /// Bytes of content.
    pub length: u64,
    /// Bytes of content and pads.
    pub padded: u64,
    /// Pieces, where each file begins with one; as v2 has it.
    pub pieces: u64,
    /// Where pads lie in the bytes of all files, in order.
    pub(super) pads: Vec<Range<u64>>,
    /// Of each file of v2 that is not empty: where the root of its hashes stands, and its length.
    pub(super) roots: Vec<(Option<Range<usize>>, u64)>,
}

/// Reads files out of an info dictionary.
pub(super) struct Reading<'t> {
    pub(super) text: &'t [u8],
    pub(super) piece_length: Option<u64>,
    pub(super) flaws: &'t mut BTreeSet<Flaw>,
    files: Files,
}

impl Files {
    /// The first ten thousand, in their order.
    pub fn kept(&self) -> &[File] {
        &self.kept
    }

    /// The same under numbers.
    pub(super) fn masked(&self) -> Files {
        let numbered = (1..).zip(&self.kept).map(|(number, file)| File {
            path: format!("file-{number}"),
            ..*file
        });
        Files {
            kept: numbered.collect(),
            ..self.clone()
        }
    }

    /// The names and lengths of what they hold.
    pub(super) fn contents(&self) -> impl Iterator<Item = (&str, u64)> {
        let contents = self.kept.iter().filter(|it| it.kind == FileKind::Content);
        contents.map(|file| (file.path.as_str(), file.length))
    }
}

impl<'t> Reading<'t> {
    pub(super) fn new(
        text: &'t [u8],
        piece_length: Option<u64>,
        flaws: &'t mut BTreeSet<Flaw>,
    ) -> Reading<'t> {
        Reading {
            text,
            piece_length,
            flaws,
            files: Files::default(),
        }
    }

    /// `length`, or `files` (BEP 3).
    pub(super) fn list(mut self, info: &Node, name: &[u8]) -> Files {
        let files = info.get(self.text, b"files").map(|node| &node.value);
        let Some(Value::List(files)) = files else {
            self.add(name, info, FileKind::Content);
            return self.files;
        };
        for file in files {
            let attributes = file.get(self.text, b"attr");
            let attributes = attributes.and_then(|node| node.bytes(self.text));
            let is_pad = attributes.is_some_and(|it| it.contains(&b'p'));
            let kind = if is_pad {
                FileKind::Pad
            } else {
                FileKind::Content
            };
            let path = self.listed_path(file);
            self.add(&path, file, kind);
        }
        self.files
    }

    fn listed_path(&mut self, file: &Node) -> Vec<u8> {
        let mut path = Vec::new();
        match file.get(self.text, b"path").map(|node| &node.value) {
            Some(Value::List(names)) if !names.is_empty() => {
                for name in names {
                    let name = name.bytes(self.text).unwrap_or_default();
                    self.step(&mut path, name);
                }
            }
            _ => self.flag(Flaw::Path),
        }
        path
    }

    /// `file tree` (BEP 52). It is as deep as the dictionary was read, which is bounded.
    pub(super) fn tree(mut self, tree: &Node) -> Files {
        self.branch(tree, &[]);
        self.files
    }

    fn branch(&mut self, tree: &Node, above: &[u8]) {
        let Value::Dict(entries) = &tree.value else {
            return self.flag(Flaw::Path);
        };
        for (name, node) in entries {
            let mut path = above.to_vec();
            self.step(&mut path, &self.text[name.clone()]);
            match node.get(self.text, b"") {
                Some(file) => {
                    self.add(&path, file, FileKind::Content);
                    self.root(file);
                }
                None => self.branch(node, &path),
            }
        }
    }

    /// Nobody writes files by what stands here, but a name that would lead elsewhere is worth a word.
    fn step(&mut self, path: &mut Vec<u8>, name: &[u8]) {
        let leads_elsewhere = matches!(name, b"" | b"." | b"..")
            || name.iter().any(|byte| matches!(byte, b'/' | b'\\' | 0));
        if leads_elsewhere {
            self.flag(Flaw::Path);
        }
        if !path.is_empty() {
            path.push(b'/');
        }
        path.extend_from_slice(&name[..name.len().min(MAX_PATH_BYTES)]);
        path.truncate(MAX_PATH_BYTES);
    }

    /// An empty file has no root, and no piece (BEP 52).
    fn root(&mut self, file: &Node) {
        let length = file.get(self.text, b"length").and_then(Node::int);
        let length = length.and_then(|it| u64::try_from(it).ok()).unwrap_or(0);
        if length == 0 || self.files.pieces > u64::from(MAX_PIECES) {
            return;
        }
        let root = match file.get(self.text, b"pieces root").map(|it| &it.value) {
            Some(Value::Bytes(range)) if range.len() == ROOT => Some(range.clone()),
            _ => None,
        };
        self.files.roots.push((root, length));
    }

    fn add(&mut self, path: &[u8], file: &Node, kind: FileKind) {
        let length = file.get(self.text, b"length").and_then(Node::int);
        // A length that was too great for 64 bits was read as the greatest.
        let Some(length) = length.filter(|it| (0..i64::MAX).contains(it)) else {
            return self.flag(Flaw::Length);
        };
        let length = length as u64;
        let is_content = kind == FileKind::Content;
        let files = &mut self.files;
        let (padded, is_too_much) = files.padded.overflowing_add(length);
        if is_too_much || padded > i64::MAX as u64 {
            return self.flag(Flaw::Length);
        }
        if !is_content && length > 0 {
            files.pads.push(files.padded..padded);
        }
        files.padded = padded;
        files.length += if is_content { length } else { 0 };
        files.count += u64::from(is_content);
        files.pieces += self.piece_length.map_or(0, |of| length.div_ceil(of));
        if files.kept.len() < MAX_FILES {
            let path = plain_within(path, MAX_PATH);
            files.kept.push(File { path, length, kind });
        }
    }

    fn flag(&mut self, flaw: Flaw) {
        self.flaws.insert(flaw);
    }
}
