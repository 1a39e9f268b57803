//! The secret of a connection, and the keys that follow from it.

use num_bigint::BigUint;
use sha1::{Digest, Sha1};

use super::Y_LEN;
use crate::wire::handshake::InfoHash;

/// The group of the Diffie-Hellman exchange; its generator is 2.
const P: &str = "FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74020BBEA63B139B22\
    514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F14374FE1356D6D51C245E485B576625E7EC6\
    F44C42E9A63A36210000000000090563";

/// A public key as it is on the wire, or a private one.
pub(super) type Number = [u8; Y_LEN];

fn modulus() -> BigUint {
    BigUint::parse_bytes(P.as_bytes(), 16).unwrap_or_default()
}

fn power(base: &BigUint, exponent: &[u8]) -> Number {
    let power = base.modpow(&BigUint::from_bytes_be(exponent), &modulus());
    let bytes = power.to_bytes_be();
    let mut number = [0; Y_LEN];
    number[Y_LEN - bytes.len()..].copy_from_slice(&bytes);
    number
}

/// The public key of a private one.
pub(super) fn public(private: &[u8]) -> Number {
    power(&BigUint::from(2_u8), private)
}

/// What both ends know in the end, and nobody else.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct Secret(pub(super) Number);

impl Secret {
    /// From one side's private key and the other's public one.
    pub(super) fn of(private: &[u8], public: &Number) -> Secret {
        Secret(power(&BigUint::from_bytes_be(public), private))
    }

    /// The first hash of the third step: where it stands, the initiator's pad has ended.
    pub(super) fn req1(&self) -> [u8; 20] {
        hash(&[b"req1", &self.0])
    }

    /// The second: it proves that the initiator knows the torrent.
    pub(super) fn proof(&self, torrent: &InfoHash) -> [u8; 20] {
        let mut proof = hash(&[b"req2", &torrent.0]);
        let mask = hash(&[b"req3", &self.0]);
        proof
            .iter_mut()
            .zip(mask)
            .for_each(|(byte, mask)| *byte ^= mask);
        proof
    }

    /// The key of what the initiator sends.
    pub(super) fn key_a(&self, torrent: &InfoHash) -> [u8; 20] {
        hash(&[b"keyA", &self.0, &torrent.0])
    }

    /// The key of what the other sends.
    pub(super) fn key_b(&self, torrent: &InfoHash) -> [u8; 20] {
        hash(&[b"keyB", &self.0, &torrent.0])
    }
}

fn hash(parts: &[&[u8]]) -> [u8; 20] {
    let mut sha1 = Sha1::new();
    parts.iter().for_each(|part| sha1.update(part));
    sha1.finalize().into()
}

/// A secret is nobody's business.
impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Secret").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::super::rc4::Rc4;
    use super::*;
    use hex_literal::hex;

    /// Private keys are SHA-1 of "a" and of "b", the torrent is 20 bytes of aa.
    const X_A: [u8; 20] = hex!("86f7e437faa5a7fce15d1ddcb9eaeaea377667b8");
    const X_B: [u8; 20] = hex!("e9d71f5ee7c92d6dc9e92ffdad17b8bd49418f98");
    const Y_A: Number = hex!(
        "3ef7f990ec676f7c9c0d98d5d9b023a4c88df6b05bb413cca4a2ec525b93254c1b1b5576afda32034d71045914f37799"
        "5515e1ed997f21518745d970f15208963104e95f13bacb192f964c85db9ae6cd26a0e675674f02bab2ae94bfa99c49c4"
    );
    const Y_B: Number = hex!(
        "e66a3432b6ded22da1449c46928d44858d1ebd53e33074748a4c467cdbaaf46c05defbf44814dbee01d00523ea415a45"
        "a1d37e405102dfa95d170fc07cec37a0afc61cc1509a1da3611110ce1bbda76ffef7f93dd97e4f7cba567780317476c8"
    );
    const S: Number = hex!(
        "cc95fc4ef4ae96be254c5cdb4846145f2336decc455aa93ffcdf00608d7b6c0f70b95d6f5b819a22e88f0d5d4738a357"
        "90b5eab57b935d70a12b25d5f6caaee53a1f02f05002c9b31bc9c05219b602ca1e46bc81254281ef7998724afe93fc0c"
    );
    const TORRENT: InfoHash = InfoHash([0xaa; 20]);

    #[test]
    fn both_ends_come_to_the_same_secret() {
        assert_eq!((public(&X_A), public(&X_B)), (Y_A, Y_B));
        assert_eq!((Secret::of(&X_A, &Y_B).0, Secret::of(&X_B, &Y_A).0), (S, S));
    }

    #[test]
    fn the_hashes_of_the_third_step_follow_from_the_secret() {
        let secret = Secret(S);
        assert_eq!(
            secret.req1(),
            hex!("4d60e84d894438044fa38a216171199451e7d493")
        );
        assert_eq!(
            secret.proof(&TORRENT),
            hex!("2a1fcf6b9c320c5190db1d1c4873f95e73b01288")
        );
    }

    #[test]
    fn each_direction_has_a_key_stream_of_its_own() {
        let secret = Secret(S);
        let (a, b) = (secret.key_a(&TORRENT), secret.key_b(&TORRENT));
        assert_eq!(a, hex!("a4d0648e3037467de430cfcb21cde81ab8e7b49a"));
        assert_eq!(b, hex!("d801b55666fcee4e9718e97109df00e2d404ece2"));
        let constant = |key| {
            let mut bytes = [0; 8];
            Rc4::new(&key).apply(&mut bytes);
            bytes
        };
        assert_eq!(constant(a), hex!("e6e67ad21607438e"));
        assert_eq!(constant(b), hex!("53cd4b9027a12840"));
    }
}
