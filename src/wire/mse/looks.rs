//! What random bytes look like, and what only seems so.

use super::Y_LEN;
use crate::wire::handshake::PROTOCOL;

/// Bits per byte over the first 96 bytes of a side. 96 random bytes have some 6.24, and less than this in one of
/// more than a thousand keys; the most that 96 bytes can have is log2(96) = 6.58.
const MIN_ENTROPY: f64 = 5.9;
/// A length prefix counts itself, or a header behind it, or neither.
const PREFIX_SLACK: u64 = 8;

/// Shannon entropy in bits per byte.
pub(super) fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    bytes
        .iter()
        .for_each(|byte| counts[usize::from(*byte)] += 1);
    let len = bytes.len() as f64;
    let share = |count: u32| f64::from(count) / len;
    let shares = counts.into_iter().filter(|count| *count > 0).map(share);
    -shares.map(|share| share * share.log2()).sum::<f64>()
}

/// May these be the first bytes of a public key, as far as they are there?
pub(super) fn may_be_key(head: &[u8]) -> bool {
    let is_random = match head.get(..Y_LEN) {
        Some(key) => entropy(key) >= MIN_ENTROPY,
        None => true,
    };
    is_random && !is_foreign(head)
}

/// Are they the first of another protocol?
pub(super) fn is_foreign(head: &[u8]) -> bool {
    is_tls(head) || is_printable(head)
}

/// A record of TLS: its type, and the first byte of its version.
fn is_tls(head: &[u8]) -> bool {
    matches!(head, [0x14..=0x17, 3, ..])
}

fn is_printable(head: &[u8]) -> bool {
    let is_text = |byte: &&u8| matches!(byte, b' '..=b'~' | b'\t' | b'\r' | b'\n');
    let text = head.iter().take(Y_LEN).filter(is_text).count();
    let len = head.len().min(Y_LEN);
    len >= PROTOCOL.len() && text * 10 > len * 6
}

/// True when the first two or four bytes, in either order, are about the length of what was sent at once.
pub(super) fn has_length_prefix(head: &[u8], flight: u64) -> bool {
    let Some(word) = head.first_chunk::<4>() else {
        return false;
    };
    let half = [word[0], word[1]];
    let lengths = [
        u64::from(u16::from_be_bytes(half)),
        u64::from(u16::from_le_bytes(half)),
        u64::from(u32::from_be_bytes(*word)),
        u64::from(u32::from_le_bytes(*word)),
    ];
    let is_near = |length: u64| length.abs_diff(flight) <= PREFIX_SLACK;
    lengths.into_iter().any(is_near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_that_are_all_different_have_the_most_entropy() {
        let different: Vec<u8> = (0..96).collect();
        assert!((entropy(&different) - 96_f64.log2()).abs() < 1e-9);
        assert!(entropy(&[7; 96]).abs() < 1e-9);
    }

    #[test]
    fn text_and_tls_and_zeros_are_no_key() {
        assert!(!may_be_key(b"GET /announce?info_hash=%aa%bb HTTP/1.1\r\n"));
        assert!(!may_be_key(&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3]));
        assert!(!may_be_key(&[0; 96]));
        let key: Vec<u8> = (0..96).map(|at: u8| at.wrapping_mul(151)).collect();
        assert!(may_be_key(&key));
    }

    #[test]
    fn a_length_in_front_is_seen_in_either_order() {
        assert!(has_length_prefix(&[0, 200, 9, 9], 202));
        assert!(has_length_prefix(&[200, 0, 9, 9], 202));
        assert!(has_length_prefix(&[0, 0, 0, 200], 204));
        assert!(!has_length_prefix(&[9, 9, 9, 9], 202));
    }
}
