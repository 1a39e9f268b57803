//! The 68 bytes that begin each direction (BEP 3).

use std::fmt;

/// Length byte and name of the protocol: how a plaintext stream is recognised.
pub(super) const PROTOCOL: &[u8; 20] = b"\x13BitTorrent protocol";
/// Bytes of a handshake.
pub(super) const LEN: usize = 68;

/// SHA-1 of the info dictionary, or the first 20 bytes of its SHA-256 (BEP 52).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InfoHash(pub [u8; 20]);

/// 20 bytes that a client chose for itself (BEP 20).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct PeerId(pub [u8; 20]);

/// The eight bytes whose bits announce what a client can do (BEP 4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Reserved(pub [u8; 8]);

/// What a peer says first.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct Handshake {
    /// Its abilities.
    pub reserved: Reserved,
    /// The torrent it wants to speak of.
    pub info_hash: InfoHash,
    /// Who it is.
    pub peer_id: PeerId,
}

impl Handshake {
    /// Reads the 48 bytes behind the name of the protocol.
    pub(super) fn read(bytes: &[u8; LEN]) -> Handshake {
        let mut handshake = Handshake::default();
        handshake.reserved.0.copy_from_slice(&bytes[20..28]);
        handshake.info_hash.0.copy_from_slice(&bytes[28..48]);
        handshake.peer_id.0.copy_from_slice(&bytes[48..68]);
        handshake
    }

    /// Reads what [`Handshake::to_bytes`] wrote.
    pub fn from_bytes(bytes: &[u8]) -> Handshake {
        bytes.first_chunk().map(Handshake::read).unwrap_or_default()
    }

    /// The bytes as they are on the wire.
    pub fn to_bytes(&self) -> [u8; 68] {
        let mut bytes = [0; LEN];
        bytes[..20].copy_from_slice(PROTOCOL);
        bytes[20..28].copy_from_slice(&self.reserved.0);
        bytes[28..48].copy_from_slice(&self.info_hash.0);
        bytes[48..68].copy_from_slice(&self.peer_id.0);
        bytes
    }
}

impl Reserved {
    /// The bits with a meaning: byte, mask, the bits that are set of it, name (BEP 4, 5, 6, 10, 52).
    const FEATURES: [(usize, u8, u8, &'static str); 13] = [
        (0, 0x80, 0x80, "azureus"),
        (2, 0x08, 0x08, "location"),
        (5, 0x10, 0x10, "extended"),
        (5, 0x08, 0x08, "merkle"),
        // Tribler's overlay; it set 0x10 of this byte too, long before BEP 10.
        (5, 0x20, 0x20, "tribler"),
        // Who can speak both Azureus messaging and BEP 10 says which it would choose; 0 forces BEP 10.
        (5, 0x03, 0x03, "azureus_forced"),
        (5, 0x03, 0x02, "azureus_preferred"),
        (5, 0x03, 0x01, "extended_preferred"),
        (7, 0x01, 0x01, "dht"),
        (7, 0x02, 0x02, "xbt_pex"),
        (7, 0x04, 0x04, "fast"),
        (7, 0x08, 0x08, "nat_traversal"),
        (7, 0x10, 0x10, "v2_upgrade"),
    ];
    /// The first two bytes of BitComet's own extension protocol.
    const BITCOMET: [u8; 2] = *b"ex";

    /// Names of the abilities that are set.
    pub fn features(self) -> impl Iterator<Item = &'static str> {
        let bitcomet = self.is_bitcomet().then_some("bitcomet");
        let named = Reserved::FEATURES.into_iter();
        bitcomet.into_iter().chain(
            named
                .filter(move |(byte, mask, set, _)| self.0[*byte] & mask == *set)
                .map(|(_, _, _, name)| name),
        )
    }

    fn is_bitcomet(self) -> bool {
        self.0.starts_with(&Reserved::BITCOMET)
    }

    /// The fast extension (BEP 6), which changes what a choke does to requests.
    pub fn has_fast(self) -> bool {
        self.0[7] & 0x04 != 0
    }

    /// A hybrid torrent that may be spoken of as v2 (BEP 52).
    pub fn has_v2_upgrade(self) -> bool {
        self.0[7] & 0x10 != 0
    }

    /// Bits without a known meaning, by byte.
    pub fn unknown(self) -> [u8; 8] {
        let mut rest = self.0;
        if self.is_bitcomet() {
            rest[..2].fill(0);
        }
        for (byte, mask, ..) in Reserved::FEATURES {
            rest[byte] &= !mask;
        }
        rest
    }
}

fn hex(bytes: &[u8], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
}

impl fmt::Display for InfoHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for PeerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

impl fmt::Display for Reserved {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        hex(&self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_handshake_is_read_and_written_alike() {
        let mut bytes = [0; LEN];
        bytes[..20].copy_from_slice(PROTOCOL);
        bytes[20..]
            .iter_mut()
            .zip(1..)
            .for_each(|(byte, number)| *byte = number);
        let handshake = Handshake::read(&bytes);
        assert_eq!(
            (
                handshake.reserved.0[0],
                handshake.info_hash.0[0],
                handshake.peer_id.0[0]
            ),
            (1, 9, 29)
        );
        assert_eq!(handshake.to_bytes(), bytes);
    }

    #[test]
    fn reserved_bits_have_names() {
        let reserved = Reserved([0, 0, 0, 0, 0, 0x10, 0, 0x15]);
        assert_eq!(
            reserved.features().collect::<Vec<_>>(),
            ["extended", "dht", "fast", "v2_upgrade"]
        );
        assert_eq!(reserved.unknown(), [0; 8]);
    }

    #[test]
    fn bits_of_old_clients_have_names() {
        let features = |bytes| Reserved(bytes).features().collect::<Vec<_>>();
        assert_eq!(
            features([0x80, 0, 0, 0, 0, 0x13, 0, 0]),
            ["azureus", "extended", "azureus_forced"]
        );
        assert_eq!(
            features([0, 0, 0, 0, 0, 0x21, 0, 0]),
            ["tribler", "extended_preferred"]
        );
        assert_eq!(features(*b"ex\0\0\0\0\0\x01"), ["bitcomet", "dht"]);
        assert_eq!(Reserved(*b"ex\0\0\0\x02\0\0").unknown(), [0; 8]);
    }

    #[test]
    fn unknown_bits_are_kept() {
        assert_eq!(
            Reserved([0, 1, 0, 0, 0, 0x14, 0, 0]).unknown(),
            [0, 1, 0, 0, 0, 0x04, 0, 0]
        );
    }
}
