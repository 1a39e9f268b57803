//! The key log: secrets that a client wrote down, so that what it says can be read.

use std::collections::{BTreeSet, HashMap};

use super::Y_LEN;
use super::secret::{Number, Secret, public};
use crate::wire::handshake::InfoHash;

/// Records that are remembered: a busy client makes some thousand connections an hour.
const MAX_RECORDS: usize = 1 << 16;
/// Torrents that are tried for each secret.
const MAX_TORRENTS: usize = 1 << 14;

/// What is known of keys and torrents. It only grows.
#[derive(Default)]
pub struct Keys {
    /// By the hash that stands in the initiator's stream.
    secrets: HashMap<[u8; 20], Secret>,
    /// Exponents by their public keys.
    exponents: HashMap<Number, Vec<u8>>,
    torrents: BTreeSet<InfoHash>,
    is_expecting: bool,
    version: u32,
}

/// A key is nobody's business.
impl std::fmt::Debug for Keys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Keys").finish_non_exhaustive()
    }
}

/// One line of a key log.
enum Record {
    Secret(Secret),
    Exponent(Vec<u8>),
}

impl Keys {
    /// Nothing is known, but may be at any time: what cannot be read yet is kept as far as it is needed for that.
    pub fn expecting() -> Keys {
        Keys {
            is_expecting: true,
            ..Keys::default()
        }
    }

    /// Takes lines of a key log. What they say that is no record is stepped over. A secret is known again by its hash
    /// in the stream, so that the public key beside it is of no use.
    ///
    /// ```text
    /// MSE_SECRET  <Y or -> <S> [<info hash>]
    /// MSE_PRIVATE <Y or -> <x> [<info hash>]
    /// ... looking for synchash <hash> secret: <S>      in libtorrent's peer log
    /// ... HANDSHAKE [ ih: <info hash> ]                the same, for all its secrets
    /// ```
    pub fn read(&mut self, text: &str) {
        for line in text.lines() {
            let own = record(line).map(|(record, torrent)| (Some(record), torrent));
            let (record, torrent) = own.unwrap_or_else(|| (synchash(line), info_hash(line)));
            record.into_iter().for_each(|record| self.add(record));
            torrent.into_iter().for_each(|hash| self.know(hash));
        }
    }

    /// A torrent that the connections may be about.
    pub fn know(&mut self, torrent: InfoHash) {
        if self.torrents.len() < MAX_TORRENTS && self.torrents.insert(torrent) {
            self.version += 1;
        }
    }

    /// The torrents that the connections may be about.
    pub(super) fn torrents(&self) -> impl Iterator<Item = &InfoHash> {
        self.torrents.iter()
    }

    /// The secret whose hash this is.
    pub(super) fn secret(&self, req1: &[u8]) -> Option<&Secret> {
        self.secrets.get(req1)
    }

    /// The exponent of a public key.
    pub(super) fn exponent(&self, public: &Number) -> Option<&[u8]> {
        self.exponents.get(public).map(Vec::as_slice)
    }

    /// True when nothing can be decrypted, now or later.
    pub(in crate::wire) fn is_hopeless(&self) -> bool {
        !self.is_expecting && self.is_empty()
    }

    /// True when a key may still be written down: clients do so while the exchange is under way, or soon after.
    pub(in crate::wire) fn may_grow(&self) -> bool {
        self.is_expecting
    }

    /// True when nothing can be decrypted now.
    pub(in crate::wire) fn is_empty(&self) -> bool {
        self.secrets.is_empty() && self.exponents.is_empty()
    }

    /// Another number, whenever more is known.
    pub(in crate::wire) fn version(&self) -> u32 {
        self.version
    }

    /// How many secrets are known; a torrent more tells nothing where no secret fits.
    pub(in crate::wire) fn secrets(&self) -> usize {
        self.secrets.len() + self.exponents.len()
    }

    fn add(&mut self, record: Record) {
        if self.secrets() >= MAX_RECORDS {
            return;
        }
        let is_known = match record {
            Record::Secret(secret) => self.secrets.insert(secret.req1(), secret).is_some(),
            Record::Exponent(x) => self.exponents.insert(public(&x), x).is_some(),
        };
        self.version += u32::from(!is_known);
    }
}

fn record(line: &str) -> Option<(Record, Option<InfoHash>)> {
    let mut words = line.split_whitespace();
    let (name, y, key) = (words.next()?, words.next()?, words.next()?);
    let torrent = words.next().and_then(torrent);
    let record = match name {
        "MSE_SECRET" => Record::Secret(Secret(number(key)?)),
        "MSE_PRIVATE" => {
            let x = bytes(key).filter(|x| x.len() <= Y_LEN)?;
            let is_its = y == "-" || number(y)? == public(&x);
            Record::Exponent(x).filter(is_its)?
        }
        _ => return None,
    };
    Some((record, torrent))
}

impl Record {
    fn filter(self, is_wanted: bool) -> Option<Record> {
        is_wanted.then_some(self)
    }
}

/// What libtorrent says when somebody connects to it.
fn synchash(line: &str) -> Option<Record> {
    let (_, rest) = line.split_once("looking for synchash ")?;
    let (_, secret) = rest.split_once(" secret: ")?;
    let secret = number(secret.split_whitespace().next()?)?;
    Some(Record::Secret(Secret(secret)))
}

/// What libtorrent says when it sends its handshake, soon after.
fn info_hash(line: &str) -> Option<InfoHash> {
    let (_, rest) = line.split_once("HANDSHAKE [ ih: ")?;
    torrent(rest.split_whitespace().next()?)
}

fn torrent(hex: &str) -> Option<InfoHash> {
    bytes(hex)?.try_into().ok().map(InfoHash)
}

fn number(hex: &str) -> Option<Number> {
    bytes(hex)?.try_into().ok()
}

/// Also of an odd number of digits, as exponents are written.
fn bytes(hex: &str) -> Option<Vec<u8>> {
    if !hex.bytes().all(|digit| digit.is_ascii_hexdigit()) || hex.is_empty() {
        return None;
    }
    let even = format!("{}{hex}", if hex.len() % 2 == 1 { "0" } else { "" });
    let pairs = (0..even.len()).step_by(2);
    pairs
        .map(|at| u8::from_str_radix(&even[at..at + 2], 16).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(text: &str) -> Keys {
        let mut keys = Keys::default();
        keys.read(text);
        keys
    }

    #[test]
    fn a_log_may_hold_what_is_no_record() {
        let s = "1f".repeat(96);
        let text = format!(
            "# a comment\nMSE_SECRET - {s} {}\nMSE_NEW - {s}\nMSE_SECRET - {}\n\nMSE_SECRET\n",
            "ab".repeat(20),
            &s[2..]
        );
        let keys = keys(&text);
        assert_eq!((keys.secrets.len(), keys.torrents().count()), (1, 1));
    }

    #[test]
    fn a_line_that_comes_again_is_no_news() {
        let line = format!("MSE_SECRET - {}\n", "1f".repeat(96));
        let mut keys = keys(&line);
        let version = keys.version();
        keys.read(&line);
        assert_eq!((keys.secrets.len(), keys.version()), (1, version));
    }

    #[test]
    fn the_peer_log_of_libtorrent_tells_secrets() {
        let (hash, s) = ("ab".repeat(20), "0e".repeat(96));
        let keys = keys(&format!(
            "12:00 ENCRYPTION [ looking for synchash {hash} secret: {s} ]"
        ));
        assert!(keys.secret(&Secret([14; 96]).req1()).is_some());
    }

    #[test]
    fn the_peer_log_of_libtorrent_tells_torrents() {
        let line = |hash: &str| {
            format!("file peer [ 10.0.0.1:50000 client: Unknown ] ==> HANDSHAKE [ ih: {hash} ]\n")
        };
        let keys = keys(&(line(&"ab".repeat(20)) + &line("abab") + &line("")));
        assert!(keys.torrents().eq(&[InfoHash([0xab; 20])]));
    }

    #[test]
    fn an_exponent_that_does_not_make_the_key_is_none() {
        let y = "77".repeat(96);
        assert!(keys(&format!("MSE_PRIVATE {y} 1234")).is_empty());
        let keys = keys("MSE_PRIVATE - 123");
        assert_eq!(keys.exponent(&public(&[1, 0x23])), Some(&[1, 0x23][..]));
    }
}
