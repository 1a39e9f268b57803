//! Blocks of pcapng as they are written: little-endian, each of them whole.

pub(super) const SECTION_HEADER: u32 = 0x0a0d_0d0a;
pub(super) const INTERFACE_DESCRIPTION: u32 = 1;
/// Obsolete since 2005, and in files from before.
pub(super) const PACKET: u32 = 2;
pub(super) const SIMPLE_PACKET: u32 = 3;
pub(super) const INTERFACE_STATISTICS: u32 = 5;
pub(super) const ENHANCED_PACKET: u32 = 6;

const BYTE_ORDER_MAGIC: u32 = 0x1a2b_3c4d;

/// Options of blocks, by their numbers in the pcapng specification.
pub(super) const END_OF_OPTIONS: u16 = 0;
pub(super) const COMMENT: u16 = 1;
pub(super) const IF_NAME: u16 = 2;
pub(super) const IF_TSRESOL: u16 = 9;
pub(super) const IF_FILTER: u16 = 11;
pub(super) const ISB_IFRECV: u16 = 4;
pub(super) const ISB_IFDROP: u16 = 5;
pub(super) const ISB_FILTERACCEPT: u16 = 6;
pub(super) const ISB_OSDROP: u16 = 7;
pub(super) const ISB_USRDELIV: u16 = 8;
const SHB_USER_APPLICATION: u16 = 4;

/// Blocks end to end.
#[derive(Debug, Default)]
pub(super) struct Blocks {
    bytes: Vec<u8>,
}

impl Blocks {
    /// All of them.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Forgets the blocks and keeps the memory.
    pub(super) fn clear(&mut self) {
        self.bytes.clear();
    }

    /// The header of a section, with what is said of it.
    pub(super) fn section<'a>(&mut self, comments: impl IntoIterator<Item = &'a [u8]>) {
        self.block(SECTION_HEADER, |block| {
            // Version 1.0; the length of the section is not known before its end.
            block.words(&[BYTE_ORDER_MAGIC, 1, u32::MAX, u32::MAX]);
            for comment in comments {
                block.option(COMMENT, comment);
            }
            let writer = concat!("peerscope ", env!("CARGO_PKG_VERSION"));
            block.option(SHB_USER_APPLICATION, writer.as_bytes());
            block.option(END_OF_OPTIONS, &[]);
        });
    }

    /// Type and length, what `fill` writes, and the length again.
    pub(super) fn block(&mut self, kind: u32, fill: impl FnOnce(&mut Blocks)) {
        let start = self.bytes.len();
        self.words(&[kind, 0]);
        fill(self);
        let len = (self.bytes.len() - start + 4) as u32;
        self.words(&[len]);
        self.bytes[start + 4..start + 8].copy_from_slice(&len.to_le_bytes());
    }

    pub(super) fn words(&mut self, words: &[u32]) {
        words
            .iter()
            .for_each(|word| self.bytes.extend(word.to_le_bytes()));
    }

    pub(super) fn option(&mut self, code: u16, value: &[u8]) {
        let value = &value[..value.len().min(usize::from(u16::MAX))];
        self.words(&[u32::from(code) | (value.len() as u32) << 16]);
        self.padded(value);
    }

    /// Everything in pcapng begins at a multiple of four bytes.
    pub(super) fn padded(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.bytes.resize(self.bytes.len().next_multiple_of(4), 0);
    }
}
