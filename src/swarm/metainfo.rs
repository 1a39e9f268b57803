//! What a torrent is, by its info dictionary (BEP 3, 47, 52) or a `.torrent` file around one.

use std::collections::BTreeSet;
use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use sha1::{Digest, Sha1};
use sha2::Sha256;

use super::files::{Files, Reading};
use super::trees::Trees;
use super::{MAX_PIECES, SwarmAlias};
use crate::wire::bencode::{self, Fault, Node, Value};
use crate::wire::{InfoHash, plain};

/// Values in an info dictionary: six a file, and a hundred thousand files are more than anyone lists.
const MAX_NODES: usize = 1_000_000;
/// Bytes of a SHA-1 in `pieces`.
const PIECE_HASH: usize = 20;
/// BEP 52: no v2 piece is shorter than a block.
const MIN_V2_PIECE: u64 = 16 * 1024;

/// The whole SHA-256 of a v2 info dictionary. Handshakes carry its first 20 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHashV2(pub [u8; 32]);

impl InfoHashV2 {
    /// As in handshakes.
    pub fn truncated(&self) -> InfoHash {
        let mut hash = InfoHash::default();
        hash.0.copy_from_slice(&self.0[..20]);
        hash
    }
}

impl fmt::Display for InfoHashV2 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// By which names a torrent goes: of v1, of v2, or of both where it is a hybrid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// SHA-1 of pieces that run over all files (BEP 3).
    V1(InfoHash),
    /// A tree of SHA-256 for each file (BEP 52).
    V2(InfoHashV2),
    /// Both, of the same files.
    Hybrid(InfoHash, InfoHashV2),
}

impl Version {
    /// What handshakes may name.
    pub fn hashes(self) -> impl Iterator<Item = InfoHash> {
        let (first, second) = match self {
            Version::V1(hash) => (hash, None),
            Version::V2(hash) => (hash.truncated(), None),
            Version::Hybrid(v1, v2) => (v1, Some(v2.truncated())),
        };
        [Some(first), second].into_iter().flatten()
    }

    /// The hash of v2, if there is one.
    pub fn v2(self) -> Option<InfoHashV2> {
        match self {
            Version::V1(_) => None,
            Version::V2(hash) | Version::Hybrid(_, hash) => Some(hash),
        }
    }
}

/// What is wrong with an info dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the names say it, `words` says it to the user")]
pub enum Flaw {
    Bencode,
    Name,
    Path,
    Length,
    PieceLength,
    Pieces,
    PieceCount,
    TooManyPieces,
    Hybrid,
    PieceLayers,
}

impl Flaw {
    /// For the user.
    pub fn words(self) -> &'static str {
        match self {
            Flaw::Bencode => "the dictionary is not written as it should be",
            Flaw::Name => "no name",
            Flaw::Path => "a path that leads elsewhere, or is none",
            Flaw::Length => "a length that is missing or impossible",
            Flaw::PieceLength => "a piece length that is none, or no power of two",
            Flaw::Pieces => "piece hashes that are not whole",
            Flaw::PieceCount => "another number of piece hashes than of pieces",
            Flaw::TooManyPieces => "more pieces than any client accepts",
            Flaw::Hybrid => "v1 and v2 speak of different files",
            Flaw::PieceLayers => "piece layers that do not lead to the roots of its files",
        }
    }
}

/// Why some bytes are no torrent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotATorrent {
    /// It cannot be read.
    #[error("not a torrent: {} at byte {}", .0.kind.words(), .0.at)]
    Bencode(Fault),
    /// It can be read, and is something else.
    #[error("not a torrent: it has no info dictionary")]
    NoInfo,
    /// The info dictionary speaks of no pieces.
    #[error("not a torrent: its info dictionary has neither `pieces` nor a `file tree`")]
    NoPieces,
}

/// A torrent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Metainfo {
    /// Its name, safe to print; empty if it has none.
    pub name: String,
    /// Its hashes.
    pub version: Version,
    /// Bytes of a piece; `None` where that is nonsense.
    pub piece_length: Option<u64>,
    /// How many pieces; `None` where what it says does not add up.
    pub pieces: Option<u32>,
    /// Its files.
    pub files: Files,
    /// Peers come from its trackers alone (BEP 27).
    pub is_private: bool,
    /// Its trackers, safe to print.
    pub trackers: Vec<String>,
    /// Files whose `piece layers` came along (BEP 52).
    pub piece_layers: usize,
    /// What is wrong with it.
    pub flaws: BTreeSet<Flaw>,
    info: Arc<[u8]>,
    piece_hashes: Range<usize>,
    pub(super) trees: Trees,
}

impl Metainfo {
    /// Reads an info dictionary. Its hash is that of the bytes as they are.
    pub fn of_info(info: &[u8]) -> Result<Metainfo, NotATorrent> {
        let parsed = readable(info)?;
        let mut metainfo = Metainfo::read(info, &parsed.0)?;
        metainfo.flaws.extend(parsed.1);
        Ok(metainfo)
    }

    /// Reads a `.torrent` file.
    pub fn of_file(file: &[u8]) -> Result<Metainfo, NotATorrent> {
        let (root, _) = readable(file)?;
        let info = root.get(file, b"info").ok_or(NotATorrent::NoInfo)?;
        let mut metainfo = Metainfo::of_info(&file[info.range.clone()])?;
        metainfo.trackers = trackers(file, &root);
        if let Some(Value::Dict(layers)) = root.get(file, b"piece layers").map(|it| &it.value) {
            metainfo.piece_layers = layers.len();
            let layers = layers
                .iter()
                .filter_map(|(root, layer)| Some((&file[root.clone()], layer.bytes(file)?)));
            if !metainfo.trees.tell(layers) {
                metainfo.flaws.insert(Flaw::PieceLayers);
            }
        }
        Ok(metainfo)
    }

    /// Reads an info dictionary if it has one of these hashes.
    pub(super) fn of_hash(info: &[u8], hashes: &[InfoHash]) -> Option<Metainfo> {
        let v1 = InfoHash(Sha1::digest(info).into());
        let v2 = InfoHashV2(Sha256::digest(info).into()).truncated();
        if !hashes.contains(&v1) && !hashes.contains(&v2) {
            return None;
        }
        let metainfo = Metainfo::of_info(info).ok()?;
        // The other hash of bytes that are of one version only is nobody's name.
        let is_named = metainfo.version.hashes().any(|it| hashes.contains(&it));
        is_named.then_some(metainfo)
    }

    /// The info dictionary itself.
    pub fn info(&self) -> &[u8] {
        &self.info
    }

    /// SHA-1 of each piece, end to end; none of a torrent that is v2 alone.
    pub fn piece_hashes(&self) -> &[u8] {
        &self.info[self.piece_hashes.clone()]
    }

    /// The same under other names, and without what they could be looked up by.
    pub(super) fn masked(&self, alias: SwarmAlias) -> Metainfo {
        let v2 = alias.v2.unwrap_or(alias.info_hash);
        let long = InfoHashV2(std::array::from_fn(|at| v2.0[at % v2.0.len()]));
        Metainfo {
            name: format!("torrent-{}", alias.number),
            version: match self.version {
                Version::V1(_) => Version::V1(alias.info_hash),
                Version::V2(_) => Version::V2(long),
                Version::Hybrid(..) => Version::Hybrid(alias.info_hash, long),
            },
            files: self.files.masked(),
            trackers: (1..=self.trackers.len())
                .map(|number| format!("tracker-{number}"))
                .collect(),
            flaws: self.flaws.clone(),
            info: Arc::default(),
            piece_hashes: 0..0,
            ..self.clone()
        }
    }

    fn read(text: &[u8], info: &Node) -> Result<Metainfo, NotATorrent> {
        if !matches!(info.value, Value::Dict(_)) {
            return Err(NotATorrent::NoInfo);
        }
        let mut flaws = BTreeSet::new();
        let string = |key: &[u8]| info.get(text, key).and_then(|node| node.bytes(text));
        let name = string(b"name").unwrap_or_default();
        if name.is_empty() {
            flaws.insert(Flaw::Name);
        }
        let piece_length = piece_length(text, info, &mut flaws);
        let list = string(b"pieces").map(|_| {
            let reading = Reading::new(text, piece_length, &mut flaws);
            reading.list(info, name)
        });
        let tree = info.get(text, b"file tree").filter(|_| is_v2(text, info));
        let tree = tree.map(|tree| Reading::new(text, piece_length, &mut flaws).tree(tree));
        let piece_hashes = piece_hashes(text, info);
        let version = version(text, list.is_some(), tree.is_some())?;
        let counts = [
            list.as_ref()
                .and_then(|files| v1_count(files, piece_length, &piece_hashes, &mut flaws)),
            tree.as_ref()
                .and_then(|files| v2_count(files, piece_length, &mut flaws)),
        ];
        if let (Some(list), Some(tree)) = (&list, &tree) {
            agree(list, tree, counts, &mut flaws);
        }
        let is_private = info.get(text, b"private").and_then(Node::int) == Some(1);
        let trees = tree.as_ref().zip(piece_length);
        let trees = trees.map(|(tree, length)| Trees::of(text, &tree.roots, length));
        Ok(Metainfo {
            name: plain(name),
            version,
            piece_length,
            pieces: counts.into_iter().flatten().next(),
            files: list.or(tree).unwrap_or_default(),
            is_private,
            trackers: Vec::new(),
            piece_layers: 0,
            flaws,
            info: text.into(),
            piece_hashes,
            trees: trees.unwrap_or_default(),
        })
    }
}

/// A value that was read to its end, and whether anything about it is odd.
fn readable(text: &[u8]) -> Result<(Node, Option<Flaw>), NotATorrent> {
    let parsed = bencode::parse_within(text, MAX_NODES);
    if let Some(fault) = parsed.faults.iter().find(|fault| fault.kind.is_fatal()) {
        return Err(NotATorrent::Bencode(fault.clone()));
    }
    let flaw = (!parsed.faults.is_empty()).then_some(Flaw::Bencode);
    Ok((parsed.root.ok_or(NotATorrent::NoInfo)?, flaw))
}

fn is_v2(text: &[u8], info: &Node) -> bool {
    info.get(text, b"meta version").and_then(Node::int) == Some(2)
}

fn version(text: &[u8], has_v1: bool, has_v2: bool) -> Result<Version, NotATorrent> {
    let v1 = has_v1.then(|| InfoHash(Sha1::digest(text).into()));
    let v2 = has_v2.then(|| InfoHashV2(Sha256::digest(text).into()));
    match (v1, v2) {
        (Some(v1), Some(v2)) => Ok(Version::Hybrid(v1, v2)),
        (Some(v1), None) => Ok(Version::V1(v1)),
        (None, Some(v2)) => Ok(Version::V2(v2)),
        (None, None) => Err(NotATorrent::NoPieces),
    }
}

/// BEP 3 asks for nothing but a number, BEP 52 for a power of two of 16 KiB or more. No client makes others.
fn piece_length(text: &[u8], info: &Node, flaws: &mut BTreeSet<Flaw>) -> Option<u64> {
    let length = info.get(text, b"piece length").and_then(Node::int);
    let length = length.and_then(|it| u64::try_from(it).ok());
    let length = length.filter(|it| *it > 0 && *it < i64::MAX as u64);
    let is_odd = length.is_none_or(|it| !it.is_power_of_two());
    let is_small = length.is_some_and(|it| it < MIN_V2_PIECE) && is_v2(text, info);
    if is_odd || is_small {
        flaws.insert(Flaw::PieceLength);
    }
    length
}

fn piece_hashes(text: &[u8], info: &Node) -> Range<usize> {
    match info.get(text, b"pieces").map(|node| &node.value) {
        Some(Value::Bytes(range)) => range.clone(),
        _ => 0..0,
    }
}

/// The number of hashes, if it is that of the pieces.
fn v1_count(
    files: &Files,
    piece_length: Option<u64>,
    hashes: &Range<usize>,
    flaws: &mut BTreeSet<Flaw>,
) -> Option<u32> {
    if !hashes.len().is_multiple_of(PIECE_HASH) {
        flaws.insert(Flaw::Pieces);
        return None;
    }
    let count = (hashes.len() / PIECE_HASH) as u64;
    if files.padded.div_ceil(piece_length?) != count {
        flaws.insert(Flaw::PieceCount);
        return None;
    }
    bounded(count, flaws)
}

fn v2_count(files: &Files, piece_length: Option<u64>, flaws: &mut BTreeSet<Flaw>) -> Option<u32> {
    piece_length?;
    bounded(files.pieces, flaws)
}

fn bounded(count: u64, flaws: &mut BTreeSet<Flaw>) -> Option<u32> {
    let count = u32::try_from(count).ok().filter(|it| *it <= MAX_PIECES);
    if count.is_none() {
        flaws.insert(Flaw::TooManyPieces);
    }
    count.filter(|it| *it > 0)
}

fn agree(list: &Files, tree: &Files, counts: [Option<u32>; 2], flaws: &mut BTreeSet<Flaw>) {
    let is_same = list.count == tree.count
        && list.length == tree.length
        && counts[0] == counts[1]
        && list.contents().zip(tree.contents()).all(|(a, b)| a == b);
    if !is_same {
        flaws.insert(Flaw::Hybrid);
    }
}

/// Trackers that are kept; lists of public ones have a hundred.
const MAX_TRACKERS: usize = 256;

/// `announce`, and `announce-list` (BEP 12).
fn trackers(text: &[u8], root: &Node) -> Vec<String> {
    let first = root.get(text, b"announce").into_iter();
    let items = |node: &'_ Node| match &node.value {
        Value::List(items) => items.clone(),
        _ => Vec::new(),
    };
    let tiers = root.get(text, b"announce-list").map(items);
    let listed = tiers.iter().flatten().flat_map(items);
    let all = first.cloned().chain(listed).take(MAX_TRACKERS);
    let mut trackers: Vec<String> = all.filter_map(|it| it.bytes(text).map(plain)).collect();
    trackers.dedup();
    trackers
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// A v1 dictionary: `front` stands before the name, `back` behind it.
    fn v1(front: &str, back: &str) -> Metainfo {
        Metainfo::of_info(format!("d{front}4:name1:x{back}e").as_bytes()).unwrap()
    }

    fn flaws(metainfo: &Metainfo) -> Vec<Flaw> {
        metainfo.flaws.iter().copied().collect()
    }

    const TWO_PIECES: &str =
        "12:piece lengthi16384e6:pieces40:0123456789012345678901234567890123456789";

    #[test]
    fn a_torrent_of_one_file_is_read() {
        let metainfo = v1("6:lengthi20000e", TWO_PIECES);
        assert_eq!((metainfo.pieces, metainfo.files.length), (Some(2), 20_000));
        assert_eq!((metainfo.name.as_str(), flaws(&metainfo)), ("x", vec![]));
        assert_eq!(metainfo.piece_hashes().len(), 40);
    }

    #[test]
    fn pads_are_no_content() {
        let pad = "d4:attr1:p6:lengthi6384e4:pathl4:.pad4:6384ee";
        let files =
            format!("5:filesld6:lengthi10000e4:pathl1:d1:aeed6:lengthi9999e4:pathl1:bee{pad}e");
        let metainfo = v1(&files, TWO_PIECES);
        assert_eq!((metainfo.files.count, metainfo.files.length), (2, 19_999));
        assert_eq!((metainfo.pieces, metainfo.files.padded), (Some(2), 26_383));
        assert_eq!(metainfo.files.kept()[0].path, "d/a");
    }

    #[test]
    fn hashes_that_are_not_whole_count_nothing() {
        let metainfo = v1(
            "6:lengthi1e",
            "12:piece lengthi16384e6:pieces19:0123456789012345678",
        );
        assert_eq!(
            (metainfo.pieces, flaws(&metainfo)),
            (None, vec![Flaw::Pieces])
        );
        let metainfo = v1("6:lengthi99999e", TWO_PIECES);
        assert_eq!(
            (metainfo.pieces, flaws(&metainfo)),
            (None, vec![Flaw::PieceCount])
        );
    }

    #[test]
    fn a_piece_length_of_nothing_is_none() {
        for length in ["0", "-1", "9223372036854775807", "99999999999999999999"] {
            let back = format!("12:piece lengthi{length}e6:pieces20:01234567890123456789");
            let metainfo = v1("6:lengthi1e", &back);
            assert_eq!((metainfo.piece_length, metainfo.pieces), (None, None));
            assert!(metainfo.flaws.contains(&Flaw::PieceLength));
        }
        let odd = v1(
            "6:lengthi1e",
            "12:piece lengthi1000e6:pieces20:01234567890123456789",
        );
        assert_eq!(
            (odd.pieces, flaws(&odd)),
            (Some(1), vec![Flaw::PieceLength])
        );
    }

    #[test]
    fn lengths_that_overflow_are_left_out() {
        let file = "d6:lengthi9223372036854775806e4:pathl1:aee";
        let metainfo = v1(&format!("5:filesl{}e", file.repeat(3)), TWO_PIECES);
        assert_eq!(metainfo.files.count, 1);
        assert_eq!(flaws(&metainfo), [Flaw::Length, Flaw::PieceCount]);
    }

    #[test]
    fn a_path_that_leads_elsewhere_is_told_and_cannot_write_to_the_terminal() {
        let metainfo = v1(
            "5:filesld6:lengthi20000e4:pathl2:..4:\x1b[2Jeee",
            TWO_PIECES,
        );
        assert_eq!(flaws(&metainfo), [Flaw::Path]);
        assert_eq!(metainfo.files.kept()[0].path, "../·[2J");
    }

    #[test]
    fn files_without_number_are_counted_and_few_are_kept() {
        let file = "d6:lengthi0e4:pathl1:aee";
        let metainfo = v1(&format!("5:filesl{}e", file.repeat(100_000)), "6:pieces0:");
        assert_eq!(
            (metainfo.files.count, metainfo.files.kept().len()),
            (100_000, 10_000)
        );
        let too_many = format!("d5:filesl{}ee", file.repeat(1_000_000));
        let refused = Metainfo::of_info(too_many.as_bytes());
        assert!(matches!(refused, Err(NotATorrent::Bencode(_))));
    }

    #[test]
    fn in_v2_each_file_begins_a_piece() {
        let tree =
            "9:file treed1:ad0:d6:lengthi1eee1:dd1:bd0:d6:lengthi16385eeeee12:meta versioni2e";
        let metainfo = v1(tree, "12:piece lengthi16384e");
        assert_eq!((metainfo.pieces, metainfo.files.count), (Some(3), 2));
        assert!(matches!(metainfo.version, Version::V2(_)));
        assert_eq!(metainfo.files.kept()[1].path, "d/b");
    }

    #[test]
    fn a_hybrid_of_two_minds_is_told() {
        let tree = "9:file treed1:xd0:d6:lengthi7eeee6:lengthi20000e12:meta versioni2e";
        let metainfo = v1(tree, TWO_PIECES);
        assert!(matches!(metainfo.version, Version::Hybrid(..)));
        assert_eq!(flaws(&metainfo), [Flaw::Hybrid]);
    }

    #[test]
    fn what_is_no_torrent_is_refused() {
        assert_eq!(Metainfo::of_file(b"de"), Err(NotATorrent::NoInfo));
        assert_eq!(Metainfo::of_file(b"d4:infodee"), Err(NotATorrent::NoPieces));
        assert_eq!(Metainfo::of_file(b"d4:infoi1ee"), Err(NotATorrent::NoInfo));
        assert!(matches!(
            Metainfo::of_file(b"d4:infod"),
            Err(NotATorrent::Bencode(_))
        ));
    }

    #[test]
    fn trackers_are_read_from_both_keys() {
        let file = b"d8:announce1:a13:announce-listll1:b1:cel1:dee4:infod6:pieces0:ee";
        assert_eq!(
            Metainfo::of_file(file).unwrap().trackers,
            ["a", "b", "c", "d"]
        );
    }

    proptest! {
        #[test]
        fn no_dictionary_panics(words in proptest::collection::vec(proptest::sample::select(vec![
            "d", "l", "e", "0:", "1:x", "i2e", "i-1e", "i0e", "6:length", "4:path", "5:files", "9:file tree",
            "12:meta version", "12:piece length", "6:pieces", "4:info", "4:name", "i9223372036854775807e",
        ]), 0..40)) {
            let text = words.concat();
            let _ = Metainfo::of_info(format!("d{text}").as_bytes());
            let _ = Metainfo::of_file(format!("d4:infod6:pieces0:{text}").as_bytes());
        }
    }
}
