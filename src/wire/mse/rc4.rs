//! The key stream of a direction.

/// Bytes of the key stream that both ends throw away.
const DROPPED: u64 = 1024;

/// RC4 at some place of its key stream.
#[derive(Clone, PartialEq, Eq)]
pub(in crate::wire) struct Rc4 {
    state: [u8; 256],
    i: u8,
    j: u8,
}

impl Rc4 {
    /// At the first byte that MSE uses.
    pub(super) fn new(key: &[u8; 20]) -> Rc4 {
        let mut state = [0; 256];
        (0_u8..=255)
            .zip(&mut state)
            .for_each(|(number, place)| *place = number);
        let mut j = 0_u8;
        for at in 0..256 {
            j = j.wrapping_add(state[at]).wrapping_add(key[at % key.len()]);
            state.swap(at, usize::from(j));
        }
        let mut rc4 = Rc4 { state, i: 0, j: 0 };
        rc4.skip(DROPPED);
        rc4
    }

    fn next(&mut self) -> u8 {
        self.i = self.i.wrapping_add(1);
        let (i, one) = (usize::from(self.i), self.state[usize::from(self.i)]);
        self.j = self.j.wrapping_add(one);
        let j = usize::from(self.j);
        self.state.swap(i, j);
        self.state[usize::from(self.state[i].wrapping_add(one))]
    }

    /// Steps over bytes that are not in the capture.
    pub(super) fn skip(&mut self, len: u64) {
        for _ in 0..len {
            self.next();
        }
    }

    /// Encrypts, or decrypts, which is the same.
    pub(super) fn apply(&mut self, bytes: &mut [u8]) {
        bytes.iter_mut().for_each(|byte| *byte ^= self.next());
    }
}

/// A key is nobody's business.
impl std::fmt::Debug for Rc4 {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rc4").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;

    #[test]
    fn what_is_skipped_is_as_if_it_had_been_decrypted() {
        let key = hex!("a4d0648e3037467de430cfcb21cde81ab8e7b49a");
        let (mut whole, mut parts) = ([0; 100], [0; 40]);
        Rc4::new(&key).apply(&mut whole);
        let mut rc4 = Rc4::new(&key);
        rc4.skip(60);
        rc4.apply(&mut parts);
        assert_eq!(parts, whole[60..]);
    }
}
