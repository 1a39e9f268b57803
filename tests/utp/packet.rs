//! The packets of uTP as they are sent (BEP 29).

/// The extension that acknowledges packets one by one.
const SELECTIVE_ACK: u8 = 1;
/// Extension bits, which libutp sends with a SYN.
const BITS: u8 = 2;
/// Why the sender hangs up, which libtorrent says.
const CLOSE_REASON: u8 = 3;

/// What a packet is for; its number is the upper half of the first byte.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Data,
    Fin,
    State,
    Reset,
    Syn,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Packet {
    pub(crate) kind: Kind,
    pub(crate) id: u16,
    /// The sender's clock in microseconds, and how far it was ahead of the other's in the last packet that came.
    pub(crate) clocks: [u32; 2],
    pub(crate) window: u32,
    pub(crate) seq: u16,
    pub(crate) ack: u16,
    pub(crate) extensions: Vec<(u8, Vec<u8>)>,
    pub(crate) payload: Vec<u8>,
}

impl Packet {
    pub(crate) fn new(kind: Kind, id: u16, seq: u16, ack: u16) -> Packet {
        Packet {
            kind,
            id,
            clocks: [0; 2],
            window: 1 << 20,
            seq,
            ack,
            extensions: Vec::new(),
            payload: Vec::new(),
        }
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let following = self.extensions.iter().skip(1).map(|(kind, _)| *kind);
        let first = self.extensions.first().map_or(0, |(kind, _)| *kind);
        let mut bytes = vec![(self.kind as u8) << 4 | 1, first];
        bytes.extend(self.id.to_be_bytes());
        for word in [self.clocks[0], self.clocks[1], self.window] {
            bytes.extend(word.to_be_bytes());
        }
        bytes.extend(self.seq.to_be_bytes());
        bytes.extend(self.ack.to_be_bytes());
        for ((_, content), next) in self.extensions.iter().zip(following.chain([0])) {
            bytes.extend([next, content.len() as u8]);
            bytes.extend(content);
        }
        bytes.extend(&self.payload);
        bytes
    }

    pub(crate) fn carrying(mut self, payload: &[u8]) -> Packet {
        self.payload = payload.to_vec();
        self
    }

    /// Acknowledges these packets behind the first missing one in `len` bytes, or in more if it must. Bit 0 stands for
    /// the packet behind the missing one.
    pub(crate) fn selecting(mut self, seqs: impl IntoIterator<Item = u16>, len: usize) -> Packet {
        let mut mask = vec![0; len];
        for seq in seqs {
            let bit = usize::from(seq.wrapping_sub(self.ack).wrapping_sub(2));
            mask.resize(mask.len().max(bit / 8 + 1), 0);
            mask[bit / 8] |= 1 << (bit % 8);
        }
        self.extensions.push((SELECTIVE_ACK, mask));
        self
    }

    pub(crate) fn with_bits(mut self) -> Packet {
        self.extensions.push((BITS, vec![0; 8]));
        self
    }

    pub(crate) fn because(mut self, reason: u16) -> Packet {
        let [high, low] = reason.to_be_bytes();
        self.extensions.push((CLOSE_REASON, vec![0, 0, high, low]));
        self
    }
}

#[test]
fn the_header_is_that_of_the_test_vectors() {
    // From the test vectors of ethereum's portal network.
    let mut state = Packet::new(Kind::State, 10049, 16807, 11885);
    (state.clocks, state.window) = ([6_195_294, 916_973_699], 1 << 20);
    let bytes = hex_literal::hex!("21002741005e885e36a7e8830010000041a72e6d");
    assert_eq!(state.to_bytes(), bytes);
    let selecting = state.selecting([11887, 11918], 4);
    let bytes = hex_literal::hex!("21012741005e885e36a7e8830010000041a72e6d 0004 01000080");
    assert_eq!(selecting.to_bytes(), bytes);
}

#[test]
fn extensions_are_chained() {
    let fin = Packet::new(Kind::Fin, 1, 2, 3).selecting([5], 1).because(6);
    let bytes = hex_literal::hex!(
        "1101 0001 00000000 00000000 00100000 0002 0003 03 01 01 00 04 00000006 77"
    );
    assert_eq!(fin.carrying(b"w").to_bytes(), bytes);
}
