//! What a TCP header says beside the stream: its window and options (RFC 9293 section 3.1), read where somebody asks.

/// A header with its options, as much of it as was captured.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TcpHeader<'a>(pub &'a [u8]);

/// Where options begin.
const FIXED: usize = 20;
/// Blocks of a selective acknowledgement: the options have no room for more (RFC 2018 section 3).
const MAX_BLOCKS: usize = 4;

const END: u8 = 0;
const NOTHING: u8 = 1;
const WINDOW_SCALE: u8 = 3;
const SACK: u8 = 5;

/// What a SYN says of how the windows of its sender are to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WindowScale {
    /// Shifted by so many bits, if the other SYN names a scale, too (RFC 7323 section 2.2).
    By(u8),
    /// It names none: no window of the connection is shifted.
    None,
}

impl<'a> TcpHeader<'a> {
    /// The window, as it stands there.
    pub fn window(self) -> Option<u16> {
        let bytes = self.0.get(14..16)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    /// The scale in a SYN; `None` where its options were not captured. What is more than 14 counts as 14
    /// (RFC 7323 section 2.3).
    pub fn window_scale(self) -> Option<WindowScale> {
        let mut found = self.options().filter(|(kind, _)| *kind == WINDOW_SCALE);
        match found.next() {
            Some((_, [shift])) => Some(WindowScale::By((*shift).min(14))),
            _ if self.is_whole() => Some(WindowScale::None),
            _ => None,
        }
    }

    /// Sequence numbers that arrived behind a hole: of each block the first, and the one behind its last (RFC 2018).
    /// They wrap.
    pub fn selected(self) -> impl Iterator<Item = [u32; 2]> + use<'a> {
        let blocks = self.options().filter(|(kind, _)| *kind == SACK);
        let blocks = blocks.flat_map(|(_, content)| content.as_chunks::<8>().0);
        let both = |block: &[u8; 8]| u64::from_be_bytes(*block);
        blocks
            .take(MAX_BLOCKS)
            .map(move |block| [(both(block) >> 32) as u32, both(block) as u32])
    }

    fn is_whole(self) -> bool {
        let len = self.0.get(12).map(|byte| usize::from(byte >> 4) * 4);
        len.is_some_and(|len| self.0.len() >= len)
    }

    /// Kind and content of each option, up to the first that is cut or cannot be.
    fn options(self) -> impl Iterator<Item = (u8, &'a [u8])> + use<'a> {
        let mut rest = self.0.get(FIXED..).unwrap_or_default();
        std::iter::from_fn(move || {
            while let [NOTHING, behind @ ..] = rest {
                rest = behind;
            }
            let (kind, len) = match *rest {
                [kind, len, ..] if kind != END => (kind, usize::from(len)),
                _ => return None,
            };
            let option = rest.get(..len)?;
            rest = &rest[len..];
            Some((kind, option.get(2..)?))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hex_literal::hex;
    use proptest::prelude::*;

    /// A SYN of Linux: segment size, SACK permitted, timestamps, scale 7.
    const SYN: [u8; 40] = hex!(
        "1ae1c8d5 000003e8 00000000 a002faf0 00000000"
        "020405b4 0402 080a 9b2c1d3e 00000000 01 030307"
    );
    /// An acknowledgement with two blocks.
    const SELECTIVE: [u8; 40] = hex!(
        "1ae1c8d5 000003e8 00000064 a01001f6 00000000"
        "0101 0512 000000c8 0000012c fffffff0 00000010"
    );

    #[test]
    fn a_syn_names_the_scale_of_its_windows() {
        let header = TcpHeader(&SYN);
        assert_eq!(header.window(), Some(64240));
        assert_eq!(header.window_scale(), Some(WindowScale::By(7)));
    }

    #[test]
    fn a_syn_without_a_scale_is_told_from_one_that_was_cut() {
        let header = TcpHeader(&SELECTIVE);
        assert_eq!(header.window_scale(), Some(WindowScale::None));
        assert_eq!(TcpHeader(&SYN[..36]).window_scale(), None);
    }

    #[test]
    fn blocks_go_from_their_first_number_to_behind_the_last() {
        let blocks: Vec<[u32; 2]> = TcpHeader(&SELECTIVE).selected().collect();
        assert_eq!(blocks, [[200, 300], [0xffff_fff0, 16]]);
        assert_eq!(TcpHeader(&SYN).selected().count(), 0);
    }

    #[test]
    fn an_option_of_no_length_ends_the_list() {
        let mut header = SELECTIVE;
        header[23] = 0;
        assert_eq!(TcpHeader(&header).selected().count(), 0);
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_header(bytes in proptest::collection::vec(any::<u8>(), 0..70)) {
            let header = TcpHeader(&bytes);
            prop_assert!(header.selected().count() <= MAX_BLOCKS);
            prop_assert_eq!(header.window().is_some(), bytes.len() >= 16);
            header.window_scale();
        }
    }
}
