//! A little-endian pcapng file, a frame a millisecond.

use peerscope::capture::LinkType;

pub(super) struct Pcapng {
    pub(super) bytes: Vec<u8>,
    frames: u32,
}

impl Pcapng {
    /// An interface for each of `links`.
    pub(super) fn new(links: &[LinkType]) -> Pcapng {
        let mut file = Pcapng {
            bytes: Vec::new(),
            frames: 0,
        };
        let magic_version_length = [0x1a2b_3c4d, 1, u32::MAX, u32::MAX];
        file.block(0x0a0d_0d0a, &magic_version_length, &[]);
        for link in links {
            file.block(1, &[link.0, 0], &[]);
        }
        file
    }

    /// Adds a frame of which so many bytes at its end were not captured.
    pub(super) fn push(&mut self, interface: usize, frame: &[u8], snapped: usize) {
        let captured = &frame[..frame.len().saturating_sub(snapped)];
        let micros = self.frames * 1000;
        let lengths = [captured.len() as u32, frame.len() as u32];
        let words = [interface as u32, 0, micros, lengths[0], lengths[1]];
        self.block(6, &words, captured);
        self.frames += 1;
    }

    fn block(&mut self, kind: u32, words: &[u32], bytes: &[u8]) {
        let len = (12 + words.len() * 4 + bytes.len().next_multiple_of(4)) as u32;
        let end = self.bytes.len() + len as usize - 4;
        for word in [kind, len].iter().chain(words) {
            self.bytes.extend(word.to_le_bytes());
        }
        self.bytes.extend(bytes);
        self.bytes.resize(end, 0);
        self.bytes.extend(len.to_le_bytes());
    }
}
